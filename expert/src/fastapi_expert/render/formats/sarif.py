"""Findings as SARIF 2.1.0 (OASIS Standard, 27 March 2020), as code hosts read it.

Paths are relative to the repository (``prefix`` leads from it to the root); columns are left out: findings are lines.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi_expert import __version__
from fastapi_expert.duplicates.model import Finding, Place, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(
    findings: Sequence[Finding],
    *,
    rules: Mapping[str, Rule],
    fingerprint: Callable[[Finding], str],
    prefix: str = "",
) -> str:
    """The log of one run."""
    used = sorted({finding.rule for finding in findings})
    results = [_result(finding, used.index(finding.rule), fingerprint(finding), prefix) for finding in findings]
    return log([_rule(rules[code]) for code in used], results)


def log(rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> str:
    """The log of one run that used ``rules`` and found ``results``."""
    run = {
        "tool": {"driver": {"name": "fastapi-expert", "semanticVersion": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    page = rule.page
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.title.split()),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["duplication", "maintainability"]},
    }


def _result(finding: Finding, rule: int, fingerprint: str, prefix: str) -> dict[str, Any]:
    first, *others = finding.components
    links = "".join(f" See [{place.path}:{place.line}]({number})." for number, place in enumerate(others, start=1))
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": "warning",
        "message": {"text": f"{plain(finding.message)} {plain(finding.advice)}{links}"},
        "locations": [_location(first, prefix)],
        "relatedLocations": [
            {"id": number, **_location(place, prefix), "message": {"text": plain(place.id)}}
            for number, place in enumerate(others, start=1)
        ],
        "partialFingerprints": {"fastapiExpertFinding/v1": fingerprint},
        "rank": round(100 * finding.similarity, 1),
        "properties": {"action": finding.action, "similarity": round(finding.similarity, 3)},
    }


def plain(text: str) -> str:
    r"""Message text where `[x](n)` is a link and `\` escapes it (SARIF § 3.11.6)."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(place: Place, prefix: str) -> dict[str, Any]:
    return {
        "physicalLocation": physical_location(place.path, place.line, place.end_line, prefix),
        "logicalLocations": [{"fullyQualifiedName": place.id.rpartition("::")[2], "kind": "member"}],
    }


def physical_location(path: str, line: int, end: int, prefix: str) -> dict[str, Any]:
    """Lines of a file below the root."""
    return {
        "artifactLocation": {"uri": quote(f"{prefix}{path}"), "uriBaseId": "SRCROOT"},
        "region": {"startLine": line, "endLine": max(line, end)},
    }
