"""Options that many commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON (schema_version 1) instead of text.")]
RootArgument = Annotated[
    Path | None,
    typer.Argument(metavar="PATH", help="Directory of the codebase; the enclosing project when left out."),
]
