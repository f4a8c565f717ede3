"""Every order of posts is served by an index, from the start and from a cursor, on both databases."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

from fastapi import FastAPI

from app.schemas.post import SORT_TYPES, PostSort
from app.services import post_queries
from app.services.post_queries import Shape, Viewer
from tests.backends import Backend, on_both_databases

INDEXES = {
    PostSort.ID: {"pk_posts", "PRIMARY KEY"},
    PostSort.TITLE: {"ix_posts_title_id"},
    PostSort.CREATED_AT: {"ix_posts_created_at_id"},
    PostSort.UPDATED_AT: {"ix_posts_updated_at_id"},
    PostSort.PUBLISHED_AT: {"ix_posts_published_order"},
    PostSort.VIEW_COUNT: {"ix_posts_view_count_id"},
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[type, Any] = {int: 5, str: "m", datetime: NOW}


async def plan_of(app: FastAPI, shape: Shape, binds: dict[str, Any], *, windowed: bool) -> str:
    reader = app.state.resources.database.reader
    statement = post_queries.window(shape) if windowed else post_queries.walk(shape)
    compiled = statement.compiled(reader.dialect)
    explain = "EXPLAIN QUERY PLAN " if shape.dialect == "sqlite" else "EXPLAIN "
    rows = await reader.records(explain + compiled.sql, compiled.parameters(binds))
    return "\n".join(str(row[-1]) for row in rows)


@on_both_databases
async def test_an_index_serves_every_order_for_everyone(app: FastAPI, backend: Backend):
    database = app.state.resources.database
    if database.dialect == "postgresql":
        # On empty tables a plan says only what is possible once the table is no longer read whole.
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            await database.reader.records(f"ALTER DATABASE {database.url.database} SET {setting} = off", ())
        await database.reader.close()
    try:
        for sort, descending, after, viewer, windowed in product(
            PostSort, (True, False), ("start", "value", "never"), (Viewer.ANYONE, Viewer.USER), (True, False)
        ):
            if after == "never" and sort is not PostSort.PUBLISHED_AT:
                continue
            shape = Shape(dialect=database.dialect, viewer=viewer, sort=sort, descending=descending, after=after)
            binds: dict[str, Any] = {"now": NOW, "limit": 21, "offset": 0}
            if viewer is Viewer.USER:
                binds["viewer_id"] = 1
            if windowed:
                binds["window"] = 1000
            if after != "start":
                binds["after_id"] = 7
            if after == "value" and sort is not PostSort.ID:
                binds["after_value"] = VALUES[SORT_TYPES[sort]]
            plan = await plan_of(app, shape, binds, windowed=windowed)
            served = any(name in plan for name in INDEXES[sort]) or (sort is PostSort.ID and "SCAN posts" in plan)
            assert served, f"{shape}\n{plan}"
            if database.dialect == "sqlite" and not windowed:
                page, _, _ = plan.partition("SCAN page")
                assert "TEMP B-TREE" not in page, f"{shape}\n{plan}"
    finally:
        if database.dialect == "postgresql":
            await database.reader.records(f"ALTER DATABASE {database.url.database} RESET ALL", ())
