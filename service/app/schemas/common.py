"""Parts that every wire format shares."""

from typing import Annotated, Any, ClassVar

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.core.ids import MAX_ID


def _storable(value: Any) -> Any:
    """Refuse what no database column or UTF-8 answer can hold: NUL (PostgreSQL) and lone surrogates."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("must not contain NUL characters")
        if any("\ud800" <= character <= "\udfff" for character in value) if not value.isascii() else False:
            raise ValueError("must not contain lone surrogates")
    return value


Storable = BeforeValidator(_storable)
Text = Annotated[str, Storable]
Line = Annotated[str, Storable, StringConstraints(strip_whitespace=True)]

Id = Annotated[int, Path(ge=1, le=MAX_ID, description="The row's number.")]


class Schema(BaseModel):
    """Base of everything a client sends: unknown fields are refused, text must be storable."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class Message(BaseModel):
    message: Annotated[str, Field(description="What happened, for people.")]
