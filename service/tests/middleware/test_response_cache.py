"""Answers from the cache: the same as without it, never of a past state, counted, revalidated, compressed."""

from typing import Any

import httpx2
from fastapi import FastAPI

from app.posts.response_cache import LIST_PARAMETERS, ResponseCache
from tests.backends import on_both_databases
from tests.factories import Accounts

POSTS = "/api/v1/posts"


async def views(client: httpx2.AsyncClient, url: str, headers: dict[str, str]) -> int:
    return (await client.get(url, headers=headers)).json()["view_count"]


async def test_every_read_by_someone_else_counts_one_view(client: httpx2.AsyncClient, accounts: Accounts):
    author, reader = await accounts.user(), await accounts.user()
    post = await accounts.post(author)
    url = f"{POSTS}/{post.id}"
    assert await views(client, url, author.headers) == 0
    for _ in range(4):
        await client.get(url)
    await client.get(f"{POSTS}/slug/{post.slug}")
    await client.get(url, headers=reader.headers)
    assert await views(client, url, author.headers) == 6
    assert await views(client, url, author.headers) == 6
    stats = (await client.get(f"/api/v1/users/{author.id}/stats")).json()
    assert stats["total_views"] == 6
    assert (await client.get(POSTS, params={"sort_by": "view_count"})).json()["items"][0]["view_count"] == 6


async def test_an_authors_reading_of_a_draft_counts_nothing(client: httpx2.AsyncClient, accounts: Accounts):
    author, admin = await accounts.user(), await accounts.admin()
    post = await accounts.post(author, status="draft")
    for headers in (author.headers, admin.headers, admin.headers):
        assert await views(client, f"{POSTS}/{post.id}", headers) == 0


async def test_a_write_shows_at_once(client: httpx2.AsyncClient, accounts: Accounts):
    author, admin = await accounts.user(), await accounts.admin()
    post = await accounts.post(author, tags=["one"])
    url, slug = f"{POSTS}/{post.id}", f"{POSTS}/slug/{post.slug}"
    for path in (url, slug, POSTS, "/api/v1/tags"):
        assert (await client.get(path)).status_code == 200
    await client.put(url, json={"title": "Changed", "tags": ["two"]}, headers=author.headers)
    assert (await client.get(url)).json()["title"] == "Changed"
    assert (await client.get(slug)).json()["title"] == "Changed"
    assert (await client.get(POSTS)).json()["items"][0]["title"] == "Changed"
    assert (await client.get("/api/v1/tags")).json() == [{"name": "two", "post_count": 1}]
    await client.put(f"/api/v1/users/{author.id}", json={"first_name": "Grace"}, headers=author.headers)
    assert (await client.get(url)).json()["author"]["first_name"] == "Grace"
    assert (await client.get(POSTS)).json()["items"][0]["author"]["first_name"] == "Grace"
    await client.put(url, json={"status": "archived"}, headers=admin.headers)
    assert (await client.get(url)).status_code == 404
    assert (await client.get(slug)).status_code == 404
    assert (await client.get(POSTS)).json()["items"] == []


async def test_a_cached_answer_is_for_the_anonymous_alone(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    await accounts.post(author, title="Draft", status="draft")
    assert (await client.get(POSTS)).json()["items"] == []
    own = await client.get(POSTS, headers=author.headers)
    assert [item["title"] for item in own.json()["items"]] == ["Draft"]
    assert own.headers["cache-control"].startswith("private")
    assert (await client.get(POSTS)).json()["items"] == []
    assert (await client.get(POSTS, headers={"Authorization": "Bearer nonsense"})).status_code == 401


async def test_a_parameter_that_nobody_reads_makes_no_answer_of_its_own(
    client: httpx2.AsyncClient, accounts: Accounts, app: FastAPI
):
    post = await accounts.post(await accounts.user())
    pages = app.state.resources.get(ResponseCache).pages
    for path in (POSTS, f"{POSTS}/{post.id}", "/api/v1/tags"):
        first = (await client.get(f"{path}?_=1")).json()
        filled = pages.fills
        for query in ("", "?_=2", "?utm_source=a&_=3"):
            assert _without_views((await client.get(path + query)).json()) == _without_views(first)
        assert pages.fills == filled
    third = await client.get(f"{POSTS}?page=3&_=1&page=2&page_size=1")
    assert pages.get(f"{POSTS}?page=2&page_size=1") is not None, "of several with one name the last counts"
    assert third.json()["page"] == 2


async def test_a_write_shows_at_once_whatever_the_address_is_asked_with(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author)
    addresses = [f"{POSTS}/{post.id}{query}" for query in ("?_=1", "?page=2", "?search=x&_=2")]
    for address in addresses:
        await client.get(address)
    await client.put(f"{POSTS}/{post.id}", json={"title": "Changed"}, headers=author.headers)
    assert [(await client.get(address)).json()["title"] for address in addresses] == ["Changed"] * 3


async def test_the_parameters_that_answers_are_kept_by_are_those_of_the_document(app: FastAPI):
    described = app.openapi()["paths"][POSTS]["get"]["parameters"]
    assert {parameter["name"] for parameter in described if parameter["in"] == "query"} == LIST_PARAMETERS


async def test_hits_and_misses_look_alike(client: httpx2.AsyncClient, accounts: Accounts, app: FastAPI):
    post = await accounts.post(await accounts.user(), content="A long text. " * 200)
    varying = {"x-request-id", "date", "content-length"}  # the last: views get more digits
    for path in (f"{POSTS}/{post.id}", f"{POSTS}/slug/{post.slug}", f"{POSTS}?page_size=3", "/api/v1/tags"):
        for encoding in ("identity", "gzip"):
            await app.state.resources.get(ResponseCache).forget_author()
            answers = [await client.get(path, headers={"Accept-Encoding": encoding}) for _ in range(3)]
            assert app.state.resources.get(ResponseCache).find(*_split(path)) is not None, path
            headers = [
                {name: value for name, value in answer.headers.items() if name not in varying} for answer in answers
            ]
            assert headers[0] == headers[1] == headers[2], path
            bodies = [_without_views(answer.json()) for answer in answers]
            assert bodies[0] == bodies[1] == bodies[2]


async def test_a_reader_who_has_it_gets_a_304(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author, content="A long text. " * 200)
    for path in (f"{POSTS}/{post.id}", POSTS, "/api/v1/tags"):
        for account in ({}, author.headers):
            for encoding in ("identity", "gzip"):
                asked = {**account, "Accept-Encoding": encoding}
                first = await client.get(path, headers=asked)
                for condition in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
                    again = await client.get(path, headers={**asked, "If-None-Match": condition})
                    assert (again.status_code, again.content) == (304, b""), (path, condition)
                    assert again.headers["etag"].replace('-gzip"', '"') == first.headers["etag"].replace('-gzip"', '"')
                other = await client.get(path, headers={**asked, "If-None-Match": '"other"'})
                assert other.status_code == 200


async def test_a_head_says_what_a_get_would_and_counts_no_view(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author, content="A long text. " * 200)
    url = f"{POSTS}/{post.id}"
    first = await client.head(url)
    assert (first.status_code, first.content) == (200, b"")
    for encoding in ("identity", "gzip"):
        asked = {"Accept-Encoding": encoding}
        got = await client.get(url, headers=asked)
        head = await client.head(url, headers=asked)
        assert head.headers["etag"] == got.headers["etag"]
        assert head.headers.get("content-encoding") == got.headers.get("content-encoding")
        again = await client.head(url, headers={**asked, "If-None-Match": got.headers["etag"]})
        assert again.status_code == 304
    assert await views(client, url, author.headers) == 2, "the two GETs"


async def test_gzip_has_an_entity_tag_of_its_own_and_a_refusal_of_gzip_is_heard(
    client: httpx2.AsyncClient, accounts: Accounts
):
    post = await accounts.post(await accounts.user(), content="A long text. " * 200)
    url = f"{POSTS}/{post.id}"
    for _ in range(2):
        plain = await client.get(url, headers={"Accept-Encoding": "gzip;q=0"})
        packed = await client.get(url, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
        assert "accept-encoding" in packed.headers["vary"].lower()
        assert _without_views(packed.json()) == _without_views(plain.json())
    small = await client.get("/api/v1/tags", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


@on_both_databases
async def test_odd_spellings_of_an_address_are_answered_but_not_kept(
    client: httpx2.AsyncClient, accounts: Accounts, app: FastAPI
):
    author = await accounts.user()
    post = await accounts.post(author)
    path = f"{POSTS}/00{post.id}"
    assert (await client.get(path)).status_code == 200
    assert app.state.resources.get(ResponseCache).find(path, b"") is None
    await client.delete(f"{POSTS}/{post.id}", headers=author.headers)
    assert (await client.get(path)).status_code == 404


@on_both_databases
async def test_a_parameter_that_nothing_reads_finds_the_same_answer_and_goes_with_it(
    client: httpx2.AsyncClient, accounts: Accounts, app: FastAPI
):
    author = await accounts.user()
    path = f"{POSTS}/{(await accounts.post(author)).id}"
    assert (await client.get(f"{path}?x=1")).status_code == 200
    kept = app.state.resources.get(ResponseCache).find(path, b"")
    assert kept is not None
    assert app.state.resources.get(ResponseCache).find(path, b"x=1") is kept
    await client.delete(path, headers=author.headers)
    assert (await client.get(f"{path}?x=1")).status_code == 404


def _split(path: str) -> tuple[str, bytes]:
    path, _, query = path.partition("?")
    return path, query.encode()


def _without_views(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _without_views(value) for name, value in body.items() if name != "view_count"}
    return [_without_views(item) for item in body] if isinstance(body, list) else body
