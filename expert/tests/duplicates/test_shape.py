"""The fingerprint of a function: what it keeps and what it lets go."""

import sys

import pytest
import tree_sitter_python
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from fastapi_expert.codebase.syntax.shape import (
    Shape,
    name_number,
    numbers,
    shape_of,
)

PARSER = Parser(Language(tree_sitter_python.language()))


def first_function(source: str) -> Shape:
    data = source.encode()

    def definition(node: Node) -> Node | None:
        if node.type == "function_definition":
            return node
        return next((found for child in node.children if (found := definition(child))), None)

    node = definition(PARSER.parse(data).root_node)
    assert node is not None
    return shape_of(node, data)


def body(text: str, header: str = "def f(a, b):") -> Shape:
    return first_function(header + "\n" + "\n".join(f"    {line}" for line in text.splitlines()) + "\n")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x = a.b(1)\nreturn x", "x = a.b( 1 )  # why\n\nreturn (x)"),
        ('"""What."""\nx = a.b\nreturn x', "x = a.b\nreturn x"),
        ("return a.b('x')", 'return a.b("x")'),
        ("return a.b(c=[1, 2,])", "return a.b(c=[1, 2])"),
        ("await a.b()\nreturn 1", "a.b()\nreturn 1"),
        ("if a:\n    return 1\nelif b:\n    return 2", "if a:\n    return 1\nelse:\n    if b:\n        return 2"),
    ],
    ids=["layout", "docstring", "quotes", "trailing-comma", "await", "elif"],
)
def test_layout_does_not_change_the_exact_digest(left: str, right: str) -> None:
    assert body(left).exact == body(right).exact


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("total = a.b\nreturn total", "amount = a.b\nreturn amount"),
        ("return a.get('x', 1)", "return a.get('why', 20)"),
        ("return User(a.id)", "return Customer(a.id)"),
        ("return f'{a} of {b}'", "return 'nothing'"),
        ("return a.x(True)", "return a.x(False)"),
        ("case = a.b\nreturn case.c(match)", "item = a.b\nreturn item.c(type)"),
    ],
    ids=["locals", "literals", "classes", "f-strings", "booleans", "soft-keywords"],
)
def test_names_and_literals_change_the_exact_digest_and_not_the_renamed_one(left: str, right: str) -> None:
    assert body(left).exact != body(right).exact
    assert body(left).renamed == body(right).renamed


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("return a.name", "return a.email"),
        ("return fetch(a)", "return store(a)"),
        ("return a(limit=b)", "return a(offset=b)"),
        ("return a + b", "return a - b"),
        ("return a if b else None", "return a or b"),
    ],
    ids=["attribute", "call", "keyword", "operator", "structure"],
)
def test_what_the_code_does_changes_the_renamed_digest(left: str, right: str) -> None:
    assert body(left).renamed != body(right).renamed


def test_literals_alone_change_the_digest_of_literals() -> None:
    assert body("return a.get('x')").literals != body("return a.get('y')").literals
    assert body("return a.get('x')").literals == body("return b.get('x')").literals


def test_the_names_of_a_synchronous_twin_are_the_same() -> None:
    asynchronous = body("async with AsyncClient() as c:\n    await c.aclose()", "async def f(a, b):")
    assert asynchronous.renamed == body("with Client() as c:\n    c.close()").renamed


def test_statements_are_in_source_order_and_imports_are_none() -> None:
    both = numbers(body("import os\na.first()\nif a.second:\n    a.third()\npass").statements)
    assert len(both) == 3
    assert list(both) == [
        *numbers(body("a.first()").statements),
        *numbers(body("if a.second:\n    a.third()").statements),
    ]


def test_the_names_kept_are_attributes_calls_and_keywords() -> None:
    names = set(numbers(body("local = a.attribute\nreturn call(local, keyword=1)").names))
    assert names == {name_number(name) for name in ("attribute", "call", "keyword")}


def test_a_shape_is_plain_numbers_and_bytes() -> None:
    assert [type(part) for part in body("return a.b(1)")] == [int, int, int, int, bytes, bytes]


def test_newer_syntax_and_half_written_code_have_a_shape() -> None:
    assert body("try:\n    a.b()\nexcept A, B:\n    pass").tokens
    assert body("x = a.b(\nreturn x").tokens


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    source = "def f(a):\n    " + text.replace("\0", "")
    data = source.encode("utf-8", "surrogatepass")
    for child in PARSER.parse(data).root_node.children:
        if child.type == "function_definition":
            shape = shape_of(child, data)
            assert len(shape.statements) % 4 == 0


def test_deep_nesting_is_no_recursion_error() -> None:
    depth = min(300, sys.getrecursionlimit() // 4)
    nested = "".join(" " * (level + 1) + f"if a{level}.b:\n" for level in range(depth))
    assert first_function(f"def f():\n{nested}{' ' * (depth + 1)}pass\n").tokens > depth
