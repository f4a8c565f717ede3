"""A real git repository with the hooks that `expert install git` writes."""

from pathlib import Path

import pytest
from worktree import Work, new_work

from fastapi_expert.clients.git.install import install


@pytest.fixture
def bare_work(tmp_path: Path) -> Work:
    """A repository without our hooks."""
    return new_work(tmp_path / "work")


@pytest.fixture
def work(bare_work: Work) -> Work:
    """A repository with one commit and the hooks of attribution; the gate has tests of its own."""
    bare_work.write("README.md", "# work\n")
    bare_work.commit("chore: begin")
    install(bare_work.root)
    (bare_work.root / ".git/hooks/pre-commit").unlink()
    return bare_work
