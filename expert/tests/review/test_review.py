"""`expert review`: what it prints, what silences a finding, the baseline, the cache, and the versions it reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shop import Done, run_expert

from fastapi_expert.codebase import load
from fastapi_expert.review import detect, review
from fastapi_expert.review.fix import apply
from fastapi_expert.review.versions import Versions

PROGRAM = """\
from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/stones/{id}")
def stone(id: int):
    if id > 9:
        return HTTPException(404)
    return {"id": id}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(PROGRAM)
    (tmp_path / "requirements.txt").write_text("fastapi==0.165.0\npydantic==2.14.3\n")
    return tmp_path


def expert(project: Path, *arguments: str) -> Done:
    return run_expert("review", *arguments, cwd=project)


def test_text_names_the_place_what_happens_and_what_to_do(project: Path) -> None:
    done = expert(project)
    assert done.code == 1
    assert "FX116" in done.out
    assert "main.py:9" in done.out
    assert "`raise`" in done.out


def test_the_document_has_every_field(project: Path) -> None:
    document = json.loads(expert(project, "--json").out)
    assert document["schema_version"] == 1
    (finding,) = document["findings"]
    assert (finding["rule"], finding["path"], finding["line"], finding["severity"]) == ("FX116", "main.py", 9, 2)
    assert document["assumed_newest"] == ["starlette", "sqlalchemy"]


def test_sarif_and_github_say_the_same_place(project: Path) -> None:
    log = json.loads(expert(project, "--format", "sarif").out)
    (result,) = log["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (result["ruleId"], region["startLine"]) == ("FX116", 9)
    assert "file=main.py,line=9" in expert(project, "--format", "github").out


def test_only_selected_rules_are_shown(project: Path) -> None:
    assert expert(project, "--select", "FX7").code == 0
    assert expert(project, "--select", "FX1").code == 1


def test_a_comment_with_a_reason_silences_one_place(project: Path) -> None:
    silenced = PROGRAM.replace("HTTPException(404)\n", "HTTPException(404)  # expert: ignore[FX116] meant\n")
    (project / "main.py").write_text(silenced)
    done = expert(project)
    assert done.code == 0
    assert "1 suppressed" in done.out


def test_the_configuration_switches_rules_off(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.fastapi-expert]\nignore = ["FX116"]\n')
    assert expert(project).code == 0


def test_a_baseline_knows_todays_findings_and_not_tomorrows(project: Path) -> None:
    assert expert(project, "--write-baseline", "known.json").code == 0
    assert expert(project, "--baseline", "known.json").code == 0
    (project / "main.py").write_text(PROGRAM + '\n\n@app.get("/x")\ndef x():\n    return HTTPException(400)\n')
    assert expert(project, "--baseline", "known.json").code == 1
    assert expert(project, "--baseline", "nowhere.json").code == 2


def test_since_shows_only_changed_lines(project: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=project, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "begin")
    assert expert(project, "--since", "HEAD").code == 0
    (project / "main.py").write_text(PROGRAM.replace("404", "410"))
    assert expert(project, "--since", "HEAD").code == 1


def test_a_second_look_is_the_first_until_something_changes(project: Path) -> None:
    first = review(load(project))
    assert review(load(project)) == first
    (project / "main.py").write_text(PROGRAM.replace("return HTTPException", "raise HTTPException"))
    assert review(load(project)).findings == ()


def test_a_file_with_an_error_is_named_and_read_as_far_as_it_goes(project: Path) -> None:
    (project / "main.py").write_text("def f(:\n    return 1\n\n\n" + PROGRAM)
    result = review(load(project, cache=False))
    assert [(one.path, one.line) for one in result.problems] == [("main.py", 1)]
    assert [(one.rule, one.line) for one in result.findings] == [("FX116", 13)]
    assert "main.py:1: syntax error" in expert(project).out


SESSIONS = """\
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

make = async_sessionmaker()
app = FastAPI()


async def db():
    async with make() as session:
        yield session


@app.delete("/stones/{id}")
async def remove(id: int, session: AsyncSession = Depends(db)):
    stone = await session.get(object, id)
    session.delete(stone)
    await session.commit()
    if stone is None:
        return HTTPException(
            404, "é"
        )
"""


def test_what_is_mechanical_is_mended(project: Path) -> None:
    (project / "main.py").write_text(SESSIONS)
    fixes = {one["rule"]: one["fix"]["edits"] for one in json.loads(expert(project, "--json").out)["findings"]}
    assert [edit["text"] for edits in fixes.values() for edit in edits] == ["await ", "raise"]
    done = expert(project, "--fix")
    assert (done.code, "mended: main.py" in done.err) == (0, True)
    mended = SESSIONS.replace("    session.delete", "    await session.delete").replace("return HTTP", "raise HTTP")
    assert (project / "main.py").read_text() == mended


def test_a_file_that_has_changed_since_is_left_alone(project: Path) -> None:
    (project / "main.py").write_text(SESSIONS)
    findings = review(load(project, cache=False)).findings
    (project / "main.py").write_text("# a new first line\n" + SESSIONS)
    assert apply(project, findings) == ()
    assert (project / "main.py").read_text() == "# a new first line\n" + SESSIONS


def test_syntax_newer_than_this_interpreter_is_read(project: Path) -> None:
    newer = "type Names[T: str] = list[T]\n\n\ndef first[T](many: list[T]) -> T:\n    return many[0]\n\n\n"
    (project / "main.py").write_text(newer + PROGRAM)
    result = review(load(project, cache=False))
    assert ([one.rule for one in result.findings], result.problems) == (["FX116"], ())


@pytest.mark.parametrize(
    ("file", "text", "least", "end"),
    [
        ("requirements.txt", "fastapi==0.115.6\n", (0, 115), (0, 116)),
        ("requirements.txt", "fastapi>=0.110,<0.118\n", (0, 110), (0, 118)),
        ("requirements.txt", "fastapi[standard]~=0.115.2  # pinned\n", (0, 115), (0, 116)),
        ("pyproject.toml", '[project]\ndependencies = ["fastapi>=0.120"]\n', (0, 120), (10_000, 0)),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "^0.110.1"\n', (0, 110), (0, 111)),
        ("uv.lock", '[[package]]\nname = "fastapi"\nversion = "0.128.3"\n', (0, 128), (0, 129)),
        ("poetry.lock", '[[package]]\nname = "fastapi"\nversion = "0.99.1"\n', (0, 99), (0, 100)),
    ],
)
def test_versions_are_read_from_the_projects_own_files(
    tmp_path: Path, file: str, text: str, least: tuple[int, int], end: tuple[int, int]
) -> None:
    (tmp_path / file).write_text(text)
    said = Versions(tmp_path).fastapi
    assert (said.least, said.end) == (least, end)
    assert said.source == file


def test_the_newest_release_is_assumed_where_nothing_is_said(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    assert versions.fastapi.may_be_at_least((0, 200))
    assert versions.assumed == ("fastapi", "starlette", "pydantic", "sqlalchemy")


OPENED = """\
import json
from pathlib import Path

from fastapi import APIRouter, FastAPI

app = FastAPI()
stones, hills = APIRouter(), APIRouter()


@stones.get("/stones", operation_id="list")
def list_stones(): ...


@hills.get("/hills", operation_id="list")
def list_hills(): ...


PARTS = {"stones": stones, "hills": hills}
for name in json.loads((Path(__file__).parent / "parts.json").read_text()):
    app.include_router(PARTS[name])
"""


def test_a_review_is_kept_until_a_data_file_that_was_read_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.py").write_text(OPENED)
    (tmp_path / "parts.json").write_text('["stones", "hills"]')
    first = review(load(tmp_path))
    assert [one.rule for one in first.findings] == ["FX121"]
    with monkeypatch.context() as patched:
        patched.setattr(detect, "_look", lambda *_: pytest.fail("looked at again"))
        assert review(load(tmp_path)) == first
    (tmp_path / "parts.json").write_text('["stones"]')
    assert [one.rule for one in review(load(tmp_path)).findings] == ["FX119"]


WIDE = """\
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
"""
SIGNED_IN = """

from fastapi import Request


@app.get("/me")
def me(request: Request) -> str:
    return request.cookies["name"]
"""


@pytest.mark.parametrize(("added", "weight"), [("", (2, "likely")), (SIGNED_IN, (1, "certain"))])
def test_every_origin_with_credentials_weighs_what_the_cookies_do(tmp_path: Path, added: str, weight: object) -> None:
    (tmp_path / "main.py").write_text(WIDE + added)
    (finding,) = [one for one in review(load(tmp_path, cache=False)).findings if one.rule == "FX912"]
    assert (finding.severity, finding.confidence) == weight


BEHIND = """\
import time

import requests
from fastapi import FastAPI

app = FastAPI()


def init_rates():
    return requests.get("https://rates.example", timeout=3)


def rates():
    return requests.get("https://rates.example", timeout=3)


@app.get("/first")
async def first():
    return init_rates().json()


@app.get("/second")
async def second():
    return rates().json()


@app.get("/third")
async def third():
    with open("rates.json") as file:
        return file.read()
"""


def test_what_is_prepared_once_and_small_files_weigh_less(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(BEHIND)
    found = {one.line: (one.rule, one.severity, one.confidence) for one in review(load(tmp_path, cache=False)).findings}
    assert found == {
        19: ("FX802", 2, "likely"),
        24: ("FX802", 1, "certain"),
        29: ("FX801", 2, "likely"),
    }


def test_one_finding_names_every_route_that_answers_with_a_secret(tmp_path: Path) -> None:
    schema = "from fastapi import FastAPI\nfrom pydantic import BaseModel\n\napp = FastAPI()\n\n\n"
    schema += "class Person(BaseModel):\n    name: str\n    hashed_password: str\n"
    routes = [f'\n\n@app.get("/{name}")\ndef {name}() -> Person: ...\n' for name in ("first", "second")]
    (tmp_path / "main.py").write_text(schema + "".join(routes))
    (finding,) = review(load(tmp_path, cache=False)).findings
    assert (finding.rule, finding.line) == ("FX906", 13)
    assert [(one.line, one.why) for one in finding.related] == [(7, "the schema"), (17, "answers with it too")]


def test_the_cookies_of_another_application_of_the_repository_do_not_count(tmp_path: Path) -> None:
    for name, text in (("shop/main.py", WIDE), ("admin/main.py", WIDE + SIGNED_IN)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    found = [one for one in review(load(tmp_path, cache=False)).findings if one.rule == "FX912"]
    assert [(one.path, one.severity) for one in found] == [("admin/main.py", 1), ("shop/main.py", 2)]


def test_the_same_said_of_a_file_for_the_third_time_is_named_with_the_second(tmp_path: Path) -> None:
    routes = [f'\n\n@app.get("/{n}")\ndef route_{n}():\n    return HTTPException(404)\n' for n in range(4)]
    silenced = "\n\n@app.get('/5')\ndef fifth():\n    return HTTPException(404)  # expert: ignore[FX116] meant\n"
    (tmp_path / "main.py").write_text(
        "from fastapi import FastAPI, HTTPException\n\napp = FastAPI()\n" + "".join(routes) + silenced
    )
    result = review(load(tmp_path, cache=False))
    assert [(one.line, [part.line for part in one.related]) for one in result.findings] == [(8, []), (13, [18, 23])]
    assert result.suppressed == 1
    apply(tmp_path, result.findings)
    assert review(load(tmp_path, cache=False)).findings == ()


def test_a_look_that_lets_go_of_how_routes_were_linked_says_the_same(project: Path) -> None:
    (project / "table.py").write_text(
        "from main import app\nfrom sqlalchemy.orm import DeclarativeBase, Mapped\n\n\n"
        "class Base(DeclarativeBase): ...\n\n\n"
        "class User(Base):\n    __tablename__ = 'users'\n    password_hash: Mapped[str]\n\n\n"
        "@app.get('/me')\ndef me():\n    return User()\n"
    )
    whole, lean = load(project, cache=False), load(project, cache=False)
    found = review(lean, is_last=True)
    assert found == review(whole)
    assert {one.rule for one in found.findings} == {"FX116", "FX905"}
    assert "_linked" in vars(whole)
    assert "_linked" not in vars(lean)
    assert lean.inventory == whole.inventory


def test_what_prints_a_review_brings_neither_the_gate_nor_what_links() -> None:
    asked = (
        "import sys, fastapi_expert.cli.report_review, fastapi_expert.render.formats.review\n"
        "print(*[one for one in sys.modules if one.startswith('fastapi_expert.gate') or one.endswith('.interpreter')])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


OF_ANOTHER_SERVER = """\
import sqlite3

from fastapi import FastAPI
from fastapi.responses import FileResponse
from pydantic_settings import BaseSettings

app = FastAPI()


class Settings(BaseSettings):
    signing_key: str = "sign-everything-with-it"
    database_password: str = "sails-and-masts"


@app.get("/sails")
def sail(name: str):
    return FileResponse(f"sails/{name}.png")


@app.get("/masts")
async def mast():
    return sqlite3.connect("masts.db").execute("select 1").fetchone()
"""


def test_what_less_can_happen_by_weighs_less(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(OF_ANOTHER_SERVER)
    found = {one.line: (one.rule, one.severity, one.confidence) for one in review(load(tmp_path, cache=False)).findings}
    assert found == {
        11: ("FX511", 1, "likely"),
        12: ("FX511", 2, "likely"),
        17: ("FX914", 2, "likely"),
        22: ("FX803", 2, "certain"),
    }
