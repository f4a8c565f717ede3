"""Which tests a change can affect, each with its reason; every test when that cannot be known.

What changed is found piece by piece (`pieces`), what can reach it by names, imports and routes
(`graph`). Both err on the side of a test too many. Where text cannot tell (a tool's configuration, a data file
that no code names, a deleted module), `Selection.everything` says why all tests must run.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.vocabulary import is_test_module
from fastapi_expert.gate.impact.graph import Graph, tests_of
from fastapi_expert.gate.impact.links import body_of
from fastapi_expert.gate.impact.pieces import (
    INIT,
    Piece,
    has_errors,
    pieces_of,
)
from fastapi_expert.gate.impact.routes import is_route
from fastapi_expert.gate.impact.tests import Node, Test

LOADED_BY_NAME = "is loaded by its place or name: no import leads to it"
Before = Callable[[str], bytes | None]
"""The content of a file before the change; None when it was not there."""

_CONFIGURES = re.compile(
    r"(pyproject\.toml|setup\.(py|cfg)|tox\.ini|pytest\.ini|\.?pytest\.toml|noxfile\.py|\.env.*|.*\.env|requirements.*\.(txt|in)"
    r"|.*\.lock|Pipfile|constraints.*\.txt|alembic\.ini|logging\.(ini|conf|ya?ml)|sitecustomize\.py|.*\.pth)"
)
_SAYS_NOTHING = re.compile(
    r"(.*\.(md|rst|adoc|png|jpe?g|gif|svg|ico|webp|pdf|drawio)|LICEN[CS]E.*|NOTICE.*|CHANGELOG.*|AUTHORS.*|CODEOWNERS"
    r"|\.git(ignore|attributes|modules)|\.editorconfig|\.dockerignore|Dockerfile.*|docker-compose.*|compose.*\.ya?ml|Makefile"
    r"|\.pre-commit-config\.yaml|mkdocs\.ya?ml)"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """``tests`` are pytest's ids, ``total`` is how many there are; ``everything`` says why all of them must run."""

    tests: tuple[str, ...]
    reasons: Mapping[str, str]
    total: int
    everything: str | None = None


def select(codebase: Codebase, changed: Iterable[str], *, before: Before | None = None) -> Selection:
    """The tests that a change of the files ``changed`` (relative to the root) can affect.

    With ``before`` only the pieces that differ count, else all of a changed file.
    """
    graph = Graph.of(codebase)
    goals: dict[Node, str] = {}
    whole: str | None = None
    for path in sorted(set(changed)):
        try:
            goals |= goals_of(graph, path, before)
        except Unknown as unknown:
            whole = whole or f"{path}: {unknown}"
    if whole:
        every = tuple(test.id for test in graph.tests)
        return Selection(every, dict.fromkeys(every, whole), len(graph.tests), whole)
    bits = 0
    for node in goals:
        bits |= graph.reach.get(node, 0)
    chosen = list(tests_of(graph, bits))
    reasons = {test.id: _reason(graph, test, goals) for test in chosen}
    return Selection(tuple(sorted(reasons)), reasons, len({test.id for test in graph.tests}))


class Unknown(Exception):
    """Why the text does not tell who is affected."""


def goals_of(graph: Graph, path: str, before: Before | None) -> dict[Node, str]:
    """The pieces that the change of one file changes, each with a word for it."""
    name = PurePosixPath(path).name
    if path in graph.files:
        return _changed_pieces(graph, path, before)
    if _CONFIGURES.fullmatch(name):
        raise Unknown("configures the project or its tests")
    if name.endswith(".py"):
        raise Unknown("was deleted, or is a module that is not read")
    return _mentions(graph, path, name)


def _changed_pieces(graph: Graph, path: str, before: Before | None) -> dict[Node, str]:
    pieces = graph.files[path]
    old_source = before(path) if before else None
    if path.rpartition("/")[2] in ("conftest.py", "setup.py", "noxfile.py") and old_source is None:
        raise Unknown("configures the tests below it")
    if is_loaded_by_name(graph, path):
        raise Unknown(LOADED_BY_NAME)
    if old_source is None:
        whole = {(path, each): "changed" for each in pieces}
        return whole | {body_of((path, name)): "changed" for name, piece in pieces.items() if piece.kind == "class"}
    old = pieces_of(old_source)
    goals: dict[Node, str] = {}
    for each in pieces.keys() | old.keys():
        goals |= _difference(graph, path, old.get(each), pieces.get(each))
    if has_errors((graph.codebase.root / path).read_bytes()):
        goals[path, INIT] = "no longer parses"
    return goals


def _difference(graph: Graph, path: str, old: Piece | None, new: Piece | None) -> dict[Node, str]:
    """What one piece's change touches: itself; the whole module where importing it could now fail."""
    if old and new and old.digest == new.digest:
        return {}
    piece = new or old
    if piece is None:
        return {}
    node = body_of((path, piece.name)) if piece.kind == "class" else (path, piece.name)
    module = {(path, INIT): f"{piece.name} changes what importing it does"}
    if new is None:
        return {(path, INIT): f"{piece.name} is gone"}
    served = any(map(is_route, piece.decorators))
    if old is None:
        added = {node: "is new"} | (_applications(graph, f"{piece.name} is a new route") if served else {})
        return added if piece.kind in ("function", "member") else added | module
    goals = {node: "changed"}
    if piece.kind == "init" or (piece.kind in ("class", "value", "field") and not (old.literal and new.literal)):
        goals |= module
    if piece.kind == "class" and (
        old.bases != new.bases or old.decorators != new.decorators or _is_table(graph, (path, piece.name))
    ):
        goals |= module
    if new.decorators != old.decorators:
        goals |= module | (_applications(graph, f"the route of {piece.name} changed") if served else {})
    elif new.head != old.head and not _same_names(graph, path, old, new):
        goals |= module
    return goals


def _applications(graph: Graph, why: str) -> dict[Node, str]:
    """The applications: a route that comes, goes or moves can change what every other address answers."""
    apps = [each for each in graph.codebase.components if each.kind in ("app", "router")]
    return {(each.path, each.qualname): why for each in apps if each.qualname in graph.files.get(each.path, {})}


def _is_table(graph: Graph, node: Node) -> bool:
    """Whether a class is mapped: one broken mapper breaks every query, whichever table it asks."""
    return graph.codebase.component(f"table:{node[0]}::{node[1]}") is not None


def _same_names(graph: Graph, path: str, old: Piece, new: Piece) -> bool:
    """Whether a new signature only says what the module can resolve when it is imported."""
    bound = graph.codebase.names.bindings(path)
    return all(name in bound or name in old.names for name in new.names)


def is_loaded_by_name(graph: Graph, path: str) -> bool:
    """Whether no test comes by a file, and something may import it by a name that is put together at run time."""
    if is_test_module(path) or any(graph.reach.get((path, each)) for each in graph.files[path]):
        return False
    loads = {
        "import_module",
        "__import__",
        "iter_modules",
        "walk_packages",
        "spec_from_file_location",
        "run_path",
        "run_module",
        "entry_points",
        "iter_entry_points",
        "import_string",
        "upgrade",
    }
    return any((piece.names | piece.attributes) & loads for pieces in graph.files.values() for piece in pieces.values())


def _mentions(graph: Graph, path: str, name: str) -> dict[Node, str]:
    """The code that names a data file; for a template also that of the templates that include it."""
    names = {name}
    folder = graph.codebase.root
    while True:
        including = {other for other in _templates(graph, path) if any(each in _text(folder / other) for each in names)}
        more = {PurePosixPath(other).name for other in including} - names
        if not more:
            break
        names |= more
    stems = {each.partition(".")[0] for each in names if len(each.partition(".")[0]) > 3}
    goals = _naming(
        graph, lambda text: any(text == each or text.endswith(f"/{each}") for each in names), f"names {name}"
    )
    goals = goals or _naming(graph, lambda text: text in stems, f"names {name} without its ending")
    directory = PurePosixPath(path).parent.name
    if directory:
        is_folder = re.compile(rf"(.*/)?{re.escape(directory)}(/.*)?")
        goals = goals or _naming(
            graph, lambda text: is_folder.fullmatch(text) is not None, f"reads the folder {directory}"
        )
    if goals or _SAYS_NOTHING.fullmatch(name):
        return goals
    raise Unknown("is a file that no code names")


def _naming(graph: Graph, matches: Callable[[str], bool], why: str) -> dict[Node, str]:
    return {
        (path, name): why
        for path, pieces in graph.files.items()
        for name, piece in pieces.items()
        if any(map(matches, piece.texts))
    }


def _templates(graph: Graph, path: str) -> list[str]:
    """The files beside a template, which may include or extend it."""
    place = PurePosixPath(path)
    top = next(
        (part for part in place.parents if part.name in ("templates", "template", "emails", "email-templates")),
        place.parent,
    )
    root = graph.codebase.root
    found = sorted((root / top).rglob(f"*{place.suffix}")) if place.suffix else []
    return [each.relative_to(root).as_posix() for each in found[:2000]]


def _text(path: "object") -> str:
    from pathlib import Path

    try:
        return Path(str(path)).read_text("utf-8", "replace")
    except OSError:
        return ""


def _reason(graph: Graph, test: Test, goals: Mapping[Node, str]) -> str:
    """``test → fixture → endpoint (changed)``, at most five names."""
    way = graph.path_to(test, set(goals))
    if not way:
        return "reaches what changed"
    steps = [f"import of {path}" if name == INIT else name.rstrip("@+") for path, name in way]
    steps = steps if len(steps) <= 5 else [*steps[:2], "…", *steps[-2:]]
    return f"{' → '.join(steps)} ({goals[way[-1]]})"
