"""`python -m bench find CORPORA`: `expert find` against answers that a reader of the code wrote down before running it.

CORPORA is a folder with checkouts named as below (nothing is fetched). The reference is what people do without the
tool: rank every definition by how many of the query's words its name and path contain. The first two projects were
looked at while the weights were chosen, the others were not.
"""

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.find.queries import QUERIES, TUNED
from fastapi_expert.codebase import load
from fastapi_expert.find import Entry, Finder, entries

LIMITS = (1, 3, 10)
_SMALL = frozenset({"for", "that", "the", "with", "who"})


@dataclass(slots=True)
class Score:
    """Queries answered within the first 1, 3 and 10, the sum of reciprocal ranks, and milliseconds spent."""

    queries: int = 0
    within: tuple[int, ...] = (0, 0, 0)
    reciprocal: float = 0.0
    milliseconds: float = 0.0

    def add(self, rank: int | None, milliseconds: float) -> None:
        self.queries += 1
        self.within = tuple(
            count + (rank is not None and rank <= limit) for count, limit in zip(self.within, LIMITS, strict=True)
        )
        self.reciprocal += 1 / rank if rank else 0.0
        self.milliseconds += milliseconds


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("usage: python -m bench find CORPORA [--misses]", file=sys.stderr)
        return 2
    corpora, misses = Path(arguments[0]), "--misses" in arguments
    print("project      entries queries   hit@1   hit@3  hit@10    MRR     ms   grep hit@3  MRR")
    tuned, held_out = (Score(), Score()), (Score(), Score())
    for name, (folder, queries) in QUERIES.items():
        root = corpora / folder
        if not root.is_dir():
            print(f"{name:<12} not there: {root}")
            continue
        found = entries(load(root))
        finder = Finder(found)
        ours, grep = Score(), Score()
        for query, expected in queries.items():
            began = time.perf_counter()
            hits = [hit.entry for hit in finder.search(query, limit=10)]
            spent = 1000 * (time.perf_counter() - began)
            totals = tuned if name in TUNED else held_out
            for score in (ours, totals[0]):
                score.add(_rank(hits, expected), spent)
            for score in (grep, totals[1]):
                score.add(_rank(_grep(found, query), expected), 0.0)
            if misses and (_rank(hits, expected) or 99) > 3:
                first = ", ".join(f"{hit.kind} {hit.qualname}" for hit in hits[:3])
                print(f"    missed: {query!r} wants {' or '.join(expected)}; got {first}")
        print(_row(name, len(found), ours, grep))
    print(_row("tuned on", 0, *tuned))
    print(_row("held out", 0, *held_out))
    return 0


def _rank(hits: list[Entry], expected: tuple[str, ...]) -> int | None:
    for rank, entry in enumerate(hits, start=1):
        if any(_is(entry, answer) for answer in expected):
            return rank
    return None


def _is(entry: Entry, answer: str) -> bool:
    path, _, name = answer.partition("::")
    return entry.path.endswith(path) and (not name or entry.qualname == name or entry.qualname.endswith(f".{name}"))


def _grep(found: tuple[Entry, ...], query: str) -> list[Entry]:
    words = [word for word in re.findall(r"[a-z]{3,}", query.lower()) if word not in _SMALL]
    scored = [
        (sum(word.rstrip("s") in f"{entry.qualname} {entry.path}".lower() for word in words), entry) for entry in found
    ]
    return [entry for score, entry in sorted(scored, key=lambda pair: -pair[0])[:10] if score]


def _row(name: str, size: int, ours: Score, grep: Score) -> str:
    count = max(1, ours.queries)
    shares = "".join(f"{hits / count:>8.2f}" for hits in ours.within)
    spent = ours.milliseconds / count
    grepped = f"{grep.within[1] / count:>13.2f}{grep.reciprocal / count:>5.2f}"
    return f"{name:<12}{size or '':>8}{ours.queries:>8}{shares}{ours.reciprocal / count:>7.2f}{spent:>7.1f}{grepped}"
