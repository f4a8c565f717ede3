"""FX702: A dependency that commits what a refused request wrote."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    session_calls,
)
from fastapi_expert.review.flow.modules import walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def commit_in_finally(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.dependency_functions:
        for one in function.yields:
            for above in function.around(one):
                if not (isinstance(above, tree.Try) and any(one is n for s in above.body for n in walk(s))):
                    continue
                undone = [n for handler in above.handlers for s in handler.body for n in walk(s)]
                if any(isinstance(n, tree.Attribute) and n.attr == "rollback" for n in undone):
                    continue
                last = {id(n) for s in above.finalbody for n in walk(s)}
                for call in session_calls(project, function, {"commit"}):
                    if id(call) in last:
                        yield rule.at(
                            function.path,
                            call.lineno,
                            "`finally` commits also when the handler refused: a request that is answered 409 still "
                            "stores what it wrote",
                            "commit after the `yield` in `try`, roll back in `except`, close in `finally`",
                        )


RULE = Rule(
    "FX702",
    "commit in finally",
    "A dependency that commits what a refused request wrote",
    "sessions",
    1,
    commit_in_finally,
    alone=True,
)
