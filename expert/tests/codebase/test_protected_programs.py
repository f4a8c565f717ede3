"""How small teams ask who is calling: one application each, beside what the running one answers a stranger."""

from pathlib import Path

import pytest

from fastapi_expert.codebase.model import Route

from .projects import read
from .protected_programs import OF_LIBRARIES, RUNNING
from .strangers import Case, asked, refuses

_LACKING = (400, 422)
"""What some answer for a missing credential."""


def _read(case: Case, root: Path) -> dict[str, Route]:
    """The routes of a case by path, each that is not open with the chain that says so."""
    routes = {route.path: route for route in read(root, {"main.py": case.source}).inventory.routes}
    assert {path: route.protection for path, route in routes.items()} == case.said
    assert not [path for path, route in routes.items() if route.protection != "none" and not route.by]
    return routes


@pytest.mark.parametrize("case", RUNNING.values(), ids=RUNNING)
def test_what_is_said_is_what_a_stranger_meets(case: Case, tmp_path: Path) -> None:
    routes = _read(case, tmp_path)
    for path, status in asked(tmp_path, routes.values()).items():
        when = routes[path].when
        is_required = case.said[path] == "required" and not (when is not None and when.open)
        turned_away = refuses(status) or (is_required and status in _LACKING)
        assert path in case.unproven or turned_away is is_required, (path, status)


@pytest.mark.parametrize("case", OF_LIBRARIES.values(), ids=OF_LIBRARIES)
def test_what_is_said_of_libraries_that_are_not_there_is_what_they_promise(case: Case, tmp_path: Path) -> None:
    routes = _read(case, tmp_path)
    for path, route in routes.items():
        assert path.strip("/").rstrip("0123456789") == route.protection, "the paths say what the libraries do"
