"""Periodic job: files that belong to nothing any more are deleted, and then the rows that name them."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.kit.clock import utcnow
from app.models import Avatar, PostImage, StoredImage
from app.storage.images import file_name
from app.storage.store import make_store
from app.tasks.registry import Run, job

BATCH = 100
UNDER_WAY = timedelta(hours=1)
"""A row is written before its file: one that is younger may be of an upload that has not ended."""
IMAGES: tuple[type[StoredImage], ...] = (Avatar, PostImage)


@job("uploads.purge", every=timedelta(minutes=10), timeout=timedelta(minutes=5), max_attempts=3)
def purge(run: Run) -> None:
    """Delete images that were replaced or removed, whose user or post is gone, and what a broken upload has left.

    Only files that a row names are touched: whatever else is in the store is not ours to judge.
    """
    store = make_store(run.settings)
    for table in IMAGES:
        abandoned = select(table.id).where(table.abandoned(utcnow() - UNDER_WAY)).order_by(table.id).limit(BATCH)
        while True:
            with run.reading() as session:
                ids = session.scalars(abandoned).all()
            for id_ in ids:
                store.remove(file_name(id_))
            with run.reading() as session:
                session.execute(delete(table).where(table.id.in_(ids)))
            if len(ids) < BATCH:
                break
