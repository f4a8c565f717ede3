"""`python -m bench accuracy judged`: what a reader thought of findings, by rule and by codebase.

The files in `judged/` hold facts only, a line a finding: where it was said, of what, and whether a maintainer would act
on it or agree that it is there twice (`right`), or not (`wrong`), with the reason. They are read again when a rule
changes what it says.
"""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).with_name("judged")


class Judgement(NamedTuple):
    """One line; ``place`` is that of the first component."""

    codebase: str
    commit: str
    rule: str
    place: str
    verdict: str
    reason: str

    @property
    def key(self) -> str:
        """By what it is found again."""
        return f"{self.codebase} {self.commit} {self.rule} {self.place}"


def read(name: str) -> list[Judgement]:
    """The judgements of one file of the data; none where there is no such file."""
    file = DATA / name
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return [Judgement(*row) for row in rows if row]


def main(argv: Sequence[str]) -> int:
    """Print the shares; ``argv`` names files, all of them when it is empty."""
    for name in argv or sorted(file.name for file in DATA.glob("*.tsv")):
        rows = read(name)
        print(f"{name}: {_share(rows)}")
        _by("codebase", rows, lambda one: one.codebase)
        _by("rule", rows, lambda one: one.rule)
    return 0


def _by(what: str, rows: Sequence[Judgement], key: Callable[[Judgement], str]) -> None:
    print(f"  by {what}")
    for name in sorted(set(map(key, rows))):
        print(f"    {name:32}{_share([one for one in rows if key(one) == name])}")


def _share(rows: Sequence[Judgement]) -> str:
    count = Counter(one.verdict for one in rows)
    return f"{count['right']} of {len(rows)} right" + (f" ({count['right'] / len(rows):.0%})" if rows else "")
