"""Small applications, one way to ask who is calling each, and what is said of their routes.

The first group runs and is asked; the second needs libraries that are not there and is judged by what these promise.
"""

from .strangers import Case

RUNNING = {
    "somebody whom nothing has put on the request": Case(
        """
        import functools
        from fastapi import FastAPI, HTTPException, Request
        def signed_in(function):
            @functools.wraps(function)
            async def asking(*args, request: Request, **kwargs):
                user = request.somebody if hasattr(request, "somebody") else request.cookies.get("user")
                if not user:
                    raise HTTPException(401)
                return await function(*args, request=request, **kwargs)
            return asking
        app = FastAPI()
        @app.get("/mine")
        @signed_in
        async def mine(request: Request): return 1
        """,
        {"/mine": "required"},
    ),
    "a route whose requests an earlier one answers": Case(
        """
        from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException
        def user(authorization: str | None = Header(None)):
            if authorization is None:
                raise HTTPException(401)
        router = APIRouter(prefix="/customers")
        @router.get("/{id}", dependencies=[Depends(user)])
        def one(id: int): return 1
        @router.get("/health")
        def health(): return 1
        @router.get("/health/deep")
        def deep(): return 1
        @router.get("/by/{number:int}", dependencies=[Depends(user)])
        def by(number: int): return 1
        @router.get("/by/name")
        def by_name(): return 1
        app = FastAPI()
        app.include_router(router)
        """,
        {
            "/customers/{id}": "required",
            "/customers/health": "required",
            "/customers/health/deep": "none",
            "/customers/by/{number:int}": "required",
            "/customers/by/name": "none",
        },
        unproven=frozenset({"/customers/by/{number:int}"}),
    ),
    "a websocket that the endpoint leaves without having accepted it": Case(
        """
        from fastapi import FastAPI, WebSocket
        app = FastAPI()
        class Rooms:
            async def enter(self, ws): await ws.accept()
        rooms = Rooms()
        @app.websocket("/left")
        async def left(ws: WebSocket):
            if not ws.query_params.get("token"):
                return
            await ws.accept()
        @app.websocket("/named")
        async def named(ws: WebSocket, token: str = ""):
            if token != "secret":
                return None
            await rooms.enter(ws)
        @app.websocket("/told")
        async def told(ws: WebSocket):
            await rooms.enter(ws)
            if not ws.query_params.get("token"):
                await ws.send_text("who are you?")
                return
        """,
        {"/left": "required", "/named": "required", "/told": "optional"},
    ),
    "a request of a class that a route class puts in the place of the framework's": Case(
        """
        from fastapi import APIRouter, FastAPI, HTTPException, Request
        from fastapi.routing import APIRoute
        class Known(Request):
            @property
            def owner(self):
                if not self.headers.get("Authorization"):
                    raise HTTPException(401)
                return self.headers["Authorization"]
        class Route(APIRoute):
            def get_route_handler(self):
                handle = super().get_route_handler()
                async def known(request: Request):
                    return await handle(Known(request.scope, request.receive))
                return known
        router = APIRouter(route_class=Route)
        @router.get("/mine")
        def mine(request: Request): return request.owner
        @router.get("/all")
        def everything(request: Request): return 1
        app = FastAPI()
        app.include_router(router)
        """,
        {"/mine": "required", "/all": "none"},
    ),
    "somebody who is looked up in a database whose address is a setting": Case(
        """
        import os
        from fastapi import Body, Depends, FastAPI, HTTPException
        from sqlalchemy import create_engine, text
        from sqlalchemy.orm import sessionmaker
        class Settings:
            address = os.getenv("DATABASE_URL", "sqlite://")
            locked = os.getenv("LOCKED", "no").lower() == "yes"
        settings = Settings()
        make_session = sessionmaker(bind=create_engine(settings.address))
        def session():
            with make_session() as made:
                yield made
        def check(db, name):
            found = db.execute(text("select 1 where :name = 'ada'"), {"name": name}).scalar()
            if not found:
                raise HTTPException(401, "wrong name or password")
            return found
        app = FastAPI()
        @app.post("/sign-in")
        def sign_in(name: str = Body("ada", embed=True), db=Depends(session)):
            try:
                return check(db, name)
            except HTTPException:
                raise
            except Exception as error:
                raise HTTPException(500) from error
        """,
        {"/sign-in": "none"},
    ),
    "a refusal that a helper hands back beside what it found": Case(
        """
        from fastapi import FastAPI, HTTPException, Request
        from fastapi.responses import HTMLResponse, RedirectResponse
        app = FastAPI()
        async def somebody(request):
            token = request.cookies.get("token")
            return token.title() if token else None
        async def signed_in(request):
            user = await somebody(request)
            if not user:
                return None, RedirectResponse("/login", status_code=302)
            return user, None
        def keyed(request):
            if "x-key" not in request.headers:
                return False, "a key is missing"
            return True, None
        def away(request):
            return None if request.cookies.get("token") else RedirectResponse("/login")
        @app.get("/page")
        async def page(request: Request):
            user, elsewhere = await signed_in(request)
            if elsewhere:
                return elsewhere
            return HTMLResponse(user)
        @app.get("/flag")
        async def flag(request: Request):
            fine, why = keyed(request)
            if not fine:
                raise HTTPException(401, why)
        @app.get("/word")
        async def word(request: Request):
            fine, why = keyed(request)
            if why:
                raise HTTPException(403, why)
        @app.get("/away")
        async def gone(request: Request):
            if (answer := away(request)) is not None:
                return answer
        """,
        {"/page": "required", "/flag": "required", "/word": "required", "/away": "required"},
    ),
    "paths let by that a middleware declares with their types and answers in two ways": Case(
        """
        from typing import Set
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse, RedirectResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        class Guard(BaseHTTPMiddleware):
            OPEN: Set[str] = {"/", "/health"}
            PAGES: Set[str] = {"/admin"}
            async def dispatch(self, request: Request, call_next):
                if request.url.path in self.OPEN or request.cookies.get("token"):
                    return await call_next(request)
                return self.turned_away(request)
            def turned_away(self, request):
                if any(page == request.url.path for page in self.PAGES):
                    return RedirectResponse("/login", status_code=303)
                return JSONResponse({}, status_code=401)
        app = FastAPI()
        app.add_middleware(Guard)
        @app.get("/health")
        def health(): return 1
        @app.get("/admin")
        def admin(): return 1
        @app.get("/items")
        def items(): return 1
        """,
        {"/health": "none", "/admin": "required", "/items": "required"},
    ),
    "a middleware that lets by what two sets of paths hold": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        OPEN = frozenset({"/open", "/both"})
        SHUT = {"/both"}
        class Guard(BaseHTTPMiddleware):
            def __init__(self, app, more=None):
                super().__init__(app)
                self.let_by = (set(more or []) | OPEN) - SHUT
                self.seldom = {"/named"}.union(OPEN).intersection(["/named"])
            async def dispatch(self, request: Request, call_next):
                if request.url.path in self.let_by or request.url.path in self.seldom:
                    return await call_next(request)
                if not request.headers.get("Authorization"):
                    return JSONResponse(status_code=401, content={})
                return await call_next(request)
        app = FastAPI()
        app.add_middleware(Guard, more=["/given"])
        @app.get("/open")
        def open_(): return 1
        @app.get("/given")
        def given(): return 1
        @app.get("/named")
        def named(): return 1
        @app.get("/both")
        def both(): return 1
        @app.get("/other")
        def other(): return 1
        """,
        {"/open": "none", "/given": "none", "/named": "none", "/both": "required", "/other": "required"},
    ),
    "somebody who is found among those that functions put into a module's dictionary": Case(
        """
        from fastapi import Depends, FastAPI, HTTPException, Request
        ASKED_FOR = False
        people: dict[str, "Person"] = {}
        waiting: list[str] = []
        class Person:
            def __init__(self, name: str, rank: str):
                self.name, self.rank = name, rank
        def enrol(name: str, rank: str) -> None:
            if not any(one.name == name for one in people.values()):
                people[name] = Person(name, rank)
                waiting.append(name)
        def enrol_all() -> None:
            for name, rank in (("ada", "chief"), ("bob", "guest")):
                enrol(name, rank)
        enrol_all()
        async def who(request: Request):
            if not ASKED_FOR:
                return next((one for one in people.values() if one.rank == "chief"), None)
            raise HTTPException(401)
        def ranked(*ranks: str):
            async def check(person=Depends(who)):
                if person is None:
                    raise HTTPException(401)
                if person.rank not in ranks:
                    raise HTTPException(403)
                return person
            return check
        def somebody_waits():
            if not waiting:
                raise HTTPException(403)
        app = FastAPI()
        @app.get("/chiefs", dependencies=[Depends(ranked("chief"))])
        def chiefs(): return 1
        @app.get("/queue", dependencies=[Depends(somebody_waits)])
        def queue(): return 1
        """,
        {"/chiefs": "unknown", "/queue": "unknown"},
    ),
    "a secret in the query of an endpoint": Case(
        """
        from fastapi import FastAPI, HTTPException, Query
        app = FastAPI()
        @app.get("/plain")
        def plain(token: str):
            if token != "secret":
                raise HTTPException(401)
            return 1
        @app.get("/left-out")
        def left_out(api_key: str | None = None):
            if api_key != "secret":
                raise HTTPException(401)
            return 1
        @app.get("/marked")
        def marked(access_token: str = Query("")):
            if access_token != "secret":
                raise HTTPException(403)
            return 1
        @app.get("/asked-for")
        def asked_for(kind: str = "a", page_token: str = ""):
            if kind == "hidden" or page_token == "none":
                raise HTTPException(403)
            return 1
        """,
        {"/plain": "required", "/left-out": "required", "/marked": "required", "/asked-for": "none"},
    ),
    "a person that a middleware leaves on the request, or a stand-in by a setting": Case(
        """
        from fastapi import Depends, FastAPI, Request
        from fastapi.responses import JSONResponse
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            place: str = "production"
            stand_in: bool | None = None
            name: str = "someone"
            def stands_in(self):
                if self.stand_in is not None:
                    return self.stand_in
                return self.place == "development"
        settings = Settings()
        class Strange(Exception): pass
        class Person:
            def __init__(self, name): self.name = name
        async def told(request: Request, call_next):
            name = request.headers.get("X-Forwarded-User")
            if not name and settings.stands_in() and settings.place != "production":
                name = settings.name
            if name:
                request.state.person = Person(name)
                stored = getattr(request.app.state, "stored", None)
                if stored is not None:
                    try:
                        request.state.person = Person(await stored.name_of(name))
                    except LookupError:
                        print("as the header says")
            else:
                request.state.person = None
            return await call_next(request)
        def person(request: Request):
            found = getattr(request.state, "person", None)
            if found is None:
                raise Strange
            return found
        def made():
            application = FastAPI()
            application.middleware("http")(told)
            @application.exception_handler(Strange)
            async def answer(request, error): return JSONResponse({}, status_code=401)
            @application.get("/a")
            def a(who: Person = Depends(person)): return 1
            return application
        app = made()
        """,
        {"/a": "required"},
    ),
    "a dependency that lets by what the path does not name": Case(
        """
        from fastapi import Depends, FastAPI, HTTPException, Request
        from fastapi.responses import JSONResponse
        async def person(request: Request):
            name = request.headers.get("remote-user")
            if not name:
                return JSONResponse({"text": "no"}, status_code=401)
            return {"name": name}
        async def of_room(room: str | None = None, request: Request = None):
            if room is None:
                return
            who = await person(request)
            if isinstance(who, JSONResponse):
                raise HTTPException(who.status_code, "no")
            if who["name"] != room:
                raise HTTPException(403)
        app = FastAPI()
        @app.get("/rooms", dependencies=[Depends(of_room)])
        def rooms(): return 1
        @app.get("/rooms/{room}", dependencies=[Depends(of_room)])
        def one(room: str): return 1
        """,
        {"/rooms": "none", "/rooms/{room}": "required"},
    ),
    "a copy of what a middleware read": Case(
        """
        import copy
        from dataclasses import dataclass
        from fastapi import Depends, FastAPI, HTTPException, Request
        from starlette.middleware.base import BaseHTTPMiddleware
        @dataclass
        class Kept:
            token: str | None = None
        class Keeping(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                kept = Kept(request.cookies["kept"]) if "kept" in request.cookies else Kept()
                request.state.kept = copy.copy(kept)
                return await call_next(request)
        def person(request: Request):
            if not request.state.kept.token:
                raise HTTPException(401)
        app = FastAPI()
        app.add_middleware(Keeping)
        @app.get("/a", dependencies=[Depends(person)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "a helper that gives a stand-in where a setting says so": Case(
        """
        from functools import lru_cache
        from fastapi import Depends, FastAPI, Header, HTTPException, Request
        from pydantic import BaseModel, Field
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            developing: bool = Field(default=False)
            name: str = "someone"
            @property
            def is_developing(self) -> bool: return bool(self.developing)
            def person(self):
                if not self.developing:
                    raise ValueError("not here")
                return {"name": self.name}
        @lru_cache
        def made(): return Settings()
        settings = made()
        class Person(BaseModel):
            name: str
        def stand_in(request: Request):
            if not getattr(settings, "is_developing", False):
                return None
            try:
                told = settings.person()
            except ValueError:
                return None
            request.state.person = Person(**told)
            return request.state.person
        app = FastAPI()
        async def person(request: Request, x_key: str | None = Header(None)):
            if not x_key:
                instead = stand_in(request)
                if instead is not None:
                    return instead
                raise HTTPException(401)
            return x_key
        @app.get("/a")
        async def a(who = Depends(person)): return 1
        """,
        {"/a": "required"},
    ),
    "a status that is made a number": Case(
        """
        from http import HTTPStatus
        from fastapi import Depends, FastAPI, Header, Request
        from fastapi.responses import JSONResponse
        class Failed(Exception):
            status_code = HTTPStatus.BAD_REQUEST
            def __init__(self, *, status_code: int | None = None):
                self.status_code = int(status_code or self.status_code)
        class Strange(Failed):
            status_code = HTTPStatus.UNAUTHORIZED
        app = FastAPI()
        @app.exception_handler(Failed)
        async def answer(request: Request, error: Failed):
            return JSONResponse({}, status_code=error.status_code)
        def check(x_key: str | None = Header(None)):
            if x_key != "secret":
                raise Strange
        @app.get("/a", dependencies=[Depends(check)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "a status that a member of an enumeration holds": Case(
        """
        from dataclasses import dataclass
        from enum import Enum
        from fastapi import Depends, FastAPI, Header, Request
        from fastapi.responses import JSONResponse
        @dataclass
        class Told:
            status: int
            text: str
        class Part(Enum):
            STRANGER = ("stranger", 401)
        class Made(Enum):
            STRANGER = (401, "stranger")
            def __init__(self, status, text):
                self.status = status
        class Asked(Enum):
            STRANGER = (401, "stranger")
            @property
            def status(self): return self.value[0]
        class Kept(Enum):
            STRANGER = Told(401, "stranger")
        class Keyed(Enum):
            STRANGER = {"status": 401}
        class Refused(Exception):
            def __init__(self, status, *, instead=None):
                self.status_code = instead if instead is not None else status
        class OfKind(Exception):
            def __init__(self, kind: Part, *, status: int | None = None):
                self.status_code = status if status is not None else kind.value[1]
        app = FastAPI()
        @app.exception_handler(Refused)
        @app.exception_handler(OfKind)
        async def answer(request: Request, error):
            return JSONResponse({"text": "no"}, status_code=error.status_code)
        def unless(error):
            def check(x_key: str | None = Header(None)):
                if x_key != "secret":
                    raise error
            return check
        for name, error in {
            "part": OfKind(Part.STRANGER), "made": Refused(Made.STRANGER.status),
        }.items():
            app.get(f"/{name}", dependencies=[Depends(unless(error))])(lambda: 1)
        def asked(x_key: str | None = Header(None)):
            if x_key != "secret":
                raise Refused(Asked.STRANGER.status)
        def kept(x_key: str | None = Header(None)):
            if x_key != "secret":
                raise Refused(Kept.STRANGER.value.status)
        def keyed(x_key: str | None = Header(None)):
            if x_key != "secret":
                raise Refused(Keyed.STRANGER.value["status"])
        app.get("/asked", dependencies=[Depends(asked)])(lambda: 1)
        app.get("/kept", dependencies=[Depends(kept)])(lambda: 1)
        app.get("/keyed", dependencies=[Depends(keyed)])(lambda: 1)
        """,
        {
            "/part": "required",
            "/made": "required",
            "/asked": "required",
            "/kept": "required",
            "/keyed": "required",
        },
    ),
    "a function given to BaseHTTPMiddleware as dispatch": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        app = FastAPI()
        async def check(request: Request, call_next):
            if request.headers.get("X-Key") != "secret" and request.url.path != "/open":
                return JSONResponse({"status": "ERROR"}, status_code=403)
            return await call_next(request)
        app.add_middleware(BaseHTTPMiddleware, dispatch=check)
        @app.get("/a")
        def a(): return 1
        @app.get("/open")
        def open_(): return 1
        """,
        {"/a": "required", "/open": "none"},
    ),
    "env flag getenv default off": Case(
        """
        import os
        from fastapi import Depends, FastAPI, Header, HTTPException
        app = FastAPI()
        AUTH = os.getenv("REQUIRE_AUTH", "false").lower() == "true"
        def guard(authorization: str | None = Header(None)):
            if not AUTH:
                return None
            if not authorization:
                raise HTTPException(401)
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "env flag getenv default on": Case(
        """
        import os
        from fastapi import Depends, FastAPI, Header, HTTPException
        app = FastAPI()
        def auth_enabled():
            return os.getenv("REQUIRE_AUTH", "true").lower() in ("1", "true", "yes")
        def guard(authorization: str | None = Header(None)):
            if not auth_enabled():
                return None
            if not authorization:
                raise HTTPException(401)
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "api key unset means open": Case(
        """
        import os, secrets
        from fastapi import Depends, FastAPI, Request, HTTPException
        app = FastAPI()
        API_KEY = os.environ.get("API_KEY")
        async def guard(request: Request):
            if API_KEY is None:
                return
            given = request.headers.get("X-API-Key", "")
            if not secrets.compare_digest(given, API_KEY):
                raise HTTPException(status_code=401, detail="bad key")
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "api key with and": Case(
        """
        import os
        from fastapi import Depends, FastAPI, Request, HTTPException
        app = FastAPI()
        API_KEY = os.environ.get("API_KEY", "")
        async def guard(request: Request):
            if API_KEY and request.headers.get("X-API-Key") != API_KEY:
                raise HTTPException(status_code=401, detail="bad key")
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "middleware with key unset": Case(
        """
        import os
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        app = FastAPI()
        TOKEN = os.getenv("APP_TOKEN", "")
        @app.middleware("http")
        async def guard(request: Request, call_next):
            if not TOKEN:
                return await call_next(request)
            if request.url.path in ("/health", "/docs"):
                return await call_next(request)
            header = request.headers.get("Authorization", "")
            if header != f"Bearer {TOKEN}":
                return JSONResponse({"detail": "no"}, status_code=401)
            return await call_next(request)
        @app.get("/a")
        def a(): return 1
        @app.get("/health")
        def h(): return 1
        """,
        {"/a": "required", "/health": "none"},
    ),
    "middleware added if setting": Case(
        """
        import os
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        class Guard(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                if "authorization" not in request.headers:
                    return JSONResponse({}, status_code=401)
                return await call_next(request)
        app = FastAPI()
        if os.environ.get("AUTH"):
            app.add_middleware(Guard)
        @app.get("/a")
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "dependencies conditional expression": Case(
        """
        import os
        from fastapi import FastAPI, Depends, Header, HTTPException
        def guard(x_token: str | None = Header(None)):
            if x_token != "s":
                raise HTTPException(403)
        deps = [Depends(guard)] if os.getenv("SECURE") else []
        app = FastAPI(dependencies=deps)
        @app.get("/a")
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "pydantic settings flag": Case(
        """
        from fastapi import FastAPI, Depends, Header, HTTPException
        from pydantic_settings import BaseSettings
        from functools import lru_cache
        class Settings(BaseSettings):
            api_key: str | None = None
            disable_auth: bool = False
        @lru_cache
        def get_settings(): return Settings()
        def guard(x_token: str | None = Header(None), settings: Settings = Depends(get_settings)):
            if settings.disable_auth:
                return
            if x_token is None or x_token != settings.api_key:
                raise HTTPException(403)
        def key(x_key: str | None = Header(None), settings: Settings = Depends(get_settings)):
            if settings.api_key and x_key != settings.api_key:
                raise HTTPException(403)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(key)])
        def b(): return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "base http middleware exempt lists": Case(
        r"""
        import re
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        class Guard(BaseHTTPMiddleware):
            def __init__(self, app, exempt=None, prefixes=(), patterns=()):
                super().__init__(app)
                self.exempt = set(exempt or [])
                self.prefixes = tuple(prefixes)
                self.patterns = [re.compile(p) for p in patterns]
            def is_exempt(self, path):
                if path in self.exempt:
                    return True
                if path.startswith(self.prefixes):
                    return True
                return any(p.match(path) for p in self.patterns)
            async def dispatch(self, request, call_next):
                if request.method == "OPTIONS" or self.is_exempt(request.url.path):
                    return await call_next(request)
                token = request.headers.get("Authorization")
                if not token or not token.startswith("Bearer "):
                    return JSONResponse({}, status_code=401)
                return await call_next(request)
        app = FastAPI()
        app.add_middleware(Guard, exempt=["/health"], prefixes=["/public"], patterns=[r"^/v\d+/login$"])
        @app.get("/a")
        def a(): return 1
        @app.get("/health")
        def h(): return 1
        @app.get("/public/x")
        def p(): return 1
        @app.get("/v1/login")
        def l(): return 1
        """,
        {
            "/a": "required",
            "/health": "none",
            "/public/x": "none",
            "/v1/login": "none",
        },
    ),
    "pure asgi middleware": Case(
        """
        from fastapi import FastAPI
        from starlette.responses import JSONResponse, PlainTextResponse
        from starlette.requests import Request
        from starlette.datastructures import Headers
        class Guard:
            EXEMPT = {"/health"}
            def __init__(self, app): self.app = app
            async def __call__(self, scope, receive, send):
                if scope["type"] not in ("http", "websocket"):
                    return await self.app(scope, receive, send)
                if scope["path"] in self.EXEMPT:
                    await self.app(scope, receive, send); return
                headers = Headers(scope=scope)
                if headers.get("x-key") != "k":
                    response = PlainTextResponse("no", status_code=401)
                    await response(scope, receive, send)
                    return
                await self.app(scope, receive, send)
        app = FastAPI()
        app.add_middleware(Guard)
        @app.get("/a")
        def a(): return 1
        @app.get("/health")
        def h(): return 1
        """,
        {"/a": "required", "/health": "none"},
    ),
    "session cookie user redirect": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        from fastapi.responses import RedirectResponse, HTMLResponse
        from starlette.middleware.sessions import SessionMiddleware
        app = FastAPI()
        app.add_middleware(SessionMiddleware, secret_key="x")
        @app.get("/login")
        def login(request: Request): return HTMLResponse("x")
        @app.get("/home")
        def home(request: Request):
            user = request.session.get("user")
            if not user:
                return RedirectResponse("/login", status_code=302)
            return HTMLResponse("hi")
        @app.get("/home2")
        def home2(request: Request):
            if "user" not in request.session:
                return RedirectResponse(url=request.url_for("login"))
            return HTMLResponse("hi")
        def current(request: Request):
            uid = request.session.get("user_id")
            if uid is None:
                raise HTTPException(status_code=303, headers={"Location": str(request.url_for("login"))})
            return uid
        @app.get("/home3")
        def home3(u=Depends(current)): return 1
        class NotAuthenticated(Exception): pass
        @app.exception_handler(NotAuthenticated)
        async def h(request, exc): return RedirectResponse("/login", 302)
        def current2(request: Request):
            if not request.session.get("user_id"): raise NotAuthenticated()
        @app.get("/home4")
        def home4(u=Depends(current2)): return 1
        @app.get("/logout")
        def logout(request: Request):
            request.session.clear()
            return 1
        """,
        {
            "/login": "none",
            "/home": "required",
            "/home2": "required",
            "/home3": "required",
            "/home4": "required",
            "/logout": "optional",
        },
    ),
    "request state user": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        app = FastAPI()
        @app.middleware("http")
        async def attach(request: Request, call_next):
            request.state.user = None
            token = request.cookies.get("session")
            if token:
                request.state.user = {"id": 1}
            return await call_next(request)
        def require(request: Request):
            if request.state.user is None:
                raise HTTPException(401)
            return request.state.user
        def maybe(request: Request):
            return getattr(request.state, "user", None)
        def maybe_required(user=Depends(maybe)):
            if not user: raise HTTPException(403)
            return user
        @app.get("/a")
        def a(u=Depends(require)): return 1
        @app.get("/b")
        def b(u=Depends(maybe)): return 1
        @app.get("/c")
        def c(u=Depends(maybe_required)): return 1
        """,
        {
            "/a": "required",
            "/b": "none",
            "/c": "required",
        },
    ),
    "body check jsonresponse": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        app = FastAPI()
        def get_user(request):
            auth = request.headers.get("authorization")
            if not auth:
                return None
            return {"x": 1}
        @app.get("/a")
        def a(request: Request):
            user = get_user(request)
            if not user:
                return JSONResponse({"error": "unauth"}, status_code=401)
            return 1
        @app.get("/b")
        def b(request: Request):
            user = get_user(request)
            if user is None:
                return JSONResponse(status_code=403, content={})
            return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "permissions dependency": Case(
        """
        from abc import ABC, abstractmethod
        from fastapi import FastAPI, Request, Depends, HTTPException
        class BasePermission(ABC):
            status_code = 403
            detail = "no"
            @abstractmethod
            async def has_permission(self, request: Request) -> bool: ...
        class IsAuthenticated(BasePermission):
            status_code = 401
            async def has_permission(self, request): return "authorization" in request.headers
        class AllowAll(BasePermission):
            async def has_permission(self, request): return True
        class IsAdmin(BasePermission):
            async def has_permission(self, request):
                user = getattr(request.state, "user", None)
                return bool(user) and user.is_admin
        class PermissionDependency:
            def __init__(self, permissions): self.permissions = permissions
            async def __call__(self, request: Request):
                for permission in self.permissions:
                    cls = permission()
                    if not await cls.has_permission(request=request):
                        raise HTTPException(cls.status_code, cls.detail)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(PermissionDependency([IsAuthenticated]))])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(PermissionDependency([AllowAll]))])
        def b(): return 1
        @app.get("/c", dependencies=[Depends(PermissionDependency([IsAdmin]))])
        def c(): return 1
        """,
        {
            "/a": "required",
            "/b": "none",
            "/c": "required",
        },
    ),
    "permissions in init": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        class BasePermission:
            error_code = 403
            def has_required_permissions(self, request): ...
            def __init__(self, request: Request):
                if not self.has_required_permissions(request):
                    raise HTTPException(status_code=self.error_code)
        class Signed(BasePermission):
            def has_required_permissions(self, request): return bool(request.headers.get("x-user"))
        class PermissionsDependency:
            def __init__(self, permissions_classes: list): self.permissions_classes = permissions_classes
            def __call__(self, request: Request):
                for permission_class in self.permissions_classes:
                    permission_class(request=request)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(PermissionsDependency([Signed]))])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "starlette requires": Case(
        """
        from fastapi import FastAPI, Request
        from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser, requires
        from starlette.middleware.authentication import AuthenticationMiddleware
        class Backend(AuthenticationBackend):
            async def authenticate(self, conn):
                if "authorization" not in conn.headers: return
                return AuthCredentials(["authenticated"]), SimpleUser("x")
        app = FastAPI()
        app.add_middleware(AuthenticationMiddleware, backend=Backend())
        @app.get("/a")
        @requires("authenticated")
        async def a(request: Request): return 1
        @app.get("/b")
        @requires(["authenticated"], redirect="login")
        async def b(request: Request): return 1
        @app.get("/login")
        async def login(request: Request): return 1
        @app.get("/c")
        async def c(request: Request):
            if request.user.is_authenticated: return 1
            return 2
        """,
        {
            "/a": "required",
            "/b": "required",
            "/login": "none",
            "/c": "optional",
        },
    ),
    "custom decorators": Case(
        """
        from functools import wraps
        from fastapi import FastAPI, Request, HTTPException
        app = FastAPI()
        def login_required(f):
            @wraps(f)
            async def inner(*args, request: Request, **kwargs):
                if not request.headers.get("Authorization"):
                    raise HTTPException(401)
                return await f(*args, request=request, **kwargs)
            return inner
        def role(name):
            def deco(f):
                @wraps(f)
                async def inner(*args, **kwargs):
                    request = kwargs.get("request")
                    user = request.headers.get("x-role")
                    if user != name:
                        raise HTTPException(403)
                    return await f(*args, **kwargs)
                return inner
            return deco
        @app.get("/a")
        @login_required
        async def a(request: Request): return 1
        @app.get("/b")
        @role("admin")
        async def b(request: Request): return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "websockets": Case(
        """
        from fastapi import FastAPI, WebSocket, Depends, Query, WebSocketException, status, Cookie
        app = FastAPI()
        @app.websocket("/a")
        async def a(ws: WebSocket, token: str | None = Query(None)):
            if token is None:
                await ws.close(code=1008)
                return
            await ws.accept()
        @app.websocket("/b")
        async def b(ws: WebSocket):
            await ws.accept()
            await ws.send_json({})
            await ws.close()
        async def dep(ws: WebSocket, session: str | None = Cookie(None), token: str | None = Query(None)):
            if session is None and token is None:
                raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
            return session or token
        @app.websocket("/c")
        async def c(ws: WebSocket, t=Depends(dep)):
            await ws.accept()
        """,
        {
            "/a": "required",
            "/b": "none",
            "/c": "required",
        },
    ),
    "db lookup none": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Cookie, Request
        from sqlalchemy.orm import Session, sessionmaker, DeclarativeBase, Mapped, mapped_column
        from sqlalchemy import create_engine, select
        from sqlalchemy.pool import StaticPool
        class Base(DeclarativeBase): pass
        class User(Base):
            __tablename__ = "u"
            id: Mapped[int] = mapped_column(primary_key=True)
            token: Mapped[str | None]
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        Base.metadata.create_all(engine)
        Local = sessionmaker(engine)
        def get_db():
            db = Local()
            try: yield db
            finally: db.close()
        def current(session: str | None = Cookie(None), db: Session = Depends(get_db)):
            user = db.query(User).filter(User.token == session).first()
            if user is None: raise HTTPException(401)
            return user
        def current2(request: Request, db: Session = Depends(get_db)):
            user = db.scalars(select(User).where(User.token == request.cookies.get("s"))).one_or_none()
            if not user: raise HTTPException(401)
            return user
        def by_id(id: int, db: Session = Depends(get_db)):
            user = db.get(User, id)
            if not user: raise HTTPException(404)
            return user
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(current)): return 1
        @app.get("/b")
        def b(u=Depends(current2)): return 1
        @app.get("/c/{id}")
        def c(u=Depends(by_id)): return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c/{id}": "none",
        },
    ),
    "token decode try except": Case(
        """
        import jwt
        from fastapi import FastAPI, Depends, HTTPException, Header, Request
        app = FastAPI()
        def cur(authorization: str = Header(default="")):
            try:
                scheme, _, token = authorization.partition(" ")
                payload = jwt.decode(token, "k", algorithms=["HS256"])
            except jwt.PyJWTError:
                raise HTTPException(401)
            return payload
        def cur2(request: Request):
            token = request.cookies.get("access_token")
            try:
                return jwt.decode(token, "k", algorithms=["HS256"])["sub"]
            except Exception:
                return None
        def cur3(u=Depends(cur2)):
            if u is None: raise HTTPException(403)
            return u
        def cur4(request: Request):
            try:
                token = request.headers["Authorization"].split()[1]
            except (KeyError, IndexError):
                raise HTTPException(401)
            return token
        @app.get("/a")
        def a(u=Depends(cur)): return 1
        @app.get("/b")
        def b(u=Depends(cur2)): return 1
        @app.get("/c")
        def c(u=Depends(cur3)): return 1
        @app.get("/d")
        def d(u=Depends(cur4)): return 1
        """,
        {
            "/a": "required",
            "/b": "optional",
            "/c": "required",
            "/d": "required",
        },
    ),
    "tenant header ordinary": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Header, Request
        app = FastAPI()
        def tenant(request: Request):
            name = request.headers.get("X-Tenant")
            if not name:
                name = request.query_params.get("tenant")
            if not name:
                raise HTTPException(400, "tenant missing")
            return name
        def user(x_token: str | None = Header(None), t=Depends(tenant)):
            if not x_token: raise HTTPException(401)
        @app.get("/a")
        def a(u=Depends(user)): return 1
        @app.get("/b")
        def b(u=Depends(tenant)): return 1
        """,
        {"/a": "required", "/b": "none"},
    ),
    "missing token is 400": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Header, Request
        app = FastAPI()
        def user(authorization: str | None = Header(None)):
            if not authorization: raise HTTPException(400, "no token")
            if authorization != "x": raise HTTPException(401)
        @app.get("/a")
        def a(u=Depends(user)): return 1
        """,
        {"/a": "required"},
    ),
    "required header param": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Header
        app = FastAPI()
        def user(x_token: str = Header()):
            if x_token != "x": raise HTTPException(401)
        @app.get("/a")
        def a(u=Depends(user)): return 1
        """,
        {"/a": "required"},
    ),
    "graphql-ish context": Case(
        """
        from fastapi import FastAPI, Depends, Request, HTTPException
        app = FastAPI()
        class Context:
            def __init__(self, request: Request):
                self.request = request
            @property
            def user(self):
                token = self.request.headers.get("Authorization")
                if not token: return None
                return token
        async def ctx(request: Request): return Context(request)
        @app.get("/a")
        def a(c: Context = Depends(ctx)):
            if c.user is None:
                raise HTTPException(401)
            return 1
        @app.get("/b")
        def b(c: Context = Depends(ctx)): return {"u": c.user}
        """,
        {"/a": "required", "/b": "optional"},
    ),
    "app state config": Case(
        """
        from fastapi import FastAPI, Depends, Request, HTTPException
        app = FastAPI()
        app.state.auth = True
        app.state.api_key = "k"
        def guard(request: Request):
            if request.app.state.auth and request.headers.get("x-key") != request.app.state.api_key:
                raise HTTPException(401)
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "verifier disabled elsewhere": Case(
        """
        from fastapi import FastAPI, Depends, Header, HTTPException
        import os
        class Verifier:
            def __init__(self, key):
                self._key = key
                self._enabled = True
                self._check()
            def _check(self):
                if self._key is None: self._disable()
            def _disable(self): self._enabled = False
            @property
            def enabled(self): return self._enabled
        class Auth:
            def __init__(self, v): self.v = v
            def __call__(self, authorization: str | None = Header(None)):
                if not self.v.enabled: return {}
                if authorization is None: raise HTTPException(401)
        app = FastAPI()
        auth = Auth(Verifier(os.getenv("KEY")))
        @app.get("/a", dependencies=[Depends(auth)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "service class with Depends": Case(
        """
        from fastapi import FastAPI, Depends, Request, HTTPException
        class Repo:
            def by_token(self, token):
                if token is None: return None
                return {"id": 1}
        class AuthService:
            def __init__(self, repo: Repo = Depends()): self.repo = repo
            def current(self, request: Request):
                user = self.repo.by_token(request.cookies.get("sid"))
                if user is None: raise HTTPException(401)
                return user
        def current(request: Request, svc: AuthService = Depends()): return svc.current(request)
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(current)): return 1
        """,
        {"/a": "required"},
    ),
    "ip allowlist": Case(
        """
        from fastapi import FastAPI, Depends, Request, HTTPException
        ALLOWED = {"127.0.0.1"}
        def local(request: Request):
            if request.client.host not in ALLOWED:
                raise HTTPException(403)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(local)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "basic auth optional": Case(
        """
        import secrets
        from fastapi import FastAPI, Depends, HTTPException
        from fastapi.security import HTTPBasic, HTTPBasicCredentials, HTTPBearer
        basic = HTTPBasic(auto_error=False)
        app = FastAPI()
        def user(c: HTTPBasicCredentials | None = Depends(basic)):
            ok = c is not None and secrets.compare_digest(c.username, "a")
            if not ok: raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})
        bearer = HTTPBearer(auto_error=False)
        def user2(c=Depends(bearer)):
            token = c.credentials if c else None
            if token not in {"a", "b"}: raise HTTPException(401)
        @app.get("/a", dependencies=[Depends(user)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(user2)])
        def b(): return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "feature flag 403": Case(
        """
        import os
        from fastapi import FastAPI, Depends, HTTPException, Request
        app = FastAPI()
        READ_ONLY = os.getenv("READ_ONLY", "0") == "1"
        def writable():
            if READ_ONLY: raise HTTPException(403, "read only")
        @app.get("/a", dependencies=[Depends(writable)])
        def a(): return 1
        """,
        {"/a": "none"},
    ),
    "csrf token": Case(
        """
        import secrets
        from fastapi import FastAPI, Depends, HTTPException, Request
        app = FastAPI()
        def csrf(request: Request):
            if request.method in ("POST","PUT","DELETE"):
                if request.cookies.get("csrf") != request.headers.get("x-csrf") or not request.headers.get("x-csrf"):
                    raise HTTPException(403)
        @app.post("/a", dependencies=[Depends(csrf)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(csrf)])
        def b(): return 1
        """,
        {"/a": "required", "/b": "none"},
    ),
    "cbv base class": Case(
        """
        from fastapi import FastAPI, APIRouter, Depends, HTTPException, Header
        from typing import Annotated, Any, get_type_hints
        import inspect
        KEYWORD = inspect.Parameter.KEYWORD_ONLY
        def cbv(router):
            def deco(cls):
                hints = get_type_hints(cls, include_extras=True)
                params = [
                    inspect.Parameter(name, KEYWORD, annotation=hint, default=getattr(cls, name, ...))
                    for name, hint in hints.items()
                ]
                def init(self, **given):
                    for name, value in given.items(): setattr(self, name, value)
                cls.__signature__ = inspect.Signature(params)
                cls.__init__ = init
                for route in list(router.routes):
                    made = route.endpoint
                    if getattr(cls, made.__name__, None) is made:
                        first, *others = inspect.signature(made).parameters.values()
                        own = [first.replace(default=Depends(cls)), *[one.replace(kind=KEYWORD) for one in others]]
                        made.__signature__ = inspect.Signature(own)
                        router.routes.remove(route)
                        router.add_api_route(route.path, made, methods=list(route.methods))
                return cls
            return deco
        def user(authorization: str | None = Header(None)):
            if not authorization: raise HTTPException(401)
        class Base:
            user: Any = Depends(user)
        class Mixin:
            who: Annotated[Any, Depends(user)]
        class Plain: pass
        r = APIRouter()
        @cbv(r)
        class A(Base):
            @r.get("/a")
            def a(self): return 1
        @cbv(r)
        class B(Mixin, Plain):
            @r.get("/b")
            def b(self): return 1
        @cbv(r)
        class C(Plain):
            @r.get("/c")
            def c(self): return 1
        app = FastAPI()
        app.include_router(r)
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "none",
        },
    ),
    "dependency class dataclass": Case(
        """
        from dataclasses import dataclass
        from fastapi import FastAPI, Depends, HTTPException, Header
        def user(authorization: str | None = Header(None)):
            if not authorization: raise HTTPException(401)
            return 1
        @dataclass
        class Ctx:
            user: int = Depends(user)
        class Ctx2:
            def __init__(self, user=Depends(user)): self.user = user
        class Sub(Ctx2): pass
        app = FastAPI()
        @app.get("/a")
        def a(c: Ctx = Depends()): return 1
        @app.get("/b")
        def b(c: Sub = Depends(Sub)): return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "env compare not dev": Case(
        """
        import os
        from fastapi import FastAPI, Depends, HTTPException, Header
        def user(authorization: str | None = Header(None)):
            if not authorization: raise HTTPException(401)
        ENV = os.getenv("ENVIRONMENT", "development")
        app = FastAPI(dependencies=[Depends(user)] if ENV == "production" else None)
        @app.get("/a")
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "factory setting off": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Header, APIRouter
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            auth: bool = False
        settings = Settings()
        def user(authorization: str | None = Header(None)):
            if not authorization: raise HTTPException(401)
        router = APIRouter()
        @router.get("/a")
        def a(): return 1
        app = FastAPI()
        if settings.auth:
            app.include_router(router, dependencies=[Depends(user)])
        else:
            app.include_router(router)
        """,
        {"/a": "required"},
    ),
    "middleware off by setting": Case(
        """
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
        from pydantic_settings import BaseSettings
        class Settings(BaseSettings):
            auth_enabled: bool = False
        settings = Settings()
        app = FastAPI()
        if settings.auth_enabled:
            @app.middleware("http")
            async def guard(request, call_next):
                if "authorization" not in request.headers:
                    return JSONResponse({}, 401)
                return await call_next(request)
        @app.get("/a")
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "basic header parse": Case(
        """
        import base64
        from fastapi import FastAPI, Request, Response
        app = FastAPI()
        @app.middleware("http")
        async def basic(request: Request, call_next):
            auth = request.headers.get("Authorization")
            if auth is None or not auth.startswith("Basic "):
                return Response(status_code=401, headers={"WWW-Authenticate": "Basic"})
            try:
                user, _, pw = base64.b64decode(auth[6:]).decode().partition(":")
            except Exception:
                return Response(status_code=400)
            if (user, pw) != ("a", "b"):
                return Response(status_code=401)
            return await call_next(request)
        @app.get("/a")
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "raising in middleware handled by helper": Case(
        """
        from fastapi import FastAPI, Request, HTTPException
        from fastapi.responses import JSONResponse
        app = FastAPI()
        async def verify(request: Request):
            token = request.headers.get("X-Token")
            if token != "t":
                raise HTTPException(status_code=401, detail="x")
        @app.middleware("http")
        async def guard(request: Request, call_next):
            if request.url.path.startswith("/api"):
                try:
                    await verify(request)
                except HTTPException as e:
                    return JSONResponse({"d": e.detail}, status_code=e.status_code)
            return await call_next(request)
        @app.get("/api/a")
        def a(): return 1
        @app.get("/b")
        def b(): return 1
        """,
        {"/api/a": "required", "/b": "none"},
    ),
    "allowed list any startswith": Case(
        """
        from fastapi import FastAPI, Request
        from starlette.middleware.base import BaseHTTPMiddleware
        from starlette.responses import RedirectResponse, JSONResponse
        PUBLIC = ["/login", "/static", "/docs"]
        class Auth(BaseHTTPMiddleware):
            async def dispatch(self, request: Request, call_next):
                path = request.url.path
                if any(path.startswith(p) for p in PUBLIC):
                    return await call_next(request)
                user = request.cookies.get("user")
                if not user:
                    if path.startswith("/api/"):
                        return JSONResponse({"e": 1}, status_code=401)
                    return RedirectResponse("/login?next=" + path)
                request.state.user = user
                return await call_next(request)
        app = FastAPI()
        app.add_middleware(Auth)
        @app.get("/login")
        def l(): return 1
        @app.get("/api/x")
        def x(): return 1
        @app.get("/home")
        def h(): return 1
        """,
        {
            "/login": "none",
            "/api/x": "required",
            "/home": "required",
        },
    ),
    "public decorator attribute": Case(
        """
        from fastapi import FastAPI, Request
        from starlette.responses import JSONResponse
        app = FastAPI()
        def public(f):
            f.is_public = True
            return f
        def guard(request: Request):
            from fastapi import HTTPException
            endpoint = request.scope.get("endpoint")
            if getattr(endpoint, "is_public", False): return
            if "authorization" not in request.headers: raise HTTPException(401)
        from fastapi import Depends, APIRouter
        r = APIRouter(dependencies=[Depends(guard)])
        @r.get("/a")
        @public
        def a(): return 1
        @r.get("/b")
        def b(): return 1
        app.include_router(r)
        """,
        {"/a": "unknown", "/b": "unknown"},
        frozenset({"/a", "/b"}),
    ),
    "abstract provider via dependency override": Case(
        """
        from abc import ABC, abstractmethod
        from fastapi import FastAPI, Depends, HTTPException, Request
        class AuthProvider(ABC):
            @abstractmethod
            def user(self, request: Request): ...
        class Token(AuthProvider):
            def user(self, request):
                if "authorization" not in request.headers: return None
                return 1
        def provider() -> AuthProvider:
            raise NotImplementedError
        def current(request: Request, p: AuthProvider = Depends(provider)):
            u = p.user(request)
            if u is None: raise HTTPException(401)
            return u
        app = FastAPI()
        app.dependency_overrides[provider] = lambda: Token()
        @app.get("/a")
        def a(u=Depends(current)): return 1
        """,
        {"/a": "required"},
    ),
    "provider chosen by settings": Case(
        """
        import os
        from fastapi import FastAPI, Depends, HTTPException, Request
        class NoAuth:
            def user(self, request): return "anonymous"
        class Token:
            def user(self, request):
                if "authorization" not in request.headers: raise HTTPException(401)
        def make():
            kind = os.getenv("AUTH_KIND", "none")
            if kind == "token": return Token()
            return NoAuth()
        def current(request: Request): return make().user(request)
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(current)): return 1
        """,
        {"/a": "none"},
    ),
    "scheme before unknown": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException
        from fastapi.security import HTTPBearer, OAuth2PasswordBearer
        bearer = HTTPBearer()
        import json as mystery
        def svc(): return mystery.loads("{}")
        def check(c=Depends(bearer), s=Depends(svc)):
            if not s.get("ok"): raise HTTPException(403)
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(check)): return 1
        """,
        {"/a": "required"},
    ),
    "current user or none then check role": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException
        from fastapi.security import OAuth2PasswordBearer
        o = OAuth2PasswordBearer(tokenUrl="t", auto_error=False)
        async def maybe(token: str | None = Depends(o)):
            if not token: return None
            return {"role": "x"}
        def require_role(*roles):
            async def inner(user=Depends(maybe)):
                if not user or user["role"] not in roles:
                    raise HTTPException(403)
                return user
            return inner
        class Need:
            def __init__(self, *roles): self.roles = roles
            async def __call__(self, user=Depends(maybe)):
                if user is None: raise HTTPException(401)
                if user["role"] not in self.roles: raise HTTPException(403)
                return user
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(require_role("a", "b"))): return 1
        @app.get("/b")
        def b(u=Depends(Need("a"))): return 1
        @app.get("/c")
        def c(u=Depends(maybe)): return u
        @app.get("/d")
        def d(u=Depends(maybe)):
            if u is None:
                raise HTTPException(401)
            return u
        @app.get("/e")
        def e(item: int = 0, u=Depends(maybe)):
            if item > 3 and not u:
                raise HTTPException(401)
            return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "optional",
            "/d": "required",
            "/e": "optional",
        },
    ),
    "websocket auth helpers": Case(
        """
        from fastapi import FastAPI, WebSocket, WebSocketDisconnect, Query, status, Depends
        app = FastAPI()
        async def get_user(ws: WebSocket):
            token = ws.query_params.get("token")
            if not token: return None
            return token
        @app.websocket("/a")
        async def a(ws: WebSocket):
            user = await get_user(ws)
            if user is None:
                await ws.close(code=status.WS_1008_POLICY_VIOLATION, reason="no")
                return
            await ws.accept()
        @app.websocket("/b")
        async def b(ws: WebSocket, token: str):
            await ws.accept()
        @app.websocket("/c")
        async def c(ws: WebSocket):
            if "session" not in ws.cookies:
                await ws.close()
                return
            await ws.accept()
        """,
        {
            "/a": "required",
            "/b": "none",
            "/c": "required",
        },
        frozenset({"/b"}),
    ),
    "contextvar user": Case(
        """
        from contextvars import ContextVar
        from fastapi import FastAPI, Request, Depends, HTTPException
        from fastapi.responses import JSONResponse
        user_var: ContextVar = ContextVar("user", default=None)
        app = FastAPI()
        @app.middleware("http")
        async def mw(request: Request, call_next):
            token = request.headers.get("Authorization")
            user_var.set({"id": 1} if token else None)
            return await call_next(request)
        def current():
            u = user_var.get()
            if u is None: raise HTTPException(401)
            return u
        @app.get("/a")
        def a(u=Depends(current)): return 1
        @app.get("/b")
        def b(): return user_var.get()
        """,
        {"/a": "required", "/b": "none"},
    ),
    "custom route class": Case(
        """
        from typing import Callable
        from fastapi import FastAPI, APIRouter, Request, HTTPException
        from fastapi.routing import APIRoute
        class Secure(APIRoute):
            def get_route_handler(self) -> Callable:
                orig = super().get_route_handler()
                async def handler(request: Request):
                    if "authorization" not in request.headers:
                        raise HTTPException(401)
                    return await orig(request)
                return handler
        r = APIRouter(route_class=Secure)
        @r.get("/a")
        def a(): return 1
        app = FastAPI()
        app.include_router(r)
        @app.get("/b")
        def b(): return 1
        """,
        {"/a": "required", "/b": "none"},
    ),
    "mounted subapp with middleware": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        app = FastAPI()
        sub = FastAPI()
        @sub.middleware("http")
        async def g(request: Request, call_next):
            if "x" not in request.headers: return JSONResponse({}, 403)
            return await call_next(request)
        @sub.get("/a")
        def a(): return 1
        @app.get("/b")
        def b(): return 1
        app.mount("/sub", sub)
        """,
        {"/b": "none", "/sub/a": "required"},
    ),
    "exception class with status handled": Case(
        """
        from fastapi import FastAPI, Request, Depends
        from fastapi.responses import JSONResponse
        class AppError(Exception):
            status_code = 500
            def __init__(self, message="x"): self.message = message
        class Unauthorized(AppError):
            status_code = 401
        app = FastAPI()
        @app.exception_handler(AppError)
        async def handle(request: Request, exc: AppError):
            return JSONResponse(status_code=exc.status_code, content={"m": exc.message})
        def user(request: Request):
            if not request.headers.get("authorization"): raise Unauthorized("no")
        @app.get("/a", dependencies=[Depends(user)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "abort helper function": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        from http import HTTPStatus
        def deny(msg): raise HTTPException(status_code=HTTPStatus.UNAUTHORIZED, detail=msg)
        def user(request: Request):
            token = request.headers.get("authorization")
            if token is None: deny("x")
            parts = token.split(" ")
            if len(parts) != 2 or parts[0].lower() != "bearer": deny("y")
            return parts[1]
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(user)): return 1
        """,
        {"/a": "required"},
    ),
    "match on header": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        def user(request: Request):
            match request.headers.get("authorization"):
                case None: raise HTTPException(401)
                case "Bearer x": return 1
                case _: raise HTTPException(403)
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(user)): return 1
        """,
        {"/a": "required"},
    ),
    "api key dict of settings": Case(
        """
        import os, json
        from fastapi import FastAPI, Security, HTTPException
        from fastapi.security import APIKeyHeader, APIKeyQuery
        keys = json.loads(os.getenv("KEYS", "[]"))
        h = APIKeyHeader(name="X-API-Key", auto_error=False)
        q = APIKeyQuery(name="api_key", auto_error=False)
        def get_key(a: str = Security(h), b: str = Security(q)):
            if a in keys: return a
            if b in keys: return b
            raise HTTPException(status_code=401)
        app = FastAPI()
        @app.get("/a")
        def a(k=Security(get_key)): return 1
        """,
        {"/a": "required"},
    ),
    "startup created auth": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        class Auth:
            def verify(self, request):
                if "authorization" not in request.headers: raise HTTPException(401)
        auth: Auth | None = None
        app = FastAPI()
        @app.on_event("startup")
        def start():
            global auth
            auth = Auth()
        def dep(request: Request):
            if auth is None: raise RuntimeError("not ready")
            return auth.verify(request)
        app.state.auth = Auth()
        def dep2(request: Request):
            return request.app.state.auth.verify(request)
        @app.get("/b")
        def b(u=Depends(dep2)): return 1
        """,
        {"/b": "required"},
    ),
    "loop user store": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        USERS = [{"token": "a"}, {"token": "b"}]
        def user(request: Request):
            token = request.headers.get("x-token")
            for u in USERS:
                if u["token"] == token: return u
            raise HTTPException(401)
        def user2(request: Request):
            u = next((u for u in USERS if u["token"] == request.headers.get("x-token")), None)
            if not u: raise HTTPException(401)
        SESS = {}
        def user3(request: Request):
            s = SESS.get(request.cookies.get("sid"))
            if s is None: raise HTTPException(401)
        def user4(request: Request):
            try: return SESS[request.cookies.get("sid")]
            except KeyError: raise HTTPException(401)
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(user)): return 1
        @app.get("/b")
        def b(u=Depends(user2)): return 1
        @app.get("/c")
        def c(u=Depends(user3)): return 1
        @app.get("/d")
        def d(u=Depends(user4)): return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "required",
            "/d": "required",
        },
    ),
    "owner check in body 403": Case(
        """
        from fastapi import FastAPI, HTTPException
        app = FastAPI()
        DB = {1: {"public": False}}
        @app.get("/a/{id}")
        def a(id: int):
            if id == 7: raise HTTPException(403)
            return 1
        @app.post("/login")
        def login(user: str = "x", pw: str = "y"):
            if user != "admin": raise HTTPException(401)
            return 1
        """,
        {"/a/{id}": "none", "/login": "none"},
        frozenset({"/login"}),
    ),
    "rate limiter is no protection": Case(
        """
        import time
        from fastapi import FastAPI, Request, Depends, HTTPException
        app = FastAPI()
        hits = {}
        def limit(request: Request):
            ip = request.headers.get("X-Forwarded-For") or request.client.host
            now = time.time()
            hits[ip] = [t for t in hits.get(ip, []) if now - t < 60]
            if len(hits[ip]) > 100: raise HTTPException(429)
            hits[ip].append(now)
        @app.get("/a", dependencies=[Depends(limit)])
        def a(): return 1
        def blocked(request: Request):
            if request.client.host in {"6.6.6.6"}: raise HTTPException(403)
        @app.get("/b", dependencies=[Depends(blocked)])
        def b(): return 1
        """,
        {"/a": "none", "/b": "none"},
    ),
    "content type and accept checks": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException, Header
        app = FastAPI()
        def json_only(request: Request):
            if request.headers.get("content-type") != "application/json": raise HTTPException(415)
        @app.get("/a", dependencies=[Depends(json_only)])
        def a(): return 1
        def lang(accept_language: str = Header("en")): return accept_language
        @app.get("/b")
        def b(l=Depends(lang)): return l
        def ver(x_version: str = Header()):
            if x_version not in ("1", "2"): raise HTTPException(400)
        @app.get("/c", dependencies=[Depends(ver)])
        def c(): return 1
        """,
        {
            "/a": "none",
            "/b": "none",
            "/c": "none",
        },
    ),
    "no cookies": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        def a1(request: Request):
            if not request.cookies: raise HTTPException(401)
        def a2(request: Request):
            if len(request.cookies) == 0: raise HTTPException(401)
        def a3(request: Request):
            if request.cookies == {}: raise HTTPException(401)
        def a4(request: Request):
            if "authorization" not in request.headers and not request.cookies: raise HTTPException(401)
        def a5(request: Request):
            if not request.headers: raise HTTPException(401)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(a1)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(a2)])
        def b(): return 1
        @app.get("/c", dependencies=[Depends(a3)])
        def c(): return 1
        @app.get("/d", dependencies=[Depends(a4)])
        def d(): return 1
        @app.get("/e", dependencies=[Depends(a5)])
        def e(): return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "required",
            "/d": "required",
            "/e": "none",
        },
    ),
    "routes extended": Case(
        """
        from fastapi import FastAPI, APIRouter, Depends
        from fastapi.security import HTTPBearer
        from fastapi.routing import APIRoute
        app = FastAPI(dependencies=[Depends(HTTPBearer())])
        router = APIRouter()
        @router.get("/a")
        def a(): return 1
        app.routes.extend(router.routes)
        r2 = APIRouter(dependencies=[Depends(HTTPBearer())])
        @r2.get("/b")
        def b(): return 1
        app.routes.extend(r2.routes)
        def c(): return 1
        app.routes.append(APIRoute("/c", c))
        @app.get("/d")
        def d(): return 1
        """,
        {
            "/a": "none",
            "/b": "required",
            "/c": "none",
            "/d": "required",
        },
    ),
    "headers looked through": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        class Guard:
            def __init__(self, app): self.app = app
            async def __call__(self, scope, receive, send):
                if scope["type"] != "http" or scope["path"] == "/open":
                    return await self.app(scope, receive, send)
                token = None
                for name, value in scope["headers"]:
                    if name == b"authorization": token = value.decode()
                if token is None:
                    await send({"type": "http.response.start", "status": 401, "headers": []})
                    await send({"type": "http.response.body", "body": b""})
                    return
                await self.app(scope, receive, send)
        app = FastAPI()
        app.add_middleware(Guard)
        @app.get("/open")
        def o(): return 1
        @app.get("/closed")
        def c(): return 1
        """,
        {"/open": "none", "/closed": "required"},
    ),
    "headers found by generator": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        def a1(request: Request):
            found = next((v for k, v in request.scope["headers"] if k == b"x-key"), None)
            if found is None: raise HTTPException(401)
        def a2(request: Request):
            if not any(k.lower() == "x-key" for k in request.headers): raise HTTPException(401)
        def a3(request: Request):
            given = {k.lower(): v for k, v in request.headers.items()}
            if "x-key" not in given: raise HTTPException(401)
        def a4(request: Request):
            headers = dict(request.headers)
            if headers.get("x-key") != "k": raise HTTPException(401)
        def a5(request: Request):
            headers = dict(request.scope["headers"])
            if b"x-key" not in headers: raise HTTPException(401)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(a1)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(a2)])
        def b(): return 1
        @app.get("/c", dependencies=[Depends(a3)])
        def c(): return 1
        @app.get("/d", dependencies=[Depends(a4)])
        def d(): return 1
        @app.get("/e", dependencies=[Depends(a5)])
        def e(): return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "required",
            "/d": "required",
            "/e": "required",
        },
    ),
    "own page": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        def own(request: Request):
            site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
            if site == "cross-site": raise HTTPException(403)
        def browser(request: Request):
            if "bot" in request.headers.get("user-agent", ""): raise HTTPException(403)
        app = FastAPI()
        @app.get("/b")
        def b(request: Request, cookies: bool = False):
            if cookies: own(request)
            return 1
        @app.get("/c")
        def c(request: Request):
            browser(request)
            return 1
        """,
        {"/b": "none", "/c": "none"},
    ),
    "includes extended": Case(
        """
        from fastapi import FastAPI, APIRouter, Depends
        from fastapi.security import HTTPBearer
        inner = APIRouter()
        @inner.get("/b")
        def b(): return 1
        router = APIRouter()
        router.include_router(inner)
        kept = APIRouter(dependencies=[Depends(HTTPBearer())])
        kept.include_router(inner, prefix="/kept")
        app = FastAPI(dependencies=[Depends(HTTPBearer())])
        app.router.routes += router.routes
        app.router.routes.extend(kept.routes)
        @app.get("/d")
        def d(): return 1
        """,
        {
            "/b": "none",
            "/kept/b": "required",
            "/d": "required",
        },
    ),
    "api key per router with partial": Case(
        """
        from functools import partial
        from fastapi import FastAPI, APIRouter, Depends, HTTPException, Request
        def need(request: Request, header: str = "x-key"):
            if request.headers.get("x-key") is None: raise HTTPException(401)
        class Checker:
            header = "x-key"
            @classmethod
            def check(cls, request: Request):
                if not request.headers.get(cls.header): raise HTTPException(401)
            @staticmethod
            def check2(request: Request):
                if not request.headers.get("x-key"): raise HTTPException(401)
        app = FastAPI()
        r = APIRouter(dependencies=[Depends(Checker.check)])
        @r.get("/a")
        def a(): return 1
        app.include_router(r)
        @app.get("/b", dependencies=[Depends(Checker.check2)])
        def b(): return 1
        app.include_router(r, prefix="/v2", dependencies=[Depends(need)])
        """,
        {
            "/a": "required",
            "/b": "required",
            "/v2/a": "required",
        },
    ),
    "yield dependency": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        async def user(request: Request):
            token = request.headers.get("authorization")
            if token is None: raise HTTPException(401)
            yield token
        def lazy(request: Request):
            yield request.headers.get("authorization")
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(user)): return 1
        @app.get("/b")
        def b(u=Depends(lazy)):
            if not u: raise HTTPException(401)
            return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "async get token helper none": Case(
        """
        from typing import Optional
        from fastapi import FastAPI, Depends, HTTPException, Request
        def bearer(header: Optional[str]) -> Optional[str]:
            if header and header.lower().startswith("bearer "):
                return header[7:]
            return None
        def load(token):
            if token is None: return None
            return {"id": token}
        async def current(request: Request):
            token = bearer(request.headers.get("Authorization")) or request.cookies.get("access_token")
            user = load(token)
            if user: return user
            raise HTTPException(status_code=401)
        async def admin(user=Depends(current)):
            if not user.get("admin"): raise HTTPException(status_code=403)
            return user
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(current)): return 1
        @app.get("/b")
        def b(u=Depends(admin)): return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "settings object dependency": Case(
        """
        from functools import lru_cache
        from pydantic import BaseModel
        from fastapi import FastAPI, Depends, HTTPException, Request
        class Auth(BaseModel):
            enabled: bool = True
            token: str = "x"
        class Config(BaseModel):
            auth: Auth = Auth()
        @lru_cache
        def config() -> Config: return Config()
        def guard(request: Request, c: Config = Depends(config)):
            if not c.auth.enabled: return
            if request.headers.get("x-token") != c.auth.token: raise HTTPException(401)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "yaml config": Case(
        """
        import json, pathlib
        from fastapi import FastAPI, Depends, HTTPException, Request
        CONFIG = {"auth": {"enabled": True, "users": ["a"]}}
        def guard(request: Request):
            if CONFIG["auth"]["enabled"] and request.headers.get("x-user") not in CONFIG["auth"]["users"]:
                raise HTTPException(403)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "middleware returning Response subclass and exempt method": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import ORJSONResponse, PlainTextResponse, Response
        app = FastAPI()
        EXEMPT = {("GET", "/health"), ("POST", "/login")}
        @app.middleware("http")
        async def auth(request: Request, call_next):
            if (request.method, request.url.path) in EXEMPT: return await call_next(request)
            if request.url.path in {"/docs"} or request.url.path.startswith("/static/"):
                return await call_next(request)
            if not request.headers.get("authorization"):
                return Response("no", status_code=401)
            return await call_next(request)
        @app.get("/health")
        def h(): return 1
        @app.post("/login")
        def l(): return 1
        @app.get("/x")
        def x(): return 1
        """,
        {
            "/health": "none",
            "/login": "none",
            "/x": "required",
        },
    ),
    "middleware only for api prefix": Case(
        """
        from fastapi import FastAPI, Request, HTTPException
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
        class ApiKey(BaseHTTPMiddleware):
            def __init__(self, app, *, header="x-api-key", keys=None, protected=("/api",)):
                super().__init__(app)
                self.header, self.keys, self.protected = header, keys or [], protected
            async def dispatch(self, request: Request, call_next: RequestResponseEndpoint):
                if request.url.path.startswith(self.protected):
                    key = request.headers.get(self.header)
                    if key not in self.keys:
                        return JSONResponse({"detail": "bad key"}, status_code=403)
                return await call_next(request)
        app = FastAPI()
        app.add_middleware(ApiKey, keys=["k"])
        @app.get("/api/x")
        def x(): return 1
        @app.get("/y")
        def y(): return 1
        """,
        {"/api/x": "required", "/y": "none"},
    ),
    "global guard via app dependency with path exempt": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        OPEN = ("/health", "/login")
        async def guard(request: Request):
            if request.url.path in OPEN: return
            if request.scope["path"].startswith("/public"): return
            if "authorization" not in request.headers: raise HTTPException(401)
        app = FastAPI(dependencies=[Depends(guard)])
        @app.get("/health")
        def h(): return 1
        @app.get("/public/x")
        def p(): return 1
        @app.get("/x/{id}")
        def x(id: int): return 1
        """,
        {
            "/health": "none",
            "/public/x": "none",
            "/x/{id}": "required",
        },
    ),
    "route path regex exempt": Case(
        r"""
        import re
        from fastapi import FastAPI, Request, Depends, HTTPException
        OPEN = [re.compile(p) for p in (r"^/health$", r"^/items/\d+/public$")]
        def guard(request: Request):
            if any(p.search(request.url.path) for p in OPEN): return
            if not request.headers.get("authorization"): raise HTTPException(401)
        app = FastAPI(dependencies=[Depends(guard)])
        @app.get("/health")
        def h(): return 1
        @app.get("/items/1/public")
        def p(): return 1
        @app.get("/items/x")
        def x(): return 1
        """,
        {
            "/health": "none",
            "/items/1/public": "none",
            "/items/x": "required",
        },
    ),
    "user enum roles class": Case(
        """
        from enum import Enum
        from fastapi import FastAPI, Request, Depends, HTTPException
        class Role(str, Enum):
            ADMIN = "admin"
            USER = "user"
        class User:
            def __init__(self, role): self.role = role
            @property
            def is_admin(self): return self.role == Role.ADMIN
            def can(self, what): return self.is_admin
        def current(request: Request):
            role = request.headers.get("x-role")
            return User(role) if role else None
        def allow(*roles):
            def check(user=Depends(current)):
                if user is None: raise HTTPException(401)
                if user.role not in roles: raise HTTPException(403)
                return user
            return Depends(check)
        app = FastAPI()
        @app.get("/a", dependencies=[allow(Role.ADMIN)])
        def a(): return 1
        @app.get("/b")
        def b(u=allow(Role.USER)): return 1
        def guest(request: Request):
            return User(request.headers.get("x-role", "guest"))
        @app.get("/c")
        def c(u=Depends(guest)):
            if not u.can("x"): raise HTTPException(403)
            return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "required",
        },
    ),
    "anonymous user object": Case(
        """
        from fastapi import FastAPI, Request, Depends, HTTPException
        class Anonymous:
            is_authenticated = False
            scopes = []
        class Known:
            is_authenticated = True
            scopes = ["a"]
        def current(request: Request):
            if request.headers.get("authorization"): return Known()
            return Anonymous()
        def need(user=Depends(current)):
            if not user.is_authenticated: raise HTTPException(401)
        def scoped(user=Depends(current)):
            if "a" not in user.scopes: raise HTTPException(403)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(need)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(scoped)])
        def b(): return 1
        @app.get("/c")
        def c(u=Depends(current)): return u.is_authenticated
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "optional",
        },
    ),
    "jwt helper class": Case(
        """
        import jwt
        from fastapi import FastAPI, Request, Depends, HTTPException
        from fastapi.security import HTTPBearer, HTTPAuthorizationCredentials
        class JWTBearer(HTTPBearer):
            def __init__(self, auto_error: bool = True):
                super().__init__(auto_error=auto_error)
            async def __call__(self, request: Request):
                credentials: HTTPAuthorizationCredentials = await super().__call__(request)
                if credentials:
                    if not credentials.scheme == "Bearer": raise HTTPException(403)
                    if not self.verify(credentials.credentials): raise HTTPException(403)
                    return credentials.credentials
                raise HTTPException(403)
            def verify(self, token):
                try: payload = jwt.decode(token, "k", algorithms=["HS256"])
                except Exception: payload = None
                return bool(payload)
        class Lenient(HTTPBearer):
            async def __call__(self, request: Request):
                try: return await super().__call__(request)
                except HTTPException: return None
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(JWTBearer())])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(JWTBearer(auto_error=False))])
        def b(): return 1
        @app.get("/c", dependencies=[Depends(Lenient())])
        def c(): return 1
        """,
        {
            "/a": "required",
            "/b": "required",
            "/c": "optional",
        },
    ),
    "include with settings dict and prefix deps": Case(
        """
        from fastapi import FastAPI, APIRouter, Depends, Header, HTTPException
        async def get_token_header(x_token: str = Header()):
            if x_token != "fake": raise HTTPException(400, "X-Token header invalid")
        async def get_query_token(token: str):
            if token != "jessica": raise HTTPException(400, "No Jessica token provided")
        app = FastAPI()
        r = APIRouter(prefix="/items", dependencies=[Depends(get_token_header)])
        @r.get("/")
        def a(): return 1
        app.include_router(r)
        @app.get("/q", dependencies=[Depends(get_query_token)])
        def q(): return 1
        """,
        {"/items/": "required", "/q": "required"},
    ),
    "nested optional service user": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        class Users:
            def find(self, token):
                rows = self.query(token)
                return rows[0] if rows else None
            def query(self, token):
                return [u for u in [{"t": "a"}] if u["t"] == token]
        users = Users()
        def current(request: Request):
            found = users.find(request.headers.get("x-token"))
            if not found: raise HTTPException(401)
            return found
        app = FastAPI()
        @app.get("/a")
        def a(u=Depends(current)): return 1
        """,
        {"/a": "required"},
    ),
    "raise from except chain with custom http exception": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request, status
        class CredentialsException(HTTPException):
            def __init__(self):
                super().__init__(status_code=status.HTTP_401_UNAUTHORIZED, detail="x")
        class Denied(HTTPException):
            status_code = 403
            def __init__(self): HTTPException.__init__(self, self.status_code)
        def token(request: Request):
            try:
                return request.headers["authorization"].removeprefix("Bearer ")
            except KeyError as e:
                raise CredentialsException() from e
        def token2(request: Request):
            if not request.cookies.get("t"): raise Denied
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(token)])
        def a(): return 1
        @app.get("/b", dependencies=[Depends(token2)])
        def b(): return 1
        """,
        {"/a": "required", "/b": "required"},
    ),
    "problem body error dict": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        app = FastAPI()
        def err(code, msg): return JSONResponse({"code": code, "msg": msg}, status_code=code)
        @app.get("/a")
        def a(request: Request):
            if not request.headers.get("token"): return err(401, "no")
            return 1
        @app.get("/b")
        def b(request: Request):
            if not request.headers.get("token"): return {"code": 401}
            return 1
        """,
        {"/a": "required", "/b": "optional"},
    ),
    "htmx session templates": Case(
        """
        from fastapi import FastAPI, Request, Depends
        from fastapi.responses import RedirectResponse, HTMLResponse
        from starlette.middleware.sessions import SessionMiddleware
        app = FastAPI()
        app.add_middleware(SessionMiddleware, secret_key="x")
        def user(request: Request): return request.session.get("user")
        @app.get("/")
        def index(request: Request, u=Depends(user)):
            if not u: return RedirectResponse("/login", status_code=303)
            return HTMLResponse("x")
        @app.get("/login")
        def login(request: Request, u=Depends(user)):
            if u: return RedirectResponse("/", status_code=303)
            return HTMLResponse("login")
        @app.post("/save")
        def save(request: Request):
            if request.session.get("user", {}).get("role") != "admin":
                return HTMLResponse("no", status_code=403)
            return 1
        @app.get("/lang")
        def lang(request: Request):
            return request.cookies.get("lang", "en")
        """,
        {
            "/": "required",
            "/login": "optional",
            "/save": "required",
            "/lang": "none",
        },
    ),
    "static methods as endpoints": Case(
        """
        from fastapi import FastAPI, APIRouter, Depends, HTTPException, Request
        def who(request: Request):
            if not request.headers.get("authorization"): raise HTTPException(401)
            return 1
        class Users:
            router = APIRouter()
        class Pages:
            @staticmethod
            @Users.router.get("/me")
            async def me(user=Depends(who), page: int = 1): return 1
            @staticmethod
            @Users.router.get("/all")
            async def everybody(page: int = 1): return 1
        app = FastAPI()
        app.include_router(Users.router)
        """,
        {"/me": "required", "/all": "none"},
    ),
    "settings in parts": Case(
        """
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings
        from fastapi import FastAPI, Depends, HTTPException, Request
        class Parts(BaseModel):
            api_token: str | None = None
        class Settings(BaseSettings, Parts): ...
        settings = Settings()
        def verify(given, expected):
            if given != expected: raise HTTPException(401)
        def guard(request: Request):
            verify(request.headers.get("x-token"), settings.api_token)
        app = FastAPI()
        @app.get("/a", dependencies=[Depends(guard)])
        def a(): return 1
        """,
        {"/a": "required"},
    ),
    "ticket of a socket": Case(
        """
        from fastapi import FastAPI, WebSocket, WebSocketException, Depends, Query, status
        from typing import Annotated
        store = None
        class Store:
            def __init__(self): self.held = {}
            async def take(self, ticket): return self.held.pop(ticket, None)
        def get_store():
            global store
            if store is None: store = Store()
            return store
        async def user(ws: WebSocket, tickets: Annotated[Store, Depends(get_store)], ticket: Annotated[str, Query()]):
            if ws.headers.get("origin", "") == "http://evil": raise WebSocketException(code=1008)
            taken = await tickets.take(ticket)
            if not taken: raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
            name, session = taken
            ws.state.session = session
            return name
        app = FastAPI()
        @app.websocket("/ws")
        async def ws(ws: WebSocket, u=Depends(user)):
            await ws.accept()
        """,
        {"/ws": "required"},
    ),
    "middleware switched off as shipped": Case(
        """
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
        from pydantic_settings import BaseSettings
        from starlette.middleware.base import BaseHTTPMiddleware
        class Settings(BaseSettings):
            auth_enabled: bool = False
            log: bool = False
        settings = Settings()
        class Guard(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next):
                if request.url.path != "/open" and "authorization" not in request.headers:
                    return JSONResponse({}, 401)
                return await call_next(request)
        class Log(BaseHTTPMiddleware):
            async def dispatch(self, request, call_next): return await call_next(request)
        def create():
            app = FastAPI()
            if settings.auth_enabled:
                app.add_middleware(Guard)
            if settings.log:
                app.add_middleware(Log)
            return app
        app = create()
        @app.get("/a")
        def a(): return 1
        @app.get("/open")
        def o(): return 1
        """,
        {"/a": "required", "/open": "none"},
    ),
    "middleware answers 200 with a refusing code in the body": Case(
        """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        app = FastAPI()
        def failure(code=400):
            return {"code": code, "data": None}
        class Guard:
            def __init__(self, app):
                self.app = app
            async def __call__(self, scope, receive, send):
                if scope["type"] == "http":
                    path = scope["path"]
                    if path == "/odd" and "x-odd" not in Request(scope).headers:
                        return await JSONResponse(failure())(scope, receive, send)
                    if path.startswith("/in/") and not Request(scope).headers.get("token"):
                        response = JSONResponse(status_code=200, content=failure(code=401))
                        return await response(scope, receive, send)
                await self.app(scope, receive, send)
        app.add_middleware(Guard)
        @app.get("/in/a")
        def a(): return 1
        @app.get("/odd")
        def odd(): return 1
        @app.get("/open")
        def o(): return 1
        """,
        {"/in/a": "required", "/odd": "none", "/open": "none"},
        frozenset({"/in/a"}),
    ),
}


OF_LIBRARIES = {
    "a middleware that answers with the status of a library's error": Case(
        """
        from errors_of_ours import Codes, OurError
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware
        class Asking(BaseHTTPMiddleware):
            def __init__(self, app):
                super().__init__(app)
                self.free = ["/none"]
            def token(self, headers):
                found = headers.get("Authorization")
                if not found:
                    raise OurError(code=Codes.MISSING)
                return found
            async def dispatch(self, request: Request, call_next):
                if any(one in request.url.path for one in self.free):
                    return await call_next(request)
                try:
                    request.state.token = self.token(request.headers)
                except OurError as error:
                    return self.answer(error)
                return await call_next(request)
            def answer(self, error):
                told = {"status": error.code.status or 401}
                return JSONResponse(told, status_code=told["status"])
        app = FastAPI()
        app.add_middleware(Asking)
        @app.get("/unknown")
        def a(): return 1
        @app.get("/none")
        def b(): return 1
        """,
        {"/unknown": "unknown", "/none": "none"},
    ),
    "fastapi-users": Case(
        """
        from fastapi import FastAPI, Depends
        from fastapi_users import FastAPIUsers
        from fastapi_users.authentication import CookieTransport, AuthenticationBackend
        fastapi_users = FastAPIUsers(get_user_manager, [auth_backend])
        current_active_user = fastapi_users.current_user(active=True)
        maybe_user = fastapi_users.current_user(optional=True)
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(current_active_user)): return 1
        @app.get("/optional")
        def b(u=Depends(maybe_user)): return 1
        @app.get("/required2")
        def c(u=Depends(fastapi_users.current_user())): return 1
        """,
        {
            "/required": "required",
            "/optional": "optional",
            "/required2": "required",
        },
    ),
    "fastapi-login": Case(
        """
        from fastapi import FastAPI, Depends
        from fastapi_login import LoginManager
        manager = LoginManager("s", token_url="/auth/token")
        manager2 = LoginManager("s", token_url="/auth/token", use_cookie=True, auto_error=False)
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(manager)): return 1
        @app.get("/optional")
        def a2(u=Depends(manager.optional)): return 1
        """,
        {"/required": "required", "/optional": "optional"},
    ),
    "fastapi-jwt-auth": Case(
        """
        from fastapi import FastAPI, Depends
        from fastapi_jwt_auth import AuthJWT
        from async_fastapi_jwt_auth.auth_jwt import AuthJWTBearer
        app = FastAPI()
        auth_dep = AuthJWTBearer()
        @app.get("/required")
        def a(Authorize: AuthJWT = Depends()):
            Authorize.jwt_required()
            return 1
        @app.get("/optional")
        def b(Authorize: AuthJWT = Depends()):
            Authorize.jwt_optional()
            return Authorize.get_jwt_subject()
        @app.get("/required2")
        def c(auth: AuthJWT = Depends()):
            auth.fresh_jwt_required()
        @app.get("/required3")
        async def d(auth: AuthJWT = Depends(auth_dep)):
            await auth.jwt_required()
        def req(auth: AuthJWT = Depends()):
            try:
                auth.jwt_required()
            except Exception as e:
                from fastapi import HTTPException
                raise HTTPException(401)
        @app.get("/required4", dependencies=[Depends(req)])
        async def e(): ...
        @app.get("/none")
        async def f(auth: AuthJWT = Depends()):
            return auth.create_access_token(subject="x")
        """,
        {
            "/required": "required",
            "/optional": "optional",
            "/required2": "required",
            "/required3": "required",
            "/required4": "required",
            "/none": "none",
        },
    ),
    "azure": Case(
        """
        from fastapi import FastAPI, Security, Depends
        from fastapi_azure_auth import SingleTenantAzureAuthorizationCodeBearer
        from fastapi_azure_auth.user import User
        azure_scheme = SingleTenantAzureAuthorizationCodeBearer(app_client_id="x", tenant_id="y", scopes={})
        azure2 = SingleTenantAzureAuthorizationCodeBearer(app_client_id="x", tenant_id="y", scopes={}, auto_error=False)
        app = FastAPI()
        @app.get("/required", dependencies=[Security(azure_scheme)])
        def a(): return 1
        @app.get("/required2")
        def b(user: User = Depends(azure_scheme)): return 1
        @app.get("/optional")
        def c(user: User = Depends(azure2)): return 1
        """,
        {
            "/required": "required",
            "/required2": "required",
            "/optional": "optional",
        },
    ),
    "authx": Case(
        """
        from fastapi import FastAPI, Depends
        from authx import AuthX, AuthXConfig
        auth = AuthX(config=AuthXConfig())
        app = FastAPI()
        @app.get("/required", dependencies=[Depends(auth.access_token_required)])
        def a(): return 1
        @app.get("/required2")
        def b(s=Depends(auth.get_current_subject)): return 1
        """,
        {"/required": "required", "/required2": "required"},
    ),
    "fastapi-jwt": Case(
        """
        from fastapi import FastAPI, Security
        from fastapi_jwt import JwtAccessBearer, JwtAuthorizationCredentials, JwtRefreshBearer
        access = JwtAccessBearer(secret_key="x", auto_error=True)
        ref = JwtRefreshBearer(secret_key="x")
        opt = JwtAccessBearer(secret_key="x", auto_error=False)
        app = FastAPI()
        @app.get("/required")
        def a(c: JwtAuthorizationCredentials = Security(access)): return 1
        @app.get("/required2")
        def b(c: JwtAuthorizationCredentials = Security(ref)): return 1
        @app.get("/optional")
        def d(c: JwtAuthorizationCredentials = Security(opt)): return 1
        """,
        {
            "/required": "required",
            "/required2": "required",
            "/optional": "optional",
        },
    ),
    "sso slowapi": Case(
        """
        from fastapi import FastAPI, Depends, Request
        from fastapi_sso.sso.google import GoogleSSO
        from slowapi import Limiter
        from slowapi.util import get_remote_address
        limiter = Limiter(key_func=get_remote_address)
        app = FastAPI()
        sso = GoogleSSO("a", "b")
        @app.get("/none")
        @limiter.limit("5/minute")
        async def a(request: Request): return 1
        @app.get("/none2")
        async def b(): return await sso.get_login_redirect()
        """,
        {"/none": "none", "/none2": "none"},
    ),
    "cloudauth": Case(
        """
        from fastapi import FastAPI, Depends
        from fastapi_cloudauth.cognito import Cognito, CognitoCurrentUser
        auth = Cognito(region="x", userPoolId="y", client_id="z")
        get_user = CognitoCurrentUser(region="x", userPoolId="y", client_id="z")
        app = FastAPI()
        @app.get("/required", dependencies=[Depends(auth.scope(["a"]))])
        def a(): return 1
        @app.get("/required2")
        def b(u=Depends(get_user)): return 1
        """,
        {"/required": "required", "/required2": "required"},
    ),
    "keycloak supertokens clerk propel": Case(
        """
        from fastapi import FastAPI, Depends
        from fastapi_keycloak import FastAPIKeycloak, OIDCUser
        from supertokens_python.recipe.session.framework.fastapi import verify_session
        from fastapi_clerk_auth import ClerkConfig, ClerkHTTPBearer
        from propelauth_fastapi import init_auth, User
        idp = FastAPIKeycloak(server_url="x")
        clerk = ClerkHTTPBearer(config=ClerkConfig(jwks_url="x"))
        auth = init_auth("a", "b")
        app = FastAPI()
        @app.get("/required")
        def a(u: OIDCUser = Depends(idp.get_current_user())): return 1
        @app.get("/required2")
        def b(s=Depends(verify_session())): return 1
        @app.get("/optional")
        def c(s=Depends(verify_session(session_required=False))): return 1
        @app.get("/required3")
        def d(s=Depends(clerk)): return 1
        @app.get("/required4")
        def e(u: User = Depends(auth.require_user)): return 1
        @app.get("/optional2")
        def f(u: User = Depends(auth.optional_user)): return 1
        """,
        {
            "/required": "required",
            "/required2": "required",
            "/optional": "optional",
            "/required3": "required",
            "/required4": "required",
            "/optional2": "optional",
        },
    ),
    "auth0": Case(
        """
        from fastapi import FastAPI, Depends, Security
        from fastapi_auth0 import Auth0, Auth0User
        auth = Auth0(domain="x", api_audience="y", scopes={})
        app = FastAPI()
        @app.get("/required", dependencies=[Depends(auth.implicit_scheme)])
        def a(user: Auth0User = Security(auth.get_user)): return 1
        @app.get("/required2")
        def b(user: Auth0User = Security(auth.get_user, scopes=["r"])): return 1
        """,
        {"/required": "required", "/required2": "required"},
    ),
    "dependency injector": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException
        from fastapi.security import HTTPBearer
        from dependency_injector.wiring import inject, Provide
        from dependency_injector import containers, providers
        class AuthService:
            def check(self, token):
                if token is None: raise HTTPException(401)
        class Container(containers.DeclarativeContainer):
            auth = providers.Factory(AuthService)
        bearer = HTTPBearer(auto_error=False)
        @inject
        def current(token=Depends(bearer), svc: AuthService = Depends(Provide[Container.auth])):
            return svc.check(token)
        app = FastAPI()
        @app.get("/required")
        @inject
        def a(u=Depends(current)): return 1
        """,
        {"/required": "required"},
    ),
    "strawberry": Case(
        """
        import strawberry
        from fastapi import FastAPI, Depends, Request, HTTPException
        from strawberry.fastapi import GraphQLRouter
        async def ctx(request: Request):
            return {"user": request.headers.get("authorization")}
        app = FastAPI()
        @strawberry.type
        class Query:
            @strawberry.field
            def x(self) -> str: return "x"
        schema = strawberry.Schema(Query)
        router = GraphQLRouter(schema, context_getter=ctx)
        app.include_router(router, prefix="/graphql")
        @app.get("/none")
        def n(): return 1
        """,
        {"/none": "none"},
    ),
    "jose decode": Case(
        """
        from jose import jwt, JWTError
        from fastapi import FastAPI, Depends, HTTPException, status
        from fastapi.security import OAuth2PasswordBearer
        oauth2 = OAuth2PasswordBearer(tokenUrl="x", auto_error=False)
        def user(token: str = Depends(oauth2)):
            exc = HTTPException(status_code=status.HTTP_401_UNAUTHORIZED)
            try:
                payload = jwt.decode(token, "k", algorithms=["HS256"])
                name = payload.get("sub")
                if name is None: raise exc
            except JWTError:
                raise exc
            return name
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(user)): return 1
        """,
        {"/required": "required"},
    ),
    "google id token verify cookies firebase": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        import firebase_admin.auth as fb
        from google.oauth2 import id_token
        from google.auth.transport import requests as gr
        def user(request: Request):
            token = request.headers.get("Authorization", "").replace("Bearer ", "")
            try:
                return fb.verify_id_token(token)
            except Exception:
                raise HTTPException(status_code=401)
        def user2(request: Request):
            try:
                return id_token.verify_oauth2_token(request.cookies.get("t"), gr.Request())
            except ValueError:
                return None
        def user3(u=Depends(user2)):
            if not u: raise HTTPException(401)
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(user)): return 1
        @app.get("/required3")
        def b(u=Depends(user3)): return 1
        @app.get("/none")
        def c(u=Depends(user2)): return 1
        """,
        {
            "/required": "required",
            "/required3": "required",
            "/none": "none",
        },
    ),
    "supabase client": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Header
        from supabase import create_client
        sb = create_client("u", "k")
        async def user(authorization: str = Header(None)):
            if not authorization: raise HTTPException(401)
            u = sb.auth.get_user(authorization)
            if not u: raise HTTPException(401)
            return u
        async def user2(authorization: str = Header(...)):
            token = authorization.split(" ")[1]
            r = sb.auth.get_user(token)
            if r.user is None: raise HTTPException(401)
            return r.user
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(user)): return 1
        @app.get("/required2")
        def b(u=Depends(user2)): return 1
        """,
        {"/required": "required", "/required2": "required"},
    ),
    "httpx call to auth service": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request
        import httpx
        async def user(request: Request):
            async with httpx.AsyncClient() as c:
                r = await c.get("http://auth/me", headers={"Authorization": request.headers.get("Authorization", "")})
            if r.status_code != 200: raise HTTPException(status_code=401)
            return r.json()
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(user)): return 1
        """,
        {"/required": "required"},
    ),
    "redis session lookup": Case(
        """
        from fastapi import FastAPI, Depends, HTTPException, Request, Cookie
        import redis.asyncio as redis
        rd = redis.Redis()
        async def user(sid: str | None = Cookie(None)):
            data = await rd.get(f"session:{sid}")
            if not data: raise HTTPException(401)
            return data
        async def user2(request: Request):
            sid = request.cookies.get("sid")
            if not sid or not await rd.exists(sid): raise HTTPException(401)
        app = FastAPI()
        @app.get("/required")
        def a(u=Depends(user)): return 1
        @app.get("/required2")
        def b(u=Depends(user2)): return 1
        """,
        {"/required": "required", "/required2": "required"},
    ),
    "login_required decorators of own lib unknown": Case(
        """
        from fastapi import FastAPI, Request
        from mycompany.auth import login_required, get_user
        from fastapi import Depends
        app = FastAPI()
        @app.get("/unknown")
        @login_required
        async def a(request: Request): return 1
        @app.get("/unknown2")
        async def b(u=Depends(get_user)): return 1
        """,
        {"/unknown": "unknown", "/unknown2": "unknown"},
    ),
    "dishka providers": Case(
        """
        from abc import ABC, abstractmethod
        from typing import Protocol
        from fastapi import FastAPI, APIRouter, HTTPException, Request
        from dishka import Provider, Scope, provide, make_async_container
        from dishka.integrations.fastapi import FromDishka, inject, DishkaRoute, setup_dishka
        from fastapi.responses import JSONResponse
        class Unauthorized(Exception): pass
        class IdProvider(Protocol):
            async def get_current_user_id(self): ...
        class TokenIdProvider:
            def __init__(self, request: Request): self.request = request
            async def get_current_user_id(self):
                token = self.request.headers.get("Authorization")
                if token is None: raise Unauthorized()
                return token
        class GetMe:
            def __init__(self, idp: IdProvider): self.idp = idp
            async def __call__(self):
                return await self.idp.get_current_user_id()
        class Ping:
            async def __call__(self): return 1
        class P(Provider):
            scope = Scope.REQUEST
            idp = provide(TokenIdProvider, provides=IdProvider)
            ping = provide(Ping)
            @provide
            def me(self, idp: IdProvider) -> GetMe: return GetMe(idp)
        r = APIRouter(route_class=DishkaRoute)
        @r.get("/required")
        async def a(s: FromDishka[GetMe]): return await s()
        @r.get("/none")
        async def b(s: FromDishka[Ping]): return await s()
        app = FastAPI()
        app.include_router(r)
        @app.exception_handler(Unauthorized)
        async def h(request, e): return JSONResponse({}, status_code=401)
        """,
        {"/required": "required", "/none": "none"},
    ),
}
