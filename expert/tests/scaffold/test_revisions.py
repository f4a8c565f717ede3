"""Alembic's chain as its files say it."""

from pathlib import Path

import pytest

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.revisions import Chain, next_revision


def write(folder: Path, revision: str, down: str) -> None:
    (folder / f"{revision}.py").write_text(f'revision: str = "{revision}"\ndown_revision: str | None = {down}\n')


def test_a_merge_comes_after_all_that_it_merges(tmp_path: Path):
    write(tmp_path, "a1", "None")
    write(tmp_path, "b2", "'a1'")
    write(tmp_path, "c3", '"a1"')
    with pytest.raises(ExpertError, match="2 heads"):
        Chain.read(tmp_path).head()
    write(tmp_path, "d4", '(\n    "b2",\n    "c3",\n)')
    assert Chain.read(tmp_path).heads == {"d4"}
    assert next_revision(tmp_path, "gadgets")[1] == "d4"
    write(tmp_path, "e5", '["d4"]')
    assert Chain.read(tmp_path).head() == "e5"
