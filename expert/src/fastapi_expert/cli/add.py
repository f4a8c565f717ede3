"""`expert add`."""

from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.codebase import load
from fastapi_expert.render.json import write_json
from fastapi_expert.scaffold.add import AlreadyThere, plan
from fastapi_expert.scaffold.fields import parse_all
from fastapi_expert.scaffold.naming import names_of


def command(
    resource: Annotated[str, typer.Argument(help="What it is called, in the singular: product, order-item.")],
    fields: Annotated[list[str], typer.Argument(help="name:type, with ? optional, ! unique, ^ indexed.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the diff and write nothing.")] = False,
    root: Annotated[Path | None, typer.Option(help="The project; the enclosing one when left out.")] = None,
    json: JsonFlag = False,
) -> None:
    """Add a resource: table, schemas, service, endpoints, migration and tests, wired in.

    Types: str text int float decimal bool date datetime uuid email url json ref[resource] enum[a,b].

    Example: expert add product name:str price:decimal sku:str! note:text? owner:ref[user]
    """
    project = config.project_root(root or Path.cwd())
    names, parsed = names_of(resource), parse_all(fields)
    try:
        planned = plan(project, load(project, exclude=config.load(project).exclude), names, parsed)
    except AlreadyThere as error:
        if json:
            write_json({"added": False, "message": error.what, "where": error.where})
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(1) from None
    if not dry_run:
        planned.write(project)
    if json:
        done = [{"path": path, "action": "create" if old is None else "change"} for path, old, _ in planned.files]
        write_json({"added": not dry_run, "files": done, "left": planned.left})
    elif dry_run:
        for path, old, new in planned.files:
            before = "/dev/null" if old is None else f"a/{path}"
            diff = unified_diff((old or "").splitlines(True), new.splitlines(True), before, f"b/{path}")
            typer.echo("".join(diff), nl=False)
    else:
        for path, old, _ in planned.files:
            typer.echo(f"{'created' if old is None else 'changed'}  {path}")
        for line in planned.left:
            typer.echo(f"Next: {line}")
