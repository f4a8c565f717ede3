"""How long `expert review` takes beside `expert duplicates`, and what it adds to a write that a hook asks about.

CODEBASE is copied. CPU seconds of the whole command with its children, the least of the rounds, which a busy machine
disturbs least; memory is the largest process. `review_code` over a pipe, at 2,000 files: `python -m bench mcp`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROUNDS = 5
_PLAIN = "def doubled(number: int) -> int:\n    return number * 2\n"
_ASKED = """\
import requests
from fastapi import APIRouter

router = APIRouter()


@router.get("/rates")
async def rates(limit: int = 10):
    found = requests.get("https://rates.example", timeout=3).json()
    return found[:limit]
"""


class Spent(NamedTuple):
    """CPU seconds, and the megabytes of the largest process."""

    seconds: float
    memory: float


def main(source: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / source.name
        shutil.copytree(source, root, ignore=shutil.ignore_patterns(".expert", ".git", ".venv", "node_modules"))
        files = [path for path in root.rglob("*.py") if path.is_file()]
        lines = sum(path.read_bytes().count(b"\n") for path in files)
        print(f"{source.name}: {len(files):,} files, {lines:,} lines")
        commands = ("duplicates", "review")
        cold = {name: _run(root, name, "--json") for name in commands}
        _compare("cold, the second with the first one's facts", cold)
        _compare("nothing changed", {name: _least(root, name, "--json") for name in commands})
        changed = max(files, key=lambda path: path.stat().st_size)
        changed.write_text(changed.read_text() + "\n\ndef added_by_the_bench() -> int:\n    return 1\n")
        _compare("a function added to the largest file", {name: _run(root, name, "--json") for name in commands})
        drafts = {"without a word of the rules": _PLAIN, "looked at": _ASKED}
        for name, text in drafts.items():
            (Path(made) / "draft.py").write_text(text)
            spent = _least(root, "propose", str(Path(made) / "draft.py"), "--as", "bench_draft.py", "--root", str(root))
            print(f"propose, a draft {name:<40} {spent.seconds:6.2f} s {spent.memory:6.0f} MB")


def _compare(what: str, spent: dict[str, Spent]) -> None:
    first, second = spent.values()
    for name, one in spent.items():
        print(f"{what if one is first else '':<48} {name:<11} {one.seconds:6.2f} s {one.memory:6.0f} MB")
    print(f"{'':<48} {'ratio':<11} {second.seconds / first.seconds:6.2f}   {second.memory / first.memory:6.2f}")


def _least(root: Path, *arguments: str) -> Spent:
    rounds = [_run(root, *arguments) for _ in range(ROUNDS)]
    return Spent(min(one.seconds for one in rounds), min(one.memory for one in rounds))


def _run(root: Path, *arguments: str) -> Spent:
    command = [sys.executable, "-m", "fastapi_expert", *arguments]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
