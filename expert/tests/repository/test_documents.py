"""Every command the README and CONTRIBUTING show is run; those that are themselves the checks are shown to exist."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
THE_CHECKS_THEMSELVES = {"make check", "make format", "make bench", "make fuzz", "make lock"}
SERVED_AT = "http://127.0.0.1:8000"
LAID_DOWN_AT = "build/shop"


def blocks() -> list[str]:
    """What a reader pastes at once: the commands of a fenced block, one a line; a later one may need an earlier one."""
    found: list[str] = []
    for document in DOCUMENTS:
        for block in re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(), re.DOTALL | re.MULTILINE):
            lines = (re.sub(r"\s+# .*$", "", line).strip() for line in block.splitlines())
            found.append("\n".join(line for line in lines if line and not line.startswith("#")))
    return list(dict.fromkeys(found))


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would make the commands behave as part of this test run."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "MAKE"))} | more


@dataclass(frozen=True)
class Running:
    """A service that `make run` started: where, what it printed, and the settings it was given."""

    address: str
    said: str
    settings: dict[str, str]
    scratch: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`make run`, with its data elsewhere."""
    directory = tmp_path_factory.mktemp("run")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"PORT": str(port), "DATA_DIR": str(directory / "var")}
    output = directory / "output"
    with output.open("wb") as said:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT,
            env=environment(**settings),
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 60
        address = f"http://127.0.0.1:{port}"
        while address not in output.read_text() or not answers(port):
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        yield Running(address, output.read_text(), settings, directory)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_make_run_prints_where_to_look_and_the_first_administrator(running: Running):
    assert f"{running.address}/docs" in running.said
    assert "admin@example.com" in running.said
    assert re.search(r"password\W+\S{12,}", running.said, re.IGNORECASE)


def run(command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=280,
    )


@cache
def collected(command: str) -> subprocess.CompletedProcess[str]:
    """What a command for tests prints that only collects them; documents name the same ones."""
    return run(command, PYTEST_ADDOPTS="--collect-only -n 0 -q")


@pytest.mark.parametrize("block", blocks())
def test_the_commands_of_a_block_work(block: str, running: Running):
    for command in block.splitlines():
        if command == "make run":
            continue  # it is what `running` is
        if command in THE_CHECKS_THEMSELVES:
            dry = subprocess.run(["make", "--dry-run", command.split()[1]], cwd=ROOT, capture_output=True, text=True)
            assert dry.returncode == 0, dry.stderr
            continue
        here = command.replace(SERVED_AT, running.address).replace(LAID_DOWN_AT, str(running.scratch / "shop"))
        runs_tests = command == "make test" or "pytest" in command
        finished = collected(here) if runs_tests else run(here, **running.settings)
        fine = {0, 1} if "expert duplicates" in command else {0}  # 1 says that it found some
        assert finished.returncode in fine, command + "\n" + finished.stdout[-2000:] + finished.stderr[-2000:]
        assert finished.stdout.strip(), command


@pytest.mark.parametrize("document", [*DOCUMENTS, "service/README.md", "expert/README.md", "docs/decisions/README.md"])
def test_every_link_to_a_file_leads_somewhere(document: str):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target
