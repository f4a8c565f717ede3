"""`expert install`: wire a coding agent's client, or git; `--remove` takes it out again."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.clients import installation, warming
from fastapi_expert.clients.agents import AGENTS
from fastapi_expert.clients.launcher import Launcher
from fastapi_expert.config import project_root
from fastapi_expert.errors import UsageError
from fastapi_expert.render.json import write_json


def command(
    names: Annotated[
        list[str], typer.Argument(metavar="CLIENT…", help=f"One or more of: {', '.join(installation.CLIENTS)}.")
    ],
    remove: Annotated[
        bool, typer.Option("--remove", help="Undo: files nobody edited since are what they were.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Write a client's own files (agent definition, MCP registration, hooks), or git's hooks, into this project.

    Files that are there are merged, never overwritten; a second time changes nothing.

    Example: expert install claude git
    """
    for name in names:
        if name not in installation.CLIENTS:
            raise UsageError(f"no client {name!r} is known", do=f"one of: {', '.join(installation.CLIENTS)}")
    root = project_root(Path.cwd())
    done = {
        name: (installation.remove if remove else installation.install)(root, name) for name in dict.fromkeys(names)
    }
    if not remove and set(names) & set(AGENTS):
        warming.start(root)
    if json:
        rows = [{"client": name, "changes": [asdict(change) for change in changes]} for name, changes in done.items()]
        write_json({"root": str(root), "removed": remove, "clients": rows})
        return
    if not remove and set(names) & set(AGENTS) and not Launcher.of(root).is_found:
        typer.echo("note: these files start `expert`, which is not on PATH: uv tool install fastapi-expert", err=True)
    for name, changes in done.items():
        for change in changes:
            note = f"  ({change.note})" if change.note else ""
            typer.echo(f"{name}: {change.action} {change.path}{note}")
