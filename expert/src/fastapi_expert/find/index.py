"""BM25F over the parts of a component: a word in the name says more than the same word in the docstring.

Source: Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields" (CIKM 2004): frequencies are
weighted per field and normalised by that field's length before the one saturation, so a word is not counted five times.
"""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from fastapi_expert.find.words import kin, stem

# part -> (weight, how strongly a long one is discounted)
PARTS: dict[str, tuple[float, float]] = {
    "name": (5.0, 0.5),
    "owner": (1.5, 0.3),
    "route": (3.0, 0.5),
    "method": (0.8, 0.0),
    "summary": (1.8, 0.6),
    "fields": (1.0, 0.8),
    "path": (1.4, 0.4),
    "types": (0.8, 0.6),
}
_SATURATION = 1.6
_ENOUGH = 0.5  # the weighted frequency from which a word counts as answered
_PLAIN = 1.5  # the weighted frequency from which a word is plainly what a document is about
_COVERAGE = 1.5  # how hard unanswered words weigh
_KIN = 0.45  # a synonym counts this much of the word itself
_PREFIX = 0.6
_TYPO = 0.5
LONGEST = 100
"""Letters of a word that may be two words written as one."""


@dataclass(frozen=True, slots=True)
class Document:
    """The words of one component by part."""

    parts: Mapping[str, Sequence[str]]


class Index:
    """Weighted frequencies of every word in every document, in flat arrays that a file can hold as they are.

    The documents that bear ``terms[i]`` are ``numbers[starts[i]:starts[i + 1]]``, with their ``weights``.
    """

    def __init__(
        self, size: int, terms: Sequence[str], starts: "array[int]", numbers: "array[int]", weights: "array[float]"
    ) -> None:
        self.size = size
        self.terms = terms
        self.starts = starts
        self.numbers = numbers
        self.weights = weights
        self._positions = {term: position for position, term in enumerate(terms)}
        self._worths: dict[str, float] = {}
        self._answered: dict[str, tuple[float, Sequence[tuple[int, float]]]] = {}

    @classmethod
    def of(cls, documents: Sequence[Document]) -> "Index":
        """The index of ``documents``, known by their position."""
        postings: dict[str, dict[int, float]] = defaultdict(dict)
        mean = _mean_lengths(documents)
        for number, document in enumerate(documents):
            for part, terms in document.parts.items():
                if not terms:
                    continue
                weight, discount = PARTS[part]
                scale = weight / (1 - discount + discount * len(terms) / mean[part])
                for term in terms:
                    found = postings[term]
                    found[number] = found.get(number, 0.0) + scale
        starts, numbers, weights = array("I", [0]), array("I"), array("d")
        for found in postings.values():
            numbers.extend(found)
            weights.extend(found.values())
            starts.append(len(numbers))
        return cls(len(documents), list(postings), starts, numbers, weights)

    def _found(self, term: str) -> "tuple[array[int], array[float]]":
        """The documents that bear ``term``, and how much it counts in each."""
        position = self._positions.get(term)
        if position is None:
            return array("I"), array("d")
        start, end = self.starts[position], self.starts[position + 1]
        return self.numbers[start:end], self.weights[start:end]

    def rarity(self, term: str) -> float:
        """Inverse document frequency, never negative."""
        position = self._positions.get(term)
        return self._rarity(0 if position is None else self.starts[position + 1] - self.starts[position])

    def _rarity(self, found: int) -> float:
        return log(1 + (self.size - found + 0.5) / (found + 0.5))

    def scores(
        self, terms: Sequence[str], compounds: Mapping[str, Sequence[str]] | None = None
    ) -> dict[int, tuple[float, tuple[str, ...]]]:
        """Document number -> (score, the query's terms it answers); documents that answer none are left out.

        A document that answers only part of the query is worth that share (by rarity) of its score.
        ``compounds`` are the words that a term is a part of; one of those answers the term as well as itself does.
        """
        readings = {term: self._readings(term, (compounds or {}).get(term, ())) for term in terms}
        worth = {term: max((self.rarity(word) for word in readings[term]), default=self._absent) for term in terms}
        total = sum(worth.values()) or 1.0
        gained: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        matched: dict[int, list[str]] = defaultdict(list)
        for term in terms:
            for number, frequency in self._frequencies(readings[term]).items():
                saturated = frequency * (_SATURATION + 1) / (frequency + _SATURATION)
                gained[number] += worth[term] * saturated
                covered[number] += worth[term] * min(1.0, frequency / _ENOUGH)
                matched[number].append(term)
        return {
            number: (score * (covered[number] / total) ** _COVERAGE, tuple(matched[number]))
            for number, score in gained.items()
        }

    def coverage(self, terms: Mapping[str, float]) -> dict[int, float]:
        """Document number -> the share of ``terms`` (with how much each counts) that it answers, 0..1, by rarity.

        Unlike a score it says how near a document is to everything that was asked, whatever else is in the index.
        """
        answered: dict[int, float] = {}
        total = 0.0
        for term, share in terms.items():
            worth, answers = self._answers(term)
            total += share * worth
            for number, answer in answers:
                answered[number] = answered.get(number, 0.0) + share * answer
        return {number: value / total for number, value in answered.items()} if total else {}

    def _answers(self, term: str) -> tuple[float, Sequence[tuple[int, float]]]:
        """How much ``term`` tells, and how much of that each document says; the drafts of one change share words."""
        known = self._answered.get(term)
        if known is None:
            worth = self.worth(term)
            found = self._frequencies(self._meanings(term)).items()
            answers = [(number, worth * min(1.0, frequency / _PLAIN)) for number, frequency in found]
            known = self._answered[term] = (worth, answers)
        return known

    def worth(self, term: str) -> float:
        """How much ``term`` tells: the less, the more documents bear a word that it may mean."""
        known = self._worths.get(term)
        if known is None:
            known = self._worths[term] = self._worth(self._meanings(term))
        return known

    def _worth(self, readings: Mapping[str, float]) -> float:
        positions = [self._positions[word] for word in readings]
        found = sum([self.starts[one + 1] - self.starts[one] for one in positions])
        return self._rarity(min(found, self.size)) if found else self._absent / 2

    @property
    def _absent(self) -> float:
        """The worth of a word that nothing bears: as rare as can be."""
        return log(1 + 2 * (self.size + 0.5))

    def _meanings(self, term: str) -> dict[str, float]:
        """The words of the index that mean the same as ``term``, and how much each counts."""
        readings = {other: _KIN for other in kin(term) if other in self._positions}
        if term in self._positions:
            readings[term] = 1.0
        return readings or dict.fromkeys(self._halves(term), _PREFIX)

    def _readings(self, term: str, compounds: Sequence[str]) -> dict[str, float]:
        """The words of the index that ``term`` may mean, and how much each counts."""
        readings = {other: _KIN for other in kin(term) if other in self._positions}
        readings.update({word: 1.0 for word in (term, *compounds) if word in self._positions})
        if term not in self._positions and not readings:
            readings.update(dict.fromkeys(self._halves(term), _PREFIX))
        if term not in self._positions and len(term) >= 3 and not readings:
            longer = [word for word in self._positions if word.startswith(term)]
            readings.update(dict.fromkeys(longer, _PREFIX))
            if not longer:
                readings.update(dict.fromkeys(self._typos(term), _TYPO))
        return readings

    def _halves(self, term: str) -> tuple[str, ...]:
        """The two known words that ``term`` is made of: `ratelimit` is `rate` and `limit`."""
        if len(term) > LONGEST:
            return ()
        for cut in range(3, len(term) - 2):
            halves = stem(term[:cut]), stem(term[cut:])
            if all(half in self._positions for half in halves):
                return halves
        return ()

    def _typos(self, term: str) -> list[str]:
        from difflib import get_close_matches

        near = [word for word in self._positions if word[:1] == term[:1] and abs(len(word) - len(term)) <= 2]
        return get_close_matches(term, near, n=3, cutoff=0.8)

    def _frequencies(self, readings: Mapping[str, float]) -> dict[int, float]:
        found: dict[int, float] = {}
        for word, share in readings.items():
            for number, frequency in zip(*self._found(word), strict=True):
                found[number] = max(found.get(number, 0.0), share * frequency)
        return found


def _mean_lengths(documents: Sequence[Document]) -> dict[str, float]:
    """Part to the mean number of words in it; 1 where nobody has any."""
    count = max(1, len(documents))
    return {part: sum([len(one.parts.get(part, ())) for one in documents]) / count or 1.0 for part in PARTS}
