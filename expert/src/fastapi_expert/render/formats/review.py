"""A review as text, as a JSON document, as SARIF 2.1.0 and as annotations of GitHub."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastapi_expert import __version__
from fastapi_expert.render.formats.sarif import SCHEMA
from fastapi_expert.render.json import hazard_json
from fastapi_expert.render.terminal import Style
from fastapi_expert.review import Finding, Review
from fastapi_expert.review.rules.registry import RULES

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


def annotations(findings: Sequence[Finding]) -> str:
    """Workflow commands of GitHub Actions, a line a finding."""
    return "".join(
        f"::{_GITHUB[one.severity]} file={one.path},line={one.line},endLine={one.end_line},title={one.rule} "
        f"{one.title}::"
        f"{_escaped(f'{one.message}. {one.advice}')}\n"
        for one in findings
    )


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def sarif(findings: Sequence[Finding]) -> str:
    """The log of one run (OASIS SARIF 2.1.0)."""
    used = sorted({one.rule for one in findings})
    rules = [
        {"id": code, "name": RULES[code].title, "shortDescription": {"text": RULES[code].summary}} for code in used
    ]
    run = {
        "tool": {"driver": {"name": "fastapi-expert", "version": __version__, "rules": rules}},
        "results": [_result(one) for one in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(finding: Finding) -> dict[str, Any]:
    name = blake2b(f"{finding.rule}\n{finding.path}\n{finding.message}".encode(), digest_size=10).hexdigest()
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.advice}"},
        "locations": [_location(finding.path, finding.line, finding.end_line)],
        "relatedLocations": [
            {**_location(one.path, one.line, one.line), "message": {"text": one.why}} for one in finding.related
        ],
        "partialFingerprints": {"finding/v1": name},
    }


def _location(path: str, line: int, end: int) -> dict[str, Any]:
    region = {"startLine": line, "endLine": end}
    return {"physicalLocation": {"artifactLocation": {"uri": path}, "region": region}}
