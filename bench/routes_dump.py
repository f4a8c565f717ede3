"""The running application's own table, as JSON: `python routes_dump.py MODULE:APP [--call] [--ask] > TABLE.json`.

Run by the interpreter of the project under study, from the folder that its modules are imported from; it needs nothing
but that project (Python 3.8, any FastAPI: flat `app.routes`, or a live tree since 0.137). It imports the project, that
is, runs its code: do it where nothing can be harmed. No lifespan is run unless `--lifespan` says so.

A table is `{"fastapi", "application", "commit", "routes"}`; a route has

method, path, endpoint    the whole path; module and qualified name of the function
name, tags, status_code, response_model
file, line                of the function, relative to `--root`; None where an installed package holds it (`library`)
dependencies              the calls of its tree: [module:qualname, is a security scheme, auto_error]
protected                 by reading that tree: a scheme with auto_error, or a dependency that refuses by its name
by                        the calls that say so
asked                     with `--ask`: what a request without credentials met, `{"status", "location"?, "error"?}`

HEAD that Starlette adds to GET, mounts themselves and the documentation pages are left out.

`--ask` fills path parameters with 1, a UUID or the first member of an enumeration, sends no body, and has each request
answered in a child process with a time limit: a route that hangs or ends its process costs nobody else's answer. The
children reach no network but this machine's.
"""

import argparse
import ast
import asyncio
import contextlib
import enum
import importlib
import inspect
import json
import os
import re
import select
import signal
import socket
import sys
import time
import uuid
from pathlib import Path

LIMIT_S = 5.0
"""For one request."""

BUDGET_S = 300.0
"""For all of them."""

REFUSES = re.compile(
    r"current_\w*user|get_user$|require|authenticat|authoriz|authoris|login_required|permission|is_admin"
    r"|(check|verify|validate|valid)_\w*(auth|token|key|jwt|user|session|login|credential|admin|role|access)",
    re.IGNORECASE,
)
LETS_THROUGH = re.compile(
    r"optional|or_none|maybe|if_any|anonymous|unauthenticated|not_required|or_guest", re.IGNORECASE
)
INSTALLED = re.compile(r"(site|dist)-packages|lib/python3\.\d+/")


# --- the table --------------------------------------------------------------------------------------------------------


def walk(routes, prefix=""):
    """Every endpoint below: (route, kind, whole path)."""
    for route in routes:
        kind = type(route).__name__
        if kind == "_IncludedRouter":
            from fastapi.routing import iter_route_contexts

            for context in iter_route_contexts([route]):
                kind = type(context.original_route).__name__
                included = getattr(getattr(context, "_route_context", None), "starlette_route", None)
                yield from one(included or context, prefix, kind)  # before 0.165 only the first knows its path
        else:
            yield from one(route, prefix, kind)


def one(route, prefix, kind):
    path = getattr(route, "path", None)
    if kind in ("Mount", "Host"):
        inner = getattr(getattr(route, "original_route", route), "app", None)
        below = prefix + (path or "" if kind == "Mount" else "")
        yield from walk(getattr(inner, "routes", None) or [], below)
    elif path is not None:
        yield route, kind, prefix + path


def rows(app, root):
    """The table's rows, each with its route."""
    for route, kind, path in walk(app.routes):
        endpoint = plain(getattr(route, "endpoint", None))
        module = getattr(endpoint, "__module__", "") or ""
        if module.startswith(("fastapi.applications", "fastapi.openapi", "cadwyn.applications")):
            continue
        for method in methods_of(route, kind):
            yield describe(route, endpoint, method, path, root), route


def methods_of(route, kind):
    if "WebSocket" in kind:
        return ["WEBSOCKET"]
    methods = getattr(route, "methods", None)
    if methods is None:
        methods = {"GET"} if kind == "Route" else set()
    if kind == "Route" and "GET" in methods:
        methods = set(methods) - {"HEAD"}
    return sorted(methods)


def describe(route, endpoint, method, path, root):
    file, line = place(endpoint)
    library = bool(file and INSTALLED.search(file))
    calls = list(tree(getattr(route, "dependant", None)))
    by = [call for call, scheme, auto_error in calls if refuses(call, scheme, auto_error)]
    model = getattr(route, "response_model", None)
    status = getattr(route, "status_code", None)
    return {
        "method": method,
        "path": path,
        "endpoint": named(endpoint),
        "name": getattr(route, "name", None),
        "line": line,
        "tags": [str(getattr(tag, "value", tag)) for tag in getattr(route, "tags", None) or []],
        "status_code": int(status) if status is not None else None,
        "response_model": None if model is None else model.__name__ if isinstance(model, type) else str(model),
        "file": None if library or not file else relative(file, root),
        "library": library,
        "dependencies": calls,
        "protected": bool(by),
        "by": by,
    }


def plain(function):
    """Without `partial` around it."""
    while hasattr(function, "func"):
        function = function.func
    return function


def named(function):
    function = plain(function)
    if not hasattr(function, "__qualname__"):
        function = type(function)
        return f"{function.__module__}:{function.__qualname__}()"
    return f"{function.__module__}:{function.__qualname__}"


def place(function):
    """File and line of what was written, below decorators: by `__wrapped__`, else by name in the module it says."""
    try:
        function = inspect.unwrap(function)
        target = function if hasattr(function, "__code__") or inspect.isclass(function) else type(function)
        target = getattr(function, "__func__", target)
        file, line = inspect.getsourcefile(target), inspect.getsourcelines(target)[1]
    except (TypeError, OSError, ValueError):
        file, line = None, None
    if file is None or INSTALLED.search(file) or not Path(file).is_file():  # it is made by a library, or of a text
        module = getattr(sys.modules.get(getattr(function, "__module__", None) or ""), "__file__", None)
        if module and not INSTALLED.search(module):
            return module, line_of(module, getattr(function, "__qualname__", ""))
    return file, line


def line_of(module, qualname):
    """Where the innermost function of this name begins, None when the text has none."""
    name = qualname.rpartition(".")[2]
    found = [
        min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for node in ast.walk(ast.parse(Path(module).read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name
    ]
    return found[-1] if found else None


def relative(file, root):
    try:
        return Path(os.path.realpath(file)).relative_to(root).as_posix()
    except ValueError:
        return file


def tree(dependant):
    """The calls of a dependency tree, outermost first, the endpoint's own left out."""
    for below in getattr(dependant, "dependencies", None) or []:
        scheme = below.call if is_scheme(below.call) else None
        yield [named(below.call), scheme is not None, getattr(scheme, "auto_error", None)]
        yield from tree(below)


def is_scheme(call):
    from fastapi.security.base import SecurityBase

    return isinstance(call, SecurityBase)


def refuses(call, scheme, auto_error):
    if scheme:
        return auto_error is not False
    name = call.rpartition(":")[2].rpartition(".<locals>.")[0] or call.rpartition(":")[2]
    inner = call.rpartition(".")[2]
    return not LETS_THROUGH.search(call) and bool(REFUSES.search(name) or REFUSES.search(inner))


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(app, table, limit, budget, lifespan):
    """Fill in `asked` of every (row, route) that is no websocket, with children that are replaced when they fail."""
    waiting = [(row, route) for row, route in table if row["method"] != "WEBSOCKET"]
    for row, _ in waiting:
        row["asked"] = {"status": None, "error": "not asked: the time for all was over"}
    end = time.monotonic() + budget
    while waiting and time.monotonic() < end:
        reader, child = start(app, waiting, limit, lifespan)
        done = 0
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            answers = lines(pipe, limit * 3 + (30 if lifespan else 0))
            for (row, _), answer in zip(waiting, answers):  # noqa: B905  (`strict` is of Python 3.10)
                row["asked"] = answer
                done += 1
                if time.monotonic() > end:
                    break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # with what it started
        os.waitpid(child, 0)
        if done < len(waiting) and time.monotonic() < end:
            waiting[done][0]["asked"] = {"status": None, "error": "no answer: the process hung or ended"}
        waiting = waiting[done + 1 :]


def lines(pipe, limit):
    """JSON lines, until the pipe ends or says nothing for ``limit`` seconds."""
    held = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], limit)
        more = pipe.read(65536) if ready else b""
        if not more:
            return
        held += more
        *whole, held = held.split(b"\n")
        yield from map(json.loads, whole)


def start(app, waiting, limit, lifespan):
    """A child that answers in order, one JSON line each."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return reader, child
    try:
        os.close(reader)
        os.setsid()  # so that what it starts can be ended with it
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        stay_at_home()
        asyncio.run(answer(app, waiting, writer, limit, lifespan))
    finally:
        os._exit(0)


async def answer(app, waiting, writer, limit, lifespan):
    if lifespan:
        await live(app)
    for row, route in waiting:
        try:
            found = await asyncio.wait_for(request(app, row["method"], filled(row["path"], route), query(route)), limit)
        except (asyncio.TimeoutError, TimeoutError):  # noqa: UP041  (two classes before Python 3.11)
            found = {"status": None, "error": f"no answer within {limit:g} s"}
        except BaseException as error:
            found = {"status": None, "error": type(error).__name__}
        os.write(writer, json.dumps(found).encode() + b"\n")


def stay_at_home():
    """No connection leaves this machine."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def local(host):
        return not host or str(host).startswith("127.") or host in ("::1", "localhost")

    def only_local(self, address):
        if isinstance(address, tuple) and not local(address[0]):
            raise OSError(f"not connected: {address[0]} is not this machine")
        return connect(self, address)

    def only_ours(host, *arguments, **options):
        if not local(host.decode() if isinstance(host, bytes) else host):
            raise socket.gaierror(f"not looked up: {host} is not this machine")
        return resolve(host, *arguments, **options)

    socket.socket.connect = only_local
    socket.getaddrinfo = only_ours


async def live(app):
    """Run the application's lifespan up to where it is ready, and leave it there."""
    ready = asyncio.Event()
    asked = [{"type": "lifespan.startup"}]

    async def receive():
        if asked:
            return asked.pop()
        return await asyncio.Event().wait()

    async def send(message):
        ready.set()

    live.task = asyncio.ensure_future(
        app({"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}, receive, send)
    )
    await asyncio.wait(
        [live.task, asyncio.ensure_future(ready.wait())], return_when=asyncio.FIRST_COMPLETED, timeout=30
    )


async def request(app, method, path, parameters):
    """Status of the answer, once it starts: a body that never ends is not waited for."""
    loop = asyncio.get_running_loop()
    started = loop.create_future()

    async def receive():
        if not receive.sent:
            receive.sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await asyncio.Event().wait()

    receive.sent = False

    async def send(message):
        if message["type"] == "http.response.start" and not started.done():
            started.set_result(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": parameters.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*"), (b"user-agent", b"stranger")],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        "state": {},
    }
    task = asyncio.ensure_future(app(scope, receive, send))
    await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
    error = None
    if task.done() and not task.cancelled() and task.exception() is not None:
        error = type(task.exception()).__name__
    elif started.done() and started.result()["status"] >= 500:
        await asyncio.wait([task], timeout=0.5)  # what Starlette answered with 500 it raises afterwards
        if task.done() and not task.cancelled() and task.exception() is not None:
            error = type(task.exception()).__name__
    task.cancel()
    found = {"status": started.result()["status"] if started.done() else None}
    if started.done():
        headers = {
            bytes(key).lower(): bytes(value).decode("latin-1") for key, value in started.result().get("headers", [])
        }
        if b"location" in headers:
            found["location"] = headers[b"location"]
    if error:
        found["error"] = error
    return found


def filled(path, route):
    """The path with a value for every parameter."""
    types = {}
    for field in getattr(getattr(route, "dependant", None), "path_params", None) or []:
        kind = getattr(field, "type_", None) or getattr(getattr(field, "field_info", None), "annotation", None)
        types[getattr(field, "alias", None) or field.name] = kind
    return re.sub(r"{(\w+)(?::(\w+))?}", lambda found: value(types.get(found[1]), found[2]), path)


def query(route):
    """A value for every query parameter that is required and no list or model."""
    asked = []
    for field in getattr(getattr(route, "dependant", None), "query_params", None) or []:
        info = getattr(field, "field_info", None)
        kind = getattr(field, "type_", None) or getattr(info, "annotation", None)
        needed = info.is_required() if hasattr(info, "is_required") else getattr(field, "required", False)
        if needed:
            asked.append(f"{getattr(field, 'alias', None) or field.name}={value(kind, None)}")
    return "&".join(asked)


def value(kind, convertor):
    text = str(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return str(next(iter(kind)).value)
    if convertor == "uuid" or "UUID" in text:
        return str(uuid.UUID(int=1))
    if "datetime" in text or "date" in text:
        return "2026-01-01"
    return "1"


# --- the command ------------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("application", metavar="MODULE:APP", help="an attribute, `app` when left out; dots go deeper")
    parser.add_argument("--call", action="store_true", help="call it: it is a function that makes the application")
    parser.add_argument("--ask", action="store_true", help="ask every route without credentials")
    parser.add_argument("--lifespan", action="store_true", help="run the lifespan before asking")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for one request")
    parser.add_argument("--budget", type=float, default=BUDGET_S, help="seconds for all of them")
    parser.add_argument("--root", type=Path, default=Path(), help="what files are relative to; the working directory")
    parser.add_argument("--commit", default="", help="to be written down")
    options = parser.parse_args()
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the project prints is not the table
    del sys.argv[1:]  # settings that read the command line find none
    sys.path[0] = ""  # in place of this script's folder, whose modules would hide the project's
    name, _, attribute = options.application.partition(":")
    app = importlib.import_module(name)
    for part in (attribute or "app").split("."):
        app = getattr(app, part)
    if options.call:
        app = app()
    below = app
    while not hasattr(below, "routes") and hasattr(below, "app"):  # a middleware around it
        below = below.app
    table = list(rows(below, os.path.realpath(options.root)))
    if options.ask:
        ask(app, table, options.limit, options.budget, options.lifespan)
    import fastapi

    document = {
        "fastapi": fastapi.__version__,
        "application": options.application,
        "commit": options.commit,
        "routes": [row for row, _ in table],
    }
    json.dump(document, output, indent=1)
    output.write("\n")
    output.flush()
    os._exit(0)  # threads that the project started wait for nobody


if __name__ == "__main__":
    main()
