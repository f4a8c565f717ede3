"""Parts that every wire format shares."""

from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from app.kit.ids import MAX_ID

Id = Annotated[int, Path(ge=1, le=MAX_ID, description="Its number.")]

# RFC 3339 in UTC, written with Z.
Timestamp = Annotated[
    datetime, PlainSerializer(lambda value: value.isoformat().replace("+00:00", "Z"), return_type=str, when_used="json")
]


class Schema(BaseModel):
    """Base of what a client sends: unknown fields are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class Message(BaseModel):
    message: Annotated[str, Field(description="What happened, for people.")]
