"""The action for GitHub: pinned by hash, beside the caller's Python, one look that annotates and keeps SARIF."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from shop import SHOP, lay_down
from test_repository import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def step(name: str) -> dict[str, Any]:
    return next(one for one in STEPS if one.get("id") == name or one.get("name") == name)


def test_every_action_that_it_uses_is_pinned_by_hash():
    used = [one["uses"] for one in STEPS if "uses" in one]
    assert len(used) == 2
    assert all(re.search(r"@[0-9a-f]{40}$", one) for one in used)


def test_the_caller_s_python_stays_what_it_is():
    assert step("python")["with"]["update-environment"] is False
    install = step("Install the expert beside, not into, the project")
    assert install["env"]["PYTHON"] == "${{ steps.python.outputs.python-path }}"
    assert "--require-hashes" in install["run"]


def test_the_lock_holds_every_dependency_with_hashes():
    lock = (ROOT / "expert/requirements.lock").read_text()
    project = (ROOT / "expert/pyproject.toml").read_text()
    wanted = re.findall(r'^    "([a-z-]+)>=', project, re.MULTILINE)
    assert len(wanted) > 5
    assert all(
        re.search(rf"^{name}==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE) for name in (*wanted, "hatchling")
    )


@pytest.mark.parametrize("gate", ["true", "false"])
def test_one_look_annotates_and_keeps_the_same_as_sarif(gate: str, tmp_path: Path):
    shop = lay_down(tmp_path / "shop", SHOP)
    (shop / "pyproject.toml").open("a").write('\n[tool.fastapi-expert.check]\nskip = ["types", "tests"]\n')
    subprocess.run(["git", "init", "--quiet"], cwd=shop, check=True)
    command = tmp_path / "expert/bin/expert"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\necho x >> "{tmp_path}/calls"\nexec "{sys.executable}" -m fastapi_expert "$@"\n')
    command.chmod(0o755)
    output = tmp_path / "output"
    inputs = {"CODEBASE": ".", "GATE": gate, "SINCE": "", "BASELINE": ""}
    runner = {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)}
    done = subprocess.run(
        ["bash", "-e", "-c", step("findings")["run"]],
        cwd=shop,
        env={**os.environ, **inputs, **runner},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert output.read_text() == "code=1\n"
    assert (tmp_path / "calls").read_text() == "x\n"
    copied = [line for line in done.stdout.splitlines() if "FX302" in line or "FX301" in line]
    assert copied
    assert copied[0].startswith("::error file=app/" if gate == "true" else "::warning file=app/")
    results = json.loads((tmp_path / "expert.sarif").read_text())["runs"][0]["results"]
    assert len(results) == sum(line.startswith("::") and "file=" in line for line in done.stdout.splitlines())
