"""A new post in one statement, on PostgreSQL: the post, the tags nobody has used before, its labels, its event.

One by one these are six round trips, each of which costs this service more than it costs the database
(docs/decisions/0024). SQLite has no statement like it, and no round trips.
"""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, String, bindparam, column, text

from app.database.query import CompiledQuery
from app.models import Post, PostEvent, post_tags
from app.posts.rows import AuthorRow


class Created(NamedTuple):
    """What only the database knows of a new post: its id, its tags as they are spelt, its author."""

    id: int
    tags: list[str]
    author: AuthorRow

    @classmethod
    def of(cls, post_id: int, tags: list[str], *author: Any) -> "Created":
        return cls(post_id, tags, AuthorRow._make(author))


@cache
def insert_post() -> CompiledQuery[Created]:
    """Binds: the columns of a post but its id; ``names`` and ``keys`` of its tags; the ``audience`` of its event.

    Nothing is written, and no row comes back, where the address is taken. A tag that another writer makes meanwhile is
    not seen: then ``tags`` are fewer than ``names``.
    """
    columns = [column for column in Post.__table__.c if column.name != "id"]
    names = [column.name for column in columns]
    copied = [name for name in names if name in post_tags.c]  # or a trigger would look them up for each tag
    sql = f"""
        WITH post AS (
            INSERT INTO posts ({", ".join(names)}) VALUES (:{", :".join(names)})
            ON CONFLICT DO NOTHING RETURNING id, version, {", ".join(copied)}
        ), wanted AS (
            SELECT * FROM unnest(:names, :keys) WITH ORDINALITY AS tag (name, key, position)
        ), made AS (
            INSERT INTO tags (name, key)
            SELECT name, key FROM post, wanted  -- only who has an address makes tags: no two wait for each other,
            WHERE NOT EXISTS (SELECT FROM tags WHERE tags.key = wanted.key) ORDER BY key  -- as all do in this order
            ON CONFLICT DO NOTHING RETURNING id, name, key
        ), label AS (
            SELECT tag.id, tag.name, position - 1 AS position
            FROM (SELECT id, name, key FROM tags WHERE key = ANY (:keys) UNION ALL SELECT * FROM made) AS tag
            JOIN wanted USING (key)
        ), labelled AS (
            INSERT INTO post_tags (post_id, tag_id, position, {", ".join(copied)})
            SELECT post.id, label.id, label.position, post.{", post.".join(copied)} FROM post, label
        ), told AS (
            INSERT INTO post_events (post_id, author_id, version, audience_before, audience_after, created_at)
            SELECT id, author_id, version, 'nobody', :audience, created_at FROM post
        )
        SELECT post.id, ARRAY(SELECT name FROM label ORDER BY position), users.{", users.".join(AuthorRow._fields)}
        FROM post JOIN users ON users.id = post.author_id
    """  # noqa: S608  # our own names
    binds = [bindparam(column.name, type_=column.type) for column in columns]
    binds += [bindparam(name, type_=ARRAY(String)) for name in ("names", "keys")]
    binds += [bindparam("audience", type_=PostEvent.__table__.c.audience_after.type)]
    known = (column("id", BigInteger), column("tags", ARRAY(String)), *map(column, AuthorRow._fields))
    return CompiledQuery(Created.of, text(sql).bindparams(*binds).columns(*known))
