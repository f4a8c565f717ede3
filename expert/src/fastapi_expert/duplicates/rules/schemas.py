"""FX201, FX202 and FX204: schemas and tables that hold the same, and names that are taken."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fastapi_expert.codebase.model import Field
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Action, Finding, Place, Rule, Similar
from fastapi_expert.duplicates.records.drafted import drafted_models
from fastapi_expert.duplicates.records.extract import is_foreign
from fastapi_expert.duplicates.records.model import ModelRecord
from fastapi_expert.duplicates.rules.base import Case, Family, Neighbour, Remark, Survey
from fastapi_expert.duplicates.similarity.differences import Texts
from fastapi_expert.duplicates.similarity.families import gather
from fastapi_expert.duplicates.similarity.fields import (
    BOOKKEEPING,
    NAMING,
    Overlap,
    demands,
    field_key,
    overlap,
    plain_type,
)
from fastapi_expert.duplicates.similarity.schemas import (
    COMPARED,
    SMALLEST,
    TELLING,
    Model,
    Models,
    are_related,
    are_roles,
    base_would_pay,
    inherits,
    is_close,
    is_telling,
    model_of,
    models_of,
    near,
    qualname_of,
    sends,
    share_metadata,
    unrelated,
)
from fastapi_expert.duplicates.store.overlay import AddedFile, class_text
from fastapi_expert.duplicates.wording import Imports, listed, many, place
from fastapi_expert.find.words import words

NEAR_ENOUGH = 0.35
"""From which score a neighbour of a draft is worth a look."""
CLOSE = 0.7
"""From which score two of many are told where the many have too little in common."""
NO_GROWTH = 0.02
"""By so much a similarity may grow and still be the one that stood before."""

SAME_FIELDS = Rule("FX201", "same fields", "Two schemas or tables with the same fields and types", "schemas")
NEARLY_SAME_FIELDS = Rule(
    "FX202", "nearly the same fields", "Two schemas or tables that share most fields and no base", "schemas"
)
NAME_TAKEN = Rule(
    "FX204",
    "name taken",
    "A class name or table name that is already in use where it must be unique",
    "schemas",
    is_fault=True,
)


def _survey(survey: Survey) -> Iterable[Finding]:
    """Equal and nearly equal models, in families, and names that are taken."""
    models, settings, imports = models_of(survey.records), survey.settings, survey.imports
    signed = _signed_alike(models)
    groups = {group[0]: unrelated(group, models.models) for group in signed}
    equal = [
        _same([models.models[position] for position in same], survey.texts, imports)
        for group in groups.values()
        for same in _demanding_alike(models, group)
        if len(same) > 1 and _is_worth_a_word([models.models[position] for position in same], models)
    ]
    roles = {group[0]: [position for position in group if position not in groups[group[0]][1:]] for group in signed}
    return [*equal, *_alike(models, groups, roles, settings, imports), *_names_taken(models, imports)]


def _is_worth_a_word(same: Sequence[Model], models: Models) -> bool:
    """Whether the same fields are no coincidence: two say little unless the classes are called after the same thing,
    and an id, a name and two times say nothing."""
    if all(key in BOOKKEEPING or key in NAMING for key in same[0].fields):
        return False
    fits = len(same[0].fields) >= SMALLEST or len({model.stem for model in same}) == 1
    return fits and is_telling(same[0], models.weights)


def _signature(model: Model) -> tuple[object, ...]:
    return (model.record.kind, tuple(sorted((key, plain_type(field.type)) for key, field in model.fields.items())))


def _signed_alike(models: Models) -> list[list[int]]:
    """Positions of models with the same fields and types, whether required or not."""
    by_signature: dict[tuple[object, ...], list[int]] = {}
    for position, model in enumerate(models.models):
        by_signature.setdefault(_signature(model), []).append(position)
    return list(by_signature.values())


def _demanding_alike(models: Models, group: Sequence[int]) -> list[list[int]]:
    """Of models with the same fields and types: those that also require the same ones."""
    by_demands: dict[tuple[object, ...], list[int]] = {}
    for position in group:
        fields = models.models[position].fields
        by_demands.setdefault(tuple(sorted((key, demands(one)) for key, one in fields.items())), []).append(position)
    return list(by_demands.values())


def _alike(
    models: Models,
    groups: Mapping[int, Sequence[int]],
    roles: Mapping[int, Sequence[int]],
    settings: Config,
    imports: Imports,
) -> Iterator[Finding]:
    """Nearly equal models; of the ``roles`` of one thing that have the same fields, the one spelled most alike."""
    pairs: dict[tuple[int, int], Overlap] = {}
    for position in groups:
        model = models.models[position]
        for other in models.candidates(model):
            if other <= position or other not in groups:
                continue
            right = _most_like(position, roles[other], models)
            left, found = models.models[_most_like(right, roles[position], models)], models.models[right]
            common = near(left, found, models.weights, least=settings.schema_similarity)
            if common is not None and (not are_roles(left, found) or base_would_pay(left, found)):
                pairs[position, other] = common
    for family in gather(pairs):
        positions = [position for first in family.members for position in groups[first]]
        if len(family.members) == 2:  # equal ones have a finding of their own
            first, second = family.members
            left = models.models[_most_like(second, roles[first], models)]
            right = models.models[_most_like(first, roles[second], models)]
            if is_close(left, right, pairs[first, second]):
                yield _near(left, right, pairs[first, second], imports)
        else:
            members = _without_heirs([models.models[position] for position in positions])
            if not _is_family(members):
                for first, second in _closest(family.members, pairs):
                    yield _near(models.models[first], models.models[second], pairs[first, second], imports)
                continue
            if len(members) == 2:
                left, right = members
                yield _near(left, right, overlap(left.fields, right.fields, models.weights), imports)
                continue
            also = [
                models.models[position]
                for first in family.members
                for position in roles[first]
                if position not in positions
            ]
            yield _family(members, family.score, imports, also)


def _closest(members: Sequence[int], pairs: Mapping[tuple[int, int], Overlap]) -> Iterator[tuple[int, int]]:
    """Of many that have too little in common: pairs that are close, each member in one."""
    inside = [pair for pair in pairs if pair[0] in members and pair[1] in members and pairs[pair].score >= CLOSE]
    free = set(members)
    for pair in sorted(inside, key=lambda one: -pairs[one].score):
        if free.issuperset(pair):
            free.difference_update(pair)
            yield pair


def _most_like(other: int, roles: Sequence[int], models: Models) -> int:
    fields = models.models[other].fields
    return max(roles, key=lambda role: sum(fields.get(key) == own for key, own in models.models[role].fields.items()))


def _family(members: Sequence[Model], score: float, imports: Imports, also: Sequence[Model] = ()) -> Finding:
    """Three models or more: one base class for all of them, and for ``also``, which play other roles of the same."""
    members = sorted(
        members,
        key=lambda one: (len(one.fields), *imports.order(one.record.path), one.record.path.count("/"), one.record.id),
    )
    keep, changed = members[0].record, members[-1].record
    declared = _declared_by_all(members)
    shared = [field.name for key, field in members[0].fields.items() if key in declared]
    others = [f"`{one.record.name}` ({place(one.record)})" for one in members[:-1]]
    fields = f" {listed(shared, limit=6)}" if shared else " what they share"
    kind, base = ("columns", "mixin") if keep.kind == "table" else ("fields", "base class")
    return Finding(
        definition=NEARLY_SAME_FIELDS,
        similarity=min(score, 0.99),
        message=f"`{changed.name}` is one of {len(members)} {keep.kind}s that share most {kind}: {listed(others)}",
        advice=f"Declare{fields} once, in a {base} beside `{keep.name}` ({place(keep)}), and inherit it.",
        action="extend",
        components=(_as_place(changed), *[_as_place(one.record) for one in (*members[:-1], *also)]),
        saves=max(1, len(shared)) * (len(members) - 1),
    )


def _declared_by_all(members: Sequence[Model]) -> frozenset[str]:
    """The keys of the fields that all have, without those that all of them get from one base already."""
    first, *others = members
    shared = frozenset(first.fields).intersection(*[one.fields for one in others])
    bases = frozenset(first.record.ancestors).intersection(*[one.record.ancestors for one in others])
    if all(base.startswith("::") for base in bases):
        return shared
    return shared & frozenset([field_key(name) for one in members for name in one.record.own])


def _is_family(members: Sequence[Model]) -> bool:
    """Whether the fields of all of them say something: `id`, `name` and when it changed are every thing's own."""
    declared = _declared_by_all(members)
    shared = [key for key in declared if key not in BOOKKEEPING and key not in NAMING]
    if len(members) == 2:
        return len(shared) >= TELLING
    return len(declared) >= SMALLEST and len(shared) > 0


def _without_heirs(members: Sequence[Model]) -> Sequence[Model]:
    """The members that inherit from no other: a class is not counted beside its own base."""
    own = {f"{one.record.path}::{qualname_of(one.record)}" for one in members}
    roots = [one for one in members if own.isdisjoint(one.record.ancestors)]
    return roots if len(roots) > 1 else members


def _same(group: Sequence[Model], texts: Texts, imports: Imports) -> Finding:
    records = sorted((model.record for model in group), key=lambda one: _worth(one, imports))
    keep, changed = records[0], records[-1]
    others = [f"`{one.name}` ({place(one)})" for one in records[:-1]]
    bring = imports.line(keep.path, qualname_of(keep), for_path=changed.path)
    names = [field.name for field in group[0].fields.values()]
    holds = f"has the same {many(len(names), 'field')} as"
    there = f"`{keep.name}` ({place(keep)})"
    differing = [name for other in records[1:] for name in texts.class_differences(_class(other), _class(keep))]
    action: Action = "reuse"
    if keep.kind == "table":
        advice, action = f"Keep one table, or take the columns into a mixin beside {there}.", "merge"
    elif differing:
        advice, action = _share_fields(there, differing), "merge"
    elif not all(
        one.path == keep.path or (imports.may_import(keep.path, one.path) and imports.is_at_hand(keep.path, one.path))
        for one in records[1:]
    ):
        advice, action = f"Declare it once, beside {there} or in a module that both can import.", "merge"
    elif len({model.stem for model in group}) > 1:
        advice, action = f"Declare the fields once, in a base class beside {there}, or keep one class for all.", "merge"
    elif len({sends(one.name) for one in records}) > 1:
        advice, action = f"Declare the fields once, in a base class of both beside {there}.", "merge"
    else:
        advice = f"Use {there} instead{bring}, or inherit from it if `{changed.name}` must stay a name."
    return Finding(
        definition=SAME_FIELDS,
        similarity=1.0,
        message=f"`{changed.name}` {holds} {listed(others)}: {listed(names, limit=5)}",
        advice=advice,
        action=action,
        components=tuple(map(_as_place, (changed, *records[:-1]))),
        saves=len(names) * (len(records) - 1),
    )


def _worth(one: ModelRecord, imports: Imports) -> tuple[object, ...]:
    """By what the class to keep comes first."""
    hidden, apart, special = imports.order(one.path)
    return hidden, apart, not imports.users(one.path), special, one.path.count("/"), one.path, one.line


def _near(left: Model, right: Model, common: Overlap, imports: Imports) -> Finding:
    keep, changed = left.record, right.record
    only_keep, only_changed = common.only_left, common.only_right
    if imports.order(changed.path) < imports.order(keep.path):
        keep, changed, only_keep, only_changed = changed, keep, only_changed, only_keep
    if not only_changed and only_keep:  # the larger one can inherit from the smaller one
        keep, changed, only_keep, only_changed = changed, keep, only_changed, only_keep
    mine, theirs = (left.fields, right.fields) if keep is left.record else (right.fields, left.fields)
    advice, action = _extend_advice(
        keep,
        changed,
        only_keep,
        only_changed,
        imports,
        family=left.stem == right.stem,
        other_types=_other_types(mine, theirs),
    )
    difference = [f"`{name}` only here" for name in only_changed] + [f"`{name}` only there" for name in only_keep]
    return Finding(
        definition=NEARLY_SAME_FIELDS,
        similarity=min(common.score, 0.99),
        message=(
            f"`{changed.name}` shares {many(len(common.shared), 'field')} with `{keep.name}` ({place(keep)})"
            + (f": {listed(difference, limit=4)}" if difference else ", some with another type")
        ),
        advice=advice,
        action=action,
        components=(_as_place(changed), _as_place(keep)),
        saves=len(common.shared),
    )


def _other_types(mine: Mapping[str, Field], theirs: Mapping[str, Field]) -> list[str]:
    """The names of what both have with types that are not spellings of one type."""
    return [
        field.name
        for key, field in mine.items()
        if key in theirs and plain_type(field.type) != plain_type(theirs[key].type)
    ]


def _extend_advice(
    keep: ModelRecord,
    changed: ModelRecord,
    only_keep: Sequence[str],
    only_changed: Sequence[str],
    imports: Imports,
    *,
    family: bool,
    other_types: Sequence[str] = (),
) -> tuple[str, Action]:
    """Inherit when one holds the other, else a base class of what they share; ``other_types`` are fields of both that
    have another type in each."""
    bring = imports.line(keep.path, qualname_of(keep), for_path=changed.path)
    there = f"`{keep.name}` ({place(keep)})"
    if keep.kind == "table":
        return f"Take the shared columns into a mixin that both inherit, beside {there}.", "extend"
    bases = [one for one in set(keep.ancestors) & set(changed.ancestors) if not one.startswith("::")]
    if not only_keep and only_changed and bases and not family:
        fields = "Take the shared fields into a base class between both and the one that they have"
        return f"{fields}, beside {there}.", "extend"
    is_had = imports.may_import(keep.path, changed.path) and imports.is_at_hand(keep.path, changed.path)
    if not only_keep and only_changed and keep.path != changed.path and not is_had:
        return (
            f"Take the shared fields into a base class of both, in a module that both can import ({there}).",
            "extend",
        )
    if not only_keep and only_changed and _are_siblings(keep.name, changed.name, one_thing=family):
        return f"Take the shared fields into a base class of both, beside {there}.", "extend"
    if not only_keep and only_changed:
        own = listed([f"`{name}`" for name in [*only_changed, *other_types]], limit=5)
        return (
            f"Inherit from {there}{bring} and declare only {own}.",
            "extend",
        )
    if not only_changed and only_keep:
        return f"Use {there} as it is{bring}, or let it inherit from `{changed.name}`.", "extend"
    base = "a base class" if family or keep.name.endswith("Base") else f"`{keep.name}Base`"
    return f"Take the shared fields into {base} beside {there} and inherit it in both{bring}.", "extend"


def _are_siblings(keep: str, changed: str, *, one_thing: bool) -> bool:
    """Whether the names say that neither is a special case of the other: `ImageInfo` is no `AudioInfo`, and what is
    sent to create a thing is not what is sent to update it."""
    if "base" in words(keep):
        return False
    mine, theirs = words(keep), words(changed)
    if one_thing:
        return not set(mine) < set(theirs)
    return mine[-1:] == theirs[-1:] and not set(mine) < set(theirs)


def _as_place(record: ModelRecord) -> Place:
    """One side of a finding."""
    kind = record.kind if record.kind in ("schema", "table", "settings") else "class"
    return Place(record.id, kind, record.path, record.line, record.end_line)


def _names_taken(models: Models, imports: Imports) -> Iterable[Finding]:
    by_table: dict[str, list[ModelRecord]] = {}
    by_name: dict[tuple[str, str], list[ModelRecord]] = {}
    for model in models.models:
        record = model.record
        if record.kind == "table" and record.table:
            by_table.setdefault(record.table, []).append(record)
        by_name.setdefault((record.path, qualname_of(record)), []).append(record)
    for table, named in by_table.items():
        first = named[0]
        records = [first, *[other for other in named[1:] if _in_one_database(first, other, imports)]]
        if len(records) > 1 and not any(inherits(records[0], other) for other in records[1:]):
            yield _taken(records, f"the table `{table}`", f"Rename the table of one, or keep one class for `{table}`.")
    for (path, name), records in by_name.items():
        if len(records) > 1:
            yield _taken(
                records, f"the name `{name}` in {path}", "Delete one, or rename the one that means something else."
            )


def _in_one_database(first: ModelRecord, other: ModelRecord, imports: Imports) -> bool:
    """Whether two tables meet: two programs have a database each, even where a library holds the metadata of both."""
    return share_metadata(first, other) and imports.are_together(first.path, other.path)


def _taken(records: Sequence[ModelRecord], what: str, advice: str) -> Finding:
    first, last = records[0], records[-1]
    return Finding(
        definition=NAME_TAKEN,
        similarity=1.0,
        message=f"`{last.name}` takes {what}, which `{first.name}` ({place(first)}) already has",
        advice=advice,
        action="merge",
        components=tuple(map(_as_place, (last, *records[:-1]))),
        saves=last.lines,
    )


# --- drafts -----------------------------------------------------------------------------------------------------------


def _judge(case: Case) -> Iterator[Remark]:
    """For every model that is new or changed: the finding against its closest relative, and the neighbours."""
    draft, before, overlay = case.draft, case.before, case.overlay
    if not draft.classes or is_test_path(draft.path) or is_foreign(draft):
        return
    if before is not None and {*map(class_text, draft.classes)} == {*map(class_text, before.classes)}:
        return  # a change of functions alone: most files of a diff
    models = overlay.library.models
    changed = [model for file in overlay.added for model in file.derived(_models_of)]
    by_name = models.by_name | {model.record.name: model.record for model in changed}
    models = models.without(overlay.removed)
    old = {record.name: model_of(record) for record in drafted_models(before, by_name)} if before else {}
    mine = [model_of(record) for record in drafted_models(draft, by_name)]
    standing = [
        model for model in mine if (was := old.get(model.record.name)) and was.record.fields == model.record.fields
    ]
    for model in mine:
        if model.fields and model not in standing:
            others = [*_stored(model, models, overlay.removed), *changed]
            others += standing
            was = old.get(model.record.name)
            finding, similar = _judged(model, others, models, case, was)
            if finding is None:
                finding = _table_taken(model.record, [*models.models, *changed], overlay.removed)
            yield Remark(finding, similar, is_new=was is None)


def _models_of(file: AddedFile) -> Sequence[Model]:
    """The models that another file of the change says, or one that has changed since."""
    if file.is_beside or not file.facts.classes:
        return ()
    return [model_of(record) for record in drafted_models(file.facts, file.library.models.by_name)]


def _stored(model: Model, models: Models, gone: Collection[str]) -> Iterator[Model]:
    """The codebase's models most likely to be like ``model``."""
    for position in models.candidates(model):
        if models.models[position].record.path not in gone:
            yield models.models[position]


def _judged(
    model: Model, others: Sequence[Model], models: Models, case: Case, replaced: Model | None
) -> tuple[Finding | None, list[Neighbour]]:
    finding: Finding | None = None
    neighbours: list[tuple[float, bool, Model]] = []
    for other in others:
        if not _comparable(model.record.kind, other.record.kind):
            continue
        fields = _with_inherited(model, other)
        common = overlap(fields, other.fields, models.weights)
        neighbours.append(
            (1.0 if common.same else min(common.score, 0.99), model.record.name == other.record.name, other)
        )
    neighbours.sort(key=lambda one: (-one[0], not one[1], one[2].record.path, one[2].record.line))
    for score, _, other in neighbours:
        mine = Model(_with_ancestors(model.record, other.record), _with_inherited(model, other))
        if are_related(mine.record, other.record):
            continue
        if replaced is not None and _stood_before(replaced, other, models, score):
            continue
        if score == 1.0 and is_telling(mine, models.weights):
            finding = _draft_same(mine, other, case) if _says_something(mine, other) else None
        elif not are_roles(mine, other):
            finding = _draft_near(mine, other, models, case)
        if finding is not None:
            break
    similar = [
        (score, Similar(other.record.id, other.record.path, other.record.line, score, _reason(score)))
        for score, _, other in neighbours[:5]
        if score >= NEAR_ENOUGH
    ]
    return finding, similar


def _says_something(model: Model, other: Model) -> bool:
    """Whether a draft that has the fields of ``other`` is more than another thing with a name and an icon."""
    return model.stem == other.stem or any(key not in BOOKKEEPING and key not in NAMING for key in model.fields)


def _stood_before(replaced: Model, other: Model, models: Models, score: float) -> bool:
    """Whether the class had as much in common already: an edit is blamed for what it adds."""
    common = overlap(_with_inherited(replaced, other), other.fields, models.weights)
    return (1.0 if common.same else min(common.score, 0.99)) >= score - NO_GROWTH


def _reason(score: float) -> str:
    return "the same fields" if score == 1.0 else f"{score:.0%} of the fields"


def _comparable(draft: str, other: str) -> bool:
    """A data class that FastAPI uses is a schema; a draft's text does not tell. What a schema is read from or made of,
    one layer below, has its fields on purpose."""
    return draft == other or (draft, other) == ("data class", "schema")


_OUTSIDE = {"BaseModel", "BaseSettings", "RootModel", "SQLModel", "DeclarativeBase", "NamedTuple", "TypedDict"}
"""Bases that bring no fields."""


def _with_inherited(model: Model, other: Model) -> Mapping[str, Field]:
    """The draft's fields, with those that it gets from a base that ``other`` has too and that is no model itself."""
    ours = [one for one in other.record.ancestors if not one.startswith("::")]
    bases = {one.rpartition("::")[2].rpartition(".")[2] for one in ours} - _OUTSIDE
    if bases.isdisjoint(model.record.ancestors):
        return model.fields
    own = set(map(field_key, other.record.own))
    return {key: field for key, field in other.fields.items() if key not in own} | dict(model.fields)


def _with_ancestors(draft: ModelRecord, other: ModelRecord) -> ModelRecord:
    """``draft`` with those of its bases that are ``other`` or above it: a draft's imports are not followed."""
    above = (f"{other.path}::{qualname_of(other)}", *other.ancestors)
    named = [one for one in above if one.rpartition("::")[2].rpartition(".")[2] in draft.ancestors]
    return draft._replace(ancestors=(*draft.ancestors, *named))


def _draft_same(model: Model, other: Model, case: Case) -> Finding:
    record, keep = model.record, other.record
    bring = case.imports.line(keep.path, qualname_of(keep), for_path=record.path)
    names = [field.name for field in model.fields.values()]
    there = f"`{keep.name}` ({place(keep)})"
    differing = case.texts.class_differences(_class(record), _class(keep))
    advice = f"Use {there} instead{bring}."
    if not _is_named_within(record.name, keep.name):
        advice = f"Declare the fields once, in a base class beside {there}, or keep one class for both."
    return Finding(
        definition=SAME_FIELDS,
        similarity=1.0,
        message=f"`{record.name}` has the same {many(len(names), 'field')} as {there}: {listed(names, limit=5)}",
        advice=_share_fields(there, differing) if differing else advice,
        action="extend" if differing else "reuse",
        components=(_as_place(record), _as_place(keep)),
        saves=record.lines,
    )


def _is_named_within(mine: str, theirs: str) -> bool:
    """Whether one name says nothing that the other does not: a `PostComment` is no `VideoComment`."""
    first, second = set(words(mine)), set(words(theirs))
    return first <= second or second <= first


def _class(record: ModelRecord) -> tuple[str, str, int, int]:
    return record.path, qualname_of(record), record.line, record.end_line


def _share_fields(there: str, differing: Sequence[str]) -> str:
    """What to do about classes with the same fields that are not the same."""
    named = listed([f"`{name}`" for name in dict.fromkeys(differing)], limit=3)
    return f"Inherit the fields from {there} or a base class of both, and keep what differs: {named}."


def _draft_near(model: Model, other: Model, models: Models, case: Case) -> Finding | None:
    common = near(model, other, models.weights, least=case.settings.schema_similarity)
    if common is None or not is_close(model, other, common):
        return None
    record, keep = model.record, other.record
    advice, action = _extend_advice(
        keep,
        record,
        common.only_right,
        common.only_left,
        case.imports,
        family=model.stem == other.stem,
        other_types=_other_types(model.fields, other.fields),
    )
    return Finding(
        definition=NEARLY_SAME_FIELDS,
        similarity=min(common.score, 0.99),
        message=f"`{record.name}` shares {many(len(common.shared), 'field')} with `{keep.name}` ({place(keep)})",
        advice=advice,
        action="extend" if action == "reuse" else action,
        components=(_as_place(record), _as_place(keep)),
        saves=len(common.shared),
    )


def _one_base(draft: ModelRecord, other: ModelRecord) -> bool:
    return bool({one.rpartition("::")[2].rpartition(".")[2] for one in other.ancestors} & set(draft.ancestors))


def _table_taken(record: ModelRecord, models: Sequence[Model], gone: Collection[str]) -> Finding | None:
    for other in models if record.table else ():
        keep = other.record
        if keep.table == record.table and keep.path not in gone and _one_base(record, keep):
            return Finding(
                definition=NAME_TAKEN,
                similarity=1.0,
                message=f"`{record.name}` takes the table `{record.table}` of `{keep.name}` ({place(keep)})",
                advice=f"Extend `{keep.name}` ({place(keep)}), or name the new table otherwise.",
                action="extend",
                components=(_as_place(record), _as_place(keep)),
                saves=record.lines,
            )
    return None


def _made_from(survey: Survey) -> Sequence[Any]:
    records = survey.records
    texts = survey.digest_of({one.path for one in records.models if one.kind in COMPARED})  # what differs is read there
    return [survey.settings.schema_similarity, records.models, records.modules, records.needs, texts]


FAMILY = Family((SAME_FIELDS, NEARLY_SAME_FIELDS, NAME_TAKEN), _survey, _judge, _made_from)
