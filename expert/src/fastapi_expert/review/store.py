"""The last review of a codebase, kept beside its facts: nothing is looked at again while nothing has changed."""

import json
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.review.model import Edit, Finding, Related
from fastapi_expert.review.versions import Versions
from fastapi_expert.store import digest_of, keep, recall

_NAME = "review"


@cache
def identity_of_rules() -> str:
    """Changes with the rules themselves."""
    total = blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()


def digest(codebase: Codebase, versions: Versions) -> str:
    """Changes with the code, with what the project says of its versions and its tests, and with the rules."""
    return digest_of(codebase.digest, versions.texts, identity_of_rules())


def recalled(codebase: Codebase, digest: str) -> list[Finding] | None:
    """What was kept under ``digest``."""
    return recall(codebase.cache, _NAME, digest, _load)


def kept(codebase: Codebase, digest: str, findings: list[Finding]) -> list[Finding]:
    """Keep what was found, unless linking read files that the digest does not cover."""
    if not codebase.hangs_on_data:
        keep(codebase.cache, _NAME, digest, json.dumps([asdict(one) for one in findings]).encode())
    return findings


def _load(body: bytes) -> list[Finding]:
    return [_finding(one) for one in json.loads(body)]


def _finding(said: dict[str, Any]) -> Finding:
    related = tuple([Related(**one) for one in said.pop("related")])
    fix = tuple([Edit(**one) for one in said.pop("fix")])
    return Finding(**said, related=related, fix=fix)
