"""Which of a codebase's functions and classes are for the same thing as a draft's, whatever their bodies look like."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from zlib import crc32

from fastapi_expert.duplicates.records.purposes import Described, Purpose
from fastapi_expert.find.index import Document, Index
from fastapi_expert.find.words import compounds, kin, words

LOOKED_AT = 60
"""Of the purposes that share words with a draft's, so many are looked at closely."""
WANTED = ("service", "dependency", "endpoint", "schema", "table")
"""What is meant to be used from other places comes before drivers and scripts."""
SYNONYM = 0.8
SAME_NAME = 0.9
"""The least score of what has the very name."""
_PARTS_ASKED = {"name": 1.0, "summary": 0.9, "types": 0.5, "fields": 0.5, "route": 0.6}
"""How much a word counts by where the draft says it."""


@dataclass(frozen=True, slots=True)
class Related:
    """Something for the same purpose: ``score`` 0..1 and why it is thought so."""

    purpose: Purpose
    score: float
    reason: str
    is_same_name: bool


class PurposeIndex:
    """The purposes of one codebase; ``row`` gives one by its position."""

    def __init__(
        self, index: Index, names: "array[int]", positions: "array[int]", row: Callable[[int], Purpose]
    ) -> None:
        self.index = index
        self.names = names
        self.positions = positions
        self.row = row

    @classmethod
    def of(cls, found: Sequence[Described]) -> "PurposeIndex":
        """The index of ``found``."""
        index = Index.of([Document(one.parts) for one in found])
        by_name = sorted((name_number(one.purpose.name), position) for position, one in enumerate(found))
        names, positions = array("I", [one for one, _ in by_name]), array("I", [one for _, one in by_name])
        return cls(index, names, positions, lambda position: found[position].purpose)

    def named(self, name: str) -> list[Purpose]:
        """Everything that has the name ``name``."""
        number = name_number(name)
        start, end = bisect_left(self.names, number), bisect_right(self.names, number)
        found = [self.row(position) for position in self.positions[start:end]]
        return [one for one in found if one.name == name]

    def related(self, draft: Described) -> list[Related]:
        """What is for the same thing as ``draft``, best first."""
        asked = _asked(draft)
        if not asked:
            return []
        best = nlargest(LOOKED_AT, ((score, position) for position, score in self.index.coverage(asked).items()))
        found = {position: score for score, position in best}
        start, end = (find(self.names, name_number(draft.purpose.name)) for find in (bisect_left, bisect_right))
        for position in self.positions[start:end]:
            found.setdefault(position, 0.0)
        related = [compared(draft, self.row(position), score) for position, score in found.items()]
        kept = [one for one in related if one is not None]
        return sorted(kept, key=lambda one: (-one.score, one.purpose.path, one.purpose.line))


def compared(draft: Described, other: Purpose, score: float) -> Related | None:
    """How near ``other`` is to what the draft is for, when words alone give it ``score``; None for another sort."""
    mine = draft.purpose
    if mine.is_class is not other.is_class:
        return None
    libraries = [one for one in mine.libraries if one in other.libraries]
    names, theirs = set(words(mine.name)), set(words(other.qualname if len(words(other.name)) < 2 else other.name))
    alike = _likeness(names, theirs)
    same_name = mine.name == other.name
    total = min(0.85, 0.6 * min(1.0, score) + 0.25 * alike + (0.15 if libraries else 0.0))
    total *= 1.0 if other.kind in WANTED or other.is_class else 0.97
    if same_name:
        total = max(total, SAME_NAME)
    return Related(other, min(total, 0.99), _reason(mine, other, same_name, libraries, bool(names & theirs)), same_name)


def _likeness(names: set[str], theirs: set[str]) -> float:
    """The share of words that two names have in common; a synonym counts most of the word itself."""
    shared = sum(1.0 if one in theirs else SYNONYM if not theirs.isdisjoint(kin(one)) else 0.0 for one in names)
    return min(1.0, 2 * shared / (len(names) + len(theirs))) if names and theirs else 0.0


def _reason(mine: Purpose, other: Purpose, same_name: bool, libraries: Sequence[str], shares_words: bool) -> str:
    said = ["same name"] if same_name else []
    if mine.summary and mine.summary.rstrip(".").lower() == other.summary.rstrip(".").lower():
        said.append("same docstring")
    if libraries:
        said.append(f"also uses `{libraries[0]}`")
    common = [one for one in mine.takes if one in other.takes]
    if common and not said:
        what = "fields" if mine.is_class else "parameters"
        said.append(f"same {what} {', '.join(f'`{one}`' for one in common[:3])}")
    if not said:
        said.append("a name of the same words" if shares_words else "described in the same words")
    if other.summary and len(said) < 2:
        said.append(f"says: {other.summary[:60]}")
    return ", ".join(said)


def _asked(draft: Described) -> dict[str, float]:
    """The words of a draft by which it is looked for, and how much each counts."""
    asked: dict[str, float] = {}
    for part, weight in _PARTS_ASKED.items():
        joined = compounds(words(draft.purpose.name)) if part == "name" else ()
        for word in draft.parts.get(part, ()):
            if word in joined:
                continue  # only what exists is also looked up by joined words
            asked[word] = max(asked.get(word, 0.0), weight)
    ranked = sorted(asked.items(), key=lambda one: -one[1])
    return dict(ranked[:16])


def name_number(name: str) -> int:
    """The number by which a name is looked up."""
    return crc32(name.encode("utf-8", "surrogatepass"))
