"""`expert duplicates`: what is here twice."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.plain import Format
from fastapi_expert.cli.report_duplicates import Request, run
from fastapi_expert.duplicates.baseline import DEFAULT


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
    sarif: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the same as SARIF, too.")] = None,
    json: JsonFlag = False,
) -> None:
    """What is here twice, the most worth removing first. Exit code: 0 nothing, 1 findings, 2 error.

    Example: expert duplicates --since main --format github
    """
    request = Request(path, baseline, write_to, since, Format.JSON if json else format, sarif)
    raise typer.Exit(run(request))
