from pathlib import Path

import pytest
from worktree import Work, new_work


@pytest.fixture
def bare_work(tmp_path: Path) -> Work:
    """A repository without our hooks."""
    return new_work(tmp_path / "work")
