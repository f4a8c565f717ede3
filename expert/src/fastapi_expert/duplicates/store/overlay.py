"""A library as the tree stands now: without the files that are gone or changed, with what those hold by now."""

from collections.abc import Callable, Collection, Iterator, Sequence, Set
from dataclasses import dataclass
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

_T = TypeVar("_T")


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

    @cached_property
    def functions(self) -> Sequence[tuple[FunctionRecord, Code]]:
        """Its functions with their code."""
        if self._whole is not None:
            kept = {(one.qualname, one.line) for one in self.facts.functions}
            return [pair for pair in self._whole.functions if (pair[0].qualname, pair[0].line) in kept]
        records = function_records(self.facts, kinds=self.library.kinds, mentions={}, lineage=None)
        return [(record, unpack(record)) for record in records]

    @cached_property
    def purposes(self) -> "Sequence[Described]":
        """What its functions and classes are for."""
        from fastapi_expert.duplicates.records.purposes import described  # a hook asks when a draft declares something

        if self._whole is not None:
            kept = {(one.qualname, one.line) for one in (*self.facts.functions, *self.facts.classes)}
            return [one for one in self._whole.purposes if (one.purpose.qualname, one.purpose.line) in kept]
        if self.is_beside:
            return ()
        return list(described(self.facts, kinds=self.library.kinds, own=self.library.own))

    def purposes_of(self, words: Set[str]) -> "Iterator[Purpose]":
        """The purposes of those that have one of ``words`` in their name, in order."""
        found = {position for word in self._named.keys() & words for position in self._named[word]}
        return (self.purposes[position].purpose for position in sorted(found))

    @cached_property
    def _named(self) -> dict[str, list[int]]:
        named: dict[str, list[int]] = {}
        for position, one in enumerate(self.purposes):
            for word in one.parts["name"]:
                named.setdefault(word, []).append(position)
        return named

    @cached_property
    def _having(self) -> dict[int, list[int]]:
        having: dict[int, list[int]] = {}
        for position, (_, code) in enumerate(self.functions):
            for feature in code.features:
                having.setdefault(feature, []).append(position)
        return having

    def sharing(self, code: Code) -> Iterator[tuple[FunctionRecord, Code]]:
        """The functions that have a statement or a name in common with ``code``, in order."""
        having = self._having
        shared = having.keys() & code.features
        found = {position for feature in shared for position in having[feature]}
        return (self.functions[position] for position in sorted(found))


@dataclass(frozen=True, slots=True)
class Overlay:
    """``library`` without the paths that were ``removed`` (or changed), and the files ``added`` in their place."""

    library: Library
    removed: Collection[str]
    added: Sequence[AddedFile] = ()


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
