"""The folder of notes on disk: reading, writing whole files at once, one writer at a time.

A write goes to a new file beside the old one, is flushed to the disk and then renamed over it, so that a reader or
a crash sees the old text or the new, never a part (POSIX rename(2)).
"""

import hashlib
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.store.snapshot import Snapshot
from fastapi_expert.notes.text.names import inside
from fastapi_expert.store import ensure_ignored, try_lock

LOCK_TIMEOUT = 30.0  # seconds; a write holds the lock for milliseconds


class ChangedMeanwhile(Exception):
    """The file is no longer what the new text was made of."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file's text with ``\\n`` newlines, and what it takes to write it back as it was (``broken``: it cannot be)."""

    text: str
    checksum: str
    newline: str = "\n"
    bom: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Agreed:
    """The index in its ``generation`` agrees with the files of ``snapshot``, except those still ``young``."""

    generation: int
    snapshot: Snapshot
    young: frozenset[str]


@dataclass(slots=True)
class Folder:
    """``root`` holds the notes, ``cache`` what may be thrown away (lock and index).

    ``agreed`` is how the index and the files were when this process last compared them.
    """

    root: Path
    cache: Path
    agreed: Agreed | None = field(default=None, compare=False, repr=False)

    def make_cache(self) -> None:
        """Make the cache folder, which git is not to see."""
        ensure_ignored(self.cache)

    def exists(self, path: str) -> bool:
        """Whether something has this path, however the file system spells it."""
        return os.path.lexists(self.root / path)

    def read(self, path: str) -> Content:
        """The note at ``path``, which is one of a `Snapshot`; NUL is dropped, bytes that are not UTF-8 are replaced.

        Raises:
            NoteError: when the file cannot be read.
        """
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            raise NoteError("UNREADABLE", f"cannot be read: {error.strerror}", where=path) from error
        return decode(data)

    def write(self, path: str, text: str, *, like: Content | None = None) -> str:
        """Put ``text`` at ``path``, in the newlines of ``like``; returns the checksum of what was written.

        ``like`` is what the file was when ``text`` was made of it, None when there was none. That is looked at again
        at the last moment, because not every program that writes notes takes our lock.

        Raises:
            NoteError: when the path leads outside, or the disk refuses.
            ChangedMeanwhile: somebody else wrote the file; nothing was written.
        """
        data = encode(text, like=like)
        target = inside(self.root, path)
        with _refusals(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data, by=self.root / ".writing.tmp", like=like)
        return checksum(data)

    def move(self, path: str, target: str) -> None:
        """Give the note at ``path`` another one, where nothing is yet. Raises NoteError when the disk refuses."""
        with _refusals(path):
            inside(self.root, target).parent.mkdir(parents=True, exist_ok=True)
            os.rename(self.root / path, self.root / target)

    def remove(self, path: str) -> None:
        """Remove the note at ``path``. Raises NoteError when the disk refuses."""
        with _refusals(path):
            (self.root / path).unlink()

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the folder's write lock; other processes and threads wait, a dead one's lock is free at once.

        Raises:
            NoteError: when another writer holds it for longer than `LOCK_TIMEOUT`.
        """
        try:
            self.make_cache()
            handle = os.open(self.cache / "notes.lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise NoteError(
                "UNWRITABLE", f"the lock cannot be made: {error.strerror}", where=str(self.cache)
            ) from error
        try:
            deadline = time.monotonic() + LOCK_TIMEOUT
            while not try_lock(handle):
                if time.monotonic() > deadline:
                    raise NoteError(
                        "LOCKED",
                        f"another process has been writing for {LOCK_TIMEOUT:.0f} s",
                        where=str(self.cache / "notes.lock"),
                        do="wait for it or end it; the lock goes with its process",
                    )
                time.sleep(0.002)
            yield
        finally:
            os.close(handle)  # closing releases the lock, on POSIX and on Windows


@contextmanager
def _refusals(path: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise NoteError(
            "UNWRITABLE",
            f"cannot be written: {error.strerror}",
            where=path,
            do="see to the folder's rights and space",
        ) from error


def decode(data: bytes) -> Content:
    """The text of a file; CRLF is recognised when every line has it, a mixed file keeps its characters."""
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    crlf = "\r\n" in text and text.count("\n") == text.count("\r\n")
    return Content(
        text.replace("\r\n", "\n") if crlf else text,
        checksum(data),
        newline="\r\n" if crlf else "\n",
        bom=data.startswith(b"\xef\xbb\xbf"),
        broken="\ufffd" in text and b"\xef\xbf\xbd" not in data,
    )


def encode(text: str, *, like: Content | None = None) -> bytes:
    """The bytes of a note; a surrogate that is not a character becomes ``?``."""
    if like and like.newline != "\n":
        text = text.replace("\r\n", "\n").replace("\n", like.newline)
    return (b"\xef\xbb\xbf" if like and like.bom else b"") + text.replace("\0", "").encode("utf-8", "replace")


def checksum(data: bytes) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _replace(target: Path, data: bytes, *, by: Path, like: Content | None) -> None:
    # One hidden name for every write: only the lock's holder uses it, so a killed writer's rest is overwritten by the
    # next, and neither we nor a Basic Memory that watches the folder takes it for a note.
    try:
        with open(by, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(by, target.stat().st_mode & 0o777)
        if (checksum(target.read_bytes()) if target.exists() else None) != (like.checksum if like else None):
            raise ChangedMeanwhile
        os.replace(by, target)
    except BaseException:
        with suppress(OSError):
            by.unlink()
        raise
    _sync_directory(target.parent)


def _sync_directory(directory: Path) -> None:
    """Make the rename itself durable where directories can be opened (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
