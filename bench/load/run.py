"""`python -m bench load`: the service under load, beside bare floors and a tutorial-style application.

All servers run at once, each on the same core, and are driven in turn from another; PostgreSQL is real and durable, and
shares the generator's core. Every row prints its ratio to the reference its title names.
"""

import argparse
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import jwt

from bench.load import against, sizes, storm
from bench.load.generator import Request
from bench.load.servers import API, granian, log_in, migrated_database, running_postgres, serve
from bench.measure import Contender, interleave, print_table
from bench.processes import OTHER_CORES, SERVER_CORES, Process, machine


@dataclass(frozen=True)
class Options:
    rounds: int
    seconds: float
    posts: int


@dataclass(frozen=True)
class Field:
    """Everything that runs during the benchmark, and what to send it."""

    service: Process
    floors: Process
    naive: Process
    service_token: str
    floor_token: str
    post: int

    def bearer(self, token: str) -> tuple[tuple[str, str], ...]:
        return (("Authorization", f"Bearer {token}"),)


def main(arguments: list[str]) -> int:
    known = [*ROWS, "size"]
    parser = argparse.ArgumentParser(prog="python -m bench load", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(known)} (all)")
    parser.add_argument("--against", metavar="REV", help="instead, compare this tree with that commit of it")
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds, and 50,000 posts for a million")
    chosen = parser.parse_args(arguments)
    if unknown := [row for row in chosen.rows if row not in known]:
        parser.error(f"no row is called {', '.join(unknown)}; choose from {', '.join(known)}")
    options = Options(3, 2, 50_000) if chosen.quick else Options(7, 4, 1_000_000)
    os.sched_setaffinity(0, OTHER_CORES)
    print(
        f"{machine()}; server on core {min(SERVER_CORES)}; {options.rounds} interleaved rounds of {options.seconds} s"
    )
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        postgres = stack.enter_context(running_postgres())
        if chosen.against:
            against.compare(
                postgres, directory, revision=chosen.against, rounds=options.rounds, seconds=options.seconds
            )
            return 0
        rows = [row for row in known if row in (chosen.rows or known)]
        if rows != ["size"]:
            with playing_field(postgres, directory) as field:
                for row in rows:
                    if row != "size":
                        ROWS[row](field, options)
        if "size" in rows:
            sizes.compare(postgres, directory, posts=options.posts)
    return 0


def cached_post(field: Field, options: Options) -> None:
    title = "A cached post, anonymous, all middleware on; reference: Starlette answering the same bytes"
    against_floor(title, field, options, path=f"{API}/posts/{field.post}", floor="post", naive=f"/posts/{field.post}")


def cached_list(field: Field, options: Options) -> None:
    title = "A cached list of 20 posts, anonymous, all middleware on; reference: Starlette answering the same bytes"
    against_floor(title, field, options, path=f"{API}/posts", floor="list", naive="/posts")


def against_floor(title: str, field: Field, options: Options, *, path: str, floor: str, naive: str) -> None:
    starlette = Contender("Starlette, the bytes", field.floors, [Request(f"/starlette/{floor}")])
    contenders = [
        Contender("bare ASGI, the bytes", field.floors, [Request(f"/bare/{floor}")]),
        starlette,
        Contender("FastAPI, a four-field model", field.floors, [Request("/fastapi/health")]),
        Contender("service", field.service, [Request(path)]),
        Contender("naive", field.naive, [Request(naive)]),
    ]
    race(title, contenders, reference=starlette, options=options)


def me(field: Field, options: Options) -> None:
    floor = Contender(
        "FastAPI, decodes the JWT only", field.floors, [Request("/fastapi/me", headers=field.bearer(field.floor_token))]
    )
    contenders = [
        floor,
        Contender("service", field.service, [Request(f"{API}/auth/me", headers=field.bearer(field.service_token))]),
        Contender("naive", field.naive, [Request("/auth/me", headers=field.bearer(field.floor_token))]),
    ]
    race(
        "/auth/me; reference: a FastAPI handler that only decodes the JWT", contenders, reference=floor, options=options
    )


def uncached_list(field: Field, options: Options) -> None:
    """Signed in, so that no shared cache may answer: every request is a query."""
    naive = Contender("naive", field.naive, [Request("/posts")])
    ours = Contender("service", field.service, [Request(f"{API}/posts", headers=field.bearer(field.service_token))])
    title = "A list of 20 posts with authors and tags, signed in, uncached, PostgreSQL; reference: naive"
    race(title, [naive, ours], reference=naive, options=options)


def connections(field: Field, options: Options) -> None:
    for name, request in {
        "cached list": Request(f"{API}/posts"),
        "/auth/me": Request(f"{API}/auth/me", headers=field.bearer(field.service_token)),
    }.items():
        few = Contender("32 connections", field.service, [request], connections=32)
        many = Contender("512 connections", field.service, [request], connections=512)
        floor = Contender("Starlette, 32", field.floors, [Request("/starlette/list")], connections=32)
        crowd = Contender("Starlette, 512", field.floors, [Request("/starlette/list")], connections=512)
        title = f"{name} at 32 and 512 connections; reference: 32 (the floor shows what the server itself does)"
        race(title, [few, many, floor, crowd], reference=few, options=options)


def login_storm(field: Field, options: Options) -> None:
    storm.brew(field.service, options.rounds, options.seconds)


ROWS: dict[str, Callable[[Field, Options], None]] = {
    "post": cached_post,
    "list": cached_list,
    "me": me,
    "uncached": uncached_list,
    "connections": connections,
    "storm": login_storm,
}


def race(title: str, contenders: list[Contender], *, reference: Contender, options: Options) -> None:
    interleave(contenders, rounds=options.rounds, seconds=options.seconds)
    print(f"\n{title}")
    print_table(contenders, reference=reference)


@contextmanager
def playing_field(postgres: str, directory: Path) -> Iterator[Field]:
    """Service, floors and naive, up and seeded with 1,000 posts."""
    key = secrets.token_hex(32)
    database = migrated_database(postgres, "bench", posts=1_000)
    with ExitStack() as stack:
        service = stack.enter_context(serve(database, directory, key=key))
        answers = directory / "bodies"
        answers.mkdir()
        with httpx2.Client(base_url=f"http://127.0.0.1:{service.address[1]}") as client:
            listed = client.get(f"{API}/posts").raise_for_status()
            post = listed.json()["items"][0]["id"]
            (answers / "list.json").write_bytes(listed.content)
            (answers / "post.json").write_bytes(client.get(f"{API}/posts/{post}").raise_for_status().content)
            token = log_in(client)
        floors = stack.enter_context(
            granian("floors", "bench.load.floors:app", directory, FLOOR_BODIES=str(answers), FLOOR_SECRET=key)
        )
        naive_url = database.replace("postgresql://", "postgresql+asyncpg://")
        naive = stack.enter_context(
            granian("naive", "bench.load.naive:app", directory, NAIVE_DATABASE_URL=naive_url, NAIVE_SECRET=key)
        )
        yield Field(service, floors, naive, token, jwt.encode({"sub": "1"}, key), post)
