"""The cookies of a browser that is signed in by cookie: their names (RFC 6265bis).

On https they carry the prefixes that browsers enforce: a `__Host-` cookie can only be set by this very host, over
TLS, so neither a page on another subdomain nor an attacker on the network can plant one.
"""

from dataclasses import dataclass

# Named after the service: cookies do not tell ports apart, so two services on one host (a developer's) would meet.
_ACCESS = "publishing-service-access"
_REFRESH = "publishing-service-refresh"
CSRF = "publishing-service-csrf"
_SESSION_MARK = f"{_ACCESS}=".encode()


@dataclass(frozen=True, slots=True)
class CookieNames:
    """``secure`` is whether they are sent over TLS alone."""

    access: str
    refresh: str
    csrf: str
    secure: bool


SECURE = CookieNames(f"__Host-{_ACCESS}", f"__Secure-{_REFRESH}", f"__Host-{CSRF}", secure=True)
PLAIN = CookieNames(_ACCESS, _REFRESH, CSRF, secure=False)


def names_for(*, https: bool) -> CookieNames:
    return SECURE if https else PLAIN


def carries_session(headers: dict[bytes, bytes]) -> bool:
    """Whether a request may be signed in by cookie: one lookup for those that send no cookie at all."""
    sent = headers.get(b"cookie")
    return sent is not None and _SESSION_MARK in sent
