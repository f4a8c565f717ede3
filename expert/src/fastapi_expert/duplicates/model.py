"""Findings: what is here twice, and the one sentence a person would act on."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["extend", "reuse", "merge", "reorder"]
Verdict = Literal["new", "extend", "duplicate"]


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a finding."""

    id: str
    kind: str
    path: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """``similarity`` is 0..1; ``saves`` is the number of lines that removing the duplicate would save (the ranking)."""

    rule: str
    title: str
    similarity: float
    message: str
    advice: str
    action: Action
    components: tuple[Place, ...]
    saves: int = 0


@dataclass(frozen=True, slots=True)
class Similar:
    """A neighbour of a draft: worth reading before writing, whether or not a finding came of it."""

    id: str
    path: str
    line: int
    score: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer to `may this be written?`"""

    verdict: Verdict
    advice: str
    findings: tuple[Finding, ...] = ()
    similar: tuple[Similar, ...] = ()
