"""What `expert duplicates` does; in its bare form without Typer."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi_expert import config
from fastapi_expert.cli.plain import Format, bare_path
from fastapi_expert.cli.shared import folder, progress, project, read, repository_prefix
from fastapi_expert.codebase import Codebase
from fastapi_expert.duplicates import find, fingerprint
from fastapi_expert.duplicates.baseline import Known, compare, configured
from fastapi_expert.duplicates.baseline import read as read_baseline
from fastapi_expert.duplicates.baseline import write as write_baseline
from fastapi_expert.duplicates.model import Finding
from fastapi_expert.render.terminal import stdout_style, write


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; see the options of `expert duplicates`."""

    path: Path | None = None
    baseline: Path | None = None
    write_to: Path | None = None
    since: str | None = None
    format: Format = Format.TEXT
    sarif: Path | None = None


@dataclass(frozen=True, slots=True)
class _Report:
    """What to show: ``findings`` that count, and what was left out of them and why."""

    root: Path
    codebase: Codebase
    findings: tuple[Finding, ...]
    suppressed: int
    off: Mapping[str, int]
    known: int = 0
    gone: tuple[Known, ...] = ()


def main(argv: Sequence[str]) -> int | None:
    """`expert duplicates [PATH] [--json]`; None leaves every other command line to Typer."""
    asked = bare_path(argv)
    return None if asked is None else run(Request(asked[0], format=Format.JSON if asked[1] else Format.TEXT))


def run(request: Request) -> int:
    """Look, print, and say by the exit code whether anything was found."""
    root = project(request.path)
    settings = config.load(root)
    codebase = read(root, settings)
    with progress("looking for duplicates"):
        result = find(codebase, settings=settings)
    findings = result.findings
    if request.write_to is not None:
        write_baseline(request.write_to, findings)
        write(f"{request.write_to}: {len(findings)} findings are known now")
        return 0
    if request.since is not None:
        from fastapi_expert.duplicates.since import added_lines, touched

        findings = touched(findings, added_lines(folder(root), request.since))
    report = _Report(root, codebase, tuple(findings), result.suppressed, result.off)
    report = _against_baseline(report, request.baseline, settings)
    if request.sarif is not None:
        request.sarif.write_text(_sarif(report), encoding="utf-8")
    _print(report, request.format)
    return 1 if report.findings else 0


def _against_baseline(report: _Report, file: Path | None, settings: config.Config) -> _Report:
    """The report without what the baseline knows: the one named on the command line, else the project's own."""
    file = file or configured(settings)
    if file is None:
        return report
    comparison = compare(report.findings, read_baseline(file))
    return replace(report, findings=comparison.new, known=comparison.known, gone=comparison.gone)


def _print(report: _Report, format: Format) -> None:
    root, findings = report.root, report.findings
    match format:
        case Format.TEXT:
            write(_text(report))
        case Format.JSON:
            from fastapi_expert.render.json import duplicates_document, write_json

            write_json(duplicates_document(str(root), findings, suppressed=report.suppressed))
        case Format.GITHUB:
            from fastapi_expert.render.formats.github import annotations

            sys.stdout.write(annotations(findings, prefix=repository_prefix(folder(root))))
        case Format.SARIF:
            sys.stdout.write(_sarif(report))
        case Format.HTML:
            from fastapi_expert.render.page import page
            from fastapi_expert.render.source import Sources

            sys.stdout.write(page(report.codebase.inventory, findings, Sources(folder(root)), title=root.name))


def _sarif(report: _Report) -> str:
    from fastapi_expert.duplicates.rules.registry import RULES
    from fastapi_expert.render.formats.sarif import sarif

    return sarif(report.findings, rules=RULES, fingerprint=fingerprint, prefix=repository_prefix(folder(report.root)))


def _text(report: _Report) -> str:
    from fastapi_expert.duplicates.detect import overview
    from fastapi_expert.render.findings import finding_text
    from fastapi_expert.render.source import Sources

    sources, style = Sources(folder(report.root)), stdout_style()
    blocks = [finding_text(finding, sources, style) for finding in report.findings]
    return "\n\n".join(
        [*([overview(report.findings, report.off)] if len(blocks) > 1 else []), *blocks, _summary(report)]
    )


def _summary(report: _Report) -> str:
    found = len(report.findings)
    lines = [
        "nothing is here twice"
        if not found
        else f"{found} finding{'s' * (found != 1)}; `expert rule RULE` explains one"
    ]
    if report.known:
        lines[0] += f"; {report.known} more known to the baseline"
    if report.suppressed:
        lines[0] += f"; {report.suppressed} suppressed by comments"
    if report.gone:
        lines.append(f"{len(report.gone)} of the baseline are fixed and can leave it (--write-baseline):")
        lines += [f"  {known.rule} {' · '.join(sorted(known.ids))}" for known in report.gone[:10]]
    return "\n".join(lines)
