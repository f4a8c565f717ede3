"""What is about to be written: a whole file, or every file of a diff as it will be."""

from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.codebase.files.listing import MAX_BYTES
from fastapi_expert.diff import NOWHERE, FileDiff, applied, is_diff, parse
from fastapi_expert.errors import ExpertError


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of one file to be. ``path`` is where it will lie (relative to the root), None when nobody said;
    ``moved_from`` where it lies now, if that is another place; ``old`` what it replaces, None for what lies at
    ``path``."""

    source: bytes
    path: str | None
    moved_from: str | None = None
    old: bytes | None = None


def drafts_of(text: bytes, root: Path, draft: Draft) -> tuple[Draft, ...]:
    """The files of a unified diff, or ``draft`` when ``text`` is none.

    Raises:
        DiffError: the diff is damaged.
        ExpertError: a file is larger than those that are read at all.
    """
    drafts = read_diff(text, root) if is_diff(text) else (draft,)
    for one in drafts:
        if len(one.source) > MAX_BYTES:
            raise ExpertError(
                f"{len(one.source):,} bytes is more than {MAX_BYTES:,}: such a file is data or generated",
                where=one.path,
                do="propose the part that somebody wrote",
            )
    return drafts


def read_diff(text: bytes, root: Path) -> tuple[Draft, ...]:
    """The files of a diff as they will be, a deleted one with an empty text.

    A diff that the tree has taken already (`git diff` of the work tree) is read backwards: what lies there is the new
    side. A file that is not in the tree, or has neither side's lines, is judged by the diff's own lines alone.

    Raises:
        DiffError: a hunk is cut short; names the file and the hunk.
    """
    drafts: list[Draft] = []
    for diff in parse(text.decode("utf-8", errors="surrogateescape")):
        path = diff.old if diff.new == NOWHERE else diff.new
        old, new = _sides(diff, root)
        drafts.append(Draft(new, path, diff.old if diff.is_rename else None, old))
    return tuple(drafts)


def _sides(diff: FileDiff, root: Path) -> tuple[bytes, bytes]:
    """The file before and after the diff."""
    if diff.new == NOWHERE:
        return b"", b""
    present = _lines(root / diff.new)
    adds = any(hunk.side("+") for hunk in diff.hunks)
    old = applied(present, [hunk.reversed for hunk in diff.hunks]) if adds else None
    if old is not None:  # before the other way: what was added at the end of a file fits a second time
        return _joined(old), _joined(present)
    present = _lines(root / diff.old)
    new = applied(present, diff.hunks)
    if new is not None:
        return _joined(present), _joined(new)
    old, new = ([line for hunk in diff.hunks for line in hunk.side(signs)] for signs in (" -", " +"))
    return _joined([*old, ""]), _joined([*new, ""])


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return []


def _joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", errors="surrogateescape")
