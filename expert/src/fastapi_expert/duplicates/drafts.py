"""What is about to be written: a whole file, or a unified diff of which every file is judged as it will be.

Source of the format: POSIX `diff -u` and git's extended headers (git-diff(1), "Generating patch text").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fastapi_expert.errors import ExpertError

_DIFF = re.compile(rb"^--- [^\n]+\n\+\+\+ [^\n]+\n@@ -\d", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NOWHERE = "/dev/null"


class PatchError(ExpertError):
    """A diff that cannot be read or does not fit the tree it is for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of one file to be. ``path`` is where it will lie (relative to the root), None when nobody said;
    ``renamed_from`` where it lies now, if that is elsewhere; ``old`` what it replaces, None for what lies there now."""

    source: bytes
    path: str | None
    renamed_from: str | None = None
    old: bytes | None = None


class _Hunk(NamedTuple):
    """Lines with their signs, and the line of each side at which they begin."""

    start: int
    new_start: int
    lines: list[str]

    @property
    def reversed(self) -> "_Hunk":
        signs = {"+": "-", "-": "+", " ": " "}
        return _Hunk(self.new_start, self.start, [signs[line[0]] + line[1:] for line in self.lines])

    def side(self, signs: str) -> list[str]:
        return [line[1:] for line in self.lines if line[0] in signs]


@dataclass(slots=True)
class _FileDiff:
    old: str
    new: str
    renamed: bool
    hunks: "list[_Hunk]" = field(default_factory=list["_Hunk"])


def is_diff(text: bytes) -> bool:
    """Whether ``text`` is a unified diff and not a Python file."""
    return _DIFF.search(text) is not None


def read_diff(text: bytes, root: Path) -> tuple[Draft, ...]:
    """The files of a diff as they will be, a deleted one with an empty text.

    A diff that the tree has taken already (`git diff` of the work tree) is read backwards: what lies there is the new
    side. A file that is not in the tree, or has neither side's lines, is judged by the diff's own lines alone.

    Raises:
        PatchError: a hunk is cut short; names the file and the hunk.
    """
    drafts: list[Draft] = []
    for diff in _parse(text.decode("utf-8", errors="surrogateescape")):
        path = diff.old if diff.new == _NOWHERE else diff.new
        old, new = _sides(diff, root)
        drafts.append(Draft(new, path, diff.old if diff.renamed else None, old))
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
            old, new = int(match[2] or 1), int(match[4] or 1)
            body = _hunk(lines, old, new, current.new, line)
            current.hunks.append(_Hunk(int(match[1]), int(match[3]), body))
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


def _sides(diff: _FileDiff, root: Path) -> tuple[bytes, bytes]:
    """The file before and after the diff."""
    if diff.new == _NOWHERE:
        return b"", b""
    lies = _lines(root / diff.new)
    brings = any(hunk.side("+") for hunk in diff.hunks)
    old = _applied(lies, [hunk.reversed for hunk in diff.hunks]) if brings else None
    if old is not None:  # before the other way: what was added at the end of a file fits a second time
        return _joined(old), _joined(lies)
    lies = _lines(root / diff.old)
    new = _applied(lies, diff.hunks)
    if new is not None:
        return _joined(lies), _joined(new)
    old, new = ([line for hunk in diff.hunks for line in hunk.side(signs)] for signs in (" -", " +"))
    return _joined([*old, ""]), _joined([*new, ""])


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return []


def _joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", errors="surrogateescape")


def _applied(old: list[str], hunks: list[_Hunk]) -> list[str] | None:
    """``old`` with all hunks applied; None when one does not fit."""
    new: list[str] = []
    at = 0
    for hunk in hunks:
        before = hunk.side(" -")
        first = hunk.start - 1 if before else hunk.start
        if first < at or [line.rstrip("\r") for line in old[first : first + len(before)]] != [
            line.rstrip("\r") for line in before
        ]:
            return None
        new += old[at:first] + hunk.side(" +")
        at = first + len(before)
    return new + old[at:]
