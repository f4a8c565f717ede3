"""Libraries that hand out routers, made at random and laid where a project's environment has them.

Each is a text for `site-packages`, a text of the program that makes a router of it, and the names of its endpoints.
"""

import random
from dataclasses import dataclass

SITE = ".venv/lib/python3.11/site-packages"
MARK = (".venv/pyvenv.cfg", "home = /usr/bin\n")


@dataclass(frozen=True)
class Library:
    """``module`` is its name and that of its file; ``made`` gives ``router`` as the name that was asked for."""

    module: str
    text: str
    made: str
    endpoints: tuple[str, ...]


_CRUD = '''
from fastapi import APIRouter

VERBS = {{"list": ("GET", ""), "create": ("POST", ""), "read": ("GET", "/{{key}}"), "drop": ("DELETE", "/{{key}}")}}


class CrudRouter(APIRouter):
    """Routes of a table, those of ``only`` if that is given."""

    def __init__(self, name, *, only=None, **given):
        super().__init__(prefix="/" + name.strip("/"), **given)
        for verb, (method, path) in VERBS.items():
            if only is None or verb in only:
                self.add_api_route(path, getattr(self, f"_{{verb}}")(), methods=[method])

    def _list(self):
        def list_{tag}(): ...

        return list_{tag}

    def _create(self):
        def create_{tag}(): ...

        return create_{tag}

    def _read(self):
        async def read_{tag}(key: int): ...

        return read_{tag}

    def _drop(self):
        def drop_{tag}(key: int): ...

        return drop_{tag}
'''

_PEOPLE = """
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import HTTPBearer

bearer = HTTPBearer(auto_error=False)


class Authenticator:
    def current(self, optional=False):
        def current_person(token=Depends(bearer)):
            if token is None and not optional:
                raise HTTPException(status_code=401)
            return token

        return current_person


class People:
    def __init__(self, secret):
        self.authenticator = Authenticator()
        self.current = self.authenticator.current

    def get_router(self, verify=True):
        router = APIRouter()
        kept = self.authenticator.current()

        @router.post("/login", name="auth:login")
        async def login_{tag}(): ...

        @router.get("/me", dependencies=[Depends(kept)])
        async def me_{tag}(): ...

        if verify:

            @router.post("/verify")
            async def verify_{tag}(person=Depends(self.current(optional=True))): ...

        return router
"""

_TILES = """
import abc

import attrs
from fastapi import APIRouter


@attrs.define(kw_only=True)
class Factory(metaclass=abc.ABCMeta):
    router: APIRouter = attrs.field(factory=APIRouter)
    prefix: str = ""
    extras: list = attrs.field(factory=list)

    def __attrs_post_init__(self):
        self.register_routes()
        for extra in self.extras:
            extra(self)

    @abc.abstractmethod
    def register_routes(self): ...


def info(factory):
    @factory.router.get("/info")
    def info_{tag}(): ...


@attrs.define(kw_only=True)
class Tiles(Factory):
    formats: tuple = ("png", "")

    def register_routes(self):
        self.tiles()

        @self.router.get("/bounds")
        def bounds_{tag}(): ...

    def tiles(self):
        for format in self.formats:
            dot = f".{{format}}" if format else ""

            @self.router.get(f"/tiles/{{{{z}}}}{{dot}}")
            def tile_{tag}(z: int): ...
"""

_VIEWS = """
import inspect

from fastapi import APIRouter


def at(method, path):
    def wrap(function):
        function.place = (method, path)
        return function

    return wrap


class Views:
    def __init__(self, prefix=""):
        self.router = APIRouter(prefix=prefix)
        for _, member in inspect.getmembers(self, inspect.ismethod):
            if hasattr(member, "place"):
                method, path = member.place
                self.router.add_api_route(path, member, methods=[method])


class Health(Views):
    @at("GET", "/alive")
    def alive_{tag}(self): ...

    @at("POST", "/stop")
    def stop_{tag}(self): ...
"""

_INSTALLED = """
from fastapi import APIRouter


def install(target, path="/status"):
    '''Add a page that says how things are.'''

    @target.get(path)
    def status_{tag}(): ...

    target.add_api_route(path + "/more", status_{tag}, methods=["POST"])
    return target


def make(path):
    return install(APIRouter(), path)
"""

_KINDS = (
    (
        _CRUD,
        ("CrudRouter('{name}')", "CrudRouter('{name}', only=('list', 'read'))", "CrudRouter('/{name}', tags=['x'])"),
        ("list", "create", "read", "drop"),
    ),
    (
        _PEOPLE,
        ("People('x').get_router()", "People('x').get_router(verify=DISABLED)"),
        ("login", "me", "verify"),
    ),
    (
        _TILES,
        (
            "Tiles().router",
            "Tiles(formats=('jpg',), router=APIRouter(prefix='/{name}')).router",
            "Tiles(extras=[{module}.info]).router",
        ),
        ("bounds", "tile", "info"),
    ),
    (_VIEWS, ("Health('/{name}').router", "Health(prefix='/x').router"), ("alive", "stop")),
    (_INSTALLED, ("install(APIRouter(prefix='/{name}'))", "make('/{name}')"), ("status",)),
)


def library(chosen: random.Random, name: str, tag: str) -> Library:
    """One that ``name`` is made a router of; ``tag`` keeps its module and its endpoints apart from all others."""
    text, ways, endpoints = chosen.choice(_KINDS)
    module = f"kit_{tag}"
    made = chosen.choice(ways).format(name=name, module=module)
    imported = f"import {module}\n\n{name} = {module}.{made}"
    return Library(module, text.format(tag=tag).lstrip(), imported, tuple(f"{stem}_{tag}" for stem in endpoints))
