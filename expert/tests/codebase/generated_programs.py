"""FastAPI programs made at random from the idioms people register routes with, each line remembered by what it does.

`generate(seed)` gives a program: its files, and for every endpoint the lines that have a part in serving it (its own,
its registration, every include and mount on its way). A reader that does not list the endpoint has to name one of them.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

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
    """``files`` by path below the root; ``lines`` by endpoint name: (path, line) of everything on its way."""

    seed: int
    files: dict[str, str]
    lines: dict[str, frozenset[tuple[str, int]]]


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.package = f"p{seed}"
        self.modules: list[Module] = []
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.count = 0

    def module(self, name: str, header: str) -> Module:
        module = Module(f"{self.package}/{name}.py")
        module.add(header)
        self.modules.append(module)
        return module

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def note(self, router: Router, path: str, lines: range) -> None:
        """Every endpoint of ``router`` goes by these lines too."""
        for endpoint in router.endpoints:
            self.lines[endpoint] |= {(path, line) for line in lines}

    def endpoint(self, router: Router, name: str, lines: range) -> None:
        router.endpoints.append(name)
        owed = {(router.module.path, line) for line in lines}
        self.lines[name] = self.lines.get(name, set()) | owed | router.lines


_HEADER = """\
import os
import sys
from dataclasses import dataclass, field
from http import HTTPMethod
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.routing import APIRoute

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


def _in_mapping(w: _Writer, module: Module, name: str) -> str:
    return f'TABLE_{name} = {{"one": APIRouter(prefix="/{name}"), "two": APIRouter()}}\n{name} = TABLE_{name}["one"]'


ROUTERS: tuple[Callable[[_Writer, Module, str], str], ...] = (
    _plain,
    _plain,
    _plain,
    _factory,
    _subclass,
    _attribute,
    _in_object,
    _dataclass_factory,
    _in_mapping,
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


ENDPOINTS: tuple[Callable[[_Writer, str, str], tuple[str, list[str]]], ...] = (
    *(_decorated,) * 6,
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
)


# -- how routers reach the application ----------------------------------------------------------------------------


def _include(w: _Writer, main: Module, app: str, routers: list[Router]) -> Iterator[tuple[Router, range]]:
    """Statements that include ``routers``, each in one of the ways there are; which router went by which lines."""
    waiting = list(routers)
    while waiting:
        router = waiting.pop()
        name = router.name
        way = w.random.randrange(12)
        prefix = w.random.choice(["", f', prefix="/v{w.random.randrange(3)}"', ', prefix=ROOT + "/in"', ', tags=["t"]'])
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
        else:
            base = w.random.choice(["os.environ.get('BASE', '/base')", "os.environ.get('BASE') or '/plain'"])
            yield router, main.add(f"{app}.include_router({name}, prefix={base})")


def generate(seed: int) -> Program:
    """The program of ``seed``; the same each time."""
    w = _Writer(seed)
    routers: list[Router] = []
    for _ in range(w.random.randint(1, 2)):
        module = w.module(w.fresh("part"), _HEADER)
        for _ in range(w.random.randint(1, 3)):
            name = w.fresh("router")
            text = w.random.choice(ROUTERS)(w, module, name)
            router = Router(module, name)
            router.lines = {(module.path, line) for line in module.add("\n" + text + "\n")}
            routers.append(router)
            for _ in range(w.random.randint(1, 4)):
                text, names = w.random.choice(ENDPOINTS)(w, name, w.fresh("do"))
                lines = module.add("\n\n" + text)
                for endpoint in names:
                    w.endpoint(router, endpoint, lines)
    main = w.module("main", _HEADER)
    for router in routers:
        dotted = router.module.path.removesuffix(".py").replace("/", ".")
        lines = main.add(f"from {dotted} import {router.name}")
        w.note(router, main.path, lines)
    own = Router(main, "app")
    if w.random.random() < 0.25:
        main.add("\n\ndef create_app():\n    app = FastAPI()")
        inside = Module(main.path)
        steps = list(_include(w, inside, "app", routers))
        offset = len(main.lines)
        main.add(
            "\n".join("    " + line if line else line for line in inside.lines)
            + "\n    return app\n\n\napp = create_app()"
        )
        for router, lines in steps:
            w.note(router, main.path, range(lines.start + offset, lines.stop + offset))
    else:
        main.add("\napp = FastAPI()")
        for _ in range(w.random.randint(0, 2)):
            text, names = w.random.choice(ENDPOINTS)(w, "app", w.fresh("do"))
            lines = main.add("\n\n" + text)
            for endpoint in names:
                w.endpoint(own, endpoint, lines)
        main.add("")
        for router, lines in _include(w, main, "app", routers):
            w.note(router, main.path, lines)
    files = {module.path: "\n".join(module.lines) + "\n" for module in w.modules}
    files[f"{w.package}/__init__.py"] = ""
    return Program(seed, files, {name: frozenset(lines) for name, lines in w.lines.items()})
