"""The login page: the accounts of the service, administrators alone, and no hint for anybody else."""

import httpx2
from sqlalchemy import func, select

from app.models import Role, Session
from tests.admin.desk import TOKEN_FIELD, Desk, fields_of
from tests.backends import Backend, on_sqlite
from tests.conftest import client_of, served, settings_for
from tests.factories import PASSWORD


def refusal(page: httpx2.Response) -> str:
    return page.text.partition('role="alert">')[2].partition("<")[0]


@on_sqlite
async def test_an_administrator_signs_in_by_address_or_name_and_out_again(visitor, accounts):
    admin = await accounts.admin()
    desk = Desk(visitor)
    for identifier in (admin.email.upper(), admin.username):
        entered = await desk.send_form("/admin/login", username=identifier, password=PASSWORD)
        assert entered.status_code == 303
        assert entered.headers["location"] == "/admin/"
        assert admin.email in (await visitor.get("/admin/")).text
        assert (await visitor.get("/admin/login")).status_code == 303
        page = await visitor.get("/admin/")
        token = TOKEN_FIELD.search(page.text).group(1)
        left = await visitor.post("/admin/logout", data={"csrftoken": token})
        assert left.status_code == 303
        assert (await visitor.get("/admin/")).status_code == 303


@on_sqlite
async def test_a_copied_cookie_is_dead_after_the_logout(desk, app):
    async with client_of(app) as thief:
        thief.cookies.update(desk.client.cookies)
        assert (await thief.get("/admin/users/list")).status_code == 200
        page = await desk.client.get("/admin/")
        await desk.client.post("/admin/logout", data={"csrftoken": TOKEN_FIELD.search(page.text).group(1)})
        assert (await thief.get("/admin/users/list")).status_code == 303


@on_sqlite
async def test_a_wrong_password_and_somebody_who_is_no_administrator_get_one_answer(app, visitor, accounts):
    admin, user = await accounts.admin(), await accounts.user()
    stranger = {"username": "nobody@example.org", "password": PASSWORD}
    answers = [
        await Desk(visitor).send_form("/admin/login", username=admin.email, password="Wrong7!horse-battery@staple"),
        await Desk(visitor).send_form("/admin/login", username=user.email, password=PASSWORD),
        await Desk(visitor).send_form("/admin/login", **stranger),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({refusal(answer) for answer in answers}) == 1
    assert refusal(answers[0]) == "The e-mail address, username or password is wrong."
    assert "www-authenticate" not in answers[0].headers
    async with app.state.resources.database.session() as session:
        opened = await session.scalar(select(func.count()).where(Session.user_id == user.id))
    assert opened == 1, "the one of the API: a refused sign-in leaves no session"


@on_sqlite
async def test_a_login_leads_to_the_page_that_was_asked_for_and_never_off_the_site(app, accounts):
    admin = await accounts.admin()
    for wanted, reached in (
        ("/admin/users/list?q=a", "/admin/users/list?q=a"),
        ("https://evil.example/admin/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/admin/\\evil.example", "/admin/"),
        ("/\\evil.example", "/admin/"),
        ("/api/v1/docs", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
        ("/admin/\r\nSet-Cookie: a=b", "/admin/"),
    ):
        async with client_of(app) as browser:
            path = str(httpx2.URL("/admin/login", params={"next": wanted}))
            answer = await Desk(browser).send_form(path, username=admin.email, password=PASSWORD)
        assert answer.status_code == 303
        assert answer.headers["location"] == reached, wanted


@on_sqlite
async def test_guesses_are_counted_together_with_those_at_the_api(backend: Backend, tmp_path):
    settings = settings_for(backend, data_dir=tmp_path, rate_limit_requests=1000, rate_limit_login=5)
    async with served(settings) as client:
        form = {"username": "admin@example.org", "password": "Wrong7!horse-battery@staple"}
        for _ in range(3):
            assert (await client.post("/api/v1/auth/login", data=form)).status_code == 401
        for _ in range(2):
            assert (await Desk(client).send_form("/admin/login", **form)).status_code == 401
        refused = await Desk(client).send_form("/admin/login", **form)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "Try again" in refusal(refused)


@on_sqlite
async def test_the_login_form_of_another_browser_signs_nobody_in(app, visitor, accounts):
    admin = await accounts.admin()
    async with client_of(app) as attacker:
        page = await attacker.get("/admin/login")
        token = TOKEN_FIELD.search(page.text).group(1)
    await visitor.get("/admin/login")
    form = {"csrftoken": token, "username": admin.email, "password": PASSWORD}
    assert (await visitor.post("/admin/login", data=form)).status_code == 403
    form["csrftoken"] = TOKEN_FIELD.search((await visitor.get("/admin/login")).text).group(1)
    cross = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert (await visitor.post("/admin/login", data=form, headers=cross)).status_code == 403
    assert (await visitor.post("/admin/login", data=form)).status_code == 303


@on_sqlite
async def test_an_account_with_a_second_factor_is_asked_for_it(visitor, doors):
    person = await doors.protected(role=Role.ADMIN)
    challenged = await Desk(visitor).sign_in(person.account)
    assert challenged.status_code == 200
    assert (await visitor.get("/admin/")).status_code == 303, "the password alone opens nothing"
    path = "/admin/login/second-factor"
    wrong = await visitor.post(path, data={**fields_of(challenged.text), "code": "000000"})
    assert wrong.status_code == 401
    assert "wrong" in refusal(wrong)
    entered = await visitor.post(path, data={**fields_of(wrong.text), "code": person.next_code()})
    assert entered.status_code == 303, entered.text
    assert (await visitor.get("/admin/")).status_code == 200


@on_sqlite
async def test_a_recovery_code_enters_too_and_once(visitor, doors, app):
    person = await doors.protected(role=Role.ADMIN)
    path = "/admin/login/second-factor"
    challenged = await Desk(visitor).sign_in(person.account)
    form = {**fields_of(challenged.text), "code": person.recovery_codes[0]}
    assert (await visitor.post(path, data=form)).status_code == 303
    async with client_of(app) as another:
        challenged = await Desk(another).sign_in(person.account)
        form = {**fields_of(challenged.text), "code": person.recovery_codes[0]}
        assert (await another.post(path, data=form)).status_code == 401


@on_sqlite
async def test_a_second_factor_lets_nobody_in_who_is_no_administrator(visitor, doors):
    person = await doors.protected()
    refused = await Desk(visitor).sign_in(person.account)
    assert refused.status_code == 401
    assert "mfa_token" not in refused.text
    form = {"mfa_token": await doors.challenge(person.account.email), "code": person.next_code()}
    page = await visitor.get("/admin/login")
    refused = await visitor.post("/admin/login/second-factor", data={**fields_of(page.text), **form})
    assert refused.status_code == 401
    assert (await visitor.get("/admin/")).status_code == 303
