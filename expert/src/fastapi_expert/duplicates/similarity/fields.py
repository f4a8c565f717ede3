"""Comparing the fields of schemas and tables: names weighted by rarity, types by what they accept.

`Optional[X]`, `X | None` and `Annotated[X, …]` are X here, `List[X]` is `list[X]`, `Mapped[X]` is X, a module prefix
does not count, and a field in camelCase is the same as in snake_case.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log2

from fastapi_expert.codebase.model import Field

RELATED_NAME = 0.6
"""What `email_address: str` counts beside `email: str`."""
OTHER_TYPE = 0.4
"""What a field of the same name and another type counts."""
NARROWER_TYPE = 0.85
"""What a field of the same name and a related type (`str`, `EmailStr`) counts."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """``score`` 0..1 (Dice, weighted); ``mass`` is the weight of what is shared; names as they stand on each side."""

    score: float
    mass: float
    shared: tuple[str, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    same: bool
    """The same names and types, whatever their order and spelling."""


# fmt: off
BOOKKEEPING = frozenset({
    "id", "uuid", "pk", "key", "type", "version", "created", "createdat", "createdby", "createdon", "createdtime",
    "createtime", "datecreated", "insertedat", "updated", "updatedat", "updatedby", "updatedon", "updatedtime",
    "updatetime", "dateupdated", "modified", "modifiedat", "deleted", "deletedat", "expiresat", "lastusedat",
    "lastseenat", "userid", "ownerid", "active", "isactive",
})
# fmt: on
"""Field keys that every application has, whatever it is about."""
NAMING = frozenset(
    {
        "name",
        "title",
        "description",
        "label",
        "icon",
        "iconurl",
        "image",
        "imageurl",
        "logo",
        "logourl",
        "color",
        "colour",
    }
)
"""Field keys that say what a thing is called and how it is shown, and no more."""
ENVELOPE = frozenset({"success", "ok", "message", "messages", "msg", "error", "errors", "detail"})
"""Field keys of what an answer is wrapped in."""
BOOKKEEPING_WEIGHT = 0.19
"""What such a field weighs at most, however few models of this codebase have it."""


class FieldWeights:
    """A field name's weight: 1 when a single model of ``population`` has it, near 0 when most have or all would."""

    def __init__(self, frequency: Callable[[str], int], population: int) -> None:
        self._frequency = frequency
        self._scale = log2(max(population, 16) + 1)
        self._known: dict[str, float] = {}

    def rarity(self, key: str) -> float:
        known = self._known.get(key)
        if known is None:
            frequency = self._frequency(key)
            rarity = max(0.05, 1.0 - log2(frequency) / self._scale) if frequency > 1 else 1.0
            known = self._known[key] = min(rarity, BOOKKEEPING_WEIGHT) if key in BOOKKEEPING else rarity
        return known


def field_key(name: str) -> str:
    """What `user_id`, `userId` and `_user_id` have in common."""
    return name.replace("_", "").lower()


def is_reference(name: str) -> bool:
    """Whether a field, by its ``name``, refers to another thing: what two things refer to says little of either."""
    return _REFERENCE.search(name) is not None


_REFERENCE = re.compile(r"(?:_ids?|[a-z]I[dD]s?)\Z")


def count_fields(models: Iterable[Iterable[str]]) -> dict[str, int]:
    """How many models have each field key."""
    count: dict[str, int] = {}
    for keys in models:
        for key in keys:
            count[key] = count.get(key, 0) + 1
    return count


def overlap(left: Mapping[str, Field], right: Mapping[str, Field], weights: FieldWeights) -> Overlap:
    """How much two models (fields by key) have in common."""
    both = [key for key in left if key in right]
    grades = {key: _grade(left[key], right[key]) for key in both}
    value = sum(_score_weight(weights, key) * grades[key] for key in both)
    mass = sum(weights.rarity(key) * grades[key] for key in both)
    only_left = [key for key in left if key not in right]
    only_right = [key for key in right if key not in left]
    for one, other in _related(only_left, only_right, left, right):
        value += RELATED_NAME * (_score_weight(weights, one) + _score_weight(weights, other)) / 2
    total = sum(_score_weight(weights, key) for key in left) + sum(_score_weight(weights, key) for key in right)
    return Overlap(
        score=2 * value / total if total else 0.0,
        mass=mass,
        shared=tuple(left[key].name for key in both),
        only_left=tuple(left[key].name for key in only_left),
        only_right=tuple(right[key].name for key in only_right),
        same=not only_left and not only_right and all(grade == 1.0 for grade in grades.values()),
    )


def _score_weight(weights: FieldWeights, key: str) -> float:
    return 0.5 + weights.rarity(key) / 2


def _related(
    only_left: list[str], only_right: list[str], left: Mapping[str, Field], right: Mapping[str, Field]
) -> list[tuple[str, str]]:
    """Fields that one side renamed: a word in common and the same, telling type."""
    pairs: list[tuple[str, str]] = []
    free = set(only_right)
    for one in only_left:
        words = _words(left[one].name)
        kind = plain_type(left[one].type)
        for other in sorted(free):
            if words & _words(right[other].name) and plain_type(right[other].type) == kind:
                pairs.append((one, other))
                free.discard(other)
                break
    return pairs


_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_EMPTY_WORDS = frozenset({"id", "is", "has", "at", "of", "the", "by"})


@lru_cache(maxsize=1 << 14)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name)) - _EMPTY_WORDS


_RELATED_TYPES = (
    frozenset({"str", "EmailStr", "HttpUrl", "AnyUrl", "AnyHttpUrl", "SecretStr", "constr", "NameEmail", "bytes"}),
    frozenset({"int", "float", "Decimal", "PositiveInt", "NonNegativeInt", "conint", "PositiveFloat", "condecimal"}),
    frozenset({"UUID", "UUID4", "UUID1", "UUID7", "str"}),
    frozenset({"datetime", "date", "AwareDatetime", "NaiveDatetime", "PastDatetime", "FutureDatetime"}),
    frozenset({"dict", "Mapping", "MutableMapping", "Json", "JsonDict"}),
    frozenset({"list", "set", "tuple", "Sequence", "Iterable", "conlist", "frozenset"}),
)


def _grade(left: Field, right: Field) -> float:
    """How alike two fields of one name are: one that must be given is not one that may be left out."""
    grade = _type_grade(left.type, right.type)
    return grade if demands(left) == demands(right) else min(grade, OTHER_TYPE)


def demands(field: Field) -> tuple[bool, bool]:
    """Whether the field must be given, and whether it may be None."""
    return field.required, _may_be_none(field.type)


@lru_cache(maxsize=1 << 14)
def _may_be_none(text: str) -> bool:
    return re.search(r"\bNone\b|\bOptional\b", text) is not None


def _type_grade(left: str, right: str) -> float:
    first, second = plain_type(left), plain_type(right)
    if first == second or not first or not second:
        return 1.0
    heads = {first.partition("[")[0], second.partition("[")[0]}
    if len(heads) == 1 or any(heads <= related for related in _RELATED_TYPES):
        return NARROWER_TYPE
    return OTHER_TYPE


_QUALIFIER = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
_CONTAINERS = re.compile(r"\b(List|Dict|Set|Tuple|FrozenSet|Type)\[")
_WRAPPERS = ("Optional", "Mapped", "Annotated", "Required", "NotRequired", "Final", "ClassVar", "Union")


@lru_cache(maxsize=1 << 14)
def plain_type(text: str) -> str:
    """The type with spelling taken away: no `None`, no wrapper, no module, no spaces, unions sorted."""
    text = re.sub(r"\s+", "", text).replace('"', "").replace("'", "")
    text = _CONTAINERS.sub(lambda match: match[1].lower() + "[", _QUALIFIER.sub("", text))
    return _union(text)


def _union(text: str) -> str:
    return "|".join(sorted({kind for kind in _alternatives(text) if kind != "None"}))


def _alternatives(text: str) -> list[str]:
    """The members of a union, wrappers opened, in the order written."""
    kinds: list[str] = []
    for member in _split(text, "|"):
        head, bracket, inner = member.partition("[")
        if not bracket or not inner.endswith("]"):
            kinds.append(member)
            continue
        arguments = _split(inner[:-1], ",")
        if head not in _WRAPPERS:
            kinds.append(f"{head}[{','.join(map(_union, arguments))}]")
            continue
        for argument in arguments if head in ("Optional", "Union") else arguments[:1]:
            kinds += _alternatives(argument)
    return kinds


def _split(text: str, separator: str) -> list[str]:
    """``text`` at ``separator``, brackets kept whole."""
    parts, depth, start = list[str](), 0, 0
    for position, char in enumerate(text):
        if char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        elif char == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]
