"""The provider's addresses, and what it says of its users. Django imports this once it is configured."""

from pathlib import Path
from typing import Any

import jwt
from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider.oauth2_validators import OAuth2Validator

from tests.auth.oidc.provider import CLIENT_SECRET, FAULTS

urlpatterns = [path("login/", LoginView.as_view()), path("", include("oauth2_provider.urls"))]


class Validator(OAuth2Validator):
    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        user = request.user
        return {
            "email": user.email,
            "email_verified": user.is_staff,  # a column of Django's own that says it as well as any
            "given_name": user.first_name,
            "family_name": user.last_name,
            "preferred_username": user.username,
        }

    def get_oidc_claims(self, token: Any, token_handler: Any, request: Any) -> dict[str, Any]:
        """Of this user the ID token says nothing but the subject; the rest is for who asks (Core §5.4)."""
        claims = super().get_oidc_claims(token, token_handler, request)
        terse = request.user.username == "terse" and token_handler is not None
        return {"sub": claims["sub"]} if terse else claims

    def finalize_id_token(self, id_token: Any, token: Any, token_handler: Any, request: Any) -> str:
        good = super().finalize_id_token(id_token, token, token_handler, request)
        name = request.user.username
        if name not in FAULTS:
            return good
        claims = jwt.decode(good, options={"verify_signature": False}) | FAULTS[name]
        claims = {key: value for key, value in claims.items() if value is not None}
        headers = {"kid": jwt.get_unverified_header(good)["kid"]}
        if name == "unsigned":
            return jwt.encode(claims, None, algorithm="none", headers=headers)
        if name == "signed_with_the_client_secret":
            return jwt.encode(claims, CLIENT_SECRET.ljust(32), algorithm="HS256", headers=headers)
        key = Path("alien.pem" if name == "signed_by_another" else "key.pem").read_text()
        return jwt.encode(claims, key, algorithm="RS256", headers=headers)
