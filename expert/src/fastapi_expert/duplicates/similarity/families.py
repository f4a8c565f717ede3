"""Which functions (or models) are alike: pairs found through the index, gathered into families.

A shape that ten functions have is one family, not forty-five pairs. A family is kept tight: a member is like at least
half of the others. The closest pair of every function is kept in any case, so that a family never hides a copy.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

from fastapi_expert.duplicates.similarity.index import promising, shared_prefix
from fastapi_expert.duplicates.similarity.measure import (
    Code,
    Similarity,
    Weights,
    compare,
)


@dataclass(frozen=True, slots=True)
class Family:
    """Positions of those that are alike; ``score`` is that of the least alike neighbours that hold it together."""

    members: tuple[int, ...]
    score: float
    mass: float


class Scored(Protocol):
    """How much a pair has in common: functions' `Similarity`, models' `Overlap`."""

    @property
    def score(self) -> float: ...
    @property
    def mass(self) -> float: ...


def frequencies(codes: Iterable[Code]) -> Counter[int]:
    """How many functions have each feature."""
    return Counter(chain.from_iterable([code.features for code in codes]))


def equal_groups(codes: Sequence[Code], positions: Iterable[int]) -> list[list[int]]:
    """``positions`` grouped by the same code up to names and literals; singles too, in order of their first member."""
    groups: dict[tuple[int, int], list[int]] = {}
    for position in positions:
        code = codes[position]
        groups.setdefault((code.renamed, code.tokens), []).append(position)
    return list(groups.values())


LEAST_STATEMENTS = 4
LEAST_SHARE = 0.5
"""Nearly equal functions share so many statements, and this much of the longer one: neither names alone nor three
lines of an idiom make a copy."""
FAMILY = 0.6
"""Similarity from which a pair joins a family; a looser pair is at most a pair."""
LEAST_EVIDENCE = 1.0
"""What they share weighs this much at least: about two statements that nobody else wrote."""


def is_copy(similarity: Similarity, least: float) -> bool:
    """Whether so much in common is no coincidence."""
    enough = similarity.common >= LEAST_STATEMENTS and similarity.share >= LEAST_SHARE
    return enough and similarity.score >= least and similarity.mass >= LEAST_EVIDENCE


def may_be_copy(left: Code, right: Code) -> bool:
    """A quick look before comparing: False only when `is_copy` cannot be True."""
    shorter, longer = sorted((left.statements, right.statements), key=len)
    least = max(LEAST_STATEMENTS, LEAST_SHARE * len(longer))
    if len(shorter) < least:
        return False
    other = set(longer)
    return sum([statement in other for statement in shorter]) >= least


def alike_pairs(
    codes: Sequence[Code], positions: Iterable[int], weights: Weights, *, least: float
) -> dict[tuple[int, int], Similarity]:
    """Pairs (lower position first) of functions that score at least ``least``."""
    having: dict[int, list[int]] = {}
    pairs: dict[tuple[int, int], Similarity] = {}
    for position in positions:
        code = codes[position]
        found: list[tuple[Sequence[int], float]] = []
        looked_up: list[list[int]] = []
        for feature, weight in shared_prefix(code, weights):
            others = having.setdefault(feature, [])
            found.append((others, weight))
            looked_up.append(others)
        for other in promising(found, weights.total(code)):
            if not may_be_copy(codes[other], code):
                continue
            similarity = compare(codes[other], code, weights)
            if is_copy(similarity, least):
                pairs[other, position] = similarity
        for others in looked_up:
            others.append(position)
    return pairs


def gather(pairs: Mapping[tuple[int, int], Scored]) -> list[Family]:
    """The families that ``pairs`` make, and beside them the closest pair of any member left out of one with it."""
    best_first = sorted(pairs, key=lambda pair: (-pairs[pair].score * pairs[pair].mass, pair))
    neighbours: dict[int, set[int]] = {}
    for left, right in pairs:
        neighbours.setdefault(left, set()).add(right)
        neighbours.setdefault(right, set()).add(left)
    family_of: dict[int, list[int]] = {}
    left_over: list[tuple[int, int]] = []
    for left, right in best_first:
        first, second = family_of.get(left, [left]), family_of.get(right, [right])
        if first is second:
            continue
        if pairs[left, right].score < FAMILY or not _belong_together(first, second, neighbours):
            left_over.append((left, right))
            continue
        merged = [*first, *second]
        for member in merged:
            family_of[member] = merged
    families = {id(members): _family(sorted(members), pairs) for members in family_of.values()}
    return [*families.values(), *_closest_outside(left_over, best_first, pairs)]


def joined(families: Sequence[Family]) -> list[Family]:
    """``families`` where one that is only like a single member of a larger family is named with that family.

    To tell of the two as a pair as well would say the same of that member twice.
    """
    large = {
        member: index for index, family in enumerate(families) if len(family.members) > 2 for member in family.members
    }
    found = list(families)
    for index, pair in enumerate(families):
        inside = {large[member] for member in pair.members if member in large}
        if len(pair.members) == 2 and len(inside) == 1 and not large.keys() >= set(pair.members):
            (whole,) = inside
            members = {*found[whole].members, *pair.members}
            found[whole] = replace(found[whole], members=tuple(sorted(members)))
            found[index] = replace(pair, members=())
    return [family for family in found if family.members]


def _belong_together(first: list[int], second: list[int], neighbours: dict[int, set[int]]) -> bool:
    others = set(second)
    links = sum(len(neighbours[member] & others) for member in first)
    return 2 * links >= len(first) * len(second)


def _family(members: list[int], pairs: Mapping[tuple[int, int], Scored]) -> Family:
    inside = [
        pairs[left, right]
        for index, left in enumerate(members)
        for right in members[index + 1 :]
        if (left, right) in pairs
    ]
    return Family(tuple(members), min(like.score for like in inside), max(like.mass for like in inside))


def _closest_outside(
    left_over: list[tuple[int, int]], best_first: list[tuple[int, int]], pairs: Mapping[tuple[int, int], Scored]
) -> list[Family]:
    closest: dict[int, tuple[int, int]] = {}
    for pair in best_first:
        for member in pair:
            closest.setdefault(member, pair)
    return [
        Family(pair, pairs[pair].score, pairs[pair].mass)
        for pair in left_over
        if closest[pair[0]] == pair or closest[pair[1]] == pair
    ]
