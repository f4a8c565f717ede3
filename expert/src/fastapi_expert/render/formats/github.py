"""Findings as GitHub workflow commands: annotations on the lines of a pull request.

Source: "Workflow commands for GitHub Actions" and actions/toolkit's `command.ts`, whose escaping this follows.
"""

from collections.abc import Sequence

from fastapi_expert.duplicates.model import Finding
from fastapi_expert.gate.model import Finding as Fault
from fastapi_expert.gate.model import Report


def annotations(findings: Sequence[Finding], *, prefix: str = "") -> str:
    """One `::warning` line a finding, on its first place; ``prefix`` leads from the repository to the root."""
    return "".join(_annotation(finding, prefix) for finding in findings)


def gate_annotations(report: Report) -> str:
    """One `::error` line a finding of the gate, and one for each check that could not be made."""
    unfit = [one for one in report.checks if one.status in ("missing", "broken")]
    lines = [_command("error", _of_fault(one), one.message) for one in report.findings]
    lines += [_command("error", {"title": f"{one.name} {one.status}"}, one.note) for one in unfit]
    return "".join(lines)


def _of_fault(fault: Fault) -> dict[str, str]:
    title = fault.check if fault.rule == fault.check else f"{fault.check} {fault.rule}"
    return {"file": fault.path, "line": str(fault.line), "endLine": str(fault.end_line), "title": title}


def _annotation(finding: Finding, prefix: str) -> str:
    place = finding.components[0]
    others = ", ".join(f"{prefix}{other.path}:{other.line}" for other in finding.components[1:])
    properties = {
        "file": f"{prefix}{place.path}",
        "line": str(place.line),
        "endLine": str(place.end_line),
        "title": f"{finding.rule} {finding.title}",
    }
    message = f"{finding.message}\n{finding.advice}" + (f"\nSee {others}" if others else "")
    return _command("warning", properties, message)


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    return f"::{kind} {','.join(f'{key}={_property(value)}' for key, value in properties.items())}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
