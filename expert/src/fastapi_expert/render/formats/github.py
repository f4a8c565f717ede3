"""Findings as GitHub workflow commands: annotations on the lines of a pull request.

Source: "Workflow commands for GitHub Actions" and actions/toolkit's `command.ts`, whose escaping this follows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi_expert.duplicates.model import Finding

if TYPE_CHECKING:  # the gate brings all of its checks, and a review needs none of them
    from fastapi_expert.gate.model import Finding as Fault
    from fastapi_expert.gate.model import Report


def annotations(findings: Sequence[Finding], *, prefix: str = "") -> str:
    """One `::warning` line a finding, on its first place; ``prefix`` leads from the repository to the root."""
    return "".join(_annotation(finding, prefix) for finding in findings)


def gate_annotations(report: "Report") -> str:
    """One `error` a finding of the gate, one for each check that could not be made, a `notice` for what is likely."""
    unfit = [one for one in report.checks if one.status in ("missing", "broken")]
    lines = [
        command("error", one.path, one.line, one.end_line, title=_title(one), message=one.message)
        for one in report.findings
    ]
    lines += [
        command("notice", one.path, one.line, one.end_line, title=_title(one), message=one.message)
        for one in report.remarks
    ]
    lines += [f"::error title={_property(f'{one.name} {one.status}')}::{_data(one.note)}\n" for one in unfit]
    return "".join(lines)


def _title(fault: "Fault") -> str:
    return fault.check if fault.rule == fault.check else f"{fault.check} {fault.rule}"


def _annotation(finding: Finding, prefix: str) -> str:
    place = finding.components[0]
    others = ", ".join(f"{prefix}{other.path}:{other.line}" for other in finding.components[1:])
    message = f"{finding.message}\n{finding.advice}" + (f"\nSee {others}" if others else "")
    lines = (f"{prefix}{place.path}", place.line, place.end_line)
    return command("warning", *lines, title=f"{finding.rule} {finding.title}", message=message)


def command(level: str, path: str, line: int, end_line: int, *, title: str, message: str) -> str:
    """One annotation of ``level`` (`error`, `warning`, `notice`) on the lines of a file of the repository."""
    properties = {"file": path, "line": str(line), "endLine": str(end_line), "title": title}
    return f"::{level} {','.join(f'{key}={_property(value)}' for key, value in properties.items())}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
