"""The answers kept for anonymous readers, by the address they were asked at."""

from app.cache.cache import Cache, Region
from app.http.cached_json import JsonAnswer

MAX_BYTES = 32 * 1024 * 1024
MAX_ANSWERS = 10_000


class _PageCodec:
    def encode(self, value: JsonAnswer) -> bytes:
        return value.route.encode() + b"\n" + value.body

    def decode(self, data: bytes) -> JsonAnswer:
        route, _, body = data.partition(b"\n")
        return JsonAnswer(body, route=route.decode())


class HotAnswers:
    """Regions by what makes their answers out of date.

    ``items``: a write to that one post. ``pages``: any write to any post. ``totals`` are large counts, which may be a
    little old.
    """

    def __init__(self, cache: Cache, *, api: str, ttl: float) -> None:
        self._api = api
        self.items: Region[JsonAnswer] = cache.region(
            "items", ttl=ttl, max_entries=MAX_ANSWERS, max_weight=MAX_BYTES, weigh=_weigh, renewed=True
        )
        self.pages: Region[JsonAnswer] = cache.region(
            "pages",
            ttl=ttl,
            max_entries=MAX_ANSWERS,
            max_weight=MAX_BYTES,
            weigh=_weigh,
            codec=_PageCodec(),
            renewed=True,
        )
        self.totals: Region[int] = cache.region("totals", ttl=60.0, max_entries=MAX_ANSWERS, coordinated=False)

    def find(self, path: str, query: bytes) -> JsonAnswer | None:
        """The answer this process holds for ``path?query``."""
        key = address(path, query)
        return self.items.get(key) or self.pages.get(key)

    async def forget_item(self, post_id: int, slug: str) -> None:
        """A post was changed or deleted."""
        await self.items.invalidate(f"{self._api}/posts/{post_id}", f"{self._api}/posts/slug/{slug}")

    async def forget_author(self) -> None:
        """A user was renamed, changed or deleted: any answer may show them."""
        await self.items.invalidate_all()
        await self.pages.invalidate_all()


def address(path: str, query: bytes) -> str:
    """The key of an answer."""
    return f"{path}?{query.decode('latin-1')}" if query else path


def _weigh(answer: JsonAnswer) -> int:
    return 2 * answer.size + 512  # the gzipped form may come to lie beside it
