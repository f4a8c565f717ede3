"""The TypeScript client: generated, compiled strictly, and used against the real process."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from app.config import SERVICE_ROOT
from tests.backends import on_sqlite
from tests.fetched import node_project
from tests.live import LiveService

CLIENT = SERVICE_ROOT / "client"
PASSWORD = "Correct7!horse-battery@staple"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the client's folder, generated and compiled as `make client` does it."""
    tools = node_project(CLIENT)
    folder = tmp_path_factory.mktemp("typescript") / "client"
    made = shutil.ignore_patterns("node_modules", "dist", "openapi.json", "schema.ts")
    shutil.copytree(CLIENT, folder, ignore=made)
    (folder / "node_modules").symlink_to(tools / "node_modules")
    run([sys.executable, "-m", "app", "openapi", str(folder / "openapi.json")], folder)
    run(["npm", "run", "--silent", "build"], folder)
    return folder


def run(command: list[str], folder: Path) -> str:
    ran = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout


class Unsteady(BaseHTTPRequestHandler):
    """Streams of one post as they may come through a bad day: each connection gets the next of ``answers``."""

    answers: ClassVar[list[tuple[int, list[bytes]]]] = []
    positions: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        status, pieces = self.answers.pop(0)
        self.positions.append(self.headers.get("Last-Event-ID"))
        self.send_response(status)
        kind = "text/event-stream" if status == 200 else "application/problem+json"
        for name, value in {"Content-Type": kind, "Retry-After": "0", "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(0.05)  # so that each is read by itself

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def unsteady() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Unsteady)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_follows_through_refusals_for_now_and_broken_streams_and_ends_with_its_post(client: Path, unsteady: str):
    problem = [b'{"type": "about:blank", "title": "x", "status": 0, "detail": "Not now.", "instance": "/"}']
    Unsteady.positions.clear()
    Unsteady.answers[:] = [
        (200, [b"event: ready\nretry: 1\nid: 4\ndata: {}\n\n"]),
        (429, problem),
        *[(503, problem)] * 12,
        (200, [b": ping\r\n\r\nevent: post.changed\r", b"\nid: 5\r\ndata: {}\r\n\r", b"\nevent: post.chan"]),
        (200, [b'event: post.removed\nid: 6\ndata: {}\n\nevent: end\ndata: {"reason": "removed"}\n\n']),
    ]
    ran = subprocess.run(
        ["node", "dist/examples/follow.js", unsteady, "7"], cwd=client, capture_output=True, text=True, timeout=240
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == {"heard": ["ready 4", "post.changed 5", "post.removed 6", "end: removed"]}
    assert Unsteady.positions == [None, *["4"] * 14, "5"]
    assert Unsteady.answers == []


def used(client: Path, example: str, *arguments: str) -> dict[str, object]:
    """What an example of the client prints."""
    return json.loads(run(["node", f"dist/examples/{example}.js", *arguments], client))


@on_sqlite
def test_it_signs_up_and_in_changes_a_profile_pages_and_knows_what_was_wrong(
    client: Path, live_service: Callable[..., LiveService]
):
    service = live_service(first_admin_username="admin", first_admin_password=PASSWORD)
    told = used(client, "accounts", service.url)
    refused = {"status": 422, "pointers": ["#/bio"]}
    assert told == {"bio": "From TypeScript.", "names": ["typed", "admin"], "refused": refused}


@on_sqlite
def test_it_writes_posts_pages_through_them_and_follows_their_changes(
    client: Path, live_service: Callable[..., LiveService]
):
    service = live_service(first_admin_username="admin", first_admin_password=PASSWORD)
    told = used(client, "posts", service.url, "admin", PASSWORD)
    assert told == {
        "heard": ["ready", "post.added"],
        "titles": ["Another", "Told"],
        "lost": "urn:problem-type:lost-update",
        "missing": 404,
        "nothing": True,
    }


def test_its_tools_are_pinned_with_hashes_and_without_an_address():
    packages = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert fetched
    assert not [name for name, package in fetched.items() if "resolved" in package]
    assert all(package["integrity"].startswith("sha512-") for package in fetched.values())
    own = json.loads((CLIENT / "package.json").read_text())
    wanted = {**own["dependencies"], **own["devDependencies"]}
    assert wanted == {name: fetched[f"node_modules/{name}"]["version"] for name in wanted}
