"""The gate's report for machines: JSON, SARIF 2.1.0 (OASIS Standard, 27 March 2020) and JUnit XML."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from fastapi_expert import __version__
from fastapi_expert.gate.model import Check, Finding, Report
from fastapi_expert.gate.report import finding_text
from fastapi_expert.render.formats.sarif import SCHEMA


def check_document(report: Report) -> dict[str, Any]:
    """`expert check --json`."""

    def told(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
        return [{key: value for key, value in asdict(finding).items() if key != "text"} for finding in findings]

    return {
        "root": report.root,
        "scope": report.scope,
        "passed": report.passed,
        "files": list(report.files),
        "findings": told(report.findings),
        "remarks": told(report.remarks),
        "checks": [asdict(one) | {"seconds": round(one.seconds, 3)} for one in report.checks],
        "tests": {
            "chosen": [asdict(test) for test in report.tests],
            "total": report.tests_total,
            "everything": report.everything,
        },
        "fixed": list(report.fixed),
        "seconds": round(report.seconds, 3),
    }


def sarif(report: Report) -> str:
    """One run; a check that could not be made is a notification of the tool, as the standard has it."""
    told = (*report.findings, *report.remarks)
    rules = sorted({(finding.check, finding.rule) for finding in told})
    unfit = [one for one in report.checks if one.status in ("missing", "broken")]
    run = {
        "tool": {
            "driver": {
                "name": "fastapi-expert check",
                "semanticVersion": __version__,
                "rules": [{"id": f"{check}/{rule}", "properties": {"tags": [check]}} for check, rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": not unfit,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{one.name} {one.status}: {one.note}"}} for one in unfit
                ],
            }
        ],
        "results": [_result(finding, rules, "error") for finding in report.findings]
        + [_result(finding, rules, "note") for finding in report.remarks],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(finding: Finding, rules: list[tuple[str, str]], level: str) -> dict[str, Any]:
    return {
        "ruleId": f"{finding.check}/{finding.rule}",
        "ruleIndex": rules.index((finding.check, finding.rule)),
        "level": level,
        "message": {"text": finding.message.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(finding.path), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": finding.line, "endLine": finding.end_line},
                }
            }
        ],
    }


def junit(report: Report) -> str:
    """A test case a check: `failure` with its findings, `error` if it could not be made, `skipped` if unwanted."""
    failed = sum(one.status == "failed" for one in report.checks)
    errors = sum(one.status in ("missing", "broken") for one in report.checks)
    skipped = sum(one.status == "skipped" for one in report.checks)
    suite = ElementTree.Element(
        "testsuite",
        name="expert check",
        tests=str(len(report.checks)),
        failures=str(failed),
        errors=str(errors),
        skipped=str(skipped),
        time=f"{report.seconds:.3f}",
    )
    for one in report.checks:
        _case(suite, one, [finding for finding in report.findings if finding.check == one.name])
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, one: Check, findings: list[Finding]) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname="expert", name=one.name, time=f"{one.seconds:.3f}")
    if one.status == "failed":
        text = "\n".join(finding_text(finding) for finding in findings)
        ElementTree.SubElement(case, "failure", message=f"{len(findings)} findings").text = _xml(text)
    elif one.status in ("missing", "broken"):
        ElementTree.SubElement(case, "error", message=_xml(one.note))
    elif one.status == "skipped":
        ElementTree.SubElement(case, "skipped", message=_xml(one.note))


def _xml(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold."""
    return "".join(
        character for character in text if character in "\t\n" or (character >= " " and character not in "\ufffe\uffff")
    )
