"""What a test claims: its assertions, each as what is looked at, how, and what it must be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.gate.checks.honesty.suites.canonical import canonical, words

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!=", "is": "is", "is not": "is not"}
_UNITTEST = {
    "assertEqual": "==", "assertEquals": "==", "assertListEqual": "==", "assertDictEqual": "==", "assertSetEqual": "==",
    "assertTupleEqual": "==", "assertCountEqual": "==", "assertMultiLineEqual": "==", "assertSequenceEqual": "==",
    "assertNotEqual": "!=", "assertIs": "is", "assertIsNot": "is not", "assertIn": "contained", "assertNotIn": "not in",
    "assertGreater": ">", "assertGreaterEqual": ">=", "assertLess": "<", "assertLessEqual": "<=",
    "assertIsInstance": "isinstance", "assertRegex": "in", "assertAlmostEqual": "approx",
}  # fmt: skip
_RAISING = frozenset(
    {"raises", "assertRaises", "assertRaisesRegex", "warns", "assertWarns", "RaisesGroup", "deprecated_call"}
)
HELPER = re.compile(
    r"(?:^|_)(?:assert|check|verify|expect|validate|ensure|compare|should|must|match)|^(?:assert|check|verify|expect|validate|ensure|compare)|raise_for_status"
)
BROAD = frozenset({"Exception", "BaseException", ""})


@dataclass(frozen=True, slots=True)
class Claim:
    """One assertion. ``subject`` and ``expected`` are canonical texts, ``said`` is the assertion as written.

    ``kind`` is an operator, or `truthy`, `falsy`, `contained`, `isinstance`, `approx`, `raises`, `called`, `or`,
    `helper`. ``trivial`` says that it holds whatever the code does, ``swallowed`` that its failing is caught.
    """

    kind: str
    subject: str
    expected: str
    said: str
    line: int
    names: frozenset[str]
    trivial: bool = False
    swallowed: bool = False
    conditions: tuple[str, ...] = ()
    detail: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it claims, wherever it stands."""
        return self.kind, self.subject, self.expected, self.detail


def claims_of(body: Sequence[tree.Statement]) -> tuple[Claim, ...]:
    """The assertions in ``body``, in order; those in functions that it defines count as well."""
    return tuple(_in_block(body, (), swallowed=False))


def _in_block(body: Sequence[tree.Statement], conditions: tuple[str, ...], *, swallowed: bool) -> Iterator[Claim]:
    for statement in body:
        yield from _in_statement(statement, conditions, swallowed=swallowed)


def _in_statement(one: tree.Statement, conditions: tuple[str, ...], *, swallowed: bool) -> Iterator[Claim]:
    match one:
        case tree.Assert():
            for claim in _asserted(one.test, one):
                yield replace(claim, conditions=conditions, swallowed=swallowed)
        case tree.If() | tree.While():
            yield from _in_block(one.body, (*conditions, canonical(one.test)), swallowed=swallowed)
            yield from _in_block(one.orelse, (*conditions, f"not {canonical(one.test)}"), swallowed=swallowed)
        case tree.For():
            yield from _in_block(one.body, conditions, swallowed=swallowed)
            yield from _in_block(one.orelse, conditions, swallowed=swallowed)
        case tree.With():
            hides = any(_suppresses(item.context_expr) for item in one.items)
            for item in one.items:
                yield from _raising(item.context_expr, conditions, swallowed=swallowed)
            yield from _in_block(one.body, conditions, swallowed=swallowed or hides)
        case tree.Try():
            hides = any(catches_assertions(handler) and not _fails(handler.body) for handler in one.handlers)
            yield from _in_block(one.body, conditions, swallowed=swallowed or hides)
            for handler in one.handlers:
                yield from _in_block(handler.body, conditions, swallowed=swallowed)
            yield from _in_block(one.orelse, conditions, swallowed=swallowed)
            yield from _in_block(one.finalbody, conditions, swallowed=swallowed)
        case tree.Match():
            for case in one.cases:
                yield from _in_block(case.body, (*conditions, canonical(one.subject)), swallowed=swallowed)
        case tree.FunctionDef() | tree.ClassDef():
            yield from _in_block(one.body, conditions, swallowed=swallowed)
        case tree.Raise(exc=exc) if exc is not None and dotted(_called(exc)) == "AssertionError":
            yield Claim("fail", "", "", one.text, one.lineno, frozenset(words(one)), False, swallowed, conditions)
        case _:
            for node in tree.walk(one):
                if isinstance(node, tree.Call):
                    for claim in _call(node):
                        yield replace(claim, conditions=conditions, swallowed=swallowed)


def _called(node: tree.Expression) -> tree.Expression:
    return node.func if isinstance(node, tree.Call) else node


def _suppresses(node: tree.Expression) -> bool:
    return (
        isinstance(node, tree.Call)
        and dotted(node.func).rpartition(".")[2] == "suppress"
        and any(dotted(one).rpartition(".")[2] in {"Exception", "BaseException", "AssertionError"} for one in node.args)
    )


def catches_assertions(handler: tree.ExceptHandler) -> bool:
    """Whether a failing assertion ends in this handler."""
    return bool({"AssertionError", *BROAD} & set(caught(handler)))


def caught(handler: tree.ExceptHandler) -> tuple[str, ...]:
    """The names of the exceptions; an empty one for a bare `except`."""
    if handler.type is None:
        return ("",)
    types = handler.type.elts if isinstance(handler.type, tree.Tuple) else [handler.type]
    return tuple(dotted(one).rpartition(".")[2] or "?" for one in types)


def _fails(body: Sequence[tree.Statement]) -> bool:
    """Whether a handler says that something is wrong: it raises, fails the test, or asserts in its turn."""
    for statement in body:
        for node in tree.walk(statement):
            if isinstance(node, tree.Raise | tree.Assert):
                return True
            if isinstance(node, tree.Call) and dotted(node.func).rpartition(".")[2] in {"fail", "exit"}:
                return True
    return False


def _asserted(test: tree.Expression, place: tree.Statement) -> Iterator[Claim]:
    match test:
        case tree.BoolOp(op="and", values=values):
            for value in values:
                yield from _asserted(value, place)
        case tree.Compare(left=left, ops=ops, comparators=comparators):
            for number, (op, right) in enumerate(zip(ops, comparators, strict=True)):
                yield _compared(left if number == 0 else comparators[number - 1], op, right, place)
        case tree.UnaryOp(op="not", operand=operand):
            yield _claim("falsy", operand, None, place, trivial=_constant(operand) is False)
        case tree.BoolOp(op="or", values=values):
            trivial = any(_constant(value) is True for value in values)
            yield _claim("or", values[0], test, place, trivial=trivial or _covers_everything(values))
        case tree.Call(func=tree.Name(id="isinstance"), args=[subject, kind]):
            yield _claim("isinstance", subject, kind, place, trivial=dotted(kind) == "object")
        case tree.Call(func=tree.Name(id="any"), args=[_, *_]):
            yield _claim("any", test, None, place)
        case tree.Call(func=tree.Attribute(value=subject, attr="startswith" | "endswith"), args=[value, *_]):
            yield _claim("in", subject, value, place, trivial=_is_empty_text(value))
        case tree.Call(func=func) if dotted(func).rpartition(".")[2] in ("isclose", "allclose") and test.args:
            yield _claim(
                "approx", test.args[0], test.args[1] if len(test.args) > 1 else None, place, detail=_tolerance(test)
            )
        case tree.NamedExpr(value=value):
            yield from _asserted(value, place)
        case _:
            trivial = _constant(test) is True or (isinstance(test, tree.Tuple) and bool(test.elts))
            yield _claim("truthy", test, None, place, trivial=trivial)


def _compared(left: tree.Expression, op: str, right: tree.Expression, place: tree.Node) -> Claim:
    if isinstance(left, tree.Constant) and not isinstance(right, tree.Constant):
        if op == "in":
            return _claim("contained", right, left, place, trivial=_is_empty_text(left))
        if op in FLIPPED:
            left, op, right = right, FLIPPED[op], left
    if op == "in" and not isinstance(right, tree.List | tree.Tuple | tree.Set):
        same = canonical(left) == canonical(right)
        return _claim("contained", right, left, place, trivial=_is_empty_text(left) or same)
    if op in ("==", "is") and isinstance(right, tree.Constant) and isinstance(right.value, bool):
        return _claim("truthy" if right.value else "falsy", left, None, place, trivial=_constant(left) is right.value)
    if op == "==":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, tree.Call) and dotted(one.func).rpartition(".")[2] == "approx" and one.args:
                return _claim("approx", other, one.args[0], place, detail=_tolerance(one))
    same = op in ("==", "is", "<=", ">=") and canonical(left) == canonical(right)
    constant = isinstance(left, tree.Constant) and isinstance(right, tree.Constant)
    always = same or constant or (op == ">=" and _is_length(left) and _constant(right) == 0)
    always = always or (op == ">" and _is_length(left) and _is_number_below_zero(right))
    return _claim(op, left, right, place, trivial=always)


def _claim(
    kind: str,
    subject: tree.Expression,
    expected: tree.Expression | None,
    place: tree.Node,
    *,
    trivial: bool = False,
    detail: str = "",
) -> Claim:
    text = canonical(expected) if expected is not None else ""
    return Claim(
        kind, canonical(subject), text, place.text, place.lineno, frozenset(words(place)), trivial, detail=detail
    )


def _call(node: tree.Call) -> Iterator[Claim]:
    name = dotted(node.func)
    leaf = name.rpartition(".")[2] or (node.func.attr if isinstance(node.func, tree.Attribute) else "")
    if leaf in _RAISING:
        yield from _raises(node, leaf)
    elif leaf in ("assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone") and node.args:
        if leaf == "assertTrue":
            yield from _asserted(node.args[0], _as_statement(node))
        else:
            kind = {"assertFalse": "falsy", "assertIsNone": "is", "assertIsNotNone": "is not"}[leaf]
            yield _claim(kind, node.args[0], None, node, trivial=kind == "falsy" and _constant(node.args[0]) is False)
    elif leaf in _UNITTEST and len(node.args) >= 2:
        yield _unittest(node, _UNITTEST[leaf])
    elif leaf.startswith(("assert_called", "assert_awaited", "assert_has_calls", "assert_not_", "assert_any")):
        owner = node.func.value if isinstance(node.func, tree.Attribute) else node
        given = ", ".join(canonical(one) for one in (*node.args, *node.keywords))
        yield Claim("called", canonical(owner), given, node.text, node.lineno, frozenset(words(node)), detail=leaf)
    elif leaf == "fail" and name.partition(".")[0] in ("pytest", "self"):
        yield Claim("fail", "", "", node.text, node.lineno, frozenset(words(node)))
    elif HELPER.search(leaf):
        text = canonical(node)
        yield Claim("helper", text, "", node.text, node.lineno, frozenset(words(node)), detail=leaf)


def _as_statement(node: tree.Expression) -> tree.Statement:
    return tree.Expr(node.file, node.start, node.end, node)


def _unittest(node: tree.Call, kind: str) -> Claim:
    first, second = node.args[0], node.args[1]
    if kind == "contained":
        return _claim("contained", second, first, node, trivial=_is_empty_text(first))
    if kind == "approx":
        return _claim("approx", first, second, node, detail=_tolerance(node))
    if kind == "isinstance":
        return _claim("isinstance", first, second, node, trivial=dotted(second) == "object")
    return _compared(first, kind, second, node)


def _raising(node: tree.Expression, conditions: tuple[str, ...], *, swallowed: bool) -> Iterator[Claim]:
    for one in tree.walk(node):
        if isinstance(one, tree.Call):
            for claim in _call(one):
                yield replace(claim, conditions=conditions, swallowed=swallowed)


def _raises(node: tree.Call, leaf: str) -> Iterator[Claim]:
    kind = canonical(node.args[0]) if node.args else ""
    match = next((canonical(one.value) for one in node.keywords if one.arg == "match"), "")
    if leaf == "assertRaisesRegex" and len(node.args) > 1:
        match = canonical(node.args[1])
    yield Claim("raises", leaf, kind, node.text, node.lineno, frozenset(words(node)), detail=match)


def _tolerance(node: tree.Call) -> str:
    named = [f"{one.arg}={canonical(one.value)}" for one in node.keywords if one.arg in _TOLERANCES]
    return ", ".join(sorted(named))


_TOLERANCES = ("rel", "abs", "places", "delta", "rel_tol", "abs_tol", "rtol", "atol")


def _constant(node: tree.Expression) -> object:
    """The value of a literal as a test takes it: True for anything that is truthy."""
    match node:
        case tree.Constant(value=value):
            return (
                value if isinstance(value, int | float) and not isinstance(value, bool) and value == 0 else bool(value)
            )
        case tree.UnaryOp(op="not", operand=operand):
            inner = _constant(operand)
            return None if inner is None else not inner
        case _:
            return None


def _is_empty_text(node: tree.Expression) -> bool:
    return isinstance(node, tree.Constant) and node.value in ("", b"")


def _is_length(node: tree.Expression) -> bool:
    return isinstance(node, tree.Call) and dotted(node.func) == "len"


def _is_number_below_zero(node: tree.Expression) -> bool:
    return isinstance(node, tree.UnaryOp) and node.op == "-" and isinstance(node.operand, tree.Constant)


def _covers_everything(values: Sequence[tree.Expression]) -> bool:
    """`x or not x`, `x is None or x is not None`."""
    texts = {canonical(value) for value in values}
    for value in values:
        if isinstance(value, tree.UnaryOp) and value.op == "not" and canonical(value.operand) in texts:
            return True
        if isinstance(value, tree.Compare) and len(value.ops) == 1:
            opposite = {"is": "is not", "==": "!=", "in": "not in", "<": ">=", ">": "<="}.get(value.ops[0])
            if opposite and canonical(value).replace(f"Compare {value.ops[0]}(", f"Compare {opposite}(", 1) in texts:
                return True
    return False
