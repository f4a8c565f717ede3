"""Whether the signed-in user reaches the query of a route: is `current_user.id` in what chooses or makes the rows?

The value of the dependency that refuses strangers is followed through names, calls and the objects it is given to.
Where it goes into something whose code is not here the answer is `unknown`, never a guess.
"""

from typing import Literal

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name, reached
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function, names_in
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.flow.queries import table_of

Owner = Literal["yes", "no", "unknown"]

_CHOOSING = frozenset({"where", "filter", "filter_by", "values", "having", "get", "join", "execute", "exec", "scalar"})
"""Methods that choose rows, or say what is written into them."""
_SILENT = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "print", "isinstance", "str"})
"""Calls that do nothing with a user that matters here: logging."""
_DEPTH = 5


def owner_of(project: Project, served: ServedEndpoint) -> Owner:
    """The answer for one route."""
    function = served.function
    if served.route.protection == "none":
        return "no"
    if function is None:
        return "unknown"
    users = frozenset(served.route.callers)
    if not users and function.facts.owner:
        return "unknown"  # a class-based view: the user is an attribute
    found = _Search(project).of(function, users, 0) if users else "no"
    if found == "no" and _reads_state(project, function):
        return "unknown"  # the user may come by `request.state`, `request.user` or a ContextVar
    return found


def _reads_state(project: Project, function: Function) -> bool:
    return any(
        isinstance(node, tree.Attribute)
        and (node.attr in ("user", "state", "auth", "session") and last_name(node.value) in ("request", "state"))
        for one in reached(project, function, depth=2)
        for node in one.nodes
    )


class _Search:
    """Follows a user through functions; each (function, names) once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: set[tuple[int, frozenset[str]]] = set()

    def of(self, function: Function, users: frozenset[str], depth: int) -> Owner:
        """Whether what ``users`` hold in ``function`` reaches a query, from there too."""
        if (id(function), users) in self._seen:
            return "no"
        self._seen.add((id(function), users))
        held = self._aliases(function, set(users))
        answers = {self._of_node(function, node, held, depth) for node in function.nodes}
        return "yes" if "yes" in answers else "unknown" if "unknown" in answers else "no"

    def _aliases(self, function: Function, held: set[str]) -> set[str]:
        """``held`` and the names that are made of them: `user_id = user.id`, `query = query.where(…user.id)`."""
        size = 0
        while size != len(held):
            size = len(held)
            for name, bound in self._project.kinds.bindings(function).items():
                if any(not isinstance(one.value, tree.Await) and self._is_of(one.value, held) for one in bound):
                    held.add(name)
        return held

    def _is_of(self, node: tree.Node, held: set[str]) -> bool:
        """Whether a value is the user, a part of it, or made with it by something that is no call of the project."""
        match node:
            case tree.Call(func=func, args=args, keywords=keywords):
                given = [*args, *[one.value for one in keywords]]
                parts = [*given, func.value] if isinstance(func, tree.Attribute) else given
                return any(self._is_of(one, held) for one in parts)
            case tree.Compare() | tree.Await():
                return False
            case _:
                return bool(names_in(node) & held)

    def _of_node(self, function: Function, node: tree.Node, held: set[str], depth: int) -> Owner:
        match node:
            case tree.Return(value=value) if value is not None and depth == 0 and self._is_of(value, held):
                return "yes"  # the user's own row
            case tree.Compare(left=left, comparators=others):
                return "yes" if self._compares_row(left, others, held) else "no"
            case tree.Assign(targets=[tree.Attribute()], value=value):
                return "yes" if self._is_of(value, held) else "no"
            case tree.Call():
                return self._of_call(function, node, held, depth)
            case _:
                return "no"

    def _compares_row(self, left: tree.Expression, others: list[tree.Expression], held: set[str]) -> bool:
        """`item.owner_id == user.id`: one side is the user's, the other an attribute of something else."""
        sides = [left, *others]
        mine = [bool(names_in(one) & held) for one in sides]
        theirs = [isinstance(one, tree.Attribute | tree.Name) and not (names_in(one) & held) for one in sides]
        return any(mine) and any(theirs) and not any(_is_member(self._project, one) for one in sides)

    def _of_call(self, function: Function, call: tree.Call, held: set[str], depth: int) -> Owner:
        given = [*call.args, *[one.value for one in call.keywords]]
        carries = [one for one in given if self._is_of(one, held)]
        of_user = isinstance(call.func, tree.Attribute) and self._is_of(call.func.value, held)
        if not carries and not of_user:
            return "no"
        name = last_name(call.func)
        if name in _SILENT:
            return "no"
        if carries and (name in _CHOOSING or self._is_session(function, call)):
            return "yes"
        if carries and table_of(self._project, function.path, call.func) is not None:
            return "yes"
        target = self._project.kinds.callee(function.path, call, function)
        if isinstance(target, Symbol):
            if self._project.codebase.kinds.get((target.path, target.name)) == "schema":
                return "no"
            made = self._project.kinds.method(f"object {target.path}::{target.name}", "__init__")
            return "unknown" if made is not None else "no"
        if isinstance(target, Function) and depth < _DEPTH:
            if not carries:
                return "no" if target.facts.owner else "unknown"
            return self.of(target, self._received(call, target, held), depth + 1)
        return "no" if not carries else "unknown"

    def _received(self, call: tree.Call, target: Function, held: set[str]) -> frozenset[str]:
        """The parameters of ``target`` that are given the user."""
        names = [one for one in target.parameters if one not in ("self", "cls")]
        rest, others = target.node.args.vararg, target.node.args.kwarg
        found: set[str] = set()
        for position, one in enumerate(call.args):
            if self._is_of(one, held):
                found.add(names[position] if position < len(names) else rest.arg if rest is not None else "")
        for given in call.keywords:
            if self._is_of(given.value, held):
                found.add(given.arg if given.arg in names else others.arg if others is not None else "")
        return frozenset(found - {""})

    def _is_session(self, function: Function, call: tree.Call) -> bool:
        owner = call.func.value if isinstance(call.func, tree.Attribute) else None
        return owner is not None and self._project.kinds.of(function.path, owner, function) in SESSIONS


def _is_member(project: Project, node: tree.Expression) -> bool:
    """`Role.ADMIN`: comparing with it asks for a role, not for a row."""
    return isinstance(node, tree.Attribute) and last_name(node).isupper()
