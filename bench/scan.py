"""`python -m bench scan FOLDER`: how long a look takes, cold, warm and from a hook, beside rivals.

FOLDER is a checkout of a real FastAPI codebase; nothing is downloaded, and it is copied, not touched. The floor is the
time to parse the same files with the same parser in the same two processes, nothing else. Rivals run with their
defaults when they are installed: on PATH, or in a folder given by `--rivals` (`bin/`, `node_modules/.bin/`).
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RIVALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "jscpd 5": ("npm install jscpd@5", ("jscpd", "--silent", "--format", "python", ".")),
    "find-dup-defs": ("pip install find-dup-defs", ("find-dup-defs", ".")),
    "biston": ("pip install biston", ("biston", "scan", ".")),
    "pylint duplicate-code": (
        "pip install pylint",
        ("pylint", "--disable=all", "--enable=duplicate-code", "--recursive=y", "--score=n", "."),
    ),
}
PARSE = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
import tree_sitter_python
from tree_sitter import Language, Parser
def parse(paths):
    parser = Parser(Language(tree_sitter_python.language()))
    for path in paths:
        with open(path, "rb") as stream:
            parser.parse(stream.read())
if __name__ == "__main__":
    found = (os.path.join(folder, name) for folder, _, names in os.walk(sys.argv[1]) for name in names)
    paths = sorted(path for path in found if path.endswith(".py"))
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(parse, [paths[0::2], paths[1::2]]))
"""
DRAFT = """
def outstanding(entries, table):
    amount = 0
    for entry in entries:
        amount += entry.price * entry.count
    return table.convert(amount, to="EUR")
"""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench scan", description=__doc__)
    parser.add_argument("folder", type=Path, help="a checkout")
    parser.add_argument("--rivals", type=Path, help="folder in which rivals are installed")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(argv)
    if not options.folder.is_dir():
        print(f"error: no such folder: {options.folder}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / options.folder.resolve().name
        shutil.copytree(options.folder, copy, ignore=shutil.ignore_patterns(".git", ".expert"), symlinks=True)
        _report(copy, Path(scratch), options)
    return 0


def _report(folder: Path, scratch: Path, options: argparse.Namespace) -> None:
    sources = [file.read_bytes() for file in folder.rglob("*.py") if file.is_file()]
    lines = sum(text.count(b"\n") for text in sources)
    print(f"{folder.name}: {len(sources)} files, {lines:,} lines; {os.cpu_count()} cores")
    print(f"{'':34}{'median s':>10}{'best s':>9}{'cpu s':>8}{'MiB':>7}{'× parse':>9}")
    expert = [sys.executable, "-P", "-m", "fastapi_expert"]  # -P: never import from the project
    parse_file = scratch / "parse.py"
    parse_file.write_text(PARSE)
    draft = scratch / "draft.py"
    draft.write_text(DRAFT)
    cache = folder / ".expert"
    parse = _timed([sys.executable, "-P", str(parse_file), str(folder)], folder, options.runs)
    floor = parse[0]
    _row("parse only, 2 processes", parse, floor)
    duplicates = [*expert, "duplicates", "--json", "."]

    def cold() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    changed = sorted(folder.rglob("*.py"))[len(sources) // 2]
    original = changed.read_bytes()

    def touch() -> None:
        changed.write_bytes(original + f"\n\ndef added_{time.monotonic_ns()}():\n    return 1\n".encode())

    _row("expert duplicates, cold", _timed(duplicates, folder, options.runs, before=cold), floor)
    _row("expert duplicates, nothing changed", _timed(duplicates, folder, options.runs), floor)
    _row("expert duplicates, one file changed", _timed(duplicates, folder, options.runs, before=touch), floor)
    changed.write_bytes(original)
    propose = [*expert, "propose", str(draft)]
    _timed(propose, folder, 1)
    _row("expert propose, a hook's", _timed(propose, folder, options.runs * 4), floor)
    for name, (hint, command) in RIVALS.items():
        program = _installed(command[0], options.rivals)
        if program is None:
            print(f"{name:34}{'not installed':>19}  ({hint})")
            continue
        cold()
        _row(name, _timed([program, *command[1:]], folder, min(options.runs, 2)), floor)


def _installed(name: str, folder: Path | None) -> str | None:
    inside = (f"bin/{name}", f"venv/bin/{name}", f"node_modules/.bin/{name}")
    places = [folder / place for place in inside] if folder else []
    return next((str(place) for place in places if place.exists()), shutil.which(name))


def _timed(
    command: Sequence[str], folder: Path, runs: int, *, before: object = None
) -> tuple[float, float, float, float]:
    """Median and best wall clock, median CPU (children included), in seconds, and the largest process, in MiB."""
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(runs):
        if callable(before):
            before()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
        if done.returncode not in (0, 1) and not done.stdout:  # 1 is "found something", for most of them
            print(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()[-200:]}", file=sys.stderr)
    return statistics.median(walls), min(walls), statistics.median(cpus), _peak(command, folder)


def _peak(command: Sequence[str], folder: Path) -> float:
    """The resident size of the largest process of one more run, in MiB, measured by a parent of its own."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, *command], cwd=folder, capture_output=True, text=True, check=False
    )
    return int(done.stdout.strip() or 0) / 1024


def _row(name: str, timing: tuple[float, float, float, float], floor: float) -> None:
    median, best, cpu, memory = timing
    print(f"{name:34}{median:10.3f}{best:9.3f}{cpu:8.2f}{memory:7.0f}{median / floor:9.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
