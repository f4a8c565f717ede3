"""`expert review`: what is wrong here that an expert would see."""

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.shared import folder, progress, project, read, repository_prefix
from fastapi_expert.codebase import Codebase
from fastapi_expert.render.terminal import stdout_style, write
from fastapi_expert.review import Review, review


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    HTML = "html"


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
    root = project(path)
    settings = config.load(root)
    codebase = read(root, settings)
    with progress("reviewing"):
        result = review(codebase, settings=settings)
    findings = tuple([one for one in result.findings if not select or one.rule.startswith(tuple(select))])
    if since is not None:
        from fastapi_expert.duplicates.since import added_lines
        from fastapi_expert.review.detect import at_lines

        findings = at_lines(findings, added_lines(folder(root), since))
    if fix:
        from fastapi_expert.review.fix import apply

        mended = apply(folder(root), findings)
        if mended:
            typer.echo(f"mended: {', '.join(mended)}", err=True)
            findings = tuple([one for one in findings if not (one.fix and one.path in mended)])
    if write_to is not None:
        from fastapi_expert.review.baseline import write as write_baseline

        write_baseline(write_to, findings)
        write(f"{write_to}: {len(findings)} findings are known now")
        raise typer.Exit(0)
    if baseline is not None or settings.review_baseline is not None:
        from fastapi_expert.review.baseline import known_by, new_to
        from fastapi_expert.review.baseline import read as read_baseline

        findings = new_to(read_baseline(baseline) if baseline is not None else known_by(settings), findings)
    _print(root, codebase, replace(result, findings=findings), Format.JSON if json else format)
    raise typer.Exit(1 if findings else 0)


def _print(root: Path, codebase: Codebase, result: Review, format: Format) -> None:
    from fastapi_expert.render.formats import review as rendered

    match format:
        case Format.TEXT:
            write(rendered.text(result, folder(root), stdout_style()))
        case Format.JSON:
            from fastapi_expert.render.json import write_json

            write_json(rendered.document(str(root), result))
        case Format.SARIF:
            sys.stdout.write(rendered.sarif(result.findings, prefix=repository_prefix(folder(root))))
        case Format.GITHUB:
            sys.stdout.write(rendered.annotations(result.findings, prefix=repository_prefix(folder(root))))
        case Format.HTML:
            from fastapi_expert.render.page import page
            from fastapi_expert.render.source import Sources

            sources = Sources(folder(root))
            found = result.findings
            sys.stdout.write(page(codebase.inventory, None, sources, title=root.name, hazards=found, first="review"))
