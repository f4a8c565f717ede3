"""Imports an application and says its route table: ``python child.py REQUEST``, run by the project's own interpreter.

It needs nothing but what the project has installed (Python 3.8 and later, any FastAPI: flat `app.routes`, or a live
tree since 0.137) and never imports this package. ``REQUEST`` is JSON:

module, attribute    what to import; the attribute is "" where the first application of the module is meant
call                 whether it is a function that makes the application, to be called without arguments
paths                folders put in front of `sys.path`
root                 what files are relative to
lifespan             whether the application is started first, and stopped after
network              whether machines other than this one may be reached
limit                seconds after which the place it hangs at is written down
report               the file descriptor that one JSON object is written to, as a line

The object has ``routes`` (:func:`table`), ``fastapi``, ``python``, ``called`` and ``refused`` (hosts that were not
reached), or ``failed``, what went wrong, with the facts that explain it (:func:`failure`).
"""

from __future__ import annotations

import ast
import asyncio
import faulthandler
import importlib
import inspect
import json
import os
import re
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

INSTALLED = re.compile(r"(site|dist)-packages|lib/python3\.\d+/|[/\\]Lib[/\\]")
Row = Any
"""A JSON object: `Dict[str, Any]` cannot be said so that Python 3.8 and the linter agree."""


# --- the table --------------------------------------------------------------------------------------------------------


def table(app: Any, root: str) -> list[tuple[Row, Any]]:
    """The table's rows, each with its route.

    HEAD that Starlette adds to GET, mounts themselves and the documentation pages are left out. A row has

    method, path, host, endpoint    the whole path; module and qualified name of the function
    name, tags, status_code, response_model
    file, line                      of the function, relative to ``root``; None where an installed package holds it
    library, library_file           whether one does, and its file, relative to where packages are installed
    dependencies                    the calls of its tree: [module:qualname, is a security scheme, auto_error]
    injected                        the places of those calls: [file, qualname, line]
    refusing                        the schemes among them that FastAPI itself lets refuse, by class
    """
    return list(_rows(app, os.path.realpath(root)))


def _get(value: Any, name: str, default: Any = None) -> Any:
    return getattr(value, name, default)


def _rows(app: Any, root: str) -> Iterator[tuple[Row, Any]]:
    for route, kind, path, host in _walk(app.routes):
        endpoint = _plain(_get(route, "endpoint", None))
        module = _get(endpoint, "__module__", "") or ""
        if module.startswith(("fastapi.applications", "fastapi.openapi", "cadwyn.applications")):
            continue
        for method in _methods(route, kind):
            row = _describe(route, endpoint, root)
            row.update(method=method, path=path, host=host)
            yield row, route


def _walk(routes: Any, prefix: str = "", host: str = "") -> Iterator[tuple[Any, str, str, str]]:
    """Every endpoint below: (route, kind, whole path, host)."""
    for route in routes:
        kind = type(route).__name__
        if kind == "_IncludedRouter":
            contexts = importlib.import_module("fastapi.routing").iter_route_contexts  # since 0.137
            for context in contexts([route]):
                kind = type(context.original_route).__name__
                included = _get(_get(context, "_route_context", None), "starlette_route", None)
                yield from _one(included or context, prefix, kind, host)  # before 0.165 only the first knows its path
        else:
            yield from _one(route, prefix, kind, host)


def _one(route: Any, prefix: str, kind: str, host: str) -> Iterator[tuple[Any, str, str, str]]:
    path = _get(route, "path", None)
    if kind in ("Mount", "Host"):
        given = _get(route, "original_route", route)
        inner: Any = _get(given, "routes") or _get(_get(given, "app", None), "routes") or []
        named = _get(given, "host", "") if kind == "Host" else host
        yield from _walk(inner, prefix + (path or "" if kind == "Mount" else ""), named)
    elif path is not None:
        yield route, kind, prefix + path, host


def _methods(route: Any, kind: str) -> list[str]:
    if "WebSocket" in kind:
        return ["WEBSOCKET"]
    methods: Any = _get(route, "methods")
    if methods is None:
        methods = ["GET"] if kind == "Route" else []
    if kind == "Route" and "GET" in methods:
        methods = set(methods) - {"HEAD"}
    return sorted(str(_get(method, "value", method)) for method in methods)


def _describe(route: Any, endpoint: Any, root: str) -> Row:
    file, line = _place(endpoint)
    library = bool(file and INSTALLED.search(file) and not _below(file, root))
    calls = list(_calls(_get(route, "dependant", None)))
    model = _get(route, "response_model", None)
    status = _get(route, "status_code", None)
    return {
        "endpoint": _named(endpoint),
        "name": _get(route, "name", None),
        "line": line,
        "tags": [str(_get(tag, "value", tag)) for tag in _get(route, "tags") or ()],
        "status_code": int(status) if status is not None else None,
        "response_model": None if model is None else model.__name__ if isinstance(model, type) else str(model),
        "file": None if library or not file else _relative(file, root),
        "library": library,
        "library_file": re.split(r"(?:site|dist)-packages[/\\]", file)[-1] if library and file else None,
        "dependencies": [[_named(call), _is_scheme(call), _auto_error(call)] for call in calls],
        "injected": [_reference(call, root) for call in calls],
        "refusing": [type(call).__name__ for call in calls if _refuses(call)],
    }


def _plain(function: Any) -> Any:
    """Without `partial` around it."""
    while hasattr(function, "func"):
        function = function.func
    return function


def _named(function: Any) -> str:
    function = _plain(function)
    if not hasattr(function, "__qualname__"):
        return f"{function.__class__.__module__}:{function.__class__.__qualname__}()"
    return f"{function.__module__}:{function.__qualname__}"


def _place(function: Any) -> tuple[str | None, int | None]:
    """File and line of what was written, below decorators: by `__wrapped__`, else by name in the module it says."""
    try:
        function = inspect.unwrap(function)
        target = function if hasattr(function, "__code__") or inspect.isclass(function) else function.__class__
        file, line = _source(_get(function, "__func__", target))
    except (TypeError, OSError, ValueError):
        file, line = None, None
    if file is None or INSTALLED.search(file) or not Path(file).is_file():  # it is made by a library, or of a text
        module = _get(sys.modules.get(_get(function, "__module__") or ""), "__file__", None)
        if module and not INSTALLED.search(module):
            return module, _line_of(module, _get(function, "__qualname__", ""))
    return file, line


@lru_cache(maxsize=4096)
def _source(target: Any) -> tuple[str | None, int]:
    """File and first line, decorators included; only classes have to be looked for in the text."""
    code = _get(target, "__code__")
    return inspect.getsourcefile(target), code.co_firstlineno if code is not None else inspect.getsourcelines(target)[1]


def _line_of(module: str, qualname: str) -> int | None:
    """Where the innermost function of this name begins, None when the text has none."""
    return _functions(module).get(qualname.rpartition(".")[2])


@lru_cache(maxsize=4096)
def _functions(module: str) -> dict[str, int]:
    """First lines of the functions in a file, by name; of several the last in the order of `ast.walk`."""
    return {
        node.name: min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for node in ast.walk(ast.parse(Path(module).read_text(encoding="utf-8", errors="replace")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def _reference(call: Any, root: str) -> list[Any]:
    file, line = _place(_plain(call))
    named = _named(call).partition(":")[2]
    return [_relative(file, root) if file and not INSTALLED.search(file) else None, named, line]


def _relative(file: str, root: str) -> str:
    try:
        return Path(os.path.realpath(file)).relative_to(root).as_posix()
    except ValueError:
        return file


def _below(file: str, root: str) -> bool:
    """Whether a file is the project's own though the project lies where packages are installed."""
    path = _relative(file, root)
    return path != file and not INSTALLED.search(path)


def _calls(dependant: Any) -> Iterator[Any]:
    """The calls of a dependency tree, outermost first, the endpoint's own left out."""
    for below in _get(dependant, "dependencies") or ():
        yield below.call
        yield from _calls(below)


def _is_scheme(call: Any) -> bool:
    from fastapi.security.base import SecurityBase

    return isinstance(call, SecurityBase)


def _auto_error(call: Any) -> Any:
    found = _get(call, "auto_error", None) if _is_scheme(call) else None
    return found if found is None or isinstance(found, bool) else bool(found)


def _refuses(call: Any) -> bool:
    """Whether a scheme refuses who brings no credentials: FastAPI's own, unless told to let them through."""
    own = _is_scheme(call) and _get(type(call).__call__, "__module__", "").startswith("fastapi.security.")
    return own and _auto_error(call) is True


# --- importing --------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """What is asked for is not there; ``facts`` say what is."""

    def __init__(self, failed: str, **facts: Any) -> None:
        super().__init__(failed)
        self.facts = dict(facts, failed=failed)


def load(module: str, attribute: str, *, call: bool) -> tuple[Any, bool]:
    """The application as the server is given it, and whether a function was called to make it."""
    found = importlib.import_module(module)
    if not attribute:
        return _first_application(found), False
    app: Any = found
    for part in attribute.split("."):
        if not hasattr(app, part):
            raise Refused("attribute", applications=_applications(found), file=_get(found, "__file__", None))
        app = _get(app, part)
    if call or (inspect.isroutine(app) and not hasattr(app, "routes") and not _required(app)):
        if not callable(app) or _required(app):
            raise Refused("factory", needs=_required(app) if callable(app) else [], type=type(app).__name__)
        return app(), True
    return app, False


def _first_application(module: Any) -> Any:
    """As `fastapi run FILE` chooses: `app`, `api`, else the first one."""
    found = _applications(module)
    for name in ("app", "api", *found):
        if name in found:
            return _get(module, name)
    raise Refused("attribute", applications=[], file=_get(module, "__file__", None))


def _applications(module: Any) -> list[str]:
    from fastapi import FastAPI

    return [str(name) for name in dir(module) if isinstance(_get(module, name), FastAPI)]


def _required(function: Any) -> list[str]:
    """The names of the arguments without which it cannot be called."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in parameters if each.kind in plain and each.default is inspect.Parameter.empty]


def routed(app: Any) -> Any:
    """What holds the routes: the application, or the one inside the middleware around it."""
    below, seen = app, 0
    while not hasattr(below, "routes") and seen < 50:
        inner = [_get(below, name, None) for name in ("app", "other_asgi_app", "asgi_app", "_app")]
        below = next((one for one in inner if one is not None), None)
        seen += 1
    own = [cls.__module__.partition(".")[0] for cls in type(below).__mro__]
    if below is None or not {"starlette", "fastapi"} & set(own):
        raise Refused("not-app", type=f"{type(app).__module__}.{type(app).__qualname__}")
    return below


# --- what may be reached ----------------------------------------------------------------------------------------------


class NotReached(OSError):
    """A connection to another machine, which is not made."""


def stay_at_home(refused: list[str]) -> None:
    """No connection that Python makes leaves this machine; those that would are added to ``refused``."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo
    here = {"localhost", "::1", "0.0.0.0", "::", socket.gethostname()}  # noqa: S104  (told apart, not bound)

    def checked(host: Any) -> None:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "localhost")
        if not text.startswith("127.") and text not in here:
            refused.append(text)
            raise NotReached(f"not connected: {text} is not this machine")

    def only_local(self: Any, address: Any) -> Any:
        if not isinstance(address, (str, bytes)):
            checked(address[0])
        return connect(self, address)

    def only_local_ex(self: Any, address: Any) -> Any:
        if not isinstance(address, (str, bytes)):  # a path: a socket of this machine
            checked(address[0])
        return connect_ex(self, address)

    def only_ours(host: Any, *arguments: Any, **options: Any) -> Any:
        checked(host)
        return resolve(host, *arguments, **options)

    replaced: Any = socket.socket
    replaced.connect = only_local
    replaced.connect_ex = only_local_ex
    socket.getaddrinfo = only_ours


# --- the lifespan -----------------------------------------------------------------------------------------------------


async def live(app: Any) -> Any:
    """Run the application's lifespan up to where it is ready; awaiting what this gives stops it again."""
    said: asyncio.Queue[Any] = asyncio.Queue()
    asked: asyncio.Queue[Any] = asyncio.Queue()
    asked.put_nowait({"type": "lifespan.startup"})
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, asked.get, said.put))
    first = asyncio.ensure_future(said.get())
    await asyncio.wait([task, first], return_when=asyncio.FIRST_COMPLETED)
    message: Row = first.result() if first.done() else {}
    if str(message.get("type", "")).endswith(".failed") or (task.done() and not first.done() and task.exception()):
        raise (task.exception() if task.done() else None) or Refused("lifespan", message=message.get("message", ""))

    async def stop() -> None:
        asked.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([task], timeout=5)
        task.cancel()

    return stop


async def _started(app: Any, below: Any, root: str) -> list[tuple[Row, Any]]:
    stop = await live(app)
    try:
        return table(below, root)
    finally:
        await stop()


# --- what went wrong --------------------------------------------------------------------------------------------------


def failure(error: BaseException, request: Row) -> Row:
    """Why there is no table: ``failed`` and what explains it, with the project's own last frames."""
    facts: Row = dict(error.facts) if isinstance(error, Refused) else {}
    if not facts:
        facts = {"failed": "raised", "type": type(error).__name__, "message": str(error)[:2000]}
        if isinstance(error, SystemExit):
            facts.update(failed="exit", code=error.code if isinstance(error.code, (int, str)) else 0)
        elif isinstance(error, ModuleNotFoundError) and error.name:
            facts.update(failed="module", name=error.name)
        elif isinstance(error, SyntaxError):
            facts.update(failed="syntax", file=error.filename, line=error.lineno)
        else:
            facts.update(_settings(error))
    facts["starting"] = bool(request.get("starting"))
    facts["frames"] = _frames(error, os.path.realpath(request["root"]))
    return facts


def _frames(error: BaseException, root: str) -> list[list[Any]]:
    """[file, line, function] of the project's own frames, the last three."""
    found: list[list[Any]] = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = _relative(frame.filename, root)
        if path != frame.filename and not INSTALLED.search(path):
            found.append([path, frame.lineno, frame.name])
    return found[-3:]


_OS = ("os.py", "<frozen os>")


def _settings(error: BaseException) -> Row:
    """The settings that are missing or wrong, where the error is about settings: ``settings`` and ``invalid``."""
    name = type(error).__name__
    if name == "ValidationError" and hasattr(error, "errors"):
        return _of_validation(error)
    last = traceback.extract_tb(error.__traceback__)[-1:]
    missing = None
    if isinstance(error, KeyError) and last and os.path.basename(last[0].filename) in _OS and error.args:
        missing = str(error.args[0])
    elif name in ("KeyError", "UndefinedValueError", "EnvError", "UndefinedError"):
        found = re.search(r"\b([A-Z][A-Z0-9_]{2,})\b", str(error))  # starlette.config, decouple, environs
        known = any(
            "config" in one.filename or "environs" in one.filename or "decouple" in one.filename for one in last
        )
        missing = found.group(1) if found and known else None
    return {"failed": "settings", "settings": [missing], "invalid": []} if missing else {}


def _of_validation(error: Any) -> Row:
    """pydantic's complaint, where it is about a class of settings; what was given is not repeated."""
    title = _get(error, "title") or _get(_get(error, "model", None), "__name__", "")
    classes = [one for one in _settings_classes() if one.__name__ == title]
    if not classes:
        return {}
    settings: list[str] = []
    invalid: list[str] = []
    for one in error.errors():
        names = _variable(classes[0], one["loc"])
        if one["type"] in ("missing", "value_error.missing"):
            settings.append(names)
        else:
            invalid.append(f"{names} ({str(one['msg'])[:120]})")
    return {"failed": "settings", "settings": settings, "invalid": invalid}


def _settings_classes() -> Iterator[Any]:
    for module in ("pydantic_settings", "pydantic"):
        base = _get(sys.modules.get(module), "__dict__", {}).get("BaseSettings")
        waiting = [base] if isinstance(base, type) else []
        for one in waiting:
            yield one
            waiting.extend(one.__subclasses__())


def _variable(settings: Any, location: Any) -> str:
    """The environment variable of a field: its alias, else its name behind the prefix."""
    name = str(location[0]) if location else ""
    old = _get(_get(settings, "__fields__", {}).get(name), "field_info", None)
    named = _get(old, "extra", {}).get("env_names")
    if named:
        return sorted(named)[0].upper()
    configuration: Row = _get(settings, "model_config") or {}
    fields: Row = _get(settings, "model_fields") or {}
    prefix = str(configuration.get("env_prefix") or "")
    parts = [str(part) for part in location if not isinstance(part, int)]
    return ((prefix if name in fields else "") + "__".join(parts)).upper()


# --- the command ------------------------------------------------------------------------------------------------------


def main() -> None:
    request: Row = json.loads(sys.argv[1])
    own = os.getpid()
    with os.fdopen(request["report"], "w", encoding="utf-8") as report:
        limit = float(request["limit"])
        faulthandler.dump_traceback_later(limit, file=report)
        if hasattr(signal, "alarm"):
            signal.alarm(int(limit) + 30)  # should whoever started this be gone
        del sys.argv[1:]  # settings that read the command line find none
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path[:] = [*request["paths"], *(path for path in sys.path if os.path.abspath(path or ".") != here)]
        refused: list[str] = []
        try:
            answer = _answer(request, refused)
        except BaseException as error:
            answer = failure(error, request)
        answer["refused"] = sorted(set(refused))
        if os.getpid() == own:  # what the project forked comes by here as well
            faulthandler.cancel_dump_traceback_later()
            report.write(json.dumps(answer) + "\n")
            report.flush()
    os._exit(0)  # threads that the project started wait for nobody


def _document(app: Any) -> Any:
    """The OpenAPI document of the application, as JSON holds it; None where it makes none."""
    make = _get(app, "openapi", None)
    return json.loads(json.dumps(make(), default=str)) if callable(make) else None


def _answer(request: Row, refused: list[str]) -> Row:
    if not request["network"]:
        stay_at_home(refused)
    app, called = load(request["module"], request["attribute"], call=request["call"])
    below, root = routed(app), os.path.realpath(request["root"])
    request["starting"] = request["lifespan"]
    rows = asyncio.run(_started(app, below, root)) if request["lifespan"] else table(below, root)
    said: Row = {"openapi": _document(below)} if request.get("openapi") else {}
    return {
        **said,
        "routes": [row for row, _ in rows],
        "fastapi": _get(sys.modules.get("fastapi"), "__version__", ""),
        "python": ".".join(map(str, sys.version_info[:3])),
        "called": called,
    }


if __name__ == "__main__":
    main()
