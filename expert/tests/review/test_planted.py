"""Every rule on the planted corpus: it finds what is planted and leaves the clean twins alone."""

import sys
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.review import Finding, review
from fastapi_expert.review.rules.registry import RULES

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.review.corpus import Program, hazards

HAZARDS = list(hazards())
WRONG = [program for hazard in HAZARDS for program in hazard.programs if program.wrong]
TWINS = [program for hazard in HAZARDS for program in hazard.programs if not program.wrong]


def name(program: Program) -> str:
    return f"{program.code} {program.style}"


def findings(program: Program, root: Path) -> list[Finding]:
    program.lay_out(root)
    return list(review(load(root, cache=False)).findings)


def test_every_rule_has_planted_programs() -> None:
    assert {hazard.code for hazard in HAZARDS} == set(RULES)


@pytest.mark.parametrize("program", WRONG, ids=name)
def test_what_is_planted_is_found_at_its_line(program: Program, tmp_path: Path) -> None:
    reported = findings(program, tmp_path)
    found = {(one.rule, one.path, line) for one in reported for line in range(one.line, one.end_line + 1)}
    assert [mark for mark in program.marks if (mark.code, mark.path, mark.line) not in found] == []


@pytest.mark.parametrize("program", TWINS, ids=name)
def test_a_clean_twin_is_left_alone(program: Program, tmp_path: Path) -> None:
    assert [one for one in findings(program, tmp_path) if one.rule == program.code] == []
