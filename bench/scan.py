"""`python -m bench scan FOLDER`: how long a look takes, cold, warm and from a hook, beside rivals.

FOLDER is a checkout of a real FastAPI codebase; nothing is downloaded, and it is copied, not touched. Two floors stand
beside it: the same files parsed by CPython's `ast.parse`, and by tree-sitter, each in two processes that do nothing
else. Contenders run in turn, round after round, so that what else the machine does falls on all alike; `× ast` compares
CPU seconds, which a busy machine disturbs least. Rivals run with their defaults, each as often as there are rounds but
at most a minute in all, when they are installed: on PATH, or in a folder given by `--rivals` (`bin`, `node_modules`).
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
import ast, os, sys, warnings
from concurrent.futures import ProcessPoolExecutor
def by_ast(source):
    try:
        ast.parse(source)
    except SyntaxError:  # newer than this Python
        pass
def parse(paths):
    if sys.argv[2] == "ast":
        one = by_ast
    else:
        import tree_sitter_python
        from tree_sitter import Language, Parser
        one = Parser(Language(tree_sitter_python.language())).parse
    for path in paths:
        with open(path, "rb") as stream:
            one(stream.read())
if __name__ == "__main__":
    warnings.simplefilter("ignore")
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
HELPER = "\n\ndef added_{0}(first, second):\n    return first + second\n"
SCHEMA = (
    "\n\nfrom pydantic import BaseModel as Base{0}\n\n\n"
    "class Added{0}(Base{0}):\n    number: int\n    amount: int\n    currency: str\n"
)
FIELD = "    added_{0}: int\n"
"""One more field of the schema that was added before."""


@dataclass
class Contender:
    """A command, what makes it ready, and its runs so far: wall clock and CPU (children included), in seconds."""

    name: str
    command: Sequence[str]
    ready: Callable[[], object] = lambda: None
    walls: list[float] = field(default_factory=list[float])
    cpus: list[float] = field(default_factory=list[float])
    memory: float = 0.0
    """Resident size of the largest process, in MiB."""

    def run(self, folder: Path) -> None:
        """One run, measured by a parent of its own, so that what ran before counts for nothing."""
        self.ready()
        done = subprocess.run(
            [sys.executable, "-P", "-c", MEASURE, *self.command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        )
        code, wall, cpu, memory = done.stdout.split()
        if code not in ("0", "1", "8", "10"):  # "found something": 1 for most of them, a sum of bits for pylint
            print(f"{self.name} ended with {code}", file=sys.stderr)
        self.walls.append(float(wall))
        self.cpus.append(float(cpu))
        self.memory = max(self.memory, int(memory) / 1024)


MEASURE = """
import resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
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
        sources = [file.read_bytes() for file in copy.rglob("*.py") if file.is_file()]
        lines = sum(text.count(b"\n") for text in sources)
        print(f"{copy.name}: {len(sources)} files, {lines:,} lines; {os.cpu_count()} cores")
        contenders = [*_floors(copy, Path(scratch)), *_expert(copy, Path(scratch)), *_rivals(options.rivals)]
        for number in range(options.runs):
            for contender in contenders:
                if number == 0 or sum(contender.walls) < 60:
                    contender.run(copy)
        _print(contenders)
    return 0


def _floors(folder: Path, scratch: Path) -> list[Contender]:
    script = scratch / "parse.py"
    script.write_text(PARSE)
    python = [sys.executable, "-P", str(script), str(folder)]
    return [
        Contender("ast.parse only, 2 processes", [*python, "ast"]),
        Contender("tree-sitter only, 2 processes", [*python, "tree-sitter"]),
    ]


def _expert(folder: Path, scratch: Path) -> list[Contender]:
    """In this order every round: each finds the cache as the one before it left it."""
    expert = [sys.executable, "-P", "-m", "fastapi_expert"]  # -P: never import from the project
    duplicates = [*expert, "duplicates", "--json", "."]
    files = sorted(folder.rglob("*.py"))
    middle = files[len(files) // 2]
    draft = scratch / "draft.py"
    draft.write_text(DRAFT)

    def cold() -> None:
        shutil.rmtree(folder / ".expert", ignore_errors=True)

    def add(text: str) -> None:
        with middle.open("a") as stream:
            stream.write(text.format(time.monotonic_ns()))

    return [
        Contender("expert duplicates, cold", duplicates, cold),
        Contender("expert duplicates, nothing changed", duplicates),
        Contender("expert duplicates, a helper added", duplicates, lambda: add(HELPER)),
        Contender("expert propose, a hook's", [*expert, "propose", str(draft)]),
        Contender("expert duplicates, a schema added", duplicates, lambda: add(SCHEMA)),
        Contender("expert duplicates, a field added", duplicates, lambda: add(FIELD)),
        Contender("expert find, first", [*expert, "find", "router", "for", "invoices"]),
        Contender("expert find, nothing changed", [*expert, "find", "router", "for", "invoices"]),
    ]


def _rivals(folder: Path | None) -> list[Contender]:
    found: list[Contender] = []
    for name, (hint, command) in RIVALS.items():
        program = _installed(command[0], folder)
        if program is None:
            print(f"{name}: not installed ({hint})")
        else:
            found.append(Contender(name, [program, *command[1:]]))
    return found


def _installed(name: str, folder: Path | None) -> str | None:
    inside = (f"bin/{name}", f"venv/bin/{name}", f"node_modules/.bin/{name}")
    places = [folder / place for place in inside] if folder else []
    return next((str(place) for place in places if place.exists()), shutil.which(name))


def _print(contenders: Sequence[Contender]) -> None:
    floor = statistics.median(contenders[0].cpus)
    print(f"{'':36}{'runs':>5}{'median s':>10}{'best s':>9}{'CPU s':>8}{'MiB':>7}{'× ast':>8}")
    for one in contenders:
        cpu = statistics.median(one.cpus)
        times = f"{statistics.median(one.walls):10.3f}{min(one.walls):9.3f}{cpu:8.2f}"
        print(f"{one.name:36}{len(one.walls):5}{times}{one.memory:7.0f}{cpu / floor:8.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
