"""How much two functions have in common."""

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.duplicates.similarity.families import alike_pairs, frequencies, gather, joined
from fastapi_expert.duplicates.similarity.index import build
from fastapi_expert.duplicates.similarity.measure import (
    Code,
    Similarity,
    Weights,
    compare,
)

LENGTH = 10


def code(statements: list[int], names: set[int]) -> Code:
    numbers = tuple(number << 6 | LENGTH for number in statements)
    features = (*set(numbers), *[name | 1 << 32 for name in names])
    return Code(hash(numbers), hash(numbers), 0, LENGTH * len(numbers), numbers, frozenset(names), features)


codes = st.builds(
    code, st.lists(st.integers(1, 12), min_size=1, max_size=14), st.sets(st.integers(1, 12), min_size=1, max_size=10)
)
EVERYTHING_IS_RARE = Weights(lambda _: 1, 100)


@given(codes, codes)
def test_likeness_is_symmetric_and_between_nothing_and_all(left: Code, right: Code) -> None:
    there, back = compare(left, right, EVERYTHING_IS_RARE), compare(right, left, EVERYTHING_IS_RARE)
    assert abs(there.score - back.score) < 1e-9
    assert -1e-9 <= there.score <= 1 + 1e-9


@given(codes)
def test_a_function_is_all_of_itself(one: Code) -> None:
    assert abs(compare(one, one, EVERYTHING_IS_RARE).score - 1) < 1e-9


def test_moved_statements_count_a_little_less_than_kept_ones() -> None:
    names = {1, 2}
    one = code([1, 2, 3, 4, 5, 6], names)
    kept = compare(one, code([1, 2, 3, 4, 5, 6], names), EVERYTHING_IS_RARE).score
    moved = compare(one, code([6, 5, 4, 3, 2, 1], names), EVERYTHING_IS_RARE).score
    assert 0.9 < moved < kept


def test_what_everybody_writes_weighs_nothing() -> None:
    common = Weights(lambda feature: 1000 if feature == 1 << 6 | LENGTH else 1, 1000)
    assert common.feature(1 << 6 | LENGTH) < 0.01 < common.feature(2 << 6 | LENGTH)


def test_the_prefix_filter_loses_no_pair_that_is_alike() -> None:
    """Against comparing all pairs, on functions made by editing one another."""
    rng = random.Random(5)
    corpus = [
        code([rng.randrange(1, 400) for _ in range(12)], {rng.randrange(1, 200) for _ in range(8)}) for _ in range(60)
    ]
    for original in corpus[:40]:
        statements = [number >> 6 for number in original.statements]
        for _ in range(3):
            statements[rng.randrange(len(statements))] = rng.randrange(500, 900)
        corpus.append(code(statements, set(original.names)))
    known = frequencies(corpus)
    weights = Weights(lambda feature: known.get(feature, 0), len(corpus))
    found = alike_pairs(corpus, range(len(corpus)), weights, least=0.55)
    wanted = {
        (left, right)
        for left, right in itertools.combinations(range(len(corpus)), 2)
        if compare(corpus[left], corpus[right], weights).score >= 0.55
    }
    assert wanted == set(found)
    assert len(wanted) >= 40


@given(st.lists(codes, min_size=1, max_size=12))
def test_the_index_knows_who_has_what(corpus: list[Code]) -> None:
    index = build(corpus)
    for feature, count in frequencies(corpus).items():
        assert list(index.having(feature)) == [at for at, one in enumerate(corpus) if feature in one.features]
        assert index.frequency(feature) == count
    assert list(index.having(1 << 50)) == []


def like(score: float) -> Similarity:
    return Similarity(score, 3.0, score, 5, score)


def test_a_shape_of_many_is_one_family() -> None:
    pairs = {pair: like(0.8) for pair in itertools.combinations(range(6), 2)}
    assert [family.members for family in gather(pairs)] == [(0, 1, 2, 3, 4, 5)]


def test_a_chain_is_no_family_and_every_pair_closest_to_somebody_is_kept() -> None:
    pairs = {(at, at + 1): like(0.9 - at / 50) for at in range(12)}
    families = [set(family.members) for family in gather(pairs)]
    assert all(len(members) <= 3 for members in families)
    assert all(any({at, at + 1} <= members for members in families) for at in range(12))


def test_what_is_like_one_member_of_a_family_is_named_with_it_and_not_as_a_pair_as_well() -> None:
    pairs = {pair: like(0.8) for pair in itertools.combinations(range(4), 2)} | {(1, 7): like(0.75)}
    assert sorted(family.members for family in gather(pairs)) == [(0, 1, 2, 3), (1, 7)]
    assert [family.members for family in joined(gather(pairs))] == [(0, 1, 2, 3, 7)]


def test_what_is_like_one_of_a_pair_stays_a_pair_of_its_own() -> None:
    pairs = {(0, 1): like(0.9), (1, 7): like(0.75), (3, 4): like(0.8)}
    assert joined(gather(pairs)) == gather(pairs)


def test_loose_pairs_stay_pairs() -> None:
    pairs = {pair: like(0.56) for pair in itertools.combinations(range(3), 2)}
    assert all(len(family.members) == 2 for family in gather(pairs))
