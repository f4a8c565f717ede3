"""A review after an edit is the review of a fresh look, whether or not the codebase was linked for it."""

import sys
from pathlib import Path

import pytest

from fastapi_expert.codebase import load
from fastapi_expert.review import review

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.review.corpus import hazards

PROGRAMS = [program for hazard in hazards() for program in hazard.programs][::9]
HELPER = "\n\ndef zz_halved(amount):\n    rest = amount % 2\n    return (amount - rest) / 2\n"


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Many programs with hazards, each in a folder, and one module that none of them uses."""
    for number, program in enumerate(PROGRAMS):
        program.lay_out(tmp_path / f"program{number}")
    (tmp_path / "alone.py").write_text("def alone(session):\n    return session\n")
    return tmp_path


def test_an_edit_that_nothing_hangs_on_is_reviewed_without_linking(planted: Path) -> None:
    before = review(load(planted))
    assert len({one.rule for one in before.findings}) > 15
    (planted / "alone.py").write_text("def alone(session):\n    return session" + HELPER)
    warm = load(planted)
    assert review(warm) == review(load(planted, cache=False))
    assert "_linked" not in vars(warm)


def test_edits_of_programs_with_hazards_are_reviewed_as_a_fresh_look_does(planted: Path) -> None:
    first = review(load(planted))
    places = [one.path for one in first.findings]
    for path in sorted(set(places))[::12]:
        file = planted / path
        file.write_text(file.read_text() + HELPER)
        assert review(load(planted)) == review(load(planted, cache=False)), path
        file.write_text("# moved by a line\n" + file.read_text())
    assert review(load(planted)) == review(load(planted, cache=False))


OVERRIDE = """

def test_zz_elsewhere():
    app.dependency_overrides[where] = lambda: "elsewhere"
"""


@pytest.fixture
def tested(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(
        "from fastapi import Depends, FastAPI\n\napp = FastAPI()\n\n\ndef where():\n    return 'here'\n\n\n"
        "@app.get('/{id}')\ndef show(place=Depends(where)):\n    return place\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_main.py").write_text("from main import app, where\n")
    (tmp_path / "tests" / "places.py").write_text("PLACES = ['here']\n")
    return tmp_path


def test_an_edit_of_a_test_is_reviewed_by_what_looks_at_tests_alone(tested: Path) -> None:
    assert [one.rule for one in review(load(tested)).findings] == ["FX111"]
    file = tested / "tests" / "test_main.py"
    file.write_text(file.read_text() + OVERRIDE)
    warm = load(tested)
    assert [one.rule for one in review(warm).findings] == ["FX111", "FX611"]
    assert not {"_linked", "_full_inventory"} & vars(warm).keys()
    assert review(warm) == review(load(tested, cache=False))
    (tested / "tests" / "test_main.py").unlink()
    assert review(load(tested)) == review(load(tested, cache=False))


def test_where_the_application_imports_what_lies_with_the_tests_all_of_it_is_looked_at(tested: Path) -> None:
    main = tested / "main.py"
    main.write_text("from tests.places import PLACES\n" + main.read_text())
    review(load(tested))
    (tested / "tests" / "places.py").write_text("PLACES = ['there']\n")
    warm = load(tested)
    review(warm)
    assert "_full_inventory" in vars(warm)
