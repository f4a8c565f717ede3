"""`python -m bench impact PROJECT --python PYTHON [--tests TESTS] [--mutations N]`: what `expert impact` answers.

PROJECT is copied, PYTHON the interpreter that runs its tests (with pytest and pytest-cov; PYTHONPATH has what else must
be on its path). Functions are changed, one place at a time, until N changes were noticed. Before each `expert impact
PATH:LINE` is asked for the tests; then the tests run that a recorded run saw execute the line: no other can notice.

failures   tests that fail by the change
missed     those that are not in the answer
answer     how many tests it names; all of them where it says that it does not know
names      how many tests a name search gives: those of every test file that has the function's name in it; none: how
           often it gives nothing
"""

import argparse
import ast
import random
import re
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.affected.mutations import Mutation, mutations
from bench.affected.run import Covered, Project, coverage, expanded
from bench.running.applications import sources
from fastapi_expert.codebase import Codebase, load
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.gate.impact.reached import of_place


@dataclass(frozen=True, slots=True)
class Row:
    """One change: how many tests noticed it, are named, and are found by name; who was missed."""

    place: str
    failures: int
    missed: list[str]
    answer: int
    names: int


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench impact", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--tests", nargs="+", default=["tests"])
    parser.add_argument("--mutations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / options.project.resolve().name
        shutil.copytree(options.project, root, symlinks=True, ignore=shutil.ignore_patterns(".git", ".expert", ".venv"))
        rows = run(root, options)
    report(options.project.name, rows)
    return 0


def run(root: Path, options: argparse.Namespace) -> list[Row]:
    """The changes, until enough were noticed by a test."""
    project = Project(root, options.python, options.tests, None)
    ids = project.listed()
    covered, broken = coverage(project)
    print(f"{len(ids)} tests, {len(broken)} of them fail unchanged and are left out", flush=True)
    codebase = load(root, cache=False)
    rows: list[Row] = []
    for one in chosen(root, covered, options.seed):
        if sum(1 for row in rows if row.failures) == options.mutations:
            break
        row = tried(project, codebase, one, ids, expanded(broken, ids), covered)
        rows.append(row)
        print(
            f"{row.failures:4} fail  {len(row.missed):3} missed  {row.answer:4} answered  {row.names:4} by name"
            f"  {row.place}  {' '.join(row.missed[:3])}",
            flush=True,
        )
    return rows


def chosen(root: Path, covered: Covered, seed: int) -> list[Mutation]:
    """One place in a function each, of those that a test executes."""
    by_function: dict[tuple[str, str], list[Mutation]] = {}
    for path, text in sources(root).items():
        if not is_test_path(path):
            for one in mutations(path, text.encode()):
                if one.inside and covered.get(f"{path}:{one.line}"):
                    by_function.setdefault((path, function_at(text, one.line)), []).append(one)
    chance = random.Random(seed)
    functions = [by_function[key] for key in sorted(by_function) if key[1]]
    chance.shuffle(functions)
    return [chance.choice(several) for several in functions]


def function_at(text: str, line: int) -> str:
    """The name of the innermost function or method around a line."""
    found = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(found, key=lambda node: node.lineno).name if found else ""


def tried(
    project: Project, codebase: Codebase, one: Mutation, ids: set[str], broken: set[str], covered: Covered
) -> Row:
    """Ask, change, see who fails, and undo."""
    file = project.root / one.path
    original = file.read_bytes()
    found = of_place(codebase, one.path, one.line)
    ours = ids if found.everything else set(found.tests) & ids
    name = function_at(original.decode("utf-8", "replace"), one.line)
    try:
        file.write_bytes(original[: one.start] + one.text.encode() + original[one.end :])
        failing = expanded(project.failing(sorted(covered[f"{one.path}:{one.line}"] or ())), ids) - broken
    finally:
        file.write_bytes(original)
    place = f"{one.path}:{one.line} {name}"
    return Row(place, len(failing), sorted(failing - ours), len(ours), len(by_name(project.root, name, ids)))


def by_name(root: Path, name: str, ids: set[str]) -> set[str]:
    """The tests of every test file that has a name in it."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    files = {one.partition("::")[0] for one in ids}
    having = {one for one in files if word.search((root / one).read_text(encoding="utf-8", errors="replace"))}
    return {one for one in ids if one.partition("::")[0] in having}


def report(name: str, rows: list[Row]) -> None:
    """The table; the name search's median is over the changes where it finds anything."""
    noticed = [row for row in rows if row.failures]
    heads = (("changes", 8), ("noticed", 8), ("failures", 9), ("missed", 7), ("answer", 8), ("names", 7), ("none", 6))
    print(f"\n{'':26}" + "".join(f"{head:>{width}}" for head, width in heads))
    if rows:
        named = [row for row in rows if row.names]
        print(
            f"{name:26}{len(rows):8}{len(noticed):8}{sum(row.failures for row in rows):9}"
            f"{sum(len(row.missed) for row in rows):7}{statistics.median(row.answer for row in rows):8.0f}"
            f"{statistics.median(row.names for row in named) if named else 0:7.0f}{len(rows) - len(named):6}"
        )
        both = f"{statistics.median(row.answer for row in named):.0f}" if named else "–"
        print(f"where a name search finds anything, the median answer is {both}")
