"""The gate in real repositories, with the real tools: what it finds, whom it blames, what it says."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from planting import FAULTS, append, fake_tool, found, note
from worktree import Work

from fastapi_expert.gate import check
from fastapi_expert.gate.checks.review import told_once
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.report import check_text, failures

SHOUT = '\n\ndef shout(name: str) -> str:\n    """Loudly."""\n    return name.upper()\n'


ROUTE = '''

@app.get("/hello/{name}")
def hello_again(name: str) -> dict[str, str]:
    """Say hello again."""
    return {"message": name.upper()}
'''


def test_every_class_of_fault_is_found_and_the_untouched_rest_is_not_run(whole: Work) -> None:
    append(whole, "app/words.py", FAULTS)
    words = (whole.root / "app/words.py").read_text()
    whole.write("app/words.py", words.replace("Hello, {", "Hullo, {"), stage=False)
    main = (whole.root / "app/main.py").read_text()
    whole.write(
        "app/main.py",
        main.replace("from fastapi import", "import sys\nimport os\nfrom fastapi import") + ROUTE,
        stage=False,
    )
    report = check(whole.root)
    assert found(report) >= {
        ("types", "reportAssignmentType", "app/words.py"),
        ("format", "black", "app/words.py"),
        ("imports", "isort", "app/main.py"),
        ("lint", "F401", "app/main.py"),
        ("security", "B602", "app/words.py"),
        ("duplicates", "FX101", "app/main.py"),
        ("ignores", "unexplained-ignore", "app/words.py"),
        ("annotations", "missing-annotation", "app/words.py"),
        ("tests", "test-failed", "tests/test_main.py"),
    }
    assert {finding.path for finding in report.findings} <= {"app/words.py", "app/main.py", "tests/test_main.py"}
    assert all(one.status == "failed" for one in report.checks if one.name not in ("review", "honesty"))
    assert not (whole.root / "farewell-ran.txt").exists(), "a test that the change cannot affect was run"
    assert report.tests_total == 2


def test_nothing_changed_is_nothing_to_do(work: Work) -> None:
    report = check(work.root)
    assert report.passed
    assert report.checks == ()
    assert work.expert("check") == "nothing changed (the work tree against HEAD)"


def test_a_clean_change_passes_every_check(whole: Work) -> None:
    append(whole, "app/words.py", SHOUT)
    report = check(whole.root)
    assert report.findings == ()
    assert report.passed, report.checks
    again = check(whole.root)
    assert [one.name for one in again.checks if not one.cached and one.status != "skipped"] == [
        "annotations",
        "ignores",
        "duplicates",
        "review",
        "honesty",
    ]


OLD = "import os\ndef old( a ):\n    return eval(a)  # type: ignore\n"


def test_what_was_wrong_before_is_nobody_s_fault_even_when_its_lines_move(work: Work) -> None:
    work.write("app/old.py", OLD)
    work.commit("chore: old sins", "--no-verify")
    work.write("app/old.py", f'"""Now with a docstring."""\n\n{OLD}', stage=False)
    report = check(work.root)
    assert report.findings == ()
    assert "left out" in note(report, "lint")
    append(work, "app/old.py", "\n\ndef new( b ):\n    return b\n")
    assert found(check(work.root)) == {
        ("format", "black", "app/old.py"),
        ("annotations", "missing-annotation", "app/old.py"),
    }


def test_an_edit_that_breaks_an_untouched_line_is_at_fault(work: Work) -> None:
    words = (work.root / "app/main.py").read_text()
    work.write("app/main.py", words.replace("from app.words import greeting\n", ""), stage=False)
    assert ("lint", "F821", "app/main.py") in found(check(work.root))


def test_a_duplicate_from_before_is_not_blamed_on_an_edit_of_it(work: Work) -> None:
    append(work, "app/main.py", ROUTE)
    work.git("commit", "-qam", "feat: twice")
    main = (work.root / "app/main.py").read_text()
    work.write("app/main.py", main.replace("Say hello again.", "Say it again."), stage=False)
    assert check(work.root).findings == ()


def test_a_test_that_failed_before_is_not_blamed_and_one_that_broke_is(tested: Work) -> None:
    append(tested, "tests/test_words.py", "\n\ndef test_broken():\n    assert farewell('x') == 'never'\n")
    tested.git("commit", "-qam", "test: broken already")
    words = (tested.root / "app/words.py").read_text()
    tested.write("app/words.py", words.replace("See you, {", "Bye, {"), stage=False)
    report = check(tested.root)
    assert [finding.text for finding in report.findings] == ["tests/test_words.py::test_farewell"]
    assert report.findings[0].line == 6
    assert "1 failed before the change as well" in note(report, "tests")


def test_fix_repairs_what_is_safe_in_the_changed_files_only(work: Work) -> None:
    work.write("app/other.py", "x = {  'a':1 }\n")
    work.commit("chore: badly formatted", "--no-verify")
    append(work, "app/words.py", "\n\nimport os\ndef planted( a: int )->int:\n    return a\n")
    report = check(work.root, fix_them=True)
    assert report.fixed == ("app/words.py",)
    assert report.passed, report.findings
    text = (work.root / "app/words.py").read_text()
    assert "def planted(a: int) -> int:" in text
    assert "import os" not in text
    assert (work.root / "app/other.py").read_text() == "x = {  'a':1 }\n"


def test_failures_for_an_agent_are_short_and_empty_when_there_are_none(work: Work, tmp_path: Path) -> None:
    assert failures(tmp_path) == ""
    assert failures(work.root) == ""
    work.write("app/many.py", "".join(f"import mod{number}\n" for number in range(90)))
    lines = failures(work.root).splitlines()
    assert len(lines) == 41
    assert lines[0].startswith("app/many.py:1:")


def test_machine_formats_hold_what_the_text_says(work: Work) -> None:
    append(work, "app/words.py", "\n\nimport os\n")
    fake_tool(work, "bandit", "exit 9")
    document = json.loads(work.expert("check", "--json", ok=False).partition("\nerror")[0])
    assert document["schema_version"] == 1
    assert document["findings"][0]["path"] == "app/words.py"
    log = json.loads(work.expert("check", "--format", "sarif", ok=False))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/words.py"
    assert run["invocations"][0]["executionSuccessful"] is False
    suite = ElementTree.fromstring(work.expert("check", "--format", "junit", ok=False)).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")


def test_a_report_says_who_is_at_fault_and_how_it_ended(work: Work) -> None:
    append(work, "app/words.py", "\n\nimport os\n")
    text = check_text(work.root)
    assert "app/words.py:15:8: lint F401" in text
    assert text.splitlines()[-1].startswith("not passed: ")


HAZARD = '''

@app.get("/stones/{id}")
async def stone(id: int) -> object:
    """One stone."""
    time.sleep(1)
    return HTTPException(404)
'''


GUARDED = '''

def caller(authorization: str | None = Header(None)) -> str:
    """Who calls."""
    if authorization is None:
        raise HTTPException(401)
    return authorization


@app.delete("/stones/{id}", dependencies=[Depends(caller)])
def remove_stone(id: int) -> None:
    """Remove one."""
'''


def test_what_a_change_opens_is_said_where_access_is_kept(work: Work) -> None:
    main = (work.root / "app/main.py").read_text()
    guarded = main.replace("from fastapi import", "from fastapi import Depends, Header, HTTPException,", 1) + GUARDED
    work.write("app/main.py", guarded)
    work.expert("access", "--lock")
    work.git("add", "-A")
    work.git("commit", "-qm", "feat: stones", "--no-verify")
    append(work, "app/main.py", "\n\nLAST = 1\n")
    assert not [one for one in found(check(work.root)) if one[0] == "access"]
    work.write("app/main.py", guarded.replace(", dependencies=[Depends(caller)]", ""), stage=False)
    [finding] = [one for one in check(work.root).findings if one.check == "access"]
    assert (finding.rule, finding.path) == ("opened", "app/main.py")
    assert finding.text == "DELETE /stones/{id} was behind caller (app/main.py), now nobody is asked"


def test_a_hazard_that_the_change_brings_in_is_found_and_one_from_before_is_not(work: Work) -> None:
    main = (work.root / "app/main.py").read_text()
    imports = main.replace("from fastapi import", "import time\n\nfrom fastapi import HTTPException,", 1)
    work.write("app/main.py", imports + HAZARD, stage=False)
    assert {one for one in found(check(work.root)) if one[0] == "review"} == {
        ("review", "FX116", "app/main.py"),
        ("review", "FX801", "app/main.py"),
    }
    work.git("commit", "-qam", "feat: stones", "--no-verify")
    append(work, "app/main.py", "\n\nLAST = 1\n")
    assert check(work.root).findings == ()


def test_a_hazard_and_the_linter_on_one_line_are_one_finding() -> None:
    hazard = Finding("review", "FX801", "a.py", 3, 3, "`time.sleep` blocks the event loop")
    lint = Finding("lint", "ASYNC251", "a.py", 3, 3, "Async functions should not call `time.sleep`")
    other = Finding("lint", "E501", "a.py", 3, 3, "Line too long")
    told = told_once([lint, hazard, other])
    assert [(one.check, one.message) for one in told] == [
        ("review", "`time.sleep` blocks the event loop (also ASYNC251)"),
        ("lint", "Line too long"),
    ]
