"""Ways in which small teams put an application together: each program's table is what running it gives."""

import os
from pathlib import Path

import pytest

from .projects import read, running_table, table, write

PROGRAMS: dict[str, dict[str, str]] = {
    "checks at the top of a module that settings as shipped do not pass": {
        "main.py": """
            import os
            from fastapi import FastAPI
            os.environ.setdefault("SHOP_KEY", "x")
            import store
            app = FastAPI()
            app.include_router(store.router, prefix="/store")
        """,
        "store.py": """
            import os
            from fastapi import APIRouter
            KEY = os.environ.get("SHOP_KEY", "")
            if len(KEY.strip()) == 0:
                raise ValueError("SHOP_KEY is empty")
            router = APIRouter()
            @router.get("/x")
            def x(): ...
        """,
    },
    "a prefix made of the name of the class by a regular expression": {
        "main.py": """
            import re
            from fastapi import APIRouter, FastAPI
            class Resource(APIRouter):
                def __init__(self, **kw):
                    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()
                    super().__init__(prefix=f"/{name}", **kw)
                    self.add_api_route("", self.index)
                def index(self): ...
            class BlogPosts(Resource): ...
            class Tags(Resource):
                def __init__(self):
                    super().__init__(tags=["x"])
                    self.add_api_route("/{id}", self.one)
                def one(self, id: int): ...
            app = FastAPI()
            for cls in Resource.__subclasses__():
                app.include_router(cls())
        """,
    },
    "a class of routes that changes their paths": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            from fastapi.routing import APIRoute
            class Timed(APIRoute):
                def __init__(self, path, endpoint, **kw):
                    super().__init__("/timed" + path, endpoint, **kw)
            r = APIRouter(route_class=Timed)
            @r.get("/x")
            def x(): ...
            app = FastAPI()
            app.include_router(r)
        """,
    },
    "objects of classes of routes of our own": {
        "main.py": """
            from fastapi import FastAPI
            from fastapi.routing import APIRoute
            from starlette.routing import Route
            class Page(APIRoute):
                def __init__(self, name, endpoint, **kw):
                    super().__init__(f"/pages/{name}", endpoint, methods=["GET"], **kw)
            class Plain(Route): ...
            app = FastAPI()
            app.router.routes.append(Page("home", lambda: 1))
            app.routes.append(Plain("/plain", lambda r: None, methods=["POST"]))
            app.router.routes.extend([Page(n, lambda: 1) for n in ("a", "b")])
        """,
    },
    "variables of a file that the code loads into the environment": {
        "main.py": """
            import os
            from dotenv import load_dotenv
            from fastapi import FastAPI
            load_dotenv()
            app = FastAPI()
            @app.get(os.environ["API_PREFIX"] + "/x")
            def x(): ...
            @app.get(os.getenv("OTHER_PREFIX", "/none") + "/y")
            def y(): ...
        """,
        ".env": """
            # comment
            API_PREFIX=/env
            export OTHER_PREFIX="/other"
        """,
    },
    "settings that are filled from a file beside them": {
        "main.py": """
            from pydantic_settings import BaseSettings
            from fastapi import FastAPI
            class Settings(BaseSettings):
                api_prefix: str
                version: str = "v0"
                model_config = {"env_file": ".env"}
            s = Settings()
            app = FastAPI()
            @app.get(f"{s.api_prefix}/{s.version}/x")
            def x(): ...
        """,
        ".env": """
            API_PREFIX='/env'
            VERSION=v9 # inline
        """,
    },
    "settings with a prefix, a folder and a type for what the file says": {
        "main.py": """
            from pydantic_settings import BaseSettings, SettingsConfigDict
            from pydantic import Field, field_validator, model_validator
            from fastapi import FastAPI
            class Settings(BaseSettings):
                model_config = SettingsConfigDict(env_file="conf/.env", env_prefix="SVC_", extra="ignore")
                PREFIX: str = "/none"
                features: list[str] = []
                retries: int = 1
                secret: str = Field("x", validation_alias="TOKEN")
            class Dev(Settings):
                PREFIX: str = "/dev"
            app = FastAPI()
            s = Dev(retries=3)
            app.get(f"{s.PREFIX}/{s.retries}")(lambda: 1)
            for f in s.features: app.get("/" + f)(lambda: 1)
        """,
        "conf/.env": """
            SVC_FEATURES=["a","b"]
            SVC_RETRIES=9
            TOKEN=abc
        """,
    },
    "the configuration object of Starlette over a file": {
        "main.py": """
            from starlette.config import Config
            from starlette.datastructures import CommaSeparatedStrings
            from fastapi import FastAPI
            config = Config(".env")
            PREFIX = config("PREFIX", default="/none")
            DEBUG = config("DEBUG", cast=bool, default=False)
            N = config("N", cast=int, default=1)
            NAMES = config("NAMES", cast=CommaSeparatedStrings, default="a,b")
            app = FastAPI()
            app.get(f"{PREFIX}/{N}")(lambda: 1)
            if DEBUG: app.get("/debug")(lambda: 1)
        """,
        ".env": """
            PREFIX=/cfg
            DEBUG=true
        """,
    },
    "variables that the code itself sets": {
        "main.py": """
            import os
            from fastapi import FastAPI
            os.environ.setdefault("MODE", "dev")
            os.environ["P"] = "/p"
            app = FastAPI()
            if os.environ["MODE"] == "dev": app.get("/dev")(lambda: 1)
            if "P" in os.environ: app.get(os.environ["P"])(lambda: 1)
            if os.getenv("MODE") != "dev": app.get("/prod")(lambda: 1)
        """,
    },
    "models that are made from data": {
        "main.py": """
            from pydantic import BaseModel, Field, computed_field
            from fastapi import FastAPI, APIRouter
            class RouteConf(BaseModel):
                path: str
                verb: str = "get"
                enabled: bool = True
                @computed_field
                @property
                def url(self) -> str:
                    return f"/c{self.path}"
            class Conf(BaseModel):
                routes: list[RouteConf] = Field(default_factory=list)
                prefix: str = "/p"
            data = [{"path": "/a"}, {"path": "/b", "verb": "post"}, {"path": "/no", "enabled": False}]
            conf = Conf.model_validate({"routes": data})
            app = FastAPI()
            r = APIRouter(prefix=conf.prefix)
            for c in conf.routes:
                if c.enabled:
                    getattr(r, c.verb)(c.url)(lambda: 1)
            app.include_router(r)
        """,
    },
    "methods of the members of an enumeration": {
        "main.py": """
            from enum import Enum, StrEnum
            from fastapi import FastAPI, APIRouter
            class Paths(str, Enum):
                HOME = "/home"
                USER = "/users/{id}"
                def under(self, prefix):
                    return f"{prefix}{self.value}"
            class V(StrEnum):
                ONE = "v1"
                TWO = "v2"
            app = FastAPI()
            @app.get(Paths.HOME)
            def home(): ...
            @app.get(Paths.USER.value)
            def user(id: int): ...
            for v in V:
                app.add_api_route(Paths.HOME.under(f"/{v}"), home)
            @app.post(Paths["HOME"])
            def post(): ...
        """,
    },
    "an enumeration with properties, and a match over it": {
        "main.py": """
            from enum import Enum, auto
            from fastapi import FastAPI, APIRouter
            class Kind(Enum):
                READ = auto()
                WRITE = auto()
                @classmethod
                def default(cls): return cls.READ
                @property
                def verbs(self):
                    return {"READ": ["GET"], "WRITE": ["POST", "PUT"]}[self.name]
            app = FastAPI()
            for k in Kind:
                app.add_api_route(f"/{k.name.lower()}", lambda: 1, methods=k.verbs)
            app.add_api_route("/default", lambda: 1, methods=Kind.default().verbs)
            match Kind.default():
                case Kind.READ: app.get("/r")(lambda: 1)
                case Kind.WRITE: app.get("/w")(lambda: 1)
        """,
    },
    "patterns that take a subject apart": {
        "main.py": """
            from dataclasses import dataclass
            from fastapi import FastAPI
            @dataclass
            class Page:
                path: str
                kind: str = "page"
            app = FastAPI()
            def add(spec):
                match spec:
                    case [verb, path] if verb == "PUT":
                        app.add_api_route(path, lambda: 1, methods=[verb])
                    case (verb, str(path), *more):
                        for extra in more:
                            app.add_api_route(path + extra, lambda: 1, methods=[verb])
                    case {"path": p, "methods": [first, *_] as methods, **rest} if rest.get("on", True):
                        app.add_api_route(p, lambda: 1, methods=methods)
                    case Page(path=p, kind="admin") | Page(p, "root"):
                        app.add_api_route("/admin" + p, lambda: 1)
                    case Page(p):
                        app.add_api_route(p, lambda: 1)
                    case str():
                        app.add_api_route(spec, lambda: 1)
                    case None | False:
                        pass
                    case "a" | "b", x:
                        app.add_api_route(x, lambda: 1)
            both, off = {"path": "/m", "methods": ["POST", "GET"]}, {"path": "/no", "methods": ["GET"], "on": False}
            for s in [("PUT", "/put"), ("GET", "/g", "/1", "/2"), both, off,
                      Page("/x", "admin"), Page("/y"), "/plain", None]:
                add(s)
        """,
    },
    "patterns over a file of features": {
        "main.py": """
            import tomllib
            from pathlib import Path
            from fastapi import FastAPI
            conf = tomllib.loads((Path(__file__).parent / "app.toml").read_text())
            app = FastAPI()
            for name, feature in conf["features"].items():
                match feature:
                    case {"enabled": True, "path": path}:
                        app.add_api_route(path, lambda: 1)
                    case {"enabled": True}:
                        app.add_api_route(f"/{name}", lambda: 1)
                    case _:
                        pass
        """,
        "app.toml": """
            [features.a]
            enabled=true
            [features.b]
            enabled=false
            [features.c]
            enabled=true
            path="/see"
        """,
    },
    "what a generic base was given": {
        "main.py": """
            from typing import Generic, TypeVar, get_args
            from pydantic import BaseModel
            from fastapi import FastAPI, APIRouter
            T = TypeVar("T", bound=BaseModel)
            class CRUDRouter(APIRouter, Generic[T]):
                model: type[T]
                def __init__(self):
                    self.model = get_args(type(self).__orig_bases__[0])[0]
                    super().__init__(prefix=f"/{self.model.__name__.lower()}s")
                    self.add_api_route("", self.list_)
                    self.add_api_route("/{id}", self.one)
                def list_(self): ...
                def one(self, id: int): ...
            class Item(BaseModel): ...
            class Order(BaseModel): ...
            class Items(CRUDRouter[Item]): ...
            class Orders(CRUDRouter[Order]):
                def __init__(self):
                    super().__init__()
                    self.delete("/{id}")(self.remove)
                def remove(self, id: int): ...
            app = FastAPI()
            app.include_router(Items())
            app.include_router(Orders())
        """,
    },
    "a class that is given its model in brackets": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            class Crud:
                model = None
                def __class_getitem__(cls, model):
                    return type(f"Crud{model.__name__}", (cls,), {"model": model})
                @classmethod
                def router(cls):
                    r = APIRouter(prefix=f"/{cls.model.__name__.lower()}")
                    r.get("")(lambda: 1)
                    return r
            class User: ...
            class UserCrud(Crud[User]): ...
            app = FastAPI()
            app.include_router(Crud[User].router())
        """,
    },
    "classes that type() makes": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            def init(self):
                APIRouter.__init__(self, prefix=f"/{self.key}")
                self.get("")(lambda: 1)
            classes = [type(f"R{n}", (APIRouter,), {"key": f"k{n}", "__init__": init}) for n in range(2)]
            app = FastAPI()
            for c in classes: app.include_router(c())
        """,
    },
    "classes that type() makes of a base of the codebase": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            class Base:
                name = "base"
                def __init__(self):
                    self.router = APIRouter(prefix="/" + self.name)
                    self.router.get("")(self.index)
                def index(self): ...
            app = FastAPI()
            for n in ("a", "b"):
                cls = type(n.title(), (Base,), dict(name=n))
                app.include_router(cls().router)
        """,
    },
    "a default for a name that a model does not have": {
        "main.py": """
            from pydantic import BaseModel
            from fastapi import FastAPI, APIRouter
            class User(BaseModel):
                __path__ = "people"
            class Tag(BaseModel): ...
            def crud(model: type[BaseModel], *, only: set[str] | None = None) -> APIRouter:
                name = getattr(model, "__path__", model.__name__.lower() + "s")
                router = APIRouter(prefix=f"/{name}", tags=[name])
                ops = {"list": ("GET", ""), "create": ("POST", ""), "get": ("GET", "/{id}")}
                for op, (method, path) in ops.items():
                    if only is not None and op not in only:
                        continue
                    def endpoint(): ...
                    endpoint.__name__ = f"{op}_{name}"
                    router.add_api_route(path, endpoint, methods=[method])
                return router
            app = FastAPI()
            app.include_router(crud(User))
            app.include_router(crud(Tag, only={"list", "get"}))
        """,
    },
    "an application that is made by coroutines": {
        "main.py": """
            import asyncio
            from fastapi import FastAPI, APIRouter
            async def load():
                r = APIRouter(prefix="/loaded")
                @r.get("")
                async def a(): ...
                return r
            async def make() -> FastAPI:
                app = FastAPI()
                app.include_router(await load())
                rs = await asyncio.gather(load(), load())
                for i, r in enumerate(rs):
                    app.include_router(r, prefix=f"/{i}")
                return app
            app = asyncio.run(make())
        """,
    },
    "groups in contexts and in a stack of them": {
        "main.py": """
            from contextlib import contextmanager, ExitStack
            from fastapi import FastAPI, APIRouter
            app = FastAPI()
            @contextmanager
            def group(prefix, parent=app):
                r = APIRouter(prefix=prefix)
                yield r
                parent.include_router(r)
            with group("/a") as a:
                a.get("/x")(lambda: 1)
                with group("/inner", a) as inner:
                    inner.get("/y")(lambda: 1)
            with ExitStack() as stack:
                b = stack.enter_context(group("/b"))
                b.post("/z")(lambda: 1)
        """,
    },
    "arguments in a typed dictionary": {
        "main.py": """
            from typing import TypedDict
            from fastapi import FastAPI, APIRouter
            class Conf(TypedDict, total=False):
                router: APIRouter
                prefix: str
            a = APIRouter()
            a.get("/a")(lambda: 1)
            confs: list[Conf] = [Conf(router=a, prefix="/p"), {"router": a, "prefix": "/q"}]
            app = FastAPI()
            for c in confs:
                app.include_router(**c)
        """,
    },
    "paths made of the parameters of a function": {
        "main.py": """
            import inspect
            from fastapi import FastAPI
            import handlers
            app = FastAPI()
            for name, fn in inspect.getmembers(handlers, inspect.isfunction):
                if fn.__module__ != handlers.__name__:
                    continue
                params = "".join(f"/{{{p}}}" for p in inspect.signature(fn).parameters)
                app.add_api_route(f"/{name}{params}", fn, methods=["POST" if name.startswith("create") else "GET"])
        """,
        "handlers.py": """
            def show(id: int): ...
            def create_user(): ...
            def both(a: int, b: int): ...
        """,
    },
    "paths that are the annotated names of a class": {
        "main.py": """
            from typing import Annotated, get_type_hints
            from fastapi import FastAPI
            app = FastAPI()
            class Api:
                users: str = "/users"
                posts: str = "/posts"
            for name in Api.__annotations__:
                app.get(getattr(Api, name))(lambda: 1)
        """,
    },
    "a router that a cached function gives again": {
        "main.py": """
            from functools import lru_cache, reduce, singledispatch, cache
            from fastapi import FastAPI, APIRouter
            @cache
            def router(name):
                return APIRouter(prefix=f"/{name}")
            @router("a").get("/x")
            def x(): ...
            @router("a").get("/y")
            def y(): ...
            app = FastAPI()
            app.include_router(router("a"))
        """,
    },
    "a copy of a router that is changed": {
        "main.py": """
            import copy
            from fastapi import FastAPI, APIRouter
            v1 = APIRouter()
            @v1.get("/items")
            def items(): ...
            v2 = copy.copy(v1)
            v2.routes = list(v1.routes)
            @v2.get("/new")
            def new(): ...
            app = FastAPI()
            app.include_router(v1, prefix="/v1")
            app.include_router(v2, prefix="/v2")
        """,
    },
    "mappings that are merged and taken apart": {
        "main.py": """
            from fastapi import FastAPI
            base = {"/a": lambda: 1}
            more = {"/b": lambda: 1}
            base |= more
            base.setdefault("/c", lambda: 1)
            routes = {**base, **{f"/v2{k}": v for k, v in base.items() if not k.endswith("c")}}
            app = FastAPI()
            while routes:
                path, fn = routes.popitem()
                app.add_api_route(path, fn)
        """,
    },
    "sets and keys that are combined": {
        "main.py": """
            from types import MappingProxyType
            from operator import methodcaller
            from fastapi import FastAPI, APIRouter
            def mk(p):
                r = APIRouter(prefix=p); r.get("")(lambda: 1); return r
            R = MappingProxyType({"a": mk("/a"), "b": mk("/b")})
            app = FastAPI()
            for _, r in sorted(R.items(), key=lambda kv: kv[0], reverse=True):
                app.include_router(r)
            for k in R.keys() - {"b"}:
                app.include_router(R[k], prefix="/again")
            for k in {"x", "y"} | {"z"}:
                app.get(f"/set/{k}")(lambda: 1)
        """,
    },
    "modules by __import__": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            def load(path: str):
                mod, attr = path.split(":")
                m = __import__(mod, fromlist=[attr])
                return getattr(m, attr)
            app = FastAPI()
            for p in ("m1:router", "m2.sub:api"):
                app.include_router(load(p))
        """,
        "m1.py": """
            from fastapi import APIRouter
            router = APIRouter()
            router.get("/m1")(lambda: 1)
        """,
        "m2/__init__.py": "",
        "m2/sub.py": """
            from fastapi import APIRouter
            api = APIRouter()
            api.get("/m2")(lambda: 1)
        """,
    },
    "routers that are asked whether they have routes": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            full, empty = APIRouter(), APIRouter()
            full.get("/f")(lambda: 1)
            app = FastAPI()
            for r in (full, empty):
                if r.routes: app.include_router(r, prefix="/p")
                if len(r.routes) == 0: app.get("/was-empty")(lambda: 1)
        """,
    },
    "numbers and characters in a path": {
        "main.py": """
            from decimal import Decimal
            from datetime import date
            from fastapi import FastAPI
            app = FastAPI()
            for n in range(1, 4):
                app.get(f"/n/{n:>02}")(lambda: 1)
            app.get(f"/{1.5:.1f}/{'a':>3}".replace(" ", "-"))(lambda: 1)
            app.get("/" + str(3 * 2 + 1) + "/" + hex(255))(lambda: 1)
            app.get("/" + "-".join(map(str, [1, 2])) + "/" + "abc"[::-1] + "/" + chr(97))(lambda: 1)
        """,
    },
    "methods as members of http.HTTPMethod": {
        "main.py": """
            from http import HTTPMethod, HTTPStatus
            from fastapi import FastAPI
            app = FastAPI()
            for m in (HTTPMethod.GET, HTTPMethod.POST):
                app.api_route(f"/{m.lower()}", methods=[m])(lambda: 1)
            for m in ("put", "patch"):
                getattr(app, m)(f"/{m}", status_code=HTTPStatus.CREATED)(lambda: 1)
            @app.api_route("/many", methods={"GET", "DELETE"})
            def many(): ...
        """,
    },
    "methods of routers that are wrapped and set on an object": {
        "main.py": """
            import functools
            from fastapi import FastAPI, APIRouter, Depends
            r = APIRouter()
            def protected(method):
                @functools.wraps(method)
                def inner(path, *args, **kwargs):
                    kwargs.setdefault("dependencies", []).append(Depends(lambda: 1))
                    return method(path, *args, **kwargs)
                return inner
            class Secure:
                def __init__(self, router):
                    for verb in ("get", "post"):
                        setattr(self, verb, protected(getattr(router, verb)))
            s = Secure(r)
            @s.get("/a")
            def a(): ...
            @s.post("/b", tags=["x"])
            def b(): ...
            app = FastAPI()
            app.include_router(r)
        """,
    },
    "decorators that note versions and paths on functions": {
        "main.py": """
            from collections import defaultdict
            from fastapi import FastAPI, APIRouter
            reg = defaultdict(list)
            def version(*vs):
                def deco(f):
                    for v in vs: reg[v].append(f)
                    return f
                return deco
            def path(p, method="GET"):
                def deco(f):
                    f.__route__ = {"path": p, "methods": [method]}
                    return f
                return deco
            @version(1, 2)
            @path("/a")
            def a(): ...
            @version(2)
            @path("/b", "POST")
            def b(): ...
            app = FastAPI()
            for v, fns in reg.items():
                r = APIRouter(prefix=f"/v{v}")
                for fn in fns: r.add_api_route(endpoint=fn, **fn.__route__)
                app.include_router(r)
        """,
    },
    "a stack of prefixes in contexts": {
        "main.py": """
            from contextlib import contextmanager
            from contextvars import ContextVar
            from fastapi import FastAPI
            app = FastAPI()
            stack = [""]
            @contextmanager
            def prefix(p):
                stack.append(stack[-1] + p)
                try:
                    yield
                finally:
                    stack.pop()
            def get(p): return app.get(stack[-1] + p)
            with prefix("/api"):
                get("/a")(lambda: 1)
                with prefix("/v1"), prefix("/x"):
                    get("/b")(lambda: 1)
            get("/c")(lambda: 1)
        """,
    },
    "an object that passes on what it does not know": {
        "main.py": """
            from fastapi import FastAPI, APIRouter
            class Proxy:
                def __init__(self, target, prefix): self._t = target; self._p = prefix
                def __getattr__(self, name):
                    attr = getattr(self._t, name)
                    if name in ("get", "post"):
                        return lambda path, **kw: attr(self._p + path, **kw)
                    return attr
            app = FastAPI()
            p = Proxy(app, "/proxied")
            @p.get("/a")
            def a(): ...
            p.add_api_route("/direct", lambda: 1)
        """,
    },
    "a table of routes in a text": {
        "main.py": '''
            from fastapi import FastAPI
            import h
            SPEC = """
            GET /users users_list
            POST /users users_create
            # comment
            DELETE /users/{id} users_drop
            """
            app = FastAPI()
            for line in SPEC.strip().splitlines():
                line = line.strip()
                if not line or line.startswith("#"): continue
                verb, path, fn = line.split()
                app.add_api_route(path, getattr(h, fn), methods=[verb])
        ''',
        "h.py": """
            def users_list(): ...
            def users_create(): ...
            def users_drop(id): ...
        """,
    },
    "a table of data classes with properties": {
        "main.py": """
            from dataclasses import dataclass, field
            from typing import Callable
            from fastapi import FastAPI
            def hello(): ...
            def bye(): ...
            @dataclass(frozen=True)
            class Endpoint:
                path: str
                handler: Callable
                methods: list[str] = field(default_factory=lambda: ["GET"])
                enabled: bool = True
                @property
                def full(self):
                    return "/api" + self.path
            ENDPOINTS = [Endpoint("/hello", hello), Endpoint("/bye", bye, ["POST", "PUT"])]
            ENDPOINTS.append(Endpoint("/no", bye, enabled=False))
            app = FastAPI()
            for e in filter(lambda e: e.enabled, ENDPOINTS):
                app.add_api_route(e.full, e.handler, methods=e.methods, name=e.handler.__name__)
        """,
    },
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_table_is_the_running_one(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, PROGRAMS[name])
    monkeypatch.chdir(root)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # a program sets variables
    codebase = read(root, {})

    assert table(codebase) == running_table(root, "main:app")
    assert not codebase.inventory.problems
