"""FX720: SQL text with a part from the request."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    argument,
    last_name,
)
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.taint import is_callers_text
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.sessions.uses import kind_of


def sql_by_formatting(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("text", "execute", "scalar", "scalars", "exec"):
        for call in function.calls:
            name = last_name(call)
            first = argument(call, 0, "statement")
            if first is None or name not in ("text", "execute", "scalar", "scalars", "exec", "exec_driver_sql"):
                continue
            if name == "text":
                if not project.kinds.external(function.path, call.func, function).startswith("sqlalchemy"):
                    continue
            elif isinstance(first, tree.Call) or kind_of(project, function, call) not in SESSIONS | {
                "connection",
                "async-connection",
            }:
                continue
            if is_callers_text(project, function, first, whole=False):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "what the caller sent is part of the SQL text: they can read and change whatever this user may",
                    'bind it: `text("… = :name")` with `{"name": name}`',
                )


RULE = Rule(
    "FX720",
    "SQL put together",
    "SQL text with a part from the request",
    "sessions",
    1,
    sql_by_formatting,
    also=r"S608|B608",
    alone=True,
)
