"""The inverted index over the functions of a codebase, and the search in it.

Candidates come by prefix filtering (Chaudhuri et al., "A primitive operator for similarity joins in data cleaning",
ICDE 2006; used for clones by SourcererCC, ICSE 2016): two sets that overlap enough meet in the rare end of each.
The index is flat arrays, so that a hook loads it from bytes in a millisecond: the functions that have ``features[i]``
are ``postings[starts[i]:starts[i + 1]]``.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi_expert.duplicates.similarity.measure import Code, Weights

EQUAL_TAG = 1 << 62
"""Digests live in the index beside statements and names, told apart by this bit."""
COMMON = 64
"""A feature that more functions than this have finds no candidates."""
PREFIX = 0.62
"""The share of a function's weight, rarest first, that is looked up."""
PROMISE = 0.1
"""A candidate shares at least this much of the weight within the prefix."""
CANDIDATES = 24
"""How many of the most promising candidates are worth comparing."""


@dataclass(frozen=True, slots=True)
class Index:
    """Which functions have which feature; a function is known by its position. Immutable."""

    population: int
    features: "array[int]"
    starts: "array[int]"
    postings: "array[int]"

    def having(self, feature: int) -> Sequence[int]:
        """The positions of the functions that have ``feature``."""
        position = bisect_left(self.features, feature)
        if position == len(self.features) or self.features[position] != feature:
            return ()
        return self.postings[self.starts[position] : self.starts[position + 1]]

    def frequency(self, feature: int) -> int:
        """How many functions have ``feature``."""
        position = bisect_left(self.features, feature)
        if position == len(self.features) or self.features[position] != feature:
            return 0
        return self.starts[position + 1] - self.starts[position]

    def candidates(self, code: Code, weights: Weights) -> list[int]:
        """The functions most likely to be like ``code``: equal ones, then best first."""
        equal = list(self.having(equal_feature(code)))
        weighted = [(self.having(feature), weight) for feature, weight in prefix(code, weights)]
        return [*equal, *[position for position in promising(weighted, weights.total(code)) if position not in equal]]


def equal_feature(code: Code) -> int:
    """The feature that only functions equal up to names and literals share."""
    return EQUAL_TAG | code.renamed & 0xFFFF_FFFF_FFFF


def prefix(code: Code, weights: Weights) -> list[tuple[int, float]]:
    """The rarest features of ``code`` with their weights, up to the share of its weight that must be looked up."""
    weighted = sorted((weights.frequency(feature), -weights.feature(feature), feature) for feature in code.features)
    enough = PREFIX * weights.total(code)
    chosen: list[tuple[int, float]] = []
    for frequency, negative, feature in weighted:
        if frequency > COMMON or enough <= 0:
            break
        chosen.append((feature, -negative))
        enough += negative
    return chosen


def shared_prefix(code: Code, weights: Weights) -> list[tuple[int, float]]:
    """Of the :func:`prefix` of a function of the codebase the features that another has too; most have none."""
    frequencies = [*map(weights.frequency, code.features)]
    weighted = [*map(weights.feature, code.features)]
    alone = sum([weight for weight, frequency in zip(weighted, frequencies, strict=True) if frequency == 1])
    enough = PREFIX * sum(weighted) - alone  # what no other has comes first in the order of rarity
    if enough <= 0:
        return []
    ranked = [
        (frequency, -weight, feature)
        for frequency, weight, feature in zip(frequencies, weighted, code.features, strict=True)
        if 1 < frequency <= COMMON
    ]
    ranked.sort()
    chosen: list[tuple[int, float]] = []
    for _, negative, feature in ranked:
        if enough <= 0:
            break
        chosen.append((feature, -negative))
        enough += negative
    return chosen


def promising(found: Sequence[tuple[Sequence[int], float]], total: float) -> list[int]:
    """Of the functions found under each feature, those that share enough of ``total``, best first."""
    shared: dict[int, float] = {}
    for positions, weight in found:
        for position in positions:
            shared[position] = shared.get(position, 0.0) + weight
    least = PROMISE * total
    best = sorted(((weight, position) for position, weight in shared.items() if weight >= least), reverse=True)
    return [position for _, position in best[:CANDIDATES]]


def build(codes: Sequence[Code]) -> Index:
    """Index ``codes``; a function is known by its position in them."""
    having: dict[int, list[int]] = {}
    for position, code in enumerate(codes):
        for feature in (*code.features, equal_feature(code)):
            found = having.get(feature)
            if found is None:
                having[feature] = [position]
            else:
                found.append(position)
    features = array("Q", sorted(having))
    starts, postings = array("I", [0]), array("I")
    for feature in features:
        postings.extend(having[feature])
        starts.append(len(postings))
    return Index(len(codes), features, starts, postings)
