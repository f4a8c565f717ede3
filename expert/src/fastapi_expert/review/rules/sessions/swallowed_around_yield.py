"""FX703: `except` around a dependency's `yield` that does not raise."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
)
from fastapi_expert.review.flow.modules import walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Edit, Finding, Rule

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
                        fix=_raised(function.path, handler),
                    )


def _raised(path: str, handler: tree.ExceptHandler) -> tuple[Edit, ...]:
    """`raise` on a line of its own behind the last one and its comments, where no line leaves the handler."""
    inside = [n for statement in handler.body for n in walk(statement)]
    if any(isinstance(n, tree.Return) or n.text in ("break", "continue") for n in inside):
        return ()
    source, first, last = handler.file.source, handler.body[0], handler.body[-1]
    indent = source[source.rfind(b"\n", 0, first.start) + 1 : first.start]
    if indent.strip():
        return ()
    rest = re.compile(rb"[ \t]*(?:#[^\n]*)?(?:\r?\n%b[ \t]*#[^\n]*)*(?=\r?\n|\Z)" % indent).match(source, last.end)
    return (Edit(path, rest.end(), rest.end(), "", f"\n{indent.decode()}raise"),) if rest is not None else ()


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
