"""The cookies of a browser that is signed in by cookie: their names (RFC 6265bis).

On https they carry the prefixes that browsers enforce: a `__Host-` cookie can only be set by this very host, over
TLS, so neither a page on another subdomain nor an attacker on the network can plant one. Such a cookie is sent to the
whole host; where the service has a part of a host only (a PUBLIC_URL with a path), its cookies stay there and are
`__Secure-` ones: sent over TLS alone.
"""

from dataclasses import dataclass
from functools import lru_cache

# Named after the service: cookies do not tell ports apart, so two services on one host (a developer's) would meet.
_ACCESS = "publishing-service-access"
_REFRESH = "publishing-service-refresh"
CSRF = "publishing-service-csrf"
_SESSION_MARK = f"{_ACCESS}=".encode()


@dataclass(frozen=True, slots=True)
class CookieNames:
    """``secure`` is whether they are sent over TLS alone, ``path`` what they are sent to (the refresh token's: less),
    ``mark`` what a browser has to check of those without a path of their own.
    """

    access: str
    refresh: str
    csrf: str
    secure: bool
    path: str = "/"
    mark: str = ""


PLAIN = CookieNames(_ACCESS, _REFRESH, CSRF, secure=False)


@lru_cache(maxsize=4)
def names_for(*, https: bool, prefix: str = "") -> CookieNames:
    """``prefix`` is the path of PUBLIC_URL."""
    path = prefix or "/"
    if not https:
        return CookieNames(_ACCESS, _REFRESH, CSRF, secure=False, path=path)
    mark = "__Secure-" if prefix else "__Host-"
    return CookieNames(f"{mark}{_ACCESS}", f"__Secure-{_REFRESH}", f"{mark}{CSRF}", secure=True, path=path, mark=mark)


SECURE = names_for(https=True)


def carries_session(headers: dict[bytes, bytes]) -> bool:
    """Whether a request may be signed in by cookie: one lookup for those that send no cookie at all."""
    sent = headers.get(b"cookie")
    return sent is not None and _SESSION_MARK in sent
