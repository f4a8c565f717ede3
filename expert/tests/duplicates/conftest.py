"""Small codebases to find duplicates in."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.duplicates import Finding, find

Files = dict[str, str]


@pytest.fixture
def codebase(tmp_path: Path) -> Callable[[Files], Codebase]:
    """Write files (path to source, dedented) and read them."""

    def read(files: Files) -> Codebase:
        return load(lay_down(tmp_path, {path: textwrap.dedent(text) for path, text in files.items()}), cache=False)

    return read


@pytest.fixture
def findings(codebase: Callable[[Files], Codebase]) -> Callable[[Files], tuple[Finding, ...]]:
    """What is found in files."""
    return lambda files: find(codebase(files)).findings
