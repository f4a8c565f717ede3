"""What a name, a place or a change reaches: routes, schemas, tables and their migrations, tasks, tests.

The engine is the one that chooses tests: what is asked of tests there is asked here of every route, table and task.
It holds more than what runs, never less.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import is_migration
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.errors import UsageError
from fastapi_expert.gate.impact.graph import Graph, spread, tests_of
from fastapi_expert.gate.impact.links import body_of
from fastapi_expert.gate.impact.pieces import INIT
from fastapi_expert.gate.impact.select import LOADED_BY_NAME, Unknown, goals_of, is_loaded_by_name
from fastapi_expert.gate.impact.tests import Node, Test
from fastapi_expert.git import Repository

_PLACE = re.compile(r"(.+\.py):(\d+)")
_KINDS = ("schema", "table", "task", "middleware", "settings")
Before = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Impact:
    """``asked`` are the pieces of code in question, `app/users.py::get_user`; the rest is what reaches them.

    ``everything`` says why all of the tests may be affected, where the text does not tell.
    """

    asked: tuple[str, ...]
    routes: tuple[Route, ...]
    components: tuple[Component, ...]
    migrations: tuple[str, ...]
    tests: tuple[str, ...]
    tests_total: int
    everything: str | None = None


def of_name(codebase: Codebase, name: str) -> Impact:
    """What uses everything that is called ``name``: `get_user`, `User.email`, `app.users.get_user`.

    Raises:
        UsageError: nothing here is called so.
    """
    graph = Graph.of(codebase)
    goals = _named(graph, name)
    if not goals:
        raise UsageError(f"nothing here is called {name}", do="expert find looks for it; PATH:LINE names a place")
    return _impact(graph, goals)


def of_place(codebase: Codebase, path: str, line: int) -> Impact:
    """What uses the definition around a line.

    Raises:
        UsageError: the file is not part of this codebase, or is shorter.
    """
    facts = codebase.files.get(path)
    if facts is None or line > facts.lines + 1:
        raise UsageError(
            "there is no such line in this codebase", where=f"{path}:{line}", do="give it relative to PATH"
        )
    graph = Graph.of(codebase)
    return _impact(graph, {_around(graph, path, line)})


def what_is_asked(codebase: Codebase, what: str) -> Impact:
    """What uses a name, or the definition at a place, `app/users.py:12`. Raises UsageError for neither."""
    place = _PLACE.fullmatch(what)
    return of_place(codebase, place[1].removeprefix("./"), int(place[2])) if place else of_name(codebase, what)


def since_revision(codebase: Codebase, revision: str) -> Impact:
    """What the change since ``revision`` reaches, untracked files included. Raises GitError outside a repository."""
    root = codebase.folder
    repository = Repository.find(root)
    commit = repository.fork(revision)
    top = repository.root.resolve()
    names = [
        *repository.names("diff", "--name-only", "-z", commit),
        *repository.names("ls-files", "--others", "--exclude-standard", "-z"),
    ]
    inside = {(top / name): name for name in names if (top / name).is_relative_to(root)}

    def before(path: str) -> bytes | None:
        return repository.content(commit, inside.get(root / path, path))

    return of_change(codebase, [one.relative_to(root).as_posix() for one in inside], before)


def of_change(codebase: Codebase, changed: Iterable[str], before: Before) -> Impact:
    """What a change of the files ``changed`` (relative to the root) reaches; ``before`` gives their old text."""
    graph = Graph.of(codebase)
    goals: dict[Node, str] = {}
    everything: str | None = None
    for path in sorted(set(changed)):
        try:
            goals |= goals_of(graph, path, before)
        except Unknown as unknown:
            everything = everything or f"{path}: {unknown}"
    found = _impact(graph, goals)
    return replace(found, everything=everything or found.everything)


def _named(graph: Graph, name: str) -> set[Node]:
    found: set[Node] = set()
    for path, pieces in graph.files.items():
        module = graph.codebase.names.modules.name(path)
        for piece in pieces:
            if piece == INIT:
                continue
            plain = piece.rstrip("@")
            if plain in (name, name.removeprefix(f"{module}.")) or plain.rpartition(".")[2] == name:
                found.update(_nodes(graph, path, piece))
    return found


def _nodes(graph: Graph, path: str, piece: str) -> list[Node]:
    """A piece; of a class also its body, last."""
    is_class = graph.files[path][piece].kind == "class"
    return [(path, piece), body_of((path, piece))] if is_class else [(path, piece)]


def _around(graph: Graph, path: str, line: int) -> Node:
    """The innermost piece at a line; what runs when the module is imported where none is."""
    facts = graph.codebase.files[path]
    best: tuple[int, str] | None = None
    for one in (*facts.functions, *facts.classes):
        name = _piece(graph, path, one.qualname)
        if name is not None and one.start_line <= line <= one.end_line and (best is None or one.start_line >= best[0]):
            best = (one.start_line, name)
    if best is None:
        return (path, INIT)
    return _nodes(graph, path, best[1])[-1]


def _impact(graph: Graph, goals: "set[Node] | Mapping[Node, str]") -> Impact:
    codebase = graph.codebase
    routes = [one.route for one in codebase.served]
    parts = [one for one in codebase.components if one.kind in _KINDS]
    roots = [Test(f"route {number}", *_roots(graph, one)) for number, one in enumerate(routes)]
    roots += [Test(f"component {number}", *_node(graph, one.id)) for number, one in enumerate(parts)]
    reached = Graph(codebase, graph.files, roots, graph.edges, graph.loads, graph.groups)
    spread(reached)
    bits = tests = 0
    for node in goals:
        bits |= reached.reach.get(node, 0)
        tests |= graph.reach.get(node, 0)
    found = [one.id.split() for one in tests_of(reached, bits)]
    components = [parts[int(number)] for kind, number in found if kind == "component"]
    chosen = sorted({one.id for one in tests_of(graph, tests)})
    places = sorted({path for path, _ in goals if path in graph.files})
    return Impact(
        asked=tuple(sorted({_shown(node) for node in goals})),
        routes=tuple([routes[int(number)] for kind, number in found if kind == "route"]),
        components=tuple(sorted(components, key=lambda one: (_KINDS.index(one.kind), one.path, one.line))),
        migrations=tuple(_migrations(graph, components)),
        tests=tuple(chosen),
        tests_total=len({one.id for one in graph.tests}),
        everything=next((f"{path}: {LOADED_BY_NAME}" for path in places if is_loaded_by_name(graph, path)), None),
    )


def _roots(graph: Graph, route: Route) -> tuple[Node, tuple[Node, ...]]:
    """Where answering a route begins: its endpoint, and what it depends on."""
    first, rest = _node(graph, route.endpoint)
    needs = [node for one in route.dependencies for node in _all(graph, one)]
    return first, (*rest, *needs)


def _node(graph: Graph, id_: str) -> tuple[Node, tuple[Node, ...]]:
    nodes = _all(graph, id_)
    return (nodes[0], tuple(nodes[1:])) if nodes else (("", id_), ())


def _all(graph: Graph, id_: str) -> list[Node]:
    path, _, qualname = id_.partition(":")[2].partition("::")
    name = _piece(graph, path, qualname.partition("@")[0])
    return [] if name is None else _nodes(graph, path, name)


def _piece(graph: Graph, path: str, qualname: str) -> str | None:
    """The piece of a file that holds a definition: itself, or the method or class around it."""
    pieces, parts = graph.files.get(path, {}), qualname.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in pieces), None)


def _shown(node: Node) -> str:
    path, name = node
    return path if name == INIT else f"{path}::{name.rstrip('@')}"


def _migrations(graph: Graph, components: list[Component]) -> list[str]:
    """The files of migrations that name one of the tables."""
    tables = {name for one in components if one.kind == "table" for name in _table_names(graph, one)}
    return [
        path
        for path, pieces in graph.files.items()
        if is_migration(graph.codebase.files[path]) and any(tables & set(piece.texts) for piece in pieces.values())
    ]


def _table_names(graph: Graph, table: Component) -> set[str]:
    facts = graph.codebase.class_(table.id)
    given = (
        {one.default.strip("'\"") for one in facts.fields if one.name == "__tablename__"}
        if facts is not None
        else set[str]()
    )
    return given or {table.name.lower(), f"{table.name.lower()}s"}
