"""FX717: `and`, `or`, `not` or `is` on a column."""

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
from fastapi_expert.review.model import Finding, Rule


def python_operators(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("where", "filter", "having"):
        for call in function.calls:
            if last_name(call) not in ("where", "filter", "having"):
                continue
            for given in call.args:
                operator = _operator_on_columns(project, function, given)
                if operator:
                    yield rule.at(
                        function.path,
                        given.lineno,
                        f"Python's `{operator}` looks at the column object, not at the rows: a condition is dropped, "
                        "nothing matches, or it raises TypeError",
                        {"and": "`,` or `and_()`", "or": "`or_()`", "not": "`not_()` or `~`"}.get(
                            operator, "`.is_(None)` or `.is_not(None)`"
                        ),
                    )


def _operator_on_columns(project: Project, function: Function, node: tree.Expression) -> str:
    def is_column(one: tree.Expression) -> bool:
        return column(project, function.path, one) is not None

    match node:
        case tree.BoolOp(op=op, values=values):
            touched = any(is_column(v) or (isinstance(v, tree.Compare) and is_column(v.left)) for v in values)
            return op if touched else ""
        case tree.UnaryOp(op="not", operand=operand):
            return "not" if is_column(operand) else ""
        case tree.Compare(left=left, ops=["is" | "is not"]):
            return "is" if is_column(left) else ""
        case tree.Call(args=args) if last_name(node) in ("and_", "or_"):
            return next((found for one in args if (found := _operator_on_columns(project, function, one))), "")
        case _:
            return ""


RULE = Rule(
    "FX717",
    "Python operator in a condition",
    "`and`, `or`, `not` or `is` on a column",
    "sessions",
    1,
    python_operators,
    alone=True,
)
