"""One judgement on all that is about to be written: a file, or every file of a diff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.config import Config
from fastapi_expert.duplicates.drafts import Draft, is_diff, read_diff
from fastapi_expert.duplicates.model import Proposal, Verdict
from fastapi_expert.duplicates.proposing import DRAFT
from fastapi_expert.duplicates.quick import facts_at, propose_from_cache

_SIMILAR = 5
_ORDER: tuple[Verdict, ...] = ("new", "extend", "duplicate")
_PYTHON = (".py", ".pyi", "")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The proposal, and the drafts it speaks of by path, for whoever shows both sides."""

    proposal: Proposal
    drafts: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def judge(text: bytes, *, root: Path, as_path: str | None, settings: Config, lies_at: str | None = None) -> Judgement:
    """The verdict on ``text``: a Python file that will lie at ``as_path``, or a unified diff, naming its own paths.

    ``lies_at`` is the file that the text was read from, when that is a draft below the root: it is no part of what is
    there, and where it is to stay all of it is news.

    Raises:
        PatchError: the diff is damaged.
    """
    stays = as_path is not None and lies_at == as_path
    drafts = read_diff(text, root) if is_diff(text) else (Draft(text, as_path, lies_at, b"" if stays else None),)
    python = [draft for draft in drafts if draft.source.strip() and Path(draft.path or "").suffix in _PYTHON]
    if not python:
        return Judgement(Proposal("new", "There is no Python in it, so there is nothing to judge."))
    shown = {draft.path or DRAFT: draft.source for draft in python}
    gone = {path for draft in drafts for path in (draft.path, draft.renamed_from) if path is not None}
    facts = [read_source(draft.source, draft.path or DRAFT) for draft in python]
    before = [_before(draft, root) for draft in python]
    proposals = [
        propose_from_cache(
            root,
            one.source,
            one.path,
            replaces=gone,
            beside=_beside(at, facts, before),
            before=one.old,
            config=settings,
        )
        for at, one in enumerate(python)
    ]
    return Judgement(proposals[0] if len(drafts) == 1 else _merged(proposals), shown)


def _before(draft: Draft, root: Path) -> FileFacts | None:
    if draft.old is not None:
        return read_source(draft.old, draft.path or DRAFT)
    return None if draft.path is None else facts_at(root, draft.path)


def _beside(at: int, facts: Sequence[FileFacts], before: Sequence[FileFacts | None]) -> list[FileFacts]:
    """What else one diff leaves in place: all of the files before this one, of those behind it what was there already.

    So two new functions that are alike are told once, and what only moves from file to file is no duplicate.
    """
    return [*facts[:at], *map(_standing, facts[at + 1 :], before[at + 1 :])]


def _standing(new: FileFacts, old: FileFacts | None) -> FileFacts:
    functions = {(one.qualname, one.shape.exact) for one in old.functions} if old else set[tuple[str, int]]()
    classes = {_class_text(one) for one in old.classes} if old else set[tuple[object, ...]]()
    return new._replace(
        functions=tuple([one for one in new.functions if (one.qualname, one.shape.exact) in functions]),
        classes=tuple([one for one in new.classes if _class_text(one) in classes]),
    )


def _class_text(one: ClassFacts) -> tuple[object, ...]:
    return (one.qualname, one.bases, tuple([(field.name, field.annotation, field.default) for field in one.fields]))


def _merged(proposals: Sequence[Proposal]) -> Proposal:
    """The worst verdict with the advice that goes with it."""
    worst = max(proposals, key=lambda proposal: _ORDER.index(proposal.verdict))
    similar = sorted((near for proposal in proposals for near in proposal.similar), key=lambda near: -near.score)
    advice = worst.advice if worst.verdict != "new" else "Nothing in this diff is here already."
    findings = tuple(finding for proposal in proposals for finding in proposal.findings)
    return Proposal(worst.verdict, advice, findings, tuple(similar[:_SIMILAR]))
