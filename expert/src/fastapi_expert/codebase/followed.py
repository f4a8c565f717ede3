"""An inventory that follows the edits of some files without linking.

With the inventory lies what it was made from: what linking looked up (:class:`~.link.incremental.LinkInputs`), and the
functions that were looked into to judge protection and to find what tests exercise. An edit that is harmless to the
first and touches none of the second changes what is said of its own file alone. For any other edit the codebase is
linked. Each look starts from the inventory that linking gave, so nothing can pile up.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fastapi_expert.codebase.files.store import facts_of
from fastapi_expert.codebase.model import Component, Evidence, FullInventory, Problem, Route, Shipped
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts, FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path

if TYPE_CHECKING:
    from fastapi_expert.codebase.files.cache import Cache
    from fastapi_expert.codebase.link.incremental import Impact, LinkInputs
    from fastapi_expert.codebase.link.linking import Linked
    from fastapi_expert.codebase.resolve.names import Names

_Definition = FunctionFacts | ClassFacts
_Placed = TypeVar("_Placed", Evidence, Problem, Shipped)
MANY = 20
"""Files from which on nobody looks at each edit: the codebase is linked."""


class State(NamedTuple):
    """A codebase as it is now: the hash of each file, a stamp of what is installed beside it, its cache and names."""

    hashes: Mapping[str, str]
    packages: str
    cache: "Cache"
    names: "Names"


class Grounds(NamedTuple):
    """What an inventory was made from: the hash of each file, and what was looked up."""

    hashes: Mapping[str, str]
    packages: str
    inputs: "LinkInputs"
    looked_into: frozenset[tuple[str, str]]
    """Functions, by path and qualname."""
    read_whole: frozenset[str]
    """Files of which every function was looked into."""
    imports_count: bool
    """Whether what a file imports tells how deeply others were read."""


def packed(state: State, linked: "Linked") -> bytes | None:
    """The grounds of the inventory that ``linked`` gave; None where they cannot tell whether it still holds."""
    inputs = linked.grounds
    if inputs is None:
        return None
    sources = linked.interp.sources
    looked_into: dict[str, list[str]] = {}
    for path, qualname in sorted({*linked.looked_into, *(sources.bodies_read if sources is not None else ())}):
        looked_into.setdefault(path, []).append(qualname)
    rows = [
        dict(state.hashes),
        state.packages,
        {path: sorted(names) for path, names in inputs.read_set.items()},
        sorted(inputs.called),
        inputs.order,
        sorted(inputs.bodies),
        sorted(inputs.helpers),
        looked_into,
        sorted(sources.read_whole if sources is not None else ()),
        bool(linked.interp.deeply),
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


def unpacked(data: bytes) -> Grounds:
    """What :func:`packed` gave. Raises ValueError or TypeError when the bytes are something else."""
    from fastapi_expert.codebase.link.incremental import LinkInputs

    hashes, packages, read_set, called, order, bodies, helpers, looked_into, read_whole, deeply = json.loads(data)
    places = [{(path, qualname) for path, qualname in several} for several in (called, bodies)]
    inputs = LinkInputs(read_set, places[0], order, places[1], set(helpers))
    into = frozenset((path, qualname) for path, names in looked_into.items() for qualname in names)
    return Grounds(hashes, packages, inputs, into, frozenset(read_whole), bool(deeply))


def followed(state: State, known: FullInventory, grounds: Grounds) -> FullInventory | None:
    """``known`` as it is after the edits since; None when that takes linking."""
    if grounds.hashes.keys() != state.hashes.keys() or grounds.packages != state.packages:
        return None
    changed = [path for path, digest in state.hashes.items() if grounds.hashes[path] != digest]
    if len(changed) > MANY or any(map(is_test_path, changed)):
        return None
    before = facts_of(state.cache, {path: bytes.fromhex(grounds.hashes[path]) for path in changed})
    edits: dict[str, _Edit] = {}
    for path in changed:
        edit = _edit(before[path], state.names, known, grounds) if path in before else None
        if edit is None:
            return None
        edits[path] = edit
    moved = _Lines(edits).of_all(known)
    return moved._replace(components=_components(state.names, moved, edits)) if moved is not None else None


class _Edit(NamedTuple):
    impact: "Impact"
    stable: int
    """The first line that may be another one by now."""


def _edit(old: FileFacts, names: "Names", known: FullInventory, grounds: Grounds) -> _Edit | None:
    """What one edit changes; None when it may change more than its own file's definitions."""
    from fastapi_expert.codebase.link.incremental import CALLERS, impact
    from fastapi_expert.codebase.syntax.positions import named

    new = names.files[old.path]
    if old.problems or new.problems or old.path in grounds.read_whole:
        return None
    if grounds.imports_count and set(map(named, old.imports)) != set(map(named, new.imports)):
        return None
    callers = {one.qualname for one in known.components if one.path == old.path and one.kind in CALLERS}
    found = impact(old, new, inputs=grounds.inputs, names=names, callers=callers)
    if found is None or found.reshaped:
        return None
    for qualname, (was, made) in _changed(old.functions, new.functions).items():
        if (old.path, qualname) in grounds.looked_into:
            return None
        if any(name.endswith(".add_middleware") for one in (was, made) if one is not None for name in one.names):
            return None
    if _one_liners(old) ^ _one_liners(new):  # what stood on the line of a `def` stands below it now
        return None
    moved = [was for was, after in found.lines.items() if was != after]
    moved += [*_moved(old.functions, new.functions), *_moved(old.classes, new.classes)]
    return _Edit(found, min(moved, default=1 << 60))


def _changed(
    old: Sequence[FunctionFacts], new: Sequence[FunctionFacts]
) -> dict[str, tuple[FunctionFacts | None, FunctionFacts | None]]:
    """The functions that came, went or read differently, each as it was and as it is."""
    before, after = ({one.qualname: one for one in several} for several in (old, new))
    return {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if name not in before or name not in after or not _reads_same(before[name], after[name])
    }


def _reads_same(old: FunctionFacts, new: FunctionFacts) -> bool:
    return old.shape.exact == new.shape.exact and tuple(old.names) == tuple(new.names)


def _moved(old: Sequence[_Definition], new: Sequence[_Definition]) -> Iterator[int]:
    """The first lines of the definitions that do not stand where they stood."""
    after = {one.qualname: (one.start_line, one.line, one.end_line) for one in new}
    for one in old:
        if after.get(one.qualname) != (one.start_line, one.line, one.end_line):
            yield one.start_line


def _one_liners(facts: FileFacts) -> set[str]:
    return {one.qualname for one in facts.functions if one.line == one.end_line}


class _Lines:
    """Where what stands in edited files is by now, as far as linking saw it; definitions are no part of it."""

    def __init__(self, edits: Mapping[str, _Edit]) -> None:
        self._edits = edits
        self._in_texts = tuple([f"{path}:" for path in edits])

    def of_all(self, known: FullInventory) -> FullInventory | None:
        """``known`` with every line that it names as it is now; None when one of them cannot be told."""
        try:
            served = tuple([replace(one, route=self._route(one.route)) for one in known.served])
            problems = tuple([self._found(one, one.message) for one in known.problems])
            components = tuple([one if one.is_defined else self._component(one) for one in known.components])
        except KeyError:
            return None
        return FullInventory(components, served, problems)

    def _now(self, path: str, line: int) -> int:
        """A line as it is now. Raises KeyError where it may have moved and nobody saw what stands on it."""
        edit = self._edits.get(path)
        return line if edit is None or line < edit.stable else edit.impact.lines[line]

    def _route(self, route: Route) -> Route:
        named = {route.path_file, *[one.path for one in (*route.by, *route.guards)]}
        named |= {route.when.path} if route.when is not None else set()
        named |= {route.via[0]} if route.via is not None else set()
        for one in (*route.by, *route.guards):
            self._check(one.what)
        if named.isdisjoint(self._edits):
            return route
        return replace(
            route,
            line=self._now(route.path_file, route.line),
            via=None if route.via is None else (route.via[0], self._now(*route.via)),
            by=tuple([self._found(one, one.what) for one in route.by]),
            guards=tuple([self._found(one, one.what) for one in route.guards]),
            when=None if route.when is None else self._found(route.when, ""),
        )

    def _component(self, one: Component) -> Component:
        """A router, or another component that is a line of a module."""
        if one.path not in self._edits:
            return one
        return replace(one, line=self._now(one.path, one.line), end_line=self._now(one.path, one.end_line))

    def _found(self, one: _Placed, text: str) -> _Placed:
        """What is found at a line, with the line as it is now; ``text`` tells of it."""
        self._check(text)
        return replace(one, line=self._now(one.path, one.line)) if one.path in self._edits else one

    def _check(self, text: str) -> None:
        """Raise KeyError where a text names a line of an edited file."""
        if any(place in text for place in self._in_texts):
            raise KeyError(text)


def _components(names: "Names", known: FullInventory, edits: Mapping[str, _Edit]) -> tuple[Component, ...]:
    """The components, the definitions of edited files made anew."""
    from fastapi_expert.codebase.link.components import Catalogue

    catalogue = Catalogue(names)
    for one in known.components:
        if one.is_defined or one.kind == "table":
            catalogue.mark(one.path, one.qualname, one.kind)
    found = [one for one in known.components if one.path not in edits or not one.is_defined]
    for edit in edits.values():
        for (path, qualname), kind in edit.impact.kinds.items():
            catalogue.mark(path, qualname, kind)
    for (path, qualname), kind in catalogue.kinds.items():
        made = catalogue.component(path, qualname, kind) if path in edits else None
        if made is not None:
            found.append(made)
    return tuple(sorted(found, key=lambda one: (one.path, one.line, one.id)))
