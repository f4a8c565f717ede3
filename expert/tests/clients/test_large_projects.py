"""A project that is too large to be read while a client waits is guarded by what is known, and read meanwhile."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shop import run_expert

from fastapi_expert.clients import guard, warming
from fastapi_expert.clients.calls import Write
from fastapi_expert.clients.guard import check_write
from fastapi_expert.codebase import load
from fastapi_expert.codebase.codebase import load_known
from fastapi_expert.codebase.files import scan

EXISTING = """\
def convert(amount: int, currency: str) -> int:
    rates = {"USD": 92, "GBP": 117}
    rate = rates.get(currency, 100)
    exact = amount * rate
    rounded = (exact + 50) // 100
    return max(rounded, 0)
"""
COPY = EXISTING.replace("convert", "exchange").replace("amount", "value").replace("currency", "unit")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/money.py").write_text(EXISTING)
    for number in range(40):
        (tmp_path / f"other{number}.py").write_text(f"def part_{number}(x: int) -> int:\n    return x + {number}\n")
    return tmp_path


def test_what_was_read_is_kept_when_the_reader_is_killed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "KEEP_EVERY", 0)
    monkeypatch.setattr(scan, "PARALLEL_BYTES", 1 << 40)
    seen: list[int] = []

    def give_up(what: str, done: int, total: int) -> None:
        seen.append(done)
        if done > 10:
            raise KeyboardInterrupt

    monkeypatch.setattr(scan, "_batches", lambda unread, size: [[one] for one in unread])
    time.sleep(0.2)  # a file younger than the clock's grain is hashed again, and so not kept
    with pytest.raises(KeyboardInterrupt):
        load(project, progress=give_up)
    codebase, left_out = load_known(project)
    assert len(codebase.files) >= 10
    assert left_out == 41 - len(codebase.files)


def test_of_what_is_known_the_files_beside_the_draft_come_first(project: Path) -> None:
    time.sleep(0.2)
    load(project)
    codebase, left_out = load_known(project, near="shop/prices.py", most=1)
    assert list(codebase.files) == ["shop/money.py"]
    assert left_out == 40


def test_a_large_project_is_judged_by_what_is_known_and_says_what_it_has_not_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(warming, "LARGE", 0)
    monkeypatch.setattr(warming, "wait", lambda root: False)
    monkeypatch.setattr(warming, "start", started.append)
    write = Write(project / "shop/prices.py", None, COPY)
    monkeypatch.setattr(guard, "_READING", 0.0)
    nothing_known = check_write(write, project)
    assert not nothing_known.refusal
    assert "41 more are being read in the background" in nothing_known.note
    time.sleep(0.2)
    load(project)
    known = check_write(write, project)
    assert "money.py:1" in known.refusal
    assert started == [project, project]


def test_what_lies_beside_the_draft_is_read_at_the_first_write_and_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "LARGE", 0)
    monkeypatch.setattr(warming, "wait", lambda root: False)
    monkeypatch.setattr(warming, "start", lambda root: None)
    monkeypatch.setattr(guard, "_PATIENCE", 60.0)
    (project / "aaa").mkdir()
    (project / "aaa/far.py").write_text("X = 1\n")
    time.sleep(0.2)
    read: list[str] = []
    take = scan._facts_of
    monkeypatch.setattr(scan, "_facts_of", lambda batch: read.extend(one.path for one in batch) or take(batch))
    assert "money.py:1" in check_write(Write(project / "shop/prices.py", None, COPY), project).refusal
    assert read[0] == "shop/money.py"
    assert read[-1] == "aaa/far.py"
    codebase, left_out = load_known(project)
    assert len(codebase.files) == 42
    assert left_out == 0


def test_beside_other_work_a_draft_is_judged_by_less(project: Path) -> None:
    alone = guard._Patience(time.monotonic() - 1, time.process_time() - 1)
    crowded = guard._Patience(time.monotonic() - 1, time.process_time())
    late = guard._Patience(time.monotonic() - 100, time.process_time() - 100)
    assert alone.affordable(reading=0.5) > crowded.affordable(reading=0.5) == late.affordable(reading=0)
    assert late.affordable(reading=0) == guard._LEAST
    assert late.left == 0


def test_the_background_leaves_a_project_ready(project: Path) -> None:
    assert not warming.is_ready(project)
    subprocess.run([sys.executable, "-m", "fastapi_expert.clients.warming", str(project)], check=True, timeout=60)
    assert warming.is_ready(project)


def test_a_write_right_after_an_installation_is_guarded_and_so_is_every_later_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "LARGE", 0)
    assert run_expert("install", "claude", cwd=project).code == 0
    write = Write(project / "shop/prices.py", None, COPY)
    assert "money.py:1" in check_write(write, project).refusal
    assert warming.wait(project, 60)
    ready = check_write(write, project)
    assert "money.py:1" in ready.refusal
    assert not ready.note


def test_an_mcp_server_that_is_asked_for_nothing_warms_the_project(project: Path) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}
    command = [sys.executable, "-m", "fastapi_expert", "mcp", "--root", str(project)]
    subprocess.run(command, input=json.dumps(hello) + "\n", text=True, capture_output=True, check=True, timeout=60)
    assert warming.wait(project, 60)
