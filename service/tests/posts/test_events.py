"""Changes of posts as their followers hear of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.dependencies import authenticate
from app.auth.principal import Principal
from app.config import Settings
from app.database.engine import Database
from app.http import event_stream
from app.http.event_stream import MOST_WAITING, EventStream, event
from app.kit.clock import utcnow
from app.mail.mailer import make_mailer
from app.main import create_app
from app.middleware import admission, edge
from app.models import Audience, JobStatus, OutboxJob, Post, PostEvent
from app.posts import service as post_service
from app.posts.events import feed
from app.posts.events import log as event_log
from app.schemas.post import PostUpdate
from app.tasks.catalogue import registry
from app.tasks.runner import Runner
from app.tasks.store import JobStore
from tests.backends import on_both_databases, on_postgres, on_sqlite
from tests.conftest import client_of, settings_for
from tests.factories import Account, Accounts
from tests.streams import Event, Stream, followed

FEED = "/api/v1/posts/events"
ADDED, CHANGED, REMOVED = "post.added", "post.changed", "post.removed"


class Writer:
    """Somebody who writes posts through the API."""

    def __init__(self, client: httpx2.AsyncClient, account: Account) -> None:
        self.client, self.account = client, account

    async def write(self, **fields: Any) -> int:
        draft = {"title": "A title", "content": "Some content.", **fields}
        return (await self._sent("POST", "", json=draft))["id"]

    async def change(self, post_id: int, **fields: Any) -> None:
        await self._sent("PUT", f"/{post_id}", json=fields)

    async def remove(self, post_id: int) -> None:
        await self._sent("DELETE", f"/{post_id}")

    async def _sent(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = await self.client.request(method, f"/api/v1/posts{path}", headers=self.account.headers, **options)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
async def writer(client: httpx2.AsyncClient, accounts: Accounts) -> Writer:
    return Writer(client, await accounts.user())


async def ready(stream: Stream) -> int:
    """The position of a stream from which nothing is missing."""
    found = await stream.next()
    assert found is not None
    assert found.name == "ready"
    assert found.id is not None
    return found.id


async def told(stream: Stream, last: tuple[str, int]) -> list[tuple[str, int]]:
    """Event and post, up to and with ``last``."""
    found: list[tuple[str, int]] = []
    while last not in found:
        told = await stream.next()
        assert told is not None, found
        found.append((told.name or "", told.data["post_id"]))
    return found


async def test_everybody_hears_of_what_they_may_see_and_of_nothing_else(
    app: FastAPI, writer: Writer, accounts: Accounts
):
    stranger, admin = await accounts.user(), await accounts.admin()
    readers = {"anyone": None, "stranger": stranger, "author": writer.account, "admin": admin}
    async with AsyncExitStack() as open_streams:
        streams: dict[str, Stream] = {}
        for name, reader in readers.items():
            headers = reader.headers if reader else {}
            streams[name] = await open_streams.enter_async_context(followed(app, FEED, headers))
            await ready(streams[name])
        post = await writer.write()
        await writer.change(post, title="Still a draft")
        await writer.change(post, title="Still a draft")  # changes nothing
        await writer.change(post, status="published")
        await writer.change(post, tags=["news"])
        await writer.change(post, status="archived")
        await writer.remove(post)
        last = await writer.write(status="published")
        public = [(ADDED, post), (CHANGED, post), (REMOVED, post), (ADDED, last)]
        private = [(ADDED, post), *[(CHANGED, post)] * 4, (REMOVED, post), (ADDED, last)]
        heard = {name: await told(stream, (ADDED, last)) for name, stream in streams.items()}
    assert heard == {"anyone": public, "stranger": public, "author": private, "admin": private}


@on_both_databases
async def test_a_write_that_is_rolled_back_is_not_told(app: FastAPI, writer: Writer, accounts: Accounts):
    admin = await accounts.admin()
    resources = app.state.resources
    async with followed(app, FEED, admin.headers) as stream:
        await ready(stream)
        post = await writer.write()
        principal = await principal_of(app, admin)
        async with rolled_back(resources.database) as session:
            changes = PostUpdate(title="Never")
            await post_service.update(session, principal, post, changes, if_match=None, resources=resources)
        last = await writer.write()
        assert await told(stream, (ADDED, last)) == [(ADDED, post), (ADDED, last)]


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction that fails after everything in it has been written."""
    with suppress(ZeroDivisionError):
        async with database.session() as session:
            yield session
            await session.flush()
            raise ZeroDivisionError


async def principal_of(app: FastAPI, account: Account) -> Principal:
    return await authenticate(app.state.resources, account.headers["Authorization"])


@on_both_databases
async def test_who_comes_back_is_told_what_they_missed_even_by_a_service_that_was_restarted(
    app: FastAPI, writer: Writer, settings: Settings
):
    async with followed(app, FEED) as stream:
        await ready(stream)
        first = await writer.write(status="published")
        seen = await stream.next()
        assert seen is not None
    hidden = await writer.write()
    await writer.change(first, title="While nobody looked")
    second = await writer.write(status="published")
    restarted = create_app(settings)
    async with restarted.router.lifespan_context(restarted):
        async with followed(restarted, FEED, {"Last-Event-ID": str(seen.id)}) as stream:
            assert await told(stream, (ADDED, second)) == [(CHANGED, first), (ADDED, second)]
            position = await ready(stream)
            await writer.remove(second)  # by the other one: without Redis the log is looked at every second
            assert await told(stream, (REMOVED, second)) == [(REMOVED, second)]
        async with followed(restarted, f"/api/v1/posts/{first}/events", {"Last-Event-ID": "0"}) as stream:
            assert await told(stream, (CHANGED, first)) == [(ADDED, first), (CHANGED, first)]
            assert await ready(stream) > position
    assert hidden not in (first, second)


@on_sqlite
async def test_a_position_that_the_log_does_not_reach_is_answered_with_reload(app: FastAPI, writer: Writer):
    for _ in range(4):
        await writer.write(status="published")
    async with app.state.resources.database.session() as session:
        await session.execute(text("DELETE FROM post_events WHERE id < 4"))
        await session.execute(update(PostEvent).values(created_at=utcnow() - timedelta(hours=1)))
    for position in ("1", "999999", "9" * 200, "-1", "yesterday", "1²".encode().decode("latin-1")):
        async with followed(app, FEED, {"Last-Event-ID": position}) as stream:
            assert await stream.next() == Event("reload", {}), position
            assert await ready(stream) == 4
    async with followed(app, FEED, {"Last-Event-ID": "3"}) as stream:
        assert (await stream.next()).name == ADDED  # type: ignore[union-attr]


@on_sqlite
async def test_who_has_missed_more_than_is_told_one_by_one_reads_anew(app: FastAPI, writer: Writer):
    async with app.state.resources.database.session() as session:
        rows = [{"post_id": 1, "author_id": 1, "version": n, "created_at": utcnow()} for n in range(MOST_WAITING + 1)]
        seen = {"audience_before": Audience.EVERYBODY, "audience_after": Audience.EVERYBODY}
        await session.execute(insert(PostEvent), [{**row, **seen} for row in rows])
    async with followed(app, FEED, {"Last-Event-ID": "0"}) as stream:
        assert await stream.next() == Event("reload", {})
        await ready(stream)
    async with followed(app, FEED, {"Last-Event-ID": "1"}) as stream:
        assert (await stream.next()).id == 2  # type: ignore[union-attr]


@on_postgres
async def test_what_is_committed_out_of_order_is_told_and_not_missed_by_who_left_in_between(
    app: FastAPI, writer: Writer
):
    database, author = app.state.resources.database, writer.account.id
    both = {"before": Audience.NOBODY, "after": Audience.EVERYBODY}
    async with AsyncExitStack() as left_open:
        stream = await left_open.enter_async_context(followed(app, FEED))
        start = await ready(stream)
        slow = await left_open.enter_async_context(database.session())
        event_log.record(slow, 101, author, 1, **both)
        await slow.flush()
        async with database.session() as session:
            event_log.record(session, 102, author, 1, **both)
        assert await stream.next() == Event(ADDED, {"post_id": 102, "version": 1}, start)
        await slow.commit()
        assert await stream.next() == Event(ADDED, {"post_id": 101, "version": 1}, start + 1)
        again = await left_open.enter_async_context(followed(app, FEED, {"Last-Event-ID": str(start)}))
        assert await told(again, (ADDED, 102)) == [(ADDED, 101), (ADDED, 102)]


@on_postgres
async def test_an_id_that_was_rolled_back_holds_the_position_back_for_a_while_only(
    app: FastAPI, writer: Writer, monkeypatch: pytest.MonkeyPatch
):
    database, author = app.state.resources.database, writer.account.id
    both = {"before": Audience.NOBODY, "after": Audience.EVERYBODY}
    async with followed(app, FEED) as stream:
        start = await ready(stream)
        async with rolled_back(database) as session:
            event_log.record(session, 101, author, 1, **both)
        for number in (102, 103):
            async with database.session() as session:
                event_log.record(session, number, author, 1, **both)
            assert (await stream.next()).id == start  # type: ignore[union-attr]
        monkeypatch.setattr(feed, "SETTLED_AFTER", timedelta(0))
        async with database.session() as session:
            event_log.record(session, 104, author, 1, **both)
        assert (await stream.next()).id >= start + 3  # type: ignore[union-attr, operator]


@on_sqlite
async def test_the_stream_of_one_post_tells_of_no_other_and_ends_with_it(app: FastAPI, writer: Writer):
    post, other = await writer.write(status="published"), await writer.write(status="published")
    async with followed(app, f"/api/v1/posts/{post}/events") as stream:
        await ready(stream)
        await writer.change(other, title="Another")
        await writer.change(post, title="This one")
        await writer.change(post, status="archived")
        heard = await stream.rest()
    assert [found.name for found in heard] == [CHANGED, REMOVED, "end"]
    assert heard[-1].data == {"reason": "removed"}
    async with followed(app, f"/api/v1/posts/{post}/events") as stream:
        assert stream.status == 404
    async with followed(app, f"/api/v1/posts/{post}/events", writer.account.headers) as stream:
        await ready(stream)
    answer = await writer.client.get(f"/api/v1/posts/{other}", headers=writer.account.headers)
    assert answer.json()["view_count"] == 0


async def log_out(client: httpx2.AsyncClient, accounts: Accounts, who: Account) -> None:
    await client.post("/api/v1/auth/logout", headers=who.headers)


async def deactivate(client: httpx2.AsyncClient, accounts: Accounts, who: Account) -> None:
    await set_access(client, accounts, who, is_active=False)


async def demote(client: httpx2.AsyncClient, accounts: Accounts, who: Account) -> None:
    await set_access(client, accounts, who, role="user")


async def set_access(client: httpx2.AsyncClient, accounts: Accounts, who: Account, **access: Any) -> None:
    admin = await accounts.admin()
    answer = await client.patch(f"/api/v1/users/{who.id}/access", json=access, headers=admin.headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("backend", ["sqlite", "postgres+redis"], indirect=True)
@pytest.mark.parametrize("end_of_trust", [log_out, deactivate, demote])
async def test_a_stream_ends_with_the_rights_it_was_opened_with(
    app: FastAPI,
    client: httpx2.AsyncClient,
    accounts: Accounts,
    end_of_trust: Callable[[httpx2.AsyncClient, Accounts, Account], Awaitable[None]],
):
    admin = await accounts.admin()
    async with followed(app, FEED) as anyone, followed(app, FEED, admin.headers) as stream:
        await ready(anyone)
        await ready(stream)
        await end_of_trust(client, accounts, admin)
        assert await stream.rest() == [Event("end", {"reason": "signed-out"})]
        post = await Writer(client, await accounts.user()).write(status="published")
        assert await told(anyone, (ADDED, post)) == [(ADDED, post)]


@on_sqlite
async def test_a_stream_ends_with_the_api_token_it_was_opened_with(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts
):
    user = await accounts.user()
    token = await accounts.api_token(user, "posts:read")
    async with followed(app, FEED, {"Authorization": f"Bearer {token['token']}"}) as stream:
        await ready(stream)
        answer = await client.delete(f"/api/v1/auth/tokens/{token['id']}", headers=user.headers)
        assert answer.status_code == 200
        assert await stream.rest() == [Event("end", {"reason": "signed-out"})]


@on_sqlite
async def test_a_stream_ends_when_its_access_token_expires(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts
):
    user = await accounts.user()
    sessions = (await client.get("/api/v1/auth/sessions", headers=user.headers)).json()
    signer = app.state.resources.signer
    token = signer.sign(typ="access", user_id=user.id, session_id=sessions[0]["id"], lifetime=2)
    async with followed(app, FEED, {"Authorization": f"Bearer {token}"}) as stream:
        assert [found.name for found in await stream.rest()] == ["ready", "end"]
    async with followed(app, FEED, {"Authorization": f"Bearer {token}"}) as stream:
        assert stream.status == 401


@on_sqlite
async def test_rights_are_looked_at_again_before_something_private_is_told(
    app: FastAPI, writer: Writer, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
):
    """Another process has ended the session, and nobody has told this one: without Redis there is nobody who could."""
    admin = await accounts.admin()
    monkeypatch.setattr(event_stream, "TRUSTED_SECONDS", 0.0)
    async with followed(app, FEED, admin.headers) as stream:
        await ready(stream)
        async with app.state.resources.database.session() as session:
            await session.execute(
                text("UPDATE sessions SET revoked_at = created_at WHERE user_id = :id"), {"id": admin.id}
            )
        await asyncio.sleep(1.1)  # what is remembered of a session without asking
        await writer.write()
        assert await stream.rest() == [Event("end", {"reason": "signed-out"})]


@on_sqlite
async def test_a_browser_follows_by_its_cookie_and_is_answered_as_cors_says(
    settings: Settings, tmp_path: Path, backend
):
    origin = "https://app.example.org"
    application = create_app(settings_for(backend, data_dir=tmp_path, allowed_origins=[origin]))
    async with application.router.lifespan_context(application), client_of(application) as client:
        accounts = Accounts(application.state.resources.database, client)
        user = await accounts.row()
        form = {"username": user.email, "password": "Correct7!horse-battery@staple"}
        signed_in = await client.post("/api/v1/auth/login?cookies=true", data=form, headers={"Origin": origin})
        assert signed_in.status_code == 200
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers = {"Cookie": cookies, "Origin": origin, "Accept-Encoding": "gzip"}
        async with followed(application, FEED, headers) as stream:
            await ready(stream)
            assert stream.headers["access-control-allow-origin"] == origin
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.headers["cache-control"] == "no-store"
            assert stream.headers["x-accel-buffering"] == "no"
            assert "content-encoding" not in stream.headers
            client.cookies.clear()
            post = await client.post(
                "/api/v1/posts",
                json={"title": "Mine", "content": "A draft."},
                headers=(await accounts.login(user)).headers,
            )
            assert await told(stream, (ADDED, post.json()["id"]))
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        preflight = await client.options(FEED, headers={**asked, "Access-Control-Request-Headers": "last-event-id"})
        assert preflight.status_code == 200


@on_sqlite
async def test_streams_beyond_a_bound_are_refused_until_one_has_ended(
    app: FastAPI, tmp_path: Path, backend, accounts: Accounts
):
    bounds = {"event_streams": 3, "event_streams_per_client": 2}
    bounded = create_app(settings_for(backend, data_dir=tmp_path, **bounds))
    user, other = await accounts.user(), await accounts.user()
    async with bounded.router.lifespan_context(bounded), AsyncExitStack() as opened:

        async def status(headers: dict[str, str]) -> int:
            stream = await opened.enter_async_context(followed(bounded, FEED, headers))
            return stream.status

        async with followed(bounded, FEED, user.headers) as first:
            assert [first.status, await status(user.headers), await status(user.headers)] == [200, 200, 429]
            assert [await status({}), await status(other.headers)] == [200, 503]
        assert await status(user.headers) == 200
        async with client_of(bounded) as client:
            head = await client.head(FEED, headers=other.headers)  # what is refused is refused a HEAD, too
            metrics = (await client.get("/metrics")).text
    assert head.status_code == 503
    assert "event_streams_open 3.0" in metrics
    assert 'event_streams_refused_total{bound="client"} 1.0' in metrics
    assert 'event_streams_refused_total{bound="all"} 2.0' in metrics
    assert 'event_streams_ended_total{reason="left"} 1.0' in metrics


@on_sqlite
@pytest.mark.parametrize("length", ["10", "10000000"])
async def test_a_reader_whose_body_is_awaited_in_vain_holds_no_place_for_good(
    app: FastAPI, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, length: str
):
    monkeypatch.setattr(admission, "STALLED_SECONDS", 0.1)
    monkeypatch.setattr(admission, "READ_ON_SECONDS", 0.1)
    async with followed(app, FEED, {"Content-Length": length}, sends=False) as stream:
        await stream.rest()
    assert "event_streams_open 0.0" in (await client.get("/metrics")).text


@on_sqlite
async def test_what_is_measured_of_a_stream_is_how_long_it_took_to_begin(
    app: FastAPI, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    times = iter([100.0, 100.5])
    monkeypatch.setattr(edge, "perf_counter", lambda: next(times, 3700.0))
    monkeypatch.setattr(event_stream, "perf_counter", lambda: next(times))
    async with followed(app, FEED) as stream:
        await ready(stream)
    monkeypatch.undo()
    metrics = (await client.get("/metrics")).text
    assert f'http_request_duration_seconds_sum{{method="GET",route="{FEED}",status="200"}} 0.5' in metrics


@on_both_databases
async def test_the_posts_of_a_user_who_is_removed_are_told_each_or_all_at_once(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(event_log, "MOST_REMOVED", 2)
    admin = await accounts.admin()
    few, many = Writer(client, await accounts.user()), Writer(client, await accounts.user())
    posts = [await few.write(status="published"), await few.write()]
    followed_post, *_ = [await many.write(status="published") for _ in range(3)]
    async with followed(app, FEED) as stream, followed(app, f"/api/v1/posts/{followed_post}/events") as of_one:
        await ready(stream)
        await ready(of_one)
        for author in (few, many):
            gone = await client.delete(f"/api/v1/users/{author.account.id}", headers=admin.headers)
            assert gone.status_code == 200
        assert await told(stream, (REMOVED, posts[0])) == [(REMOVED, posts[0])]
        assert (await stream.next()).name == "reload"  # type: ignore[union-attr]
        assert (await of_one.next()).name == "reload"  # type: ignore[union-attr]


@on_both_databases
async def test_a_scheduled_post_is_told_when_its_time_comes(app: FastAPI, writer: Writer, settings: Settings):
    due = utcnow() + timedelta(hours=1)
    post = await writer.write(status="published", published_at=due.isoformat())
    put_off = await writer.write(status="published", published_at=due.isoformat())
    await writer.change(put_off, published_at=(due + timedelta(hours=1)).isoformat())
    withdrawn = await writer.write(status="published", published_at=due.isoformat())
    await writer.change(withdrawn, status="draft")
    store = JobStore(settings)
    runner = Runner(settings, store, make_mailer(settings), registry=registry)
    async with followed(app, FEED) as stream:
        await ready(stream)
        assert store.due(10) == []
        database = app.state.resources.database
        async with database.session() as session:  # an hour later
            await move(session, due, timedelta(hours=1))
        for job_id in store.due(10):
            await asyncio.to_thread(runner.run, job_id)
        assert [job.status for job in store.listed(status=JobStatus.DONE, limit=10)] == [JobStatus.DONE] * 3
        last = await writer.write(status="published")
        assert await told(stream, (ADDED, last)) == [(ADDED, post), (ADDED, last)]
    store.close()


async def move(session: Any, due: datetime, by: timedelta) -> None:
    """Make what was written to happen at ``due`` happen now."""
    jobs = (await session.scalars(select(OutboxJob).where(OutboxJob.name == event_log.ANNOUNCE))).all()
    for job in jobs:
        job.run_at -= by
        job.payload = {
            **job.payload,
            "published_at": (datetime.fromisoformat(job.payload["published_at"]) - by).isoformat(),
        }
    for post in (await session.scalars(select(Post).where(Post.published_at.is_not(None)))).all():
        post.published_at -= by


@on_both_databases
async def test_the_log_keeps_a_day_and_its_newest_row(app: FastAPI, writer: Writer, settings: Settings):
    for _ in range(3):
        await writer.write()
    database = app.state.resources.database

    async def kept(days: float, ids: str) -> list[int]:
        async with database.session() as session:
            old = utcnow() - timedelta(days=days)
            for row in (await session.scalars(select(PostEvent))).all():
                if str(row.id) in ids:
                    row.created_at = old
        store = JobStore(settings)
        runner = Runner(settings, store, make_mailer(settings), registry=registry)
        job = OutboxJob(name="upkeep.purge_expired", payload={})
        with store.session() as session:
            session.add(job)
        await asyncio.to_thread(runner.run, job.id)
        store.close()
        async with database.session() as session:
            return list(await session.scalars(select(PostEvent.id).order_by(PostEvent.id)))

    assert await kept(0.9, "123") == [1, 2, 3]
    assert await kept(1.1, "1") == [2, 3]
    assert await kept(1.1, "23") == [3]


async def test_a_reader_who_is_too_far_behind_is_told_to_read_anew_and_holds_no_more_than_the_bound():
    stream, sent = EventStream(heartbeat=1), asyncio.Queue[Any]()
    for number in range(3 * MOST_WAITING + 7):
        stream.put(event(CHANGED, {}, id=number), instead=event("reload", {}, id=number))
    stream.end("shutdown")
    await stream({"type": "http"}, never, sent.put)
    start, body = sent.get_nowait(), sent.get_nowait()
    ids = [line for line in body["body"].decode().split("\n") if line.startswith("id: ")]
    assert start["status"] == 200
    assert ids == [f"id: {number}" for number in range(3 * MOST_WAITING, 3 * MOST_WAITING + 7)]
    assert body["body"].startswith(b"event: reload\n")
    assert not body["more_body"]


async def test_a_reader_who_takes_nothing_is_given_up():
    stream, blocked = EventStream(heartbeat=0.01), asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await blocked.wait()

    stream.put(event(CHANGED, {}), instead=b"")
    await stream({"type": "http"}, never, send)
    assert stream.ended == "stalled"


async def never() -> Any:
    await asyncio.Event().wait()
