"""Every rule over one codebase: ranked, without what is suppressed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.records.model import Records
from fastapi_expert.duplicates.rules.functions import corpus_of, function_findings
from fastapi_expert.duplicates.similarity.pairs import Likenesses
from fastapi_expert.duplicates.store.incremental import records_of_now
from fastapi_expert.duplicates.store.memo import remembered

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase
    from fastapi_expert.codebase.files.cache import Cache

_BROKEN_FIRST = {"FX101": 0, "FX102": 0, "FX204": 0}
"""These are not only twice but wrong: they come before what is merely long."""


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
        likenesses = Likenesses(codebase, settings)
        with records_of_now(codebase, meanwhile=likenesses.begin) as records:
            found = [*_apart(codebase.cache, records, settings), *function_findings(corpus_of(records), likenesses)]
    silencing = {path: codebase.files[path] for path in records.silencing}
    kept, suppressed = _unsuppressed(silencing, (one for one in found if _wanted(one, settings)))
    return Findings(tuple(sorted(kept, key=_rank)), suppressed)


def _apart(cache: "Cache | None", records: Records, settings: Config) -> list[Finding]:
    """The findings that are not about functions; what finds them is imported when there is something to look for."""
    least, modules = settings.schema_similarity, records.modules

    def routes() -> Iterable[Finding]:
        from fastapi_expert.duplicates.rules.routes import route_findings

        return route_findings(records)

    def models() -> Iterable[Finding]:
        from fastapi_expert.duplicates.rules.schemas import schema_findings
        from fastapi_expert.duplicates.similarity.schemas import models_of

        return schema_findings(models_of(records), settings)

    def variables() -> Iterable[Finding]:
        from fastapi_expert.duplicates.rules.settings import settings_findings

        return settings_findings(records)

    return [
        *remembered(cache, "routes", [records.routes], routes),
        *remembered(cache, "models", [least, records.models, modules], models),
        *remembered(cache, "variables", [records.variables, modules], variables),
    ]


def _rank(finding: Finding) -> tuple[int, float, str, int]:
    place = finding.components[0]
    weight = finding.saves * finding.similarity**3  # the closer, the surer
    if all(is_test_path(one.path) for one in finding.components):
        weight *= IN_TESTS if finding.rule != "FX601" or finding.similarity == 1.0 else IN_TESTS**2
    return (_BROKEN_FIRST.get(finding.rule, 1), -weight, place.path, place.line)


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
