"""How one writes here, told from the text: parts of a resource, places, parameters, permissions, refusals, pages."""

import json
import subprocess
from pathlib import Path

import pytest
from shop import Expert, lay_down

from fastapi_expert.codebase import load
from fastapi_expert.conventions import Conventions, conventions
from fastapi_expert.errors import UsageError

TEAM = {
    "pyproject.toml": '[project]\nname = "shelf"\nversion = "1"\n',
    "app/__init__.py": "",
    "app/main.py": """
from fastapi import FastAPI

from app.routes import books, shelves

app = FastAPI()
app.include_router(books.router)
app.include_router(shelves.router)
""",
    "app/deps.py": '''
from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session

bearer = OAuth2PasswordBearer(tokenUrl="token")


def get_session():
    with Session() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def current_reader(token: Annotated[str, Depends(bearer)]) -> str:
    """The reader of the token."""
    if not token:
        raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED, detail="Who are you?")
    return token


Reader = Annotated[str, Depends(current_reader)]
''',
    "app/models.py": """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    reader: Mapped[str]
""",
    "app/schemas.py": """
from pydantic import BaseModel, Field


class BookCreate(BaseModel):
    title: str = Field(min_length=3, max_length=80)


class BookRead(BookCreate):
    id: int


class BooksRead(BaseModel):
    data: list[BookRead]
    count: int


class ShelfRead(BaseModel):
    id: int
""",
    "app/routes/__init__.py": "",
    "app/routes/books.py": '''
from fastapi import APIRouter, HTTPException

from app.deps import Reader, SessionDep
from app.models import Book
from app.schemas import BookCreate, BookRead, BooksRead

router = APIRouter(prefix="/books")


class Missing(HTTPException):
    pass


@router.get("", response_model=BooksRead)
def list_books(session: SessionDep, reader: Reader, skip: int = 0, limit: int = 20):
    return {"data": session.query(Book).offset(skip).limit(limit).all(), "count": session.query(Book).count()}


@router.post("", response_model=BookRead, status_code=201)
def create_book(session: SessionDep, reader: Reader, book: BookCreate):
    made = Book(**book.model_dump(), reader=reader)
    session.add(made)
    session.commit()
    return made


@router.get("/{book_id}", response_model=BookRead)
def read_book(session: SessionDep, reader: Reader, book_id: int):
    """raise HTTPException(500, "in a docstring")"""
    book = session.get(Book, book_id)
    if book is None:
        raise Missing(404, "Book not found")
    if book.reader != reader:
        raise HTTPException(403, detail="Not your book")
    return book


@router.delete("/{book_id}", status_code=204)
def delete_book(session: SessionDep, reader: Reader, book_id: int):
    book = session.get(Book, book_id)
    if book is None:
        raise Missing(404, "Book not found")
    if book.reader != reader:
        raise HTTPException(403, detail="Not your book")
    try:
        session.delete(book)
    except ValueError:
        raise ValueError("no answer to a request")
''',
    "app/routes/shelves.py": """
from fastapi import APIRouter

from app.deps import SessionDep
from app.models import Shelf
from app.schemas import ShelfRead

router = APIRouter(prefix="/shelves")


@router.get("", response_model=list[ShelfRead])
def list_shelves(session: SessionDep, skip: int = 0, limit: int = 20):
    return session.query(Shelf).all()
""",
    "migrations/env.py": "",
    "migrations/versions/a1_first.py": """
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("shelf")
""",
    "migrations/versions/b2_books.py": """
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.create_table("book")
""",
    "tests/test_books.py": """
from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def make_book(title="Emma"):
    return client.post("/books", json={"title": title}).json()


def test_a_book_is_made():
    assert client.post("/books", json={"title": "Emma"}).status_code == 201
""",
    "scripts/client.sh": "npx openapi-ts --input openapi.json\n",
    "README.md": "# Shelf\n\n    alembic revision --autogenerate -m what\n",
}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = lay_down(tmp_path_factory.mktemp("team"), TEAM)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def found(team: Path) -> Conventions:
    return conventions(load(team, cache=False))


def line_of(team: Path, path: str, text: str) -> int:
    return next(number for number, line in enumerate((team / path).read_text().splitlines(), 1) if text in line)


def test_the_example_is_the_most_complete_resource_with_all_that_it_consists_of(found: Conventions, team: Path):
    assert found.resource is not None
    assert found.resource.name == "Book"
    parts = {(part.what, part.name) for part in found.resource.parts}
    assert {("table", "Book"), ("schema", "BookCreate"), ("schema", "BookRead"), ("schema", "BooksRead")} <= parts
    assert ("schema", "ShelfRead") not in parts
    assert ("route", "DELETE /books/{book_id} delete_book") in parts
    assert ("migration", 'create_table("book"') in parts
    assert ("migration", 'create_table("shelf"') not in parts
    assert ("tests", "1, the first test_a_book_is_made") in parts
    assert ("made for tests by", "make_book(title='Emma')") in parts or (
        "made for tests by",
        'make_book(title="Emma")',
    ) in parts
    assert ("named in", "app.include_router(books.router)") in parts
    table = next(part for part in found.resource.parts if part.what == "table")
    assert str(table.place) == f"app/models.py:{line_of(team, 'app/models.py', 'class Book')}"
    assert any("list envelope BooksRead" in way for way in found.resource.learned)


def test_places_say_where_a_thing_of_a_kind_goes(found: Conventions):
    places = {home.kind: (home.pattern, home.count, home.total) for home in found.homes}
    assert places["schema"] == ("app/schemas.py", 4, 4)
    assert places["endpoint"] == ("app/routes/<name>.py", 5, 5)
    assert places["migration"][0] == "migrations/versions/<name>.py"
    assert places["test"][0] == "tests/test_books.py"


def test_a_kind_that_lies_beside_each_feature_is_said_to(tmp_path: Path):
    schema = "from pydantic import BaseModel\n\n\nclass {}(BaseModel):\n    name: str\n"
    features = {f"src/{name}/schemas.py": schema.format(name.title()) for name in ("apple", "pear", "plum")}
    root = lay_down(tmp_path, {**features, "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'})
    homes = {home.kind: home.pattern for home in conventions(load(root, cache=False)).homes}
    assert homes["schema"] == "src/<feature>/schemas.py"


def test_refusals_are_counted_by_status_and_words_with_their_condition(found: Conventions, team: Path):
    errors = {idiom.what: idiom for idiom in found.errors}
    assert set(errors) == {
        'HTTPException 401 "Who are you?"',
        'HTTPException 403 "Not your book"',
        'Missing 404 "Book not found"',
    }
    forbidden = errors['HTTPException 403 "Not your book"']
    assert forbidden.count == 2
    assert forbidden.condition == "book.reader != reader"
    assert forbidden.places[0].line == line_of(team, "app/routes/books.py", "Not your book")


def test_what_lets_in_is_named_with_the_alias_that_signatures_use(found: Conventions):
    what = {idiom.what.partition(" (")[0]: idiom.count for idiom in found.permissions}
    assert what == {"current_reader, as Reader": 4}


def test_parameters_and_pages_are_as_endpoints_write_them(found: Conventions):
    shared = {idiom.what: idiom.count for idiom in found.parameters}
    assert shared["session: SessionDep"] == 5
    assert shared["reader: Reader"] == 4
    pages = {idiom.what: idiom.count for idiom in found.pages}
    assert pages["skip: int = 0, limit: int = 20"] == 2
    assert pages["answered in BooksRead {data, count}"] == 1


def test_what_must_follow_a_change_is_said_with_the_line_that_says_how(found: Conventions):
    steps = {step.when: (step.what, str(step.place)) for step in found.afterwards}
    assert steps["a table or column changes"] == (
        "a migration, after migrations/versions/b2_books.py (of 3)",
        "README.md:3",
    )
    assert steps["a route or schema changes"] == ("the client is generated anew", "scripts/client.sh:1")


def test_a_project_without_a_resource_says_why(tmp_path: Path):
    root = lay_down(tmp_path, {"main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"})
    found = conventions(load(root, cache=False))
    assert found.resource is None
    assert "there is no table here" in found.why_no_resource


def test_another_example_may_be_asked_for(team: Path):
    codebase = load(team, cache=False)
    example = conventions(codebase, like="shelf").resource
    assert example is not None
    assert example.name == "Shelf"
    with pytest.raises(UsageError):
        conventions(codebase, like="pumpkin")


def test_the_command_prints_topics_and_documents(expert: Expert, team: Path):
    done = expert("conventions", "--topic", "errors", cwd=team)
    assert done.out.startswith("How requests are refused\n")
    assert '2× HTTPException 403 "Not your book", if book.reader != reader  app/routes/books.py:' in done.out
    assert "Where things go" not in done.out
    said = json.loads(expert("conventions", "--json", cwd=team).out)
    assert said["resource"]["name"] == "Book"
    refused = expert("conventions", "--topic", "colours", cwd=team)
    assert refused.code == 2
    assert "topics: resource" in refused.err
