"""One judgement on all that is about to be written: a file, or every file of a diff."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi_expert.config import Config
from fastapi_expert.duplicates.drafts import Draft, is_diff, read_diff
from fastapi_expert.duplicates.model import Finding, Proposal, Verdict
from fastapi_expert.duplicates.proposing import DRAFT
from fastapi_expert.duplicates.quick import propose_from_cache

_SIMILAR = 5
_ORDER: tuple[Verdict, ...] = ("new", "extend", "duplicate")
_PYTHON = (".py", ".pyi", "")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The proposal, and the drafts it speaks of by path, for whoever shows both sides."""

    proposal: Proposal
    drafts: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def judge(text: bytes, *, root: Path, as_path: str | None, settings: Config) -> Judgement:
    """The verdict on ``text``: a Python file that will lie at ``as_path``, or a unified diff, naming its own paths.

    Raises:
        PatchError: the diff is damaged.
    """
    drafts = read_diff(text, root) if is_diff(text) else (Draft(text, as_path),)
    python = [draft for draft in drafts if draft.source.strip() and Path(draft.path or "").suffix in _PYTHON]
    if not python:
        return Judgement(Proposal("new", "There is no Python in it, so there is nothing to judge."))
    proposals = [propose_from_cache(root, draft.source, draft.path, config=settings) for draft in python]
    shown = {draft.path or DRAFT: draft.source for draft in python}
    if len(drafts) == 1:
        return Judgement(proposals[0], shown)
    return Judgement(_merged(proposals, drafts), shown)


def _merged(proposals: Sequence[Proposal], drafts: Sequence[Draft]) -> Proposal:
    """The worst verdict with the advice that goes with it; what the same diff removes elsewhere is no duplicate."""
    removed = {draft.path: draft.removed for draft in drafts if draft.removed}
    kept = [
        Proposal(
            proposal.verdict if findings or not proposal.findings else "new",
            proposal.advice,
            findings,
            proposal.similar,
        )
        for proposal in proposals
        for findings in [tuple(finding for finding in proposal.findings if not _moved(finding, removed))]
    ]
    worst = max(kept, key=lambda proposal: _ORDER.index(proposal.verdict))
    similar = sorted((near for proposal in kept for near in proposal.similar), key=lambda near: -near.score)
    advice = worst.advice if worst.verdict != "new" else "Nothing in this diff is here already."
    findings = tuple(finding for proposal in kept for finding in proposal.findings)
    return Proposal(worst.verdict, advice, findings, tuple(similar[:_SIMILAR]))


def _moved(finding: Finding, removed: Mapping[str | None, Iterable[int]]) -> bool:
    """Whether the diff removes most of every other side of the finding."""
    others = finding.components[1:]
    return bool(others) and all(
        2 * len(set(removed.get(place.path, ())) & set(range(place.line, place.end_line + 1)))
        > place.end_line - place.line
        for place in others
    )
