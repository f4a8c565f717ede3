"""The planted corpus that `python -m bench review` judges the rules by is what it says it is."""

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.review.corpus import Hazard, hazards

HAZARDS = list(hazards())


def test_the_corpus_has_programs_enough() -> None:
    wrong = [program for hazard in HAZARDS for program in hazard.programs if program.wrong]
    assert len(wrong) >= 120


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.code)
def test_every_hazard_has_two_clean_twins_and_every_wrong_program_a_mark(hazard: Hazard) -> None:
    assert sum(not program.wrong for program in hazard.programs) >= 2
    for program in hazard.programs:
        assert bool(program.marks) is program.wrong, program.style
        for path, text in program.files.items():
            if path.endswith(".py"):
                ast.parse(text, path)


def test_what_is_laid_out_does_not_say_where_the_hazard_is(tmp_path: Path) -> None:
    program = next(one for one in HAZARDS[0].programs if one.wrong)
    program.lay_out(tmp_path)
    assert not any("hazard" in file.read_text() for file in tmp_path.rglob("*"))
