"""The `.expert` folder of a project: where it lies, how files in it are written, and what was derived before.

Everything in ``.expert/cache`` may be thrown away, and git is not to see it. A file is written at once or not at all.
"""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zlib import crc32

FOLDER = ".expert"
_IGNORE_ALL = "*\n"
_T = TypeVar("_T")


def folder_of(root: Path) -> Path:
    """The `.expert` folder of the project at ``root``, a directory or a single file."""
    return (root if root.is_dir() else root.parent) / FOLDER


def cache_of(root: Path) -> Path:
    """Where the project at ``root`` keeps what can be derived again."""
    return folder_of(root) / "cache"


def ensure_ignored(folder: Path) -> None:
    """Make ``folder``, with a `.gitignore` that hides all of it. Raises OSError where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(_IGNORE_ALL, encoding="utf-8")


def write_atomically(file: Path, data: bytes) -> None:
    """Make ``file`` hold ``data``: a reader, or a crash, finds the old content or the new one, never a part.

    The mode of what was there is kept; a symbolic link stays one, and what it points to is written.

    Raises:
        OSError: the folder or the disk refuses; the old content is still there.
    """
    target = file.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def stamp_of(*folders: str) -> str:
    """Names the Python files below ``folders`` as they are now: changes with any of them."""
    seen: list[tuple[str, int, int]] = []
    left = list(folders)
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                elif entry.name.endswith(".py"):
                    status = entry.stat()
                    seen.append((entry.path, status.st_mtime_ns, status.st_size))
    return f"{crc32(repr(sorted(seen)).encode()):08x}"


class Blobs(Protocol):
    """Bytes kept by name; both methods forget rather than fail."""

    def get_blob(self, name: str) -> bytes | None: ...
    def put_blob(self, name: str, data: bytes) -> None: ...


def digest_of(*parts: Any) -> str:
    """One name for all of ``parts`` (whatever JSON holds): changes with any of them."""
    return blake2b(json.dumps(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def recall(blobs: Blobs | None, name: str, digest: str, load: Callable[[bytes], _T]) -> _T | None:
    """What was kept under ``name`` for this ``digest``; None when it was made from something else, or not by us."""
    kept = blobs.get_blob(name) if blobs is not None else None
    return recalled(kept, digest, load)


def recalled(kept: bytes | None, digest: str, load: Callable[[bytes], _T]) -> _T | None:
    """The same of bytes at hand, see :func:`sealed`."""
    head, _, body = (kept or b"").partition(b"\n")
    if head != digest.encode():
        return None
    try:
        return load(body)
    except (ValueError, TypeError):
        return None  # not written by us


def keep(blobs: Blobs | None, name: str, digest: str, body: bytes) -> None:
    """Keep ``body`` under ``name`` for :func:`recall`."""
    if blobs is not None:
        blobs.put_blob(name, sealed(digest, body))


def sealed(digest: str, body: bytes) -> bytes:
    """``body`` with what it was made from before it."""
    return digest.encode() + b"\n" + body


def try_lock(handle: int) -> bool:
    """Take the lock of an open file, if nobody has it; it is let go when the file is closed or the process ends."""
    try:
        import fcntl
    except ImportError:
        return _try_lock_windows(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_windows(handle: int) -> bool:
    import msvcrt

    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # pyright runs on Linux stubs
    except OSError:
        return False
    return True
