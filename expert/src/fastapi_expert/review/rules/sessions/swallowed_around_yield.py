"""FX703: `except` around a dependency's `yield` that does not raise."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
)
from fastapi_expert.review.flow.modules import walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_LEFT_ALONE = frozenset({"GeneratorExit", "CancelledError", "WebSocketDisconnect", "ClientDisconnect", "StopIteration"})


def swallowed_around_yield(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 110)):
        return
    for function in project.dependency_functions:
        for one in function.yields:
            for above in function.around(one):
                if not (isinstance(above, tree.Try) and any(one is n for s in above.body for n in walk(s))):
                    continue
                for handler in above.handlers:
                    inside = [n for s in handler.body for n in walk(s)]
                    names = {last_name(n) for n in tree.walk(handler.type)} if handler.type is not None else set[str]()
                    if any(isinstance(n, tree.Raise) for n in inside) or names & _LEFT_ALONE:
                        continue
                    yield rule.at(
                        function.path,
                        handler.lineno,
                        "what the endpoint raises ends here and is not raised again: a 404 becomes a 500",
                        "end the handler with `raise`",
                    )


RULE = Rule(
    "FX703",
    "exception swallowed",
    "`except` around a dependency's `yield` that does not raise",
    "sessions",
    2,
    swallowed_around_yield,
    "fastapi>=0.110",
    alone=True,
)
