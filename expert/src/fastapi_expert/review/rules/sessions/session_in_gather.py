"""FX704: One AsyncSession in `gather` or in several tasks."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
)
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.sessions.uses import uses_own_session


def session_in_gather(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("gather", "create_task", "start_soon"):
        seen: dict[str, int] = {}
        for call in function.calls:
            name = last_name(call)
            if name == "gather" and project.kinds.external(function.path, call.func, function) == "asyncio.gather":
                keys: dict[str, int] = {}
                for one in call.args:
                    for key, times in _sessions_in(project, function, one).items():
                        keys[key] = keys.get(key, 0) + times
            elif name in ("create_task", "start_soon") and call.args:
                keys = (
                    _sessions_in(project, function, call.args[0])
                    if name == "create_task"
                    else dict.fromkeys(_sessions_given(project, function, call.args[0], call.args[1:]), 1)
                )
                if any(isinstance(a, tree.For | tree.While) for a in function.around(call)):
                    keys = {key: 2 * times for key, times in keys.items()}
                for key in keys:
                    keys[key] += seen.get(key, 0)
                    seen[key] = keys[key]
            else:
                continue
            shared = next((key for key, times in keys.items() if times > 1), None)
            if shared is not None:
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"`{shared}` is used by several tasks at once: SQLAlchemy raises IllegalStateChangeError, or the "
                    "tasks see each other's transaction",
                    "open a session inside of each task, or await one after the other",
                    end_line=call.lineno,
                )


def _sessions_in(project: Project, function: Function, node: tree.Expression, depth: int = 0) -> dict[str, int]:
    """The sessions that the coroutine(s) of ``node`` use, by their text, and how many of the coroutines do."""
    if depth > 4:
        return {}
    match node:
        case tree.Starred(value=value):
            return _sessions_in(project, function, value, depth + 1)
        case tree.ListComp(elt=elt) | tree.GeneratorExp(elt=elt) | tree.SetComp(elt=elt):
            own = {n.id for one in node.generators for n in tree.walk(one.target) if isinstance(n, tree.Name)}
            found = _sessions_in(project, function, elt, depth + 1)
            return {key: 2 for key in found if key.partition(".")[0] not in own}
        case tree.List(elts=elts) | tree.Tuple(elts=elts):
            found: dict[str, int] = {}
            for one in elts:
                for key, times in _sessions_in(project, function, one, depth + 1).items():
                    found[key] = found.get(key, 0) + times
            return found
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name, [])
            return _sessions_in(project, function, bound[0].value, depth + 1) if len(bound) == 1 else {}
        case tree.Call():
            return dict.fromkeys(_sessions_of_call(project, function, node), 1)
        case _:
            return {}


def _sessions_of_call(project: Project, function: Function, call: tree.Call) -> set[str]:
    return _sessions_given(project, function, call.func, [*call.args, *[one.value for one in call.keywords]])


def _sessions_given(
    project: Project, function: Function, called: tree.Expression, given: list[tree.Expression]
) -> set[str]:
    """The sessions that calling ``called`` with ``given`` uses."""
    found: set[str] = set()
    if isinstance(called, tree.Attribute):
        owner = called.value
        kind = project.kinds.of(function.path, owner, function)
        if kind == "async-session":
            found.add(dotted(owner) or owner.text)
        elif kind.startswith("object ") and dotted(owner):
            method = project.kinds.method(kind, called.attr)
            if method is not None and uses_own_session(project, method, {"async-session"}):
                found.add(dotted(owner))
    for one in given:
        if dotted(one) and project.kinds.of(function.path, one, function) == "async-session":
            found.add(dotted(one))
    return found


RULE = Rule(
    "FX704",
    "session in concurrent tasks",
    "One AsyncSession in `gather` or in several tasks",
    "sessions",
    1,
    session_in_gather,
    alone=True,
)
