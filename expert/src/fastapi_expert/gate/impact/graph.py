"""Who depends on what: from every test to every piece of code that it can reach, over names, imports and routes.

The graph holds more than what runs, never less (`links`). Two things keep it from holding everything: an
application does not lead to its endpoints (`routes`), and a method is reached only by what reaches its class
and mentions its name as well (`spread`).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.gate.impact.links import Links
from fastapi_expert.gate.impact.pieces import INIT, VERSION, Piece, pieces_of
from fastapi_expert.gate.impact.routes import Requests
from fastapi_expert.gate.impact.tests import Node, Test

_OfClass = dict[Node, list[tuple[str, Node]]]
_BLOB = f"affected-pieces-{VERSION}"


@dataclass(slots=True)
class Graph:
    """``edges`` lead from a piece to what it may use, ``loads`` from an import to what it runs.

    ``reach`` holds the tests that come by each piece, as bits; ``groups`` what each class goes by beside its own name.
    """

    codebase: Codebase
    files: Mapping[str, Mapping[str, Piece]]
    tests: list[Test] = field(default_factory=list[Test])
    edges: dict[Node, set[Node]] = field(default_factory=lambda: defaultdict(set))
    loads: Mapping[Node, set[Node]] = field(default_factory=dict[Node, set[Node]])
    groups: Mapping[Node, tuple[str, ...]] = field(default_factory=dict[Node, tuple[str, ...]])
    reach: dict[Node, int] = field(default_factory=dict[Node, int])
    members: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, codebase: Codebase) -> "Graph":
        """The graph of a codebase as it is on disk."""
        links = Links(codebase, _pieces(codebase))
        links.draw()
        graph = cls(codebase, links.files, list(links.suite.tests()), links.edges, links.loads, links.groups())
        Requests(links, graph.tests).draw()
        spread(graph)
        return graph

    def path_to(self, test: Test, goals: set[Node]) -> list[Node]:
        """A shortest way from ``test`` to one of ``goals``, for a reason that a person can follow."""
        bit = 1 << self.tests.index(test)
        came: dict[Node, Node | None] = dict.fromkeys((test.node, *test.also))
        pending = list(came)
        for node in pending:
            if node in goals:
                return _way(came, node)
            for following in sorted(self.edges.get(node, set()) | self.loads.get(node, set())):
                found = [following] if following[0] else self.members.get(following[1], [])
                for each in found:
                    if each not in came and self.reach.get(each, 0) & bit:
                        came[each] = node
                        pending.append(each)
        return []


def _pieces(codebase: Codebase) -> dict[str, dict[str, Piece]]:
    """Every file's pieces; those of a file that was read before come from the cache, by the hash of its content."""
    cache = codebase.cache
    cached: dict[str, list[Any]] = json.loads((cache and cache.get_blob(_BLOB)) or b"{}")
    files: dict[str, dict[str, Piece]] = {}
    now: dict[str, list[Any]] = {}
    for path in codebase.files:
        digest = codebase.scan.stamps[path][1].hex()
        known = cached.get(path)
        if known and known[0] == digest:
            files[path] = {rows[0]: Piece.of(rows) for rows in known[1]}
            now[path] = known
        else:
            files[path] = pieces_of((codebase.root / path).read_bytes())
            now[path] = [digest, [piece.row() for piece in files[path].values()]]
    if cache and any(now[path] is not cached.get(path) for path in now):
        cache.put_blob(_BLOB, json.dumps(now, separators=(",", ":")).encode())
    return files


def _way(came: Mapping[Node, Node | None], node: Node | None) -> list[Node]:
    way: list[Node] = []
    while node is not None:
        way.append(node)
        node = came[node]
    return way[::-1]


def spread(graph: Graph) -> None:
    """Fill ``reach``: what a test runs itself, and what ran when a module was imported that it needs.

    Importing is a run of its own, one for each module: a method is reached in it only where the class and the name both
    are. What it makes is in a value of the module, which leads to it whoever uses the value.
    """
    members, of_class = _members(graph.files, graph.groups)
    imports = list(graph.loads)
    ran = _carried(graph.edges, members, of_class, [graph.loads[one] for one in imports], stops=True)
    for node, bits in ran.items():
        for value in _values(graph, node) if node[0] and bits else ():
            graph.edges[value] |= {node, (node[0], node[1].partition(".")[0])}
    reach = _carried(graph.edges, members, of_class, [(test.node, *test.also) for test in graph.tests], stops=False)
    for node, bits in ran.items():
        for number, one in enumerate(imports):
            if bits >> number & 1:
                reach[node] |= reach[one]
    graph.members = members
    graph.reach = dict(reach)


def _values(graph: Graph, node: Node) -> list[Node]:
    """The values of modules that a function puts something into: whoever uses one may meet what the function made."""
    piece = graph.files[node[0]].get(node[1])
    if piece is None or piece.kind not in ("function", "member") or not piece.stores:
        return []
    near = [each for each in graph.edges.get(node, ()) if each[0] and each[1] in piece.stores]
    return [each for each in near if each[1] in graph.files[each[0]] and graph.files[each[0]][each[1]].kind == "value"]


def _members(
    files: Mapping[str, Mapping[str, Piece]], groups: Mapping[Node, tuple[str, ...]]
) -> tuple[dict[str, list[Node]], _OfClass]:
    """The methods by name, and by name and family; those of each class by both."""
    members: dict[str, list[Node]] = defaultdict(list)
    of_class: _OfClass = defaultdict(list)
    for path, pieces in files.items():
        for name, piece in pieces.items():
            if piece.owner:
                short = name.partition(".")[2]
                for each in (short, *(f"{short} of {group}" for group in groups.get((path, piece.owner), ()))):
                    members[each].append((path, name))
                    of_class[path, piece.owner].append((each, (path, name)))
    return members, of_class


def _carried(
    edges: Mapping[Node, set[Node]],
    members: Mapping[str, list[Node]],
    of_class: _OfClass,
    roots: Iterable[Iterable[Node]],
    *,
    stops: bool,
) -> dict[Node, int]:
    """Which roots come by each piece, as bits: a method needs both its class and its name. ``stops``: at imports."""
    reach: dict[Node, int] = defaultdict(int)
    waiting: set[Node] = set()

    def arrive(node: Node, tests: int) -> None:
        if tests & ~reach[node]:
            reach[node] |= tests
            waiting.add(node)

    for number, nodes in enumerate(roots):
        for node in nodes:
            arrive(node, 1 << number)
    while waiting:
        node = waiting.pop()
        if stops and (node[1] == INIT or node[1].endswith("+")):
            continue
        tests = reach[node]
        for following in edges.get(node, ()):
            arrive(following, tests)
        if not node[0]:
            named = members.get(node[1], ()) if node[1] != "*" else [each for some in members.values() for each in some]
            for path, name in named:
                arrive((path, name), tests & reach[path, name.partition(".")[0]])
        for short, member in of_class.get(node, ()):
            arrive(member, tests & (reach["", short] | reach["", "*"]))
    return reach


def tests_of(graph: Graph, bits: int) -> Iterator[Test]:
    """The tests that a mask of `Graph.reach` stands for."""
    for number, test in enumerate(graph.tests):
        if bits >> number & 1:
            yield test
