"""What stands around a resource: where models are listed, the migration, the tests, the packages."""

import re
from pathlib import PurePosixPath

from fastapi_expert.scaffold.inferred import registration
from fastapi_expert.scaffold.inferred.document import Drafts
from fastapi_expert.scaffold.inferred.learned.tables import audit_fields, inherits_columns
from fastapi_expert.scaffold.inferred.words import Resource


def put_wiring(resource: Resource, drafts: Drafts) -> None:
    """Write all of it; what cannot be written becomes a note."""
    _list_models(resource, drafts)
    _put_migration(resource, drafts)
    _put_tests(resource, drafts)
    _put_packages(resource, drafts)


def _list_models(resource: Resource, drafts: Drafts) -> None:
    if resource.places.table == resource.table.path:
        return
    own = {resource.table.path, resource.sibling.endpoint_file, *(s.path for s in resource.sibling.services)}
    own |= {schema.path for schema in resource.sibling.schemas.values()}
    for path, made in registration.listings(resource.codebase, resource.sources, resource.table, own):
        document = drafts.document(path, path, "")
        statement = resource.sources.statement_text(path, made.line)
        comment = re.search(r"#\s*noqa.*$", statement, re.MULTILINE)
        wanted = registration.renamed_import(made, resource.renaming)
        if wanted.name == "*" or comment:
            last = resource.sources.statement(path, made.line)[1]
            document.put_line(f"{wanted}{f'  {comment.group(0)}' if comment else ''}", after=last)
        else:
            document.need(wanted)
        document.also(made.alias or made.name, wanted.binds)


def _put_migration(resource: Resource, drafts: Drafts) -> None:
    folder = registration.migrations(resource.codebase)
    table = resource.table_name()
    if not folder:
        if not any("create_all(" in resource.sources.text(path) for path in resource.codebase.files):
            drafts.notes.append("No migrations were found: make the table the way the others were made.")
        return
    if not table or (resource.key.field is None and inherits_columns(resource.codebase, resource.table)):
        drafts.notes.append(
            "Its columns come from base classes: `alembic revision --autogenerate` writes the migration."
        )
        return
    from fastapi_expert.scaffold.revisions import next_revision

    revision, down = next_revision(resource.codebase.root / folder, resource.names.plural)
    kind = resource.key.sql
    columns = [f'sa.Column("{resource.key_name}", {kind}, nullable=False)']
    columns += [resource.rows.migration(field) for field in resource.fields]
    columns += [
        _audit_column(field.name, f"{field.annotation} {field.default}")
        for field in audit_fields(resource.codebase, resource.table)
    ]
    enum_types = [name for field in resource.fields if (name := resource.rows.enum_type(field))]
    text = resource.render(
        "migration", enum_types=enum_types, revision=revision, down_revision=down, columns=columns, table=table
    )
    path = f"{folder}/{revision}_{resource.names.plural}.py"
    drafts.write(path, text)
    drafts.migration = path


def _put_tests(resource: Resource, drafts: Drafts) -> None:
    from fastapi_expert.scaffold.inferred.learned.makers import fixtures_of, maker_of
    from fastapi_expert.scaffold.inferred.tests import way_of

    way = way_of(resource.codebase, resource.sources, resource.sibling)
    asks_who = any(resource.words.user_is_asked(action) for action in ("list", "create"))
    known = way is not None and (
        not asks_who or bool(way.headers) or re.search("auth|user|admin|logged", way.client) is not None
    )
    if way is None or not known:
        why = "no test of its neighbour shows how" if way is None else "no test of its neighbour shows how to sign in"
        drafts.notes.append(f"No test was written: {why}.")
        return
    post = f"{'await ' if way.awaits else ''}{way.client}.post("
    fixtures = fixtures_of(resource.codebase)
    required = [field for field in resource.given if field.ref and not field.optional]
    makers = [
        maker_of(
            resource.codebase,
            field,
            resource.table_of(field.ref),
            resource.rows.targets[field.ref].key.name,
            post=post,
            headers=way.headers,
            fixtures=fixtures,
        )
        for field in required
    ]
    if None in makers:
        lacking = required[makers.index(None)].name
        drafts.notes.append(f"No test was written: {lacking} needs a row to refer to, and no test makes one.")
        return
    found = [maker for maker in makers if maker is not None]
    path = resource.twin(way.path)
    path = path if path != way.path else str(PurePosixPath(path).with_name(f"test_{resource.names.plural}.py"))
    document = drafts.document(path, way.path, f"{resource.names.nouns.capitalize()}, as clients meet them.")
    document.need(*way.needs, *(need for maker in found for need in maker.needs))
    fields = [field for field in resource.given if not field.ref]
    address = resource.renaming.text(resource.sibling.some_route.path)
    parameters = list(dict.fromkeys([*way.taken, *(maker.parameter for maker in found if maker.parameter)]))
    text = resource.render(
        "tests",
        decorators=way.decorators,
        parameters=", ".join(parameters),
        anonymous=", ".join(each for each in way.taken if "header" not in each.partition(":")[0]),
        client=way.client,
        headers=way.headers,
        awaits=way.is_async,
        W="await " if way.awaits else "",
        asked=_awaited if way.awaits else str,
        fields=fields,
        makers=found,
        changed=next((field for field in fields if not field.unique), None),
        path=f'"{address}"',
        slash=address.endswith("/"),
        status=resource.ways.create_status,
        asks_who=asks_who and bool(way.headers),
    )
    document.put(f"{way.setup}\n\n\n{text}" if way.setup else text)
    drafts.tests.append((path, way.path))
    drafts.learned += [f"rows for {maker.column} are made as in {maker.place}" for maker in found]


def _awaited(call: str) -> str:
    return f"(await {call})"


def _put_packages(resource: Resource, drafts: Drafts) -> None:
    """`__init__.py` for folders that are new, where the sibling's folder has one."""
    for path in list(drafts.documents):
        folder = str(PurePosixPath(path).parent)
        twins = [p for p in resource.codebase.files if p.endswith("__init__.py") and resource.twin(p) != p]
        for twin in twins:
            place = resource.twin(twin)
            if place == f"{folder}/__init__.py" and not (resource.codebase.root / place).exists():
                drafts.write(place, "")


def _audit_column(name: str, written: str) -> str:
    zone = "timezone=True" if "timezone=True" in written else ""
    default = ", server_default=sa.func.now()" if "server_default" in written else ""
    bare = (
        "Column(" in written and "Mapped" not in written and "mapped_column(" not in written and "Field(" not in written
    )
    empty = "nullable=False" not in written if bare else "None" in written or "Optional" in written
    return f'sa.Column("{name}", sa.DateTime({zone}), nullable={empty}{default})'
