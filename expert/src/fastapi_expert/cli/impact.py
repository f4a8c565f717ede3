"""`expert impact`: what a name, a place or a change reaches."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import project, read
from fastapi_expert.errors import UsageError
from fastapi_expert.gate.impact.reached import since_revision, what_is_asked
from fastapi_expert.render.json import write_json
from fastapi_expert.render.promises.impact import impact_document, impact_text
from fastapi_expert.render.terminal import stdout_style, write


def command(
    what: Annotated[
        str | None, typer.Argument(metavar="NAME|PATH:LINE", help="A function, class, method or value; or a place.")
    ] = None,
    path: Annotated[
        Path | None, typer.Option("--path", metavar="PATH", help="Directory of the codebase; the enclosing project.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="REV", help="What the change since this revision reaches.")
    ] = None,
    json: JsonFlag = False,
) -> int:
    """What a change of something reaches: routes, also through Depends; schemas, tables, migrations, tasks and tests.

    More than what runs, never less: a name that several things have is followed to all of them.

    Example: expert impact get_current_user

    Example: expert impact app/models/user.py:12

    Example: expert impact --since main
    """
    if (what is None) == (since is None):
        raise UsageError("say what: a name, a place, or --since REV", do="expert impact get_current_user")
    root = project(path)
    codebase = read(root, config.load(root))
    found = what_is_asked(codebase, what) if what is not None else since_revision(codebase, str(since))
    if json:
        write_json(impact_document(str(root), found))
    else:
        write(impact_text(found, stdout_style()))
    return 0
