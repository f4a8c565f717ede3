"""Many resources of odd names and types, added in a random order: the project's own checks and tests stay green.

Fifty of them, with all the tests and on PostgreSQL too, are `python -m bench additions`.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shop import run_expert
from test_add import run, tool

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.additions import RESOURCES, additions


@pytest.fixture(scope="module")
def shop(new_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(new_shop, tmp_path_factory.mktemp("project") / "shop")
    for name, fields in additions(len(RESOURCES), seed=14):
        done = run_expert("add", name, *fields, "--no-prove", cwd=folder)
        assert done.code == 0, f"{name}: {done.err}"
    return folder


def test_many_resources_leave_the_checks_green(shop: Path) -> None:
    for command in (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["lint-imports"]):
        checked = run(tool(command[0]), *command[1:], cwd=shop)
        assert checked.returncode == 0, checked.stdout[-3000:]


def test_many_resources_migrate_up_and_down_and_are_what_the_models_say(shop: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(shop), "DATABASE_URL": f"sqlite:///{shop}/checked.db"}
    commands = [["upgrade", "head"], ["check"], ["downgrade", "base"], ["upgrade", "head"]]
    script = f"from alembic.config import main\nfor command in {commands}: main(command)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=shop, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_no_two_of_many_resources_share_a_name_in_the_document(shop: Path) -> None:
    """A schema whose name is taken gets its module's in front, and generated clients lose it."""
    done = run(sys.executable, "-m", "app", "openapi", cwd=shop)
    assert done.returncode == 0, done.stderr[-2000:]
    document = json.loads(done.stdout)
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if name.startswith("app__")] == []
    assert {"OrderRead", "Order", "NewsCreate", "FriendshipUpdate"} <= set(schemas)
    operations = [one["operationId"] for path in document["paths"].values() for one in path.values() if "tags" in one]
    assert len(operations) == len(set(operations))


def test_the_tests_of_any_of_many_resources_are_green(shop: Path) -> None:
    """Of one with every type of field, and of one by chance, on SQLite."""
    own = sorted({path.parent.name for path in shop.glob("tests/*/factory.py")} - {"posts", "gadgets"})
    assert len(own) == len(RESOURCES) - 1
    places = ["tests/gadgets", f"tests/{random.Random(15).choice(own)}"]
    which = ["-k", "sqlite or not (postgres or redis)"]
    done = run(sys.executable, "-m", "pytest", *places, "-n0", "-q", "-x", *which, cwd=shop)
    assert done.returncode == 0, done.stdout[-4000:]
