"""Every rule over one codebase: ranked, without what is suppressed."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.rules.base import Family, Survey
from fastapi_expert.duplicates.rules.copies import WRITTEN_ALIKE
from fastapi_expert.duplicates.rules.registry import FAMILIES, FUNCTION_RULES, RULES
from fastapi_expert.duplicates.similarity.differences import Texts
from fastapi_expert.duplicates.similarity.pairs import SimilarPairs
from fastapi_expert.duplicates.store.incremental import records_of_now
from fastapi_expert.duplicates.wording import Imports
from fastapi_expert.find.places import is_example
from fastapi_expert.identity import identity
from fastapi_expert.store import Blobs, digest_of, keep, recall

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

AGAIN = 0.8
"""What a further finding on the same files weighs, beside the one before it."""
ONE_MORE = 0.2
"""What a likeness weighs that tells of exact copies with one more: who mends those finds the rest."""
EQUAL = 0.99
"""From which similarity on two sides are the same but for names and literals."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Ranked findings, how many a comment in the code silenced, and how many each rule has that is off by default."""

    findings: tuple[Finding, ...]
    suppressed: int
    off: Mapping[str, int] = field(default_factory=dict[str, int])


def find(codebase: "Codebase", *, settings: Config | None = None) -> Findings:
    """What is here twice, the duplicate whose removal saves most first."""
    settings = settings or Config()
    digest = _digest(codebase, settings)
    told = recall(codebase.cache, "findings", digest, lambda data: _recalled(codebase, data))
    if told is None:
        told = _told(codebase, settings, digest)
    found, speaking = told
    off = Counter(one.rule for one in found if one.definition.is_off and not settings.asks_for(one.rule))
    found = [one for one in found if one.rule not in off]
    silencing = {path: codebase.files[path] for path in speaking}
    kept, suppressed = _unsuppressed(silencing, (one for one in found if _wanted(one, settings)))
    return Findings(tuple(_spread(sorted(_folded(kept), key=_rank))), suppressed, off)


class _Told(NamedTuple):
    """What every rule has to say, whoever asks for it, and the paths of files with a comment that silences a rule."""

    findings: Sequence[Finding]
    silencing: Sequence[str]


def _told(codebase: "Codebase", settings: Config, digest: str) -> _Told:
    """Ask every rule, and keep the answers under ``digest``."""
    from fastapi_expert.codebase.files.scan import paused_collection

    with paused_collection():
        pairs = SimilarPairs(codebase, settings)
        with records_of_now(codebase, meanwhile=pairs.begin) as (records, besides):
            survey = Survey(
                records,
                settings,
                pairs,
                FUNCTION_RULES,
                Texts(codebase.root, codebase.files.get),
                Imports(codebase.root, dict(records.modules), cache(lambda: dict(records.needs))),
                codebase.digest,
                lambda paths: _digest_of(codebase, paths),
            )
            found = [
                finding for name, family in FAMILIES.items() for finding in _found(name, family, survey, codebase.cache)
            ]
    keep(codebase.cache, "findings", digest, _packed(besides, records.silencing, found))
    return _Told(found, records.silencing)


def _digest(codebase: "Codebase", settings: Config) -> str:
    """Changes with what findings are made from, but for the files that linking reads besides."""
    likeness = (settings.function_similarity, settings.schema_similarity, settings.min_statements)
    return digest_of(identity(), codebase.digest, codebase.is_live, *likeness)


def _packed(besides: Mapping[str, str | None], silencing: Sequence[str], findings: Sequence[Finding]) -> bytes:
    return json.dumps([dict(besides), silencing, [_row(finding) for finding in findings]]).encode()


def _recalled(codebase: "Codebase", data: bytes) -> _Told:
    """What :func:`_packed` gave. Raises ValueError or TypeError when it is something else, or was made from files that
    hold something else by now."""
    besides, silencing, rows = json.loads(data)
    if not codebase.is_as_read(besides):
        raise ValueError("made from other files")
    return _Told([_finding(*row) for row in rows], [path for path in silencing if path in codebase.files])


def _found(name: str, family: Family, survey: Survey, blobs: Blobs | None) -> Iterable[Finding]:
    """What a family finds; kept as long as what it is made from stays the same, where most edits leave that alone."""
    if family.made_from is None:
        return family.survey(survey)
    digest = digest_of(identity(), *family.made_from(survey))
    found = recall(blobs, f"findings about {name}", digest, _read)
    if found is None:
        found = [*family.survey(survey)]
        keep(blobs, f"findings about {name}", digest, _written(found))
    return found


def _digest_of(codebase: "Codebase", paths: Iterable[str]) -> str:
    stamps = codebase.scan.stamps
    return digest_of(*[f"{path} {stamps[path][1].hex()}" for path in sorted(paths) if path in stamps])


def _written(findings: Sequence[Finding]) -> bytes:
    return json.dumps([_row(finding) for finding in findings]).encode()


def _row(finding: Finding) -> list[Any]:
    places = [[one.id, one.kind, one.path, one.line, one.end_line] for one in finding.components]
    text = [finding.message, finding.advice, finding.action]
    return [finding.rule, finding.similarity, *text, places, finding.saves]


def _read(data: bytes) -> Sequence[Finding]:
    """What :func:`_written` wrote. Raises ValueError or TypeError when the bytes are something else."""
    return [_finding(*row) for row in json.loads(data)]


def _finding(*row: Any) -> Finding:
    code, similarity, message, advice, action, places, saves = row
    components = tuple([Place(*place) for place in places])
    if code not in RULES:
        raise ValueError(f"no rule {code}")
    return Finding(RULES[code], similarity, message, advice, action, components, saves)


def _rank(finding: Finding) -> tuple[int, float, str, int]:
    """What is wrong comes first, then copied files, exact copies, copies, and likenesses; tests after the rest."""
    place = finding.components[0]
    return (_tier(finding), -_weight(finding), place.path, place.line)


def _weight(finding: Finding) -> float:
    weight = finding.saves * finding.similarity**6  # the closer, the surer
    return weight * finding.definition.loose_weight if finding.similarity < 1.0 else weight


def _spread(ranked: Sequence[Finding]) -> list[Finding]:
    """``ranked``, but of many findings of one sort on the same files each weighs less than the one before it: who
    works on those files sees the others, and the first screen shows more than one place."""
    before: Counter[tuple[int, frozenset[str]]] = Counter()
    exact: dict[str, list[set[str]]] = {}
    for one in ranked:
        if one.similarity >= EQUAL:
            told = {place.id for place in one.components}
            exact.setdefault(min(told), []).append(told)
    keyed: list[tuple[int, float, int]] = []
    for position, finding in enumerate(ranked):
        tier = _tier(finding)
        where = tier, frozenset(place.path for place in finding.components)
        ids = {place.id for place in finding.components}
        known = (
            ONE_MORE
            if finding.similarity < EQUAL and any(one < ids for id_ in ids for one in exact.get(id_, ()))
            else 1.0
        )
        keyed.append((tier, -_weight(finding) * known * AGAIN ** before[where], position))
        before[where] += 1
    return [ranked[position] for _, _, position in sorted(keyed)]


_TIERS = {
    "fault": 0,
    "dead route": 0,
    "copied file": 1,
    "exact copy": 2,
    "copy but for names": 3,
    "setting": 3,  # exact, but little is saved
    "likeness": 4,
}


def _tier(finding: Finding) -> int:
    tier = _TIERS[_sort_of(finding)]
    return tier + 3 if tier > 1 and all(is_test_path(one.path) for one in finding.components) else tier


def _folded(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without those that another one says already: between the files of a copy, or a part of a family."""
    copies = [{place.path for place in one.components} for one in findings if one.definition.folds]
    by_id: dict[str, list[int]] = {}
    ids = [frozenset(place.id for place in one.components) for one in findings]
    for number, one in enumerate(ids):
        for id_ in one:
            by_id.setdefault(id_, []).append(number)
    kept: list[Finding] = []
    for finding, mine in zip(findings, ids, strict=True):
        paths = {place.path for place in finding.components}
        is_copied = not finding.definition.folds and len(paths) > 1 and any(paths <= copy for copy in copies)
        if finding.definition.is_fault or not (is_copied or _is_part(finding, mine, ids, by_id)):
            kept.append(finding)
    return kept


def _is_part(
    finding: Finding, mine: frozenset[str], ids: Sequence[frozenset[str]], by_id: Mapping[str, Sequence[int]]
) -> bool:
    """Whether a loose finding is about some of what another one is about."""
    return finding.similarity < EQUAL and any(mine < ids[other] for other in by_id[next(iter(mine))])


def _wanted(finding: Finding, settings: Config) -> bool:
    shown = {place.path for place in finding.components if is_example(place.path)}
    if not finding.definition.is_fault and shown and len({place.path for place in finding.components} - shown) <= 1:
        return False  # an example stands by itself, also beside what it is an example of
    return settings.enabled(finding.rule) and not any(
        settings.ignored_at(finding.rule, place.path) for place in finding.components
    )


def _unsuppressed(silencing: Mapping[str, FileFacts], findings: Iterable[Finding]) -> tuple[list[Finding], int]:
    kept: list[Finding] = []
    suppressed = 0
    for finding in findings:
        if any(_is_silenced(silencing.get(place.path), finding.rule, place) for place in finding.components):
            suppressed += 1
        else:
            kept.append(finding)
    return kept, suppressed


def _is_silenced(facts: FileFacts | None, rule: str, place: Place) -> bool:
    """A comment on the definition's lines, or on the line above its first decorator, names the rule or none."""
    if facts is None:
        return False
    definitions = (*facts.functions, *facts.classes)
    start = min((one.start_line for one in definitions if one.line == place.line), default=place.line)
    return any(
        start - 1 <= one.line <= place.end_line and (not one.rules or rule in one.rules) for one in facts.suppressions
    )


def fingerprint(finding: Finding) -> str:
    """Names a finding in a baseline: stays when lines move, changes with the rule or what takes part."""
    parts = sorted({place.id for place in finding.components})
    return blake2b("\n".join([finding.rule, *parts]).encode(), digest_size=10).hexdigest()


def overview(findings: Sequence[Finding], off: Mapping[str, int]) -> str:
    """What a list of findings holds, in one line: `4 dead routes, 3 copied files, 21 exact copies, 153 likenesses`;
    and what rules have that are ``off`` by default."""
    count = Counter(_sort_of(finding) for finding in findings)
    said = [", ".join(_counted(count[sort], sort) for sort in _TIERS if count[sort])]
    return "; ".join([*said, *[f"{number} of {rule}, off by default" for rule, number in sorted(off.items())]])


def _sort_of(finding: Finding) -> str:
    if finding.definition.is_fault:
        return "dead route" if finding.definition.family == "routes" else "fault"
    if finding.definition.folds and finding.similarity > WRITTEN_ALIKE:
        return "copied file"
    if finding.definition.family == "settings":
        return "setting"
    exact = "exact copy" if finding.similarity == 1.0 else "copy but for names"
    return exact if finding.similarity >= EQUAL else "likeness"


def _counted(count: int, sort: str) -> str:
    if count == 1:
        return f"1 {sort}"
    plurals = {"exact copy": "exact copies", "copy but for names": "copies but for names", "likeness": "likenesses"}
    return f"{count} {plurals.get(sort, sort + 's')}"
