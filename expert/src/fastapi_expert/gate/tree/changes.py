"""What changed: the files the gate looks at, with the lines that are new in each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from fastapi_expert.config import matches
from fastapi_expert.errors import UsageError
from fastapi_expert.git import GitError, NotARepository, Repository

Scope = Literal["work tree", "index", "since", "all"]
Ranges = tuple[tuple[int, int], ...]

WHOLE: Ranges = ((1, 1 << 31),)
_FILE_MODES = ("100644", "100755")
"""A file in the index; a symbolic link and a submodule have other modes."""
_FOREIGN = frozenset(
    {".venv", "venv", ".env", "env", "node_modules", "site-packages", "__pycache__", ".git", ".expert"}
)


@dataclass(frozen=True, slots=True)
class Changes:
    """``present`` maps each changed file to its new lines, ``gone`` holds deleted and renamed-from files; both relative
    to ``root``. ``base`` is the commit they differ from, None when all of it counts as new."""

    root: Path
    scope: Scope
    repo: Repository | None = None
    base: str | None = None
    present: Mapping[str, Ranges] = field(default_factory=dict[str, Ranges])
    gone: tuple[str, ...] = ()

    @property
    def python(self) -> tuple[str, ...]:
        """The changed Python files, sorted."""
        return tuple(sorted(path for path in self.present if path.endswith((".py", ".pyi"))))

    @property
    def everything(self) -> tuple[str, ...]:
        """Every path that changed in any way."""
        return tuple(sorted({*self.present, *self.gone}))

    def is_new(self, path: str, line: int, end_line: int) -> bool:
        """Whether some of these lines are new."""
        return any(first <= end_line and line <= last for first, last in self.present.get(path, ()))


def changes(
    root: Path,
    *,
    files: Sequence[Path] = (),
    staged: bool = False,
    since: str | None = None,
    everything: bool = False,
    exclude: Sequence[str] = (),
) -> Changes:
    """What changed in the repository around ``root``: against HEAD by default, untracked files included.

    With ``files`` it is about these alone, whether or not they changed. Raises GitError outside a repository (unless
    ``everything``) and for a revision that git does not know, UsageError for a file that is not there or not in it.
    """
    found = _all_changes(root, staged=staged, since=since, everything=everything, exclude=exclude)
    return _only(found, files) if files else found


def _only(found: Changes, files: Sequence[Path]) -> Changes:
    """``found`` as far as it is about ``files``; one that did not change has no new line."""
    present: dict[str, Ranges] = {}
    for file in files:
        if not file.is_file():
            raise UsageError("there is no such file", where=str(file), do="give files of the repository")
        absolute = file.parent.resolve() / file.name
        if not absolute.is_relative_to(found.root.resolve()):
            raise UsageError("this is outside of the repository", where=str(file), do=f"give files below {found.root}")
        path = absolute.relative_to(found.root.resolve()).as_posix()
        present[path] = found.present.get(path, ())
    return replace(found, present=present, gone=())


def _all_changes(root: Path, *, staged: bool, since: str | None, everything: bool, exclude: Sequence[str]) -> Changes:
    if staged + (since is not None) + everything > 1:
        raise UsageError("--staged, --since and --all exclude each other", do="give one of them")
    try:
        repo = Repository.find(root)
    except GitError as error:
        if everything:
            return Changes(root, "all", present=_kept(_walk(root), exclude))
        otherwise = "go into a repository" if isinstance(error, NotARepository) else error.do
        raise GitError(error.what, where=error.where, do=f"{otherwise}; or check everything: --all") from None
    if everything:
        paths = repo.names("ls-files", "--cached", "--others", "--exclude-standard", "-z")
        return Changes(repo.root, "all", repo, present=_kept(_files(repo, paths), exclude))
    if staged:
        return _against(repo, "index", repo.head, exclude)
    if since is not None:
        return _against(repo, "since", repo.fork(since), exclude)
    return _against(repo, "work tree", repo.head, exclude)


def _against(repo: Repository, scope: Scope, base: str | None, exclude: Sequence[str]) -> Changes:
    cached = ("--cached",) if scope == "index" else ()
    diff = (*cached, base or repo.empty_tree())
    names = repo.names(
        "diff", "--name-status", "--no-renames", "--no-ext-diff", "-z", "--ignore-submodules", *diff, "--"
    )
    states = dict(zip(names[1::2], names[0::2], strict=True))
    gone = {path for path, state in states.items() if state == "D"}
    lines = repo.changed_lines(*diff)
    present = {
        path: tuple(lines.get(path, ())) if state == "M" else WHOLE for path, state in states.items() if state != "D"
    }
    if scope == "index":
        links = (
            {entry.path for entry in repo.entries(list(present)) if entry.mode not in _FILE_MODES} if present else ()
        )
        present = {path: ranges for path, ranges in present.items() if path not in links}
    else:
        present = {path: ranges for path, ranges in present.items() if _is_file(repo.root / path)}
        others = repo.names("ls-files", "--others", "--exclude-standard", "-z")
        present |= dict.fromkeys((path for path in others if _is_file(repo.root / path)), WHOLE)
    return Changes(repo.root, scope, repo, base, _kept(present, exclude), tuple(sorted(gone - present.keys())))


def _kept(present: Mapping[str, Ranges], exclude: Sequence[str]) -> dict[str, Ranges]:
    return {
        path: ranges
        for path, ranges in present.items()
        if _FOREIGN.isdisjoint(path.split("/")) and not any(matches(path, pattern) for pattern in exclude)
    }


def _files(repo: Repository, paths: Iterable[str]) -> dict[str, Ranges]:
    return dict.fromkeys((path for path in paths if _is_file(repo.root / path)), WHOLE)


def _walk(root: Path) -> dict[str, Ranges]:
    found: dict[str, Ranges] = {}
    folders = [root]
    while folders:
        for entry in sorted(folders.pop().iterdir()):
            hidden = entry.name.startswith(".") or entry.name in _FOREIGN or (entry / "pyvenv.cfg").exists()
            if entry.is_dir() and not entry.is_symlink() and not hidden:
                folders.append(entry)
            elif _is_file(entry):
                found[entry.relative_to(root).as_posix()] = WHOLE
    return found


def _is_file(path: Path) -> bool:
    """A link is not a file to check: what it points to is checked where it lies."""
    return path.is_file() and not path.is_symlink()
