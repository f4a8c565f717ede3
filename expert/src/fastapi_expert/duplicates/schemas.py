"""FX201, FX202 and FX204: schemas and tables that hold the same, and names that are taken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fastapi_expert.codebase.model import Field
from fastapi_expert.config import Config
from fastapi_expert.duplicates.fields import FieldWeights, Overlap, count_fields, field_key, overlap, plain_type
from fastapi_expert.duplicates.model import Action, Finding, Place
from fastapi_expert.duplicates.records import ModelRecord, Records
from fastapi_expert.duplicates.rules import RULES
from fastapi_expert.duplicates.wording import import_line, listed, many, place

COMPARED = ("schema", "table")
SMALLEST = 3
"""Fields that two models must share to be alike; two are enough when they are the same and rare."""
LEAST_EVIDENCE = 1.2
"""What nearly equal models share weighs at least this much: a rare field or two."""
FAMILY_REPEATS = 6
"""Fields that `Create`, `Update` and `Read` of one thing may repeat before a base class pays."""
COMMON = 60
"""A field that more models than this have finds no candidates."""
# fmt: off
_ROLES = (
    "create", "created", "update", "updated", "read", "in", "out", "input", "output", "base", "response", "request",
    "public", "private", "patch", "list", "detail", "details", "db", "indb", "schema", "model", "data", "payload",
    "body", "dto", "info", "item", "summary", "simple", "full", "minimal", "internal", "admin", "filter", "partial",
    "put", "post", "get", "query", "params", "form", "pagination", "result", "results", "bulk", "extended",
    "compact",
)
# fmt: on


@dataclass(frozen=True)
class Model:
    """A model with its fields by key, ready for comparing."""

    record: ModelRecord
    fields: Mapping[str, Field]

    @cached_property
    def stem(self) -> str:
        """The name without the role it plays: `UserCreate`, `UserOut` and `UserInDB` are `user`."""
        name = self.record.name.lower().replace("_", "")
        while (shorter := _without_role(name)) != name:
            name = shorter
        return name.removesuffix("s")


def _without_role(name: str) -> str:
    for role in _ROLES:
        for shorter in (name.removesuffix(role), name.removeprefix(role)):
            if shorter != name and len(shorter) > 2:
                return shorter
    return name


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a codebase."""

    models: Sequence[Model]
    weights: FieldWeights
    having: Mapping[str, Sequence[int]]
    modules: Mapping[str, str]

    def candidates(self, model: Model) -> list[int]:
        """Models that share a field with ``model``, most shared weight first."""
        shared: dict[int, float] = {}
        for key in model.fields:
            having = self.having.get(key, ())
            if len(having) <= COMMON or len(model.fields) <= 4:
                weight = self.weights.rarity(key)
                for position in having:
                    shared[position] = shared.get(position, 0.0) + weight
        return sorted(shared, key=lambda position: (-shared[position], position))[:48]


def model_of(record: ModelRecord) -> Model:
    """Unpack a record."""
    return Model(record, {field_key(name): Field(name, kind, required) for name, kind, required in record.fields})


def models_of(records: Records) -> Models:
    """Index every schema and table."""
    models = [model_of(record) for record in records.models if record.kind in COMPARED and not record.silent]
    having: dict[str, list[int]] = {}
    for position, model in enumerate(models):
        for key in model.fields:
            having.setdefault(key, []).append(position)
    known = count_fields(model.fields for model in models)
    weights = FieldWeights(lambda key: known.get(key, 0), len(models))
    return Models(models, weights, having, dict(records.modules))


def schema_findings(models: Models, settings: Config) -> list[Finding]:
    """Equal models as groups, nearly equal ones as pairs; unordered."""
    return [*_equal(models), *_alike(models, settings), *_names_taken(models)]


def _signature(model: Model) -> tuple[object, ...]:
    return (model.record.kind, tuple(sorted((key, plain_type(field.type)) for key, field in model.fields.items())))


def _equal(models: Models) -> Iterator[Finding]:
    groups: dict[tuple[object, ...], list[Model]] = {}
    for model in models.models:
        groups.setdefault(_signature(model), []).append(model)
    for group in groups.values():
        apart = _unrelated(group)
        if len(apart) > 1 and is_telling(apart[0], models.weights):
            yield _same(apart, models)


def is_telling(model: Model, weights: FieldWeights) -> bool:
    """Enough fields, or rare enough ones, that two models do not have them by chance."""
    count = len(model.fields)
    mass = sum(map(weights.rarity, model.fields))
    return count >= SMALLEST or (count == SMALLEST - 1 and mass >= LEAST_EVIDENCE)


def _unrelated(group: Sequence[Model]) -> list[Model]:
    """The group without models that inherit their fields from one before them or share a base that has them all."""
    kept: list[Model] = []
    for model in group:
        if not any(are_related(model.record, other.record) for other in kept):
            kept.append(model)
    return kept


def are_related(left: ModelRecord, right: ModelRecord) -> bool:
    """One inherits from the other, or both get every field they share from what they inherit."""
    first, second = f"{left.path}::{_qualname(left)}", f"{right.path}::{_qualname(right)}"
    if first in right.ancestors or second in left.ancestors:
        return True
    if not set(left.ancestors) & set(right.ancestors) or not any("::" in one[1:] for one in left.ancestors):
        return False
    shared = {name for name, _, _ in left.fields} & {name for name, _, _ in right.fields}
    return not shared & set(left.own) & set(right.own)


def _qualname(record: ModelRecord) -> str:
    return record.id.partition("::")[2].partition("@")[0]


def _alike(models: Models, settings: Config) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    family_done: set[tuple[str, str]] = set()
    found: list[tuple[float, Model, Model, Overlap]] = []
    for position, model in enumerate(models.models):
        for other_position in models.candidates(model):
            pair = (min(position, other_position), max(position, other_position))
            if position == other_position or pair in seen:
                continue
            seen.add(pair)
            left, right = models.models[pair[0]], models.models[pair[1]]
            common = near(left, right, models.weights, least=settings.schema_similarity)
            if common is not None:
                found.append((common.mass * common.score, left, right, common))
    for _, left, right, common in sorted(found, key=lambda one: (-one[0], one[1].record.id, one[2].record.id)):
        if are_roles(left, right):
            family = (left.record.path, left.stem)
            if family in family_done or not _base_would_pay(left, right, common):
                continue
            family_done.add(family)
        yield _near(left, right, common, models.modules)


def near(left: Model, right: Model, weights: FieldWeights, *, least: float) -> Overlap | None:
    """What two models share when it is nearly everything, and not the same."""
    if left.record.kind != right.record.kind or are_related(left.record, right.record):
        return None
    inherited = _inherited_by_both(left.record, right.record)
    first = {key: field for key, field in left.fields.items() if key not in inherited}
    second = {key: field for key, field in right.fields.items() if key not in inherited}
    if min(len(first), len(second)) < SMALLEST:
        return None
    common = overlap(first, second, weights)
    if (common.same and not inherited) or common.score < least or len(common.shared) < SMALLEST - 1:
        return None
    return common if common.mass >= LEAST_EVIDENCE else None


def _inherited_by_both(left: ModelRecord, right: ModelRecord) -> set[str]:
    if not set(left.ancestors) & set(right.ancestors):
        return set()
    own = {*map(field_key, left.own), *map(field_key, right.own)}
    return {field_key(name) for name, _, _ in left.fields} - own


def are_roles(left: Model, right: Model) -> bool:
    """`UserCreate` beside `UserUpdate`: the ecosystem's convention of a schema a role."""
    return left.record.kind == "schema" and left.stem == right.stem and left.record.name != right.record.name


def _base_would_pay(left: Model, right: Model, common: Overlap) -> bool:
    repeated = [
        key
        for key, field in left.fields.items()
        if (other := right.fields.get(key)) is not None
        and (other.type, other.required) == (field.type, field.required)
        and field.name in left.record.own
        and other.name in right.record.own
    ]
    return len(repeated) >= FAMILY_REPEATS


def _same(group: Sequence[Model], models: Models) -> Finding:
    records = sorted((model.record for model in group), key=lambda one: (one.path.count("/"), one.path, one.line))
    keep, changed = records[0], records[-1]
    others = [f"`{one.name}` ({place(one)})" for one in records[:-1]]
    bring = import_line(models.modules, keep.path, _qualname(keep), for_path=changed.path)
    names = [field.name for field in group[0].fields.values()]
    holds = f"has the same {many(len(names), 'field')} as"
    kind = "table" if keep.kind == "table" else "schema"
    action: Action = "merge" if kind == "table" else "reuse"
    advice = (
        f"Use `{keep.name}` ({place(keep)}) instead{bring}, or inherit from it if `{changed.name}` must stay a name."
        if kind == "schema"
        else f"Keep one table, or take the columns into a mixin beside `{keep.name}` ({place(keep)})."
    )
    return Finding(
        rule="FX201",
        title=RULES["FX201"].title,
        similarity=1.0,
        message=f"`{changed.name}` {holds} {listed(others)}: {listed(names, limit=5)}",
        advice=advice,
        action=action,
        components=tuple(map(as_place, (changed, *records[:-1]))),
        saves=sum(sorted(one.lines for one in records)[:-1]),
    )


def _near(left: Model, right: Model, common: Overlap, modules: Mapping[str, str]) -> Finding:
    keep, changed = left.record, right.record
    only_keep, only_changed = common.only_left, common.only_right
    if not only_changed and only_keep:  # the larger one can inherit from the smaller one
        keep, changed, only_keep, only_changed = changed, keep, only_changed, only_keep
    advice, action = extend_advice(keep, changed, only_keep, only_changed, modules, family=left.stem == right.stem)
    difference = [f"`{name}` only here" for name in only_changed] + [f"`{name}` only there" for name in only_keep]
    return Finding(
        rule="FX202",
        title=RULES["FX202"].title,
        similarity=min(common.score, 0.99),
        message=(
            f"`{changed.name}` shares {many(len(common.shared), 'field')} with `{keep.name}` ({place(keep)})"
            + (f": {listed(difference, limit=4)}" if difference else ", some with another type")
        ),
        advice=advice,
        action=action,
        components=(as_place(changed), as_place(keep)),
        saves=len(common.shared),
    )


def extend_advice(
    keep: ModelRecord,
    changed: ModelRecord,
    only_keep: Sequence[str],
    only_changed: Sequence[str],
    modules: Mapping[str, str],
    *,
    family: bool,
) -> tuple[str, Action]:
    """Inherit when one holds the other, else a base class of what they share."""
    bring = import_line(modules, keep.path, _qualname(keep), for_path=changed.path)
    there = f"`{keep.name}` ({place(keep)})"
    if not only_keep and only_changed:
        return (
            f"Inherit from {there}{bring} and declare only {listed([f'`{n}`' for n in only_changed], limit=5)}.",
            "extend",
        )
    if not only_changed and only_keep:
        return f"Use {there} as it is{bring}, or let it inherit from `{changed.name}`.", "extend"
    if keep.kind == "table":
        return f"Take the shared columns into a mixin that both inherit, beside {there}.", "extend"
    base = f"`{keep.name}Base`" if not family else "a base class"
    return f"Take the shared fields into {base} beside {there} and inherit it in both{bring}.", "extend"


def as_place(record: ModelRecord) -> Place:
    """One side of a finding."""
    return Place(record.id, record.kind, record.path, record.line, record.end_line)


def _names_taken(models: Models) -> Iterable[Finding]:
    by_table: dict[str, list[ModelRecord]] = {}
    by_name: dict[tuple[str, str], list[ModelRecord]] = {}
    for model in models.models:
        record = model.record
        if record.kind == "table" and record.table:
            by_table.setdefault(record.table, []).append(record)
        by_name.setdefault((record.path, _qualname(record)), []).append(record)
    for table, records in by_table.items():
        if len(records) > 1 and not any(are_related(records[0], other) for other in records[1:]):
            yield _taken(records, f"the table `{table}`", f"Rename the table of one, or keep one class for `{table}`.")
    for (path, name), records in by_name.items():
        if len(records) > 1:
            yield _taken(
                records, f"the name `{name}` in {path}", "Delete one, or rename the one that means something else."
            )


def _taken(records: Sequence[ModelRecord], what: str, advice: str) -> Finding:
    first, last = records[0], records[-1]
    return Finding(
        rule="FX204",
        title=RULES["FX204"].title,
        similarity=1.0,
        message=f"`{last.name}` takes {what}, which `{first.name}` ({place(first)}) already has",
        advice=advice,
        action="merge",
        components=tuple(map(as_place, (last, *records[:-1]))),
        saves=last.lines,
    )
