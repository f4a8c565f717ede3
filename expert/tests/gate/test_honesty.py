"""Whether a change weakens what checks it: cheats are caught, honest refactors pass."""

from collections.abc import Callable, Mapping

import pytest
from cheats import CHEATS, HONEST, PROJECT, Changed

from fastapi_expert.gate.checks.honesty import Finding, Revisions, judge
from fastapi_expert.gate.checks.honesty.change import Change

BY_ACCESS = "a check of who calls"
"""Seen by who can reach what, for which the codebases are read: `test_honest_gate.py` has it."""


def reader(files: Mapping[str, str]) -> Callable[[str], bytes | None]:
    return lambda path: files[path].encode() if path in files else None


def found(before: Mapping[str, str], after: Mapping[str, str]) -> list[Finding]:
    """What is certain of the change from one state of files to another."""
    paths = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    change = Change(Revisions.of(paths, reader(before), reader(after)), tuple(after))
    return [one for one in judge(change).findings if one.confidence == "certain"]


def test_there_are_sixty_cheats_of_ten_kinds():
    assert len(CHEATS) >= 60
    assert len({one.kind for one in CHEATS}) >= 10


@pytest.mark.parametrize(
    "one", [one for one in CHEATS if one.name != BY_ACCESS], ids=lambda one: f"{one.kind}: {one.name}"
)
def test_a_cheat_is_caught(one: Changed):
    assert found(PROJECT, one.files)


@pytest.mark.parametrize("one", HONEST, ids=lambda one: one.name)
def test_an_honest_change_passes(one: Changed):
    assert found(PROJECT, one.files) == []
