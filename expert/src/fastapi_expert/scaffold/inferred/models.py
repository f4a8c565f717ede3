"""The table and the schemas, as the project writes its own."""

import re

from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.inferred.document import Document, Drafts
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.outline import Outline
from fastapi_expert.scaffold.inferred.tables import AUDIT, audit_fields
from fastapi_expert.scaffold.inferred.writing import as_plain


def put_models(outline: Outline, drafts: Drafts) -> None:
    """Write the table, the schemas and the enums of both."""
    if outline.shared:
        _put_models_of_one_file(outline, drafts)
    else:
        _put_table(outline, drafts)
        _put_schemas(outline, drafts)


def _put_table(outline: Outline, drafts: Drafts) -> None:
    document = drafts.document(
        outline.places.table, outline.table.path, f"{outline.names.nouns.capitalize()} in the database."
    )
    text = _table_text(outline, document, outline.fields)
    document.put(text, after=outline.end(outline.table.path, [outline.table]))


def _table_text(outline: Outline, document: Document, fields: tuple[Field, ...], *, bases: str = "") -> str:
    columns = [outline.rows.column(field) for field in fields]
    document.need(*(need for line in columns for need in line.needs))
    copied = ""
    if outline.key.field is not None:
        copied = outline.sources.statement_text(outline.table.path, outline.key.field.line).strip()
        document.need(*outline.lender.for_text(_value(copied), outline.table.path))
    audit = [
        outline.sources.statement_text(outline.table.path, field.line).strip()
        for field in audit_fields(outline.codebase, outline.table)
    ]
    document.need(*(need for line in audit for need in outline.lender.for_text(_value(line), outline.table.path)))
    if any(field.choices for field in outline.fields):
        document.need(Import("enum"))
    if not bases:
        facts = outline.codebase.class_(outline.table.id)
        bases = ", ".join([*(facts.bases if facts else ()), *(["table=True"] if outline.style == "sqlmodel" else [])])
        document.need(*outline.lender.for_text(bases, outline.table.path))
    return outline.render(
        "table",
        bases=outline.renamed_key(bases),
        table_name=outline.table_name() if outline.names_its_table() else "",
        copied_key=outline.renamed_key(copied),
        columns=[line.text for line in columns],
        audit=audit,
        enums=[field for field in outline.fields if field.choices],
    )


def _put_schemas(outline: Outline, drafts: Drafts) -> None:
    schema = next(iter(outline.sibling.schemas.values()), outline.table)
    document = drafts.document(outline.places.schemas, schema.path, f"{outline.names.nouns.capitalize()} on the wire.")
    text = f"{_schemas_text(outline, document)}\n\n\n{_read_text(outline, document)}"
    document.need(*(outline.of_table(outline.rows.enum_name(field)) for field in outline.given if field.choices))
    document.put(text, after=outline.end(schema.path, list(outline.sibling.schemas.values())))


def _put_models_of_one_file(outline: Outline, drafts: Drafts) -> None:
    """SQLModel's way: the fields once, and the table one of the classes that inherit them."""
    document = drafts.document(outline.places.table, outline.table.path, f"{outline.names.nouns.capitalize()}.")
    own = (outline.owner,) if outline.owner else ()
    schemas = _schemas_text(outline, document, in_table=True)
    table = _table_text(outline, document, own, bases=f"{outline.schema['base']}, table=True")
    enums, _, rest = table.rpartition(f"class {outline.names.pascal}(")
    parts = [enums.strip("\n"), schemas, f"class {outline.names.pascal}({rest}", _read_text(outline, document)]
    text = "\n\n\n".join(part.strip("\n") for part in parts if part.strip())
    document.put(text, after=outline.end(outline.table.path, [outline.table, *outline.sibling.schemas.values()]))


def _schemas_text(outline: Outline, document: Document, *, in_table: bool = False) -> str:
    base = [outline.wire.model_field(f if in_table else as_plain(f), in_table=in_table) for f in outline.given]
    update = [outline.wire.model_field(as_plain(field), partial=True) for field in outline.given]
    document.need(*outline.root_imports, *(need for line in (*base, *update) for need in line.needs))
    lines = {"base_lines": [line.text for line in base], "update_lines": [line.text for line in update]}
    return outline.render("schemas", root=outline.root, create_lines=[], **lines)


def _read_text(outline: Outline, document: Document) -> str:
    lines = [f"{outline.key_name}: {outline.key.type.text}"]
    document.need(*([outline.key.type.needs] if outline.key.type.needs else []))
    if outline.owner:
        kind = outline.rows.type(outline.owner)
        lines.append(f"{outline.owner.column_name}: {kind.text}")
        document.need(*([kind.needs] if kind.needs else []))
    read = outline.sibling.schemas.get("read")
    facts = outline.codebase.class_(read.id) if read else None
    for field in facts.fields if read and facts else ():
        if field.name in AUDIT and field.annotation:
            lines.append(f"{field.name}: {field.annotation}" + (f" = {field.default}" if field.default else ""))
            document.need(*outline.lender.for_text(f"{field.annotation} {field.default}", read.path if read else ""))
    config = not outline.shared and not _roots_read_attributes(outline)
    document.need(*([Import("pydantic", "ConfigDict")] if config else []))
    return outline.render("read", read_lines=lines, config=config)


def _roots_read_attributes(outline: Outline) -> bool:
    read = outline.sibling.schemas.get("read")
    ancestors = outline.codebase.names.ancestors(read.path, read.qualname) if read else ()
    for symbol in ancestors:
        facts = outline.codebase.names.class_(symbol.path, symbol.name) if symbol.kind == "class" else None
        if facts and not outline.renaming.names(symbol.name):
            text = outline.sources.lines(symbol.path, facts.start_line, facts.end_line)
            if "from_attributes" in text:
                return True
    return False


def _value(statement: str) -> str:
    """A field's statement without the name it binds."""
    return re.sub(r"^\w+\s*(?=[:=])", "", statement)
