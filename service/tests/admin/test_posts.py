"""Posts at the admin site: what is done there, readers see at once."""

from datetime import timedelta

from app.kit.clock import utcnow
from app.models import PostStatus
from tests.admin.desk import Desk
from tests.admin.test_users import trail
from tests.backends import on_both_databases, on_sqlite
from tests.factories import Accounts


@on_both_databases
async def test_publishing_and_archiving_show_in_the_cached_list_at_once(
    app, desk: Desk, client, admin, accounts: Accounts
):
    author = await accounts.user()
    draft = await accounts.post(author, status=PostStatus.DRAFT, title="A fine draft")
    seen = [(await client.get("/api/v1/posts")).json()["total"]]
    assert (await desk.press("posts", "publish", draft.id)).status_code == 200
    seen.append((await client.get("/api/v1/posts")).json()["total"])
    assert (await client.get(f"/api/v1/posts/{draft.id}")).json()["published_at"] is not None
    assert (await desk.press_row("posts", "archive", draft.id)).status_code == 200
    seen.append((await client.get("/api/v1/posts")).json()["total"])
    assert seen == [0, 1, 0]
    assert (await client.get(f"/api/v1/posts/{draft.id}")).status_code == 404
    entries = await trail(app)
    assert [entry[:3] for entry in entries] == [(admin.id, "post.update", f"post:{draft.id}")] * 2
    assert entries[0][3]["status"] == ["draft", "published"]
    assert entries[0][3]["published_at"][0] is None
    assert entries[1][3] == {"status": ["published", "archived"]}


@on_sqlite
async def test_an_edit_changes_what_was_changed_and_nothing_else(app, desk: Desk, client, admin, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(
        author, title="Old", content="One line.\n\nAnother <line>.", tags=["one", "two"], excerpt="Kept"
    )
    before = (await client.get(f"/api/v1/posts/{post.id}")).json()
    saved = await desk.edit("posts", post.id, title="New & better")
    assert saved.status_code == 303, saved.text
    after = (await client.get(f"/api/v1/posts/{post.id}")).json()
    changing = {"title", "updated_at", "version", "view_count"}
    assert after["title"] == "New & better"
    assert {name for name in after if after[name] != before[name]} <= changing
    assert await trail(app) == [(admin.id, "post.update", f"post:{post.id}", {"title": ["Old", "New & better"]})]
    saved = await desk.edit("posts", post.id, tags="three, one", content="Other words.")
    assert saved.status_code == 303, saved.text
    after = (await client.get(f"/api/v1/posts/{post.id}")).json()
    assert (after["tags"], after["content"]) == (["three", "one"], "Other words.")
    detail = (await trail(app))[1][3]
    assert detail["content"] == detail["tags"] == "changed", "the trail keeps no text"


@on_sqlite
async def test_a_publication_can_be_scheduled_and_a_bad_form_says_what_is_wrong(
    desk: Desk, client, admin, accounts: Accounts
):
    author = await accounts.user()
    post = await accounts.post(author, status=PostStatus.DRAFT)
    tomorrow = (utcnow() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await desk.edit("posts", post.id, status="published", published_at=tomorrow)).status_code == 303
    assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 404
    read = (await client.get(f"/api/v1/posts/{post.id}", headers=admin.headers)).json()
    assert read["published_at"] == tomorrow
    for changes in (
        {"published_at": "tomorrow"},
        {"title": " "},
        {"title": ""},
        {"content": ""},
        {"tags": ",".join(f"tag{n}" for n in range(11))},
        {"status": "nonsense"},
    ):
        refused = await desk.edit("posts", post.id, **changes)
        assert refused.status_code == 422, changes
        assert "is-invalid" in refused.text or "invalid-feedback" in refused.text, changes


@on_both_databases
async def test_posts_are_found_by_words_status_author_and_tag(desk: Desk, accounts: Accounts):
    ada, bob = await accounts.user(username="ada_l"), await accounts.user(username="bob")
    first = await accounts.post(ada, title="Whales sing", tags=["sea"])
    second = await accounts.post(bob, title="Whales sleep", status=PostStatus.DRAFT)
    third = await accounts.post(bob, title="Ants", tags=["sea"], status=PostStatus.ARCHIVED)
    assert await desk.rows("posts") == [str(post.id) for post in (third, second, first)]
    assert await desk.rows("posts", q="whale") == [str(second.id), str(first.id)]
    assert await desk.rows("posts", filter="status__is=draft") == [str(second.id)]
    assert await desk.rows("posts", filter="author__is=ADA_L") == [str(first.id)]
    assert await desk.rows("posts", filter=f"author__is={bob.id} AND tags__is=sea") == [str(third.id)]
    assert await desk.rows("posts", filter="author__is=nobody") == []
    assert await desk.rows("posts", sort="title__asc") == [str(post.id) for post in (third, first, second)]


@on_sqlite
async def test_deleting_posts_removes_them_for_readers_and_leaves_a_trace(
    app, desk: Desk, client, admin, accounts: Accounts
):
    author = await accounts.user()
    posts = [await accounts.post(author, title=f"Post {number}") for number in range(3)]
    for post in posts:
        assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 200
    assert (await desk.press("posts", "delete", *(post.id for post in posts[:2]))).status_code == 200
    statuses = [(await client.get(f"/api/v1/posts/{post.id}")).status_code for post in posts]
    assert statuses == [404, 404, 200]
    assert {entry[1] for entry in await trail(app)} == {"post.delete"}
    refused = await desk.press("posts", "delete", posts[2].id, posts[0].id)
    assert refused.status_code == 400
    assert (await client.get(f"/api/v1/posts/{posts[2].id}")).status_code == 200, "all or nothing"


@on_sqlite
async def test_lists_have_pages_that_follow_one_another(desk: Desk, accounts: Accounts):
    author = await accounts.user()
    ids = [str((await accounts.post(author)).id) for _ in range(30)][::-1]
    assert await desk.rows("posts") == ids[:25]
    assert await desk.rows("posts", page=2) == ids[25:]
    text = await desk.text("/admin/posts/list?page=2")
    assert "26 to 30 of 30" in text


@on_sqlite
async def test_what_authors_wrote_is_shown_as_text(desk: Desk, accounts: Accounts):
    script = "<script>alert(1)</script>"
    content = f"{{{{ 7 * 7 }}}} {script}"
    post = await accounts.post(await accounts.user(), title=script, content=content, tags=["</script>"])
    for path in ("list", f"detail?pk={post.id}", f"edit?pk={post.id}", f"list?q={script}"):
        page = (await desk.client.get(f"/admin/posts/{path}")).text
        assert script not in page, path
        assert "49 " not in page.replace("49 ms", ""), path
