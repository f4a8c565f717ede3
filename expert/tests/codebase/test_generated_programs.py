"""Programs made at random: what is listed is served, what is served is listed or named in a problem, and nobody is said
to be let in who is turned away, or the other way round.

`make test` runs a few hundred; `EXPERT_PROGRAMS=5000` (with ``EXPERT_PROGRAMS_FROM`` for other seeds) is the long form,
and `EXPERT_FASTAPI` names a directory with another FastAPI to run them on.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fastapi_expert.codebase import Codebase, load

from .generated_programs import Program, generate
from .strangers import refuses

PROGRAMS = int(os.environ.get("EXPERT_PROGRAMS", "200"))
FIRST = int(os.environ.get("EXPERT_PROGRAMS_FROM", "0"))
BATCH = 50
RUNNING = Path(__file__).with_name("running.py")

Row = tuple[str, str, str, int | None]
"""Method, path, name of the endpoint, and the status that a stranger met there."""


def _tables(root: Path, modules: list[str]) -> dict[str, list[Row]]:
    """The table of each module's ``app``, as FastAPI has it; one interpreter for all."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "SYSTEMROOT")}
    if other := os.environ.get("EXPERT_FASTAPI"):
        kept["PYTHONPATH"] = other
    command = [sys.executable, str(RUNNING), str(root), *modules]
    ran = subprocess.run(command, env=kept, cwd=root, capture_output=True, text=True, check=True)
    tables = dict(zip(modules, map(json.loads, ran.stdout.splitlines()), strict=True))
    broken = {module: table for module, table in tables.items() if isinstance(table, str)}
    assert not broken, f"programs that do not start say nothing about the reader: {broken}"
    return tables


def _version() -> str:
    where = {"PYTHONPATH": os.environ["EXPERT_FASTAPI"]} if "EXPERT_FASTAPI" in os.environ else {}
    ask = [sys.executable, "-c", "import fastapi; print(fastapi.__version__)"]
    return subprocess.check_output(ask, env={**os.environ, **where}, text=True).strip()


def _faults(program: Program, codebase: Codebase, module: str, running: list[Row]) -> list[str]:
    """What is wrong of the application of ``module``."""
    live = Counter((method, path) for method, path, _, _ in running)
    own = f"app:{module.replace('.', '/')}.py::app"  # an application that is not mounted has a table of its own
    routes = [one.route for one in codebase.served if one.app in (own, f"{own}@2") or one.route.reach == "unattached"]
    firm = Counter((r.method, r.path) for r in routes if r.reach == "served")
    known = firm + Counter((r.method, r.path) for r in routes if r.reach == "conditional")
    faults = [f"listed, not served: {method} {path}" for method, path in (firm - live)]
    problems = {(problem.path, problem.line) for problem in codebase.inventory.problems}
    for method, path in live - known:
        endpoints = {endpoint for m, p, endpoint, _ in running if (m, p) == (method, path)}
        lines = {line for endpoint in endpoints for line in program.lines.get(endpoint, _all(program))}
        if not lines & problems:
            faults.append(f"served, neither listed nor named: {method} {path}")
    said = {(r.method, r.path): r.protection for r in routes if r.reach == "served" and firm[r.method, r.path] == 1}
    for method, path, _, answer in running:
        if answer is None or live[method, path] > 1 or (method, path) not in said:
            continue
        let_in = ("none", "optional") if refuses(answer) else ("required",) if answer < 300 else ()
        if said[method, path] in let_in:
            faults.append(f"said to be {said[method, path]}, a stranger met {answer}: {method} {path}")
    return faults


def _all(program: Program) -> set[tuple[str, int]]:
    """Every line: for endpoints without a name of their own (a lambda)."""
    return {(path, line) for path, text in program.files.items() for line in range(1, text.count("\n") + 1)}


@pytest.mark.parametrize("batch", range(0, PROGRAMS, BATCH))
def test_what_is_served_is_listed_or_named_and_nothing_else_is_listed(batch: int, tmp_path: Path) -> None:
    programs = [generate(FIRST + seed) for seed in range(batch, min(batch + BATCH, PROGRAMS))]
    together = tmp_path / "together"
    for program in programs:
        for path, text in program.files.items():
            for root in (together, tmp_path / str(program.seed)):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
    pin = f"[project]\nname = 'made'\nversion = '1'\ndependencies = ['fastapi=={_version()}']\n"
    tables = _tables(together, [module for program in programs for module in program.applications])
    wrong: list[str] = []
    for program in programs:
        root = tmp_path / str(program.seed)
        (root / "pyproject.toml").write_text(pin)
        codebase = load(root, cache=False)
        for module in program.applications:
            faults = _faults(program, codebase, module, tables[module])
            wrong += [f"seed {program.seed}, {module}: {fault}" for fault in faults]
    assert wrong == []


def test_the_same_seed_gives_the_same_program() -> None:
    assert generate(7) == generate(7)
    assert generate(7).files != generate(8).files
