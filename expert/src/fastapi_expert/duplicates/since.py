"""Which findings a change brings in: those with a place on a line that is new or changed since a revision."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.git import Repository

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_DIFF = "-c core.quotePath=no diff --unified=0 --no-color --no-ext-diff --no-renames --src-prefix=a/ --dst-prefix=b/"


def added_lines(root: Path, revision: str) -> dict[str, list[tuple[int, int]]]:
    """Path relative to ``root`` -> ranges of lines (first, last) that differ from ``revision`` in the work tree.

    Where lines are only gone, the lines before and after the gap count. Files git does not know yet count whole.

    Raises:
        GitError: no repository, or no such revision.
    """
    repository = Repository.find(root)
    base = repository.git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    shown = repository.git(*_DIFF.split(), base, "--", "*.py")
    lines = {_relative(repository, root, path): ranges for path, ranges in _ranges(shown).items()}
    for path in repository.names("ls-files", "--others", "--exclude-standard", "-z"):
        lines[_relative(repository, root, path)] = [(1, 1 << 31)]
    return {path: ranges for path, ranges in lines.items() if path is not None}


def touched(findings: Sequence[Finding], lines: Mapping[str, Sequence[tuple[int, int]]]) -> tuple[Finding, ...]:
    """The findings of which some place lies on one of ``lines``."""
    return tuple(finding for finding in findings if any(_changed(place, lines) for place in finding.components))


def _changed(place: Place, lines: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
    return any(first <= place.end_line and place.line <= last for first, last in lines.get(place.path, ()))


def _ranges(diff: str) -> dict[str, list[tuple[int, int]]]:
    ranges: dict[str, list[tuple[int, int]]] = {}
    current: list[tuple[int, int]] = []
    lines = iter(diff.split("\n"))
    for line in lines:
        if line.startswith("+++ "):
            current = ranges.setdefault(line[6:].rstrip("\t"), [])
        elif match := _HUNK.match(line):
            gone, start, count = int(match[1] or 1), int(match[2]), int(match[3] or 1)
            current.append((start, start + count - 1) if count else (start, start + 1))
            for _ in range(gone + count):  # the lines themselves may look like anything
                next(lines, None)
    return ranges


def _relative(repository: Repository, root: Path, path: str) -> str | None:
    file = repository.root / path
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else None
