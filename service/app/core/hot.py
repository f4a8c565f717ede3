"""The answers kept for anonymous readers, by the address they were asked at."""

from app.core.answers import JsonAnswer
from app.core.cache import Cache, Region

MAX_BYTES = 32 * 1024 * 1024
MAX_ANSWERS = 10_000


class _PageCodec:
    def encode(self, value: JsonAnswer) -> bytes:
        return value.route.encode() + b"\n" + value.body

    def decode(self, data: bytes) -> JsonAnswer:
        route, _, body = data.partition(b"\n")
        return JsonAnswer(body, route=route.decode())


class HotAnswers:
    """Two regions, because they are invalidated apart: ``items`` one by one, ``pages`` all at once."""

    def __init__(self, cache: Cache, *, ttl: float) -> None:
        def weigh(answer: JsonAnswer) -> int:
            return 2 * answer.size + 512  # the gzipped form may come to lie beside it

        self.items: Region[JsonAnswer] = cache.region(
            "items", ttl=ttl, max_entries=MAX_ANSWERS, max_weight=MAX_BYTES, weigh=weigh
        )
        self.pages: Region[JsonAnswer] = cache.region(
            "pages", ttl=ttl, max_entries=MAX_ANSWERS, max_weight=MAX_BYTES, weigh=weigh, codec=_PageCodec()
        )

    async def forget_author(self) -> None:
        """Forget everything: a user changed or is gone, and posts show their authors. Call it after the commit."""
        await self.items.invalidate_all()
        await self.pages.invalidate_all()

    def find(self, path: str, query: bytes) -> JsonAnswer | None:
        """The answer this process holds for ``path?query``."""
        key = address(path, query)
        return self.items.get(key) or self.pages.get(key)


def address(path: str, query: bytes) -> str:
    """The key of an answer."""
    return f"{path}?{query.decode('latin-1')}" if query else path
