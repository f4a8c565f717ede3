"""The protection of our own service, and of a project laid down from it, beside what a stranger meets there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.codebase.model import Route

SERVICE = Path(__file__).parents[3] / "service"

READ_IN_BODIES = {("POST", "/api/v1/auth/register"), ("POST", "/api/v1/auth/refresh")}
"""These read a token themselves, and answer without one."""
SIGNING_IN = {("POST", "/admin/login"), ("POST", "/admin/login/second-factor"), ("POST", "/admin/logout")}
"""Forms for strangers. The first two want the token that their page has put into them, the last leads to the first."""

ASK = """
import asyncio, json, re, sys, tempfile
from importlib import import_module
from pathlib import Path

import httpx2
from fastapi.routing import iter_route_contexts
from fastapi.security.base import SecurityBase


def address(path):
    return re.sub(r"\\{(\\w+)[^}]*\\}", lambda found: "1" if found[1].endswith("id") else "x", path)


def schemes(dependant):
    for below in dependant.dependencies:
        if isinstance(below.call, SecurityBase):
            yield below.call
        yield from schemes(below)


def read_leniently(app):
    # where a scheme without auto_error reads credentials: path and method
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        for scheme in schemes(route.dependant) if hasattr(route, "dependant") else ():
            if not scheme.auto_error:
                yield from ((context.path, method) for method in route.methods)


def left_at_once(app):
    # a stream of events has no end: whoever asks for one goes as soon as it has begun
    async def asked(scope, receive, send):
        begun, ended, heard = asyncio.Event(), asyncio.Event(), False

        async def hear():
            nonlocal heard
            if not heard:
                message = await receive()
                heard = not message.get("more_body")
                return message
            await begun.wait()
            return {"type": "http.disconnect"}

        async def say(message):
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended.set()
            if message["type"] == "http.response.start":
                if b"event-stream" in dict(message["headers"]).get(b"content-type", b""):
                    begun.set()

        await app(scope, hear, say)
        if not ended.is_set():
            await send({"type": "http.response.body", "body": b""})
    return asked


async def main():
    package, routes = sys.argv[1], json.load(sys.stdin)
    settings = import_module(f"{package}.config.settings").Settings(
        _env_file=None, environment="test", data_dir=Path(tempfile.mkdtemp()), secret_key="s" * 40,
        rate_limit_requests=0,
    )
    app = import_module(f"{package}.main").create_app(settings)
    readers = {(method, path) for path, method in read_leniently(app)}
    answers = []
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(left_at_once(app), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for method, path in routes:
                body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
                answer = await client.request(method, address(path), **body)
                sent_away = answer.is_redirect and "/login" in answer.headers["location"]
                answers.append([401 if sent_away else answer.status_code, (method, path) in readers])
    print(json.dumps(answers))


asyncio.run(main())
"""


@pytest.fixture(scope="module", params=["service", "laid down"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a service and the name of its package."""
    if request.param == "service":
        return SERVICE, "app"
    folder = tmp_path_factory.mktemp("laid")
    command = [sys.executable, "-m", "fastapi_expert", "new", "shop"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "shop", next(path.parent.name for path in (folder / "shop").glob("*/main.py"))


def test_every_route_is_protected_where_a_stranger_is_refused_and_nowhere_else(project: tuple[Path, str]) -> None:
    root, package = project
    routes = load(root, cache=False).inventory.routes
    asked = subprocess.run(
        [sys.executable, "-c", ASK, package],
        input=json.dumps([(route.method, route.path) for route in routes]),
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    answers = json.loads(asked.stdout.splitlines()[-1])
    assert len(routes) == len(answers) >= 50
    right = [_protection(route, status, lenient) for route, (status, lenient) in zip(routes, answers, strict=True)]
    assert [(route.method, route.path, route.protection) for route in routes if route.via is None] == [
        (route.method, route.path, said) for route, said in zip(routes, right, strict=True) if route.via is None
    ]
    claimed = [(route, status) for route, (status, _) in zip(routes, answers, strict=True) if route.via]
    assert [route.path for route, status in claimed if route.protected and status < 400] == []
    assert all(route.protection in ("required", "unknown") for route in routes if route.via)
    assert right.count("optional") > len(READ_IN_BODIES)


def _protection(route: Route, status: int, lenient: bool) -> str:
    if status in (401, 403) and (route.method, route.path) not in SIGNING_IN:
        return "required"
    return "optional" if lenient or (route.method, route.path) in READ_IN_BODIES else "none"
