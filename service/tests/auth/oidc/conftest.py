"""The provider as a process, and a browser that goes to it and back."""

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from app.config import Settings
from tests.auth.oidc.provider import CLIENT_ID, CLIENT_SECRET, FAULTS
from tests.backends import Backend
from tests.conftest import client_of, settings_for
from tests.servers import Server, status_of

LOGIN = "/api/v1/auth/oidc/acme/login"
CALLBACK = "/api/v1/auth/oidc/acme/callback"
PASSWORD = "a password at the provider"
FRONTEND = "https://www.example.org"

PEOPLE = [
    {"username": "ada", "email": "Ada@example.org", "first_name": "Ada", "last_name": "Lovelace", "is_staff": True},
    {"username": "grace", "email": "grace@example.org", "is_staff": True},
    {"username": "terse", "email": "terse@example.org", "is_staff": True},
    {"username": "mallory", "email": "ada@example.org", "is_staff": False},
    *({"username": name, "email": f"{name}@example.org", "is_staff": True} for name in FAULTS),
]


class Provider(Server):
    """Django OAuth Toolkit in a process of its own (see `tests/auth/oidc/provider`)."""

    def __init__(self, *, redirect_uri: str = f"http://localhost{CALLBACK}") -> None:
        super().__init__("provider")
        self.issuer = f"http://127.0.0.1:{self.port}"
        users = [{**person, "password": PASSWORD} for person in PEOPLE]
        setup = {"users": users, "redirect_uri": redirect_uri}
        (self.directory / "setup.json").write_text(json.dumps(setup))
        (self.directory / "alien.pem").write_bytes(new_key())
        self.change_key()

    def change_key(self) -> None:
        """Sign with another key from the next start on."""
        (self.directory / "key.pem").write_bytes(new_key())

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.auth.oidc.provider", str(self.port)]

    def is_ready(self) -> bool:
        return status_of(f"{self.issuer}/.well-known/openid-configuration") == 200


def new_key() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Browser:
    """One person's browser: keeps the cookies of the service and of the provider, follows nothing by itself."""

    def __init__(self, service: httpx2.AsyncClient) -> None:
        self.service = service
        self.outside = httpx2.AsyncClient(verify=False, timeout=30)

    async def begin(self, **query: str) -> str:
        """Begin a sign-in; the address at the provider where it goes on."""
        answer = await self.service.get(LOGIN, params=query)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def log_in(self, address: str, username: str) -> str:
        """Give the password at the provider, and return the address it sends us back to."""
        answer = await self.outside.get(address)
        while not answer.headers.get("location", "").startswith(f"http://localhost{CALLBACK}?"):
            if answer.is_redirect:
                answer = await self.outside.get(answer.url.join(answer.headers["location"]))
                continue
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.text)
            assert token is not None, answer.text
            form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token.group(1)}
            answer = await self.outside.post(answer.url, data=form)
        return answer.headers["location"]

    async def come_back(self, back: str, **changed: str | None) -> httpx2.Response:
        """Bring the provider's answer to the service, with some of its parameters changed (None: left out)."""
        parameters = {key: values[0] for key, values in parse_qs(urlsplit(back).query).items()} | changed
        kept = {key: value for key, value in parameters.items() if value is not None}
        return await self.service.get(CALLBACK, params=kept)

    async def sign_in(self, username: str, **query: str) -> httpx2.Response:
        return await self.come_back(await self.log_in(await self.begin(**query), username))


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    server = Provider()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(backend: Backend, tmp_path: Any, provider: Provider) -> Settings:
    acme = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "title": "Acme"}
    return settings_for(
        backend,
        data_dir=tmp_path,
        public_url="http://localhost",
        allowed_origins=[FRONTEND],
        oidc_providers={"acme": acme},
    )


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    async with client_of(app) as service:
        made = Browser(service)
        yield made
        await made.outside.aclose()
