"""The document of the text is the one that FastAPI makes: every program here is run, and both documents compared."""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from shop import lay_down, run_expert

from fastapi_expert.codebase import load
from fastapi_expert.contract.openapi import kept
from fastapi_expert.contract.openapi.document import document
from fastapi_expert.contract.openapi.verify import compare

START = """\
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path as FilePath
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar, Union
from uuid import UUID

from fastapi import (
    APIRouter, BackgroundTasks, Body, Cookie, Depends, FastAPI, File, Form, Header, Path, Query, Request, Response,
    Security, UploadFile, WebSocket,
)
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer, OAuth2PasswordBearer, OAuth2PasswordRequestForm
from fastapi.security import SecurityScopes
from pydantic import (
    BaseModel, ConfigDict, EmailStr, Field, HttpUrl, RootModel, SecretStr, StringConstraints, computed_field, conint,
    constr,
)
from pydantic.alias_generators import to_camel

app = FastAPI(title="Shop", version="2")
"""
PROGRAMS = {
    "parameters": """
class Size(str, Enum):
    SMALL = "s"
    BIG = "b"

Limit = Annotated[int, Query(ge=1, le=100, description="How many")]

@app.get("/items/{item_id}/{kind}/{file:path}")
def items(
    item_id: Annotated[int, Path(gt=0)], kind: Size, file: str, limit: Limit = 10, q: str | None = None,
    tags: Annotated[list[str], Query()] = [], since: date | None = Query(None, alias="from"), flag: bool = False,
    user_agent: Annotated[str | None, Header()] = None, x_token: str = Header(...), session: str | None = Cookie(None),
    exact: Optional[Literal["a", "b"]] = None, size: Size = Size.SMALL, ratio: float = Query(0.5, gt=0, lt=1),
    word: str = Query(min_length=2, max_length=5, pattern="^[a-z]+$"), old: int = Query(1, deprecated=True),
    hidden: str = Query("x", include_in_schema=True), either: Union[int, str] = 3, when: datetime | None = None,
): ...
""",
    "other names and forms": """
from pydantic import AliasChoices, AliasPath, PlainSerializer

def as_text(value: int) -> str: return str(value)

class Box(BaseModel):
    width: int = Field(validation_alias=AliasChoices("breite", "largeur"))
    depth: int = Field(2, validation_alias=AliasPath("sizes", 0))
    named: dict[Annotated[str, StringConstraints(max_length=3)], int] = {}
    price: Annotated[int, PlainSerializer(lambda value: str(value), return_type=str)]
    count: Annotated[int, PlainSerializer(as_text)]

    @computed_field(alias="areaInMetres", title="Area", description="Of its ground")
    @property
    def area(self) -> float | None: ...

@app.post("/boxes")
def boxes(box: Box) -> Box: ...
""",
    "a path that is no parameter's": """
@app.get("/folders/{folder}")
def folder(folder: int = FilePath("given")): ...
""",
    "bodies": '''
class Item(BaseModel):
    """A thing.

    With lines."""
    name: str = Field(min_length=1, max_length=20, examples=["Pen"])
    price: Decimal = Field(gt=0, description="In euros")
    tags: list[str] = []
    size: Literal["s"] = "s"
    more: dict[str, int] = Field(default_factory=dict)
    any_: Any = None
    site: HttpUrl | None = None
    mail: EmailStr
    secret: SecretStr
    id: UUID
    stamps: set[int] = set()
    pair: tuple[int, str] = (1, "a")
    span: timedelta
    at: time
    note: Annotated[str, StringConstraints(max_length=9)] | None = Field(None, title="Remark")
    count: conint(ge=1) = 1
    code: constr(pattern="^x") = "x"

class Other(BaseModel):
    item: Item
    parts: list[Item] | None = None
    nested: dict[str, "Other"] = {}

@app.post("/one")
def one(item: Item): ...

@app.post("/two")
def two(item: Item, other: Other, times: Annotated[int, Body()] = 1): ...

@app.put("/embedded")
def embedded(item: Annotated[Item, Body(embed=True)]): ...

@app.put("/maybe")
def maybe(item: Item | None = None): ...

@app.post("/list")
def several(items: list[Item]): ...

@app.post("/raw")
def raw(data: dict[str, Any]): ...
''',
    "answers": """
T = TypeVar("T")

class Row(BaseModel):
    id: int
    total: Decimal

    @computed_field
    @property
    def label(self) -> str:
        return "x"

class Page(BaseModel, Generic[T]):
    items: list[T]
    next: str | None = None

class Problem(BaseModel):
    detail: str

class Plain(Response):
    media_type = "text/plain"

@app.get("/page", response_model=Page[Row], responses={404: {"model": Problem}, 409: {"description": "Taken"}})
def page(): ...

@app.get("/rows")
def rows() -> list[Row]: ...

@app.post("/rows", status_code=201, response_description="Made")
def make(row: Row) -> Row: ...

@app.delete("/rows/{id}", status_code=204)
def gone(id: int) -> None: ...

@app.get("/html", response_class=HTMLResponse)
def html(): ...

@app.get("/text", response_class=PlainTextResponse)
def text() -> str: ...

@app.get("/file", response_class=FileResponse)
def file(): ...

@app.get("/to", response_class=RedirectResponse)
def to(): ...

@app.get("/either")
def either() -> Row | Problem | None: ...

@app.get("/mapping")
def mapping() -> dict[str, Row]: ...

@app.get("/nothing", response_model=None)
def nothing() -> Response: ...

@app.get("/answer")
def answer() -> JSONResponse: ...

@app.get("/own", response_class=Plain)
def own(): ...
""",
    "forms": """
class Signup(BaseModel):
    name: str
    age: int = 3

@app.post("/login")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]): ...

@app.post("/form")
def form(name: Annotated[str, Form(min_length=2)], age: int = Form(3)): ...

@app.post("/model")
def model(data: Annotated[Signup, Form()]): ...

@app.post("/file")
def file(file: UploadFile, note: str = Form("")): ...

@app.post("/files")
def files(files: list[UploadFile], data: Annotated[bytes, File()], maybe: UploadFile | None = None): ...
""",
    "dependencies": """
oauth = OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "All"})
key = APIKeyHeader(name="X-Key", auto_error=False)

class Paging:
    def __init__(self, page: int = 1, size: Annotated[int, Query(le=100)] = 20): ...

@dataclass
class Order:
    by: str = "id"
    down: bool = False

class Filter(BaseModel):
    name: str | None = None
    least: int = Field(0, ge=0)

class Check:
    def __init__(self, role: str): ...
    def __call__(self, request: Request, x_role: Annotated[str | None, Header()] = None): ...

def user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth)], trace: str | None = Header(None)): ...
def session(tasks: BackgroundTasks): yield 1
def deep(paging: Paging = Depends(), user=Depends(user)): ...

Caller = Annotated[str, Security(user, scopes=["a"])]

@app.get("/a")
def a(paging: Annotated[Paging, Depends()], order: Order = Depends(), db=Depends(session)): ...

@app.get("/b")
def b(who: Caller, api=Depends(key)): ...

@app.get("/c", dependencies=[Depends(Check("x")), Depends(HTTPBearer())])
def c(q: Annotated[Filter, Query()]): ...

@app.get("/beside")
def beside(q: Annotated[Filter, Query()], n: int = 1, one: str = Header()): ...

@app.get("/d")
def d(found=Depends(deep), basic=Security(HTTPBasic())): ...
""",
    "routers": '''
def by_tag(route):
    return f"{route.tags[0]}-{route.name}"

class Problem(BaseModel):
    detail: str

users = APIRouter(prefix="/users", tags=["users"], responses={404: {"model": Problem}})
named = APIRouter(tags=["named"], generate_unique_id_function=by_tag, deprecated=True)
hidden = APIRouter(include_in_schema=False)

@users.get("/", summary="All of them", description="Long", operation_id="all-users")
def list_users(): ...

@users.api_route("/{user_id}", methods=["PUT"])
def change(user_id: int):
    """Change one.

    More.\\f not shown
    """

@named.get("/named")
def named_one(): ...

@hidden.get("/hidden")
def hidden_one(): ...

@app.get("/quiet", include_in_schema=False)
def quiet(): ...

@app.websocket("/ws")
async def ws(socket: WebSocket): ...

users.include_router(named, prefix="/deep")
app.include_router(users, prefix="/api", tags=["api"], responses={418: {"description": "Tea"}})
app.include_router(hidden)
app.include_router(named, deprecated=False)
sub = FastAPI()

@sub.get("/inner")
def inner(): ...

app.mount("/sub", sub)
''',
    "models": '''
class Base(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

class Colour(str, Enum):
    """Colours."""
    RED = "red"
    BLUE = "blue"

class Level(IntEnum):
    LOW = 1

class Animal(Base):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"x-kind": "animal"})
    first_name: str
    the_colour: Colour = Colour.RED
    level: Level | None = None
    is_private: bool = Field(False, alias="private")

class Cat(Animal):
    kind: Literal["cat"]
    lives: int = 9

class Dog(Animal):
    kind: Literal["dog"] = "dog"
    lives: int = Field(default=1, exclude=True)

class Tags(RootModel[list[str]]): ...

class Tree(BaseModel):
    value: int
    children: list["Tree"] = []

Pet = Annotated[Cat | Dog, Field(discriminator="kind")]

@app.post("/pets")
def pet(pet: Pet, tags: Tags) -> Cat: ...

@app.post("/tree")
def tree(tree: Tree) -> Tree: ...

@app.get("/dogs")
def dogs() -> list[Dog]: ...

@app.post("/dogs")
def dog(dog: Dog): ...
''',
    "serializers": """
import typing
from pydantic import field_serializer, model_serializer

class Stamped(BaseModel):
    said: typing.Text = ""
    at: datetime
    until: datetime | None = None
    raw: Decimal

    @field_serializer("at", "until")
    def shown(self, value: datetime) -> int: ...

    @field_serializer("raw")
    def not_said(self, value): ...

class Free(BaseModel):
    name: str

    @model_serializer
    def as_mapping(self) -> dict[str, Any]: ...

class Freer(Free):
    size: int

@app.post("/stamped")
def stamped(given: Stamped) -> Stamped: ...

@app.post("/free")
def free(given: Freer) -> list[Freer]: ...
""",
    "factory": """
class Thing(BaseModel):
    id: int

class ThingIn(BaseModel):
    name: str

def crud(schema, create_schema):
    router = APIRouter(prefix="/things")

    @router.get("", response_model=list[schema])
    def several(): ...

    @router.post("", response_model=schema)
    def create(given: create_schema): ...

    return router

app.include_router(crud(Thing, ThingIn))

def token(authorization: str = Header()) -> str: ...

def guarded(user_token):
    router = APIRouter(prefix="/guarded")

    @router.get("")
    def read(token: str = user_token): ...

    return router

app.include_router(guarded(Depends(token)))
Several = list[Thing]

@app.get("/aliased", response_model=Several)
def aliased(): ...

@app.get("/twice")
def first(): ...

@app.get("/twice")
def second(n: int) -> Thing: ...
""",
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("program", None)


def real(folder: Path, program: str) -> dict[str, Any]:
    """The document that FastAPI makes of ``program``."""
    lay_down(folder, {"program.py": START + program})
    return import_module("program").app.openapi()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_document_of_the_text_is_the_one_of_fastapi(module: Path, name: str) -> None:
    said = real(module, PROGRAMS[name])
    found = document(load(module, cache=False))
    assert [one.message for one in found.unknown] == []
    assert compare(found.openapi, said).differences == []
    assert found.openapi["info"] == said["info"]
    assert sorted(found.openapi.get("components", {}).get("schemas", {})) == sorted(
        said.get("components", {}).get("schemas", {})
    )
    assert found.openapi.get("components", {}).get("securitySchemes") == said.get("components", {}).get(
        "securitySchemes"
    )


UNREAD = """
from somewhere import Thing, Made, inject

@app.get("/a")
def a(thing: Thing, made: Made[int], n: int = 3) -> Thing: ...

@app.post("/b")
def b(body: Annotated[dict[str, Thing], Body()]): ...
"""


def test_what_the_text_does_not_settle_is_left_out_and_named(tmp_path: Path) -> None:
    lay_down(tmp_path, {"program.py": START + UNREAD})
    found = document(load(tmp_path, cache=False))
    operation = found.openapi["paths"]["/a"]["get"]
    assert [one["name"] for one in operation["parameters"]] == ["n"]
    assert {(one.line - START.count("\n"), one.message.removeprefix("left out: ")) for one in found.unknown} == {
        (4, "thing, somewhere.Thing is of a library"),
        (4, "made, Made is not known"),
        (4, "somewhere.Thing is of a library"),
        (7, "somewhere.Thing is of a library"),
    }


SAID = """
class Item(BaseModel):
    name: str

BY_HAND = {"content": {"application/json": {"schema": Item.model_json_schema()}}}

@app.post("/a", openapi_extra={"requestBody": BY_HAND})
def a(): ...

@app.get("/b", responses={404: BY_HAND})
def b(): ...
"""


def test_what_is_put_into_the_document_by_hand_is_named_where_it_is_not_read(tmp_path: Path) -> None:
    lay_down(tmp_path, {"program.py": START + SAID})
    found = document(load(tmp_path, cache=False))
    assert [(one.line - START.count("\n"), one.message.removeprefix("left out: ")) for one in found.unknown] == [
        (7, "openapi_extra"),
        (10, "an answer that is declared"),
    ]


LIBRARY = {
    "lib/python3.12/site-packages/kit/__init__.py": "from kit.models import Sample\n",
    "lib/python3.12/site-packages/kit/models.py": """\
from pydantic import BaseModel, Field
from units import Length

class Sample(BaseModel):
    name: str = Field(min_length=3)
    length: Length
""",
    "lib/python3.12/site-packages/sqlmodel.py": """\
from pydantic import BaseModel

def Field(default=..., *, max_length=None): ...

class SQLModel(BaseModel):
    own: int
""",
    "lib/python3.12/site-packages/units.py": """\
from pydantic import BaseModel

class Length(BaseModel):
    metres: float
""",
}


def test_models_of_installed_libraries_are_read_where_they_lie(tmp_path: Path) -> None:
    program = """
from kit import Sample
from sqlmodel import Field as Limited, SQLModel

class Own(Sample):
    kind: str

class Row(SQLModel):
    name: str = Limited(max_length=3)

@app.post("/samples")
def create(given: Own) -> Sample: ...

@app.post("/rows")
def row(given: Row): ...
"""
    environment = {f".venv/{path}": text for path, text in LIBRARY.items()}
    lay_down(tmp_path, {"program.py": START + program, ".venv/pyvenv.cfg": "version = 3.12\n", **environment})
    codebase = load(tmp_path, cache=False)
    found = document(codebase)
    assert found.unknown == ()
    schemas = found.openapi["components"]["schemas"]
    assert sorted(schemas["Own"]["properties"]) == ["kind", "length", "name"]
    assert schemas["Sample"]["properties"]["name"]["minLength"] == 3
    assert schemas["Length"]["required"] == ["metres"]
    assert {name: one["maxLength"] for name, one in schemas["Row"]["properties"].items()} == {"name": 3}
    assert document(codebase).openapi == found.openapi


@pytest.mark.parametrize(
    ("pydantic", "required", "choice"),
    [
        ("1.10.22", ["must", "told"], {"const": "a", "type": "string"}),
        ("2.6.4", ["maybe", "must", "told"], {"const": "a"}),
        ("2.8.2", ["maybe", "must", "told"], {"const": "a", "enum": ["a"], "type": "string"}),
        ("2.12.0", ["maybe", "must", "told"], {"const": "a", "type": "string"}),
    ],
)
def test_schemas_are_written_as_the_pydantic_writes_them_that_is_pinned(
    tmp_path: Path, pydantic: str, required: list[str], choice: dict[str, Any]
) -> None:
    program = """
class Item(BaseModel):
    maybe: Optional[int]
    must: int
    told: Optional[int] = Field(...)
    free: Optional[int] = None
    choice: Literal["a"] = "a"

@app.post("/items")
def create(item: Item): ...
"""
    lay_down(tmp_path, {"program.py": START + program, "requirements.txt": f"pydantic=={pydantic}\n"})
    [item] = [
        schema
        for name, schema in document(load(tmp_path, cache=False)).openapi["components"]["schemas"].items()
        if name == "Item"
    ]
    assert item["required"] == required
    assert {key: item["properties"]["choice"][key] for key in choice} == choice
    assert item["properties"]["choice"].keys() - choice.keys() <= {"title", "default", "enum"}


@pytest.mark.parametrize(("fastapi", "names"), [("0.138.2", ["n", "q"]), ("0.160.0", ["name", "n"])])
def test_a_model_of_parameters_beside_others_is_written_as_the_fastapi_writes_it_that_is_pinned(
    tmp_path: Path, fastapi: str, names: list[str]
) -> None:
    program = """
class Filter(BaseModel):
    name: str = ""

@app.get("/x")
def x(q: Annotated[Filter, Query()], n: int = 1): ...
"""
    lay_down(tmp_path, {"program.py": START + program, "requirements.txt": f"fastapi=={fastapi}\n"})
    operation = document(load(tmp_path, cache=False)).openapi["paths"]["/x"]["get"]
    assert sorted(one["name"] for one in operation["parameters"]) == sorted(names)


def test_choices_that_are_worked_out_are_not_guessed(tmp_path: Path) -> None:
    program = """
from somewhere import styles

NAMES = ["a", "b"]

@app.get("/x")
def x(known: Literal[tuple(NAMES)] = "a", style: Literal[tuple(styles())] = "a"): ...
"""
    lay_down(tmp_path, {"program.py": START + program})
    found = document(load(tmp_path, cache=False))
    known, style = (one["schema"] for one in found.openapi["paths"]["/x"]["get"]["parameters"])
    assert known["enum"] == ["a", "b"]
    assert "const" not in style
    assert "enum" not in style
    assert [one.message for one in found.unknown] == ["left out: a value of Literal"]


def test_the_command_writes_the_document_and_says_what_it_left_out(tmp_path: Path) -> None:
    lay_down(tmp_path, {"program.py": START + UNREAD})
    done = run_expert("openapi", "--out", "openapi.json", cwd=tmp_path)
    assert (done.code, done.out) == (0, "app:program.py::app: 2 operations on 2 paths, 2 schemas; 4 left out\n")
    assert "somewhere.Thing is of a library" in done.err
    assert (tmp_path / "openapi.json").read_text().startswith('{\n  "openapi": "3.1.0"')


DATA = """\
import json
from pathlib import Path

from fastapi import FastAPI

app = FastAPI(title="Shop")
for name in json.loads((Path(__file__).parent / "names.json").read_text()):
    app.add_api_route(f"/{name}", lambda: None, name=name)
"""


def test_a_document_is_kept_until_the_code_the_pins_or_the_data_that_it_rests_on_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_down(tmp_path, {"main.py": DATA, "names.json": '["stones"]', "requirements.txt": "fastapi==0.165.0\n"})
    first = kept.document(load(tmp_path))
    assert list(first.openapi["paths"]) == ["/stones"]
    with monkeypatch.context() as patched:
        patched.setattr(kept, "_made", lambda *_: pytest.fail("made again"))
        assert kept.document(load(tmp_path)) == first
    (tmp_path / "names.json").write_text('["stones", "hills"]')
    assert list(kept.document(load(tmp_path)).openapi["paths"]) == ["/stones", "/hills"]
    (tmp_path / "main.py").write_text(DATA.replace("Shop", "Market"))
    assert kept.document(load(tmp_path)).openapi["info"]["title"] == "Market"
    made: list[str] = []
    monkeypatch.setattr(kept, "_made", lambda *_: made.append("again") or first)
    (tmp_path / "requirements.txt").write_text("fastapi==0.100.0\n")
    kept.document(load(tmp_path))
    assert made == ["again"]


def test_the_application_itself_is_asked_when_that_is_wanted(tmp_path: Path) -> None:
    lay_down(tmp_path, {"program.py": START + PROGRAMS["routers"]})
    asked = ("openapi", "--import", "program:app", "--python", sys.executable)
    assert run_expert(*asked, "--verify", cwd=tmp_path).code == 0
    own = "\nold = app.openapi\napp.openapi = lambda: {**old(), 'paths': {'/own': {'get': {'responses': {}}}}}\n"
    lay_down(tmp_path, {"program.py": START + PROGRAMS["routers"] + own})
    done = run_expert(*asked, "--verify", cwd=tmp_path)
    assert (done.code, "the application alone" in done.out, "GET /own" in done.out) == (1, True, True)
    assert list(json.loads(run_expert(*asked, cwd=tmp_path).out)["paths"]) == ["/own"]


def test_an_application_is_chosen_by_name(tmp_path: Path) -> None:
    text = "from fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/a')\ndef a(): ...\n"
    lay_down(tmp_path, {"one.py": text, "two.py": text})
    assert run_expert("openapi", "--app", "two.py", cwd=tmp_path).code == 0
    refused = run_expert("openapi", "--app", "three", cwd=tmp_path)
    assert (refused.code, "one of: app:one.py::app, app:two.py::app" in refused.err) == (2, True)
