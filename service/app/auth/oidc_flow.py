"""Signing in with an OpenID provider: to it, and back.

What must be the same when the browser comes back (`state`, `nonce`, the PKCE verifier, where it wants to go) travels in
an encrypted cookie of that browser. So a sign-in can only be finished in the browser that began it (no login CSRF), and
nothing is stored for those who never come back. The provider takes a code once; the cookie goes with the first answer.
"""

import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from app.config import Settings
from app.http.errors import BadRequest, InvalidInput, NotFound, Unauthorized
from app.resources import Resources
from app.security.encryption import DecryptionError, decrypt_json, encrypt_json
from app.security.oidc.client import Claims, OidcClient

FLOW_SECONDS = 600
_FLOW = "oidc-flow"
_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
LOST = "This sign-in was not begun in this browser, or too long ago: begin again."


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in under way."""

    provider: str
    state: str
    nonce: str
    verifier: str
    return_to: str | None


@dataclass(frozen=True, slots=True)
class BrowserAnswer:
    """What the browser brings back (RFC 6749 §4.1.2, RFC 9207)."""

    code: str | None
    iss: str | None
    error: str | None


def provider_of(name: str, *, resources: Resources) -> OidcClient:
    """Raises NotFound."""
    provider = resources.providers.get(name)
    if provider is None:
        raise NotFound("There is no sign-in provider of this name.")
    return provider


async def begin(name: str, *, return_to: str | None, resources: Resources) -> tuple[str, str]:
    """Where to send the browser, and the encrypted flow for its cookie. Raises NotFound, InvalidInput, Unavailable."""
    provider = provider_of(name, resources=resources)
    if return_to is not None and not may_return_to(return_to, resources.settings):
        detail = "It must be a path of this service or an address of one of ALLOWED_ORIGINS."
        raise InvalidInput.for_field("return_to", detail, location="query")
    # 256 bits each; the verifier has the 43 characters that RFC 7636 §4.1 asks for.
    flow = Flow(name, *(secrets.token_urlsafe(32) for _ in range(3)), return_to=return_to)
    url = await provider.authorization_url(
        redirect_uri=redirect_uri(name, resources.settings),
        state=flow.state,
        nonce=flow.nonce,
        verifier=flow.verifier,
    )
    return url, encrypt_json(asdict(flow), purpose=_FLOW, secrets=resources.signer.secrets)


def resume(name: str, encrypted: str | None, *, state: str | None, resources: Resources) -> Flow:
    """The sign-in that this browser began, if `state` is of it. Raises BadRequest."""
    try:
        content = decrypt_json(encrypted or "", purpose=_FLOW, secrets=resources.signer.secrets, max_age=FLOW_SECONDS)
    except DecryptionError:
        raise BadRequest(LOST, slug="oidc-state") from None
    flow = Flow(**content)
    if flow.provider != name or not hmac.compare_digest(flow.state.encode(), (state or "").encode()):
        raise BadRequest(LOST, slug="oidc-state")
    return flow


async def finish(flow: Flow, answer: BrowserAnswer, *, resources: Resources) -> Claims:
    """Who the provider says it is. Raises BadRequest, Unauthorized, and as the provider."""
    provider = provider_of(flow.provider, resources=resources)
    await provider.check_issuer(answer.iss)
    if answer.error is not None or not answer.code:
        denied = answer.error == "access_denied"
        detail = "You did not agree at the provider." if denied else "The provider did not sign you in: begin again."
        raise Unauthorized(detail, slug="oidc-denied")
    return await provider.exchange(
        answer.code,
        redirect_uri=redirect_uri(flow.provider, resources.settings),
        verifier=flow.verifier,
        nonce=flow.nonce,
    )


def redirect_uri(name: str, settings: Settings) -> str:
    """The address to register with the provider."""
    return f"{settings.base_url}{settings.api_v1_str}/auth/oidc/{name}/callback"


def may_return_to(address: str, settings: Settings) -> bool:
    """Whether a browser may be sent there afterwards: our own pages, and those of ALLOWED_ORIGINS (`*` adds none)."""
    if _LOCAL_PATH.fullmatch(address):
        return True
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    visible = address.isascii() and address.isprintable() and " " not in address
    return visible and f"{parts.scheme}://{parts.netloc}".lower() in {o.lower() for o in settings.allowed_origins}
