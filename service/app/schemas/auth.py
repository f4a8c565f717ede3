"""Signing up, in and out, on the wire."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.schemas.common import Schema, Timestamp
from app.schemas.fields import STORABLE, Avatar, Bio, Email, GivenPassword, Name, NewPassword, Token, Username
from app.schemas.user import UserPrivate


# expert: ignore[FX202] there every field may be left out, here none may
class Registration(Schema):
    email: Email
    username: Username
    password: NewPassword
    first_name: Name | None = None
    last_name: Name | None = None
    bio: Bio | None = None
    avatar: Avatar | None = None


class LoginForm(BaseModel):
    """OAuth2 password grant (RFC 6749 §4.3.2). Parameters it does not know are ignored, as §3.2 demands."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    username: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=320),
        STORABLE,
        Field(description="E-mail address or username."),
    ]
    password: GivenPassword
    # A form cannot say null: it would send the word.
    grant_type: Annotated[Literal["password"] | None, WithJsonSchema({"type": "string", "const": "password"})] = None
    scope: Annotated[str, StringConstraints(max_length=1024), STORABLE] = ""
    client_id: Annotated[str, StringConstraints(max_length=256), STORABLE] | None = None
    client_secret: Annotated[str, StringConstraints(max_length=256), STORABLE] | None = None


class TokenPair(BaseModel):
    """RFC 6749 §5.1."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # RFC 6750's word
    expires_in: Annotated[int, Field(description="Seconds the access token is good for.")]


class CookieSession(BaseModel):
    """What is left to say when the tokens are in cookies."""

    expires_in: Annotated[int, Field(description="Seconds until the access token is to be refreshed.")]
    csrf_token: Annotated[
        str, Field(description="Send it as `X-CSRF-Token` where a browser sends neither `Origin` nor `Sec-Fetch-Site`.")
    ]


class Registered(TokenPair):
    message: str
    user: UserPrivate


class RegisteredByCookie(CookieSession):
    message: str
    user: UserPrivate


class Refresh(Schema):
    refresh_token: Token


class SessionView(BaseModel):
    """One place where you are signed in."""

    id: UUID
    created_at: Timestamp
    last_used_at: Timestamp
    expires_at: Timestamp
    ip_address: str | None
    user_agent: str | None
    current: Annotated[bool, Field(description="Whether this request came by it.")]


class EmailVerification(Schema):
    token: Token


class PasswordChange(Schema):
    current_password: GivenPassword
    new_password: NewPassword


class PasswordForgotten(Schema):
    email: Email


class PasswordReset(Schema):
    token: Token
    new_password: NewPassword
