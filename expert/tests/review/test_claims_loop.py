"""What the rules about the event loop say happens: another request is (not) served while one waits."""

import asyncio
import hashlib
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from shapes import client


def served_meanwhile(add: Callable[[FastAPI, Callable[[], bool]], None], *, patience: float) -> bool:
    """Whether `/other` is served while `/slow`, which is under way, waits for it at most ``patience`` seconds."""
    other = threading.Event()
    app = FastAPI()

    @app.get("/other")
    async def set_it() -> None:
        other.set()

    async def both() -> bool:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def wait() -> bool:
            loop.call_soon_threadsafe(begun.set)
            return other.wait(patience)

        add(app, wait)
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=60) as http:
            slow = asyncio.create_task(http.get("/slow"))
            await begun.wait()
            await http.get("/other")
            return (await slow).text == "true"

    return asyncio.run(both())


# -- FX801, FX802, FX803: whatever waits in a socket, a pipe or a lock ---------------------------------------


def test_a_blocking_call_in_async_def_lets_no_other_request_in() -> None:
    def add(app: FastAPI, wait: Callable[[], bool]) -> None:
        @app.get("/slow")
        async def slow() -> bool:
            return wait()

    assert not served_meanwhile(add, patience=0.3)


def test_a_blocking_call_behind_helpers_lets_no_other_request_in() -> None:
    def add(app: FastAPI, wait: Callable[[], bool]) -> None:
        def inner() -> bool:
            return wait()

        def outer() -> bool:
            return inner()

        @app.get("/slow")
        async def slow() -> bool:
            return outer()

    assert not served_meanwhile(add, patience=0.3)


@pytest.mark.parametrize("style", ["def", "thread"])
def test_in_a_plain_def_or_a_thread_it_does(style: str) -> None:
    def add(app: FastAPI, wait: Callable[[], bool]) -> None:
        def plain() -> bool:
            return wait()

        async def threaded() -> bool:
            return await run_in_threadpool(wait)

        app.get("/slow")(plain if style == "def" else threaded)

    assert served_meanwhile(add, patience=60)


# -- FX804 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_password_hash_on_the_loop_stops_everything_else(in_thread: bool) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    def hashed() -> bytes:
        return hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 300_000)

    async def both() -> int:
        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0)
        before = ticks
        _ = await asyncio.to_thread(hashed) if in_thread else hashed()
        after = ticks
        ticking.cancel()
        return after - before

    assert (asyncio.run(both()) > 1) is in_thread


# -- FX805 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [True, False])
def test_a_blocking_wait_in_an_async_generator_stops_the_loop_and_in_a_plain_one_does_not(is_async: bool) -> None:
    def add(app: FastAPI, wait: Callable[[], bool]) -> None:
        async def on_the_loop() -> AsyncIterator[str]:
            yield str(wait()).lower()

        def in_a_thread() -> Iterator[str]:
            yield str(wait()).lower()

        @app.get("/slow")
        async def slow() -> StreamingResponse:
            return StreamingResponse(on_the_loop() if is_async else in_a_thread())

    assert served_meanwhile(add, patience=0.3 if is_async else 60) is not is_async


# -- FX807 ---------------------------------------------------------------------------------------------------


def test_a_cached_coroutine_fails_from_the_second_request_on() -> None:
    app = FastAPI()

    @lru_cache
    async def value() -> int:
        return 1

    @app.get("/")
    async def root() -> int:
        return await value()

    answers = [client(app).get("/").status_code for _ in range(2)]
    assert answers == [200, 500]


# -- FX812 ---------------------------------------------------------------------------------------------------

WORKER = """
import sqlite3, sys
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

app = FastAPI()
sessions = {{}}
shared = sqlite3.connect(sys.argv[1], check_same_thread=False)
shared.execute("create table if not exists sessions (token text)")


@app.post("/login")
def login():
    sessions["t"] = "ada"
    shared.execute("insert into sessions values ('t')")
    shared.commit()


@app.get("/{{where}}")
def me(where: str):
    if not (sessions.get("t") if where == "module" else shared.execute("select 1 from sessions").fetchone()):
        raise HTTPException(401)


print(TestClient(app).{request}.status_code)
"""


@pytest.mark.parametrize(("where", "status"), [("module", "401"), ("database", "200")])
def test_a_login_kept_in_a_module_is_unknown_to_the_next_worker(tmp_path: Path, where: str, status: str) -> None:
    def worker(request: str) -> str:
        source = dedent(WORKER).format(request=request)
        command: list[Any] = [sys.executable, "-c", source, tmp_path / "shared.db"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert worker('post("/login")') == "200"
    assert worker(f'get("/{where}")') == status
