"""Idempotency-Key: the first answer again, for a request that is sent again.

The key's row is inserted in the transaction that does the work, so there is no moment at which one exists without the
other; of two at once the second waits for the first to commit. What failed is not kept: it may be tried again.
Answers are compressed, and encrypted under the client's own key, because they may hold tokens. What a key in
PREVIOUS_SECRET_KEYS has signed and encrypted is known again: a retry after a rotation must not do the work twice.
"""

import hmac
import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import insert_ignoring_conflicts
from app.http.errors import Conflict, FieldError, InvalidInput, json_pointer
from app.kit.clock import utcnow
from app.kit.keys import derive_key
from app.models import IdempotencyRecord
from app.resources import Resources

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered; ``body`` is None where it was larger than :meth:`Attempt.keep` was told to keep."""

    status: int
    body: bytes | None
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request under a key. `answer` is the first one's, if this is not the first; else call :meth:`keep`."""

    answer: Answer | None
    _session: AsyncSession | None = None
    _key_hash: bytes = b""
    _cipher: MultiFernet | None = None

    async def keep(self, answer: Answer, *, most: int | None = None) -> Answer:
        """Remember the answer, in the same transaction as the work. Without a key nothing is kept.

        Its body is left out when the answer, compressed, has more than ``most`` bytes.
        """
        if self._session is not None and self._cipher is not None:
            packed = _packed(answer)
            if most is not None and len(packed) > most:
                packed = _packed(replace(answer, body=None))
            await self._session.execute(
                update(IdempotencyRecord)
                .where(IdempotencyRecord.key_hash == self._key_hash)
                .values(answer=self._cipher.encrypt(packed))
            )
        return answer


def as_sent(request: BaseModel) -> dict[str, Any]:
    """What a client has asked for, as JSON: the same whatever a newer version, which serves beside, could be asked."""
    return request.model_dump(mode="json", exclude_defaults=True)


async def begin(session: AsyncSession, *, key: str | None, scope: str, request: Any, resources: Resources) -> Attempt:
    """Begin work under `key` (None: without one). `scope` says who asks for what; `request` is :func:`as_sent`.

    Raises InvalidInput when the key was used for another request.
    """
    if key is None:
        return Attempt(None)
    secrets = resources.signer.secrets
    key_hash = sha256(f"{scope}\n{key}".encode()).digest()
    content = orjson.dumps(request)
    fingerprints = [hmac.digest(derive_key(secret, "idempotency-fingerprint"), content, "sha256") for secret in secrets]
    purpose = f"idempotency-answer\n{scope}\n{key}"
    cipher = MultiFernet([Fernet(urlsafe_b64encode(derive_key(secret, purpose))) for secret in secrets])
    now = utcnow()
    await session.execute(
        delete(IdempotencyRecord).where(IdempotencyRecord.key_hash == key_hash, IdempotencyRecord.expires_at <= now)
    )
    inserted = await session.scalar(
        insert_ignoring_conflicts(session, IdempotencyRecord)
        .values(key_hash=key_hash, fingerprint=fingerprints[0], created_at=now, expires_at=now + LIFETIME)
        .returning(IdempotencyRecord.key_hash)
    )
    if inserted is not None:
        return Attempt(None, session, key_hash, cipher)
    first = await session.scalar(select(IdempotencyRecord).where(IdempotencyRecord.key_hash == key_hash))
    if first is None or first.answer is None:
        raise Conflict("A request with this Idempotency-Key is being worked on. Try again.", slug="idempotency-busy")
    answer = _unpack(cipher, first.answer)
    if not any(hmac.compare_digest(first.fingerprint, fingerprint) for fingerprint in fingerprints):
        detail = "This Idempotency-Key was used for another request. Make a new key for each new request."
        error = FieldError(json_pointer(("Idempotency-Key",)), detail, "idempotency_key_reused", "header")
        raise InvalidInput(detail, slug="idempotency-key-reused", errors=(error,))
    return Attempt(answer)


def _packed(answer: Answer) -> bytes:
    body = None if answer.body is None else answer.body.decode()
    return zlib.compress(orjson.dumps([answer.status, answer.headers, body]), level=1)


def _unpack(cipher: MultiFernet, packed: bytes) -> Answer:
    try:
        kept = cipher.decrypt(packed)
        # An older version did not compress: what it kept before an upgrade is good for a day.
        status, headers, body = orjson.loads(kept if kept.startswith(b"[") else zlib.decompress(kept))
    except (InvalidToken, ValueError, TypeError, zlib.error):
        # Made with a key that is not here (retired, or not yet come to this process), or kept by a newer version as
        # this one does not know it. The work is done: to say anything that has it done again would be worse.
        raise Conflict("This Idempotency-Key was used before; its answer is gone.", slug="idempotency-gone") from None
    return Answer(status, None if body is None else body.encode(), headers)
