"""Views of posts: counted in memory, stored in batches."""

from collections.abc import Mapping
from functools import partial

from sqlalchemy import bindparam, update

from app.database.engine import Database
from app.kit.counters import BufferedCounter
from app.models import Post

# Neither version nor updated_at: a view is not an edit.
_ADD = update(Post).where(Post.id == bindparam("post")).values(view_count=Post.view_count + bindparam("views"))


class ViewCounter(BufferedCounter[int]):
    """Views by the id of the post."""

    def __init__(self, database: Database) -> None:
        super().__init__(partial(_store, database))


async def _store(database: Database, counts: Mapping[int, int]) -> None:
    """Add ``{post id: views}``. In the order of ids, so that two workers wait for each other instead of locking up."""
    async with database.session() as session:
        connection = await session.connection()
        await connection.execute(_ADD, [{"post": post, "views": counts[post]} for post in sorted(counts)])
