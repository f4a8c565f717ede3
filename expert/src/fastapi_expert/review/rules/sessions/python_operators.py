"""FX717: `and`, `or`, `not` or `is` on a column."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
)
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import (
    column,
)
from fastapi_expert.review.model import Edit, Finding, Rule


def python_operators(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("where", "filter", "having"):
        for call in function.calls:
            if last_name(call) not in ("where", "filter", "having"):
                continue
            for given in call.args:
                found = _operator_on_columns(project, function, given)
                if found is not None:
                    operator, node = found
                    yield rule.at(
                        function.path,
                        given.lineno,
                        f"Python's `{operator}` looks at the column object, not at the rows: a condition is dropped, "
                        "nothing matches, or it raises TypeError",
                        {"and": "`,` or `and_()`", "or": "`or_()`", "not": "`not_()` or `~`"}.get(
                            operator, "`.is_(None)` or `.is_not(None)`"
                        ),
                        fix=_by_method(function.path, node),
                    )


def _by_method(path: str, node: tree.Expression) -> tuple[Edit, ...]:
    """`column is None` as `column.is_(None)`, `not column` as `~column`; what `and` and `or` hold is for people."""
    source = node.file.source
    match node:
        case tree.Compare(left=tree.Attribute() as left, ops=[op], comparators=[tree.Constant(value=None)]):
            old = source[left.end : node.end].decode()
            new = ".is_(None)" if op == "is" else ".is_not(None)"
            return (Edit(path, left.end, node.end, old, new),) if re.fullmatch(r"\s+is(?:\s+not)?\s+None", old) else ()
        case tree.UnaryOp(op="not", operand=tree.Attribute() as operand):
            old = source[node.start : operand.start].decode()
            return (Edit(path, node.start, operand.start, old, "~"),) if re.fullmatch(r"not\s+", old) else ()
        case _:
            return ()


def _operator_on_columns(
    project: Project, function: Function, node: tree.Expression
) -> tuple[str, tree.Expression] | None:
    """The operator that looks at a column object, and the expression that it makes.

    Only what is a condition by itself is looked at, and what `and_()` and `or_()` put together.
    """

    def is_column(one: tree.Expression) -> bool:
        return column(project, function.path, one) is not None

    match node:
        case tree.BoolOp(op=op, values=values):
            touched = any(is_column(v) or (isinstance(v, tree.Compare) and is_column(v.left)) for v in values)
            return (op, node) if touched else None
        case tree.UnaryOp(op="not", operand=operand):
            return ("not", node) if is_column(operand) else None
        case tree.Compare(left=left, ops=["is" | "is not"]):
            return ("is", node) if is_column(left) else None
        case tree.Call(args=args) if last_name(node) in ("and_", "or_"):
            return next((found for one in args if (found := _operator_on_columns(project, function, one))), None)
        case _:
            return None


RULE = Rule(
    "FX717",
    "Python operator in a condition",
    "`and`, `or`, `not` or `is` on a column",
    "sessions",
    1,
    python_operators,
    alone=True,
)
