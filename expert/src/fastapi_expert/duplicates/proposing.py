"""May this be written? A draft's functions, models, routes and variables, each against what is there."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding, Proposal, Similar, Verdict
from fastapi_expert.duplicates.records.extract import function_records
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.rules.advice import is_test
from fastapi_expert.duplicates.rules.functions import KIND_RULES, as_place, one_contract
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.duplicates.rules.wording import import_line, place
from fastapi_expert.duplicates.similarity.families import is_copy
from fastapi_expert.duplicates.similarity.measure import (
    Code,
    Likeness,
    compare,
    unpack,
)
from fastapi_expert.duplicates.similarity.pairs import is_trivial
from fastapi_expert.duplicates.store.library import Library

DRAFT = "draft.py"
"""Where a draft lies that nobody said a path for."""
NEIGHBOURS = 5
"""How many neighbours of a draft are named."""
NEAR_ENOUGH = 0.25
"""From which likeness a neighbour is worth a look."""
FIRST = 2.0
"""How much the endpoint that answers a draft's route has to say: more than any body that is merely alike."""
SMALL = 0.5
"""What a body too small to be worth sharing is alike at most: one line equals another by chance."""
_VERDICTS: tuple[Verdict, ...] = ("new", "extend", "duplicate")


Ranked = tuple[float, Similar]
"""A neighbour and how much it has to say: over several parts of a draft the most telling come first."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A function of the codebase (or of its changed files) beside one of the draft."""

    record: FunctionRecord
    code: Code
    like: Likeness
    equal: bool

    @property
    def score(self) -> float:
        score = 1.0 if self.equal else min(self.like.score, 0.99)
        return min(score, SMALL) if is_trivial(self.code) else score

    @property
    def evidence(self) -> float:
        """The score, less when what is shared is so little that many a stranger shares it."""
        return self.score * min(1.0, self.like.mass / 2)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A library as it stands now: without the files that are gone or changed, with what those hold by now."""

    library: Library
    gone: Collection[str]
    fresh: Sequence[FileFacts] = ()

    def functions(self) -> Iterator[FunctionRecord]:
        """Functions of the changed files."""
        for facts in self.fresh:
            yield from function_records(facts, kinds={}, mentions={}, lineage=None)


def judge_draft(
    draft: FileFacts, shelf: Shelf, *, path: str | None, before: FileFacts | None, settings: Config
) -> Proposal:
    """The verdict on ``draft``. ``before`` is what lies at ``path`` now: what the draft leaves unchanged is no news."""
    findings: list[Finding] = []
    similar: dict[str, Ranked] = {}
    for finding, neighbours in _judge_functions(draft, shelf, path=path, before=before, settings=settings):
        if finding is not None:
            findings.append(finding)
        _add(similar, neighbours)
    if draft.classes:
        from fastapi_expert.duplicates.rules.draft_models import (
            judge_models,  # a hook pays for what the draft holds
        )

        for finding, near in judge_models(draft, shelf, before=before, settings=settings):
            if finding is not None:
                findings.append(finding)
            _add(similar, near)
    if any(function.decorators for function in draft.functions):
        from fastapi_expert.duplicates.rules.draft_routes import draft_routes

        for finding, served in draft_routes(draft, shelf, before=before):
            findings.append(finding)
            _add(similar, [(FIRST, served)])
    if draft.env_reads or any("BaseSettings" in base for one in draft.classes for base in one.bases):
        from fastapi_expert.duplicates.rules.settings import drafted_settings

        findings += drafted_settings(draft, shelf, before=before)
    at = path or DRAFT
    findings = [one for one in findings if settings.enabled(one.rule) and not settings.ignored_at(one.rule, at)]
    findings = [one for one in findings if not _is_silenced(draft, one)]
    findings.sort(key=lambda one: (-_VERDICTS.index(verdict_of(one)), -one.similarity, -one.saves))
    nearest = sorted(similar.values(), key=lambda one: -one[0])[:NEIGHBOURS]
    return _proposal(findings, [near for _, near in nearest])


def verdict_of(finding: Finding) -> Verdict:
    """A draft that repeats is a duplicate; one that nearly does, or reads a setting, should extend what is there."""
    if finding.rule in ("FX501", "FX502", "FX503"):
        return "extend"
    return "duplicate" if finding.action == "reuse" or finding.rule == "FX101" else "extend"


def _proposal(findings: Sequence[Finding], nearest: Sequence[Similar]) -> Proposal:
    if not findings:
        closest = f" The closest is {place(nearest[0])}." if nearest else ""
        return Proposal("new", f"Nothing here does this yet.{closest}", (), tuple(nearest))
    advice = findings[0].advice
    if len(findings) > 1:
        advice += f" ({len(findings) - 1} more below.)"
    return Proposal(verdict_of(findings[0]), advice, tuple(findings), tuple(nearest))


def _add(similar: dict[str, Ranked], found: Sequence[Ranked]) -> None:
    for rank, near in found:
        known = similar.get(near.id)
        if known is None or known[0] < rank:
            similar[near.id] = (rank, near)


def _is_silenced(draft: FileFacts, finding: Finding) -> bool:
    mine = finding.components[0]
    return any(
        mine.line - 1 <= one.line <= mine.end_line and (not one.rules or finding.rule in one.rules)
        for one in draft.suppressions
    )


def _judge_functions(
    draft: FileFacts, shelf: Shelf, *, path: str | None, before: FileFacts | None, settings: Config
) -> Iterator[tuple[Finding | None, list[Ranked]]]:
    kept = {(one.qualname, one.shape.exact) for one in (before.functions if before else ())}
    mine = [(one, unpack(one)) for one in function_records(draft, kinds={}, mentions={}, lineage=None)]
    standing = [(one, code) for one, code in mine if (one.qualname, one.exact) in kept]
    fresh = [*[(record, unpack(record)) for record in shelf.functions()], *standing]
    for record, code in mine:
        if record.silent or not code.statements:
            continue
        neighbours = _neighbours(record, code, shelf, fresh)
        similar = [
            (one.evidence, Similar(one.record.id, one.record.path, one.record.line, min(one.score, 2 * one.evidence)))
            for one in neighbours[:NEIGHBOURS]
            if one.score >= NEAR_ENOUGH
        ]
        news = (record.qualname, record.exact) not in kept
        yield (_function_finding(record, code, neighbours, shelf, settings) if news else None), similar


def _neighbours(
    record: FunctionRecord, code: Code, shelf: Shelf, fresh: Sequence[tuple[FunctionRecord, Code]]
) -> list[Neighbour]:
    """What is most like the draft's function, best first; tests only beside tests."""
    library, weights = shelf.library, shelf.library.weights
    stored = ((library.function(at), at) for at in library.index.candidates(code, weights))
    found = [(other, library.code(at)) for other, at in stored if other.path not in shelf.gone]
    in_tests = record.is_test or record.name.startswith("test_")
    neighbours: list[Neighbour] = []
    for other, other_code in (*found, *fresh):
        if other.silent or other.is_test is not in_tests or other is record:
            continue
        like = compare(code, other_code, weights)
        equal = (code.renamed, code.tokens) == (other_code.renamed, other_code.tokens)
        neighbours.append(Neighbour(other, other_code, like, equal))
    return sorted(neighbours, key=lambda one: (-one.score, *_alikeness(record, code, one), -one.record.mentions))


def _alikeness(record: FunctionRecord, code: Code, other: Neighbour) -> tuple[bool, bool, bool]:
    """Among equals: the same literals, then the same name, then the same names within."""
    return (
        code.literals != other.code.literals,
        record.name != other.record.name,
        code.names != other.code.names,
    )


def _overrides(record: FunctionRecord, other: FunctionRecord) -> bool:
    """The draft's method belongs to a class that names the other's class, or one above it, among its bases."""
    bases = {one.removeprefix("::") for one in record.overrides if one.startswith("::")}
    return record.name == other.name and bool(bases & {one.rpartition("::")[2] for one in other.overrides})


def _function_finding(
    record: FunctionRecord, code: Code, neighbours: Sequence[Neighbour], shelf: Shelf, settings: Config
) -> Finding | None:
    if is_trivial(code):
        return None
    for other in neighbours:
        if one_contract(record, other.record) or _overrides(record, other.record):
            continue
        if other.equal:
            if is_test(record) and code.literals != other.code.literals:
                continue
            return _equal(record, code, other, shelf)
        large = len(code.statements) >= settings.min_statements
        if large and is_copy(other.like, settings.function_similarity):
            return None if is_test(record) or is_test_path(record.path) else _alike(record, other, shelf)
        return None
    return None


_USE = {"FX401": "Depend on", "FX402": "Use", "FX403": "Register", "FX404": "Schedule"}


def _equal(record: FunctionRecord, code: Code, other: Neighbour, shelf: Shelf) -> Finding:
    keep = other.record
    twin = "FX303" if record.is_async != keep.is_async else "FX301"
    rule = "FX601" if is_test(record) else KIND_RULES.get(keep.kind, twin)
    bring = import_line(shelf.library.modules, keep.path, keep.qualname, for_path=record.path)
    exact = code.exact == other.code.exact
    names_only = code.literals == other.code.literals
    how = "is" if exact else "is, but for names," if names_only else "is, but for names and literals,"
    return Finding(
        rule=rule,
        title=RULES[rule].title,
        similarity=1.0 if exact else 0.99,
        message=f"`{record.qualname}` {how} `{keep.qualname}` ({place(keep)})",
        advice=f"{_USE.get(rule, 'Call')} `{keep.qualname}` ({place(keep)}) instead{bring}."
        if rule != "FX601"
        else f"Extend the test at {place(keep)} instead.",
        action="reuse",
        components=(as_place(record), as_place(keep)),
        saves=record.lines,
    )


def _alike(record: FunctionRecord, other: Neighbour, shelf: Shelf) -> Finding:
    keep = other.record
    twin = record.is_async != keep.is_async and other.score >= 0.9
    rule = KIND_RULES.get(keep.kind, "FX303" if twin else "FX302")
    bring = import_line(shelf.library.modules, keep.path, keep.qualname, for_path=record.path)
    return Finding(
        rule=rule,
        title=RULES[rule].title,
        similarity=min(other.score, 0.98),
        message=f"`{record.qualname}` is {other.score:.0%} of `{keep.qualname}` ({place(keep)})",
        advice=f"Extend `{keep.qualname}` ({place(keep)}) with what differs, or call it{bring}.",
        action="extend",
        components=(as_place(record), as_place(keep)),
        saves=round(record.lines * other.score),
    )
