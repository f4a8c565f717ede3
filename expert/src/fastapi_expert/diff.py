"""Unified diffs, read in one place for everything that takes them.

Source of the format: POSIX `diff -u` and git's extended headers (git-diff(1), "Generating patch text").
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fastapi_expert.errors import ExpertError

NOWHERE = "/dev/null"
"""The name of the side on which a file does not exist."""
_DIFF = re.compile(rb"^--- [^\n]+\n\+\+\+ [^\n]+\n@@ -\d", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class DiffError(ExpertError):
    """A diff that cannot be read or does not fit the tree it is for."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines with their signs, and the line of each side at which they begin."""

    start: int
    new_start: int
    lines: list[str]

    @property
    def reversed(self) -> "Hunk":
        """The hunk that takes this one back."""
        signs = {"+": "-", "-": "+", " ": " "}
        return Hunk(self.new_start, self.start, [signs[line[0]] + line[1:] for line in self.lines])

    def side(self, signs: str) -> list[str]:
        """The lines with one of ``signs``, without them."""
        return [line[1:] for line in self.lines if line[0] in signs]


@dataclass(slots=True)
class FileDiff:
    """What a diff does to one file: its names on both sides (:data:`NOWHERE` for none) and the hunks in order."""

    old: str
    new: str
    is_rename: bool = False
    hunks: list[Hunk] = field(default_factory=list[Hunk])


def is_diff(text: bytes) -> bool:
    """Whether ``text`` is a unified diff and not a Python file."""
    return _DIFF.search(text) is not None


def parse(text: str) -> Iterator[FileDiff]:
    """The files of a diff.

    Raises:
        DiffError: a hunk is cut short; names the file and the hunk.
    """
    current: FileDiff | None = None
    is_rename = False
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith(("diff --git ", "rename from ")):
            is_rename = line.startswith("rename")
        elif line.startswith("--- "):
            following = next(lines, "")
            if following.startswith("+++ "):
                if current is not None:
                    yield current
                current = FileDiff(_name(line[4:]), _name(following[4:]), is_rename)
                is_rename = False
        elif current is not None and (match := _HUNK.match(line)):
            old, new = int(match[2] or 1), int(match[4] or 1)
            body = _hunk(lines, old, new, current.new, line)
            current.hunks.append(Hunk(int(match[1]), int(match[3]), body))
    if current is not None:
        yield current


def _hunk(lines: Iterator[str], old: int, new: int, path: str, head: str) -> list[str]:
    """The lines of a hunk that covers ``old`` lines of the old file and ``new`` of the new one."""
    body: list[str] = []
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            raise DiffError(f"the diff ends in the middle of hunk {head!r}", where=path, do="give the whole diff")
        sign = line[:1] or " "  # an editor may have stripped the blank of an empty context line
        if sign == "\\":
            continue
        if sign not in " +-":
            raise DiffError(f"hunk {head!r} is shorter than it says", where=path, do="give the diff as git made it")
        old -= sign in " -"
        new -= sign in " +"
        body.append(sign + line[1:])
    return body


_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}


def _name(text: str) -> str:
    name = text.partition("\t")[0].rstrip("\r")
    if name.startswith('"') and name.endswith('"'):
        name = _unquoted(name)
    return name[2:] if name[:2] in ("a/", "b/") else name


def _unquoted(name: str) -> str:
    """A path as git writes it in C's quotes: when it holds a quote, a backslash, a control or, perhaps, any other byte
    that is not ASCII."""
    plain = re.sub(
        r"\\([0-7]{3}|.)", lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else _ESCAPES.get(m[1], m[1]), name[1:-1]
    )
    try:
        return plain.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # `core.quotePath=no`: the octal escapes are controls only, the rest is text already
        return plain


def applied(old: Sequence[str], hunks: Sequence[Hunk]) -> list[str] | None:
    """The lines of ``old`` with all ``hunks`` applied; None when one does not fit."""
    new: list[str] = []
    position = 0
    for hunk in hunks:
        before = hunk.side(" -")
        first = hunk.start - 1 if before else hunk.start
        if first < position or [line.rstrip("\r") for line in old[first : first + len(before)]] != [
            line.rstrip("\r") for line in before
        ]:
            return None
        new += [*old[position:first], *hunk.side(" +")]
        position = first + len(before)
    return new + list(old[position:])
