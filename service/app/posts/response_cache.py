"""The responses about posts kept for anonymous readers, by address."""

from functools import cached_property, lru_cache
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode

import orjson

from app.cache.cache import Cache, Region
from app.http.cached_json import CachedJSON
from app.http.pagination import Page
from app.schemas.post import PostSummary

MAX_BYTES = 32 * 1024 * 1024
MAX_RESPONSES = 10_000
LIST_PARAMETERS = frozenset(("page", "page_size", "search", "sort_by", "order", "status", "tag", "author", "cursor"))
"""What a list of posts may be asked with."""


class _PageCodec:
    @cached_property
    def form(self) -> str:
        """Changes with whatever a page says of a post."""
        schema = orjson.dumps(Page[PostSummary].model_json_schema(mode="serialization"), option=orjson.OPT_SORT_KEYS)
        return blake2b(schema, digest_size=6).hexdigest()

    def encode(self, value: CachedJSON) -> bytes:
        return value.route.encode() + b"\n" + value.body

    def decode(self, data: bytes) -> CachedJSON:
        route, _, body = data.partition(b"\n")
        return CachedJSON(body, route=route.decode())


class ResponseCache:
    """Regions by what makes their responses out of date.

    ``items``: a write to that one post. ``pages``: any write to any post. ``totals`` are large counts, which may be a
    little old.
    """

    def __init__(self, cache: Cache, *, api: str, ttl: float) -> None:
        self._api = api
        self.items: Region[CachedJSON] = cache.region(
            "items", ttl=ttl, max_entries=MAX_RESPONSES, max_weight=MAX_BYTES, weigh=_weigh, renewed=True
        )
        self.pages: Region[CachedJSON] = cache.region(
            "pages",
            ttl=ttl,
            max_entries=MAX_RESPONSES,
            max_weight=MAX_BYTES,
            weigh=_weigh,
            codec=_PageCodec(),
            renewed=True,
        )
        self.totals: Region[int] = cache.region("totals", ttl=60.0, max_entries=MAX_RESPONSES, coordinated=False)

    def find(self, path: str, query: bytes) -> CachedJSON | None:
        """The response this process holds for ``path?query``."""
        key = cache_key(path, query)
        return self.items.get(key) or self.pages.get(key)

    async def forget_item(self, post_id: int, slug: str) -> None:
        """A post was changed or deleted."""
        await self.items.invalidate(f"{self._api}/posts/{post_id}", f"{self._api}/posts/slug/{slug}")

    async def forget_author(self) -> None:
        """A user was renamed, changed or deleted: any response may show them."""
        await self.items.invalidate_all()
        await self.pages.invalidate_all()


def cache_key(path: str, query: bytes) -> str:
    """The key of a response: equal for queries that mean the same. A parameter that nobody reads says nothing."""
    known = _canonical(query) if query else ""
    return f"{path}?{known}" if known else path


@lru_cache(maxsize=1024)
def _canonical(query: bytes) -> str:
    """The parameters of lists, read as Starlette reads them (of several with one name the last), in one order."""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return urlencode(sorted((name, value) for name, value in given.items() if name in LIST_PARAMETERS))


def _weigh(response: CachedJSON) -> int:
    return 2 * response.size + 512  # the gzipped form may be kept with it
