"""People with an authenticator app, and the clock it goes by."""

from dataclasses import dataclass

import httpx2
import pyotp
import pytest

from app.models import User
from app.security import totp
from tests.factories import PASSWORD, Account, Accounts

API = "/api/v1/auth"


class Clock:
    """The time codes are made and checked by: stands still in the middle of a period until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_015.0

    def __call__(self) -> float:
        return self.seconds

    def go_on(self, periods: int = 1) -> None:
        self.seconds += periods * totp.PERIOD


@dataclass(frozen=True)
class Protected:
    """An account with a second factor: its app and its recovery codes."""

    account: Account
    row: User
    app: pyotp.TOTP
    recovery_codes: list[str]
    clock: Clock

    def next_code(self) -> str:
        """A code that was not used yet."""
        self.clock.go_on()
        return self.app.at(int(self.clock()))


class Enrolment:
    """Walks through the front door."""

    def __init__(self, client: httpx2.AsyncClient, accounts: Accounts, clock: Clock) -> None:
        self.client, self.accounts, self.clock = client, accounts, clock

    async def protected(self, **fields: object) -> Protected:
        row = await self.accounts.row(**fields)
        account = await self.accounts.login(row)
        secret = await self.begin(account)
        answer = await self.confirm(account, secret.at(int(self.clock())))
        assert answer.status_code == 200, answer.text
        return Protected(account, row, secret, answer.json()["recovery_codes"], self.clock)

    async def begin(self, account: Account) -> pyotp.TOTP:
        answer = await self.client.post(
            f"{API}/second-factor", json={"password": account.password}, headers=account.headers
        )
        assert answer.status_code == 200, answer.text
        parsed = pyotp.parse_uri(answer.json()["otpauth_uri"])
        assert isinstance(parsed, pyotp.TOTP)
        assert parsed.secret == answer.json()["secret"]
        return parsed

    async def confirm(self, account: Account, code: str) -> httpx2.Response:
        return await self.client.post(f"{API}/second-factor/confirm", json={"code": code}, headers=account.headers)

    async def first_step(self, email: str, password: str = PASSWORD, **query: object) -> httpx2.Response:
        form = {"username": email, "password": password}
        return await self.client.post(f"{API}/login", data=form, params=query)

    async def challenge(self, email: str, password: str = PASSWORD) -> str:
        answer = await self.first_step(email, password)
        assert answer.status_code == 401, answer.text
        return answer.json()["mfa_token"]

    async def second_step(self, mfa_token: str, code: str, **query: object) -> httpx2.Response:
        body = {"mfa_token": mfa_token, "code": code}
        return await self.client.post(f"{API}/login/second-factor", json=body, params=query)

    async def sign_in(self, person: Protected, code: str) -> httpx2.Response:
        return await self.second_step(await self.challenge(person.account.email), code)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(totp, "time", made)
    return made


@pytest.fixture
def doors(client: httpx2.AsyncClient, accounts: Accounts, clock: Clock) -> Enrolment:
    return Enrolment(client, accounts, clock)
