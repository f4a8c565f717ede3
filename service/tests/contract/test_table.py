"""Every endpoint of the table, called as written there, on every backend."""

from typing import Any

import httpx2
import pytest

from tests.api_table import ENDPOINTS, Endpoint, Who
from tests.backends import on_sqlite
from tests.factories import PASSWORD, Account, Accounts
from tests.pictures import encoded, image_form
from tests.resources import RESOURCES

NEW_PASSWORD = "Another8@battery-horse-staple"


class Calls:
    """Makes a call to an endpoint that should succeed. Each gets rows of its own."""

    def __init__(self, client: httpx2.AsyncClient, accounts: Accounts) -> None:
        self.client, self.accounts = client, accounts

    async def succeed(self, endpoint: Endpoint) -> httpx2.Response:
        caller = await (self.accounts.admin() if endpoint.who == Who.ADMIN else self.accounts.user(is_verified=False))
        known = await self.rows_of(endpoint, caller)
        headers = caller.headers if endpoint.who != Who.ANYONE else {}
        path, body = endpoint.path.format(**known), await self.body_of(endpoint, caller)
        async with self.client.stream(endpoint.method, path, headers=headers, **body) as answer:
            if endpoint.media_type == "application/json":  # anything else might have no end
                await answer.aread()
        return answer

    async def rows_of(self, endpoint: Endpoint, caller: Account) -> dict[str, Any]:
        """The parameters of the path, each of a new row of the caller's; rows of nothing else are made."""
        known: dict[str, Any] = {"user_id": caller.id}
        if endpoint.who == Who.ADMIN:
            known["user_id"] = (await self.accounts.row()).id
        for resource in RESOURCES:
            if any(endpoint.takes(parameter) for parameter in resource.parameters):
                known |= await resource.ids(self.client, self.accounts, caller)
        others = {
            "session_id": self.session_of,
            "token_id": self.token_of,
            "avatar_id": self.avatar_of,
            "image_id": self.image_of,
        }
        for parameter, make in others.items():
            if endpoint.takes(parameter):
                known[parameter] = await make(caller, known)
        return known

    async def session_of(self, caller: Account, _known: dict[str, Any]) -> str:
        sessions = await self.client.get("/api/v1/auth/sessions", headers=caller.headers)
        return sessions.json()[0]["id"]

    async def token_of(self, caller: Account, _known: dict[str, Any]) -> str:
        return (await self.accounts.api_token(caller, "profile:read"))["id"]

    async def avatar_of(self, caller: Account, _known: dict[str, Any]) -> str:
        address = f"/api/v1/users/{caller.id}/avatar"
        sent = await self.client.put(address, files=image_form(encoded()), headers=caller.headers)
        return sent.json()["avatar"].rpartition("/")[2]

    async def image_of(self, caller: Account, known: dict[str, Any]) -> str:
        address = f"/api/v1/posts/{known['post_id']}/images"
        sent = await self.client.post(address, files=image_form(encoded()), headers=caller.headers)
        return sent.json()["id"]

    async def body_of(self, endpoint: Endpoint, caller: Account) -> dict[str, Any]:
        bodies: dict[str, dict[str, Any]] = {
            "POST /auth/register": {
                "json": {
                    "email": "new@example.org",
                    "username": "newcomer",
                    "password": NEW_PASSWORD,
                    "first_name": "New",
                    "last_name": "Comer",
                }
            },
            "POST /auth/login": {"data": {"username": caller.email, "password": PASSWORD}},
            "POST /auth/refresh": {"json": {"refresh_token": caller.refresh_token}},
            "POST /auth/tokens": {"json": {"name": "deploy", "scopes": ["profile:read", "profile:write"]}},
            "POST /auth/password/change": {"json": {"current_password": PASSWORD, "new_password": NEW_PASSWORD}},
            "POST /auth/password/forgot": {"json": {"email": caller.email}},
            "PUT /users/{user_id}": {"json": {"bio": "I changed my mind."}},
            "PUT /users/{user_id}/avatar": {"files": image_form(encoded())},
            "POST /posts/{post_id}/images": {"files": image_form(encoded())},
            "PATCH /users/{user_id}/access": {"json": {"is_active": False}},
        }
        for resource in RESOURCES:
            key = next(iter(resource.parameters))
            bodies[f"POST {resource.path}"] = {"json": await resource.values(self.client, self.accounts, caller)}
            bodies[f"PUT {resource.path}/{{{key}}}"] = {"json": resource.changes}
        return bodies.get(str(endpoint).replace("/api/v1", ""), {})


NEED_A_MAILED_TOKEN = {"/api/v1/auth/verify-email", "/api/v1/auth/password/reset"}  # see tests/auth


def takes_more_than_a_call(endpoint: Endpoint) -> bool:
    """A mailed token, a code of an app, a provider: see tests/auth, tests/auth/second_factor, tests/auth/oidc."""
    needs_a_code = "second-factor" in endpoint.path and endpoint.method != "GET"
    needs_a_provider = "/oidc/" in endpoint.path and "{" in endpoint.path
    return endpoint.path in NEED_A_MAILED_TOKEN or needs_a_code or needs_a_provider


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if not takes_more_than_a_call(e)], ids=str)
async def test_the_endpoint_succeeds_with_the_promised_status(endpoint: Endpoint, client, accounts):
    answer = await Calls(client, accounts).succeed(endpoint)
    assert answer.status_code == endpoint.success, answer.text
    if answer.headers.get("content-length") != "0":
        assert answer.headers["content-type"].partition(";")[0] == endpoint.media_type
    assert answer.headers["x-request-id"]


@on_sqlite
@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.who != Who.ANYONE], ids=str)
async def test_the_endpoint_refuses_who_has_not_signed_in(endpoint: Endpoint, client):
    answer = await client.request(endpoint.method, some_path(endpoint))
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@on_sqlite
@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.who == Who.ADMIN], ids=str)
async def test_the_endpoint_refuses_who_is_no_administrator(endpoint: Endpoint, client, accounts):
    caller = await accounts.user()
    body = {"json": {"is_active": False}} if endpoint.method == "PATCH" else {}
    answer = await client.request(endpoint.method, some_path(endpoint), headers=caller.headers, **body)
    assert_problem(answer, 403)


@on_sqlite
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
async def test_another_method_is_refused_as_a_problem(endpoint: Endpoint, client):
    answer = await client.request("TRACE", some_path(endpoint))
    assert_problem(answer, 405)
    assert endpoint.method in answer.headers["allow"]


@on_sqlite
@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/users/999999999", "/api/v1/posts/slug/none"])
async def test_what_does_not_exist_is_a_problem(path: str, client):
    assert_problem(await client.get(path), 404)


@on_sqlite
async def test_a_fault_of_the_body_is_pointed_at(client, accounts):
    body = {"email": "", "username": "newcomer", "colour": "red"}
    problem = assert_problem(await client.post("/api/v1/auth/register", json=body), 422)
    assert {error["pointer"] for error in problem["errors"]} >= {"#/email", "#/password", "#/colour"}


def some_path(endpoint: Endpoint) -> str:
    no_uuid = "00000000-0000-7000-8000-000000000000"
    unknown: dict[str, Any] = {"user_id": 1, "provider": "none"}
    unknown |= {name: 1 for resource in RESOURCES for name in resource.parameters}
    unknown |= dict.fromkeys(("session_id", "token_id", "identity_id", "avatar_id", "image_id"), no_uuid)
    return endpoint.path.format(**unknown)


def assert_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """Assert an RFC 9457 answer with every member this service promises, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= set(problem)
    assert problem["status"] == status
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem
