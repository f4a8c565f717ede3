"""FX716: A unique value checked before the insert, its conflict not caught."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    callees,
    reached,
    session_calls,
)
from fastapi_expert.review.flow.modules import Function, walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import (
    column,
    is_unique,
    table_of,
)
from fastapi_expert.review.model import Finding, Rule


def check_then_insert(project: Project, rule: Rule) -> Iterator[Finding]:
    found = list(_unguarded(project, rule))
    if found and not _conflict_is_handled(project):
        yield from found


def _unguarded(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        looked = _looked_up(project, function)
        if not looked:
            continue
        for line, table in _inserted(project, function):
            column_name = looked.get((table.path, table.name))
            if column_name:
                yield rule.at(
                    function.path,
                    line,
                    f"of two requests at once with the same `{column_name}` both find nothing, and the second insert "
                    "is "
                    "an IntegrityError: a 500",
                    "catch IntegrityError around the commit and answer 409",
                    confidence="certain",
                )
                break


_CONFLICTS = re.compile(rb"\b(?:IntegrityError|SQLAlchemyError|DBAPIError)\b")


def _conflict_is_handled(project: Project) -> bool:
    """Whether a file that makes handlers of exceptions for the whole application names the conflict."""
    handlers = {path for (path, _), kind in project.codebase.kinds.items() if kind == "exception_handler"}
    for path in project.all_paths():
        source = project.modules.source(path)
        if (path in handlers or b"exception_handler" in source) and _CONFLICTS.search(source):
            return True
    return False


def _looked_up(project: Project, function: Function) -> dict[tuple[str, str], str]:
    """(path, name) of a table to the unique column by which the function asks whether a row is there, and refuses."""
    found: dict[tuple[str, str], str] = {}
    for node in function.nodes:
        if not (isinstance(node, tree.If) and any(isinstance(n, tree.Raise) for s in node.body for n in walk(s))):
            continue
        for inner in [one for said in _said_to_be_there(node.test) for one in tree.walk(said)]:
            value: tree.Node | None = None
            if isinstance(inner, tree.Call):
                value = inner
            elif isinstance(inner, tree.Name):
                bound = project.kinds.bindings(function).get(inner.id, [])
                value = bound[0].value if len(bound) == 1 else None
            if isinstance(value, tree.Await):
                value = value.value
            for where, call in _statement_calls(project, function, value):
                for compared in tree.walk(call):
                    if isinstance(compared, tree.Compare) and compared.ops[0] == "==":
                        known = column(project, where.path, compared.left)
                        if known is not None and is_unique(project, *known):
                            found[known[0].path, known[0].name] = known[1]
    return found


def _said_to_be_there(test: tree.Expression) -> Iterator[tree.Expression]:
    """What a condition asks to be there: `not row` and `row is None` ask for the opposite."""
    match test:
        case tree.BoolOp(values=values):
            for one in values:
                yield from _said_to_be_there(one)
        case tree.UnaryOp(op="not") | tree.Compare(ops=["is" | "=="], comparators=[tree.Constant(value=None)]):
            return
        case _:
            yield test


def _statement_calls(
    project: Project, function: Function, value: tree.Node | None
) -> Iterator[tuple[Function, tree.Node]]:
    if value is None:
        return
    yield function, value
    for call in [n for n in tree.walk(value) if isinstance(n, tree.Call)]:
        target = project.kinds.callee(function.path, call, function)
        if isinstance(target, Function):
            for one in reached(project, target, depth=1):
                yield one, one.node


def _inserted(project: Project, function: Function) -> Iterator[tuple[int, Symbol]]:
    """The line of the function that stores a new row, and the table; what is in a `try` with a handler is left out."""
    for commit in session_calls(project, function, {"commit", "flush"}):
        if not _is_guarded(function, commit):
            for table in _made_before(project, function, commit):
                yield commit.lineno, table
    for call, target in callees(project, function):
        if _is_guarded(function, call):
            continue
        for one in reached(project, target, depth=1):
            for commit in session_calls(project, one, {"commit", "flush"}):
                if not _is_guarded(one, commit):
                    for table in _made_before(project, one, commit):
                        yield call.lineno, table


def _made_before(project: Project, function: Function, commit: tree.Call) -> list[Symbol]:
    """The tables of which a row is made above a commit: one that stands higher stores what was there already."""
    above = [call for call in function.calls if call.lineno <= commit.lineno]
    return [table for call in above if (table := table_of(project, function.path, call.func)) is not None]


def _is_guarded(function: Function, node: tree.Node) -> bool:
    return any(isinstance(above, tree.Try) and above.handlers for above in function.around(node))


RULE = Rule(
    "FX716",
    "looked up, then inserted",
    "A unique value checked before the insert, its conflict not caught",
    "sessions",
    2,
    check_then_insert,
    alone=True,
)
