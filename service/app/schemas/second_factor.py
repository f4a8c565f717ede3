"""The second factor on the wire."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from app.schemas.common import Schema, Timestamp
from app.schemas.fields import STORABLE, Token

Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=6, max_length=64),
    STORABLE,
    Field(repr=False, description="Six digits from the authenticator app, or a recovery code."),
]


Password = Annotated[
    str,
    StringConstraints(max_length=1024),
    STORABLE,
    Field(
        repr=False,
        json_schema_extra={"format": "password"},
        description="Empty for who has none; they must have signed in within ten minutes.",
    ),
]


class SecondFactorState(BaseModel):
    enabled: bool
    confirmed_at: Timestamp | None
    recovery_codes_left: int


class SecondFactorBegin(Schema):
    password: Password = ""


class SecondFactorSecret(BaseModel):
    """Show `otpauth_uri` as a QR code, and `secret` for those who cannot scan it."""

    secret: Annotated[str, Field(description="Base32.")]
    otpauth_uri: str


class SecondFactorConfirm(Schema):
    code: Code


class RecoveryCodes(BaseModel):
    recovery_codes: Annotated[list[str], Field(description="Shown this once; each is good once.")]


class SecondFactorChange(Schema):
    password: Password = ""
    code: Code


class SecondFactorLogin(Schema):
    mfa_token: Annotated[Token, Field(description="From the answer to the first step.")]
    code: Code
