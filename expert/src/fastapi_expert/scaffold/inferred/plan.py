"""What `expert add` writes in a project of another layout, file by file."""

import re

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.scaffold.access import described
from fastapi_expert.scaffold.inferred.document import Drafts
from fastapi_expert.scaffold.inferred.models import put_models
from fastapi_expert.scaffold.inferred.registration import inclusions, router_use
from fastapi_expert.scaffold.inferred.services import put_services
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.wiring import put_wiring
from fastapi_expert.scaffold.inferred.words import Resource
from fastapi_expert.scaffold.plan import Plan, Wanted


def plan(codebase: Codebase, wanted: Wanted) -> Plan:
    """What would be written, and what a person has to do that this could not.

    Raises:
        ExpertError: the project's own way could not be learned, or has no room for the resource.
    """
    sources = Sources(codebase.root)
    resource = Resource(codebase, sources, wanted)
    drafts = Drafts(codebase, sources)
    for put in (put_models, put_services, put_wiring):
        put(resource, drafts)
    collection, item = _addresses(resource)
    module = resource.module(resource.places.endpoints)
    served = resource.sibling.some_route.reach == "served"
    apps = _applications(resource) if served else ()
    return Plan(
        drafts.files(),
        _routes(resource, collection, item),
        (*resource.told, *drafts.learned),
        tuple(drafts.notes),
        roots=_roots(resource, module, apps),
        module=module,
        like_module=resource.resolver.module(resource.sibling.endpoint_file),
        apps=apps,
        paths=(collection, item) if served and not drafts.notes_of_inclusion else (),
        table_module=resource.module(resource.places.table),
        table=resource.table_name() or resource.names.plural,
        other_modules=tuple(target.needs.module for target in resource.rows.targets.values()),
        migration=drafts.migration,
        on_sqlite=True,
        on_postgres=_speaks_of_postgres(codebase, sources),
        tests=tuple(path for path, _ in drafts.tests),
        neighbours=tuple({resource.sibling.endpoint_file, resource.table.path, *(path for _, path in drafts.tests)}),
        like=drafts.tests[0][1] if drafts.tests else "",
    )


def _addresses(resource: Resource) -> tuple[str, str]:
    """The paths of the collection and of one row, as the application serves them."""
    routes = resource.sibling.routes
    for action in ("create", "list"):
        if action in routes:
            collection = resource.renaming.text(routes[action].path)
            break
    else:
        collection = resource.renaming.text(resource.sibling.some_route.path).rpartition("/")[0]
    slash = "/" if resource.items_end_with_slash() else ""
    return collection, f"{collection.rstrip('/')}/{{{resource.id}}}{slash}"


def _routes(resource: Resource, collection: str, item: str) -> tuple[str, ...]:
    method = resource.update_method().upper()
    if resource.user is None:
        return tuple(f"{verb} {path}: anyone" for verb, path in _verbs(collection, item, method))
    access = resource.access
    superusers = "superusers" if resource.ways.superusers else ""
    return described(access, collection, item, method, writers="signed-in user", superusers=superusers)


def _verbs(collection: str, item: str, method: str) -> list[tuple[str, str]]:
    return [("GET", collection), ("POST", collection), ("GET", item), (method, item), ("DELETE", item)]


def _applications(resource: Resource) -> tuple[tuple[str, str], ...]:
    """The application that serves the neighbour, as (module, attribute)."""
    component = resource.codebase.component(resource.sibling.some_route.app)
    if component is None or component.kind != "app" or "." in component.qualname:
        return ()
    use = router_use(resource.codebase, resource.sibling)
    for inclusion in inclusions(resource.codebase, resource.sources, resource.sibling, use):
        # where the routers come in: the module that makes the application may know none of them
        told = re.match(r"\s*(\w+)\.include_router", resource.sources.statement_text(inclusion.path, inclusion.line))
        symbol = resource.codebase.names.resolve(inclusion.path, told[1]) if told is not None else None
        if told is not None and symbol is not None and f"app:{symbol.path}::{symbol.name}" == component.id:
            return ((resource.resolver.module(inclusion.path), told[1]),)
    return ((resource.resolver.module(component.path), component.qualname),)


def _roots(resource: Resource, module: str, apps: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The folders that modules are imported from: parts of a project may be imported by other names than the rest."""
    found = [_root(resource.places.endpoints, module)]
    modules = resource.codebase.names.modules
    for name, _ in apps:
        path = modules.find(resource.sibling.endpoint_file, name)
        found += [_root(path, name)] if path is not None else []
    return tuple(dict.fromkeys(found))


def _root(path: str, module: str) -> str:
    """The folder that ``module`` is imported from."""
    stem = path.removesuffix(".py").removesuffix("/__init__")
    return stem.removesuffix(module.replace(".", "/")).strip("/")


def _speaks_of_postgres(codebase: Codebase, sources: Sources) -> bool:
    """Whether the project is configured for PostgreSQL, as far as its sources and their neighbours say."""
    said = re.compile(r"postgres|asyncpg|psycopg", re.IGNORECASE)
    folders = [codebase.root, codebase.root.parent]
    names = ("pyproject.toml", "requirements.txt", ".env", ".env.example", "docker-compose.yml", "alembic.ini")
    for file in (folder / name for folder in folders for name in names):
        if file.is_file() and said.search(file.read_text(encoding="utf-8", errors="replace")):
            return True
    return any(
        said.search(sources.text(path)) for path in codebase.files if not is_test_path(path) and "config" in path
    )
