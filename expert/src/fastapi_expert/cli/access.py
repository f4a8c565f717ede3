"""`expert access`: who can reach what, kept in a lock file and compared with it."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.shared import folder, notice_if_no_fastapi, project, read
from fastapi_expert.codebase import Codebase
from fastapi_expert.contract.access import access, dumps, locked, since_lock
from fastapi_expert.contract.access.changes import LOOK
from fastapi_expert.contract.access.lock import NAME
from fastapi_expert.errors import UsageError
from fastapi_expert.render.json import write_json
from fastapi_expert.render.promises.access import access_document, access_text, changes_document, changes_text
from fastapi_expert.render.terminal import counted, stdout_style, write
from fastapi_expert.store import write_atomically


def command(
    path: RootArgument = None,
    lock: Annotated[bool, typer.Option("--lock", help=f"Keep the answer in {NAME}, to be committed.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with what was kept; exit 1 when something was opened or weakened.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help=f"Keep it there, in place of {NAME}.")
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Who can reach what: one row a route, with what asks, for which scopes, and whether the user chooses the rows.

    Example: expert access

    Example: expert access --lock

    Example: expert access --check
    """
    if lock and check:
        raise UsageError("--lock writes what --check compares with", do="give one of the two")
    root = project(path)
    codebase = read(root, config.load(root))
    kept = file if file is not None else folder(root) / NAME
    name = str(file) if file is not None else NAME
    if check:
        return _check(codebase, kept, name, json=json)
    rows = access(codebase)
    if lock:
        own = locked(rows)
        write_atomically(kept, dumps(own).encode("utf-8", "surrogateescape"))
        write(f"{counted(len(own), 'route')} kept in {name}")
        return 0
    if json:
        write_json(access_document(codebase.inventory, rows))
    else:
        notice_if_no_fastapi(codebase)
        write(access_text(codebase.inventory, rows, stdout_style()))
    return 0


def _check(codebase: Codebase, kept: Path, name: str, *, json: bool) -> int:
    changes = since_lock(codebase, kept, name)
    if json:
        write_json(changes_document(codebase, changes, name))
    else:
        write(changes_text(codebase, changes, stdout_style(), name))
    return int(any(one.kind in LOOK for one in changes))
