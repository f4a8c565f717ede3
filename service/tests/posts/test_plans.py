"""Every order of posts, of a tag and of an author is served by an index, from the start and from a cursor."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Integer, bindparam

from app.database.query import CompiledQuery
from app.models import PostStatus
from app.posts import queries
from app.posts.queries import Shape, Viewer
from app.schemas.post import SORT_TYPES, PostSort
from tests.backends import Backend, on_both_databases, on_sqlite
from tests.conftest import migrated_database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[type, Any] = {int: 5, str: "m", datetime: NOW}
LISTINGS: dict[str, dict[str, Any]] = {
    "ix_posts_status": {},
    "ix_posts_author": {"author": "someone"},
    "ix_post_tags_tag": {"tag": True},
}


@pytest.fixture
def backend(backend: Backend, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """PostgreSQL with a database of its own: statistics that earlier tests have left would have a say in the plan."""
    if backend.name == "sqlite":
        yield backend
        return
    with migrated_database(request.getfixturevalue("postgres_address"), tmp_path) as url:
        yield Backend(name="postgres", database_url=url)


async def plan_of(app: FastAPI, shape: Shape) -> str:
    """How one part is walked; what a list has of several is merged from such walks."""
    reader = app.state.resources.database.reader
    part = queries._merged(shape, bindparam("reach", type_=Integer))
    compiled = CompiledQuery(tuple, part).compiled(reader.dialect)
    kind = SORT_TYPES[shape.sort]
    known = {"now": NOW, "reach": 21, "author": 1, "tag": "a", "after_id": 7, "after_value": VALUES[kind]}
    binds = {name: known[name] for name in compiled.binds}
    explain = "EXPLAIN QUERY PLAN " if shape.dialect == "sqlite" else "EXPLAIN "
    rows = await reader.records(explain + compiled.sql, compiled.parameters(binds))
    return "\n".join(str(row[-1]) for row in rows)


@on_both_databases
async def test_an_index_serves_every_order_of_every_listing(app: FastAPI):
    database = app.state.resources.database
    if database.dialect == "postgresql":
        # On empty tables a plan says only what is possible once the table is no longer read whole.
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            await database.reader.records(f"ALTER DATABASE {database.url.database} SET {setting} = off", ())
        await database.reader.close()
    for (index, listing), sort, descending, after, status in product(
        LISTINGS.items(), PostSort, (True, False), ("start", "value", "never"), (None, PostStatus.ARCHIVED)
    ):
        if after == "never" and sort is not PostSort.PUBLISHED_AT:
            continue
        shape = Shape(
            dialect=database.dialect,
            viewer=Viewer.ADMIN if status else Viewer.ANYONE,
            sort=sort,
            descending=descending,
            status=status,
            after=after,
            **listing,
        )
        plan = await plan_of(app, shape)
        # Among a handful of posts the primary key may seem as short a way to the newest ids.
        served = f"{index}_{sort}" in plan or (sort is PostSort.ID and "using pk_posts" in plan)
        assert served, f"{shape}\n{plan}"
        assert "Sort" not in plan, f"{shape}\n{plan}"
        assert "TEMP B-TREE" not in plan, f"{shape}\n{plan}"


@on_sqlite
async def test_a_search_that_gathers_begins_with_the_words_and_asks_for_them_once(app: FastAPI):
    reader = app.state.resources.database.reader
    for viewer, statement in product(Viewer, (queries.page_of_matches, queries.count, queries.page_in_window)):
        shape = Shape(dialect="sqlite", viewer=viewer, sort=PostSort.VIEW_COUNT, descending=True, search=True)
        compiled = statement(shape).compiled(reader.dialect)
        known = {"now": NOW, "search": '"a"*', "viewer_id": 1, "limit": 21, "offset": 0, "window": 1000}
        binds = {name: known[name] for name in compiled.binds}
        rows = await reader.records(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.parameters(binds))
        plan = [str(row[-1]) for row in rows]
        asked = next(number for number, line in enumerate(plan) if "posts_search" in line)
        assert plan[asked - 1].startswith("LIST SUBQUERY"), plan
        if statement is not queries.page_in_window:
            assert plan[asked - 2].startswith("SEARCH posts USING INTEGER PRIMARY KEY"), plan
