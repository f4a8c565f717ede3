"""Which of a codebase's functions and classes are for the same thing as a draft's, whatever their bodies look like."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from math import sqrt
from typing import NamedTuple
from zlib import crc32

from fastapi_expert.codebase.syntax.shape import numbers
from fastapi_expert.duplicates.records.purposes import Described, Purpose
from fastapi_expert.duplicates.similarity.measure import NAME_TAG
from fastapi_expert.find.index import Document, Index
from fastapi_expert.find.places import is_driver
from fastapi_expert.find.words import ideas, kin, stem

LOOKED_AT = 80
"""Of the purposes that share words with a draft's, so many are looked at closely."""
WANTED = ("service", "dependency", "endpoint", "schema", "table")
"""What is meant to be used from other places comes before drivers and scripts."""
SYNONYM = 0.8
SAME_NAME = 0.9
"""The least score of what has the very name."""
OTHER_SORT = 0.85
"""What a class counts beside a function that does the same, and the other way round."""
OTHER_SIDE = 0.94
"""What an endpoint counts beside a function that none reaches directly, and the other way round."""
OTHER_ANSWER = 0.88
"""What a question (`-> bool`) counts beside something that gives a value or does something."""
NOTHING_TAKEN = 0.93
"""What needs nothing counts beside a draft that is given something."""
DRIVEN = 0.85
HELPER = 0.97
HIDDEN = 0.93
DECLARED = 0.95
"""What a function that calls nothing and asks nothing of anything counts: of a protocol, or a stub."""
_ASKED = {"name": 1.0, "summary": 0.7, "route": 0.6, "types": 0.4, "fields": 0.3}
"""How much a word counts by where the draft says it."""
_SAID = {"name": 1.0, "owner": 0.8, "summary": 0.8, "route": 0.7, "path": 0.6, "fields": 0.4}
"""How much a word counts by where something that exists says it."""
_LIGHT_WORDS = """
get set do make create handle find new is has fetch load read show check verify validate ensure assert add api services
service by or list all index
"""
"""Words that say little of what a thing is about."""
_LIGHT = frozenset(map(stem, _LIGHT_WORDS.split()))
_LIGHT_WEIGHT = 0.4
_NAME, _EXPLAINED, _SUMMARY, _LIBRARY = 0.4, 0.3, 0.2, 0.1
"""What the parts of a score weigh: how much of the draft's name the other says, how much of the other's name the draft
says, how much of the draft's docstring the other says, and a package that both use."""
_SPOKEN = 0.25
"""What it adds that two bodies call the same and ask for the same attributes, or that two classes have the same fields:
the words are anybody's, what is asked of a library or a table is not."""


@dataclass(frozen=True, slots=True)
class Related:
    """Something for the same purpose as the draft's ``mine``: ``score`` 0..1."""

    mine: Purpose
    purpose: Purpose
    score: float
    is_same_name: bool
    shares_words: bool

    @property
    def reason(self) -> str:
        """Why it is thought so."""
        return _reason(self.mine, self.purpose, self.is_same_name, self.shares_words)


class PurposeIndex:
    """The purposes of one codebase; ``row`` gives one by its position."""

    def __init__(
        self, index: Index, names: "array[int]", positions: "array[int]", row: Callable[[int], Purpose]
    ) -> None:
        self.index = index
        self.names = names
        self.positions = positions
        self.row = row
        self.worths = _Worths(index.worth)
        """How much each word tells."""
        self._at = lru_cache(maxsize=16384)(self._told_at)  # what is near one draft is near the next

    @classmethod
    def of(cls, found: Sequence[Described]) -> "PurposeIndex":
        """The index of ``found``."""
        index = Index.of([Document(one.parts) for one in found])
        by_name = sorted((name_number(one.purpose.name), position) for position, one in enumerate(found))
        names, positions = array("I", [one for one, _ in by_name]), array("I", [one for _, one in by_name])
        purposes = [one.purpose for one in found]  # their words are in the index
        return cls(index, names, positions, purposes.__getitem__)

    def named(self, name: str) -> list[Purpose]:
        """Everything that has the name ``name``."""
        number = name_number(name)
        start, end = bisect_left(self.names, number), bisect_right(self.names, number)
        found = [self.row(position) for position in self.positions[start:end]]
        return [one for one in found if one.name == name]

    def related(self, ask: "Asked") -> list[Related]:
        """What is for the same thing as what ``ask`` was made of, in no order."""
        covered = self.index.coverage(ask.words)
        least = nlargest(LOOKED_AT, covered.values())[-1:]
        near = [(-score, position) for position, score in covered.items() if score >= least[0]] if least else []
        found = {position for _, position in sorted(near)[:LOOKED_AT]}
        start, end = (find(self.names, name_number(ask.purpose.name)) for find in (bisect_left, bisect_right))
        found.update(self.positions[start:end])
        related = [compared(ask, self._at(position)) for position in sorted(found)]
        return [one for one in related if one is not None]

    def told(self, purpose: Purpose) -> "Told":
        """What something says of its purpose, for any draft."""
        said: dict[str, float] = {}
        for part, text in _texts(purpose):
            for word in ideas(text):
                said[word] = max(said.get(word, 0.0), _SAID[part])
        standing = 1.0 if purpose.kind in WANTED or purpose.is_class else HELPER
        standing *= HIDDEN if purpose.name.startswith("_") else 1.0
        standing *= DECLARED if not purpose.is_class and not purpose.says else 1.0
        standing *= DRIVEN if is_driver(purpose.path) else 1.0
        return Told(purpose, weighed(named(purpose.name), self.worths), meant(said), standing, _spoken(purpose))

    def _told_at(self, position: int) -> "Told":
        return self.told(self.row(position))


class Weighed(NamedTuple):
    """Words, each with how much it tells; ``total`` is what they tell together."""

    words: Sequence[tuple[str, float]]
    total: float

    def share(self, meant: Mapping[str, float]) -> float:
        """The share of them that is among those ``meant``, 0..1, by how much each tells."""
        gained = 0.0
        for word, worth in self.words:
            if word in meant:
                gained += worth * meant[word]
        return gained / self.total if self.total else 0.0


def weighed(words: Iterable[str], worths: Mapping[str, float]) -> Weighed:
    """The ``words`` with their ``worths``."""
    found = [(word, worths[word]) for word in words]
    return Weighed(found, sum([worth for _, worth in found]))


class Told(NamedTuple):
    """What something that exists says: the words of its name, all that it says with what that means, what it counts
    for any draft, and the names in its body."""

    purpose: Purpose
    name: Weighed
    said: Mapping[str, float]
    standing: float
    spoken: frozenset[int]


class Asked:
    """What a draft asks: ``words`` by how much each counts."""

    def __init__(self, draft: Described, worths: Mapping[str, float], feature: Callable[[int], float]) -> None:
        """``feature`` gives the weight of a tagged name among those of the codebase's functions."""
        self.purpose = draft.purpose
        self._feature = feature
        self._spoken = _spoken(draft.purpose)
        self._weight = self._weight_of(self._spoken)
        self._libraries = set(draft.purpose.libraries)
        names = named(draft.purpose.name)
        self.name = weighed(names, worths)
        self.summary = weighed([word for word in draft.parts.get("summary", ()) if word not in names], worths)
        self.words: dict[str, float] = {}
        for part, weight in _ASKED.items():
            for word in names if part == "name" else draft.parts.get(part, ()):
                self.words[word] = max(self.words.get(word, 0.0), weight)
        self.meant = meant(self.words)
        self._names = frozenset(names)

    def shares_library(self, other: Purpose) -> bool:
        """Whether both call a package that is not of this codebase."""
        return bool(self._libraries) and not self._libraries.isdisjoint(other.libraries)

    def speaks_of(self, names: Collection[int]) -> float:
        """How much the names that the draft's body says have in common with ``names``: a cosine, 0..1."""
        both = self._weight_of(self._spoken.intersection(names))
        return both / sqrt(self._weight * self._weight_of(names)) if both else 0.0

    def _weight_of(self, names: Collection[int]) -> float:
        return sum([self._feature(name | NAME_TAG) for name in names])

    def shares_words(self, name: Weighed) -> bool:
        """Whether one of the words of ``name`` is in the draft's."""
        return any(word in self._names for word, _ in name.words)


class _Worths(dict[str, float]):
    """Word to how much it tells that it is shared, computed once."""

    def __init__(self, rarity: Callable[[str], float]) -> None:
        super().__init__()
        self._rarity = rarity

    def __missing__(self, word: str) -> float:
        light = word in _LIGHT or word.isdigit()
        worth = self[word] = self._rarity(word) * (_LIGHT_WEIGHT if light else 1.0)
        return worth


def meant(said: Mapping[str, float]) -> dict[str, float]:
    """The words that are ``said`` with their synonyms, each by how much it counts; a synonym counts most of a word."""
    found = dict(said)
    for word, weight in said.items():
        for other in kin(word):
            if found.get(other, 0.0) < SYNONYM * weight:
                found[other] = SYNONYM * weight
    return found


def named(name: str) -> list[str]:
    """The words of a name; two that are one idea are that: `sign_in` is `signin`."""
    return list(dict.fromkeys(ideas(name)))


def compared(ask: Asked, told: Told) -> Related | None:
    """How near something is to what the draft is for; None for another sort of thing."""
    mine, other = ask.purpose, told.purpose
    if mine.is_class is not other.is_class and not (mine.does and other.does):
        return None
    name = ask.name.share(told.said)
    explained = told.name.share(ask.meant)
    summary = ask.summary.share(told.said) if ask.summary.words else name
    library = _LIBRARY if ask.shares_library(other) else 0.0
    total = (_NAME * name + _EXPLAINED * explained + _SUMMARY * summary + library) * told.standing
    total *= 1.0 if mine.is_class is other.is_class else OTHER_SORT
    total *= 1.0 if bool(mine.route) is (other.kind == "endpoint") or mine.is_class else OTHER_SIDE
    total *= OTHER_ANSWER if _answers_otherwise(mine, other) else 1.0
    total *= NOTHING_TAKEN if mine.takes and not other.takes and other.kind != "endpoint" else 1.0
    total += _SPOKEN * ask.speaks_of(told.spoken) * told.standing
    same_name = mine.name == other.name
    if same_name:
        total = max(total, SAME_NAME)
    return Related(mine, other, min(total, 0.99), same_name, ask.shares_words(told.name))


def _spoken(purpose: Purpose) -> frozenset[int]:
    return frozenset(numbers(bytes.fromhex(purpose.says)))


def _answers_otherwise(mine: Purpose, other: Purpose) -> bool:
    return bool(mine.gives and other.gives) and (mine.gives == "bool") is not (other.gives == "bool")


def _texts(other: Purpose) -> Iterator[tuple[str, str]]:
    folder, _, file = other.path.rpartition("/")
    yield "name", other.name
    yield "owner", other.qualname.rpartition(".")[0]
    yield "summary", other.summary
    yield "route", other.route
    yield "path", f"{folder.rpartition('/')[2]} {file.removesuffix('.py')}"
    yield "fields", " ".join(other.takes)


def _reason(mine: Purpose, other: Purpose, same_name: bool, shares_words: bool) -> str:
    libraries = [one for one in mine.libraries if one in other.libraries]
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


def name_number(name: str) -> int:
    """The number by which a name is looked up."""
    return crc32(name.encode("utf-8", "surrogatepass"))
