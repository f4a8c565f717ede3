"""Password hashing: strong enough, bounded, patient with older hashes."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator

import bcrypt
import pytest

from app.http.errors import Unavailable
from app.security.passwords import MAX_WAITING, THREADS, PasswordHasher

PASSWORD = "Correct7!horse-battery@staple"


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher()
    yield made
    made.close()


async def test_a_hash_is_argon2id_with_the_chosen_costs_and_verifies(hasher: PasswordHasher):
    hashed = await hasher.hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.verify(PASSWORD, hashed) == (True, None)
    assert await hasher.verify(PASSWORD + "x", hashed) == (False, None)


async def test_a_bcrypt_hash_verifies_and_is_renewed(hasher: PasswordHasher):
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    fits, renewed = await hasher.verify(PASSWORD, old)
    assert fits
    assert renewed is not None
    assert await hasher.verify(PASSWORD, renewed) == (True, None)
    assert await hasher.verify("wrong", old) == (False, None)


async def test_a_bcrypt_hash_of_a_long_password_verifies(hasher: PasswordHasher):
    long = "é" * 100
    old = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    fits, renewed = await hasher.verify(long, old)
    assert fits
    assert renewed is not None


async def test_cheaper_argon2_costs_are_renewed(hasher: PasswordHasher):
    from argon2 import PasswordHasher as Argon2

    fits, renewed = await hasher.verify(PASSWORD, Argon2(memory_cost=1024, time_cost=1).hash(PASSWORD))
    assert fits
    assert renewed is not None
    assert "m=19456" in renewed


@pytest.mark.parametrize("stored", ["", "plaintext", "$argon2id$broken", "$2b$broken", "!"])
async def test_a_stored_hash_of_no_known_kind_fits_nothing(hasher: PasswordHasher, stored: str):
    assert await hasher.verify(PASSWORD, stored) == (False, None)


async def test_an_unknown_user_costs_the_same_work(hasher: PasswordHasher):
    hashed = await hasher.hash(PASSWORD)

    async def took(stored: str | None) -> float:
        before = time.process_time()  # of all threads: other processes are not counted
        assert await hasher.verify("wrong", stored) == (False, None)
        return time.process_time() - before

    pairs = [(await took(hashed), await took(None)) for _ in range(12)]
    known, unknown = (min(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2


async def test_the_password_of_nobody_is_nobodys(hasher: PasswordHasher):
    assert await hasher.verify("the password of nobody", None) == (False, None)


async def test_no_more_threads_hash_than_allowed_and_the_loop_stays_free(hasher: PasswordHasher):
    earlier = set(threading.enumerate())  # another test's may still end its last one
    work = [asyncio.ensure_future(hasher.hash(PASSWORD)) for _ in range(12)]
    turns = busy = 0
    while not all(task.done() for task in work):
        await asyncio.sleep(0.001)
        turns += 1
        new = [thread for thread in threading.enumerate() if thread not in earlier]
        busy = max(busy, sum(thread.name.startswith("password") for thread in new))
    assert busy <= THREADS
    assert turns > len(work)  # hashing on the loop would give it one turn at the end, or one after each hash


async def test_a_storm_is_refused_before_it_queues_for_long(hasher: PasswordHasher):
    results = await asyncio.gather(
        *(hasher.is_guessable(PASSWORD, about=[]) for _ in range(MAX_WAITING + 20)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert len(refused) == 20
    assert not await hasher.is_guessable(PASSWORD, about=[])  # and it recovers


@pytest.mark.parametrize("password", ["Password1!", "P@ssw0rd123", "Qwerty123!", "Aa1!Aa1!Aa1!"])
async def test_well_known_passwords_are_guessable(hasher: PasswordHasher, password: str):
    assert await hasher.is_guessable(password, about=[])


@pytest.mark.parametrize("password", ["Xk9!vQ2z", "G7$kLm2@"])
async def test_eight_random_characters_are_enough(hasher: PasswordHasher, password: str):
    assert not await hasher.is_guessable(password, about=["ada@example.org", "ada"])


async def test_what_is_known_of_the_user_makes_a_password_guessable(hasher: PasswordHasher):
    assert await hasher.is_guessable("Wolfeschlegel7!", about=["wolfeschlegel"])
    assert not await hasher.is_guessable("Wolfeschlegel7!", about=[])


async def test_a_password_longer_than_zxcvbn_reads_is_judged_too(hasher: PasswordHasher):
    assert not await hasher.is_guessable("Correct7!horse-battery@staple " * 4, about=[])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
async def test_hashing_comes_after_the_event_loop_where_both_want_one_core(hasher: PasswordHasher):
    await hasher.hash(PASSWORD)
    hashing = [thread for thread in threading.enumerate() if thread.name.startswith("password")]
    assert hashing
    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert all(os.getpriority(os.PRIO_PROCESS, thread.native_id) > ours for thread in hashing)
