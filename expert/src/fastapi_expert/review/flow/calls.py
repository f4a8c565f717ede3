"""What a function reaches: the functions it calls, theirs, and who calls it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project

_DEPTH = 6


class Caller(NamedTuple):
    """A call of a function, and the function that it stands in."""

    function: Function
    call: tree.Call


def callees(project: Project, function: Function) -> Iterator[tuple[tree.Call, Function]]:
    """The functions of the codebase that a function calls, with the calls; making an object runs its `__init__`."""
    found = project.called.get(id(function))
    if found is None:
        found = project.called[id(function)] = tuple(_callees(project, function))
    return iter(found)


def _callees(project: Project, function: Function) -> Iterator[tuple[tree.Call, Function]]:
    for call in function.calls:
        target = _target(project, function, call)
        if target is not None and target is not function:
            yield call, target


def _target(project: Project, function: Function, call: tree.Call) -> Function | None:
    target = project.kinds.callee(function.path, call, function)
    if isinstance(target, Symbol):
        return project.kinds.method(f"object {target.path}::{target.name}", "__init__")
    return target


def reached(project: Project, function: Function, depth: int = _DEPTH) -> Iterator[Function]:
    """A function, those in it, and every one that they call, each once."""
    seen: set[int] = set()
    queue = [(function, 0)]
    while queue:
        one, at = queue.pop(0)
        if id(one) in seen or at > depth:
            continue
        seen.add(id(one))
        yield one
        queue += [(inner, at) for inner in project.module(one.path).functions.values() if inner.parent is one]
        queue += [(target, at + 1) for _, target in callees(project, one)]


def callers(project: Project, function: Function) -> list[Caller]:
    """The calls of a function in the codebase, by its own name; a class is called where its `__init__` runs."""
    found = project.calling.get(id(function))
    if found is None:
        found = project.calling[id(function)] = list(_callers(project, function))
    return [Caller(*one) for one in found]


def _callers(project: Project, function: Function) -> Iterator[tuple[Function, tree.Call]]:
    name = (function.facts.owner or "").rpartition(".")[2] if function.name == "__init__" else function.name
    for one in project.functions(name):
        for call in one.calls:
            if last_name(call) == name and _target(project, one, call) is function and one is not function:
                yield one, call


def session_calls(project: Project, function: Function, names: frozenset[str] | set[str]) -> Iterator[tree.Call]:
    """The calls of methods called ``names`` on a session, in the order of the text."""
    for call in function.calls:
        method = call.func
        if not isinstance(method, tree.Attribute) or method.attr not in names:
            continue
        if project.kinds.of(function.path, method.value, function) in SESSIONS:
            yield call


def reaches(project: Project, function: Function, test: Callable[[Function], bool]) -> bool:
    """Whether ``function`` or one that it reaches passes ``test``."""
    return any(test(one) for one in reached(project, function))


def argument(call: tree.Call, position: int, name: str) -> tree.Expression | None:
    """The argument given by position or by keyword."""
    if position < len(call.args) and not any(isinstance(one, tree.Starred) for one in call.args[: position + 1]):
        return call.args[position]
    return next((one.value for one in call.keywords if one.arg == name), None)


def given_for(call: tree.Call, function: Function, parameter: str) -> tree.Expression | None:
    """What a call of ``function`` gives for one of its parameters."""
    args = function.node.args
    positional = [one.arg for one in (*args.posonlyargs, *args.args)]
    if positional and positional[0] in ("self", "cls") and function.facts.owner:
        positional = positional[1:]
    position = positional.index(parameter) if parameter in positional else len(call.args)
    return argument(call, position, parameter)


def last_name(node: tree.Node | None) -> str:
    """The last part of a dotted name, and of a call of one."""
    if isinstance(node, tree.Call):
        node = node.func
    if isinstance(node, tree.Attribute):
        return node.attr
    return dotted(node).rpartition(".")[2]
