"""Who depends on what: from every test to every piece of code that it can reach, over names, imports and routes.

The graph holds more than what runs, never less (`links`). Two things keep it from holding everything: an
application does not lead to its endpoints (`routes`), and a method is reached only by what reaches its class
and mentions its name as well (`spread`).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.gate.impact.links import Links
from fastapi_expert.gate.impact.pieces import VERSION, Piece, pieces_of
from fastapi_expert.gate.impact.routes import Requests
from fastapi_expert.gate.impact.tests import Node, Test

_BLOB = f"affected-pieces-{VERSION}"


@dataclass(slots=True)
class Graph:
    """``edges`` lead from a piece to what it may use; ``reach`` holds the tests that come by each piece, as bits."""

    codebase: Codebase
    files: Mapping[str, Mapping[str, Piece]]
    tests: list[Test] = field(default_factory=list[Test])
    edges: dict[Node, set[Node]] = field(default_factory=lambda: defaultdict(set))
    reach: dict[Node, int] = field(default_factory=dict[Node, int])
    members: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, codebase: Codebase) -> "Graph":
        """The graph of a codebase as it is on disk."""
        links = Links(codebase, _pieces(codebase))
        links.draw()
        graph = cls(codebase, links.files, list(links.suite.tests()), links.edges)
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
            for following in sorted(self.edges.get(node, ())):
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
    """Carry every test along the edges to a fixed point; a method needs both its class and its name."""
    reach: dict[Node, int] = defaultdict(int)
    waiting: set[Node] = set()

    def arrive(node: Node, tests: int) -> None:
        if tests & ~reach[node]:
            reach[node] |= tests
            waiting.add(node)

    members = graph.members
    of_class: dict[Node, list[tuple[str, Node]]] = defaultdict(list)
    for path, pieces in graph.files.items():
        for name, piece in pieces.items():
            if piece.owner:
                short = name.partition(".")[2]
                members[short].append((path, name))
                of_class[path, piece.owner].append((short, (path, name)))
    for number, test in enumerate(graph.tests):
        for node in (test.node, *test.also):
            arrive(node, 1 << number)
    while waiting:
        node = waiting.pop()
        tests = reach[node]
        for following in graph.edges.get(node, ()):
            arrive(following, tests)
        if not node[0]:
            named = members[node[1]] if node[1] != "*" else [each for some in members.values() for each in some]
            for path, name in named:
                arrive((path, name), tests & reach[path, name.partition(".")[0]])
        for short, member in of_class.get(node, ()):
            arrive(member, tests & (reach["", short] | reach["", "*"]))
    graph.reach = dict(reach)


def tests_of(graph: Graph, bits: int) -> Iterator[Test]:
    """The tests that a mask of `Graph.reach` stands for."""
    for number, test in enumerate(graph.tests):
        if bits >> number & 1:
            yield test
