"""The linked codebase: loading it, keeping it fresh, and looking things up in it."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fastapi_expert.codebase.files.cache import Cache
from fastapi_expert.codebase.files.environment import Environment
from fastapi_expert.codebase.files.listing import SourceFile, list_files
from fastapi_expert.codebase.files.pins import Pins
from fastapi_expert.codebase.files.scan import (
    Progress,
    Scan,
    known,
    paused_collection,
    scan,
)
from fastapi_expert.codebase.files.store import FactStore, digest_of
from fastapi_expert.codebase.followed import State, followed, packed
from fastapi_expert.codebase.link.roles import Place
from fastapi_expert.codebase.model import (
    Component,
    Field,
    FullInventory,
    Inventory,
    Kind,
    Problem,
    ServedRoute,
)
from fastapi_expert.codebase.resolve.libraries import Libraries
from fastapi_expert.codebase.resolve.modules import Imports, Modules
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts, FunctionFacts

if TYPE_CHECKING:
    from fastapi_expert.codebase.interpret.sources import Sources
    from fastapi_expert.codebase.kept import Kept
    from fastapi_expert.codebase.link.classes import Classes
    from fastapi_expert.codebase.link.incremental import LinkInputs
    from fastapi_expert.codebase.link.linking import Linked, RouteRow, ServedMount

__all__ = ["Codebase", "load", "refresh", "sketched"]

_T = TypeVar("_T")


def load(
    root: Path, *, exclude: Sequence[str] = (), cache: bool | Path = True, progress: Progress | None = None
) -> "Codebase":
    """Read the codebase at ``root``, a folder or one file.

    ``exclude`` holds patterns over relative paths. ``cache`` may name the folder to keep facts in (default:
    `.expert/cache` under the root). Raises FileNotFoundError when there is no ``root``.
    """
    root = root.resolve(strict=True)
    store = None if cache is False else Cache.of(root) if cache is True else Cache(cache)
    with paused_collection():
        found = scan(root, exclude=exclude, cache=store, progress=progress)
    return Codebase(root, found, tuple(exclude), cache)


def load_known(
    root: Path,
    listed: tuple[list[SourceFile], list[Problem]] | None = None,
    *,
    exclude: Sequence[str] = (),
    near: str = "",
    most: int = 2_000_000,
    seconds: float = 0.0,
) -> tuple["Codebase", int]:
    """As much of the codebase at ``root`` as its cache holds, up to ``most`` bytes of source, files beside ``near``
    first, and the number of files that are left out. The nearest of what is not held is read, for ``seconds``.
    ``listed`` are the files that there are, where they are known already."""
    root = root.resolve(strict=True)
    with paused_collection():
        store = Cache.of(root)
        listed = listed or list_files(root, exclude=exclude)
        found, left_out = known(root, listed, cache=store, near=near, most=most, seconds=seconds)
    return Codebase(root, found, tuple(exclude), True), left_out


def sketched(root: Path, paths: Iterable[str], *, imports: Imports, exclude: Sequence[str] = ()) -> "Codebase":
    """The codebase of the files at ``paths`` without a look at them: each is read when it is asked for.

    For questions about one file and what it names. ``imports`` gives the modules that each file imports, as far as that
    is known, so that nothing is read to learn it.
    """
    files = FactStore(root, dict.fromkeys(paths, b""), {}, Cache.of(root))
    return Codebase(root, Scan(files, {}, []), tuple(exclude), False, given_imports=imports)


def refresh(previous: "Codebase") -> "Codebase":
    """The codebase as it is now: ``previous`` itself when no file changed, else a new one that shares what did not."""
    found = scan(previous.root, exclude=previous.exclude, cache=None, previous=previous.scan, progress=None)
    same = found.stamps == previous.scan.stamps and found.problems == previous.scan.problems
    if same and not previous.data_has_changed:
        return previous
    return Codebase(
        previous.root, found, previous.exclude, previous.caching, given_environment=previous.given_environment
    )


@dataclass(frozen=True, eq=False)
class Codebase:
    """One state of one codebase. Linking happens on first use of what needs it."""

    root: Path
    scan: Scan
    exclude: tuple[str, ...] = ()
    caching: bool | Path = True
    given_kinds: Mapping[Place, Kind] | None = None
    """What definitions are, where it was told; it is not worked out again then, see :meth:`drafted`."""
    given_imports: Imports | None = None
    """What the files import, where it was told, see :func:`sketched`."""
    given_environment: Path | None = None
    """The environment whose libraries are read instead of the project's own, see :meth:`beside`."""

    def __post_init__(self) -> None:
        _ = self.environment  # as it is now: that something was installed since is seen by it

    @property
    def folder(self) -> Path:
        """The directory that paths are relative to: the root, or the one around it when that is a file."""
        return self.root if self.root.is_dir() else self.root.parent

    @property
    def files(self) -> Mapping[str, FileFacts]:
        """Path to facts, sorted by path."""
        return self.scan.files

    @cached_property
    def digest(self) -> str:
        """Changes with the content or the path of any file, and with what is installed beside the project."""
        total = blake2b(digest_size=16)
        if self.environment.packages:
            total.update(self.environment.stamp.encode("utf-8", "surrogateescape"))
        for path in self.scan.files:
            total.update(path.encode("utf-8", "surrogateescape") + b"\0" + self.scan.stamps[path][1])
        return total.hexdigest()

    @cached_property
    def cache(self) -> Cache | None:
        """Where derived data is kept between runs; None when this codebase is read without a cache."""
        if self.caching is False:
            return None
        if self.scan.files.cache is not None:
            return self.scan.files.cache
        return Cache.of(self.root) if self.caching is True else Cache(self.caching)

    @cached_property
    def names(self) -> Names:
        return Names(self.files, Modules(self.files, self.folder.parts[1:], self.given_imports or self._imports))

    def _imports(self) -> Mapping[str, list[str]]:
        return {path: [one.module for one in facts.imports] for path, facts in self.files.items()}

    @cached_property
    def _linked(self) -> "Linked":
        from fastapi_expert.codebase.link.linking import link  # the hook's path never links

        return link(self.names, live=self.is_live, sources=self._sources)

    @property
    def linked(self) -> "Linked":
        """The graph of routers and routes itself, for what asks more of it than the inventory holds."""
        with paused_collection():
            return self._linked

    def _ask(self, question: Callable[["Linked"], _T]) -> _T:
        with paused_collection():
            return question(self._linked)

    @cached_property
    def _sources(self) -> "Sources":
        from fastapi_expert.codebase.interpret.sources import Sources

        root = self.folder
        hashes = {path: stamp[1] for path, stamp in self.scan.stamps.items()}
        libraries = Libraries(root, self.environment, self.cache) if self.environment.packages else None
        return Sources(root, hashes, libraries)

    @cached_property
    def environment(self) -> Environment:
        """What is installed beside the project."""
        return Environment(self.folder, self.given_environment)

    @property
    def read_besides(self) -> Mapping[str, str | None]:
        """The files that linking read and the digest does not cover, each with the hash of what it held."""
        if "_linked" not in self.__dict__ and self._kept.besides is not None:
            return self._kept.besides
        return self._ask(lambda _: self._sources.besides())

    def is_as_read(self, besides: Mapping[str, str | None]) -> bool:
        """Whether files of :attr:`read_besides` hold what they held; nothing is linked for it."""
        return all(self._sources.hash_of(path) == known for path, known in besides.items())

    @property
    def data_has_changed(self) -> bool:
        """Whether a data file that was read to link this codebase has changed since, or what is installed beside it."""
        if self.environment.now().stamp != self.environment.stamp:
            return True
        return "_linked" in self.__dict__ and self._sources.has_changed()

    @cached_property
    def inventory(self) -> Inventory:
        """Everything, as `expert map --json` prints it."""
        found = self._full_inventory
        problems = sorted({*self.scan.problems, *found.problems}, key=lambda p: (p.path, p.line, p.message))
        routes = tuple([served.route for served in found.served])
        return Inventory(str(self.root), len(self.files), found.components, routes, tuple(problems))

    @cached_property
    def _kept(self) -> "Kept":
        from fastapi_expert.codebase.kept import Kept

        return Kept(self.cache, self.digest, [str(self.root), self.is_live], self._sources.hash_of)

    @cached_property
    def _full_inventory(self) -> FullInventory:
        """All of it, with what is no Python among the problems."""
        if "_linked" not in self.__dict__ and (found := self._kept.recall() or self._followed()) is not None:
            return found
        found = self._ask(lambda linked: linked.full_inventory)
        syntax = [Problem(path, line, text) for path, facts in self.files.items() for line, text in facts.problems]
        found = found._replace(problems=(*found.problems, *syntax))
        state = self._state
        self._kept.keep(found, self._sources.besides(), packed(state, self._linked) if state is not None else None)
        return found

    def _followed(self) -> FullInventory | None:
        before = self._kept.recall_before()
        state = self._state if before is not None else None
        return followed(state, *before) if before is not None and state is not None else None

    @property
    def _state(self) -> State | None:
        hashes = {path: digest.hex() for path, (_, digest) in self.scan.stamps.items()}
        return State(hashes, self.environment.stamp, self.cache, self.names) if self.cache is not None else None

    @property
    def _is_at_hand(self) -> bool:
        """Whether the inventory is known though nothing was linked in this process."""
        return "_full_inventory" in self.__dict__ and "_linked" not in self.__dict__

    def settle(self) -> None:
        """Let go of what linking needed, now that the inventory tells: for a process that asks much more of the same
        state, and nothing of the graph itself (:attr:`linked`, :attr:`table`)."""
        _ = self._full_inventory, self.kinds, self._classes
        if "_linked" in self.__dict__:
            del self.__dict__["_linked"]
            self._sources.forget_bodies()
            gc.collect()  # the graph is full of circles

    @property
    def components(self) -> tuple[Component, ...]:
        return self._full_inventory.components

    @property
    def served(self) -> tuple[ServedRoute, ...]:
        """Every route, in the order in which its app tries them."""
        return self._full_inventory.served

    @cached_property
    def kinds(self) -> Mapping[Place, Kind]:
        """(path, qualname) to kind of every component that has a definition; cheaper than :attr:`components`."""
        if self.given_kinds is not None:
            return self.given_kinds
        if self._is_at_hand:
            return {(one.path, one.qualname): one.kind for one in self.components if one.is_defined}
        return self._ask(lambda linked: linked.catalogue.kinds)

    @cached_property
    def made_tables(self) -> tuple[Component, ...]:
        """Tables that a call makes (`users = Table("users", …)`), which :attr:`kinds` does not have."""
        return self._ask(lambda linked: tuple([one for one in linked.catalogue.extra if one.kind == "table"]))

    @cached_property
    def table(self) -> "tuple[RouteRow, ...]":
        """Every route as its application tries it; cheaper than :attr:`served`."""
        return self._ask(lambda linked: linked.table)

    @property
    def link_inputs(self) -> "LinkInputs | None":
        """What :attr:`kinds` and :attr:`table` were made from; None when they hold for this exact state only."""
        return self._ask(lambda linked: linked.link_inputs)

    @cached_property
    def is_live(self) -> bool:
        """Whether routes added to a router after it was included count, as they do since FastAPI 0.137.

        True unless the project holds an older one: before, including took a snapshot.
        """
        return self.pins.of("fastapi").may_be_at_least((0, 137))

    @cached_property
    def pins(self) -> Pins:
        """Which releases of its dependencies this project is written for."""
        return Pins(self.root, self.environment.homes)

    def fields(self, path: str, qualname: str) -> tuple[Field, ...]:
        """The fields of a class, inherited ones included."""
        known = self._fields_at_hand.get((path, qualname)) if self._is_at_hand else None
        return known if known is not None else self._classes.fields(path, qualname)

    @cached_property
    def _fields_at_hand(self) -> Mapping[Place, tuple[Field, ...]]:
        return {(one.path, one.qualname): one.fields for one in self.components if one.is_defined and one.fields}

    @cached_property
    def _classes(self) -> "Classes":
        from fastapi_expert.codebase.link.classes import Classes

        needs_no_link = self.given_kinds is not None or (self._is_at_hand and self._sources.libraries is None)
        return Classes(self.names) if needs_no_link else self._linked.catalogue.classes

    def beside(self, home: Path) -> "Codebase":
        """This codebase with the libraries of the environment at ``home``; itself where it has those already, or where
        nothing is installed there."""
        if any(os.path.realpath(one) == os.path.realpath(home) for one in self.environment.homes):
            return self
        other = Codebase(self.root, self.scan, self.exclude, self.caching, given_environment=home)
        return other if other.environment.packages else self

    def drafted(self, path: str, source: bytes, kinds: Mapping[Place, Kind]) -> "Codebase":
        """This codebase with ``source`` at ``path``, for questions about that file alone: nothing is linked, ``kinds``
        are what the other files' definitions were when it last was, and the draft's are told by its text."""
        from fastapi_expert.codebase.link.classes import kinds_of_draft
        from fastapi_expert.codebase.syntax.reader import read_source

        facts = read_source(source, path)
        files = self.scan.files.replaced(facts, digest_of(source))
        known: dict[Place, Kind] = {place: kind for place, kind in kinds.items() if place[0] != path}
        drafted = Codebase(self.root, self.scan._replace(files=files), self.exclude, False, known, self.given_imports)
        known |= kinds_of_draft(facts, drafted._classes, kinds)
        return drafted

    @property
    def mounts(self) -> "tuple[ServedMount, ...]":
        """What takes every path below its own and is not an application of this codebase."""
        return self._ask(lambda linked: linked.mounts)

    @cached_property
    def _by_id(self) -> dict[str, Component]:
        return {component.id: component for component in self.components}

    def component(self, id: str) -> Component | None:
        return self._by_id.get(id)

    def function(self, id: str) -> FunctionFacts | None:
        """The function behind a component's id."""
        path, qualname = self._place(id)
        return self.names.function(path, qualname)

    def class_(self, id: str) -> ClassFacts | None:
        """The class behind a component's id."""
        path, qualname = self._place(id)
        return self.names.class_(path, qualname)

    def _place(self, id: str) -> tuple[str, str]:
        path, _, qualname = id.partition(":")[2].partition("::")
        return path, qualname

    def imports_of(self, path: str) -> set[str]:
        """The files of this codebase that the file at ``path`` imports, packages on the way included."""
        return imported_files(self.names, path)


def imported_files(names: Names, path: str) -> set[str]:
    """The files that importing the one at ``path`` reads directly."""
    modules = names.modules
    found: set[str] = set()
    for imported in names.files[path].imports:
        place = modules.find(path, imported.module)
        if place is None:
            continue
        found.add(place)
        if imported.name and imported.name != "*":
            child = modules.child(place, imported.name)
            symbol = None if place.endswith("/") else names.resolve(place, imported.name)
            if child is not None and (symbol is None or symbol.kind == "module"):
                found.add(child)
            elif symbol is not None and symbol.path:
                found.add(symbol.path)  # through a re-export
        if not imported.module.startswith("."):
            found.update(_packages(modules, path, imported.module))
    return {one for one in found if not one.endswith("/") and one != path}


def _packages(modules: Modules, path: str, module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        place = modules.find(path, module)
        if place is not None:
            yield place
