"""Fixtures of all parts: the shop of `shop.py`, and `expert` run in it."""

from pathlib import Path

import pytest
from shop import SHOP, Done, Expert, lay_down, run_expert


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop with two routers, a helper that hashes passwords, a function that is there twice and a shadowed route."""
    return lay_down(tmp_path / "shop", SHOP)


@pytest.fixture
def expert(shop: Path) -> Expert:
    """`expert ARGUMENTS` run in the shop; give `cwd=`, `text=` or `env=` for something else."""

    def run(*arguments: str, cwd: Path = shop, text: str | bytes = b"", env: dict[str, str] | None = None) -> Done:
        return run_expert(*arguments, cwd=cwd, text=text, env=env)

    return run
