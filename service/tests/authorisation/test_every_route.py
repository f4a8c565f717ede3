"""No user reads, changes or deletes what is another's: every route the application has, tried by a stranger.

The calls are generated from the application, so a route added tomorrow is tried tomorrow. Each is made by somebody who
is not signed in and by a user who knows every identifier of the victim, signed in or with an API token of one scope.
Nothing private may come back, and no row of the victim's may differ afterwards.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Table, select, update

from app.auth.principal import PrincipalCache
from app.kit.clock import utcnow
from app.models import Base, Identity, PostStatus, Role, User
from app.models.api_token import Scope
from tests.api_table import Operation, operations
from tests.backends import on_both_databases, on_sqlite
from tests.factories import Account, Accounts
from tests.pictures import encoded, image_form
from tests.resources import RESOURCES
from tests.samples import sample

CONTENT = "zqcontentzq"  # in what drafts say; no call ever carries it, so it can only come back as a leak
TAG = "zqtagzq"  # on the draft alone
FINDABLE = "zqfindablezq"  # what a stranger searches drafts for
PUBLIC_WRITES = {  # what anyone may do to an account by knowing its address, and which columns that may touch
    "POST /api/v1/auth/password/forgot": {"one_time_tokens"},
}


@dataclass(frozen=True)
class Victim:
    account: Account
    ids: dict[str, list[Any]]
    """What each path parameter may be, by its name."""
    api_token: str

    @property
    def private(self) -> tuple[str, ...]:
        """Strings that may reach nobody else: the address, what drafts say and are labelled, and tokens."""
        tokens = self.account.access_token, self.account.refresh_token, self.api_token
        return CONTENT, TAG, self.account.email, *tokens


async def make_victim(client: httpx2.AsyncClient, accounts: Accounts) -> Victim:
    account = await accounts.user(email="zqmailzq@example.org", username="victim", is_verified=False)
    sessions = (await client.get("/api/v1/auth/sessions", headers=account.headers)).json()
    identity = Identity(
        user_id=account.id, issuer="https://id", subject="s", email=account.email, last_used_at=utcnow()
    )
    async with accounts.database.session() as session:
        session.add(identity)
    api_token = await accounts.api_token(account, Scope.PROFILE_READ)
    ids = {
        "user_id": [account.id],
        **await one_of_each(client, account, accounts),
        **await make_posts(account, accounts),
        "session_id": [sessions[0]["id"]],
        "token_id": [api_token["id"]],
        "identity_id": [str(identity.id)],
        "provider": ["nowhere"],
    }
    ids |= await send_avatar(client, account)
    ids |= await send_post_images(client, account, ids)
    return Victim(account, ids, api_token["token"])


async def send_avatar(client: httpx2.AsyncClient, account: Account) -> dict[str, list[Any]]:
    address = f"/api/v1/users/{account.id}/avatar"
    sent = await client.put(address, files=image_form(encoded()), headers=account.headers)
    return {"avatar_id": [sent.json()["avatar"].rpartition("/")[2]]}


async def send_post_images(
    client: httpx2.AsyncClient, account: Account, ids: dict[str, list[Any]]
) -> dict[str, list[Any]]:
    """An image of a post that strangers may not read, and of one that they may."""
    sent = [
        await client.post(f"/api/v1/posts/{post_id}/images", files=image_form(encoded()), headers=account.headers)
        for post_id in (ids["post_id"][0], ids["post_id"][-1])
    ]
    return {"image_id": [answer.json()["id"] for answer in sent]}


async def one_of_each(client: httpx2.AsyncClient, account: Account, accounts: Accounts) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for resource in RESOURCES:
        ids = await resource.ids(client, accounts, account)
        found |= {parameter: [value] for parameter, value in ids.items()}
    return found


async def make_posts(account: Account, accounts: Accounts) -> dict[str, list[Any]]:
    """Posts of every kind that strangers may not read, and one that they may."""
    hidden = {"title": f"{CONTENT} {FINDABLE}", "content": f"{CONTENT} {FINDABLE} body", "excerpt": CONTENT}
    draft = await accounts.post(account, **hidden, slug="draft-slug", status=PostStatus.DRAFT, tags=[TAG])
    archived = await accounts.post(account, **hidden, slug="archived-slug", status=PostStatus.ARCHIVED, tags=[TAG])
    tomorrow = utcnow() + timedelta(days=1)
    scheduled = await accounts.post(account, **hidden, slug="scheduled-slug", published_at=tomorrow, tags=[TAG])
    posts = [draft, archived, scheduled, await accounts.post(account, slug="public-slug")]
    return {"post_id": [post.id for post in posts], "slug": [post.slug for post in posts]}


@on_both_databases
@pytest.mark.parametrize("role", ["anonymous", "user"])
async def test_no_route_lets_a_stranger_at_what_is_anothers(app: FastAPI, client, accounts, role: str):
    victim = await make_victim(client, accounts)
    stranger = await accounts.user(email="stranger@example.org", username="a_stranger")

    async def credentials() -> dict[str, str]:
        nonlocal stranger
        if role == "anonymous":
            return {}
        stranger = await still_signed_in(client, accounts, stranger)
        return stranger.headers

    tried = [operation async for operation, _ in attack(app, client, victim, stranger, credentials)]
    assert len(set(map(str, tried))) == len(operations(app)) > 25


@on_sqlite
@pytest.mark.parametrize("scope", Scope)
async def test_no_route_lets_a_stranger_s_token_at_what_is_anothers(app: FastAPI, client, accounts, scope: Scope):
    """Nor does one scope do what another is for: whatever names another, or none, answers 403."""
    victim = await make_victim(client, accounts)
    stranger = await (accounts.admin if scope is Scope.ADMIN else accounts.user)(username="a_stranger")
    made = await accounts.api_token(stranger, scope)
    if scope is Scope.ADMIN:  # an administrator may, so somebody who is none any more
        await demote(app, stranger)

    async def credentials() -> dict[str, str]:
        return {"Authorization": f"Bearer {made['token']}"}

    reached: set[str] = set()
    async for operation, answer in attack(app, client, victim, stranger, credentials):
        ways = operation.description.get("security", [])
        lacking = answer.status_code == 403 and answer.json()["type"].endswith("insufficient-scope")
        assert lacking == (ways != [] and {"ApiToken": [scope.value]} not in ways), f"{operation} → {answer.text}"
        if ways and not lacking:
            reached.add(str(operation))
    assert reached, "the token was good for something"


async def attack(
    app: FastAPI,
    client: httpx2.AsyncClient,
    victim: Victim,
    stranger: Account,
    credentials: Callable[[], Awaitable[dict[str, str]]],
) -> AsyncIterator[tuple[Operation, httpx2.Response]]:
    """Make every call there is, see that none tells or changes what is the victim's, and hand over the answers."""
    before = await rows_of(app, victim)
    assert all(before[table] for table in ("posts", "sessions", "api_tokens"))
    for operation in operations(app):
        for call in calls(operation, victim, stranger):
            answer = await client.request(operation.method, headers=await credentials(), **call)
            if answer.headers.get("content-type", "").startswith("image/"):
                assert call["url"].endswith((f"/{victim.ids['image_id'][-1]}", f"/{victim.ids['avatar_id'][0]}")), call
            told = [secret for secret in victim.private if secret in answer.text]
            assert not told, f"{operation} told {told}: {call} → {answer.text[:500]}"
            if "{" in operation.path and operation.method != "GET":
                assert answer.status_code in {401, 403, 404}, f"{operation} → {answer.status_code}: {call}"
            after = await rows_of(app, victim, except_for=PUBLIC_WRITES.get(str(operation), set()))
            changed = [table for table in after if after[table] != before[table]]
            assert not changed, f"{operation} changed {changed} of another: {call}"
            yield operation, answer
        before = await rows_of(app, victim)


async def demote(app: FastAPI, account: Account) -> None:
    resources = app.state.resources
    async with resources.database.session() as session:
        await session.execute(update(User).where(User.id == account.id).values(role=Role.USER))
    await resources.get(PrincipalCache).forget(account.id)


@on_both_databases
async def test_every_get_outside_the_document_keeps_silent_too(app: FastAPI, client, accounts):
    victim = await make_victim(client, accounts)
    for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs", "/metrics", "/health", "/health/ready", "/admin/"):
        answer = await client.get(path, follow_redirects=True)
        assert answer.status_code < 500, path
        assert not [secret for secret in victim.private if secret in answer.text], path


def calls(operation: Operation, victim: Victim, stranger: Account) -> Iterator[dict[str, Any]]:
    """The same operation aimed at the victim in every way its parameters allow, one query parameter at a time."""
    body = request_body(operation, victim)
    names = [name for name in victim.ids if f"{{{name}}}" in operation.path]
    for values in itertools.product(*(victim.ids[name] for name in names)):
        path = operation.path.format(**dict(zip(names, values, strict=True)))
        yield {"url": path, **body}
    for parameter in operation.parameters:
        if parameter["in"] == "query":
            for value in aimed(operation, parameter, victim):
                yield {"url": path, "params": {parameter["name"]: value}, **body}
    filters = [p for p in operation.parameters if p["in"] == "query" and p["name"] in {"status", "author", "search"}]
    if len(filters) > 1:
        for values in itertools.product(*(aimed(operation, parameter, victim) for parameter in filters)):
            yield {"url": path, "params": dict(zip((p["name"] for p in filters), values, strict=True)), **body}


def aimed(operation: Operation, parameter: dict[str, Any], victim: Victim) -> list[Any]:
    """Values for a query parameter that a curious stranger would try."""
    schema = operation.resolved(parameter["schema"])
    for variant in [schema, *(operation.resolved(each) for each in schema.get("anyOf", []))]:
        if "enum" in variant:
            return variant["enum"]
    by_name = {
        "author": [victim.account.id, victim.account.username],
        "search": [FINDABLE, victim.account.email, "victim"],
        "tag": [TAG],
        "page": [1, 2],
        "page_size": [100],
        "cursor": ["broken"],
    }
    return by_name.get(parameter["name"], [sample(operation, schema, parameter["name"])])


def request_body(operation: Operation, victim: Victim) -> dict[str, Any]:
    found = operation.body()
    if found is None:
        return {}
    media_type, schema = found
    values = sample(operation, schema)
    if "email" in values and operation.path.startswith("/api/v1/auth/") and "register" not in operation.path:
        values["email"] = victim.account.email
    if "register" in operation.path:
        values |= {"email": victim.account.email, "username": victim.account.username}
    if media_type == "multipart/form-data":
        return {"files": image_form(encoded())}
    return {"data" if "form" in media_type else "json": values}


async def still_signed_in(client: httpx2.AsyncClient, accounts: Accounts, stranger: Account) -> Account:
    """The stranger again, signed in anew if the last call was their own logout."""
    if (await client.get("/api/v1/auth/me", headers=stranger.headers)).status_code == 200:
        return stranger
    return await accounts.login(await accounts.row())


async def rows_of(app: FastAPI, victim: Victim, *, except_for: set[str] | None = None) -> dict[str, list[Any]]:
    """Every row that belongs to the victim, table by table, as the database has it.

    A view of a published post is the one thing a stranger may leave behind.
    """
    rows: dict[str, list[Any]] = {}
    async with app.state.resources.database.session() as session:
        for table in Base.metadata.sorted_tables:
            owner = "id" if table.name == "users" else next(iter(_references(table, "users")), None)
            if owner is not None and table.name not in (except_for or set()):
                columns = [column for column in table.columns if column.name != "view_count"]
                query = select(*columns).where(table.columns[owner] == victim.account.id).order_by(columns[0])
                rows[table.name] = [tuple(row) for row in await session.execute(query)]
    return rows


def _references(table: Table, other: str) -> list[str]:
    """The columns of a table that lead to another."""
    keys = [key for key in table.foreign_keys if key.column.table.name == other]
    return sorted(key.parent.name for key in keys)
