"""`expert find`: what is already here that does this?"""

from pathlib import Path
from typing import Annotated, get_args

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.search import LIMIT, run
from fastapi_expert.codebase.model import Kind
from fastapi_expert.errors import UsageError

_KINDS = (*get_args(Kind), "function", "class", "note")


def command(
    words: Annotated[list[str], typer.Argument(help="What is looked for, in words.", metavar="WORDS...")],
    root: Annotated[
        Path | None, typer.Option(help="Directory of the codebase; the enclosing project when left out.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind (endpoint, schema, function, note …); repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = LIMIT,
    json: JsonFlag = False,
) -> None:
    """What is already here that does this, best first, with file:line. Exit code 0, also when nothing is found.

    Words for a kind ("router for invoices") and methods in capitals ("POST that creates users") steer the ranking.

    Example: expert find hash password
    """
    for name in kind or ():
        if name not in _KINDS:
            raise UsageError(f"there is no kind {name!r}", do=f"kinds: {', '.join(_KINDS)}")
    run(words, root=root, kinds=kind or (), limit=limit, json=json)
