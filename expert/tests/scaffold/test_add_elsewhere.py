"""A resource added where other people laid out the project: in their way, and running."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import documents
import httpx2
import pytest
from feature_folders import FEATURE_FOLDERS
from hypothesis import given
from hypothesis import strategies as st
from layouts import SINGLE_FILE, TUTORIAL
from shop import Done, lay_down, run_expert
from sockets import listening

from fastapi_expert.scaffold.inferred.renaming import Renaming
from fastapi_expert.scaffold.naming import Names

FIELDS = ("name:str", "price:decimal", "sku:str!", "note:text?", "kind:enum[small,big]", "due:datetime?")
PRODUCT = {"name": "Lamp", "price": "9.99", "sku": "L1", "kind": "big"}


def add(project: Path, *arguments: str, prove: bool = False) -> Done:
    return run_expert("add", *arguments, "--prove" if prove else "--no-prove", cwd=project)


def files_of(done: Done) -> set[str]:
    """The paths that it says it has written."""
    return {line.split()[1] for line in done.out.splitlines() if line.startswith(("created", "changed"))}


def python(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(project)
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@contextmanager
def served(project: Path, application: str) -> Iterator[httpx2.Client]:
    """The application on a real socket."""
    command = ["-m", "uvicorn", application, "--log-level", "warning", "--port"]
    with (
        listening(lambda port: [*command, str(port)], cwd=project) as port,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return lay_down(tmp_path / "journal", FEATURE_FOLDERS)


@pytest.fixture
def heroes(tmp_path: Path) -> Path:
    return lay_down(tmp_path / "heroes", SINGLE_FILE)


def test_feature_folders_get_a_folder_that_is_migrated_tested_and_served(journal: Path):
    done = add(journal, "product", *FIELDS, "owner:ref[user]")
    assert done.code == 0, done.err
    assert "GET /api/products: signed-in user, own rows\n" in done.out
    assert files_of(done) == {
        "app/products/__init__.py",
        "app/products/models.py",
        "app/products/schemas.py",
        "app/products/service.py",
        "app/products/router.py",
        "app/main.py",
        "migrations/env.py",
        next(path.relative_to(journal).as_posix() for path in journal.glob("migrations/versions/*_products.py")),
        "tests/products/test_products.py",
    }
    assert "class Product(Base)" in (journal / "app/products/models.py").read_text()
    assert "class ProductOut(ProductBase)" in (journal / "app/products/schemas.py").read_text()
    assert "async def write_product" in (journal / "app/products/router.py").read_text()
    migrate = "from alembic.config import main; main(['upgrade', 'head']); main(['check'])"
    for command in (("-c", migrate), ("-m", "pytest", "-q", "-p", "no:cacheprovider")):
        ran = python(journal, *command)
        assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    with served(journal, "app.main:app") as client:
        assert client.post("/api/products", json=PRODUCT).status_code == 401
        ada, bob = {"Authorization": "ada"}, {"Authorization": "bob"}
        made = client.post("/api/products", json=PRODUCT, headers=ada)
        assert made.status_code == 201, made.text
        assert made.json().items() >= {**PRODUCT, "note": None, "owner_id": 1}.items()
        assert client.post("/api/products", json=PRODUCT, headers=ada).status_code == 409
        assert client.get("/api/products", headers=bob).json() == []
        assert client.delete(f"/api/products/{made.json()['id']}", headers=bob).status_code == 404
        assert client.patch("/api/products/1", json={"price": "1.234"}, headers=ada).status_code == 422
    again = add(journal, "product", "name:str")
    assert again.code == 1
    assert "app/products/models.py:" in again.err


def test_a_single_file_gets_it_among_its_own(heroes: Path):
    done = add(heroes, "gadget", *FIELDS, "hero:ref[hero]?", "--public")
    assert done.code == 0, done.err
    assert files_of(done) == {"main.py", "test_gadgets.py"}
    assert "POST /gadgets/: anyone\n" in done.out
    tested = python(heroes, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout[-3000:]
    with served(heroes, "main:app") as client:
        hero = client.post("/heroes/", json={"name": "Deadpond", "secret": "Dive"}).json()["id"]
        made = client.post("/gadgets/", json={**PRODUCT, "sku": "L2", "hero_id": hero})
        assert made.status_code == 200, made.text  # as the heroes answer
        for nobody in (999, 10**30):
            assert client.post("/gadgets/", json={**PRODUCT, "hero_id": nobody}).status_code == 422
        cleared = client.patch(f"/gadgets/{made.json()['id']}", json={"hero_id": None})
        assert (cleared.json()["hero_id"], cleared.json()["name"]) == (None, "Lamp")
        assert client.patch(f"/gadgets/{made.json()['id']}", json={"name": None}).status_code == 422
        assert client.get("/gadgets/", params={"limit": 101}).status_code == 422
        assert [row["sku"] for row in client.get("/gadgets/", params={"kind": "big"}).json()] == ["L2"]
        assert client.get("/gadgets/", params={"kind": "small"}).json() == []
        assert client.get("/gadgets/", params={"kind": "huge"}).status_code == 422
        assert client.get(f"/gadgets/{10**30}").status_code == 422
    again = add(heroes, "Gadgets", "name:str", "--public")
    assert again.code == 1
    assert "main.py:" in again.err


def test_what_was_added_is_no_duplicate_of_its_siblings(heroes: Path, journal: Path):
    for project in (heroes, journal):
        assert add(project, "product", *FIELDS, "--public").code == 0
        found = json.loads(run_expert("duplicates", ".", "--json", cwd=project).out)["findings"]
        assert [finding["message"] for finding in found if "product" in finding["message"].lower()] == []


def test_a_table_is_listed_where_others_are_and_not_beside_a_leftover_import(journal: Path):
    models = "from app.articles.models import Article\nfrom app.users.models import User\n"
    (journal / "app/everything.py").write_text(models)
    leftover = (journal / "app/users/models.py").read_text()
    (journal / "app/users/models.py").write_text(
        leftover.replace("from sqlalchemy", f"{models[:40]}\nfrom sqlalchemy", 1)
    )
    assert "import Article\n" in (journal / "app/users/models.py").read_text()
    shown = add(journal, "product", "name:str", "--dry-run").out
    assert "+++ b/app/everything.py" in shown
    assert "+++ b/app/users/models.py" not in shown


def test_a_path_that_names_a_row_by_its_last_word_is_renamed_whole(tmp_path: Path):
    """`{league_hero_id}` would follow from the name; the neighbour writes `{hero_id}` for its league heroes."""
    text = SINGLE_FILE["main.py"].replace("Hero", "LeagueHero").replace("/heroes/", "/league-heroes/")
    lay_down(tmp_path, {**SINGLE_FILE, "main.py": text})
    done = add(tmp_path, "villain", "name:str", "--public", "--dry-run")
    assert "/league-heroes/{hero_id}" in text
    assert "/villains/{villain_id}" in done.out, done.err
    assert "hero_id" not in "".join(line for line in done.out.splitlines() if line.startswith("+"))


def test_modules_of_layers_are_extended_in_place_by_their_own_imports(tmp_path: Path):
    shelf = lay_down(tmp_path / "shelf", TUTORIAL)
    done = add(shelf, "product", *FIELDS, "owner:ref[user]", "--public")
    assert done.code == 0, done.err
    assert "No test was written" in done.out
    assert "owner_id = Column(" in (shelf / "shelf/models.py").read_text()
    assert "from .models import ProductKind" in (shelf / "shelf/schemas.py").read_text()
    with served(shelf, "shelf.main:app") as client:
        answer = client.post("/products/", json={**PRODUCT, "owner_id": 1})
        assert (answer.status_code, answer.json()["detail"]) == (422, "owner_id: there is no such user")
        assert client.get("/products/").json() == []


def test_a_dry_run_shows_every_file_and_touches_none(journal: Path):
    before = {path: path.read_bytes() for path in journal.rglob("*.py")}
    done = add(journal, "product", "name:str", "--dry-run")
    assert "+++ b/app/products/router.py" in done.out
    assert "+    app.include_router(products_router, prefix" in done.out
    assert {path: path.read_bytes() for path in journal.rglob("*.py")} == before


def test_what_was_added_or_refused_is_told_as_a_document(heroes: Path):
    said = documents.read(add(heroes, "gadget", "name:str", "--public", "--json").out, "add.json")
    assert said["added"]
    assert {"path": "main.py", "action": "change"} in said["files"]
    refused = documents.read(add(heroes, "gadget", "name:str", "--public", "--json").out, "add.json")
    assert not refused["added"]
    assert refused["where"].startswith("main.py:")


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}, "there is no table here"),
        (
            {
                "models.py": FEATURE_FOLDERS["app/users/models.py"].replace("app.database", "base"),
                "base.py": "Base = 1\n",
            },
            "no endpoint is seen to read or write",
        ),
        (
            {
                "main.py": SINGLE_FILE["main.py"]
                .replace("session: SessionDep", "session=Session(engine)")
                .replace("def get_session()", "def get_session(tenant: str)")
                .replace("with Session(engine) as", "with session_of(tenant) as")
            },
            "no endpoint gets a database session",
        ),
        (
            {
                **TUTORIAL,
                "shelf/schemas.py": TUTORIAL["shelf/schemas.py"].replace("from_attributes", "orm_mode"),
            },
            "pydantic 1",
        ),
    ],
)
def test_what_cannot_be_learned_is_said_and_nothing_is_written(tmp_path: Path, files: dict[str, str], what: str):
    lay_down(tmp_path, files)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.py")}
    done = add(tmp_path, "product", "name:str")
    assert done.code == 2
    assert what in done.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.py")} == before


def test_a_reference_to_nothing_names_what_there_is(journal: Path):
    done = add(journal, "product", "name:str", "shelf:ref[shelf]")
    assert done.code == 2
    assert "There are Article, User" in done.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from app.order_items import OrderItemRead as Read", "from app.products import ProductRead as Read"),
        ("/api/order-items/{order_item_id}", "/api/products/{product_id}"),
        ("ORDER_ITEMS = create_order_item()", "PRODUCTS = create_product()"),
        ("reorder_items_later.reordering", "reorder_items_later.reordering"),
        ("ReadOrderItem", "ReadProduct"),
    ],
)
def test_a_name_is_replaced_where_it_is_a_word(before: str, after: str):
    assert Renaming(Names("order_item", "order_items"), Names("product", "products")).text(before) == after


@given(st.text(max_size=40))
def test_renaming_there_and_back_changes_nothing(text: str):
    there = Renaming(Names("item", "items"), Names("qqzx", "qqzxs"))
    back = Renaming(Names("qqzx", "qqzxs"), Names("item", "items"))
    assert back.text(there.text(text)) == text or "qqzx" in text.lower()
