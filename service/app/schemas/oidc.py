"""Sign-in with others, on the wire."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, Field

from app.schemas.common import Timestamp
from app.schemas.fields import STORABLE

ProviderName = Annotated[str, Path(max_length=50, description="Its name in OIDC_PROVIDERS.")]
ReturnTo = Annotated[
    str | None,
    Query(
        max_length=2000,
        description="Where the browser goes when it is signed in, by cookies: a path of this service, or an address of "
        "one of ALLOWED_ORIGINS. What went wrong is in the fragment (`#error=…`). Without it the answer is JSON.",
    ),
]
FromProvider = Annotated[str | None, Query(max_length=4096), STORABLE]


class ProviderView(BaseModel):
    """A provider to sign in with."""

    name: str
    title: Annotated[str, Field(description="For a button.")]
    login_path: Annotated[str, Field(description="Send the browser there.")]


class IdentityView(BaseModel):
    """An account elsewhere that signs in to yours."""

    id: UUID
    provider: Annotated[str | None, Field(description="Null when it is not configured any more.")]
    issuer: str
    email: Annotated[str, Field(description="The address by which it was linked.")]
    created_at: Timestamp
    last_used_at: Timestamp
