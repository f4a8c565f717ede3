"""What `--fix` mends on the planted corpus: it is Python afterwards, the finding is gone, and the rest is as it was."""

import ast
import difflib
import sys
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.review import Finding, review
from fastapi_expert.review.fix import apply

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.review.corpus import Program, hazards

FIXED = {"FX002", "FX112", "FX116", "FX411", "FX703", "FX712", "FX717"}
PROGRAMS = [one for hazard in hazards() if hazard.code in FIXED for one in hazard.programs if one.wrong]


def mended(root: Path) -> list[Finding]:
    """The findings that had a fix, which was applied."""
    found = [one for one in review(load(root, cache=False)).findings if one.fix]
    apply(root, found)
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"{program.code} {program.style}")
def test_a_mended_program_is_python_and_as_it_was_but_for_the_finding(program: Program, tmp_path: Path) -> None:
    program.lay_out(tmp_path)
    before = {path: (tmp_path / path).read_text() for path in program.files if path.endswith(".py")}
    found = mended(tmp_path)
    edits = {edit for one in found for edit in one.fix}
    changed = 0
    for path, text in before.items():
        now = (tmp_path / path).read_text()
        ast.parse(now)
        lines = difflib.ndiff(text.splitlines(), now.splitlines())
        changed += sum(line.startswith("+ ") for line in lines)
    assert changed <= len(edits)
    assert bool(changed) is bool(edits)
    assert [one for one in review(load(tmp_path, cache=False)).findings if one.fix] == []


def test_each_of_these_rules_mends_something(tmp_path: Path) -> None:
    seen: set[str] = set()
    for number, program in enumerate(PROGRAMS):
        program.lay_out(tmp_path / str(number))
        seen.update(one.rule for one in mended(tmp_path / str(number)))
    assert seen == FIXED


KEPT = """\
from fastapi import FastAPI, HTTPException
from sqlalchemy.orm import Session, sessionmaker

make = sessionmaker()


def get_db():
    db = make()
    try:
        yield db
    except Exception as error:
        if error.args:
            db.rollback()  # what was written
            # and nothing else
    finally:
        db.close()


def get_other():
    db = make()
    try:
        yield db
    except ValueError: db.rollback()
    finally:
        db.close()
"""


def test_a_raise_goes_behind_the_handlers_last_line_and_one_liners_are_left(tmp_path: Path) -> None:
    uses = (
        "\n\nfrom fastapi import Depends\n\napp = FastAPI()\n\n\n"
        '@app.get("/x")\n'
        "def x(a: str | None, b: int, db: Session = Depends(get_db), c=Depends(get_other)) -> None: ...\n"
    )
    (tmp_path / "main.py").write_text(KEPT + uses)
    found = mended(tmp_path)
    assert [one.rule for one in found] == ["FX703"]
    now = (tmp_path / "main.py").read_text()
    assert now == (KEPT + uses).replace("nothing else\n", "nothing else\n        raise\n")
