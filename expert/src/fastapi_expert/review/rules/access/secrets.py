"""Which names are those of secrets, and what of them an answer shows."""

import re

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function, is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import field_call

HASHES = re.compile(
    r"(?:hashed_password|password_hash|pw_hash|pwd_hash|passwd_hash|hashed_pw|password_digest|password_salt|otp_secret|totp_secret|mfa_secret)"
)


SECRETS = re.compile(
    rf"{HASHES.pattern}|password|passwd|pwd|secret|secret_key|client_secret|api_key|apikey|api_secret|private_key|secret_access_key|access_secret|"
    r"webhook_secret|signing_secret|signing_key|jwt_secret|encryption_key"
)


def secret_field(project: Project, path: str, qualname: str, pattern: re.Pattern[str]) -> str:
    """A field of a class that names a secret and is sent as it is."""
    for one in project.codebase.fields(path, qualname):
        if not pattern.fullmatch(one.name) or "Secret" in one.type or "bool" in one.type:
            continue
        call = field_call(project, Symbol("class", path, qualname), one.name)
        if call is not None and is_constant(keyword(call, "exclude"), True):
            continue
        return one.name
    return ""


def decorator_says(function: Function, *names: str) -> bool:
    return any(
        one.arg in names and not is_constant(one.value, None)
        for call in function.node.decorator_list
        if isinstance(call, tree.Call)
        for one in call.keywords
    )


LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
