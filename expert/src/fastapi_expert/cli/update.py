"""`expert update`."""

from pathlib import Path

import typer

from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.config import project_root
from fastapi_expert.render.json import write_json
from fastapi_expert.scaffold.update import update


def command(root: RootArgument = None, json: JsonFlag = False) -> None:
    """Bring the installed template into a project that `expert new` laid down, as a merge.

    Example: expert update
    """
    done = update(project_root(root or Path.cwd()))
    if json:
        document = {"before": done.before, "after": done.after, "changed": done.changed, "conflicts": done.conflicts}
        write_json(document)
    elif not done.changed:
        typer.echo(f"Up to date: the template is that of fastapi-expert {done.after}.")
    else:
        typer.echo(f"{done.before} -> {done.after}: {len(done.changed)} files of the template changed.")
        for name in done.conflicts:
            typer.echo(f"  conflict  {name}")
        if done.conflicts:
            typer.echo("Resolve the marked places and `git commit`, or give up with `git merge --abort`.")
    raise typer.Exit(1 if done.conflicts else 0)
