"""`python -m bench affected PROJECT --python PYTHON [--mutations N] [--covering]`: is any failing test missed?

PROJECT is copied, PYTHON the interpreter that runs its tests (with pytest, and pytest-testmon for the comparison). Its
code is changed N times, in functions, dependencies, constants, settings and templates, one place at a time. Each time
the failing tests are compared with those that `gate.affected` chooses, and with those that testmon chooses. Recall is
what counts; the share of tests chosen is its price.

With ``--covering`` a change inside a function is tried only on the tests that a recorded run saw execute it (the others
cannot notice): needs pytest-cov. All else is always tried on every test. A run that is stopped and started again with
the same ``--log`` goes on where it was.

A test that fails in the full run and was not chosen is run alone, once more: if it passes there, it failed because
another one did (a session-scoped database handle that one failing test leaves broken), not because of the change. Such
followers are counted beside the missed.
"""

import argparse
import atexit
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bench.affected.mutations import Mutation, mutations
from fastapi_expert.codebase import load
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.gate.impact.select import select

CACHE = f"cache_dir={tempfile.gettempdir()}/bench-affected-cache"  # testmon cannot do without pytest's cache
TEMPLATES = (".html", ".jinja", ".jinja2", ".j2")


Covered = dict[str, "set[str] | None"]


class Project:
    """A working copy and how its tests are run."""

    def __init__(self, root: Path, python: Path, tests: list[str], reset: str | None) -> None:
        self.root = root
        self.tests = tests
        self.python = python
        self.reset = reset
        path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        self.environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        self.runner = subprocess.Popen(
            [python, Path(__file__).with_name("runner.py")],
            cwd=root,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(os.killpg, self.runner.pid, signal.SIGKILL)  # the tests that it runs included

    def pytest(self, *options: str) -> str:
        assert self.runner.stdin
        assert self.runner.stdout
        fixed = ["-o", CACHE, "-W", "ignore", "-q", "--tb=no", "-rfE", "--continue-on-collection-errors"]
        self.runner.stdin.write(json.dumps([*fixed, *options]) + "\n")
        self.runner.stdin.flush()
        return json.loads(self.runner.stdout.readline())

    def failing(self, chosen: list[str] | None = None, *options: str) -> set[str]:
        """The tests that fail (``path::name``, without parameters), of ``chosen`` or of all."""
        if chosen == []:
            return set()
        if self.reset:
            subprocess.run(self.reset, shell=True, cwd=self.root, check=True, capture_output=True)
        output = self.pytest(*options, *(chosen or self.tests))
        return {re.split(r"[\[ ]", found)[0] for found in re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)}

    def listed(self, *options: str) -> set[str]:
        """The tests that would run."""
        lines = self.pytest("--collect-only", "--verbosity=-1", *options, *self.tests).splitlines()  # one a line
        return {line.split("[")[0] for line in lines if "::" in line and not line.startswith(("ERROR", "FAILED"))}


@dataclass(frozen=True, slots=True)
class Row:
    """One change: which tests failed, the share of tests chosen, who was missed; ``testmon`` None: not asked.

    ``followed`` failed in the full run only because another test did.
    """

    path: str
    line: int
    kind: str
    failing: list[str]
    ours: float
    missed: list[str]
    testmon: float | None
    testmon_missed: list[str]
    everything: str | None
    followed: list[str] = field(default_factory=list[str])


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench affected", description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--tests", nargs="+", default=["tests"])
    parser.add_argument("--mutations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--covering", action="store_true")
    parser.add_argument("--testmon-every", type=int, default=1, metavar="N", help="compare with testmon every Nth time")
    parser.add_argument("--reset", metavar="COMMAND", help="run before the tests each time, to bring a database back")
    parser.add_argument("--baseline", type=Path, help="file to keep what the unchanged project's runs said in")
    parser.add_argument("--log", type=Path, help="one JSON object a mutation; those in it are not tried again")
    given = parser.parse_args(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that a change is undone
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / given.project.resolve().name
        shutil.copytree(given.project, root, ignore=shutil.ignore_patterns(".git", ".expert", "__pycache__"))
        rows = run(Project(root, given.python, given.tests, given.reset), given)
    report(rows)
    return 0


def run(project: Project, given: argparse.Namespace) -> list[Row]:
    """Every change that the log does not hold yet."""
    ids, covered, broken = baseline(project, covering=given.covering, kept=given.baseline)
    print(f"{len(ids)} tests, {len(broken)} of them fail unchanged and are left out", flush=True)
    rows = [Row(**json.loads(line)) for line in lines_of(given.log)]
    for mutation in chosen(project, given.mutations, given.seed)[len(rows) :]:
        row = tried(project, mutation, ids, broken, covered, testmon=len(rows) % given.testmon_every == 0)
        rows.append(row)
        if given.log:
            with given.log.open("a") as log:
                log.write(json.dumps(asdict(row)) + "\n")
    return rows


def lines_of(log: Path | None) -> list[str]:
    return log.read_text().splitlines() if log and log.exists() else []


def baseline(project: Project, *, covering: bool, kept: Path | None) -> tuple[set[str], Covered | None, set[str]]:
    """All tests, which of them execute which line (when asked for), and which fail in one of two runs."""
    if kept and kept.exists():
        ids, covered, broken = json.loads(kept.read_text())
        for data in kept.parent.glob(f"{kept.name}.testmondata*"):
            shutil.copy(data, project.root / data.name.removeprefix(kept.name))
        return set(ids), covered and {line: tests and set(tests) for line, tests in covered.items()}, set(broken)
    ids = project.listed()
    covered, broken = coverage(project) if covering else (None, project.failing())
    # testmon writes its data when the interpreter ends, which a forked child does not
    subprocess.run(
        [project.python, "-m", "pytest", "-q", "--testmon", "-o", CACHE, *project.tests],
        cwd=project.root,
        env=project.environment,
        capture_output=True,
        check=False,
    )
    broken |= project.failing()
    if kept:
        kept.write_text(json.dumps([ids, covered, broken], default=sorted))
        for data in project.root.glob(".testmondata*"):
            shutil.copy(data, kept.with_name(kept.name + data.name))
    return ids, covered, broken


def tried(
    project: Project,
    mutation: Mutation,
    ids: set[str],
    broken: set[str],
    covered: Covered | None,
    *,
    testmon: bool,
) -> Row:
    """Make one change, see who fails and who is chosen, and undo it."""
    file = project.root / mutation.path
    original = file.read_bytes()
    file.write_bytes(original[: mutation.start] + mutation.text.encode() + original[mutation.end :])
    try:
        found = select(load(project.root, cache=False), {mutation.path}, before=lambda _: original)
        theirs = project.listed("--testmon-nocollect", "--testmon-forceselect") if testmon else None
        tests = None
        if covered is not None and mutation.inside:
            seen = covered.get(f"{mutation.path}:{mutation.line}", set())
            tests = None if seen is None else sorted(seen)
        failing = expanded(project.failing(tests), ids) - expanded(broken, ids)
        ours = set(found.tests) & ids
        followed = {each for each in failing - ours if each not in expanded(project.failing([each]), ids)}
    finally:
        file.write_bytes(original)
    row = Row(
        mutation.path,
        mutation.line,
        mutation.kind,
        sorted(failing),
        len(ours) / len(ids),
        sorted(failing - ours - followed),
        None if theirs is None else len(theirs & ids) / len(ids),
        [] if theirs is None else sorted(failing - theirs - followed),
        found.everything,
        sorted(followed),
    )
    print(
        f"{len(row.failing):4} fail  {row.ours:6.1%} chosen, {len(row.missed)} missed   testmon"
        f" {'     –' if row.testmon is None else f'{row.testmon:6.1%}, {len(row.testmon_missed)} missed'}"
        f"   {row.kind:10} {row.path}:{row.line}",
        flush=True,
    )
    return row


def expanded(failing: set[str], ids: set[str]) -> set[str]:
    """With the tests of a file for a file that could not be collected."""
    files = tuple(f"{each}::" for each in failing if "::" not in each)
    return {each for each in failing if "::" in each} | {each for each in ids if files and each.startswith(files)}


def report(rows: list[Row]) -> None:
    """The table: by kind, and over all; testmon's side counts only the changes it was asked about."""
    print(
        f"\n{'':11}{'changes':>8}{'noticed':>8}{'failures':>9}{'followed':>9}{'missed':>8}{'chosen':>8}"
        f"{'testmon: asked':>17}{'missed':>8}{'chosen':>8}"
    )
    for kind in (*sorted({row.kind for row in rows}), "all"):
        some = [row for row in rows if kind in ("all", row.kind)]
        measured = [row for row in some if row.testmon is not None]
        failures, noticed = sum(len(row.failing) for row in some), sum(1 for row in some if row.failing)
        missed, share = sum(len(row.missed) for row in some), statistics.median(row.ours for row in some)
        followed = sum(len(row.followed) for row in some)
        line = f"{kind:11}{len(some):8}{noticed:8}{failures:9}{followed:9}{missed:8}{share:8.1%}"
        if measured:
            share = statistics.median(row.testmon or 0 for row in measured)
            line += f"{len(measured):17}{sum(len(row.testmon_missed) for row in measured):8}{share:8.1%}"
        print(line)


def chosen(project: Project, count: int, seed: int) -> list[Mutation]:
    """``count`` places, spread over the kinds: most in functions, the rest in constants, settings and templates."""
    dependencies: dict[str, list[range]] = {}
    for each in load(project.root, cache=False).components:
        if each.kind == "dependency":
            dependencies.setdefault(each.path, []).append(range(each.line, each.end_line + 1))
    found: dict[str, list[Mutation]] = {}
    for path in sorted(project.root.rglob("*")):
        relative = path.relative_to(project.root).as_posix()
        if set(relative.split("/")) & {
            ".venv",
            "tests",
            "alembic",
            "migrations",
            "qa_tests",
            "scripts",
            ".git",
            ".expert",
        }:
            continue
        if path.suffix == ".py" and not is_test_path(relative):
            for each in mutations(relative, path.read_bytes()):
                depended_on = each.inside and any(each.line in lines for lines in dependencies.get(relative, ()))
                found.setdefault("dependency" if depended_on else each.kind, []).append(
                    replace(each, kind="dependency") if depended_on else each
                )
        elif path.suffix in TEMPLATES and path.stat().st_size:
            size = path.stat().st_size
            found.setdefault("template", []).append(Mutation(relative, "template", size, size, "{{ 1 / 0 }}", 1, False))
    chance = random.Random(seed)
    picked: list[Mutation] = []
    for kind, share in (
        ("function", 0.52),
        ("dependency", 0.1),
        ("signature", 0.05),
        ("constant", 0.15),
        ("settings", 0.12),
        ("template", 0.06),
    ):
        some = found.get(kind, [])
        picked += chance.sample(some, min(len(some), round(count * share)))
    rest = [each for each in found.get("function", []) if each not in picked]
    picked += chance.sample(rest, min(len(rest), max(0, count - len(picked))))
    chance.shuffle(picked)
    return picked


def coverage(project: Project) -> tuple[Covered, set[str]]:
    """``path:line`` to the tests that executed it in one run, and the tests that failed in it.

    A line that a fixture executed has no tests but None: its value may have served others than the one it was made for.
    """
    data = project.root / ".coverage"
    data.unlink(missing_ok=True)
    options = ("--cov=.", "--cov-context=test", "--cov-report=", f"--cov-config={os.devnull}")
    failing = project.failing(None, *options)
    found: dict[str, set[str]] = {}
    shared: set[str] = set()
    with sqlite3.connect(data) as database:
        rows = database.execute(
            "SELECT file.path, context.context, line_bits.numbits FROM line_bits"
            " JOIN file ON file.id = file_id JOIN context ON context.id = context_id WHERE context LIKE '%::%'"
        )
        for path, context, bits in rows:
            test, _, phase = context.partition("|")
            relative = Path(path).relative_to(project.root).as_posix()
            for number, byte in enumerate(bits):
                for place in (f"{relative}:{number * 8 + bit}" for bit in range(8) if byte >> bit & 1):
                    found.setdefault(place, set()).add(test.split("[")[0])
                    if phase != "run":
                        shared.add(place)
    assert found, "coverage recorded nothing"
    return {place: None if place in shared else tests for place, tests in found.items()}, failing
