"""The blog laid down, and a scripted model let loose on it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from agent_scripts import BLOG, Somebody, Step, scripted
from worktree import WHO, Work, committed_work

from fastapi_expert.agent.run import Limits, Result, work

Run = Callable[..., tuple[Result, list[str]]]


@pytest.fixture
def blog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)
    return committed_work(tmp_path / "blog", BLOG)


@pytest.fixture
def run(blog: Work) -> Run:
    """Let a scripted model do a task; returns how it came out and the answers its tools gave."""

    def go(
        steps: Sequence[Step], *, approver: Somebody | None = None, limits: Limits | None = None, root: Path = blog.root
    ) -> tuple[Result, list[str]]:
        heard: list[str] = []
        result = asyncio.run(
            work(
                "add comments to posts",
                root=root,
                model=scripted(*steps, heard=heard),
                approver=approver or Somebody(),
                limits=limits or Limits(),
                tell=lambda _line: None,
            )
        )
        return result, heard

    return go
