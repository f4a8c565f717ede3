"""What a name, a place or a change reaches: routes through `Depends`, tables, migrations, tasks and tests."""

import json
from pathlib import Path

import pytest
from shop import lay_down, run_expert
from worktree import committed_work

from fastapi_expert.codebase import load
from fastapi_expert.errors import UsageError
from fastapi_expert.gate.impact.reached import of_name, of_place

FILES = {
    "app/__init__.py": "",
    "app/tables.py": """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
""",
    "app/guards.py": """\
from fastapi import Header, HTTPException


def hash_of(key):
    return key[::-1]


def caller(key: str | None = Header(None)):
    if key is None:
        raise HTTPException(401)
    return hash_of(key)
""",
    "app/users.py": """\
from app.guards import caller
from app.tables import User
from fastapi import APIRouter, Depends
from pydantic import BaseModel

router = APIRouter()


class UserOut(BaseModel):
    id: int


class UserPage(BaseModel):
    users: list[UserOut]


@router.get("/users")
def list_users(who=Depends(caller)) -> UserPage:
    return UserPage(users=[])


@router.get("/open")
def anybody() -> str:
    return "x"
""",
    "app/main.py": """\
from app.users import router
from fastapi import FastAPI

app = FastAPI()
app.include_router(router)
""",
    "migrations/versions/0001.py": 'def upgrade():\n    make("people")\n\n\ndef downgrade():\n    drop("people")\n',
    "migrations/versions/0002.py": 'def upgrade():\n    make("notes")\n\n\ndef downgrade():\n    drop("notes")\n',
    "tests/test_users.py": """\
from app.main import app
from fastapi.testclient import TestClient


def test_users():
    assert TestClient(app).get("/users").status_code == 401


def test_open():
    assert TestClient(app).get("/open").status_code == 200
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_down(tmp_path_factory.mktemp("reached"), FILES)


def test_a_helper_of_a_guard_reaches_the_routes_behind_it_and_their_tests(project: Path) -> None:
    found = of_name(load(project, cache=False), "hash_of")
    assert [one.path for one in found.routes] == ["/users"]
    assert found.tests == ("tests/test_users.py::test_users",)
    assert found.tests_total == 2


def test_a_place_stands_for_the_definition_around_it(project: Path) -> None:
    line = FILES["app/users.py"].splitlines().index('    return "x"') + 1
    found = of_place(load(project, cache=False), "app/users.py", line)
    assert (found.asked, [one.path for one in found.routes]) == (("app/users.py::anybody",), ["/open"])


def test_a_schema_reaches_those_that_hold_it(project: Path) -> None:
    found = of_name(load(project, cache=False), "UserOut")
    assert {one.name for one in found.components if one.kind == "schema"} == {"UserOut", "UserPage"}
    assert [one.path for one in found.routes] == ["/users"]


def test_a_table_names_its_migrations(project: Path) -> None:
    found = of_name(load(project, cache=False), "User")
    assert found.migrations == ("migrations/versions/0001.py",)
    assert [one.name for one in found.components if one.kind == "table"] == ["User"]


def test_what_is_not_here_is_refused(project: Path) -> None:
    with pytest.raises(UsageError, match="nothing here is called nowhere"):
        of_name(load(project, cache=False), "nowhere")
    with pytest.raises(UsageError, match=r"app/users.py:4000: there is no such line"):
        of_place(load(project, cache=False), "app/users.py", 4000)


def test_the_command_answers_for_a_name_and_for_a_change(tmp_path: Path) -> None:
    root = committed_work(tmp_path / "work", FILES).root
    said = run_expert("impact", "caller", cwd=root)
    assert "  GET /users  app/users.py:" in said.out
    assert said.out.strip().endswith("app/guards.py::caller: 1 route, 1 of 2 tests")
    file = root / "app/users.py"
    file.write_text(file.read_text().replace('return "x"', 'return "y"'))
    found = json.loads(run_expert("impact", "--since", "HEAD", "--json", cwd=root).out)
    assert [one["path"] for one in found["routes"]] == ["/open"]
    assert found["tests"] == ["tests/test_users.py::test_open"]
    assert run_expert("impact", cwd=root).code == 2
