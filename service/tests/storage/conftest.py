"""The two kinds of stores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from tests.backends import Backend
from tests.conftest import settings_for
from tests.storage.bucket import Bucket


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    server.start()
    yield server
    server.stop()


def in_folder(tmp_path: Path, **chosen: Any) -> Settings:
    backend = Backend(name="sqlite", database_url=f"sqlite:///{tmp_path}/service.db")
    return settings_for(backend, data_dir=tmp_path, **chosen)


@pytest.fixture(params=["folder", "bucket"])
def storing(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of each kind of store in turn."""
    if request.param == "folder":
        return in_folder(tmp_path)
    return in_folder(tmp_path, **request.getfixturevalue("bucket").settings)
