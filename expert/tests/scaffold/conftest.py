"""Projects that many modules begin with."""

from pathlib import Path

import pytest

from fastapi_expert.scaffold.from_service.answers import Answers
from fastapi_expert.scaffold.new import lay_down


@pytest.fixture(scope="session")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `expert new shop` lays down. Copy it: nobody changes it."""
    folder = tmp_path_factory.mktemp("new") / "shop"
    lay_down(folder, Answers.named("shop", description=None, database="sqlite"))
    return folder
