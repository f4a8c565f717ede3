"""The command as a process: pipes, terminals, signals, locales, faults."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shop import Expert, lay_down


def process(*arguments: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`expert ARGUMENTS` as a process of its own."""
    command = [sys.executable, "-m", "fastapi_expert", *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [("map",), ("routes",), ("find", "user"), ("duplicates",), ("rule",)])
def test_a_pipe_gets_no_colour_unless_it_is_forced(expert: Expert, arguments: tuple[str, ...]):
    assert "\033" not in expert(*arguments).out
    assert "\033" in expert(*arguments, env={"FORCE_COLOR": "1"}).out
    assert "\033" not in expert(*arguments, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


def test_a_reader_that_stops_early_is_no_error(shop: Path):
    script = f"{sys.executable} -m fastapi_expert rule --json | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=shop, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_an_interrupt_ends_quietly_with_130(shop: Path):
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # ignored in a run with `&`
    reader = subprocess.Popen(
        [sys.executable, "-c", f"{heard}; from fastapi_expert.__main__ import main; main()", "propose", "-"],
        cwd=shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1)
    reader.send_signal(signal.SIGINT)
    out, err = reader.communicate(timeout=20)
    assert (reader.returncode, out, err) == (130, "", "interrupted\n")


def test_what_takes_over_a_second_is_told_on_a_terminal_and_wiped_away(shop: Path):
    master, terminal = pty.openpty()
    script = (
        "import time; from fastapi_expert.cli.shared import progress\nwith progress('reading shop'): time.sleep(1.4)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=shop, stderr=terminal, check=True)
    os.close(terminal)
    said = os.read(master, 1000).decode()
    os.close(master)
    assert said == "\r\033[Kreading shop … 1 s\r\033[K"


def test_an_old_locale_breaks_nothing(shop: Path):
    lay_down(
        shop, {"app/größe.py": '"""Maße."""\n\n\ndef größe(maß: int) -> int:\n    """Größe ☃."""\n    return maß\n'}
    )
    done = process("find", "größe", cwd=shop, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr\\xf6" in done.stdout


def test_what_nobody_foresaw_is_one_message_and_a_traceback_only_for_who_asks(shop: Path):
    broken = {
        "PYTHONPATH": str(lay_down(shop.parent / "broken", {"tree_sitter/__init__.py": "raise RuntimeError('boom')\n"}))
    }
    done = process("map", cwd=shop, env=broken)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: expert ")
    assert "RuntimeError: boom" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in process("map", cwd=shop, env={**broken, "EXPERT_DEBUG": "1"}).stderr


@pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize("command", ["routes", "propose -", "find user", "map --json"])
def test_a_closed_stream_is_an_empty_one(shop: Path, command: str, stream: str):
    script = f"{sys.executable} -m fastapi_expert {command} {stream}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=shop, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["routes", "map --json", "find user", "rule FX101", "credit list", "duplicates"])
def test_an_output_on_a_full_disk_is_one_plain_message(shop: Path, command: str):
    script = f"git init -q . ; {sys.executable} -m fastapi_expert {command} > /dev/full"
    done = subprocess.run(["bash", "-c", script], cwd=shop, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: standard output: No space left on device\n  make room on that disk, then run the command again\n"
    )


def test_a_tree_that_may_not_be_written_is_read_all_the_same(expert: Expert, shop: Path):
    if os.geteuid() == 0:
        (shop / ".expert").write_text("a file where the cache would go")  # what root may not write either
    else:
        shop.chmod(0o555)
    done = expert("map")
    shop.chmod(0o755)
    assert done.code == 0
    assert "endpoint" in done.out
