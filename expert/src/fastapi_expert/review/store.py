"""The last review of a codebase, kept beside its facts: nothing is looked at again while nothing has changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Problem
from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.review.model import Edit, Finding, Related
from fastapi_expert.review.versions import Versions
from fastapi_expert.store import digest_of, keep, recall, stamp_of

_NAME = "review"
_APART = "review of all but tests"


@cache
def identity() -> str:
    """Changes with the rules, and with what reads and links the code for them."""
    here = Path(__file__).parent
    return f"{VERSION}-{stamp_of(str(here), str(here.parent / 'codebase'))}"


class Looked(NamedTuple):
    """What a look found, where the text is no Python, and the files that linking read besides, with their hashes."""

    findings: list[Finding]
    problems: list[Problem]
    besides: Mapping[str, str | None]


class Stored:
    """What was found last in a codebase: all of it, and what does not hang on its tests.

    The first holds until the code changes, or what the project says of its versions and its tests, or the rules; the
    second outlives an edit of a test.
    """

    def __init__(self, codebase: Codebase, versions: Versions) -> None:
        self._codebase = codebase
        self._constant = digest_of(versions.texts, identity())

    def recall(self) -> Looked | None:
        """All of it; None when a file has changed, or one that linking read besides."""
        return recall(self._codebase.cache, _NAME, self._digest, self._load)

    def recall_apart(self) -> Looked | None:
        """What was found outside of the tests, when nothing but tests has changed since."""
        return recall(self._codebase.cache, _APART, self._digest_apart, self._load)

    def keep(self, looked: Looked) -> Looked:
        """Keep all that was found."""
        keep(self._codebase.cache, _NAME, self._digest, _packed(looked))
        return looked

    def keep_apart(self, looked: Looked) -> Looked:
        """Keep what was found outside of the tests."""
        keep(self._codebase.cache, _APART, self._digest_apart, _packed(looked))
        return looked

    @property
    def _digest(self) -> str:
        return digest_of(self._constant, self._codebase.digest)

    @property
    def _digest_apart(self) -> str:
        stamps = self._codebase.scan.stamps
        hashes = [(path, stamps[path][1].hex()) for path in self._codebase.files if not is_test_path(path)]
        return digest_of(self._constant, self._codebase.environment.stamp, hashes)

    def _load(self, body: bytes) -> Looked:
        besides, findings, problems = json.loads(body)
        if not self._codebase.is_as_read(besides):
            raise ValueError("made from other files")
        return Looked([_finding(one) for one in findings], [Problem(*one) for one in problems], besides)


def _packed(looked: Looked) -> bytes:
    findings = [asdict(one) for one in looked.findings]
    problems = [(one.path, one.line, one.message) for one in looked.problems]
    return json.dumps([dict(looked.besides), findings, problems]).encode()


def _finding(said: dict[str, Any]) -> Finding:
    related = tuple([Related(**one) for one in said.pop("related")])
    fix = tuple([Edit(**one) for one in said.pop("fix")])
    return Finding(**said, related=related, fix=fix)
