"""Files for the owner's eyes alone, and the signing key: made once, kept in one of them, refused when weak."""

import math
import os
import secrets
from collections import Counter
from hashlib import sha256
from hmac import new as hmac
from pathlib import Path

# RFC 7518 §3.2: an HMAC key is at least as long as the hash's output.
_MINIMUM_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
_MINIMUM_ENTROPY_BITS = 100
_WELL_KNOWN = ("changeme", "changethis", "secret", "password", "your-", "example", "insecure", "default", "development")


class WeakKey(ValueError):
    """The key could be guessed; the message says why."""


def check_key(key: str, *, algorithm: str) -> None:
    """Raise WeakKey when `key` is short, repetitive or a placeholder."""
    needed = _MINIMUM_BYTES[algorithm]
    if len(key.encode()) < needed:
        raise WeakKey(f"{len(key.encode())} bytes, {algorithm} wants {needed}")
    if any(word in key.lower() for word in _WELL_KNOWN):
        raise WeakKey("it contains a well-known placeholder word")
    counts = Counter(key)
    entropy = -sum(n * math.log2(n / len(key)) for n in counts.values())
    if entropy < _MINIMUM_ENTROPY_BITS:
        raise WeakKey("it repeats itself")


def load_or_create_key(path: Path) -> str:
    """Return the key kept in `path`, making it first when there is none. Safe between processes.

    Raises PermissionError when others can read the file.
    """
    if not path.exists():
        make_private_folder(path.parent)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails when another process was first: its key wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others; run: chmod 600 {path}")
    return path.read_text().strip()


def make_private_folder(path: Path) -> None:
    """Make a folder, if there is none, that only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def make_private_file(path: Path) -> None:
    """Make a SQLite file, if there is none, that only its owner can read; take others' rights from one that is there.

    SQLite gives the files beside it (-wal, -shm) the rights of the database.
    """
    make_private_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file.exists() and file.stat().st_mode & 0o077:
            file.chmod(0o600)


def derive_key(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose, so that no two uses share a key (HMAC as a PRF, NIST SP 800-108)."""
    return hmac(secret.encode(), purpose.encode(), sha256).digest()
