"""Options that many commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.errors import UsageError

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON (schema_version 1) instead of text.")]
RootArgument = Annotated[
    Path | None,
    typer.Argument(metavar="PATH", help="Directory of the codebase; the enclosing project when left out."),
]
PythonOption = Annotated[
    Path | None, typer.Option("--python", metavar="PATH", help="Its interpreter; the project's own if left out.")
]
EnvFileOption = Annotated[
    Path | None, typer.Option("--env-file", metavar="FILE", help="Settings for it: lines NAME=value.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long importing may take.")
]


def needs_import(import_: str | None, *others: object) -> None:
    """Options that only mean something when an application is asked.

    Raises:
        UsageError: one of ``others`` is given, and no application.
    """
    if import_ is None and any(others):
        raise UsageError("these options are for an application that is asked", do="add --import auto, or MODULE:APP")
