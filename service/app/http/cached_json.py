"""JSON made once: bytes with their entity tag, sent as they are to everyone who asks for the same.

A response leaves in three forms, all with the same headers: whole, gzipped, or 304 when the reader already has it.
"""

import gzip
from collections.abc import Callable
from time import monotonic

from starlette.responses import Response

from app.http.etag import entity_tag, gzip_tag, is_not_modified

GZIP_FROM = 1024
"""Bytes below which compressing costs more than it saves."""
GZIP_LEVEL = 5
REGZIP_AFTER = 1.0

_PUBLIC = b"public, no-cache"  # may be stored by anyone, but must be revalidated: a write shows at once
_PRIVATE = b"private, no-cache"
_VARY = (b"vary", b"Accept-Encoding, Authorization, Cookie")
_JSON = (b"content-type", b"application/json")

Headers = list[tuple[bytes, bytes]]


class CachedJSON:
    """A JSON document. ``version`` (a resource's) begins its entity tag, so that ``If-Match`` can be checked by it."""

    __slots__ = ("_gzipped", "body", "etag", "public", "route")

    def __init__(self, body: bytes, *, route: str, version: int | None = None, public: bool = True) -> None:
        self.body = body
        self.route = route
        self.public = public
        self.etag = entity_tag(body, version)
        self._gzipped: bytes | None = None

    def read(self) -> bytes:
        """The body for one more reader."""
        return self.body

    def read_gzipped(self) -> bytes:
        if self._gzipped is None:
            self._gzipped = gzip.compress(self.body, GZIP_LEVEL, mtime=0)
        return self._gzipped

    @property
    def size(self) -> int:
        return len(self.body)

    def render(self, request_headers: dict[bytes, bytes], *, compress: bool) -> tuple[int, Headers, bytes]:
        """Status, headers and body for a request with these headers."""
        gzipped = compress and self.size >= GZIP_FROM and accepts_gzip(request_headers.get(b"accept-encoding", b""))
        tag = gzip_tag(self.etag) if gzipped else self.etag
        headers = [
            (b"etag", tag),
            (b"cache-control", _PUBLIC if self.public else _PRIVATE),
            _VARY,
        ]
        condition = request_headers.get(b"if-none-match")
        if condition is not None and is_not_modified(condition, self.etag):
            self.read()
            return 304, headers, b""
        body = self.read_gzipped() if gzipped else self.read()
        headers += (_JSON, (b"content-length", b"%d" % len(body)))
        if gzipped:
            headers.append((b"content-encoding", b"gzip"))
        return 200, headers, body

    def response(self, request_headers: dict[bytes, bytes]) -> Response:
        """The same as a Starlette response, uncompressed (a middleware sees to that)."""
        status, headers, body = self.render(request_headers, compress=False)
        response = Response(body, status_code=status)
        response.raw_headers = headers
        return response


class CountedJSON(CachedJSON):
    """A document whose last member counts its readers: ``{…,"views":41}``.

    ``prefix`` is everything before the number; ``on_read`` is called for every reader this response serves (without it
    they are not counted). The number is not part of the entity tag: otherwise there would never be a 304.
    """

    __slots__ = ("_gzipped_at", "_on_read", "count")

    def __init__(
        self,
        prefix: bytes,
        count: int,
        *,
        route: str,
        version: int,
        public: bool = True,
        on_read: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(prefix, route=route, version=version, public=public)
        self.count = count
        self._on_read = on_read
        self._gzipped_at = 0.0

    def read(self) -> bytes:
        if self._on_read is not None:
            self.count += 1
            self._on_read()
        return b"%b%d}" % (self.body, self.count)

    def read_gzipped(self) -> bytes:
        """Compressed at most once a second: the count of this form may lag that much."""
        body, now = self.read(), monotonic()
        if self._gzipped is None or now - self._gzipped_at > REGZIP_AFTER:
            self._gzipped, self._gzipped_at = gzip.compress(body, GZIP_LEVEL, mtime=0), now
        return self._gzipped


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether the reader takes gzip; ``gzip;q=0`` is a refusal (RFC 9110 §12.5.3)."""
    if b"gzip" not in accept_encoding:
        return False
    for part in accept_encoding.split(b","):
        name, _, parameters = part.partition(b";")
        if name.strip() == b"gzip":
            return parameters.replace(b" ", b"").rstrip(b"0.") != b"q="
    return False
