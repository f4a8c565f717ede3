"""Switching the second factor on and off."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.auth import second_factor_enrolment
from app.kit.clock import utcnow
from app.models import SecondFactor, Session, User
from app.records import outbox
from app.security.passwords import NO_PASSWORD
from app.security.tokens import key_id
from app.server.commands import reset_second_factor
from app.tasks.catalogue import registry
from app.tasks.mails import SECURITY_NOTICES
from tests.auth.second_factor.conftest import API
from tests.backends import on_both_databases, on_sqlite
from tests.conftest import SECRET_KEY, served, settings_for
from tests.contract.test_table import assert_problem
from tests.tasks.conftest import runner_of, settings, store  # noqa: F401  # fixtures: a real SMTP server
from tests.tasks.test_mails import parts, work_off


async def is_signed_in(client, account) -> bool:
    return (await client.get(f"{API}/me", headers=account.headers)).status_code == 200


@on_sqlite
async def test_nothing_is_asked_for_until_a_code_has_confirmed_the_app(client, accounts, doors):
    row = await accounts.row()
    account = await accounts.login(row)
    secret = await doors.begin(account)
    assert (await doors.first_step(account.email)).status_code == 200
    wrong = await doors.confirm(account, "000000")
    assert assert_problem(wrong, 400)["errors"][0]["pointer"] == "#/code"
    renewed = await doors.begin(account)  # lost the QR code: another secret, the first is void
    assert (await doors.confirm(account, secret.at(int(doors.clock())))).status_code == 400
    assert (await doors.confirm(account, renewed.at(int(doors.clock())))).status_code == 200
    assert (await doors.first_step(account.email)).status_code == 401


@on_sqlite
async def test_the_app_is_told_who_and_where(client, accounts, doors):
    account = await accounts.user(email="ada@example.org")
    app = await doors.begin(account)
    assert app.issuer == "Publishing Service"
    assert (app.name, app.digits, app.interval) == ("ada@example.org", 6, 30)


@on_sqlite
async def test_switching_on_takes_the_password_and_a_verified_address(client, accounts, doors):
    account, unverified = await accounts.user(), await accounts.user(is_verified=False)
    wrong = await client.post(f"{API}/second-factor", json={"password": "wrong"}, headers=account.headers)
    assert assert_problem(wrong, 400)["errors"][0]["pointer"] == "#/password"
    refused = await client.post(
        f"{API}/second-factor", json={"password": unverified.password}, headers=unverified.headers
    )
    assert assert_problem(refused, 403)["type"] == "urn:problem-type:not-verified"
    assert (await doors.confirm(account, "000000")).status_code == 409


@on_both_databases
async def test_switching_on_and_off_ends_the_other_sessions(client, accounts, doors):
    row = await accounts.row()
    elsewhere, here = await accounts.login(row), await accounts.login(row)
    app = await doors.begin(here)
    assert (await doors.confirm(here, app.at(int(doors.clock())))).status_code == 200
    assert (await is_signed_in(client, here), await is_signed_in(client, elsewhere)) == (True, False)

    body = {"password": here.password, "code": "000000"}
    assert (await client.post(f"{API}/second-factor/disable", json=body, headers=here.headers)).status_code == 400
    doors.clock.go_on()
    body = {"password": "wrong", "code": app.at(int(doors.clock()))}
    assert (await client.post(f"{API}/second-factor/disable", json=body, headers=here.headers)).status_code == 400
    body["password"] = here.password
    assert (await client.post(f"{API}/second-factor/disable", json=body, headers=here.headers)).status_code == 200
    assert (await doors.first_step(here.email)).status_code == 200
    assert (await client.post(f"{API}/second-factor/disable", json=body, headers=here.headers)).status_code == 409


@on_sqlite
async def test_a_second_app_does_not_replace_the_first(client, doors):
    person = await doors.protected()
    body = {"password": person.account.password}
    answer = await client.post(f"{API}/second-factor", json=body, headers=person.account.headers)
    assert assert_problem(answer, 409)["type"] == "urn:problem-type:second-factor-on"
    assert (await doors.confirm(person.account, person.next_code())).status_code == 409


@on_sqlite
async def test_new_recovery_codes_replace_the_old(client, doors):
    person = await doors.protected()
    body = {"password": person.account.password, "code": person.next_code()}
    answer = await client.post(f"{API}/second-factor/recovery-codes", json=body, headers=person.account.headers)
    assert answer.status_code == 200, answer.text
    assert (await doors.sign_in(person, person.recovery_codes[0])).status_code == 401
    assert (await doors.sign_in(person, answer.json()["recovery_codes"][0])).status_code == 200


@on_sqlite
async def test_who_has_no_password_signs_in_again_instead(app, client, accounts, doors):
    account = await accounts.user()
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).values(hashed_password=NO_PASSWORD))
    assert (await client.post(f"{API}/second-factor", json={}, headers=account.headers)).status_code == 200
    async with app.state.resources.database.session() as session:
        await session.execute(update(Session).values(created_at=utcnow() - timedelta(minutes=11)))
    late = await client.post(f"{API}/second-factor", json={"password": "!"}, headers=account.headers)
    assert assert_problem(late, 403)["type"] == "urn:problem-type:sign-in-again"


@on_sqlite
async def test_an_administrator_s_reset_lets_the_password_do_again_and_ends_every_session(app, client, doors):
    person = await doors.protected()
    resources = app.state.resources
    async with resources.database.session() as session:
        assert await second_factor_enrolment.reset(session, person.account.id, resources=resources)
        assert not await second_factor_enrolment.reset(session, person.account.id, resources=resources)
    assert not await is_signed_in(client, person.account)
    assert (await doors.first_step(person.account.email)).status_code == 200


@on_sqlite
async def test_the_command_line_resets_it_for_the_last_administrator(app, settings, doors):  # noqa: F811
    person = await doors.protected()
    await reset_second_factor(settings, person.account.username)
    assert (await doors.first_step(person.account.email)).status_code == 200


@on_sqlite
async def test_each_change_is_told_by_mail(app, client, doors, store, runner_of, mail_server):  # noqa: F811
    person = await doors.protected()
    async with app.state.resources.database.session() as session:
        for event in SECURITY_NOTICES.keys() - {"second_factor_on"}:
            outbox.notify(session, person.account.id, event)
    work_off(store, runner_of(registry))
    told = {message["Subject"]: parts(message) for message in mail_server.messages}
    assert set(told) == {subject for subject, _ in SECURITY_NOTICES.values()}
    text, html = told["Second factor switched on"]
    for part in (text, html):
        assert "takes a code from your authenticator app" in part
        assert "https://blog.example.org/forgot-password" in part


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_secrets_outlive_a_change_of_the_key(backend, tmp_path, accounts, doors, store, runner_of):  # noqa: F811
    person = await doors.protected()
    new_key = SECRET_KEY[::-1]
    rotated = settings_for(backend, data_dir=tmp_path, secret_key=new_key, previous_secret_keys=[SECRET_KEY])

    async def signs_in(settings) -> int:  # noqa: F811
        async with served(settings) as client:
            doors.client = client
            return (await doors.sign_in(person, person.next_code())).status_code

    assert await signs_in(rotated) == 200
    job = registry.jobs["second_factor.reseal"]

    class Reseal:
        settings = rotated
        reading = staticmethod(store.session)

    job.function(Reseal())
    with store.session() as session:
        assert session.scalars(select(SecondFactor.sealed_by)).all() == [key_id(new_key)]
    assert await signs_in(settings_for(backend, data_dir=tmp_path, secret_key=new_key)) == 200
    async with served(settings_for(backend, data_dir=tmp_path, secret_key="k" + SECRET_KEY)) as client:  # lost
        doors.client = client
        lost = await doors.sign_in(person, person.next_code())
        assert assert_problem(lost, 503)["type"] == "urn:problem-type:second-factor-unreadable"
        assert (await doors.sign_in(person, person.recovery_codes[0])).status_code == 200
