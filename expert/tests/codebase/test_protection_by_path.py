"""What looks at the path is followed once for all paths that answer alike, and each is told what it is told alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.codebase.interpret.values import FunctionValue, Site
from fastapi_expert.codebase.link.protection.outcomes import Outcome
from fastapi_expert.codebase.link.protection.request import Request

PATHS = ["/", "/open", "/open/sub", "/users", "/users/{user_id}", "/users/me", "/health", "/login"]
HEAD = """
import logging
import re
from fastapi import Depends, FastAPI, HTTPException, Request

log = logging.getLogger(__name__)
OPEN = {"/open", "/health"}
PATTERN = re.compile(r"^/(login|health)")


def refuse(request):
    if "authorization" not in request.headers:
        raise HTTPException(401)


"""
ASKED = {
    "the beginning": 'if path.startswith("/open"):',
    "one of several beginnings": 'if path.startswith(("/open", "/login")):',
    "the end": 'if path.endswith("s"):',
    "a part": 'if "sub" in path:',
    "whether it is one": 'if path == "/open":',
    "whether it is not one": 'if path != "/users":',
    "one of a list": 'if path in ["/open", "/health"]:',
    "one of a set": "if path in OPEN:",
    "a pattern": "if PATTERN.match(path):",
    "a pattern from the module": 'if re.search(r"/users/\\\\d+$", path):',
    "its parts": 'if path.split("/")[1] == "users":',
    "it in lower case": 'if path.lower().startswith("/open"):',
    "it without its last slash": 'if path.rstrip("/") == "/open":',
    "it without its beginning, in lower case": 'if path.removeprefix("/open").lower().startswith("/sub"):',
    "a text made of it and the method, both changed": 'if f"{request.method.lower()} {path.strip("/")}" == "get open":',
    "a key of a mapping": 'if {"/open": True}.get(path):',
    "its length": "if len(path) < 7:",
    "a slice": 'if path[:5] == "/open":',
    "a text made of it": 'if f"{request.method} {path}" == "GET /open":',
    "a text with it behind": 'if ("x" + path).startswith("x/open"):',
    "it in a text": 'if path in "/open/sub and /health":',
    "it as the beginning of a text": 'if "/open/sub".startswith(path):',
    "a comparison": 'if path < "/i":',
    "the method": 'if request.method == "POST":',
    "nothing": 'log.info(f"{request.method} {path}")\n    if request.headers.get("x-open"):',
    "any of several": "if any(path.startswith(one) for one in OPEN):",
    "it joined with others": 'if "-".join(["x", path]) == "x-/open":',
}
MIDDLEWARE = """
async def guard(request: Request, call_next):
    path = request.url.path
    request.state.who = None
    {asked}
        request.state.who = "anybody"
        return await call_next(request)
    refuse(request)
    return await call_next(request)
"""
ADDED = """
{app} = FastAPI()
{app}.middleware("http")(guard)
"""
DEPENDENCY = """
def opened(request: Request):
    path = request.scope["path"]
    {asked}
        request.state.who = "anybody"


def guard(request: Request, opened=Depends(opened)):
    if request.state.who != "anybody":
        refuse(request)
"""
DEPENDED = """
{app} = FastAPI(dependencies=[Depends(guard)])
"""
FORMS = pytest.mark.parametrize(
    ("form", "made"), [(MIDDLEWARE, ADDED), (DEPENDENCY, DEPENDED)], ids=["middleware", "dependency"]
)


def served(made: str, app: str, paths: Sequence[str]) -> str:
    """An application with a route for each of ``paths``."""
    lines = [made.format(app=app)]
    for path in paths:
        method = "post" if PATHS.index(path) % 2 else "get"
        lines.append(f'@{app}.{method}("{path}")\ndef {app}_{PATHS.index(path)}(): ...')
    return "\n\n".join(["", *lines, ""])


def protection(root: Path, source: str) -> dict[tuple[str, str], str]:
    """Application and path to what is said of the route."""
    (root / "main.py").write_text(source)
    return {(one.app.rpartition(":")[2], one.path): one.protection for one in load(root, cache=False).inventory.routes}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that requests have called."""
    found: list[str] = []
    follow = Request.outcomes

    def outcomes(
        self: Request, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site
    ) -> list[Outcome]:
        found.append(function.qualname)
        return follow(self, function, args, keywords, site)

    monkeypatch.setattr(Request, "outcomes", outcomes)
    return found


@FORMS
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_route_among_others_is_protected_as_it_is_alone(form: str, made: str, asked: str, tmp_path: Path) -> None:
    alone = "".join(served(made, f"only_{number}", [path]) for number, path in enumerate(PATHS))
    found = protection(tmp_path, HEAD + form.format(asked=asked) + served(made, "app", PATHS) + alone)
    among = {path: found["app", path] for path in PATHS}
    assert among == {path: found[f"only_{number}", path] for number, path in enumerate(PATHS)}


def test_the_questions_above_tell_routes_apart(tmp_path: Path) -> None:
    for asked in list(ASKED.values())[:8]:
        found = protection(tmp_path, HEAD + MIDDLEWARE.format(asked=asked) + served(ADDED, "app", PATHS))
        assert set(found.values()) == {"required", "none"}, asked


@FORMS
def test_what_asks_for_a_beginning_is_followed_once_for_each_answer(
    form: str, made: str, runs: list[str], tmp_path: Path
) -> None:
    paths = [one for one in PATHS if "{" not in one]
    protection(tmp_path, HEAD + form.format(asked=ASKED["the beginning"]) + served(made, "app", paths))
    assert 2 <= runs.count("guard") <= 3


def test_what_only_logs_the_path_is_followed_once(runs: list[str], tmp_path: Path) -> None:
    protection(tmp_path, HEAD + MIDDLEWARE.format(asked=ASKED["nothing"]) + served(ADDED, "app", PATHS))
    assert 1 <= runs.count("guard") <= 2


def test_a_middleware_on_the_path_is_followed_as_often_as_paths_answer_otherwise(
    runs: list[str], tmp_path: Path
) -> None:
    routes = "".join(f'\n\n@app.get("/part_{number}/items")\ndef part_{number}(): ...\n' for number in range(80))
    for asked in ('if path.startswith("/part_7") or path in OPEN:', 'if path.rstrip("/").upper() == "/PART_7/ITEMS":'):
        runs.clear()
        protection(tmp_path, HEAD + MIDDLEWARE.format(asked=asked) + ADDED.format(app="app") + routes)
        assert runs.count("guard") <= 4


WITH_EACH = """

def {name}({parameter}):
{body}


@app.get("/first")
def first(who=Depends({name})): ...


@app.get("/second")
def second(who=Depends({name})): ...


@app.get("/third")
def third(who=Security({name})): ...
"""
ASKING = {
    "required": ("request: Request", "    refuse(request)"),
    "optional": ("request: Request", '    return request.headers.get("authorization")'),
    "unknown": ("who=Security(unread.user)", "    return who"),
}


@pytest.mark.parametrize("answer", ASKING)
def test_evidence_names_the_place_where_the_route_itself_asks(answer: str, tmp_path: Path) -> None:
    parameter, body = ASKING[answer]
    source = HEAD.replace("Depends,", "Depends, Security,") + "import unread\napp = FastAPI()\n"
    source += WITH_EACH.format(name="user", parameter=parameter, body=body)
    (tmp_path / "main.py").write_text(source)
    found = {one.path: one for one in load(tmp_path, cache=False).inventory.routes}
    lines = source.splitlines()
    for path, one in found.items():
        assert one.protection == answer, path
        assert f"def {path.strip('/')}(" in lines[one.by[0].line - 1]
    assert len({(*[each.what for each in one.by], *[each.line for each in one.by[1:]]) for one in found.values()}) == 1


def test_a_websocket_that_a_dependency_accepts_is_accepted_for_every_route(tmp_path: Path) -> None:
    source = """
from fastapi import Depends, FastAPI, WebSocket
app = FastAPI()


async def accepted(websocket: WebSocket):
    await websocket.accept()
    return websocket


async def told(websocket: WebSocket):
    if "authorization" not in websocket.headers:
        await websocket.send_json({"error": "who?"})
        await websocket.close(1000)
        return
    await websocket.send_json({})


@app.websocket("/first")
async def first(websocket: WebSocket, held=Depends(accepted)):
    await told(websocket)


@app.websocket("/second")
async def second(websocket: WebSocket, held=Depends(accepted)):
    await told(websocket)
"""
    found = protection(tmp_path, source)
    assert len(set(found.values())) == 1, found
