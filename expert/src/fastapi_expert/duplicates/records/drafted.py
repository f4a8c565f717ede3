"""The schemas and tables that the text of one file says, read without its neighbours."""

from collections.abc import Iterator, Mapping

from fastapi_expert.codebase.syntax.facts import ClassFacts, FieldFacts, FileFacts
from fastapi_expert.duplicates.records.model import ModelRecord

_NO_MODELS = {"Enum", "StrEnum", "IntEnum", "Flag", "Protocol", "NamedTuple", "Exception"}
_COLUMNS = ("Column(", "mapped_column(", "relationship(", "sa.Column(", "db.Column(")


def drafted_models(draft: FileFacts, known: Mapping[str, ModelRecord]) -> Iterator[ModelRecord]:
    """Classes with fields; the fields of bases (in the draft, or ``known`` by name) come first."""
    local = {one.name: one for one in draft.classes}
    for one in draft.classes:
        bases = [base.partition("[")[0].rpartition(".")[2] for base in one.bases]
        if _NO_MODELS & set(bases) or one.parent:
            continue
        own = [field for field in one.fields if _is_field(field)]
        if not own:
            continue
        fields: dict[str, tuple[str, str, bool]] = {}
        for base in bases:
            fields |= _inherited(base, local, known)
        fields |= {field.name: (field.name, field.annotation, not field.default) for field in own}
        is_table = any(name == "table" for name, _ in one.keywords) or any(
            field.name == "__tablename__" or field.default.startswith(_COLUMNS) for field in one.fields
        )
        table = next((field.default.strip("\"'") for field in one.fields if field.name == "__tablename__"), "")
        yield ModelRecord(
            f"{'table' if is_table else 'schema'}:{draft.path}::{one.qualname}",
            "table" if is_table else "schema",
            draft.path,
            one.line,
            one.end_line,
            one.name,
            tuple(fields.values()),
            tuple([field.name for field in own]),
            (*bases, *[above for base in bases if base in known for above in known[base].ancestors]),
            table,
            silent=False,
        )


def _inherited(
    base: str, local: Mapping[str, ClassFacts], known: Mapping[str, ModelRecord], depth: int = 0
) -> dict[str, tuple[str, str, bool]]:
    if base not in local:
        return {field[0]: field for field in known[base].fields} if base in known else {}
    fields: dict[str, tuple[str, str, bool]] = {}
    if depth < 10:
        for above in local[base].bases:
            fields |= _inherited(above.partition("[")[0].rpartition(".")[2], local, known, depth + 1)
    return fields | {
        one.name: (one.name, one.annotation, not one.default) for one in local[base].fields if _is_field(one)
    }


def _is_field(field: FieldFacts) -> bool:
    if field.name.startswith("_") or field.name == "model_config" or field.annotation.startswith("ClassVar"):
        return False
    return bool(field.annotation) or field.default.startswith(_COLUMNS)
