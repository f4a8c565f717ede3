"""When notes were made and changed, by git: in a new clone every file was written just now."""

from pathlib import Path
from typing import NamedTuple

from fastapi_expert.git import GitError, Repository

_COMMIT = "\1"  # in no file name that anybody gives, and in no number


class Times(NamedTuple):
    """When a note came into the history and when it was last changed there, in seconds since the epoch."""

    made: float
    changed: float


def committed(root: Path) -> dict[str, Times]:
    """The times of each note below ``root``, by its path there.

    What is not committed, or differs from what is, is left out: of that its file knows more.
    """
    try:
        repository = Repository.find(root)
        below = root.resolve().relative_to(repository.root.resolve()).as_posix()
        changed = set(repository.names("diff", "--name-only", "-z", "HEAD", "--", below))
        log = repository.git("log", "--no-renames", "--name-only", "-z", f"--format={_COMMIT}%ct", "--", below)
    except (GitError, ValueError):
        return {}
    found: dict[str, Times] = {}
    for commit in log.split(_COMMIT)[1:]:  # the newest first
        moment, *paths = [part.strip("\n") for part in commit.split("\0") if part.strip("\n")]
        for path in paths:
            if path not in changed:
                newest = found[path].changed if path in found else float(moment)
                found[path] = Times(float(moment), newest)
    return {path.removeprefix(f"{below}/"): times for path, times in found.items()}
