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
    having: dict[tuple[str, int, int], set[str]] = {}
    sizes: Counter[str] = Counter()
    ends: dict[str, int] = {}
    for function, code in zip(survey.records.functions, survey.codes, strict=True):
        if function.silent or not code.statements:
            continue
        # a copy keeps its functions' names; two resources that are written alike name theirs after themselves
        having.setdefault((function.name, code.renamed, code.tokens), set()).add(function.path)
        sizes[function.path] += 1
        ends[function.path] = max(ends.get(function.path, 1), function.end_line)
    shared: Counter[tuple[str, str]] = Counter()
    for paths in having.values():
        if 1 < len(paths) <= EVERYWHERE:
            shared.update(combinations(sorted(paths), 2))
    for (first, second), count in sorted(shared.items()):
        share = count / min(sizes[first], sizes[second])
        if count >= LEAST and share >= SHARE:
            small, large = sorted((first, second), key=lambda path: (sizes[path], path))
            yield _finding(small, large, count, share, ends)


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
