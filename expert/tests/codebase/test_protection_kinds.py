"""What decides whether a stranger is let in: kinds of code, each beside what the running application answers."""

from pathlib import Path

import pytest

from fastapi_expert.codebase.link.protection.judge import FAULT
from fastapi_expert.codebase.link.protection.stranger import Stranger
from fastapi_expert.codebase.syntax import ir

from .projects import read
from .strangers import Case, asked, refuses

OVERRIDDEN = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request

    class Settings:
        def __init__(self, anonymous):
            self.anonymous = anonymous

    def settings():
        raise NotImplementedError

    def database():
        raise RuntimeError("made when the application starts")

    def person(request: Request, given=Depends(settings)):
        if request.headers.get("authorization") is None and not given.anonymous:
            raise HTTPException(401)

    app = FastAPI()
    app.dependency_overrides[settings] = lambda: Settings(False)
    app.dependency_overrides[database] = lambda: {}

    @app.get("/closed", dependencies=[Depends(person)])
    def a(): ...

    @app.get("/open")
    def b(rows=Depends(database)): ...
    """,
    {"/closed": "required", "/open": "none"},
)

COPIED = Case(
    """
    from functools import update_wrapper
    from types import FunctionType

    from fastapi import Depends, FastAPI, HTTPException, Request

    def person(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    def copied(source):
        return update_wrapper(FunctionType(source.__code__, source.__globals__), source)

    def copied_at_length(source):
        '''A function with the same code, which is another one to whoever puts something in its place.'''
        target = FunctionType(
            source.__code__,
            source.__globals__,
            name=source.__name__,
            argdefs=source.__defaults__,
            closure=source.__closure__,
        )
        if source.__kwdefaults__ is not None and target.__kwdefaults__ is None and source is not target:
            target.__kwdefaults__ = {name: value for name, value in source.__kwdefaults__.items()}
        made = update_wrapper(target, source)
        made.__doc__ = "A copy of " + source.__name__ + ", made where the program is put together, not before"
        return made

    first, second, third = copied(person), copied(person), copied(person)
    fourth = copied_at_length(person)
    fifth = copied_at_length(person)

    app = FastAPI()
    app.dependency_overrides[second] = lambda: None
    app.dependency_overrides[fifth] = lambda: None

    @app.get("/original", dependencies=[Depends(person)])
    def a(): ...

    @app.get("/first", dependencies=[Depends(first)])
    def b(): ...

    @app.get("/second", dependencies=[Depends(second)])
    def c(): ...

    @app.get("/fourth", dependencies=[Depends(fourth)])
    def d(): ...

    @app.get("/fifth", dependencies=[Depends(fifth)])
    def e(): ...
    """,
    {"/original": "required", "/first": "required", "/second": "none", "/fourth": "required", "/fifth": "none"},
)

SCOPES = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request, Security
    from fastapi.security import APIKeyHeader, SecurityScopes

    key = APIKeyHeader(name="x-key", auto_error=False)

    def scopes_of(given):
        return {"read", "write"} if given == "secret" else set()

    def person(wanted: SecurityScopes, given=Depends(key)):
        if given is not None:
            scopes = scopes_of(given)
        else:
            scopes = set()
        if not set(wanted.scopes).issubset(scopes):
            raise HTTPException(401)
        return given

    app = FastAPI()

    @app.get("/scoped")
    def a(who=Security(person, scopes=["read"])): ...

    @app.get("/unscoped")
    def b(who=Security(person, scopes=[])): ...

    @app.get("/plain")
    def c(who=Depends(person)): ...
    """,
    {"/scoped": "required", "/unscoped": "optional", "/plain": "optional"},
)

SCHEMES_OF_OUR_OWN = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request, Security
    from fastapi.openapi.models import OAuthFlows
    from fastapi.security import APIKeyHeader, OAuth2

    class Session(OAuth2):
        def __init__(self, *, required):
            super().__init__(flows=OAuthFlows(), auto_error=required)

        async def __call__(self, request: Request):
            if (token := request.headers.get("authorization")) is not None:
                return token
            if self.auto_error:
                raise HTTPException(401)
            return None

    class Prefixed(APIKeyHeader):
        async def __call__(self, request: Request):
            given = request.headers.get(self.model.name)
            return self.check_api_key(given)

    strict = Session(required=True)
    lenient = Session(required=False)

    def reader(required=True):
        return Security(Session(required=required))

    app = FastAPI()

    @app.get("/strict")
    def a(who=Security(strict)): ...

    @app.get("/lenient")
    def b(who=Security(lenient)): ...

    @app.get("/made")
    def c(who=reader()): ...

    @app.get("/made/leniently")
    def d(who=reader(required=False)): ...

    @app.get("/prefixed")
    def e(who=Depends(Prefixed(name="x-key"))): ...

    @app.get("/prefixed/leniently")
    def f(who=Depends(Prefixed(name="x-key", auto_error=False))): ...
    """,
    {
        "/strict": "required",
        "/lenient": "optional",
        "/made": "required",
        "/made/leniently": "optional",
        "/prefixed": "required",
        "/prefixed/leniently": "optional",
    },
)

ANSWERED = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.exception_handlers import http_exception_handler
    from fastapi.responses import JSONResponse
    from starlette import status

    class Failure(Exception):
        STATUS = status.HTTP_400_BAD_REQUEST

    class Stranger(Failure):
        STATUS = status.HTTP_401_UNAUTHORIZED

    class Answered(HTTPException):
        def __init__(self, failure):
            super().__init__(status_code=failure.STATUS, detail="no")

    class Schemes:
        header = "authorization"
        names = [header, "x-key"]

        async def person(self, request: Request):
            for name in self.names:
                if (given := request.headers.get(name)) is not None:
                    return given
            raise Stranger()

    class Handlers:
        @classmethod
        async def failed(cls, request, error):
            return await http_exception_handler(request, Answered(error))

        @classmethod
        def install(cls, app):
            for one in [Stranger, Failure]:
                app.add_exception_handler(one, Handlers.failed)

    def wrong():
        raise Failure()

    schemes = Schemes()
    app = FastAPI()
    Handlers.install(app)

    @app.get("/person")
    def a(who=Depends(schemes.person)): ...

    @app.get("/wrong")
    def b():
        wrong()
    """,
    {"/person": "required", "/wrong": "none"},
)

REBOUND = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request

    guard = None

    class Guard:
        def check(self, request):
            if "authorization" not in request.headers:
                raise HTTPException(401)

    def install():
        global guard
        guard = Guard()

    def guarded(request: Request):
        if guard is None:
            return
        guard.check(request)

    def deferred(request: Request):
        if guard is None:
            raise RuntimeError
        return 1

    install()
    app = FastAPI()

    @app.get("/guarded", dependencies=[Depends(guarded)])
    def a(): ...

    @app.get("/deferred", dependencies=[Depends(deferred)])
    def b(): ...
    """,
    {"/guarded": "none", "/deferred": "none"},
    frozenset({"/guarded"}),
)

PATTERNS = Case(
    r"""
    import re
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

    OPEN = re.compile(r"^/public/\w+$")

    app = FastAPI()

    @app.middleware("http")
    async def guard(request: Request, call_next):
        path = request.url.path
        if OPEN.match(path) or re.fullmatch("/health", path):
            return await call_next(request)
        if "authorization" not in request.headers:
            return JSONResponse({}, status_code=401)
        return await call_next(request)

    @app.get("/public/page")
    def a(): ...

    @app.get("/public/{name}")
    def b(name): ...

    @app.get("/health")
    def c(): ...

    @app.get("/private/{name}")
    def d(name): ...
    """,
    {"/public/page": "none", "/public/{name}": "optional", "/health": "none", "/private/{name}": "required"},
)

BY_FORM = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request

    async def person(request: Request):
        form = await request.form()
        token = form.get("id_token")
        if not token:
            token = request.cookies.get("id_token")
        if not token:
            raise HTTPException(401)

    app = FastAPI()

    @app.get("/form", dependencies=[Depends(person)])
    def a(): ...
    """,
    {"/form": "required"},
)

ATTRIBUTES = Case(
    """
    from dataclasses import dataclass, field
    from typing import Any, Callable
    from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request

    def nobody(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    @dataclass
    class Pages:
        router: APIRouter = field(default_factory=APIRouter)
        person: Callable[..., Any] = field(default=nobody)
        options: Callable[..., Any] = field(default=lambda: {})

        def __post_init__(self):
            person, options = self.person, self.options

            @self.router.get("/closed")
            def closed(who=Depends(self.person)): ...

            @self.router.get("/open")
            def opened(found=Depends(self.options)): ...

    app = FastAPI()
    app.include_router(Pages().router)
    """,
    {"/closed": "required", "/open": "none"},
)

FACTORIES = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request

    def person(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)
        return {"role": request.headers["authorization"]}

    def role_required(roles: list[str]):
        '''Only who has one of these roles.

        Used as `dependencies=[Depends(role_required(["admin"]))]`, before the endpoint runs, and never on its own:
        what the endpoint itself needs to know of the caller it has to ask for as a parameter. The roles are names, not
        members of an enumeration, so that a deployment may have its own.
        '''
        def wrapper(who=Depends(person)):
            if who["role"] not in roles:
                raise HTTPException(status_code=403, detail=f"one of {roles}")
            return who

        return wrapper

    app = FastAPI()

    @app.get("/admin", dependencies=[Depends(role_required(["admin"]))])
    def a(): ...
    """,
    {"/admin": "required"},
)

USERS = Case(
    """
    from typing import cast
    from fastapi import Depends, FastAPI, HTTPException, Request, WebSocket
    from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
    from starlette.middleware.authentication import AuthenticationMiddleware

    class Person(BaseUser): ...

    class Backend(AuthenticationBackend):
        async def authenticate(self, conn):
            if token := conn.headers.get("authorization"):
                return AuthCredentials(), Person()
            return None

    async def claims(conn, *, websocket):
        if not isinstance((user := conn.user), Person):
            raise HTTPException(401)
        return user

    async def person(request: Request = cast(Request, None), websocket: WebSocket = cast(WebSocket, None)):
        assert request or websocket
        conn = request if request is not None else websocket
        found = await claims(conn, websocket=request is None)
        if found is not None and "inside" not in conn.scope and not found.is_authenticated:
            raise HTTPException(401)

    app = FastAPI()
    app.add_middleware(AuthenticationMiddleware, backend=Backend())

    @app.get("/person", dependencies=[Depends(person)])
    def a(): ...
    """,
    {"/person": "required"},
)

CHANGED_ON_THE_WAY = Case(
    """
    from contextvars import ContextVar
    from fastapi import Depends, FastAPI, HTTPException

    current = ContextVar("current", default=None)

    class Carried:
        def __init__(self, headers, path):
            self.headers = headers
            self.path = path

    def one_line_each(headers):
        return list(dict(headers).items())

    class Edge:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] != "http":
                await self.app(scope, receive, send)
                return
            if scope["method"] == "HEAD":
                scope = {**scope, "method": "GET"}
            headers = dict(scope["headers"])
            if len(headers) < len(scope["headers"]):
                scope = {**scope, "headers": one_line_each(scope["headers"])}
                headers = dict(scope["headers"])
            token = current.set(Carried(headers, scope["path"]))
            try:
                await self.app(scope, receive, send)
            finally:
                current.reset(token)

    def person():
        if current.get().headers.get(b"authorization") is None:
            raise HTTPException(401)

    app = FastAPI()
    app.add_middleware(Edge)

    @app.get("/closed", dependencies=[Depends(person)])
    async def a(): ...

    @app.get("/closed/too", dependencies=[Depends(person)])
    async def b(): ...

    @app.get("/open")
    async def c(): ...
    """,
    {"/closed": "required", "/closed/too": "required", "/open": "none"},
)

HANDLED_MANY_TIMES = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request

    class Broken(Exception): ...
    class Missing(Broken): ...

    def read(request, name):
        given = request.headers.get(name)
        if given is None:
            raise Missing(name)
        if given == "":
            raise Broken(name)
        return given

    def person(request: Request):
        try:
            try:
                first = read(request, "a")
                second = read(request, "b")
                third = read(request, "c")
            except Missing as error:
                raise HTTPException(401) from error
            except Broken:
                raise HTTPException(400)
        except HTTPException as error:
            if error.status_code == 500:
                return None
            raise
        return first

    app = FastAPI()

    @app.get("/", dependencies=[Depends(person)])
    def a(): ...
    """,
    {"/": "required"},
)

CASES = {
    "dependencies that the application overrides, and those that as written always break": OVERRIDDEN,
    "functions made of the code of another": COPIED,
    "scopes that are asked for and that a stranger has none of": SCOPES,
    "subclasses of schemes that read credentials themselves, with and without auto_error": SCHEMES_OF_OUR_OWN,
    "exceptions whose status stands on their class and is answered by a shared handler": ANSWERED,
    "what a function binds again is not what module level binds": REBOUND,
    "paths that a pattern lets through": PATTERNS,
    "credentials in a form that a dependency reads by hand": BY_FORM,
    "dependencies that are attributes of a data class": ATTRIBUTES,
    "dependencies that a function gives whose body linking did not keep": FACTORIES,
    "users of a backend that are of a class of the application": USERS,
    "a request that a middleware changes a little and carries on": CHANGED_ON_THE_WAY,
    "errors that are raised in several places and handled once": HANDLED_MANY_TIMES,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_protection_is_what_a_stranger_meets(case: Case, tmp_path: Path) -> None:
    inventory = read(tmp_path, {"main.py": case.source}).inventory
    assert not [problem for problem in inventory.problems if FAULT in problem.message]
    routes = {route.path: route for route in inventory.routes}
    assert {path: route.protection for path, route in routes.items() if path not in case.unproven} == {
        path: said for path, said in case.said.items() if path not in case.unproven
    }
    assert not any(routes[path].protection in ("none", "optional") for path in case.unproven), routes
    for path, status in asked(tmp_path, routes.values()).items():
        if path not in case.unproven:
            assert refuses(status) is (case.said[path] == "required"), (path, status)


def test_what_a_test_overrides_is_not_what_is_served(tmp_path: Path) -> None:
    files = {
        "shop.py": """
            from fastapi import Depends, FastAPI
            from fastapi.security import HTTPBearer

            scheme = HTTPBearer()

            def person(token=Depends(scheme)):
                return token

            app = FastAPI()

            @app.get("/closed", dependencies=[Depends(person)])
            def a(): ...
        """,
        "test/test_shop.py": """
            from fastapi.testclient import TestClient
            from shop import app, person

            async def anyone():
                return "someone"

            client = TestClient(app)
            app.dependency_overrides[person] = anyone
        """,
        "test/test_more.py": """
            from test_shop import client

            def test_closed():
                assert client.get("/closed").status_code == 200
        """,
    }
    [route] = read(tmp_path, files).inventory.routes
    assert route.protection == "required"
    assert set(asked(tmp_path, [route], module="shop").values()) <= {401, 403}


def test_a_fault_of_our_own_is_a_problem_and_a_doubt_and_costs_no_other_route_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
    from fastapi import Depends, FastAPI, HTTPException, Request

    def broken(request: Request):
        while request.headers:
            pass

    def person(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    app = FastAPI()

    @app.get("/broken", dependencies=[Depends(broken)])
    def a(): ...

    @app.get("/sound", dependencies=[Depends(person)])
    def b(): ...
    """

    def trip(*_: object) -> None:
        raise TypeError("tripped")

    monkeypatch.setitem(Stranger.STATEMENTS, ir.While.TAG, trip)
    inventory = read(tmp_path, {"main.py": source}).inventory
    assert {route.path: route.protection for route in inventory.routes} == {"/broken": "unknown", "/sound": "required"}
    [fault] = [problem for problem in inventory.problems if FAULT in problem.message]
    assert (fault.path, fault.message.endswith("(TypeError: tripped)")) == ("main.py", True)


def test_a_function_that_goes_on_only_because_decoding_failed_gives_what_missing_credentials_give(
    tmp_path: Path,
) -> None:
    source = """
    import jwt
    from fastapi import Depends, FastAPI, Header, HTTPException
    from sqlalchemy import select

    from db import User, get_db

    def logged(token):
        try:
            return jwt.decode(token, "key")["sub"]
        except jwt.PyJWTError as error:
            print(error)

    def branched(token):
        try:
            payload = jwt.decode(token, "key")
            if payload.get("old"):
                return payload["name"]
            else:
                return payload["sub"]
        except jwt.PyJWTError:
            pass

    def goes_on(token):
        name = "guest"
        try:
            name = jwt.decode(token, "key")["sub"]
        except jwt.PyJWTError as error:
            print(error)
        return "everybody"

    def person(name_of):
        def found(token: str | None = Header(None), db=Depends(get_db)):
            user = db.execute(select(User).where(User.name == name_of(token))).first()
            if user:
                return user
            raise HTTPException(401)
        return found

    app = FastAPI()

    @app.get("/logged", dependencies=[Depends(person(logged))])
    def a(): ...

    @app.get("/branched", dependencies=[Depends(person(branched))])
    def b(): ...

    @app.get("/goes-on", dependencies=[Depends(person(goes_on))])
    def c(): ...
    """
    routes = read(tmp_path, {"main.py": source}).inventory.routes
    assert {route.path: route.protection for route in routes} == {
        "/logged": "required",
        "/branched": "required",
        "/goes-on": "unknown",
    }


def test_an_attribute_that_is_filled_when_the_program_runs_is_an_object_of_the_class_it_is_annotated_with(
    tmp_path: Path,
) -> None:
    holder = """
    from abc import ABC, abstractmethod

    from config import Config

    class Services:
        def __init__(self, images: str, configuration: "Config"):
            self.images = images
            self.configuration = configuration

    class Invoker:
        services: Services

        def __init__(self, services: Services):
            self.services = services

    class Gate(ABC):
        @abstractmethod
        def lets_in(self, token): ...

    class Api:
        invoker: Invoker
        gate: Gate

        @staticmethod
        def start(config: Config) -> None:
            Api.invoker = Invoker(Services("folder", config))
    """
    config = """
    from pydantic import Field
    from pydantic_settings import BaseSettings

    class Config(BaseSettings):
        several: bool = Field(default=False)
        closed: bool = True
    """
    main = """
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.security import HTTPBearer

    from holder import Api

    bearer = HTTPBearer(auto_error=False)
    app = FastAPI()

    def one_of_several(sent=Depends(bearer)):
        config = Api.invoker.services.configuration
        if config.several and sent is None:
            raise HTTPException(401)

    def closed(sent=Depends(bearer)):
        if not Api.invoker.services.configuration.closed:
            return None
        if sent is None:
            raise HTTPException(401)

    def data(sent=Depends(bearer)):
        if sent is None and Api.invoker.services.images:
            raise HTTPException(401)

    @app.get("/several", dependencies=[Depends(one_of_several)])
    def a(): ...

    @app.get("/closed", dependencies=[Depends(closed)])
    def b(): ...

    @app.get("/data", dependencies=[Depends(data)])
    def c(): ...
    """
    files = {"main.py": main, "holder.py": holder, "config.py": config}
    routes = {route.path: route for route in read(tmp_path, files).inventory.routes}
    said = {
        path: (one.protection, one.when and (one.when.setting, one.when.default, one.when.open))
        for path, one in routes.items()
    }
    assert said == {
        "/several": ("required", ("Config.several", "False", True)),
        "/closed": ("required", ("Config.closed", "True", False)),
        "/data": ("optional", None),
    }


def test_a_setting_that_decides_whether_a_parameter_depends_on_a_scheme_is_named(tmp_path: Path) -> None:
    source = """
    import jwt
    from fastapi import Depends, FastAPI, HTTPException, Security
    from fastapi.security import OAuth2PasswordBearer
    from pydantic_settings import BaseSettings

    class Settings(BaseSettings):
        CLOSED: bool = False
        READING: bool = True

    settings = Settings()
    bearer = OAuth2PasswordBearer(tokenUrl="/token")

    def read(token):
        if not settings.CLOSED:
            return "anybody"
        return jwt.decode(token, "key")["sub"]

    async def person(token: str = Depends(bearer) if settings.CLOSED else ""):
        try:
            return read(token)
        except jwt.PyJWTError as error:
            raise HTTPException(401) from error

    async def tried(token: str = Depends(OAuth2PasswordBearer(tokenUrl="/token", auto_error=False))):
        try:
            return read(token)
        except jwt.PyJWTError as error:
            raise HTTPException(401) from error

    class Role:
        def __init__(self, role):
            self.role = role

        async def __call__(self, name=Security(person)):
            if not settings.CLOSED:
                return name
            if self.role not in name:
                raise HTTPException(403)

    async def reader(token: str = Depends(bearer) if settings.READING else None): ...

    app = FastAPI()

    @app.get("/person", dependencies=[Depends(person)])
    def a(): ...

    @app.get("/tried", dependencies=[Depends(tried)])
    def b(): ...

    @app.get("/role", dependencies=[Depends(Role("clerk"))])
    def c(): ...

    @app.get("/reader", dependencies=[Depends(reader)])
    def d(): ...
    """
    routes = {route.path: route for route in read(tmp_path, {"main.py": source}).inventory.routes}
    assert {route.protection for route in routes.values()} == {"required"}
    assert {path: one.when and (one.when.setting, one.when.open) for path, one in routes.items()} == {
        "/person": ("Settings.CLOSED", True),
        "/tried": ("Settings.CLOSED", True),
        "/role": ("Settings.CLOSED", True),
        "/reader": ("Settings.READING", False),
    }


def test_a_setting_that_chooses_what_is_depended_on_is_named(tmp_path: Path) -> None:
    source = """
    import os

    from fastapi import Depends, FastAPI, HTTPException, Request
    from pydantic_settings import BaseSettings

    class Settings(BaseSettings):
        mode: str = "open"
        closed: bool = False

    settings = Settings()

    def real(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    def fake(): ...

    def by_flag():
        if settings.closed:
            return real
        return fake

    def by_mode():
        if settings.mode == "open":
            return fake
        return real

    def by_env():
        if os.environ.get("MODE", "open") == "open":
            return fake
        return real

    def by_match():
        match settings.mode:
            case "open":
                return fake
            case "db":
                return real
        raise ValueError

    CHECKS = {"open": fake, "db": real}

    def by_table():
        return CHECKS[settings.mode]

    def by_kind(kind):
        if kind == "open":
            return fake
        return real

    class Maker:
        @staticmethod
        def make():
            kind = os.environ.get("MODE", "open").lower()
            return CHECKS.get(kind, real)

    app = FastAPI()

    @app.get("/1", dependencies=[Depends(by_flag())])
    def one(): ...

    @app.get("/2", dependencies=[Depends(by_mode())])
    def two(): ...

    @app.get("/3", dependencies=[Depends(by_env())])
    def three(): ...

    @app.get("/4", dependencies=[Depends(by_match())])
    def four(): ...

    @app.get("/5", dependencies=[Depends(CHECKS[settings.mode])])
    def five(): ...

    @app.get("/6", dependencies=[Depends(by_table())])
    def six(): ...

    @app.get("/7", dependencies=[Depends(by_kind(settings.mode))])
    def seven(): ...

    @app.get("/8", dependencies=[Depends(Maker.make())])
    def eight(): ...

    @app.get("/9", dependencies=[Depends(CHECKS[os.getenv("MODE", "open")])])
    def nine(): ...

    @app.get("/10")
    def ten(who=Depends(by_flag())): ...

    @app.get("/11")
    def eleven(who=Depends(real if settings.closed else fake)): ...

    @app.get("/12", dependencies=[Depends(by_kind("db"))])
    def twelve(): ...

    @app.get("/13", dependencies=[Depends(by_kind("open"))])
    def thirteen(): ...
    """
    routes = {route.path: route for route in read(tmp_path, {"main.py": source}).inventory.routes}
    said = {path: (one.protection, one.when and (one.when.setting, one.when.open)) for path, one in routes.items()}
    flag, mode, variable = ("Settings.closed", True), ("Settings.mode", True), ("MODE", True)
    settings = [flag, mode, variable, mode, mode, mode, mode, variable, variable, flag, flag]
    assert said == {f"/{number}": ("required", one) for number, one in enumerate(settings, 1)} | {
        "/12": ("required", None),
        "/13": ("none", None),
    }


def test_what_takes_too_long_to_follow_is_a_doubt_about_its_own_layer_alone(tmp_path: Path) -> None:
    steps = "\n        ".join(f"found = keep(found, {number})" for number in range(900))
    source = f"""
    from fastapi import Depends, FastAPI, HTTPException, Request

    def keep(found, number):
        for one in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]:
            found = [number, one]
        return found

    app = FastAPI()

    @app.middleware("http")
    async def busy(request: Request, call_next):
        found = []
        {steps}
        return await call_next(request)

    def person(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    @app.get("/closed", dependencies=[Depends(person)])
    def a(): ...

    @app.get("/open")
    def b(): ...
    """
    routes = {route.path: route for route in read(tmp_path, {"main.py": source}).inventory.routes}
    assert {path: route.protection for path, route in routes.items()} == {"/closed": "required", "/open": "unknown"}
    assert routes["/open"].by[-1].what == "what takes too long to follow"
