"""`expert conventions`: how does one write here?"""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import project, read
from fastapi_expert.conventions import conventions
from fastapi_expert.conventions.report import TOPICS, conventions_document, conventions_text
from fastapi_expert.errors import UsageError
from fastapi_expert.render.json import write_json
from fastapi_expert.render.terminal import printable, write


def command(
    path: Annotated[Path | None, typer.Argument(help="The codebase; the enclosing project when left out.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(TOPICS)}; repeatable.")] = None,
    like: Annotated[str, typer.Option(help="The resource to take as the example.")] = "",
    json: JsonFlag = False,
) -> None:
    """How one writes here, with file:line: what a resource consists of, where a thing of a kind goes, how endpoints
    let in and refuse, how lists are cut into pages, and what must follow a change.

    Example: expert conventions --topic errors
    """
    for name in topic or ():
        if name not in TOPICS:
            raise UsageError(f"there is no topic {name!r}", do=f"topics: {', '.join(TOPICS)}")
    directory = project(path)
    found = conventions(read(directory, config.load(directory)), like=like)
    if json:
        write_json(conventions_document(str(directory), found))
    else:
        write("\n".join(printable(line) for line in conventions_text(found, topic or ()).splitlines()))
