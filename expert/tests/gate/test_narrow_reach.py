"""What a test does not reach, though it stands near: each beside the way in which it is reached."""

from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.gate.impact.reached import of_name

FILES = {
    "app/__init__.py": "",
    "app/models.py": """
from pydantic import BaseModel


def factory(model):
    return model.__name__


class Ticket(BaseModel):
    left: int = 1

    def is_expired(self) -> bool:
        return self.left == 0

    def model_post_init(self, context: object) -> None:
        self.left = max(self.left, 0)


NAME = factory(Ticket)
""",
    "app/reading.py": """
def plain(row):
    return getattr(row, "left", 0)


def computed(row, name):
    return getattr(row, name)


class Box:
    left = 0

    def opened(self):
        return 1
""",
    "app/main.py": """
from contextlib import asynccontextmanager

from fastapi import FastAPI


def warm_up():
    return 1


@asynccontextmanager
async def lifespan(app):
    warm_up()
    yield


app = FastAPI(lifespan=lifespan)
app.include_router
LIMIT = 3


@app.middleware("http")
async def stamp(request, call_next):
    return await call_next(request)


@app.get("/tickets")
def list_tickets():
    return []


@app.post("/tickets")
def make_ticket():
    return 1


@app.get("/tickets/{number}")
def one_ticket(number: int):
    return number


@app.get("/tickets/{number}/history")
def history(number: int):
    return number
""",
    "tests/__init__.py": "",
    "tests/conftest.py": """
import pytest

from app.reading import plain as seats


def prepare():
    return 1


@pytest.fixture
def seats():
    return prepare()
""",
    "tests/test_units.py": """
import unittest

import pytest

from app.main import LIMIT, list_tickets
from app.models import NAME, Ticket
from app.reading import Box, computed, plain


class TestLimits(unittest.TestCase):
    def test_limit(self):
        self.assertEqual(LIMIT, 3)

    def test_expired(self):
        self.assertTrue(Ticket(left=0).is_expired())


def test_name():
    assert NAME == "Ticket"


def test_made():
    assert Ticket().left == 1


def test_plain():
    assert plain(Box()) == 0


def test_computed():
    assert computed(Box(), "left") == 0


def test_called():
    assert list_tickets() == []
""",
    "tests/test_marked.py": """
import pytest

pytestmark = pytest.mark.usefixtures("seats")


def test_marked():
    assert True
""",
    "tests/test_client.py": """
import pytest
from fastapi.testclient import TestClient

from app.main import app

BASE = "/tickets"
client = TestClient(app)


def test_list():
    assert client.get("/tickets").json() == []


def test_post():
    assert client.post("/tickets", json={"kind": "history"}).json() == 1


def test_one():
    number = 7
    assert client.get(f"/tickets/{number}").json() == 7


def test_history():
    assert client.get(f"{BASE}/1/history").json() == 1


def test_added():
    assert client.get(BASE + "/" + str(1)).json() == 1


@pytest.mark.parametrize("last", ["history"])
def test_words(last):
    assert client.get("/".join(["", "tickets", "1", last])).json() == 1
""",
}
UNITS = {"test_limit", "test_expired", "test_name", "test_made", "test_plain", "test_computed", "test_called"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_down(tmp_path_factory.mktemp("narrow"), FILES)


@pytest.mark.parametrize(
    ("name", "reaching"),
    [
        ("is_expired", {"test_expired"}),
        ("model_post_init", UNITS),  # what is called at import may make one
        ("warm_up", {"test_list", "test_post", "test_one", "test_history", "test_added", "test_words"}),
        ("stamp", {"test_list", "test_post", "test_one", "test_history", "test_added", "test_words"}),
        ("opened", {"test_computed"}),
        ("prepare", {"test_marked"}),
        ("list_tickets", {"test_called", "test_list", "test_added", "test_history", "test_words"}),
        ("make_ticket", {"test_post"}),
        ("one_ticket", {"test_one", "test_added", "test_history", "test_words"}),
        ("history", {"test_history", "test_words"}),
    ],
)
def test_only_what_can_run_something_reaches_it(project: Path, name: str, reaching: set[str]):
    found = {one.rpartition("::")[2] for one in of_name(load(project, cache=False), name).tests}
    assert found == reaching
