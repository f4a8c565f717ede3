"""`expert map`: what a codebase holds."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.shared import folder, notice_if_no_fastapi, progress, project, read
from fastapi_expert.codebase.model import Kind
from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.render.inventory import inventory_text, kind_text
from fastapi_expert.render.json import map_document, write_json
from fastapi_expert.render.source import Sources
from fastapi_expert.render.terminal import stdout_style, write


def command(
    path: RootArgument = None,
    kind: Annotated[
        list[str] | None, typer.Option(help=f"Only this kind; repeatable: {', '.join(get_args(Kind))}.")
    ] = None,
    json: JsonFlag = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one self-contained page to FILE.")] = None,
) -> None:
    """What this codebase holds: apps, routers, endpoints, schemas, tables, services, dependencies, tests …

    Example: expert map --html map.html
    """
    for name in kind or ():
        if name not in get_args(Kind):
            raise UsageError(f"there is no kind {name!r}", do=f"kinds: {', '.join(get_args(Kind))}")
    root = project(path)
    settings = config.load(root)
    codebase = read(root, settings)
    inventory = codebase.inventory
    if html is not None:
        from fastapi_expert.duplicates import find
        from fastapi_expert.render.page import page
        from fastapi_expert.review import review

        with progress("looking for duplicates and reviewing"):
            findings = find(codebase, settings=settings).findings
            hazards = review(codebase, settings=settings).findings
        _save(html, page(inventory, findings, Sources(folder(root)), title=root.name, hazards=hazards))
        counted = f"{len(inventory.components)} components, {len(inventory.routes)} routes, {len(findings)} duplicates"
        write(f"{html}: {counted}, {len(hazards)} findings of the review")
    elif json:
        write_json(map_document(inventory, kinds=kind))
    else:
        notice_if_no_fastapi(codebase)
        write(kind_text(inventory, kind, stdout_style()) if kind else inventory_text(inventory, stdout_style()))


def _save(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExpertError(
            f"cannot write: {error.strerror}", where=str(file), do="give a file in an existing directory"
        ) from None
