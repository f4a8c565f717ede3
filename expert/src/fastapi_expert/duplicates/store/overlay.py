"""A library as the tree stands now: without the files that are gone or changed, with what those hold by now."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from json import dumps
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.duplicates.records.extract import function_records, is_foreign
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.similarity.measure import Code, unpack
from fastapi_expert.duplicates.store.library import Library

if TYPE_CHECKING:
    from fastapi_expert.duplicates.records.purposes import Described, Purpose
    from fastapi_expert.duplicates.similarity.purposes import Told

_T = TypeVar("_T")
_Key = TypeVar("_Key", int, str)


class AddedFile:
    """A file that ``library`` does not know, or not as it is; of its definitions it says what they were last.

    The files of one change are judged each beside all others: what is asked of one is made once.
    """

    def __init__(self, facts: FileFacts, library: Library, whole: "AddedFile | None" = None) -> None:
        self.facts = facts
        self.library = library
        self._whole = whole
        self._derived: dict[Callable[[AddedFile], Any], Any] = {}

    def derived(self, make: "Callable[[AddedFile], _T]") -> _T:
        """What ``make`` gives for this file, which is what one rule asks of it."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return self._derived[make]

    @cached_property
    def is_beside(self) -> bool:
        """Whether it is a test, generated or a migration: what nobody repeats by writing code of the application."""
        return is_test_path(self.facts.path) or is_foreign(self.facts)

    def part(self, facts: FileFacts) -> "AddedFile":
        """The same file with those of its definitions alone that ``facts`` has."""
        return AddedFile(facts, self.library, self)

    @property
    def whole(self) -> "AddedFile":
        """The file that it is a part of, or is."""
        return self._whole or self

    def keeps(self, definition: "FunctionRecord | Purpose") -> bool:
        """Whether a definition of the whole file is in this part of it."""
        return self._whole is None or (definition.qualname, definition.line) in self._kept

    @cached_property
    def _kept(self) -> Set[tuple[str, int]]:
        return {(one.qualname, one.line) for one in (*self.facts.functions, *self.facts.classes)}

    @cached_property
    def functions(self) -> Sequence[tuple[FunctionRecord, Code]]:
        """The functions of the whole file, with their code."""
        records = function_records(self.facts, kinds=self.library.kinds, mentions={}, lineage=None)
        return [(record, unpack(record)) for record in records]

    @cached_property
    def purposes(self) -> "Sequence[Described]":
        """What the functions and classes of the whole file are for."""
        from fastapi_expert.duplicates.records.purposes import described  # a hook asks when a draft declares something

        return [] if self.is_beside else list(described(self.facts, kinds=self.library.kinds, own=self.library.own))


class Added:
    """Files that are looked up all at once, each with what it defines; ``files`` are whole."""

    def __init__(self, files: Sequence[AddedFile]) -> None:
        self.files = files
        self._told: dict[_Place, Told] = {}

    def functions(self, code: Code) -> "Iterator[tuple[AddedFile, tuple[FunctionRecord, Code]]]":
        """The functions that have a statement or a name in common with ``code``, in order, with their files."""
        for number, position in _found(self._by_feature, code.features):
            yield self.files[number], self.files[number].functions[position]

    def purposes(self, words: Iterable[str]) -> "Iterator[tuple[AddedFile, Told]]":
        """What those say that have one of ``words`` in their name, in order, with their files."""
        for place in _found(self._by_word, words):
            file = self.files[place[0]]
            if place not in self._told:
                self._told[place] = file.library.purposes.told(file.purposes[place[1]].purpose)
            yield file, self._told[place]

    @cached_property
    def _by_feature(self) -> "Mapping[int, Sequence[_Place]]":
        return _index([one.features for _, one in file.functions] for file in self.files)

    @cached_property
    def _by_word(self) -> "Mapping[str, Sequence[_Place]]":
        return _index([one.parts["name"] for one in file.purposes] for file in self.files)


_Place = tuple[int, int]
"""The number of a file, and of one of its definitions."""


def _index(files: Iterable[Sequence[Iterable[_Key]]]) -> dict[_Key, list[_Place]]:
    """Where each of what the definitions of files have is found."""
    found: dict[_Key, list[_Place]] = {}
    for number, definitions in enumerate(files):
        for position, keys in enumerate(definitions):
            for key in keys:
                found.setdefault(key, []).append((number, position))
    return found


def _found(index: Mapping[_Key, Sequence[_Place]], wanted: Iterable[_Key]) -> list[_Place]:
    return sorted({place for key in wanted if key in index for place in index[key]})


@dataclass(frozen=True)
class Overlay:
    """``library`` without the paths that were ``removed`` (or changed), and the files ``added`` in their place.

    ``index`` holds the whole files of which those are all, or a part; the overlays of one change share it.
    """

    library: Library
    removed: Collection[str]
    added: Sequence[AddedFile] = ()
    index: Added = field(default_factory=lambda: Added(()))

    def functions(self, code: Code) -> Iterator[tuple[FunctionRecord, Code]]:
        """The functions of the files added that have a statement or a name in common with ``code``, in order."""
        for whole, found in self.index.functions(code):
            file = self._present.get(whole)
            if file is not None and file.keeps(found[0]):
                yield found

    def purposes(self, words: Iterable[str]) -> "Iterator[Told]":
        """What those in the files added say that have one of ``words`` in their name, in order."""
        for whole, told in self.index.purposes(words):
            file = self._present.get(whole)
            if file is not None and file.keeps(told.purpose):
                yield told

    @cached_property
    def _present(self) -> Mapping[AddedFile, AddedFile]:
        return {file.whole: file for file in self.added}


def standing(new: FileFacts, old: FileFacts | None) -> FileFacts:
    """The part of a file that was there before."""
    functions = {(one.qualname, one.shape.exact) for one in old.functions} if old else set[tuple[str, int]]()
    classes = {class_text(one) for one in old.classes} if old else set[str]()
    return new._replace(
        functions=tuple([one for one in new.functions if (one.qualname, one.shape.exact) in functions]),
        classes=tuple([one for one in new.classes if class_text(one) in classes]),
    )


def class_text(one: ClassFacts) -> str:
    """A class and its fields as text: lists that come from the cache are tuples when they were just read."""
    return dumps((one.qualname, one.bases, [(field.name, field.annotation, field.default) for field in one.fields]))
