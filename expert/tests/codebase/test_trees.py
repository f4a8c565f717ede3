"""Syntax trees built from tree-sitter's are those that Python itself builds, and errors cost only their place."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.trees import read_expression, read_tree

SOURCES = sorted(Path(tree.__file__).parents[1].rglob("*.py"))

PROGRAM = """
import os, sys as system
from . import a
global_one: int = 1
x = y = (yield_ := 2)
a, (b, *c) = d, e = f
(single) = 1
del a.b, c[0]
for (i) in range(3):
    pass
else:
    x |= 1
async def f(a, /, b: list[int] | str | None = None, *args: int, c, d=4, **kwargs: "X") -> dict[str, "Y"]:
    async with open(1) if a else open(2) as one, two as (three, four):
        await g(*args, **kwargs, key=[*h(1), *set(i) - set(j), *k.l[m]])
    with (a, b,):
        return
    async for i, in j:
        continue
    try:
        raise A(1) from None
    except (B, C) as error:
        yield error
    except D:
        return
    else:
        assert x, "why"
    finally:
        global z
        x[1:2, ::3] = y[z]
@decorated(1)
@again
class C(Base[int], metaclass=Meta):
    field: str = Field(default="a", alias='b')
    @property
    def prop(self): return lambda x, *y, z=1: (x, y, z)
if a and b and c or not d:
    match command:
        case 1 if a < b <= c not in d is not e:
            while True:
                break
elif -x ** 2 @ ~y:
    print(f"{a!r:>{width}} {b=} {{c}}" "tail", b"bytes\\x00", r"\\d", "\\t\\N", 1_000, 0x1F, 1.5, 2j, ...)
else:
    {**a, "b": [i async for i in j if k if l]}, {1, *b}, {m: n for m, n in o}, (p for p in q), ()
type(mock).attribute = a.b.c[d](e)(f)
"""


def of_python(node: Any) -> Any:
    """A node of Python's in the form that :func:`of_ours` gives."""
    match node:
        case list():
            return [of_python(one) for one in cast("list[Any]", node)]
        case ast.operator() | ast.unaryop() | ast.boolop() | ast.cmpop():
            return OPERATORS[type(node)]
        case ast.expr_context():
            return type(node).__name__.lower()
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Break() | ast.Continue() | ast.Nonlocal():
            return ("Other", node.lineno)
        case ast.Constant(value=value) if value is ...:
            return ("Ellipsis",)
        case ast.FormattedValue(value=value, format_spec=spec):
            parts = spec.values if isinstance(spec, ast.JoinedStr) else []
            shown = [of_python(one.value) for one in parts if isinstance(one, ast.FormattedValue)]
            return ("FormattedValue", of_python(value), shown)
        case ast.AST():
            name = {"match_case": "MatchCase", "withitem": "WithItem"}.get(
                type(node).__name__, type(node).__name__[0].upper() + type(node).__name__[1:]
            )
            line = (node.lineno,) if isinstance(node, ast.stmt) else ()
            names = parts_of(getattr(tree, name))
            return (name, *line, *[of_python(getattr(node, one)) for one in names])
        case _:
            return bool(node) if node in (0, 1) and not isinstance(node, (float, complex)) else node


OPERATORS: dict[type, str] = {
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Div: "/",
    ast.Mult: "*",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.USub: "-",
    ast.Invert: "~",
    ast.Not: "not",
    ast.And: "and",
    ast.Or: "or",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitXor: "^",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def of_ours(node: Any) -> Any:
    """A node in plain tuples: its name, the line of a statement, its fields."""
    if isinstance(node, list):
        return [of_ours(one) for one in cast("list[Any]", node)]
    if not isinstance(node, tree.Node):
        return bool(node) if node in (0, 1) and not isinstance(node, (float, complex)) else node
    line = (node.lineno,) if isinstance(node, tree.Statement) else ()
    return (type(node).__name__, *line, *[of_ours(getattr(node, one)) for one in parts_of(type(node))])


def parts_of(kind: type) -> list[str]:
    names = [one.name for one in fields(kind) if one.name not in ("file", "start", "end")]
    return ["body" if one == "inside" else one for one in names]


def test_a_program_with_all_of_the_grammar_is_what_python_makes_of_it() -> None:
    program = PROGRAM.replace("\\N", "")
    assert of_ours(read_tree(program.encode()).body) == of_python(ast.parse(program).body)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_this_codebase_is_what_python_makes_of_it(file: Path) -> None:
    source = file.read_bytes()
    assert of_ours(read_tree(source).body) == of_python(ast.parse(source).body)


def test_what_stands_around_an_error_is_read() -> None:
    found = read_tree(b"def broken(:\n    pass\n\n\ndef whole():\n    commit()\n").body
    whole = next(one for one in found if isinstance(one, tree.FunctionDef) and one.name == "whole")
    (statement,) = whole.body
    assert isinstance(statement, tree.Expr)
    assert statement.text == "commit()"


def test_what_a_body_holds_stands_where_it_stands_in_the_file() -> None:
    source = """\
é = 1


class Outer:
    @mark
    async def method(self) -> str:
        def inner():
            return f'{é} is'
        return inner()
"""
    nodes = list(tree.walk(read_tree(source.encode())))
    returned = [one for one in nodes if isinstance(one, tree.Return)]
    assert [(one.lineno, one.text) for one in returned] == [(9, "return inner()"), (8, "return f'{é} is'")]
    (formatted,) = [one for one in nodes if isinstance(one, tree.JoinedStr)]
    assert [one.text for one in formatted.values] == ["{é}", "f'{é} is'"]


def test_a_draft_that_ends_in_the_middle_keeps_its_calls() -> None:
    calls = [one for one in tree.walk(read_tree(b"def f():\n    a(1)\n    b(c(2), ")) if isinstance(one, tree.Call)]
    assert {tree.dotted(one.func) for one in calls} >= {"a", "c"}


def test_syntax_newer_than_this_interpreter_is_read() -> None:
    source = b"type Names[T] = list[T]\n\n\ndef first[T: int](many: list[T]) -> T:\n    return many[0]\n"
    alias, function = read_tree(source).body
    assert isinstance(alias, tree.Other)
    assert isinstance(function, tree.FunctionDef)
    assert function.args.args[0].annotation is not None


@pytest.mark.parametrize("source", [b"\0", b"\xff\xfea\0", b"", b"((((" * 500, b"x = " + b"a." * 3000 + b"b\n"])
def test_anything_at_all_gives_a_module(source: bytes) -> None:
    assert isinstance(read_tree(source), tree.Module)


def test_a_text_in_another_encoding_is_read() -> None:
    source = "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")
    (statement,) = read_tree(source).body
    assert isinstance(statement, tree.Assign)
    assert isinstance(statement.value, tree.Constant)
    assert statement.value.value == "é"


@pytest.mark.parametrize(("text", "kind"), [("a.b[c] | None", tree.BinOp), ("a", tree.Name), ("a b", None), ("", None)])
def test_a_quoted_annotation_is_one_expression_or_nothing(text: str, kind: type | None) -> None:
    found = read_expression(text)
    assert found is None if kind is None else isinstance(found, kind)
