"""A review as text, as a JSON document, as SARIF 2.1.0 and as annotations of GitHub."""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastapi_expert.render.formats.github import command
from fastapi_expert.render.formats.sarif import log, physical_location, plain
from fastapi_expert.render.json import hazard_json
from fastapi_expert.render.terminal import Style
from fastapi_expert.review import Finding, Review, Rule

_LEVELS = {1: "error", 2: "warning", 3: "note"}
_GITHUB = {1: "error", 2: "warning", 3: "notice"}


def document(root: str, result: Review) -> dict[str, Any]:
    """The document of `expert review --json`."""
    return {
        "schema_version": 1,
        "root": root,
        "findings": [hazard_json(one) for one in result.findings],
        "suppressed": result.suppressed,
        "assumed_newest": list(result.assumed),
        "problems": [asdict(one) for one in result.problems],
    }


def text(result: Review, root: Path, style: Style) -> str:
    """What a person reads: a block a finding, and a closing line."""
    blocks = [_block(one, root, style) for one in result.findings]
    count = len(result.findings)
    closing = "nothing found" if not count else f"{count} finding{'s' * (count != 1)}; `expert rule CODE` explains one"
    if result.suppressed:
        closing += f"; {result.suppressed} suppressed by comments"
    if result.assumed and count:
        closing += f"\nnewest release assumed of {', '.join(result.assumed)}: the project does not say"
    for one in result.problems:
        closing += f"\n{one.path}:{one.line}: {one.message}"
    return "\n\n".join([*blocks, closing])


def _block(finding: Finding, root: Path, style: Style) -> str:
    kind = {1: "wrong", 2: "bug", 3: "rough"}[finding.severity] + (", likely" if finding.confidence == "likely" else "")
    lines = [f"{style.paint(finding.rule, 'bold')} {finding.title} ({kind})", f"  {finding.path}:{finding.line}"]
    source = _line(root / finding.path, finding.line)
    if source:
        lines.append(f"    {source}")
    lines += [f"  {finding.message}", f"  {style.paint('do', 'bold')} {finding.advice}"]
    lines += [f"  see {one.path}:{one.line} ({one.why})" for one in finding.related]
    return "\n".join(lines)


def _line(file: Path, number: int) -> str:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def annotations(findings: Sequence[Finding], *, prefix: str = "") -> str:
    """Workflow commands of GitHub Actions, a line a finding; ``prefix`` leads from the repository to the root."""
    return "".join(_annotation(one, prefix) for one in findings)


def _annotation(finding: Finding, prefix: str) -> str:
    others = ", ".join(f"{prefix}{one.path}:{one.line}" for one in finding.related)
    message = f"{finding.message}\n{finding.advice}" + (f"\nSee {others}" if others else "")
    place = (f"{prefix}{finding.path}", finding.line, finding.end_line)
    return command(_GITHUB[finding.severity], *place, title=f"{finding.rule} {finding.title}", message=message)


def sarif(findings: Sequence[Finding], *, prefix: str = "") -> str:
    """The log of one run (OASIS SARIF 2.1.0); ``prefix`` leads from the repository to the root."""
    from fastapi_expert.review.rules.registry import RULES  # every rule's module: no other form asks for them

    used = sorted({one.rule for one in findings})
    rules = [_rule(RULES[code]) for code in used]
    return log(rules, [_result(one, used.index(one.rule), prefix) for one in findings])


def _rule(rule: Rule) -> dict[str, Any]:
    page = rule.page
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.title.split()),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["correctness", rule.family]},
    }


def _result(finding: Finding, rule: int, prefix: str) -> dict[str, Any]:
    name = blake2b(f"{finding.rule}\n{finding.path}\n{finding.message}".encode(), digest_size=10).hexdigest()
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": plain(f"{finding.message}. {finding.advice}")},
        "locations": [_location(finding.path, finding.line, finding.end_line, prefix)],
        "relatedLocations": [
            {"id": number, **_location(one.path, one.line, one.line, prefix), "message": {"text": plain(one.why)}}
            for number, one in enumerate(finding.related, start=1)
        ],
        "partialFingerprints": {"fastapiExpertFinding/v1": name},
        "properties": {"confidence": finding.confidence, "severity": finding.severity},
    }


def _location(path: str, line: int, end: int, prefix: str) -> dict[str, Any]:
    return {"physicalLocation": physical_location(path, line, end, prefix)}
