"""FX711: A sync Session that queries in `async def`."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import callees, session_calls
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import on_loop, running
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.sessions.uses import IO, kind_of


def sync_session_in_async(project: Project, rule: Rule) -> Iterator[Finding]:
    loop = on_loop(project)
    for id_, function in running(project).items():
        if id_ not in loop or not function.is_async:  # a script may wait as long as it likes
            continue
        asked = [call for call in session_calls(project, function, IO) if id(call) not in function.awaited]
        own = next((call for call in asked if kind_of(project, function, call) == "session"), None)
        if own is not None:
            yield _blocked(rule, function, own, "a query of a sync session")
            continue
        for call, target in callees(project, function):
            if target.is_async or target.yields:
                continue
            given = [*call.args, *[one.value for one in call.keywords]]
            if not any(project.kinds.of(function.path, one, function) == "session" for one in given):
                continue
            if any(kind_of(project, target, one) == "session" for one in session_calls(project, target, IO)):
                yield _blocked(rule, function, call, f"`{target.name}`, which queries a sync session,")
                break


def _blocked(rule: Rule, function: Function, call: tree.Call, what: str) -> Finding:
    return rule.at(
        function.path,
        call.lineno,
        f"{what} runs on the event loop: every other request waits until the database has answered",
        "make the function a plain `def`, or use an AsyncSession",
    )


RULE = Rule(
    "FX711",
    "sync session on the event loop",
    "A sync Session that queries in `async def`",
    "sessions",
    1,
    sync_session_in_async,
    alone=True,
)
