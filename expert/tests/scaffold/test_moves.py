"""Imports led to where the template has what they import now."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.scaffold.from_service.moves import Moves, rewrite

MOVES = Moves(
    modules={"app.core": "app.kit", "app.core.cache": "app.cache.regions", "app.server": "app.server.process"},
    names={"app.core.cache.Read": "app.database.query.Query", "app.fields.Moment": "app.fields.Time"},
    attributes={"Invalid.at": "of"},
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from app.core.cache import Cache\n", "from app.cache.regions import Cache\n"),
        ("from app.core.cache import Cache as C\n", "from app.cache.regions import Cache as C\n"),
        ("from app.core import cache\n", "from app.cache import regions as cache\n"),
        ("from app.core.oidc.http import get\n", "from app.kit.oidc.http import get\n"),
        ("from app.core.cache import Read\n", "from app.database.query import Query as Read\n"),
        (
            "from app.core.cache import (\n    Cache,\n    Read,\n)\nx = 1\n",
            "from app.cache.regions import Cache\nfrom app.database.query import Query as Read\nx = 1\n",
        ),
        ("from app.fields import Moment, Name\n", "from app.fields import Time as Moment, Name\n"),
        ("def f():\n    from app import server\n", "def f():\n    from app.server import process as server\n"),
        ("from app.core.x import Invalid\nInvalid.at(1)\n", "from app.kit.x import Invalid\nInvalid.of(1)\n"),
        ("from app.corez import cache\nimport app\n", "from app.corez import cache\nimport app\n"),
        ("from .core import cache\n", "from .core import cache\n"),
        ("<<<<<<< HEAD\nfrom app.core import cache\n", "<<<<<<< HEAD\nfrom app.core import cache\n"),
    ],
)
def test_an_import_names_the_new_place_and_binds_the_old_name(before: str, after: str) -> None:
    assert rewrite(before, MOVES) == after


_MODULES = st.sampled_from(["app.core", "app.core.cache", "app.core.oidc", "app.fields", "app.kit", "os"])
_NAMES = st.sampled_from(["Read", "Moment", "cache", "path"])


@given(st.lists(st.tuples(_MODULES, _NAMES, st.booleans()), max_size=6))
def test_the_same_names_are_bound_afterwards(imports: list[tuple[str, str, bool]]) -> None:
    source = "".join(f"from {module} import {name}{' as other' if alias else ''}\n" for module, name, alias in imports)
    assert _bound(rewrite(source, MOVES)) == _bound(source)


def _bound(source: str) -> list[str]:
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    return [alias.asname or alias.name for node in nodes for alias in node.names]
