"""The table of routes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi_expert.codebase.model import Inventory, Route
from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.render.terminal import Style, counted, printable

if TYPE_CHECKING:
    from fastapi_expert.witness.asking import Witness

_COLOURS = {"GET": "green", "POST": "blue", "PUT": "yellow", "PATCH": "magenta", "DELETE": "red"}


def routes_text(inventory: Inventory, routes: Sequence[Route], style: Style, asked: str = "") -> str:
    """One line a route, in order of registration, one table an application, after what could not be known.

    ``asked`` is the id of the application that was asked itself.
    """
    lines: list[str] = []
    note = reach_note(inventory)
    if note:
        lines += [style.paint(f"{note} (--problems says why)", "yellow"), ""]
    apps = list(dict.fromkeys(route.app for route in routes))
    for app in apps:
        own = [route for route in routes if route.app == app]
        if len(apps) > 1:
            lines += [style.paint(app, "bold"), *_table(own, inventory, routes, style, asked), ""]
        else:
            lines += _table(own, inventory, routes, style, asked)
    protected = sum(route.protected for route in routes)
    unknown = sum(route.protection == "unknown" for route in routes)
    tested = sum(bool(route.tests) for route in routes)
    doubt = f", {unknown:,} unknown" if unknown else ""
    lines += ["", f"{counted(len(routes), 'route')}, {protected:,} protected{doubt}, {tested:,} tested"]
    if inventory.problems:
        lines.append(f"{counted(len(inventory.problems), 'thing')} that the text does not tell (--problems lists them)")
    return "\n".join(lines).strip("\n")


def is_unprotected(route: Route) -> bool:
    """Whether `--unprotected` lists a route: nothing protects it, that is not known, or it is open as shipped."""
    return route.protection in ("none", "unknown") or (route.when is not None and route.when.open)


def unprotected_text(inventory: Inventory, routes: Sequence[Route], style: Style) -> str:
    """Routes that nothing protects, those of which that is not known, and those that a setting leaves open."""
    groups = [
        ("", [route for route in routes if route.protection == "none"]),
        ("not known", [route for route in routes if route.protection == "unknown"]),
        ("open as shipped, protected by a setting", [route for route in routes if route.when and route.when.open]),
    ]
    lines: list[str] = []
    for heading, own in groups:
        if heading and own:
            lines += ["", style.paint(heading, "bold")]
        lines += _table(own, inventory, routes, style)
    lines += ["", ", ".join(f"{len(own):,} {heading or 'open'}" for heading, own in groups if own or not heading)]
    note = reach_note(inventory)
    return "\n".join([*([note, ""] if note else []), *lines]).strip("\n")


def _table(
    own: Sequence[Route], inventory: Inventory, routes: Sequence[Route], style: Style, asked: str = ""
) -> list[str]:
    names = {component.id: component.name for component in inventory.components}
    verb = max((len(route.method) for route in routes), default=0)
    path = min(70, max((len(route.path) for route in routes), default=0))
    return [_line(route, names, verb, path, style) + _source(route, asked, style) for route in own]


def _source(route: Route, asked: str, style: Style) -> str:
    """Who alone says that there is this route, where the application was asked as well."""
    if route.source == "import":
        return f"  {style.paint('import alone', 'cyan')}"
    return f"  {style.paint('text alone', 'red')}" if route.source == "text" and route.app == asked else ""


def asked_text(witness: "Witness") -> str:
    """Who was asked, why that one, and who else might have been."""
    table, others, application = witness.table, witness.others, witness.table.application
    why = f", as {application.place} says" if application.place is not None else ""
    asked = f"asked {application.name}{why}: FastAPI {table.fastapi}, Python {table.version}, {table.python}"
    lines = [asked]
    if others:
        names = [f"{other.name} ({other.place})" if other.place is not None else other.name for other in others[:5]]
        lines.append(f"other applications that the text names: {', '.join(names)}{' …' * (len(others) > 5)}")
    if table.refused:
        hosts = ", ".join(table.refused[:5])
        lines.append(f"importing it asked for {hosts}, which was refused; --network lets it reach other machines")
    return "\n".join(map(printable, lines))


_DIFFERENT = {
    "import": "in the application, not in the text",
    "text": "in the text, not in the application",
    "endpoint": "another function answers than the text says",
    "protection": "a scheme refuses strangers, and the text does not say so",
}


def differences_text(witness: "Witness", style: Style) -> str:
    """On what the text and the application do not agree, in groups; or that they agree."""
    comparison, table = witness.comparison, witness.table
    lines: list[str] = []
    for kind, heading in _DIFFERENT.items():
        own = [one for one in comparison.differences if one.kind == kind]
        if own:
            lines += [style.paint(f"{heading} ({len(own):,})", "bold")]
            lines += [
                f"  {one.method}  {printable(one.path)}  {style.paint(str(one.place), 'dim')}"
                f"\n      the text says: {printable(one.said)}"
                for one in own
            ]
            lines.append("")
    if comparison.settled:
        lines.append(
            style.paint(f"not served, under conditions that did not hold ({len(comparison.settled):,})", "bold")
        )
        lines += [
            f"  {route.method}  {printable(route.path)}  {style.paint(f'{route.path_file}:{route.line}', 'dim')}"
            for route in comparison.settled
        ]
        lines.append("")
    total = counted(len(table.routes), "route")
    if comparison.differences:
        lines.append(f"{total}, {counted(len(comparison.differences), 'difference')}")
    else:
        lines.append(f"{total}, the same in the text and in the application")
    return "\n".join(lines)


_PROTECTION = {
    "required": ("protected", "green"),
    "optional": ("optional ", "yellow"),
    "unknown": ("unknown  ", "magenta"),
    "none": ("open     ", "yellow"),
}


def _line(route: Route, names: dict[str, str], verb: int, path: int, style: Style) -> str:
    method = style.paint(f"{route.method:<{verb}}", "bold", _COLOURS.get(route.method, "cyan"))
    auth = style.paint(*_PROTECTION[route.protection])
    tests = f"{len(route.tests)} tests" if len(route.tests) != 1 else "1 test"
    unseen = ("tests ?  ", "dim") if route.source == "import" else ("untested ", "red")  # its path is not the text's
    tested = f"{tests:<9}" if route.tests else style.paint(*unseen)
    models = _models(route, names)
    place = style.paint(f"{route.path_file}:{route.line}", "dim")
    parts = [f"{method}  {printable(route.path):<{path}}", auth, tested, f"{route.name}{models}", place]
    if route.when is not None:
        default = route.when.default if route.when.default is not None else "not set"
        state = "open as shipped" if route.when.open else "protected as shipped"
        parts.append(style.paint(f"by {route.when.setting} ({default}: {state})", "dim"))
    if route.reach != "served":
        parts.append(style.paint(route.reach, "yellow"))
    return style.row(parts)


def _models(route: Route, names: dict[str, str]) -> str:
    request = ", ".join(names.get(model, model) for model in route.request_models)
    response = names.get(route.response_model, route.response_model) if route.response_model else ""
    return f"  {request} → {response}".rstrip() if request or response else ""
