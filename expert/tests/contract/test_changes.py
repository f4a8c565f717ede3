"""What a change of the code breaks for those who call: levels and ids are oasdiff's."""

import json
from pathlib import Path

import pytest
from shop import lay_down, run_expert
from worktree import committed_work

from fastapi_expert.codebase import load
from fastapi_expert.contract.changes import changes
from fastapi_expert.contract.openapi.document import document

PROGRAM = """\
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Query
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, Field

app = FastAPI()
oauth = OAuth2PasswordBearer(tokenUrl="token")

class Size(str, Enum):
    SMALL = "s"
    BIG = "b"

class Draft(BaseModel):
    name: str = Field(max_length=20)
    note: str | None = None
    count: int = Field(1, ge=0)

class Item(BaseModel):
    id: int
    name: str
    size: Size
    note: str | None = None

@app.get("/items/{item_id}")
def read(
    item_id: int, q: str = "x", limit: Annotated[int, Query(ge=1, le=100)] = 10, size: Size | None = None
) -> Item: ...

@app.post("/items", status_code=201)
def make(draft: Draft) -> Item: ...

@app.delete("/items/{item_id}", status_code=204)
def remove(item_id: int): ...
"""
CASES = [
    ("", "", []),
    (
        "limit: Annotated[int, Query(ge=1, le=100)] = 10",
        "limit: str = 10",
        ["info request-parameter-type-generalized"],
    ),
    ("max_length=20", "max_length=20, min_length=2", ["breaking request-property-min-length-increased"]),
    (
        "    id: int\n    name: str\n",
        '    id: int\n    name: Literal["a", "b"]\n',
        ["warning response-property-enum-value-added"],
    ),
    (
        "    note: str | None = None\n    count",
        "    note: str | int | None = None\n    count",
        ["info request-property-list-of-types-widened"],
    ),
    (
        '@app.delete("/items/{item_id}", status_code=204)\ndef remove(item_id: int): ...\n',
        "",
        ["breaking api-removed-without-deprecation"],
    ),
    (
        '@app.post("/items"',
        '@app.post("/things"',
        ["breaking api-path-removed-without-deprecation", "info endpoint-added"],
    ),
    ('q: str = "x", ', "", ["warning request-parameter-removed"]),
    (
        'q: str = "x"',
        "q: str",
        ["breaking request-parameter-became-required"],
    ),
    ('q: str = "x"', 'q: str = "y"', ["breaking request-parameter-default-value-changed"]),
    (
        'q: str = "x"',
        "q: int = 1",
        ["breaking request-parameter-default-value-changed", "breaking request-parameter-type-changed"],
    ),
    ("le=100", "le=50", ["breaking request-parameter-max-decreased"]),
    ("le=100", "le=200", ["info request-parameter-max-increased"]),
    ("ge=1,", "ge=5,", ["breaking request-parameter-min-increased"]),
    ("    item_id: int, q", "    item_id: int, new: str, q", ["breaking new-required-request-parameter"]),
    ("    item_id: int, q", "    item_id: int, new: str | None = None, q", ["info new-optional-request-parameter"]),
    ("item_id", "id", ["info api-operation-id-removed"]),
    ("max_length=20", "max_length=10", ["breaking request-property-max-length-decreased"]),
    ("    note: str | None = None\n    count", "    count", ["warning request-property-removed"]),
    (
        "    note: str | None = None\n    count",
        "    note: str\n    count",
        ["breaking request-property-became-required", "breaking request-property-list-of-types-narrowed"],
    ),
    (
        "    count: int = Field(1, ge=0)",
        "    count: int = Field(1, ge=0)\n    must: str",
        ["breaking new-required-request-property"],
    ),
    (
        "    count: int = Field(1, ge=0)",
        "    count: int = Field(2, ge=0)",
        ["info request-property-default-value-changed"],
    ),
    ("    count: int", "    count: float", ["info request-property-type-generalized"]),
    ("    size: Size\n", "", ["breaking response-required-property-removed"]),
    (
        "    size: Size\n    note: str | None = None\n",
        "    size: Size\n",
        ["warning response-optional-property-removed"],
    ),
    (
        "    id: int\n    name: str\n",
        "    id: int\n    name: str | None\n",
        ["breaking response-property-list-of-types-widened"],
    ),
    (
        "    id: int\n    name: str\n",
        "    id: int\n    name: str = ''\n",
        ["breaking response-property-became-optional", "info response-property-default-value-added"],
    ),
    ("    id: int\n", "    id: str\n", ["breaking response-property-type-changed"]),
    ("    id: int\n", "    id: int\n    more: int\n", ["info response-required-property-added"]),
    (
        '    BIG = "b"\n',
        "",
        ["breaking request-parameter-property-enum-value-removed", "info response-property-enum-value-removed"],
    ),
    (
        '    BIG = "b"\n',
        '    BIG = "b"\n    HUGE = "h"\n',
        ["info request-parameter-property-enum-value-added", "warning response-property-enum-value-added"],
    ),
    (
        "status_code=201",
        "status_code=202",
        ["breaking response-success-status-removed", "info response-success-status-added"],
    ),
    (
        "def make(draft: Draft)",
        "def make(draft: Draft | None = None)",
        ["info request-body-became-nullable", "info request-body-became-optional"],
    ),
    (
        "def make(draft: Draft)",
        "def make()",
        ["breaking request-body-removed", "info response-non-success-status-removed"],
    ),
    ("def remove(item_id: int)", "def remove(item_id: int, token: str = Depends(oauth))", ["info api-security-added"]),
    ("def read(", "def fetch(", ["info api-operation-id-removed"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_a_change_of_the_code_is_judged_for_those_who_call(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    assert old in PROGRAM
    lay_down(tmp_path, {"before/app.py": PROGRAM, "after/app.py": PROGRAM.replace(old, new) if old else PROGRAM})
    before, after = (document(load(tmp_path / name, cache=False)).openapi for name in ("before", "after"))
    found = {f"{one.level} {one.id}" for one in changes(before, after)}
    assert found == set(expected)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return committed_work(tmp_path / "work", {"app.py": PROGRAM}).root


def test_the_command_compares_with_a_revision_and_names_the_place(repository: Path) -> None:
    assert run_expert("contract", cwd=repository).out.startswith("Nothing changed for those who call")
    file = repository / "app.py"
    file.write_text(file.read_text().replace("le=100", "le=50"))
    done = run_expert("contract", "--since", "HEAD", cwd=repository)
    line = PROGRAM.splitlines().index('@app.get("/items/{item_id}")') + 1
    assert done.code == 1
    assert "breaking  GET /items/{item_id}: the max of the query parameter limit was 100 and is 50" in done.out
    assert f"app.py:{line}" in done.out
    [change] = json.loads(run_expert("contract", "--json", cwd=repository).out)["changes"]
    assert (change["id"], change["path"], change["line"]) == ("request-parameter-max-decreased", "app.py", line)
    github = run_expert("contract", "--format", "github", cwd=repository).out
    assert github.startswith(f"::error file=app.py,line={line},")
    sarif = json.loads(run_expert("contract", "--format", "sarif", cwd=repository).out)
    assert sarif["runs"][0]["results"][0]["level"] == "error"


def test_a_revision_that_is_not_there_is_refused(repository: Path) -> None:
    done = run_expert("contract", "--since", "nowhere", cwd=repository)
    assert (done.code, "nowhere" in done.err) == (2, True)


def test_what_is_in_neither_document_is_named(repository: Path) -> None:
    file = repository / "app.py"
    file.write_text(file.read_text().replace("def make(draft: Draft)", "def make(draft: Draft, other: Nowhere)"))
    done = run_expert("contract", cwd=repository)
    assert "so a change of them is not seen" in done.out


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([{"bearer": []}], [{"bearer": []}, {"bearer": []}], ["api-security-added"]),
        ([{"bearer": []}, {"key": []}], [{"key": []}, {"bearer": []}], []),
        ([{"oauth": ["read"]}], [{"oauth": ["read", "write"]}], ["api-security-scope-added"]),
        ([{"bearer": []}], [{"bearer": [], "key": []}], ["api-security-added", "api-security-removed"]),
        ([{"bearer": []}], [{"bearer": []}, {}], []),
    ],
)
def test_each_way_to_be_let_in_is_one_of_its_own(old: list, new: list, expected: list[str]) -> None:
    before, after = ({"paths": {"/items": {"get": {"security": one}}}} for one in (old, new))
    assert [one.id for one in changes(before, after)] == expected
