"""The records of a codebase, from the last look at it where that still holds.

The library of the cache keeps the records together with what linking looked at when they were made. An edit that
:mod:`~fastapi_expert.codebase.link.incremental` finds harmless changes the records of its own file only; for any
other the codebase is linked and the library written anew. Each look starts from the library, not from the look before
it, so that nothing can pile up.
"""

import os
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi_expert.codebase.files.fork import in_child
from fastapi_expert.codebase.files.store import facts_of
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.duplicates.records.extract import (
    MODELS,
    Lineage,
    data_classes,
    function_records,
    is_silent,
    mentions_of,
    model_record,
    records_of,
)
from fastapi_expert.duplicates.records.imports import needs_of
from fastapi_expert.duplicates.records.model import (
    FunctionRecord,
    ModelRecord,
    Records,
    RouteRecord,
    VariableRecord,
)
from fastapi_expert.duplicates.records.purposes import purposes_of
from fastapi_expert.duplicates.records.variables import direct_reads
from fastapi_expert.duplicates.similarity.index import build
from fastapi_expert.duplicates.similarity.measure import unpack
from fastapi_expert.duplicates.similarity.purposes import PurposeIndex
from fastapi_expert.duplicates.store.library import (
    LIBRARY,
    Library,
    Stamps,
    pack,
    unpack_records,
)
from fastapi_expert.store import ensure_ignored, write_atomically

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase
    from fastapi_expert.codebase.link.incremental import Impact, LinkInputs

MANY = 20
"""Files from which on nobody looks at each edit: the codebase is linked."""


class Current(NamedTuple):
    """The records of a codebase, and the files besides its own that they hang on, each with the hash of its content."""

    records: Records
    besides: Mapping[str, str | None]


def current_records(codebase: "Codebase") -> Records:
    """The records of ``codebase``; made from its library where that is possible, else by linking."""
    with records_of_now(codebase) as current:
        return current.records


@contextmanager
def records_of_now(codebase: "Codebase", *, meanwhile: Callable[[], None] | None = None) -> Generator[Current]:
    """The same for a block, beside which the library is written for the next time; ``meanwhile`` begins other work."""
    known = _known(codebase)
    if known is not None:
        yield known
        return
    if meanwhile is not None:
        meanwhile()
    records = records_of(codebase)
    if codebase.cache is None:
        yield Current(records, {})
        return
    with in_child(lambda: _leave(codebase, records)):
        yield Current(records, codebase.read_besides)


def rebuild(codebase: "Codebase") -> Library:
    """Link, and leave the library for the next time."""
    records = records_of(codebase)
    return _leave(codebase, records)


def _leave(codebase: "Codebase", records: Records) -> Library:
    purposes = PurposeIndex.of(purposes_of(codebase))
    index = build([unpack(function) for function in records.functions])
    if codebase.cache is not None:
        files = {path: (stamp[0], stamp[1]) for path, (stamp, _) in codebase.scan.stamps.items()}
        stamps = Stamps(files, _folders(codebase.root, files))
        data = pack(records, index, purposes, stamps, _state(codebase))
        with suppress(OSError):  # a tree that cannot be written is left as it is
            ensure_ignored(codebase.cache.folder)
            write_atomically(codebase.cache.folder / LIBRARY, data)
    return Library.of(records, purposes, index)


def _known(codebase: "Codebase") -> Current | None:
    """What the library tells; None when there is none, or not one of ours, or it does not tell."""
    if codebase.cache is None:
        return None
    try:
        records, stored = unpack_records((codebase.cache.folder / LIBRARY).read_bytes())
        state = _State.of(stored) if stored is not None else None
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return None  # damaged; an error further down is one of ours and has to be seen
    carried = _carried_over(codebase, records, state) if state is not None else None
    return Current(carried, state.besides) if carried is not None and state is not None else None


def _folders(root: Path, files: Collection[str]) -> dict[str, int]:
    """Every folder that holds a file, with its time of change: a new file changes it."""
    folders: dict[str, int] = {}
    for path in files:
        folder = path.rpartition("/")[0]
        while folder not in folders:
            try:
                folders[folder] = os.stat(root / folder).st_mtime_ns
            except OSError:
                folders[folder] = 0
            folder = folder.rpartition("/")[0]
    return folders


class _State(NamedTuple):
    """What linking looked at when the records were made."""

    hashes: Mapping[str, str]
    besides: Mapping[str, str | None]
    packages: str
    live: bool
    inputs: "LinkInputs | None"
    """None where linking read bodies: the records hold for these very files."""
    mentions: Mapping[str, int]

    @classmethod
    def of(cls, stored: Any) -> "_State":
        """What :func:`_state` gave. Raises LookupError, TypeError or ValueError when it is something else."""
        from fastapi_expert.codebase.link.incremental import LinkInputs  # not needed while nothing changes

        inputs: LinkInputs | None = None
        if stored["read_set"] is not None:
            called, bodies = ({(path, qualname) for path, qualname in stored[name]} for name in ("called", "bodies"))
            inputs = LinkInputs(dict(stored["read_set"]), called, dict(stored["order"]), bodies, set(stored["helpers"]))
        hashes = {path: bytes.fromhex(digest).hex() for path, digest in stored["hashes"].items()}
        besides, packages = dict(stored["besides"]), str(stored["packages"])
        return cls(hashes, besides, packages, bool(stored["live"]), inputs, dict(stored["mentions"]))


def _state(codebase: "Codebase") -> dict[str, Any]:
    inputs = codebase.link_inputs
    state: dict[str, Any] = {
        "hashes": {path: digest.hex() for path, (_, digest) in codebase.scan.stamps.items()},
        "besides": dict(codebase.read_besides),
        "packages": codebase.environment.stamp,
        "live": codebase.is_live,
        "read_set": None,
        "mentions": {},
    }
    if inputs is None:
        return state
    return state | {
        "read_set": {path: sorted(names) for path, names in inputs.read_set.items()},
        "called": sorted(inputs.called),
        "order": inputs.order,
        "bodies": sorted(inputs.bodies),
        "helpers": sorted(inputs.helpers),
        "mentions": mentions_of(codebase.files.values()),
    }


def _carried_over(codebase: "Codebase", records: Records, state: _State) -> Records | None:
    if state.live != codebase.is_live or state.packages != codebase.environment.stamp:
        return None
    if not codebase.is_as_read(state.besides):
        return None
    now = {path: digest.hex() for path, (_, digest) in codebase.scan.stamps.items()}
    if state.hashes.keys() != now.keys():
        return None
    changed = [path for path, digest in now.items() if state.hashes[path] != digest]
    if not changed or codebase.cache is None:
        return records
    if len(changed) > MANY or state.inputs is None:
        return None
    before = facts_of(codebase.cache, {path: bytes.fromhex(state.hashes[path]) for path in changed})
    update = _Update(codebase, records, state.mentions)
    for path in changed:
        if path not in before or not update.take(before[path], codebase.files[path], state.inputs):
            return None
    return update.records()


@dataclass(frozen=True, slots=True)
class _Edit:
    old: FileFacts
    new: FileFacts
    impact: "Impact"


class _Update:
    """Records that follow the edits of some files."""

    def __init__(self, codebase: "Codebase", known: Records, mentions: Mapping[str, int]) -> None:
        self._codebase = codebase
        self._known = known
        self._mentions = Counter(mentions)
        self._edits: dict[str, _Edit] = {}

    def take(self, old: FileFacts, new: FileFacts, inputs: "LinkInputs") -> bool:
        """Follow one edit; False when that takes linking."""
        from fastapi_expert.codebase.link.incremental import CALLERS, impact

        callers = {one.qualname for one in self._block(old.path) if one.kind in CALLERS}
        found = impact(old, new, inputs=inputs, names=self._codebase.names, callers=callers)
        if found is None:
            return False
        if _data_classes(old) != _data_classes(new):
            return False
        kinds = {_qualname(one): one.kind for one in self._known.models if one.path == old.path}
        kinds = {qualname: kind for qualname, kind in kinds.items() if kind in MODELS}
        if any(kinds.get(qualname) != (kind if kind in MODELS else None) for qualname, kind in found.reshaped.items()):
            return False  # it was something else, for another reason than what it inherits
        self._edits[old.path] = _Edit(old, new, found)
        return True

    def records(self) -> Records:
        """The records as they are now."""
        return Records(
            self._functions(),
            tuple(sorted(self._models(), key=lambda one: (one.path, one.line, one.id))),
            tuple([self._route(one) for one in self._known.routes]),
            (*self._settings_fields(), *self._direct_reads()),
            self._known.modules,
            tuple([(path, self._needs(path, known)) for path, known in self._known.needs]),
            self._silencing(),
        )

    def _block(self, path: str) -> Sequence[FunctionRecord]:
        functions = self._known.functions
        start = bisect_left(functions, path, key=_path)
        return functions[start : bisect_right(functions, path, key=_path)]

    def _functions(self) -> tuple[FunctionRecord, ...]:
        before = Counter(self._mentions)
        for edit in self._edits.values():
            self._mentions.update(mentions_of([edit.new]))
            self._mentions.subtract(mentions_of([edit.old]))
        more = {name for name, count in self._mentions.items() if count != before[name]}
        functions = [
            one._replace(mentions=self._mentions[one.name]) if one.name in more else one
            for one in self._known.functions
        ]
        for path, edit in sorted(self._edits.items(), reverse=True):  # from the end: positions before it stay
            start = bisect_left(functions, path, key=_path)
            functions[start : bisect_right(functions, path, key=_path)] = self._own(path, edit)
        return tuple(functions)

    def _own(self, path: str, edit: _Edit) -> list[FunctionRecord]:
        known = {one.qualname: one for one in self._block(path)}
        lineage = Lineage(self._codebase.names)
        made = function_records(edit.new, kinds=edit.impact.kinds, mentions=self._mentions, lineage=lineage)
        return [_like(known.get(one.qualname), one) for one in made]

    def _models(self) -> Iterator[ModelRecord]:
        from fastapi_expert.codebase.link.classes import Classes  # not needed while nothing changes

        names = self._codebase.names
        fields = Classes(names).fields
        reshaped = {f"{path}::{qualname}" for path, edit in self._edits.items() for qualname in edit.impact.reshaped}
        for one in self._known.models:
            edit, qualname = self._edits.get(one.path), _qualname(one)
            facts = names.class_(one.path, qualname) if edit is not None else None
            if edit is not None and facts is None:
                continue  # it is gone
            if not reshaped.isdisjoint((f"{one.path}::{qualname}", *one.ancestors)):
                yield model_record(names, fields, one.path, qualname, one.kind)
            elif edit is not None and facts is not None:
                yield one._replace(line=facts.line, end_line=facts.end_line, silent=is_silent(edit.new))
            else:
                yield one
        for edit in self._edits.values():
            for (path, qualname), kind in edit.impact.kinds.items():
                if kind in MODELS:
                    yield model_record(names, fields, path, qualname, kind)

    def _route(self, route: RouteRecord) -> RouteRecord:
        edit = self._edits.get(route.path_file)
        if edit is None and route.endpoint.partition(":")[2].partition("::")[0] not in self._edits:
            return route
        line = route.line if edit is None else edit.impact.lines[route.line]
        endpoint = self._codebase.function(route.endpoint)
        return route._replace(line=line, end_line=endpoint.end_line if endpoint else line)

    def _needs(self, path: str, known: tuple[str, ...]) -> tuple[str, ...]:
        edit = self._edits.get(path)
        return known if edit is None else needs_of(edit.new, self._codebase.names.modules)

    def _silencing(self) -> tuple[str, ...]:
        kept = {path for path in self._known.silencing if path not in self._edits}
        return tuple(sorted(kept | {path for path, edit in self._edits.items() if edit.new.suppressions}))

    def _settings_fields(self) -> Iterator[VariableRecord]:
        for one in self._known.variables:
            if one.owner:
                edit = self._edits.get(one.path)
                yield one if edit is None else one._replace(line=edit.impact.lines[one.line])

    def _direct_reads(self) -> Sequence[VariableRecord]:
        kept = [one for one in self._known.variables if not one.owner and one.path not in self._edits]
        return sorted([*kept, *[one for edit in self._edits.values() for one in direct_reads(edit.new)]], key=_path)


def _data_classes(facts: FileFacts) -> list[tuple[object, ...]]:
    """What is known of the classes of a file that only hold data, wherever their lines are."""
    kinds = data_classes(facts)
    classes = [one for one in facts.classes if one.qualname in kinds]
    fields = [[(field.name, field.annotation, field.default) for field in one.fields] for one in classes]
    return [(one.qualname, kinds[one.qualname], one.bases, own) for one, own in zip(classes, fields, strict=True)]


def _like(old: FunctionRecord | None, new: FunctionRecord) -> FunctionRecord:
    """``new`` with what linking knew of ``old``."""
    return new if old is None else new._replace(id=old.id, kind=old.kind, overrides=old.overrides)


def _qualname(model: ModelRecord) -> str:
    return model.id.partition("::")[2]


def _path(record: FunctionRecord | VariableRecord) -> str:
    return record.path
