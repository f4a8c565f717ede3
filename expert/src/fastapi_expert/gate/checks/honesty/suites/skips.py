"""Why a test does not run, or need not pass: marks, calls at its beginning, an empty body, an early return."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.gate.checks.honesty.suites.claims import claims_of

_CI = re.compile(r"""\b(?:CI|GITHUB_ACTIONS|GITLAB_CI)\b""")


@dataclass(frozen=True, slots=True)
class Off:
    """``how`` as a person says it, `is skipped`; ``is_conditional`` where it hangs on where the tests run."""

    how: str
    line: int
    reason: str = ""
    is_conditional: bool = False


def switched_off(node: tree.FunctionDef, marks: Sequence[tree.Expression]) -> Off | None:
    """The first thing that keeps a test from running whole."""
    for mark in marks:
        found = _marked(mark)
        if found is not None:
            return found
    return _in_body(node)


def _marked(mark: tree.Expression) -> Off | None:
    call = mark if isinstance(mark, tree.Call) else None
    name = dotted(call.func if call else mark)
    leaf = name.rpartition(".")[2]
    if leaf in ("skip", "xfail", "expectedFailure"):
        how = "is skipped" if leaf == "skip" else "is expected to fail"
        conditions = (
            [one for one in call.args if not isinstance(one, tree.Constant)] if call and leaf == "xfail" else []
        )
        return Off(how, mark.lineno, _reason(call), bool(conditions) and not _always(conditions[0]))
    if leaf in ("skipif", "skipIf", "skipUnless") and call is not None and call.args:
        condition = call.args[0]
        always = _always(condition) or bool(_CI.search(condition.text)) or (leaf == "skipUnless" and _never(condition))
        return Off("is skipped", mark.lineno, _reason(call), not always)
    return None


def _reason(call: tree.Call | None) -> str:
    if call is None:
        return ""
    named = [one.value for one in call.keywords if one.arg in ("reason", "msg")]
    texts = [one.value for one in (*named, *call.args) if isinstance(one, tree.Constant) and isinstance(one.value, str)]
    return texts[0] if texts else ""


def _always(node: tree.Expression) -> bool:
    """Whether a condition holds everywhere, as far as the text tells."""
    if isinstance(node, tree.Constant):
        return bool(node.value)
    if isinstance(node, tree.UnaryOp) and node.op == "not":
        return _never(node.operand)
    return isinstance(node, tree.Compare) and not any(
        isinstance(one, tree.Name | tree.Attribute | tree.Call) for one in tree.walk(node)
    )


def _never(node: tree.Expression) -> bool:
    return isinstance(node, tree.Constant) and not node.value


def _in_body(node: tree.FunctionDef) -> Off | None:
    body = [
        one
        for one in node.body
        if not (isinstance(one, tree.Expr) and isinstance(one.value, tree.Constant | tree.Ellipsis))
    ]
    body = [one for one in body if one.text not in ("pass", "...")]
    if not body:
        return Off("is empty", node.lineno)
    for number, one in enumerate(body):
        call = one.value if isinstance(one, tree.Expr) and isinstance(one.value, tree.Call) else None
        if call is not None and dotted(call.func) in ("pytest.skip", "pytest.xfail", "self.skipTest", "skip", "xfail"):
            return Off("skips itself", one.lineno, _reason(call))
        if isinstance(one, tree.Raise) and one.exc is not None and one.exc.text.rpartition("SkipTest")[1]:
            return Off("skips itself", one.lineno)
        if isinstance(one, tree.Return) and claims_of(body[number:]) and not claims_of(body[:number]):
            return Off("returns before it asserts anything", one.lineno)
        others = [*body[:number], *body[number + 1 :]]
        if isinstance(one, tree.If) and _never(one.test) and claims_of(one.body) and not claims_of(others):
            return Off("asserts only under a condition that never holds", one.lineno)
        if isinstance(one, tree.If) and _always(one.test) and one.body:
            inner = one.body[0]
            if isinstance(inner, tree.Return) or (
                isinstance(inner, tree.Expr) and "skip" in inner.text.partition("(")[0]
            ):
                return Off("skips itself", one.lineno)
        if isinstance(one, tree.If) and _CI.search(one.test.text) and "skip" in one.text:
            return Off("skips itself", one.lineno)
    return None
