"""Who may see the rows that a new resource refers to: what their own read endpoint lets through."""

from dataclasses import dataclass
from typing import Literal

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.dependencies import Dependencies
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.codebase.syntax.facts import ClassFacts
from fastapi_expert.scaffold.inferred.sources import Sources

Rule = Literal["anyone", "owner"]


@dataclass(frozen=True, slots=True)
class Seen:
    """``rule`` of the rows of a table, the column that says whose they are, and where that was learned."""

    rule: Rule
    column: str
    place: str


def seen_by(codebase: Codebase, sources: Sources, table: Component, users: set[str]) -> Seen:
    """Who may see a row of ``table``: its owner alone, where its read endpoint looks at whose it is, or where it has an
    owner and no endpoint shows it; else anyone.

    ``users`` are the ids of the tables of people.
    """
    owner = _owner_column(codebase, table, users)
    place = f"{table.path}:{table.line}"
    if table.id in users or not owner:
        return Seen("anyone", "", place)
    reads = [route for route in codebase.inventory.routes if _reads(codebase, route, table)]
    if not reads:
        return Seen("owner", owner, place)
    for route in reads:
        if owner in _text(codebase, sources, route):
            return Seen("owner", owner, f"{route.path_file}:{route.line}")
    open_reads = [route for route in reads if route.protection == "none"]
    route = (open_reads or reads)[0]
    return Seen("anyone", "", f"{route.path_file}:{route.line}")


def owner_columns(codebase: Codebase, table: Component, users: set[str]) -> list[str]:
    """The columns of ``table`` that refer to people."""
    facts = codebase.class_(table.id)
    if facts is None:
        return []
    names = _names_of(codebase, users)
    return [field.name for field in facts.fields if any(name in field.default for name in names)]


def _owner_column(codebase: Codebase, table: Component, users: set[str]) -> str:
    found = owner_columns(codebase, table, users)
    likely = [
        name for name in found if name.removesuffix("_id") in ("owner", "author", "user", "creator", "created_by")
    ]
    return (likely or found or [""])[0]


def _names_of(codebase: Codebase, users: set[str]) -> set[str]:
    """How a foreign key may spell the key of people: `"user.id"`, `users.id`, `User.id`."""
    found: set[str] = set()
    for identifier in users:
        component = codebase.component(identifier)
        facts: ClassFacts | None = codebase.class_(identifier)
        if component is None or facts is None:
            continue
        found |= {f'"{component.name.lower()}.', f"'{component.name.lower()}.", f"{component.name}."}
        for field in facts.fields:
            if field.name == "__tablename__":
                name = field.default.strip("\"'")
                found |= {f'"{name}.', f"'{name}."}
    return found


def _reads(codebase: Codebase, route: Route, table: Component) -> bool:
    """Whether the route answers with one row of the table, found by its key."""
    endpoint = codebase.component(route.endpoint)
    if route.method != "GET" or not route.path.rstrip("/").endswith("}") or endpoint is None:
        return False
    said = {*endpoint.uses, route.response_model or ""}
    for service in [codebase.component(used) for used in endpoint.uses]:
        said |= set(service.uses) if service is not None else set()
    if table.id in said:
        return True
    return any(one.startswith("schema:") and table.name in one.rpartition("::")[2] for one in said)


def _text(codebase: Codebase, sources: Sources, route: Route) -> str:
    """The text of the endpoint, of its dependencies, and of what it calls."""
    dependencies = Dependencies(codebase.names)
    identifiers = {route.endpoint, *route.dependencies}
    endpoint = codebase.component(route.endpoint)
    identifiers |= set(endpoint.uses) if endpoint is not None else set()
    found: list[str] = []
    for identifier in identifiers:
        function = codebase.function(identifier)
        component = codebase.component(identifier)
        if function is not None and component is not None:
            found.append(sources.lines(component.path, function.start_line, function.end_line))
            for need in dependencies.of_function(component.path, function):
                symbol = dependencies.target(need)
                given = codebase.names.function(symbol.path, symbol.name) if symbol is not None else None
                if symbol is not None and given is not None:
                    found.append(sources.lines(symbol.path, given.start_line, given.end_line))
    return "\n".join(found)
