"""What stands on the way to a route, in words that are equal where the same is asked of callers."""

from typing import Any

from fastapi_expert.codebase.interpret.values import ClassValue, Dependency, External, FunctionValue, Instance, Member
from fastapi_expert.codebase.link.routes import FlatRoute

UNKNOWN = "?"
"""A dependency that is not known: it may be another one each time."""


def guards_of(route: FlatRoute) -> tuple[str, ...]:
    """The dependencies of applications, routers and decorators on the way, sorted; scopes and arguments included."""
    return tuple(sorted(_said(one.call) if isinstance(one, Dependency) else UNKNOWN for one in route.dependencies))


def _said(value: Any, depth: int = 0) -> str:
    if isinstance(value, FunctionValue | ClassValue):
        receiver = _said(value.receiver, depth + 1) if isinstance(value, FunctionValue) and value.receiver else ""
        return f"{receiver}{value.path}::{value.qualname}"
    if isinstance(value, External):
        return value.name
    if isinstance(value, Instance) and depth < 3:
        given = ", ".join(f"{name}={_said(one, depth + 1)}" for name, one in sorted(value.attributes.items()))
        return f"{_said(value.cls, depth + 1)}({given})"
    if isinstance(value, Member):
        return value.name
    if isinstance(value, list | tuple) and depth < 3:
        items: list[Any] = [*value]
        return f"[{', '.join(_said(one, depth + 1) for one in items)}]"
    return repr(value) if value is None or isinstance(value, str | int | float | bool) else UNKNOWN
