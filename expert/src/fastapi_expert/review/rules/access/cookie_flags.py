"""FX919: A login cookie without `httponly` or `secure`."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, last_name
from fastapi_expert.review.flow.modules import is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.values import value_of

_LOGIN_COOKIE = re.compile(
    r"(?:\w+[-_])?(?:session|sessionid|session_id|token|jwt|auth|access|refresh)(?:[-_]\w+)?", re.IGNORECASE
)


def cookie_flags(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("set_cookie"):
        for call in function.calls:
            if last_name(call) != "set_cookie" or any(one.arg is None for one in call.keywords):
                continue
            key = value_of(project, function.path, argument(call, 0, "key"))
            if not (
                isinstance(key, tree.Constant) and isinstance(key.value, str) and _LOGIN_COOKIE.fullmatch(key.value)
            ):
                continue
            if (
                re.match(r"is_|has_|.*csrf", key.value.lower())
                or is_constant(argument(call, 2, "max_age"), 0)
                or is_constant(argument(call, 1, "value"), "")
            ):
                continue
            missing = [
                name
                for name in ("httponly", "secure")
                if keyword(call, name) is None or is_constant(keyword(call, name), False)
            ]
            if missing:
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"the cookie `{key.value}` has no {' and no '.join(f'`{name}`' for name in missing)}: "
                    "scripts of the page, or anybody on the way, can read it",
                    ", ".join(f"{name}=True" for name in missing),
                )


RULE = Rule(
    "FX919",
    "cookie without flags",
    "A login cookie without `httponly` or `secure`",
    "access",
    2,
    cookie_flags,
    alone=True,
)
