"""What Schemathesis needs to know to stay signed in while it tries everything, logging out included.

Loaded by the `st` process through SCHEMATHESIS_HOOKS. FUZZ_ACCOUNTS is a comma list of e-mail addresses that share
FUZZ_PASSWORD; an account that a generated request has deactivated or deleted is succeeded by the next.
"""

import os
from itertools import count
from typing import Any
from urllib.parse import quote

import requests
import schemathesis

BASE_URL = os.environ["FUZZ_URL"]
NUMBERS = count()
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
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Say that a session's token travels in the Authorization header: of `oauth2` Schemathesis does not know it.

    Only then can it leave the token out, or send a wrong one, and see that the operation refuses.
    """
    raw_schema["components"]["securitySchemes"]["Bearer"] = {"type": "http", "scheme": "bearer"}


@schemathesis.hook
def filter_case(context: Any, case: schemathesis.Case) -> bool:
    """Not what the HTTP server itself refuses before the service sees it: an address beyond 64 KiB (414)."""
    return len(quote(f"{case.path_parameters}{case.query}")) < 60_000


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, _: Any) -> None:
    """Let valid requests get further than chance would.

    A generated password is never a good one: half of them are given one. Short generated idempotency keys meet again,
    and rightly get the first answer again, even about what is gone by now: each is made the only one.
    """
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    if isinstance(case.body, dict):
        for field in {"password", "new_password"} & case.body.keys():
            if len(str(case.body)) % 2:
                case.body[field] = "Purple7!turtle-battery@staple"
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f"key-{next(NUMBERS)}"


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case: schemathesis.Case, context: Any) -> str:
        return SignedIn.current()

    def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
