"""The cache of live sessions: right at once here, right soon elsewhere, and never in the way."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from app.auth.principal import GrantKey, Principal, PrincipalCache
from app.cache import cache as cache_module
from app.cache.cache import Cache

Loader = Callable[[int, GrantKey], Awaitable[Principal | None]]


class Sessions:
    """What the database would say, and how often it was asked."""

    def __init__(self) -> None:
        self.live: set[GrantKey] = set()
        self.asked = 0
        self.during: Callable[[], Awaitable[None]] | None = None

    async def load(self, user_id: int, grant: GrantKey) -> Principal | None:
        self.asked += 1
        found = grant in self.live
        if self.during is not None:
            await self.during()
        if not found:
            return None
        nothing: Any = None
        return Principal(
            user_id=user_id, session_id=uuid4(), is_admin=False, is_verified=True, email="", profile=nothing
        )


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def principals(sessions: Sessions) -> PrincipalCache:
    return PrincipalCache(Cache(None), loader=sessions.load, alone=True)


async def test_a_live_session_is_asked_for_once(sessions: Sessions, principals: PrincipalCache):
    session = uuid4()
    sessions.live.add(session)
    for _ in range(5):
        assert (await principals.get(7, session)) is not None
    assert sessions.asked == 1


async def test_a_session_that_is_not_live_is_asked_for_every_time(sessions: Sessions, principals: PrincipalCache):
    session = uuid4()
    assert await principals.get(7, session) is None
    sessions.live.add(session)
    assert await principals.get(7, session) is not None


async def test_forgetting_a_user_forgets_all_their_sessions_and_nobody_else_s(
    sessions: Sessions, principals: PrincipalCache
):
    first, second, other = uuid4(), uuid4(), uuid4()
    sessions.live |= {first, second, other}
    for user_id, session in ((7, first), (7, second), (8, other)):
        await principals.get(user_id, session)
    sessions.live.clear()
    await principals.forget(7)
    assert await principals.get(7, first) is None
    assert await principals.get(7, second) is None
    assert await principals.get(8, other) is not None


async def test_what_was_read_before_a_change_is_not_kept_after_it(sessions: Sessions, principals: PrincipalCache):
    session = uuid4()
    sessions.live.add(session)

    async def ended_meanwhile() -> None:
        sessions.during = None
        sessions.live.clear()
        await principals.forget(7)

    sessions.during = ended_meanwhile
    await principals.get(7, session)
    assert await principals.get(7, session) is None


async def test_several_sessions_of_a_user_are_kept_side_by_side(sessions: Sessions, principals: PrincipalCache):
    many = [uuid4() for _ in range(10)]
    sessions.live |= set(many)
    for _ in range(3):
        for session in many:
            await principals.get(7, session)
    assert sessions.asked == 10


async def test_without_word_from_others_an_entry_lives_a_second(
    sessions: Sessions, principals: PrincipalCache, monkeypatch: pytest.MonkeyPatch
):
    from app.auth import principal as principal_module

    now = 1000.0
    monkeypatch.setattr(principal_module, "monotonic", lambda: now)
    monkeypatch.setattr(cache_module, "monotonic", lambda: now)
    session = uuid4()
    sessions.live.add(session)
    await principals.get(7, session)
    sessions.live.clear()  # by another process, which cannot tell us
    now += 0.99
    assert await principals.get(7, session) is not None
    now += 0.02
    assert await principals.get(7, session) is None


async def test_beside_other_workers_and_without_redis_nothing_is_kept(sessions: Sessions):
    principals = PrincipalCache(Cache(None), loader=sessions.load, alone=False)
    session = uuid4()
    sessions.live.add(session)
    await principals.get(7, session)
    sessions.live.clear()
    assert await principals.get(7, session) is None
