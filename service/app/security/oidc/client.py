"""One OpenID provider as we use it: where to send the browser, and what the code it brings back is worth."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from app.config.oidc import ProviderSettings
from app.http.errors import BadRequest
from app.kit.ttl_value import TTLValue
from app.security.oidc.http import ProviderHttp
from app.security.oidc.id_token import BadIdToken, Expected, KeyNotFound, validate
from app.security.oidc.metadata import Metadata, read_metadata

KEEP = 3600.0
"""Seconds that what a provider says of itself is believed."""
ASK_AGAIN = 30.0
"""Seconds between two looks for a key that was not there: a made-up `kid` must not become a request each."""
CODE_REFUSED = "The provider does not take this code, or no longer: begin again."


@dataclass(frozen=True, slots=True)
class Claims:
    """Who somebody is, as the provider says."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    profile: dict[str, Any]


class OidcClient:
    """The client side of one provider. What it says of itself is kept for an hour; its keys, until an unknown one."""

    def __init__(self, name: str, settings: ProviderSettings) -> None:
        self.name = name
        self.settings = settings
        self.http = ProviderHttp(settings.title or name)
        self._metadata = TTLValue(self._read_metadata)
        self._keys = TTLValue(self._read_keys)

    async def metadata(self) -> Metadata:
        """Raises Unavailable, BadGateway."""
        return await self._metadata.get(max_age=KEEP)

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser asks for a code (PKCE: RFC 7636, S256). Raises Unavailable, BadGateway."""
        metadata = await self.metadata()
        parameters = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64url(sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{separator}{urlencode(parameters)}"

    async def check_issuer(self, iss: str | None) -> None:
        """The answer the browser brought names this provider (RFC 9207), if it names one. Raises BadRequest."""
        metadata = await self.metadata()
        if iss != metadata.issuer and (iss is not None or metadata.names_itself):
            raise BadRequest("This answer is of another provider: begin again.", slug="oidc-wrong-issuer")

    async def exchange(self, code: str, *, redirect_uri: str, verifier: str, nonce: str) -> Claims:
        """What a code is worth. Raises BadRequest when it is worth nothing, Unavailable, BadGateway."""
        metadata = await self.metadata()
        tokens = await self._redeem(code, metadata, redirect_uri=redirect_uri, verifier=verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise self.http.useless("the token endpoint gave no ID token or no access token")
        try:
            claims = await self._validated(id_token, metadata, nonce=nonce, access_token=access_token)
        except BadIdToken as fault:
            raise self.http.useless(f"ID token refused: {fault}") from fault
        if "email" not in claims and metadata.userinfo_endpoint is not None:
            claims |= await self._userinfo(metadata.userinfo_endpoint, access_token, subject=claims["sub"])
        email = claims.get("email")
        return Claims(
            issuer=metadata.issuer,
            subject=claims["sub"],
            email=email if isinstance(email, str) else None,
            email_verified=claims.get("email_verified") in (True, "true"),  # some send text
            profile=claims,
        )

    async def _redeem(self, code: str, metadata: Metadata, *, redirect_uri: str, verifier: str) -> dict[str, Any]:
        client_id, secret = self.settings.client_id, self.settings.client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        options: dict[str, Any] = {"data": form}
        if secret is None:
            form["client_id"] = client_id
        elif metadata.secret_in_body:
            form |= {"client_id": client_id, "client_secret": secret.get_secret_value()}
        else:  # form-encoded before it is joined by a colon: RFC 6749 §2.3.1
            options["auth"] = (quote(client_id, safe=""), quote(secret.get_secret_value(), safe=""))
        status, answer = await self.http.request("POST", metadata.token_endpoint, **options)
        if status == 400 and answer.get("error") == "invalid_grant":
            raise BadRequest(CODE_REFUSED, slug="oidc-code-refused")
        if status != 200:
            raise self.http.useless(f"the token endpoint answered {status} {str(answer.get('error'))[:80]}")
        return answer

    async def _validated(self, token: str, metadata: Metadata, *, nonce: str, access_token: str) -> dict[str, Any]:
        expected = Expected(metadata.issuer, self.settings.client_id, nonce=nonce, access_token=access_token)
        try:
            return validate(token, expected, keys=await self._keys.get(max_age=KEEP))
        except KeyNotFound:
            return validate(token, expected, keys=await self._keys.get(max_age=ASK_AGAIN))

    async def _userinfo(self, url: str, access_token: str, *, subject: str) -> dict[str, Any]:
        """Claims that are not in the ID token (Core §5.3). They must be of the same subject (§5.3.2)."""
        claims = await self.http.get(url, headers={"Authorization": f"Bearer {access_token}"})
        if claims.get("sub") != subject:
            raise self.http.useless("the userinfo is of another subject")
        return claims

    async def _read_metadata(self) -> Metadata:
        document = await self.http.get(self.settings.discovery_url)
        try:
            return read_metadata(document, self.settings)
        except ValueError as fault:
            raise self.http.useless(f"{self.settings.discovery_url}: {fault}") from fault

    async def _read_keys(self) -> list[jwt.PyJWK]:
        metadata = await self.metadata()
        try:
            return jwt.PyJWKSet.from_dict(await self.http.get(metadata.jwks_uri)).keys
        except (jwt.PyJWTError, TypeError, AttributeError) as fault:
            raise self.http.useless(f"{metadata.jwks_uri}: {fault}") from fault


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
