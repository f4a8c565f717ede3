"""What code is kept as (`codebase/syntax/ir.py`) is read by its named shapes; positions in it occur there alone.

A check of syntax, and so an approximation: it follows what is known to be an expression or a statement of that form
(the facts' own fields, parameters that are annotated so, what is assigned from either) within one function. It may miss
a position behind a value of another name; what it finds is one.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_repository import ROOT, tracked

from fastapi_expert.codebase.syntax import ir

PACKAGE = "expert/src/fastapi_expert"
OWNER = "codebase/syntax/ir.py"
VALUES = {"default_expr", "annotation_expr", "returns_expr", "expr"}
"""Attributes of facts and of the linker's records that hold one expression."""
SEQUENCES = {"body", "decorators", "base_exprs", "args", "operands", "orelse", "handlers"}
"""Those that hold several expressions or statements."""
PAIRS = {"keywords"}
"""Those that hold (name, expression)."""
VALUE_TYPES = {"Expr", "Stmt", "ir.Expr", "ir.Stmt"}
SEQUENCE_TYPES = {"Block", "ir.Block", *(f"{kind}[{one}]" for kind in ("Sequence", "Iterable") for one in VALUE_TYPES)}
TAGS = {shape.TAG for shape in vars(ir).values() if isinstance(shape, type) and hasattr(shape, "TAG")} | {ir.ELLIPSIS}


class Function(ast.NodeVisitor):
    """One function, or a module: which of its names are values of that form, and where positions in them are used."""

    def __init__(self, makers: set[str]) -> None:
        self.makers = makers
        self.values: set[str] = set()
        self.sequences: set[str] = set()
        self.found: list[tuple[int, str]] = []

    def is_value(self, node: ast.expr | None) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.values
            case ast.Attribute(attr=name):
                return name in VALUES
            case ast.Subscript(value=inside, slice=ast.Constant(value=int())):
                return self.is_sequence(inside) or self.is_value(inside)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return name in self.makers
            case ast.IfExp(body=one, orelse=other):
                return self.is_value(one) or self.is_value(other)
            case ast.BoolOp(values=several):
                return any(map(self.is_value, several))
            case _:
                return False

    def is_sequence(self, node: ast.expr | None) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.sequences
            case ast.Attribute(attr=name):
                return name in SEQUENCES
            case ast.IfExp(body=one, orelse=other):
                return self.is_sequence(one) or self.is_sequence(other)
            case _:
                return False

    def bind(self, target: ast.expr, value: ast.expr | None, *, each: bool = False) -> None:
        if isinstance(target, ast.Name):
            if self.is_sequence(value) if each else self.is_value(value):
                self.values.add(target.id)
            elif not each and self.is_sequence(value):
                self.sequences.add(target.id)
        elif isinstance(target, ast.Tuple | ast.List):
            pairs = each and isinstance(value, ast.Attribute) and value.attr in PAIRS
            if pairs and isinstance(target.elts[-1], ast.Name):
                self.values.add(target.elts[-1].id)
            elif not each and self.is_value(value):
                self.found.append((target.lineno, "is unpacked"))

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.bind(target, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.bind(node.target, node.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.bind(node.target, node.iter, each=True)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.bind(node.target, node.iter, each=True)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        for clause in node.generators:  # before the element, which uses their names
            self.visit(clause)
        self.generic_visit(node)

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp

    def visit_Subscript(self, node: ast.Subscript) -> None:
        constant = isinstance(node.slice, ast.Slice | ast.UnaryOp) or (
            isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
        )
        if constant and self.is_value(node.value):
            self.found.append((node.lineno, ast.unparse(node)))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """`x[0] == "c"`, and `x == ("k", True)`, which is a list once it comes from the cache."""
        left, right = node.left, node.comparators[0]
        first = isinstance(left, ast.Subscript) and ast.unparse(left.slice) == "0"
        if first and {one.value for one in ast.walk(right) if isinstance(one, ast.Constant)} & TAGS:
            self.found.append((node.lineno, ast.unparse(node)))
        if self.is_value(left) and isinstance(right, ast.Tuple | ast.List):
            self.found.append((node.lineno, ast.unparse(node)))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        inner = Function(self.makers)
        inner.values, inner.sequences = set(self.values), set(self.sequences)
        for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            written = ast.unparse(arg.annotation).removesuffix(" | None") if arg.annotation is not None else ""
            inner.values.discard(arg.arg)
            inner.sequences.discard(arg.arg)
            if written in VALUE_TYPES:
                inner.values.add(arg.arg)
            elif written in SEQUENCE_TYPES:
                inner.sequences.add(arg.arg)
        inner.generic_visit(node)
        self.found += inner.found

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef


def makers(trees: dict[Path, ast.Module]) -> set[str]:
    """The names of functions that return such a value, wherever they are."""
    found: dict[str, set[bool]] = {}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                is_one = ast.unparse(node.returns).removesuffix(" | None") in VALUE_TYPES
                found.setdefault(node.name, set()).add(is_one)
    return {name for name, answers in found.items() if answers == {True}}


def positions(source: str, known: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]  # never changed
    visitor = Function(known)
    visitor.visit(ast.parse(source))
    return [what for _, what in sorted(set(visitor.found))]


def sources() -> Iterator[Path]:
    for path in tracked(f"{PACKAGE}/*.py"):
        name = path.relative_to(ROOT / PACKAGE).as_posix()
        if name != OWNER and "codebase.syntax" in path.read_text(encoding="utf-8"):
            yield path


def test_positions_in_code_are_used_by_its_own_module_alone() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources()}
    known = makers(trees)
    found: list[str] = []
    for path, tree in trees.items():
        visitor = Function(known)
        visitor.visit(tree)
        found += [f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in sorted(set(visitor.found))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(expr: Expr):\n    return expr[2][0]", ["expr[2]", "expr[2][0]"]),
        ("def f(facts):\n    for one in facts.body:\n        if one[0] == 'def': ...", ["one[0]", "one[0] == 'def'"]),
        ("def f(call):\n    return call.expr[1:]", ["call.expr[1:]"]),
        ("x = [d[1] for d in facts.decorators]", ["d[1]"]),
        ("for name, value in facts.keywords:\n    value == ('k', True)", ["value == ('k', True)"]),
        ("def f(stmt: Stmt):\n    kind, *rest = stmt", ["is unpacked"]),
        ("def f(value):\n    return value[0] in ('c', 'a')", ["value[0] in ('c', 'a')"]),
        ("def f(facts):\n    return facts.body[0], call.args[0], path[0], name.partition('.')[0]", []),
        ("def f(call: ir.Call):\n    return call.args[0].name", []),
        ("def f(values, text):\n    return values[0] == text, text[0] == '#', pair[1]", []),
    ],
)
def test_a_position_is_known_from_an_ordinary_index(source: str, expected: list[str]) -> None:
    assert positions(source) == expected
