"""Routes read from text are those that the running application has: each project here is run and compared."""

from pathlib import Path

import pytest

from .assemblies import ASSEMBLIES
from .projects import reached, read, running_table, table, write
from .registrations import REGISTRATIONS

PROJECTS = REGISTRATIONS | ASSEMBLIES
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
    assert reached(codebase, "unattached") == {("GET", "{?}/a"): 1, ("GET", "{?}/b"): 1}
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
    assert reached(codebase, "conditional") == {("GET", "/admin"): 1}
    assert [(one.line, "/admin" in one.message) for one in codebase.inventory.problems] == [(9, True)]


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
    assert reached(codebase, "conditional") == {("GET", "/without"): 1}
    assert [problem.line for problem in codebase.inventory.problems] == [5]


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
    assert {path for path, route in routes.items() if route.tags} == {"/out/inner/api"}  # websockets have none
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
    assert [function.name for facts in codebase.files.values() for function in facts.functions] == ["ok", "a"]


def test_single_file_roots_are_read(tmp_path: Path) -> None:
    from fastapi_expert.codebase import load

    write(tmp_path, {"main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n"})
    assert table(load(tmp_path / "main.py", cache=False)) == {("GET", "/a"): 1}


def test_a_program_started_inside_of_its_own_package_finds_what_lies_beside_it(tmp_path: Path) -> None:
    router = "from fastapi import APIRouter\nrouter = APIRouter()\n\n@router.get('/{0}')\ndef one(): ...\n"
    files = {
        "api/__init__.py": "",
        "api/main.py": """
            from fastapi import FastAPI
            from routers import ops
            app = FastAPI()
            app.include_router(ops.router)
        """,
        "api/routers/__init__.py": "",
        "api/routers/ops.py": router.replace("{0}", "own"),
        "api/tests/routers/__init__.py": "",
        "api/tests/routers/ops.py": router.replace("{0}", "other"),
    }
    assert set(table(read(tmp_path, files))) == {("GET", "/own")}
