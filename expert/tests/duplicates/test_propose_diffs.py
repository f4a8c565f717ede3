"""Diffs of several files: judged as they will stand together."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import EDITED, INVOICE_TOTAL, RENAMED, UNRELATED
from shop import lay_down

from fastapi_expert.config import Config
from fastapi_expert.duplicates import Proposal, propose

BASE = {"app/__init__.py": "", "app/io.py": UNRELATED, "app/old.py": "LIMIT = 3\n"}
PLANNED = "from pydantic import BaseModel\n\nclass {name}(BaseModel):\n    iban: str\n    bic: str\n    holder: str\n"
ROUTER = 'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/payouts")\n\n'
Change = Callable[[dict[str, str | None]], Proposal]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """The judgement on the diff from ``BASE`` to the files given; None deletes one."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    lay_down(tmp_path, BASE)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "chore: all"]):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)

    def judged(files: dict[str, str | None]) -> Proposal:
        for path, text in files.items():
            (tmp_path / path).unlink() if text is None else lay_down(tmp_path, {path: text})
        subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
        patch = subprocess.run(["git", "diff", "--cached", "-M"], cwd=tmp_path, check=True, capture_output=True).stdout
        subprocess.run(["git", "reset", "-q", "--hard"], cwd=tmp_path, check=True)
        return propose(tmp_path, patch, settings=Config())

    return judged


def test_two_new_files_that_hold_the_same_function_are_told_once(change: Change) -> None:
    answer = change({"app/cart.py": RENAMED, "app/bill.py": INVOICE_TOTAL})
    assert answer.verdict == "duplicate"
    [finding] = answer.findings
    assert [place.path for place in finding.components] == ["app/cart.py", "app/bill.py"]
    assert "`invoice_total` (app/bill.py:1)" in finding.advice


def test_two_new_files_that_hold_an_edited_copy_should_extend(change: Change) -> None:
    answer = change({"app/bill.py": INVOICE_TOTAL, "app/value.py": EDITED})
    assert (answer.verdict, [finding.rule for finding in answer.findings]) == ("extend", ["FX302"])


def test_two_new_files_that_hold_the_same_fields(change: Change) -> None:
    answer = change({"app/a.py": PLANNED.format(name="BankAccount"), "app/b.py": PLANNED.format(name="PayoutTarget")})
    assert (answer.verdict, [finding.rule for finding in answer.findings]) == ("duplicate", ["FX201"])


def test_two_new_files_that_serve_the_same_route(change: Change) -> None:
    one = ROUTER + '@router.post("/{payout_id}/retry")\ndef retry(payout_id: int): return again(payout_id)\n'
    two = ROUTER + '@router.post("/{id}/retry")\nasync def once_more(id: str): ...\n'
    answer = change({"app/a.py": one, "app/b.py": two})
    assert [finding.rule for finding in answer.findings] == ["FX101"]
    assert answer.similar[0].path == "app/a.py"


def test_what_moves_to_another_file_is_new(change: Change) -> None:
    assert change({"app/io.py": "X = 1\n", "app/aaa.py": UNRELATED}).verdict == "new"
    assert change({"app/io.py": "X = 1\n", "app/zzz.py": UNRELATED}).verdict == "new"


def test_a_file_that_is_renamed_and_edited_is_new(change: Change) -> None:
    assert change({"app/io.py": None, "app/reading.py": UNRELATED + "\nLIMIT = 1\n"}).verdict == "new"


def test_a_file_that_only_gets_another_name_says_nothing_of_the_next(change: Change) -> None:
    answer = change({"app/io.py": None, "app/reading.py": UNRELATED, "app/zzz.py": UNRELATED.replace("rows", "lines")})
    assert answer.verdict == "duplicate"


def test_a_copy_of_what_an_edited_file_keeps_is_a_duplicate(change: Change) -> None:
    answer = change({"app/io.py": UNRELATED + "\nLIMIT = 1\n", "app/aaa.py": UNRELATED.replace("read_rows", "rows_of")})
    assert answer.verdict == "duplicate"
    assert [place.path for place in answer.findings[0].components] == ["app/aaa.py", "app/io.py"]
