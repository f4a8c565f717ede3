"""`expert contract`: what a change does to those who call."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import RootArgument
from fastapi_expert.cli.shared import project, read
from fastapi_expert.render.json import write_json
from fastapi_expert.render.promises.changes import contract_document, contract_github, contract_sarif, contract_text
from fastapi_expert.render.terminal import stdout_style, write


class Format(StrEnum):
    """How changes are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def command(
    path: RootArgument = None,
    since: Annotated[
        str, typer.Option("--since", metavar="REV", help="The revision to compare with: a branch, a tag, a commit.")
    ] = "HEAD",
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TEXT,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> int:
    """What a change does to clients: breaking, warning, info, as oasdiff judges. Exit 1 when something breaks.

    Both documents are read from the text; nothing is run or checked out.

    Example: expert contract --since main
    """
    from fastapi_expert.contract.changes.revisions import compared

    root = project(path)
    settings = config.load(root)
    found = compared(read(root, settings), since, settings)
    chosen = Format.JSON if json else format_
    if chosen is Format.JSON:
        write_json(contract_document(str(root), found))
    elif chosen is Format.SARIF:
        sys.stdout.write(contract_sarif(found))
    elif chosen is Format.GITHUB:
        sys.stdout.write(contract_github(found))
    else:
        write(contract_text(found, stdout_style()))
    return int(any(one.change.level == "breaking" for one in found.placed))
