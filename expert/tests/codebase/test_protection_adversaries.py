"""Programs written to mislead what is said of protection, each beside what the running application answers."""

from pathlib import Path

import pytest

from .projects import read
from .strangers import Case, asked, refuses

DECORATED = Case(
    """
    import functools
    import inspect

    from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request

    def refusing(function):
        @functools.wraps(function)
        def inner(request: Request):
            found = function(request)
            if found is None:
                raise HTTPException(401)
            return found
        return inner

    @refusing
    def person(request: Request):
        return request.headers.get("authorization")

    def told(function):
        @functools.wraps(function)
        def inner(self, request):
            if function(self, request) is None:
                raise HTTPException(401)
        return inner

    class Doors:
        @told
        def person(self, request):
            return request.cookies.get("sid")

    doors = Doors()

    def added(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def inner(*args, **kwargs):
            kwargs.pop("_person")
            return function(*args, **kwargs)

        one = inspect.Parameter("_person", inspect.Parameter.KEYWORD_ONLY, default=Depends(person))
        inner.__signature__ = signature.replace(parameters=[*signature.parameters.values(), one])
        return inner

    class Limiter:
        def limit(self, function):
            @functools.wraps(function)
            async def inner(*args, **kwargs):
                return await function(*args, **kwargs)
            return inner

    def limited(function):
        @functools.wraps(function)
        async def inner(*args, **kwargs):
            self = args[0]
            return await self.limiter.limit(function)(*args, **kwargs)
        return inner

    class Server:
        def __init__(self):
            self.limiter = Limiter()
            self.router = APIRouter()
            self.router.add_api_route("/method", self.method)

        @limited
        async def method(self, request: Request):
            doors.person(request)

    late = APIRouter(prefix="/late")

    @late.get("/before")
    def f(): ...

    late.dependencies = [Depends(person)]

    @late.get("/after")
    def g(): ...

    app = FastAPI()
    app.include_router(Server().router)
    app.include_router(late)

    @app.get("/dependency", dependencies=[Depends(person)])
    def a(): ...

    @app.get("/helper")
    def b(request: Request):
        person(request)

    @app.get("/service")
    def c(request: Request):
        doors.person(request)

    @app.get("/signature")
    @added
    def d(): ...

    @app.get("/open")
    @functools.cache
    def e(): ...
    """,
    {
        "/dependency": "required",
        "/helper": "required",
        "/service": "required",
        "/signature": "required",
        "/method": "required",
        "/late/before": "none",
        "/late/after": "required",
        "/open": "none",
    },
)

DOUBTED = Case(
    """
    import base64
    import json
    import secrets

    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.security import HTTPBasic, OAuth2PasswordBearer

    token = OAuth2PasswordBearer("token", auto_error=False)
    basic = HTTPBasic(auto_error=False)

    class Wrong(Exception): ...

    def decoded(given):
        try:
            return json.loads(base64.b64decode(given))
        except Exception as error:
            raise Wrong from error

    def person(given=Depends(token)):
        try:
            return decoded(given)
        except Wrong:
            raise HTTPException(401)

    def maybe(given=Depends(token)):
        try:
            return decoded(given)
        except Wrong:
            return None

    def named(given=Depends(basic)):
        name = (given.username if given else "").encode()
        if not secrets.compare_digest(name, b"admin"):
            raise HTTPException(401)

    def level(request: Request):
        role = request.headers.get("x-role")
        return {"admin": 3}.get(role, 0) if role else 0

    def above(least):
        def inner(found=Depends(level)):
            if found < least:
                raise HTTPException(403)
        return Depends(inner)

    app = FastAPI()

    @app.get("/nested", dependencies=[Depends(person)])
    def a(): ...

    @app.get("/swallowed")
    def b(found=Depends(maybe)): ...

    @app.get("/digest", dependencies=[Depends(named)])
    def c(): ...

    @app.get("/above", dependencies=[above(2)])
    def d(): ...

    @app.get("/anybody", dependencies=[above(0)])
    def e(): ...
    """,
    {
        "/nested": "required",
        "/swallowed": "optional",
        "/digest": "required",
        "/above": "required",
        "/anybody": "optional",
    },
)

KEPT = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Header

    class Settings:
        def __init__(self, defaults):
            self.defaults = defaults
            self.changed = {}

        def __getattr__(self, name):
            if name in self.changed:
                return self.changed[name]
            if name in self.defaults:
                return self.defaults[name]
            raise AttributeError(name)

    settings = Settings({"anybody": 1, "closed": 0})

    class Store:
        def save(self, name):
            raise NotImplementedError

    store = Store()

    def uploads(authorization: str = Header(default=None)):
        if not settings.anybody and not authorization:
            raise HTTPException(403)

    def admin(authorization: str = Header(default=None)):
        if not settings.closed and not authorization:
            raise HTTPException(403)

    app = FastAPI()

    @app.get("/uploads", dependencies=[Depends(uploads)])
    def a(): ...

    @app.get("/admin", dependencies=[Depends(admin)])
    def b(): ...

    @app.get("/{name}")
    def c(name: str):
        if name.endswith(".exe"):
            raise HTTPException(403)
        try:
            store.save(name)
        except NotImplementedError:
            raise HTTPException(501)
    """,
    {"/uploads": "required", "/admin": "required", "/{name}": "none"},
)


HANDLED = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request, WebSocket
    from fastapi.responses import JSONResponse

    app = FastAPI()

    @app.exception_handler(PermissionError)
    async def denied(request, error):
        return JSONResponse({}, status_code=403)

    ERRORS = {"nobody": HTTPException(401)}

    class Context:
        def __init__(self, request: Request):
            self.person = request.headers.get("authorization")

        def __bool__(self):
            return self.person is not None

    @app.get("/key")
    def a(request: Request):
        if request.headers.get("x-key") is None:
            raise PermissionError("no key")

    @app.get("/context")
    def c(context: Context = Depends()):
        if not context:
            raise ERRORS["nobody"]

    async def person(socket: WebSocket):
        given = socket.headers.get("sec-websocket-protocol") or socket.query_params.get("token")
        if given != "secret":
            await socket.close(code=1008)
            return None
        return given

    @app.websocket("/socket")
    async def b(socket: WebSocket):
        if await person(socket) is None:
            return
        await socket.accept()
    """,
    {"/key": "required", "/context": "required", "/socket": "required"},
)


OBJECTS = Case(
    """
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.responses import JSONResponse
    from pydantic import BaseModel, ValidationError

    app = FastAPI()
    POLICIES = {("GET", "/open"): "anybody", ("GET", "/claims"): "itself", ("GET", "/object"): "itself"}

    @app.middleware("http")
    async def policies(request: Request, call_next):
        policy = POLICIES.get((request.method, request.url.path), "person")
        if policy == "person" and "authorization" not in request.headers:
            return JSONResponse({}, 401)
        return await call_next(request)

    class Claims(BaseModel):
        subject: str

        @classmethod
        def of(cls, request: Request):
            try:
                return cls(subject=request.headers.get("x-subject-token"))
            except ValidationError:
                raise HTTPException(401)

    class Operation:
        def __call__(self, claims=Depends(Claims.of)): ...

    app.add_api_route("/object", Operation(), methods=["GET"])

    @app.get("/claims")
    def a(claims: Claims = Depends(Claims.of)): ...

    @app.get("/open")
    def b(): ...

    @app.get("/other")
    def c(): ...
    """,
    {"/object": "required", "/claims": "required", "/open": "none", "/other": "required"},
)

ALL = {"decorated": DECORATED, "doubted": DOUBTED, "kept": KEPT, "handled": HANDLED, "objects": OBJECTS}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_a_program_that_misleads_is_told_as_a_stranger_meets_it(case: Case, tmp_path: Path) -> None:
    routes = {route.path: route for route in read(tmp_path, {"main.py": case.source}).inventory.routes}
    assert {path: route.protection for path, route in routes.items()} == case.said
    for path, status in asked(tmp_path, routes.values()).items():
        when = routes[path].when
        is_open = when is not None and when.open
        assert refuses(status) is (case.said[path] == "required" and not is_open), (path, status)
