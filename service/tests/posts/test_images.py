"""Images of posts: who sends them, who sees them, how many there may be."""

from datetime import timedelta

import httpx2
from fastapi import FastAPI
from sqlalchemy import select

from app.config import Settings
from app.kit.clock import utcnow
from app.models import AuditEvent, Post, PostImage, PostStatus
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import served
from tests.factories import Account, Accounts
from tests.pictures import encoded, image_form, opened


async def send(client: httpx2.AsyncClient, post: Post, sender: Account, content: bytes | None = None):
    address = f"/api/v1/posts/{post.id}/images"
    return await client.post(address, files=image_form(content or encoded()), headers=sender.headers)


async def status(client: httpx2.AsyncClient, url: str, reader: Account | None = None) -> int:
    return (await client.get(url, headers=reader.headers if reader else {})).status_code


@on_both_databases
async def test_an_image_is_sent_listed_seen_and_removed(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author)
    sent = await send(client, post, author, encoded("JPEG", size=(2500, 1250)))
    assert sent.status_code == 201, sent.text
    image = sent.json()
    assert sent.headers["location"] == image["url"] == f"/api/v1/posts/{post.id}/images/{image['id']}"
    assert (image["media_type"], image["width"], image["height"]) == ("image/jpeg", 2048, 1024)
    second = (await send(client, post, author)).json()
    listed = (await client.get(f"/api/v1/posts/{post.id}/images")).json()
    assert listed == [image, second]
    shown = await client.get(image["url"])
    assert opened(shown.content).size == (2048, 1024)
    assert len(shown.content) == image["byte_size"]
    assert (await client.delete(image["url"], headers=author.headers)).status_code == 200
    assert await status(client, image["url"]) == 404
    assert (await client.delete(image["url"], headers=author.headers)).status_code == 404
    assert (await client.get(f"/api/v1/posts/{post.id}/images")).json() == [second]


@on_both_databases
async def test_an_image_is_seen_by_those_who_see_its_post_and_cached_by_nobody_else(
    client: httpx2.AsyncClient, accounts: Accounts
):
    author, stranger, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    hidden = [
        await accounts.post(author, status=PostStatus.DRAFT),
        await accounts.post(author, status=PostStatus.ARCHIVED),
        await accounts.post(author, published_at=utcnow() + timedelta(days=1)),
    ]
    for post in hidden:
        url = (await send(client, post, author)).json()["url"]
        collection = url.rpartition("/")[0]
        for address in (url, collection):
            seen = [await status(client, address, reader) for reader in (None, stranger, author, admin)]
            assert seen == [404, 404, 200, 200]
        shown = await client.get(url, headers=author.headers)
        assert shown.headers["cache-control"] == "private, no-cache"
        asked_again = {**author.headers, "If-None-Match": shown.headers["etag"]}
        assert (await client.get(url, headers=asked_again)).status_code == 304
        assert (await client.get(url, headers={"If-None-Match": shown.headers["etag"]})).status_code == 404


@on_sqlite
async def test_an_image_is_public_with_its_post_and_hidden_with_it(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author, status=PostStatus.DRAFT)
    url = (await send(client, post, author)).json()["url"]
    for wanted, seen in (("published", 200), ("archived", 404), ("published", 200)):
        change = {"status": wanted}
        assert (await client.put(f"/api/v1/posts/{post.id}", json=change, headers=author.headers)).status_code == 200
        assert await status(client, url) == seen
    for reader in (None, author):
        shown = await client.get(url, headers=reader.headers if reader else {})
        assert shown.headers["cache-control"] == "public, max-age=86400, immutable"


@on_sqlite
async def test_an_image_is_found_at_its_own_post_alone(client: httpx2.AsyncClient, accounts: Accounts):
    author = await accounts.user()
    draft = await accounts.post(author, status=PostStatus.DRAFT)
    public = await accounts.post(await accounts.user())
    image = (await send(client, draft, author)).json()["id"]
    assert await status(client, f"/api/v1/posts/{public.id}/images/{image}") == 404
    assert await status(client, f"/api/v1/posts/{draft.id}/images/{image}", author) == 200


@on_sqlite
async def test_only_the_author_and_administrators_send_and_remove(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts
):
    author, stranger, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    public, draft = await accounts.post(author), await accounts.post(author, status=PostStatus.DRAFT)
    assert [(await send(client, post, stranger)).status_code for post in (public, draft)] == [403, 404]
    url = (await send(client, public, admin)).json()["url"]
    assert (await client.delete(url, headers=stranger.headers)).status_code == 403
    assert (await client.delete(url)).status_code == 401
    assert (await client.delete(url, headers=admin.headers)).status_code == 200
    async with app.state.resources.database.session() as session:
        actions = (await session.scalars(select(AuditEvent.action).order_by(AuditEvent.id))).all()
    assert actions == ["post.add_image", "post.remove_image"]


@on_both_databases
async def test_images_go_with_the_post_and_with_the_user(app: FastAPI, client, accounts: Accounts):
    author, admin = await accounts.user(), await accounts.admin()
    first, second = await accounts.post(author), await accounts.post(author)
    urls = [(await send(client, post, author)).json()["url"] for post in (first, second)]
    assert (await client.delete(f"/api/v1/posts/{first.id}", headers=author.headers)).status_code == 200
    assert (await client.delete(f"/api/v1/users/{author.id}", headers=admin.headers)).status_code == 200
    assert [await status(client, url) for url in urls] == [404, 404]
    async with app.state.resources.database.session() as session:
        rows = (await session.scalars(select(PostImage))).all()
    assert [(row.post_id, row.author_id) for row in rows] == [(None, None)] * 2


@on_sqlite
async def test_a_post_and_an_author_have_so_many_images_and_no_more(app: FastAPI, settings: Settings):
    chosen = settings.model_copy(update={"images_per_post": 2, "images_per_user": 3})
    async with served(chosen) as client:
        accounts = Accounts(app.state.resources.database, client)
        author, admin = await accounts.user(), await accounts.admin()
        first, second = await accounts.post(author), await accounts.post(author)
        statuses = [(await send(client, post, author)).status_code for post in (first, first, first, second, second)]
        assert statuses == [201, 201, 409, 201, 409]
        assert (await send(client, second, admin)).status_code == 409, "they are the author's, whoever sends them"
        [image, _] = (await client.get(f"/api/v1/posts/{first.id}/images")).json()
        await client.delete(image["url"], headers=author.headers)
        refused = await send(client, second, author, b"no image")
        assert refused.status_code == 422
        assert (await send(client, second, author)).status_code == 201
