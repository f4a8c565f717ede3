"""The schemas and tables of a draft, beside those of the codebase."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fastapi_expert.codebase.syntax.facts import ClassFacts, FieldFacts, FileFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding, Similar
from fastapi_expert.duplicates.records.extract import is_foreign
from fastapi_expert.duplicates.records.model import ModelRecord
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.duplicates.rules.schemas import as_place, extend_advice
from fastapi_expert.duplicates.rules.wording import (
    import_line,
    listed,
    many,
    place,
)
from fastapi_expert.duplicates.similarity.fields import overlap
from fastapi_expert.duplicates.similarity.schemas import (
    Model,
    Models,
    are_related,
    are_roles,
    is_telling,
    model_of,
    near,
    qualname_of,
)

if TYPE_CHECKING:
    from fastapi_expert.duplicates.proposing import Shelf

NEAR_ENOUGH = 0.35
_NO_MODELS = {"Enum", "StrEnum", "IntEnum", "Flag", "Protocol", "NamedTuple", "Exception"}
_COLUMNS = ("Column(", "mapped_column(", "relationship(", "sa.Column(", "db.Column(")


def judge_models(
    draft: FileFacts, shelf: "Shelf", *, before: FileFacts | None, settings: Config
) -> Iterator[tuple[Finding | None, list[tuple[float, Similar]]]]:
    """For every model of the draft: the finding against its closest relative, and the neighbours."""
    if not draft.classes or is_test_path(draft.path) or is_foreign(draft):
        return
    models = shelf.library.models
    by_name = {model.record.name: model.record for model in models.models}
    changed = [model_of(record) for facts in shelf.fresh for record in _fresh_models(facts, by_name)]
    by_name |= {model.record.name: model.record for model in changed}
    old = {record.name: record.fields for record in draft_models(before, by_name)} if before else {}
    mine = [model_of(record) for record in draft_models(draft, by_name)]
    standing = [model for model in mine if old.get(model.record.name) == model.record.fields]
    for model in mine:
        if model.fields:
            beside = [*_stored(model, models, shelf.gone), *changed, *[one for one in standing if one is not model]]
            finding, similar = _judge(model, beside, models, settings, silent=model in standing)
            if finding is None and model not in standing:
                finding = _table_taken(model.record, [*models.models, *changed], shelf.gone)
            yield finding, similar


def _fresh_models(facts: FileFacts, known: Mapping[str, ModelRecord]) -> Iterator[ModelRecord]:
    """The models of a file that changed since the library was made."""
    if not is_test_path(facts.path) and not is_foreign(facts):
        yield from draft_models(facts, known)


def _stored(model: Model, models: Models, gone: Collection[str]) -> Iterator[Model]:
    """The codebase's models most likely to be like ``model``."""
    for position in models.candidates(model):
        if models.models[position].record.path not in gone:
            yield models.models[position]


def _judge(
    model: Model, beside: Sequence[Model], models: Models, settings: Config, *, silent: bool
) -> tuple[Finding | None, list[tuple[float, Similar]]]:
    finding: Finding | None = None
    neighbours: list[tuple[float, bool, Model]] = []
    for other in beside:
        if other.record.kind != model.record.kind:
            continue
        common = overlap(model.fields, other.fields, models.weights)
        neighbours.append(
            (1.0 if common.same else min(common.score, 0.99), model.record.name == other.record.name, other)
        )
    neighbours.sort(key=lambda one: (-one[0], not one[1], one[2].record.path, one[2].record.line))
    for score, _, other in neighbours:
        mine = Model(_beside(model.record, other.record), model.fields)
        if silent or are_related(mine.record, other.record):
            continue
        if score == 1.0 and is_telling(mine, models.weights):
            finding = _same(mine, other, models.modules)
        elif not are_roles(mine, other):
            finding = _near(mine, other, models, least=settings.schema_similarity)
        if finding is not None:
            break
    similar = [
        (score, Similar(other.record.id, other.record.path, other.record.line, score))
        for score, _, other in neighbours[:5]
        if score >= NEAR_ENOUGH
    ]
    return finding, similar


def _beside(draft: ModelRecord, other: ModelRecord) -> ModelRecord:
    """``draft`` with those of its bases that are ``other`` or above it: a draft's imports are not followed."""
    above = (f"{other.path}::{qualname_of(other)}", *other.ancestors)
    named = [one for one in above if one.rpartition("::")[2].rpartition(".")[2] in draft.ancestors]
    return draft._replace(ancestors=(*draft.ancestors, *named))


def draft_models(draft: FileFacts, known: Mapping[str, ModelRecord]) -> Iterator[ModelRecord]:
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
        fields |= {field.name: (field.name, _type(field), not field.default) for field in own}
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
    return fields | {one.name: (one.name, _type(one), not one.default) for one in local[base].fields if _is_field(one)}


def _is_field(field: FieldFacts) -> bool:
    if field.name.startswith("_") or field.name == "model_config" or field.annotation.startswith("ClassVar"):
        return False
    return bool(field.annotation) or field.default.startswith(_COLUMNS)


def _type(field: FieldFacts) -> str:
    return field.annotation


def _same(model: Model, other: Model, modules: Mapping[str, str]) -> Finding:
    record, keep = model.record, other.record
    bring = import_line(modules, keep.path, keep.name, for_path=record.path)
    names = [field.name for field in model.fields.values()]
    return Finding(
        rule="FX201",
        title=RULES["FX201"].title,
        similarity=1.0,
        message=f"`{record.name}` has the same {many(len(names), 'field')} as `{keep.name}` ({place(keep)}): "
        f"{listed(names, limit=5)}",
        advice=f"Use `{keep.name}` ({place(keep)}) instead{bring}.",
        action="reuse",
        components=(as_place(record), as_place(keep)),
        saves=record.lines,
    )


def _near(model: Model, other: Model, models: Models, *, least: float) -> Finding | None:
    common = near(model, other, models.weights, least=least)
    if common is None:
        return None
    record, keep = model.record, other.record
    advice, action = extend_advice(
        keep, record, common.only_right, common.only_left, models.modules, family=model.stem == other.stem
    )
    return Finding(
        rule="FX202",
        title=RULES["FX202"].title,
        similarity=min(common.score, 0.99),
        message=f"`{record.name}` shares {many(len(common.shared), 'field')} with `{keep.name}` ({place(keep)})",
        advice=advice,
        action="extend" if action == "reuse" else action,
        components=(as_place(record), as_place(keep)),
        saves=len(common.shared),
    )


def _one_base(draft: ModelRecord, other: ModelRecord) -> bool:
    return bool({one.rpartition("::")[2].rpartition(".")[2] for one in other.ancestors} & set(draft.ancestors))


def _table_taken(record: ModelRecord, models: Sequence[Model], gone: Collection[str]) -> Finding | None:
    for other in models if record.table else ():
        keep = other.record
        if keep.table == record.table and keep.path not in gone and _one_base(record, keep):
            return Finding(
                rule="FX204",
                title=RULES["FX204"].title,
                similarity=1.0,
                message=f"`{record.name}` takes the table `{record.table}` of `{keep.name}` ({place(keep)})",
                advice=f"Extend `{keep.name}` ({place(keep)}), or name the new table otherwise.",
                action="extend",
                components=(as_place(record), as_place(keep)),
                saves=record.lines,
            )
    return None
