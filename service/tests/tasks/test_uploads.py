"""Files of images that belong to nothing are deleted, and no others."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.config import Settings
from app.kit.clock import utcnow
from app.kit.ids import uuid7
from app.models import Avatar, JobStatus, OutboxJob, StoredImage, User
from app.storage.images import file_name
from app.storage.store import make_store
from app.tasks.catalogue import registry
from app.tasks.registry import Registry
from app.tasks.runner import Runner
from app.tasks.store import JobStore
from app.tasks.uploads import BATCH, IMAGES, UNDER_WAY
from tests.backends import on_both_databases, on_sqlite
from tests.factories import hashed


@pytest.fixture
def kept(settings: Settings, store: JobStore) -> Callable[..., StoredImage]:
    """Put a file and its row there, made so long ago."""
    files = make_store(settings)

    def keep(table: type[StoredImage], *, age: timedelta, **owner: int) -> StoredImage:
        facts = {"media_type": "image/png", "byte_size": 4, "width": 1, "height": 1}
        row = table(id=uuid7(), created_at=utcnow() - age, **facts, **owner)
        files.put(file_name(row.id), io.BytesIO(b"data"), media_type="image/png")
        with store.session() as session:
            session.add(row)
        return row

    return keep


def purge(store: JobStore, runner_of: Callable[[Registry], Runner]) -> JobStatus:
    job = OutboxJob(name="uploads.purge", payload={})
    with store.session() as session:
        session.add(job)
    runner_of(registry).run(job.id)
    with store.session() as session:
        return session.get_one(OutboxJob, job.id).status


def names(settings: Settings) -> set[str]:
    return {path.name for path in settings.uploads_folder.rglob("*") if path.is_file()}


@on_both_databases
def test_what_belongs_to_nothing_is_deleted_once_it_cannot_be_under_way(
    settings: Settings, store: JobStore, runner_of: Callable[[Registry], Runner], kept: Callable[..., StoredImage]
) -> None:
    with store.session() as session:
        user = User(email="a@example.org", username="a", hashed_password=hashed("x"))
        session.add(user)
    old, young = 2 * UNDER_WAY, UNDER_WAY / 2
    abandoned = [kept(table, age=old) for table in IMAGES]
    spared = [*(kept(table, age=young) for table in IMAGES), kept(Avatar, age=old, user_id=user.id)]
    (settings.uploads_folder / "a-file-that-no-row-names").write_bytes(b"not ours to judge")
    assert purge(store, runner_of) is JobStatus.DONE
    assert names(settings) == {*(file_name(row.id) for row in spared), "a-file-that-no-row-names"}
    with store.session() as session:
        assert [session.get(type(row), row.id) for row in abandoned] == [None] * len(IMAGES)
        assert all(session.get(type(row), row.id) for row in spared)


@on_sqlite
def test_many_go_in_one_run(
    settings: Settings, store: JobStore, runner_of: Callable[[Registry], Runner], kept: Callable[..., StoredImage]
) -> None:
    for _ in range(BATCH + 3):
        kept(Avatar, age=2 * UNDER_WAY)
    assert purge(store, runner_of) is JobStatus.DONE
    assert names(settings) == set()


@on_sqlite
def test_a_file_that_cannot_be_deleted_keeps_its_row_for_another_try(
    settings: Settings, store: JobStore, runner_of: Callable[[Registry], Runner], kept: Callable[..., StoredImage]
) -> None:
    row = kept(Avatar, age=2 * UNDER_WAY)
    path: Path = settings.uploads_folder / file_name(row.id)[-2:] / file_name(row.id)
    path.unlink()
    path.mkdir()
    assert purge(store, runner_of) is JobStatus.PENDING
    path.rmdir()
    assert purge(store, runner_of) is JobStatus.DONE
    with store.session() as session:
        assert session.get(Avatar, row.id) is None
