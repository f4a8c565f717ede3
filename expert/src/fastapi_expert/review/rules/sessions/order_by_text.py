"""FX719: `getattr(Model, name)` with a name from the request."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import (
    table_of,
)
from fastapi_expert.review.flow.taint import is_callers_text
from fastapi_expert.review.model import Finding, Rule


def order_by_text(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("getattr"):
        for call in function.calls:
            if not (isinstance(call.func, tree.Name) and call.func.id == "getattr" and len(call.args) == 2):
                continue
            table = table_of(project, function.path, call.args[0])
            if table is not None and is_callers_text(project, function, call.args[1]):
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"the caller names any attribute of {table.name}: an unknown one is a 500, and a secret one orders "
                    "by the secret",
                    "take an enumeration or a `Literal` of the columns that may be asked for",
                )


RULE = Rule(
    "FX719",
    "ordered by the caller's word",
    "`getattr(Model, name)` with a name from the request",
    "sessions",
    2,
    order_by_text,
    alone=True,
)
