"""Mends that are mechanical and safe, applied to the files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from fastapi_expert.codebase.syntax.parsing import as_utf8, parse
from fastapi_expert.review.model import Edit, Finding
from fastapi_expert.store import write_atomically


def apply(root: Path, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Mend what ``findings`` have a fix for; the paths that were changed, relative to ``root``.

    A file that would not parse afterwards, or whose text is not where it was, is left as it is.
    """
    by_path: dict[str, dict[Edit, None]] = {}
    for one in findings:
        for edit in one.fix:
            by_path.setdefault(edit.path, {})[edit] = None
    return tuple([path for path, edits in sorted(by_path.items()) if _mend(root / path, list(edits))])


def _mend(file: Path, edits: Sequence[Edit]) -> bool:
    try:
        source = file.read_bytes()
    except OSError:
        return False
    if as_utf8(source) != source:  # the positions are those of the text in UTF-8
        return False
    mended = source
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        if source[edit.start : edit.end] != edit.old.encode():
            return False
        mended = mended[: edit.start] + edit.text.encode() + mended[edit.end :]
    if mended == source or parse(mended).has_error:
        return False
    write_atomically(file, mended)
    return True
