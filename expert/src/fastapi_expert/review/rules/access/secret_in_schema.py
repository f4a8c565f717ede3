"""FX906: A response schema with a password, hash or key."""

import re
from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.review.flow.modules import types_named
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.access.secrets import HASHES, SECRETS, decorator_says, secret_field

_SHOWN = 5
_SHOWN_ONCE = re.compile(
    r"log.?in|token|auth|sign|register|rotate|regenerat|refresh|create|new|issue|reveal|key", re.IGNORECASE
)


_ADDRESSES = re.compile(r"(?:Links?|Urls?|Endpoints?)(?![a-z])|URLs?|Href")
"""Schemas of which a field called `api_key` is where to get one."""
_OF_WEBHOOKS = re.compile(r"secret|signing_secret|webhook_secret|signing_key")
"""What a webhook's owner needs: by it they know who is calling them."""
_OF_PAYMENTS = re.compile(r"Checkout|Payment|Intent")
_SHARED = re.compile(r"client_secret")
"""What a payment's page needs to go on with it: it opens that one payment."""
_BEING_SET_UP = re.compile(r"Enable|Set[Uu]p|Enrol|Activate|Provision")
"""Answers with the secret of a second factor that goes into an authenticator, once."""
_SECOND_FACTOR = re.compile(r"T?OTP|T?Otp|M[Ff][Aa]|2[Ff][Aa]|Two_?Factor|Authenticator")
_OWN = re.compile(r"/(?:users?/|accounts?/|auth/)*(?:me|self|current|whoami|profile)(?:/|$)")
"""Paths below which callers are shown what is theirs."""


def secret_in_schema(project: Project, rule: Rule) -> Iterator[Finding]:
    """One finding for all routes that answer with the same secret: mending the schema mends them all."""
    by_secret: dict[tuple[str, str, str], list[Finding]] = {}
    for secret, finding in _answers(project, rule):
        by_secret.setdefault(secret, []).append(finding)
    for first, *rest in by_secret.values():
        others = tuple([Related(one.path, one.line, "answers with it too") for one in rest[:_SHOWN]])
        yield replace(first, related=(*first.related, *others))


def _answers(project: Project, rule: Rule) -> Iterator[tuple[tuple[str, str, str], Finding]]:
    seen: set[int] = set()
    for served in project.served:
        function, model = served.function, served.route.response_model
        if function is None or not model or id(function) in seen:
            continue
        path, _, qualname = model.partition(":")[2].partition("::")
        if project.is_table(path, qualname) or decorator_says(
            function, "response_model_exclude", "response_model_include"
        ):
            continue
        once = served.route.method in ("POST", "PUT") and _SHOWN_ONCE.search(f"{served.route.path} {function.name}")
        changing = served.route.method in ("POST", "PUT", "PATCH")
        pattern = HASHES if once or changing or _OWN.search(served.route.path) else SECRETS
        found = _nested_secret(project, path, qualname, pattern, 0)
        if found is not None:
            seen.add(id(function))
            where, name, field = found
            yield (
                found,
                rule.at(
                    function.path,
                    function.node.lineno,
                    f"the answer holds `{field}` of {name}",
                    "a schema without it, or `Field(exclude=True)`",
                    confidence="certain" if HASHES.fullmatch(field) else "likely",
                    related=(Related(where, project.module(where).classes[name].lineno, "the schema"),)
                    if name in project.module(where).classes
                    else (),
                ),
            )


def _nested_secret(
    project: Project, path: str, qualname: str, pattern: re.Pattern[str], depth: int
) -> tuple[str, str, str] | None:
    field = "" if _ADDRESSES.search(qualname) else secret_field(project, path, qualname, pattern)
    if _BEING_SET_UP.search(qualname) and re.match(r"(?:t?otp|mfa)_", field):
        return None
    if _SECOND_FACTOR.search(qualname) and field in ("secret", "secret_key"):
        return None
    meant = _SHARED if _OF_PAYMENTS.search(qualname) else _OF_WEBHOOKS if "webhook" in qualname.lower() else None
    if field and (meant is None or not meant.fullmatch(field)):
        return path, qualname, field
    for one in project.codebase.fields(path, qualname) if depth < 3 else ():
        for name in types_named(one.type):
            symbol = project.kinds.resolve(path, name)
            if symbol is not None and symbol.kind == "class" and (symbol.path, symbol.name) != (path, qualname):
                if project.is_table(symbol.path, symbol.name):
                    continue
                found = _nested_secret(project, symbol.path, symbol.name, pattern, depth + 1)
                if found is not None:
                    return found
    return None


RULE = Rule(
    "FX906",
    "secret in the answer",
    "A response schema with a password, hash or key",
    "access",
    1,
    secret_in_schema,
    alone=True,
)
