"""The pairs of functions that are alike: the part of matching that asks nothing of the linker.

So it is done beside linking where there is a core to spare, and kept as long as no function changes its shape.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from fastapi_expert.codebase.files.fork import ChildTask, may_fork
from fastapi_expert.config import Config
from fastapi_expert.duplicates.records.extract import function_records
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.similarity.families import alike_pairs, equal_groups, frequencies
from fastapi_expert.duplicates.similarity.measure import (
    Code,
    Similarity,
    Weights,
    unpack,
)
from fastapi_expert.identity import identity
from fastapi_expert.store import recalled, sealed

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

SMALLEST = ((3, 24), (4, 18), (6, 10))
"""Statements and tokens that a function has at least, one pair or the other; fewer are trivial bodies."""
FEW = 100
"""Files up to which a child costs more than it saves."""
_DUNDER_MINIMUM = 60
_NAME = "similar pairs"

Pairs = Mapping[tuple[int, int], Similarity]
"""Positions of two functions, the lower first, and what they have in common."""


class Pools(NamedTuple):
    """Positions of the functions that are worth comparing, each with its own kind."""

    tests: Sequence[int]
    application: Sequence[int]
    helpers: Sequence[int]
    """Of tests."""


def pools_of(functions: Sequence[FunctionRecord], codes: Sequence[Code]) -> Pools:
    """Sort ``functions``, whose codes are ``codes``, into pools; small and silent ones are in none."""
    large = [number for number, function in enumerate(functions) if _is_eligible(function, codes[number])]
    tests = [position for position in large if functions[position].is_test_case]
    others = [position for position in large if not functions[position].is_test_case]
    return Pools(
        tests,
        [position for position in others if not functions[position].is_test],
        [position for position in others if functions[position].is_test],
    )


def is_trivial(code: Code) -> bool:
    """Too small to be worth sharing."""
    return not any(len(code.statements) >= statements and code.tokens >= tokens for statements, tokens in SMALLEST)


def _is_eligible(function: FunctionRecord, code: Code) -> bool:
    if function.silent or is_trivial(code):
        return False
    is_dunder = function.name.startswith("__") and function.name != "__call__"
    return not is_dunder or code.tokens >= _DUNDER_MINIMUM


class SimilarPairs:
    """The pairs of one codebase that are alike; what was found last is kept in its cache."""

    def __init__(self, codebase: "Codebase", settings: Config) -> None:
        self._codebase = codebase
        self._settings = settings
        self._kept = codebase.cache.get_blob(_NAME) if codebase.cache is not None else None
        self._child: ChildTask | None = None

    def begin(self) -> None:
        """Look for them while this process links, unless they are likely to be known or soon found."""
        if self._kept is None and len(self._codebase.files) > FEW and may_fork():
            self._codebase.files.values()  # by this process, for both
            self._child = ChildTask(self._beforehand)

    def _beforehand(self) -> bytes:
        functions = [
            function
            for facts in self._codebase.files.values()
            for function in function_records(facts, kinds={}, mentions={}, lineage=None)
        ]
        codes = [unpack(function) for function in functions]
        pools = pools_of(functions, codes)
        return sealed(self._digest(functions, pools), _written(self._look(codes, pools)))

    def among(self, functions: Sequence[FunctionRecord], codes: Sequence[Code], pools: Pools) -> Pairs:
        """The pairs within the pools of ``functions``, whose codes are ``codes``."""
        digest = self._digest(functions, pools)
        load = partial(_read, count=len(functions))
        known = recalled(self._kept, digest, load)
        if known is not None:
            return known
        data = self._child.result() if self._child is not None else b""
        found = recalled(data, digest, load)
        if found is None:
            found = self._look(codes, pools)
            data = sealed(digest, _written(found))
        if self._codebase.cache is not None:
            self._codebase.cache.put_blob(_NAME, data)
        return found

    def _look(self, codes: Sequence[Code], pools: Pools) -> Pairs:
        weights = Weights(frequencies(codes).__getitem__, len(codes))
        found: dict[tuple[int, int], Similarity] = {}
        for pool in (pools.application, pools.helpers):
            firsts = [group[0] for group in equal_groups(codes, pool)]
            long = [position for position in firsts if len(codes[position].statements) >= self._settings.min_statements]
            found |= alike_pairs(codes, long, weights, least=self._settings.function_similarity)
        return found

    def _digest(self, functions: Sequence[FunctionRecord], pools: Pools) -> str:
        settings = (self._settings.min_statements, self._settings.function_similarity)
        made_from = repr((identity(), settings, pools.application, pools.helpers))
        total = blake2b(made_from.encode(), digest_size=16)
        for one in functions:
            total.update(b"%d %d %d %d " % (one.renamed, one.tokens, len(one.statements), len(one.names)))
            total.update(one.statements)
            total.update(one.names)
        return total.hexdigest()


def _written(pairs: Pairs) -> bytes:
    rows = [[*pair, like.score, like.mass, like.ordered, like.common, like.share] for pair, like in pairs.items()]
    return json.dumps(rows).encode()


def _read(data: bytes, *, count: int) -> Pairs:
    """What :func:`_written` wrote of ``count`` functions. Raises ValueError or TypeError for anything else."""
    found = {(left, right): Similarity(*similarity) for left, right, *similarity in json.loads(data)}
    if not all(isinstance(position, int) and 0 <= position < count for pair in found for position in pair):
        raise ValueError("not positions of these functions")
    return found
