"""FX709: The request's session given to what runs after it."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
)
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.sessions.uses import uses_own_session


def session_to_task(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("add_task", "create_task"):
        for call in function.calls:
            name = last_name(call)
            if name == "add_task" and call.args:
                first, given = _unwrapped(project, function, call)
            elif name == "create_task" and call.args and isinstance(call.args[0], tree.Call):
                if project.kinds.external(function.path, call.func, function) != "asyncio.create_task":
                    continue
                if _is_waited_for(function, call):
                    continue
                made = call.args[0]
                first, given = made.func, [*made.args, *[one.value for one in made.keywords]]
            else:
                continue
            handed = next((one for one in given if _is_requests_session(project, function, one)), None)
            if handed is None and isinstance(first, tree.Attribute) and _is_injected(project, function, first.value):
                kind = project.kinds.of(function.path, first.value, function)
                method = project.kinds.method(kind, first.attr) if kind.startswith("object ") else None
                if method is not None and uses_own_session(project, method, SESSIONS):
                    handed = first.value
            if handed is not None:
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"the task works with the request's session (`{dotted(handed)}`): its connection is held until the "
                    "task ends, or it is closed under the task",
                    "give the task ids, and let it open a session of its own",
                )


def _unwrapped(project: Project, function: Function, call: tree.Call) -> tuple[tree.Expression, list[tree.Expression]]:
    """What a call hands on, and what with; `partial(task, …)` is looked into."""
    first, given = call.args[0], [*call.args[1:], *[one.value for one in call.keywords]]
    if not (isinstance(first, tree.Call) and first.args):
        return first, given
    if project.kinds.external(function.path, first.func, function) != "functools.partial":
        return first, given
    first, held = _unwrapped(project, function, first)
    return first, [*held, *given]


def _is_waited_for(function: Function, call: tree.Call) -> bool:
    above = function.parents.get(id(call))
    if isinstance(above, tree.Await | tree.Call | tree.List | tree.Tuple):
        return not (isinstance(above, tree.Call) and last_name(above) in ("add", "append"))
    names = {dotted(one) for one in above.targets} if isinstance(above, tree.Assign) else set[str]()
    waited = [n.value for n in function.nodes if isinstance(n, tree.Await)]
    return any(n.id in names for one in waited for n in tree.walk(one) if isinstance(n, tree.Name))


def _is_requests_session(project: Project, function: Function, node: tree.Expression) -> bool:
    return project.kinds.of(function.path, node, function) in SESSIONS and _is_injected(project, function, node)


def _is_injected(project: Project, function: Function, node: tree.Expression) -> bool:
    """Whether a value is what a dependency gave: a parameter of a route's function, or what a class was given."""
    head = dotted(node).partition(".")[0]
    if head == "self":
        owner = project.kinds.owner(function)
        start = project.kinds.method(f"object {function.path}::{owner}", "__init__") if owner else None
        return start is not None and bool(project.kinds.needs(start))
    return any(need.parameter == head for need in project.kinds.needs(function))


RULE = Rule(
    "FX709",
    "session in a background task",
    "The request's session given to what runs after it",
    "sessions",
    2,
    session_to_task,
    alone=True,
)
