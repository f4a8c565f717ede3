"""Avatars that users send."""

from pathlib import Path

import httpx2
from fastapi import FastAPI
from sqlalchemy import select
from starlette.requests import ClientDisconnect

from app.config import Settings
from app.kit.clock import utcnow
from app.models import Avatar
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import served
from tests.factories import Account, Accounts
from tests.pictures import encoded, image_form, opened


def files(settings: Settings) -> list[Path]:
    return sorted(path for path in settings.uploads_folder.rglob("*") if path.is_file())


async def send(client: httpx2.AsyncClient, user_id: int, sender: Account, content: bytes, **headers: str):
    address = f"/api/v1/users/{user_id}/avatar"
    return await client.put(address, files=image_form(content), headers={**sender.headers, **headers})


def path_of(profile: dict[str, str], settings: Settings) -> str:
    assert profile["avatar"].startswith(settings.base_url)
    return profile["avatar"].removeprefix(settings.base_url)


@on_both_databases
async def test_a_picture_that_is_sent_is_the_users_avatar_for_everybody(
    client: httpx2.AsyncClient, accounts: Accounts, settings: Settings
):
    user = await accounts.user()
    sent = await send(client, user.id, user, encoded("JPEG", size=(1200, 600)))
    assert sent.status_code == 200, sent.text
    seen = (await client.get(f"/api/v1/users/{user.id}")).json()
    assert seen["avatar"] == sent.json()["avatar"]
    shown = await client.get(path_of(seen, settings))
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/jpeg"
    assert opened(shown.content).size == (512, 256)
    assert len(files(settings)) == 1


@on_sqlite
async def test_an_image_is_nothing_but_an_image_to_a_browser_and_kept_for_good(
    client: httpx2.AsyncClient, accounts: Accounts, settings: Settings
):
    user = await accounts.user()
    path = path_of((await send(client, user.id, user, encoded())).json(), settings)
    shown = await client.get(path)
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"].startswith('inline; filename="')
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert int(shown.headers["content-length"]) == len(shown.content)
    again = await client.get(path, headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await client.head(path)
    assert (head.headers["content-length"], head.content) == (shown.headers["content-length"], b"")


@on_both_databases
async def test_another_avatar_takes_the_place_of_the_first(
    client: httpx2.AsyncClient, accounts: Accounts, settings: Settings
):
    user = await accounts.user()
    first = path_of((await send(client, user.id, user, encoded())).json(), settings)
    second = path_of((await send(client, user.id, user, encoded("WEBP"))).json(), settings)
    assert [(await client.get(path)).status_code for path in (first, second)] == [404, 200]


@on_both_databases
async def test_a_profile_without_the_avatar_or_with_one_elsewhere_gives_the_file_up(
    client: httpx2.AsyncClient, accounts: Accounts, settings: Settings
):
    user = await accounts.user()
    for other in (None, "https://example.net/face.png"):
        profile = (await send(client, user.id, user, encoded())).json()
        same = {"avatar": profile["avatar"], "bio": "The avatar stays."}
        await client.put(f"/api/v1/users/{user.id}", json=same, headers=user.headers)
        path = path_of(profile, settings)
        assert (await client.get(path)).status_code == 200
        await client.put(f"/api/v1/users/{user.id}", json={"avatar": other}, headers=user.headers)
        assert (await client.get(path)).status_code == 404


@on_both_databases
async def test_an_avatar_goes_with_its_user(app: FastAPI, client, accounts: Accounts, settings: Settings):
    user, admin = await accounts.user(), await accounts.admin()
    path = path_of((await send(client, user.id, user, encoded())).json(), settings)
    assert (await client.delete(f"/api/v1/users/{user.id}", headers=admin.headers)).status_code == 200
    assert (await client.get(path)).status_code == 404
    async with app.state.resources.database.session() as session:
        [row] = await session.scalars(select(Avatar))
    assert row.user_id is None, "the row still names the file, so that a job finds it"


@on_sqlite
async def test_only_the_user_and_administrators_send_one_and_nothing_is_kept_of_others(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts, settings: Settings
):
    user, stranger, admin = await accounts.user(), await accounts.user(), await accounts.admin()
    assert (await send(client, user.id, stranger, encoded())).status_code == 403
    assert (await send(client, 999_999, admin, encoded())).status_code == 404
    assert (await client.put(f"/api/v1/users/{user.id}/avatar", files=image_form(encoded()))).status_code == 401
    assert files(settings) == []
    assert (await send(client, user.id, admin, encoded())).status_code == 200


@on_sqlite
async def test_a_profile_that_has_changed_meanwhile_keeps_its_avatar(client, accounts: Accounts):
    user = await accounts.user()
    refused = await send(client, user.id, user, encoded(), **{"If-Match": '"99-old"'})
    assert refused.status_code == 412
    assert (await client.get(f"/api/v1/users/{user.id}")).json()["avatar"] is None


@on_sqlite
async def test_what_is_no_picture_is_refused_at_its_field(client: httpx2.AsyncClient, accounts: Accounts, settings):
    user = await accounts.user()
    address = f"/api/v1/users/{user.id}/avatar"
    refused = await send(client, user.id, user, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {
            "pointer": "#/file",
            "in": "body",
            "code": "image",
            "detail": "This is not an image: send PNG, JPEG, WebP or GIF.",
        }
    ]
    wrong = [
        {"json": {"file": "text"}},
        {"content": encoded(), "headers": {"Content-Type": "image/png"}},
        {"files": {"other": ("a.png", encoded(), "image/png")}},
    ]
    for request in wrong:
        headers = {**user.headers, **request.pop("headers", {})}
        assert (await client.put(address, headers=headers, **request)).status_code == 422
    several = [("file", ("a.png", encoded(), "image/png"))] * 2
    assert (await client.put(address, headers=user.headers, files=several)).status_code == 400
    assert files(settings) == []
    assert 'uploads_total{kind="avatar",outcome="refused"} 1.0' in (await client.get("/metrics")).text


@on_sqlite
async def test_an_upload_has_limits_of_its_own(app: FastAPI, settings: Settings):
    size = 3 * settings.max_body_bytes
    limits = {"rate_limit_requests": 1000, "rate_limit_upload": 2, "max_upload_bytes": size}
    async with served(settings.model_copy(update=limits)) as client:
        accounts = Accounts(app.state.resources.database, client)
        user, other = await accounts.user(), await accounts.user()
        padded = encoded() + bytes(settings.max_body_bytes)
        assert (await send(client, user.id, user, padded)).status_code == 200
        assert (await send(client, user.id, user, encoded() + bytes(size))).status_code == 413
        assert (await send(client, user.id, user, encoded())).status_code == 200
        limited = await send(client, user.id, user, encoded())
        assert limited.status_code == 429
        assert (await send(client, other.id, other, encoded())).status_code == 200
        login = {"username": "x" * size, "password": "y"}
        assert (await client.post("/api/v1/auth/register", json=login)).status_code == 413


@on_sqlite
async def test_a_file_that_is_lost_is_not_found_and_a_store_that_is_away_is_an_outage(
    app: FastAPI, client: httpx2.AsyncClient, accounts: Accounts, settings: Settings
):
    user = await accounts.user()
    path = path_of((await send(client, user.id, user, encoded())).json(), settings)
    [file] = files(settings)
    file.unlink()
    assert (await client.get(path)).status_code == 404
    file.parent.rmdir()
    settings.uploads_folder.rmdir()
    settings.uploads_folder.write_text("a file where the folder should be")
    failed = await send(client, user.id, user, encoded())
    assert failed.status_code == 503
    kept = (await client.get(f"/api/v1/users/{user.id}")).json()
    assert kept["avatar"].endswith(path)
    async with app.state.resources.database.session() as session:
        nobodys = await session.scalars(select(Avatar.id).where(Avatar.abandoned(utcnow())))
        assert len(nobodys.all()) == 1


@on_sqlite
async def test_the_address_of_an_avatar_has_the_prefix_of_the_service(app: FastAPI, settings: Settings):
    chosen = {"public_url": "https://example.org/blog"}
    async with served(Settings.model_validate({**settings.model_dump(), **chosen})) as client:
        accounts = Accounts(app.state.resources.database, client)
        user = await accounts.user()
        profile = (await send(client, user.id, user, encoded() + bytes(3_000_000))).json()
        assert profile["avatar"].startswith("https://example.org/blog/api/v1/avatars/")
        assert (await client.get(profile["avatar"].removeprefix("https://example.org"))).status_code == 200


@on_sqlite
async def test_a_body_that_breaks_off_is_no_fault_of_ours(client: httpx2.AsyncClient, accounts: Accounts):
    user = await accounts.user()

    async def broken():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + encoded()[:100]
        raise ClientDisconnect  # as the request says it when its sender is gone

    headers = {**user.headers, "Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.put(f"/api/v1/users/{user.id}/avatar", content=broken(), headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (400, "The body broke off.")


@on_sqlite
async def test_nothing_of_a_body_is_read_before_its_sender_may_send_it(client: httpx2.AsyncClient, accounts: Accounts):
    user, stranger = await accounts.user(), await accounts.user()
    read = 0

    async def pieces():
        nonlocal read
        for _ in range(16):
            read += 1
            yield bytes(65_536)

    form = {"Content-Type": "multipart/form-data; boundary=b"}
    for headers, refused in (({}, 401), (stranger.headers, 403)):
        answer = await client.put(f"/api/v1/users/{user.id}/avatar", content=pieces(), headers={**headers, **form})
        assert (answer.status_code, read) == (refused, 0)
