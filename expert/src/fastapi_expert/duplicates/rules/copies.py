"""FX305: a file that was copied, told once instead of function by function."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from fastapi_expert.duplicates.model import Finding, Place, Rule
from fastapi_expert.duplicates.rules.base import Family, Survey
from fastapi_expert.duplicates.wording import many

LEAST = 5
"""Functions that a copied file shares with the other at least."""
SHARE = 0.7
"""The share of the smaller file's functions that the two have in common."""
WRITTEN_ALIKE = 0.5
"""The likeness of two files of which the functions have one shape and say other things."""
EVERYWHERE = 8
"""A function that more files than this have is generated or an idiom."""
COPIED = Rule(
    "FX305",
    "copied file",
    "A file of which most functions stand in another one too",
    "functions",
    folds=True,
)


def _survey(survey: Survey) -> Iterator[Finding]:
    having: dict[tuple[str, int, int], dict[str, int]] = {}
    sizes: Counter[str] = Counter()
    ends: dict[str, int] = {}
    for function, code in zip(survey.records.functions, survey.codes, strict=True):
        if function.silent or not code.statements:
            continue
        # a copy keeps its functions' names; two resources that are written alike name theirs after themselves
        having.setdefault((function.name, code.renamed, code.tokens), {}).setdefault(function.path, code.exact)
        sizes[function.path] += 1
        ends[function.path] = max(ends.get(function.path, 1), function.end_line)
    shared: Counter[tuple[str, str]] = Counter()
    exact: Counter[tuple[str, str]] = Counter()
    for paths in having.values():
        if 1 < len(paths) <= EVERYWHERE:
            for pair in combinations(sorted(paths), 2):
                shared[pair] += 1
                exact[pair] += paths[pair[0]] == paths[pair[1]]
    for (first, second), count in sorted(shared.items()):
        share = count / min(sizes[first], sizes[second])
        if count >= LEAST and share >= SHARE:
            small, large = sorted((first, second), key=lambda path: (sizes[path], path))
            is_copy = 2 * exact[first, second] >= count
            yield (_finding if is_copy else _pattern)(small, large, count, share, ends)


def _pattern(small: str, large: str, count: int, share: float, ends: dict[str, int]) -> Finding:
    """What is said of two files that are written alike, each about something else."""
    return Finding(
        COPIED,
        WRITTEN_ALIKE,
        f"{small} is written like {large}: {many(count, 'function')} are the same but for names and values",
        "Make one of what they share that takes what differs: a base class, a function or parametrised tests.",
        "merge",
        tuple(Place(f"module:{path}", "module", path, 1, ends[path]) for path in (small, large)),
        round(ends[small] * min(1.0, share)),
    )


def _finding(small: str, large: str, count: int, share: float, ends: dict[str, int]) -> Finding:
    return Finding(
        COPIED,
        min(1.0, share),
        f"{small} is {share:.0%} of {large}: {many(count, 'function')} stand in both",
        f"Delete what {small} repeats, or move it into a module that both import.",
        "merge",
        tuple(Place(f"module:{path}", "module", path, 1, ends[path]) for path in (small, large)),
        round(ends[small] * min(1.0, share)),
    )


def _made_from(survey: Survey) -> Sequence[Any]:
    return [survey.digest]


FAMILY = Family((COPIED,), _survey, made_from=_made_from)
