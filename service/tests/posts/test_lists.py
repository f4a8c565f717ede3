"""Lists of posts: who sees what, in which order, found by what, page by page."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, product
from typing import Any

import httpx2
import pytest

from app.posts import listing
from app.schemas.post import PostSort
from tests.backends import on_both_databases, on_sqlite
from tests.factories import Account, Accounts

POSTS = "/api/v1/posts"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def titles(client: httpx2.AsyncClient, account: Account | None = None, **params: Any) -> list[str]:
    answer = await client.get(POSTS, params=params, headers=account.headers if account else {})
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def walk(client: httpx2.AsyncClient, headers: dict[str, str], **params: Any) -> list[int]:
    """The ids of all pages, by cursor."""
    ids: list[int] = []
    cursor: str | None = None
    while True:
        asked = {**params, **({"cursor": cursor} if cursor else {})}
        page = (await client.get(POSTS, params=asked, headers=headers)).json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        assert page["has_next"] == (cursor is not None)
        if cursor is None:
            return ids


async def test_everyone_sees_the_published_and_authors_their_own(client: httpx2.AsyncClient, accounts: Accounts):
    ann, bob, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    soon = datetime.now(UTC) + timedelta(hours=1)
    for author, name in ((ann, "ann"), (bob, "bob")):
        for status in ("published", "draft", "archived"):
            await accounts.post(author, title=f"{name} {status}", status=status)
        await accounts.post(author, title=f"{name} scheduled", published_at=soon)
    public = {"ann published", "bob published"}
    anns = {"ann published", "ann draft", "ann archived", "ann scheduled"}
    bobs = {title.replace("ann", "bob") for title in anns}
    assert set(await titles(client)) == public
    assert set(await titles(client, ann)) == public | anns
    assert set(await titles(client, bob)) == public | bobs
    assert set(await titles(client, admin)) == anns | bobs
    assert await titles(client, status="draft") == []
    assert await titles(client, ann, status="draft") == ["ann draft"]
    assert set(await titles(client, admin, status="draft")) == {"ann draft", "bob draft"}
    assert set(await titles(client, ann, author=bob.id)) == {"bob published"}
    assert set(await titles(client, ann, author=ann.id)) == anns
    assert set(await titles(client, ann, status="published")) == {"ann published", "ann scheduled", "bob published"}


async def test_a_summary_is_the_post_without_its_content(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    await accounts.post(author, tags=["b", "a"])
    item = (await client.get(POSTS)).json()["items"][0]
    post = (await client.get(f"{POSTS}/{item['id']}")).json()
    assert post.pop("content")
    assert item == {**post, "view_count": 0}
    assert item["author"]["username"] == author.username
    assert "email" not in item["author"]


@on_both_databases
@pytest.mark.parametrize(("sort", "order"), list(product(PostSort, ("asc", "desc"))))
async def test_every_order_is_walked_whole_by_cursor_and_by_number(
    client: httpx2.AsyncClient, accounts: Accounts, sort: PostSort, order: str
):
    author, admin = await accounts.user(), await accounts.admin()
    posts = [
        await accounts.post(
            author,
            title=f"Title {'abcab'[number % 5]}",
            view_count=number % 3,
            created_at=START + timedelta(days=number % 4),
            updated_at=START + timedelta(days=number % 2),
            status="draft" if number % 4 == 0 else "published",
            published_at=None if number % 4 == 0 else START + timedelta(days=number % 3),
        )
        for number in range(17)
    ]

    def key(post: Any) -> tuple[Any, int]:
        value = getattr(post, sort.value)
        return (value or datetime.min.replace(tzinfo=UTC)) if sort is PostSort.PUBLISHED_AT else value, post.id

    expected = [post.id for post in sorted(posts, key=key, reverse=order == "desc")]
    params: dict[str, Any] = {"sort_by": sort.value, "order": order, "page_size": 3}
    assert await walk(client, admin.headers, **params) == expected
    numbered = [
        item["id"]
        for page in range(1, 7)
        for item in (await client.get(POSTS, params={**params, "page": page}, headers=admin.headers)).json()["items"]
    ]
    assert numbered == expected
    public = [post.id for post in posts if post.status == "published"]
    assert await walk(client, {}, **params) == [post_id for post_id in expected if post_id in public]
    assert await walk(client, {}, **params, author=author.id) == [post for post in expected if post in public]


@on_both_databases
async def test_every_combination_of_parameters_is_answered_truly(client: httpx2.AsyncClient, accounts: Accounts):
    ann, bob, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    posts = [
        await accounts.post(
            author, title=f"{word} {number}", content="content", tags=tags, status=status, view_count=number % 2
        )
        for number, (author, word, tags, status) in enumerate(
            product((ann, bob), ("red", "blue"), (["a"], ["b"]), ("published", "draft"))
        )
    ]
    orders = cycle(zip(PostSort, ("asc", "desc") * 3, strict=True))
    for account, search, tag, author, status in product(
        (None, ann, admin), ("red", None), ("a", None), (ann, None), ("published", "draft", None)
    ):
        expected = {
            post.id
            for number, post in enumerate(posts)
            if (status is None or post.status == status)
            and (account is admin or post.status == "published" or (account is ann and post.author_id == ann.id))
            and (author is None or post.author_id == author.id)
            and (tag is None or number // 2 % 2 == 0)
            and (search is None or number // 4 % 2 == 0)
        }
        filters = {"search": search, "tag": tag, "author": author and author.id, "status": status}
        params: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
        headers = account.headers if account else {}
        sort, order = next(orders)
        found = await walk(client, headers, **params, sort_by=sort.value, order=order, page_size=5)
        assert set(found) == expected, (params, sort, order)
        assert len(found) == len(expected)


async def test_a_page_says_where_it_is(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    for _ in range(5):
        await accounts.post(author)
    page = (await client.get(POSTS, params={"page_size": 2, "page": 2})).json()
    assert {name: value for name, value in page.items() if name not in {"items", "next_cursor"}} == {
        "total": 5,
        "page": 2,
        "page_size": 2,
        "total_pages": 3,
        "has_next": True,
        "has_prev": True,
    }
    last = (await client.get(POSTS, params={"page_size": 2, "page": 3})).json()
    assert (last["total"], last["has_next"], last["next_cursor"], len(last["items"])) == (5, False, None, 1)
    beyond = (await client.get(POSTS, params={"page_size": 2, "page": 9})).json()
    assert (beyond["total"], beyond["total_pages"], beyond["items"], beyond["has_prev"]) == (5, 3, [], True)
    follow = (await client.get(POSTS, params={"page_size": 2, "cursor": page["next_cursor"]})).json()
    assert follow["items"] == last["items"]
    assert (follow["total"], follow["page"], follow["total_pages"]) == (None, None, None)


async def test_posts_are_found_by_words_and_the_beginning_of_the_last(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    for title, content in (
        ("Asynchronous Python", "The event loop runs one task at a time."),
        ("Keyset pagination", "OFFSET reads what it skips. Asynchronous too."),
        ("Über Straßen", "Äpfel & 100% <b>Birnen</b> isn't o'clock"),
    ):
        await accounts.post(author, title=title, content=content)
    assert set(await titles(client, search="asynchronous")) == {"Asynchronous Python", "Keyset pagination"}
    assert await titles(client, search="asynchronous PYTH") == ["Asynchronous Python"]
    assert await titles(client, search="pyth asynchronous") == []
    assert await titles(client, search="loop event") == ["Asynchronous Python"]
    assert await titles(client, search="äpf") == ["Über Straßen"]
    assert await titles(client, search="straßen") == ["Über Straßen"]
    assert await titles(client, search="o") == ["Über Straßen", "Keyset pagination", "Asynchronous Python"]
    assert await titles(client, search="nothing") == []


@on_both_databases
@pytest.mark.parametrize(
    "search",
    [
        "%",
        "_",
        "!!!",
        '"',
        "'",
        "a'b",
        "a AND",
        "NOT",
        "OR OR",
        "NEAR(a b)",
        "a*",
        "^a",
        "{",
        "(",
        ":*",
        "\\",
        "col:x",
        "-a",
        "a",
    ],
)
async def test_no_search_text_is_an_operator_or_an_error(client: httpx2.AsyncClient, accounts: Accounts, search: str):
    await accounts.post(await accounts.user(), title="Something else", content="entirely")
    assert await titles(client, search=search) == []


async def test_search_follows_edits_and_deletions(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author, title="Before", content="old words")
    url = f"{POSTS}/{post.id}"
    assert await titles(client, search="before old") == ["Before"]
    await client.put(url, json={"title": "After", "content": "new words"}, headers=author.headers)
    assert await titles(client, search="before") == []
    assert await titles(client, search="after new") == ["After"]
    await client.delete(url, headers=author.headers)
    assert await titles(client, search="after") == []


async def test_a_deleted_author_takes_posts_out_of_lists_search_and_tags(
    client: httpx2.AsyncClient, accounts: Accounts
):
    author, admin = await accounts.user(), await accounts.admin()
    post = await accounts.post(author, title="Orphan", tags=["orphaned"])
    assert await titles(client, search="orphan") == ["Orphan"]
    assert (await client.get(f"{POSTS}/{post.id}")).status_code == 200
    assert (await client.delete(f"/api/v1/users/{author.id}", headers=admin.headers)).status_code == 200
    assert await titles(client, search="orphan") == []
    assert await titles(client) == []
    assert (await client.get(f"{POSTS}/{post.id}")).status_code == 404
    assert (await client.get("/api/v1/tags")).json() == []


async def test_tags_are_one_whatever_their_case(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    for tags in (["Python", "web"], ["python"], ["PYTHON", "Straße"], []):
        draft = {"title": f"With {len(tags)}", "content": "c", "status": "published", "tags": tags}
        assert (await client.post(POSTS, json=draft, headers=author.headers)).status_code == 201
    await accounts.post(author, title="hidden", tags=["Python", "secret"], status="draft")
    assert (await client.get("/api/v1/tags")).json() == [
        {"name": "Python", "post_count": 3},
        {"name": "Straße", "post_count": 1},
        {"name": "web", "post_count": 1},
    ]
    for tag in ("python", "PYTHON", " Python "):
        assert len(await titles(client, tag=tag)) == 3
    assert await titles(client, tag="STRASSE") == ["With 2"]
    assert await titles(client, tag="secret") == []
    assert await titles(client, author, tag="secret") == ["hidden"]


async def test_filters_combine(client: httpx2.AsyncClient, accounts: Accounts):
    ann, bob = await accounts.user(), await accounts.user()
    await accounts.post(ann, title="Red apple", tags=["fruit"])
    await accounts.post(ann, title="Red car", tags=["thing"])
    await accounts.post(bob, title="Red cherry", tags=["fruit"])
    await accounts.post(ann, title="Green apple", tags=["fruit"], status="draft")
    assert await titles(client, search="red", tag="fruit", author=ann.id) == ["Red apple"]
    assert await titles(client, ann, search="apple", tag="fruit", status="draft") == ["Green apple"]
    assert await titles(client, ann, search="apple", sort_by="title", order="asc") == ["Green apple", "Red apple"]


@on_both_databases
@pytest.mark.parametrize("needles", [{0, 1, 2}, {0, 3, 9}, {6, 10}, set(range(12))])
async def test_words_are_found_and_counted_wherever_they_lie(
    client: httpx2.AsyncClient, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, needles: set[int]
):
    monkeypatch.setattr(listing, "WINDOW", 3)
    monkeypatch.setattr(listing, "SAMPLE", 4)
    author, admin = await accounts.user(), await accounts.admin()
    for number in range(12):
        title = f"Needle {number}" if number in needles else f"Hay {number}"
        status = "draft" if number == 0 else "published"
        await accounts.post(author, title=title, tags=["odd"] if number % 2 else [], status=status)
    everything, public = sorted(needles, reverse=True), sorted(needles - {0}, reverse=True)
    for account, expected in ((admin, everything), (author, everything), (await accounts.user(), public)):
        for params, numbers in (
            ({}, expected),
            ({"author": author.id}, expected),
            ({"tag": "odd"}, [number for number in expected if number % 2]),
            ({"tag": "odd", "author": author.id}, [number for number in expected if number % 2]),
        ):
            asked: dict[str, Any] = {"search": "needle", "page_size": 2, **params}
            pages = [
                (await client.get(POSTS, params={**asked, "page": page}, headers=account.headers)).json()
                for page in (1, 2, 3, 4, 5, 6)
            ]
            titles_found = [item["title"] for page in pages for item in page["items"]]
            assert titles_found == [f"Needle {number}" for number in numbers]
            assert {page["total"] for page in pages} == {len(numbers)}
            assert len(await walk(client, account.headers, **asked)) == len(numbers)


@on_both_databases
@pytest.mark.parametrize("sort", list(PostSort))
async def test_a_search_finds_the_same_however_far_it_looks(
    client: httpx2.AsyncClient, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, sort: PostSort
):
    """Row by row in a window, by two indexes in a stretch beyond it, or among all matches."""
    monkeypatch.setattr(listing, "FARTHEST", 100)
    author, reader = await accounts.user(), await accounts.user()
    for number in range(40):
        title = f"Needle {number}" if number % 3 == 0 else f"Hay {number}"
        writer, status = (reader, "draft") if number % 5 == 0 else (author, "published")
        await accounts.post(writer, title=title, status=status, view_count=number // 8)
    for headers, order in product(({}, reader.headers), ("asc", "desc")):
        asked: dict[str, Any] = {"search": "needle", "sort_by": sort.value, "order": order, "page_size": 3}
        found: list[list[int]] = []
        for window in (1000, 4, 1):
            monkeypatch.setattr(listing, "WINDOW", window)
            found.append(await walk(client, headers, **asked))
        assert len(found[0]) == (14 if headers else 11)
        assert found[1] == found[2] == found[0]


@on_both_databases
async def test_what_only_a_few_of_several_kinds_have_is_merged_in_order(client: httpx2.AsyncClient, accounts: Accounts):
    """A reader's own drafts, archived and scheduled posts lie between everybody's published ones."""
    ann, bob = await accounts.user(), await accounts.user()
    soon = datetime.now(UTC) + timedelta(hours=1)
    kinds: list[dict[str, Any]] = [{}, {"status": "draft"}, {"status": "archived"}, {"published_at": soon}]
    for number in range(16):
        author = ann if number % 2 else bob
        await accounts.post(author, title=f"{number:02}", tags=["t"], view_count=number % 3, **kinds[number // 2 % 4])
    mine = [f"{number:02}" for number in range(16) if number % 2 or number // 2 % 4 == 0]
    for params in ({}, {"tag": "t"}):
        asked: dict[str, Any] = {"sort_by": "title", "order": "asc", "page_size": 5, **params}
        pages = [(await client.get(POSTS, params={**asked, "page": n}, headers=ann.headers)).json() for n in (1, 2, 3)]
        assert [item["title"] for page in pages for item in page["items"]] == mine
        assert [page["total"] for page in pages] == [len(mine)] * 3
        assert len(await walk(client, ann.headers, **asked)) == len(mine)
        hidden = (await client.get(POSTS, params={**asked, "status": "archived"}, headers=ann.headers)).json()
        assert [item["title"] for item in hidden["items"]] == ["05", "13"]
        bobs = {**asked, "author": bob.id, "status": "draft"}
        assert (await client.get(POSTS, params=bobs, headers=ann.headers)).json()["items"] == []


@on_sqlite
@pytest.mark.parametrize(
    "params",
    [
        {"page": 0},
        {"page": -1},
        {"page": 10**24},
        {"page": 501},
        {"page_size": 0},
        {"page_size": 101},
        {"sort_by": "content"},
        {"order": "up"},
        {"status": "gone"},
        {"author": 0},
        {"author": 2**63},
        {"search": "x" * 101},
        {"search": "\x00"},
        {"cursor": "x"},
        {"cursor": "é"},
        {"cursor": "bnVsbA"},
        {"cursor": "W10"},
    ],
    ids=str,
)
async def test_a_broken_parameter_is_named(client: httpx2.AsyncClient, params: dict[str, Any]):
    answer = await client.get(POSTS, params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    name = next(iter(params))
    assert [(error["in"], error["pointer"]) for error in answer.json()["errors"]] == [("query", f"#/{name}")]


@on_sqlite
async def test_past_the_numbered_pages_the_error_leads_to_cursors(client: httpx2.AsyncClient):
    answer = await client.get(POSTS, params={"page": 101, "page_size": 100})
    assert answer.status_code == 422
    assert "cursor" in answer.json()["errors"][0]["detail"]
    assert (await client.get(POSTS, params={"page": 100, "page_size": 100})).status_code == 200
    last = {"page": 334, "page_size": 30}  # of the 334 pages that 10,000 rows make: it begins within them
    assert (await client.get(POSTS, params=last)).status_code == 200
    assert (await client.get(POSTS, params={**last, "page": 335})).status_code == 422


@on_sqlite
async def test_an_empty_cursor_is_none(client: httpx2.AsyncClient):
    assert (await client.get(POSTS, params={"cursor": ""})).json() == (await client.get(POSTS)).json()


@on_sqlite
async def test_a_cursor_of_another_order_is_refused(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    for _ in range(2):
        await accounts.post(author)
    cursor = (await client.get(POSTS, params={"page_size": 1})).json()["next_cursor"]
    for params in ({"sort_by": "title"}, {"order": "asc"}):
        assert (await client.get(POSTS, params={**params, "cursor": cursor})).status_code == 422
