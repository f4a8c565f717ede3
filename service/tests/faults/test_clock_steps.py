"""The clock of the service's machine jumps while it serves; PostgreSQL's and Redis's go on as before.

The clock is moved by libfaketime, which Debian and others bring; what measures durations (CLOCK_MONOTONIC) is left
alone, as it is when a real clock is set.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from app.database.engine import Database
from app.models import JobStatus, OutboxJob
from tests.backends import Backend
from tests.conftest import SECRET_KEY, migrated_database, settings_for
from tests.factories import Account, Accounts
from tests.live import LiveService, wait_until

DAY = 86_400


def _library() -> Path | None:
    found = [
        *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
        *Path("/usr/lib/faketime").glob("libfaketimeMT.so.1"),
    ]
    return next(iter(found), None)


class Clock:
    """The clock of one service: `step` moves it to so many seconds from the real one."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.step(0)

    def step(self, seconds: int) -> None:
        self._file.write_text(f"{seconds:+d}s\n")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    if _library() is None:
        pytest.skip("libfaketime is not installed (.ci/run does it): nothing is known of clocks that jump")
    return Clock(tmp_path)


@pytest.fixture
def service(clock: Clock, postgres_address: str, redis_address: str, tmp_path: Path) -> Iterator[LiveService]:
    with migrated_database(postgres_address, tmp_path) as url:
        backend = Backend(name="postgres+redis", database_url=url, redis_url=redis_address)
        service = LiveService(
            backend,
            data_dir=tmp_path,
            workers=2,
            secret_key=SECRET_KEY,
            environment={"rate_limit_requests": 1000, "run_jobs": True, **clock.environment},
        )
        service.start()
        try:
            yield service
        finally:
            service.stop()


async def _signed_in(client: httpx2.AsyncClient, account: Account) -> dict[str, str]:
    answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": account.refresh_token})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def _is_usable(client: httpx2.AsyncClient, headers: dict[str, str], title: str) -> None:
    """Somebody who is signed in is known, and what they publish is there for everybody."""
    known = await client.get("/api/v1/auth/me", headers=headers)
    assert known.status_code == 200, known.text
    post = {"title": title, "content": "Written as the clock says.", "status": "published"}
    once = {**headers, "Idempotency-Key": title.replace(" ", "-")}
    written = await client.post("/api/v1/posts", json=post, headers=once)
    assert written.status_code == 201, written.text
    again = await client.post("/api/v1/posts", json=post, headers=once)
    assert (again.status_code, again.json()["id"]) == (201, written.json()["id"])
    assert (await client.get(f"/api/v1/posts/{written.json()['id']}")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_clock_that_jumps_a_day_ahead_and_back_ends_what_has_run_out_and_locks_nobody_out(
    service: LiveService, clock: Clock, tmp_path: Path
):
    database = Database(settings_for(service.backend, data_dir=tmp_path))
    try:
        async with service.client() as client:
            accounts = Accounts(database, client)
            early, late, kept = [await accounts.user() for _ in range(3)]
            await _is_usable(client, early.headers, "before")
            clock.step(DAY)
            assert (await client.get("/api/v1/auth/me", headers=early.headers)).status_code == 401
            ahead = await _signed_in(client, early)
            await _is_usable(client, ahead, "a day ahead")
            clock.step(0)
            await _is_usable(client, ahead, "back again")  # its token was made tomorrow
            await _is_usable(client, kept.headers, "signed in before")
            await _is_usable(client, await _signed_in(client, late), "renewed after")
            clock.step(-DAY)
            await _is_usable(client, await _signed_in(client, kept), "a day behind")
            await _is_usable(client, (await accounts.user()).headers, "signed in a day behind")
            clock.step(0)
            person = {"email": "late@example.org", "username": "late", "password": late.password}
            person |= {"first_name": "Late", "last_name": "Comer"}
            registered = await client.post("/api/v1/auth/register", json=person)
            assert registered.status_code == 200, registered.text
            await asyncio.to_thread(wait_until, lambda: asyncio.run(_owed(service, tmp_path)) == 0)
        assert "[error" not in service.log()
    finally:
        await database.close()


async def _owed(service: LiveService, folder: Path) -> int:
    database = Database(settings_for(service.backend, data_dir=folder))
    try:
        async with database.session() as session:
            owed = select(func.count()).where(OutboxJob.status != JobStatus.DONE)
            return await session.scalar(owed.select_from(OutboxJob)) or 0
    finally:
        await database.close()
