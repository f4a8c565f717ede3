"""Routers of installed libraries are read where they lie; without them, what is missing is said, and why."""

import sysconfig
from pathlib import Path

import pytest

from fastapi_expert.codebase import Codebase, load, refresh
from fastapi_expert.codebase.files.environment import environments
from fastapi_expert.codebase.model import Route

from .projects import Table, reached, read, running_table, table, write

SITE = ".venv/lib/python3.11/site-packages"

KIT = {
    ".venv/pyvenv.cfg": "home = /usr/bin\n",
    f"{SITE}/kit/__init__.py": "from .crud import CrudRouter as CrudRouter\nfrom .auth import Users, marked, Views\n",
    f"{SITE}/kit/crud.py": """
        from fastapi import APIRouter

        VERBS = {"list": ("GET", ""), "create": ("POST", ""), "read": ("GET", "/{key}"), "drop": ("DELETE", "/{key}")}

        class CrudRouter(APIRouter):
            def __init__(self, model, only=None, **given):
                super().__init__(prefix="/" + model.__name__.lower() + "s", **given)
                for name, (method, path) in VERBS.items():
                    if only is None or name in only:
                        self.add_api_route(path, getattr(self, f"_{name}"), methods=[method])

            def _list(self): ...
            def _create(self): ...
            def _read(self, key: int): ...
            def _drop(self, key: int): ...
    """,
    f"{SITE}/kit/auth.py": '''
        from fastapi import APIRouter, Depends, HTTPException
        from fastapi.security import HTTPBearer

        def marked(path):
            def wrap(function):
                function.kit_path = path
                return function
            return wrap

        class Views:
            """The base of classes whose marked methods are endpoints."""

            found = ()

            def __init_subclass__(cls, **given):
                cls.found = [getattr(cls, key) for key in dir(cls) if hasattr(getattr(cls, key), "kit_path")]

            def __init__(self, prefix):
                self.router = APIRouter(prefix=prefix)
                for function in self.found:
                    self.router.get(function.kit_path)(getattr(self, function.__name__))

        class Users:
            def __init__(self, secret):
                self.secret = secret

            def current(self):
                async def user(token=Depends(HTTPBearer())):
                    if token is None:
                        raise HTTPException(401)
                return user

            def login_router(self, remember=False):
                router = APIRouter(tags=["login"])

                @router.post("/login", status_code=204)
                async def login(): ...

                if remember:
                    @router.post("/remember", dependencies=[Depends(self.current())])
                    async def remembered(): ...

                return router

        def setup(app, path="/health"):
            @app.get(path)
            def health(): ...
    ''',
    f"{SITE}/kit-1.0.dist-info/METADATA": "Name: kit\nVersion: 1.0\nRequires-Dist: fastapi>=0.100\n",
    f"{SITE}/kit-1.0.dist-info/RECORD": "kit/__init__.py,,\n",
}

APP = """
    from fastapi import Depends, FastAPI
    from kit import CrudRouter, Users, Views, marked
    from kit.auth import setup

    class Item: ...

    class Pages(Views):
        @marked("/first")
        def first(self): ...

    users = Users("secret")
    app = FastAPI()
    app.include_router(CrudRouter(Item, only=("list", "read")), prefix="/v1")
    app.include_router(users.login_router(remember=True), prefix="/auth")
    app.include_router(Pages("/pages").router)
    setup(app)

    @app.get("/me")
    def me(user=Depends(users.current())): ...
"""


def _by_path(codebase: Codebase) -> dict[str, Route]:
    return {served.route.path: served.route for served in codebase.served}


def _running(root: Path, monkeypatch: pytest.MonkeyPatch, where: str = "main:app") -> Table:
    monkeypatch.syspath_prepend(str(root / SITE))
    return running_table(root, where)


def test_what_a_library_registers_is_served_as_if_it_were_the_project_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codebase = read(tmp_path, {"main.py": APP, **KIT})
    assert table(codebase) == _running(tmp_path, monkeypatch)
    assert codebase.inventory.problems == ()


def test_a_route_of_a_library_says_where_the_library_has_it_and_where_the_project_brings_it_in(tmp_path: Path) -> None:
    codebase = read(tmp_path, {"main.py": APP, **KIT})
    login = _by_path(codebase)["/auth/login"]
    assert (login.path_file, login.via) == (f"{SITE}/kit/auth.py", ("main.py", 14))
    text = (tmp_path / login.path_file).read_text().splitlines()
    assert text[login.line - 1].strip() == '@router.post("/login", status_code=204)'
    assert (login.status_code, login.tags, login.app) == (204, ("login",), "app:main.py::app")
    assert _by_path(codebase)["/pages/first"].via is None, "its endpoint is the project's own"


def test_protection_by_a_library_is_read_there(tmp_path: Path) -> None:
    routes = _by_path(read(tmp_path, {"main.py": APP, **KIT}))
    assert routes["/auth/login"].protection == "unknown"  # a library may refuse in ways that are not followed
    assert routes["/auth/remember"].protection == routes["/me"].protection == "required"


def test_dependencies_whose_signature_a_library_makes_as_it_runs_are_not_taken_for_open(tmp_path: Path) -> None:
    library = """
        from fastapi import APIRouter, HTTPException
        from makefun import with_signature

        class Users:
            def __init__(self, backends):
                self.backends = backends

            def current_user(self, optional=False):
                @with_signature(self.signature())
                async def dependency(*args, **kwargs):
                    user = self.found(*args, **kwargs)
                    if user is None and not optional:
                        raise HTTPException(401)
                    return user
                return dependency

            def found(self, **kwargs):
                for backend in self.backends:
                    if backend not in kwargs:
                        raise KeyError(backend)
                    if kwargs[backend] is not None:
                        return kwargs[backend]

            def router(self):
                return APIRouter()
    """
    main = """
        from fastapi import Depends, FastAPI
        from PACKAGE import Users

        users = Users(["jwt"])
        app = FastAPI()
        app.include_router(users.router())

        @app.get("/closed")
        def closed(user=Depends(users.current_user())): ...

        @app.get("/either")
        def either(user=Depends(users.current_user(optional=True))): ...
    """
    said: dict[str, dict[str, str]] = {}
    for package in ("fastapi_users", "kit"):
        files = {
            ".venv/pyvenv.cfg": "home = /usr/bin\n",
            f"{SITE}/{package}/__init__.py": library,
            f"{SITE}/{package}-1.0.dist-info/METADATA": f"Name: {package}\nVersion: 1.0\nRequires-Dist: fastapi\n",
            f"{SITE}/{package}-1.0.dist-info/RECORD": f"{package}/__init__.py,,\n",
            "main.py": main.replace("PACKAGE", package),
        }
        routes = _by_path(read(tmp_path / f"with {package}", files))
        said[package] = {path: route.protection for path, route in routes.items()}
    assert said["fastapi_users"] == {"/closed": "required", "/either": "optional"}, "as its documentation promises"
    assert said["kit"] == {"/closed": "unknown", "/either": "unknown"}


def test_libraries_are_no_part_of_the_codebase(tmp_path: Path) -> None:
    codebase = read(tmp_path, {"main.py": APP, **KIT})
    assert list(codebase.files) == ["main.py"]
    assert {component.path for component in codebase.components} == {"main.py"}
    assert codebase.imports_of("main.py") == set()


def test_without_an_environment_the_library_is_named(tmp_path: Path) -> None:
    codebase = read(tmp_path, {"main.py": APP})
    assert table(codebase) == {("GET", "/me"): 1}
    said = {problem.line: problem.message for problem in codebase.inventory.problems}
    assert "CrudRouter is a class of kit, which is not installed beside this project" in said[13]
    assert "login_router() is of kit, which is not installed beside this project" in said[14]
    assert "Views is a class of kit, which is not installed beside this project" in said[15]


@pytest.mark.parametrize("place", [".venv", "venv", "tools/../my-env", "../.venv", "backend/.venv"])
def test_the_environment_is_known_by_its_mark(place: str, tmp_path: Path) -> None:
    root = write(tmp_path / "repository" / "project", {"main.py": APP})
    (root / "backend").mkdir()
    (root / "tools").mkdir()
    kit = {path.replace(".venv", place, 1): text for path, text in KIT.items()}
    write(root, kit)
    assert ("GET", "/v1/items/{key}") in table(load(root, cache=False))


def test_another_project_s_environment_is_not_this_one_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write(tmp_path / "elsewhere" / "deep", KIT)
    root = write(tmp_path / "repository" / "deep" / "project", {"main.py": APP, "venv/readme.py": ""})
    monkeypatch.setenv("VIRTUAL_ENV", str(other / ".venv"))
    assert environments(root) == []
    assert ("GET", "/v1/items/{key}") not in table(load(root, cache=False))


def test_packages_installed_to_be_edited_are_read_where_they_lie(tmp_path: Path) -> None:
    kit = {path.replace(f"{SITE}/kit/", "../shared/src/kit/"): text for path, text in KIT.items()}
    root = tmp_path / "project"
    write(root, {"main.py": APP, **kit, f"{SITE}/kit.pth": f"import site\n{tmp_path}/shared/src\n"})
    assert ("GET", "/v1/items/{key}") in table(load(root, cache=False))
    (root / SITE / "kit.pth").unlink()
    assert ("GET", "/v1/items/{key}") not in table(load(root, cache=False))
    finder = f"MAPPING: dict[str, str] = {{'kit': '{tmp_path}/shared/src/kit'}}\n"
    (root / SITE / "__editable___kit_finder.py").write_text(finder)
    assert ("GET", "/v1/items/{key}") in table(load(root, cache=False))


def test_what_a_library_does_not_tell_is_said_where_the_project_asks_for_it(tmp_path: Path) -> None:
    kit = dict(KIT)
    kit[f"{SITE}/kit/crud.py"] = """
        import os
        from fastapi import APIRouter
        from ._speedups import names

        class CrudRouter(APIRouter):
            def __init__(self, model, only=None):
                super().__init__()
                self.add_api_route(names(model), lambda: None)
                if os.environ.get("KIT_DEBUG"):
                    self.add_api_route("/debug", lambda: None)
    """
    codebase = read(tmp_path, {"main.py": APP, **kit})
    said = [
        problem.message for problem in codebase.inventory.problems if (problem.path, problem.line) == ("main.py", 13)
    ]
    assert any(f"{SITE}/kit/crud.py:8" in message for message in said), said
    assert reached(codebase, "conditional") == {("GET", "/v1/debug"): 1}
    assert any(f"{SITE}/kit/crud.py:9" in message and "KIT_DEBUG" in message for message in said), said


def test_an_application_that_a_library_wraps_is_what_it_becomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "main.py": """
            from fastapi import FastAPI
            from kit.versions import VersionedFastAPI, version

            app = FastAPI()

            @app.get("/greet")
            @version(2)
            def greet(): ...

            app = VersionedFastAPI(app)
        """,
        f"{SITE}/kit/versions.py": """
            from collections import defaultdict
            from fastapi import FastAPI

            def version(number):
                def wrap(function):
                    function.kit_version = number
                    return function
                return wrap

            def VersionedFastAPI(app):
                outer = FastAPI()
                by_version = defaultdict(list)
                for route in app.routes:
                    by_version[(getattr(route.endpoint, "kit_version", 1), "x")].append(route)
                for (number, _), routes in by_version.items():
                    if number > 1:
                        inner = FastAPI()
                        for route in routes:
                            inner.router.routes.append(route)
                        outer.mount(f"/v{number}", inner)
                return outer
        """,
    }
    codebase = read(tmp_path, {**KIT, **files})
    assert table(codebase) == _running(tmp_path, monkeypatch) == {("GET", "/v2/greet"): 1}


def test_an_update_of_a_library_is_seen(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": APP, **KIT})
    before = load(tmp_path)
    assert ("POST", "/auth/login") in table(before)
    assert ("POST", "/auth/login") in table(load(tmp_path)), "the same from the cache"
    file = tmp_path / SITE / "kit" / "auth.py"
    file.write_text(file.read_text().replace('"/login"', '"/sign-in"'))
    (tmp_path / SITE / "kit-1.0.dist-info").rename(tmp_path / SITE / "kit-1.1.dist-info")
    for codebase in (load(tmp_path), refresh(before)):
        assert ("POST", "/auth/sign-in") in table(codebase)
        assert codebase.digest != before.digest


def test_a_real_library_is_read(tmp_path: Path) -> None:
    """Of those that this repository installs: starlette-admin, which mounts an application of its own."""
    site = tmp_path / SITE
    site.parent.mkdir(parents=True)
    site.symlink_to(sysconfig.get_path("purelib"), target_is_directory=True)
    files = {
        ".venv/pyvenv.cfg": "home = /usr/bin\n",
        "main.py": """
            from fastapi import FastAPI
            from starlette_admin.base import BaseAdmin

            app = FastAPI()
            admin = BaseAdmin(title="Mine", base_url="/back", secret_key="x" * 40)
            admin.mount_to(app)
        """,
    }
    codebase = read(tmp_path, files)
    assert table(codebase) == running_table(tmp_path, "main:app")
    assert len(table(codebase)) > 5


# -- entry points ------------------------------------------------------------------------------------------------------

PLUGINS = {
    "main.py": """
        from importlib.metadata import entry_points
        from fastapi import FastAPI

        app = FastAPI()
        for point in entry_points(group="shop.routers"):
            app.include_router(point.load(), prefix=f"/{point.name}")
    """,
    "parts/__init__.py": "",
    "parts/one.py": "from fastapi import APIRouter\nrouter = APIRouter()\n\n@router.get('/x')\ndef x(): ...\n",
}
POINT = 'one = "parts.one:router"'


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", f'[project.entry-points."shop.routers"]\n{POINT}\n'),
        ("pyproject.toml", f'[tool.poetry.plugins."shop.routers"]\n{POINT}\n'),
        ("setup.cfg", "[options.entry_points]\nshop.routers =\n    one = parts.one:router\n"),
        (
            "setup.py",
            "from setuptools import setup\nsetup(entry_points={'shop.routers': ['one = parts.one:router']})\n",
        ),
    ],
)
@pytest.mark.parametrize("asked", ['entry_points(group="shop.routers")', 'entry_points().select(group="shop.routers")'])
def test_entry_points_of_the_project_are_found(file: str, text: str, asked: str, tmp_path: Path) -> None:
    main = PLUGINS["main.py"].replace('entry_points(group="shop.routers")', asked)
    codebase = read(tmp_path, {**PLUGINS, "main.py": main, file: text})
    assert table(codebase) == {("GET", "/one/x"): 1}


def test_entry_points_of_what_is_installed_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = "[console_scripts]\nkit = kit:main\n[shop.routers]\nkit = kit.plugin:router\n"
    files = {
        **PLUGINS,
        **KIT,
        f"{SITE}/kit/plugin.py": PLUGINS["parts/one.py"],
        f"{SITE}/kit-1.0.dist-info/entry_points.txt": points,
    }
    codebase = read(tmp_path, files)
    assert table(codebase) == _running(tmp_path, monkeypatch) == {("GET", "/kit/x"): 1}


def test_entry_points_of_other_projects_in_the_repository_are_conditional(tmp_path: Path) -> None:
    files = {
        "core/main.py": PLUGINS["main.py"],
        "plugins/extra/pyproject.toml": '[project.entry-points."shop.routers"]\nextra = "extra.one:router"\n',
        "plugins/extra/extra/__init__.py": "",
        "plugins/extra/extra/one.py": PLUGINS["parts/one.py"],
    }
    codebase = read(tmp_path, files)
    assert reached(codebase, "conditional") == {("GET", "/extra/x"): 1}
    assert table(codebase) == {}
    [problem] = codebase.inventory.problems
    assert "plugins/extra/pyproject.toml" in problem.message


def test_entry_points_that_nobody_can_know_are_said(tmp_path: Path) -> None:
    codebase = read(tmp_path, PLUGINS)
    assert any("entry points of 'shop.routers'" in problem.message for problem in codebase.inventory.problems)
