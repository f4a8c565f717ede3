"""`expert check`: the gate over what changed."""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import progress
from fastapi_expert.errors import UsageError
from fastapi_expert.gate import check
from fastapi_expert.gate.checks.honesty.trailers import is_reason
from fastapi_expert.gate.checks.process import give_up
from fastapi_expert.gate.report import report_text
from fastapi_expert.render.formats.gate import check_document, junit, sarif
from fastapi_expert.render.formats.github import gate_annotations
from fastapi_expert.render.json import dumps


class Format(StrEnum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


def command(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="These alone; or a directory of the repository.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every file, not only what changed.")] = False,
    since: Annotated[str | None, typer.Option(metavar="REV", help="What changed since this revision was left.")] = None,
    staged: Annotated[bool, typer.Option("--staged", help="What is staged, not what lies in the work tree.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the safe fixes first.")] = False,
    reasons: Annotated[bool, typer.Option("--reasons", help="Print each chosen test and why it was chosen.")] = False,
    contract: Annotated[bool, typer.Option("--contract", help="Also what breaks those who call.")] = False,
    test_change: Annotated[
        str,
        typer.Option(
            "--test-change",
            metavar="REASON",
            envvar="EXPERT_TEST_CHANGE",
            help="Why checks are weakened; the commit says it in a trailer.",
        ),
    ] = "",
    format: Annotated[Format, typer.Option(help="How to print the report.")] = Format.TEXT,
    sarif_file: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help="Write the same as SARIF, too.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Check what changed: format, imports, lint, types, security, duplicates, annotations, weakened checks,
    and the tests it can affect.

    The tools are the project's own, with its configuration; what was there before the change is left out, also with
    FILEs. Exit code: 0 passed, 1 not passed, 2 error.

    Example: expert check --since main --format sarif
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, give_up)
    if test_change and not is_reason(test_change):
        raise UsageError("that is no reason", where=f"--test-change {test_change!r}", do="say why, in a few words")
    with progress("checking"):
        start, files = _places(paths or [])
        report = check(
            start,
            files=files,
            staged=staged,
            since=since,
            everything=everything,
            fix_them=fix,
            with_contract=contract,
            test_change=test_change,
        )
    if sarif_file is not None:
        sarif_file.write_text(sarif(report), encoding="utf-8")
    format = Format.JSON if json else format
    if format is Format.JSON:
        sys.stdout.write(dumps(check_document(report)))
    elif format is Format.SARIF:
        sys.stdout.write(sarif(report))
    elif format is Format.JUNIT:
        sys.stdout.write(junit(report))
    elif format is Format.GITHUB:
        sys.stdout.write(gate_annotations(report))
    else:
        sys.stdout.write(report_text(report, reasons=reasons) + "\n")
    if not report.passed:
        raise typer.Exit(1)


def _places(paths: list[Path]) -> tuple[Path, list[Path]]:
    """Where the repository is looked for, and the files that it is about (none: all that changed)."""
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0], []
    folders = [path for path in paths if path.is_dir()]
    if folders:
        raise UsageError("a directory stands alone", where=str(folders[0]), do="give files, or one directory")
    return (paths[0].absolute().parent if paths else Path.cwd()), paths
