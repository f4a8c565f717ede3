"""The facts of every file of a codebase: from the cache where nothing changed, else read, by two processes if many."""

import gc
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from fastapi_expert.codebase.files.cache import Cache
from fastapi_expert.codebase.files.fork import may_fork
from fastapi_expert.codebase.files.listing import SourceFile, list_files
from fastapi_expert.codebase.files.store import FactStore, digest_of
from fastapi_expert.codebase.model import Problem
from fastapi_expert.codebase.syntax.encoding import decode, encode
from fastapi_expert.codebase.syntax.facts import FileFacts

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Progress = Callable[[str, int, int], None]
"""Called with a stage, how many are done and how many there are."""

PARALLEL_BYTES = 400_000
"""With less source than this a second process costs more than it saves."""
BATCHES = 100
"""Many and small: a large answer would fill the pipe and make the child wait."""
KEEP_EVERY = 0.5
"""Seconds of reading after which what was read is stored."""
AHEAD = 3
"""How many batches the child is sent before it has answered."""


class Scan(NamedTuple):
    """Path to facts (sorted by path), path to (stat, content hash), and what could not be read."""

    files: FactStore
    stamps: dict[str, tuple[tuple[int, int, int], bytes]]
    problems: list[Problem]


class _Unread(NamedTuple):
    path: str
    digest: bytes
    source: bytes


def scan(
    root: Path, *, exclude: Sequence[str], cache: Cache | None, previous: Scan | None = None, progress: Progress | None
) -> Scan:
    """Read what has changed since ``previous`` or since the cache was written."""
    listed, problems = list_files(root, exclude=exclude)
    base = f"{root}/" if root.is_dir() else None
    known = previous.stamps if previous is not None else cache.stamps() if cache is not None else {}
    stamps: dict[str, tuple[tuple[int, int, int], bytes]] = {}
    sources: dict[str, bytes] = {}
    settled: list[tuple[str, tuple[int, int, int], bytes]] = []
    for file in listed:
        before = known.get(file.path)
        if before is not None and before[0] == file.stamp:
            stamps[file.path] = before
            continue
        source = _read(f"{base}{file.path}" if base else root, file.path, problems)
        if source is not None:
            digest = digest_of(source)
            sources[file.path] = source
            stamps[file.path] = (file.stamp, digest)
            settled.append((file.path, file.stamp, digest))
    digests = {path: digest for path, (_, digest) in stamps.items()}
    found = previous.files.at_hand(digests) if previous is not None else {}
    facts_cache = previous.files.cache if previous is not None else cache
    stored = facts_cache.hashes() if facts_cache is not None else set[bytes]()
    unread: list[_Unread] = []
    for path, digest in digests.items():
        if path in found or digest in stored:
            continue
        source = sources.get(path)
        if source is None:  # a stamp without contents: the cache dropped them
            source = _read(f"{base}{path}" if base else root, path, problems)
        if source is not None:
            unread.append(_Unread(path, digest_of(source), source))
    encoded = _read_all(unread, found, progress, _keeping(cache, stamps))
    gone = [path for path in known if path not in stamps]
    if cache is not None and (encoded or settled or gone):
        cache.store(encoded, settled, gone)
    return Scan(FactStore(root, digests, found, facts_cache), stamps, problems)


def _read(file: str | Path, path: str, problems: list[Problem]) -> bytes | None:
    try:
        with open(file, "rb", buffering=0) as stream:
            return stream.read()
    except FileNotFoundError:
        return None  # deleted since it was listed
    except OSError as error:
        problems.append(Problem(path, 1, f"cannot be read: {error.strerror or error}"))
        return None


def known(
    root: Path,
    listed: tuple[list[SourceFile], list[Problem]],
    *,
    cache: Cache,
    near: str,
    most: int,
    seconds: float = 0.0,
) -> tuple[Scan, int]:
    """What the cache holds already of the ``listed`` files, up to ``most`` bytes of source, those nearest to ``near``
    first; the number is that of the files that are left out.

    For ``seconds`` the nearest of what it does not hold are read, and kept.
    """
    files, problems = listed
    before, stored = cache.stamps(), cache.hashes()
    folders = near.split("/")[:-1]
    files = sorted(files, key=lambda file: _distance(file.path.split("/"), folders))
    stamps: dict[str, tuple[tuple[int, int, int], bytes]] = {}
    unread: list[SourceFile] = []
    taken = 0
    for file in files:
        seen = before.get(file.path)
        if seen is None or seen[0] != file.stamp or seen[1] not in stored:
            unread.append(file)
        elif taken < most:
            stamps[file.path] = seen
            taken += file.size
    found = _nearest_read(root, unread, stamps, cache, seconds)
    digests = {path: stamps[path][1] for path in sorted(stamps)}
    return Scan(FactStore(root, digests, found, cache), stamps, problems), len(files) - len(stamps)


def _nearest_read(
    root: Path,
    unread: Sequence[SourceFile],
    stamps: dict[str, tuple[tuple[int, int, int], bytes]],
    cache: Cache,
    seconds: float,
) -> dict[str, FileFacts]:
    """As many of ``unread`` as can be read in ``seconds``; they are entered in ``stamps`` and kept."""
    deadline = time.monotonic() + seconds
    found: dict[str, FileFacts] = {}
    encoded: list[tuple[bytes, bytes, bytes]] = []
    problems: list[Problem] = []
    for file in unread:
        if time.monotonic() >= deadline:
            break
        source = _read(root / file.path, file.path, problems)
        if source is None:
            continue
        one = _Unread(file.path, digest_of(source), source)
        [(facts, text, shapes)] = _facts_of([one])
        if facts is not None:
            found[file.path] = facts
            stamps[file.path] = (file.stamp, one.digest)
            encoded.append((one.digest, text, shapes))
    if found:
        cache.store(encoded, [(path, *stamps[path]) for path in found], ())
    return found


def _distance(parts: Sequence[str], folders: Sequence[str]) -> tuple[int, int]:
    """How far a file is: fewer folders shared from the root on is further, then more folders below those."""
    shared = next((number for number, (a, b) in enumerate(zip(parts, folders, strict=False)) if a != b), len(folders))
    return -shared, len(parts)


_Keep = Callable[[Sequence[_Unread], Sequence[tuple[bytes, bytes, bytes]]], None]


def _keeping(cache: Cache | None, stamps: Mapping[str, tuple[tuple[int, int, int], bytes]]) -> _Keep | None:
    """Store what was read while the rest is being read: a process that is killed has not worked for nothing."""
    if cache is None:
        return None

    def keep(batch: Sequence[_Unread], encoded: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        cache.store(encoded, [(one.path, *stamps[one.path]) for one in batch if one.path in stamps], ())

    return keep


def _read_all(
    unread: list[_Unread], found: dict[str, FileFacts], progress: Progress | None, keep: _Keep | None = None
) -> list[tuple[bytes, bytes, bytes]]:
    """Read the sources into ``found``; their encoded facts for the cache, but for those that were kept meanwhile."""
    encoded: list[tuple[bytes, bytes, bytes]] = []
    waiting: list[_Unread] = []
    kept_at = time.monotonic()
    if not unread:
        return encoded
    done = 0

    def take(batch: Sequence[_Unread], facts: Sequence[tuple[FileFacts | None, bytes, bytes]]) -> None:
        nonlocal done, kept_at
        for one, (read, text, shapes) in zip(batch, facts, strict=True):
            found[one.path] = read if read is not None else decode(one.path, text, shapes)
            encoded.append((one.digest, text, shapes))
        waiting.extend(batch)
        if keep is not None and time.monotonic() - kept_at > KEEP_EVERY:
            keep(waiting, encoded)
            waiting.clear()
            encoded.clear()
            kept_at = time.monotonic()
        done += len(batch)
        if progress is not None:
            progress("reading", done, len(unread))

    total = sum(len(one.source) for one in unread)
    batches = _batches(unread, max(total // BATCHES, 20_000))
    if total > PARALLEL_BYTES and may_fork():
        _share(batches, take)
    else:
        for batch in batches:
            take(batch, _facts_of(batch))
    return encoded


def _batches(unread: list[_Unread], size: int) -> list[list[_Unread]]:
    batches: list[list[_Unread]] = [[]]
    filled = 0
    for one in unread:
        if filled > size:
            batches.append([])
            filled = 0
        batches[-1].append(one)
        filled += len(one.source)
    return batches


def _facts_of(batch: Sequence[_Unread]) -> list[tuple[FileFacts | None, bytes, bytes]]:
    from fastapi_expert.codebase.syntax.reader import (
        read_source,
    )  # the parser: not needed when the cache holds every file

    read = [read_source(one.source, one.path) for one in batch]
    return [(facts, *encode(facts)) for facts in read]


_Take = Callable[[Sequence[_Unread], Sequence[tuple[FileFacts | None, bytes, bytes]]], None]


def _share(batches: list[list[_Unread]], take: _Take) -> None:
    """Work from both ends: a child from the front, this process from the back, which takes over when the child dies."""
    from multiprocessing import Pipe  # slow to import, and rarely needed

    ours, theirs = Pipe(duplex=True)
    child = os.fork()
    if child == 0:
        _work_from_front(batches, theirs, ours)
    theirs.close()
    sent = first = 0  # batches sent to the child; batches it has answered
    last = len(batches) - 1
    alive = True
    try:
        while first <= last:
            while alive and sent <= last and sent - first < AHEAD:
                alive = _send(ours, sent)
                sent += alive
            if sent > first and (ours.poll() or sent > last):
                answer = _receive(ours)
                if answer is None:  # it died: its batches are done here
                    alive, sent = False, first
                else:
                    take(batches[first], answer)
                    first += 1
            else:
                take(batches[last], _facts_of(batches[last]))
                last -= 1
    finally:
        ours.close()
        os.waitpid(child, 0)


def _work_from_front(
    batches: list[list[_Unread]], pipe: "Connection[Any, Any]", other: "Connection[Any, Any]"
) -> NoReturn:
    """The child: answer each batch number with its encoded facts until the parent hangs up; never return."""
    try:
        other.close()
        while True:
            number: int = pipe.recv()
            pipe.send(_encoded_facts_of(batches[number]))
    except BaseException:
        os._exit(0)


def _send(pipe: "Connection[Any, Any]", number: int) -> bool:
    try:
        pipe.send(number)
    except OSError:
        return False
    return True


def _receive(pipe: "Connection[Any, Any]") -> list[tuple[None, bytes, bytes]] | None:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return None


def _encoded_facts_of(batch: Sequence[_Unread]) -> list[tuple[None, bytes, bytes]]:
    return [(None, text, shapes) for _, text, shapes in _facts_of(batch)]


@contextmanager
def paused_collection() -> Generator[None]:
    """No garbage collection inside the block: facts hold no cycles, and looking for them costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
