"""What a project of `expert new` lists elsewhere: models, routers, layers, what tests of every endpoint know."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold import edits
from fastapi_expert.scaffold.naming import Names
from fastapi_expert.scaffold.plan import File

LAYERS = ".importlinter"
_OURS = frozenset({"cli", "server", "main", "api", "admin", "tasks", "posts", "users"})
"""Layers of the template: no resource of the project's own."""
_STANDARD = frozenset({"collections", "contextlib", "dataclasses", "datetime", "enum", "typing"})
WIDTH = 120


def edited(root: Path, names: Names, package: str, refers: Iterable[str], *, reader: str, writer: str) -> list[File]:
    """Each registry as it is and with the resource in it.

    ``package`` is the resource's own below `app` and `tests`, ``refers`` are those that it imports; ``reader`` and
    ``writer`` are who may read and write it, as the table of endpoints calls them.
    """
    registries: dict[str, Callable[[str], str]] = {
        "app/models/__init__.py": lambda text: _with_model(text, names),
        "app/api/v1/router.py": lambda text: _with_router(text, names),
        "tests/resources.py": lambda text: _with_resource(text, names, package),
        "tests/api_table.py": lambda text: _with_endpoints(text, names, reader=reader, writer=writer),
    }
    if (root / LAYERS).exists():
        registries[LAYERS] = lambda text: with_layer(text, package, frozenset(refers))
    found: list[File] = []
    for path, change in registries.items():
        before = (root / path).read_text(encoding="utf-8")
        found.append((path, before, change(before)))
    return found


def section_of(module: str) -> int:
    """Where isort puts a module in a project of `expert new`."""
    head = module.partition(".")[0]
    return 2 if head in {"app", "tests"} else 0 if head in _STANDARD else 1


def _with_model(text: str, names: Names) -> str:
    text = edits.with_import(text, f"app.models.{names.singular}", names.pascal, section_of, width=WIDTH)
    return edits.with_member(text, "__all__", f'"{names.pascal}"') or text


def _with_router(text: str, names: Names) -> str:
    text = edits.with_import(text, "app.api.v1.endpoints", names.plural, section_of, width=WIDTH)
    line = f'router.include_router({names.plural}.router, prefix="/{names.path}", tags=["{names.nouns}"])'
    return edits.with_lines(text, line, after=edits.last_line(text, "router.include_router"))


def with_layer(text: str, package: str, refers: frozenset[str]) -> str:
    """The layers with the resource's package: beside those of users and posts, or above what it refers to."""
    lines = text.splitlines(keepends=True)
    members = {index: re.findall(r"\w+", line) for index, line in enumerate(lines) if re.match(r"\s+[\w(]", line)}
    base = next((index for index, found in members.items() if "users" in found), None)
    if base is None or any(package in found for found in members.values()):
        return text
    lowest = min((index for index, found in members.items() if refers & set(found)), default=None)
    if lowest is None:
        at = base
    else:
        above = lowest - 1
        joins = above in members and not _OURS & set(members[above])
        if not joins:
            indent = lines[lowest][: len(lines[lowest]) - len(lines[lowest].lstrip())]
            return "".join([*lines[:lowest], f"{indent}{package}\n", *lines[lowest:]])
        at = above
    lines[at] = f"{lines[at].rstrip()} | {package}\n"
    return "".join(lines)


def _with_resource(text: str, names: Names, package: str) -> str:
    """Tests of every endpoint make rows of it, too."""
    constant = names.singular.upper()
    listed = edits.with_member(text, "RESOURCES", constant)
    if listed is None:
        raise ExpertError("no list of RESOURCES to extend", where="tests/resources.py")
    return edits.with_import(listed, f"tests.{package}.factory", constant, section_of, width=WIDTH)


def _with_endpoints(text: str, names: Names, *, reader: str, writer: str) -> str:
    """The table of endpoints that the service promises."""
    one = f"/{names.path}/{{{names.singular}_id}}"
    rows = (
        f'_endpoint("GET", "/{names.path}", {reader}, 200, 422)',
        f'_endpoint("POST", "/{names.path}", {writer}, 201, 409, 422)',
        f'_endpoint("GET", "{one}", {reader}, 200, 422)',
        f'_endpoint("PUT", "{one}", {writer}, 200, 403, 409, 412, 422)',
        f'_endpoint("DELETE", "{one}", {writer}, 200, 403, 409, 412, 422)',
    )
    changed = edits.with_members(text, "ENDPOINTS", rows)
    if changed is None:
        raise ExpertError("no table of ENDPOINTS to extend", where="tests/api_table.py")
    return changed
