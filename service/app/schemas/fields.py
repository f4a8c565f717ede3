"""The rules of single fields, each written once."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.http.pagination import MAX_CURSOR_LENGTH
from app.kit.accounts import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    PASSWORD_SYMBOLS,
    USERNAME_MAX,
    USERNAME_MIN,
    is_plain_name,
    missing_in_password,
)
from app.kit.addresses import canonical_address

_TURNS = r"\u202a-\u202e\u2066-\u2069"
_UNWANTED = rf"\x00-\x1f\x7f-\x9f\u2028\u2029{_TURNS}"
NOT_BLANK = rf"^[^{_UNWANTED}]*[^\s{_UNWANTED}][^{_UNWANTED}]*$"
"""For the schema alone: one line with something in it."""

_TURNING = re.compile(f"[{_TURNS}]")
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs of which nothing is seen: Hangul's fillers, the empty Braille pattern."""
_NUMBER = re.compile(r"\s*[+-]?[\d_]*\.?[\d_]*\s*")
_URL = TypeAdapter(HttpUrl)


def storable(value: object) -> object:
    """The text in NFC, so that what looks alike is alike: passwords, tags, words that are searched.

    Refuses what no column can hold (NUL, in PostgreSQL) and no UTF-8 can carry (lone surrogates).
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise validation_error("nul_character", "NUL characters cannot be stored.")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise validation_error("lone_surrogate", "Half of a surrogate pair is no character.")
        return unicodedata.normalize("NFC", value)
    return value


def one_line(value: str) -> str:
    """Refuse control characters, line breaks among them, and what shows nothing.

    Marks that turn the direction of writing would turn the text around it, too: a mail's sentence, a row of a list. The
    letters of Arabic and Hebrew need none, and the marks that their words do need (RLM, ZWNJ) stay.
    """
    if value.isascii() and value.isprintable():
        return value
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise validation_error("control_character", "Write it in one line, without control characters.")
    if _TURNING.search(value):
        raise validation_error("direction", "Write it without marks that change the direction of writing.")
    if value and all(map(_shows_nothing, value)):
        raise validation_error("invisible", "Write something that can be seen.")
    return value


def _shows_nothing(character: str) -> bool:
    return character.isspace() or character in _FILLERS or unicodedata.category(character) == "Cf"


def email_address(value: str) -> str:
    """The one form of an address, as it is stored: spellings of one mailbox are one account."""
    try:
        return canonical_address(value)
    except ValueError as fault:
        raise validation_error("email", f"This is not an e-mail address: {fault}") from None


def strong_password(value: str) -> str:
    """Name every class of characters that is missing. Guessing it is tried later (it takes milliseconds)."""
    missing = missing_in_password(value)
    if missing:
        raise validation_error("weak_password", f"Add {', '.join(missing)}.")
    return value


def plain_name(value: str) -> str:
    if not is_plain_name(value):
        raise validation_error("username", "Use letters from a to z, digits and _ only.")
    return value


def web_address(value: str) -> str:
    try:
        return str(_URL.validate_python(value))
    except ValidationError:
        raise validation_error("url", "This is not a web address: it begins with http:// or https://.") from None


def written_out(value: object) -> object:
    """Pydantic would read a number, also one in a text, as seconds since 1970; the wire format is RFC 3339."""
    if value is not None and (not isinstance(value, str) or _NUMBER.fullmatch(value)):
        raise validation_error("time_as_text", "Write it out, a day as 2030-01-31, a time as 2030-01-31T12:00:00Z.")
    return value


def to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise validation_error("time_out_of_range", "In UTC this lies outside the years 1 to 9999.") from None


def validation_error(code: str, sentence: str) -> PydanticCustomError:
    """A fault in words that a form can show as they are."""
    return PydanticCustomError(code, "{sentence}", {"sentence": sentence})  # pyright: ignore[reportArgumentType] # typed for literals


def at_most(length: int) -> BeforeValidator:
    """Bound a text as it was sent: the schema's maxLength counts the blanks that are taken off afterwards, too."""

    def check(value: object) -> object:
        if isinstance(value, str) and len(value) > length:
            raise PydanticKnownError("string_too_long", {"max_length": length})
        return value

    return BeforeValidator(check)


STORABLE = BeforeValidator(storable)
ONE_LINE = AfterValidator(one_line)
# In every type the length comes first: behind a function Pydantic counts "items", not characters.

Text = Annotated[str, STORABLE]
Line = Annotated[str, StringConstraints(strip_whitespace=True), ONE_LINE, STORABLE]

Day = Annotated[date, BeforeValidator(written_out)]
UTCDatetime = Annotated[AwareDatetime, AfterValidator(to_utc), BeforeValidator(written_out)]
Email = Annotated[
    str,
    StringConstraints(max_length=320),
    AfterValidator(email_address),
    STORABLE,
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 320}),
]
Username = Annotated[
    str,
    StringConstraints(min_length=USERNAME_MIN, max_length=USERNAME_MAX),
    AfterValidator(plain_name),
    STORABLE,
    WithJsonSchema({"type": "string", "minLength": 3, "maxLength": 50, "pattern": "^[A-Za-z0-9_]+$"}),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50),
    ONE_LINE,
    STORABLE,
    at_most(50),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 50, "pattern": NOT_BLANK}),
]
Bio = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), STORABLE, at_most(500)]
Avatar = Annotated[
    str,
    StringConstraints(max_length=2048),
    AfterValidator(web_address),
    STORABLE,
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": 2048, "pattern": "^https?://"}),
]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX),
    AfterValidator(strong_password),
    STORABLE,
    Field(
        repr=False,
        description=f"{PASSWORD_MIN}–{PASSWORD_MAX} characters with an upper-case and a lower-case letter, a digit and "
        f"one of `{PASSWORD_SYMBOLS}`; not guessable, and without the e-mail address or username in it.",
        json_schema_extra={"format": "password"},
    ),
]
# Whatever is longer than a password can be is a wrong password; this only bounds the work.
GivenPassword = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    STORABLE,
    Field(repr=False, json_schema_extra={"format": "password"}),
]
# Every token we issue is visible ASCII; anything else is refused like any wrong token.
Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2048),
    STORABLE,
    Field(repr=False, json_schema_extra={"pattern": r"^[\x21-\x7e]+$"}),
]
Search = Annotated[str, StringConstraints(max_length=100), STORABLE]
Cursor = Annotated[
    str,
    StringConstraints(max_length=MAX_CURSOR_LENGTH),
    STORABLE,
    WithJsonSchema({"type": "string", "maxLength": MAX_CURSOR_LENGTH, "pattern": "^[A-Za-z0-9_-]*$"}),
]
