"""`Test-Change: reason`: where a change says why it touches what checks it (git-interpret-trailers(1))."""

import re
from collections.abc import Mapping

from fastapi_expert.git import Repository

TRAILER = "Test-Change"
_LINE = re.compile(rf"^{TRAILER}:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_REASON = re.compile(r"[^\W\d_]{2,}\W+(?:\w+\W+)*[^\W\d_]{2,}")
"""Two words at least: "ok" says nothing."""


def reason_in(message: str) -> str:
    """The reason that a commit's message gives; empty where it gives none that says something."""
    found = [one.strip() for one in _LINE.findall(message)]
    return next((one for one in found if is_reason(one)), "")


def is_reason(text: str) -> bool:
    """Whether a text says why: a word alone does not."""
    return _REASON.search(text) is not None


def reasons_since(repo: Repository, base: str) -> Mapping[str, str]:
    """Each path that a commit between ``base`` and HEAD changed and gave a reason for, with that reason."""
    found: dict[str, str] = {}
    for commit in repo.git("rev-list", f"{base}..HEAD").split():
        reason = reason_in(repo.git("show", "--no-patch", "--format=%B", commit))
        if reason:
            found |= dict.fromkeys(repo.changed_in(commit), reason)
    return found
