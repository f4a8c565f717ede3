"""The facts of a codebase's files, each decoded when it is asked for: most runs need a few of them."""

import struct
from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from hashlib import blake2b
from pathlib import Path

from fastapi_expert.codebase.files.cache import Cache
from fastapi_expert.codebase.syntax.encoding import decode, encode
from fastapi_expert.codebase.syntax.facts import FileFacts


class FactStore(Mapping[str, FileFacts]):
    """Path to facts, sorted by path.

    ``read`` holds those already decoded; the others lie in ``cache`` under the hash that ``digests`` has for their
    path. What is missing or damaged there, or has no hash yet (``b""``), is read from its file.
    """

    def __init__(
        self, root: Path, digests: Mapping[str, bytes], read: dict[str, FileFacts], cache: Cache | None
    ) -> None:
        self._root = root
        self._digests = {path: digests[path] for path in sorted(digests)}
        self._read = read
        self._cache = cache

    def __getitem__(self, path: str) -> FileFacts:
        facts = self._read.get(path)
        if facts is None:
            self._fetch({path: self._digests[path]})
            facts = self._read[path]
        return facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, path: object) -> bool:
        return path in self._digests

    def items(self) -> ItemsView[str, FileFacts]:
        return self._all().items()

    def values(self) -> ValuesView[FileFacts]:
        return self._all().values()

    def at_hand(self, digests: Mapping[str, bytes]) -> dict[str, FileFacts]:
        """Facts that need no decoding, of the files that ``digests`` says are still the same."""
        return {path: facts for path, facts in self._read.items() if digests.get(path) == self._digests[path]}

    def replaced(self, facts: FileFacts, digest: bytes) -> "FactStore":
        """The same files with other contents at one path, which may be new; the rest is decoded as it is asked for."""
        digests = {**self._digests, facts.path: digest}
        return FactStore(self._root, digests, {**self._read, facts.path: facts}, self._cache)

    @property
    def cache(self) -> Cache | None:
        return self._cache

    def _all(self) -> dict[str, FileFacts]:
        missing = {path: digest for path, digest in self._digests.items() if path not in self._read}
        if missing:
            self._fetch(missing)
        if list(self._read) != list(self._digests):
            self._read = {path: self._read[path] for path in self._digests}
        return self._read

    def _fetch(self, wanted: Mapping[str, bytes]) -> None:
        hashes = [digest for digest in wanted.values() if digest]
        stored = self._cache.contents(hashes) if self._cache is not None and hashes else {}
        for path, digest in wanted.items():
            self._read[path] = _decoded(path, stored.get(digest)) or self._again(path)

    def _again(self, path: str) -> FileFacts:
        from fastapi_expert.codebase.syntax.reader import read_source  # the parser: rarely needed

        file = self._root / path if self._root.is_dir() else self._root
        try:
            source = file.read_bytes()
        except OSError:  # deleted since it was listed
            source = b""
        digest = digest_of(source)
        if self._cache is not None and digest != self._digests[path]:  # not as it was listed, or never looked at
            return facts_of(self._cache, {path: digest}).get(path) or read_source(source, path)
        facts = read_source(source, path)
        if self._cache is not None:
            self._cache.store([(digest, *encode(facts))], (), ())  # the cached facts were damaged
        return facts


def digest_of(source: bytes) -> bytes:
    """The hash under which the facts of a file with this content are kept."""
    return blake2b(source, digest_size=16).digest()


def facts_of(cache: Cache, digests: Mapping[str, bytes]) -> dict[str, FileFacts]:
    """The facts that ``cache`` has of contents with these hashes, by path; damaged ones are left out."""
    found = zip(digests, each_of(cache, [*digests.items()]), strict=True)
    return {path: facts for path, facts in found if facts is not None}


def each_of(cache: Cache, wanted: Sequence[tuple[str, bytes]]) -> list[FileFacts | None]:
    """The facts that ``cache`` has for each path with the hash of a content; None where it has none undamaged."""
    stored = cache.contents([digest for _, digest in wanted])
    return [_decoded(path, stored.get(digest)) for path, digest in wanted]


def _decoded(path: str, encoded: tuple[bytes, bytes] | None) -> FileFacts | None:
    if encoded is None:
        return None
    try:
        return decode(path, *encoded)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError, struct.error):
        return None
