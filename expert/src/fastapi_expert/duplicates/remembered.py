"""Findings about models, routes and settings, kept as long as what they were made from stays the same.

They hang on few records, which most edits leave alone, and take a third of the time that all findings take.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

from fastapi_expert.codebase.cache import Cache
from fastapi_expert.duplicates.library import FORMAT
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.records import Records

_NAME = "findings"


def remembered(
    cache: Cache | None, records: Records, threshold: float, look: Callable[[], Sequence[Finding]]
) -> Sequence[Finding]:
    """What ``look`` finds in the models, routes and variables of ``records``, or found when they were last as now."""
    if cache is None:
        return look()
    digest = _digest(records, threshold)
    kept = cache.get_blob(_NAME)
    found = _findings(kept, digest) if kept is not None else None
    if found is None:
        found = look()
        cache.put_blob(_NAME, json.dumps([digest, [_row(finding) for finding in found]]).encode())
    return found


def _digest(records: Records, threshold: float) -> str:
    made_from = [FORMAT.decode(), threshold, records.models, records.routes, records.variables, records.modules]
    return blake2b(json.dumps(made_from).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _row(finding: Finding) -> list[Any]:
    places = [[one.id, one.kind, one.path, one.line, one.end_line] for one in finding.components]
    said = [finding.rule, finding.title, finding.similarity, finding.message, finding.advice, finding.action]
    return [*said, places, finding.saves]


def _finding(*row: Any) -> Finding:
    rule, title, similarity, message, advice, action, places, saves = row
    components = tuple([Place(*place) for place in places])
    return Finding(rule, title, similarity, message, advice, action, components, saves)


def _findings(kept: bytes, digest: str) -> list[Finding] | None:
    try:
        known, rows = json.loads(kept)
        if known != digest:
            return None
        return [_finding(*row) for row in rows]
    except (ValueError, TypeError):
        return None  # not written by us
