"""Who depends on what: from every test to every piece of code that it can reach, over names, imports and routes.

An edge is drawn wherever a name in one piece can mean another, so that the graph holds more than what runs, never
less. Two things keep it from holding everything. An application does not lead to its endpoints: a test reaches those
whose address and method its own text holds. And a method is reached only by who reaches its class and mentions its
name as well.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi_expert.codebase import Codebase, ServedRoute
from fastapi_expert.gate.affected_pieces import INIT, VERSION, Piece, pieces_of
from fastapi_expert.gate.affected_tests import FIXTURE, Node, Suite, Test, is_test_file

Address = tuple[str, ...]
"""The parts of a path, or of a piece of one."""
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_BLOB = f"affected-pieces-{VERSION}"
_PLAIN = ("object", "ABC", "Protocol", "Generic")
# spellings by which a client's method is chosen at run time
_ANY_METHOD = frozenset({"request", "send", "build_request", "stream", "getattr", "openapi", "routes", "url_path_for"})
_REGISTERS = re.compile(r"@\s*[\w.]+\.(middleware|exception_handler|on_event|add_\w+)\b")


@dataclass(slots=True)
class Graph:
    """``edges`` lead from a piece to what it may use; ``reach`` holds the tests that come by each piece, as bits."""

    codebase: Codebase
    files: dict[str, dict[str, Piece]]
    tests: list[Test] = field(default_factory=list[Test])
    edges: dict[Node, set[Node]] = field(default_factory=lambda: defaultdict(set))
    reach: dict[Node, int] = field(default_factory=dict[Node, int])
    members: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, codebase: Codebase) -> "Graph":
        """The graph of a codebase as it is on disk."""
        return _Builder(cls(codebase, _pieces(codebase))).build()

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
    kept: dict[str, list[Any]] = json.loads((cache and cache.get_blob(_BLOB)) or b"{}")
    files: dict[str, dict[str, Piece]] = {}
    now: dict[str, list[Any]] = {}
    for path in codebase.files:
        digest = codebase.scan.stamps[path][1].hex()
        known = kept.get(path)
        if known and known[0] == digest:
            files[path] = {rows[0]: Piece.of(rows) for rows in known[1]}
            now[path] = known
        else:
            files[path] = pieces_of((codebase.root / path).read_bytes())
            now[path] = [digest, [piece.row() for piece in files[path].values()]]
    if cache and any(now[path] is not kept.get(path) for path in now):
        cache.put_blob(_BLOB, json.dumps(now, separators=(",", ":")).encode())
    return files


def _way(came: Mapping[Node, Node | None], node: Node | None) -> list[Node]:
    way: list[Node] = []
    while node is not None:
        way.append(node)
        node = came[node]
    return way[::-1]


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.codebase = graph.codebase
        self.files = graph.files
        self.edges = graph.edges
        self.names = graph.codebase.names
        self.suite = Suite(graph.files, graph.codebase.names)

    def build(self) -> Graph:
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                self.link(path, name, piece)
        self.graph.tests += self.suite.tests()
        self.link_conftests()
        self.link_imports()
        self.link_routes()
        self.spread()
        return self.graph

    # --- names ---

    @cached_property
    def member_names(self) -> set[str]:
        return {
            name.partition(".")[2] for pieces in self.files.values() for name, piece in pieces.items() if piece.owner
        }

    @cached_property
    def class_names(self) -> Mapping[str, list[Node]]:
        found: dict[str, list[Node]] = defaultdict(list)
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                if piece.kind == "class":
                    found[name].append((path, name))
        return found

    def link(self, path: str, name: str, piece: Piece) -> None:
        if name == INIT:
            self.link_import(path, piece)
            return
        node = (path, name)
        found = self.meant(path, piece.names, piece.chains)
        for text in piece.texts:
            found |= self.meant_by_text(path, text)
        found |= {("", each) for each in (piece.attributes | piece.texts) & self.member_names}
        if "getattr" in piece.names:
            found.add(("", "*"))
        self.edges[node] |= found - {node}
        if piece.kind == "class":
            body = body_of(node)
            self.edges[body] |= {self.body(each) for each in found} - {body}
            self.link_members(path, piece)

    def link_import(self, path: str, piece: Piece) -> None:
        """What runs at import: functions, and classes as far as making one goes."""
        node = (path, INIT)
        for each in self.meant(path, piece.runs, set()):
            self.edges[node].add(self.body(each))
            if self.is_class(each):
                own = (name for name, member in self.files[each[0]].items() if member.owner == each[1])
                self.edges[node] |= {(each[0], name) for name in own if name.partition(".")[2] in piece.runs}

    def is_class(self, node: Node) -> bool:
        piece = self.files[node[0]].get(node[1]) if node[0] else None
        return piece is not None and piece.kind == "class"

    def body(self, node: Node) -> Node:
        """For a class its body, else the piece itself."""
        return body_of(node) if self.is_class(node) else node

    def meant(self, path: str, names: set[str], chains: set[str]) -> set[Node]:
        """Every piece that one of ``names`` or ``chains`` (``a.b``) can be at the end of the module at ``path``."""
        found: set[Node] = set()
        heads: dict[str, set[str]] = {name: set(names) for name in names}  # a bare module may be used by any name
        for chain in chains:
            head, _, rest = chain.partition(".")
            heads.setdefault(head, set()).update(rest.split("."))
        for name, attributes in heads.items():
            if name in self.files[path] and name != INIT:
                found.add((path, name))
            symbol = self.names.resolve(path, name)
            if symbol is None or symbol.kind == "external":
                continue
            found |= self.in_module(symbol.path, attributes) if symbol.kind == "module" else self.node_of(*symbol[1:])
        return found

    def in_module(self, place: str, names: set[str], depth: int = 0) -> set[Node]:
        """What ``names`` mean as attributes of the module at ``place``, submodules of a package included."""
        found: set[Node] = set()
        for name in names:
            if place in self.files and name in self.files[place] and name != INIT:
                found.add((place, name))
            child = self.names.modules.child(place, name) if depth < 4 else None
            if child is not None:
                found |= self.in_module(child, names, depth + 1)
            if place in self.files and name in self.names.bindings(place):
                symbol = self.names.resolve(place, name)
                if symbol is not None and symbol.kind not in ("external", "module") and symbol.path:
                    found |= self.node_of(symbol.path, symbol.name)
        return found

    def node_of(self, path: str, qualname: str) -> set[Node]:
        """The pieces of a function, class or value: of ``Class.method`` both."""
        pieces = self.files.get(path, {})
        parts = qualname.split(".")
        return {(path, name) for name in (parts[0], ".".join(parts[:2])) if name in pieces}

    def meant_by_text(self, path: str, text: str) -> set[Node]:
        """A dotted path (`patch("app.mail.send")`), or a class by its name (`relationship("User")`)."""
        if text in self.class_names:
            return set(self.class_names[text])
        if not _DOTTED.fullmatch(text):
            return set(self.class_names.get(text.strip("[] "), ()))
        parts = text.split(".")
        for cut in range(len(parts), 0, -1):
            place = self.names.modules.find(path, ".".join(parts[:cut]))
            if place is not None:
                rest = set(parts[cut:])
                return self.in_module(place, rest) | {("", each) for each in rest & self.member_names}
        return set()

    def link_members(self, path: str, piece: Piece) -> None:
        """A class leads to its body, that to the methods which nobody need name: constructors, hooks, and theirs."""
        node = (path, piece.name)
        self.edges[node].add(body_of(node))
        own = {
            name.partition(".")[2]: member for name, member in self.files[path].items() if member.owner == piece.name
        }
        foreign = self.is_foreign(path, piece)
        always = {
            short
            for short, member in own.items()
            if short.startswith("__") or (member.kind == "member" and (foreign or self.is_hook(member)))
        }
        pending = list(always)
        while pending:
            called = own[pending.pop()].attributes & own.keys() - always
            always |= called
            pending += called
        self.edges[body_of(node)] |= {(path, f"{piece.name}.{short}") for short in always}

    def is_hook(self, member: Piece) -> bool:
        plain = ("@staticmethod", "@classmethod", "@property", "@abstractmethod", "@cached_property", "@override")
        return any(not each.replace(" ", "").startswith(plain) for each in member.decorators)

    def is_foreign(self, path: str, piece: Piece) -> bool:
        """Whether a class comes from a library's, near or far: that may call any method by rules of its own."""
        for base in piece.bases:
            name = base.partition("[")[0].strip()
            if "=" in base or name.rpartition(".")[2] in _PLAIN:
                continue
            symbol = self.names.resolve(path, name)
            above = self.files.get(symbol.path, {}).get(symbol.name) if symbol else None
            if symbol is None or above is None or above is piece or self.is_foreign(symbol.path, above):
                return True
        return False

    def link_conftests(self) -> None:
        """A name in a test file may be a fixture of a conftest above it; the name it is asked by may be another."""
        for path, pieces in self.files.items():
            places = self.suite.conftests(path)
            if not places or not (is_test_file(path) or path in self.suite.test_side):
                continue
            offered = {name: (place, name) for place in places for name in self.files[place] if name != INIT}
            for place in (*places, path):
                for name, piece in self.files[place].items():
                    for decorator in piece.decorators:
                        renamed = re.search(r"name\s*=\s*[\"'](\w+)", decorator) if FIXTURE.match(decorator) else None
                        if renamed:
                            offered[renamed[1]] = (place, name)
            for name, piece in pieces.items():
                mentioned = piece.names | piece.texts
                self.edges[path, name] |= {offered[each] for each in mentioned & offered.keys()} - {(path, name)}

    # --- imports ---

    def link_imports(self) -> None:
        """Importing a module runs it, and what it imports: from ``<init>`` to ``<init>``."""
        for path, pieces in self.files.items():
            self.edges[path, INIT] |= {(other, INIT) for other in self.codebase.imports_of(path) if other in self.files}
            for name in pieces:
                if name != INIT:
                    self.edges[path, name].add((path, INIT))

    # --- routes ---

    def link_routes(self) -> None:
        served = list(self.codebase.served)
        known = {node for route in served for node in self.endpoint(route)}
        loose = [  # decorated like a route, yet served by no app that we could follow
            (path, name)
            for path, pieces in self.files.items()
            for name, piece in pieces.items()
            if path not in self.suite.test_side and (path, name) not in known and any(map(_is_route, piece.decorators))
        ]
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                for decorator in piece.decorators:
                    registers = _REGISTERS.match(decorator)
                    if registers:  # middleware, handlers: whoever meets the app meets them
                        receiver = decorator.lstrip("@ ").partition(".")[0]
                        for app in self.meant(path, {receiver}, set()):
                            self.edges[app].add((path, name))
        asked = [(route, self.endpoint(route) | self.needs(route)) for route in served]
        for test in self.graph.tests:
            addresses, names = self.says(test)
            words = {word for address in addresses for word in address}
            for route, pieces in asked:
                if _method_said(route, names, words) and _asks(addresses, words, route):
                    self.edges[test.node] |= pieces
            if loose and names & {"client", "app", "TestClient", "AsyncClient"}:
                self.edges[test.node] |= set(loose)

    def says(self, test: Test) -> tuple[set[Address], set[str]]:
        """Every address and every name in the test and in what it uses on the side of the tests."""
        addresses: set[Address] = set()
        names: set[str] = set()
        pending = [test.node, *test.also]
        seen = set(pending)
        while pending:
            path, name = node = pending.pop()
            piece = self.files[path].get(name) if path else None
            if piece is None:
                continue
            if path not in self.suite.test_side:
                # an address kept in a constant of the project
                addresses |= _addresses(piece) if piece.kind == "value" else set()
                continue
            addresses |= self.addresses[node]
            names |= piece.names | piece.attributes
            for following in self.edges[node]:
                if following not in seen and following[1] != INIT:
                    seen.add(following)
                    pending.append(following)
        return addresses, names

    @cached_property
    def addresses(self) -> Mapping[Node, set[Address]]:
        """What the texts of each piece on the side of the tests may be a part of."""
        return {
            (path, name): _addresses(piece) for path in self.suite.test_side for name, piece in self.files[path].items()
        }

    def endpoint(self, route: ServedRoute) -> set[Node]:
        return self.component(route.route.endpoint)

    def needs(self, route: ServedRoute) -> set[Node]:
        return {node for each in route.route.dependencies for node in self.component(each)}

    def component(self, id: str) -> set[Node]:
        path, _, qualname = id.partition(":")[2].partition("::")
        return self.node_of(path, qualname.partition("@")[0])

    # --- reach ---

    def spread(self) -> None:
        """Carry every test along the edges to a fixed point; a method wants its class and its name both."""
        reach: dict[Node, int] = defaultdict(int)
        waiting: set[Node] = set()

        def arrive(node: Node, tests: int) -> None:
            if tests & ~reach[node]:
                reach[node] |= tests
                waiting.add(node)

        members = self.graph.members
        of_class: dict[Node, list[tuple[str, Node]]] = defaultdict(list)
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                if piece.owner:
                    short = name.partition(".")[2]
                    members[short].append((path, name))
                    of_class[path, piece.owner].append((short, (path, name)))
        for number, test in enumerate(self.graph.tests):
            for node in (test.node, *test.also):
                arrive(node, 1 << number)
        while waiting:
            node = waiting.pop()
            tests = reach[node]
            for following in self.edges.get(node, ()):
                arrive(following, tests)
            if not node[0]:
                named = members[node[1]] if node[1] != "*" else [each for some in members.values() for each in some]
                for path, name in named:
                    arrive((path, name), tests & reach[path, name.partition(".")[0]])
            for short, member in of_class.get(node, ()):
                arrive(member, tests & (reach["", short] | reach["", "*"]))
        self.graph.reach = dict(reach)


def _addresses(piece: Piece) -> set[Address]:
    """The texts of a piece as parts of paths: cut at blanks, without host and query; ``/`` alone has no parts."""
    found: set[Address] = set()
    for text in piece.texts:
        for chunk in text.split():
            path = re.sub(r"^\w+://[^/]*", "", chunk).partition("?")[0]
            found.add(tuple(part for part in path.split("/") if part) or ("/",))
    return found


def _asks(addresses: set[Address], words: set[str], route: ServedRoute) -> bool:
    """Whether a text can be a part of the route's path with its last fixed part; parameters match anything."""
    wanted = tuple(None if "{" in part else part for part in route.route.path.split("/") if part)
    last = next((part for part in reversed(wanted) if part), None)
    if route.route.name in words or (last in words and ":path}" in route.route.path):
        return True
    if last is not None and last not in words:
        return False
    for address in addresses:
        if address == ("/",):
            if not wanted:
                return True
        elif last is None or last in address:
            parts = (wanted[start : start + len(address)] for start in range(len(wanted) - len(address) + 1))
            if any(all(there in (None, here) for there, here in zip(part, address, strict=True)) for part in parts):
                return True
    return False


def _is_route(decorator: str) -> bool:
    return (
        re.match(r"@\s*[\w.]+\.(get|post|put|patch|delete|head|options|trace|websocket|api_route|route)\(", decorator)
        is not None
    )


def _method_said(route: ServedRoute, names: set[str], words: set[str]) -> bool:
    if route.route.websocket:
        return "websocket_connect" in names
    method = route.route.method
    said = method.lower() in names or method in words or method.lower() in words
    return said or bool(names & _ANY_METHOD) or (method == "HEAD" and "get" in names)


def body_of(node: Node) -> Node:
    """A class without its methods, and what makes one: what importing it reaches."""
    return (node[0], f"{node[1]}@")


def tests_of(graph: Graph, bits: int) -> Iterator[Test]:
    """The tests that a mask of `Graph.reach` stands for."""
    for number, test in enumerate(graph.tests):
        if bits >> number & 1:
            yield test
