"""What Schemathesis needs to know to stay signed in while it tries everything, logging out included.

Loaded by the `st` process through SCHEMATHESIS_HOOKS. FUZZ_ACCOUNTS is a comma list of e-mail addresses that share
FUZZ_PASSWORD; an account that a generated request has deactivated or deleted is succeeded by the next.
"""

import os
from typing import Any

import requests
import schemathesis

BASE_URL = os.environ["FUZZ_URL"]
ACCOUNTS = iter(os.environ["FUZZ_ACCOUNTS"].split(","))


def log_in(email: str) -> str | None:
    form = {"username": email, "password": os.environ["FUZZ_PASSWORD"]}
    answer = requests.post(f"{BASE_URL}/api/v1/auth/login", data=form, timeout=30)
    return answer.json()["access_token"] if answer.status_code == 200 else None


def is_good(token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{BASE_URL}/api/v1/auth/me", headers=headers, timeout=30).status_code == 200


class SignedIn:
    """A token that works when the generated request is sent."""

    email = next(ACCOUNTS)
    token: str | None = None

    @classmethod
    def current(cls) -> str:
        while cls.token is None or not is_good(cls.token):
            cls.token = log_in(cls.email)
            if cls.token is None:
                cls.email = next(ACCOUNTS)
        return cls.token


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, _: Any) -> None:
    """A generated password is never a good one: give half of the valid requests one, so that they get any further."""
    body, meta = case.body, case.meta
    if isinstance(body, dict) and meta is not None and meta.generation.mode.is_positive:
        for field in {"password", "new_password"} & body.keys():
            if len(str(body)) % 2:
                body[field] = "Purple7!turtle-battery@staple"


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case: schemathesis.Case, context: Any) -> str:
        return SignedIn.current()

    def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
