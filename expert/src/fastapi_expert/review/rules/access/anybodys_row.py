"""FX902: A row loaded by the id of the path, the signed-in user never asked."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import field_call, query
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.guards import is_for_admins, is_protected

_OWNER = r"(?:owner|user|account|customer|client|member|subscriber|patient|%s)(?:_?(?:id|uuid|username|email))?"
"""Columns that say whose a row is; others say who made it, won it or has to do it, and the row is everybody's."""
_SHOWN = re.compile(
    r"auction|listing|product|offer|rating|review|comment|post|tweet|article|blog|news|topic|thread|question|answer|event"
    r"|recipe|book|movie|video|song|track|album|photo|course|lesson|job|shop|store|restaurant|place|profile|team|group|room"
    r"|channel|community|project|tag",
    re.IGNORECASE,
)
"""Tables whose rows are there for others to read, whoever wrote them."""
_READING = frozenset({"GET", "HEAD"})


def anybodys_row(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or id(function) in seen or not is_protected(served) or "{" not in served.route.path:
            continue
        user = _unused_user(project, function)
        if user is None or is_for_admins(project, served):
            continue
        name, table = user
        found = _loaded_by_path(project, function, served.route.path, table)
        if found is not None:
            seen.add(id(function))
            line, row, column = found
            reads = served.route.method in _READING
            if not re.fullmatch(_OWNER % re.escape(table.name), column, re.IGNORECASE):
                continue
            if reads and _SHOWN.search(row.name):
                continue
            yield rule.at(
                function.path,
                line,
                f"the {row.name} is chosen by its id alone, and `{name}` is never asked: every signed-in user reaches "
                "the rows of all others",
                f"put the owner into the query: `.where({row.name}.{column} == {name}.id)`",
                severity=2 if reads else None,
                confidence="likely",
            )


def _unused_user(project: Project, function: Function) -> tuple[str, Symbol] | None:
    """The parameter that holds the signed-in user, a row of a table, when the function never reads it."""
    read = {node.id for node in function.nodes if isinstance(node, tree.Name)}
    for need in project.kinds.needs(function):
        cls = project.class_of(project.kinds.parameter(function, need.parameter))
        if cls is not None and need.parameter not in read and project.is_table(cls.path, cls.name):
            target = project.kinds.callable(need.path, need.target)
            if target is not None and _refuses(project, target):
                return need.parameter, cls
    return None


def _refuses(project: Project, function: Function) -> bool:
    inside = [function, *[one.function for one in project.injected(function) if one.function is not None]]
    return any(isinstance(n, tree.Constant) and n.value in (401, 403) for one in inside for n in one.nodes) or any(
        isinstance(n, tree.Attribute) and n.attr.startswith(("HTTP_401", "HTTP_403"))
        for one in inside
        for n in one.nodes
    )


def _loaded_by_path(project: Project, function: Function, path: str, user: Symbol) -> tuple[int, Symbol, str] | None:
    """The line at which a row that belongs to a user is loaded by a parameter of the path, the table, its owner "
    "column."""
    parameters = set(re.findall(r"{(\w+)", path))
    for call in function.calls:
        given = {
            n.id
            for one in [*call.args, *[k.value for k in call.keywords]]
            for n in tree.walk(one)
            if isinstance(n, tree.Name)
        }
        if not given & parameters:
            continue
        found = query(project, function, call)
        if found is None:
            target = project.kinds.callee(function.path, call, function)
            if isinstance(target, Function):
                values = [n.value for n in target.nodes if isinstance(n, tree.Return)]
                queries = [q for value in values if (q := query(project, target, value)) is not None]
                found = queries[0] if len(queries) == 1 else None
        if found is None or found.table == user:
            continue
        owner = _owner_column(project, found.table, user)
        if owner:
            return call.lineno, found.table, owner
    return None


def _owner_column(project: Project, table: Symbol, user: Symbol) -> str:
    """The column of a table that refers to the table of users."""
    names = {user.name.lower(), f"{user.name.lower()}s"}
    cls = project.module(user.path).classes.get(user.name)
    for statement in cls.body if cls is not None else ():
        match statement:
            case tree.Assign(targets=[tree.Name(id="__tablename__")], value=tree.Constant(value=str(name))):
                names.add(name)
            case _:
                pass
    for one in project.codebase.fields(table.path, table.name):
        call = field_call(project, table, one.name)
        for node in tree.walk(call) if call is not None else ():
            if (
                isinstance(node, tree.Constant)
                and isinstance(node.value, str)
                and node.value.rpartition(".")[0] in names
            ):
                return one.name
    return ""


RULE = Rule(
    "FX902",
    "anybody's row",
    "A row loaded by the id of the path, the signed-in user never asked",
    "access",
    1,
    anybodys_row,
)
