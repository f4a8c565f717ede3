"""The table that a running application dumps of itself, and how a reading is judged by it."""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[3] / "bench"

SHOP = """
import os, subprocess, sys, time
from enum import Enum
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from fastapi.security import HTTPBearer

class Size(Enum):
    small = "s"

def current_user(token=Depends(HTTPBearer(auto_error=False))):
    if token is None:
        raise HTTPException(401)

orders = APIRouter(prefix="/orders")

@orders.get("/{size}", tags=["orders"])
def by_size(size: Size):
    return size

@orders.post("", dependencies=[Depends(current_user)])
def place():
    return {}

@orders.websocket("/feed")
async def feed(socket: WebSocket):
    await socket.accept()

app = FastAPI()
app.include_router(orders)
inner = FastAPI()

@inner.get("/slow")
def slow():
    time.sleep(60)

@inner.get("/fatal")
def fatal():
    os._exit(1)

@inner.get("/spawn")
def spawn():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with open("spawned", "w") as file:
        file.write(str(child.pid))

@inner.get("/after")
def after():
    return {}

app.mount("/inner", inner)
"""


def dumped(folder: Path, *options: str) -> dict[tuple[str, str], dict[str, Any]]:
    command = [sys.executable, str(BENCH / "running/routes_dump.py"), *options]
    table = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)
    return {(row["method"], row["path"]): row for row in table["routes"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(SHOP)
    return folder


@pytest.fixture(scope="module")
def table(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return dumped(folder, "shop:app", "--ask", "--limit", "3")


def test_a_dump_has_every_route_with_its_whole_path_file_and_line(table: dict[tuple[str, str], dict[str, Any]]):
    assert set(table) == {
        ("GET", "/orders/{size}"),
        ("POST", "/orders"),
        ("WEBSOCKET", "/orders/feed"),
        ("GET", "/inner/slow"),
        ("GET", "/inner/fatal"),
        ("GET", "/inner/spawn"),
        ("GET", "/inner/after"),
    }
    row = table["GET", "/orders/{size}"]
    assert (row["endpoint"], row["file"], row["tags"]) == ("shop:by_size", "shop.py", ["orders"])
    assert SHOP.splitlines()[row["line"] - 1] == '@orders.get("/{size}", tags=["orders"])'


def test_a_stranger_asks_with_values_of_the_parameters_own_kinds(table: dict[tuple[str, str], dict[str, Any]]):
    assert table["GET", "/orders/{size}"]["asked"] == {"status": 200}
    assert table["POST", "/orders"]["asked"] == {"status": 401}


def test_a_route_that_hangs_or_ends_its_process_costs_no_other_answer(table: dict[tuple[str, str], dict[str, Any]]):
    assert table["GET", "/inner/slow"]["asked"]["status"] is None
    assert table["GET", "/inner/fatal"]["asked"]["status"] is None
    assert table["GET", "/inner/after"]["asked"] == {"status": 200}


DESK = """
from typing import List
from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

class Line(BaseModel):
    name: str
    amount: int

class Order(BaseModel):
    lines: List[Line]
    note: str = ""

app = FastAPI()

@app.middleware("http")
async def staff_only(request: Request, call_next):
    if request.url.path.startswith("/staff"):
        return JSONResponse({}, status_code=403)
    return await call_next(request)

@app.post("/orders")
def place(order: Order):
    return {"lines": len(order.lines)}

@app.post("/sign-in")
def sign_in(name: str = Form(...)):
    raise HTTPException(401)

@app.get("/orders/{number}")
async def show(number: int):
    raise HTTPException(404)

@app.get("/staff")
def staff():
    return {}

@app.get("/wrapped", dependencies=[Depends(lambda: None)])
def wrapped():
    return {"code": 401, "message": "sign in"}
"""


def test_what_lacks_a_body_is_asked_once_more_and_it_is_seen_which_endpoint_is_entered(
    tmp_path: Path, bench: ModuleType
):
    (tmp_path / "desk.py").write_text(DESK)
    table = dumped(tmp_path, "desk:app", "--ask", "--fill")
    assert table["POST", "/orders"]["asked"] == {
        "status": 422,
        "entered": False,
        "filled": {"status": 200, "entered": True},
    }
    assert {path: bench.refuses_strangers(row) for (_, path), row in table.items()} == {
        "/orders": False,
        "/sign-in": None,  # 401 is about the name here
        "/orders/{number}": False,
        "/staff": True,
        "/wrapped": True,
    }


WRAPPED = """
import linecache
from fastapi import FastAPI

def plain():
    return {}

text = "def show(): return inner()"
linecache.cache["<made>"] = (len(text), None, [text], "<made>")
made = {"inner": plain}
exec(compile(text, "<made>", "exec"), made)
show = made["show"]
show.__module__, show.__qualname__ = "wrapped", "plain"
app = FastAPI()
app.get("/made")(show)
"""


def test_a_function_that_a_library_makes_of_a_text_lies_where_its_name_does(tmp_path: Path):
    (tmp_path / "wrapped.py").write_text(WRAPPED)
    row = dumped(tmp_path, "wrapped:app")["GET", "/made"]
    assert (row["file"], row["line"], row["library"]) == ("wrapped.py", 5, False)


def runs(process: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return listed[:1] not in ("", "Z")  # a zombie has ended


def test_what_a_route_started_ends_with_the_asking(folder: Path, table: dict[tuple[str, str], dict[str, Any]]):
    assert table["GET", "/inner/spawn"]["asked"] == {"status": 200}
    process = int((folder / "spawned").read_text())
    for _ in range(200):  # the kernel takes a moment to end what was told to
        if not runs(process):
            return
        time.sleep(0.1)
    pytest.fail(f"process {process} runs on")


def test_a_module_of_the_project_is_imported_though_a_benchmark_has_its_name(tmp_path: Path):
    (tmp_path / "routes.py").write_text("from fastapi import FastAPI\napp = FastAPI()\napp.get('/mine')(lambda: 1)\n")
    assert set(dumped(tmp_path, "routes:app")) == {("GET", "/mine")}


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_routes", BENCH / "routes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its data classes look themselves up
    spec.loader.exec_module(module)
    return module


def true(path: str, **more: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, "endpoint": "shop:show", "file": "shop.py"} | more


def said(path: str, **more: Any) -> dict[str, Any]:
    row = {"method": "GET", "path": path, "endpoint": "endpoint:shop.py::show", "path_file": "shop.py", "name": "show"}
    return row | {"protected": False, "app": "app:shop.py::app"} | more


def test_a_route_is_found_by_method_and_whole_path_and_wrong_when_the_application_has_none_such(bench: ModuleType):
    counts = bench.judge([true("/a"), true("/b")], [said("/a"), said("/c"), said("/d", app="app:other.py::app")], ())
    assert (counts.true, counts.found, counts.wrong, counts.other) == (2, 1, 1, 1)


def test_only_what_is_said_to_be_served_can_be_wrong(bench: ModuleType):
    counts = bench.judge(
        [true("/a")], [said("/a"), said("/b", reach="conditional"), said("/c", reach="unattached")], ()
    )
    assert (counts.found, counts.wrong) == (1, 0)


def test_a_loss_is_silent_unless_its_file_has_a_problem_or_the_route_is_said_without_its_prefix(bench: ModuleType):
    lost = [true("/api/a")]
    assert bench.judge(lost, [], ()).silent == 1
    assert bench.judge(lost, [], ["shop.py"]).silent == 0
    assert bench.judge(lost, [said("{?}/a", reach="unattached")], ()).silent == 0
    assert bench.judge([true("/api/a", library=True, file=None)], [], ()).silent == 0


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ({"asked": {"status": 401}, "protected": False}, True),
        ({"asked": {"status": 307, "location": "/login?next=/"}}, True),
        ({"asked": {"status": 307, "location": "/orders/"}, "dependencies": []}, None),
        ({"asked": {"status": 200}, "protected": True}, False),
        ({"asked": {"status": 500}, "protected": True, "dependencies": [["shop:current_user", False, None]]}, None),
        ({"asked": {"status": 307, "location": "/auth/login"}, "path": "/auth/logout"}, None),
        ({"asked": {"status": 500}, "dependencies": [["fastapi.security.http:HTTPBearer()", True, True]]}, True),
        ({"asked": {"status": 500}, "dependencies": [["fastapi.security.http:HTTPBearer()", True, False]]}, None),
        ({"asked": {"status": 500}, "dependencies": [["shop.security:OwnBearer()", True, True]]}, None),
        ({"asked": {"status": 500}, "refusing": ["OwnBearer"], "dependencies": []}, True),
        ({"asked": {"status": 403}, "dependencies": [["shop:person", False, None]]}, True),
        ({"asked": {"status": 403}, "dependencies": []}, None),
        ({"asked": {"status": 403, "entered": False}, "dependencies": []}, True),
        ({"asked": {"status": 200, "code": 401}}, True),
        ({"asked": {"status": 200, "code": 0}}, False),
        ({"asked": {"status": 200, "code": 422}}, None),
        ({"asked": {"status": 403, "entered": True}, "dependencies": []}, None),
        ({"asked": {"status": 404, "entered": True}, "refuses_itself": False}, False),
        ({"asked": {"status": 404, "entered": True}, "refuses_itself": True}, None),
        ({"asked": {"status": 404}}, None),
        ({"asked": {"status": 422, "filled": {"status": 401, "entered": False}}}, True),
        ({"asked": {"status": 422, "filled": {"status": 401, "entered": True}}, "dependencies": []}, None),
        ({"asked": {"status": 422, "filled": {"status": 201, "entered": True}}}, False),
        ({"protected": True}, True),
        ({"protected": False}, None),
        ({}, None),
    ],
)
def test_a_route_is_protected_by_what_a_stranger_met_and_else_by_a_scheme(
    bench: ModuleType, row: dict[str, Any], refused: bool | None
):
    assert bench.refuses_strangers(true("/a") | row) is refused


def test_mistakes_in_protection_are_counted_by_what_was_said(bench: ModuleType):
    truth = [true("/p", asked={"status": 401}), true("/q", asked={"status": 401}), true("/o", asked={"status": 200})]
    rows = [said("/p"), said("/q", protection="unknown"), said("/o", protection="required", protected=True)]
    counts = bench.judge(truth, rows, ())
    assert (counts.protected, counts.none, counts.open, counts.required, counts.unknown) == (2, 1, 1, 1, 1)


def test_what_is_required_unless_a_setting_opens_it_as_shipped_is_no_mistake(bench: ModuleType):
    said_so = said("/o", protection="required", protected=True, when={"setting": "AUTH", "open": True})
    counts = bench.judge([true("/o", asked={"status": 200})], [said_so], ())
    assert (counts.open, counts.required) == (1, 0)
