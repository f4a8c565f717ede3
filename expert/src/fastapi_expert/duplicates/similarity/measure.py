"""How much two functions have in common.

What a function shares counts by how rare it is in this codebase (inverse document frequency), so an idiom that everyone
writes weighs nothing and a copied peculiarity weighs much. Statements must also come in the same order, or nearly: the
check by longest common subsequence that NIL (ESEC/FSE 2021) makes on tokens.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2
from typing import Protocol

from fastapi_expert.codebase.syntax.shape import LENGTH_MASK

NAME_TAG = 1 << 32
"""Names live in the index beside statements, told apart by this bit."""
LONGEST = 16
"""Tokens from which on a statement counts no more for being longer."""
REORDERED = 0.9
"""What statements shared out of order are worth, beside those shared in order."""


@dataclass(frozen=True, slots=True)
class Code:
    """A shape unpacked for comparing: ``features`` are the distinct statements and (tagged) names."""

    exact: int
    renamed: int
    literals: int
    tokens: int
    statements: tuple[int, ...]
    names: frozenset[int]
    features: tuple[int, ...]


class Shaped(Protocol):
    """Whatever has the numbers of a :class:`~fastapi_expert.codebase.syntax.shape.Shape`."""

    @property
    def exact(self) -> int: ...
    @property
    def renamed(self) -> int: ...
    @property
    def literals(self) -> int: ...
    @property
    def tokens(self) -> int: ...
    @property
    def statements(self) -> bytes: ...
    @property
    def names(self) -> bytes: ...


def unpack(shape: Shaped) -> Code:
    """``shape`` ready for comparing."""
    statements = tuple(memoryview(shape.statements).cast("I"))
    names = frozenset(memoryview(shape.names).cast("I"))
    features = (*set(statements), *[name | NAME_TAG for name in names])
    return Code(shape.exact, shape.renamed, shape.literals, shape.tokens, statements, names, features)


@dataclass(frozen=True, slots=True)
class Similarity:
    """``score`` 0..1; ``mass`` is the weight of what is shared: the evidence that it is no coincidence."""

    score: float
    mass: float
    ordered: float
    """The share of statements, weighted, that both have in order (or nearly)."""
    common: int
    """How many statements both have, in any order."""
    share: float
    """That number, as a share of the longer one's statements."""


class Weights:
    """What a feature counts for, by how many functions have it: a single one 1, all of them 0.

    ``feature`` gives the weight of a statement (its rarity times its length, capped, in long statements) or of half a
    name; it is a dictionary's lookup, for this is asked a million times.
    """

    def __init__(self, frequency: Callable[[int], int], population: int) -> None:
        self.frequency = frequency
        self.feature: Callable[[int], float] = _KnownWeights(frequency, log2(max(population, 16) + 1)).__getitem__

    def total(self, code: Code) -> float:
        """The weight of all distinct features of ``code``."""
        return sum(map(self.feature, code.features))


class _KnownWeights(dict[int, float]):
    """Feature to weight, computed once."""

    def __init__(self, frequency: Callable[[int], int], scale: float) -> None:
        super().__init__()
        self._frequency = frequency
        self._scale = scale
        self._rarity: dict[int, float] = {0: 1.0, 1: 1.0}

    def __missing__(self, feature: int) -> float:
        frequency = self._frequency(feature)
        rarity = self._rarity.get(frequency)
        if rarity is None:
            rarity = self._rarity[frequency] = max(0.0, 1.0 - log2(frequency) / self._scale)
        length = feature & LENGTH_MASK if feature < NAME_TAG else LONGEST // 2
        weight = self[feature] = rarity * (length if length < LONGEST else LONGEST) / LONGEST
        return weight


def compare(left: Code, right: Code, weights: Weights) -> Similarity:
    """How much ``left`` and ``right`` have in common; symmetric."""
    weight = weights.feature
    total = sum(map(weight, left.statements)) + sum(map(weight, right.statements))
    ordered, any_order, count = _shared_statements(left.statements, right.statements, weight)
    together = max(ordered, REORDERED * any_order)
    by_statement = 2 * together / total if total else 0.0
    common = sum([weight(name | NAME_TAG) for name in left.names & right.names])
    names = 2 * common + sum([weight(name | NAME_TAG) for name in left.names ^ right.names])
    by_name = 2 * common / names if names else by_statement
    share = count / max(len(left.statements), len(right.statements), 1)
    return Similarity((by_statement + by_name) / 2, together + common, by_statement, count, share)


def common_statements(left: Code, right: Code) -> int:
    """How many statements both have, in any order."""
    return (Counter(left.statements) & Counter(right.statements)).total()


def _shared_statements(
    left: Sequence[int], right: Sequence[int], weight: Callable[[int], float]
) -> tuple[float, float, int]:
    """The weight of the statements both have, in order (heaviest common subsequence) and in any; and their number."""
    both = set(left) & set(right)
    if not both:
        return 0.0, 0.0, 0
    first = [number for number in left if number in both]
    second = [number for number in right if number in both]
    if first == second:
        whole = sum(map(weight, first))
        return whole, whole, len(first)
    shared = Counter(first) & Counter(second)
    any_order = sum(weight(number) * count for number, count in shared.items())
    best = [0.0] * (len(second) + 1)
    for number in first:
        diagonal, value = 0.0, weight(number)
        for column, other in enumerate(second, start=1):
            above = best[column]
            if number == other:
                best[column] = diagonal + value
            elif best[column - 1] > above:
                best[column] = best[column - 1]
            diagonal = above
    return best[-1], any_order, shared.total()
