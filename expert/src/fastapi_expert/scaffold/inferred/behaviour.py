"""The endpoints and what they call, included where the sibling's are."""

import re
from typing import Any

from fastapi_expert.scaffold.inferred import wiring
from fastapi_expert.scaffold.inferred.document import Document, Drafts
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.outline import Outline


def put_behaviour(outline: Outline, drafts: Drafts) -> None:
    """Write the service, where the project has such, and the endpoints."""
    if outline.places.service:
        _put_service(outline, drafts)
    _put_endpoints(outline, drafts)


def _put_service(outline: Outline, drafts: Drafts) -> None:
    services = [service for service in outline.sibling.services if outline.twin(service.path) == outline.places.service]
    like = services[0].path
    document = drafts.document(outline.places.service, like, f"What is done with {outline.names.nouns}.")
    document.need(Import("collections.abc", "Sequence"), outline.of_table(outline.names.pascal), outline.select())
    document.need(
        *(Import(outline.module(outline.places.schemas), outline.schema[name]) for name in ("create", "update"))
    )
    document.need(*outline.session_type_imports(), *([outline.key.type.needs] if outline.key.type.needs else []))
    owner_type = outline.rows.type(outline.owner) if outline.owner else None
    document.need(*([owner_type.needs] if owner_type and owner_type.needs else []))
    document.put(outline.render("service"), after=outline.end(like, services))


def _put_endpoints(outline: Outline, drafts: Drafts) -> None:
    use = wiring.router_use(outline.codebase, outline.sibling)
    path = outline.sibling.endpoint_file
    document = drafts.document(outline.places.endpoints, path, f"{outline.names.nouns.capitalize()}.")
    is_new = outline.places.endpoints != path
    own_router = use.is_router and (is_new or not outline.renaming.names(use.path))
    router = use.name
    text = ""
    if own_router:
        statement = outline.sources.statement_text(path, use.line).strip()
        document.need(*outline.lender.for_text(statement.partition("=")[2], path))
        statement = outline.renaming.text(statement)
        router = outline.renaming.text(use.name)
        if not is_new and router == use.name:
            router = f"{outline.names.plural}_router"
            statement = re.sub(rf"^{use.name}\b", router, statement)
        text = f"{statement}\n\n\n"
    elif is_new:
        document.need(*outline.lender.for_text(use.name, path))
    _need_in_endpoints(outline, document)
    text += outline.render("endpoints", router=router, **_addresses(outline, use.path))
    end = outline.end(path, [outline.component(route.endpoint) for route in outline.sibling.routes.values()])
    document.put(text, after=end)
    if own_router:
        _include(outline, drafts, use, router, end, is_new=is_new)
    elif is_new:
        drafts.notes.append(f"{document.path} has to be imported where {path} is.")


def _need_in_endpoints(outline: Outline, document: Document) -> None:
    schemas = outline.module(outline.places.schemas)
    document.need(Import("collections.abc", "Sequence"), Import("typing", "Annotated"))
    document.need(Import("fastapi", "HTTPException"), Import("fastapi", "Query"))
    document.need(outline.of_table(outline.names.pascal), *outline.session_type_imports())
    document.need(*(Import(schemas, outline.schema[name]) for name in ("create", "read", "update")))
    for borrowed in (outline.habits.session, outline.user):
        if borrowed is not None:
            text = f"{borrowed.annotation} {borrowed.default}"
            document.need(*outline.lender.for_text(text, borrowed.path))
    document.need(*([outline.key.type.needs] if outline.key.type.needs else []))
    document.need(*(target.needs for _, target in outline.referred()))
    owner_type = outline.rows.type(outline.owner) if outline.owner else None
    document.need(*([owner_type.needs] if owner_type and owner_type.needs else []))
    if any(field.unique for field in outline.given):
        document.need(Import("sqlalchemy.exc", "IntegrityError"))
        if outline.places.service:
            prefix, iterator = ("async", "AsyncIterator") if outline.habits.is_async else ("", "Iterator")
            document.need(Import("contextlib", f"{prefix}contextmanager"), Import("collections.abc", iterator))
    if outline.places.service:
        module, names = outline.module(outline.places.service), outline.names
        called = [f"{names.plural}_page", f"{names.singular}_by_{outline.key_name}", f"add_{names.singular}"]
        called += [f"change_{names.singular}", f"remove_{names.singular}"]
        document.need(*(Import(module, name) for name in called))
    else:
        document.need(outline.select())


def _include(
    outline: Outline, drafts: Drafts, use: wiring.RouterUse, router: str, end: int | None, *, is_new: bool
) -> None:
    found = list(wiring.inclusions(outline.codebase, outline.sources, outline.sibling, use))
    for inclusion in found:
        document = drafts.document(inclusion.path, inclusion.path, "")
        first, last = outline.sources.statement(inclusion.path, inclusion.line)
        statement = outline.sources.lines(inclusion.path, first, last).rstrip("\n")
        named = router
        if is_new and inclusion.imported is not None:
            wanted = wiring.renamed_import(inclusion.imported, outline.renaming)
            named = outline.renaming.text(inclusion.router)
            if named == inclusion.router:
                named = f"{outline.names.plural}_router"
                wanted = Import(wanted.module, wanted.name, named)
            _import_beside(outline, document, inclusion.imported, wanted)
        call = re.sub(rf"(include_router\(\s*(?:router\s*=\s*)?){re.escape(inclusion.router)}\b", r"\g<1>⟦", statement)
        text = outline.renaming.text(call).replace("⟦", named)
        document.put_line(text, after=max(last, end or 0) if inclusion.path == outline.sibling.endpoint_file else last)
    if not found:
        drafts.notes.append(
            f"No include_router of {use.name} in {outline.sibling.endpoint_file} was found: include "
            f"{router} of {outline.places.endpoints} where that one is."
        )


def _import_beside(outline: Outline, document: Document, made: Any, wanted: Import) -> None:
    if not made.scope:
        document.need(wanted)
        return
    first, last = outline.sources.statement(document.path, made.line)
    indent = re.match(r"\s*", outline.sources.lines(document.path, first, last))
    document.put_line(f"{indent.group(0) if indent else ''}{wanted}", after=last)


def _addresses(outline: Outline, decorated: str) -> dict[str, Any]:
    collection = outline.renaming.text(decorated)
    if "create" not in outline.sibling.routes and "list" not in outline.sibling.routes:
        collection = collection.rpartition("/")[0]
    slash = "/" if collection.endswith("/") and collection != "/" else ""
    item = f"{collection.rstrip('/')}/{{{outline.id}}}{slash if outline.items_end_with_slash() else ''}"
    return {"collection": collection, "item": item}
