"""The same answer warm as cold: from the cache, after edits, and from nothing, whatever was edited.

`EXPERT_CORPORA` may name folders of applications (separated by `:`); each is copied, edited and asked too. That takes
minutes, and `EXPERT_EDITS` (4) says how often each is edited.
"""

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from edits import Editor
from shop import SHOP, lay_down, run_expert

from fastapi_expert import config
from fastapi_expert.codebase import load
from fastapi_expert.duplicates import find
from fastapi_expert.duplicates.proposal import propose
from fastapi_expert.find.cache import finder_of
from fastapi_expert.render.json import (
    dumps,
    duplicates_document,
    find_document,
    map_document,
    propose_document,
    routes_document,
)

APPLICATIONS = [
    one
    for folder in os.environ.get("EXPERT_CORPORA", "").split(":")
    if folder
    for one in sorted(Path(folder).iterdir())
    if one.is_dir()
]
EDITS = int(os.environ.get("EXPERT_EDITS", "4"))
QUERIES = ("create user", "session", "settings")
NO_CODE = shutil.ignore_patterns(".git", ".expert", "node_modules", ".venv", "__pycache__")

# What linking takes from files that are no Python, from classes, from what is handed on, and from pins.
WORKSHOP = {
    "requirements.txt": "fastapi==0.110.0\n",
    "plugins/one/plugin.toml": 'module = "plugins.one.routes"\nprefix = "/one"\n',
    "plugins/one/__init__.py": "",
    "plugins/one/routes.py": """
from fastapi import APIRouter

router = APIRouter()

@router.get("/tools")
def tools(): ...
""",
    "app/__init__.py": "",
    "app/settings.py": """
from pydantic import BaseModel
from pydantic_settings import BaseSettings
from app.parts import DatabaseSettings, MailConfig

class Money(BaseModel, frozen=True):
    amount: int = 0

class Settings(DatabaseSettings, BaseSettings):
    mail: MailConfig = MailConfig()
    prefix: str = "/api"

settings = Settings()
""",
    "app/parts.py": """
from pydantic import BaseModel

class DatabaseSettings(BaseModel):
    url: str = "sqlite://"

class MailConfig(BaseModel):
    host: str = "localhost"
""",
    "app/work.py": """
import asyncio

running = set()

def spawn(coroutine):
    task = asyncio.create_task(coroutine)
    running.add(task)
    return task

async def refresh(session: Session):
    return 1

async def clean():
    return 2

class Poller:
    async def run(self):
        return 3

class WorkerSettings:
    functions = [clean]
""",
    "app/main.py": """
import asyncio
import importlib
import tomllib
from pathlib import Path
from typing import Annotated
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel
from app.settings import Money, settings
from app.work import Poller, refresh, spawn

class Answer(BaseModel):
    price: Money

Answers = list[Answer]
late = APIRouter()

def current(): ...

Current = Annotated[str, Depends(current)]

async def lifespan(app):
    poller = Poller()
    asyncio.create_task(poller.run())
    spawn(refresh(None))
    yield

app = FastAPI(lifespan=lifespan)
app.include_router(late, prefix=settings.prefix)
for file in sorted(Path(__file__).parent.parent.glob("plugins/*/plugin.toml")):
    plugin = tomllib.loads(file.read_text())
    app.include_router(importlib.import_module(plugin["module"]).router, prefix=plugin["prefix"])

@late.get("/answers", response_model=Answers)
def answers(current: Current, background: BackgroundTasks):
    background.add_task(later, 1)
    return compute(1)

def later(number):
    return number
""",
    "tests/test_main.py": """
import pytest
from fastapi.testclient import TestClient
from app.main import app

client = TestClient(app)

@pytest.mark.parametrize("path", ["/api/answers", "/one/tools"])
def test_paths(path):
    return client.get(path)
""",
}


class Shaker:
    """Edits of text (:class:`edits.Editor`) and of files: touched, added, removed, renamed, moved, data and pins."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.editor = Editor(root, seed)
        self.random = random.Random(seed)
        self.number = 0

    def shake(self) -> str:
        """Make one edit; what it was."""
        self.number += 1
        kinds = [self.editor.edit] * 3 + [
            self.touch,
            self.add,
            self.remove,
            self.rename,
            self.move,
            self.data,
            self.pin,
        ]
        return self.random.choice(kinds)() or "nothing"

    def touch(self) -> str:
        file = self.some()
        os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1_000_000_000))
        return f"touched {file}"

    def add(self) -> str:
        file, other = self.some(), self.root / f"added_{self.number}.py"
        other.write_text(file.read_text(errors="replace"))
        return f"copied {file}"

    def remove(self) -> str | None:
        file = self.some()
        if len(self.editor.files()) > 4:
            file.unlink()
            return f"removed {file}"
        return None

    def rename(self) -> str:
        file = self.some()
        file.rename(file.with_name(f"renamed_{self.number}.py"))
        return f"renamed {file}"

    def move(self) -> str:
        file, folder = self.some(), self.root / f"folder_{self.number}"
        folder.mkdir()
        file.rename(folder / file.name)
        return f"moved {file}"

    def data(self) -> str | None:
        files = sorted(file for file in self.root.rglob("*.toml") if file.name != "pyproject.toml")
        for file in files[:3]:
            file.write_text(re.sub(r'"(/\w+)"', rf'"\g<1>{self.number}"', file.read_text(errors="replace")))
        return f"changed {files[:3]}" if files else None

    def pin(self) -> str:
        version = self.random.choice(["0.110.0", "0.140.0"])
        (self.root / "requirements.txt").write_text(f"fastapi=={version}\n")
        return f"pinned {version}"

    def some(self) -> Path:
        return self.random.choice(self.editor.files())


def answers(root: Path) -> dict[str, str]:
    """What every command that reads the codebase says, as JSON, apart from where it lies."""
    files = sorted(file for file in root.rglob("*.py") if not {".expert", ".venv"} & set(file.parts))
    commands: list[tuple[str, ...]] = [("map",), ("routes",), ("duplicates",), *(("find", query) for query in QUERIES)]
    drafts = files[:: max(1, len(files) // 3)][:3]
    commands += [("propose", str(file), "--as", "somewhere/else.py") for file in drafts]
    said: dict[str, str] = {}
    for command in commands:
        done = run_expert(*command, "--json", cwd=root)
        assert done.code in (0, 1), (command, done.err)
        said[" ".join(command).replace(str(root), "")] = done.out.replace(str(root), "")
    return said


def documents(root: Path) -> dict[str, str]:
    """The same from one look, without the commands around it: an application takes seconds to link."""
    settings = config.load(root)
    codebase = load(root, exclude=settings.exclude)
    inventory, found, finder = codebase.inventory, find(codebase, settings=settings), finder_of(codebase)
    said = {
        "map": map_document(inventory),
        "routes": routes_document(inventory, inventory.routes),
        "duplicates": duplicates_document("", found.findings, suppressed=found.suppressed),
        **{query: find_document("", query, finder.search(query)) for query in QUERIES},
    }
    files = [root / path for path in codebase.files]
    for file in files[:: max(1, len(files) // 3)][:3]:
        said[f"propose {file}"] = propose_document(propose(root, file.read_bytes(), as_path="somewhere/else.py"))
    return {name.replace(str(root), ""): dumps(one).replace(str(root), "") for name, one in said.items()}


def judgement(proposal: str) -> str:
    """The verdict: of files that changed since the last full look a draft is told what their text alone says."""
    return json.loads(proposal)["verdict"]


def assert_same(warm: dict[str, str], cold: dict[str, str], history: list[str]) -> None:
    for command, said in cold.items():
        if command.startswith("propose") and history != ["nothing"]:
            assert judgement(warm[command]) == judgement(said), (command, history)
        elif warm[command] != said:
            pairs = zip(warm[command].splitlines(), said.splitlines(), strict=False)
            first = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
            pytest.fail(f"{command}: warm says {first[0].strip()!r}, cold {first[1].strip()!r}, after {history}")


def follow(root: Path, seed: int, edits: int, ask: Callable[[Path], dict[str, str]] = answers) -> None:
    """Ask cold and warm, then after each edit, and compare with a copy that has no cache."""
    shaker, history = Shaker(root, seed), list[str]()
    assert_same(ask(root), ask(root), ["nothing"])
    for number in range(edits):
        history.append(shaker.shake())
        copy = root.with_name(f"{root.name}.cold{number}")
        shutil.copytree(root, copy, ignore=NO_CODE, symlinks=True)
        assert_same(ask(root), ask(copy), history)
        shutil.rmtree(copy)


@pytest.mark.parametrize("seed", range(3))
def test_the_shop_says_the_same_warm_after_edits_and_cold(tmp_path: Path, seed: int) -> None:
    follow(lay_down(tmp_path / "shop", SHOP), seed, 6)


@pytest.mark.parametrize("seed", range(5))
def test_what_links_by_data_classes_and_helpers_says_the_same_warm_after_edits_and_cold(
    tmp_path: Path, seed: int
) -> None:
    follow(lay_down(tmp_path / "workshop", WORKSHOP), seed, 6)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda path: path.name)
def test_an_application_says_the_same_warm_after_edits_and_cold(tmp_path: Path, application: Path) -> None:
    root = tmp_path / application.name
    shutil.copytree(application, root, ignore=NO_CODE, symlinks=True)
    follow(root, 7, EDITS, documents)
