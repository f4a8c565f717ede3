"""Two versions of the code on one database, as while a rollout lasts: what the one keeps, the other is asked about."""

from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from app.records import idempotency
from app.records.idempotency import as_sent
from tests.backends import on_both_databases
from tests.factories import Accounts


class Asked(BaseModel):
    title: str
    status: str = "draft"


class AskedOfTheNextVersion(Asked):
    mood: str = "calm"


def test_a_version_that_can_be_asked_for_more_knows_a_request_again():
    assert as_sent(Asked(title="T")) == as_sent(AskedOfTheNextVersion(title="T", status="draft"))
    assert as_sent(Asked(title="T")) != as_sent(AskedOfTheNextVersion(title="T", mood="cross"))


@on_both_databases
@pytest.mark.parametrize("kept", [b"\x01kept by a version to come", b"[]", b"[200]", b'{"status": 200}', b""])
async def test_an_answer_kept_as_no_version_here_knows_it_is_gone_and_the_work_is_not_done_again(
    app: Any, client: httpx2.AsyncClient, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, kept: bytes
):
    author, draft = await accounts.user(), {"title": "Once", "content": "and no more"}
    headers = {**author.headers, "Idempotency-Key": "three"}
    with monkeypatch.context() as newer:
        newer.setattr(idempotency, "_packed", lambda _answer: kept)
        assert (await client.post("/api/v1/posts", json=draft, headers=headers)).status_code == 201
    again = await client.post("/api/v1/posts", json=draft, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "urn:problem-type:idempotency-gone")
    mine = await client.get("/api/v1/posts", params={"author": author.id}, headers=author.headers)
    assert mine.json()["total"] == 1
