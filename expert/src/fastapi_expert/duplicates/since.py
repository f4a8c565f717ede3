"""Which findings a change brings in: those with a place on a line that is new or changed since a revision."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.git import Repository

_WHOLE = (1, 1 << 31)


def added_lines(root: Path, revision: str) -> dict[str, list[tuple[int, int]]]:
    """Path relative to ``root`` -> ranges of lines (first, last) that the work tree changed since it left ``revision``.

    Where lines are only gone, the lines before and after the gap count. Files git does not know yet count whole.

    Raises:
        GitError: no repository, or no such revision.
    """
    repository = Repository.find(root)
    changed = repository.changed_lines(repository.fork(revision))
    changed.update((path, [_WHOLE]) for path in repository.names("ls-files", "--others", "--exclude-standard", "-z"))
    files = {repository.root / path: ranges for path, ranges in changed.items()}
    below = root.resolve()
    return {file.relative_to(below).as_posix(): lines for file, lines in files.items() if file.is_relative_to(below)}


def touched(findings: Sequence[Finding], lines: Mapping[str, Sequence[tuple[int, int]]]) -> tuple[Finding, ...]:
    """The findings of which some place lies on one of ``lines``."""
    return tuple(finding for finding in findings if any(_changed(place, lines) for place in finding.components))


def _changed(place: Place, lines: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
    return any(first <= place.end_line and place.line <= last for first, last in lines.get(place.path, ()))
