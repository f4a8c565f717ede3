"""FX305: a file that was copied, told once instead of function by function."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from fastapi_expert.duplicates.model import Finding, Place, Rule
from fastapi_expert.duplicates.rules.base import Family, Survey
from fastapi_expert.duplicates.wording import Imports, listed, many
from fastapi_expert.find.places import is_example

LEAST = 5
"""Functions that a copied file shares with the other at least."""
LEAST_STATEMENTS = 10
"""Statements that those functions hold together at least: five stubs make no copied file."""
SHARE = 0.7
"""The share of the smaller file's functions that the two have in common."""
WRITTEN_ALIKE = 0.5
"""The likeness of two files of which the functions have one shape and say other things."""
SEVERAL = 2
"""Files of one name that two folders share at least for one of them to be a copy of the other."""
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
    lengths: dict[tuple[str, int, int], int] = {}
    sizes: Counter[str] = Counter()
    ends: dict[str, int] = {}
    for function, code in zip(survey.records.functions, survey.codes, strict=True):
        if function.silent or not code.statements or is_example(function.path):
            continue  # an example stands by itself
        # a copy keeps its functions' names; two resources that are written alike name theirs after themselves
        key = function.name, code.renamed, code.tokens
        having.setdefault(key, {}).setdefault(function.path, code.exact)
        lengths[key] = len(code.statements)
        sizes[function.path] += 1
        ends[function.path] = max(ends.get(function.path, 1), function.end_line)
    shared: Counter[tuple[str, str]] = Counter()
    exact: Counter[tuple[str, str]] = Counter()
    statements: Counter[tuple[str, str]] = Counter()
    for key, paths in having.items():
        if 1 < len(paths) <= EVERYWHERE:
            for pair in combinations(sorted(paths), 2):
                shared[pair] += 1
                statements[pair] += lengths[key]
                exact[pair] += paths[pair[0]] == paths[pair[1]]
    copies: dict[tuple[str, str], tuple[int, float]] = {}
    for (first, second), count in sorted(shared.items()):
        share = count / min(sizes[first], sizes[second])
        if count < LEAST or share < SHARE or statements[first, second] < LEAST_STATEMENTS:
            continue
        small, large = sorted((first, second), key=lambda path: (sizes[path], path))
        if 2 * exact[first, second] >= count:
            copies[small, large] = count, share
        else:
            yield _pattern(small, large, count, share, ends)
    for files in _groups(copies):
        if len(files) == 2:
            [(small, large)] = [pair for pair in copies if set(pair) == set(files)]
            yield _finding(small, large, *copies[small, large], ends, survey.imports)
        else:
            yield _group(files, {pair: copies[pair] for pair in copies if pair[0] in files}, ends, survey.imports)


def _groups(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Files that are copies of one another, or lie in two folders of which one is a copy of the other."""
    groups: dict[str, list[str]] = {}
    folders = Counter(_folders(*pair) for pair in pairs)
    last: dict[tuple[str, str], str] = {}
    for pair in pairs:
        both = _folders(*pair)
        beside = [last[both]] if folders[both] >= SEVERAL and both in last else []
        last[both] = pair[0]
        merged = [*dict.fromkeys(file for one in (*pair, *beside) for file in groups.get(one, [one]))]
        groups.update(dict.fromkeys(merged, merged))
    return list({id(one): sorted(one) for one in groups.values()}.values())


def _folders(first: str, second: str) -> tuple[str, str]:
    """The two folders in which files of one name lie below the same path, the copied one and what it is a copy of."""
    one, other = sorted((first, second))
    left, right = one.split("/"), other.split("/")
    while len(left) > 1 and len(right) > 1 and left[-1] == right[-1]:
        left.pop()
        right.pop()
    return "/".join(left), "/".join(right)


def _pattern(small: str, large: str, count: int, share: float, ends: dict[str, int]) -> Finding:
    """What is said of two files that are written alike, each about something else."""
    return Finding(
        COPIED,
        WRITTEN_ALIKE,
        f"{small} is written like {large}: {many(count, 'function')} are the same but for names and values",
        "Make one of what they share that takes what differs: a base class, a function or parametrised tests.",
        "merge",
        _places((small, large), ends),
        round(ends[small] * min(1.0, share)),
    )


def _finding(small: str, large: str, count: int, share: float, ends: dict[str, int], imports: Imports) -> Finding:
    if imports.are_together(small, large):
        copy = _by_use((small, large), imports)[-1]
        advice = f"Delete what {copy} repeats, or move it into a module that both import."
    else:
        advice = "Move what they share into a package that both programs install."
    return Finding(
        COPIED,
        min(1.0, share),
        f"{small} is {share:.0%} of {large}: {many(count, 'function')} stand in both",
        advice,
        "merge",
        _places((small, large), ends),
        round(ends[small] * min(1.0, share)),
    )


def _group(
    files: Sequence[str], copies: Mapping[tuple[str, str], tuple[int, float]], ends: dict[str, int], imports: Imports
) -> Finding:
    """What is said of more than two files: one cause, one finding."""
    ordered = _by_use(files, imports)
    together = all(imports.are_together(ordered[0], one) for one in ordered)
    where = "a module that all import" if together else "a package that their programs install"
    return Finding(
        COPIED,
        min(share for _, share in copies.values()),
        f"{len(files)} files hold copies of one another's functions: {listed(ordered)}",
        f"Keep one of each and delete the rest, or move what they share into {where}.",
        "merge",
        _places((ordered[-1], *ordered[:-1]), ends),
        sum(ends[file] for file in ordered[1:]),
    )


def _by_use(files: Iterable[str], imports: Imports) -> list[str]:
    """The file to keep first: one that others import, in the most general place."""
    return sorted(files, key=lambda path: (imports.is_hidden(path), -imports.users(path), path.count("/"), path))


def _places(files: Iterable[str], ends: Mapping[str, int]) -> tuple[Place, ...]:
    return tuple(Place(f"module:{path}", "module", path, 1, ends[path]) for path in files)


def _made_from(survey: Survey) -> Sequence[Any]:
    return [survey.digest]


FAMILY = Family((COPIED,), _survey, made_from=_made_from)
