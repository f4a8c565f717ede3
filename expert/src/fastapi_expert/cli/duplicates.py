"""`expert duplicates`: what is here twice."""

import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.shared import folder, progress, project, read
from fastapi_expert.codebase import Codebase
from fastapi_expert.duplicates import find, fingerprint
from fastapi_expert.duplicates.baseline import DEFAULT, Known, compare
from fastapi_expert.duplicates.baseline import read as read_baseline
from fastapi_expert.duplicates.baseline import write as write_baseline
from fastapi_expert.duplicates.model import Finding
from fastapi_expert.duplicates.rules import RULES
from fastapi_expert.duplicates.since import added_lines, touched
from fastapi_expert.render.findings import finding_text
from fastapi_expert.render.json import duplicates_document, write_json
from fastapi_expert.render.source import Sources
from fastapi_expert.render.terminal import stdout_style, write


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class _Report:
    """What to show: ``findings`` that count, and what was left out of them and why."""

    root: Path
    codebase: Codebase
    findings: tuple[Finding, ...]
    suppressed: int
    known: int = 0
    gone: tuple[Known, ...] = ()


def command(
    path: RootArgument = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only findings that FILE does not know fail.")
    ] = None,
    write_to: Annotated[
        Path | None,
        typer.Option("--write-baseline", metavar="FILE", help=f"Make FILE (say {DEFAULT}) know all of today's."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="REV", help="Only findings on lines changed since this revision.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to print them.")] = Format.TEXT,
    json: JsonFlag = False,
) -> None:
    """What is here twice, the most worth removing first. Exit code: 0 nothing, 1 findings, 2 error.

    Example: expert duplicates --since main --format github
    """
    root = project(path)
    settings = config.load(root)
    codebase = read(root, settings)
    with progress("looking for duplicates"):
        result = find(codebase, settings=settings)
    findings = result.findings
    if write_to is not None:
        write_baseline(write_to, findings)
        write(f"{write_to}: {len(findings)} findings are known now")
        return
    if since is not None:
        findings = touched(findings, added_lines(folder(root), since))
    report = _Report(root, codebase, tuple(findings), result.suppressed)
    report = _against_baseline(report, baseline, settings)
    _print(report, Format.JSON if json else format)
    raise typer.Exit(1 if report.findings else 0)


def _against_baseline(report: _Report, file: Path | None, settings: config.Config) -> _Report:
    """The report without what the baseline knows: the one named on the command line, else the project's own."""
    if file is None and settings.baseline is not None and settings.source is not None:
        file = settings.source.parent / settings.baseline
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
            write_json(duplicates_document(str(root), findings, suppressed=report.suppressed))
        case Format.GITHUB:
            from fastapi_expert.render.github import annotations

            sys.stdout.write(annotations(findings, prefix=_prefix(folder(root))))
        case Format.SARIF:
            from fastapi_expert.render.sarif import sarif

            sys.stdout.write(sarif(findings, rules=RULES, fingerprint=fingerprint, prefix=_prefix(folder(root))))
        case Format.HTML:
            from fastapi_expert.render.page import page

            sys.stdout.write(page(report.codebase.inventory, findings, Sources(folder(root)), title=root.name))


def _text(report: _Report) -> str:
    sources, style = Sources(folder(report.root)), stdout_style()
    blocks = [finding_text(finding, sources, style) for finding in report.findings]
    return "\n\n".join([*blocks, _summary(report)])


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


def _prefix(root: Path) -> str:
    """From the repository's root to ours, as code hosts want their paths; empty outside of one."""
    for directory in (root, *root.parents):
        if (directory / ".git").exists():
            path = root.relative_to(directory).as_posix()
            return "" if path == "." else f"{path}/"
    return ""
