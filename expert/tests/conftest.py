"""Fixtures of all parts: the shop of `shop.py`, and `expert` run in it; the order of the files."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from shop import SHOP, Done, Expert, lay_down, run_expert

settings.register_profile("any machine", deadline=None)  # no test asserts a time
settings.load_profile("any machine")

LONG = {
    "scaffold",
    "test_documents.py",
    "test_server.py",
    "test_notes_writers.py",
    "test_stored_facts.py",
    "test_paths.py",
}
"""Folders and files whose tests lay down whole projects or run the `expert` command again and again."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One more than there are cores: some tests wait for other programs."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # pytest-xdist reads it
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker is left with one of them at the end."""
    items.sort(key=lambda item: not LONG & set(item.path.parts))


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
