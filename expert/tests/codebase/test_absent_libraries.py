"""Endpoints of libraries that are not there are listed with what is known of them, and the reason is said."""

from pathlib import Path

import pytest

from fastapi_expert.codebase.reach import reach_note

from .projects import reached, read, table

CLASSY = """
    from classy import Routable, get, post
    from fastapi import FastAPI

    PATH = "/tree"

    class Menus(Routable):
        @get(PATH)
        def tree(self): ...

        @post("")
        def create(self): ...

    app = FastAPI()
    app.include_router(Menus().router, prefix="/menus")
"""


def test_endpoints_of_a_class_whose_base_is_not_there_are_listed_with_a_hole(tmp_path: Path) -> None:
    codebase = read(tmp_path, {"main.py": CLASSY})

    assert not table(codebase)
    assert set(reached(codebase, "unattached")) == {("GET", "/menus{?}/tree"), ("POST", "/menus{?}")}
    problem, included = codebase.inventory.problems
    assert (problem.path, problem.line) == ("main.py", 7)
    assert "what else the router serves is not known" in included.message
    assert "the router of 2 endpoints is not known (of Menus: /menus{?}/tree, " in problem.message
    assert "Routable is a class of classy, which is not installed beside this project" in problem.message
    assert {route.protection for route in codebase.inventory.routes} == {"unknown"}


def test_endpoints_of_a_router_object_whose_class_is_not_there_are_listed_with_a_hole(tmp_path: Path) -> None:
    source = """
        from fastapi import FastAPI
        from kit.routing import Screens

        screens = Screens(theme="dark")

        @screens.get("/home")
        def home(): ...

        app = FastAPI()
        app.include_router(screens, prefix="/ui")

        @screens.websocket("/live")
        def live(): ...
    """
    codebase = read(tmp_path, {"main.py": source})

    assert set(reached(codebase, "unattached")) == {("GET", "/ui{?}/home"), ("WEBSOCKET", "/ui{?}/live")}
    problem, included = codebase.inventory.problems
    assert "what else the router serves is not known" in included.message
    assert problem.line == 6
    assert "of 2 endpoints is not known (of screens: /ui{?}/home" in problem.message


def test_routers_that_an_application_of_a_library_includes_are_listed_with_a_hole(tmp_path: Path) -> None:
    source = """
        from fastapi import APIRouter
        from kit import make_application

        items = APIRouter(prefix="/items")

        @items.get("/{key}")
        def item(key: int): ...

        app = make_application()
        app.include_router(items, prefix="/v1")

        @app.get("/health")
        def health(): ...
    """
    codebase = read(tmp_path, {"main.py": source})

    assert set(reached(codebase, "unattached")) == {("GET", "{?}/v1/items/{key}"), ("GET", "{?}/health")}
    [problem] = codebase.inventory.problems
    assert "2 endpoints" in problem.message
    assert "make_application is of kit" in problem.message


@pytest.mark.parametrize(
    "source",
    [
        "from flask import Flask\nfrom fastapi import FastAPI\napp = Flask('x')\n@app.route('/')\ndef old(): ...\n",
        "from kit import client\n@client.get('/x')\ndef hook(): ...\n",
        "import respx\nfrom fastapi import FastAPI\n@respx.get('/x')\ndef hook(): ...\n",
    ],
)
def test_routes_that_are_no_application_s_of_fastapi_are_not_listed(tmp_path: Path, source: str) -> None:
    codebase = read(tmp_path, {"main.py": source})

    assert not codebase.inventory.routes
    assert not codebase.inventory.problems


def test_routes_that_a_decorator_object_registers_when_it_is_called_are_served(tmp_path: Path) -> None:
    source = """
        from collections.abc import Callable
        from fastapi import APIRouter, FastAPI

        limits = APIRouter(prefix="/limits")

        class Limited:
            def __init__(self, amount):
                self.amount = amount

            def __call__(self, *given):
                function = given[0]
                if not isinstance(function, Callable):
                    raise TypeError("a function is wanted")

                @limits.head("/" + function.__name__)
                def state(): ...

                return function

        app = FastAPI()

        @app.get("/canvas")
        @Limited(3)
        def canvas(): ...

        app.include_router(limits)
    """
    codebase = read(tmp_path, {"main.py": source})

    assert set(table(codebase)) == {("GET", "/canvas"), ("HEAD", "/limits/canvas")}
    assert not codebase.inventory.problems


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("Console(engine=None, app=app)", "Console is a class of kit"),
        ("Meter().instrument(app).expose(app)", "instrument() is of kit"),
        ("Console(None).mount_to(app)", "mount_to() is of kit"),
        ("attach(app)", "attach is of kit"),
    ],
)
def test_that_an_application_is_handed_to_a_library_that_is_not_there_is_said(
    tmp_path: Path, call: str, said: str
) -> None:
    source = f"""
        from fastapi import FastAPI
        from kit import Console, Meter, attach
        import uvicorn

        app = FastAPI()
        {call}
        uvicorn.run(app)
    """
    [problem] = read(tmp_path, {"main.py": source}).inventory.problems

    assert problem.line == 6
    assert problem.message.startswith("which routes and middleware the application is given here is not known")
    assert said in problem.message


def test_how_much_is_not_known_to_be_served_is_said_in_one_sentence_everywhere(tmp_path: Path) -> None:
    spare = """

    spare = APIRouter()

    @spare.get("/spare")
    def spare_one(): ...
    """
    source = CLASSY.replace("import FastAPI", "import APIRouter, FastAPI") + spare
    inventory = read(tmp_path, {"main.py": source}).inventory
    note = "1 endpoint on 1 router that no application is seen to include; 2 routes whose path is not wholly known"

    assert reach_note(inventory) == note
    assert any("its route is listed as unattached" in problem.message for problem in inventory.problems)
