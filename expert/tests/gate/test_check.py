"""The gate in real repositories, with the real tools."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from worktree import Work

from fastapi_expert.clients.git import install
from fastapi_expert.errors import ConfigError, UsageError
from fastapi_expert.gate import Report, check, environment
from fastapi_expert.gate.summary import check_text, failures
from fastapi_expert.git import GitError


def found(report: Report) -> set[tuple[str, str, str]]:
    return {(finding.check, finding.rule, finding.path) for finding in report.findings}


def status(report: Report, name: str) -> str:
    return next(one.status for one in report.checks if one.name == name)


def note(report: Report, name: str) -> str:
    return next(one.note for one in report.checks if one.name == name)


def append(work: Work, path: str, text: str, *, stage: bool = False) -> None:
    work.write(path, (work.root / path).read_text() + text, stage=stage)


def fake_tool(work: Work, name: str, script: str) -> None:
    """A tool in the project's own environment."""
    folder = work.root / ".venv/bin"
    folder.mkdir(parents=True, exist_ok=True)
    (work.root / ".venv/pyvenv.cfg").touch()
    tool = folder / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)


FAULTS = '''

def planted( value ):
    """Everything at once."""
    import subprocess

    count: int = "text"
    other: int = value.nothing  # type: ignore
    subprocess.call(value, shell=True)
    return count + other
'''
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
    assert all(one.status == "failed" for one in report.checks)
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


def test_staged_mode_checks_what_is_staged_not_what_lies_about(tested: Work) -> None:
    clean = (tested.root / "app/words.py").read_text()
    tested.write("app/words.py", clean.replace("See you, {", "Bye, {"))
    tested.write("app/words.py", clean, stage=False)
    report = check(tested.root, staged=True)
    assert found(report) == {("tests", "test-failed", "tests/test_words.py")}
    tested.git("checkout", "HEAD", "--", ".")
    append(tested, "app/words.py", "\n\nSPARE: int = 1\n", stage=True)
    append(tested, "app/words.py", FAULTS)
    tested.write("app/untracked.py", "import os\n", stage=False)
    report = check(tested.root, staged=True)
    assert report.files == ("app/words.py",)
    assert report.passed, report.findings


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


def test_fix_in_staged_mode_leaves_unstaged_hunks_alone(work: Work) -> None:
    staged = (work.root / "app/words.py").read_text().replace('"""Words."""', '"""Words."""\n\nSPARE = {  "a":1 }')
    work.write("app/words.py", staged)
    unstaged = "\n\ndef  later( a ):\n    return a\n"
    append(work, "app/words.py", unstaged)
    report = check(work.root, staged=True, fix_them=True)
    assert report.fixed == ("app/words.py",)
    assert report.passed, report.findings
    fixed = staged.replace('{  "a":1 }', '{"a": 1}')
    assert work.git("show", ":app/words.py") + "\n" == fixed
    assert (work.root / "app/words.py").read_text() == fixed + unstaged


def test_fix_in_staged_mode_leaves_a_file_alone_whose_unstaged_lines_are_the_same(work: Work) -> None:
    append(work, "app/words.py", '\n\nSPARE = {  "a":1 }\n', stage=True)
    here = (work.root / "app/words.py").read_text().replace('"a":1', '"a":2')
    work.write("app/words.py", here, stage=False)
    check(work.root, staged=True, fix_them=True)
    assert 'SPARE = {"a": 1}' in work.git("show", ":app/words.py")
    assert (work.root / "app/words.py").read_text() == here


def test_since_asks_for_the_branch_s_own_changes(work: Work) -> None:
    work.git("switch", "-q", "-c", "feature")
    work.write("app/mine.py", "import os\n")
    work.commit("feat: mine")
    work.git("switch", "-q", "main")
    work.write("app/theirs.py", "import os\n")
    work.commit("feat: theirs")
    work.git("switch", "-q", "feature")
    report = check(work.root, since="main")
    assert report.files == ("app/mine.py",)
    assert found(report) == {("lint", "F401", "app/mine.py")}


def test_everything_is_checked_where_there_is_no_git(work: Work, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    work.root.rename(plain)
    for path in sorted((plain / ".git").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (plain / ".git").rmdir()
    (plain / "app/odd.py").write_text("import os\n")
    with pytest.raises(GitError, match="not in a git repository"):
        check(plain)
    assert found(check(plain, everything=True)) == {("lint", "F401", "app/odd.py")}


def test_before_the_first_commit_everything_is_new(tmp_path: Path, work: Work) -> None:
    work.git("update-ref", "-d", "HEAD")
    append(work, "app/words.py", "\n\nimport os\n")
    for report in (check(work.root), check(work.root, staged=True)):
        assert "app/main.py" in report.files
    assert ("lint", "F401", "app/words.py") in found(check(work.root))
    assert check(work.root, staged=True).passed


def test_deleted_and_renamed_files_are_no_trouble(work: Work) -> None:
    work.git("mv", "app/words.py", "app/sayings.py")
    work.git("rm", "-q", "tests/test_main.py")
    (work.root / "tests/test_words.py").unlink()
    report = check(work.root)
    assert report.files == ("app/sayings.py", "app/words.py", "tests/test_main.py", "tests/test_words.py")
    assert check(work.root, staged=True).scope == "index"


@pytest.mark.parametrize(
    "name", ["with space.py", "line\nbreak.py", "-dash.py", "quote'\".py", "ünïcode.py", "[x]*.py"]
)
def test_any_file_name_is_checked(work: Work, name: str) -> None:
    work.write(name, "import os\n\nx = {  'a':1 }\n")
    for report in (check(work.root), check(work.root, staged=True)):
        assert found(report) == {("lint", "F401", name), ("format", "black", name)}
    assert check(work.root, fix_them=True).passed


@pytest.mark.parametrize("content", [b"def f(:\n", b"x = '\xff\xfe'\n", b"\x00\x01", b"x = 1\r\ny = 2\r\n", b""])
def test_any_content_is_reported_on_and_never_breaks_the_gate(work: Work, content: bytes) -> None:
    (work.root / "app/odd.py").write_bytes(content)
    report = check(work.root)
    assert {finding.path for finding in report.findings} <= {"app/odd.py"}
    assert "app/odd.py" in report.files
    if content.startswith(b"def"):
        assert ("format", "syntax", "app/odd.py") in found(report)


def test_a_missing_tool_is_named_with_its_install_command_and_is_not_passed(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(work, "app/words.py", "\n\nSPARE: int = 1\n")
    monkeypatch.setattr(environment.sys, "executable", "/usr/bin/python3")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    environment.environment.cache_clear()
    (work.root / "uv.lock").touch()
    report = check(work.root)
    assert not report.passed
    assert report.findings == ()
    assert status(report, "lint") == "missing"
    assert note(report, "lint") == "ruff is not installed: uv add --dev ruff"
    assert "could not be checked" in check_text(work.root)


def test_the_project_s_own_tool_is_used(work: Work) -> None:
    row = {"filename": "app/words.py", "code": "OWN1", "message": "own", "location": {"row": 1, "column": 1}}
    row["end_location"] = {"row": 1, "column": 2}
    fake_tool(work, "ruff", f"grep -q SPARE app/words.py && echo '{json.dumps([row])}' || echo '[]'")
    append(work, "app/words.py", "\n\nSPARE: int = 1\n")
    assert ("lint", "OWN1", "app/words.py") in found(check(work.root))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'config is wrong' >&2; exit 2", "exit code 2: config is wrong"),
        ("printf '\\377\\376 not json'; exit 1", "unreadable output"),
        ("kill -9 $$", "exit code -9"),
        ("sleep 60", "not done after 1 s"),
    ],
)
def test_a_tool_that_breaks_is_reported_and_is_not_passed(work: Work, script: str, said: str) -> None:
    fake_tool(work, "ruff", script)
    append(work, "pyproject.toml", "timeout = 1\n")
    append(work, "app/words.py", "\n\nSPARE: int = 1\n")
    began = time.monotonic()
    report = check(work.root)
    assert status(report, "lint") == "broken"
    assert said in note(report, "lint")
    assert not report.passed
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_giving_up_stops_the_tools(work: Work, number: int) -> None:
    fake_tool(work, "ruff", "echo $$ > started-ran.txt; exec sleep 300")
    append(work, "app/words.py", "\n\nSPARE: int = 1\n")
    gate = subprocess.Popen([sys.executable, "-m", "fastapi_expert", "check"], cwd=work.root, start_new_session=True)
    started = work.root / "started-ran.txt"
    while not (started.exists() and started.read_text().strip()):
        assert gate.poll() is None
        time.sleep(0.05)
    gate.send_signal(number)
    assert gate.wait(timeout=60) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def test_a_test_file_that_cannot_be_collected_does_not_hide_the_others(tested: Work) -> None:
    tested.write(
        "tests/test_sick.py", "from app.words import farewell\nimport nothing_of_this_name\n\n\ndef test(): ...\n"
    )
    tested.commit("test: sick already", "--no-verify")
    words = (tested.root / "app/words.py").read_text()
    tested.write("app/words.py", words.replace("See you, {", "Bye, {"), stage=False)
    assert [finding.text for finding in check(tested.root).findings] == ["tests/test_words.py::test_farewell"]


def test_a_suite_that_cannot_run_is_not_passed(tested: Work) -> None:
    tested.write("tests/conftest.py", "import nothing_of_this_name\n")
    report = check(tested.root)
    assert status(report, "tests") == "broken"


def test_results_are_cached_until_content_or_configuration_change(work: Work) -> None:
    append(work, "app/words.py", "\n\nimport os\n")
    assert not next(one.cached for one in check(work.root).checks if one.name == "lint")
    assert next(one.cached for one in check(work.root).checks if one.name == "lint")
    append(work, "pyproject.toml", '\n[tool.ruff.lint]\nignore = ["F401", "E402"]\n')
    report = check(work.root)
    assert not next(one.cached for one in report.checks if one.name == "lint")
    assert status(report, "lint") == "passed"


def test_hooks_of_git_do_not_leak_their_repository_into_the_checks(tested: Work) -> None:
    install(tested.root)
    append(
        tested,
        "app/words.py",
        '\n\ndef shout(name: str) -> str:\n    """Loudly."""\n    return name.upper()\n',
        stage=True,
    )
    append(tested, "app/words.py", FAULTS)
    tested.commit("feat: shout")
    tested.git("add", "-A")
    said = tested.commit("feat: faults", ok=False)
    assert "security B602" in said
    assert tested.subject == "feat: shout"


def test_switching_on_a_check_that_is_none_is_refused(work: Work) -> None:
    append(work, "pyproject.toml", "")
    text = (work.root / "pyproject.toml").read_text().replace('"types"', '"typos"')
    work.write("pyproject.toml", text)
    with pytest.raises(ConfigError, match="typos"):
        check(work.root)


@pytest.mark.parametrize("flags", [{"staged": True, "since": "HEAD"}, {"everything": True, "since": "HEAD"}])
def test_scopes_exclude_each_other(work: Work, flags: dict[str, bool | str]) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        check(work.root, **flags)  # type: ignore[arg-type]  # the table mixes the types of two parameters


def test_an_unknown_revision_is_said_so(work: Work) -> None:
    assert "no such revision: nowhere" in work.expert("check", "--since", "nowhere", ok=False)


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


def test_a_folder_of_a_repository_with_several_projects_has_each_file_checked_by_its_own(work: Work) -> None:
    work.write(
        "other/pyproject.toml", "[tool.ruff.format]\nquote-style = 'single'\n\n[tool.ruff.lint]\nselect = ['F']\n"
    )
    work.write("other/mod.py", 'X = "a"\n')
    work.write("app/more.py", "X = 'a'\n")
    assert found(check(work.root / "other")) == {
        ("format", "ruff-format", "other/mod.py"),
        ("format", "black", "app/more.py"),
    }


def test_a_report_says_who_is_at_fault_and_how_it_ended(work: Work) -> None:
    append(work, "app/words.py", "\n\nimport os\n")
    text = check_text(work.root)
    assert "app/words.py:15:8: lint F401" in text
    assert text.splitlines()[-1].startswith("not passed: ")
