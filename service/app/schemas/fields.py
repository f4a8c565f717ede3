"""The rules of single fields, each written once."""

import unicodedata
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, StringConstraints, TypeAdapter, WithJsonSchema

PASSWORD_MIN, PASSWORD_MAX = 8, 128
PASSWORD_SYMBOLS = "@$!%*?&"  # noqa: S105  # the symbols a password may choose from

_URL = TypeAdapter(HttpUrl)


def storable(value: object) -> object:
    """Refuse what no column can hold (NUL, in PostgreSQL) and no UTF-8 can carry (lone surrogates)."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("must not contain NUL characters")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("must not contain lone surrogates")
    return value


def one_line(value: str) -> str:
    """Refuse control characters, line breaks among them."""
    if not value.isprintable() and any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise ValueError("must be one line without control characters")
    return value


def email_address(value: str) -> str:
    """The address in lower case, as it is stored: addresses that differ by case are one account."""
    try:
        # test_environment admits the reserved .test domain, which cannot belong to anyone.
        checked = validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as fault:
        raise ValueError(f"is not an e-mail address: {fault}") from None
    return checked.normalized.lower()


def strong_password(value: str) -> str:
    """Name every class of characters that is missing. Guessing it is tried later (it takes milliseconds)."""
    missing = [
        name
        for name, present in (
            ("an upper-case letter", any(map(str.isupper, value))),
            ("a lower-case letter", any(map(str.islower, value))),
            ("a digit", any(map(str.isdigit, value))),
            (f"one of {PASSWORD_SYMBOLS}", any(symbol in value for symbol in PASSWORD_SYMBOLS)),
        )
        if not present
    ]
    if missing:
        raise ValueError(f"must contain {', '.join(missing)}")
    return value


def web_address(value: str) -> str:
    return str(_URL.validate_python(value))


Text = Annotated[str, BeforeValidator(storable)]
Line = Annotated[Text, StringConstraints(strip_whitespace=True), AfterValidator(one_line)]

Email = Annotated[
    Text,
    StringConstraints(max_length=320),
    AfterValidator(email_address),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 320}),
]
Username = Annotated[Text, StringConstraints(min_length=3, max_length=50, pattern=r"^[A-Za-z0-9_]+$")]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=50)]
Bio = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=500)]
Avatar = Annotated[
    Text,
    StringConstraints(max_length=2048),
    AfterValidator(web_address),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": 2048, "pattern": "^https?://"}),
]
NewPassword = Annotated[
    Text,
    StringConstraints(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX),
    AfterValidator(strong_password),
    Field(
        repr=False,
        description=f"{PASSWORD_MIN}–{PASSWORD_MAX} characters with an upper-case and a lower-case letter, a digit and "
        f"one of `{PASSWORD_SYMBOLS}`; not guessable, and without the e-mail address or username in it.",
        json_schema_extra={"format": "password"},
    ),
]
# Whatever is longer than a password can be is a wrong password; this only bounds the work.
GivenPassword = Annotated[
    Text, StringConstraints(min_length=1, max_length=1024), Field(repr=False, json_schema_extra={"format": "password"})
]
Token = Annotated[Text, StringConstraints(min_length=1, max_length=2048), Field(repr=False)]
