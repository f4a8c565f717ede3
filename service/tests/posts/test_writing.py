"""Posts are written, published, changed and deleted."""

import asyncio
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from app.models import Tag
from tests.backends import on_both_databases, on_sqlite
from tests.factories import Account, Accounts

POSTS = "/api/v1/posts"


async def write(client: httpx2.AsyncClient, author: Account, **fields: Any) -> dict[str, Any]:
    """A post written through the service."""
    draft = {"title": "On reading", "content": "Reading is slow.", "status": "published", **fields}
    answer = await client.post(POSTS, json=draft, headers=author.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_new_post_is_a_draft_with_an_address_of_its_own(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    draft = {"title": " Ein schöner  Tag! ", "content": "Es war einmal.", "tags": "python, FastAPI ,, Python"}
    answer = await client.post(POSTS, json=draft, headers=author.headers)
    post = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{POSTS}/{post['id']}"
    assert answer.headers["etag"].startswith('"1-')
    assert post["status"] == "draft"
    assert post["slug"] == "ein-schoner-tag"
    assert post["tags"] == ["python", "FastAPI"]
    assert post["excerpt"] == "Es war einmal."
    assert post["published_at"] is None
    assert post["view_count"] == 0
    assert post["author"] == {
        "id": author.id,
        "username": author.username,
        "first_name": "Ada",
        "last_name": post["author"]["last_name"],
        "avatar": None,
    }
    read = await client.get(answer.headers["location"], headers=author.headers)
    assert read.json() == post


@on_sqlite
async def test_the_longest_content_fits_however_it_is_escaped(client: httpx2.AsyncClient, accounts: Accounts):
    longest = "\U0001f600" * 100_000  # twelve bytes each in ASCII JSON
    assert len((await write(client, await accounts.user(), content=longest))["content"]) == 100_000


@on_sqlite
@pytest.mark.parametrize(("field", "most"), [("title", 200), ("excerpt", 500), ("tags", 50)])
async def test_blanks_around_a_text_count_as_the_schema_counts_them(
    client: httpx2.AsyncClient, accounts: Accounts, field: str, most: int
):
    author = await accounts.user()
    longest, too_long = "a" * (most - 1) + " ", "a" * most + " "
    assert await write(client, author, **{field: [longest] if field == "tags" else longest})
    draft = {"title": "T", "content": "C", field: [too_long] if field == "tags" else too_long}
    answer = await client.post(POSTS, json=draft, headers=author.headers)
    assert answer.status_code == 422
    assert f"at most {most} characters" in answer.json()["errors"][0]["detail"]


@on_sqlite
@pytest.mark.parametrize("tags", [[*"abcdefghij", "A", " b ", ""], "a,b,c,d,e,f,g,h,i,j,", ["a"] * 50])
async def test_tags_are_counted_without_repetitions_and_blanks(
    client: httpx2.AsyncClient, accounts: Accounts, tags: list[str] | str
):
    different = list(dict.fromkeys(tag for tag in "abcdefghij" if tag in tags))
    assert (await write(client, await accounts.user(), tags=tags))["tags"] == different


async def test_a_tag_that_somebody_else_is_just_making_is_theirs_too(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts
):
    author = await accounts.user()
    async with app.state.resources.database.session() as session:
        await session.execute(insert(Tag).values(name="Meanwhile"))
        writing = asyncio.create_task(write(client, author, tags=["before", "meanwhile", "after"]))
        await asyncio.sleep(0.2)  # by then it waits for this transaction, if the machine is not too busy
    post = await writing
    assert post["tags"] == ["before", "Meanwhile", "after"]
    assert (await client.get(f"{POSTS}/{post['id']}")).json()["tags"] == post["tags"]


async def test_posts_with_one_title_get_different_slugs(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    written = await asyncio.gather(*(write(client, author, title="The same") for _ in range(8)))
    slugs = {post["slug"] for post in written}
    assert len(slugs) == 8
    assert "the-same" in slugs
    assert all(slug.startswith("the-same") for slug in slugs)


async def test_the_slug_stays_when_the_title_changes(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    changed = await client.put(f"{POSTS}/{post['id']}", json={"title": "On writing"}, headers=author.headers)
    assert changed.json()["title"] == "On writing"
    assert changed.json()["slug"] == post["slug"]
    assert (await client.get(f"{POSTS}/slug/{post['slug']}")).json()["title"] == "On writing"


@on_sqlite
@pytest.mark.parametrize("title", ["!!!", "😀", "文章", "-"])
async def test_a_title_without_letters_still_gets_an_address(
    client: httpx2.AsyncClient, accounts: Accounts, title: str
):
    post = await write(client, await accounts.user(), title=title)
    assert post["slug"]
    assert (await client.get(f"{POSTS}/slug/{post['slug']}")).status_code == 200


async def test_publishing_sets_the_time_once(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, status="draft")
    url = f"{POSTS}/{post['id']}"
    published = (await client.put(url, json={"status": "published"}, headers=author.headers)).json()
    assert published["published_at"] is not None
    for status in ("draft", "published", "archived", "published"):
        again = (await client.put(url, json={"status": status}, headers=author.headers)).json()
        assert (again["status"], again["published_at"]) == (status, published["published_at"])


async def test_the_time_of_publication_cannot_be_rewritten(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    moved = {"published_at": "2020-01-01T00:00:00Z"}
    answer = await client.put(f"{POSTS}/{post['id']}", json=moved, headers=author.headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/published_at"
    same = {"published_at": post["published_at"]}
    assert (await client.put(f"{POSTS}/{post['id']}", json=same, headers=author.headers)).status_code == 200


async def test_a_draft_keeps_the_time_planned_for_it(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, status="draft", published_at="2099-01-01T00:00:00Z")
    url = f"{POSTS}/{post['id']}"
    await client.put(url, json={"title": "Later"}, headers=author.headers)
    published = (await client.put(url, json={"status": "published"}, headers=author.headers)).json()
    assert published["published_at"] == post["published_at"] == "2099-01-01T00:00:00Z"
    assert (await client.get(url)).status_code == 404


async def test_a_scheduled_post_appears_by_itself_when_its_time_has_come(
    client: httpx2.AsyncClient, accounts: Accounts
):
    began = datetime.now(UTC)
    author, reader = await accounts.user(), await accounts.user()
    due = datetime.now(UTC) + timedelta(seconds=1) + 10 * (datetime.now(UTC) - began)  # time to see that it is not yet
    post = await write(client, author, published_at=due.isoformat(), tags=["soon"])
    url = f"{POSTS}/{post['id']}"
    for headers in ({}, reader.headers):
        assert (await client.get(url, headers=headers)).status_code == 404
        assert (await client.get(POSTS, headers=headers)).json()["items"] == []
    assert (await client.get("/api/v1/tags")).json() == []
    assert (await client.get(url, headers=author.headers)).status_code == 200
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds() + 0.05)
    for headers in ({}, reader.headers):
        assert (await client.get(url, headers=headers)).status_code == 200
        assert len((await client.get(POSTS, headers=headers)).json()["items"]) == 1
    assert (await client.get("/api/v1/tags")).json() == [{"name": "soon", "post_count": 1}]


async def test_a_scheduled_publication_can_be_moved_and_called_off(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, published_at="2090-01-01T00:00:00+02:00")
    assert post["published_at"] == "2089-12-31T22:00:00Z"
    url = f"{POSTS}/{post['id']}"
    moved = await client.put(url, json={"published_at": "2091-01-01T00:00:00Z"}, headers=author.headers)
    assert moved.json()["published_at"] == "2091-01-01T00:00:00Z"
    off = await client.put(url, json={"status": "draft"}, headers=author.headers)
    assert off.json()["published_at"] is None


@on_sqlite
@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+12:00"])
async def test_a_time_without_zone_or_beyond_the_calendar_is_refused(
    client: httpx2.AsyncClient, accounts: Accounts, moment: str
):
    draft = {"title": "t", "content": "c", "status": "published", "published_at": moment}
    answer = await client.post(POSTS, json=draft, headers=(await accounts.user()).headers)
    assert answer.status_code == 422


async def test_what_is_left_out_of_an_update_stays(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, tags=["a", "b"], excerpt="Mine.")
    changed = await client.put(f"{POSTS}/{post['id']}", json={"content": "New."}, headers=author.headers)
    assert changed.json() == {**post, "content": "New.", "version": 2, "updated_at": changed.json()["updated_at"]}
    assert changed.json()["updated_at"] > post["updated_at"]


async def test_an_update_that_changes_nothing_makes_no_version(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, tags=["a"])
    same = {"title": post["title"], "tags": ["A"]}
    answer = await client.put(f"{POSTS}/{post['id']}", json=same, headers=author.headers)
    assert answer.json() == post


async def test_changing_only_tags_makes_a_version(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, tags=["b", "a"])
    assert post["tags"] == ["b", "a"]
    changed = await client.put(f"{POSTS}/{post['id']}", json={"tags": ["c", "b"]}, headers=author.headers)
    assert (changed.json()["tags"], changed.json()["version"]) == (["c", "b"], 2)
    none = await client.put(f"{POSTS}/{post['id']}", json={"tags": []}, headers=author.headers)
    assert none.json()["tags"] == []


async def test_a_made_excerpt_follows_the_content_and_a_written_one_stays(
    client: httpx2.AsyncClient, accounts: Accounts
):
    author = await accounts.user()
    made = await write(client, author, content="First. " * 100)
    assert len(made["excerpt"]) <= 200
    assert made["excerpt"].endswith("…")
    changed = await client.put(f"{POSTS}/{made['id']}", json={"content": "Second."}, headers=author.headers)
    assert changed.json()["excerpt"] == "Second."
    written = await client.put(f"{POSTS}/{made['id']}", json={"excerpt": "Mine"}, headers=author.headers)
    kept = await client.put(f"{POSTS}/{made['id']}", json={"content": "Third."}, headers=author.headers)
    assert written.json()["excerpt"] == kept.json()["excerpt"] == "Mine"
    anew = await client.put(f"{POSTS}/{made['id']}", json={"excerpt": None}, headers=author.headers)
    assert anew.json()["excerpt"] == "Third."


async def test_a_lost_update_is_refused(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    url = f"{POSTS}/{post['id']}"
    tag = (await client.get(url, headers=author.headers)).headers["etag"]
    first = await client.put(url, json={"title": "First"}, headers={**author.headers, "If-Match": tag})
    second = await client.put(url, json={"title": "Second"}, headers={**author.headers, "If-Match": tag})
    deletion = await client.delete(url, headers={**author.headers, "If-Match": tag})
    assert (first.status_code, second.status_code, deletion.status_code) == (200, 412, 412)
    assert second.headers["content-type"] == "application/problem+json"
    assert (await client.get(url)).json()["title"] == "First"
    newest = {**author.headers, "If-Match": first.headers["etag"]}
    assert (await client.put(url, json={"title": "Third"}, headers=newest)).status_code == 200


async def test_a_view_does_not_make_an_edit_a_lost_update(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    url = f"{POSTS}/{post['id']}"
    tag = (await client.get(url, headers=author.headers)).headers["etag"]
    await client.get(url)
    answer = await client.put(url, json={"title": "Read meanwhile"}, headers={**author.headers, "If-Match": tag})
    assert answer.status_code == 200


@on_sqlite
async def test_an_if_match_that_is_no_entity_tag_says_so(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    answer = await client.put(f"{POSTS}/{post['id']}", json={}, headers={**author.headers, "If-Match": "1"})
    assert answer.status_code == 400
    assert "entity tag" in answer.json()["detail"]


async def test_eight_concurrent_updates_of_one_version_change_it_once(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    url = f"{POSTS}/{post['id']}"
    tag = (await client.get(url, headers=author.headers)).headers["etag"]
    headers = {**author.headers, "If-Match": tag}
    answers = await asyncio.gather(
        *(client.put(url, json={"title": f"Number {number}"}, headers=headers) for number in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert (await client.get(url)).json()["version"] == 2


@on_sqlite
async def test_a_list_in_several_header_lines_is_one_list(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author)
    url = f"{POSTS}/{post['id']}"
    tag = (await client.get(url)).headers["etag"]
    for lines in ([tag, '"other"'], ['"other"', tag]):
        unchanged = await client.get(url, headers=[("If-None-Match", value) for value in lines])
        assert unchanged.status_code == 304
    several = [*author.headers.items(), ("If-Match", '"other"'), ("If-Match", tag)]
    assert (await client.put(url, json={"title": "Changed"}, headers=several)).status_code == 200
    assert (await client.put(url, json={"title": "Again"}, headers=several)).status_code == 412


async def test_a_repeated_idempotency_key_makes_one_post_and_repeats_the_answer(
    client: httpx2.AsyncClient, accounts: Accounts
):
    author = await accounts.user()
    headers = {**author.headers, "Idempotency-Key": "b6f1b1f0"}
    draft = {"title": "Once", "content": "Only once."}
    answers = await asyncio.gather(*(client.post(POSTS, json=draft, headers=headers) for _ in range(6)))
    answers.append(await client.post(POSTS, json=draft, headers=headers))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    listed = await client.get(POSTS, params={"author": author.id}, headers=author.headers)
    assert len(listed.json()["items"]) == 1
    other = await client.post(POSTS, json={**draft, "title": "Twice"}, headers=headers)
    assert other.status_code == 422
    assert [(error["in"], error["pointer"]) for error in other.json()["errors"]] == [("header", "#/Idempotency-Key")]


@on_both_databases
async def test_a_long_post_is_not_kept_twice_and_a_repeated_request_still_gets_it(
    app: Any, client: httpx2.AsyncClient, accounts: Accounts
):
    author = await accounts.user()
    headers = {**author.headers, "Idempotency-Key": "long"}
    draft = {"title": "Long", "content": token_hex(50_000)}
    first, again = [await client.post(POSTS, json=draft, headers=headers) for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    ((kept,),) = await app.state.resources.database.reader.records("SELECT answer FROM idempotency_records", ())
    assert len(bytes(kept)) < 1_000
    assert (await client.delete(first.headers["location"], headers=author.headers)).status_code == 200
    assert (await client.post(POSTS, json=draft, headers=headers)).status_code == 404


async def test_a_deleted_post_is_gone(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await write(client, author, tags=["gone"])
    url = f"{POSTS}/{post['id']}"
    assert (await client.get(url)).status_code == 200
    assert (await client.delete(url, headers=author.headers)).status_code == 200
    for answer in (await client.get(url), await client.get(f"{POSTS}/slug/{post['slug']}")):
        assert answer.status_code == 404
    assert (await client.get(POSTS)).json()["items"] == []
    assert (await client.get("/api/v1/tags")).json() == []


async def test_strangers_cannot_change_what_they_can_read(client: httpx2.AsyncClient, accounts: Accounts):
    author, stranger = await accounts.user(), await accounts.user()
    public, hidden = await write(client, author), await write(client, author, status="draft")
    for post, refusal in ((public, 403), (hidden, 404)):
        url = f"{POSTS}/{post['id']}"
        put = await client.put(url, json={"title": "Mine now"}, headers=stranger.headers)
        gone = await client.delete(url, headers=stranger.headers)
        assert (put.status_code, gone.status_code) == (refusal, refusal)
        assert (await client.get(url, headers=author.headers)).json()["title"] == post["title"]


async def test_administrators_see_and_change_every_post(client: httpx2.AsyncClient, accounts: Accounts):
    author, admin = await accounts.user(), await accounts.admin()
    post = await write(client, author, status="draft")
    url = f"{POSTS}/{post['id']}"
    assert (await client.get(url, headers=admin.headers)).status_code == 200
    changed = await client.put(url, json={"status": "archived"}, headers=admin.headers)
    assert changed.json()["status"] == "archived"
    assert changed.json()["author_id"] == author.id
    assert (await client.delete(url, headers=admin.headers)).status_code == 200


@on_sqlite
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "x" * 201),
        ("title", "two\nlines"),
        ("title", "nul\x00"),
        ("title", "\ud800"),
        ("title", None),
        ("content", ""),
        ("content", "x" * 100_001),
        ("excerpt", "x" * 501),
        ("tags", [f"tag{number}" for number in range(11)]),
        ("tags", ["a"] * 51),
        ("tags", ["x" * 51]),
        ("tags", ["a,b"]),
        ("tags", [1]),
        ("tags", {"a": 1}),
        ("status", "deleted"),
        ("slug", "chosen"),
        ("author_id", 1),
        ("view_count", 10),
    ],
)
async def test_a_broken_field_is_named(client: httpx2.AsyncClient, accounts: Accounts, field: str, value: Any):
    import json

    draft = json.dumps({"title": "t", "content": "c", field: value})
    headers = {**(await accounts.user()).headers, "Content-Type": "application/json"}
    answer = await client.post(POSTS, content=draft, headers=headers)
    assert answer.status_code == 422, answer.text
    assert any(error["pointer"].startswith(f"#/{field}") for error in answer.json()["errors"])
