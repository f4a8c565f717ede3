"""Bytes and values sent to break things: each is answered with a 4xx problem, never a 5xx, on every operation."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from fastapi import FastAPI

from tests.api_table import Operation, operations
from tests.backends import on_sqlite
from tests.conftest import client_of
from tests.factories import Account, Accounts
from tests.resources import RESOURCES
from tests.samples import sample

HUGE = 10**24
DEEP = 100_000

PATH_VALUES = ["0", "-1", str(HUGE), "1" * 5000, "1.5", "%00", "a%00b", "%ED%A0%80", "%FF%FE", "..%2F..", "'", "😀"]
QUERY_VALUES = [
    "",
    "-1",
    "0",
    str(HUGE),
    "1" * 5000,
    "1e24",
    "1e999",
    "NaN",
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%25",
    "_",
]
QUERY_VALUES += ["'%3B--", "x" * 5000, "😀", "true", "[]", "\\", "&" + quote("sort_by[]") + "=id"]
CURSORS = ["broken", "e30", "bnVsbA", "W10", "!!!", "=" * 100, "a" * 4000, quote("ünïcode"), "WzEsMl0.W10"]
JSON_VALUES = ['"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', str(HUGE), "1" * 5000, "-1", "1e999", "NaN"]
JSON_VALUES += ["-Infinity", "null", "true", "[]", "{}", '[["a"]]', '{"a": {}}', json.dumps("x" * 300_000), '""', '" "']
BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"{",
    b'{"a": }',
    b"\xff\xfe\xfd",
    b'{"title": "\xed\xa0\x80"}',
    b"\x00",
]
BODIES += [b"[" * DEEP, b'{"a":' * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"[" * DEEP + b"]" * DEEP]
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
    "application/json; charset=utf-16",
]
BIG_TOKEN = b"Bearer " + b"x" * 9000


@dataclass(frozen=True)
class Hostile:
    """A request, and whether a success would be wrong."""

    what: str
    request: dict[str, Any]
    must_fail: bool = False


@pytest.fixture
async def tolerant(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that shows a 500 as a client sees it."""
    async with client_of(app, raise_app_exceptions=False) as client:
        yield client


REACH_THE_DATABASE = [(kind, backend) for kind in ("path", "query", "field") for backend in ("sqlite", "postgres")]
STOP_BEFORE_IT = [("body", "sqlite"), ("header", "sqlite")]


@pytest.mark.parametrize(("kind", "backend"), REACH_THE_DATABASE + STOP_BEFORE_IT, indirect=["backend"])
async def test_hostile_input_is_refused_as_a_problem_on_every_operation(app, accounts, tolerant, kind: str):
    admin = await accounts.admin()
    faults: list[str] = []
    made = 0
    for operation in operations(app):
        admin = await still_admin(tolerant, accounts, admin)
        for hostile in KINDS[kind](operation, await ids(operation, accounts, admin)):
            if "/auth/" in operation.path:
                admin = await still_admin(tolerant, accounts, admin)
            headers = {**admin.headers, **hostile.request.pop("headers", {})}
            answer = await tolerant.request(operation.method, headers=headers, **hostile.request)
            made += 1
            if fault := fault_of(answer, hostile):
                faults.append(f"{operation} with {hostile.what}: {fault}")
    assert made > 30
    assert not faults, f"{len(faults)} of {made}:\n" + "\n".join(faults[:40])


@on_sqlite
@pytest.mark.parametrize("announced", [True, False], ids=["with its length", "in chunks"])
async def test_a_body_of_twenty_megabytes_is_refused_on_every_operation_that_reads_one(
    app, accounts, tolerant, announced: bool
):
    admin = await accounts.admin()
    chunk = b"x" * 1_048_576

    async def chunks(head: bytes) -> AsyncIterator[bytes]:
        yield head
        for _ in range(20):
            yield chunk

    for operation in operations(app):
        if (body := operation.body()) is not None:
            media, head = body[0], b""
            if media == "multipart/form-data":  # anything else is refused before a byte of it is read
                [field] = body[1]["properties"]
                head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="a.png"\r\n\r\n'.encode()
                media += "; boundary=x"
            answer = await tolerant.request(
                operation.method,
                path_of(operation, await ids(operation, accounts, admin)),
                content=head + chunk * 20 if announced else chunks(head),
                headers={**admin.headers, "Content-Type": media},
            )
            assert answer.status_code == 413, operation
            assert answer.headers["content-type"] == "application/problem+json"


def in_path(operation: Operation, known: dict[str, Any]) -> Iterator[Hostile]:
    for name in [name for name in known if f"{{{name}}}" in operation.path]:
        for value in PATH_VALUES:
            values = {**{key: str(good) for key, good in known.items()}, name: value}
            must_fail = name != "slug" or "%00" in value or "%ED" in value
            yield Hostile(f"{name}={value[:20]}", {"url": operation.path.format(**values)}, must_fail)


def in_query(operation: Operation, known: dict[str, Any]) -> Iterator[Hostile]:
    path = path_of(operation, known)
    for parameter in operation.parameters:
        if parameter["in"] == "query":
            name = parameter["name"]
            for value in CURSORS if name == "cursor" else QUERY_VALUES:
                integer = "integer" in json.dumps(operation.resolved(parameter["schema"]))
                must_fail = (
                    name == "cursor" or "%00" in value or "%ED" in value or (integer and value in {"-1", str(HUGE)})
                )
                yield Hostile(f"?{name}={value[:20]}", {"url": f"{path}?{name}={value}"}, must_fail)


def in_field(operation: Operation, known: dict[str, Any]) -> Iterator[Hostile]:
    """One field of an otherwise good body at a time."""
    found = operation.body()
    if found is None or "json" not in found[0]:
        return
    good = {key: json.dumps(value) for key, value in sample(operation, found[1]).items()}
    for name in good:
        for value in JSON_VALUES:
            body = "{" + ", ".join(f'"{key}": {text}' for key, text in {**good, name: value}.items()) + "}"
            must_fail = "\\u0000" in value or "\\ud" in value or "999" in value or len(value) > 4000
            yield Hostile(f"{name}: {value[:20]}", json_request(operation, known, body.encode()), must_fail)
    for stranger in ("unknown", "__class__", "\\u0000", "\\ud800", "id", "is_admin"):
        body = "{" + ", ".join([*(f'"{key}": {text}' for key, text in good.items()), f'"{stranger}": 1']) + "}"
        yield Hostile(f"a field {stranger}", json_request(operation, known, body.encode()), must_fail=True)


def in_body(operation: Operation, known: dict[str, Any]) -> Iterator[Hostile]:
    for body in BODIES:
        for media_type in TYPES if len(body) < 100 else TYPES[:1]:
            must_fail = operation.body() is not None
            request = json_request(operation, known, body, media_type)
            yield Hostile(f"a body {body[:12]!r}… of {len(body)} as {media_type}", request, must_fail)


def in_header(operation: Operation, known: dict[str, Any]) -> Iterator[Hostile]:
    headers = {
        "Authorization": [b"", b"Bearer", b"Bearer ", b"Bearer \xff", b"Bearer a.b.c", b"Basic YTpi", BIG_TOKEN],
        "If-Match": [b"", b"*, *", b'"', b"\xff", b'W/"1"', b'"' + b"9" * 5000 + b'"'],
        "If-None-Match": [b"", b'"', b"\xff", b"*, *", b'"a", W/"b", c'],
        "Idempotency-Key": [b"", b"\xff", b"x" * 9000, b" "],
        "X-Request-ID": [b"\xff", b"x" * 9000, b"a b", b"<script>"],
        "X-Forwarded-For": [b"\xff", b"1.2.3.4, nonsense", b"," * 500],
        "Host": [b"", b"\xff", b"a b", b"localhost:99999999"],
        "Accept-Encoding": [b"\xff", b"gzip;q=x", b"*;q=0"],
        "Content-Length": [b"-1", b"9" * 30, b"abc"],
        "Range": [b"bytes=-1-", b"bytes=9-1"],
    }  # fmt: skip
    for name, values in headers.items():
        for value in values:
            yield Hostile(f"{name}: {value[:20]!r}", {"url": path_of(operation, known), "headers": {name: value}})


KINDS = {"path": in_path, "query": in_query, "field": in_field, "body": in_body, "header": in_header}


def fault_of(answer: httpx2.Response, hostile: Hostile) -> str | None:
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} as {answer.headers.get('content-type')}: {answer.text[:200]}"
    if answer.status_code < 400 and hostile.must_fail:
        return f"accepted with {answer.status_code} {answer.text[:200]}"
    return None


def json_request(
    operation: Operation, known: dict[str, Any], body: bytes, media_type: str = "application/json"
) -> dict[str, Any]:
    return {"url": path_of(operation, known), "content": body, "headers": {"Content-Type": media_type}}


def path_of(operation: Operation, known: dict[str, Any]) -> str:
    return operation.path.format(**known)


async def ids(operation: Operation, accounts: Accounts, owner: Account) -> dict[str, Any]:
    """Rows for its path to aim at: new ones, since the last operation may have deleted the others."""
    target = await accounts.row()
    absent = ("session_id", "token_id", "identity_id", "avatar_id", "image_id")
    nothing = dict.fromkeys(absent, "00000000-0000-7000-8000-000000000000")
    known = {"user_id": target.id, "provider": "none", **nothing}
    for resource in RESOURCES:
        if any(f"{{{parameter}}}" in operation.path for parameter in resource.parameters):
            known |= await resource.ids(accounts.client, accounts, owner)
    return known


async def still_admin(client: httpx2.AsyncClient, accounts: Accounts, admin: Account) -> Account:
    """The administrator, or a new one when the last call was a logout."""
    if (await client.get("/api/v1/auth/me", headers=admin.headers)).status_code == 200:
        return admin
    return await accounts.admin()
