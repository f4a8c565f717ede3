"""FX708: An attribute read after the commit that expired it."""

from collections.abc import Iterator
from typing import Any, cast

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
    session_calls,
)
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword, walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import (
    query,
    table_of,
)
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.sessions.uses import in_handler


def attribute_after_commit(project: Project, rule: Rule) -> Iterator[Finding]:
    with_model = {id(one.function) for one in project.served if one.function is not None and one.route.response_model}
    for function in project.functions("commit"):
        for commit in session_calls(project, function, {"commit"}):
            if not isinstance(commit.func, tree.Attribute) or in_handler(function, commit):
                continue
            session = commit.func.value
            if project.kinds.of(function.path, session, function) != "async-session":
                continue
            if not _expires(project, function, session):
                continue
            found = _read_after(project, function, commit, id(function) in with_model)
            if found is not None:
                name, node = found
                yield rule.at(
                    function.path,
                    node.lineno,
                    f"the commit expired `{name}`: reading it asks the database where nothing can wait: "
                    "MissingGreenlet",
                    "make the sessions with `expire_on_commit=False`, or `await session.refresh(…)` first",
                    related=(Related(function.path, commit.lineno, "the commit"),),
                )


def _read_after(
    project: Project, function: Function, commit: tree.Call, has_model: bool
) -> tuple[str, tree.Expression | tree.Statement] | None:
    """The first use of a row's attribute, or of a row as the answer, after a commit that nothing refreshed."""
    block = _block_of(function, commit)
    rows = {name for name in project.kinds.bindings(function) if _is_row(project, function, name, commit.lineno)}
    for statement in block:
        if statement.lineno <= commit.lineno:
            continue
        for node in walk(statement):
            if isinstance(node, tree.Call) and last_name(node) in ("refresh", "rollback", "get", "get_one"):
                rows -= {one.id for one in tree.walk(node) if isinstance(one, tree.Name)}
        bound = {n.id for n in walk(statement) if isinstance(n, tree.Name) and n.ctx == "store"}
        for node in walk(statement):
            if isinstance(node, tree.Attribute) and node.ctx == "load":
                name = dotted(node.value)
                if name in rows and _is_field(project, function, name, node.attr):
                    return dotted(node), node
            if (
                isinstance(node, tree.Return)
                and isinstance(node.value, tree.Name)
                and node.value.id in rows
                and has_model
            ):
                return node.value.id, node
        rows -= bound
    return None


def _block_of(function: Function, node: tree.Node) -> list[tree.Statement]:
    """The statements that run after ``node``: those of its block, and of the blocks around it."""
    found: list[tree.Statement] = []
    inner = node
    for above in (*function.around(node), function.node):
        for name in ("body", "orelse", "finalbody"):
            block: Any = getattr(above, name, [])
            statements = cast(list[tree.Statement], block) if isinstance(block, list) else []
            if any(inner is one for one in statements):
                found += statements
                if any(isinstance(one, tree.Return | tree.Raise) for one in statements):
                    return found
        inner = above
    return found


def _table_of_name(project: Project, function: Function, name: str) -> Symbol | None:
    bound = project.kinds.bindings(function).get(name, [])
    if len(bound) != 1 or bound[0].each:
        return None
    value = bound[0].value
    if isinstance(value, tree.Call):
        made = table_of(project, function.path, value.func)
        if made is not None:
            return made
        if isinstance(value.func, tree.Attribute) and value.func.attr in ("model_validate", "from_orm"):
            return table_of(project, function.path, value.func.value)
    found = query(project, function, value)
    return found.table if found is not None and "columns" not in found.steps else None


def _is_row(project: Project, function: Function, name: str, before: int) -> bool:
    bound = project.kinds.bindings(function).get(name, [])
    return bool(bound) and bound[0].line < before and _table_of_name(project, function, name) is not None


def _is_field(project: Project, function: Function, name: str, attribute: str) -> bool:
    table = _table_of_name(project, function, name)
    return table is not None and any(one.name == attribute for one in project.codebase.fields(table.path, table.name))


def _expires(project: Project, function: Function, session: tree.Expression) -> bool:
    """Whether the session is known to be made by something that does not say `expire_on_commit=False`."""
    made = _maker(project, function.path, session, function, 0)
    if not made:
        return False
    return not any(
        is_constant(keyword(call, "expire_on_commit"), False) or any(k.arg is None for k in call.keywords)
        for call in made
    )


def _maker(
    project: Project, path: str, node: tree.Expression | None, function: Function | None, depth: int
) -> list[tree.Call]:
    """The calls that made a session: of `AsyncSession` and of the factory that was called."""
    if node is None or depth > 10:
        return []
    kinds = project.kinds
    match node:
        case tree.Call(func=func):
            outside = kinds.external(path, func, function)
            if outside.partition(".")[0] in ("sqlalchemy", "sqlmodel"):
                return [node]
            if isinstance(func, tree.Attribute) and func.attr == "begin":
                return _maker(project, path, func.value, function, depth + 1)
            inner = _maker(project, path, func, function, depth + 1)
            return [*inner, node] if inner else []
        case tree.Name(id=name):
            if function is not None and (bound := kinds.bindings(function).get(name)):
                return _maker(project, path, bound[0].value, function, depth + 1)
            if function is not None and function.parameter(name) is not None:
                for need in kinds.needs(function):
                    target = kinds.callable(need.path, need.target) if need.parameter == name else None
                    if target is not None:
                        values = [one.value for one in target.yields if isinstance(one, tree.Yield)]
                        return _maker(project, target.path, values[0], target, depth + 1) if values else []
                return []
            symbol = kinds.resolve(path, name)
            if symbol is not None and symbol.kind == "value" and "." not in symbol.name:
                value = project.module(symbol.path).assigned.get(symbol.name)
                return _maker(project, symbol.path, value, None, depth + 1)
            return []
        case tree.Await(value=value):
            return _maker(project, path, value, function, depth + 1)
        case tree.Attribute():
            symbol = kinds.resolve(path, dotted(node))
            if symbol is not None and symbol.kind == "value" and symbol.path and "." not in symbol.name:
                value = project.module(symbol.path).assigned.get(symbol.name)
                return _maker(project, symbol.path, value, None, depth + 1)
            return []
        case _:
            return []


RULE = Rule(
    "FX708",
    "read after commit",
    "An attribute read after the commit that expired it",
    "sessions",
    1,
    attribute_after_commit,
    alone=True,
)
