"""Which tests a change selects: one small application, changed in one place at a time, its own suite as the judge.

`test_every_test_that_fails_is_selected` runs that suite for real; the others ask only for the selection.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.gate.impact.select import Selection, select

FILES = {
    "app/__init__.py": "",
    "app/settings.py": """
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    greeting: str = "hello"
    page_size: int = 2


settings = Settings()
""",
    "app/limits.py": "MAXIMUM = 10\nUNUSED = 1\n",
    "app/deps.py": """
from typing import Annotated

from fastapi import Depends, HTTPException, Query

from app import limits


def get_limit(limit: Annotated[int, Query()] = 5) -> int:
    if limit > limits.MAXIMUM:
        raise HTTPException(422, "too many")
    return limit


def get_store() -> dict[str, int]:
    return {"real": 1}


LimitDep = Annotated[int, Depends(get_limit)]
""",
    "app/service.py": """
class ItemService:
    def listed(self, limit: int) -> list[int]:
        return list(range(limit))

    def total(self) -> int:
        return 3


class UserService:
    def listed(self) -> list[str]:
        return ["a"]


items = ItemService()
users = UserService()
""",
    "app/text.py": """
from pathlib import Path


def read_text() -> str:
    return (Path(__file__).parent / "data" / "welcome.txt").read_text()


def slug(text: str) -> str:
    return text.lower()
""",
    "app/data/welcome.txt": "welcome\n",
    "app/data/nobody.bin": "1",
    "app/routes/__init__.py": "",
    "app/routes/items.py": """
from fastapi import APIRouter

from app.deps import LimitDep
from app.service import items

router = APIRouter(prefix="/items")


@router.get("/")
def list_items(limit: LimitDep) -> list[int]:
    return items.listed(limit)


@router.get("/total")
def count_items() -> int:
    return items.total()


@router.post("/")
def create_item() -> str:
    return "made"


@router.patch("/total")
def set_total() -> str:
    return "set"
""",
    "app/routes/users.py": """
from fastapi import APIRouter, Depends

from app.deps import get_store
from app.service import users
from app.settings import settings

router = APIRouter(prefix="/users")


@router.get("/")
def list_users() -> list[str]:
    return users.listed()[: settings.page_size]


@router.get("/store")
def show_store(store: dict[str, int] = Depends(get_store)) -> dict[str, int]:
    return store


@router.get("/greeting")
def greet() -> str:
    return settings.greeting
""",
    "app/main.py": """
from fastapi import FastAPI, Request, Response

from app.routes import items, users
from app.text import read_text


def create_app() -> FastAPI:
    application = FastAPI()
    application.include_router(items.router)
    application.include_router(users.router)
    return application


app = create_app()


@app.middleware("http")
async def stamp(request: Request, call_next) -> Response:
    response = await call_next(request)
    response.headers["x-stamp"] = "1"
    return response


@app.get("/welcome")
def welcome() -> str:
    return read_text()
""",
    "tests/__init__.py": "",
    "tests/conftest.py": """
import pytest
from fastapi.testclient import TestClient

from app.main import app


@pytest.fixture
def client() -> TestClient:
    return TestClient(app)


@pytest.fixture
def seven() -> int:
    return 7
""",
    "tests/test_items.py": """
LIST = "/items/"


def test_list(client):
    assert client.get(LIST, params={"limit": 3}).json() == [0, 1, 2]


def test_list_refuses_too_many(client):
    assert client.get("/items/", params={"limit": 11}).status_code == 422


def test_total(client):
    assert client.get("/items/total").json() == 3


def test_create(client):
    assert client.post("/items/").json() == "made"
""",
    "tests/test_users.py": """
import pytest

from app.deps import get_store
from app.main import app


@pytest.mark.parametrize("path, said", [("/users/", ["a"]), ("/users/greeting", "hello")])
def test_get(client, path, said):
    assert client.get(path).json() == said


def test_store(client):
    assert client.get("/users/store").json() == {"real": 1}


def test_store_replaced(client):
    app.dependency_overrides[get_store] = lambda: {"fake": 2}
    try:
        assert client.get("/users/store").json() == {"fake": 2}
    finally:
        app.dependency_overrides.clear()
""",
    "tests/test_units.py": """
from unittest.mock import patch

from app.text import slug


class TestSlug:
    def test_lower(self):
        assert slug("AB") == "ab"


def test_fixture(seven):
    assert seven == 7


def test_welcome(client):
    assert client.get("/welcome").json() == "welcome\\n"


def test_patched(client):
    with patch("app.routes.items.items.total", return_value=9):
        assert client.get("/items/total").json() == 9


def test_nothing():
    assert True
""",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "README.md": "# readme\n",
}
CLIENT_TESTS = {
    "test_list", "test_list_refuses_too_many", "test_total", "test_create", "test_get", "test_store",
    "test_store_replaced", "test_welcome", "test_patched",
}  # fmt: skip
ALL = CLIENT_TESTS | {"test_lower", "test_fixture", "test_nothing"}

CHANGES = [
    # file, text, its replacement, and the tests that must be and the only ones that may be selected
    ("app/service.py", "range(limit)", "range(limit + 1)", {"test_list", "test_list_refuses_too_many"}),
    ("app/service.py", "return 3", "return 4", {"test_total", "test_patched"}),
    ("app/service.py", '["a"]', '["b"]', {"test_get"}),
    ("app/limits.py", "MAXIMUM = 10", "MAXIMUM = 11", {"test_list", "test_list_refuses_too_many"}),
    ("app/limits.py", "UNUSED = 1", "UNUSED = 2", set()),
    ("app/deps.py", "422", "400", {"test_list", "test_list_refuses_too_many"}),
    ("app/deps.py", '"real": 1', '"real": 2', {"test_store", "test_store_replaced"}),
    ("app/settings.py", '"hello"', '"hi"', {"test_get"}),
    ("app/routes/items.py", '"made"', '"built"', {"test_create"}),
    ("app/routes/items.py", 'get("/total")', 'get("/sum")', ALL),
    ("app/main.py", '"1"', '"2"', CLIENT_TESTS),
    ("app/main.py", "application.include_router(items.router)\n", "\n", ALL),
    ("app/text.py", "text.lower()", "text.upper()", {"test_lower"}),
    ("app/data/welcome.txt", "welcome", "farewell", {"test_welcome"}),
    ("tests/conftest.py", "return 7", "return 8", {"test_fixture"}),
    ("tests/test_units.py", "assert True", "assert False", {"test_nothing"}),
    ("tests/test_items.py", '"/items/"\n', '"/item/"\n', {"test_list"}),
    ("app/service.py", "# nothing\n", "# a comment\n", set()),
    ("README.md", "readme", "read me", set()),
    ("app/routes/items.py", '"set"', '"put"', set()),  # a mock's `patch` is no request
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    lay_down(tmp_path, FILES)
    with (tmp_path / "app/service.py").open("a") as service:
        service.write("# nothing\n")
    return tmp_path


@pytest.fixture
def change(project: Path) -> Callable[[str, str, str], Selection]:
    """Replace a text in a file and ask what that selects."""

    def changed(path: str, old: str, new: str) -> Selection:
        file = project / path
        before = file.read_bytes()
        assert before.count(old.encode()) >= 1
        file.write_bytes(before.replace(old.encode(), new.encode(), 1))
        return select(load(project, cache=False), {path}, before=lambda _: before)

    return changed


def names(selection: Selection) -> set[str]:
    return {test.rpartition("::")[2] for test in selection.tests}


@pytest.mark.parametrize(("path", "old", "new", "wanted"), CHANGES)
def test_a_change_selects_the_tests_it_can_affect(
    change: Callable[[str, str, str], Selection], path: str, old: str, new: str, wanted: set[str]
) -> None:
    selection = change(path, old, new)
    assert selection.everything is None
    assert selection.total == len(ALL)
    assert names(selection) - {"test_get"} == wanted - {"test_get"}
    assert wanted <= names(selection)


@pytest.mark.parametrize("number", [1, 3, 5, 11])
def test_every_test_that_fails_is_selected(project: Path, number: int) -> None:
    path, old, new, _ = CHANGES[number]
    before = (project / path).read_bytes()
    (project / path).write_bytes(before.replace(old.encode(), new.encode(), 1))
    chosen = names(select(load(project, cache=False), {path}, before=lambda _: before))
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-p", "no:xdist"]
    said = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120).stdout
    failed = {each.split("[")[0].split(" ")[0] for each in re.findall(r"^FAILED \S+::(\S+)", said, re.MULTILINE)}
    assert failed, said
    assert failed <= chosen


def test_the_cache_changes_nothing_but_the_time(project: Path) -> None:
    for path, old, new, _ in CHANGES[:4]:
        before = (project / path).read_bytes()
        (project / path).write_bytes(before.replace(old.encode(), new.encode(), 1))
        for _ in range(2):
            cached = select(load(project), {path}, before=lambda _, text=before: text)
            assert cached == select(load(project, cache=False), {path}, before=lambda _, text=before: text)


def test_each_test_is_given_its_reason(change: Callable[[str, str, str], Selection]) -> None:
    reasons = change("app/service.py", "return 3", "return 4").reasons
    assert reasons["tests/test_items.py::test_total"] == "test_total → count_items → ItemService.total (changed)"


def test_a_new_endpoint_can_change_what_every_address_answers(change: Callable[[str, str, str], Selection]) -> None:
    added = '@router.get("/{any}")\ndef any_item(any: str) -> str:\n    return any\n\n\n@router.get("/total")'
    assert names(change("app/routes/items.py", '@router.get("/total")', added)) >= CLIENT_TESTS


def test_a_change_of_what_runs_at_import_selects_who_imports_it(change: Callable[[str, str, str], Selection]) -> None:
    assert names(change("app/main.py", "app = create_app()", "app = create_app() or None")) == ALL - set()


def test_a_file_that_no_longer_parses_fails_who_imports_it(change: Callable[[str, str, str], Selection]) -> None:
    assert names(change("app/text.py", "def slug(", "def slug((")) == ALL


def test_a_removed_name_fails_who_imports_its_module(change: Callable[[str, str, str], Selection]) -> None:
    assert names(change("app/text.py", "def slug(", "def slugged(")) == ALL


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("pyproject.toml", "configures"),
        ("requirements-dev.txt", "configures"),
        ("app/data/other/nobody.bin", "no code names"),
        ("app/gone.py", "was deleted"),
    ],
)
def test_what_cannot_be_known_selects_everything_and_says_why(project: Path, path: str, why: str) -> None:
    selection = select(load(project, cache=False), {path}, before=lambda _: b"x")
    assert selection.everything
    assert selection.everything.startswith(f"{path}: ")
    assert why in selection.everything
    assert len(selection.tests) == selection.total == len(ALL)


def test_without_the_content_before_all_of_a_file_counts(project: Path) -> None:
    selection = select(load(project, cache=False), {"app/text.py"})
    assert names(selection) == ALL


def test_nothing_changed_selects_nothing(project: Path) -> None:
    assert select(load(project, cache=False), set()).tests == ()
