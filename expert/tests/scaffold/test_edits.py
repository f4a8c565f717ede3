"""Things added to source by its syntax tree: whatever the text looks like, it stays Python and says what it said."""

import ast
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.scaffold.edits import last_line, syntax_error, with_import, with_member

OWN = {"app"}


def section(module: str) -> int:
    head = module.partition(".")[0]
    return 2 if head in OWN or not head else 0 if head in {"os", "re", "typing"} else 1


def added(text: str, module: str, item: str) -> str:
    return with_import(text, module, item, section)


def imported(text: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found |= {("." * node.level + (node.module or ""), alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from app.api import a, c\n", "from app.api import a, b, c\n"),
        ("from app.api import (\n    a,\n    c,\n)\n", "from app.api import (\n    a,\n    b,\n    c,\n)\n"),
        ("from app.api import (\n    a,  # first\n)\n", "from app.api import (\n    a,  # first\n    b,\n)\n"),
        ("from app.api import (\n    a\n)\n", "from app.api import (\n    a,\n    b,\n)\n"),
        ("from app.api import (a, c)\n", "from app.api import (a, b, c)\n"),
        ("from app.api import a as b2, c\n", "from app.api import a as b2, b, c\n"),
        ("import os\n\nfrom app.other import z\n", "import os\n\nfrom app.api import b\nfrom app.other import z\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nfrom app.api import b\n\nx = 1\n'),
        ("import os\n\nimport fastapi\n", "import os\n\nimport fastapi\n\nfrom app.api import b\n"),
        ("from app.api import *\n", "from app.api import *\nfrom app.api import b\n"),
        ("from app.api import b\n", "from app.api import b\n"),
        ("", "from app.api import b\n\n"),
    ],
)
def test_an_import_comes_where_it_belongs_however_the_others_are_wrapped(before: str, after: str) -> None:
    assert added(before, "app.api", "b") == after


def test_an_import_that_grows_too_long_is_wrapped() -> None:
    names = [f"resource_{letter}" for letter in "abcdef"]
    text = added(f"from app.api import {', '.join(names)}\n", "app.api", "resource_g")
    assert text.startswith("from app.api import (\n    resource_a,\n")
    assert imported(text) == {("app.api", name) for name in [*names, "resource_g"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('__all__ = ["A", "C"]\n', '__all__ = ["A", "B", "C"]\n'),
        ('__all__ = [\n    "A",\n    "C",\n]\n', '__all__ = [\n    "A",\n    "B",\n    "C",\n]\n'),
        ('__all__ = ["C", "A"]\n', '__all__ = ["C", "A", "B"]\n'),
        ('__all__: list[str] = ["A"]\n', '__all__: list[str] = ["A", "B"]\n'),
        ('__all__ = (\n    "A",  # first\n    "C"\n)\n', '__all__ = (\n    "A",  # first\n    "B",\n    "C"\n)\n'),
        ("__all__ = []\n", '__all__ = ["B"]\n'),
        ('__all__ = ["a", "B", "c"]\n', '__all__ = ["a", "B", "c"]\n'),
    ],
)
def test_a_member_comes_in_the_order_that_the_others_have(before: str, after: str) -> None:
    assert with_member(before, "__all__", '"B"') == after


def test_a_list_that_is_not_there_is_said() -> None:
    assert with_member("x = 1\n", "__all__", '"B"') is None


def test_the_last_call_at_the_top_of_a_module_is_found() -> None:
    assert last_line("r = R()\nr.add(\n    1,\n)\n\ndef f():\n    r.add(2)\n", "r.add") == 4


@pytest.mark.parametrize(("text", "line"), [("x = 1\n", None), ("import (, a\n", 1), ("x = 1\ndef f(:\n", 2)])
def test_what_is_no_python_is_found_with_its_line(text: str, line: int | None) -> None:
    assert syntax_error(text) == line


NAMES = st.sampled_from([f"{letter}{number}" for letter in string.ascii_letters for number in (1, 2)])


@given(st.lists(NAMES, min_size=1, max_size=12, unique=True), st.lists(NAMES, max_size=8), st.integers(0, 3))
def test_any_number_of_imports_leaves_python_that_imports_all_of_them(
    there: list[str], more: list[str], shape: int
) -> None:
    lines = "".join(f"    {name},{'  # why' if shape == 1 else ''}\n" for name in there)
    text = [
        f"from app.api import {', '.join(there)}\n",
        f"from app.api import (\n{lines})\n",
        f"from app.api import ({', '.join(there)},)\n",
        '"""Doc."""\nimport os\n',
    ][shape]
    for name in more:
        text = added(text, "app.api", name)
        assert syntax_error(text) is None
    wanted = set(more) | (set(there) if shape < 3 else set[str]())
    assert {name for module, name in imported(text) if module == "app.api"} == wanted
