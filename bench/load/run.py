"""`python -m bench load`: the service under load, beside bare floors and a tutorial-style application.

All servers run at once, each on the same core, and are driven in turn from another; PostgreSQL is real and durable, and
shares the generator's core, as Redis does. The service is there twice: alone, and with Redis, asked from two addresses.
Every row prints its ratio to the reference its title names.
"""

import argparse
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import httpx2
import jwt

from bench.load import against, seed, sizes, storm, wrk
from bench.load.generator import Request
from bench.load.servers import (
    API,
    granian,
    log_in,
    migrated_database,
    peer_python,
    running_postgres,
    running_redis,
    serve,
)
from bench.measure import Contender, interleave, print_table
from bench.processes import OTHER_CORES, SERVER_CORES, Process, machine

MOST_REFRESHES = 1_500
"""A second: more than one core answers."""
CLIENTS = ("127.0.0.1", "127.0.0.2")


@dataclass(frozen=True)
class Options:
    rounds: int
    seconds: float
    posts: int


@dataclass(frozen=True)
class Field:
    """Everything that runs during the benchmark, and what to send it."""

    service: Process
    shared: Process
    """The service with Redis, as several workers need it."""
    floors: Process
    naive: Process
    peer: Process | None
    """Litestar, where it is installed."""
    database: str
    key: str
    directory: Path
    service_token: str
    floor_token: str
    post: int

    def services(self, *requests: Request) -> list["Contender"]:
        """The service as a contender, without and with Redis."""
        return [
            Contender("service", self.service, requests),
            Contender("service, Redis, two addresses", self.shared, requests, clients=CLIENTS),
        ]

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
        redis = stack.enter_context(running_redis())
        if chosen.against:
            against.compare(
                postgres, directory, revision=chosen.against, rounds=options.rounds, seconds=options.seconds
            )
            return 0
        rows = [row for row in known if row in (chosen.rows or known)]
        if rows != ["size"]:
            with playing_field(postgres, redis, directory) as field:
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
    services = field.services(Request(path))
    contenders = [
        Contender("bare ASGI, the bytes", field.floors, [Request(f"/bare/{floor}")]),
        starlette,
        Contender("FastAPI, a four-field model", field.floors, [Request("/fastapi/health")]),
        *services,
        Contender("naive", field.naive, [Request(naive)]),
    ]
    race(title, contenders, reference=starlette, options=options)
    wrk.compare([starlette, *services], reference=starlette, rounds=options.rounds, seconds=options.seconds)


def me(field: Field, options: Options) -> None:
    floor = Contender(
        "FastAPI, decodes the JWT only", field.floors, [Request("/fastapi/me", headers=field.bearer(field.floor_token))]
    )
    contenders = [
        floor,
        *field.services(Request(f"{API}/auth/me", headers=field.bearer(field.service_token))),
        Contender("naive", field.naive, [Request("/auth/me", headers=field.bearer(field.floor_token))]),
    ]
    race(
        "/auth/me; reference: a FastAPI handler that only decodes the JWT", contenders, reference=floor, options=options
    )


def uncached_list(field: Field, options: Options) -> None:
    """Signed in, so that no shared cache may answer: every request is a query."""
    naive = Contender("naive", field.naive, [Request("/posts")])
    contenders = [naive, *field.services(Request(f"{API}/posts", headers=field.bearer(field.service_token)))]
    if field.peer is not None:
        contenders.insert(1, Contender("Litestar, msgspec, same SQL", field.peer, [Request("/posts")]))
    title = "A list of 20 posts with authors and tags, signed in, uncached, PostgreSQL; reference: naive"
    race(title, contenders, reference=naive, options=options)
    if field.peer is None:
        print(
            "  Litestar: not measured, litestar and msgspec are not installed (BENCH_PEER_PYTHON names another python)"
        )


def write(field: Field, options: Options) -> None:
    """Posts of 1,000 characters with two tags that exist; each is an INSERT into a durable database."""
    headers = (("Content-Type", "application/json"), *field.bearer(field.service_token))
    drafts = [
        {"title": f"Written {n} {secrets.token_hex(4)}", "content": "word " * 200, "status": "published", "tags": tags}
        for n in range(2_000)
        for tags in [[f"tag{n % seed.TAGS}", f"tag{(7 * n + 1) % seed.TAGS}"]]
    ]
    requests = [Request(f"{API}/posts", "POST", headers, json.dumps(draft).encode()) for draft in drafts]
    services = field.services(*requests)
    race("POST /posts with two tags; reference: without Redis", services, reference=services[0], options=options)


def refresh(field: Field, options: Options) -> None:
    """Each refresh token is good once: as many are made as two contenders could use."""
    count = int(MOST_REFRESHES * (options.rounds * options.seconds + 1))
    services = field.services()
    for service in services:
        tokens = seed.refresh_tokens(field.database, key=field.key, count=count)
        headers = (("Content-Type", "application/json"),)
        service.requests = [
            Request(f"{API}/auth/refresh", "POST", headers, json.dumps({"refresh_token": token}).encode())
            for token in tokens
        ]
    race("POST /auth/refresh; reference: without Redis", services, reference=services[0], options=options)


def start(field: Field, options: Options) -> None:
    """A fresh process: until its first answer, and what it holds then."""
    clock: list[float] = []
    megabytes: list[float] = []
    for _ in range(options.rounds):
        began = time.monotonic()
        with serve(field.database, field.directory, key=field.key) as process:
            with httpx2.Client(base_url=f"http://127.0.0.1:{process.address[1]}", timeout=60) as client:
                client.get("/health").raise_for_status()
                clock.append(time.monotonic() - began)
                client.get(f"{API}/posts").raise_for_status()
            megabytes.append(process.proportional_megabytes())
    print("\nA fresh process, one worker, PostgreSQL")
    print(f"  until its first answer {median(clock):5.2f} s ({min(clock):.2f} to {max(clock):.2f})")
    print(f"  memory of all its processes {median(megabytes):.0f} MiB (PSS)")


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
    "write": write,
    "refresh": refresh,
    "start": start,
    "connections": connections,
    "storm": login_storm,
}


def race(title: str, contenders: list[Contender], *, reference: Contender, options: Options) -> None:
    interleave(contenders, rounds=options.rounds, seconds=options.seconds)
    print(f"\n{title}")
    print_table(contenders, reference=reference)


@contextmanager
def playing_field(postgres: str, redis: str, directory: Path) -> Iterator[Field]:
    """Service, floors, naive and, where it is installed, the peer, up and seeded with 1,000 posts."""
    key = secrets.token_hex(32)
    database = migrated_database(postgres, "bench", posts=1_000)
    with ExitStack() as stack:
        service = stack.enter_context(serve(database, directory, key=key))
        shared = stack.enter_context(serve(database, directory, key=key, REDIS_URL=redis))
        answers = directory / "bodies"
        answers.mkdir()
        with httpx2.Client(base_url=f"http://127.0.0.1:{service.address[1]}", timeout=60) as client:
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
        peer = None
        if (python := peer_python()) is not None:
            peer = stack.enter_context(
                granian(
                    "peer",
                    "peer:app",
                    directory,
                    python=python,
                    PYTHONPATH=str(Path(__file__).parent),  # its interpreter need not have what the benchmark has
                    PEER_DATABASE_URL=database,
                    PEER_STATEMENTS=json.dumps(page_statements(user=1)),
                )
            )
        yield Field(
            service=service,
            shared=shared,
            floors=floors,
            naive=naive,
            peer=peer,
            database=database,
            key=key,
            directory=directory,
            service_token=token,
            floor_token=jwt.encode({"sub": "1"}, key),
            post=post,
        )


def page_statements(*, user: int) -> list[tuple[str, list[object]]]:
    """The SQL of the first page as this user sees it, and of its total; each with its values, None for the time."""
    from sqlalchemy.dialects.postgresql import asyncpg

    from app.posts import queries
    from app.posts.visibility import Viewer
    from app.schemas.post import PostSort

    shape = queries.Shape(dialect="postgresql", viewer=Viewer.USER, sort=PostSort.CREATED_AT, descending=True)
    values = {"now": datetime.now().astimezone(), "viewer_id": user, "limit": 21, "offset": 0, "reach": 21}
    statements: list[tuple[str, list[object]]] = []
    for query in (queries.page_by_index(shape), queries.count(shape)):
        compiled = query.compiled(asyncpg.dialect())
        given = compiled.parameters({name: values[name] for name in compiled.binds})
        statements.append((compiled.sql, [None if isinstance(value, datetime) else value for value in given]))
    return statements
