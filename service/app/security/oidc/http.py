"""Calls to a provider: bounded in time and size, redirected nowhere, with every failure told as one of two errors."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import orjson
import structlog

from app.http.errors import BadGateway, Unavailable

if TYPE_CHECKING:
    import httpx2

log = structlog.get_logger(__name__)

SECONDS = 10.0
MAX_BYTES = 512 * 1024
CONNECT_SECONDS = 5.0


class ProviderHttp:
    """Asks one provider. The library and its TLS context cost start-up time: they are for those who call one."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self._client: httpx2.AsyncClient | None = None

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at `url`. Raises Unavailable, BadGateway."""
        status, content = await self.request("GET", url, headers=headers)
        if status != 200:
            raise self.useless(f"{url} answered {status}")
        return content

    async def request(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer. Raises Unavailable when there is none, BadGateway for no JSON."""
        import httpx2

        if self._client is None:
            timeout = httpx2.Timeout(SECONDS, connect=CONNECT_SECONDS)
            self._client = httpx2.AsyncClient(timeout=timeout, follow_redirects=False)
        try:
            async with (
                asyncio.timeout(SECONDS),  # httpx2 counts each read by itself: a provider that drips would never end
                self._client.stream(method, url, **options) as answer,
            ):
                status, body = answer.status_code, await self._body(answer)
        except (httpx2.TransportError, TimeoutError) as error:
            raise self._down(f"{url}: {type(error).__name__}") from error
        if status >= 500 or status == 429:
            raise self._down(f"{url} answered {status}")
        try:
            content: Any = orjson.loads(body)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            raise self.useless(f"{url} answered {status} and no JSON object")
        return status, cast(dict[str, Any], content)

    def useless(self, why: str) -> BadGateway:
        """What to raise for an answer that cannot be used; `why` is for the log alone."""
        log.error("oidc.useless_answer", provider=self.provider, reason=why)
        return BadGateway(
            f"Signing in with {self.provider} does not work: its answer cannot be used. Sign in another way.",
            slug="oidc-provider-fault",
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _body(self, answer: "httpx2.Response") -> bytes:
        body = b""
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise self.useless(f"{answer.url} answered more than {MAX_BYTES} bytes")
        return body

    def _down(self, why: str) -> Unavailable:
        log.warning("oidc.provider_down", provider=self.provider, reason=why)
        return Unavailable(
            f"{self.provider} does not answer. Try again shortly, or sign in another way.",
            slug="oidc-provider-down",
            headers={"Retry-After": "10"},
        )
