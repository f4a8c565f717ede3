"""Signing in when the password is only the first half."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select, update

from app.auth import one_time_tokens, second_factor, sessions
from app.auth.sessions import Device
from app.kit.clock import utcnow
from app.models import OutboxJob, Purpose, RecoveryCode, SecondFactor, Session, User
from app.records import outbox
from tests.auth.second_factor.conftest import API
from tests.backends import on_both_databases, on_sqlite
from tests.contract.test_table import assert_problem
from tests.factories import PASSWORD


async def notices(app) -> list[str]:
    async with app.state.resources.database.session() as session:
        jobs = await session.scalars(select(OutboxJob).where(OutboxJob.name == outbox.SEND_SECURITY_NOTICE))
        return [job.payload["event"] for job in jobs]


@on_both_databases
async def test_the_password_alone_opens_nothing_and_a_code_finishes(app, client, doors):
    person = await doors.protected()
    sessions = select(func.count()).select_from(Session)
    async with app.state.resources.database.session() as session:
        before = await session.scalar(sessions)
    first = await doors.first_step(person.account.email)
    problem = assert_problem(first, 401)
    assert problem["type"] == "urn:problem-type:second-factor-required"
    assert problem["expires_in"] == 300
    assert first.headers["www-authenticate"] == "Bearer"
    assert first.headers["cache-control"] == "no-store"
    assert not {"access_token", "refresh_token"} & problem.keys()
    async with app.state.resources.database.session() as session:
        assert await session.scalar(sessions) == before

    answer = await doors.second_step(problem["mfa_token"], person.next_code())
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await client.get(f"{API}/me", headers=headers)).json()["id"] == person.account.id


@on_both_databases
async def test_a_way_in_that_forgets_to_ask_opens_nothing(app, doors):
    person, resources = await doors.protected(), app.state.resources
    who = {"user_id": person.row.id, "hashed_password": person.row.hashed_password, "device": Device(None, None)}
    async with resources.database.session() as session:
        assert await sessions.sign_in(session, **who, resources=resources) is None
        assert await sessions.sign_in(session, **who, asked_twice=True, resources=resources) is not None


@on_sqlite
async def test_a_wrong_password_says_nothing_of_a_second_factor(doors):
    person = await doors.protected()
    wrong, unknown = await doors.first_step(person.account.email, "wrong"), await doors.first_step("no@body.org")
    assert {**wrong.json(), "request_id": None} == {**unknown.json(), "request_id": None}


@on_sqlite
async def test_a_code_is_good_once(doors):
    person = await doors.protected()
    confirmed_with = person.app.at(int(doors.clock()))
    assert (await doors.sign_in(person, confirmed_with)).status_code == 401
    code = person.next_code()
    assert (await doors.sign_in(person, code)).status_code == 200
    refused = await doors.sign_in(person, code)
    assert assert_problem(refused, 401)["type"] == "urn:problem-type:wrong-code"
    assert (await doors.sign_in(person, person.next_code())).status_code == 200


@on_both_databases
async def test_of_many_who_send_one_code_at_once_one_gets_in(doors):
    person = await doors.protected()
    token, code = await doors.challenge(person.account.email), person.next_code()
    answers = await asyncio.gather(*(doors.second_step(token, code) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers)[:2] == [200, 401]


@on_sqlite
async def test_a_recovery_code_gets_one_in_once_and_the_owner_hears_of_it(app, client, doors):
    person = await doors.protected()
    assert len(set(person.recovery_codes)) == 10
    code = person.recovery_codes[3]
    answer = await doors.sign_in(person, code.replace("-", " ").lower())
    assert answer.status_code == 200, answer.text
    assert (await doors.sign_in(person, code)).status_code == 401
    assert (await notices(app)).count("recovery_code_used") == 1
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    state = (await client.get(f"{API}/second-factor", headers=headers)).json()
    assert (state["enabled"], state["recovery_codes_left"]) == (True, 9)


@on_both_databases
async def test_of_many_who_send_one_recovery_code_at_once_one_gets_in(doors):
    person = await doors.protected()
    token = await doors.challenge(person.account.email)
    answers = await asyncio.gather(*(doors.second_step(token, person.recovery_codes[0]) for _ in range(6)))
    assert [answer.status_code for answer in answers].count(200) == 1


@on_sqlite
async def test_recovery_codes_of_another_are_worth_nothing(doors):
    person, other = await doors.protected(), await doors.protected()
    assert (await doors.sign_in(person, other.recovery_codes[0])).status_code == 401


@on_sqlite
async def test_the_database_holds_neither_secret_nor_recovery_code(app, doors):
    person = await doors.protected()
    async with app.state.resources.database.session() as session:
        factor = await session.get_one(SecondFactor, person.account.id)
        hashes = (await session.scalars(select(RecoveryCode.code_hash))).all()
    assert person.app.secret not in factor.secret
    assert {len(kept) for kept in hashes} == {32}
    assert not {code.replace("-", "").encode() for code in person.recovery_codes} & set(hashes)


@on_both_databases
async def test_guesses_at_once_are_not_more_than_guesses_in_turn(app, doors):
    person = await doors.protected()
    token = await doors.challenge(person.account.email)
    answers = await asyncio.gather(*(doors.second_step(token, "000000") for _ in range(9)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [401] * second_factor.FREE_TRIES + [429] * (9 - second_factor.FREE_TRIES)
    locked = await doors.second_step(token, person.next_code())
    assert assert_problem(locked, 429)["type"] == "urn:problem-type:second-factor-locked"
    assert 0 < int(locked.headers["retry-after"]) <= 31
    assert (await doors.second_step(token, person.recovery_codes[0])).status_code == 429
    assert (await notices(app)).count("second_factor_guessed") == 1


@on_sqlite
async def test_the_wait_ends_and_the_right_code_forgets_the_wrong_ones(app, doors):
    person = await doors.protected()
    token = await doors.challenge(person.account.email)
    for _ in range(second_factor.FREE_TRIES):
        await doors.second_step(token, "000000")
    async with app.state.resources.database.session() as session:
        await session.execute(update(SecondFactor).values(locked_until=utcnow() - timedelta(seconds=1)))
    assert (await doors.second_step(token, person.next_code())).status_code == 200
    async with app.state.resources.database.session() as session:
        assert await session.scalar(select(SecondFactor.failed_attempts)) == 0


def test_each_wrong_code_more_doubles_the_wait_up_to_an_hour():
    waits = [second_factor.wait_after(failures).total_seconds() for failures in (0, 4, 5, 6, 7, 12, 500)]
    assert waits == [0, 0, 30, 60, 120, 3600, 3600]


@on_sqlite
async def test_a_challenge_is_void_once_it_is_old(doors, monkeypatch):
    person = await doors.protected()
    token = await doors.challenge(person.account.email)
    monkeypatch.setattr(second_factor, "CHALLENGE_SECONDS", -1)
    refused = await doors.second_step(token, person.next_code())
    assert assert_problem(refused, 401)["type"] == "urn:problem-type:second-factor-expired"


@on_sqlite
async def test_a_challenge_is_void_once_the_account_has_changed(app, client, accounts, doors):
    person, deactivated = await doors.protected(), await doors.protected()
    tokens = [await doors.challenge(one.account.email) for one in (person, deactivated)]
    change = {"current_password": PASSWORD, "new_password": "Another8@battery-horse-staple"}
    answer = await client.post(f"{API}/password/change", json=change, headers=person.account.headers)
    assert answer.status_code == 200, answer.text
    async with app.state.resources.database.session() as session:
        await session.execute(update(User).where(User.id == deactivated.account.id).values(is_active=False))
    assert (await doors.second_step(tokens[0], person.next_code())).status_code == 401
    assert (await doors.second_step(tokens[1], deactivated.next_code())).status_code == 401


@on_sqlite
async def test_what_is_no_challenge_is_refused(doors):
    person = await doors.protected()
    for token in ("x", "é", person.account.access_token, (await doors.challenge(person.account.email))[:-4]):
        assert (await doors.second_step(token, person.next_code())).status_code == 401
    assert (await doors.second_step("x", "12345")).status_code == 422


@on_sqlite
async def test_a_reset_password_does_not_get_round_it(app, client, doors):
    person = await doors.protected()
    resources = app.state.resources
    async with resources.database.session() as session:
        token = one_time_tokens.make(
            user_id=person.account.id,
            email=person.account.email,
            purpose=Purpose.RESET_PASSWORD,
            lifetime=timedelta(minutes=5),
            secret=resources.signer.secret,
        )
        session.add(token)
    raw = one_time_tokens.reveal(token, secrets=resources.signer.secrets)
    new = "Another8@battery-horse-staple"
    answer = await client.post(f"{API}/password/reset", json={"token": raw, "new_password": new})
    assert answer.status_code == 200, answer.text
    assert not answer.cookies
    token = await doors.challenge(person.account.email, new)
    assert (await doors.second_step(token, person.next_code())).status_code == 200


@on_sqlite
async def test_a_browser_gets_its_cookies_after_the_second_step_alone(client, doors):
    person = await doors.protected()
    own_page = {"Origin": "http://localhost"}
    form = {"username": person.account.email, "password": PASSWORD}
    first = await client.post(f"{API}/login", data=form, params={"cookies": True}, headers=own_page)
    assert first.status_code == 401
    assert "set-cookie" not in first.headers
    body = {"mfa_token": first.json()["mfa_token"], "code": person.next_code()}
    from_elsewhere = {"Origin": "https://evil.example"}
    url = f"{API}/login/second-factor?cookies=true"
    assert (await client.post(url, json=body, headers=from_elsewhere)).status_code == 403
    answer = await client.post(url, json=body, headers=own_page)
    assert answer.status_code == 200, answer.text
    assert "access_token" not in answer.json()
    assert (await client.get(f"{API}/me")).json()["id"] == person.account.id
