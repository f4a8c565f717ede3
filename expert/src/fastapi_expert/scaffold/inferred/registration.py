"""Where a resource is tied into the application: its router, the places that list models, packages, tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import names_a_revision
from fastapi_expert.codebase.model import Component
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ImportFacts
from fastapi_expert.codebase.vocabulary import VERBS, is_test_path
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.learned.conventions import Sibling
from fastapi_expert.scaffold.inferred.renaming import Renaming
from fastapi_expert.scaffold.inferred.sources import Sources

_HTTP_DECORATORS = (*VERBS, "api_route")
_INCLUDE = re.compile(r"\.include_router\(\s*(?:router\s*=\s*)?([A-Za-z_][\w.]*)")


@dataclass(frozen=True, slots=True)
class RouterUse:
    """How the sibling's endpoints are registered: on which object, at which path; ``line`` binds it, 0 if imported."""

    name: str
    path: str
    line: int
    is_router: bool


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The statement that includes the sibling's router: where, the router as named there, and how it got there."""

    path: str
    line: int
    router: str
    imported: ImportFacts | None


def router_use(codebase: Codebase, sibling: Sibling) -> RouterUse:
    """The object the sibling's endpoints are registered on; raises `ExpertError` when that is no plain decorator."""
    route = sibling.some_route
    function = codebase.function(route.endpoint)
    for decorator in function.decorators if function else ():
        call = ir.match(decorator, ir.Call)
        if call is None or not isinstance(call.function, str):
            continue
        name, _, method = call.function.rpartition(".")
        given = ir.text_of(call.args[0] if call.args else dict(call.keywords).get("path"))
        if name and method in _HTTP_DECORATORS and given is not None:
            bound = codebase.names.bindings(route.path_file).get(name.partition(".")[0])
            if bound is None or isinstance(bound, ImportFacts):
                return RouterUse(name, given, 0, is_router=False)
            assigned = ir.match(bound, ir.Assign)
            made = ir.match(assigned.value, ir.Call) if assigned is not None else None
            is_router = made is not None and ir.dotted(made).endswith("Router")
            return RouterUse(name, given, ir.line_of(bound), is_router)
    raise ExpertError(
        f"{route.method} {route.path} is not registered by a decorator with a plain path",
        where=f"{route.path_file}:{route.line}",
        do="Add the resource by hand beside it.",
    )


def inclusions(codebase: Codebase, sources: Sources, sibling: Sibling, use: RouterUse) -> Iterator[Inclusion]:
    """Every `include_router` of the sibling's router outside of tests."""
    for path in codebase.files:
        if is_test_path(path):
            continue
        text = sources.text(path)
        for found in _INCLUDE.finditer(text):
            if "#" in text[text.rfind("\n", 0, found.start()) + 1 : found.start()]:
                continue  # a comment includes nothing
            symbol = codebase.names.resolve(path, found.group(1))
            if symbol is None or (symbol.path, symbol.name) != (sibling.endpoint_file, use.name):
                continue
            bound = codebase.names.bindings(path).get(found.group(1).partition(".")[0])
            line = text.count("\n", 0, found.start()) + 1
            yield Inclusion(path, line, found.group(1), bound if isinstance(bound, ImportFacts) else None)


def handed_on(codebase: Codebase, sibling: Sibling, inclusion: Inclusion) -> Iterator[tuple[str, ImportFacts]]:
    """The packages that the sibling's router goes through on its way to where it is included, each with its import."""
    path, made = inclusion.path, inclusion.imported
    seen: set[str] = set()
    while made is not None and made.name:
        package = codebase.names.modules.find(path, made.module)
        if package is None or package in seen or package == sibling.endpoint_file:
            return
        seen.add(package)
        bound = codebase.names.bindings(package).get(made.name) if package in codebase.files else None
        if not isinstance(bound, ImportFacts):
            return
        yield package, bound
        path, made = package, bound


def renamed_import(made: ImportFacts, renaming: Renaming) -> Import:
    """The import of the new resource's counterpart."""
    alias = made.alias if made.alias not in (made.name, made.module) else ""
    return Import(renaming.text(made.module), renaming.text(made.name), renaming.text(alias))


def listings(
    codebase: Codebase, sources: Sources, table: Component, own: set[str]
) -> Iterator[tuple[str, ImportFacts]]:
    """Imports of the sibling's table that nothing in their file uses: they make it known (to Alembic, to a package).

    One that stands alone in a file with work of its own is left over from something else.
    """
    tables = [one for one in codebase.inventory.components if one.kind == "table" and one.bases is not None]
    for path, facts in codebase.files.items():
        if path in own or is_test_path(path):
            continue
        for made in facts.imports:
            if made.scope or not _is_of(codebase, path, made, table) or _is_used(sources, path, made):
                continue
            if _is_a_list(path, made, sources) or _lists_others(codebase, sources, path, tables):
                yield path, made


def _is_a_list(path: str, made: ImportFacts, sources: Sources) -> bool:
    """Whether the import is there for its effect, by what it says itself or by its file."""
    name = path.rpartition("/")[2]
    return made.name == "*" or name in ("__init__.py", "env.py") or "noqa" in sources.statement_text(path, made.line)


def _lists_others(codebase: Codebase, sources: Sources, path: str, tables: list[Component]) -> bool:
    """Whether the file imports another table as well without a use, and holds no table or router itself."""
    kinds = {one.kind for one in codebase.inventory.components if one.path == path}
    if "table" in kinds or ("router" in kinds and "app" not in kinds):
        return False
    unused = [
        made
        for made in codebase.files[path].imports
        if not made.scope
        and any(_is_of(codebase, path, made, table) for table in tables)
        and not _is_used(sources, path, made)
    ]
    return len(unused) > 1 or not (codebase.files[path].functions or codebase.files[path].classes)


def _is_of(codebase: Codebase, path: str, made: ImportFacts, table: Component) -> bool:
    if made.name == "*":
        return codebase.names.modules.find(path, made.module) == table.path
    symbol = codebase.names.resolve(path, made.alias or made.name or made.module)
    if symbol is None:
        return False
    return (symbol.path, symbol.name) == (table.path, table.name) or (
        symbol.kind == "module" and symbol.path == table.path
    )


def _is_used(sources: Sources, path: str, made: ImportFacts) -> bool:
    if made.name == "*":
        return False
    first, last = sources.statement(path, made.line)
    lines = sources.text(path).splitlines(keepends=True)
    rest = "".join(lines[: first - 1] + lines[last:])
    rest = re.sub(r"__all__\s*(?::[^=]+)?=\s*[\[(].*?[\])]", "", rest, flags=re.DOTALL)
    return re.search(rf"\b{re.escape(made.alias or made.name or made.module)}\b", rest) is not None


def migrations(codebase: Codebase) -> str:
    """The folder of Alembic's revisions, "" when there is none."""
    folders = {path.rpartition("/")[0] for path, facts in codebase.files.items() if names_a_revision(facts)}
    return sorted(folders)[0] if folders else ""
