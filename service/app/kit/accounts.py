"""What a username and a password look like, wherever one is chosen: in a form, on the command line, in the settings."""

import re

USERNAME_MIN, USERNAME_MAX = 3, 50
PASSWORD_MIN, PASSWORD_MAX = 8, 128
PASSWORD_SYMBOLS = "@$!%*?&"  # noqa: S105  # the symbols a password may choose from

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")


def is_plain_name(value: str) -> bool:
    """Whether it has letters from a to z, digits and _ only."""
    return _PLAIN_NAME.fullmatch(value) is not None


def missing_in_password(value: str) -> list[str]:
    """Every class of characters that a password lacks, in words."""
    return [
        name
        for name, present in (
            ("an upper-case letter", any(map(str.isupper, value))),
            ("a lower-case letter", any(map(str.islower, value))),
            ("a digit", any(map(str.isdigit, value))),
            (f"one of {PASSWORD_SYMBOLS}", any(symbol in value for symbol in PASSWORD_SYMBOLS)),
        )
        if not present
    ]
