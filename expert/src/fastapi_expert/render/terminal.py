"""Text for people without a library, which would cost a hook more than its answer: width, colour where it is wanted."""

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO
from unicodedata import combining, east_asian_width

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_CODE = re.compile(r"\033\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Style:
    """How to write for one stream: whether colour is wanted, how many columns there are, and whether they end lines.

    A terminal breaks what is longer wherever it happens to end; a pipe or a file takes a line of any length.
    """

    colour: bool
    width: int
    is_terminal: bool = False

    def paint(self, text: str, *names: str) -> str:
        """``text`` in the named styles; unchanged when colour is not wanted or there is nothing to colour."""
        if not self.colour or not text or not names:
            return text
        return f"\033[{';'.join(_CODES[name] for name in names)}m{text}\033[0m"

    def row(self, parts: Iterable[str], indent: int = 8) -> str:
        """``parts`` two spaces apart; on a terminal broken between parts, and what follows set in by ``indent``."""
        row, taken = "", 0
        for part in filter(None, parts):
            width = cells(_CODE.sub("", part).rstrip())
            if not row:
                row, taken = part, cells(_CODE.sub("", part))
            elif self.is_terminal and taken + 2 + width > self.width:
                row = f"{row.rstrip()}\n{'':{indent}}{part}"
                taken = indent + cells(_CODE.sub("", part))
            else:
                row += f"  {part}"
                taken += 2 + cells(_CODE.sub("", part))
        return row.rstrip()


def style_of(stream: TextIO) -> Style:
    """The style for ``stream``: NO_COLOR (no-color.org) wins, then FORCE_COLOR, then whether it is a terminal."""
    return Style(colour=wants_colour(stream), width=_width(stream), is_terminal=stream.isatty())


def stdout_style() -> Style:
    """The style for standard output as it is now."""
    return style_of(sys.stdout)


def wants_colour(stream: TextIO) -> bool:
    """Whether ``stream`` should get escape codes."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def counted(count: int, thing: str) -> str:
    """`1 route`, `1,024 routes`."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def printable(text: str) -> str:
    """``text`` with control characters made visible: source under study must not drive the reader's terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _visible(char) for char in text)


def cells(text: str) -> int:
    """How many columns ``text`` takes on a terminal: two for wide characters, none for combining ones (UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def cut(text: str, room: int) -> str:
    """As much of ``text`` as fits into ``room`` columns, with an ellipsis where something is missing."""
    if cells(text) <= room:
        return text
    taken = 0
    for number, char in enumerate(text):
        taken += _cells(char)
        if taken > room - 1:
            return f"{text[:number]}…"
    return text


def _cells(char: str) -> int:
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def _visible(char: str) -> str:
    if char == "\t":
        return "    "
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def _width(stream: TextIO) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 100  # a pipe or a file: wide enough for a message, not for two columns of code


def write(text: str) -> None:
    """Print ``text`` and a newline to standard output."""
    sys.stdout.write(text + "\n")
