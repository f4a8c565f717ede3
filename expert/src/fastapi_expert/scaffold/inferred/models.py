"""The table and the schemas, as the project writes its own."""

import re

from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.inferred.document import Document, Drafts
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.learned.tables import AUDIT, audit_fields
from fastapi_expert.scaffold.inferred.words import Resource
from fastapi_expert.scaffold.inferred.writing import as_plain


def put_models(resource: Resource, drafts: Drafts) -> None:
    """Write the table, the schemas and the enums of both."""
    if resource.shared:
        _put_models_of_one_file(resource, drafts)
    else:
        _put_table(resource, drafts)
        _put_schemas(resource, drafts)


def _put_table(resource: Resource, drafts: Drafts) -> None:
    document = drafts.document(
        resource.places.table, resource.table.path, f"{resource.names.nouns.capitalize()} in the database."
    )
    text = _table_text(resource, document, resource.fields)
    document.put(text, after=resource.end(resource.table.path, [resource.table]))


def _table_text(resource: Resource, document: Document, fields: tuple[Field, ...], *, bases: str = "") -> str:
    columns = [resource.rows.column(field) for field in fields]
    document.need(*(need for line in columns for need in line.needs))
    copied = ""
    if resource.key.field is not None:
        copied = resource.sources.statement_text(resource.table.path, resource.key.field.line).strip()
        document.need(*resource.resolver.for_text(_value(copied), resource.table.path))
        if resource.key.given:
            copied = _with_default(copied, resource.key.type.text)
            document.need(Import("uuid", "uuid4"))
    audit = [
        resource.sources.statement_text(resource.table.path, field.line).strip()
        for field in audit_fields(resource.codebase, resource.table)
    ]
    document.need(*(need for line in audit for need in resource.resolver.for_text(_value(line), resource.table.path)))
    if any(field.choices for field in resource.fields):
        document.need(Import("enum"))
    if not bases:
        facts = resource.codebase.class_(resource.table.id)
        bases = ", ".join(
            [*resource.bases(facts.bases if facts else ()), *(["table=True"] if resource.style == "sqlmodel" else [])]
        )
        document.need(*resource.resolver.for_text(bases, resource.table.path))
    return resource.render(
        "table",
        bases=resource.renamed_key(bases),
        table_name=resource.table_name() if resource.names_its_table() else "",
        copied_key=resource.renamed_key(copied),
        columns=[line.text for line in columns],
        audit=audit,
        enums=[field for field in resource.fields if field.choices],
    )


def _with_default(statement: str, kind: str) -> str:
    """The key's statement with what makes a key: those of the neighbour are given where its rows are made."""
    length = re.search(r"String\(\s*(?:length\s*=\s*)?(\d+)|max_length\s*=\s*(\d+)", statement)
    most = int(length[1] or length[2]) if length else 32
    made = f"default=lambda: uuid4().hex{f'[:{most}]' if most < 32 else ''}" if kind == "str" else "default=uuid4"
    made = made.replace("default", "default_factory") if re.search(r"=\s*Field\(", statement) else made
    head, bracket, tail = statement.rpartition(")")
    return (
        f"{head.rstrip().removesuffix(',')}, {made}{bracket}{tail}"
        if bracket
        else f"{statement} = mapped_column({made})"
    )


def _put_schemas(resource: Resource, drafts: Drafts) -> None:
    schema = next(iter(resource.sibling.schemas.values()), resource.table)
    document = drafts.document(resource.places.schemas, schema.path, f"{resource.names.nouns.capitalize()}.")
    text = f"{_schemas_text(resource, document)}\n\n\n{_read_text(resource, document)}"
    document.need(*(resource.of_table(resource.rows.enum_name(field)) for field in resource.given if field.choices))
    document.put(text, after=resource.end(schema.path, resource.shown()))


def _put_models_of_one_file(resource: Resource, drafts: Drafts) -> None:
    """SQLModel's way: the fields once, and the table one of the classes that inherit them."""
    document = drafts.document(resource.places.table, resource.table.path, f"{resource.names.nouns.capitalize()}.")
    own = (resource.owner,) if resource.owner else ()
    schemas = _schemas_text(resource, document, in_table=True)
    table = _table_text(resource, document, own, bases=f"{resource.schema['base']}, table=True")
    enums, _, rest = table.rpartition(f"class {resource.names.pascal}(")
    parts = [enums.strip("\n"), schemas, f"class {resource.names.pascal}({rest}", _read_text(resource, document)]
    text = "\n\n\n".join(part.strip("\n") for part in parts if part.strip())
    document.put(text, after=resource.end(resource.table.path, [resource.table, *resource.shown()]))


def _schemas_text(resource: Resource, document: Document, *, in_table: bool = False) -> str:
    base = [
        resource.schema_types.model_field(f if in_table else as_plain(f), in_table=in_table) for f in resource.given
    ]
    update = [resource.schema_types.model_field(as_plain(field), partial=True) for field in resource.given]
    document.need(*resource.root_imports, *(need for line in (*base, *update) for need in line.needs))
    lines = {"base_lines": [line.text for line in base], "update_lines": [line.text for line in update]}
    return resource.render("schemas", root=resource.root, create_lines=[], **lines)


def _read_text(resource: Resource, document: Document) -> str:
    lines = [f"{resource.key_name}: {resource.key.type.text}"]
    document.need(*([resource.key.type.needs] if resource.key.type.needs else []))
    if resource.owner:
        kind = resource.rows.type(resource.owner)
        lines.append(f"{resource.owner.column_name}: {kind.text}")
        document.need(*([kind.needs] if kind.needs else []))
    read = resource.sibling.schemas.get("read")
    facts = resource.codebase.class_(read.id) if read else None
    for field in facts.fields if read and facts else ():
        if field.name in AUDIT and field.annotation:
            lines.append(f"{field.name}: {field.annotation}" + (f" = {field.default}" if field.default else ""))
            document.need(*resource.resolver.for_text(f"{field.annotation} {field.default}", read.path if read else ""))
    config = not resource.shared and not _roots_read_attributes(resource)
    document.need(*([Import("pydantic", "ConfigDict")] if config else []))
    envelope = resource.ways.envelope
    answered = ""
    if envelope is not None:
        bases = ", ".join(envelope.schema.bases or ())
        document.need(*resource.resolver.for_text(bases, envelope.schema.path))
        counted = f"\n    {envelope.count}: int" if envelope.count else ""
        head = f"class {resource.envelope_name}({bases}):" if bases else f"class {resource.envelope_name}:"
        text = f'"""{resource.names.nouns.capitalize()}, and how many there are."""'
        answered = f"{head}\n    {text}\n\n    {envelope.items}: list[{resource.schema['read']}]{counted}"
    return "\n\n\n".join(filter(None, [resource.render("read", read_lines=lines, config=config), answered]))


def _roots_read_attributes(resource: Resource) -> bool:
    read = resource.sibling.schemas.get("read")
    ancestors = resource.codebase.names.ancestors(read.path, read.qualname) if read else ()
    for symbol in ancestors:
        facts = resource.codebase.names.class_(symbol.path, symbol.name) if symbol.kind == "class" else None
        if facts and not resource.renaming.names(symbol.name):
            text = resource.sources.lines(symbol.path, facts.start_line, facts.end_line)
            if "from_attributes" in text:
                return True
    return False


def _value(statement: str) -> str:
    """A field's statement without the name it binds."""
    return re.sub(r"^\w+\s*(?=[:=])", "", statement)
