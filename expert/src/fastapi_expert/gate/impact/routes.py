"""Which tests ask for which routes: those whose text, with what they use on the side of the tests, says so.

An application does not lead to its endpoints. A test reaches those whose address and method its own text holds.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from fastapi_expert.codebase import ServedRoute
from fastapi_expert.codebase.vocabulary import APPLICATION_HOOKS, ROUTE_DECORATORS, VERBS
from fastapi_expert.gate.impact.links import Links
from fastapi_expert.gate.impact.pieces import INIT, Piece
from fastapi_expert.gate.impact.tests import Node, Test

Address = tuple[str, ...]
"""The parts of a path, or of a piece of one."""
# spellings by which a client's method is chosen at run time
_ANY_METHOD = frozenset({"request", "send", "build_request", "stream", "getattr", "openapi", "routes", "url_path_for"})
_BY_NAME = frozenset({"url_path_for", "url_for", "getattr", "routes", "openapi"})  # ways to ask for a route by its name
_HOST = re.compile(r"\w+://[^/]+/?")
_MEDIA = re.compile(r"(application|text|image|audio|video|multipart)/")
_NO_CLIENTS = frozenset({"sqlalchemy", "sqlmodel", "unittest", "mock", "operator"})  # they have names like the methods'
_REGISTERS = re.compile(rf"@\s*[\w.]+\.({'|'.join(APPLICATION_HOOKS)}|add_\w+)\b")

_SERVES = re.compile(rf"@\s*[\w.]+\.({'|'.join(ROUTE_DECORATORS)})\(")


class Requests:
    """The edges from tests to endpoints, and from applications to their middleware and handlers."""

    def __init__(self, links: Links, tests: Iterable[Test]) -> None:
        self.files, self.names, self.suite, self.edges = links.files, links.names, links.suite, links.edges
        self.links = links
        self.tests = tests
        self._answering: dict[tuple[str, bool], list[int]] = {}

    def draw(self) -> None:
        """All of them."""
        served = list(self.links.codebase.served)
        self.link_handlers()
        loose = self.loose({node for route in served for node in self.endpoint(route)})
        targets = [(route, self.endpoint(route) | self.needs(route)) for route in served]
        for test in self.tests:
            texts, names, requests = self.mentions(test)
            below = "base_url" in names and not any(_HOST.fullmatch(one) for one in texts)
            asked = {number for one in requests for number in self.answering(one, below=below)}
            if requests and not any("/" in one and not _MEDIA.match(one) for one in texts):
                texts = set[str]()  # words alone: no address is put together of them
            texts |= {one.partition(" ")[2] for one in requests if not self.answering(one, below=below)}
            addresses = {_parts(one) or ("/",) for one in texts}
            words = {word for address in addresses for word in address}
            for number, (route, pieces) in enumerate(targets):
                if number in asked or (_method_is_named(route, names, words) and _asks(addresses, names, words, route)):
                    self.edges[test.node] |= pieces
            if loose and names & {"client", "app", "TestClient", "AsyncClient"}:
                self.edges[test.node] |= loose

    def answering(self, request: str, *, below: bool) -> list[int]:
        """The routes that may answer what a client is told to ask for, by number; ``below``: of a base with a path."""
        if (request, below) not in self._answering:
            method, _, address = request.partition(" ")
            given = _parts(address)
            methods = {method.upper(), "HEAD" if method == "get" else ""}
            served = [
                (number, _parts(one.route.path))
                for number, one in enumerate(self.links.codebase.served)
                if one.route.method in methods or not one.route.method.isalpha()
            ]
            found = [] if below else [number for number, path in served if _matches(given, path)]
            found = found or [number for number, path in served if _matches(("{}", *given), path)]
            self._answering[request, below] = found
        return self._answering[request, below]

    def loose(self, known: set[Node]) -> set[Node]:
        """What is decorated like a route, yet served by no app that we could follow."""
        return {
            (path, name)
            for path, pieces in self.files.items()
            for name, piece in pieces.items()
            if path not in self.suite.test_side and (path, name) not in known and any(map(is_route, piece.decorators))
        }

    def link_handlers(self) -> None:
        """Middleware and handlers: what reaches the application reaches them."""
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                for decorator in filter(_REGISTERS.match, piece.decorators):
                    receiver = decorator.lstrip("@ ").partition(".")[0]
                    for app in self.links.meant(path, {receiver}, set()):
                        self.edges[app].add((path, name))

    def mentions(self, test: Test) -> tuple[set[str], set[str], set[str]]:
        """Every part of an address, every name and every whole request in the test and in what it uses beside it."""
        addresses: set[str] = set()
        names: set[str] = set()
        requests: set[str] = set()
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
            requests |= piece.requests
            names |= piece.attributes | {each for each in piece.names if not self.is_no_request(path, each)}
            for following in self.edges[node]:
                if following not in seen and following[1] != INIT:
                    seen.add(following)
                    pending.append(following)
        return addresses, names, requests

    def is_no_request(self, path: str, name: str) -> bool:
        """Whether a name that stands alone is a statement of SQL or a mock (`delete(Item)`, `patch("a.b")`)."""
        symbol = self.names.resolve(path, name) if name in VERBS else None
        return symbol is not None and symbol.kind == "external" and symbol.name.partition(".")[0] in _NO_CLIENTS

    @cached_property
    def addresses(self) -> Mapping[Node, set[str]]:
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
        return self.links.node_of(path, qualname.partition("@")[0])


def _addresses(piece: Piece) -> set[str]:
    """What the texts of a piece may have of paths: cut at blanks."""
    return {chunk for text in piece.texts - piece.whole for chunk in text.split()}


def _parts(text: str) -> Address:
    """The parts of a path, without host and query."""
    path = re.sub(r"^\w+://[^/]*", "", text).partition("?")[0].partition("#")[0]
    return tuple(part for part in path.split("/") if part)


def _matches(given: Address, wanted: Address) -> bool:
    """Whether an address can be one of a route's; a part with `{}` stands for any number of parts."""
    if not given:
        return not wanted
    *before, last = given
    rest = tuple(before)
    if "{}" in last:
        return any(_matches(rest, wanted[:cut]) for cut in range(len(wanted) + 1))
    if not wanted:
        return False
    if ":path}" in wanted[-1] and any(_matches(given[:cut], wanted[:-1]) for cut in range(len(given) + 1)):
        return True
    return ("{" in wanted[-1] or "{" in last or wanted[-1] == last) and _matches(rest, wanted[:-1])


def _asks(addresses: set[Address], names: set[str], words: set[str], route: ServedRoute) -> bool:
    """Whether a text can be a part of the route's path with its last fixed part; parameters match anything."""
    wanted = tuple(None if "{" in part else part for part in route.route.path.split("/") if part)
    last = next((part for part in reversed(wanted) if part), None)
    if (route.route.name in words and names & _BY_NAME) or (last in words and ":path}" in route.route.path):
        return True
    if last is not None and last not in words:
        return False
    for address in addresses:
        if address == ("/",):
            if not wanted:
                return True
        elif last is None or last in address:
            parts = (wanted[start : start + len(address)] for start in range(len(wanted) - len(address) + 1))
            if any(
                all(expected in (None, given) for expected, given in zip(part, address, strict=True)) for part in parts
            ):
                return True
    return False


def is_route(decorator: str) -> bool:
    """Whether it serves what it decorates."""
    return _SERVES.match(decorator) is not None


def _method_is_named(route: ServedRoute, names: set[str], words: set[str]) -> bool:
    if route.route.websocket:
        return "websocket_connect" in names
    method = route.route.method
    named = method.lower() in names or method in words or method.lower() in words
    return named or bool(names & _ANY_METHOD) or (method == "HEAD" and "get" in names)
