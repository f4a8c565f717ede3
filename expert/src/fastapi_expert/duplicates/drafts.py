"""What is about to be written: a whole file, or a unified diff of which every file is judged as it will be.

Source of the format: POSIX `diff -u` and git's extended headers (git-diff(1), "Generating patch text").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fastapi_expert.errors import ExpertError

_DIFF = re.compile(rb"^--- [^\n]+\n\+\+\+ [^\n]+\n@@ -\d", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NOWHERE = "/dev/null"


class PatchError(ExpertError):
    """A diff that cannot be read or does not fit the tree it is for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of one file to be. ``path`` is where it will lie (relative to the root), None when nobody said;
    ``renamed_from`` where it lies now, if that is elsewhere."""

    source: bytes
    path: str | None
    renamed_from: str | None = None


@dataclass(slots=True)
class _FileDiff:
    old: str
    new: str
    renamed: bool
    hunks: list[tuple[int, list[str]]] = field(default_factory=list[tuple[int, list[str]]])


def is_diff(text: bytes) -> bool:
    """Whether ``text`` is a unified diff and not a Python file."""
    return _DIFF.search(text) is not None


def read_diff(text: bytes, root: Path) -> tuple[Draft, ...]:
    """The files of a diff as they will be, a deleted one with an empty text.

    A file that is not in the tree, or does not have the lines that the diff expects, is judged by its new side alone.

    Raises:
        PatchError: a hunk is cut short; names the file and the hunk.
    """
    drafts: list[Draft] = []
    for diff in _parse(text.decode("utf-8", errors="surrogateescape")):
        path = diff.old if diff.new == _NOWHERE else diff.new
        drafts.append(Draft(_new_text(diff, root), path, diff.old if diff.renamed else None))
    return tuple(drafts)


def _parse(text: str) -> Iterator[_FileDiff]:
    current: _FileDiff | None = None
    renamed = False
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith(("diff --git ", "rename from ")):
            renamed = line.startswith("rename")
        elif line.startswith("--- "):
            following = next(lines, "")
            if following.startswith("+++ "):
                if current is not None:
                    yield current
                current = _FileDiff(_name(line[4:]), _name(following[4:]), renamed)
                renamed = False
        elif current is not None and (match := _HUNK.match(line)):
            start, old, new = int(match[1]), int(match[2] or 1), int(match[4] or 1)
            current.hunks.append((start, _hunk(lines, old, new, current.new, line)))
    if current is not None:
        yield current


def _hunk(lines: Iterator[str], old: int, new: int, path: str, head: str) -> list[str]:
    """The lines of a hunk that covers ``old`` lines of the old file and ``new`` of the new one."""
    body: list[str] = []
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            raise PatchError(f"the diff ends in the middle of hunk {head!r}", where=path, do="give the whole diff")
        sign = line[:1] or " "  # an editor may have stripped the blank of an empty context line
        if sign == "\\":
            continue
        if sign not in " +-":
            raise PatchError(f"hunk {head!r} is shorter than it says", where=path, do="give the diff as git made it")
        old -= sign in " -"
        new -= sign in " +"
        body.append(sign + line[1:])
    return body


def _name(text: str) -> str:
    name = text.split("\t")[0].strip()
    if name.startswith('"') and name.endswith('"'):
        name = (
            name[1:-1]
            .encode("latin-1", "backslashreplace")
            .decode("unicode_escape")
            .encode("latin-1")
            .decode(errors="replace")
        )
    return name[2:] if name[:2] in ("a/", "b/") else name


def _new_text(diff: _FileDiff, root: Path) -> bytes:
    if diff.new == _NOWHERE:
        return b""
    try:
        old = (root / diff.old).read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        old = []
    new = _applied(old, diff.hunks)
    if new is None:
        new = [*(line[1:] for _, lines in diff.hunks for line in lines if line[0] in " +"), ""]
    return "\n".join(new).encode("utf-8", errors="surrogateescape")


def _applied(old: list[str], hunks: list[tuple[int, list[str]]]) -> list[str] | None:
    """``old`` with all hunks applied; None when one does not fit."""
    new: list[str] = []
    at = 0
    for start, lines in hunks:
        before = [line[1:] for line in lines if line[0] in " -"]
        first = start - 1 if before else start
        if first < at or [line.rstrip("\r") for line in old[first : first + len(before)]] != [
            line.rstrip("\r") for line in before
        ]:
            return None
        new += old[at:first] + [line[1:] for line in lines if line[0] in " +"]
        at = first + len(before)
    return new + old[at:]
