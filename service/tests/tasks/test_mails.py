"""From a request to a mailbox, over a real SMTP server."""

import contextlib
import re
import smtplib
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.auth import mail_pace
from app.config import Settings
from app.mail.mailer import SmtpMailer
from app.models import JobStatus, OneTimeToken
from app.tasks.catalogue import registry
from app.tasks.registry import Registry
from app.tasks.runner import Runner
from app.tasks.store import JobStore
from tests.factories import Accounts
from tests.tasks.smtp import MailServer

NEW_USER = {
    "email": "Ann@Example.com",
    "username": "ann",
    "password": "Correct7!horse-battery@staple",
    "first_name": "Ann <b>",
    "last_name": "Lee",
}


def work_off(store: JobStore, runner: Runner) -> None:
    while ids := store.due(50):
        for id_ in ids:
            runner.run(id_)


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def token_in(message: EmailMessage) -> str:
    found = re.search(r"#token=(\S+)", parts(message)[0])
    assert found is not None
    return found.group(1)


async def register(client: httpx2.AsyncClient, **fields: Any) -> None:
    answer = await client.post("/api/v1/auth/register", json={**NEW_USER, **fields})
    assert answer.status_code == 200, answer.text


async def test_registering_sends_a_link_that_verifies_once(
    client: httpx2.AsyncClient, store: JobStore, runner_of: Callable[[Registry], Runner], mail_server: MailServer
) -> None:
    await register(client)
    work_off(store, runner_of(registry))
    (message,) = mail_server.messages
    assert message["To"] == "ann@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"]
    assert message["Date"]
    text, html = parts(message)
    assert "https://blog.example.org/verify-email#token=" in text
    assert "Ann &lt;b&gt;" in html
    token = token_in(message)
    first = await client.post("/api/v1/auth/verify-email", json={"token": token})
    again = await client.post("/api/v1/auth/verify-email", json={"token": token})
    assert (first.status_code, again.status_code) == (200, 400)


async def test_a_forgotten_password_is_reset_by_mail_and_an_unknown_address_gets_none(
    client: httpx2.AsyncClient,
    accounts: Accounts,
    store: JobStore,
    runner_of: Callable[[Registry], Runner],
    mail_server: MailServer,
) -> None:
    user = await accounts.user()
    for email in (user.email, "nobody@example.com"):
        answer = await client.post("/api/v1/auth/password/forgot", json={"email": email})
        assert answer.status_code == 202
    work_off(store, runner_of(registry))
    (message,) = mail_server.messages
    assert message["To"] == user.email
    reset = {"token": token_in(message), "new_password": "Another9$giraffe-lantern"}
    answer = await client.post("/api/v1/auth/password/reset", json=reset)
    assert answer.status_code == 200, answer.text
    work_off(store, runner_of(registry))
    assert mail_server.messages[-1]["Subject"] == "Your password was changed"


async def test_who_asks_for_a_strangers_reset_link_again_and_again_neither_ends_it_nor_fills_their_mailbox(
    client: httpx2.AsyncClient,
    accounts: Accounts,
    store: JobStore,
    runner_of: Callable[[Registry], Runner],
    mail_server: MailServer,
) -> None:
    user, runner = await accounts.user(), runner_of(registry)

    async def ask(times: int) -> int:
        """How many mails this leads to."""
        before = len(mail_server.messages)
        for _ in range(times):
            await client.post("/api/v1/auth/password/forgot", json={"email": user.email})
        work_off(store, runner)
        return len(mail_server.messages) - before

    async def pass_time(time: timedelta) -> None:
        with store.session() as session:
            for token in session.scalars(select(OneTimeToken)):
                token.created_at -= time

    assert await ask(6) == 1
    young = token_in(mail_server.messages[0])
    mails = 1
    for _ in range(24 * 6):  # a day of it, every ten minutes
        await pass_time(timedelta(minutes=10))
        mails += await ask(1)
    assert mail_pace.FREE < mails <= 28
    await pass_time(timedelta(hours=1))
    assert await ask(2) == 1
    reset = {"token": token_in(mail_server.messages[-1]), "new_password": "Another9$giraffe-lantern"}
    assert (await client.post("/api/v1/auth/password/reset", json={**reset, "token": young})).status_code == 400
    assert (await client.post("/api/v1/auth/password/reset", json=reset)).status_code == 200


async def test_a_refused_recipient_is_given_up_and_a_greylisted_one_is_tried_again(
    client: httpx2.AsyncClient, store: JobStore, runner_of: Callable[[Registry], Runner], mail_server: MailServer
) -> None:
    mail_server.replies = ["550 no such user", "451 greylisted, try again"]
    await register(client)
    await register(client, email="bob@example.com", username="bob")
    runner = runner_of(registry)
    for id_ in sorted(store.due(10)):
        runner.run(id_)
    dead = store.listed(status=JobStatus.DEAD, limit=5)
    waiting = store.listed(status=JobStatus.PENDING, limit=5)
    assert [job.last_error for job in dead] == ["Permanent: recipient refused with 550"]
    assert ["451" in (job.last_error or "") for job in waiting] == [True]
    store.retry(waiting[0].id)
    work_off(store, runner)
    assert [message["To"] for message in mail_server.messages] == ["bob@example.com"]


async def test_a_mail_server_that_is_away_or_slow_loses_nothing(
    client: httpx2.AsyncClient, store: JobStore, runner_of: Callable[[Registry], Runner], mail_server: MailServer
) -> None:
    await register(client)
    mail_server.delay = 3
    (id_,) = store.due(10)
    runner_of(registry).run(id_)
    mail_server.delay = 0
    mail_server.stop()
    store.retry(id_)
    runner_of(registry).run(id_)
    (waiting,) = store.listed(status=JobStatus.PENDING, limit=5)
    assert waiting.attempts == 1
    mail_server.start()
    store.retry(id_)
    runner_of(registry).run(id_)
    assert store.listed(status=JobStatus.DONE, limit=5)[0].id == id_
    identities = {message["Message-ID"] for message in mail_server.messages}
    assert len(identities) == 1, "a message that leaves twice bears one id"


async def test_a_link_that_was_replaced_meanwhile_is_not_sent(
    client: httpx2.AsyncClient,
    accounts: Accounts,
    store: JobStore,
    runner_of: Callable[[Registry], Runner],
    mail_server: MailServer,
) -> None:
    user = await accounts.user(is_verified=False)
    for _ in range(2):
        await client.post("/api/v1/auth/verify-email/resend", headers=user.headers)
    work_off(store, runner_of(registry))
    assert len(mail_server.messages) == 1


async def test_addresses_beyond_ascii_are_sent_to_with_an_ascii_domain(
    client: httpx2.AsyncClient, store: JobStore, runner_of: Callable[[Registry], Runner], mail_server: MailServer
) -> None:
    await register(client, email="j\u00f6rg@b\u00fccher.example")
    await register(client, email="ann@b\u00fccher.example", username="ann2")
    work_off(store, runner_of(registry))
    assert store.listed(status=JobStatus.DONE, limit=5)
    sent = {
        (message["To"], recipient)
        for message, recipient in zip(mail_server.messages, mail_server.recipients, strict=True)
    }
    names = ("j\u00f6rg@xn--bcher-kva.example", "ann@xn--bcher-kva.example")
    assert sent == {(name, name) for name in names}


async def test_where_the_server_takes_only_ascii_a_domain_still_arrives_and_a_local_part_is_given_up_at_once(
    client: httpx2.AsyncClient, store: JobStore, runner_of: Callable[[Registry], Runner], mail_server: MailServer
) -> None:
    mail_server.stop()
    mail_server.takes_utf8 = False
    mail_server.start()
    await register(client, email="ann@b\u00fccher.example")
    await register(client, email="j\u00f6rg@example.org", username="bob")
    work_off(store, runner_of(registry))
    assert mail_server.recipients == ["ann@xn--bcher-kva.example"]
    (dead,) = store.listed(status=JobStatus.DEAD, limit=5)
    assert dead.attempts == 1
    assert "SMTPUTF8" in (dead.last_error or "")


def test_a_server_that_drips_bytes_does_not_hold_a_worker(settings: Settings) -> None:
    """Each byte comes within the timeout, so only a limit on the whole attempt ends it."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not stopped.wait(0.05):
                connection.sendall(b"2")

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    there = {"smtp_host": "127.0.0.1", "smtp_port": listener.getsockname()[1], "smtp_tls": "none", "smtp_timeout": 0.3}
    with pytest.raises((OSError, smtplib.SMTPException)):
        SmtpMailer(settings.model_copy(update=there)).send(EmailMessage())
    stopped.set()
    dripping.join()
    listener.close()
