"""Who depends on what: from every test to every piece of code that it can reach, over names, imports and routes.

An edge is drawn wherever a name in one piece can mean another, so that the graph holds more than what runs, never
less. Two things keep it from holding everything. An application does not lead to its endpoints: a test reaches those
whose address and method its own text holds. And a method is reached only by who reaches its class and mentions its
name as well.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from fastapi_expert.codebase import Codebase, ServedRoute
from fastapi_expert.gate.affected_pieces import INIT, Piece, pieces_of
from fastapi_expert.gate.affected_tests import FIXTURE, Node, Suite, Test, is_test_file

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_WORD = re.compile(r"[A-Za-z0-9_\-.]+")
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

    @classmethod
    def of(cls, codebase: Codebase) -> "Graph":
        """The graph of a codebase as it is on disk."""
        files = {path: pieces_of((codebase.root / path).read_bytes()) for path in codebase.files}
        return _Builder(cls(codebase, files)).build()

    def path_to(self, test: Test, goals: set[Node]) -> list[Node]:
        """A shortest way from ``test`` to one of ``goals``, for a reason that a person can follow."""
        came: dict[Node, Node | None] = dict.fromkeys((test.node, *test.also))
        pending = list(came)
        for node in pending:
            if node in goals:
                way: list[Node] = []
                at: Node | None = node
                while at is not None:
                    way.append(at)
                    at = came[at]
                return way[::-1]
            for following in sorted(self.edges.get(node, ())):
                if following not in came and following[0]:
                    came[following] = node
                    pending.append(following)
        return []


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
        node = (path, name)
        mentioned = piece.runs if name == INIT else piece.names
        self.edges[node] |= self.meant(path, mentioned, node)
        self.edges[node] |= {("", each) for each in mentioned & self.member_names}
        for text in piece.texts if name != INIT else ():
            self.edges[node] |= self.meant_by_text(path, text)
            if text in self.member_names:
                self.edges[node].add(("", text))
        if "getattr" in mentioned:
            self.edges[node].add(("", "*"))
        if piece.kind == "class":
            self.link_members(path, piece)

    def meant(self, path: str, names: set[str], node: Node) -> set[Node]:
        """Every piece that one of ``names`` can be at the end of the module at ``path``."""
        found: set[Node] = set()
        bound = self.names.bindings(path)
        stars = list(self.names.star_sources(path))
        for name in names:
            if name in self.files[path] and name != INIT:
                found.add((path, name))
                if name not in bound:
                    continue
            if name in bound or stars:
                symbol = self.names.resolve(path, name)
                if symbol is None or symbol.kind == "external":
                    continue
                if symbol.kind == "module":
                    found |= self.in_module(symbol.path, names)
                else:
                    found |= self.node_of(symbol.path, symbol.name)
        found.discard(node)
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
        foreign = any(self.is_foreign(path, base) for base in piece.bases)
        for name, member in self.files[path].items():
            if member.owner != piece.name:
                continue
            short = name.partition(".")[2]
            called_by_framework = (
                (foreign and member.kind == "member") or short.startswith("__") or self.is_hook(member)
            )
            if called_by_framework:
                self.edges[path, piece.name].add((path, name))

    def is_hook(self, member: Piece) -> bool:
        plain = ("@staticmethod", "@classmethod", "@property", "@abstractmethod", "@cached_property", "@override")
        return any(not each.replace(" ", "").startswith(plain) for each in member.decorators)

    def is_foreign(self, path: str, base: str) -> bool:
        """Whether a base class is a library's, which may call any method by rules of its own."""
        name = base.partition("[")[0].partition("=")[0].strip()
        if name.rsplit(".", 1)[-1] in _PLAIN:
            return False
        symbol = self.names.resolve(path, name)
        return symbol is None or symbol.kind == "external"

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
                        for app in self.meant(path, {receiver}, ("", "")):
                            self.edges[app].add((path, name))
        asked = [(route, _asked_by(route), self.endpoint(route), self.needs(route)) for route in served]
        for test in self.graph.tests:
            words, names = self.says(test)
            for route, tokens, endpoint, needs in asked:
                if tokens & words and _method_said(route, names, words):
                    self.edges[test.node] |= endpoint | needs
            if loose and names & {"client", "app", "TestClient", "AsyncClient"}:
                self.edges[test.node] |= set(loose)

    def says(self, test: Test) -> tuple[set[str], set[str]]:
        """Every word of every text, and every name, in the test and in what it uses on the side of the tests."""
        words: set[str] = set()
        names: set[str] = set()
        pending = [test.node, *test.also]
        seen = set(pending)
        while pending:
            path, name = node = pending.pop()
            piece = self.files[path].get(name) if path else None
            if piece is None:
                continue
            if path not in self.suite.test_side:
                words |= (
                    _words(piece) if piece.kind == "value" else set()
                )  # an address kept in a constant of the project
                continue
            words |= self.words[node]
            names |= piece.names
            for following in self.edges[node]:
                if following not in seen and following[1] != INIT:
                    seen.add(following)
                    pending.append(following)
        return words, names

    @cached_property
    def words(self) -> Mapping[Node, set[str]]:
        """The words of each piece's texts."""
        return {
            (path, name): _words(piece) for path in self.suite.test_side for name, piece in self.files[path].items()
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

        members: dict[str, list[tuple[Node, Node]]] = defaultdict(list)
        of_class: dict[Node, list[tuple[str, Node]]] = defaultdict(list)
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                if piece.owner:
                    short = name.partition(".")[2]
                    members[short].append(((path, piece.owner), (path, name)))
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
                pairs = members[node[1]] if node[1] != "*" else [pair for each in members.values() for pair in each]
                for owner, member in pairs:
                    arrive(member, tests & reach[owner])
            for short, member in of_class.get(node, ()):
                arrive(member, tests & (reach["", short] | reach["", "*"]))
        self.graph.reach = dict(reach)


def _words(piece: Piece) -> set[str]:
    ends = {"/"} if any(text.endswith("/") for text in piece.texts) else set[str]()
    return {word for text in piece.texts for word in _WORD.findall(text)} | ends


def _is_route(decorator: str) -> bool:
    return (
        re.match(r"@\s*[\w.]+\.(get|post|put|patch|delete|head|options|trace|websocket|api_route|route)\(", decorator)
        is not None
    )


def _asked_by(route: ServedRoute) -> set[str]:
    """The words of which a test must hold one to ask for this route: the last fixed part of its path, its name."""
    fixed = [part for part in route.route.path.split("/") if part and "{" not in part]
    mixed = [
        word
        for part in route.route.path.split("/")
        if "{" in part
        for word in _WORD.findall(re.sub(r"{[^}]*}", " ", part))
    ]
    last = {fixed[-1]} if fixed else {"/"}
    return last | set(mixed) | {route.route.name}


def _method_said(route: ServedRoute, names: set[str], words: set[str]) -> bool:
    if route.route.websocket:
        return "websocket_connect" in names
    method = route.route.method
    said = method.lower() in names or method in words or method.lower() in words
    return said or bool(names & _ANY_METHOD) or (method == "HEAD" and "get" in names)


def tests_of(graph: Graph, bits: int) -> Iterator[Test]:
    """The tests that a mask of `Graph.reach` stands for."""
    for number, test in enumerate(graph.tests):
        if bits >> number & 1:
            yield test
