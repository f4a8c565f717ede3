"""`python -m bench accuracy CORPORA`: recall on injected duplicates, and false blocks between unrelated projects.

CORPORA is a folder of checkouts (see `projects.SOURCES` for the names); nothing is downloaded. For every kind of edit
a sample of functions is mutated, each mutant alone in a file. `duplicates` finds it when one finding holds both the
mutant and the original; `propose` when it does not answer `new`, and names the original among its three first
neighbours.
"""

import argparse
import ast
import copy
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.accuracy import mutators, schema_mutators
from bench.accuracy.projects import SOURCES, TUNED_ON, Project, Sample, chosen, read
from fastapi_expert.codebase import Codebase, load
from fastapi_expert.duplicates import Finding, find, propose

FOLDER = "injected"
Mutant = tuple[Sample, str]
TARGETS = {**mutators.TARGETS, **schema_mutators.TARGETS, "route": 1.0}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench accuracy", description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder with checkouts of the projects")
    parser.add_argument("--projects", default=",".join(SOURCES), help="names, separated by commas")
    parser.add_argument("--count", type=int, default=60, help="mutants of each kind and project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true", help="name every mutant that was missed")
    options = parser.parse_args(argv)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        projects = [one for name in options.projects.split(",") if (one := read(name, options.corpora, Path(scratch)))]
        if not projects:
            print(f"error: none of {options.projects} is in {options.corpora}", file=sys.stderr)
            return 2
        print(f"{'project':12}{'kind':14}{'mutants':>8}{'duplicates':>12}{'propose':>9}{'hit@3':>7}{'target':>8}")
        totals: dict[tuple[str, bool], list[tuple[int, int, int, int]]] = {}
        for project in projects:
            for kind, row in _measure(project, projects, options):
                _print(project.name, kind, row)
                totals.setdefault((kind, project.name in TUNED_ON), []).append(row)
        for tuned in (True, False):
            for (kind, is_tuned), rows in totals.items():
                if is_tuned is tuned:
                    _print("tuned on" if tuned else "held out", kind, tuple(map(sum, zip(*rows, strict=True))))
        false_blocks(projects, options.count // 2, is_shown=options.misses)
    print(f"{time.monotonic() - started:.0f} s")
    return 0


def _print(name: str, kind: str, row: Sequence[int]) -> None:
    count, found, proposed, hits = row
    if count:
        shares = f"{found / count:12.3f}" if found >= 0 else f"{'':12}"
        print(
            f"{name:12}{kind:14}{count:8}{shares}{proposed / count:9.3f}{hits / count:7.3f}{TARGETS.get(kind, 0):8.2f}",
            flush=True,
        )


def _measure(
    project: Project, projects: Sequence[Project], options: argparse.Namespace
) -> Iterable[tuple[str, tuple[int, int, int, int]]]:
    base = load(project.folder, cache=False)
    donors = [one for other in projects if other is not project for one in other.donors] or project.donors
    functions = chosen(project.functions, options.count, options.seed)
    for kind, edit in mutators.MUTATORS.items():
        rng = random.Random(f"{project.name} {kind} {options.seed}")
        mutants = [(sample, mutators.emit(edit(sample.function, rng, donors))) for sample in functions]
        yield kind, _recall(project, base, mutants, options, kind, project.functions)
    schemas = chosen(project.schemas, options.count, options.seed)
    for kind, change in schema_mutators.MUTATORS.items():
        rng = random.Random(f"{project.name} {kind} {options.seed}")
        mutants = [(one, schema_mutators.emit(change(_class(one), rng))) for one in schemas]
        if mutants:
            yield kind, _recall(project, base, mutants, options, kind, project.schemas)
    routes = _route_drafts(base, options)
    if routes:
        blocked = sum(propose(base, draft.encode()).verdict != "new" for draft in routes)
        yield "route", (len(routes), -1, blocked, blocked)


def _class(sample: Sample) -> ast.ClassDef:
    assert isinstance(sample.node, ast.ClassDef)
    return sample.node


def _recall(
    project: Project,
    base: Codebase,
    mutants: Sequence[Mutant],
    options: argparse.Namespace,
    kind: str,
    pool: Sequence[Sample],
) -> tuple[int, int, int, int]:
    """Mutants, those found by `duplicates`, those that `propose` refuses, those whose original it names."""
    same_text: dict[str, list[Sample]] = {}
    for sample in pool:
        same_text.setdefault(_body(sample), []).append(sample)
    folder = project.folder / FOLDER
    folder.mkdir()
    for number, (_, text) in enumerate(mutants):
        (folder / f"mutant_{number}.py").write_text(text, encoding="utf-8")
    findings = find(load(project.folder)).findings
    found = proposed = hits = 0
    for number, (sample, text) in enumerate(mutants):
        (folder / f"mutant_{number}.py").unlink()
        origins = same_text[_body(sample)]
        is_found = any(_holds(one, f"{FOLDER}/mutant_{number}.py", origins) for one in findings)
        proposal = propose(base, text.encode())
        refused = proposal.verdict != "new"
        hit = any(
            near.path == one.path and abs(near.line - one.line) <= 12
            for near in proposal.similar[:3]
            for one in origins
        )
        found, proposed, hits = found + is_found, proposed + refused, hits + hit
        if options.misses and not (is_found and refused and hit):
            print(f"   {kind}: {sample.path}:{sample.line} {sample.name}: {is_found=}, {refused=}, {hit=}")
    folder.rmdir()
    return len(mutants), found, proposed, hits


def _body(sample: Sample) -> str:
    """The code without name, decorators, docstring, local names and literals: where a project holds the same thing
    twice already, either will do as the original."""
    node = copy.deepcopy(ast.parse(sample.text).body[0])
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    if isinstance(node, ast.ClassDef):
        return "\n".join(sorted(map(ast.unparse, node.body)))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            inner.id = "_"
        elif isinstance(inner, ast.Constant):
            inner.value = 0
    docstring = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    return "\n".join(map(ast.dump, node.body[docstring:]))


def _holds(finding: Finding, mutant: str, origins: Sequence[Sample]) -> bool:
    places = finding.components
    return any(place.path == mutant for place in places) and any(
        place.path == one.path and place.line <= one.end_line and one.line <= place.end_line
        for place in places
        for one in origins
    )


def _route_drafts(base: Codebase, options: argparse.Namespace) -> list[str]:
    """Served routes written anew: other parameter names and handlers, half of them with the prefix on the router."""
    rng = random.Random(options.seed)
    served = [
        one
        for one in base.inventory.routes
        if one.reach != "unattached" and not one.websocket and one.path.strip("/") and one.method != "HEAD"
    ]
    served = [one for one in served if any(not part.startswith("{") for part in one.path.split("/") if part)]
    drafts: list[str] = []
    for route in rng.sample(served, min(options.count, len(served))):
        names = iter(mutators.WORDS)
        parts = [
            f"{{{next(names)}{_converter(part)}}}" if part.startswith("{") and part.endswith("}") else part
            for part in route.path.split("/")
        ]
        cut = rng.randrange(1, len(parts)) if rng.random() < 0.5 else 0
        while cut and any("{" in part for part in parts[:cut]):
            cut -= 1
        prefix, path = "/".join(parts[:cut]), "/".join(parts[cut:])
        path = f"/{path}" if cut else path
        drafts.append(
            "from fastapi import APIRouter\n\n"
            f"router = APIRouter({f'prefix={prefix!r}' if prefix else ''})\n\n\n"
            f"@router.{route.method.lower()}({path!r})\nasync def draft_handler() -> dict:\n    return {{}}\n"
        )
    return drafts


def _converter(part: str) -> str:
    _, colon, kind = part.strip("{}").partition(":")
    return colon + kind


def false_blocks(projects: Sequence[Project], count: int, *, is_shown: bool) -> None:
    """``count`` functions and schemas of one project, one by one, proposed to each other project."""
    blocked = asked = 0
    for judge in projects:
        base = load(judge.folder, cache=False)
        for other in projects:
            if other is judge:
                continue
            samples = [*chosen(other.functions, count, 5), *chosen(other.schemas, count, 5)]
            for sample in samples:
                imports = "from pydantic import BaseModel\n\n\n" if isinstance(sample.node, ast.ClassDef) else ""
                answer = propose(base, (imports + sample.text + "\n").encode())
                asked += 1
                if answer.verdict != "new":
                    blocked += 1
                    if is_shown:
                        print(
                            f"   {other.name} {sample.path}:{sample.line} in {judge.name}: {answer.findings[0].message}"
                        )
    if asked:
        print(f"false blocks: {blocked} of {asked} ({blocked / asked:.2%}); target ≤ 1 %")
