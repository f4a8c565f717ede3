"""The last review of a codebase, kept beside its facts: nothing is looked at again while nothing has changed."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Problem
from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.review.model import Edit, Finding, Related
from fastapi_expert.review.versions import Versions
from fastapi_expert.store import digest_of, keep, recall, stamp_of

_NAME = "review"


@cache
def identity() -> str:
    """Changes with the rules, and with what reads and links the code for them."""
    here = Path(__file__).parent
    return f"{VERSION}-{stamp_of(str(here), str(here.parent / 'codebase'))}"


def digest(codebase: Codebase, versions: Versions) -> str:
    """Changes with the code, with what the project says of its versions and its tests, and with the rules."""
    return digest_of(codebase.digest, versions.texts, identity())


class Looked(NamedTuple):
    """What a look found, and where the text is no Python."""

    findings: list[Finding]
    problems: list[Problem]


def recalled(codebase: Codebase, digest: str) -> Looked | None:
    """What was kept under ``digest``; None when a file that linking read besides has changed."""

    def load(body: bytes) -> Looked:
        besides, findings, problems = json.loads(body)
        if not codebase.is_as_read(besides):
            raise ValueError("made from other files")
        return Looked([_finding(one) for one in findings], [Problem(*one) for one in problems])

    return recall(codebase.cache, _NAME, digest, load)


def kept(codebase: Codebase, digest: str, looked: Looked) -> Looked:
    """Keep what was found."""
    findings = [asdict(one) for one in looked.findings]
    problems = [(one.path, one.line, one.message) for one in looked.problems]
    keep(codebase.cache, _NAME, digest, json.dumps([dict(codebase.read_besides), findings, problems]).encode())
    return looked


def _finding(said: dict[str, Any]) -> Finding:
    related = tuple([Related(**one) for one in said.pop("related")])
    fix = tuple([Edit(**one) for one in said.pop("fix")])
    return Finding(**said, related=related, fix=fix)
