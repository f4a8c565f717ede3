"""Password hashing: Argon2id, old bcrypt hashes still verified, never on the event loop, never too many at once."""

import asyncio
import os
import sys
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from app.http.errors import Unavailable

T = TypeVar("T")

NICENESS = 10

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, t=2, p=1. 26 ms on one core, where the library's own
# choice takes 243.
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
THREADS = 2
MAX_WAITING = 200
"""More than this many would wait over two seconds: refused, so that a storm of logins ends when the storm does."""

NO_PASSWORD = "!"  # noqa: S105  # what no password hashes to
"""Kept for an account that has no password (it signs in elsewhere); checking one takes as long as any other."""

_BCRYPT_LIMIT = 72
_ZXCVBN_LIMIT = 72
# Between zxcvbn's "somewhat guessable" and "safely unguessable", which begins five guesses later: what it takes eight
# random characters to be found, and the shortest password that the rules allow is such a one.
_UNGUESSABLE = 10**8


class PasswordHasher:
    """Hashes in its own two threads; the C code releases the GIL, so the event loop keeps the rest of the machine."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hash = PasswordHash(
            (Argon2Hasher(memory_cost=memory_kib, time_cost=passes, parallelism=LANES), BcryptHasher())
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password", initializer=_step_back)
        self._pending = 0
        self._decoy = _decoy(memory_kib, passes)

    async def hash(self, password: str) -> str:
        return await self._run(partial(self._hash.hash, password))

    def hash_now(self, password: str) -> str:
        """The same in the calling thread, for the command line."""
        return self._hash.hash(password)

    async def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Return whether it fits, and a new hash when the stored one is of an older kind.

        With no stored hash (unknown user, no password) the same work is done for the same answer: (False, None).
        """
        return await self._run(partial(self._verify, password, None if hashed == NO_PASSWORD else hashed))

    async def is_guessable(self, password: str, *, about: list[str]) -> bool:
        """Whether zxcvbn would guess it, knowing `about` (e-mail, username …)."""
        return await self._run(partial(_guessable, password, about))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        fits, renewed = self._fits(password, hashed)
        decomposed = unicodedata.normalize("NFD", password)
        if fits or decomposed == password:
            return fits, renewed
        # Passwords come in NFC; one that was set before they did may be decomposed.
        fits, _ = self._fits(decomposed, hashed)
        return fits, self._hash.hash(password) if fits else None

    def _fits(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        stored = hashed or self._decoy
        if stored.startswith("$2"):
            # bcrypt never saw more than 72 bytes; its newest release raises instead of cutting.
            fits = _fits_bcrypt(password.encode()[:_BCRYPT_LIMIT], stored)
            return fits, self._hash.hash(password) if fits else None
        try:
            fits, renewed = self._hash.verify_and_update(password, stored)
        except UnknownHashError:
            fits, renewed = False, None
        return (fits, renewed) if hashed else (False, None)

    async def _run(self, work: partial[T]) -> T:
        if self._pending >= MAX_WAITING:
            raise Unavailable("Too many sign-ins at once. Try again shortly.")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1


@lru_cache
def _decoy(memory_kib: int, passes: int) -> str:
    """What is verified where there is no hash, at the same cost; made once, for it takes as long itself."""
    return Argon2Hasher(memory_cost=memory_kib, time_cost=passes, parallelism=LANES).hash("the password of nobody")


def _fits_bcrypt(password: bytes, stored: str) -> bool:
    try:
        return BcryptHasher().verify(password, stored)
    except ValueError:  # it only looks like one of its hashes
        return False


def _guessable(password: str, about: list[str]) -> bool:
    from zxcvbn import zxcvbn  # 12 MB of frequent words, for processes where somebody chooses a password

    return zxcvbn(password[:_ZXCVBN_LIMIT], user_inputs=about)["guesses"] < _UNGUESSABLE


def _step_back() -> None:
    """Let this thread come after the event loop's where both want one core: hashing must not hold up requests."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        # From where the process stands: going below that needs a privilege, and a fault here would end all hashing.
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
