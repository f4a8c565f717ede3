"""`expert update`: a later template comes in as a merge, so git's own three-way merge and conflict marks apply.

The template's versions are commits of their own: the first is the project's first commit, each further one a child of
the one before, merged into the project. The last one merged is therefore always an ancestor of the project's head,
and is the base of the next merge.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert import __version__
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.formatting import Formatter
from fastapi_expert.scaffold.from_service.answers import Answers
from fastapi_expert.scaffold.from_service.moves import rewrite_files
from fastapi_expert.scaffold.new import RECORD, git, render
from fastapi_expert.scaffold.revisions import Chain, put_after

_TRAILER = "Template-Of: fastapi-expert"
# A file that the project added stays in its folder even when the template has moved all others out of it.
_STAY = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "merge.directoryRenames",
    "GIT_CONFIG_VALUE_0": "false",
}


@dataclass(frozen=True, slots=True)
class Updated:
    """`conflicts` are the files a person has to look at; the merge is committed when there are none."""

    before: str
    after: str
    changed: tuple[str, ...]
    conflicts: tuple[str, ...]


def update(root: Path) -> Updated:
    """Merge the installed template into the project at `root`.

    Raises:
        ExpertError: this project was not laid down by `expert new`, has uncommitted changes, or its history does not
            hold the template it came from.
    """
    before, answers = _record(root)
    if git(root, "status", "--porcelain").strip():
        raise ExpertError("there are uncommitted changes", where=str(root), do="Commit or stash them, then run again.")
    base = _last_template(root)
    new = _commit_template(root, answers, parent=base)
    if git(root, "rev-parse", f"{base}^{{tree}}") == git(root, "rev-parse", f"{new}^{{tree}}"):
        return Updated(before, __version__, (), ())
    untidy = _untidy(root, base)
    git(root, "merge", "--no-ff", "--no-commit", "--quiet", new, check=False, env=_STAY)
    conflicts = git(root, "diff", "--name-only", "--diff-filter=U").split()
    _follow_moves(root, new, but=set(conflicts), untidy=untidy)
    _tie_migrations(root, base, new)
    if not conflicts:
        message = f"chore: update to the template of fastapi-expert {__version__}"
        git(root, "commit", "--no-verify", "--quiet", "-m", message)
    changed = git(root, "diff", "--name-only", f"{base}", new).split()
    return Updated(before, __version__, tuple(changed), tuple(conflicts))


def _untidy(root: Path, base: str) -> set[str]:
    """The project's own sources, and those it has changed, that are not as its formatter would have them."""
    own = git(root, "diff", "--name-only", "--diff-filter=d", "-z", base, "HEAD", "--", "*.py").split("\0")
    formatter = Formatter(root)
    return {path for path in own if path and not formatter.is_formatted(path)}


def _follow_moves(root: Path, new: str, *, but: set[str], untidy: set[str]) -> None:
    """Lead imports to what the template has moved, in every source that is not the template's as it is.

    Files in conflict (`but`) are left to a person, and those that were `untidy` are not formatted.
    """
    tracked = git(root, "ls-files", "-z", "--", "*.py").split("\0")
    differing = git(root, "diff", "--name-only", "-z", new, "--", "*.py").split("\0")
    rewritten = rewrite_files(root, sorted({path for path in tracked if path} & set(differing) - but))
    if rewritten:
        Formatter(root).format([path for path in rewritten if path not in untidy])
        git(root, "add", "--", *rewritten)


def _tie_migrations(root: Path, base: str, new: str) -> None:
    """A template's new migrations come after the project's own, which both follow the same one."""
    folder = "migrations/versions"
    added = git(root, "diff", "--name-only", "--diff-filter=A", base, new, "--", folder).split()
    chain = Chain.read(root / folder)
    revisions = {revision for revision, path in chain.files.items() if f"{folder}/{path.name}" in added}
    if put_after(root / folder, revisions):
        git(root, "add", folder)


def _record(root: Path) -> tuple[str, Answers]:
    """The version this project came from or was last updated to, and the answers given then."""
    try:
        record = json.loads((root / RECORD).read_text(encoding="utf-8"))
        return str(record["version"]), Answers(**record["answers"])
    except FileNotFoundError as error:
        raise ExpertError("this project was not laid down by expert new", where=str(root / RECORD)) from error
    except (ValueError, KeyError, TypeError) as error:
        what = "the record of the template is damaged"
        raise ExpertError(what, where=str(root / RECORD), do="Restore it from git.") from error


def _last_template(root: Path) -> str:
    """The newest template commit in the history of HEAD: marked as one, else the one that added the record."""
    marked = git(root, "log", "--format=%H", f"--grep=^{_TRAILER}$", "-1", "HEAD").strip()
    if marked:
        return marked
    first = git(root, "log", "--format=%H", "--diff-filter=A", "--", str(RECORD)).split()
    if not first:
        raise ExpertError(
            "the history does not hold the template this came from", where=str(root), do="Fetch the whole history."
        )
    return first[-1]


def _commit_template(root: Path, answers: Answers, *, parent: str) -> str:
    """A commit of the pristine template, made without touching the work tree."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "project"
        render(folder, answers)
        index = {"GIT_INDEX_FILE": str(Path(made) / "index"), "GIT_WORK_TREE": str(folder)}
        git_dir = git(root, "rev-parse", "--absolute-git-dir").strip()
        git(folder, "add", "--all", "--force", env={**index, "GIT_DIR": git_dir})
        tree = git(folder, "write-tree", env={**index, "GIT_DIR": git_dir}).strip()
    message = f"chore: the template of fastapi-expert {__version__}\n\n{_TRAILER}\n"
    return git(root, "commit-tree", tree, "-p", parent, "-m", message).strip()
