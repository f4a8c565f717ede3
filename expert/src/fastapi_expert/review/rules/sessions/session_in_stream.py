"""FX710: A session that lives as long as a stream or a WebSocket."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
    reached,
    session_calls,
)
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.sessions.uses import IO

_ENDS = frozenset({"commit", "close", "rollback", "aclose"})


_STREAMS = frozenset({"StreamingResponse", "EventSourceResponse"})


def session_in_stream(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or id(function) in seen:
            continue
        stream = served.route.websocket or _streams(project, function)
        if not stream or (not served.route.websocket and not project.versions.fastapi.may_be_at_least((0, 118))):
            continue
        for one in project.injected(function):
            target = one.function
            if target is None or one.need.scope == "function" or not target.yields:
                continue
            if project.kinds.returned(target) not in SESSIONS:
                continue
            users = [function, *[i.function for i in project.injected(function) if i.function is not None]]
            users = [user for user in users if user is not target]
            everywhere = [part for user in users for part in reached(project, user, depth=3)]
            if any(True for part in everywhere for _ in session_calls(project, part, _ENDS)):
                continue
            if not any(True for part in everywhere for _ in session_calls(project, part, IO | {"stream"})):
                continue
            seen.add(id(function))
            what = "WebSocket" if served.route.websocket else "stream"
            yield rule.at(
                function.path,
                function.node.lineno,
                f"the session of `{target.name}` (asked for by `{one.asked_by.name}`) keeps its connection as long as "
                f"the {what} lasts: a pool of 15 is empty after 15 clients",
                'close or commit it before the answer begins, or ask for it with `scope="function"` (FastAPI ≥ 0.121)',
                related=(Related(target.path, target.node.lineno, "where the session comes from"),),
            )
            break


def _streams(project: Project, function: Function) -> bool:
    """Whether it answers with pieces that are made while they are sent, not with bytes that lie in memory."""
    streams = [call for call in function.calls if last_name(call) in _STREAMS]
    return any(not call.args or not _is_in_memory(project, function, call.args[0]) for call in streams)


def _is_in_memory(project: Project, function: Function, content: tree.Expression) -> bool:
    """`BytesIO(pdf)`, `iter([text])`: it lasts no longer than another answer."""
    match content:
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name, [])
            if any(_is_in_memory(project, function, one.value) for one in bound if one.value is not content):
                return True
        case tree.Call(func=tree.Name(id="iter"), args=[tree.List() | tree.Tuple()]) | tree.List():
            return True
        case tree.Call(func=func) if last_name(content) in ("BytesIO", "StringIO") and dotted(func):
            return True
        case _:
            pass
    return project.kinds.of(function.path, content, function).startswith(("from io.BytesIO", "from io.StringIO"))


RULE = Rule(
    "FX710",
    "session as long as a stream",
    "A session that lives as long as a stream or a WebSocket",
    "sessions",
    1,
    session_in_stream,
    "fastapi>=0.118",
    alone=True,
)
