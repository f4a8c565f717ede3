"""Two schemas side by side: what is narrower for a request, or wider in an answer, breaks those who call."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from fastapi_expert.codebase.interpret.values import is_dict, is_list

Found = tuple[Literal["breaking", "warning", "info"], str, str]
Side = Literal["parameter", "request", "response"]
Schema = Mapping[str, Any]

_DEPTH = 12
_UPPER = {
    "maximum": "max",
    "exclusiveMaximum": "exclusive-max",
    "maxLength": "max-length",
    "maxItems": "max-items",
}
_LOWER = {
    "minimum": "min",
    "exclusiveMinimum": "exclusive-min",
    "minLength": "min-length",
    "minItems": "min-items",
}
_WIDER = {("integer", "number")}
"""From the first type to the second everything still fits."""


class Resolver:
    """Follows references of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})

    def of(self, schema: Any) -> Schema:
        """What a reference stands for; one alone in `allOf` is a reference too."""
        while is_dict(schema) and "$ref" in schema:
            schema = self._schemas.get(str(schema["$ref"]).rpartition("/")[2], {})
        if is_dict(schema) and is_list(schema.get("allOf")) and len(schema["allOf"]) == 1:
            return self.of(schema["allOf"][0])
        return schema if is_dict(schema) else {}


class Pair(NamedTuple):
    """The resolvers of the document before and after."""

    old: Resolver
    new: Resolver


class _Place(NamedTuple):
    """Where in an operation: the side, what to call it, and whether it is a property of a body or the body itself."""

    side: Side
    name: str
    is_property: bool

    @property
    def prefix(self) -> str:
        """`request-parameter`, `request-property`, `request-body`, `response-property` or `response-body`."""
        if self.side == "parameter":
            return "request-parameter"
        return f"{self.side}-{'property' if self.is_property else 'body'}"

    @property
    def words(self) -> str:
        return self.name or ("its body" if self.side == "request" else "the answer")

    def below(self, name: str) -> "_Place":
        if self.side == "parameter":
            return self
        path = f"{self.name}{'.' if self.is_property else ' ' if self.name else ''}{name}"
        return _Place(self.side, path, True)


def differences(resolvers: Pair, side: Side, name: str, old: Any, new: Any) -> Iterator[Found]:
    """What differs between two schemas of a parameter, a request's body or an answer's."""
    yield from _compare(resolvers, _Place(side, name, False), old, new, frozenset(), 0)


def _compare(
    resolvers: Pair, place: _Place, old: Any, new: Any, seen: frozenset[tuple[int, int]], depth: int
) -> Iterator[Found]:
    one, other = resolvers.old.of(old), resolvers.new.of(new)
    key = (id(one), id(other))
    if key in seen or depth > _DEPTH:
        return
    seen = seen | {key}
    if (listed := list(_type_lists(resolvers, place, one, other))) != []:
        yield from listed
        yield from _defaults(place, one, other)
        return
    was, was_null = _without_null(resolvers.old, one)
    now, now_null = _without_null(resolvers.new, other)
    yield from _nullable(place, was_null=was_null, now_null=now_null)
    yield from _defaults(place, one, other)
    was, now = resolvers.old.of(was), resolvers.new.of(now)
    if _kind(was) != _kind(now):
        yield from _types(place, _kind(was), _kind(now))
        return
    yield from _values(place, was, now, within=was_null and now_null)
    yield from _limits(place, was, now)
    yield from _properties(resolvers, place, was, now, seen, depth)
    if is_dict(was.get("items")) and is_dict(now.get("items")):
        yield from _compare(resolvers, place.below("[]"), was["items"], now["items"], seen, depth + 1)
    if is_dict(was.get("additionalProperties")) and is_dict(now.get("additionalProperties")):
        both = was["additionalProperties"], now["additionalProperties"]
        yield from _compare(resolvers, place.below("{}"), *both, seen, depth + 1)
    for several in ("anyOf", "oneOf"):
        if is_list(was.get(several)) and is_list(now.get(several)):
            yield from _alternatives(resolvers, place, several, (was[several], now[several]), seen, depth)


def _type_lists(resolvers: Pair, place: _Place, old: Schema, new: Schema) -> Iterator[Found]:
    """Plain types in a union, or one of them: `string` that may be null too, or an integer."""
    before, after = _plain_types(resolvers.old, old), _plain_types(resolvers.new, new)
    if not before or not after or before == after or ("type" in old and "type" in new):
        return
    gone, come = sorted(before - after), sorted(after - before)
    answers = place.side == "response"
    widens = bool(come) if answers else not gone
    said = f"may be {', '.join(come)} now" if widens else f"is never {', '.join(gone)} any more"
    word = "widened" if widens else "narrowed"
    yield "breaking" if widens is answers else "info", f"{place.prefix}-list-of-types-{word}", f"{place.words} {said}"


def _plain_types(resolver: Resolver, schema: Schema) -> frozenset[str]:
    """The types of a schema that is one, or a union of nothing but such; else none."""
    if "allOf" in schema or "properties" in schema:
        return frozenset()
    if isinstance(schema.get("type"), str):
        return frozenset({schema["type"]})
    parts = [resolver.of(one) for one in schema.get("anyOf") or schema.get("oneOf") or ()]
    if not parts or not all(isinstance(one.get("type"), str) and not one.get("properties") for one in parts):
        return frozenset()
    return frozenset(one["type"] for one in parts)


def _without_null(resolver: Resolver, schema: Schema) -> tuple[Schema, bool]:
    """A schema without the null that it also takes, and whether it does."""
    parts = schema.get("anyOf")
    if is_list(parts) and any(one == {"type": "null"} for one in parts):
        left = [one for one in parts if one != {"type": "null"}]
        return (resolver.of(left[0]) if len(left) == 1 else {**schema, "anyOf": left}), True
    kinds = schema.get("type")
    if is_list(kinds) and "null" in kinds:
        left = [one for one in kinds if one != "null"]
        return {**schema, "type": left[0] if len(left) == 1 else left}, True
    return schema, False


def _nullable(place: _Place, *, was_null: bool, now_null: bool) -> Iterator[Found]:
    if was_null == now_null:
        return
    breaks = now_null if place.side == "response" else was_null
    word = "became-nullable" if now_null else "became-not-nullable"
    text = f"{place.words} may be null now" if now_null else f"{place.words} may not be null any more"
    yield "breaking" if breaks else "info", f"{place.prefix}-{word}", text


def _defaults(place: _Place, one: Schema, other: Schema) -> Iterator[Found]:
    if one.get("default") == other.get("default"):
        return
    word = "changed" if "default" in one and "default" in other else "added" if "default" in other else "removed"
    text = f"the default of {place.words} was {one.get('default')!r} and is {other.get('default')!r}"
    yield "breaking" if place.side == "parameter" else "info", f"{place.prefix}-default-value-{word}", text


def _kind(schema: Schema) -> tuple[str, str]:
    """Type and format; how a union or an untyped schema is told."""
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return name, ""
    return str(schema.get("type", "")), str(schema.get("format", ""))


def _types(place: _Place, was: tuple[str, str], now: tuple[str, str]) -> Iterator[Found]:
    said = f"{place.words} was {_said(was)} and is {_said(now)}"
    wider = _is_wider(was, now) or (place.side == "parameter" and _is_text_for(was, now))
    narrower = _is_wider(now, was)
    if place.side == "response":
        if narrower:
            yield "info", f"{place.prefix}-type-specialized", said
        else:
            yield "breaking", f"{place.prefix}-type-{'generalized' if wider else 'changed'}", said
    elif wider:
        yield "info", f"{place.prefix}-type-generalized", said
    else:
        yield "breaking", f"{place.prefix}-type-changed", said


def _is_wider(was: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether everything that fits the first fits the second: any type, a number for an integer, no format for one."""
    if now[0] == "":
        return True
    if was[0] == now[0]:
        return was[1] != now[1] and now[1] == ""
    return (was[0], now[0]) in _WIDER


def _is_text_for(was: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether every value of a parameter, which is sent as text, is taken as text now."""
    return now == ("string", "") and was[0] in ("integer", "number", "boolean", "string")


def _said(kind: tuple[str, str]) -> str:
    name = {"": "anything", "anyOf": "one of several types", "oneOf": "one of several types"}.get(kind[0], kind[0])
    return f"{name} ({kind[1]})" if kind[1] else name


def _values(place: _Place, was: Schema, now: Schema, *, within: bool) -> Iterator[Found]:
    """The values of an enumeration, or the one of a constant; ``within`` a union, as what may be null too."""
    prefix = f"{place.prefix}-property" if within and place.side == "parameter" else place.prefix
    before, after = _enum(was), _enum(now)
    if before is None and after is None:
        return
    if before is None and place.side == "response":
        before = []
    if before is None or after is None:
        narrows = before is None
        breaks = narrows if place.side != "response" else not narrows
        word = "became-enum" if narrows else "enum-removed"
        yield "breaking" if breaks else "info", f"{prefix}-{word}", f"{place.words} takes other values"
        return
    for value in [one for one in before if one not in after]:
        level: Literal["breaking", "info"] = "info" if place.side == "response" else "breaking"
        yield level, f"{prefix}-enum-value-removed", f"{place.words} is never {value!r} any more"
    for value in [one for one in after if one not in before]:
        more: Literal["warning", "info"] = "warning" if place.side == "response" else "info"
        yield more, f"{prefix}-enum-value-added", f"{place.words} may be {value!r}"


def _enum(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return list(values) if is_list(values) else None


def _limits(place: _Place, was: Schema, now: Schema) -> Iterator[Found]:
    for table, is_upper in ((_UPPER, True), (_LOWER, False)):
        for name, word in table.items():
            yield from _limit(place, word, was.get(name), now.get(name), is_upper=is_upper)
    one, other = was.get("pattern"), now.get("pattern")
    if one != other:
        word = "added" if one is None else "removed" if other is None else "changed"
        levels: dict[str, Literal["breaking", "warning", "info"]] = {"added": "breaking", "changed": "warning"}
        level = "info" if place.side == "response" else levels.get(word, "info")
        yield level, f"{place.prefix}-pattern-{word}", f"the pattern of {place.words} was {one} and is {other}"


def _limit(place: _Place, word: str, was: Any, now: Any, *, is_upper: bool) -> Iterator[Found]:
    if was == now:
        return
    if word == "min-length":
        was, now = was or 0, now or 0
    name = word.replace("-", " ")
    text = (
        f"the {name} of {place.words} was {'not there' if was is None else was} and is {'gone' if now is None else now}"
    )
    answers = place.side == "response"
    if was is None:
        yield "info" if answers else "warning", f"{place.prefix}-{word}-set", text
    elif now is None:
        breaks = answers and word == "max-length"
        yield "breaking" if breaks else "info", f"{place.prefix}-{word}-unset", text
    else:
        grows = now > was
        narrows = grows is not is_upper
        breaks = not narrows if answers else narrows
        verb = "increased" if grows else "decreased"
        yield "breaking" if breaks else "info", f"{place.prefix}-{word}-{verb}", text


def _properties(
    resolvers: Pair, place: _Place, was: Schema, now: Schema, seen: frozenset[tuple[int, int]], depth: int
) -> Iterator[Found]:
    before, after = was.get("properties", {}), now.get("properties", {})
    must, must_now = set(was.get("required", ())), set(now.get("required", ()))
    answers = place.side == "response"
    for name, one in before.items():
        below = place.below(name)
        if name not in after:
            if answers:
                if name in must:
                    yield "breaking", "response-required-property-removed", f"{below.words} is gone"
                else:
                    yield "warning", "response-optional-property-removed", f"{below.words} is gone"
            else:
                yield "warning", f"{below.prefix}-removed", f"{below.words} is gone"
            continue
        if (name in must) != (name in must_now):
            yield from _requirement(below, answers=answers, is_required=name in must_now)
        yield from _compare(resolvers, below, one, after[name], seen, depth + 1)
    for name, one in after.items():
        if name in before:
            continue
        below = place.below(name)
        if answers:
            word = "required" if name in must_now else "optional"
            yield "info", f"response-{word}-property-added", f"{below.words} is new"
        elif name in must_now:
            default = "-with-default" if "default" in resolvers.new.of(one) else ""
            yield "breaking", f"new-required-{below.prefix}{default}", f"{below.words} is new and required"
        else:
            yield "info", f"new-optional-{below.prefix}", f"{below.words} is new"


def _requirement(place: _Place, *, answers: bool, is_required: bool) -> Iterator[Found]:
    word = "became-required" if is_required else "became-optional"
    text = f"{place.words} is always there now" if answers else f"{place.words} is required now"
    if not is_required:
        text = f"{place.words} may be missing now" if answers else f"{place.words} may be left out now"
    yield "breaking" if is_required is not answers else "info", f"{place.prefix}-{word}", text


def _alternatives(
    resolvers: Pair,
    place: _Place,
    several: str,
    both: tuple[list[Any], list[Any]],
    seen: frozenset[tuple[int, int]],
    depth: int,
) -> Iterator[Found]:
    """The parts of a union: the same ones by name or kind are compared, the others are new or gone."""
    word = "any-of" if several == "anyOf" else "one-of"
    before = {_named(resolvers.old, one): one for one in both[0]}
    after = {_named(resolvers.new, one): one for one in both[1]}
    answers = place.side == "response"
    for name, one in before.items():
        if name in after:
            yield from _compare(resolvers, place, one, after[name], seen, depth + 1)
        else:
            level: Literal["breaking", "info"] = "info" if answers else "breaking"
            yield level, f"{place.prefix}-{word}-removed", f"{place.words} is never {name} any more"
    for name in after:
        if name not in before:
            breaks = answers and several == "oneOf"
            yield "breaking" if breaks else "info", f"{place.prefix}-{word}-added", f"{place.words} may be {name}"


def _named(resolver: Resolver, schema: Any) -> str:
    if is_dict(schema) and "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    found = resolver.of(schema)
    return str(found.get("title") or " ".join(filter(None, _kind(found))) or "anything")
