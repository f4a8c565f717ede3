"""The settings that decide, where an application is put together, what asks for credentials.

`dependencies=[Depends(user)] if settings.closed else []`, `if settings.closed: app.include_router(…, dependencies=…)`:
linking takes the way that is taken as shipped. Here it is found out which conditions hang on a setting; the codebase is
then linked once more with those of one setting turned, and a route that is asked of otherwise then hangs on it.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.runtime import Branch
from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    Doubtful,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Partial,
    Scope,
    is_list,
)
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.request import Request
from fastapi_expert.codebase.link.protection.stranger import Ended, Exhausted
from fastapi_expert.codebase.link.protection.values import Setting
from fastapi_expert.codebase.link.protection.verdict import Verdict, shipped
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path

_DEPTH = 3
MOST = 3
"""How many settings are looked at: for each one the codebase is linked again."""


class Switch(NamedTuple):
    """A setting, and the conditions that it decides alone, by path and the text of their form."""

    setting: Setting
    conditions: frozenset[tuple[str, str]]


def switches(request: Request, branches: Iterable[Branch]) -> list[Switch]:
    """The settings that decide ``branches``, each with those that it decides alone; ``request`` is any."""
    found: dict[Setting, set[tuple[str, str]]] = {}
    for branch in sorted(branches, key=lambda one: not one.lets_in):
        path = branch.scope.path
        if is_test_path(path) or request.names.is_library(path):
            continue
        setting = _decides(request, branch)
        if setting is not None:
            found.setdefault(setting, set()).add((path, repr(branch.condition)))
    return [Switch(setting, frozenset(conditions)) for setting, conditions in list(found.items())[:MOST]]


def _decides(request: Request, branch: Branch) -> Setting | None:
    pending, request.pending = request.pending, []
    request.steps = 0
    try:
        decision = request.decide(branch.condition, State({}), branch.scope)
    except (Ended, Exhausted):
        return None
    finally:
        request.pending = pending
    sources = {*decision.when_true, *decision.when_false}
    if decision.value is not None or decision.ships is None or len(sources) != 1:
        return None
    [source] = sources
    return source if isinstance(source, Setting) else None


def may_turn(own: Verdict, route: FlatRoute, other: FlatRoute, *, same: bool) -> bool:
    """Whether the verdict over a route may be another in another linking, where it is ``other``.

    ``same`` tells that what parameters depend on is the same in both.
    """
    if own.protection in ("none", "optional"):
        return not same or _way_in(route) != _way_in(other)
    if own.protection == "required" and own.when is None:
        there = _way_in(other)
        return not same or any(one not in there for one in _way_in(route))  # what comes on top opens nothing
    return False


def _way_in(route: FlatRoute) -> list[object]:
    """What decides who is let in to a route, in a form that is equal where two linkings agree on it."""
    parts: list[object] = [_form(one) for one in (*route.dependencies, *route.doubtful)]
    for router in route.chain:
        parts += [(_form(value), site) for value, site in router.middleware]
    endpoint = route.entry.endpoint
    scope = endpoint.scope if isinstance(endpoint, FunctionValue) else None
    while scope is not None and scope.parent is not None:
        parts.append({name: form for name, value in scope.names.items() if (form := _form(value)) is not None})
        scope = scope.parent
    return parts


def disagreeing(own: Scope, other: Scope) -> Iterator[str]:
    """The names of a module that stand for other things in another linking, those aside that nobody asked for."""
    for name, value in own.names.items():
        form = _form(value)
        if form is not None and name in other.names and _form(other.names[name]) not in (None, form):
            yield name


def are_depended_on(names: Collection[str], files: Iterable[FileFacts]) -> bool:
    """Whether a parameter, or an alias of an annotation, may depend on what has one of these names."""
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    for facts in files:
        written = [
            text for one in facts.functions for param in one.params for text in (param.default, param.annotation)
        ]
        written += [repr(one) for one in facts.body if ir.tag(one) == ir.Assign.TAG]
        for text in written:
            if ("Depends" in text or "Security" in text) and named.search(text) is not None:
                return True
    return False


def _form(value: Any, depth: int = 0) -> object:
    """What tells one callable, dependency or list of them from another; None for anything else."""
    if depth > _DEPTH:
        return None
    if isinstance(value, (FunctionValue, ClassValue)):
        return value.path, value.qualname
    if isinstance(value, Dependency):
        return "depends", _form(value.call, depth + 1), value.site
    if isinstance(value, Doubtful):
        return "perhaps", _form(value.value, depth + 1)
    if isinstance(value, Partial):
        return "partial", _form(value.function, depth + 1)
    if isinstance(value, LambdaValue):
        return "lambda", value.site
    if isinstance(value, External):
        return value.name
    if isinstance(value, Instance):
        inside = [(name, form) for name, one in value.attributes.items() if (form := _form(one, depth + 1)) is not None]
        return "object", _form(value.cls, depth + 1), inside
    if is_list(value) and value:
        forms = [_form(one, depth + 1) for one in value]
        return forms if any(one is not None for one in forms) else None
    return None


def turned(own: Verdict, other: Verdict, setting: Setting) -> Verdict:
    """The verdict over a route, ``other`` being the one with ``setting`` the other way round than it ships."""
    if other.protection == "required" and own.protection in ("none", "optional"):
        return own._replace(protection="required", by=other.by, when=shipped(setting, open_=True), asked=other.asked)
    if own.protection == "required" and own.when is None and other.protection == "none":
        return own._replace(when=shipped(setting, open_=False))
    return own
