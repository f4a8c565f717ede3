"""FX906: A response schema with a password, hash or key."""

import re
from collections.abc import Iterator

from fastapi_expert.review.flow.modules import types_named
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.access.secrets import HASHES, SECRETS, decorator_says, secret_field

_SHOWN_ONCE = re.compile(
    r"log.?in|token|auth|sign|register|rotate|regenerat|refresh|create|new|issue|reveal|key", re.IGNORECASE
)


def secret_in_schema(project: Project, rule: Rule) -> Iterator[Finding]:
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
        pattern = HASHES if once or served.route.method in ("POST", "PUT", "PATCH") else SECRETS
        found = _nested_secret(project, path, qualname, pattern, 0)
        if found is not None:
            seen.add(id(function))
            where, name, field = found
            yield rule.at(
                function.path,
                function.node.lineno,
                f"the answer holds `{field}` of {name}",
                "a schema without it, or `Field(exclude=True)`",
                confidence="certain" if HASHES.fullmatch(field) else "likely",
                related=(Related(where, project.module(where).classes[name].lineno, "the schema"),)
                if name in project.module(where).classes
                else (),
            )


def _nested_secret(
    project: Project, path: str, qualname: str, pattern: re.Pattern[str], depth: int
) -> tuple[str, str, str] | None:
    field = secret_field(project, path, qualname, pattern)
    if field:
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
