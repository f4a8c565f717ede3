"""Many additions to a fresh project in a random order, and then all that its team would run.

    python -m bench additions FOLDER [--count 50] [--seed 14] [--step STEP]… [--slice 1/8]

Steps, by default all of them in this order:

    add         `expert new`, then `expert add` of each resource; what is there already is not added again
    check       `make check`: format, lint, directions of imports, types
    migrations  upgrade, `alembic check`, downgrade to base, upgrade, on SQLite and on a PostgreSQL server of our own
    tests       `make test` in slices: the folders of the tests are dealt out, and a slice of them is run

The last line says which steps are green; the exit code is 1 when one is not. `make fuzz` runs it in a temporary folder.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi_expert.addition import postgres
from fastapi_expert.scaffold.new import Answers, lay_down

STEPS = ("add", "check", "migrations", "tests")
RESOURCES = {
    "gadget": "label:str! body:text? count:int^ kind:enum[small,big] made:date at:datetime? code:uuid on:bool"
    " ratio:float price:decimal mail:email? site:url? extra:json? owner:ref[user]",
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
"""Names and types that have been trouble, each with what `expert add` is told of it."""


def additions(count: int, seed: int) -> list[tuple[str, list[str]]]:
    """Resources in a random order in which each comes after what it refers to; beyond the list, the same again under
    other names, of the resource and of its fields: of the same fields it would be the same resource."""
    wanted = dict(RESOURCES)
    for number in range(count - len(RESOURCES)):
        name, fields = list(RESOURCES.items())[number % len(RESOURCES)]
        mark = "abcdefghij"[number // len(RESOURCES)]
        wanted[f"{name}-no{mark}"] = " ".join(_marked(fields.split(), mark))
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


def _marked(arguments: list[str], mark: str) -> Iterator[str]:
    """The fields under names of their own."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        name, colon, kind = argument.partition(":")
        if argument.startswith("--"):
            yield argument
        else:
            yield f"{name}_{mark}{colon}{kind}" if colon or before == "--owner" else argument


class Failed(Exception):
    """A step is not green; the message is the end of what was printed."""


def add(folder: Path, count: int, seed: int, _: tuple[int, int]) -> None:
    if not folder.exists():
        lay_down(folder, Answers.named("shop", description=None, database="sqlite"))
        _borrow_environment(folder)
    listed = folder.parent / f"{folder.name}.added"
    there = listed.read_text().split() if listed.exists() else []
    for name, fields in additions(count, seed):
        if name not in there:
            began = time.monotonic()
            _run(folder, sys.executable, "-m", "fastapi_expert", "add", name, *fields, "--no-prove")
            with listed.open("a") as file:
                file.write(f"{name}\n")
            print(f"  {name}: {time.monotonic() - began:.1f} s", flush=True)


def _borrow_environment(folder: Path) -> None:
    """An environment for the project as its Makefile would make it: our packages, but the project's own `app`."""
    packages = Path(sysconfig.get_path("purelib"))
    own = folder / ".venv" / packages.relative_to(sys.prefix)
    own.mkdir(parents=True)
    (own / "borrowed.pth").write_text(f"{folder}\n{packages}\n")
    (folder / ".venv/bin").mkdir()
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", folder / ".venv")
    for tool in Path(sys.executable).parent.iterdir():
        (folder / ".venv/bin" / tool.name).symlink_to(tool)
    (folder / ".venv/.ready").touch()


def _python(folder: Path) -> str:
    return str(folder / ".venv/bin/python")


def check(folder: Path, *_: object) -> None:
    _run(folder, "make", "check")


def migrations(folder: Path, *_: object) -> None:
    with tempfile.TemporaryDirectory() as name, _databases(Path(name)) as addresses:
        for address in addresses:
            for command in ("upgrade head", "check", "downgrade base", "upgrade head"):
                script = "import sys; from alembic.config import main; main(sys.argv[1:])"
                _run(folder, _python(folder), "-c", script, *command.split(), DATABASE_URL=address)
            print(f"  {address.partition(':')[0]}: up, no difference, down to base, up", flush=True)


@contextmanager
def _databases(folder: Path) -> Generator[list[str]]:
    programs = postgres.binaries(Path(sys.executable))
    if programs is None:
        print("  no PostgreSQL here: SQLite alone", flush=True)
        yield [f"sqlite:///{folder}/one.db"]
        return
    with postgres.server(programs) as address:
        if address is None:
            raise Failed("the PostgreSQL server does not start")
        url = f"postgresql://postgres:{address.password}@127.0.0.1:{address.port}/postgres"
        yield [f"sqlite:///{folder}/one.db", url]


def tests(folder: Path, count: int, seed: int, part: tuple[int, int]) -> None:
    number, of = part
    places = sorted(
        path.relative_to(folder).as_posix()
        for path in (folder / "tests").iterdir()
        if path.name.startswith("test_") or (path.is_dir() and any(path.rglob("test_*.py")))
    )
    _run(
        folder, _python(folder), "-m", "pytest", *places[number - 1 :: of], "-q", *os.environ.get("PYTEST", "").split()
    )


def _run(folder: Path, *command: str, **environment: str) -> None:
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command[-6:])}\n{done.stdout[-3000:]}\n{done.stderr[-1500:]}")


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench additions")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--step", action="append", choices=STEPS)
    parser.add_argument("--slice", default="1/1", type=lambda text: tuple(map(int, text.split("/"))))
    given = parser.parse_args(options)
    steps: dict[str, Callable[[Path, int, int, tuple[int, int]], None]] = dict(
        zip(STEPS, (add, check, migrations, tests), strict=True)
    )
    folder = (given.folder or Path(tempfile.mkdtemp()) / "shop").resolve()
    red: list[str] = []
    for step in given.step or STEPS:
        began = time.monotonic()
        try:
            steps[step](folder, given.count, given.seed, given.slice)
        except Failed as failure:
            red.append(step)
            print(failure)
        print(f"{step}: {'RED' if step in red else 'green'}, {time.monotonic() - began:.0f} s", flush=True)
        if step == "add" and red:
            break
    if given.folder is None and not red:
        shutil.rmtree(folder.parent)
    return 1 if red else 0
