"""Routes read from text are those that the running application has: each project here is run and compared."""

from pathlib import Path

import pytest

from .projects import read, running_table, table, write

SETTINGS = """
    from pydantic import BaseModel, Field
    from pydantic_settings import BaseSettings

    class Api(BaseModel):
        v2: str = "/v2"

    class Settings(BaseSettings):
        API: str = "/api"
        VERSION: int = 1
        nested: Api = Api()
        described: str = Field(default="/described", description="x")

        @property
        def full(self) -> str:
            return f"{self.API}/full"

    settings = Settings()
"""

PROJECTS: dict[str, dict[str, str]] = {
    "prefixes from constants, f-strings and settings": {
        "config.py": SETTINGS,
        "main.py": """
            from fastapi import APIRouter, FastAPI
            from config import settings

            PREFIX = "/const"
            VERSIONED = f"{settings.API}/v{settings.VERSION}"
            app = FastAPI()
            users = APIRouter(prefix=PREFIX + "/users")

            @users.get("")
            def list_users(): ...

            @users.get("/{user_id:int}")
            def get_user(user_id: int): ...

            app.include_router(users, prefix=VERSIONED)
            app.include_router(users, prefix=settings.nested.v2)
            app.include_router(users, prefix=settings.full)
            app.include_router(users, prefix=settings.described)
            app.include_router(users, prefix="/{}/x".format("formatted"))
            app.include_router(users, prefix="/" + "-".join(["joined", "up"]))
        """,
    },
    "nested routers and one router included twice": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            inner = APIRouter(prefix="/inner")
            outer = APIRouter(prefix="/outer")
            app = FastAPI()

            @inner.post("/a", status_code=201)
            def a(): ...

            outer.include_router(inner)
            outer.include_router(inner, prefix="/again")
            app.include_router(outer, prefix="/api")
            app.include_router(inner)
        """
    },
    "routes added after the router was included count": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            router = APIRouter(prefix="/r")
            app = FastAPI()
            app.include_router(router)

            @router.get("/late")
            def late(): ...
        """
    },
    "every way to add a route": {
        "main.py": """
            from fastapi import APIRouter, FastAPI, WebSocket
            from starlette.routing import Route, WebSocketRoute, Mount
            from fastapi.routing import APIRoute

            def plain(request): ...
            async def socket(websocket: WebSocket): ...
            def handler(): ...

            app = FastAPI(routes=[Route("/given", plain), WebSocketRoute("/ws-given", socket)])
            router = APIRouter(routes=[APIRoute("/api-given", handler, methods=["PUT"])])

            @app.api_route("/many", methods=["GET", "post"])
            def many(): ...

            @app.websocket("/ws")
            async def ws(websocket: WebSocket): ...

            @app.get("/one")
            @app.head("/one")
            @app.options("/one")
            @app.trace("/one")
            def one(): ...

            app.add_api_route("/added", handler)
            app.add_api_route("/added2", endpoint=handler, methods=["DELETE", "PATCH"])
            app.add_route("/starlette", plain, methods=["GET", "POST"])
            app.add_api_websocket_route("/ws2", socket)
            app.router.get("/through-router")(handler)
            app.router.add_api_route("/through-router2", handler)
            app.include_router(router, prefix="/p")
        """
    },
    "applications mounted in applications": {
        "main.py": """
            from fastapi import FastAPI
            from starlette.applications import Starlette
            from starlette.routing import Mount, Route
            from starlette.responses import JSONResponse

            def home(request): return JSONResponse({})

            sub = FastAPI()
            deeper = FastAPI()

            @deeper.get("/deep")
            def deep(): ...

            @sub.get("/")
            def sub_home(): ...

            sub.mount("/deeper", deeper)
            app = FastAPI()
            app.mount("/sub", sub)
            app.mount("/star", Starlette(routes=[Route("/home", home), Mount("/m", routes=[Route("/x", home)])]))
            app.host("api.example.org", sub)
        """
    },
    "factories that return and receive": {
        "app/__init__.py": "",
        "app/routes.py": """
            from fastapi import APIRouter

            def make_router(prefix: str, *, name="things") -> APIRouter:
                router = APIRouter(prefix=prefix)

                @router.get("/" + name)
                def things(): ...

                return router
        """,
        "app/setup.py": """
            from fastapi import FastAPI
            from .routes import make_router

            def register(app: FastAPI) -> None:
                app.include_router(make_router("/a"))
                app.include_router(make_router("/b", name="others"), prefix="/v1")
        """,
        "app/main.py": """
            from fastapi import FastAPI
            from app.setup import register

            def create_app(debug: bool = False) -> FastAPI:
                app = FastAPI(debug=debug)
                register(app)

                @app.get("/health")
                def health(): ...

                if debug:
                    @app.get("/debug")
                    def debug_page(): ...

                return app
        """,
    },
    "loops over literals": {
        "main.py": """
            from fastapi import APIRouter, FastAPI
            import importlib

            app = FastAPI()
            NAMES = ["users", "posts"]

            def make(name):
                def endpoint(): return name
                return endpoint

            for name in NAMES:
                app.add_api_route(f"/{name}", make(name))
            for path, methods in {"/x": ["GET"], "/y": ["POST", "PUT"]}.items():
                app.add_api_route(path, make(path), methods=methods)
            for index, name in enumerate(NAMES, start=1):
                router = APIRouter()
                router.add_api_route("/item", make(name))
                app.include_router(router, prefix=f"/{index}")
            for module in ("alpha", "beta"):
                app.include_router(importlib.import_module(f"parts.{module}").router)
            for router in [importlib.import_module("parts." + m).router for m in ("alpha", "beta")]:
                app.include_router(router, prefix="/again")
        """,
        "parts/__init__.py": "",
        "parts/alpha.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/alpha")
            @router.get("/")
            def get(): ...
        """,
        "parts/beta.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/beta")
            @router.get("/")
            def get(): ...
        """,
    },
    "class-based views": {
        "main.py": """
            from fastapi import APIRouter, Depends, FastAPI

            router = APIRouter(prefix="/cbv")

            def controller(router):
                def decorate(cls):
                    return cls
                return decorate

            @controller(router)
            class Items:
                @router.get("/items")
                def list(self=None): ...

                @router.post("/items")
                def create(self=None): ...

            class Greeter:
                def __init__(self, name: str):
                    self.name = name
                    self.router = APIRouter(prefix="/greet")
                    self.router.add_api_route("/hello", self.hello, methods=["GET"])
                    self.add("/bye", self.bye)

                def add(self, path, endpoint):
                    self.router.add_api_route(path, endpoint, methods=["POST"])

                def hello(self): ...
                def bye(self): ...

            app = FastAPI()
            app.include_router(router)
            app.include_router(Greeter("x").router, prefix="/api")
        """
    },
    "subclasses of APIRouter and FastAPI": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            class Versioned(APIRouter):
                def __init__(self, *, prefix: str = "", version: int = 1, **kwargs):
                    super().__init__(prefix=f"/v{version}{prefix}", **kwargs)

            class Slashless(APIRouter):
                def add_api_route(self, path, endpoint, **kwargs):
                    super().add_api_route(path.rstrip("/"), endpoint, **kwargs)

            class App(FastAPI):
                def install(self, router):
                    self.include_router(router, prefix="/installed")

            a = Versioned(prefix="/a", version=3)
            b = Slashless(prefix="/b")

            @a.get("/x")
            def x(): ...

            @b.get("/y/")
            def y(): ...

            app = App()
            app.install(a)
            app.include_router(b)
        """
    },
    "re-exports, stars, packages and circles": {
        "src/bazaar/__init__.py": "from .web import app",
        "src/bazaar/web.py": """
            from fastapi import FastAPI
            from bazaar.routers import api, users_router as people, extra
            from bazaar import routers

            app = FastAPI()
            app.include_router(api)
            app.include_router(people, prefix="/people")
            app.include_router(extra.router)
            app.include_router(routers.posts.router, prefix="/direct")
        """,
        "src/bazaar/routers/__init__.py": """
            from . import extra, posts
            from .users import *
            from .users import router as users_router
            from fastapi import APIRouter

            api = APIRouter(prefix="/api")
            api.include_router(posts.router)
            api.include_router(users_router)
        """,
        "src/bazaar/routers/posts.py": """
            from fastapi import APIRouter
            import bazaar.routers.users
            router = APIRouter(prefix="/posts")
            @router.get("")
            def list_posts(): ...
        """,
        "src/bazaar/routers/users.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/users")
            @router.get("/{id}")
            def get(id: int): ...
        """,
        "src/bazaar/routers/extra.py": """
            from fastapi import APIRouter
            router = APIRouter()
            try:
                import orjson_that_is_not_there as json
            except ImportError:
                json = None
            @router.get("/extra")
            def extra(): ...
        """,
    },
    "conditions that the text settles": {
        "main.py": """
            import os
            import sys
            from typing import TYPE_CHECKING
            from fastapi import FastAPI

            if TYPE_CHECKING:
                from nowhere import Nothing

            DEBUG = False
            FEATURES = {"new": True}
            app = FastAPI()

            def page(): ...

            if DEBUG:
                app.get("/debug")(page)
            else:
                app.get("/release")(page)
            if not DEBUG and FEATURES["new"]:
                app.get("/new")(page)
            if os.getenv("SURELY_NOT_SET_ANYWHERE", "yes") == "yes":
                app.get("/default")(page)
            app.get("/a" if DEBUG else "/b")(page)
        """
    },
    "enumerations in prefixes": {
        "main.py": """
            from enum import Enum, StrEnum
            from fastapi import APIRouter, FastAPI

            class Name(StrEnum):
                USERS = "users"

            class Path(str, Enum):
                POSTS = "/posts"

            app = FastAPI()
            one = APIRouter(prefix=f"/{Name.USERS}", tags=[Name.USERS])
            two = APIRouter(prefix=Path.POSTS.value)

            @one.get("/x")
            def x(): ...

            @two.get("/y")
            def y(): ...

            app.include_router(one)
            app.include_router(two)
        """
    },
}

PART = """
    from fastapi import APIRouter
    router = APIRouter(prefix="/{name}")
    @router.get("/")
    def get(): ...
"""
PROJECTS["routers found by listing folders"] = {
    **{f"found/{name}.py": PART.replace("{name}", name) for name in ("alpha", "beta", "_hidden")},
    "found/__init__.py": """
        import os
        from pathlib import Path

        names = [file.stem for file in Path(__file__).parent.glob("*.py") if not file.name.startswith("_")]
        listed = []
        for filename in sorted(os.listdir(os.path.dirname(__file__))):
            if not filename.endswith(".py") or filename.startswith("_"):
                continue
            listed.append(filename[:-3])
    """,
    "main.py": """
        import importlib
        import pkgutil
        from fastapi import FastAPI
        import found

        app = FastAPI()
        for name in found.names:
            app.include_router(importlib.import_module(f"found.{name}").router, prefix="/glob")
        for name in found.listed:
            app.include_router(importlib.import_module("found." + name).router, prefix="/listed")
        for info in pkgutil.iter_modules(found.__path__):
            module = importlib.import_module(f"{found.__name__}.{info.name}")
            if hasattr(module, "router"):
                app.include_router(module.router, prefix="/walked")
        for _, name, _ in pkgutil.iter_modules(found.__path__):
            if name == "alpha":
                continue
            if name == "beta":
                break
            app.include_router(importlib.import_module(f".{name}", package="found").router, prefix="/until")
    """,
}

ENTRY = {
    "factories that return and receive": "app.main:create_app",
    "re-exports, stars, packages and circles": "bazaar:app",
}


@pytest.mark.parametrize("name", PROJECTS)
def test_routes_are_those_of_the_running_application(name: str, tmp_path: Path) -> None:
    codebase = read(tmp_path, PROJECTS[name])
    root = tmp_path / "src" if (tmp_path / "src").is_dir() else tmp_path
    running = running_table(root, ENTRY.get(name, "main:app"))
    assert running, "the project serves nothing: the test would hold of anything"
    assert table(codebase) == running
    assert codebase.inventory.problems == ()


def test_an_unknown_prefix_is_a_problem_and_never_a_guess(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import APIRouter, FastAPI

                router = APIRouter()
                app = FastAPI()

                @router.get("/a")
                def a(): ...

                @router.get("/b")
                def b(): ...

                app.include_router(router, prefix=os.environ["PREFIX"])
            """
        },
    )
    assert codebase.served == ()
    [problem] = [one for one in codebase.inventory.problems if one.line == 13]
    assert problem.path == "main.py"
    assert "prefix" in problem.message
    assert "2 routes" in problem.message


def test_a_condition_that_is_not_known_is_a_problem_with_its_line(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import FastAPI

                app = FastAPI()

                @app.get("/always")
                def always(): ...

                if os.environ["MODE"] == "admin":
                    @app.get("/admin")
                    def admin(): ...
            """
        },
    )
    assert table(codebase) == {("GET", "/always"): 1}
    assert [(one.line, "/admin" in one.message) for one in codebase.inventory.problems] == [(10, True)]


def test_whether_a_data_file_is_there_is_not_known(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from pathlib import Path
                from fastapi import FastAPI
                app = FastAPI()

                if not (Path(__file__).parent / "static").exists():
                    @app.get("/without")
                    def without(): ...
                if (Path(__file__).parent / "main.py").exists():
                    @app.get("/with")
                    def found(): ...
            """
        },
    )
    assert table(codebase) == {("GET", "/with"): 1}
    assert [problem.line for problem in codebase.inventory.problems] == [6]


def test_before_0_137_a_router_is_included_as_it_was_then(tmp_path: Path) -> None:
    files = dict(PROJECTS["routes added after the router was included count"])
    assert table(read(tmp_path / "new", files)) == {("GET", "/r/late"): 1}
    files["requirements.txt"] = "fastapi[standard]==0.115.4\n"
    assert table(read(tmp_path / "old", files)) == {}


def test_routes_of_test_files_are_not_the_applications(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
            "tests/test_x.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/b')\ndef b(): ...\n",
        },
    )
    assert table(codebase) == {("GET", "/a"): 1}


def test_a_router_of_a_test_folder_that_the_application_includes_is_served(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI
                from tests.run_all import router
                app = FastAPI()
                app.include_router(router)
            """,
            "tests/run_all.py": """
                from fastapi import APIRouter
                router = APIRouter()
                @router.get("/run-tests")
                def run(): ...
            """,
        },
    )
    [served] = codebase.served
    endpoint = codebase.component(served.route.endpoint)
    assert endpoint is not None
    assert endpoint.path == "tests/run_all.py"


def test_a_computation_at_module_level_costs_only_itself(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "aaa.py": """
                def build(n):
                    for a in range(400):
                        for b in range(400):
                            for c in range(400):
                                x = str(a)
                    return x

                RESULT = build(3)
            """,
            "main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
        },
    )
    assert table(codebase) == {("GET", "/a"): 1}


def test_order_is_the_order_in_which_the_application_tries_its_routes(tmp_path: Path) -> None:
    files = {
        "main.py": """
            from fastapi import APIRouter, FastAPI
            app = FastAPI()
            users = APIRouter(prefix="/users")

            @users.get("/{id}")
            def one(id: int): ...

            @app.get("/first")
            def first(): ...

            app.include_router(users)

            @users.get("/me")
            def me(): ...

            @app.get("/last")
            def last(): ...
        """
    }
    codebase = read(tmp_path, files)
    in_order = [served.route.path for served in codebase.served]
    assert in_order == ["/first", "/users/{id}", "/users/me", "/last"]
    assert in_order == [path for _, path in running_table(tmp_path, "main:app")]
    assert [served.order for served in codebase.served] == [0, 1, 2, 3]


def test_what_starlette_registers_knows_neither_prefix_nor_dependencies_of_its_router(tmp_path: Path) -> None:
    files = {
        "main.py": """
            from fastapi import APIRouter, Depends, FastAPI, WebSocket
            from fastapi.security import HTTPBearer

            def plain(request): ...
            async def socket(websocket: WebSocket): ...

            sub = FastAPI()
            @sub.get("/inside")
            def inside(): ...

            inner = APIRouter(prefix="/inner")
            inner.add_route("/added", plain)
            inner.add_websocket_route("/added-ws", socket)
            inner.mount("/mounted", sub)

            @inner.route("/decorated", methods=["POST"])
            def decorated(request): ...

            @inner.websocket_route("/decorated-ws")
            async def decorated_ws(websocket): ...

            @inner.get("/api")
            def api(): ...

            inner.add_api_websocket_route("/api-ws", socket)

            app = FastAPI(dependencies=[Depends(HTTPBearer())])
            app.include_router(inner, prefix="/out", tags=["t"])
        """
    }
    codebase = read(tmp_path, files)
    assert table(codebase) == running_table(tmp_path, "main:app")
    routes = {served.route.path: served.route for served in codebase.served}
    assert {path for path, route in routes.items() if route.protected} == {"/out/inner/api", "/out/inner/api-ws"}
    assert {path for path, route in routes.items() if route.tags} == {"/out/inner/api", "/out/inner/api-ws"}
    assert {"/out/added", "/out/added-ws", "/out/mounted/inside", "/out/decorated", "/out/decorated-ws"} < set(routes)


def test_static_mounts_are_kept_with_their_place_in_the_order(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI
                from fastapi.staticfiles import StaticFiles
                app = FastAPI()

                @app.get("/a")
                def a(): ...

                app.mount("/static", StaticFiles(directory="static"))

                @app.get("/static/x")
                def hidden(): ...
            """
        },
    )
    [mount] = codebase.mounts
    assert (mount.path, mount.order, mount.line) == ("/static", 1, 8)


def test_syntax_newer_than_the_interpreter_is_read(tmp_path: Path) -> None:
    source = """
        from fastapi import FastAPI
        app = FastAPI()
        type Id = int
        def first[T](items: list[T]) -> T: return items[0]

        @app.get("/x")
        def x(id: Id):
            try:
                return f"{'a' + "b"}"
            except ValueError, TypeError:
                return None
    """
    codebase = read(tmp_path, {"main.py": source})
    assert table(codebase) == {("GET", "/x"): 1}
    assert codebase.inventory.problems == ()


def test_a_file_with_a_syntax_error_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n",
            "broken.py": "def ok(): return 1\n\nx = = 2\n",
        },
    )
    assert table(codebase) == {("GET", "/a"): 1}
    assert [(one.path, one.line) for one in codebase.inventory.problems] == [("broken.py", 3)]
    assert [function.name for _, function in codebase.functions()] == ["ok", "a"]


def test_single_file_roots_are_read(tmp_path: Path) -> None:
    from fastapi_expert.codebase import load

    write(tmp_path, {"main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n"})
    assert table(load(tmp_path / "main.py", cache=False)) == {("GET", "/a"): 1}
