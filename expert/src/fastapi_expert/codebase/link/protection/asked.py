"""What a route asks of callers beside who they are: the scopes, roles and permissions that its guards are made with;
and which parameters of its endpoint hold what a guard gives.

`Security(user, scopes=["items:write"])`, `Depends(require_role("admin"))`, `Depends(RoleChecker([Role.ADMIN]))`: what
is given to a dependency that may refuse. What such a dependency compares in its body is its own business.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    Member,
    Partial,
    Scope,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.injection import named_call
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.request import Request, Shared
from fastapi_expert.codebase.link.protection.signatures import named_class
from fastapi_expert.codebase.link.protection.verdict import Asked
from fastapi_expert.codebase.model import Evidence
from fastapi_expert.codebase.syntax.ir import Expr

_DEPTH = 10


class _Guard(NamedTuple):
    """A dependency: it and those it needs that may refuse, outermost first, and what all of them are made with."""

    chain: tuple[Evidence, ...]
    scopes: frozenset[str]


_NOTHING = _Guard((), frozenset())


class Asking:
    """Answers for the routes of one codebase."""

    def __init__(self, shared: Shared) -> None:
        self._refusals = shared.refusals
        self._known: dict[int, tuple[Any, _Guard]] = {}

    def of(self, request: Request) -> Asked:
        """What the route of ``request`` asks."""
        found = [self._of(request, one, None, _NOWHERE, 0) for one in request.route.dependencies]
        callers: list[str] = []
        endpoint = request.route.entry.endpoint
        while isinstance(endpoint, Partial):
            endpoint = endpoint.function
        if isinstance(endpoint, FunctionValue):
            for name, guard in self._needs(request, endpoint, 0):
                found.append(guard)
                if guard.chain:
                    callers.append(name)
        scopes = sorted({scope for one in found for scope in one.scopes})
        chain = dict.fromkeys(link for one in found for link in one.chain)
        return Asked(tuple(scopes), tuple(dict.fromkeys(callers)), tuple(chain))

    def _needs(self, request: Request, function: FunctionValue, depth: int) -> Iterator[tuple[str, _Guard]]:
        facts = request.names.function(function.path, function.qualname)
        wrapped = request.wrapped(function, facts)
        if wrapped is not None and depth <= _DEPTH:
            yield from self._needs(request, wrapped, depth + 1)
            return
        for param in facts.params if facts is not None else ():
            said = request.parameter(function, param)
            if said.dependency is not None:
                yield param.name, self._of(request, said.dependency, said.type, said.scope, depth + 1)

    def _of(self, request: Request, dependency: Dependency, type_: Expr, scope: Scope, depth: int) -> _Guard:
        known = self._known.get(id(dependency))
        if known is None:
            self._known[id(dependency)] = (dependency, _NOTHING)  # one that needs itself adds nothing
            known = (dependency, self._worked_out(request, dependency, type_, scope, depth))
            self._known[id(dependency)] = known
        return known[1]

    def _worked_out(self, request: Request, dependency: Dependency, type_: Expr, scope: Scope, depth: int) -> _Guard:
        if depth > _DEPTH:
            return _NOTHING
        asked = frozenset(_texts(dependency.scopes))
        call = dependency.call
        if call is None and type_ is not None:
            call = request.evaluate(type_, State({}), scope)
        site = dependency.site
        here = (Evidence(site.path, site.line, f"dependency {named_call(call)}".rstrip()),)
        given: list[Any] = []
        while isinstance(call, Partial):
            given += [*call.args, *call.keywords.values()]
            call = call.function
        if isinstance(call, Instance) and isinstance(call.cls, External):
            return _Guard(here if _is_scheme(call) else (), asked)
        if isinstance(call, Instance) and isinstance(call.cls, ClassValue):
            given += self._kept(request, call)
            call = request.class_attribute(call.cls, "__call__", call, site, State({}))
        elif isinstance(call, ClassValue):
            call = request.class_attribute(call, "__init__", Instance(call, site), site, State({}))
        if not isinstance(call, FunctionValue):
            return _Guard(here if dependency.security else (), asked)
        given += _closed_over(call.scope)
        refuses = self._refusals.of_function(call.path, call.qualname)
        inside = [guard for _, guard in self._needs(request, call, depth)]
        chain = tuple([link for one in inside for link in one.chain])
        own = frozenset(_texts(given)) if refuses else frozenset[str]()
        scopes = asked.union(own, *[one.scopes for one in inside])
        return _Guard((*here, *chain) if refuses or dependency.security or chain else (), scopes)

    def _kept(self, request: Request, instance: Instance) -> Iterator[Any]:
        """What an object keeps of what it was made with: the attributes that its own `__init__` sets from these."""
        assert isinstance(instance.cls, ClassValue)
        own = request.names.class_(instance.cls.path, instance.cls.qualname)
        made = request.names.function(instance.cls.path, f"{instance.cls.qualname}.__init__")
        names = {one.name for one in made.params} if made is not None else None
        for name, value in instance.attributes.items():
            is_field = own is not None and any(one.name == name for one in own.fields)
            if names is None or is_field or name.lstrip("_") in names or not isinstance(value, str):
                yield value


def _is_scheme(instance: Instance) -> bool:
    return isinstance(instance.cls, External) and library.last(named_class(instance)).startswith(
        ("HTTP", "OAuth2", "APIKey", "OpenId")
    )


def _closed_over(scope: Scope) -> Iterator[Any]:
    """What the function that made this one was given: the names of the scopes around it below the module's."""
    while scope.parent is not None and scope.cls is None:
        yield from scope.names.values()
        scope = scope.parent


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value of the interpreter: itself, its members, what a member of an enumeration stands for."""
    if isinstance(value, Member):
        yield value.value if isinstance(value.value, str) else value.name
    elif isinstance(value, str):
        yield value
    elif is_list(value):
        for one in value:
            yield from _texts(one)


_NOWHERE = Scope("", {})
