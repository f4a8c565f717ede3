"""FX907: A WebSocket that asks nobody who they are, where routes do."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import reached
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.guards import OPEN_BY_NATURE, checks_itself, is_open, is_protected


def open_websocket(project: Project, rule: Rule) -> Iterator[Finding]:
    http = [one for one in project.served if not one.route.websocket]
    sockets = [one for one in project.served if one.route.websocket and is_open(one) and one.function is not None]
    if not sockets:
        return
    guards = sum(is_protected(one) for one in http) >= max(2, 0.5 * len(http))
    by_middleware = _middleware_asks(project)
    if not guards and not by_middleware:
        return
    shown = {word for one in http if one.route.method == "GET" and is_open(one) for word in _is_about(one)}
    for one in sockets:
        function = one.function
        if function is None or any(checks_itself(part) for part in reached(project, function, depth=2)):
            continue
        if not _connects(function) or _is_handed_on(project, function):
            continue
        if _is_about(one) & shown:
            continue
        if any(checks_itself(part) for part in project.run_before(one)) or OPEN_BY_NATURE.search(function.name):
            continue
        why = "the http middleware does not run for it" if by_middleware and not guards else "the routes beside it ask"
        yield rule.at(
            function.path,
            function.node.lineno,
            f"anybody may open {one.route.path}: it asks nobody who they are, and {why}",
            "a dependency that raises WebSocketException(1008), before `accept()`",
            confidence="likely",
        )


_NOISE = re.compile(r"\{.*|api|v\d+|wss?|web_?sockets?|live|stream|", re.IGNORECASE)


def _is_about(served: ServedEndpoint) -> set[str]:
    """The words of a path that say what is shown there: what may be read by everybody may be watched by everybody."""
    return {word for word in served.route.path.split("/") if not _NOISE.fullmatch(word)}


def _connects(function: Function) -> bool:
    """Whether a parameter is the connection: FastAPI looks for one without an annotation in the query."""
    return any(one.annotation is not None for one in function.parameters.values())


def _is_handed_on(project: Project, function: Function) -> bool:
    """Whether something that the text does not show gets the connection, and may ask."""
    given = {name for name, one in function.parameters.items() if one.annotation and "WebSocket" in one.annotation.text}
    calls = [one for one in function.calls if any(dotted(argument) in given for argument in one.args)]
    return any(project.kinds.callee(function.path, one, function) is None for one in calls)


def _middleware_asks(project: Project) -> bool:
    for (path, qualname), kind in project.codebase.kinds.items():
        if kind != "middleware":
            continue
        for function in (
            project.modules.function(path, qualname),
            project.kinds.method(f"object {path}::{qualname}", "dispatch"),
        ):
            if function is None:
                continue
            words = [n.value for n in function.nodes if isinstance(n, tree.Constant)]
            if 401 in words and any(isinstance(word, str) and "auth" in word.lower() for word in words):
                return True
    return False


RULE = Rule(
    "FX907",
    "open WebSocket",
    "A WebSocket that asks nobody who they are, where routes do",
    "access",
    1,
    open_websocket,
)
