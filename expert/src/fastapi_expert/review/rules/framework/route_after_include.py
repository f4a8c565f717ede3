"""FX001: A route added after its router was included."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def route_after_include(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.is_below((0, 137)):
        return
    for path in project.paths():
        if b"include_router" not in project.modules.source(path):
            continue
        included: set[str] = set()
        for statement in project.module(path).root.body:
            if isinstance(statement, tree.FunctionDef):
                for one in statement.decorator_list:
                    if not isinstance(one, tree.Call) or last_name(one) not in ROUTE_DECORATORS:
                        continue
                    if dotted(one.func).rpartition(".")[0] in included:
                        yield rule.at(
                            path,
                            one.lineno,
                            "before FastAPI 0.137 including a router copies the routes that it has by then: "
                            "this one is never served",
                            "include the router after its last route",
                        )
            elif isinstance(statement, tree.Expr) and last_name(statement.value) == "include_router":
                call = statement.value
                if isinstance(call, tree.Call) and call.args:
                    included.add(dotted(call.args[0]))


RULE = Rule(
    "FX001",
    "route after include",
    "A route added after its router was included",
    "framework",
    2,
    route_after_include,
    "fastapi<0.137",
    alone=True,
)
