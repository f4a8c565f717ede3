"""`expert add`."""

from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.addition.journal import recover
from fastapi_expert.addition.report import addition_diff, addition_document, addition_text
from fastapi_expert.addition.request import Request
from fastapi_expert.addition.transaction import Unproven, carry_out, tried
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import progress
from fastapi_expert.codebase import load
from fastapi_expert.render.json import write_json
from fastapi_expert.scaffold.plan import AlreadyThere


def command(
    resource: Annotated[str, typer.Argument(help="In the singular: product, order-item; or product.field:type.")],
    fields: Annotated[list[str] | None, typer.Argument(help="name:type, with ? optional, ! unique, ^ indexed.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="Rows belong to who this field says, and only they see them.")
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="All who are signed in see all rows.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Anyone sees all rows.")] = False,
    auth: Annotated[str, typer.Option(help="What gives endpoints the signed-in user: a dependency or an alias.")] = "",
    ways: Annotated[
        list[str] | None, typer.Option("--way", help="NAME=VALUE in place of a way that was learned.")
    ] = None,
    search: Annotated[bool, typer.Option("--search", help="Lists look in the new field, too.")] = False,
    despite: Annotated[list[str] | None, typer.Option(help="A word of a proof that may fail: types, tests …")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the diff and write nothing.")] = False,
    prove: Annotated[bool, typer.Option("--prove/--no-prove", help="Prove it, or only that it is Python.")] = True,
    root: Annotated[Path | None, typer.Option(help="The project; the enclosing one when left out.")] = None,
    json: JsonFlag = False,
) -> None:
    """Add a resource: table, schemas, service, endpoints, migration and tests, wired in, and proven to work.

    Types: str text int float decimal bool date datetime uuid email url json ref[resource] enum[a,b].
    Rows belong to the one field that refers to a user, unless --owner, --shared or --public says otherwise.

    Example: expert add product name:str price:decimal sku:str! note:text? owner:ref[user]

    Example: expert add product.subtitle:str? --search
    """
    project = config.project_root((root or Path.cwd()).resolve())
    for path in recover(project):
        typer.echo(f"put back  {path} (an earlier `expert add` was cut short)", err=True)
    settings = config.load(project)

    asked = Request(
        resource=resource,
        fields=fields or (),
        owner=owner,
        shared=shared,
        public=public,
        auth=auth,
        ways=ways or (),
        search=search,
    )
    try:
        planned = asked.plan(project, load(project, exclude=settings.exclude))
        with progress(f"adding {resource} and proving it"):
            act = tried if dry_run else carry_out
            done = act(
                project, planned, timeout=settings.check.timeout, prove=prove and not dry_run, despite=despite or ()
            )
    except (AlreadyThere, Unproven) as error:
        if json:
            write_json({"added": False, "message": error.what, "where": error.where, "why": error.do})
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(1) from None
    if json:
        write_json(addition_document(planned, done, added=not dry_run))
    elif dry_run:
        typer.echo(addition_diff(done), nl=False)
    else:
        typer.echo(addition_text(planned, done))
