"""Findings about models, routes and settings, each kept as long as what they were made from stays the same.

They hang on few records, which most edits leave alone, and take longer than those about functions.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

from fastapi_expert.codebase.files.cache import Cache
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.store.library import FORMAT


def remembered(
    cache: Cache | None, kind: str, made_from: Sequence[Any], look: Callable[[], Iterable[Finding]]
) -> Sequence[Finding]:
    """The findings of a ``kind`` that ``look`` makes from ``made_from`` (whatever JSON holds), or made lately."""
    if cache is None:
        return [*look()]
    digest = _digest(made_from)
    name = f"findings about {kind}"
    kept = cache.get_blob(name)
    found = _findings(kept, digest) if kept is not None else None
    if found is None:
        found = [*look()]
        cache.put_blob(name, json.dumps([digest, [_row(finding) for finding in found]]).encode())
    return found


def _digest(made_from: Sequence[Any]) -> str:
    text = json.dumps([FORMAT.decode(), *made_from])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


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
