"""Personal API tokens: shown once, limited by scopes, ended in time."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.api import dependencies
from app.auth import api_tokens, one_time_tokens
from app.auth.api_tokens import TokenUses
from app.auth.principal import PrincipalCache
from app.kit.clock import utcnow
from app.main import create_app
from app.models import ApiToken, OutboxJob, PostStatus, Purpose
from app.models.api_token import Scope
from app.records.outbox import SEND_SECURITY_NOTICE
from tests.api_table import operations
from tests.backends import on_both_databases, on_redis, on_sqlite
from tests.conftest import client_of, settings_for
from tests.factories import PASSWORD, Account, Accounts

API = "/api/v1"
TOKENS = f"{API}/auth/tokens"
ALL = [scope.value for scope in Scope if scope is not Scope.ADMIN]
NEW_PASSWORD = "Another8@battery-horse-staple"


def bearer(made: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['token']}"}


async def works(client: Any, made: dict[str, Any]) -> bool:
    return (await client.get(f"{API}/auth/me", headers=bearer(made))).status_code == 200


@on_both_databases
async def test_the_secret_is_shown_once_and_only_its_hash_is_kept(app, client, accounts):
    owner = await accounts.user()
    scopes = ("profile:write", "profile:read", "profile:read")
    made = await accounts.api_token(owner, *scopes, name=" CI ", expires_in_days=30)
    assert re.fullmatch(rf"pat_{owner.id}_[\w-]{{43}}", made["token"])
    assert made["token"].startswith(made["prefix"])
    assert len(made["prefix"]) < 20
    assert (made["name"], made["scopes"]) == ("CI", ["profile:read", "profile:write"])
    listed = await client.get(TOKENS, headers=owner.headers)
    assert listed.json() == [{name: value for name, value in made.items() if name != "token"}]
    assert listed.headers["cache-control"] == "no-store"
    async with app.state.resources.database.session() as session:
        row = await session.scalar(select(ApiToken))
    secret = made["token"].split("_", 2)[2][6:]
    assert secret not in repr(vars(row))
    assert timedelta(days=29) < row.expires_at - utcnow() <= timedelta(days=30)


@on_both_databases
async def test_a_token_writes_and_reads_in_its_user_s_name(client, accounts):
    owner = await accounts.user()
    headers = bearer(await accounts.api_token(owner, *ALL))
    assert (await client.put(f"{API}/users/{owner.id}", json={"bio": "Set."}, headers=headers)).json()["bio"] == "Set."
    assert (await client.get(f"{API}/auth/me", headers=headers)).json()["bio"] == "Set."


@on_both_databases
async def test_what_a_token_posts_is_its_user_s(client, accounts):
    owner = await accounts.user()
    headers = bearer(await accounts.api_token(owner, *ALL))
    post = {"title": "By a script", "content": "And that was all."}
    made = await client.post(f"{API}/posts", json=post, headers=headers)
    assert made.status_code == 201
    assert made.json()["author"]["id"] == owner.id
    assert (await client.get(f"{API}/posts/{made.json()['id']}", headers=headers)).json()["status"] == "draft"


@on_sqlite
async def test_every_operation_wants_the_scope_that_the_document_names(app: FastAPI, client, accounts):
    """With all other scopes it is refused, naming the missing one; where none is named no token will do."""
    owner = await accounts.admin()
    without = {
        scope: bearer(await accounts.api_token(owner, *(other for other in Scope if other is not scope)))
        for scope in Scope
    }
    everything = bearer(await accounts.api_token(owner, *Scope))
    refused = 0
    for operation in operations(app):
        ways = operation.description.get("security", [])
        if not ways:
            continue
        path = re.sub(r"{\w+_id}", "1", operation.path)
        named = next((way["ApiToken"] for way in ways if "ApiToken" in way), None)
        headers = everything if named is None else without[Scope(named[0])]
        answer = await client.request(operation.method, path, headers=headers)
        assert answer.status_code == 403, f"{operation} → {answer.text}"
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith('Bearer error="insufficient_scope"'), operation
        assert challenge.endswith(f', scope="{named[0]}"' if named else '"insufficient_scope"'), operation
        refused += 1
    assert refused > 20


@on_sqlite
async def test_the_document_shows_the_scopes_and_which_operation_wants_which(app: FastAPI):
    schemes = app.openapi()["components"]["securitySchemes"]
    assert set(schemes) == {"Bearer", "Cookie", "ApiToken"}
    assert set(schemes["Bearer"]["flows"]["password"]["scopes"]) == {scope.value for scope in Scope}
    shown = {str(operation): operation.description.get("security") for operation in operations(app)}
    wanted = ["profile:write"]
    assert shown["PUT /api/v1/users/{user_id}"] == [{"Bearer": wanted}, {"Cookie": []}, {"ApiToken": wanted}]
    assert shown["GET /api/v1/users/{user_id}"][0] == {}
    assert {"ApiToken": ["profile:read"]} in shown["GET /api/v1/users/{user_id}"]
    session_only = [{"Bearer": []}, {"Cookie": []}]
    for operation in (
        "POST /api/v1/auth/tokens",
        "POST /api/v1/auth/password/change",
        "PATCH /api/v1/users/{user_id}/access",
    ):
        assert shown[operation] == session_only, operation


@on_sqlite
async def test_an_administrator_s_token_is_one_s_own_unless_it_says_admin(client, accounts):
    admin, author = await accounts.admin(), await accounts.user()
    plain, mighty = (
        bearer(await accounts.api_token(admin, *ALL)),
        bearer(await accounts.api_token(admin, *ALL, "admin")),
    )
    path = f"{API}/users/{author.id}"
    assert "email" not in (await client.get(path, headers=plain)).json()
    assert "email" in (await client.get(path, headers=mighty)).json()
    assert (await client.put(path, json={"bio": "x"}, headers=plain)).status_code == 403
    assert (await client.delete(path, headers=plain)).status_code == 403
    promotion = await client.patch(f"{path}/access", json={"role": "admin"}, headers=mighty)
    assert promotion.status_code == 403, "no token gives roles"
    assert (await client.delete(path, headers=mighty)).status_code == 200


@on_sqlite
async def test_an_administrator_s_token_reads_drafts_of_others_only_if_it_says_admin(client, accounts):
    admin, author = await accounts.admin(), await accounts.user()
    draft = await accounts.post(author, status=PostStatus.DRAFT)
    for scopes, status in ((ALL, 404), ([*ALL, "admin"], 200)):
        headers = bearer(await accounts.api_token(admin, *scopes))
        assert (await client.get(f"{API}/posts/{draft.id}", headers=headers)).status_code == status


@on_sqlite
async def test_the_scope_admin_is_an_administrator_s_to_give_and_goes_with_the_role(client, accounts):
    user, admin, other = await accounts.user(), await accounts.admin(), await accounts.admin()
    refused = await client.post(TOKENS, json={"name": "x", "scopes": ["admin"]}, headers=user.headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "#/scopes"
    mighty = bearer(await accounts.api_token(admin, "admin", "profile:read"))
    assert "email" in (await client.get(f"{API}/users/{user.id}", headers=mighty)).json()
    demoted = await client.patch(f"{API}/users/{admin.id}/access", json={"role": "user"}, headers=other.headers)
    assert demoted.status_code == 200
    assert "email" not in (await client.get(f"{API}/users/{user.id}", headers=mighty)).json()


@on_sqlite
@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": " ", "scopes": ALL},
        {"name": "x\x00", "scopes": ALL},
        {"name": "x" * 101, "scopes": ALL},
        {"name": "x", "scopes": ALL, "expires_in_days": 0},
        {"name": "x", "scopes": ALL, "expires_in_days": 367},
        {"name": "x", "scopes": ALL, "expires_in_days": None},
        {"name": "x"},
    ],
    ids=str,
)
async def test_a_token_without_name_scopes_or_end_is_refused(client, accounts, wanted: dict[str, Any]):
    owner = await accounts.user()
    assert (await client.post(TOKENS, json=wanted, headers=owner.headers)).status_code == 422


@on_both_databases
async def test_a_revoked_token_is_dead_at_once_and_gone_from_the_list(client, accounts):
    owner, stranger = await accounts.user(), await accounts.user()
    first, second = await accounts.api_token(owner, *ALL), await accounts.api_token(owner, *ALL)
    assert await works(client, first)
    assert (await client.delete(f"{TOKENS}/{first['id']}", headers=stranger.headers)).status_code == 404
    assert (await client.delete(f"{TOKENS}/{first['id']}", headers=owner.headers)).status_code == 200
    assert (await works(client, first), await works(client, second)) == (False, True)
    assert [token["id"] for token in (await client.get(TOKENS, headers=owner.headers)).json()] == [second["id"]]
    assert (await client.delete(f"{TOKENS}/{first['id']}", headers=owner.headers)).status_code == 404


@on_both_databases
async def test_a_token_expires_even_while_it_is_remembered(app, client, accounts, monkeypatch):
    owner = await accounts.user()
    made = await accounts.api_token(owner, *ALL)
    assert await works(client, made)
    later = (utcnow() + timedelta(days=90, seconds=1)).timestamp()
    with monkeypatch.context() as clock:
        clock.setattr(dependencies.time, "time", lambda: later)
        assert not await works(client, made)
    async with app.state.resources.database.session() as session:
        await session.execute(update(ApiToken).values(expires_at=utcnow() - timedelta(seconds=1)))
    await app.state.resources.get(PrincipalCache).forget(owner.id)
    refused = await client.get(f"{API}/auth/me", headers=bearer(made))
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


@on_both_databases
async def test_deactivation_ends_tokens_and_reactivation_does_not_bring_them_back(client, accounts):
    owner, admin = await accounts.user(), await accounts.admin()
    made = await accounts.api_token(owner, *ALL)
    assert await works(client, made)
    for active, expected in ((False, False), (True, False)):
        path = f"{API}/users/{owner.id}/access"
        answer = await client.patch(path, json={"is_active": active}, headers=admin.headers)
        assert answer.status_code == 200
        assert await works(client, made) is expected


@on_sqlite
async def test_a_changed_password_and_a_logout_everywhere_leave_tokens_alone_but_a_reset_does_not(
    app, client, accounts
):
    owner = await accounts.user()
    made = await accounts.api_token(owner, *ALL)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await client.post(f"{API}/auth/password/change", json=change, headers=owner.headers)).status_code == 200
    assert (await client.post(f"{API}/auth/logout-all", headers=owner.headers)).status_code == 200
    assert await works(client, made)
    link = await reset_token(app, owner)
    reset = {"token": link, "new_password": "Third9$giraffe-lantern-boat"}
    assert (await client.post(f"{API}/auth/password/reset", json=reset)).status_code == 200
    assert not await works(client, made), "whoever had the old password may have made it"


async def reset_token(app: FastAPI, owner: Account) -> str:
    signer = app.state.resources.signer
    row = one_time_tokens.make(
        user_id=owner.id,
        email=owner.email,
        purpose=Purpose.RESET_PASSWORD,
        lifetime=timedelta(minutes=5),
        secret=signer.secret,
    )
    async with app.state.resources.database.session() as session:
        await one_time_tokens.replace(session, row)
    return one_time_tokens.reveal(row, secrets=[signer.secret])


@on_both_databases
async def test_the_last_use_is_noted_to_the_minute_and_not_on_every_request(app, client, accounts):
    owner = await accounts.user()
    made = await accounts.api_token(owner, *ALL)
    uses = app.state.resources.get(TokenUses)

    async def noted() -> Any:
        await uses.flush()
        return (await client.get(TOKENS, headers=owner.headers)).json()[0]["last_used_at"]

    assert await noted() is None
    assert await works(client, made)
    first = await noted()
    assert first is not None
    await app.state.resources.get(PrincipalCache).forget(owner.id)
    assert await works(client, made)
    assert await noted() == first
    async with app.state.resources.database.session() as session:
        await session.execute(update(ApiToken).values(last_used_at=utcnow() - timedelta(seconds=61)))
    await app.state.resources.get(PrincipalCache).forget(owner.id)
    assert await works(client, made)
    assert await noted() > first


@on_sqlite
async def test_a_user_has_at_most_fifty_live_tokens(client, accounts, monkeypatch):
    monkeypatch.setattr(api_tokens, "MOST_LIVE", 2)  # the rule, at a size that is quickly reached
    owner = await accounts.user()
    first, _ = await accounts.api_token(owner, *ALL), await accounts.api_token(owner, *ALL)
    refused = await client.post(TOKENS, json={"name": "third", "scopes": ALL}, headers=owner.headers)
    assert refused.status_code == 409
    await client.delete(f"{TOKENS}/{first['id']}", headers=owner.headers)
    await accounts.api_token(owner, *ALL)


@on_sqlite
async def test_a_mail_tells_the_owner_of_a_new_token(app, client, accounts):
    owner = await accounts.user()
    await accounts.api_token(owner, *ALL)
    async with app.state.resources.database.session() as session:
        job = await session.scalar(select(OutboxJob).where(OutboxJob.name == SEND_SECURITY_NOTICE))
    assert job is not None
    assert job.payload == {"user_id": owner.id, "event": "api_token_made"}


@on_both_databases
@pytest.mark.parametrize("change", ["digit", "user", "zero", "huge", "short", "long", "arabic", "case"])
async def test_what_resembles_a_token_is_none(client, accounts, change: str):
    owner, other = await accounts.user(), await accounts.user()
    made = await accounts.api_token(owner, *ALL)
    token = made["token"]
    head, secret = token[:-43], token[-43:]
    forged = {
        "digit": head + ("A" if secret[0] != "A" else "B") + secret[1:],
        "user": f"pat_{other.id}_{secret}",
        "zero": f"pat_0{owner.id}_{secret}",
        "huge": f"pat_9999999999999999999_{secret}",
        "short": token[:-1],
        "long": token + "A",
        "arabic": f"pat_\u0661_{secret}",
        "case": f"PAT_{owner.id}_{secret}",
    }[change]
    headers = {"Authorization": f"Bearer {forged}".encode()}
    assert (await client.get(f"{API}/auth/me", headers=headers)).status_code == 401
    assert (await client.get(f"{API}/users/{owner.id}", headers=headers)).status_code == 401, "nor nobody's"
    assert await works(client, made)


@on_redis
async def test_a_token_revoked_on_one_worker_is_dead_on_the_others(backend, tmp_path):
    settings = settings_for(backend, data_dir=tmp_path, workers=2)
    first, second = create_app(settings), create_app(settings)
    async with (
        first.router.lifespan_context(first),
        second.router.lifespan_context(second),
        client_of(first) as one,
        client_of(second) as two,
    ):
        people = Accounts(first.state.resources.database, one)
        owner = await people.user()
        made = await people.api_token(owner, *ALL)
        assert await works(two, made)
        await one.delete(f"{TOKENS}/{made['id']}", headers=owner.headers)
        for _ in range(100):
            if not await works(two, made):
                break
        assert not await works(two, made)
