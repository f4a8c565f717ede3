"""The schemas, tables and data classes that the text of one file says, read without its neighbours."""

from collections.abc import Iterator, Mapping

from fastapi_expert.codebase.link.classes import field_of
from fastapi_expert.codebase.model import Field
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts
from fastapi_expert.duplicates.records.extract import data_class_kind
from fastapi_expert.duplicates.records.model import ModelRecord

_NO_MODELS = {"Enum", "StrEnum", "IntEnum", "Flag", "Protocol", "Exception"}
_COLUMNS = ("Column(", "mapped_column(", "relationship(", "sa.Column(", "db.Column(")
Fields = dict[str, tuple[str, str, bool]]


def drafted_models(draft: FileFacts, known: Mapping[str, ModelRecord]) -> Iterator[ModelRecord]:
    """Classes with fields; the fields of bases (in the draft, or ``known`` by name) come first."""
    local = {one.name: one for one in draft.classes}
    for one in draft.classes:
        bases = _bases(one)
        own = _fields(one)
        if _NO_MODELS & set(bases) or one.parent or not own:
            continue
        inherited: Fields = {}
        for base in bases:
            inherited |= _inherited(base, local, known)
        kind = data_class_kind(one) or ("table" if _is_table(one) else "schema")
        yield ModelRecord(
            f"{kind if kind in ('table', 'schema') else 'class'}:{draft.path}::{one.qualname}",
            kind,
            draft.path,
            one.line,
            one.end_line,
            one.name,
            tuple((inherited | own).values()),
            tuple(own),
            (*bases, *[above for base in bases if base in known for above in known[base].ancestors]),
            next((field.default.strip("\"'") for field in one.fields if field.name == "__tablename__"), ""),
            silent=False,
        )


def _bases(facts: ClassFacts) -> list[str]:
    return [base.partition("[")[0].rpartition(".")[2] for base in facts.bases]


def _is_table(facts: ClassFacts) -> bool:
    return any(name == "table" for name, _ in facts.keywords) or any(
        field.name == "__tablename__" or field.default.startswith(_COLUMNS) for field in facts.fields
    )


def _fields(facts: ClassFacts) -> Fields:
    found = [field for one in facts.fields if (field := field_of(one)) is not None]
    return {field.name: _row(field) for field in found}


def _row(field: Field) -> tuple[str, str, bool]:
    return field.name, field.type, field.required


def _inherited(base: str, local: Mapping[str, ClassFacts], known: Mapping[str, ModelRecord], depth: int = 0) -> Fields:
    if base not in local:
        return {field[0]: field for field in known[base].fields} if base in known else {}
    fields: Fields = {}
    if depth < 10:
        for above in _bases(local[base]):
            fields |= _inherited(above, local, known, depth + 1)
    return fields | _fields(local[base])
