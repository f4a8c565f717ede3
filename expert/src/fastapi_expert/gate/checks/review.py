"""Hazards that the change brings in: those with a place on a new line that were not there before.

What is only likely is counted, not told: a gate that stops somebody for nothing is soon switched off.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fastapi_expert.codebase import Codebase
from fastapi_expert.config import Config
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.changes import Changes
from fastapi_expert.review import Finding as Hazard
from fastapi_expert.review import review
from fastapi_expert.review.baseline import known_by, new_to
from fastapi_expert.review.rules.registry import RULES


def candidates(codebase: Codebase, changes: Changes, config: Config) -> list[Hazard]:
    """The hazards with a place on a new line that the project's baseline does not know."""
    found = new_to(known_by(config), review(codebase, settings=config).findings)
    return [one for one in found if _is_new(one, changes)]


def marks(hazards: Iterable[Hazard]) -> list[str]:
    """What tells each of them from any other, wherever their lines are."""
    return [f"{one.rule} {one.path} {one.message}" for one in hazards]


def of_all(codebase: Codebase, config: Config) -> list[str]:
    """The marks of all that is found in ``codebase``."""
    return marks(review(codebase, settings=config).findings)


def new_findings(found: list[Hazard], known: Sequence[str]) -> tuple[list[Finding], int]:
    """Those of ``found`` that were not there before: what is certain, and how many are likely."""
    left = list(known)
    new: list[Hazard] = []
    for one, mark in zip(found, marks(found), strict=True):
        if mark in left:
            left.remove(mark)
        else:
            new.append(one)
    certain = [_finding(one) for one in new if one.confidence == "certain"]
    return certain, len(new) - len(certain)


def _is_new(hazard: Hazard, changes: Changes) -> bool:
    places = [(hazard.path, hazard.line, hazard.end_line), *[(one.path, one.line, one.line) for one in hazard.related]]
    return any(changes.is_new(*place) for place in places)


def _finding(hazard: Hazard) -> Finding:
    message = f"{hazard.message}. {hazard.advice}"
    return Finding("review", hazard.rule, hazard.path, hazard.line, hazard.end_line, message, text=hazard.message)


def told_once(findings: Sequence[Finding]) -> list[Finding]:
    """``findings`` without those of other tools that say what a hazard on the same line says; the hazard names them."""
    hazards = [one for one in findings if one.check == "review"]
    kept: list[Finding] = []
    same: dict[int, list[str]] = {}
    for one in findings:
        hazard = next((hazard for hazard in hazards if _says_the_same(hazard, one)), None)
        if hazard is None:
            kept.append(one)
        else:
            same.setdefault(id(hazard), []).append(one.rule)
    return [_naming(one, same.get(id(one), ())) for one in kept]


def _says_the_same(hazard: Finding, other: Finding) -> bool:
    if other.check == "review" or other.path != hazard.path or not hazard.line <= other.line <= hazard.end_line:
        return False
    return re.fullmatch(RULES[hazard.rule].also or "-", other.rule) is not None


def _naming(finding: Finding, others: Sequence[str]) -> Finding:
    if not others:
        return finding
    return replace(finding, message=f"{finding.message} (also {', '.join(dict.fromkeys(others))})")
