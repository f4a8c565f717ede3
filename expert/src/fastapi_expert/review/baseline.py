"""The findings a codebase is known to have, so that only new ones fail: rule, path and message, a finding a line."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi_expert.config import Config
from fastapi_expert.errors import ExpertError
from fastapi_expert.review.model import Finding
from fastapi_expert.store import write_atomically

Key = tuple[str, str, str]


class BaselineError(ExpertError):
    """The baseline of a review is missing, is none, or cannot be written."""


def key(finding: Finding) -> Key:
    """What names a finding from one day to the next: lines do not count, so that code may move."""
    return (finding.rule, finding.path, finding.message)


def write(file: Path, findings: Sequence[Finding]) -> None:
    """Make ``file`` the baseline that knows exactly ``findings``.

    Raises:
        BaselineError: it cannot be written.
    """
    names = ("rule", "path", "message")
    rows = sorted(key(one) for one in findings)
    lines = ",\n".join("    " + json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows)
    try:
        write_atomically(file, f'{{\n  "schema_version": 1,\n  "findings": [\n{lines}\n  ]\n}}\n'.encode())
    except OSError as error:
        raise BaselineError(f"the baseline cannot be written: {error.strerror}", where=str(file)) from None


def read(file: Path) -> Sequence[Key]:
    """What the baseline in ``file`` knows.

    Raises:
        BaselineError: it is missing, unreadable, or no document of findings.
    """
    try:
        document: dict[str, Any] = json.loads(file.read_bytes())
        return [(one["rule"], one["path"], one["message"]) for one in document["findings"]]
    except OSError as error:
        raise BaselineError(f"the baseline cannot be read: {error.strerror}", where=str(file)) from None
    except (ValueError, KeyError, TypeError):
        raise BaselineError("this is no document of findings", where=str(file)) from None


def known_by(settings: Config) -> Sequence[Key]:
    """What the project's own baseline knows (`review-baseline` of its configuration); nothing where it has none.

    Raises:
        BaselineError: it cannot be read.
    """
    if settings.review_baseline is None or settings.source is None:
        return ()
    return read(settings.source.parent / settings.review_baseline)


def new_to(known: Sequence[Key], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that are not ``known``, each as often as it is."""
    left = Counter(known)
    new: list[Finding] = []
    for one in findings:
        if left[key(one)]:
            left[key(one)] -= 1
        else:
            new.append(one)
    return tuple(new)
