"""Ways to register that a text can be followed through: each program's table is what running it gives."""

from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.libraries.patterns import is_quick
from fastapi_expert.codebase.interpret.values import ClassValue, Unknown

from .projects import reached, read, running_table, table, write

PROGRAMS: dict[str, dict[str, str]] = {
    "routers included when the application starts": {
        "main.py": """
            from contextlib import asynccontextmanager
            from fastapi import APIRouter, FastAPI

            late, later = APIRouter(prefix="/late"), APIRouter(prefix="/later")

            @late.get("/one")
            def one(): ...

            @later.get("/two")
            def two(): ...

            async def attach(target):
                target.include_router(late)

            @asynccontextmanager
            async def lifespan(target: FastAPI):
                await attach(target)
                target.include_router(later)
                yield

            app = FastAPI(lifespan=lifespan)
        """
    },
    "routes that a table of names switches on": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            NAMES = ("list", "count", "remove")

            def add(router: APIRouter, wanted: dict[str, bool], name: str, path: str):
                if wanted[name]:
                    router.add_api_route(path, lambda: name, name=name)

            def made(prefix: str, without: dict[str, bool] | None = None) -> APIRouter:
                router = APIRouter(prefix=prefix)
                wanted = dict.fromkeys(NAMES, True)
                if without is not None:
                    wanted = {name: on and not without.get(name, False) for name, on in wanted.items()}
                add(router, wanted, "list", "")
                add(router, wanted, "count", "/count")
                add(router, wanted, "remove", "/remove")
                return router

            app = FastAPI()
            app.include_router(made("/all"))
            app.include_router(made("/some", without={"remove": True}))
        """
    },
    "a prefix that an object spells": {
        "main.py": """
            from typing import NamedTuple
            from fastapi import APIRouter, FastAPI

            class Version(NamedTuple):
                major: int = 1
                minor: int | None = None

                def __str__(self) -> str:
                    return f"{self.major}" if self.minor is None else f"{self.major}_{self.minor}"

            class Versioned(APIRouter):
                def __init__(self, version: Version | None = None, **options):
                    super().__init__(**options)
                    if version:
                        self.prefix = f"/v{version}{self.prefix}"

            first, second = Versioned(Version(), prefix="/one"), APIRouter(prefix="/" + str(Version(2, 3)))
            first.get("/a")(lambda: 1)
            second.get("/b")(lambda: 1)
            app = FastAPI()
            app.include_router(first)
            app.include_router(second)
        """
    },
    "a decorator factory with a long docstring": {
        "main.py": f'''
            from fastapi import APIRouter, FastAPI

            router = APIRouter(prefix="/games")

            def guarded(method, path, **options):
                """{"What it does is told at length here, and none of it is of any use to a reader. " * 8}"""
                def decorator(function):
                    """{"The same holds of this one. " * 20}"""
                    return method(path, **options)(function)
                return decorator

            @guarded(router.get, "/all")
            def games(): ...

            app = FastAPI()
            app.include_router(router)
        '''
    },
    "a router that adds a second path in api_route": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            class TwoPaths(APIRouter):
                def api_route(self, path, *, include_in_schema=True, **options):
                    first = super().api_route(path, include_in_schema=include_in_schema, **options)
                    second = super().api_route(f"{path}.json", include_in_schema=False, **options)
                    def both(function):
                        second(function)
                        return first(function)
                    return both

            router = TwoPaths()

            @router.get("/report")
            def report(): ...

            app = FastAPI()
            app.include_router(router)
        """
    },
    "modules found by glob, names by dir": {
        "parts/__init__.py": "",
        "parts/stock.py": """
            from fastapi import APIRouter
            shelves = APIRouter(prefix="/shelves")

            @shelves.get("")
            def all_of_them(): ...
        """,
        "main.py": """
            import glob, importlib, os
            from fastapi import APIRouter, FastAPI

            app = FastAPI()
            for file in sorted(glob.glob(os.path.join(os.path.dirname(__file__), "parts", "[!_]*.py"))):
                module = importlib.import_module("parts." + os.path.basename(file)[:-3])
                for name in dir(module):
                    if isinstance(getattr(module, name), APIRouter):
                        app.include_router(getattr(module, name))
        """,
    },
    "a dataclass that makes its own router": {
        "main.py": """
            from dataclasses import dataclass, field
            from fastapi import APIRouter, FastAPI

            @dataclass
            class Tiles:
                kind: str
                router: APIRouter = field(default_factory=APIRouter)

                def __post_init__(self):
                    self.router.add_api_route(f"/{self.kind}", self.show)

                def show(self): ...

            app = FastAPI()
            for kind in ("land", "sea"):
                app.include_router(Tiles(kind).router, prefix="/tiles")
        """
    },
    "subclasses that register themselves": {
        "main.py": """
            from fastapi import APIRouter, FastAPI

            class View:
                known = []
                prefix = ""
                def __init_subclass__(cls, **options):
                    super().__init_subclass__(**options)
                    View.known.append(cls)

            class Cats(View):
                prefix = "/cats"
                router = APIRouter()

                @router.get("/one")
                def one(): ...

            class Dogs(View):
                prefix = "/dogs"
                router = APIRouter()

                @router.get("/two")
                def two(): ...

            app = FastAPI()
            for view in View.known:
                app.include_router(view.router, prefix=view.prefix)
        """
    },
    "routes as a list that is changed": {
        "main.py": """
            from fastapi import APIRouter, FastAPI
            from fastapi.routing import APIRoute

            app = FastAPI(openapi_url=None)
            inner = APIRouter(prefix="/in")

            @inner.get("/side")
            def side(): ...

            @app.get("/gone")
            def gone(): ...

            app.router.routes.pop()
            app.router.routes.append(APIRoute("/added", side, methods=["PUT"]))
            app.router.routes.extend(inner.routes)
        """
    },
    "match, while, del, chained comparisons and formats": {
        "main.py": """
            from fastapi import FastAPI

            app = FastAPI()
            names = ["c", "b", "a"]
            names.sort()
            del names[0]
            count = 0
            while count < 3:
                count += 1
                if not 1 < count <= 2:
                    continue
                app.get(f"/{count:03d}")(lambda: None)
            match names[0]:
                case "a":
                    app.get("/a")(lambda: None)
                case "b" | "d":
                    app.get("/b-or-d")(lambda: None)
        """
    },
    "an application kept by its class": {
        "main.py": """
            from fastapi import FastAPI

            class Keeper:
                kept = None

                @classmethod
                def get(cls):
                    if cls.kept is None:
                        cls.kept = FastAPI()
                    return cls.kept

            app = Keeper.get()

            @Keeper.get().get("/kept")
            def kept(): ...
        """
    },
    "generators and contexts": {
        "main.py": """
            from contextlib import contextmanager
            from fastapi import APIRouter, FastAPI

            app = FastAPI()

            @contextmanager
            def group(prefix):
                router = APIRouter(prefix=prefix)
                yield router
                app.include_router(router)

            with group("/inside") as inside:
                @inside.get("/here")
                def here(): ...

            def pairs():
                for name in ("x", "y"):
                    yield name, f"/{name}"

            for name, path in pairs():
                app.get(path, name=name)(here)
        """
    },
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_table_is_the_running_one(tmp_path: Path, name: str) -> None:
    codebase = read(tmp_path, PROGRAMS[name])
    write(tmp_path, PROGRAMS[name])
    if name.startswith("routers included when"):  # a lifespan runs in a server
        assert table(codebase) == {("GET", "/late/one"): 1, ("GET", "/later/two"): 1}
        return
    assert table(codebase) == running_table(tmp_path, "main:app")


def test_what_follows_an_unsettled_continue_is_conditional(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import APIRouter, FastAPI

                app = FastAPI()
                for name in ("one", "two"):
                    if os.environ[name] == "off":
                        continue
                    app.include_router(APIRouter(prefix=f"/{name}"))
                    app.get(f"/{name}")(lambda: None)

                @app.get("/after")
                def after(): ...
            """
        },
    )
    assert table(codebase) == {("GET", "/after"): 1}
    assert reached(codebase, "conditional") == {("GET", "/one"): 1, ("GET", "/two"): 1}


def test_two_mounts_of_which_one_runs_are_both_conditional_and_no_path_is_invented(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import FastAPI

                base = os.environ.get("BASE")
                app, inner = FastAPI(), FastAPI()

                @inner.get("/flows")
                def flows(): ...

                if base:
                    app.mount(base, inner)
                else:
                    app.mount("/api", inner)
            """
        },
    )
    assert table(codebase) == {}
    assert reached(codebase, "conditional") == {("GET", "/api/flows"): 1}
    assert reached(codebase, "unattached") == {("GET", "{?}/flows"): 1}


def test_what_a_framework_builds_with_an_application_of_its_own_is_unattached(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import APIRouter, FastAPI

                class Contents:
                    def __init__(self, app: FastAPI):
                        router = APIRouter()

                        @router.get("/contents")
                        async def contents(): ...

                        app.include_router(router)
            """
        },
    )
    assert reached(codebase, "unattached") == {("GET", "/contents"): 1}


def test_a_failing_import_runs_its_handler_and_one_that_may_fail_is_a_condition(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI

                app = FastAPI()
                try:
                    from .nowhere import router
                    app.include_router(router)
                except ImportError:
                    app.get("/without")(lambda: None)
                try:
                    import surely_somewhere_else
                    app.get("/perhaps")(lambda: None)
                except ImportError:
                    pass
            """
        },
    )
    assert table(codebase) == {("GET", "/without"): 1}
    assert reached(codebase, "conditional") == {("GET", "/perhaps"): 1}


def test_what_only_some_branch_sets_on_an_object_is_doubtful(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import APIRouter, FastAPI

                class Provider:
                    def __init__(self, name):
                        self.router = APIRouter(prefix="/" + name)
                        self.router.get("/login")(self.login)
                        if os.environ.get(name):
                            self.enabled = True
                        else:
                            self.enabled = False

                    def login(self): ...

                app = FastAPI()
                for provider in (Provider("one"), Provider("two")):
                    if provider.enabled:
                        app.include_router(provider.router)
            """,
        },
    )
    assert reached(codebase, "conditional") == {("GET", "/one/login"): 1, ("GET", "/two/login"): 1}
    assert table(codebase) == {}


def test_an_application_whose_name_another_one_takes_serves_nothing(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI

                app = FastAPI()

                @app.get("/old")
                def old(): ...

                kept = app = FastAPI()

                @app.get("/kept")
                def of_kept(): ...

                app = FastAPI()

                @app.get("/new")
                def new(): ...
            """,
        },
    )
    assert table(codebase) == {("GET", "/kept"): 1, ("GET", "/new"): 1}
    assert reached(codebase, "unattached") == {("GET", "/old"): 1}
    assert any("given to another application" in problem.message for problem in codebase.inventory.problems)


def test_an_application_that_a_function_keeps_to_itself_serves_nothing(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import uvicorn
                from fastapi import FastAPI

                def create_app():
                    app, spare = FastAPI(), FastAPI()
                    spare.get("/spare")(lambda: 1)
                    app.get("/own")(lambda: 1)
                    return app

                def run():
                    served = FastAPI()
                    served.get("/served")(lambda: 1)
                    uvicorn.run(served)

                app = create_app()
            """,
        },
    )
    assert table(codebase) == {("GET", "/own"): 1, ("GET", "/served"): 1}
    assert reached(codebase, "unattached") == {("GET", "/spare"): 1}


def test_an_endpoint_of_a_router_that_is_not_known_is_named(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI
                from somewhere import registry

                def raising(path):
                    raise ValueError(path)

                app = FastAPI()
                routers = {name: app for name in registry.names()}

                @routers["users"].get("/users")
                def users(): ...

                raising("/items")
            """,
        },
    )
    said = {problem.line: problem.message for problem in codebase.inventory.problems}
    assert "the router of an endpoint is not known" in said[10]
    assert "raising() is seen to raise ValueError" in said[13]


def test_a_generator_that_calls_itself_without_end_is_named(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                from fastapi import FastAPI

                def walk(depth=0):
                    if os.environ.get("A"):
                        if os.environ.get("B"):
                            for one in walk(depth + 1):
                                yield one
                        else:
                            yield from walk(depth + 2)
                    yield depth

                app = FastAPI()
                for number in walk():
                    app.get(f"/x/{number}")(lambda: 1)

                @app.get("/own")
                def own(): ...
            """,
        },
    )
    assert table(codebase) == {("GET", "/own"): 1}
    assert 14 in {problem.line for problem in codebase.inventory.problems}


def test_a_route_that_is_put_into_a_list_of_routes_keeps_the_dependencies_it_was_made_with(tmp_path: Path) -> None:
    source = """
        from fastapi import APIRouter, Depends, FastAPI
        from fastapi.routing import APIRoute
        from fastapi.security import HTTPBearer

        app = FastAPI(dependencies=[Depends(HTTPBearer())])
        plain, guarded = APIRouter(), APIRouter(dependencies=[Depends(HTTPBearer())])

        @plain.get("/one")
        def one(): ...

        @guarded.get("/two")
        def two(): ...

        app.routes.extend(plain.routes)
        app.router.routes += guarded.routes
        app.routes.append(APIRoute("/three", one))
        app.include_router(plain, prefix="/again")
    """
    said = {route.path: route.protection for route in read(tmp_path, {"main.py": source}).inventory.routes}

    assert said == {"/one": "none", "/two": "required", "/three": "none", "/again/one": "required"}


def test_a_method_of_a_router_whose_name_is_not_known_is_named(tmp_path: Path) -> None:
    source = """
        from fastapi import FastAPI
        from elsewhere import verb

        app = FastAPI()
        getattr(app, verb)("/one")(lambda: 1)
    """
    [problem] = read(tmp_path, {"main.py": source}).inventory.problems

    assert problem.line == 5
    assert "what a call registers is not known" in problem.message


def test_a_file_of_variables_that_changes_is_read_again(tmp_path: Path) -> None:
    source = """
        from dotenv import load_dotenv
        from fastapi import FastAPI
        import os

        load_dotenv()
        app = FastAPI()
        app.get(os.environ["PREFIX"] + "/one")(lambda: 1)
    """
    root = write(tmp_path, {"main.py": source})
    assert {route.path for route in load(root).inventory.routes} == {"{?}/one"}
    write(tmp_path, {".env": "PREFIX=/api\n"})
    assert {route.path for route in load(root).inventory.routes} == {"/api/one"}
    write(tmp_path, {".env": "PREFIX=/v2\n"})
    assert {route.path for route in load(root).inventory.routes} == {"/v2/one"}


def test_a_long_function_is_read_where_a_prefix_hangs_on_it(tmp_path: Path) -> None:
    work = "\n".join(f"    total = max(total, {number}) if total else {number}" for number in range(20))
    source = f"""
from fastapi import APIRouter, FastAPI

def value_of(key, default):
    total = len(key)
{work}
    if total < 0:
        return key
    return default

router = APIRouter(prefix=value_of("PREFIX", "/api"))

@router.get("/one")
def one(): ...

app = FastAPI()
app.include_router(router)
"""
    assert set(table(read(tmp_path, {"main.py": source}))) == {("GET", "/api/one")}


@pytest.mark.parametrize(
    ("pattern", "quick"),
    [
        (r"(?<!^)(?=[A-Z])", True),
        (r"([a-z])([A-Z])", True),
        (r"^v\d+$", True),
        (r"(a|aa)+$", False),
        (r"(?:x+x+)+y", False),
        (r"(a*)\1b", False),
        (r"a*a*a*a*a*b", False),
    ],
)
def test_a_regular_expression_that_may_take_for_ever_is_not_run(pattern: str, quick: bool) -> None:
    assert is_quick(pattern, "a" * 100) is quick
    assert not is_quick(pattern, "a" * 101)


def test_a_class_of_exceptions_that_type_makes_stays_unknown_and_one_of_routers_does_not(tmp_path: Path) -> None:
    source = """
        from fastapi import APIRouter

        class Refusal(Exception): ...
        class WebError(Refusal): ...

        Unauthorized = type("Unauthorized", (WebError,), {})
        Routes = type("Routes", (APIRouter,), {})
    """
    interp = Interpreter(read(tmp_path, {"main.py": source}).names)

    assert isinstance(interp.module_attribute("main.py", "Unauthorized"), Unknown)
    assert isinstance(interp.module_attribute("main.py", "Routes"), ClassValue)


def test_what_a_router_includes_passes_its_own_add_api_route_before_0_137(tmp_path: Path) -> None:
    source = """
        from fastapi import APIRouter, FastAPI

        class Twice(APIRouter):
            def add_api_route(self, path, endpoint, **given):
                super().add_api_route("/twice" + path, endpoint, **given)
                super().add_api_route(path, endpoint, **given)

        leaf = APIRouter(prefix="/leaf")

        @leaf.get("/a")
        def a(): ...

        inner = APIRouter(prefix="/in")
        inner.include_router(leaf)

        @inner.websocket("/socket")
        async def socket(ws): ...

        router = Twice(prefix="/router")
        router.include_router(inner, prefix="/v1")
        app = FastAPI()
        app.include_router(router)
    """
    pin = "[project]\nname = 'made'\nversion = '1'\ndependencies = ['fastapi=={}']\n"
    new = read(tmp_path / "new", {"main.py": source, "pyproject.toml": pin.format("0.165.0")})
    old = read(tmp_path / "old", {"main.py": source, "pyproject.toml": pin.format("0.115.0")})
    both = {("GET", "/router/v1/in/leaf/a"): 1, ("WEBSOCKET", "/router/v1/in/socket"): 1}
    assert table(new) == both
    assert table(old) == {**both, ("GET", "/router/twice/v1/in/leaf/a"): 1}


def test_routes_that_one_helper_registers_do_not_hide_each_other_where_no_application_includes_them(
    tmp_path: Path,
) -> None:
    files = {
        "kit.py": """
            from fastapi import APIRouter

            class Router(APIRouter):
                def add_api_route(self, path, endpoint, **given):
                    super().add_api_route(path, endpoint, **given)
        """,
        "main.py": """
            from fastapi import FastAPI
            from served import router
            app = FastAPI()
            app.include_router(router)
        """,
    }
    for name in ("served", "jobs", "pilots"):
        files[f"{name}.py"] = """
            from kit import Router
            router = Router()

            @router.post("/search")
            def search(): ...
        """
    routes = read(tmp_path, files).inventory.routes
    assert [(route.reach, route.path_file) for route in routes] == [
        ("served", "served.py"),
        ("unattached", "jobs.py"),
        ("unattached", "pilots.py"),
    ]


def test_names_that_a_module_imports_with_a_star_are_among_its_own(tmp_path: Path) -> None:
    files = {
        "main.py": """
            from fastapi import APIRouter, FastAPI
            from routers import *
            from more import *
            app = FastAPI()
            for router in [one for one in list(globals().values()) if isinstance(one, APIRouter)]:
                app.include_router(router)
        """,
        "routers.py": """
            from fastapi import APIRouter
            __all__ = ["shown"]
            shown, hidden = APIRouter(), APIRouter()

            @shown.get("/shown")
            def a(): ...

            @hidden.get("/hidden")
            def b(): ...
        """,
        "more.py": """
            from fastapi import APIRouter
            more, _private = APIRouter(), APIRouter()

            @more.get("/more")
            def a(): ...

            @_private.get("/private")
            def b(): ...
        """,
    }
    assert table(read(tmp_path, files)) == running_table(tmp_path, "main:app")


def test_a_package_whose_program_is_started_inside_of_it_imports_by_the_names_that_it_has_there(
    tmp_path: Path,
) -> None:
    main = """
        from fastapi import FastAPI
        from api import users
        from config import PREFIX
        app = FastAPI()
        app.include_router(users.router, prefix=PREFIX)
    """
    users = """
        from fastapi import APIRouter
        router = APIRouter()

        @router.get("/me")
        def me(): ...
    """
    files = {
        "backend/__init__.py": "",
        "backend/main.py": main,
        "backend/config.py": 'PREFIX = "/users"\n',
        "backend/api/__init__.py": "",
        "backend/api/users.py": users,
        "backend/tests/test_users.py": "from backend.api import users\n",
    }
    assert table(read(tmp_path / "inside", files)) == {("GET", "/users/me"): 1}
    library = {
        "shop/__init__.py": "",
        "shop/celery.py": "from celery import Celery\napp = Celery()\n",
        "shop/tasks.py": "from celery import Celery\nfrom redis import Redis\n",
    }
    modules = read(tmp_path / "outside", library).names.modules
    assert modules.find("shop/tasks.py", "celery") is None, "one name that the package has, too, proves nothing"


def test_a_check_of_what_a_function_is_given_ends_no_registration(tmp_path: Path) -> None:
    source = """
        import os
        from fastapi import APIRouter, FastAPI
        router = APIRouter()

        @router.get("/a")
        def a(): ...

        CLIENT = None
        if os.environ.get("DATABASE_URL"):
            CLIENT = object()

        def setup(app, client):
            if client:
                app.state.client = client
            else:
                raise RuntimeError("no database")
            app.include_router(router)

        app = FastAPI()
        setup(app, CLIENT)
    """
    found = read(tmp_path, {"main.py": source})
    assert [(route.path, route.reach) for route in found.inventory.routes] == [("/a", "served")]
    assert not found.inventory.problems


def test_what_a_startup_computes_first_does_not_take_the_steps_of_what_it_registers(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "caches.py": """
                table = {}

                def warm():
                    for row in range(300):
                        for column in range(300):
                            table[row, column] = row * column
            """,
            "main.py": """
                from contextlib import asynccontextmanager
                from fastapi import APIRouter, FastAPI
                import caches

                late = APIRouter(prefix="/late")

                @late.get("/one")
                def one(): ...

                @asynccontextmanager
                async def lifespan(target: FastAPI):
                    for _ in range(3):
                        caches.warm()
                    target.include_router(late)
                    yield

                app = FastAPI(lifespan=lifespan)
            """,
        },
    )
    assert table(codebase) == {("GET", "/late/one"): 1}
    assert not codebase.inventory.problems


def test_a_folder_that_is_named_after_the_framework_does_not_hide_it(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "fastapi/main.py": """
                from api.factory import create_app

                app = create_app()
            """,
            "fastapi/api/__init__.py": "",
            "fastapi/api/factory.py": """
                from fastapi import FastAPI
                from fastapi.responses import JSONResponse

                def create_app() -> FastAPI:
                    app = FastAPI()
                    app.get("/one", response_class=JSONResponse)(lambda: 1)
                    return app
            """,
        },
    )
    assert table(codebase) == {("GET", "/one"): 1}


def test_an_application_that_others_may_mount_in_theirs_is_served_itself(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "chat/server.py": """
                from fastapi import FastAPI

                app = FastAPI()

                @app.get("/talk")
                def talk(): ...
            """,
            "chat/mounting.py": """
                from fastapi import FastAPI

                def mount_chat(app: FastAPI, path: str = "/chat"):
                    from chat.server import app as inner

                    app.mount(path, inner)
            """,
            "e2e/custom/main.py": """
                from chat.server import app

                for route in app.routes:
                    if route.path == unknown:
                        app.routes.remove(route)
            """,
        },
    )
    assert table(codebase) == {("GET", "/talk"): 1}


def test_a_setting_that_has_to_be_set_is_what_the_example_of_the_project_gives(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            ".env.example": """
                API_PREFIX=/api/v9
                EXTRA=true
                ADMIN_PREFIX=/admin
                HIDDEN_PREFIX=<a path of your own>
            """,
            "app/__init__.py": "",
            "app/config.py": """
                from pydantic import Field
                from pydantic_settings import BaseSettings

                class Settings(BaseSettings):
                    api_prefix: str
                    extra: bool = Field(..., description="more routes")
                    admin_prefix: str = "/manage"
                    hidden_prefix: str

                settings = Settings()
            """,
            "app/main.py": """
                from fastapi import APIRouter, FastAPI
                from app.config import settings

                one, hidden = APIRouter(), APIRouter()
                one.get("/one")(lambda: 1)
                hidden.get("/two")(lambda: 1)
                app = FastAPI()
                app.include_router(one, prefix=settings.api_prefix)
                app.include_router(one, prefix=settings.admin_prefix)
                app.include_router(hidden, prefix=settings.hidden_prefix)
                if settings.extra:
                    app.get("/extra")(lambda: 1)
            """,
        },
    )
    assert table(codebase) == {("GET", "/api/v9/one"): 1, ("GET", "/manage/one"): 1, ("GET", "/extra"): 1}
    assert reached(codebase, "unattached") == {("GET", "{?}/two"): 1}


def test_endpoints_in_a_branch_that_is_off_as_shipped_are_listed_with_the_condition(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                import os
                import sys
                from fastapi import FastAPI
                from pydantic_settings import BaseSettings
                class Settings(BaseSettings):
                    debug: bool = False
                settings = Settings()
                app = FastAPI()
                if settings.debug:
                    @app.get("/metrics")
                    def metrics(): return 1
                if os.getenv("QUIET", "") == "":
                    @app.get("/loud")
                    def loud(): return 1
                else:
                    @app.get("/quiet")
                    def quiet(): return 1
                if __name__ == "__main__":
                    @app.get("/script")
                    def script(): return 1
                if sys.version_info < (3, 8):
                    @app.get("/old")
                    def old(): return 1
                if False:
                    @app.get("/dead")
                    def dead(): return 1
                VERBOSE = False
                if VERBOSE:
                    @app.get("/constant")
                    def constant(): return 1
                def current(): return settings
                if current().debug:
                    @app.get("/asked")
                    def asked(): return 1
                WORDY = os.environ.get("WORDY") == "yes"
                if WORDY:
                    @app.get("/wordy")
                    def wordy(): return 1
                def add(loud: bool = False):
                    if loud:
                        @app.get("/asked-for")
                        def asked_for(): return 1
                add()
            """
        },
    )
    routes = {route.path: route for route in codebase.inventory.routes}
    assert {path: route.reach for path, route in routes.items()} == {
        "/metrics": "conditional",
        "/loud": "served",
        "/quiet": "conditional",
        "/asked": "conditional",
        "/wordy": "conditional",
    }
    assert any("`settings.debug` is False as shipped" in one.message for one in codebase.inventory.problems)


def test_a_function_that_only_calls_what_a_verb_gives_is_followed(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import APIRouter, FastAPI
                app = FastAPI()
                (inner := APIRouter(prefix="/inner"))
                def listed(function):
                    app.get("/" + function.__name__.replace("_", "-"))(function)
                def add(path, function, *verbs):
                    for verb in verbs:
                        getattr(inner, verb)(path)(function)
                @listed
                def hello_world(): return 1
                def both(): return 1
                add("/both", both, "get", "post")
                app.include_router(inner)
            """
        },
    )
    routes = {(route.method, route.path, route.reach) for route in codebase.inventory.routes}
    paths = [("GET", "/hello-world"), ("GET", "/inner/both"), ("POST", "/inner/both")]
    assert routes == {(*one, "served") for one in paths}


_ROUTES = """
    from fastapi import APIRouter
    router = APIRouter(prefix="/{name}")
    @router.get("/all")
    def everything(): return 1
"""
"""A module with a router of one route."""


def _served(root: Path, files: dict[str, str]) -> set[str]:
    routes = read(root, files).inventory.routes
    assert all(route.reach == "served" for route in routes)
    return {route.path for route in routes}


def test_modules_of_a_folder_without_init_are_found_by_its_name(tmp_path: Path) -> None:
    loader = """
        import importlib, pkgutil
        from app.api import routers
        def include_all(app):
            for _, name, _ in pkgutil.iter_modules(routers.__path__):
                module = importlib.import_module(f"{routers.__name__}.{name}")
                if hasattr(module, "router"):
                    app.include_router(module.router)
    """
    files = {
        "app/__init__.py": "",
        "app/main.py": """
            from fastapi import FastAPI
            from app.loader import include_all
            app = FastAPI()
            include_all(app)
        """,
        "app/loader.py": loader,
        "app/api/__init__.py": "",
        "app/api/routers/users.py": _ROUTES.format(name="users"),
    }
    assert _served(tmp_path, files) == {"/users/all"}


def test_a_submodule_is_no_attribute_of_its_package_before_something_imports_it(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import importlib, pkgutil
            from fastapi import FastAPI
            app = FastAPI()
            package = importlib.import_module("parts")
            for _, name, _ in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                module = importlib.import_module(name)
                if hasattr(module, "router"):
                    app.include_router(module.router)
        """,
        "parts/__init__.py": "",
        "parts/users/__init__.py": "",
        "parts/users/router.py": _ROUTES.format(name="users"),
    }
    assert _served(tmp_path, files) == {"/users/all"}


def test_what_a_program_does_when_it_is_packed_does_not_run(tmp_path: Path) -> None:
    files = {
        "main.py": """
            import importlib, parts, pkgutil, sys
            from fastapi import FastAPI
            def is_packed(): return getattr(sys, "frozen", False) or "__compiled__" in dir()
            def names():
                if is_packed():
                    return [name for name in sys.modules if name.startswith("parts.")]
                return [f"parts.{name}" for _, name, _ in pkgutil.iter_modules(parts.__path__)]
            app = FastAPI()
            for name in names():
                app.include_router(importlib.import_module(name).router)
        """,
        "parts/__init__.py": "",
        "parts/users.py": _ROUTES.format(name="users"),
    }
    assert _served(tmp_path, files) == {"/users/all"}


def test_an_init_that_a_decorator_puts_in_the_place_of_a_class_s_own_runs(tmp_path: Path) -> None:
    files = {
        "main.py": """
            from fastapi import APIRouter, FastAPI
            def given(*services):
                def decorate(cls):
                    own = cls.__init__
                    def init(self, *args, **kwargs):
                        for service in services:
                            setattr(self, service.__name__.lower(), service())
                        own(self, *args, **kwargs)
                    cls.__init__ = init
                    return cls
                return decorate
            class Users:
                def __init__(self):
                    self.route = APIRouter(prefix="/users")
                    self.route.add_api_route("/all", self.everybody)
                def everybody(self): return []
            @given(Users)
            class Server:
                def __init__(self, app):
                    app.include_router(self.users.route)
            app = FastAPI()
            Server(app)
        """
    }
    assert _served(tmp_path, files) == {"/users/all"}


def test_each_of_several_programs_with_packages_of_one_name_imports_its_own(tmp_path: Path) -> None:
    main = """
        from fastapi import FastAPI
        from app.routers import items
        app = FastAPI()
        app.include_router(items.router)
    """
    files = {
        "first/app/__init__.py": "",
        "first/app/main.py": main,
        "first/app/routers/__init__.py": "",
        "first/app/routers/items.py": _ROUTES.format(name="first"),
        "second/app/__init__.py": "",
        "second/app/main.py": main,
        "second/app/routers/items.py": _ROUTES.format(name="second"),
    }
    assert _served(tmp_path, files) == {"/first/all", "/second/all"}


def test_distributions_of_one_namespace_in_folders_that_are_named_like_their_parts_import_each_other(
    tmp_path: Path,
) -> None:
    files = {
        "src/shop/extensions/pyproject.toml": '[project]\nname = "shop.extensions"\n',
        "src/shop/extensions/tests/__init__.py": "",
        "src/shop/extensions/shop/extensions/__init__.py": "from shop.extensions.items import router\n",
        "src/shop/extensions/shop/extensions/items.py": _ROUTES.format(name="items"),
        "src/shop/application/pyproject.toml": '[project]\nname = "shop.application"\n',
        "src/shop/application/shop/application/__init__.py": "",
        "src/shop/application/shop/application/main.py": """
            from fastapi import FastAPI
            from shop.extensions import router
            app = FastAPI()
            app.include_router(router)
        """,
    }
    assert _served(tmp_path, files) == {"/items/all"}
