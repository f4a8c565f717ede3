"""FX712: A method of an AsyncSession called without `await`."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Edit, Finding, Rule
from fastapi_expert.review.rules.sessions.uses import IO

_COROUTINES = (IO - {"query", "bulk_save_objects"}) | {"delete", "close", "stream", "stream_scalars", "run_sync"}
"""Of the methods that ask the database those that an AsyncSession has, and its others that are coroutines."""
_STATEMENT = re.compile(rf"^[ \t]+[\w.]+\.(?:{'|'.join(sorted(_COROUTINES))})\(".encode(), re.MULTILINE)
"""A line that calls one of them and does nothing with what it gives."""


# expert: ignore[FX302] two rules that both look at calls which are statements
def not_awaited(project: Project, rule: Rule) -> Iterator[Finding]:
    functions = [
        function
        for path in project.paths()
        if _STATEMENT.search(project.modules.source(path))
        for function in project.module(path).functions.values()
    ]
    for function in functions:
        for node in function.nodes:
            call = node.value if isinstance(node, tree.Expr) and isinstance(node.value, tree.Call) else None
            if call is None or not isinstance(call.func, tree.Attribute) or call.func.attr not in _COROUTINES:
                continue
            if project.kinds.of(function.path, call.func.value, function) == "async-session":
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"`{call.func.attr}()` of an AsyncSession is never awaited: nothing happens, and the answer is 200",
                    f"`await {dotted(call.func)}(…)`",
                    fix=(Edit(function.path, call.start, call.start, "", "await "),) if function.is_async else (),
                )


RULE = Rule(
    "FX712",
    "coroutine not awaited",
    "A method of an AsyncSession called without `await`",
    "sessions",
    1,
    not_awaited,
    also=r"reportUnusedCoroutine|unused-coroutine",
    alone=True,
)
