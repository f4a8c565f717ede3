"""Personal API tokens on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, WithJsonSchema

from app.models.api_token import Scope
from app.schemas.common import Schema, Timestamp
from app.schemas.fields import NOT_BLANK, ONE_LINE, STORABLE, at_most

MAX_DAYS, DEFAULT_DAYS = 366, 90

TokenName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    ONE_LINE,
    STORABLE,
    at_most(100),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100, "pattern": NOT_BLANK}),
]


class ApiTokenRequest(Schema):
    name: Annotated[TokenName, Field(description="What it is for.")]
    scopes: Annotated[list[Scope], Field(min_length=1, description="All that it may do.")]
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = DEFAULT_DAYS


class ApiTokenView(BaseModel):
    """An API token, without its secret."""

    id: UUID
    name: str
    prefix: Annotated[str, Field(description="How it begins.")]
    scopes: list[Scope]
    created_at: Timestamp
    expires_at: Timestamp
    last_used_at: Annotated[Timestamp | None, Field(description="To the minute.")]


class ApiTokenMade(ApiTokenView):
    token: Annotated[str, Field(description="Shown this once: send it as `Authorization: Bearer <token>`.")]
