"""`python -m bench gate --project DIR --venv DIR`: the gate on a foreign repository with one planted fault of each
class, then the time of a warm gate on one changed file beside the type checker alone.

DIR is a checkout of hngprojects/hng_boilerplate_python_fastapi_web (black, isort, pytest on SQLite; at HEAD it holds
thousands of older findings and failing tests, none of which may be blamed on the change); the virtual environment has
its requirements. Nothing is written to either: the project is copied.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPERT = (sys.executable, "-m", "fastapi_expert")
SERVICE, ROUTES, ANSWER = "api/v1/services/faq.py", "api/v1/routes/faq.py", "api/utils/success_response.py"


@dataclass(frozen=True)
class Plant:
    """One fault: `old` becomes `new` in `path` (or `new` joins the end), to be found by `check` as `rule`."""

    check: str
    rule: str
    path: str
    new: str
    old: str = ""


PLANTS = (
    Plant("types", "reportReturnType", SERVICE, '\n\ndef planted_type() -> int:\n    return "text"\n'),
    Plant("format", "black", SERVICE, "\n\nplanted_format = {  'a':1 }\n"),
    Plant("imports", "isort", "api/v1/schemas/faq.py", "\nimport zlib\nimport abc\n", old="\n"),
    Plant("lint", "F401", "api/v1/models/faq.py", "import colorsys\n"),
    Plant("security", "B602", "api/utils/pagination.py", "\n\ndef planted_shell(command: str) -> int:\n"
          "    import subprocess\n\n    return subprocess.call(command, shell=True)\n"),
    Plant("duplicates", "FX101", ROUTES, '\n\n@faq.get("/{id}", response_model=success_response)\n'
          "async def planted_route(id: str):\n"
          '    """Planted."""\n    return success_response(status_code=200, message=id, data={})\n'),
    Plant("ignores", "unexplained-ignore", ANSWER, "\n\nplanted_ignore: int = 1  # type: ignore\n"),
    Plant("annotations", "missing-annotation", ANSWER, "\n\ndef planted_untyped(value):\n    return [value]\n"),
    Plant("tests", "test-failed", ROUTES, 'status.HTTP_200_OK', old='status.HTTP_201_CREATED'),
)  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench gate", description=__doc__.split("\n\n")[0])
    parser.add_argument("--project", type=Path, required=True, help="a checkout of the project (copied)")
    parser.add_argument("--venv", type=Path, required=True, help="its virtual environment")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side of the timing")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = copy(options.project, Path(folder) / "project")
        env = os.environ | {"VIRTUAL_ENV": str(options.venv)}
        wrong = faults(root, env)
        subprocess.run(["git", "checkout", "-q", "."], cwd=root, check=True)
        timing(root, env, options.venv, options.rounds)
    return wrong


def copy(project: Path, root: Path) -> Path:
    shutil.copytree(project, root, ignore=shutil.ignore_patterns(".git", ".expert", "__pycache__", ".pytest_cache"))
    settings = (root / ".env.sample").read_text().replace("DB_TYPE=postgresql", "DB_TYPE=sqlite")
    (root / ".env").write_text(settings)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "--no-verify", "-m", "chore: begin"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def check(root: Path, env: dict[str, str], *arguments: str) -> dict[str, Any]:
    done = subprocess.run([*EXPERT, "check", "--json", *arguments], cwd=root, env=env, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def faults(root: Path, env: dict[str, str]) -> int:
    """Plant everything, run the gate once, tell what was found, missed and wrongly blamed."""
    for plant in PLANTS:
        path = root / plant.path
        text = path.read_text()
        assert plant.old in text, plant
        path.write_text(text.replace(plant.old, plant.new, 1) if plant.old else text + plant.new)
    report = check(root, env)
    print(f"{'planted':14}{'rule':22}{'file':34}found")
    missed = 0
    for plant in PLANTS:
        hits = [f for f in report["findings"] if f["check"] == plant.check and f["rule"] == plant.rule]
        places = [f"{f['path']}:{f['line']}" for f in hits if plant.check == "tests" or f["path"] == plant.path]
        missed += not places
        print(f"{plant.check:14}{plant.rule:22}{plant.path:34}{places[0] if places else 'MISSED'}")
    added = subprocess.run(["git", "diff", "-U0"], cwd=root, capture_output=True, text=True, check=True).stdout
    files = {plant.path for plant in PLANTS}
    other = [f for f in report["findings"] if f["path"] not in files and f["check"] != "tests"]
    print(
        f"\n{len(report['findings'])} findings in all, {missed} planted missed, {len(other)} blamed on untouched files"
    )
    for finding in report["findings"]:
        print(f"  {finding['path']}:{finding['line']} {finding['check']} {finding['rule']} {finding['message'][:90]}")
    for one in report["checks"]:
        print(f"  {one['name']:12}{one['status']:9}{one['seconds']:6.1f} s  {one['note']}")
    tests = report["tests"]
    print(f"tests chosen: {len(tests['chosen'])} of {tests['total']}; lines changed: {added.count(chr(10) + '+')}")
    return missed + len(other)


def timing(root: Path, env: dict[str, str], venv: Path, rounds: int) -> None:
    """A change to one file each time, so that its own results are never cached; all else is warm."""
    path = root / SERVICE
    original = path.read_text()
    config = root / "pyproject.toml"
    config.write_text('[tool.fastapi-expert.check]\nskip = ["tests"]\n')
    check(root, env)
    gates: list[float] = []
    alone: list[float] = []
    pyright = str(Path(sys.executable).with_name("pyright"))
    for number in range(rounds):
        path.write_text(f"{original}\n\nPLANTED_{number}: int = {number}\n")
        began = time.perf_counter()
        subprocess.run(
            [pyright, "--outputjson", f"--pythonpath={venv}/bin/python", SERVICE],
            cwd=root,
            capture_output=True,
            check=False,
        )
        alone.append(time.perf_counter() - began)
        began = time.perf_counter()
        report = check(root, env)
        gates.append(time.perf_counter() - began)
    again = time.perf_counter()
    check(root, env)
    again = time.perf_counter() - again
    print(f"\n{'one changed file, warm':34}{'seconds (median of ' + str(rounds) + ')':>24}")
    print(f"{'pyright alone (the reference)':34}{statistics.median(alone):24.2f}")
    print(f"{'the gate, all checks but tests':34}{statistics.median(gates):24.2f}")
    print(f"{'beyond the type checker':34}{statistics.median(g - a for g, a in zip(gates, alone, strict=True)):24.2f}")
    print(f"{'the gate again, nothing changed':34}{again:24.2f}")
    print("  " + ", ".join(f"{one['name']} {one['seconds']:.2f} s" for one in report["checks"]))
