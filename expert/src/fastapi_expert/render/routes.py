"""The table of routes."""

from collections.abc import Sequence

from fastapi_expert.codebase.model import Inventory, Route
from fastapi_expert.render.terminal import Style, counted, printable

_COLOURS = {"GET": "green", "POST": "blue", "PUT": "yellow", "PATCH": "magenta", "DELETE": "red"}


def routes_text(inventory: Inventory, routes: Sequence[Route], style: Style) -> str:
    """One line a route, in order of registration, and what could not be known."""
    names = {component.id: component.name for component in inventory.components}
    lines: list[str] = []
    if routes:
        verb = max(len(route.method) for route in routes)
        path = min(70, max(len(route.path) for route in routes))
        lines = [_line(route, names, verb, path, style) for route in routes]
    protected = sum(route.protected for route in routes)
    tested = sum(bool(route.tests) for route in routes)
    lines += ["", f"{counted(len(routes), 'route')}, {protected:,} protected, {tested:,} tested"]
    if inventory.problems:
        lines.append(f"{counted(len(inventory.problems), 'thing')} that the text does not tell (--json lists them)")
    return "\n".join(lines).lstrip("\n")


def _line(route: Route, names: dict[str, str], verb: int, path: int, style: Style) -> str:
    method = style.paint(f"{route.method:<{verb}}", "bold", _COLOURS.get(route.method, "cyan"))
    auth = style.paint("protected", "green") if route.protected else style.paint("open     ", "yellow")
    tests = f"{len(route.tests)} tests" if len(route.tests) != 1 else "1 test"
    tested = f"{tests:<9}" if route.tests else style.paint("untested ", "red")
    models = _models(route, names)
    place = style.paint(f"{route.path_file}:{route.line}", "dim")
    return f"{method}  {printable(route.path):<{path}}  {auth}  {tested}  {route.name}{models}  {place}"


def _models(route: Route, names: dict[str, str]) -> str:
    request = ", ".join(names.get(model, model) for model in route.request_models)
    response = names.get(route.response_model, route.response_model) if route.response_model else ""
    return f"  {request} → {response}".rstrip() if request or response else ""
