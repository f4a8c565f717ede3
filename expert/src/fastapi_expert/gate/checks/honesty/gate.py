"""Honesty in the gate: what is certain and goes without a reason fails it, what is likely is told beside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.contract.access.changes import AccessChange
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.detect import judge
from fastapi_expert.gate.checks.honesty.finding import Finding as Weakening
from fastapi_expert.gate.checks.honesty.revisions import Read, Revisions
from fastapi_expert.gate.model import Finding

EVERYWHERE = ""
"""The path of a reason that holds for the whole change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``failing`` fails the gate, ``remarks`` do not; ``note`` says how many had a reason, and what was done right."""

    failing: list[Finding]
    remarks: list[Finding]
    note: str


def weighed(
    paths: Sequence[str],
    old: Read,
    new: Read,
    codebase: Codebase,
    access: Callable[[], list[AccessChange]],
    reasons: Mapping[str, str],
) -> Outcome:
    """What the change of ``paths`` does to its checks, where ``reasons`` by path say why some of it is meant."""
    files = tuple(sorted(codebase.files))
    judged = judge(Change(Revisions.of(paths, old, new), files, access))
    certain = [one for one in judged.findings if one.confidence == "certain"]
    failing = [one for one in certain if not (reasons.get(one.path) or reasons.get(EVERYWHERE))]
    likely = [one for one in judged.findings if one.confidence == "likely"]
    said: list[str] = []
    if explained := len(certain) - len(failing):
        said.append(f"{explained} meant: the commit says why")
    said += [f"right: {'; '.join(judged.merits)}"] if judged.merits else []
    return Outcome([_finding(one) for one in failing], [_finding(one) for one in likely], ". ".join(said))


def _finding(one: Weakening) -> Finding:
    """A test or file that is gone has no line any more: it is told at the first one."""
    line, end = (1, 1) if one.is_gone else (one.line, one.end_line)
    return Finding("honesty", one.rule, one.path, line, end, f"{one.message}: {one.advice}", text=one.message)
