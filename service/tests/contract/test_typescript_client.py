"""The TypeScript client: generated, compiled strictly, and used against the real process."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
