"""One codebase as rules see it: its functions and routes, what each gets injected, and the versions it is written "
"for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import Place
from fastapi_expert.codebase.model import Kind, Route
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.review.flow.decorated import decorated_routes
from fastapi_expert.review.flow.kinds import Kinds, Need
from fastapi_expert.review.flow.modules import Function, Module, Modules
from fastapi_expert.review.versions import Versions

_DEPTH = 10


Sort = Literal["call", "file", "client", "heavy"]
"""A plain blocking call; a file read or written; a client of a store or service; computation."""


class Wait(NamedTuple):
    """A call that waits: what it is called outside, its sort, and the names of the helpers on the way to it."""

    sort: Sort
    name: str
    call: tree.Call
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Injected:
    """A dependency of a function, at whatever depth: the need that asks for it, what runs, and whose need it is."""

    need: Need
    function: Function | None
    asked_by: Function
    depth: int


# expert: ignore[FX202] that one is the inventory's row; this one holds the function for rules
@dataclass(frozen=True, eq=False)
class ServedEndpoint:
    """A route with the function behind it; ``function`` is None where the text does not show it."""

    route: Route
    app: str
    function: Function | None


class Project:
    """What every rule gets.

    With ``drafts`` (path to text) rules look at those files alone, and of routes only what decorators in them tell is
    known: see :mod:`..draft`.
    """

    def __init__(self, codebase: Codebase, versions: Versions, drafts: Mapping[str, bytes] | None = None) -> None:
        self.codebase = codebase
        self.versions = versions
        self.drafts = drafts
        self.modules = Modules(codebase, drafts or {})
        self.kinds = Kinds(codebase, self.modules)
        self._chains: dict[int, tuple[Injected, ...]] = {}
        self.called: dict[int, tuple[tuple[tree.Call, Function], ...]] = {}
        """What :mod:`.calls` has worked out: the id of a function to its calls of others, and the other way round."""
        self.calling: dict[int, list[tuple[Function, tree.Call]]] = {}
        self.running: dict[int, Function] | None = None
        """What :mod:`.running` has worked out, and which of it is on the event loop."""
        self.on_loop: frozenset[int] = frozenset()
        self.waits: dict[int, tuple[Wait, ...]] = {}
        """What :mod:`.blocking` has worked out."""
        self.waits_behind: dict[int, Wait | None] = {}

    def paths(self, *, tests: bool = False) -> Iterator[str]:
        """The files, without those of tests, or those of tests alone."""
        for path in self.codebase.files if self.drafts is None else self.drafts:
            if path.endswith(".py") and is_test_path(path) is tests:
                yield path

    def all_paths(self) -> Iterator[str]:
        """The files without those of tests, beside a draft too: what holds for a whole application may stand anywhere.

        Reading all of them is for a rule that would say something otherwise.
        """
        for path in {**dict.fromkeys(self.codebase.files), **dict.fromkeys(self.drafts or ())}:
            if path.endswith(".py") and not is_test_path(path):
                yield path

    def module(self, path: str) -> Module:
        return self.modules[path]

    def functions(self, *words: str, tests: bool = False) -> Iterator[Function]:
        """The functions of the files whose text has one of ``words``; of all files without any."""
        wanted = [word.encode() for word in words]
        for path in self.paths(tests=tests):
            if wanted and not any(word in self.modules.source(path) for word in wanted):
                continue
            yield from self.modules[path].functions.values()

    def of_kind(self, *kinds: Kind) -> Iterator[Place]:
        """The definitions of a kind, those of the files that are looked at."""
        for place, kind in self.codebase.kinds.items():
            if kind in kinds and (self.drafts is None or place[0] in self.drafts):
                yield place

    def is_endpoint(self, function: Function) -> bool:
        return self.codebase.kinds.get((function.path, function.facts.qualname)) == "endpoint"

    def is_table(self, path: str, qualname: str) -> bool:
        return self.codebase.kinds.get((path, qualname)) == "table"

    @cached_property
    def served(self) -> tuple[ServedEndpoint, ...]:
        """Every route of every application; of a draft those that its decorators make."""
        if self.drafts is not None:
            return tuple(
                [
                    ServedEndpoint(route, "", function)
                    for function in self.endpoints
                    for route in decorated_routes(self.kinds, function)
                ]
            )
        found: list[ServedEndpoint] = []
        for one in self.codebase.served:
            if one.route.reach == "unattached":  # of a router that the text includes nowhere
                continue
            path, _, qualname = one.route.endpoint.partition(":")[2].partition("::")
            function = self.modules.function(path, qualname) if qualname else None
            found.append(ServedEndpoint(one.route, one.app, function))
        return tuple(found)

    @cached_property
    def endpoints(self) -> tuple[Function, ...]:
        """The functions that routes call, those of routers that no application includes too."""
        found: dict[int, Function] = {}
        for path, qualname in self.of_kind("endpoint"):
            function = self.modules.function(path, qualname) if not is_test_path(path) else None
            if function is not None:
                found[id(function)] = function
        return tuple(found.values())

    def injected(self, function: Function) -> tuple[Injected, ...]:
        """Every dependency that calling ``function`` runs, nearest first, each target once."""
        found = self._chains.get(id(function))
        if found is None:
            self._chains[id(function)] = ()
            found = self._chains[id(function)] = tuple(self._walk(function, 0, set()))
        return found

    def _walk(self, function: Function, depth: int, seen: set[int]) -> Iterator[Injected]:
        if depth > _DEPTH:
            return
        for need in self.kinds.needs(function):
            target = self.kinds.callable(need.path, need.target)
            yield Injected(need, target, function, depth)
            if target is not None and id(target) not in seen:
                seen.add(id(target))
                yield from self._walk(target, depth + 1, seen)

    @cached_property
    def dependencies(self) -> dict[int, tuple[Function, list[ServedEndpoint]]]:
        """The id of every function that runs as a dependency of a route, to it and to the routes it runs for."""
        found: dict[int, tuple[Function, list[ServedEndpoint]]] = {}
        for one in self.served:
            for function in self.run_before(one):
                found.setdefault(id(function), (function, []))[1].append(one)
        return found

    # expert: ignore[FX302] endpoints leave tests out, dependencies join what routes run
    @cached_property
    def dependency_functions(self) -> tuple[Function, ...]:
        """The functions that are given to `Depends`, whether or not a route that is served gets them."""
        found = {id(function): function for function, _ in self.dependencies.values()}
        for path, qualname in self.of_kind("dependency"):
            function = self.modules.function(path, qualname)
            if function is not None:
                found[id(function)] = function
        return tuple(found.values())

    def run_before(self, served: ServedEndpoint) -> Iterator[Function]:
        """The functions that run as dependencies of a route, its routers' and its application's included."""
        seen: set[int] = set()
        roots = [] if served.function is None else [one.function for one in self.injected(served.function)]
        for id_ in served.route.dependencies:
            path, _, qualname = id_.partition(":")[2].partition("::")
            root = self.modules.function(path, qualname) or self.kinds.method(f"object {path}::{qualname}", "__call__")
            if root is not None:
                roots.append(root)
                roots.extend(one.function for one in self.injected(root))
        for function in roots:
            if function is not None and id(function) not in seen:
                seen.add(id(function))
                yield function

    def class_of(self, kind: str) -> Symbol | None:
        """The class of an ``object path::Class``."""
        if not kind.startswith("object "):
            return None
        path, _, name = kind.removeprefix("object ").partition("::")
        return Symbol("class", path, name)
