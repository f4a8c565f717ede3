"""What stands around a resource: where models are listed, the migration, the tests, the packages."""

import re
from pathlib import PurePosixPath

from fastapi_expert.scaffold.inferred import wiring
from fastapi_expert.scaffold.inferred.document import Drafts
from fastapi_expert.scaffold.inferred.outline import Outline
from fastapi_expert.scaffold.inferred.tables import audit_fields, inherits_columns
from fastapi_expert.scaffold.inferred.writing import sql_key


def put_surroundings(outline: Outline, drafts: Drafts) -> None:
    """Write all of it; what cannot be written becomes a note."""
    _list_models(outline, drafts)
    _put_migration(outline, drafts)
    _put_tests(outline, drafts)
    _put_packages(outline, drafts)


def _list_models(outline: Outline, drafts: Drafts) -> None:
    if outline.places.table == outline.table.path:
        return
    own = {outline.table.path, outline.sibling.endpoint_file, *(s.path for s in outline.sibling.services)}
    own |= {schema.path for schema in outline.sibling.schemas.values()}
    for path, made in wiring.listings(outline.codebase, outline.sources, outline.table, own):
        document = drafts.document(path, path, "")
        statement = outline.sources.statement_text(path, made.line)
        comment = re.search(r"#\s*noqa.*$", statement, re.MULTILINE)
        wanted = wiring.renamed_import(made, outline.renaming)
        if wanted.name == "*" or comment:
            last = outline.sources.statement(path, made.line)[1]
            document.put_line(f"{wanted}{f'  {comment.group(0)}' if comment else ''}", after=last)
        else:
            document.need(wanted)
        document.also(made.alias or made.name, wanted.binds)


def _put_migration(outline: Outline, drafts: Drafts) -> None:
    folder = wiring.migrations(outline.codebase)
    table = outline.table_name()
    if not folder:
        if not any("create_all(" in outline.sources.text(path) for path in outline.codebase.files):
            drafts.notes.append("No migrations were found: make the table the way the others were made.")
        return
    if not table or (outline.key.field is None and inherits_columns(outline.codebase, outline.table)):
        drafts.notes.append(
            "Its columns come from base classes: `alembic revision --autogenerate` writes the migration."
        )
        return
    from fastapi_expert.scaffold.revisions import next_revision

    revision, down = next_revision(outline.codebase.root / folder, outline.names.plural)
    kind = sql_key(outline.key.type)
    columns = [f'sa.Column("{outline.key_name}", {kind}, nullable=False)']
    columns += [outline.rows.migration(field) for field in outline.fields]
    columns += [
        _audit_column(field.name, f"{field.annotation} {field.default}")
        for field in audit_fields(outline.codebase, outline.table)
    ]
    text = outline.render("migration", revision=revision, down_revision=down, columns=columns, table=table)
    path = f"{folder}/{revision}_{outline.names.plural}.py"
    drafts.write(path, text)


def _put_tests(outline: Outline, drafts: Drafts) -> None:
    from fastapi_expert.scaffold.inferred.tests import way_of

    way = way_of(outline.codebase, outline.sources, outline.sibling)
    required = [field for field in outline.given if field.ref and not field.optional]
    known = way is not None and (not outline.user or way.headers or re.search("auth|user|admin|logged", way.client))
    if way is None or required or not known:
        why = f"{required[0].name} needs a row to refer to" if required else "no test of its sibling shows how"
        why = why if way is None or known else "no test of its sibling shows how to sign in"
        drafts.notes.append(f"No test was written: {why}.")
        return
    path = outline.twin(way.path)
    path = path if path != way.path else str(PurePosixPath(path).with_name(f"test_{outline.names.plural}.py"))
    document = drafts.document(path, way.path, f"{outline.names.nouns.capitalize()}, as clients meet them.")
    document.need(*way.needs)
    fields = [field for field in outline.given if not field.ref]
    text = outline.render(
        "tests",
        decorators=way.decorators,
        parameters=way.parameters,
        client=way.client,
        headers=way.headers,
        awaits=way.is_async,
        W="await " if way.awaits else "",
        asked=_awaited if way.awaits else str,
        fields=fields,
        changed=next((field for field in fields if not field.unique), fields[0]),
        path=outline.renaming.text(outline.sibling.some_route.path),
    )
    document.put(f"{way.setup}\n\n\n{text}" if way.setup else text)


def _awaited(call: str) -> str:
    return f"(await {call})"


def _put_packages(outline: Outline, drafts: Drafts) -> None:
    """`__init__.py` for folders that are new, where the sibling's folder has one."""
    for path in list(drafts.documents):
        folder = str(PurePosixPath(path).parent)
        twins = [p for p in outline.codebase.files if p.endswith("__init__.py") and outline.twin(p) != p]
        for twin in twins:
            place = outline.twin(twin)
            if place == f"{folder}/__init__.py" and not (outline.codebase.root / place).exists():
                drafts.write(place, "")


def _audit_column(name: str, written: str) -> str:
    zone = "timezone=True" if "timezone=True" in written else ""
    default = ", server_default=sa.func.now()" if "server_default" in written else ""
    return f'sa.Column("{name}", sa.DateTime({zone}), nullable={"None" in written or "Optional" in written}{default})'
