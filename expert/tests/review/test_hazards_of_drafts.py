"""What the review says of a text that is about to be written, on the planted corpus.

A file of a program is about to be written: as a new one, of which the codebase knows nothing, and over one that the
codebase knew and linked. The rules that one file can answer find what is planted in it, and leave the twins alone.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.codebase.files.store import FactStore
from fastapi_expert.config import Config
from fastapi_expert.duplicates.store.snapshot import Snapshot
from fastapi_expert.review.draft import hazards as hazards_of_draft
from fastapi_expert.review.draft import hazards_at, may_be_wrong
from fastapi_expert.review.model import Finding
from fastapi_expert.review.rules.registry import RULES

sys.path.insert(0, str(Path(__file__).parents[3]))

from bench.review.corpus import Hazard, Program, hazards

ALONE = [hazard for hazard in hazards() if RULES[hazard.code].alone]
SEEN_ELSEWHERE = 8
"""Planted lines that a draft cannot show: the caller, the route or the other half stands in another file."""


def drafts(program: Program, root: Path, *, known: bool) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    """Each file of a program with what writing it brings in; ``known`` to the codebase it is, empty by now, or new."""
    program.lay_out(root)
    whole = load(root, cache=False)
    for path in [path for path in program.files if path.endswith(".py")]:
        file = root / path
        text = file.read_bytes()
        kinds = {place: kind for place, kind in whole.kinds.items() if known or place[0] != path}
        file.unlink()
        rest: Codebase = load(root, cache=False)
        found = hazards_of_draft(rest, text, as_path=path, kinds=kinds, settings=Config())
        file.write_bytes(text)
        assert may_be_wrong(text) or not found
        yield path, found


def planted(hazard: Hazard, root: Path, *, known: bool) -> Iterator[tuple[str, bool]]:
    """Each planted line of the hazard's own, and whether writing its file brings it up."""
    for number, program in enumerate(one for one in hazard.programs if one.wrong):
        found = dict(drafts(program, root / str(number), known=known))
        for mark in program.marks:
            if mark.code == hazard.code:
                hit = any(one.rule == mark.code and one.line <= mark.line <= one.end_line for one in found[mark.path])
                yield f"{hazard.code} {program.style} · {mark.path}:{mark.line}", hit


def test_what_is_planted_is_found_in_the_draft_that_brings_it(tmp_path: Path) -> None:
    found = {hazard.code: list(planted(hazard, tmp_path / hazard.code, known=True)) for hazard in ALONE}
    assert [code for code, lines in found.items() if not any(hit for _, hit in lines)] == []
    missed = [line for lines in found.values() for line, hit in lines if not hit]
    assert len(missed) <= SEEN_ELSEWHERE, missed


@pytest.mark.parametrize("hazard", ALONE, ids=lambda hazard: hazard.code)
def test_a_clean_twin_is_left_alone_as_a_draft(hazard: Hazard, tmp_path: Path) -> None:
    flagged: list[str] = []
    for number, program in enumerate(one for one in hazard.programs if not one.wrong):
        for known in (True, False):
            for path, found in drafts(program, tmp_path / f"{number}{known}", known=known):
                flagged += [f"{program.style} · {path}:{one.line}" for one in found if one.rule == hazard.code]
    assert flagged == []


def test_a_hook_that_reads_only_what_the_draft_names_says_what_a_look_at_everything_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Config()
    expected: list[tuple[Path, str, bytes, tuple[Finding, ...]]] = []
    for hazard in ALONE:
        root = tmp_path / hazard.code
        program = next(one for one in hazard.programs if one.wrong)
        program.lay_out(root)
        path = program.marks[0].path
        file = root / path
        text = file.read_bytes()
        file.unlink()
        snapshot = Snapshot.open(root, settings)
        found = hazards_of_draft(load(root), text, as_path=path, kinds=snapshot.library.kinds, settings=settings)
        expected.append((root, path, text, found))

    def everything(_: FactStore) -> None:
        raise AssertionError("every file of the codebase was read")

    monkeypatch.setattr(FactStore, "_all", everything)
    assert [(one[1], hazards_at(one[0], one[2], as_path=one[1])) for one in expected] == [
        (path, found) for _, path, _, found in expected
    ]
    assert any(found for *_, found in expected)
