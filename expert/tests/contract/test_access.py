"""Who can reach what: a row a route, the lock file, and what a change opens."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import lay_down, run_expert

from fastapi_expert.codebase import load
from fastapi_expert.contract.access import AccessChange, AccessRow, LockError, access, compare, dumps, loads, locked
from fastapi_expert.contract.access.code_owners import code_owners

GUARDS = """\
from enum import Enum
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer, SecurityScopes

scheme = OAuth2PasswordBearer(tokenUrl="token")


class Role(str, Enum):
    ADMIN = "admin"
    STAFF = "staff"


class User:
    id: int
    role: str


def current_user(token: Annotated[str, Depends(scheme)]) -> User: ...


def scoped(scopes: SecurityScopes, user: User = Depends(current_user)) -> User:
    if not set(scopes.scopes) <= {"a"}:
        raise HTTPException(403)
    return user


def require_role(role: str):
    def check(user: User = Depends(current_user)) -> User:
        if user.role != role:
            raise HTTPException(status_code=403)
        return user

    return check


class RoleChecker:
    def __init__(self, allowed):
        self.allowed = allowed

    def __call__(self, user: User = Depends(current_user)):
        if user.role not in self.allowed:
            raise HTTPException(403, "no")


CurrentUser = Annotated[User, Depends(current_user)]
Admin = Annotated[User, Depends(require_role(Role.ADMIN))]
staff_only = RoleChecker([Role.STAFF, Role.ADMIN])
"""
ITEMS = """\
from app.guards import Admin, CurrentUser, require_role, scoped, staff_only
from app.tables import Item
from fastapi import APIRouter, Depends, HTTPException, Security
from sqlalchemy import select
from sqlalchemy.orm import Session

router = APIRouter(prefix="/items")
inner = APIRouter(prefix="/inner", dependencies=[Depends(require_role("reader"))])


def get_session() -> Session: ...


@router.get("")
def list_items(user: CurrentUser, session: Session = Depends(get_session)):
    return session.scalars(select(Item).where(Item.owner_id == user.id)).all()


@router.get("/{item_id}")
def read_item(item_id: int, user: CurrentUser, session: Session = Depends(get_session)):
    return session.get(Item, item_id)


@router.put("/{item_id}")
def update_item(item_id: int, user: CurrentUser, session: Session = Depends(get_session)):
    item = session.get(Item, item_id)
    if item.owner_id != user.id:
        raise HTTPException(403)
    return item


@router.post("", dependencies=[Security(scoped, scopes=["items:write"])])
def make_item(): ...


@router.delete("/{item_id}")
def delete_item(item_id: int, admin: Admin): ...


@router.patch("/{item_id}", dependencies=[Depends(staff_only)])
def patch_item(item_id: int): ...


@router.get("/open/all")
def everything(): ...


@inner.get("/x")
def read_inner(): ...


router.include_router(inner, dependencies=[Depends(require_role("member"))])
"""
TABLES = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
"""
MAIN = "from app.items import router\nfrom fastapi import FastAPI\n\napp = FastAPI()\napp.include_router(router)\n"
SHOP = {
    "app/__init__.py": "",
    "app/guards.py": GUARDS,
    "app/items.py": ITEMS,
    "app/tables.py": TABLES,
    "app/main.py": MAIN,
}
Edit = Callable[[str, str, str], list[AccessChange]]


def rows_of(root: Path) -> dict[str, AccessRow]:
    return {one.name: one for one in access(load(root, cache=False))}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AccessRow]:
    root = tmp_path_factory.mktemp("access")
    lay_down(root, SHOP)
    return rows_of(root)


@pytest.mark.parametrize(
    ("route", "scopes"),
    [
        ("GET /items", ()),
        ("POST /items", ("items:write",)),
        ("DELETE /items/{item_id}", ("admin",)),
        ("PATCH /items/{item_id}", ("admin", "staff")),
        ("GET /items/inner/x", ("member", "reader")),
        ("GET /items/open/all", ()),
    ],
)
def test_scopes_and_roles_are_told_as_written(rows: dict[str, AccessRow], route: str, scopes: tuple[str, ...]) -> None:
    assert rows[route].scopes == scopes


@pytest.mark.parametrize(
    ("route", "owner"),
    [
        ("GET /items", "yes"),
        ("GET /items/{item_id}", "no"),
        ("PUT /items/{item_id}", "yes"),
        ("POST /items", "no"),
        ("GET /items/open/all", "no"),
    ],
)
def test_whether_the_user_reaches_the_query_is_told(rows: dict[str, AccessRow], route: str, owner: str) -> None:
    assert rows[route].owner == owner


def test_everything_on_the_way_that_may_refuse_is_named(rows: dict[str, AccessRow]) -> None:
    assert rows["DELETE /items/{item_id}"].guards == ("require_role.check", "current_user", "OAuth2PasswordBearer")
    assert rows["PUT /items/{item_id}"].guards[-1] == "its own body"
    assert rows["GET /items/open/all"].guards == ()


def test_a_lock_file_holds_what_it_is_made_from(rows: dict[str, AccessRow]) -> None:
    own = locked(rows.values())
    text = dumps(own)
    assert dumps(loads(text)) == text
    assert compare(loads(text), own) == []
    assert (
        "PATCH /items/{item_id}  required  by RoleChecker, current_user, OAuth2PasswordBearer  scopes admin staff"
        in text
    )


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """What a replacement in one file changes."""
    lay_down(tmp_path, SHOP)
    before = loads(dumps(locked(access(load(tmp_path, cache=False)))))

    def edited(path: str, old: str, new: str) -> list[AccessChange]:
        text = (tmp_path / path).read_text()
        assert old in text
        (tmp_path / path).write_text(text.replace(old, new))
        return compare(before, locked(access(load(tmp_path, cache=False))))

    return edited


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (
            "app/items.py",
            "def list_items(user: CurrentUser, ",
            "def list_items(user, ",
            ["opened GET /items was behind current_user (app/items.py), now nobody is asked"],
        ),
        (
            "app/items.py",
            ', dependencies=[Security(scoped, scopes=["items:write"])]',
            "",
            ["opened POST /items was behind scoped (app/items.py), now nobody is asked"],
        ),
        (
            "app/items.py",
            "item_id: int, admin: Admin",
            "item_id: int, admin: CurrentUser",
            ["weakened DELETE /items/{item_id} no longer asks for require_role.check, admin"],
        ),
        (
            "app/guards.py",
            "[Role.STAFF, Role.ADMIN]",
            "[Role.STAFF]",
            ["weakened PATCH /items/{item_id} no longer asks for admin"],
        ),
        (
            "app/guards.py",
            "require_role(Role.ADMIN)",
            "require_role(Role.STAFF)",
            ["changed DELETE /items/{item_id} asks for staff in place of admin"],
        ),
        (
            "app/items.py",
            ', dependencies=[Depends(require_role("member"))]',
            "",
            ["weakened GET /items/inner/x no longer asks for member"],
        ),
        (
            "app/items.py",
            ".where(Item.owner_id == user.id)",
            "",
            ["weakened GET /items no longer asks in its query whose row it is"],
        ),
        (
            "app/items.py",
            "    if item.owner_id != user.id:\n        raise HTTPException(403)\n",
            "",
            [
                "weakened PUT /items/{item_id} no longer asks for its own body",
                "weakened PUT /items/{item_id} no longer asks in its query whose row it is",
            ],
        ),
        (
            "app/items.py",
            '@router.get("/open/all")\ndef everything(): ...',
            '@router.get("/open/all")\ndef everything(user: CurrentUser): ...',
            ["closed GET /items/open/all is now behind current_user (app/guards.py:47)"],
        ),
        (
            "app/items.py",
            "    return session.get(Item, item_id)\n",
            "    # a comment\n\n    return session.get(Item, item_id)\n",
            [],
        ),
        ("app/items.py", "{item_id}", "{id}", []),
        ("app/main.py", "app = FastAPI()", 'main = app = FastAPI(title="x")', []),
        (
            "app/items.py",
            "@inner.get",
            '@router.post("/new")\ndef new(): ...\n\n\n@inner.get',
            ["opened POST /items/new is new, and nobody is asked"],
        ),
        (
            "app/items.py",
            '@router.get("/open/all")\ndef everything(): ...',
            "",
            ["removed GET /items/open/all is gone"],
        ),
    ],
)
def test_a_change_is_told_for_what_it_does_to_access(
    edit: Edit, path: str, old: str, new: str, expected: list[str]
) -> None:
    assert [f"{one.kind} {one.text}" for one in edit(path, old, new)] == expected


def test_a_damaged_lock_file_is_refused_by_line() -> None:
    with pytest.raises(LockError, match=r"access.lock:3: this line is not one of the lock file's"):
        loads("[app]\nGET /x  none\n<<<<<<< HEAD\n")


def test_the_command_keeps_and_compares(tmp_path: Path) -> None:
    lay_down(tmp_path, SHOP | {".github/CODEOWNERS": "* @all\n/app/ @team/api\n"})
    missing = run_expert("access", "--check", cwd=tmp_path)
    assert (missing.code, "expert access --lock" in missing.err) == (2, True)
    assert run_expert("access", "--lock", cwd=tmp_path).code == 0
    assert run_expert("access", "--check", cwd=tmp_path).code == 0
    items = tmp_path / "app/items.py"
    items.write_text(items.read_text().replace("admin: Admin", "admin: int"))
    done = run_expert("access", "--check", "--json", cwd=tmp_path)
    [change] = json.loads(done.out)["changes"]
    assert done.code == 1
    assert (change["kind"], change["method"], change["owners"]) == ("opened", "DELETE", ["@team/api"])


@pytest.mark.parametrize(
    ("lines", "path", "owners"),
    [
        ("* @a", "x/y.py", ("@a",)),
        ("* @a\n*.py @b", "x/y.py", ("@b",)),
        ("/app/ @a", "src/app/y.py", ()),
        ("app/ @a", "src/app/y.py", ("@a",)),
        ("app/*.py @a", "app/api/y.py", ()),
        ("app/**/y.py @a", "app/api/v1/y.py", ("@a",)),
        ("* @a\napp/api/", "app/api/y.py", ()),
        ("# nobody\n\n* @a # all", "y.py", ("@a",)),
    ],
)
def test_who_must_look_is_read_as_the_code_hosts_read_it(
    tmp_path: Path, lines: str, path: str, owners: tuple[str, ...]
) -> None:
    lay_down(tmp_path, {"CODEOWNERS": lines})
    assert code_owners(tmp_path, path) == owners


@pytest.mark.parametrize("folder", ["backend", "backend/app"])
def test_owners_are_named_from_the_top_of_the_repository(tmp_path: Path, folder: str) -> None:
    lay_down(tmp_path, {".git/HEAD": "ref: refs/heads/main\n", "CODEOWNERS": "/backend/app/ @a\n"})
    (tmp_path / "backend/app").mkdir(parents=True)
    assert code_owners(tmp_path / folder, "x.py" if folder.endswith("app") else "app/x.py") == ("@a",)


def test_the_owners_of_one_file_are_told_too(tmp_path: Path) -> None:
    text = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/x')\ndef x(): ...\n"
    lay_down(tmp_path, {"CODEOWNERS": "* @a\n", "main.py": text})
    assert run_expert("access", "main.py", "--lock", cwd=tmp_path).code == 0
    (tmp_path / "main.py").write_text(text + "\n\n@app.get('/y')\ndef y(): ...\n")
    done = run_expert("access", "main.py", "--check", "--json", cwd=tmp_path)
    assert [one["owners"] for one in json.loads(done.out)["changes"]] == [["@a"]]
