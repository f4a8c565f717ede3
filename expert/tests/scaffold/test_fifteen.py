"""Many resources of odd names and types, added in a random order: the project's own tests and checks stay green."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from shop import run_expert
from test_add import run, tool

from fastapi_expert.scaffold.new import Answers, lay_down

EVERYTHING = "label:str! body:text? count:int^ kind:enum[small,big] made:date at:datetime? code:uuid on:bool"
EVERYTHING += " ratio:float price:decimal mail:email? site:url? extra:json? owner:ref[user]"
RESOURCES = {
    "gadget": EVERYTHING,
    "order": "total:decimal status:enum[open,paid] buyer:ref[user]",  # we have an Order, too
    "news": "headline:str! --public",  # no plural of its own
    "data-point": "value:float at:datetime! uid:uuid!",
    "category": "name:str! parent:ref[category]?",
    "product": "name:str^ price:decimal! category:ref[category]",
    "comment": "text:text gadget:ref[gadget] post:ref[post]? owner:ref[user]",
    "review": "stars:int product:ref[product] author:ref[user] --public",
    "friendship": "from_user:ref[user] to_user:ref[user] --owner from_user",
    "hour": "day:date! amount:int! --shared",
    "person": "email:email! born:date?",
    "type": "read:enum[none,all] self:str create:bool",
    "request": "response:str draft:text? values:json",
    "folder": "order:int search:str cursor:str? number:int",
    "x": "fields:str accounts:int client:bool",
}
COUNT = int(os.environ.get("EXPERT_ADDITIONS", "15"))
"""How many; beyond fifteen, the same again under other names."""
IS_LONG = "EXPERT_ADDITIONS" in os.environ


def additions(count: int, seed: int) -> list[tuple[str, list[str]]]:
    """Resources in a random order in which each comes after what it refers to."""
    wanted = dict(RESOURCES)
    for number in range(count - len(RESOURCES)):
        name, fields = list(RESOURCES.items())[number % len(RESOURCES)]
        wanted[f"{name}-no{'abcdefghij'[number // len(RESOURCES)]}"] = fields
    waiting, done = list(wanted.items())[:count], list[tuple[str, list[str]]]()
    random.Random(seed).shuffle(waiting)
    while waiting:
        there = {"user", "post", *(name for name, _ in done)}
        for name, fields in waiting:
            needed = {part.partition("]")[0] for part in fields.split("ref[")[1:]} - {name}
            base = name.partition("-no")[0]
            if needed - {base} <= there:
                arguments = [field.replace(f"ref[{base}]", f"ref[{name}]") for field in fields.split()]
                done.append((name, arguments))
                waiting.remove((name, fields))
                break
    return done


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "shop"
    lay_down(folder, Answers.named("shop", description=None, database="sqlite"))
    for name, fields in additions(COUNT, seed=14):
        done = run_expert("add", name, *fields, "--no-prove", cwd=folder)
        assert done.code == 0, f"{name}: {done.err}"
    return folder


def test_many_resources_leave_the_checks_green(shop: Path) -> None:
    for command in (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["lint-imports"]):
        checked = run(tool(command[0]), *command[1:], cwd=shop)
        assert checked.returncode == 0, checked.stdout[-3000:]


def test_many_resources_migrate_up_and_down_and_are_what_the_models_say(shop: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(shop), "DATABASE_URL": f"sqlite:///{shop}/checked.db"}
    script = "import sys; from alembic.config import main; main(sys.argv[1:])"
    for command in (["upgrade", "head"], ["check"], ["downgrade", "base"], ["upgrade", "head"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *command],
            cwd=shop,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.timeout(2400)  # in the long form some three hundred tests of the project's own
def test_many_resources_leave_the_tests_green(shop: Path) -> None:
    """Tests of two resources on SQLite; in the long form of all, and those that concern every endpoint."""
    own = sorted({path.parent.name for path in shop.glob("tests/*/factory.py")} - {"posts"})
    everywhere = ["tests/authorisation", "tests/contract", "tests/database"]
    if not IS_LONG:
        own, everywhere = random.Random(COUNT).sample(own, 2), []
    which = ["-k", "sqlite or not (postgres or redis)"]
    places = [f"tests/{name}" for name in own] + everywhere
    done = run(sys.executable, "-m", "pytest", *places, "-n0", "-q", "-x", *which, cwd=shop)
    assert done.returncode == 0, done.stdout[-4000:]
