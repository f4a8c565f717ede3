"""An application in versions, as fastapi-versioning makes it: each serves its routes and the earlier ones it keeps.

The tables are what fastapi-versioning 0.10 with FastAPI 0.108 served, FastAPI's own documentation and repetitions left
out: later releases of FastAPI do not start with it.
"""

from pathlib import Path

import pytest

from fastapi_expert.codebase import Codebase

from .projects import Table, reached, read, table

SHELF = """
    from fastapi import APIRouter, Depends, HTTPException
    from fastapi.security import HTTPBearer
    from fastapi_versioning import version

    def keeper(token=Depends(HTTPBearer())):
        if token is None:
            raise HTTPException(401)

    shelf = APIRouter(prefix="/books", dependencies=[Depends(keeper)], tags=["shelf"])

    @shelf.get("")
    @version(1)
    def titles(): ...

    @shelf.get("")
    @version(2)
    def titles_and_authors(): ...

    @version(1, 1)
    @shelf.post("")
    def shelve(): ...

    @shelf.api_route("/lent", methods=["GET", "POST"])
    def lent(): ...

    @shelf.get("/lent")
    @version(major=2)
    def lent_since(): ...
"""

MAIN = """
    from fastapi import FastAPI
    from fastapi_versioning import VersionedFastAPI
    from shelf import shelf

    app = FastAPI()
    app.include_router(shelf, prefix="/city")

    @app.get("/health")
    def health(): ...

    app = VersionedFastAPI(app)
"""

FIRST = {("GET", "/city/books"), ("GET", "/city/books/lent"), ("POST", "/city/books/lent"), ("GET", "/health")}
LATER = FIRST | {("POST", "/city/books")}


def _below(prefix: str, rows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(method, prefix + path) for method, path in rows}


def _version(prefix: str, rows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """A version with the two pages that the library registers beside each."""
    return _below(prefix, rows | {("GET", "/docs"), ("GET", "/openapi.json")})


def _made(tmp_path: Path, call: str, **files: str) -> Codebase:
    """The application of :data:`MAIN` with another last line."""
    source = MAIN.replace("app = VersionedFastAPI(app)", call)
    return read(tmp_path, {"main.py": source, "shelf.py": SHELF, **files})


def _endpoints(codebase: Codebase, method: str, path: str) -> list[str]:
    routes = [served.route for served in codebase.served]
    return [route.name for route in routes if (route.method, route.path) == (method, path)]


def test_each_version_serves_its_routes_and_the_earlier_ones_that_it_does_not_replace(tmp_path: Path) -> None:
    codebase = _made(tmp_path, "app = VersionedFastAPI(app)")

    assert set(table(codebase)) == _version("/v1_0", FIRST) | _version("/v1_1", LATER) | _version("/v2_0", LATER)
    assert _endpoints(codebase, "GET", "/v1_1/city/books") == ["titles"]
    assert _endpoints(codebase, "GET", "/v2_0/city/books") == ["titles_and_authors"]
    assert set(_endpoints(codebase, "GET", "/v2_0/city/books/lent")) == {"lent_since", "lent"}, "kept for its POST"
    assert not codebase.inventory.problems


@pytest.mark.parametrize(
    ("call", "served"),
    [
        (
            "app = VersionedFastAPI(app, version_format='{major}', prefix_format='/v{major}', enable_latest=True)",
            _version("/v1", LATER) | _version("/v2", LATER) | _below("/latest", LATER),
        ),
        (
            "app = VersionedFastAPI(app, '{major}', '/api/{major}-{minor}')",
            _version("/api/1-0", FIRST) | _version("/api/1-1", LATER) | _version("/api/2-0", LATER),
        ),
        (
            "app = VersionedFastAPI(app, default_version=(3, 0))",
            _version("/v1_0", {("GET", "/city/books")})
            | _version("/v1_1", {("GET", "/city/books"), ("POST", "/city/books")})
            | _version("/v2_0", {("GET", "/city/books"), ("POST", "/city/books"), ("GET", "/city/books/lent")})
            | _version("/v3_0", LATER),
        ),
    ],
)
def test_where_versions_are_mounted_is_what_the_call_says(
    tmp_path: Path, call: str, served: set[tuple[str, str]]
) -> None:
    assert set(table(_made(tmp_path, call))) == served


def test_what_a_router_s_own_way_of_adding_makes_of_the_routes_it_includes_is_in_a_version(tmp_path: Path) -> None:
    source = """
        from fastapi import APIRouter, FastAPI
        from fastapi_versioning import VersionedFastAPI, version

        class Loud(APIRouter):
            def add_api_route(self, path, endpoint, **given):
                super().add_api_route(path.upper(), endpoint, **given)

        tides = APIRouter(prefix="/tides")

        @tides.get("/high")
        @version(2)
        def high(): ...

        loud = Loud(prefix="/loud")
        loud.include_router(tides, prefix="/all")
        app = FastAPI()
        app.include_router(loud)
        app = VersionedFastAPI(app)
    """
    files = {"main.py": source, "requirements.txt": "fastapi==0.108.0\n"}

    served = _version("/v1_0", set()) | _version("/v2_0", {("GET", "/loud/ALL/TIDES/HIGH")})
    assert set(table(read(tmp_path, files))) == served


def test_a_class_of_routes_sets_the_version_of_all_of_them(tmp_path: Path) -> None:
    source = """
        from fastapi import APIRouter, FastAPI
        from fastapi_versioning import VersionedFastAPI, version, versioned_api_route

        old, new = APIRouter(), APIRouter(route_class=versioned_api_route(2, 1))

        @old.get("/tide")
        def tide(): ...

        @new.get("/tide")
        @version(5)
        def tide_by_hour(): ...

        app = FastAPI()
        app.include_router(old)
        app.include_router(new)
        app = VersionedFastAPI(app)
    """
    codebase = read(tmp_path, {"main.py": source})

    tide = {("GET", "/tide")}
    assert table(codebase) == Table(_version("/v1_0", tide) | _version("/v2_1", tide))
    assert _endpoints(codebase, "GET", "/v2_1/tide") == ["tide_by_hour"]


def test_an_application_without_documentation_has_no_version_without_routes(tmp_path: Path) -> None:
    source = """
        from fastapi import FastAPI
        from fastapi_versioning import VersionedFastAPI, version
        from starlette.routing import Mount

        app = FastAPI(openapi_url=None)

        @app.get("/tide")
        @version(2)
        def tide(): ...

        served = VersionedFastAPI(app)

        for one in served.routes:
            if isinstance(one, Mount):
                @one.app.get(one.path)
                def own(): ...
    """
    with_documentation = source.replace("openapi_url=None", "")

    without = table(read(tmp_path / "without", {"main.py": source}))
    assert set(without) == _version("/v2_0", {("GET", "/tide"), ("GET", "/v2_0")})
    assert ("GET", "/v1_0/v1_0") in table(read(tmp_path / "with", {"main.py": with_documentation}))


def test_the_application_that_is_taken_apart_is_served_by_nobody_under_any_name(tmp_path: Path) -> None:
    factory = """
        from fastapi import FastAPI
        from fastapi_versioning import VersionedFastAPI

        def create():
            inner = FastAPI()

            @inner.get("/tide")
            def tide(): ...

            return VersionedFastAPI(inner)

        app = create()
    """
    by_name = _made(tmp_path / "named", "served = VersionedFastAPI(app)")

    assert ("GET", "/health") not in table(by_name)
    assert ("GET", "/v2_0/health") in table(by_name)
    assert set(table(read(tmp_path / "made", {"main.py": factory}))) == _version("/v1_0", {("GET", "/tide")})


def test_the_outer_application_uses_what_its_versions_serve(tmp_path: Path) -> None:
    codebase = _made(tmp_path, "served = VersionedFastAPI(app)")
    outer = codebase.component(codebase.served[0].app)

    assert outer is not None
    assert {"endpoint:shelf.py::titles", "endpoint:main.py::health"} <= set(outer.uses)


def test_what_is_added_afterwards_is_the_outer_application_s(tmp_path: Path) -> None:
    more = """app = VersionedFastAPI(app, prefix_format="/v{major}")

    @app.get("/about")
    def about(): ..."""
    served = table(_made(tmp_path, more))

    assert ("GET", "/about") in served
    assert ("GET", "/v1/about") not in served


def test_dependencies_go_with_the_routes_and_middleware_stays_behind(tmp_path: Path) -> None:
    middleware = """
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware

        class Gate(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                if request.headers.get("x-key") != "open":
                    return JSONResponse({}, status_code=401)
                return await call_next(request)
    """
    inside = """from gate import Gate
    app.add_middleware(Gate)
    app = VersionedFastAPI(app)"""
    around = """from gate import Gate
    from starlette.middleware import Middleware
    app = VersionedFastAPI(app, description="all of it", middleware=[Middleware(Gate)])"""
    said: list[dict[str, str]] = []
    for name, call in (("inside", inside), ("around", around)):
        codebase = _made(tmp_path / name, call, **{"gate.py": middleware})
        said.append({one.route.path: one.route.protection for one in codebase.served})

    assert [one["/v1_0/city/books"] for one in said] == ["required", "required"]
    assert [one["/v1_0/health"] for one in said] == ["none", "required"]


def test_a_version_or_a_prefix_that_is_not_known_leaves_a_hole_in_the_path(tmp_path: Path) -> None:
    unknown = "import os\n    app = VersionedFastAPI(app, prefix_format=os.environ['PREFIX'])"
    by_prefix = _made(tmp_path / "prefix", unknown)
    source = SHELF.replace("@version(2)", "@version(int(os.environ['NEW']))").replace(
        "    from", "    import os\n    from", 1
    )
    by_version = read(tmp_path / "version", {"main.py": MAIN, "shelf.py": source})

    assert not table(by_prefix)
    assert ("GET", "{?}/health") in reached(by_prefix, "unattached")
    assert _endpoints(by_version, "GET", "{?}/city/books") == ["titles_and_authors"]
    assert _endpoints(by_version, "GET", "/v1_0/city/books") == ["titles"]
    assert by_version.inventory.problems


def test_the_latest_version_is_served_under_a_condition_where_it_is_not_known_whether_it_is_wanted(
    tmp_path: Path,
) -> None:
    codebase = _made(tmp_path, "import os\n    app = VersionedFastAPI(app, enable_latest=os.environ['LATEST'])")

    assert set(reached(codebase, "conditional")) == _below("/latest", LATER)


def test_a_route_that_is_there_under_a_condition_replaces_no_earlier_one_for_sure(tmp_path: Path) -> None:
    source = """
        import os
        from fastapi import FastAPI
        from fastapi_versioning import VersionedFastAPI, version

        app = FastAPI()

        @app.get("/tide")
        def tide(): ...

        if os.environ["NEW"]:
            @app.get("/tide")
            @version(2)
            def tide_by_hour(): ...

        app = VersionedFastAPI(app)
    """
    codebase = read(tmp_path, {"main.py": source})

    assert set(_endpoints(codebase, "GET", "/v2_0/tide")) == {"tide", "tide_by_hour"}
    assert set(reached(codebase, "conditional")) == {("GET", "/v2_0/tide")}


def test_an_application_that_is_not_known_is_said_and_what_is_added_to_its_versions_is_served(tmp_path: Path) -> None:
    source = """
        from fastapi_versioning import VersionedFastAPI
        from elsewhere import make

        app = VersionedFastAPI(make())

        @app.get("/about")
        def about(): ...
    """
    codebase = read(tmp_path, {"main.py": source})

    assert set(table(codebase)) == {("GET", "/about")}
    [problem] = codebase.inventory.problems
    assert problem.line == 4
    assert "which application is served in versions is not known: make is of elsewhere" in problem.message


def test_routes_that_the_library_does_not_take_are_listed_as_unattached(tmp_path: Path) -> None:
    more = """@app.websocket("/live")
    def live(): ...

    app = VersionedFastAPI(app)"""
    codebase = _made(tmp_path, more)

    assert set(reached(codebase, "unattached")) == {("WEBSOCKET", "/live")}


def test_the_library_s_own_text_is_not_followed_where_it_is_installed(tmp_path: Path) -> None:
    site = ".venv/lib/python3.11/site-packages"
    installed = {
        ".venv/pyvenv.cfg": "home = /usr/bin\n",
        f"{site}/fastapi_versioning/__init__.py": "def VersionedFastAPI(app, **given): return app\n",
        f"{site}/fastapi_versioning-1.0.dist-info/METADATA": (
            "Name: fastapi_versioning\nVersion: 1.0\nRequires-Dist: fastapi\n"
        ),
        f"{site}/fastapi_versioning-1.0.dist-info/RECORD": "fastapi_versioning/__init__.py,,\n",
    }
    call = "app = VersionedFastAPI(app)"
    alone, beside = _made(tmp_path / "alone", call), _made(tmp_path / "beside", call, **installed)

    assert table(alone) == table(beside)
    assert ("GET", "/v2_0/health") in table(beside)
