"""`expert routes`: every route as the running application would show it."""

from typing import Annotated

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag, RootArgument
from fastapi_expert.cli.shared import notice_if_no_fastapi, project, read
from fastapi_expert.render.json import routes_document, write_json
from fastapi_expert.render.problems import problems_text
from fastapi_expert.render.routes import is_unprotected, routes_text, unprotected_text
from fastapi_expert.render.terminal import stdout_style, write


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
    json: JsonFlag = False,
) -> None:
    """Every route with its final method and path, auth, models, status and the tests that exercise it.

    Example: expert routes --unprotected --untested
    """
    root = project(path)
    codebase = read(root, config.load(root))
    inventory = codebase.inventory
    routes = [
        route
        for route in inventory.routes
        if not (untested and route.tests) and (not unprotected or is_unprotected(route))
    ]
    if json:
        write_json(routes_document(inventory, routes))
    else:
        notice_if_no_fastapi(codebase)
        show = unprotected_text if unprotected else routes_text
        write(
            problems_text(inventory.problems, stdout_style()) if problems else show(inventory, routes, stdout_style())
        )
