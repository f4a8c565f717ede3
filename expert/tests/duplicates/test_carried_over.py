"""What is carried over from the last look is what a fresh look would find."""

from pathlib import Path

import pytest
from edits import Editor
from shop import lay_down

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.duplicates import find
from fastapi_expert.duplicates.records.extract import records_of
from fastapi_expert.duplicates.store import incremental
from fastapi_expert.duplicates.store.incremental import current_records

# What module level reads of classes: members of enumerations, defaults, fields by their order, class methods.
READ_AT_IMPORT = {
    "app/base.py": """
from enum import StrEnum
from pydantic import BaseModel

class Kind(StrEnum):
    A = "/a"
    B = "/b"

class Paths:
    users = "/users"
    posts: str = "/posts"

class Timed(BaseModel):
    created: int
    updated: int

class User(Timed):
    name: str
    email: str | None = None

class Post(Timed):
    title: str
    kind: Kind

class Query(BaseModel):
    limit: int = 10
    offset: int = 0

class Prefixed(BaseModel):
    prefix: str = "/prefixed"
    other: str = "/other"
""",
    "app/main.py": """
from fastapi import APIRouter, Depends, FastAPI
from app.base import Kind, Paths, Post, Prefixed, Query, User
from app.tables import Account

config = Prefixed()
given = Prefixed("/one", "/two")
app = FastAPI()
router = APIRouter(prefix=Kind.A)

@router.get(Paths.users)
def users(query: Query = Depends()) -> list[User]:
    return load(query)

@router.get(Paths.posts, response_model=Post)
def posts(account: Account = Depends(Account.current)):
    return account

class Tools:
    def work(self, session: Session):
        return session

app.include_router(router, prefix=config.prefix)
app.include_router(router, prefix=given.other)
""",
    "app/tables.py": """
from pydantic_settings import BaseSettings
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    @classmethod
    def current(cls, session: Session):
        return session.get(cls)

class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int]

class Settings(BaseSettings):
    api_root: str = "/api"
    debug: bool = False
""",
}

NAMED_BY_DATA = """
import json
from pathlib import Path
from fastapi import FastAPI

app = FastAPI()

def shown() -> str:
    return "shown"

for name in json.loads((Path(__file__).parent / "paths.json").read_text()):
    app.add_api_route(f"/{name}", shown)
"""
"""An application whose routes a data file names."""


def library(root: Path) -> bytes:
    return (root / ".expert" / "cache" / "library.bin").read_bytes()


@pytest.mark.parametrize("seed", range(5))
def test_after_any_edits_the_records_are_those_of_a_fresh_look(shop: Path, seed: int):
    follow_edits(shop, seed)


@pytest.mark.parametrize("seed", range(4))
def test_classes_that_routes_are_made_from_are_followed_too(tmp_path: Path, seed: int):
    follow_edits(lay_down(tmp_path, READ_AT_IMPORT), seed)


def follow_edits(root: Path, seed: int) -> None:
    """Edit, and compare what is carried over with a fresh look, again and again."""
    editor = Editor(root, seed)
    done: list[str] = []
    carried_over = 0
    current_records(load(root))
    for _ in range(25):
        done.append(editor.edit())
        before = library(root)
        found, fresh = current_records(load(root)), records_of(load(root, cache=False))
        for part in fresh._fields:
            assert getattr(found, part) == getattr(fresh, part), f"{part} after {done}"
        carried_over += library(root) == before
    assert carried_over > 3, "some edits are harmless"


def test_a_schema_and_a_field_are_followed_without_linking(shop: Path):
    records = current_records(load(shop))
    before = library(shop)
    schemas = next(one for one in sorted(shop.rglob("*.py")) if "(BaseModel):" in one.read_text())
    text = schemas.read_text() + "\n\nclass Extra(BaseModel):\n    first: int\n"
    for more in ("", "    second: str\n", "    third: str\n"):
        text += more
        schemas.write_text(text)
        records = current_records(load(shop))
        assert library(shop) == before
        assert records == records_of(load(shop, cache=False))
    extra = next(one for one in records.models if one.name == "Extra")
    assert [name for name, _, _ in extra.fields] == ["first", "second", "third"]


def test_a_helper_and_a_body_are_followed_without_linking(shop: Path):
    current_records(load(shop))
    before = library(shop)
    service = shop / "app" / "services" / "billing.py"
    service.write_text("# a word\n" + service.read_text() + "\n\ndef doubled(amount):\n    return 2 * amount\n")
    records = current_records(load(shop))
    assert library(shop) == before
    assert "doubled" in {one.name for one in records.functions}
    assert records == records_of(load(shop, cache=False))


def test_a_project_that_reads_data_files_is_followed_until_one_of_them_changes(tmp_path: Path):
    root = lay_down(tmp_path, {"main.py": NAMED_BY_DATA, "paths.json": '["first"]', "other.py": "LIMIT = 3\n"})
    assert [one.path for one in current_records(load(root)).routes] == ["/first"]
    before = library(root)
    (root / "other.py").write_text("LIMIT = 3\n\n\ndef doubled(amount):\n    return 2 * amount\n")
    assert current_records(load(root)) == records_of(load(root, cache=False))
    assert library(root) == before
    (root / "paths.json").write_text('["second"]')
    assert [one.path for one in current_records(load(root)).routes] == ["/second"]
    assert library(root) != before


def test_records_that_rest_on_bodies_hold_until_any_file_changes(shop: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Codebase, "link_inputs", None)  # as where linking read bodies that the facts leave out
    first = current_records(load(shop))
    with monkeypatch.context() as patched:
        patched.setattr(incremental, "records_of", lambda _: pytest.fail("linked again"))
        assert current_records(load(shop)) == first
    file = shop / "app" / "services" / "billing.py"
    file.write_text(file.read_text() + "\n\ndef doubled(amount):\n    return 2 * amount\n")
    assert current_records(load(shop)) == records_of(load(shop, cache=False)) != first


def test_what_is_installed_since_makes_the_library_anew(shop: Path):
    current_records(load(shop))
    before = library(shop)
    packages = shop / ".venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (shop / ".venv" / "pyvenv.cfg").write_text("version = 3.12\n")
    current_records(load(shop))
    assert library(shop) != before


def test_findings_are_neither_linked_nor_looked_for_again_while_nothing_changes(
    shop: Path, monkeypatch: pytest.MonkeyPatch
):
    first = find(load(shop))
    assert first.findings
    with monkeypatch.context() as patched:
        patched.setattr(incremental, "records_of", lambda _: pytest.fail("linked again"))
        patched.setattr(incremental, "unpack_records", lambda _: pytest.fail("read the library"))
        assert find(load(shop)) == first
    (shop / "app" / "again.py").write_text((shop / "app" / "services" / "billing.py").read_text())
    assert find(load(shop)) == find(load(shop, cache=False)) != first


def test_findings_follow_the_data_files_that_linking_read(tmp_path: Path):
    second = '@app.get("/second")\ndef second() -> str:\n    return "second"\n'
    root = lay_down(tmp_path, {"main.py": NAMED_BY_DATA + second, "paths.json": '["first"]'})
    assert not find(load(root)).findings
    assert not find(load(root)).findings
    (root / "paths.json").write_text('["second"]')
    assert [one.rule for one in find(load(root)).findings] == ["FX101"]


@pytest.mark.parametrize("damage", [b"", b"expert library", b"\0" * 100])
def test_a_damaged_library_is_made_anew(shop: Path, damage: bytes):
    expected = current_records(load(shop))
    file = shop / ".expert" / "cache" / "library.bin"
    whole = file.read_bytes()
    for content in (damage, whole[: len(whole) // 2], whole[:-100] + b"\0" * 100):
        file.write_bytes(content)
        assert current_records(load(shop)) == expected
    assert file.read_bytes() == whole
