"""GET /users: pages, orders, search, and what of it is whose to see."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.database.query import CompiledQuery
from app.http.pagination import Order
from app.users import listing
from app.users.listing import UserSort
from tests.backends import on_both_databases, on_postgres, on_sqlite


async def list_users(client: Any, viewer: Any, **query: Any) -> Any:
    return await client.get("/api/v1/users", params=query, headers=viewer.headers)


def usernames(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["items"]]


async def crowd(accounts: Any) -> Any:
    """Seven users, two made at the same instant, and an administrator who looks at them."""
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    for number, name in enumerate(["bob", "Alice", "dora", "Carl", "eve", "Fay", "gus"]):
        at = epoch + timedelta(days=number // 2)
        await accounts.row(username=name, email=f"{name.lower()}@example.org", created_at=at, updated_at=at)
    return await accounts.admin(username="zoe", email="zoe@example.org")


async def test_a_page_has_the_promised_shape(client, accounts):
    viewer = await crowd(accounts)
    page = (await list_users(client, viewer, page=2, page_size=3, sort_by="username", order="asc")).json()
    assert [user["username"] for user in page.pop("items")] == ["dora", "eve", "Fay"]
    assert page.pop("next_cursor")
    assert page == {"total": 8, "page": 2, "page_size": 3, "total_pages": 3, "has_next": True, "has_prev": True}


@on_both_databases
@pytest.mark.parametrize("sort_by", list(UserSort))
@pytest.mark.parametrize("order", list(Order))
async def test_a_cursor_walks_every_order_without_gap_or_repetition(client, accounts, sort_by: str, order: str):
    viewer = await crowd(accounts)
    whole = usernames(await list_users(client, viewer, sort_by=sort_by, order=order))
    walked: list[str] = []
    query: dict[str, Any] = {"sort_by": sort_by, "order": order, "page_size": 3}
    while True:
        answer = await list_users(client, viewer, **query)
        walked += usernames(answer)
        if not answer.json()["has_next"]:
            break
        query["cursor"] = answer.json()["next_cursor"]
    assert walked == whole
    assert len(set(walked)) == 8
    if sort_by == "username":
        assert whole == sorted(whole, key=str.lower, reverse=order == "desc")


@on_both_databases
async def test_a_cursor_page_counts_nothing_and_ends(client, accounts):
    viewer = await crowd(accounts)
    first = (await list_users(client, viewer, page_size=7)).json()
    last = (await list_users(client, viewer, page_size=7, cursor=first["next_cursor"])).json()
    assert (last["total"], last["page"], last["total_pages"]) == (None, None, None)
    assert (last["has_next"], last["has_prev"], last["next_cursor"]) == (False, True, None)
    assert len(last["items"]) == 1


@on_both_databases
async def test_search_finds_part_of_a_name_in_any_case_and_takes_wildcards_literally(client, accounts):
    viewer = await accounts.admin(username="viewer", first_name="Vi", last_name="Ewer")
    await accounts.row(username="under_score", first_name="Per%cent", last_name="Back\\slash")
    await accounts.row(username="underXscore", first_name="Percent", last_name="Backslash")
    assert usernames(await list_users(client, viewer, search="UNDER")) == ["underXscore", "under_score"]
    assert usernames(await list_users(client, viewer, search="r_s")) == ["under_score"]
    assert usernames(await list_users(client, viewer, search="r%c")) == ["under_score"]
    assert usernames(await list_users(client, viewer, search="k\\s")) == ["under_score"]
    assert usernames(await list_users(client, viewer, search="nobody")) == []
    assert len(usernames(await list_users(client, viewer, search="  "))) == 3


@on_both_databases
async def test_search_finds_a_whole_name_by_its_parts_in_any_case_of_any_alphabet(client, accounts):
    viewer = await accounts.user(username="viewer", first_name="Vi", last_name="Ewer")
    await accounts.row(username="zofie", first_name="Žofie Anna", last_name="Österreich")
    await accounts.row(username="other", first_name="Žofie", last_name="Other")
    assert usernames(await list_users(client, viewer, search="žofie  öster")) == ["zofie"]
    assert usernames(await list_users(client, viewer, search="ÖSTERREICH Žofie")) == ["zofie"]
    assert usernames(await list_users(client, viewer, search="žof")) == ["other", "zofie"]
    assert usernames(await list_users(client, viewer, search="zofie other")) == []
    assert usernames(await list_users(client, viewer, search="ž o f i e anna ")) == ["zofie"]
    assert usernames(await list_users(client, viewer, search="ž o f i e öster")) == []  # the rest is one text


async def test_only_administrators_match_and_see_email_addresses(client, accounts):
    admin, user = await accounts.admin(email="boss@example.org"), await accounts.user(email="me@example.org")
    await accounts.row(email="hidden@secret.example", username="hidden_one")
    assert usernames(await list_users(client, admin, search="secret.example")) == ["hidden_one"]
    assert usernames(await list_users(client, user, search="secret.example")) == []
    assert (await list_users(client, user, sort_by="email")).status_code == 403
    assert usernames(await list_users(client, admin, sort_by="email", order="asc"))[1] == "hidden_one"
    shown = {item["id"]: item.get("email") for item in (await list_users(client, user)).json()["items"]}
    assert {address for address in shown.values() if address} == {"me@example.org"}
    assert shown[user.id] == "me@example.org"
    everyone = (await list_users(client, admin)).json()["items"]
    assert all("email" in item for item in everyone)
    assert all("hashed_password" not in item for item in everyone)


@on_sqlite
async def test_the_list_is_for_users(client):
    assert (await client.get("/api/v1/users")).status_code == 401


@on_both_databases
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"page": 10**24}, "page"),
        ({"page": 501}, "page"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"page": "x"}, "page"),
        ({"sort_by": "hashed_password"}, "sort_by"),
        ({"order": "sideways"}, "order"),
        ({"search": "x" * 101}, "search"),
        ({"search": "a\x00b"}, "search"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "WyJpZDphc2MiLDEsMV0"}, "cursor"),
        ({"cursor": "x" * 2000}, "cursor"),
    ],
)
async def test_a_query_that_breaks_a_rule_is_named(client, accounts, query: dict[str, Any], parameter: str):
    answer = await list_users(client, await accounts.user(), **query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"#/{parameter}"


@on_sqlite
async def test_numbered_pages_end_with_a_hint_to_the_cursor(client, accounts):
    answer = await list_users(client, await accounts.user(), page=101, page_size=100)
    assert answer.status_code == 422
    assert "cursor" in answer.json()["errors"][0]["detail"]
    assert (await list_users(client, await accounts.user(), page=100, page_size=100)).status_code == 200


@on_postgres
async def test_a_search_is_planned_for_what_is_searched_and_all_else_once(app):
    mode = select(func.current_setting("plan_cache_mode"))
    reader = app.state.resources.database.reader
    for _ in range(2):
        assert await reader.first(CompiledQuery(str, mode, planned_anew=True)) == "force_custom_plan"
        assert await reader.first(CompiledQuery(str, mode)) == "force_generic_plan"
    assert listing._page(UserSort.ID, Order.DESC, True, False, resume=False).planned_anew
    assert listing._count(True, False).planned_anew


@on_postgres
@pytest.mark.parametrize("sort_by", list(UserSort))
async def test_every_order_is_served_by_an_index_on_postgresql(app, sort_by: UserSort):
    database = app.state.resources.database
    await database.reader.records(
        "INSERT INTO users (email, username, hashed_password, role, is_active, is_verified, created_at, updated_at,"
        " version) SELECT 'p'||n||'@e.org', 'p'||n, 'x', 'user', true, true, now() - n * interval '1 s',"
        " now() - n * interval '1 s', 1 FROM generate_series(1, 3000) n",
        (),
    )
    await database.reader.records("ANALYZE users", ())
    plan = await explained(database, listing._page(sort_by, Order.DESC, False, True, resume=False))
    assert "Index Scan" in plan
    assert "Sort" not in plan


@on_sqlite
@pytest.mark.parametrize("sort_by", list(UserSort))
async def test_every_order_is_served_by_an_index_on_sqlite(app, sort_by: UserSort):
    read = listing._page(sort_by, Order.DESC, False, True, resume=False)
    plan = await explained(app.state.resources.database, read)
    assert "TEMP B-TREE" not in plan


async def explained(database: Any, read: CompiledQuery[Any]) -> str:
    compiled = read.compiled(database.reader.dialect)
    word = "EXPLAIN" if database.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
    parameters = compiled.parameters({"limit": 21, "offset": 0})
    return str([tuple(row) for row in await database.reader.records(f"{word} {compiled.sql}", parameters)])
