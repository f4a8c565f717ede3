"""`expert routes`: every route as the running application would show it."""

import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import EnvFileOption, JsonFlag, PythonOption, RootArgument, TimeoutOption, needs_import
from fastapi_expert.cli.shared import notice_if_no_fastapi, progress, project, read
from fastapi_expert.codebase.model import Inventory
from fastapi_expert.render.json import routes_document, witness_document, write_json
from fastapi_expert.render.problems import problems_text
from fastapi_expert.render.routes import asked_text, differences_text, is_unprotected, routes_text, unprotected_text
from fastapi_expert.render.terminal import stdout_style, write
from fastapi_expert.witness.model import LIMIT_S

if TYPE_CHECKING:
    from fastapi_expert.witness.asking import Witness


def command(
    path: RootArgument = None,
    untested: Annotated[bool, typer.Option("--untested", help="Only routes that no test is seen to call.")] = False,
    unprotected: Annotated[
        bool,
        typer.Option("--unprotected", help="Routes that nothing protects, or not as shipped, or unread code."),
    ] = False,
    problems: Annotated[
        bool, typer.Option("--problems", help="What could not be read of the routes and why, what hides most first.")
    ] = False,
    import_: Annotated[
        str | None,
        typer.Option(
            "--import",
            metavar="MODULE:APP|auto",
            help="RUN the project's code: import the application and ask it for its own table. `auto` takes the entry"
            " point that the project names; MODULE:make() calls a factory; FILE.py:APP is a file.",
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="With --import: print where text and application differ; exit 1 if so.")
    ] = False,
    python: PythonOption = None,
    env_file: EnvFileOption = None,
    timeout: TimeoutOption = LIMIT_S,
    lifespan: Annotated[bool, typer.Option("--lifespan", help="Start the application too, and stop it after.")] = False,
    network: Annotated[bool, typer.Option("--network", help="Let it reach other machines.")] = False,
    json: JsonFlag = False,
) -> int:
    """Every route with its final method and path, auth, models, status and the tests that exercise it.

    Only text is read, and nothing is run, unless --import says so.

    Example: expert routes --unprotected --untested

    Example: expert routes --import auto --verify
    """
    root = project(path)
    needs_import(import_, verify, python, env_file, lifespan, network)
    codebase = read(root, config.load(root))
    shown = _Shown(untested, unprotected, problems, verify)
    if import_ is None:
        if not json:
            notice_if_no_fastapi(codebase)
        _write(codebase.inventory, shown, None, json=json)
        return 0
    from fastapi_expert.witness.asking import Options, witness

    options = Options(python, timeout, lifespan, network, env_file)
    with progress(f"asking {import_}"):
        asked = witness(codebase, import_, options)
    _write(asked.comparison.inventory, shown, asked, json=json)
    return int(verify and bool(asked.comparison.differences))


class _Shown(NamedTuple):
    """Which routes, and what of them."""

    untested: bool
    unprotected: bool
    problems: bool
    verify: bool


def _write(inventory: Inventory, shown: _Shown, asked: "Witness | None", *, json: bool) -> None:
    routes = [
        route
        for route in inventory.routes
        if not (shown.untested and route.tests) and (not shown.unprotected or is_unprotected(route))
    ]
    if json:
        write_json(routes_document(inventory, routes) | (witness_document(asked) if asked is not None else {}))
        return
    style = stdout_style()
    if asked is not None:
        sys.stderr.write(asked_text(asked) + "\n")
    if asked is not None and shown.verify:
        write(differences_text(asked, style))
    elif shown.problems:
        write(problems_text(inventory.problems, style))
    elif shown.unprotected:
        write(unprotected_text(inventory, routes, style))
    else:
        write(routes_text(inventory, routes, style, asked.comparison.app if asked is not None else ""))
