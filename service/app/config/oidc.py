"""What has to be known of a provider; the rest it says itself (OpenID Connect Discovery 1.0)."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

DISCOVERY = "/.well-known/openid-configuration"


class ProviderSettings(BaseModel):
    """One value of OIDC_PROVIDERS. The provider has to send `email` and `email_verified`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, Field(description="Its issuer, or the URL of its discovery document.")]
    client_id: Annotated[str, StringConstraints(min_length=1)]
    client_secret: SecretStr | None = None
    scopes: str = "openid email profile"
    title: Annotated[str | None, Field(description="What to call it on a button; default: its name.")] = None

    @field_validator("issuer")
    @classmethod
    def _web_address(cls, value: str) -> str:
        issuer = value.removesuffix(DISCOVERY)
        if not issuer.startswith(("https://", "http://")) or "?" in issuer or "#" in issuer:
            raise ValueError("issuer must be an https:// address without query and fragment")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _asks_for_an_id_token(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("scopes must contain openid")
        return value

    @property
    def discovery_url(self) -> str:
        return self.issuer.rstrip("/") + DISCOVERY

    @property
    def is_secure(self) -> bool:
        return self.issuer.startswith("https://")
