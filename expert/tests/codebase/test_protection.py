"""What is said of the protection of routes, beside what the running application answers without credentials."""

from pathlib import Path

import pytest

from .projects import read, write
from .strangers import Case, asked, refuses

SCHEMES = Case(
    """
    from typing import Annotated
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer

    strict = HTTPBearer()
    lenient = HTTPBearer(auto_error=False)
    key = APIKeyHeader(name="x-key", auto_error=False)
    oauth = OAuth2PasswordBearer(tokenUrl="t", auto_error=False)

    def own_refusal(given=Depends(key)):
        if given is None:
            raise HTTPException(403)

    def lets_by(given: Annotated[str | None, Depends(oauth)] = None):
        if given is None:
            return None
        if given != "secret":
            raise HTTPException(401)
        return given

    app = FastAPI()

    @app.get("/strict")
    def a(token=Depends(strict)): ...

    @app.get("/lenient")
    def b(token=Depends(lenient)): ...

    @app.get("/own", dependencies=[Depends(own_refusal)])
    def c(): ...

    @app.get("/anonymous")
    def d(user=Depends(lets_by)): ...

    @app.get("/nothing")
    def e(): ...
    """,
    {"/strict": "required", "/lenient": "optional", "/own": "required", "/anonymous": "optional", "/nothing": "none"},
)

ALIASES = Case(
    """
    from typing import Annotated
    from fastapi import Depends, FastAPI, HTTPException, Request, Security

    def needs(role=None):
        def caller(request: Request):
            if "authorization" not in request.headers:
                raise HTTPException(401)
        return Security(caller)

    def login(request: Request):
        if request.headers.get("authorization") is None:
            raise HTTPException(status_code=401)

    login_dependency = Depends(login)
    Alias = Annotated[str, needs("admin")]
    Second = Alias | None

    app = FastAPI()

    @app.get("/default")
    def a(user=needs()): ...

    @app.get("/annotated")
    def b(user: Annotated[str, needs()]): ...

    @app.get("/alias")
    def c(user: Alias): ...

    @app.get("/named")
    def d(user: Annotated[str, login_dependency]): ...

    @app.get("/listed", dependencies=[needs("x")])
    def e(): ...
    """,
    {
        "/default": "required",
        "/annotated": "required",
        "/alias": "required",
        "/named": "required",
        "/listed": "required",
    },
)

METHODS = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request

    class Base:
        def __init__(self, role=None):
            self.role = role

        def __call__(self, request: Request):
            return self._identify(request)

        def _identify(self, request):
            if not request.cookies.get("sid"):
                raise self._error()

        def _error(self):
            return HTTPException(401)

    class Role(Base): ...

    class Gate:
        @classmethod
        def create(cls):
            return cls()

        def current_user(self, request: Request):
            if request.headers.get("x-token") is None:
                raise HTTPException(403)

    gate = Gate.create()
    app = FastAPI()

    @app.get("/called", dependencies=[Depends(Role("admin"))])
    def a(): ...

    @app.get("/bound")
    def b(user=Depends(gate.current_user)): ...
    """,
    {"/called": "required", "/bound": "required"},
)

STATUSES = Case(
    """
    from http import HTTPStatus
    from fastapi import Depends, FastAPI, HTTPException, Request, status
    from fastapi.responses import JSONResponse

    class NotSignedIn(Exception): ...

    class Refused(HTTPException):
        def __init__(self, detail="no"):
            super().__init__(status_code=status.HTTP_403_FORBIDDEN, detail=detail)

    def by_enum(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(HTTPStatus.UNAUTHORIZED)

    def by_own_exception(request: Request):
        if "authorization" not in request.headers:
            raise NotSignedIn

    def by_subclass(request: Request):
        if "authorization" not in request.headers:
            raise Refused()

    def deep(request: Request):
        return _first(request)

    def _first(request):
        return _second(request.headers)

    def _second(headers):
        if headers.get("authorization", "") == "":
            raise HTTPException(401)

    def proves_nothing(user_agent: str = "", session: str = ""):
        n = 401
        return n

    def not_found(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(404)

    app = FastAPI()

    @app.exception_handler(NotSignedIn)
    def answer(request, error):
        return JSONResponse({}, status_code=401)

    @app.get("/enum", dependencies=[Depends(by_enum)])
    def a(): ...

    @app.get("/own", dependencies=[Depends(by_own_exception)])
    def b(): ...

    @app.get("/subclass", dependencies=[Depends(by_subclass)])
    def c(): ...

    @app.get("/deep", dependencies=[Depends(deep)])
    def d(): ...

    @app.get("/number", dependencies=[Depends(proves_nothing)])
    def e(): ...
    """,
    {"/enum": "required", "/own": "required", "/subclass": "required", "/deep": "required", "/number": "none"},
)

BODIES = Case(
    """
    from functools import wraps
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.responses import JSONResponse, RedirectResponse

    class Caller:
        def __init__(self, name):
            self.name = name

        def must_be_known(self):
            if self.name is None:
                raise HTTPException(401)

    def caller(request: Request):
        return Caller(request.headers.get("x-user"))

    def signed_in(function):
        @wraps(function)
        async def inner(request: Request, *args, **kwargs):
            if "authorization" not in request.headers:
                raise HTTPException(401)
            return await function(request, *args, **kwargs)
        return inner

    app = FastAPI()

    @app.get("/body")
    def a(who=Depends(caller)):
        who.must_be_known()
        return []

    @app.get("/returned")
    def b(request: Request):
        if not request.cookies.get("sid"):
            return JSONResponse({}, status_code=401)
        return {}

    @app.get("/decorated")
    @signed_in
    async def c(request: Request):
        return {}

    @app.get("/page")
    def d(request: Request):
        if request.cookies.get("sid") is None:
            return RedirectResponse("/login")
        return {}

    @app.post("/sign-in")
    def e(name: str = "", password: str = ""):
        if name != "ada":
            return {}
        return {"token": name}
    """,
    {"/body": "required", "/returned": "required", "/decorated": "required", "/page": "required", "/sign-in": "none"},
)

MIDDLEWARE = Case(
    """
    from contextvars import ContextVar
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.responses import JSONResponse
    from starlette.middleware.base import BaseHTTPMiddleware

    PUBLIC = ["/health", "/docs"]
    user = ContextVar("user", default=None)

    class Guard(BaseHTTPMiddleware):
        def __init__(self, app, exempt=()):
            super().__init__(app)
            self.exempt = exempt

        async def dispatch(self, request: Request, call_next):
            user.set(request.headers.get("x-user"))
            if request.url.path in self.exempt or any(request.url.path.startswith(one) for one in PUBLIC):
                return await call_next(request)
            if not request.headers.get("authorization"):
                return JSONResponse({}, status_code=401)
            return await call_next(request)

    def known():
        if user.get() is None:
            raise HTTPException(403)

    app = FastAPI()
    app.add_middleware(Guard, exempt=("/open", "/variable"))

    @app.get("/closed")
    def a(): ...

    @app.get("/open")
    def b(): ...

    @app.get("/health/live")
    def c(): ...

    @app.get("/variable", dependencies=[Depends(known)])
    def d(): ...
    """,
    {"/closed": "required", "/open": "none", "/health/live": "none", "/variable": "required"},
)

SWALLOWED = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.security import HTTPBearer

    class Quiet(HTTPBearer):
        async def __call__(self, request: Request):
            try:
                return await super().__call__(request)
            except HTTPException:
                return None

    def decode(token):
        raise ValueError

    def user(token=Depends(HTTPBearer(auto_error=False))):
        try:
            return decode(token)
        except ValueError:
            raise HTTPException(401)

    app = FastAPI()

    @app.get("/swallowed")
    def a(token=Depends(Quiet())): ...

    @app.get("/decoded")
    def b(user=Depends(user)): ...
    """,
    {"/swallowed": "optional", "/decoded": "required"},
)

CASES = {
    "schemes refuse by themselves, or not with auto_error=False": SCHEMES,
    "dependencies behind helpers and aliases of every form": ALIASES,
    "bound methods, class methods and inherited __call__": METHODS,
    "statuses by enumeration, project exceptions, helpers of any name": STATUSES,
    "refusals in bodies and in decorators": BODIES,
    "middleware with exempted paths, and what it leaves in a context variable": MIDDLEWARE,
    "refusals that are swallowed, and errors that become refusals": SWALLOWED,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_protection_is_what_a_stranger_meets(case: Case, tmp_path: Path) -> None:
    routes = {route.path: route for route in read(tmp_path, {"main.py": case.source}).inventory.routes}
    assert {path: route.protection for path, route in routes.items()} == case.said
    assert {path for path, route in routes.items() if route.protected} == {
        path for path, said in case.said.items() if said == "required"
    }
    for path, status in asked(tmp_path, routes.values()).items():
        assert refuses(status) is (case.said[path] == "required"), (path, status)


BY_SETTING = """
    import os
    from fastapi import Depends, FastAPI, HTTPException, Request
    from pydantic_settings import BaseSettings

    class Settings(BaseSettings):
        auth_enabled: bool = False
        feature: bool = False
        api_key: str = "secret"

    settings = Settings()
    STRICT = os.getenv("STRICT", "yes") == "yes"

    def when_enabled(request: Request):
        if not settings.auth_enabled:
            return None
        if "authorization" not in request.headers:
            raise HTTPException(401)

    def when_strict(request: Request):
        if STRICT and "authorization" not in request.headers:
            raise HTTPException(401)

    def feature():
        if not settings.feature:
            raise HTTPException(403, "not enabled")

    app = FastAPI()

    @app.get("/enabled", dependencies=[Depends(when_enabled)])
    def a(): ...

    @app.get("/strict", dependencies=[Depends(when_strict)])
    def b(): ...

    @app.get("/feature", dependencies=[Depends(feature)])
    def c(): ...
    """


def test_a_protection_that_hangs_on_a_setting_says_which_and_how_it_ships(tmp_path: Path) -> None:
    routes = {route.path: route for route in read(tmp_path, {"main.py": BY_SETTING}).inventory.routes}
    enabled, strict, feature = routes["/enabled"], routes["/strict"], routes["/feature"]
    assert (enabled.protection, strict.protection, feature.protection) == ("required", "required", "none")
    assert enabled.when is not None
    assert (enabled.when.setting, enabled.when.default, enabled.when.open) == ("Settings.auth_enabled", "False", True)
    assert (enabled.when.path, enabled.when.line) == ("main.py", 6)
    assert strict.when is not None
    assert (strict.when.setting, strict.when.default, strict.when.open) == ("STRICT", "True", False)


def test_what_cannot_be_read_is_unknown_and_says_so(tmp_path: Path) -> None:
    source = """
    from fastapi import Depends, FastAPI, HTTPException, Security
    from vendor import configuration, verify

    def check():
        if configuration.lookup("auth"):
            raise HTTPException(401)

    app = FastAPI()

    @app.get("/library")
    def a(user=Security(verify)): ...
    """
    [route] = read(tmp_path, {"main.py": source}).inventory.routes
    assert route.protection == "unknown"
    assert route.by[-1].what == "what verify does cannot be read"


def test_a_refusal_that_hangs_on_what_cannot_be_read_is_never_called_open(tmp_path: Path) -> None:
    codebase = read(
        tmp_path,
        {
            "main.py": """
                from fastapi import Depends, FastAPI, HTTPException, Security

                import accounts

                app = FastAPI()

                def somebody():
                    person = accounts.current().person
                    if person is None:
                        raise HTTPException(status_code=403)
                    return person

                def claims():
                    return accounts.claims()

                @app.get("/known")
                def known(person=Depends(somebody)): ...

                @app.get("/declared")
                def declared(found=Security(claims)): ...

                @app.get("/answered")
                def answered():
                    if accounts.full():
                        raise HTTPException(status_code=403)
            """,
            "accounts.py": """
                import shelf_of_a_library

                def current():
                    return shelf_of_a_library.current()

                def claims():
                    return shelf_of_a_library.claims()

                def full():
                    return shelf_of_a_library.full()
            """,
        },
    )
    told = {route.path: (route.protection, bool(route.by)) for route in codebase.inventory.routes}
    assert told == {"/known": ("unknown", True), "/declared": ("unknown", True), "/answered": ("none", False)}


def test_the_chain_that_protects_is_told_with_its_places(tmp_path: Path) -> None:
    source = """
    from fastapi import Depends, FastAPI, HTTPException, Request

    def user(request: Request):
        if "authorization" not in request.headers:
            raise HTTPException(401)

    def admin(user=Depends(user)): ...

    app = FastAPI(dependencies=[Depends(admin)])

    @app.get("/a")
    def a(): ...
    """
    [route] = read(tmp_path, {"main.py": source}).inventory.routes
    assert [(one.line, one.what) for one in route.by] == [
        (9, "dependency admin"), (7, "dependency user"), (5, "raises 401")
    ]  # fmt: skip


def test_a_websocket_that_is_closed_before_it_is_accepted_is_protected(tmp_path: Path) -> None:
    source = """
    from fastapi import FastAPI, WebSocket, WebSocketException, status

    app = FastAPI()

    @app.websocket("/closed")
    async def a(socket: WebSocket):
        if socket.cookies.get("sid") is None:
            await socket.close(code=status.WS_1008_POLICY_VIOLATION)
            return
        await socket.accept()

    @app.websocket("/raised")
    async def b(socket: WebSocket):
        if socket.query_params.get("token") is None:
            raise WebSocketException(code=1008)
        await socket.accept()

    @app.websocket("/open")
    async def c(socket: WebSocket):
        await socket.accept()
        await socket.close()
    """
    routes = read(tmp_path, {"main.py": source}).inventory.routes
    assert {route.path: route.protection for route in routes} == {
        "/closed": "required", "/raised": "required", "/open": "none"
    }  # fmt: skip


def test_the_same_protection_is_said_warm_as_cold(tmp_path: Path) -> None:
    from fastapi_expert.codebase import load

    write(tmp_path, {"main.py": MIDDLEWARE.source, "other.py": SCHEMES.source})
    cold = load(tmp_path).inventory.routes
    assert load(tmp_path).inventory.routes == cold
