"""The protection of our own service, and of a project laid down from it, beside what a stranger meets there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_expert.codebase import load

SERVICE = Path(__file__).parents[3] / "service"

ASK = """
import asyncio, json, re, sys, tempfile
from importlib import import_module
from pathlib import Path

import httpx2


def address(path):
    return re.sub(r"\\{(\\w+)[^}]*\\}", lambda found: "1" if found[1].endswith("id") else "x", path)


async def main():
    package, routes = sys.argv[1], json.load(sys.stdin)
    settings = import_module(f"{package}.config.settings").Settings(
        _env_file=None, environment="test", data_dir=Path(tempfile.mkdtemp()), secret_key="s" * 40,
        rate_limit_requests=0,
    )
    app = import_module(f"{package}.main").create_app(settings)
    answers = []
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for method, path in routes:
                body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
                answers.append((await client.request(method, address(path), **body)).status_code)
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
    statuses = json.loads(asked.stdout.splitlines()[-1])
    assert len(routes) == len(statuses) >= 50
    wrong = [
        (route.method, route.path, route.protection, status)
        for route, status in zip(routes, statuses, strict=True)
        if (route.protection == "required") is not (status in (401, 403))
    ]
    assert wrong == []
