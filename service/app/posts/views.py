"""Views of posts: counted in memory (:class:`app.kit.counters.BufferedCounter`), stored in batches."""

from collections.abc import Mapping

from sqlalchemy import bindparam, update

from app.database.engine import Database
from app.models import Post

# Neither version nor updated_at: being read is no edit.
_ADD = update(Post).where(Post.id == bindparam("post")).values(view_count=Post.view_count + bindparam("views"))


async def store_views(database: Database, counts: Mapping[int, int]) -> None:
    """Add ``{post id: views}``. In the order of ids, so that two workers wait for each other instead of locking up."""
    async with database.session() as session:
        connection = await session.connection()
        await connection.execute(_ADD, [{"post": post, "views": counts[post]} for post in sorted(counts)])
