"""`--verify`: on what the text and the running application do not agree, and what counts as that."""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from applications import HEAD, asked
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from shop import lay_down, run_expert

import fastapi_expert.render
from fastapi_expert.codebase import load
from fastapi_expert.codebase.model import Inventory
from fastapi_expert.mcp.judging import Judging
from fastapi_expert.mcp.looking import Looking
from fastapi_expert.mcp.workspace import Workspace
from fastapi_expert.witness.merge import Comparison, compare
from fastapi_expert.witness.model import Application, TrueRoute, TrueTable

ONE = """
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Out(BaseModel):
    x: int


@router.get("/one", response_model=Out)
def one():
    return 1
"""
SCHEMAS = Path(fastapi_expert.render.__file__).parent / "schemas"


def read(root: Path, text: str) -> Inventory:
    return load(lay_down(root, {"main.py": text}), cache=False).inventory


def true(path: str, **more: Any) -> TrueRoute:
    made = TrueRoute("GET", path, "", "items", "main:items", "main.py", 6, None, (), None, None, (), (), False)
    return replace(made, **more)


def compared(inventory: Inventory, routes: Sequence[TrueRoute]) -> Comparison:
    application = Application("main", "app", file="main.py")
    return compare(inventory, TrueTable(application, Path(sys.executable), "3.12", "0.165", tuple(routes)))


def kinds(comparison: Comparison) -> list[tuple[str, str, str]]:
    return [(one.kind, one.path, one.said) for one in comparison.differences]


def test_equal_tables_are_no_difference_and_say_so(tmp_path: Path):
    done = asked(tmp_path / "app", {"main.py": HEAD}, "--verify")
    assert (done.code, done.out.strip()) == (0, "1 route, the same in the text and in the application")


def test_a_route_of_the_application_alone_is_one_with_its_place_and_what_the_text_says(tmp_path: Path):
    mounting = "from other import router\nexec('app.include_router(router, prefix=\"/late\")')\n"
    done = asked(tmp_path / "app", {"main.py": HEAD + mounting, "other.py": ONE}, "--verify")
    assert done.code == 1
    assert (
        "in the application, not in the text (1)\n  GET  /late/one  other.py:11\n      the text says: unattached as"
        in done.out
    )
    assert "is included by no application that the text shows" in done.out
    assert done.out.strip().endswith("2 routes, 1 difference")


def test_the_merged_row_has_the_true_path_and_the_facts_of_the_text(tmp_path: Path):
    mounting = 'from other import router\nexec(\'app.include_router(router, prefix="/late", tags=["late"])\')\n'
    done = asked(tmp_path / "app", {"main.py": HEAD + mounting, "other.py": ONE}, "--json")
    row = next(row for row in json.loads(done.out)["routes"] if row["path"] == "/late/one")
    assert (row["source"], row["reach"], row["tags"]) == ("import", "served", ["late"])
    assert (row["path_file"], row["endpoint"]) == ("other.py", "endpoint:other.py::one")
    assert row["response_model"] == "schema:other.py::Out"
    assert len(json.loads(done.out)["routes"]) == 2  # the row that hung in the air is this one


def test_a_route_of_the_text_alone_is_one(tmp_path: Path):
    gone = "@app.get('/gone')\ndef gone():\n    return 1\n\n\nexec('del app.router.routes[-1]')\n"
    done = asked(tmp_path / "app", {"main.py": HEAD + gone}, "--verify")
    assert done.code == 1
    assert (
        "in the text, not in the application (1)\n  GET  /gone  main.py:11\n      the text says: served by gone"
        in done.out
    )


def test_a_condition_that_did_not_hold_is_settled_and_no_difference(tmp_path: Path):
    files = {"main.py": "import os\n" + HEAD + "if os.environ.get('DEBUGGING_SHOP'):\n    app.get('/debug')(items)\n"}
    off = asked(tmp_path / "app", files, "--verify")
    assert off.code == 0
    assert "not served, under conditions that did not hold (1)\n  GET  /debug" in off.out
    on = asked(tmp_path / "app", files, "--json", env={"DEBUGGING_SHOP": "1"})
    assert [(row["reach"], row["source"]) for row in json.loads(on.out)["routes"]] == [("served", "both")] * 2


def test_a_whole_path_that_the_text_knows_of_no_application_is_known(tmp_path: Path):
    inventory = read(tmp_path, HEAD)
    alone = replace(inventory, routes=tuple(replace(one, reach="unattached") for one in inventory.routes))
    comparison = compared(alone, [true("/items")])
    assert kinds(comparison) == []
    assert [route.reach for route in comparison.inventory.routes] == ["served"]


def test_another_function_behind_a_route_is_a_difference(tmp_path: Path):
    comparison = compared(read(tmp_path, HEAD), [true("/items", endpoint="main:others", line=40)])
    assert kinds(comparison) == [("endpoint", "/items", "items at main.py:6")]


def test_a_scheme_that_refuses_is_a_difference_where_the_text_calls_the_route_open(tmp_path: Path):
    inventory = read(tmp_path, HEAD)
    comparison = compared(inventory, [true("/items", refusing=("HTTPBearer",), depends=True)])
    assert kinds(comparison) == [("protection", "/items", "none; HTTPBearer refuses")]
    assert [(route.protection, route.protected) for route in comparison.inventory.routes] == [("required", True)]
    doubtful = replace(inventory, routes=tuple(replace(one, protection="unknown") for one in inventory.routes))
    comparison = compared(doubtful, [true("/items", refusing=("HTTPBearer",), depends=True)])
    assert kinds(comparison) == []
    assert [route.protection for route in comparison.inventory.routes] == ["required"]


def test_a_library_s_route_is_placed_in_the_library(tmp_path: Path):
    library = true("/metrics", file=None, endpoint="exporter.web:show", library_file="exporter/web.py", line=9)
    comparison = compared(read(tmp_path, HEAD), [true("/items"), library])
    assert kinds(comparison) == [("import", "/metrics", "nothing: an installed library has it")]
    assert str(comparison.differences[0].place) == "site-packages/exporter/web.py:9"


def test_the_libraries_of_the_interpreter_that_is_asked_are_read(tmp_path: Path):
    root = lay_down(tmp_path / "app", {"main.py": HEAD + "from kit import Health\n\napp.include_router(Health())\n"})
    elsewhere = tmp_path / "elsewhere"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(elsewhere)], check=True)
    packages = next(elsewhere.glob("lib/python3*/site-packages"))
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"))
    kit = """
        from fastapi import APIRouter

        class Health(APIRouter):
            def __init__(self):
                super().__init__(prefix="/health")
                self.add_api_route("/live", self.live)

            def live(self): ...
    """
    lay_down(packages, {"kit/__init__.py": dedent(kit), "kit-1.0.dist-info/METADATA": "Requires-Dist: fastapi\n"})
    done = run_expert("routes", str(root), "--import", "main:app", "--python", str(elsewhere), "--verify", cwd=tmp_path)
    assert (done.code, done.out.strip()) == (0, "2 routes, the same in the text and in the application"), done


def test_other_applications_of_the_repository_are_left_as_they_are(tmp_path: Path):
    files = {"main.py": HEAD, "admin.py": HEAD.replace("/items", "/admin")}
    done = asked(tmp_path / "app", files, "--verify", "--json")
    assert done.code == 0
    sources = {row["path"]: (row["source"], row["app"]) for row in json.loads(done.out)["routes"]}
    assert sources == {"/items": ("both", "app:main.py::app"), "/admin": ("text", "app:admin.py::app")}


def test_the_document_is_what_its_schema_says(tmp_path: Path):
    files = {
        "main.py": HEAD + "exec('@app.post(\"/made\")\\ndef made(): return {}')\n",
        "Procfile": "web: uvicorn main:app\n",
    }
    said = json.loads(asked(tmp_path / "app", files, "--import", "auto", "--json", "--verify").out)
    schemas = {file.name: json.loads(file.read_text()) for file in SCHEMAS.glob("*.json")}
    registry = Registry().with_resources((name, Resource.from_contents(each)) for name, each in schemas.items())
    Draft202012Validator(schemas["routes.json"], registry=registry).validate(said)
    assert (said["asked"]["application"], said["asked"]["path"], said["asked"]["line"]) == ("main:app", "Procfile", 1)
    assert [one["kind"] for one in said["differences"]] == ["import"]


def test_no_tool_of_the_server_that_looks_or_judges_runs_the_project(tmp_path: Path):
    lay_down(tmp_path, {"main.py": HEAD + "open('was-here', 'w').close()\n"})
    workspace = Workspace(tmp_path)
    tools = {tool.name: tool for tool in (*Looking(workspace).tools(), *Judging(workspace).tools())}
    for tool in tools.values():
        assert not {"import", "verify", "python", "lifespan"} & {each.name for each in tool.parameters}
    assert "/items" in tools["list_routes"].run({}).text
    assert "main.py:" in tools["conventions"].run({}).text
    assert not (tmp_path / "was-here").exists()
