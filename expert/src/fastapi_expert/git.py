"""The little of git that the gate, the ledger and the hooks need: one repository, asked in git's own plumbing.

Import-light on purpose: a git hook pays for every import each time somebody commits.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.diff import NOWHERE, parse
from fastapi_expert.errors import ExpertError

NULL_OID = "0" * 40


class GitError(ExpertError):
    """git is missing, the path is in no repository, or git refused; the message is git's own last line."""


class NotARepository(GitError):
    """The path is in no repository."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the index: what a commit made now would hold at ``path``."""

    mode: str
    oid: str
    path: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree. ``git_dir`` is the work tree's own (a linked one has one of its own), ``common_dir`` is shared."""

    root: Path
    git_dir: Path
    common_dir: Path

    @classmethod
    def find(cls, path: Path) -> "Repository":
        """The repository whose work tree holds ``path`` (a file, a folder or something yet to be written).

        Raises GitError when there is none.
        """
        folder = path.absolute()
        while not folder.is_dir():
            folder = folder.parent
        asked = ("rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
        root, git_dir, common = _run(folder, asked).decode(errors="surrogateescape").split("\n")[:3]
        return cls(Path(root), Path(git_dir), (folder / common).resolve())

    def git(self, *args: str, data: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        """What ``git ARGS`` prints; raises GitError when it fails."""
        return _run(self.root, args, data=data, env=env).decode(errors="surrogateescape")

    def ask(self, *args: str) -> str | None:
        """As :meth:`git`, stripped; None when git says no."""
        try:
            return self.git(*args).strip()
        except GitError:
            return None

    def fork(self, revision: str) -> str:
        """The commit where this line of work left ``revision``: what came to that afterwards is not our change.

        Raises GitError for a revision that git does not know.
        """
        named = self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if named is None:
            raise GitError(
                f"no such revision: {revision}", do="name a branch, a tag or a commit; in CI, fetch its history first"
            )
        return self.ask("merge-base", named, "HEAD") or named

    def names(self, *args: str) -> list[str]:
        """The NUL-separated paths that ``git ARGS`` prints (ARGS must ask for ``-z``)."""
        return [name for name in self.git(*args).split("\0") if name]

    @property
    def head(self) -> str | None:
        """The commit checked out; None before the first one."""
        return self.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    @property
    def branch(self) -> str:
        """The full name of the branch being worked on (also in the middle of its rebase), or ``HEAD`` when detached."""
        for folder in ("rebase-merge", "rebase-apply"):
            name = self.state(f"{folder}/head-name")
            if name is not None:
                return name.strip()
        return self.ask("symbolic-ref", "--quiet", "HEAD") or "HEAD"

    def state(self, name: str) -> str | None:
        """The text of a file in the git directory (``MERGE_HEAD``, ``SQUASH_MSG`` …); None when it is not there."""
        try:
            return (self.git_dir / name).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None

    @property
    def rebasing(self) -> bool:
        """Whether a rebase (or an `am`) waits to be continued."""
        return (self.git_dir / "rebase-merge").is_dir() or (self.git_dir / "rebase-apply").is_dir()

    def staged(self, against: str | None = None) -> list[str]:
        """Paths that the index changes against ``against`` (HEAD when None): both sides of a rename, deletions too."""
        base = against or self.head or self.empty_tree()
        return self.names(
            "diff-index", "--cached", "--name-only", "--no-renames", "-z", "--ignore-submodules", base, "--"
        )

    def dirty(self) -> list[str]:
        """Paths whose content here or in the index differs from HEAD, untracked ones too (ignored ones never)."""
        tracked = self.names("diff-index", "--name-only", "--no-renames", "-z", self.head or self.empty_tree(), "--")
        return [*tracked, *self.staged(), *self.names("ls-files", "--others", "--exclude-standard", "-z")]

    def changed_in(self, commit: str) -> list[str]:
        """Paths that a commit changes against its first parent."""
        return self.names(
            "diff-tree", "--root", "-r", "-m", "--first-parent", "--no-commit-id", "--name-only", "-z", commit
        )

    def empty_tree(self) -> str:
        """The id of the tree that holds nothing, in this repository's own hash."""
        return self.git("hash-object", "-t", "tree", "-w", "--stdin", data=b"").strip()

    def changed_lines(self, *diff: str) -> dict[str, list[tuple[int, int]]]:
        """Path -> ranges of lines (first, last) on the new side of ``git diff DIFF``; where lines are only gone, the
        lines around the gap. A deleted file has no entry."""
        options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
        return _ranges(self.git("-c", "core.quotePath=no", "diff", *options, *diff, "--"))

    def content(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in ``commit``; None when it is not there."""
        try:
            return _run(self.root, ("cat-file", "blob", f"{commit}:{path}"))
        except GitError:
            return None

    def entries(self, paths: Sequence[str] = ()) -> list[Entry]:
        """What the index holds (all of it, or below ``paths``); unmerged entries are left out."""
        found: list[Entry] = []
        for line in self.names("ls-files", "--stage", "-z", "--", *(f":(literal){path}" for path in paths)):
            head, path = line.split("\t", 1)
            mode, oid, stage = head.split(" ")
            if stage == "0":
                found.append(Entry(mode, oid, path))
        return found


def _run(
    folder: Path, args: Sequence[str], *, data: bytes | None = None, env: Mapping[str, str] | None = None
) -> bytes:
    try:
        done = subprocess.run(
            ["git", *args],
            cwd=folder,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(env or {})},
        )
    except FileNotFoundError:
        raise GitError("git is not installed or not on PATH", do="install git") from None
    if done.returncode == 0:
        return done.stdout
    lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"git {args[0]} failed"]
    if any("not a git repository" in line for line in lines):
        raise NotARepository("not in a git repository", where=str(folder), do="go into one, or start one: git init")
    if any("dubious ownership" in line for line in lines):
        raise GitError(
            "this repository belongs to another user, so git does not touch it",
            where=str(folder),
            do=f"trust it once (as in a container): git config --global --add safe.directory {lines[-1].split()[-1]}",
        )
    raise GitError(lines[-1].removeprefix("fatal: "), where=f"git {' '.join(args)}")


def _ranges(diff: str) -> dict[str, list[tuple[int, int]]]:
    return {
        file.new: [_range(hunk.new_start, len(hunk.side("+"))) for hunk in file.hunks]
        for file in parse(diff)
        if file.new != NOWHERE
    }


def _range(start: int, count: int) -> tuple[int, int]:
    return (start, start + count - 1) if count else (max(start, 1), start + 1)


def work_tree_around(folder: Path) -> Path:
    """The work tree around ``folder``, with links resolved; ``folder`` itself where none is."""
    try:
        found = Repository.find(folder).root.resolve()
    except GitError:
        return folder
    return found if folder.is_relative_to(found) else folder
