"""`python -m bench review [CODE …] [--list]`: for every planted hazard, how many `expert review` finds, and how many of
the clean twins it flags. `--times CODEBASE` says how long it takes there instead.

A hazard is found when a finding of its code begins at its line, ends there, or has it between; a twin is flagged when
it has any finding of the code it is a twin of. What else is reported of a program is counted apart: `others`.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.review import times
from bench.review.corpus import Hazard, Mark, Program, hazards
from fastapi_expert.codebase import load
from fastapi_expert.review import Finding, review


@dataclass
class Row:
    """The counts of one hazard, and what was missed, flagged or reported besides, one line each."""

    hazard: Hazard
    planted: int = 0
    found: int = 0
    twins: int = 0
    flagged: int = 0
    missed: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench review", description=__doc__.split("\n\n")[0])
    parser.add_argument("codes", nargs="*", metavar="CODE", help="only these")
    parser.add_argument("--list", action="store_true", help="name what was missed and what was flagged")
    parser.add_argument("--times", type=Path, metavar="CODEBASE", help="how long a look takes there, see times.py")
    options = parser.parse_args(arguments)
    if options.times is not None:
        times.main(options.times)
        return 0
    chosen = [one for one in hazards() if not options.codes or one.code in options.codes]
    rows = [judge(one) for one in chosen]
    show(rows, details=options.list)
    return 0


def judge(hazard: Hazard) -> Row:
    row = Row(hazard)
    for program in hazard.programs:
        with tempfile.TemporaryDirectory() as folder:
            program.lay_out(Path(folder))
            count(row, program, findings_in(Path(folder)))
    return row


def findings_in(root: Path) -> list[Finding]:
    """The findings in the project at ``root``, of every rule there is."""
    return list(review(load(root, cache=False)).findings)


def count(row: Row, program: Program, findings: list[Finding]) -> None:
    label = f"{program.code} {'wrong' if program.wrong else 'twin'}: {program.style}"
    explained: set[int] = set()
    for mark in program.marks:
        row.planted += 1
        hits = [number for number, one in enumerate(findings) if _is_at(one, mark)]
        explained.update(hits)
        row.found += bool(hits)
        if not hits:
            row.missed.append(f"{label} · {mark.path}:{mark.line} {mark.code}")
    rest = [one for number, one in enumerate(findings) if number not in explained]
    if program.wrong:
        row.others.extend(_lines(label, rest))
        return
    row.twins += 1
    own = [one for one in rest if one.rule == program.code]
    row.flagged += bool(own)
    row.alarms.extend(_lines(label, own))
    row.others.extend(_lines(label, [one for one in rest if one.rule != program.code]))


def _is_at(finding: Finding, mark: Mark) -> bool:
    same = finding.rule == mark.code and finding.path == mark.path
    return same and finding.line <= mark.line <= finding.end_line


def _lines(label: str, findings: list[Finding]) -> Iterator[str]:
    for one in findings:
        yield f"{label} · {one.path}:{one.line} {one.rule} {one.message}"


def show(rows: list[Row], *, details: bool) -> None:
    print(f"{'code':7}{'no.':>4}  {'found':>5} of {'planted':8}{'flagged':>7} of {'twins':6}{'others':>6}  hazard")
    for row in rows:
        counts = f"{row.found:>5} of {row.planted:<8}{row.flagged:>7} of {row.twins:<6}{len(row.others):>6}"
        print(f"{row.hazard.code:7}{row.hazard.number:>4}  {counts}  {row.hazard.title}")
    found, planted = sum(row.found for row in rows), sum(row.planted for row in rows)
    flagged, twins = sum(row.flagged for row in rows), sum(row.twins for row in rows)
    programs = sum(len(row.hazard.programs) for row in rows)
    print(
        f"\n{len(rows)} hazards in {programs} programs: found {found} of {planted} ({found / max(planted, 1):.1%}), ",
        end="",
    )
    print(
        f"flagged {flagged} of {twins} twins ({flagged / max(twins, 1):.1%}), {sum(len(r.others) for r in rows)} others"
    )
    if details:
        for name in ("missed", "alarms", "others"):
            print(f"\n{name}")
            for line in (line for row in rows for line in getattr(row, name)):
                print(f"  {line}")
