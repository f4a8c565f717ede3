"""Small codebases to find duplicates in."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.config import Config
from fastapi_expert.duplicates import Finding, Proposal, find, propose
from fastapi_expert.duplicates.store.snapshot import library_file

Files = dict[str, str]
Judge = Callable[..., Proposal]


@pytest.fixture
def codebase(tmp_path: Path) -> Callable[[Files], Codebase]:
    """Write files (path to source, dedented) and read them."""

    def read(files: Files) -> Codebase:
        return load(lay_down(tmp_path, {path: textwrap.dedent(text) for path, text in files.items()}), cache=False)

    return read


@pytest.fixture
def findings(codebase: Callable[[Files], Codebase]) -> Callable[[Files], tuple[Finding, ...]]:
    """What is found in files, by the rules that are off by default too."""
    return lambda files: find(codebase(files), settings=Config(select=("FX", "FX5", "FX6"))).findings


@pytest.fixture(params=["resident", "hook"])
def judging(
    request: pytest.FixtureRequest, codebase: Callable[[Files], Codebase], tmp_path: Path
) -> Callable[[Files], Judge]:
    """`propose` as a server calls it, and as a hook does, the second time it is asked."""

    def over(files: Files) -> Judge:
        read = codebase(files)
        if request.param == "resident":
            return lambda text, as_path=None: propose(read, text.encode(), as_path=as_path)
        propose(tmp_path, b"x = 1\n")
        assert library_file(tmp_path).is_file()
        return lambda text, as_path=None: propose(tmp_path, text.encode(), as_path=as_path)

    return over
