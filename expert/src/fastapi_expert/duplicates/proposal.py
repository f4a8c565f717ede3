"""May this be written? The one entrance for the hook, the MCP server, the command line and the benchmark.

A text is a file, or a unified diff of which every file is judged as the diff will leave the tree. The project is opened
once, whatever the number of files.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_expert import config
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.codebase.syntax.rereading import reread
from fastapi_expert.config import Config
from fastapi_expert.duplicates import baseline
from fastapi_expert.duplicates.baseline import Known, excused
from fastapi_expert.duplicates.drafts import Draft, drafts_of
from fastapi_expert.duplicates.model import Finding, Similar, Verdict
from fastapi_expert.duplicates.records.imports import drafted_names, drafted_needs
from fastapi_expert.duplicates.rules.base import Case, Neighbour
from fastapi_expert.duplicates.rules.registry import FAMILIES, FUNCTION_RULES
from fastapi_expert.duplicates.similarity.differences import Texts
from fastapi_expert.duplicates.store.overlay import Added, AddedFile, Overlay, standing
from fastapi_expert.duplicates.store.snapshot import Lying, Snapshot
from fastapi_expert.duplicates.wording import Imports, listed, place

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

DRAFT = "draft.py"
"""Where a draft lies that nobody said a path for."""
NEAREST = 5
"""How many neighbours of a draft are named."""
STRONG = 0.45
"""From which score a neighbour may be what the draft is going to be."""
TOLD = 3
"""How many of those the advice names."""
_VERDICTS: tuple[Verdict, ...] = ("new", "extend", "duplicate")
_PYTHON = (".py", ".pyi", "")

_snapshots: "WeakKeyDictionary[Codebase, Snapshot]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer to `may this be written?`; ``drafts`` are the texts that were judged, by path, to show both sides."""

    verdict: Verdict
    advice: str
    findings: tuple[Finding, ...] = ()
    similar: tuple[Similar, ...] = ()
    drafts: Mapping[str, bytes] = field(default_factory=dict[str, bytes], compare=False, repr=False)


def propose(
    project: "Path | Codebase | Snapshot",
    text: bytes,
    *,
    as_path: str | None = None,
    replaces: Collection[str] = (),
    moved_from: str | None = None,
    settings: Config | None = None,
) -> Proposal:
    """The verdict on ``text``: a Python file that will lie at ``as_path``, or a unified diff, which names its paths.

    ``project`` is the root of a project (judged from its cache, as the files are now) a codebase as it was read,
    or a snapshot that was taken.
    ``replaces`` are files that go when the text comes. ``moved_from`` is the file that the text was read from, when
    that is a draft below the root: it is no part of what is there, and where it is to stay all of it is news.

    Raises:
        DiffError: the diff is damaged.
    """
    root = project if isinstance(project, Path) else project.root
    settings = settings or config.load(root)
    path = _relative(root, as_path)
    stays = path is not None and moved_from == path
    drafts = drafts_of(text, root, Draft(text, path, moved_from, b"" if stays else None))
    python = [draft for draft in drafts if draft.source.strip() and Path(draft.path or "").suffix in _PYTHON]
    if not python:
        return Proposal("new", "There is no Python in it, so there is nothing to judge.")
    gone = {path for draft in drafts for path in (draft.path, draft.moved_from) if path is not None}
    change = _Change(_snapshot(project, settings), python, {*gone, *replaces}, settings)
    proposals = [change.judge(number) for number in range(len(python))]
    judged = proposals[0] if len(drafts) == 1 else _merged(proposals)
    shown = {draft.path or DRAFT: draft.source for draft in python}
    return Proposal(judged.verdict, judged.advice, judged.findings, judged.similar, shown)


def _snapshot(project: "Path | Codebase | Snapshot", settings: Config) -> Snapshot:
    if isinstance(project, Snapshot):
        return project
    if isinstance(project, Path):
        return Snapshot.open(project, settings)
    snapshot = _snapshots.get(project)
    if snapshot is None:
        snapshot = _snapshots[project] = Snapshot.of(project)
    return snapshot


def _relative(root: Path, path: str | None) -> str | None:
    """``path`` as the codebase names its files; outside of the root it stays as it is."""
    if path is None:
        return None
    try:
        return (root / path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return Path(path).as_posix()


class _Change:
    """The files of one change, each judged beside what is there and what the others bring."""

    def __init__(self, snapshot: Snapshot, drafts: Sequence[Draft], removed: Collection[str], settings: Config) -> None:
        self._settings = settings
        self._drafts = drafts
        self._overlay = snapshot.overlay(removed=removed)
        self._facts, self._before = _read(drafts, snapshot)
        library = snapshot.library
        self._new = [AddedFile(facts, library) for facts in self._facts]
        self._added = Added([*self._overlay.added, *self._new])
        self._snapshot = snapshot
        self._by_path = {facts.path: facts for facts in self._facts}
        sources = {facts.path: draft.source for facts, draft in zip(self._facts, drafts, strict=True)}
        self._texts = Texts(snapshot.root, cache(self._facts_of), sources)
        unplaced = [DRAFT] if any(draft.path is None for draft in drafts) else []
        self._modules = {**library.modules, **dict(drafted_names(self._by_path, library.modules))}
        self._imports = Imports(snapshot.root, self._modules, cache(self._needs), unplaced)
        self._baseline = _baseline(settings)
        both = zip(self._new, self._before, strict=True)
        self._left = [file.part(standing(file.facts, before)) for file, before in both]

    def judge(self, number: int) -> Proposal:
        """The verdict on one file.

        Beside it lie all of the files before it, and of those behind it what was there already: so two new functions
        that are alike are told once, and what only moves from file to file is no duplicate.
        """
        draft, known = self._facts[number], self._overlay
        others = [*self._new[:number], *self._left[number + 1 :]] if len(self._new) > 1 else []
        overlay = Overlay(known.library, known.removed, [*known.added, *others], self._added) if others else known
        path = self._drafts[number].path
        return _judge(
            Case(
                draft,
                path,
                self._before[number],
                overlay,
                self._settings,
                FUNCTION_RULES,
                self._texts,
                self._imports,
                self._baseline,
            )
        )

    def _needs(self) -> Mapping[str, Sequence[str]]:
        """Path to the files that run when it is imported, as the change will leave it."""
        library = self._snapshot.library
        named = {name: path for path, name in self._modules.items() if name}
        return {**library.needs, **{facts.path: drafted_needs(facts, named) for facts in self._facts}}

    def _facts_of(self, path: str) -> FileFacts | None:
        """The facts of a draft, else of what is there."""
        return self._by_path.get(path) or self._snapshot.facts(path)


def _baseline(settings: Config) -> Sequence[Known]:
    """What the project knows it has twice; nothing where its baseline cannot be read: `duplicates` says so."""
    file = baseline.configured(settings)
    try:
        return baseline.read(file) if file is not None else ()
    except baseline.BaselineError:
        return ()


def _read(drafts: Sequence[Draft], snapshot: Snapshot) -> tuple[list[FileFacts], list[FileFacts | None]]:
    """The facts of each draft, and of what it replaces (None for what is new): most of that still stands in it.

    Of several drafts, those that the cache knows come from there; one is read sooner than the cache is opened.
    """
    texts = [(draft.path or DRAFT, draft.source) for draft in drafts]
    replaced = [(draft.path or DRAFT, draft.old) for draft in drafts if draft.old is not None]
    known = iter(snapshot.known([*replaced, *texts]) if len(drafts) > 1 else [None] * (len(replaced) + 1))
    before = [_before(draft, snapshot, known) for draft in drafts]
    news = [next(known) or _anew(*one, there) for one, there in zip(texts, before, strict=True)]
    return news, [there.facts if there is not None else None for there in before]


def _before(draft: Draft, snapshot: Snapshot, known: Iterator[FileFacts | None]) -> Lying | None:
    if draft.old is None:
        return snapshot.lying(draft.path) if draft.path else None
    return Lying(next(known) or read_source(draft.old, draft.path or DRAFT), draft.old)


def _anew(path: str, source: bytes, before: Lying | None) -> FileFacts:
    if before is None or before.text is None:
        return read_source(source, path)
    return reread(source, path, old=before.text, before=before.facts)


def _judge(case: Case) -> Proposal:
    """What every rule says of one file."""
    findings: list[Finding] = []
    nearest: dict[str, Neighbour] = {}
    news: set[str] = set()
    for family in FAMILIES.values():
        for remark in family.judge(case):
            if remark.finding is not None:
                findings.append(remark.finding)
            news.update(near.id for _, near in remark.near if remark.is_new)
            for rank, near in remark.near:
                known = nearest.get(near.id)
                if known is None or known[0] < rank:
                    nearest[near.id] = (rank, near)
    wanted = sorted(_wanted(findings, case), key=_severity)
    similar = sorted(nearest.values(), key=lambda one: -one[0])[:NEAREST]
    return _proposal(wanted, [near for _, near in similar], news)


def _wanted(findings: Sequence[Finding], case: Case) -> Iterator[Finding]:
    settings, path = case.settings, case.path or DRAFT
    told = {finding.components[0].line for finding in findings if not finding.definition.is_hint}
    for finding in findings:
        if finding.definition.is_hint and finding.components[0].line in told:
            continue
        is_on = settings.enabled(finding.rule) and not settings.ignored_at(finding.rule, path)
        if finding.definition.is_off and not settings.asks_for(finding.rule):
            continue
        if is_on and not _is_silenced(case.draft, finding) and not excused(finding, case.baseline):
            yield finding


def _is_silenced(draft: FileFacts, finding: Finding) -> bool:
    mine = finding.components[0]
    return any(
        mine.line - 1 <= one.line <= mine.end_line and (not one.rules or finding.rule in one.rules)
        for one in draft.suppressions
    )


def _severity(finding: Finding) -> tuple[int, float, int]:
    return -_VERDICTS.index(finding.verdict), -finding.similarity, -finding.saves


def _proposal(findings: Sequence[Finding], nearest: Sequence[Similar], news: Collection[str]) -> Proposal:
    """``news`` are the ids of what is near to something that is written for the first time."""
    if not findings:
        return Proposal("new", _nothing_yet(nearest, news), (), tuple(nearest))
    advice = findings[0].advice
    if len(findings) > 1:
        advice += f" ({len(findings) - 1} more below.)"
    return Proposal(findings[0].verdict, advice, tuple(findings), tuple(nearest))


def _nothing_yet(nearest: Sequence[Similar], news: Collection[str]) -> str:
    """What is said of something new: never that there is nothing where the name or the purpose is near."""
    if not nearest:
        return "Nothing here does this yet."
    first, *others = nearest
    if first.score < STRONG or first.id not in news:
        return f"Nothing here does this yet. The closest is {place(first)}."
    rest = [one for one in others if one.score >= STRONG and one.id in news][: TOLD - 1]
    more = f" (or {listed([_shown(one) for one in rest])})" if rest else ""
    return f"There may be one already: {_shown(first)}, {first.reason}{more}; open it before you write this."


def _shown(near: Similar) -> str:
    return f"`{near.id.rpartition('::')[2]}` ({place(near)})"


def _merged(proposals: Sequence[Proposal]) -> Proposal:
    """The worst verdict with the advice that goes with it."""
    worst = max(proposals, key=lambda proposal: _VERDICTS.index(proposal.verdict))
    similar = sorted((near for proposal in proposals for near in proposal.similar), key=lambda near: -near.score)
    advice = worst.advice if worst.verdict != "new" else "Nothing in this diff is here already."
    findings = tuple(finding for proposal in proposals for finding in proposal.findings)
    return Proposal(worst.verdict, advice, findings, tuple(similar[:NEAREST]))
