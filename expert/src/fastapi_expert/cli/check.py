"""`expert check`: the gate over what changed."""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import progress
from fastapi_expert.gate import check
from fastapi_expert.gate.checks.process import give_up
from fastapi_expert.gate.report import report_text
from fastapi_expert.render.formats.gate import check_document, junit, sarif
from fastapi_expert.render.json import dumps


class Format(StrEnum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


def command(
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="In the repository; here when left out.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every file, not only what changed.")] = False,
    since: Annotated[str | None, typer.Option(metavar="REV", help="What changed since this revision was left.")] = None,
    staged: Annotated[bool, typer.Option("--staged", help="What is staged, not what lies in the work tree.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the safe fixes first.")] = False,
    reasons: Annotated[bool, typer.Option("--reasons", help="Print each chosen test and why it was chosen.")] = False,
    contract: Annotated[bool, typer.Option("--contract", help="Also what breaks those who call.")] = False,
    format: Annotated[Format, typer.Option(help="How to print the report.")] = Format.TEXT,
    json: JsonFlag = False,
) -> None:
    """Check what changed: format, imports, lint, types, security, duplicates, annotations and the tests it can affect.

    The tools are the project's own, with its configuration. Exit code: 0 passed, 1 not passed, 2 error.

    Example: expert check --since main --format sarif
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, give_up)
    with progress("checking"):
        report = check(
            path or Path.cwd(),
            staged=staged,
            since=since,
            everything=everything,
            fix_them=fix,
            with_contract=contract,
        )
    format = Format.JSON if json else format
    if format is Format.JSON:
        sys.stdout.write(dumps(check_document(report)))
    elif format is Format.SARIF:
        sys.stdout.write(sarif(report))
    elif format is Format.JUNIT:
        sys.stdout.write(junit(report))
    else:
        sys.stdout.write(report_text(report, reasons=reasons) + "\n")
    if not report.passed:
        raise typer.Exit(1)
