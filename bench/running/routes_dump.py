"""The running application's own table, as JSON: `python routes_dump.py MODULE:APP [--call] [--ask] > TABLE.json`.

Run by the interpreter of the project under study, from the folder that its modules are imported from; it needs nothing
but that project (Python 3.8, any FastAPI: flat `app.routes`, or a live tree since 0.137). It imports the project, that
is, runs its code: do it where nothing can be harmed. No lifespan is run unless `--lifespan` says so.

A table is `{"fastapi", "application", "commit", "routes"}`; a route is what `expert routes --import` asks for as well
(`fastapi_expert/witness/child.py`, which also says what is left out), and besides

protected                 by reading the tree: a scheme with auto_error, or a dependency that refuses by its name
by                        the calls that say so
asked                     with `--ask`: what a request without credentials met, `{"status", "location"?, "error"?}`, and
                          the `code` inside where the body is an object with one that says otherwise
refuses_itself            with `--fill`: the endpoint's text speaks of 401, 403 or of what is not permitted

`--ask` fills path parameters with 1, a UUID or the first member of an enumeration, sends no body, and has each request
answered in a child process with a time limit: a route that hangs or ends its process costs nobody else's answer. The
children reach no network but this machine's. `--fill` tells more of an application that has its database behind it: an
answer says whether the endpoint was `entered` (every dependency and middleware had let the stranger through), and what
a body was missing in (422) is asked once more with one made from the schema, as `filled`.
"""

import argparse
import asyncio
import contextlib
import enum
import importlib.util
import inspect
import json
import os
import re
import select
import signal
import sys
import threading
import time
import uuid
from pathlib import Path

if __package__:
    from bench.running.sample_body import body
else:  # run as a script by an interpreter that knows nothing of this repository
    from sample_body import body

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
REFUSAL = re.compile(r"40[13]|unauthori[sz]ed|forbidden|permission|not_?authori[sz]ed", re.IGNORECASE)
CHILD = Path(__file__).resolve().parents[2] / "expert/src/fastapi_expert/witness/child.py"


def shared():
    """The program that `expert` has run for a table: a file of its own, for interpreters that have no `expert`."""
    spec = importlib.util.spec_from_file_location("route_table", CHILD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


child = shared()


def refuses(call, scheme, auto_error):
    if scheme:
        return auto_error is not False
    name = call.rpartition(":")[2].rpartition(".<locals>.")[0] or call.rpartition(":")[2]
    inner = call.rpartition(".")[2]
    return not LETS_THROUGH.search(call) and bool(REFUSES.search(name) or REFUSES.search(inner))


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(app, table, limit, budget, lifespan, fill=False):
    """Fill in `asked` of every (row, route) that is no websocket, with children that are replaced when they fail."""
    waiting = [(row, route) for row, route in table if row["method"] != "WEBSOCKET"]
    for row, _ in waiting:
        row["asked"] = {"status": None, "error": "not asked: the time for all was over"}
    end = time.monotonic() + budget
    while waiting and time.monotonic() < end:
        reader, worker = start(app, waiting, limit, lifespan, fill)
        done = 0
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            answers = lines(pipe, limit * 3 + (30 if lifespan else 0))
            for (row, _), answer in zip(waiting, answers):  # noqa: B905  (`strict` is of Python 3.10)
                row["asked"] = answer
                done += 1
                if time.monotonic() > end:
                    break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker, signal.SIGKILL)  # with what it started
        os.waitpid(worker, 0)
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


def start(app, waiting, limit, lifespan, fill):
    """A child that answers in order, one JSON line each."""
    reader, writer = os.pipe()
    worker = os.fork()
    if worker:
        os.close(writer)
        return reader, worker
    try:
        os.close(reader)
        os.setsid()  # so that what it starts can be ended with it
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        child.stay_at_home([])
        asyncio.run(answer(app, waiting, writer, limit, lifespan, fill))
    finally:
        os._exit(0)


async def answer(app, waiting, writer, limit, lifespan, fill):
    if lifespan:
        living = asyncio.ensure_future(child.live(app))  # asked all the same when it does not start
        await asyncio.wait([living], timeout=30)
    entrance = Entrance() if fill else None
    for row, route in waiting:
        target = (row["method"], filled(row["path"], route), query(route))
        found = await timed(app, target, limit, entrance, route)
        if fill and 422 in (found.get("status"), found.get("code")):
            made = body(route)
            if made is not None:
                found["filled"] = await timed(app, target, limit, entrance, route, made)
        os.write(writer, json.dumps(found).encode() + b"\n")


async def timed(app, target, limit, entrance, route, made=None):
    """One answer within the limit, and whether the endpoint was entered."""
    if entrance:
        entrance.watch(route)
    try:
        found = await asyncio.wait_for(request(app, *target, made), limit)
    except (asyncio.TimeoutError, TimeoutError):  # noqa: UP041  (two classes before Python 3.11)
        found = {"status": None, "error": f"no answer within {limit:g} s"}
    except BaseException as error:
        found = {"status": None, "error": type(error).__name__}
    if entrance and entrance.code is not None:
        found["entered"] = entrance.entered
    return found


class Entrance:
    """Sees whether a route's own function is called, below what decorators put around it."""

    def __init__(self):
        self.code, self.entered = None, False
        threading.setprofile(self.see)  # a plain function runs in a thread
        sys.setprofile(self.see)

    def watch(self, route):
        function = inspect.unwrap(child._plain(getattr(route, "endpoint", None)))
        self.code, self.entered = getattr(function, "__code__", None), False

    def see(self, frame, event, _):
        if event == "call" and frame.f_code is self.code:
            self.entered = True


async def request(app, method, path, parameters, made=None):
    """Status of the answer, once it starts: a body that never ends is not waited for."""
    content, kind = made or (b"", "")
    length = [(b"content-type", kind.encode()), (b"content-length", str(len(content)).encode())] if made else []
    loop = asyncio.get_running_loop()
    started, first = loop.create_future(), loop.create_future()

    async def receive():
        if not receive.sent:
            receive.sent = True
            return {"type": "http.request", "body": content, "more_body": False}
        return await asyncio.Event().wait()

    receive.sent = False

    async def send(message):
        if message["type"] == "http.response.start" and not started.done():
            started.set_result(message)
        elif message["type"] == "http.response.body" and not first.done():
            first.set_result(message.get("body", b""))

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
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*"), (b"user-agent", b"stranger"), *length],
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
    if started.done() and not error:
        await asyncio.wait([task, first], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    found = {"status": started.result()["status"] if started.done() else None}
    code = said(first.result()) if first.done() else None
    if code is not None and code != found["status"]:
        found["code"] = code
    if started.done():
        headers = {
            bytes(key).lower(): bytes(value).decode("latin-1") for key, value in started.result().get("headers", [])
        }
        if b"location" in headers:
            found["location"] = headers[b"location"]
    if error:
        found["error"] = error
    return found


def said(text):
    """The status that a JSON object of some teams carries inside, under an answer of 200."""
    try:
        held = json.loads(text)
        return int(held["code"]) if isinstance(held, dict) and "code" in held else None
    except Exception:
        return None


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


def speaks_of_refusal(route):
    """Whether the text of a route's function has a refusal in it: what it answers proves little then."""
    try:
        return bool(REFUSAL.search(inspect.getsource(inspect.unwrap(child._plain(route.endpoint)))))
    except Exception:
        return True


# --- the command ------------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("application", metavar="MODULE:APP", help="an attribute, `app` when left out; dots go deeper")
    parser.add_argument("--call", action="store_true", help="call it: it is a function that makes the application")
    parser.add_argument("--ask", action="store_true", help="ask every route without credentials")
    parser.add_argument("--fill", action="store_true", help="ask once more with a body, and see what is entered")
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
    app, _ = child.load(name, attribute or "app", call=options.call)
    table = child.table(child.routed(app), str(options.root))
    for row, _ in table:
        row["by"] = [call for call, scheme, auto_error in row["dependencies"] if refuses(call, scheme, auto_error)]
        row["protected"] = bool(row["by"])
    if options.fill:
        for row, route in table:
            row["refuses_itself"] = speaks_of_refusal(route)
    if options.ask:
        ask(app, table, options.limit, options.budget, options.lifespan, options.fill)
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
