"""`expert review`: what is wrong here that an expert would see."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.plain import Format
from fastapi_expert.cli.report_review import Request, run


def command(
    path: RootArgument = None,
    select: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only these rules or prefixes, such as FX7; repeatable.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="REV", help="Only findings on lines changed since this revision.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only findings that FILE does not know fail.")
    ] = None,
    write_to: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Make FILE know all of today's.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is mechanical and safe first.")] = False,
    format: Annotated[Format, typer.Option(help="How to print them.")] = Format.TEXT,
    json: JsonFlag = False,
) -> None:
    """What is wrong in FastAPI code, the worst first. Exit code: 0 nothing, 1 findings, 2 error.

    Example: expert review --since main --select FX7
    """
    chosen = tuple(select or ())
    raise typer.Exit(run(Request(path, chosen, since, baseline, write_to, fix, Format.JSON if json else format)))
