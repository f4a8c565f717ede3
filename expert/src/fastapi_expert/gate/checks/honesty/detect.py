"""Every rule over one change: what it weakens, what is certain first; and what it did right."""

from dataclasses import dataclass

from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Finding
from fastapi_expert.gate.checks.honesty.merits import merits
from fastapi_expert.gate.checks.honesty.rules import RULES


@dataclass(frozen=True, slots=True)
class Judgement:
    """``findings`` by confidence, path and line; ``merits`` are what the change did right, a phrase each."""

    findings: tuple[Finding, ...]
    merits: tuple[str, ...]


def judge(change: Change) -> Judgement:
    """What ``change`` does to the checks that it has to pass."""
    found = dict.fromkeys(one for rule in RULES.values() for one in rule.look(change, rule))
    ranked = sorted(found, key=lambda one: (one.confidence == "likely", one.path, one.line, one.rule))
    return Judgement(tuple(ranked), tuple(merits(change)))
