"""FastAPI programs made at random from the idioms people register routes with, each line remembered by what it does.

`generate(seed)` gives a program: its files, its applications, and for every endpoint the lines that have a part in
serving it (its own, its registration, every include and mount on its way). A reader that does not list the endpoint has
to name one of them.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .generated_guards import guard, guarded, keeper
from .generated_libraries import MARK, SITE, Library, library

VERBS = ("get", "post", "put", "patch", "delete")


@dataclass
class Module:
    """A file as it grows: text, and which lines take part in serving which endpoints."""

    path: str
    lines: list[str] = field(default_factory=list)

    def add(self, text: str) -> range:
        """Append lines; the line numbers they got."""
        first = len(self.lines) + 1
        self.lines += text.split("\n")
        return range(first, len(self.lines) + 1)


@dataclass
class Router:
    """A router of the program: where it is defined, its name there, and the lines each endpoint owes itself to."""

    module: Module
    name: str
    endpoints: list[str] = field(default_factory=list)
    lines: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Program:
    """``files`` by path below the root; ``lines`` by endpoint name: (path, line) of everything on its way.

    ``applications`` are the modules that have an ``app`` of their own, dotted.
    """

    seed: int
    files: dict[str, str]
    lines: dict[str, frozenset[tuple[str, int]]]
    applications: tuple[str, ...]


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.package = f"p{seed}"
        self.modules: list[Module] = []
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.count = 0
        self.guards: list[str] = []
        self.libraries: list[Library] = []

    def module(self, name: str, header: str) -> Module:
        module = Module(f"{self.package}/{name}.py")
        module.add(header)
        self.modules.append(module)
        return module

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    @property
    def header(self) -> str:
        """What every module but that of the guards begins with."""
        return f"{_HEADER}\nfrom {self.package}.guards import {', '.join(self.guards)}\n"

    def note(self, router: Router, path: str, lines: range) -> None:
        """Every endpoint of ``router`` goes by these lines too."""
        for endpoint in router.endpoints:
            self.lines[endpoint] |= {(path, line) for line in lines}

    def endpoint(self, router: Router, name: str, lines: range) -> None:
        router.endpoints.append(name)
        owed = {(router.module.path, line) for line in lines}
        self.lines[name] = self.lines.get(name, set()) | owed | router.lines


_HEADER = """\
import inspect
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import lru_cache, partial, wraps
from http import HTTPMethod
from itertools import chain, product
from string import Template
from typing import TYPE_CHECKING, Annotated, get_type_hints

import attr
import attrs
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Security, WebSocket, status
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPBearer, OAuth2PasswordBearer
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount

ROOT = "/const"
ENABLED = True
DISABLED = False
"""


# -- routers -------------------------------------------------------------------------------------------------------


def _plain(w: _Writer, module: Module, name: str) -> str:
    prefix = w.random.choice(["", 'prefix="/' + name + '"', 'prefix=f"{ROOT}/' + name + '"', 'prefix=ROOT, tags=["x"]'])
    return f"{name} = APIRouter({prefix})"


def _factory(w: _Writer, module: Module, name: str) -> str:
    default = w.random.choice(["prefix", 'prefix="/made"', "*, prefix"])
    call = "prefix=" if default.startswith("*") else ""
    return (
        f'def make_{name}({default}):\n    return APIRouter(prefix=prefix)\n\n\n{name} = make_{name}({call}"/{name}")'
    )


def _subclass(w: _Writer, module: Module, name: str) -> str:
    return (
        f"class Router{name}(APIRouter):\n    def __init__(self, **given):\n"
        f'        super().__init__(prefix="/{name}", **given)\n\n\n{name} = Router{name}(tags=["sub"])'
    )


def _attribute(w: _Writer, module: Module, name: str) -> str:
    return f'class Holder{name}:\n    router = APIRouter(prefix="/{name}")\n\n\n{name} = Holder{name}.router'


def _in_object(w: _Writer, module: Module, name: str) -> str:
    return (
        f"class Part{name}:\n    def __init__(self, prefix):\n        self.router = APIRouter(prefix=prefix)\n\n\n"
        f'{name} = Part{name}("/{name}").router'
    )


def _dataclass_factory(w: _Writer, module: Module, name: str) -> str:
    return (
        f"@dataclass\nclass Data{name}:\n    router: APIRouter = field(default_factory=APIRouter)\n\n\n"
        f"{name} = Data{name}().router"
    )


def _attrs_factory(w: _Writer, module: Module, name: str) -> str:
    return w.random.choice(
        [
            f"@attrs.define\nclass Attrs{name}:\n    router: APIRouter = attrs.field(factory=APIRouter)\n\n\n"
            f"{name} = Attrs{name}().router",
            f"@attrs.define(kw_only=True)\nclass Attrs{name}:\n    prefix: str\n"
            f"    router: APIRouter = attrs.field(init=False)\n\n    def __attrs_post_init__(self):\n"
            f"        self.router = APIRouter(prefix=self.prefix)\n\n\n{name} = Attrs{name}(prefix='/{name}').router",
            f"@attr.s(auto_attribs=True)\nclass Attrs{name}:\n    prefix: str = '/{name}'\n"
            f"    router: APIRouter = attr.ib(\n"
            f"        default=attr.Factory(lambda self: APIRouter(prefix=self.prefix), takes_self=True)\n    )\n\n\n"
            f"{name} = Attrs{name}().router",
            f"@attrs.frozen\nclass Attrs{name}:\n    prefix: str = '/{name}'\n    router: APIRouter = attrs.field()\n\n"
            f"    @router.default\n    def _made(self):\n        return APIRouter(prefix=self.prefix)\n\n\n"
            f"{name} = Attrs{name}().router",
        ]
    )


def _guarded_router(w: _Writer, module: Module, name: str) -> str:
    return f'{name} = APIRouter(prefix="/{name}", dependencies=[Depends({w.random.choice(w.guards)})])'


def _of_a_library(w: _Writer, module: Module, name: str) -> str:
    made = library(w.random, name, f"{w.package}_{w.fresh('lib')}")
    w.libraries.append(made)
    return made.made


def _in_mapping(w: _Writer, module: Module, name: str) -> str:
    return f'TABLE_{name} = {{"one": APIRouter(prefix="/{name}"), "two": APIRouter()}}\n{name} = TABLE_{name}["one"]'


def _overriding(w: _Writer, module: Module, name: str) -> str:
    body = w.random.choice(
        [
            "    def api_route(self, path, **given):\n        return super().api_route(path + '/', **given)",
            "    def add_api_route(self, path, endpoint, **given):\n"
            "        super().add_api_route('/twice' + path, endpoint, **given)\n"
            "        super().add_api_route(path, endpoint, **given)",
        ]
    )
    return f'class Own{name}(APIRouter):\n{body}\n\n\n{name} = Own{name}(prefix="/{name}")'


def _annotated_class(w: _Writer, module: Module, name: str) -> str:
    return (
        f"class Named{name}:\n    prefix = '/{name}'\n\n    @classmethod\n    def build(cls):\n"
        f"        return APIRouter(prefix=cls.prefix, tags=[cls.__name__])\n\n\n{name} = Named{name}.build()"
    )


def _cached(w: _Writer, module: Module, name: str) -> str:
    return (
        f"@lru_cache\ndef get_{name}():\n    return APIRouter(prefix='/{name}')\n\n\n{name} = get_{name}()\n"
        f"again_{name} = get_{name}()"
    )


def _assigned_prefix(w: _Writer, module: Module, name: str) -> str:
    return f"{name} = APIRouter()\n{name}.prefix = '/' + '{name}'.upper()"


ROUTERS: tuple[Callable[[_Writer, Module, str], str], ...] = (
    _plain,
    _plain,
    _plain,
    _factory,
    _subclass,
    _attribute,
    _in_object,
    _dataclass_factory,
    _attrs_factory,
    _guarded_router,
    _of_a_library,
    _of_a_library,
    _in_mapping,
    _overriding,
    _annotated_class,
    _cached,
    _assigned_prefix,
)


# -- endpoints: each gives the text, and the names of the endpoints it registers ---------------------------------------


def _decorated(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    verb = w.random.choice(VERBS)
    path = w.random.choice([f"/{name}", f"/{name}/{{item_id}}", f"/{name}/", f"/{name}/{{rest:path}}"])
    kind = w.random.choice(["def", "async def"])
    return f'@{router}.{verb}("{path}")\n{kind} {name}():\n    return {{}}', [name]


def _stacked(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return f'@{router}.get("/{name}")\n@{router}.post("/{name}-again")\ndef {name}(): ...', [name]


def _several_methods(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    methods = w.random.choice(['["GET", "POST"]', '("PUT",)', "[HTTPMethod.DELETE]", "[HTTPMethod.GET.value]"])
    return f'@{router}.api_route("/{name}", methods={methods})\ndef {name}(): ...', [name]


def _added(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return f'def {name}(): ...\n\n\n{router}.add_api_route("/{name}", {name}, methods=["GET"])', [name]


def _socket(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return f'@{router}.websocket("/{name}")\nasync def {name}(socket: WebSocket): ...', [name]


def _looped(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    over = w.random.choice(
        [
            '("red", "blue")',
            '["red", "blue"]',
            'sorted({"red": 1, "blue": 2})',
            '{"red", "blue"}',
            '["red", "blue", "grey"][:2]',
            '[word.lower() for word in ("Red", "Blue")]',
            '"red blue".split()',
            "dict(red=1, blue=2).keys()",
        ]
    )
    text = f'for colour in {over}:\n\n    @{router}.get(f"/{name}/{{colour}}")\n    def {name}(): ...'
    return text, [name]


def _enumerated(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f'def {name}(): ...\n\n\nfor number, word in enumerate(("a", "b"), start=1):\n'
        f'    {router}.add_api_route(f"/{name}/{{number:02d}}-{{word}}", {name})'
    ), [name]


def _comprehension(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (f'def {name}(): ...\n\n\n[{router}.add_api_route(f"/{name}/{{part}}", {name}) for part in ("x", "y")]'), [
        name
    ]


def _helper(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    comment = w.random.choice(["", '        """Say what this is, at some length, so that the body is a long one."""\n'])
    text = (
        f"def attach_{name}(target, path):\n"
        + comment.replace("        ", "    ", 1)
        + f"    @target.get(path)\n    def {name}(): ...\n\n\nattach_{name}({router}, "
        f'"/{name}")'
    )
    return text, [name]


def _decorator_of_ours(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f'def route_{name}(path):\n    """Register at ``path``."""\n\n    def wrap(function):\n'
        f'        {router}.add_api_route(path, function, methods=["POST"])\n        return function\n\n'
        f'    return wrap\n\n\n@route_{name}("/{name}")\ndef {name}(): ...'
    ), [name]


def _methods_of_an_object(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"class View{name}:\n    def __init__(self, target):\n"
        f'        target.add_api_route("/{name}", self.{name}, methods=["GET"])\n\n    def {name}(self): ...\n\n\n'
        f"View{name}({router})"
    ), [name]


def _guarded(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return guarded(w.random, router, name, w.random.choice(w.guards)), [name]


def _methods_by_verb(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    """A class whose methods are called after the verbs they answer, registered by a base that knows all of them."""
    init = w.random.choice(["", "    def __init__(self, size=10):\n        self.size = size\n\n"])
    return (
        f"class Base{name}:\n    path = ''\n\n    @classmethod\n    def register(cls, target):\n        view = cls()\n"
        f"        for verb in ('get', 'post', 'put', 'patch', 'delete'):\n"
        f"            method = getattr(view, verb, None)\n            if method is not None:\n"
        f"                target.add_api_route(cls.path, method, methods=[verb.upper()])\n\n\n"
        f"class View{name}(Base{name}):\n    path = '/{name}'\n\n{init}    def get(self): ...\n\n"
        f"    async def delete(self): ...\n\n\nView{name}.register({router})"
    ), ["get", "delete"]


_VIEW = """\
def at_{name}(method, path):
    def wrap(function):
        function.place = (method, path)
        return function

    return wrap


def view_{name}(target):
    def wrap(cls):
        kind = inspect.Parameter.KEYWORD_ONLY
        fields = [inspect.Parameter(key, kind, default=getattr(cls, key)) for key in get_type_hints(cls)]

        def __init__(self, **given):
            self.__dict__.update(given)

        cls.__init__ = __init__
        cls.__signature__ = inspect.Signature(fields)
        for function in list(vars(cls).values()):
            if hasattr(function, "place"):
                first, *rest = inspect.signature(function).parameters.values()
                function.__signature__ = inspect.Signature([first.replace(default=Depends(cls)), *rest])
                method, path = function.place
                target.add_api_route(path, function, methods=[method])
        return cls

    return wrap


class Above{name}:
    {above}


@view_{name}({router})
class Items{name}(Above{name}):
    {own}

    @at_{name}("GET", "/{name}")
    def {name}(self): ...

    @at_{name}("POST", "/{name}/more")
    async def more_{name}(self): ...\
"""


def _view_of_a_decorator(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    """Class-based views: the class is a dependency, of whose fields its methods get theirs."""
    keeps = f"user: object = Depends({w.random.choice(w.guards)})"
    above, own = w.random.choice([("...", "size: int = 3"), (keeps, "size: int = 3"), ("...", keeps)])
    return _VIEW.format(name=name, router=router, above=above, own=own), [name, f"more_{name}"]


def _known_condition(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    condition = w.random.choice(
        [
            "ENABLED",
            "DISABLED",
            "not DISABLED",
            "TYPE_CHECKING",
            'ROOT.startswith(("/a", "/c"))',
            "sys.version_info >= (3, 8)",
            'len(ROOT) == 6 and any(part == "const" for part in ROOT.split("/"))',
            '"const" in ROOT',
        ]
    )
    return f'if {condition}:\n\n    @{router}.get("/{name}")\n    def {name}(): ...', [name]


def _unknown_condition(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    condition = w.random.choice(
        [
            f'os.environ.get("SET_{name}")',
            f'os.getenv("SET_{name}", "on") == "on"',
            f'"SET_{name}" not in os.environ',
            "os.path.exists('/nowhere/at/all')",
        ]
    )
    return f'if {condition}:\n\n    @{router}.get("/{name}")\n    def {name}(): ...', [name]


def _missing_library(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"try:\n    import a_library_nobody_has\n\n    a_library_nobody_has.start()\n"
        f'    {router}.add_api_route("/never-{name}", lambda: None)\nexcept ImportError:\n\n'
        f'    @{router}.get("/{name}")\n    def {name}(): ...'
    ), [name]


def _matched(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f'match ROOT:\n    case "/other":\n        {router}.add_api_route("/other-{name}", lambda: None)\n'
        f'    case _:\n\n        @{router}.get("/{name}")\n        def {name}(): ...'
    ), [name]


def _counted(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"def {name}(): ...\n\n\nturn = 0\nwhile turn < 2:\n"
        f'    {router}.add_api_route(f"/{name}/{{turn}}", {name})\n    turn += 1'
    ), [name]


def _generated(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f'def paths_{name}():\n    yield "/{name}/first"\n    yield "/{name}/second"\n\n\ndef {name}(): ...\n\n\n'
        f"for path in paths_{name}():\n    {router}.add_api_route(path, {name})"
    ), [name]


def _appended(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return f'def {name}(): ...\n\n\n{router}.routes.append(APIRoute("/{name}", {name}, methods=["GET"]))', [name]


def _skipped(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f'def {name}(): ...\n\n\nfor word in ("_private", "public", "_other"):\n    if word.startswith("_"):\n'
        f'        continue\n    {router}.add_api_route("/{name}/" + word, {name})'
    ), [name]


def _from_lambda(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"def {name}(): ...\n\n\nattach_{name} = lambda path, function=None: "
        f"{router}.add_api_route(path, function or {name})\nattach_{name}('/{name}')"
    ), [name]


def _by_its_name(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    path = w.random.choice(
        [f'f"/{{{name}.__name__}}"', f"'/' + {name}.__name__.upper()", f'"/" + {name}.__name__.replace("do", "did")']
    )
    return f"def {name}(): ...\n\n\n{router}.add_api_route({path}, {name})", [name]


def _partial(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"def {name}(): ...\n\n\nadd_{name} = partial({router}.add_api_route, endpoint={name})\n"
        f"add_{name}('/{name}')\nadd_{name}('/{name}/more', methods=['PUT'])"
    ), [name]


def _zipped(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    pairs = w.random.choice(
        [
            'zip(("a", "b"), ("GET", "POST"))',
            '{"a": "GET", "b": "POST"}.items()',
            'product(("a",), ("GET", "POST"))',
            'sorted([("b", "GET"), ("a", "POST")], key=lambda pair: pair[0])',
            '((word, verb) for word in ("a", "b") for verb in ("GET", "PUT") if word != "b")',
            'chain([("a", "GET")], [("b", "DELETE")])',
            'list(map(lambda word: (word, "PATCH"), ("a", "b")))',
            'filter(lambda pair: pair[1] != "POST", [("a", "GET"), ("b", "POST")])',
        ]
    )
    return (
        f"def {name}(): ...\n\n\nfor word, verb in {pairs}:\n"
        f'    {router}.add_api_route("/{name}/" + word, {name}, methods=[verb])'
    ), [name]


def _members(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    kind = w.random.choice(["Enum", "StrEnum"])
    value = ".value"
    return (
        f'class Kind{name}({kind}):\n    RED = "red"\n    BLUE = "blue"\n\n\ndef {name}(): ...\n\n\n'
        f'for kind in Kind{name}:\n    {router}.add_api_route(f"/{name}/{{kind{value}}}", {name})'
    ), [name]


def _of_attributes(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    loop = w.random.choice(
        [
            f"for key in dir(Views{name}):\n    if key.startswith('get_'):\n",
            f"for key, value in vars(Views{name}).items():\n    if callable(value) and not key.startswith('_'):\n",
            f"for key, value in inspect.getmembers(Views{name}, inspect.isfunction):\n    if True:\n",
        ]
    )
    return (
        f"class Views{name}:\n    def get_{name}(self=None): ...\n\n\n{loop}"
        f'        {router}.add_api_route(f"/{name}/{{key}}", getattr(Views{name}, key))'
    ), [f"get_{name}"]


def _registry(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    """A decorator of ours that notes functions, and a loop that registers them later."""
    return (
        f"NOTED_{name} = []\n\n\ndef noted_{name}(path, verb='GET'):\n    def wrap(function):\n"
        f"        NOTED_{name}.append((path, verb, function))\n        return function\n\n    return wrap\n\n\n"
        f'@noted_{name}("/{name}")\n@noted_{name}("/{name}/again", verb="POST")\ndef {name}(): ...\n\n\n'
        f"for path, verb, function in NOTED_{name}:\n    {router}.add_api_route(path, function, methods=[verb])"
    ), [name]


def _marked(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    """A decorator that sets an attribute of functions, and a loop over a class that looks for it."""
    return (
        f"def mark_{name}(path):\n    def wrap(function):\n        function.path = path\n        return function\n\n"
        f"    return wrap\n\n\nclass Marked{name}:\n    @mark_{name}('/{name}')\n    def {name}(self): ...\n\n\n"
        f"holder_{name} = Marked{name}()\nfor key in dir(holder_{name}):\n"
        f"    member = getattr(holder_{name}, key)\n    if hasattr(member, 'path'):\n"
        f"        {router}.add_api_route(member.path, member, methods=['GET'])"
    ), [name]


def _wrapped(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"def logged_{name}(function):\n    @wraps(function)\n    def inner(*args, **kwargs):\n"
        f"        return function(*args, **kwargs)\n\n    return inner\n\n\n@{router}.get('/{name}')\n@logged_{name}\n"
        f"def {name}(): ..."
    ), [name]


def _in_context(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"@contextmanager\ndef group_{name}(prefix):\n    inner = APIRouter(prefix=prefix)\n    yield inner\n"
        f"    {router}.include_router(inner)\n\n\nwith group_{name}('/in') as inside_{name}:\n\n"
        f"    @inside_{name}.get('/{name}')\n    def {name}(): ..."
    ), [name]


def _removed(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    """A second route that goes again."""
    way = w.random.choice(
        [
            "{router}.routes.pop()",
            "del {router}.routes[-1]",
            "{router}.routes.remove({router}.routes[-1])",
            "{router}.routes[:] = {router}.routes[:-1]",
            "{router}.routes[:] = [one for one in {router}.routes if not getattr(one, 'path', '').endswith('/gone')]",
        ]
    ).format(router=router)
    return (
        f"@{router}.get('/{name}')\ndef {name}(): ...\n\n\n@{router}.get('/{name}/gone')\ndef gone_{name}(): ...\n\n\n"
        f"{way}"
    ), [name]


def _placed(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    act = w.random.choice(
        [
            "{router}.routes.insert(0, {route})",
            "{router}.routes.extend([{route}])",
            "{router}.routes += [{route}]" if router != "app" else "{router}.router.routes += [{route}]",
        ]
    )
    return (
        f"def {name}(): ...\n\n\n"
        + act.format(router=router, route=f'APIRoute("/{name}", {name}, methods=["GET", "PUT"])')
    ), [name]


def _tried(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"try:\n    import json as codec_{name}\nexcept ImportError:\n    codec_{name} = None\nelse:\n\n"
        f"    @{router}.get('/{name}')\n    def {name}(): ...\nfinally:\n    done_{name} = True"
    ), [name]


def _walrus(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"def {name}(): ...\n\n\nleft_{name} = ['/{name}/1', '/{name}/2']\n"
        f"while left_{name} and (path := left_{name}.pop()):\n"
        f"    {router}.add_api_route(path, {name})"
    ), [name]


def _recursive(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"TREE_{name} = {{'a': {{'b': {{}}}}, 'c': {{}}}}\n\n\ndef {name}(): ...\n\n\ndef grow_{name}(tree, path):\n"
        f"    for key, below in tree.items():\n        {router}.add_api_route(f'{{path}}/{{key}}', {name})\n"
        f"        grow_{name}(below, f'{{path}}/{{key}}')\n\n\ngrow_{name}(TREE_{name}, '/{name}')"
    ), [name]


def _doubtful_item(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    return (
        f"def {name}(): ...\n\n\npaths_{name} = ['/{name}/always']\nif os.environ.get('MORE_{name}'):\n"
        f"    paths_{name}.append('/{name}/perhaps')\nfor path in paths_{name}:\n"
        f"    {router}.add_api_route(path, {name})"
    ), [name]


def _text_made(w: _Writer, router: str, name: str) -> tuple[str, list[str]]:
    path = w.random.choice(
        [
            f'"/%s/%d" % ("{name}", 3)',
            f'"/{{}}/{{more}}".format("{name}", more=7)',
            f'"/".join(["", "{name}", "x"])',
            f'Template("/$name/t").substitute(name="{name}")',
            f'"/{name}" * 2',
            f'("/{name}/" "glued")',
            f'"/{name}".replace("/", "/v-")',
            f'"/" + str("{name}".encode().decode()).title()',
            f'f"/{name}/{{1 + 1}}"',
            f'f"/{name}/{{ROOT.strip("/")!s:>8}}"'.replace('"/")', "'/')"),
        ]
    )
    return f"@{router}.get({path})\ndef {name}(): ...", [name]


ENDPOINTS: tuple[Callable[[_Writer, str, str], tuple[str, list[str]]], ...] = (
    *(_decorated,) * 6,
    *(_guarded,) * 3,
    _methods_by_verb,
    _view_of_a_decorator,
    _stacked,
    _several_methods,
    _added,
    _socket,
    _looped,
    _enumerated,
    _comprehension,
    _helper,
    _decorator_of_ours,
    _methods_of_an_object,
    _known_condition,
    _unknown_condition,
    _missing_library,
    _matched,
    _counted,
    _generated,
    _appended,
    _skipped,
    _from_lambda,
    _by_its_name,
    _partial,
    _zipped,
    _members,
    _of_attributes,
    _registry,
    _marked,
    _wrapped,
    _in_context,
    _removed,
    _placed,
    _tried,
    _walrus,
    _recursive,
    _doubtful_item,
    _text_made,
)


# -- further ways to the application: each gives the text --------------------------------------------------------------


def _mounted_somewhere(w: _Writer, app: str, name: str, prefix: str) -> str:
    inner = w.fresh("inner")
    made = f"{inner} = FastAPI()\n{inner}.include_router({name}{prefix})\n"
    condition = w.random.choice(["os.environ.get('BELOW')", "ENABLED", "DISABLED", "os.getenv('BELOW', '/x') == '/x'"])
    return made + w.random.choice(
        [
            f"if {condition}:\n    {app}.mount('/{inner}', {inner})\nelse:\n    {app}.mount('/else-{inner}', {inner})",
            f"if {condition}:\n    {app}.mount('/{inner}', {inner})",
            f"{app}.mount(os.environ.get('BELOW', '/{inner}'), {inner})",
            f"{app}.mount('/{inner}' if {condition} else '/other-{inner}', {inner})",
            f"{app}.router.routes.append(Mount('/{inner}', app={inner}))",
        ]
    )


def _by_plugins(w: _Writer, app: str, name: str, prefix: str) -> str:
    plugin = w.fresh("Plugin")
    loop = w.random.choice(
        [
            f"for plugin in [{plugin}]:\n    plugin().setup({app})",
            f"for plugin in Base{plugin}.__subclasses__():\n    plugin().setup({app})",
            f"for plugin in Base{plugin}.known:\n    plugin().setup({app})",
            f"[plugin().setup({app}) for plugin in Base{plugin}.known]",
        ]
    )
    return (
        f"\n\nclass Base{plugin}:\n    known = []\n\n    def __init_subclass__(cls, **given):\n"
        f"        super().__init_subclass__(**given)\n        Base{plugin}.known.append(cls)\n\n\n"
        f"class {plugin}(Base{plugin}):\n    router = {name}\n\n    def setup(self, target):\n"
        f"        target.include_router(self.router{prefix})\n\n\n{loop}"
    )


def _its_routes(w: _Writer, app: str, name: str, prefix: str) -> str:
    return w.random.choice(
        [
            f"{app}.router.routes.extend({name}.routes)",
            f"{app}.routes.extend({name}.routes)",
            f"for route in {name}.routes:\n    {app}.router.routes.append(route)",
            f"{app}.router.routes += {name}.routes",
        ]
    )


def _in_a_table(w: _Writer, app: str, name: str, prefix: str) -> str:
    table = w.fresh("table")
    return w.random.choice(
        [
            f"{table} = [{{'router': {name}, 'prefix': '/{table}'}}]\n"
            f"for given in {table}:\n    {app}.include_router(**given)",
            f"{table} = [({name}, '/{table}')]\nfor one, at in {table}:\n    {app}.include_router(one, prefix=at)",
            f"{table} = {{'/{table}': {name}}}\nfor at in {table}:\n    {app}.include_router({table}[at], prefix=at)",
            f"{table} = dict(prefix='/{table}', tags=['t'])\n{app}.include_router({name}, **{table})",
        ]
    )


def _by_recursion(w: _Writer, app: str, name: str, prefix: str) -> str:
    nest = w.fresh("nest")
    return (
        f"\n\ndef {nest}(router, depth):\n    if not depth:\n        return router\n"
        f"    outer = APIRouter(prefix=f'/{nest}-{{depth}}')\n    outer.include_router(router)\n"
        f"    return {nest}(outer, depth - 1)\n\n\n{app}.include_router({nest}({name}, 2){prefix})"
    )


def _versioned(w: _Writer, app: str, name: str, prefix: str) -> str:
    return (
        f"for number in range(1, 3):\n    if number == 2 and DISABLED:\n        continue\n"
        f'    {app}.include_router({name}, prefix=f"/api/v{{number}}")'
    )


def _hosted(w: _Writer, app: str, name: str, prefix: str) -> str:
    builder = w.fresh("Builder")
    return (
        f"\n\nclass {builder}:\n    def __init__(self, target):\n        self.target = target\n\n"
        f"    def add(self, router, **given):\n        self.target.include_router(router, **given)\n"
        f"        return self\n\n\n"
        f"{builder}({app}).add({name}{prefix}).add({name}, prefix='/{builder}')"
    )


WAYS: tuple[Callable[[_Writer, str, str, str], str], ...] = (
    _mounted_somewhere,
    _mounted_somewhere,
    _by_plugins,
    _its_routes,
    _in_a_table,
    _by_recursion,
    _versioned,
    _hosted,
)


# -- routers that are found by looking for them ---------------------------------------------------------------------


_FINDERS = (
    """
import importlib
import pkgutil

from {package} import {folder}

for info in pkgutil.iter_modules({folder}.__path__):
    {app}.include_router(importlib.import_module(f"{{{folder}.__name__}}.{{info.name}}").router)
""",
    """
from glob import glob
from importlib import import_module

for file in sorted(glob(os.path.join(os.path.dirname(__file__), "{folder}", "*.py"))):
    if not file.endswith("__init__.py"):
        {app}.include_router(import_module("{package}.{folder}." + os.path.basename(file)[:-3]).router)
""",
    """
from importlib import import_module
from pathlib import Path

for file in sorted((Path(__file__).parent / "{folder}").glob("*.py")):
    if file.stem.startswith("_"):
        continue
    found = import_module(f"{package}.{folder}.{{file.stem}}")
    {app}.include_router(found.router, prefix=f"/{{file.stem}}")
""",
    """
from importlib import import_module

for name in os.listdir(os.path.join(os.path.dirname(__file__), "{folder}")):
    stem, dot, suffix = name.rpartition(".")
    if suffix == "py" and stem != "__init__":
        found = import_module("{package}.{folder}." + stem)
        for key in dir(found):
            if isinstance(getattr(found, key), APIRouter):
                {app}.include_router(getattr(found, key))
""",
    """
from importlib import import_module

for stem in {stems}:
    for value in vars(import_module(f"{package}.{folder}.{{stem}}")).values():
        if isinstance(value, APIRouter):
            {app}.include_router(value)
""",
    """
from importlib import import_module

for stem in {stems}:
    found = import_module(f".{folder}.{{stem}}", __package__)
    for key, value in inspect.getmembers(found, lambda one: isinstance(one, APIRouter)):
        {app}.include_router(value, prefix=f"/{{key}}")
""",
    """
import importlib

for stem in {stems}:
    {app}.include_router(getattr(importlib.import_module("{package}.{folder}." + stem), "router", None) or APIRouter())
""",
    """
from importlib.metadata import entry_points

for point in entry_points(group="{package}.{folder}"):
    {app}.include_router(point.load(), prefix="/" + point.name)
""",
)


def _found_by_looking(w: _Writer, main: Module, app: str) -> dict[str, str]:
    """A folder of modules with a router each that ``main`` looks for; further files."""
    folder = w.fresh("found")
    stems = [w.fresh("part") for _ in range(w.random.randint(1, 3))]
    routers: list[Router] = []
    for stem in stems:
        module = w.module(f"{folder}/{stem}", w.header)
        router = Router(module, "router")
        router.lines = {(module.path, line) for line in module.add(f"router = APIRouter(prefix='/{stem}')")}
        routers.append(router)
        text, names = w.random.choice(ENDPOINTS)(w, "router", w.fresh("do"))
        lines = module.add("\n\n" + text)
        for endpoint in names:
            w.endpoint(router, endpoint, lines)
    text = w.random.choice(_FINDERS).format(package=w.package, folder=folder, app=app, stems=tuple(stems))
    lines = main.add(text)
    for router in routers:
        w.note(router, main.path, lines)
    group = f"{w.package}.{folder}"
    points = [f"{stem} = {w.package}.{folder}.{stem}:router" for stem in stems]
    distribution = f"{w.package.replace('_', '')}{folder}"
    return {
        f"{w.package}/{folder}/__init__.py": "",
        f"{distribution}.egg-info/PKG-INFO": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n",
        f"{distribution}.egg-info/entry_points.txt": f"[{group}]\n" + "\n".join(points) + "\n",
        f"{w.package}/setup.cfg": f"[options.entry_points]\n{group} =\n" + "".join(f"    {one}\n" for one in points),
    }


# -- how routers reach the application ----------------------------------------------------------------------------


def _include(w: _Writer, main: Module, app: str, routers: list[Router]) -> Iterator[tuple[Router, range]]:
    """Statements that include ``routers``, each in one of the ways there are; which router went by which lines."""
    waiting = list(routers)
    while waiting:
        router = waiting.pop()
        name = router.name
        way = w.random.randrange(19)
        kept = f", dependencies=[Depends({w.random.choice(w.guards)})]"
        prefix = w.random.choice(
            ["", f', prefix="/v{w.random.randrange(3)}"', ', prefix=ROOT + "/in"', ', tags=["t"]', kept]
        )
        if way <= 4:
            yield router, main.add(f"{app}.include_router({name}{prefix})")
        elif way == 5 and waiting:
            other = waiting.pop()
            order = w.random.choice(
                [f"({name}, {other.name})", f"[{name}, {other.name}]", f"sorted([{name}, {other.name}], key=str)"]
            )
            lines = main.add(f"for each in {order}:\n    {app}.include_router(each{prefix})")
            yield router, lines
            yield other, lines
        elif way == 6:
            yield (
                router,
                main.add(f'{app}.include_router({name}, prefix="/one")\n{app}.include_router({name}, prefix="/two")'),
            )
        elif way == 7:
            inner = w.fresh("inner")
            yield (
                router,
                main.add(
                    f"{inner} = FastAPI()\n{inner}.include_router({name}{prefix})\n{app}.mount('/{inner}', {inner})"
                ),
            )
        elif way == 8:
            condition = w.random.choice(["os.environ.get('EXTRAS')", "os.getenv('EXTRAS', '1') == '1'", "not DISABLED"])
            yield router, main.add(f"if {condition}:\n    {app}.include_router({name}{prefix})")
        elif way == 9:
            setup = w.fresh("setup")
            body = f"    target.include_router({name}{prefix})"
            yield router, main.add(f"\n\ndef {setup}(target):\n{body}\n\n\n{setup}({app})")
        elif way == 10:
            outer = w.fresh("outer")
            yield (
                router,
                main.add(
                    f"{outer} = APIRouter(prefix='/{outer}')\n{outer}.include_router({name}{prefix})\n"
                    f"{app}.include_router({outer})"
                ),
            )
        elif way == 11:
            base = w.random.choice(["os.environ.get('BASE', '/base')", "os.environ.get('BASE') or '/plain'"])
            yield router, main.add(f"{app}.include_router({name}, prefix={base})")
        else:
            yield router, main.add(w.random.choice(WAYS)(w, app, name, prefix))


def generate(seed: int) -> Program:
    """The program of ``seed``; the same each time."""
    w = _Writer(seed)
    guards = w.module("guards", _HEADER)
    for _ in range(w.random.randint(1, 3)):
        w.guards.append(w.fresh("guard"))
        guards.add("\n\n" + guard(w.random, w.guards[-1]))
    routers = [router for _ in range(w.random.randint(1, 2)) for router in _part(w)]
    further = _application(w, "main", routers)
    applications = [f"{w.package}.main"]
    if w.random.random() < 0.2:
        shared = [router for router in routers if w.random.random() < 0.5]
        further |= _application(w, "other", [Router(one.module, one.name, [*one.endpoints]) for one in shared])
        applications.append(f"{w.package}.other")
    files = {module.path: "\n".join(module.lines) + "\n" for module in w.modules}
    files[f"{w.package}/__init__.py"] = ""
    files.update(further)
    if w.libraries:
        files |= dict([MARK])
        files |= {f"{SITE}/{one.module}.py": one.text for one in w.libraries}
    return Program(seed, files, {name: frozenset(lines) for name, lines in w.lines.items()}, tuple(applications))


def _part(w: _Writer) -> Iterator[Router]:
    """A module with routers, each with endpoints."""
    module = w.module(w.fresh("part"), w.header)
    for _ in range(w.random.randint(1, 3)):
        name = w.fresh("router")
        text = w.random.choice(ROUTERS)(w, module, name)
        router = Router(module, name)
        router.lines = {(module.path, line) for line in module.add("\n" + text + "\n")}
        for made in w.libraries:
            if made.made == text:
                for endpoint in made.endpoints:
                    w.endpoint(router, endpoint, range(0))
        for _ in range(w.random.randint(1, 4)):
            text, names = w.random.choice(ENDPOINTS)(w, name, w.fresh("do"))
            lines = module.add("\n\n" + text)
            for endpoint in names:
                w.endpoint(router, endpoint, lines)
        yield router


def _application(w: _Writer, stem: str, routers: list[Router]) -> dict[str, str]:
    """A module with an ``app`` that includes ``routers`` in one of the shapes there are; further files."""
    main = w.module(stem, w.header)
    for router in routers:
        dotted = router.module.path.removesuffix(".py").replace("/", ".")
        lines = main.add(f"from {dotted} import {router.name}")
        w.note(router, main.path, lines)
    kept = w.random.choice(["", "", "", f"dependencies=[Depends({w.random.choice(w.guards)})]"])
    if w.random.random() < 0.2:
        _in_a_lifespan(w, main, routers, kept)
    elif w.random.random() < 0.25:
        _in_a_factory(w, main, routers, kept)
    else:
        return _at_the_top(w, main, routers, kept)
    return {}


def _inside(w: _Writer, main: Module, routers: list[Router]) -> None:
    """The includes, in the body of a function."""
    inside = Module(main.path)
    steps = list(_include(w, inside, "app", routers))
    offset = len(main.lines)
    main.add("\n".join("    " + line if line else line for line in inside.lines) or "    pass")
    for router, lines in steps:
        w.note(router, main.path, range(lines.start + offset, lines.stop + offset))


def _in_a_lifespan(w: _Writer, main: Module, routers: list[Router], kept: str) -> None:
    main.add("from contextlib import asynccontextmanager\n\n\n@asynccontextmanager\nasync def lifespan(app):")
    _inside(w, main, routers)
    main.add(f"    yield\n\n\napp = FastAPI(lifespan=lifespan{kept and ', ' + kept})")
    _before(w, main)


def _in_a_factory(w: _Writer, main: Module, routers: list[Router], kept: str) -> None:
    main.add(f"\n\ndef create_app():\n    app = FastAPI({kept})")
    _inside(w, main, routers)
    main.add("    return app\n\n\napp = create_app()")
    _before(w, main)


def _at_the_top(w: _Writer, main: Module, routers: list[Router], kept: str) -> dict[str, str]:
    own = Router(main, "app")
    main.add(f"\napp = FastAPI({kept})")
    for _ in range(w.random.randint(0, 2)):
        text, names = w.random.choice(ENDPOINTS)(w, "app", w.fresh("do"))
        lines = main.add("\n\n" + text)
        for endpoint in names:
            w.endpoint(own, endpoint, lines)
    main.add("")
    for router, lines in _include(w, main, "app", routers):
        w.note(router, main.path, lines)
    _before(w, main)
    return _found_by_looking(w, main, "app") if w.random.random() < 0.4 else {}


def _before(w: _Writer, main: Module) -> None:
    """A middleware, in one of a few programs."""
    if w.random.random() < 0.15:
        main.add("\n\n" + keeper(w.random, "app", w.fresh("Keeper")))
