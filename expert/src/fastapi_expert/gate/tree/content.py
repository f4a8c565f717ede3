"""The content that is checked: the work tree as it lies, or the index or a commit laid out in a temporary folder."""

import contextlib
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.git import Repository
from fastapi_expert.laid_out import CACHES, laid_out


@dataclass(frozen=True, slots=True)
class Tree:
    """``root`` is where the content lies, ``real`` the work tree it stands for; ``digest`` tells contents apart."""

    root: Path
    real: Path
    digest: str

    def path(self, printed: str, home: Path | None = None) -> str | None:
        """A path that a tool printed (run in ``home``), relative to the root; None when it lies elsewhere."""
        absolute = os.path.normpath((home or self.root) / printed)
        for root in (self.root, self.real):
            with contextlib.suppress(ValueError):
                return Path(absolute).relative_to(root).as_posix()
        return None

    def with_real_paths(self, text: str) -> str:
        """A tool's message as if it had run in the work tree."""
        return text.replace(str(self.root), str(self.real)) if self.root != self.real else text

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none when it is not there."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []


def work_tree(root: Path, repo: Repository | None) -> Tree:
    """The work tree, in place."""
    return Tree(root, root, _digest_of_work(root, repo))


@contextlib.contextmanager
def index(repo: Repository) -> Generator[Tree]:
    """What is staged: in place when the work tree holds nothing else, laid out otherwise."""
    dirty = repo.names("diff-files", "--name-only", "-z", "--ignore-submodules")
    others = [name for name in repo.names("ls-files", "--others", "--exclude-standard", "-z") if not _is_apart(name)]
    if not dirty and not others:
        yield work_tree(repo.root, repo)
        return
    with laid_out(repo, None) as root:
        yield Tree(root, repo.root, _digest(repo.git("ls-files", "--stage", "-z")))


@contextlib.contextmanager
def revision(repo: Repository, commit: str) -> Generator[Tree]:
    """A commit, laid out."""
    with laid_out(repo, commit) as root:
        yield Tree(root, repo.root, repo.git("rev-parse", f"{commit}^{{tree}}").strip())


def _digest_of_work(root: Path, repo: Repository | None) -> str:
    if repo is None:
        return ""  # nothing tells the contents apart without reading them all: not cached
    dirty = repo.names("ls-files", "--modified", "--others", "--exclude-standard", "-z")
    contents = [f"{name}\0{_digest_of_file(root / name)}" for name in sorted(set(dirty)) if not _is_apart(name)]
    return _digest(repo.git("ls-files", "--stage", "-z"), *contents)


def _is_apart(name: str) -> bool:
    """Whether an untracked path is the expert's own or a tool's, and so no part of the content."""
    return not CACHES.isdisjoint(name.split("/"))


def _digest_of_file(path: Path) -> str:
    import hashlib

    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").hexdigest()
    except OSError:
        return ""


def _digest(*parts: str) -> str:
    import hashlib

    return hashlib.blake2b("\0".join(parts).encode(errors="surrogateescape"), digest_size=20).hexdigest()
