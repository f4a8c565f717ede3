"""`expert add`."""

from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.addition.journal import recover
from fastapi_expert.addition.transaction import Carried, Unproven, carry_out, tried
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import progress
from fastapi_expert.codebase import load
from fastapi_expert.errors import UsageError
from fastapi_expert.render.json import write_json
from fastapi_expert.scaffold.access import choose
from fastapi_expert.scaffold.add import plan
from fastapi_expert.scaffold.add_field import plan_field
from fastapi_expert.scaffold.fields import parse, parse_all
from fastapi_expert.scaffold.naming import names_of
from fastapi_expert.scaffold.plan import AlreadyThere, Plan, Wanted


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

    def planning() -> Plan:
        codebase = load(project, exclude=settings.exclude)
        if "." in resource:
            name, _, field = resource.partition(".")
            if fields:
                raise UsageError("one field at a time", do=f"expert add {resource}")
            return plan_field(project, codebase, names_of(name), parse(field), search=search)
        parsed = parse_all(fields or [])
        access = choose(parsed, owner=owner, shared=shared, public=public)
        return plan(project, codebase, Wanted(names_of(resource), parsed, access, auth, tuple(map(_way, ways or ()))))

    try:
        planned = planning()
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
        write_json(_document(planned, done, added=not dry_run))
    elif dry_run:
        _show_diff(done)
    else:
        _show(planned, done)


def _way(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--way {text!r} is no NAME=VALUE", do="e.g. --way others=404")
    return name, value


def _document(planned: Plan, done: Carried, *, added: bool) -> dict[str, object]:
    return {
        "added": added,
        "files": [{"path": path, "action": "create" if old is None else "change"} for path, old, _ in done.files],
        "routes": list(planned.routes),
        "learned": list(planned.learned),
        "proofs": [{"what": proof.what, "state": proof.state, "why": proof.why} for proof in done.proofs],
        "left": list(planned.left),
    }


def _show_diff(done: Carried) -> None:
    for path, old, new in done.files:
        before = "/dev/null" if old is None else f"a/{path}"
        diff = unified_diff((old or "").splitlines(True), new.splitlines(True), before, f"b/{path}")
        typer.echo("".join(diff), nl=False)


def _show(planned: Plan, done: Carried) -> None:
    for path, old, _ in done.files:
        typer.echo(f"{'created' if old is None else 'changed'}  {path}")
    for line in planned.routes:
        typer.echo(f"route    {line}")
    for line in planned.learned:
        typer.echo(f"learned: {line}")
    for proof in done.proofs:
        why = f" ({proof.why})" if proof.why else ""
        typer.echo(f"{proof.state}: {proof.what}{why}")
    for line in planned.left:
        typer.echo(f"Next: {line}")
