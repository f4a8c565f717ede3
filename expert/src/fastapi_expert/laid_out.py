"""A commit, or the index, laid out in a temporary folder, to be read as any project is.

What git ignores (an environment, `.env`, generated code) is linked into it, so that tools and tests find what they
need; caches are not, so that nothing stale is found.
"""

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

from fastapi_expert.git import Repository

CACHES = frozenset(
    {
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".expert",
        ".coverage",
        ".git",
        ".tox",
    }
)
"""Folders that are nobody's content."""


@contextlib.contextmanager
def laid_out(repo: Repository, commit: str | None) -> Generator[Path]:
    """The folder that holds ``commit``, the index where that is None; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="expert-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve() / repo.root.name
        root.mkdir()
        env = {"GIT_LFS_SKIP_SMUDGE": "1"}
        if commit is not None:
            env["GIT_INDEX_FILE"] = str(Path(folder) / "index")
            repo.git("read-tree", commit, env=env)
        repo.git("checkout-index", "--all", "--force", f"--prefix={root}/", env=env)
        _link_ignored(repo, root)
        yield root


def _link_ignored(repo: Repository, root: Path) -> None:
    ignored = repo.names("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    apart = [f"{entry.name}/" for entry in repo.root.iterdir() if (entry / "pyvenv.cfg").is_file()]
    for name in dict.fromkeys((*ignored, *apart)):
        source, target = repo.root / name, root / name
        if source.name in CACHES or source.suffix == ".pyc" or not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            os.symlink(source, target, target_is_directory=source.is_dir())
