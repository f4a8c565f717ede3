"""The endpoints and what they call, included where the sibling's are."""

import re
from typing import Any

from fastapi_expert.scaffold.inferred import registration
from fastapi_expert.scaffold.inferred.document import Document, Drafts
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.words import Resource


def put_services(resource: Resource, drafts: Drafts) -> None:
    """Write the service, where the project has such, and the endpoints."""
    if resource.places.service:
        _put_service(resource, drafts)
    _put_endpoints(resource, drafts)


def _put_service(resource: Resource, drafts: Drafts) -> None:
    services = [
        service for service in resource.sibling.services if resource.twin(service.path) == resource.places.service
    ]
    like = services[0].path
    document = drafts.document(resource.places.service, like, f"What is done with {resource.names.nouns}.")
    document.need(
        Import("collections.abc", "Sequence"), resource.of_table(resource.names.pascal), *resource.statements()
    )
    document.need(
        *(resource.of_table(resource.rows.enum_name(field)) for field in resource.words.filters() if field.choices)
    )
    kinds = [resource.rows.type(field).needs for field in resource.words.filters()]
    document.need(*(need for need in kinds if need), *([Import("typing", "Optional")] if resource.rows.old else []))
    document.need(
        *(Import(resource.module(resource.places.schemas), resource.schema[name]) for name in ("create", "update"))
    )
    document.need(*resource.session_type_imports(), *([resource.key.type.needs] if resource.key.type.needs else []))
    owner_type = resource.rows.type(resource.owner) if resource.owner else None
    document.need(*([owner_type.needs] if owner_type and owner_type.needs else []))
    document.put(resource.render("service"), after=resource.end(like, services))


def _put_endpoints(resource: Resource, drafts: Drafts) -> None:
    use = registration.router_use(resource.codebase, resource.sibling)
    path = resource.sibling.endpoint_file
    document = drafts.document(resource.places.endpoints, path, f"{resource.names.nouns.capitalize()}.")
    is_new = resource.places.endpoints != path
    own_router = use.is_router and (is_new or not resource.renaming.names(use.path))
    router = use.name
    text = ""
    if own_router:
        statement = resource.sources.statement_text(path, use.line).strip()
        document.need(*resource.resolver.for_text(statement.partition("=")[2], path))
        statement = resource.renaming.text(statement)
        router = resource.renaming.text(use.name)
        if not is_new and router == use.name:
            router = f"{resource.names.plural}_router"
            statement = re.sub(rf"^{use.name}\b", router, statement)
        text = f"{statement}\n\n\n"
    elif is_new:
        document.need(*resource.resolver.for_text(use.name, path))
    _need_in_endpoints(resource, document)
    if resource.conventions.given.own:
        text += f"{resource.conventions.given.own}\n\n"
    text += resource.render("endpoints", router=router, **_addresses(resource, use.path))
    end = resource.end(path, [resource.component(route.endpoint) for route in resource.sibling.routes.values()])
    document.put(text, after=end)
    if own_router:
        _include(resource, drafts, use, router, end, is_new=is_new)
    elif is_new:
        drafts.notes.append(f"{document.path} has to be imported where {path} is.")


def _need_in_endpoints(resource: Resource, document: Document) -> None:
    words = resource.words
    schemas = resource.module(resource.places.schemas)
    document.need(Import("typing", "Annotated"), Import("fastapi", "HTTPException"), Import("fastapi", "Query"))
    document.need(*([Import("fastapi", "Path")] if resource.key.type.text == "int" else []))
    document.need(resource.of_table(resource.names.pascal), *resource.session_type_imports())
    document.need(*(Import(schemas, resource.schema[name]) for name in ("create", "read", "update")))
    document.need(
        Import(schemas, resource.envelope_name) if resource.envelope_name else Import("collections.abc", "Sequence")
    )
    document.need(*(resource.of_table(resource.rows.enum_name(field)) for field in words.filters() if field.choices))
    kinds = [resource.rows.type(field).needs for field in words.filters()]
    document.need(*(need for need in kinds if need))
    farewell = resource.ways.farewell.schema
    document.need(*([resource.resolver.of(farewell.path, farewell.name)] if farewell else []))
    borrowed = resource.conventions.session
    if not resource.conventions.given.own:
        document.need(*resource.resolver.for_text(f"{borrowed.annotation} {borrowed.default}", borrowed.path))
    document.need(*resource.conventions.given.own_needs)
    _need_user(resource, document)
    document.need(*([resource.key.type.needs] if resource.key.type.needs else []))
    document.need(*(target.needs for _, target in resource.referred()))
    document.need(*(target.key.type.needs for _, target in resource.referred() if target.key.type.needs))
    owner_type = resource.rows.type(resource.owner) if resource.owner else None
    document.need(*([owner_type.needs] if owner_type and owner_type.needs else []))
    optional = words.owner_may_be_none or any(field.optional for field in words.filters()) or words.filters()
    document.need(*([Import("typing", "Optional")] if resource.rows.old and optional else []))
    if any(field.unique for field in resource.given):
        document.need(Import("sqlalchemy.exc", "IntegrityError"))
        if resource.places.service:
            prefix, iterator = ("async", "AsyncIterator") if resource.conventions.is_async else ("", "Iterator")
            document.need(Import("contextlib", f"{prefix}contextmanager"), Import("collections.abc", iterator))
    if resource.places.service:
        module, names = resource.module(resource.places.service), resource.names
        called = [f"{names.plural}_page", f"{names.singular}_by_{resource.key_name}", f"add_{names.singular}"]
        called += [f"change_{names.singular}", f"remove_{names.singular}"]
        called += [f"{names.plural}_count"] if resource.counts else []
        document.need(*(Import(module, name) for name in called))
    else:
        document.need(*resource.statements())


def _need_user(resource: Resource, document: Document) -> None:
    user = resource.user
    if user is None:
        return
    actions = ("list", "create", "read", "update", "delete")
    if any(resource.words.user_is_parameter(each) for each in actions) or not user.guard[1]:
        template = user.parameter
        text = f"{template.annotation} {template.default}"
        document.need(*resource.resolver.for_text(text, template.path))
        document.need(*([Import("fastapi", "Depends")] if "Depends(" in text else []))
    if resource.words.guarded():
        path, name = user.guard
        document.need(Import("fastapi", "Depends"), *resource.resolver.for_text(name, path))


def _include(
    resource: Resource, drafts: Drafts, use: registration.RouterUse, router: str, end: int | None, *, is_new: bool
) -> None:
    found = list(registration.inclusions(resource.codebase, resource.sources, resource.sibling, use))
    for inclusion in found:
        document = drafts.document(inclusion.path, inclusion.path, "")
        first, last = resource.sources.statement(inclusion.path, inclusion.line)
        statement = resource.sources.lines(inclusion.path, first, last).rstrip("\n")
        named = router
        if is_new and inclusion.imported is not None:
            wanted = registration.renamed_import(inclusion.imported, resource.renaming)
            named = resource.renaming.text(inclusion.router)
            if named == inclusion.router:
                named = f"{resource.names.plural}_router"
                wanted = Import(wanted.module, wanted.name, named)
            _import_beside(resource, document, inclusion.imported, wanted)
            for package, handed_on in registration.handed_on(resource.codebase, resource.sibling, inclusion):
                exporting = drafts.document(package, package, "")
                exported = registration.renamed_import(handed_on, resource.renaming)
                exporting.need(exported)
                exporting.also(handed_on.alias or handed_on.name, exported.binds)
        call = re.sub(rf"(include_router\(\s*(?:router\s*=\s*)?){re.escape(inclusion.router)}\b", r"\g<1>⟦", statement)
        text = resource.renaming.text(call).replace("⟦", named)
        document.put_line(text, after=max(last, end or 0) if inclusion.path == resource.sibling.endpoint_file else last)
    if not found:
        drafts.notes_of_inclusion = True
        drafts.notes.append(
            f"No include_router of {use.name} in {resource.sibling.endpoint_file} was found: include "
            f"{router} of {resource.places.endpoints} where that one is."
        )


def _import_beside(resource: Resource, document: Document, made: Any, wanted: Import) -> None:
    if not made.scope:
        document.need(wanted)
        return
    first, last = resource.sources.statement(document.path, made.line)
    indent = re.match(r"\s*", resource.sources.lines(document.path, first, last))
    document.put_line(f"{indent.group(0) if indent else ''}{wanted}", after=last)


def _addresses(resource: Resource, decorated: str) -> dict[str, Any]:
    collection = resource.renaming.text(decorated)
    some = resource.sibling.some_route
    if some not in (resource.sibling.routes.get("create"), resource.sibling.routes.get("list")):
        collection = collection.rstrip("/").rpartition("/")[0]
    slash = "/" if collection.endswith("/") and collection != "/" else ""
    item = f"{collection.rstrip('/')}/{{{resource.id}}}{slash if resource.items_end_with_slash() else ''}"
    return {"collection": collection, "item": item}
