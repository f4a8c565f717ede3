"""The last review of a codebase, kept beside its facts: nothing is looked at again while nothing has changed."""

import json
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.review.model import Finding, Related
from fastapi_expert.review.versions import Versions

_NAME = "review"


@cache
def _rules() -> bytes:
    """Changes with the rules themselves."""
    total = blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(file.read_bytes())
    return total.digest()


def key_of(codebase: Codebase, versions: Versions) -> str:
    """Changes with the code, with what the project says of its versions and its tests, and with the rules."""
    said = repr((versions.texts, codebase.digest))
    return blake2b(said.encode() + _rules(), digest_size=16).hexdigest()


def kept(codebase: Codebase, key: str) -> list[Finding] | None:
    """What was found under ``key``; None when it was something else, or not by us."""
    data = codebase.cache.get_blob(_NAME) if codebase.cache is not None else None
    if data is None:
        return None
    try:
        document: dict[str, Any] = json.loads(data)
        if document["key"] != key:
            return None
        return [_finding(one) for one in document["findings"]]
    except (ValueError, KeyError, TypeError):
        return None


def keep(codebase: Codebase, key: str, findings: list[Finding]) -> None:
    """Remember what was found; nothing where linking read files that the digest does not cover."""
    if codebase.cache is not None and not codebase.hangs_on_data:
        document = {"key": key, "findings": [asdict(one) for one in findings]}
        codebase.cache.put_blob(_NAME, json.dumps(document).encode())


def _finding(said: dict[str, Any]) -> Finding:
    related = tuple([Related(**one) for one in said.pop("related")])
    return Finding(**said, related=related)
