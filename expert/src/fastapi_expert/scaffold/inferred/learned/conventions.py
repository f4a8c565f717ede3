"""How a project writes a resource, learned from the one it wrote most completely."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.scaffold.inferred.learned.parameters import ParameterTemplate
from fastapi_expert.scaffold.inferred.learned.people import NAME_SUFFIX, User, user_called, user_of
from fastapi_expert.scaffold.inferred.learned.sessions import SESSION, Session, session_of
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.naming import Names, names_of

_SERVICES = re.compile(r"service|crud|repo|dao|store|quer", re.IGNORECASE)
_UNLIKELY = ("user", "account", "token", "session", "item_user")
_HOW = "`expert map` shows what was found; add the resource by hand beside its siblings."


@dataclass(frozen=True, slots=True)
class Sibling:
    """The resource to be like. ``schemas`` maps create, update and read to the project's own."""

    names: Names
    table: Component
    schemas: dict[str, Component]
    routes: dict[str, Route]
    services: tuple[Component, ...]

    @property
    def endpoint_file(self) -> str:
        return self.some_route.path_file

    @property
    def some_route(self) -> Route:
        """The one that makes a new row, else that lists them, else any."""
        return self.routes.get("create") or self.routes.get("list") or next(iter(self.routes.values()))


@dataclass(frozen=True, slots=True)
class Conventions:
    """What holds for new code in this project."""

    sibling: Sibling
    given: Session
    """How endpoints come by a session."""
    is_async: bool
    uses_exec: bool
    commits: bool
    user: User | None

    @property
    def session(self) -> ParameterTemplate:
        """The parameter that the session is given by."""
        return self.given.parameter

    @property
    def session_type(self) -> str:
        return self.given.type


def learn(
    codebase: Codebase, sources: Sources, people: Iterable[Component], *, like: str = "", auth: str = ""
) -> Conventions:
    """The habits of this codebase; raises `ExpertError` that says what it lacks.

    ``people`` are the tables of those who sign in, ``like`` names the resource to be like, ``auth`` what gives
    endpoints the signed-in user.
    """
    sibling = find_sibling(codebase, like)
    session = session_of(codebase, sources, sibling.routes.values())
    if session is None:
        what = (
            "no endpoint gets a database session from a dependency (`Depends(get_session)`),"
            " and none is opened in a way that is known"
        )
        raise ExpertError(what, where=sibling.endpoint_file, do=_HOW)
    is_async = "Async" in session.type or "Async" in session.giver
    text = "".join(sources.text(path) for path in _files_of(codebase, sibling))
    return Conventions(
        sibling,
        session,
        is_async,
        uses_exec=any(need.module.startswith("sqlmodel") for need in session.needs),  # those are asked by `exec`
        commits=".commit(" in text or not re.search(r"\.commit\(|\.begin\(", session.giver),
        user=user_called(codebase, sources, auth, people) if auth else user_of(codebase, sources, people),
    )


# -- the sibling -------------------------------------------------------------------------------------------------------


def find_sibling(codebase: Codebase, like: str = "") -> Sibling:
    """The most complete resource, or the one called ``like``.

    Raises:
        ExpertError: none can be followed; UsageError where ``like`` is none.
    """
    tables = [c for c in codebase.inventory.components if c.kind == "table" and c.bases is not None]
    tables = [c for c in tables if not is_test_path(c.path)]
    if not tables:
        raise ExpertError(
            "there is no table here to be like (no SQLAlchemy or SQLModel class)",
            where=str(codebase.root),
            do="Write the first resource by hand, or start from `expert new`; the next ones can be added.",
        )
    rated = [(_completeness(sibling), sibling) for table in tables if (sibling := _as_sibling(codebase, table))]
    if not rated:
        names = ", ".join(sorted(table.name for table in tables)[:5])
        what = (
            f"no endpoint is seen to read or write one of the tables ({names}): what it calls for that is not followed"
        )
        raise ExpertError(what, where=str(codebase.root), do=_HOW)
    if not like and all(len(sibling.routes) < 2 for _, sibling in rated):
        names = ", ".join(sorted(sibling.table.name for _, sibling in rated)[:5])
        what = f"no resource is complete enough to follow: of {names} one endpoint each is known by its path and models"
        raise ExpertError(what, where=str(codebase.root), do=f"{_HOW} Or say which by --way like=NAME.")
    if like:
        wanted = names_of(like).singular
        rated = [pair for pair in rated if pair[1].names.singular == wanted]
        if not rated:
            raise UsageError(f"no resource {like!r} to be like", do="see `expert map --kind table`")
    return max(rated, key=lambda pair: pair[0])[1]


def sibling_called(codebase: Codebase, singular: str) -> Sibling:
    """The resource of that name. Raises ExpertError when no endpoint shows one."""
    return find_sibling(codebase, singular)


def _completeness(sibling: Sibling) -> tuple[bool, int, int, int, str]:
    likely = sibling.names.singular not in _UNLIKELY
    created = "create" in sibling.routes
    return (created and likely, len(sibling.routes), len(sibling.schemas), likely, sibling.names.singular)


def _as_sibling(codebase: Codebase, table: Component) -> Sibling | None:
    try:
        names = _as_addressed(codebase, names_of(NAME_SUFFIX.sub("", table.name)))
    except ExpertError:
        return None
    mine = [c for c in codebase.inventory.components if c.kind == "schema" and is_of(c.name, names)]
    routes = {
        action: route
        for route in reversed(codebase.inventory.routes)
        if (action := _action(route, names)) and _touches(codebase, route, table, mine)
    }
    if not routes:
        return None
    services = tuple(
        c
        for c in codebase.inventory.components
        if c.kind == "service" and table.id in c.uses and not is_test_path(c.path) and _takes_a_session(codebase, c)
    )
    return Sibling(names, table, _schemas(mine, routes), routes, services)


def _takes_a_session(codebase: Codebase, service: Component) -> bool:
    """Whether it is a function that is given the session, among others of the kind."""
    function = codebase.function(service.id)
    return (
        bool(_SERVICES.search(service.path))
        and function is not None
        and not function.owner
        and any(SESSION.search(p.annotation) for p in function.params)
    )


def _as_addressed(codebase: Codebase, names: Names) -> Names:
    """The names with the plural that the project's own paths use."""
    segments = {part.replace("-", "_") for route in codebase.inventory.routes for part in route.path.split("/")}
    endings = ("s", "es", "ies", "en")
    stems = (names.singular, names.singular[:-1])
    found = [stem + ending for stem in stems for ending in endings if stem + ending in segments]
    return Names(names.singular, found[0]) if names.plural not in segments and found else names


def is_of(name: str, names: Names) -> bool:
    """Whether a class is the resource's, by the words of its name."""
    words = re.findall(r"[A-Z][a-z0-9]*", name)
    pascal = re.findall(r"[A-Z][a-z0-9]*", names.pascal)
    return any(words[at : at + len(pascal)] == pascal for at in range(len(words)))


def _action(route: Route, names: Names) -> str:
    """create, list, read, update or delete, when the path ends as a resource's does."""
    parts = [part for part in route.path.split("/") if part]
    segments = {names.plural, names.path, names.singular, names.singular.replace("_", "-")}
    if parts and parts[-1] in segments:
        return {"POST": "create", "GET": "list"}.get(route.method, "")
    if len(parts) > 1 and parts[-1].startswith("{") and parts[-2] in segments:
        return {"GET": "read", "PUT": "update", "PATCH": "update", "DELETE": "delete"}.get(route.method, "")
    return ""


def _touches(codebase: Codebase, route: Route, table: Component, schemas: Iterable[Component]) -> bool:
    endpoint = codebase.component(route.endpoint)
    known = {table.id, *(schema.id for schema in schemas)}
    said = {*route.request_models, route.response_model or "", *(endpoint.uses if endpoint else ())}
    return bool(known & said) and not is_test_path(route.path_file)


def _schemas(mine: list[Component], routes: dict[str, Route]) -> dict[str, Component]:
    by_id = {schema.id: schema for schema in mine}
    found: dict[str, Component] = {}
    for action in ("create", "update"):
        models = routes[action].request_models if action in routes else ()
        known = next((by_id[model] for model in models if model in by_id), None)
        if known is not None:
            found[action] = known
    answers = [routes[action].response_model or "" for action in ("read", "create", "update") if action in routes]
    read = next((by_id[model] for model in answers if model in by_id), None)
    return {**found, **({"read": read} if read else {})}


def _files_of(codebase: Codebase, sibling: Sibling) -> set[str]:
    return {sibling.endpoint_file, *(service.path for service in sibling.services)}
