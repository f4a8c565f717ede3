"""Schemas and tables beside each other: which are worth comparing, and what they have in common."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fastapi_expert.codebase.model import Field
from fastapi_expert.duplicates.records.model import ModelRecord, Records
from fastapi_expert.duplicates.similarity.fields import (
    BOOKKEEPING,
    ENVELOPE,
    NAMING,
    FieldWeights,
    Overlap,
    count_fields,
    field_key,
    is_reference,
    overlap,
    plain_type,
)
from fastapi_expert.find.words import stem, words

COMPARED = ("schema", "table", "data class", "named tuple", "typed dict")
SMALLEST = 3
"""Fields that two models must share to be alike; two are enough when they are the same and rare."""
LEAST_EVIDENCE = 0.8
"""What nearly equal models share weighs at least this much: a rare field or two."""
TABLE_EVIDENCE = 2.0
"""Tables are things of their own: they must share more than `name` and `slug`."""
DATA_FIELDS = 5
"""Fields that classes which only hold data must have in common, all of them, to be copies."""
TELLING = 2
"""Fields of one type that nearly equal models must share and that not every thing has."""
EDITED = 2
"""Fields of their own that the two sides of an edited copy may have together, however little else there is."""
PARALLEL = 4
"""Fields of one type that two must share which their author has parted: by a base, a tag or their names."""
ALIKE = 0.85
"""From which score a pair is told that has the same names throughout and other types."""
MUCH = 0.7
"""From which score a pair is told of which both sides have more of their own than an edit would leave."""
FAMILY_REPEATS = 6
"""Fields that `Create`, `Update` and `Read` of one thing may repeat before a base class pays."""
PROMISE = 0.3
"""A candidate shares at least this much of a model's weight."""
CANDIDATES = 32
"""How many of the most promising candidates are compared."""
COMMON = 60
"""A field that more models than this have finds no candidates."""
# fmt: off
_ROLES = (
    "create", "created", "update", "updated", "read", "in", "out", "input", "output", "base", "response", "request",
    "public", "private", "patch", "list", "detail", "details", "db", "indb", "schema", "model", "data", "payload",
    "body", "dto", "info", "item", "summary", "simple", "full", "minimal", "internal", "admin", "filter", "partial",
    "put", "post", "get", "query", "params", "form", "pagination", "result", "results", "bulk", "extended",
    "compact", "doc", "record", "entity", "row", "view", "vo",
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


@dataclass(frozen=True)
class Models:
    """The models of a codebase."""

    models: Sequence[Model]
    weights: FieldWeights
    having: Mapping[str, Sequence[int]]

    @cached_property
    def by_name(self) -> dict[str, ModelRecord]:
        """Each by the name of its class, the last of those that share one."""
        return {model.record.name: model.record for model in self.models}

    def without(self, gone: Collection[str]) -> "Models":
        """The same, but what files that are ``gone`` hold makes no field commoner."""
        lost = sum(model.record.path in gone for model in self.models) if gone else 0
        if not lost:
            return self

        def left(key: str) -> int:
            return sum(self.models[position].record.path not in gone for position in self.having.get(key, ()))

        return Models(self.models, FieldWeights(left, len(self.models) - lost), self.having)

    def candidates(self, model: Model) -> list[int]:
        """Models that share a field with ``model``, most shared weight first; of those, the ones of its own size."""
        shared: dict[int, float] = {}
        for key in model.fields:
            having = self.having.get(key, ())
            if len(having) <= COMMON or len(model.fields) <= 4:
                weight = self.weights.rarity(key)
                for position in having:
                    shared[position] = shared.get(position, 0.0) + weight
        least = PROMISE * sum(map(self.weights.rarity, model.fields))
        promising = [position for position, weight in shared.items() if weight >= least]

        def rank(position: int) -> tuple[float, int, int]:
            return -shared[position], abs(len(self.models[position].fields) - len(model.fields)), position

        return sorted(promising, key=rank)[:CANDIDATES]


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
    return Models(models, weights, having)


def is_telling(model: Model, weights: FieldWeights) -> bool:
    """Enough fields, or rare enough ones, that two models do not have them by chance."""
    count = len(model.fields)
    mass = sum(map(weights.rarity, model.fields))
    if model.record.kind not in ("schema", "table"):
        return count >= DATA_FIELDS and mass >= TABLE_EVIDENCE
    if model.record.kind == "table":
        own = set(map(field_key, model.record.own))
        return sum(weights.rarity(key) for key in model.fields if key in own) >= TABLE_EVIDENCE
    return count >= SMALLEST or (count == SMALLEST - 1 and mass >= LEAST_EVIDENCE)


def unrelated(positions: Sequence[int], models: Sequence[Model]) -> list[int]:
    """Without those that get their fields from where one before them gets them; nothing when all are but roles."""
    kept: list[int] = []
    for position in positions:
        if not any(are_related(models[position].record, models[other].record) for other in kept):
            kept.append(position)
    roles = all(differ_by_convention(models[kept[0]], models[other]) for other in kept[1:])
    return kept[:1] if roles else kept


def inherits(left: ModelRecord, right: ModelRecord) -> bool:
    """One of the two is a base of the other."""
    first, second = f"{left.path}::{qualname_of(left)}", f"{right.path}::{qualname_of(right)}"
    return first in right.ancestors or second in left.ancestors


def are_related(left: ModelRecord, right: ModelRecord) -> bool:
    """One inherits from the other, or both get (nearly) every field they share from a base of this codebase."""
    if inherits(left, right):
        return True
    shared = {name for name, _, _ in left.fields} & {name for name, _, _ in right.fields}
    declared = shared & set(left.own) & set(right.own)
    from_outside = all(one.startswith("::") for one in set(left.ancestors) & set(right.ancestors))
    if from_outside and declared == shared:
        return False
    return len(declared) < SMALLEST


def share_metadata(left: ModelRecord, right: ModelRecord) -> bool:
    """Tables of one declarative base: only those compete for a table's name."""
    return bool(set(left.ancestors) & set(right.ancestors))


def qualname_of(record: ModelRecord) -> str:
    """The qualified name within its file."""
    return record.id.partition("::")[2].partition("@")[0]


def near(left: Model, right: Model, weights: FieldWeights, *, least: float) -> Overlap | None:
    """What two models share when it is nearly everything, and not the same."""
    if left.record.kind != right.record.kind or are_related(left.record, right.record):
        return None
    if left.record.kind not in ("schema", "table"):
        return None  # inside a program many hold a path and a line; only the same fields say that one is a copy
    inherited = _inherited_by_both(left.record, right.record)
    first = {key: field for key, field in left.fields.items() if key not in inherited}
    second = {key: field for key, field in right.fields.items() if key not in inherited}
    if min(len(first), len(second)) < SMALLEST:
        return None
    common = overlap(first, second, weights)
    if (common.same and not inherited) or common.score < least or len(common.shared) < SMALLEST - 1:
        return None
    own = len(common.only_left) + len(common.only_right)
    plain = BOOKKEEPING | NAMING | ENVELOPE
    if all(field_key(name) in plain for name in common.shared) or (
        own > EDITED and len(telling(first, second)) < TELLING
    ):
        return None
    if common.only_left and common.only_right and own > max(EDITED, len(common.shared) - 1) and left.stem != right.stem:
        return None  # two things that have a few words in common
    return common if common.mass >= (TABLE_EVIDENCE if left.record.kind == "table" else LEAST_EVIDENCE) else None


def is_close(left: Model, right: Model, common: Overlap) -> bool:
    """Whether a pair that is nearly equal is worth a word by itself, and not only as a part of a family: an edited copy
    is; two things that were written beside each other and share three fields are not."""
    if left.stem == right.stem:
        return True
    alike = [key for key, field in left.fields.items() if _has(right, key, field)]
    holds_other = not common.only_left or not common.only_right
    if len(alike) < PARALLEL and (_are_parted(left, right) or (_are_named_apart(left, right) and not holds_other)):
        return False
    own = len(common.only_left) + len(common.only_right)
    if not own:  # one that is sent to change the other, or sent in pieces, has the same names and other types
        return common.score >= ALIKE
    return own <= EDITED or common.score >= MUCH


def _has(model: Model, key: str, field: Field) -> bool:
    other = model.fields.get(key)
    return other is not None and plain_type(other.type) == plain_type(field.type)


def _are_parted(left: Model, right: Model) -> bool:
    """Whether the two have a base of this codebase in common, or are members of a tagged union."""
    if not all(one.startswith("::") for one in set(left.record.ancestors) & set(right.record.ancestors)):
        return True
    return any(
        _is_tag(field) and _is_tag(other) and field.type != other.type
        for key, field in left.fields.items()
        if (other := right.fields.get(key)) is not None
    )


def _are_named_apart(left: Model, right: Model) -> bool:
    """Whether the names are of two kinds of one thing: `CrateRatingIn` beside `ShipRatingIn`."""
    mine, theirs = _named(left.record.name), _named(right.record.name)
    return mine[-1:] == theirs[-1:] and mine[:1] != theirs[:1]


def _named(name: str) -> Sequence[str]:
    """The words of a class's name before those that say what role it plays."""
    found = words(name)
    while len(found) > 1 and found[-1] in _ROLE_WORDS:
        found = found[:-1]
    return found


_ROLE_WORDS = frozenset(map(stem, _ROLES))


def _is_tag(field: Field) -> bool:
    return "Literal[" in field.type


def telling(first: Mapping[str, Field], second: Mapping[str, Field]) -> list[str]:
    """The keys of what both have with one type that says something of what they are: an id, a name, what they refer to
    and what an answer is wrapped in are every thing's own."""
    plain = BOOKKEEPING | NAMING | ENVELOPE
    return [
        key
        for key, field in first.items()
        if key in second
        and key not in plain
        and not is_reference(field.name)
        and plain_type(field.type) == plain_type(second[key].type)
    ]


def _inherited_by_both(left: ModelRecord, right: ModelRecord) -> set[str]:
    if not set(left.ancestors) & set(right.ancestors):
        return set()
    own = {*map(field_key, left.own), *map(field_key, right.own)}
    return {field_key(name) for name, _, _ in left.fields} - own


def are_roles(left: Model, right: Model) -> bool:
    """`UserCreate` beside `UserUpdate`: the ecosystem's convention of a schema a role."""
    return left.record.kind == "schema" and left.stem == right.stem and left.record.name != right.record.name


def sends(name: str) -> bool:
    """Whether the class called ``name`` is what is answered, and not what is asked: `ItemOut` is no `ItemIn`."""
    return _ANSWERS.search(name) is not None


_ANSWERS = re.compile(r"(?:Out|Output|Response|Read|Result|Public|DTO)\Z")


def differ_by_convention(left: Model, right: Model) -> bool:
    """Roles of one thing whose fields are the same, but required in one and optional in the other."""
    return are_roles(left, right) and any(
        left.fields[key].required != right.fields[key].required for key in left.fields if key in right.fields
    )


def base_would_pay(left: Model, right: Model) -> bool:
    """Whether the roles repeat so many fields, spelled alike, that the convention's own base class is missing."""
    repeated = [
        key
        for key, field in left.fields.items()
        if (other := right.fields.get(key)) is not None
        and (other.type, other.required) == (field.type, field.required)
        and field.name in left.record.own
        and other.name in right.record.own
    ]
    return len(repeated) >= FAMILY_REPEATS
