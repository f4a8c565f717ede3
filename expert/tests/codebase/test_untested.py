"""Which routes tests exercise: through parametrized cases, redirects and fixtures, and not on servers of their own."""

from pathlib import Path

import pytest

from .projects import read

APP = """
    from fastapi import FastAPI

    def make_app() -> FastAPI:
        app = FastAPI()

        @app.get("/users")
        def users(): ...
        @app.post("/users")
        def add(): ...
        @app.get("/users/{id}")
        def user(id: int): ...
        @app.delete("/users/{id}")
        def delete(id: int): ...
        @app.get("/slash/")
        def slash(): ...
        return app

    app = make_app()
"""
HEAD = """
    import httpx
    import pytest
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from httpx import ASGITransport, AsyncClient
    from starlette.applications import Starlette
    from starlette.routing import Route
    from http.server import HTTPServer
    from main import app, make_app

    client = TestClient(app)
    METHODS = ["GET", "DELETE"]

"""


def exercised(root: Path, source: str, **more: str) -> list[str]:
    files = {
        "main.py": APP,
        "tests/test_it.py": HEAD + source,
        **{f"tests/{name}.py": one for name, one in more.items()},
    }
    routes = [served.route for served in read(root, files).served]
    return [f"{route.method} {route.path}" for route in routes if route.tests]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            """
    @pytest.mark.parametrize(("method", "url"), [("GET", "/users"), ("delete", "/users/3")])
    def test_all(method, url):
        client.request(method, url)
""",
            ["GET /users", "DELETE /users/{id}"],
        ),
        (
            """
    @pytest.mark.parametrize("method,url", [pytest.param("POST", "/users", id="add"), ["get", "/slash/"]])
    def test_all(method, url):
        client.request(method=method, url=url)
""",
            ["POST /users", "GET /slash/"],
        ),
        (
            """
    @pytest.mark.parametrize("method", METHODS)
    class TestAll:
        @pytest.mark.parametrize("number", [1, 2])
        def test_all(self, method, number):
            url = f"/users/{number}"
            client.request(method, url)
""",
            ["GET /users/{id}", "DELETE /users/{id}"],
        ),
        (
            """
    @pytest.mark.parametrize("path", ["/users", "/nowhere"])
    def test_all(path):
        client.get(path)

    @pytest.mark.parametrize("other", ["/users/1"])
    def test_unknown(other, path):
        client.delete(other)
        client.post(path)
""",
            ["GET /users", "DELETE /users/{id}"],
        ),
        (
            """
    def test_redirected():
        client.get("/users/")
        client.get("/slash")
""",
            ["GET /users", "GET /slash/"],
        ),
        (
            """
    async def test_not_redirected():
        async with AsyncClient(transport=ASGITransport(app=app), base_url="http://x") as client:
            await client.get("/users/")
            await client.get("/slash", follow_redirects=True)
""",
            ["GET /slash/"],
        ),
    ],
    ids=["pairs", "texts and params", "of a class", "one name", "redirected", "not redirected"],
)
def test_requests_are_credited_to_what_they_reach(tmp_path: Path, source: str, expected: list[str]) -> None:
    assert exercised(tmp_path, source) == expected


@pytest.mark.parametrize(
    "source",
    [
        """
    def test_one_of_its_own():
        mine = FastAPI()

        @mine.get("/users")
        def users(): ...

        TestClient(mine).get("/users")
""",
        """
    @pytest.fixture
    def other():
        return TestClient(Starlette(routes=[Route("/users", print)]))

    def test_through_a_fixture(other):
        other.get("/users")
""",
        """
    def test_another_server():
        server = HTTPServer(("", 0), None)
        httpx.get(f"http://127.0.0.1:{server.server_port}/users")
""",
        """
    def test_of_a_plugin(httpserver):
        httpx.get(httpserver.url_for("/users"))
        httpx.get("/users")
""",
        """
    def test_a_route_put_on_the_application():
        @app.get("/users")
        def shadow(): ...

        client.get("/users")
""",
        """
    def test_through_a_conftest(elsewhere):
        elsewhere.get("/users")
""",
    ],
)
def test_a_server_of_the_tests_own_proves_nothing(tmp_path: Path, source: str) -> None:
    conftest = """
        import pytest
        from fastapi import FastAPI
        from fastapi.testclient import TestClient

        @pytest.fixture
        def made():
            app = FastAPI()
            app.get("/users")(print)
            return app

        @pytest.fixture
        def elsewhere(made):
            return TestClient(made)
    """
    assert exercised(tmp_path, source, conftest=conftest) == []


def test_an_application_that_serves_what_a_class_of_the_project_makes_is_the_projects(tmp_path: Path) -> None:
    source = """
    from main import Factory, Slow, Wrong

    def test_it():
        outer = FastAPI()
        outer.include_router(Factory().router)
        TestClient(outer).get("/made")

    def test_another():
        outer = FastAPI()
        outer.add_middleware(Slow)
        outer.add_exception_handler(WrongError, print)
        TestClient(outer).get("/users")
"""
    more = """
    from fastapi import APIRouter
    from starlette.middleware.base import BaseHTTPMiddleware

    class Slow(BaseHTTPMiddleware): ...
    class WrongError(Exception): ...

    class Factory:
        def __init__(self):
            self.router = APIRouter()
            self.router.add_api_route("/made", self.made)
        def made(self): ...

    app.include_router(Factory().router)
"""
    files = {"main.py": APP + more, "tests/test_it.py": HEAD + source.replace("Wrong\n", "WrongError\n")}
    routes = [served.route for served in read(tmp_path, files).served]
    assert [route.path for route in routes if route.tests] == ["/made"]


def test_an_application_that_includes_the_projects_own_is_the_projects(tmp_path: Path) -> None:
    source = """
    @pytest.fixture
    def served():
        outer = FastAPI()
        outer.mount("/", make_app())
        return TestClient(outer)

    def test_it(served):
        served.get("/users")
"""
    assert exercised(tmp_path, source) == ["GET /users"]
