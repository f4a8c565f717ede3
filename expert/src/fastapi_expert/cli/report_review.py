"""What `expert review` does; in its bare form without Typer."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi_expert import config
from fastapi_expert.cli.plain import Format, bare_path
from fastapi_expert.cli.shared import folder, progress, project, read, repository_prefix
from fastapi_expert.codebase import Codebase
from fastapi_expert.render.terminal import stdout_style, write
from fastapi_expert.review import Finding, Review, review


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; see the options of `expert review`."""

    path: Path | None = None
    select: tuple[str, ...] = ()
    since: str | None = None
    baseline: Path | None = None
    write_to: Path | None = None
    fix: bool = False
    format: Format = Format.TEXT


def main(argv: Sequence[str]) -> int | None:
    """`expert review [PATH] [--json]`; None leaves every other command line to Typer."""
    asked = bare_path(argv)
    return None if asked is None else run(Request(asked[0], format=Format.JSON if asked[1] else Format.TEXT))


def run(request: Request) -> int:
    """Look, print, and say by the exit code whether anything was found."""
    root = project(request.path)
    settings = config.load(root)
    codebase = read(root, settings)
    with progress("reviewing"):
        result = review(codebase, settings=settings, is_last=True)
    findings = tuple([one for one in result.findings if not request.select or one.rule.startswith(request.select)])
    if request.since is not None:
        from fastapi_expert.duplicates.since import added_lines
        from fastapi_expert.review.detect import at_lines

        findings = at_lines(findings, added_lines(folder(root), request.since))
    if request.fix:
        findings = _mended(root, findings)
    if request.write_to is not None:
        from fastapi_expert.review.baseline import write as write_baseline

        write_baseline(request.write_to, findings)
        write(f"{request.write_to}: {len(findings)} findings are known now")
        return 0
    if request.baseline is not None or settings.review_baseline is not None:
        from fastapi_expert.review.baseline import known_by, new_to
        from fastapi_expert.review.baseline import read as read_baseline

        known = read_baseline(request.baseline) if request.baseline is not None else known_by(settings)
        findings = new_to(known, findings)
    _print(root, codebase, replace(result, findings=findings), request.format)
    return 1 if findings else 0


def _mended(root: Path, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What is left after mending what is mechanical."""
    from fastapi_expert.review.fix import apply

    mended = apply(folder(root), findings)
    if mended:
        sys.stderr.write(f"mended: {', '.join(mended)}\n")
    return tuple([one for one in findings if not (one.fix and one.path in mended)])


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

            sources, hazards = Sources(folder(root)), result.findings
            sys.stdout.write(page(codebase.inventory, None, sources, title=root.name, hazards=hazards, first="review"))
