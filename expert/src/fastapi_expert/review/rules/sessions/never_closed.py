"""FX714: A dependency that makes a session and leaves it open."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def never_closed(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.dependency_functions:
        if function.name == "__init__":
            continue
        closes = any(
            isinstance(n, tree.Attribute) and n.attr in ("close", "aclose", "remove", "closing") for n in function.nodes
        )
        values = [n.value for n in function.nodes if isinstance(n, tree.Return | tree.Yield) and n.value is not None]
        for value in values:
            made = _made_here(project, function, value)
            if made is not None and not closes:
                yield rule.at(
                    function.path,
                    made.lineno,
                    "nothing closes this session: its connection goes back to the pool when Python happens to "
                    "collect it",
                    "`with` around the `yield`",
                )
    for function in project.endpoints:
        for need in project.kinds.needs(function):
            target = need.target
            kind = project.kinds.of(need.path, target) if target is not None else ""
            if kind in ("session-maker", "async-session-maker"):
                yield rule.at(
                    function.path,
                    need.line,
                    "the factory itself is the dependency: nothing closes the session that it makes",
                    "a generator with `with factory() as session: yield session`",
                )


def _made_here(project: Project, function: Function, value: tree.Expression) -> tree.Call | None:
    """The call that makes the session which is handed on, when it is not made by a `with`."""
    if isinstance(value, tree.Name):
        bound = project.kinds.bindings(function).get(value.id, [])
        if len(bound) != 1 or bound[0].entered:
            return None
        value = bound[0].value
    if not isinstance(value, tree.Call) or project.kinds.of(function.path, value, function) not in SESSIONS:
        return None
    maker = project.kinds.of(function.path, value.func, function)
    outside = project.kinds.external(function.path, value.func, function)
    if maker in ("session-maker", "async-session-maker") or outside.partition(".")[0] in ("sqlalchemy", "sqlmodel"):
        return value
    return None


RULE = Rule(
    "FX714",
    "session never closed",
    "A dependency that makes a session and leaves it open",
    "sessions",
    1,
    never_closed,
    alone=True,
)
