"""Avatars and images of posts at the admin site."""

from fastapi import FastAPI

from app.config import Settings
from tests.admin.desk import Desk
from tests.admin.test_users import trail
from tests.backends import on_both_databases
from tests.factories import Accounts
from tests.pictures import encoded, image_form


@on_both_databases
async def test_an_avatar_is_seen_and_taken_away(
    app: FastAPI, desk: Desk, client, admin, accounts: Accounts, settings: Settings
):
    user, other = await accounts.user(username="seen"), await accounts.user()
    for account in (user, other):
        address = f"/api/v1/users/{account.id}/avatar"
        sent = await client.put(address, files=image_form(encoded()), headers=account.headers)
        assert sent.status_code == 200, sent.text
    [key] = await desk.rows("avatars", filter="username__is=seen")
    assert len(await desk.rows("avatars")) == 2
    assert "image/png" in await desk.text(f"/admin/avatars/detail?pk={key}")
    assert (await desk.press("avatars", "take_away", key)).status_code == 200
    assert (await client.get(f"/api/v1/avatars/{key}")).status_code == 404
    assert (await client.get(f"/api/v1/users/{user.id}")).json()["avatar"] is None
    assert await trail(app) == [(admin.id, "user.update", f"user:{user.id}", {"avatar": "changed"})]


@on_both_databases
async def test_an_image_of_a_post_is_seen_and_taken_away(app: FastAPI, desk: Desk, client, admin, accounts: Accounts):
    author = await accounts.user()
    post = await accounts.post(author, title="With a picture")
    address = f"/api/v1/posts/{post.id}/images"
    image = (await client.post(address, files=image_form(encoded()), headers=author.headers)).json()
    assert await desk.rows("post-images", q="with a pic") == [image["id"]]
    assert "With a picture" in await desk.text("/admin/post-images/list")
    assert (await desk.press_row("post-images", "take_away", image["id"])).status_code == 200
    assert (await client.get(image["url"])).status_code == 404
    [(actor, action, target, _)] = await trail(app)
    assert (actor, action, target) == (admin.id, "post.remove_image", f"post:{post.id}")
