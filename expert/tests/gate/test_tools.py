"""The tools that the gate runs: the project's own, missing, broken, stopped, and their results kept."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from planting import append, fake_tool, found, note, status
from worktree import Work

from fastapi_expert import environment
from fastapi_expert.errors import ConfigError
from fastapi_expert.gate import check
from fastapi_expert.gate.checks.process import stop_all
from fastapi_expert.gate.report import check_text


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
        ("sleep 60; touch slept", "not done after 1 s"),
    ],
)
def test_a_tool_that_breaks_is_reported_and_is_not_passed(work: Work, script: str, said: str) -> None:
    fake_tool(work, "ruff", script)
    append(work, "pyproject.toml", "timeout = 1\n")
    append(work, "app/words.py", "\n\nSPARE: int = 1\n")
    report = check(work.root)
    assert status(report, "lint") == "broken"
    assert said in note(report, "lint")
    assert not report.passed
    assert not (work.root / "slept").exists()  # nobody waited for it


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


def test_giving_up_counts_where_its_exception_is_lost(work: Work) -> None:
    fake_tool(work, "ruff", "echo $$ > started-ran.txt; exec sleep 300")
    append(work, "app/words.py", "\n\nSPARE: int = 1\n")
    started = work.root / "started-ran.txt"

    def give_up_meanwhile() -> None:
        while not (started.exists() and started.read_text().strip()):
            time.sleep(0.05)
        stop_all()

    with ThreadPoolExecutor() as other:
        other.submit(give_up_meanwhile)
        with pytest.raises(KeyboardInterrupt):
            check(work.root)
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


def test_switching_on_a_check_that_is_none_is_refused(work: Work) -> None:
    append(work, "pyproject.toml", "")
    text = (work.root / "pyproject.toml").read_text().replace('"types"', '"typos"')
    work.write("pyproject.toml", text)
    with pytest.raises(ConfigError, match="typos"):
        check(work.root)


ENDED_WHILE_ONE_STARTS = """
import subprocess, sys, threading, time
from pathlib import Path
from fastapi_expert.gate.checks import process

runs = threading.Event()
made = []

class Late(subprocess.Popen):  # the tool runs, and the thread that started it has not been told yet
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        made.append(self)
        runs.set()
        time.sleep(0.5)

process.subprocess.Popen = Late
run = lambda: process.run(["sleep", "600"], cwd=Path("."), timeout=900)
threading.Thread(target=run, daemon=True).start()
runs.wait()
process.end_all()
print(made[0].poll())
try:
    process.run(["sleep", "600"], cwd=Path("."), timeout=900)
except process.Broken as broken:
    print(broken, len(made))
"""


def test_a_tool_that_is_just_being_started_ends_with_the_others() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ENDED_WHILE_ONE_STARTS], capture_output=True, text=True, check=False, timeout=280
    )
    assert ran.stdout.splitlines() == [str(-signal.SIGKILL), "somebody gave up waiting 1"], ran.stderr
