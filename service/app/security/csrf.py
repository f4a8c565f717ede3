"""Cross-site request forgery: only our own pages may make a browser that is signed in by cookie change something.

A browser says where a request comes from: in `Sec-Fetch-Site` (Fetch Metadata) since 2020–2023, in `Origin` before. One
that says neither has to send the session's token back in a header, which a page of another site cannot read. This is
what OWASP's CSRF prevention cheat sheet advises, in its order. Requests with an `Authorization` header need none of
it: no browser adds that by itself.
"""

import hmac
from collections.abc import Iterable
from uuid import UUID

from app.config import Settings
from app.http.errors import Forbidden
from app.kit.keys import derive_key

TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  # a header's name
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 §9.2.1

_SLUG = "cross-site-request"
_FOREIGN = "This request was sent by a page of another site. If that site is yours, add its origin to ALLOWED_ORIGINS."
_UNKNOWN = (
    "Nothing says that one of our own pages sent this request. Browsers send Origin or Sec-Fetch-Site; without them, "
    f"send the csrf_token that the sign-in was answered with (it is in a cookie, too) as {TOKEN_HEADER}."
)


class CsrfGuard:
    """Tells requests of our own pages from those of other sites.

    Our own pages are those of this host, PUBLIC_URL and ALLOWED_ORIGINS (`*` adds none).
    """

    def __init__(self, settings: Settings, *, secrets: Iterable[str]) -> None:
        named = [*settings.allowed_origins, settings.public_url or ""]
        self._own_origins = {origin for name in named if (origin := _origin(name))}
        self._keys = [derive_key(secret, "csrf") for secret in secrets]

    def token(self, session_id: UUID) -> str:
        """The token of a session: it takes SECRET_KEY to make one, and it is good for this session alone."""
        return _token(self._keys[0], session_id)

    def is_token(self, given: str | None, session_id: UUID) -> bool:
        if given is None:
            return False
        return any(hmac.compare_digest(given.encode(), _token(key, session_id).encode()) for key in self._keys)

    def require_own_page(self, headers: dict[bytes, bytes], *, https: bool, session_id: UUID | None = None) -> None:
        """Raise Forbidden unless one of our own pages sent this. Without a session (a login) no token can say so."""
        own = self.is_own(headers, https=https)
        if own is None:
            given = headers.get(TOKEN_HEADER.lower().encode(), b"").decode("latin-1")
            own = session_id is not None and self.is_token(given, session_id)
            if not own:
                raise Forbidden(_UNKNOWN, slug=_SLUG)
        if not own:
            raise Forbidden(_FOREIGN, slug=_SLUG)

    def is_own(self, headers: dict[bytes, bytes], *, https: bool) -> bool | None:
        """Whether one of our pages sent this; None when the client does not say."""
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if site in (b"same-origin", b"none"):  # "none": the user, by an address typed or a bookmark
            return True
        if origin is None:
            return None if site is None else False
        sender = origin.decode("latin-1").lower()
        if sender in self._own_origins:
            return True
        if site is not None:
            return False
        scheme, _, host = sender.partition("://")
        return host == headers.get(b"host", b"").decode("latin-1").lower() and not (https and scheme == "http")


def _origin(address: str) -> str | None:
    """``https://host:port`` of an address; None for what has no host."""
    scheme, separator, rest = address.lower().partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://{host}" if separator and host else None


def _token(key: bytes, session_id: UUID) -> str:
    return hmac.new(key, session_id.bytes, "sha256").hexdigest()
