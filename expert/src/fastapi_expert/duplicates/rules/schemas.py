"""FX201, FX202 and FX204: schemas and tables that hold the same, and names that are taken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Action, Finding, Place
from fastapi_expert.duplicates.records.model import ModelRecord
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.duplicates.rules.wording import (
    import_line,
    listed,
    many,
    place,
)
from fastapi_expert.duplicates.similarity.families import gather
from fastapi_expert.duplicates.similarity.fields import Overlap, plain_type
from fastapi_expert.duplicates.similarity.schemas import (
    Model,
    Models,
    are_roles,
    base_would_pay,
    inherits,
    is_telling,
    near,
    qualname_of,
    share_metadata,
    unrelated,
)


def schema_findings(models: Models, settings: Config) -> list[Finding]:
    """Equal and nearly equal models, in families, and names that are taken; unordered."""
    signed = _signed_alike(models)
    groups = {group[0]: unrelated(group, models.models) for group in signed}
    equal = [
        _same([models.models[at] for at in group], models)
        for group in groups.values()
        if len(group) > 1 and is_telling(models.models[group[0]], models.weights)
    ]
    roles = {group[0]: [at for at in group if at not in groups[group[0]][1:]] for group in signed}
    return [*equal, *_alike(models, groups, roles, settings), *_names_taken(models)]


def _signature(model: Model) -> tuple[object, ...]:
    return (model.record.kind, tuple(sorted((key, plain_type(field.type)) for key, field in model.fields.items())))


def _signed_alike(models: Models) -> list[list[int]]:
    """Positions of models with the same fields and types."""
    by_signature: dict[tuple[object, ...], list[int]] = {}
    for position, model in enumerate(models.models):
        by_signature.setdefault(_signature(model), []).append(position)
    return list(by_signature.values())


def _alike(
    models: Models, groups: Mapping[int, Sequence[int]], roles: Mapping[int, Sequence[int]], settings: Config
) -> Iterator[Finding]:
    """Nearly equal models; of the ``roles`` of one thing that have the same fields, the one spelled most alike."""
    pairs: dict[tuple[int, int], Overlap] = {}
    for position in groups:
        model = models.models[position]
        for other in models.candidates(model):
            if other <= position or other not in groups:
                continue
            found = models.models[other]
            common = near(model, found, models.weights, least=settings.schema_similarity)
            if common is not None and (not are_roles(model, found) or base_would_pay(model, found)):
                pairs[position, other] = common
    for family in gather(pairs):
        positions = [at for first in family.members for at in groups[first]]
        if len(positions) == 2:
            first, second = family.members
            left, right = _most_like(second, roles[first], models), _most_like(first, roles[second], models)
            yield _near(models.models[left], models.models[right], pairs[first, second], models.modules)
        else:
            members = [models.models[at] for at in positions]
            also = [models.models[at] for first in family.members for at in roles[first] if at not in positions]
            yield _family(members, family.score, models.modules, also)


def _most_like(other: int, roles: Sequence[int], models: Models) -> int:
    fields = models.models[other].fields
    return max(roles, key=lambda role: sum(fields.get(key) == own for key, own in models.models[role].fields.items()))


def _family(members: Sequence[Model], score: float, modules: Mapping[str, str], also: Sequence[Model] = ()) -> Finding:
    """Three models or more: one base class for all of them, and for ``also``, which play other roles of the same."""
    members = sorted(members, key=lambda one: (len(one.fields), one.record.path.count("/"), one.record.id))
    keep, changed = members[0].record, members[-1].record
    shared = [
        field.name for key, field in members[0].fields.items() if all(key in other.fields for other in members[1:])
    ]
    others = [f"`{one.record.name}` ({place(one.record)})" for one in members[:-1]]
    bring = import_line(modules, keep.path, qualname_of(keep), for_path=changed.path)
    fields = f" {listed(shared, limit=6)}" if shared else " what they share"
    kind = "columns" if keep.kind == "table" else "fields"
    return Finding(
        rule="FX202",
        title=RULES["FX202"].title,
        similarity=min(score, 0.99),
        message=f"`{changed.name}` is one of {len(members)} {keep.kind}s that share most {kind}: {listed(others)}",
        advice=f"Declare{fields} once, in a base class beside `{keep.name}` ({place(keep)}){bring}, and inherit it.",
        action="extend",
        components=(as_place(changed), *[as_place(one.record) for one in (*members[:-1], *also)]),
        saves=max(1, len(shared)) * (len(members) - 1),
    )


def _same(group: Sequence[Model], models: Models) -> Finding:
    records = sorted((model.record for model in group), key=lambda one: (one.path.count("/"), one.path, one.line))
    keep, changed = records[0], records[-1]
    others = [f"`{one.name}` ({place(one)})" for one in records[:-1]]
    bring = import_line(models.modules, keep.path, qualname_of(keep), for_path=changed.path)
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
        saves=len(names) * (len(records) - 1),
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
    bring = import_line(modules, keep.path, qualname_of(keep), for_path=changed.path)
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
    base = "a base class" if family or keep.name.endswith("Base") else f"`{keep.name}Base`"
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
        by_name.setdefault((record.path, qualname_of(record)), []).append(record)
    for table, named in by_table.items():
        records = [named[0], *[other for other in named[1:] if share_metadata(named[0], other)]]
        if len(records) > 1 and not any(inherits(records[0], other) for other in records[1:]):
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
