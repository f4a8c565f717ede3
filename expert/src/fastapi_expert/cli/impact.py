"""`expert impact`: what a name, a place or a change reaches."""

import re
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import project, read
from fastapi_expert.codebase import Codebase
from fastapi_expert.errors import UsageError
from fastapi_expert.gate.impact.reached import Impact, of_change, of_name, of_place
from fastapi_expert.git import Repository
from fastapi_expert.render.json import write_json
from fastapi_expert.render.promises.impact import impact_document, impact_text
from fastapi_expert.render.terminal import stdout_style, write

_PLACE = re.compile(r"(.+\.py):(\d+)")


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
    found = _asked(codebase, what) if what is not None else _changed(codebase, str(since))
    if json:
        write_json(impact_document(str(root), found))
    else:
        write(impact_text(found, stdout_style()))
    return 0


def _asked(codebase: Codebase, what: str) -> Impact:
    place = _PLACE.fullmatch(what)
    return of_place(codebase, place[1].removeprefix("./"), int(place[2])) if place else of_name(codebase, what)


def _changed(codebase: Codebase, revision: str) -> Impact:
    root = codebase.folder
    repository = Repository.find(root)
    commit = repository.fork(revision)
    top = repository.root.resolve()
    names = [
        *repository.names("diff", "--name-only", "-z", commit),
        *repository.names("ls-files", "--others", "--exclude-standard", "-z"),
    ]
    inside = {(top / name): name for name in names if (top / name).is_relative_to(root)}

    def before(path: str) -> bytes | None:
        return repository.content(commit, inside.get(root / path, path))

    return of_change(codebase, [one.relative_to(root).as_posix() for one in inside], before)
