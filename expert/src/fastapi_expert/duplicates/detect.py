"""Every rule over one codebase: ranked, without what is suppressed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.rules.base import Family, Survey
from fastapi_expert.duplicates.rules.registry import FAMILIES, FUNCTION_RULES, RULES
from fastapi_expert.duplicates.similarity.differences import Texts
from fastapi_expert.duplicates.similarity.pairs import SimilarPairs
from fastapi_expert.duplicates.store.incremental import records_of_now
from fastapi_expert.duplicates.wording import Imports
from fastapi_expert.identity import identity
from fastapi_expert.store import Blobs, digest_of, keep, recall

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

IN_TESTS = 0.25
"""What a line saved in the tests counts beside one in the application."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Ranked findings, and how many a comment in the code silenced."""

    findings: tuple[Finding, ...]
    suppressed: int


def find(codebase: "Codebase", *, settings: Config | None = None) -> Findings:
    """What is here twice, the duplicate whose removal saves most first."""
    from fastapi_expert.codebase.files.scan import paused_collection

    settings = settings or Config()
    with paused_collection():
        pairs = SimilarPairs(codebase, settings)
        with records_of_now(codebase, meanwhile=pairs.begin) as records:
            survey = Survey(
                records,
                settings,
                pairs,
                FUNCTION_RULES,
                Texts(codebase.root, codebase.files.get),
                Imports(codebase.root, dict(records.modules)),
                codebase.digest,
            )
            found = [
                finding for name, family in FAMILIES.items() for finding in _found(name, family, survey, codebase.cache)
            ]
    silencing = {path: codebase.files[path] for path in records.silencing}
    kept, suppressed = _unsuppressed(silencing, (one for one in found if _wanted(one, settings)))
    return Findings(tuple(sorted(kept, key=_rank)), suppressed)


def _found(name: str, family: Family, survey: Survey, cache: Blobs | None) -> Iterable[Finding]:
    """What a family finds; kept as long as what it is made from stays the same, where most edits leave that alone."""
    if family.made_from is None:
        return family.survey(survey)
    digest = digest_of(identity(), *family.made_from(survey))
    found = recall(cache, f"findings about {name}", digest, _read)
    if found is None:
        found = [*family.survey(survey)]
        keep(cache, f"findings about {name}", digest, _written(found))
    return found


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


def _rank(finding: Finding) -> tuple[bool, float, str, int]:
    place = finding.components[0]
    weight = finding.saves * finding.similarity**3  # the closer, the surer
    if finding.similarity < 1.0:
        weight *= finding.definition.loose_weight
    if all(is_test_path(one.path) for one in finding.components):
        weight *= IN_TESTS
    return (not finding.definition.is_fault, -weight, place.path, place.line)


def _wanted(finding: Finding, settings: Config) -> bool:
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
