"""What a provider says of itself (OpenID Connect Discovery 1.0 §3), as far as we need it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.config.oidc import ProviderSettings


@dataclass(frozen=True, slots=True)
class Metadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    secret_in_body: bool
    """Whether the client secret goes into the body; HTTP Basic is what every provider has to take (RFC 6749 §2.3.1)."""
    names_itself: bool
    """Whether each of its answers to the browser names the issuer (RFC 9207)."""


def read_metadata(document: dict[str, Any], settings: ProviderSettings) -> Metadata:
    """Check and pick. Raises ValueError, which says what is wrong.

    The issuer has to be the one that was configured (§4.3), or any provider could speak for any other; every address
    has to be https, unless the issuer itself is not.
    """
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != settings.issuer.rstrip("/"):
        raise ValueError(f"the issuer there is {issuer!r}, not the configured {settings.issuer!r}")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    userinfo = document.get("userinfo_endpoint")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", settings),
        token_endpoint=_endpoint(document, "token_endpoint", settings),
        jwks_uri=_endpoint(document, "jwks_uri", settings),
        userinfo_endpoint=None if userinfo is None else _endpoint(document, "userinfo_endpoint", settings),
        secret_in_body="client_secret_basic" not in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: dict[str, Any], name: str, settings: ProviderSettings) -> str:
    address = document.get(name)
    if not isinstance(address, str):
        raise ValueError(f"{name} is missing")
    parts = urlsplit(address)  # ValueError for what is none
    if not parts.hostname or parts.scheme not in ({"https"} if settings.is_secure else {"https", "http"}):
        raise ValueError(f"{name} is {address!r}, not an https address")
    return address
