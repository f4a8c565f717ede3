"""This tree beside an earlier commit, request by request: what has become slower since."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2

from bench.load import storm
from bench.load.generator import Request
from bench.load.servers import API, ROOT, log_in, migrated_database, serve
from bench.measure import Contender, interleave, print_table
from bench.processes import Process


def compare(postgres: str, directory: Path, *, revision: str, rounds: int, seconds: float) -> None:
    """Print a table for each kind of request; `ratio` below 1 is slower than `revision` was."""
    with ExitStack() as stack:
        then_tree = stack.enter_context(checkout(revision, directory))
        key = secrets.token_hex(32)
        then_path = os.pathsep.join([str(then_tree), str(then_tree / "service")])
        then_database = _filled_by(then_path, postgres, "against_then", directory)
        then = stack.enter_context(serve(then_database, directory, key=key, PYTHONPATH=then_path))
        now = stack.enter_context(serve(migrated_database(postgres, "against_now", posts=1_000), directory, key=key))
        sides: list[tuple[str, Process, str, str]] = []
        for name, process in ((revision, then), ("this tree", now)):
            with httpx2.Client(base_url=f"http://127.0.0.1:{process.address[1]}") as client:
                post = client.get(f"{API}/posts").raise_for_status().json()["items"][0]["id"]
                sides.append((name, process, f"{API}/posts/{post}", log_in(client)))
        for title, connections in (
            ("cached post", 32),
            ("cached list", 32),
            ("cached list", 512),
            ("/auth/me", 32),
            ("/auth/me", 512),
            ("list, signed in, uncached", 32),
            ("log in", 32),
        ):
            contenders = [
                Contender(name, process, _requests(title, post=post, token=token), connections)
                for name, process, post, token in sides
            ]
            interleave(contenders, rounds=rounds, seconds=seconds)
            print(f"\n{title}, {connections} connections; reference: {revision}")
            print_table(contenders, reference=contenders[0])


def _requests(title: str, *, post: str, token: str) -> list[Request]:
    bearer = (("Authorization", f"Bearer {token}"),)
    return {
        "cached post": [Request(post)],
        "cached list": [Request(f"{API}/posts")],
        "/auth/me": [Request(f"{API}/auth/me", headers=bearer)],
        "list, signed in, uncached": [Request(f"{API}/posts", headers=bearer)],
        "log in": [storm.login(number) for number in range(1, 101)],
    }[title]


@contextmanager
def checkout(revision: str, directory: Path) -> Iterator[Path]:
    """A work tree of `revision`, for as long as the block lasts."""
    tree = directory / "then"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, revision], cwd=ROOT, check=True)
    try:
        yield tree
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def _filled_by(path: str, postgres: str, name: str, directory: Path) -> str:
    """The URL of a database migrated and filled by that tree's own code: tables may have been others then."""
    code = "import sys; from bench.load import servers; print(servers.migrated_database(*sys.argv[1:], posts=1_000))"
    command = [sys.executable, "-c", code, postgres, name]
    environment = {**os.environ, "PYTHONPATH": path}
    made = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(f"error: the database of that commit was not made\n{made.stderr[-2000:]}")
    return made.stdout.splitlines()[-1]
