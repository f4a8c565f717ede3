"""What the operators of Python say of values that may be unknown: truth, text, sameness, arithmetic, comparison."""

import re
from dataclasses import replace
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    DOUBTFUL,
    HOLE,
    ClassValue,
    Condition,
    Doubtful,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Member,
    Method,
    ModuleValue,
    PathValue,
    RouteList,
    Router,
    Site,
    Thunk,
    Unknown,
    is_dict,
    is_list,
)


def truth(value: Any) -> bool | None:
    """Whether ``value`` counts as true, None when that is not known."""
    if (is_list(value) or is_dict(value)) and value:
        items = value.values() if is_dict(value) else value
        if all(isinstance(one, Doubtful) or (isinstance(one, Unknown) and one.reason == DOUBTFUL) for one in items):
            return None
    if value is None or isinstance(value, (bool, str, int, float)) or is_list(value) or is_dict(value):
        return bool(value)
    if isinstance(value, RouteList):
        doubtful = [bool(one.conditions) for one in value.router.entries]
        return True if value.router.is_app or False in doubtful else None if doubtful else False
    if isinstance(value, Instance):
        return True if value.cls == External("re.Match") else None if isinstance(value.cls, External) else True
    return True if isinstance(value, (Router, ClassValue, FunctionValue, ModuleValue, LambdaValue)) else None


def text_of(value: Any) -> str | None:
    """The text that ``value`` formats as, None when it is not known."""
    if isinstance(value, Member):
        return text_of(value.value) if value.plain else None
    if isinstance(value, PathValue) and value.relative:
        return value.path
    if isinstance(value, bool) or value is None:
        return str(value)
    return str(value) if isinstance(value, (str, int, float)) else None


def compare(operator: str, left: Any, right: Any, site: Site) -> Any:
    """`==`, `in`, `is`, `<` and their like; an Unknown where the operands do not tell."""
    unknown = Unknown(site, "a comparison that is not known")
    if left == External("sys.version_info") and is_list(right):
        return _compare_version(operator, tuple(right), unknown)
    if operator in ("is", "is not") and right is None and not isinstance(left, (Unknown, External, Method)):
        return (left is None) == (operator == "is")
    if operator in ("==", "!=", "is", "is not"):
        known = equal(left, right)
        return unknown if known is None else known == (operator in ("==", "is"))
    left, right = (one.value if isinstance(one, Member) else one for one in (left, right))
    if operator in ("in", "not in"):
        known = _is_in(left, right)
        return unknown if known is None else known == (operator == "in")
    if operator in ("<", ">", "<=", ">=") and isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator]
    return unknown


ENVIRONMENT = "read from the environment"
"""Begins the reason why a variable of the environment is not known."""


def from_environment(name: Any, site: Site) -> Unknown:
    """A variable of the environment that has no value as shipped."""
    return Unknown(site, f"{ENVIRONMENT} ({text_of(name) or ''})", unset=True)


_PLAIN = (str, int, float, bool, type(None))
_ITSELF = (FunctionValue, ClassValue, ModuleValue, Router, Instance)
"""Kinds of things that are equal to nothing but themselves, unless a class says otherwise."""


def equal(left: Any, right: Any) -> bool | None:
    """Whether two values are equal; None when that is not known."""
    if isinstance(left, Member) and isinstance(right, Member):
        return left == right if left.name != right.name or left.value == right.value else None
    left, right = (one.value if isinstance(one, Member) else one for one in (left, right))
    if isinstance(left, _PLAIN) and isinstance(right, _PLAIN):
        return left == right
    if is_list(left) and is_list(right):
        known = [equal(one, other) for one, other in zip(left, right, strict=False)]
        return False if len(left) != len(right) or False in known else None if None in known else True
    if isinstance(left, _ITSELF) and isinstance(right, _ITSELF):
        return same(left, right) or (None if isinstance(left, Instance) and isinstance(right, Instance) else False)
    if isinstance(left, External) and isinstance(right, External) and left.name == right.name:
        return True
    plain = [one for one in (left, right) if isinstance(one, _PLAIN) or is_list(one) or is_dict(one)]
    itself = [one for one in (left, right) if isinstance(one, _ITSELF) and not isinstance(one, Instance)]
    return False if plain and itself else None


def _is_in(value: Any, holder: Any) -> bool | None:
    """Whether ``holder`` has ``value`` among its items; None when that is not known."""
    if isinstance(holder, str):
        return value in holder if isinstance(value, str) else None
    if not (is_list(holder) or is_dict(holder)):
        return None
    known = [equal(value, one) for one in holder]
    return True if True in known else None if None in known else False


_OLDEST = (3, 10)
"""The oldest Python that today's FastAPI runs on."""


def _compare_version(operator: str, version: tuple[Any, ...], unknown: Unknown) -> Any:
    """`sys.version_info >= (3, 9)`: known where every Python gives one answer."""
    older = all(isinstance(one, int) for one in version) and version[:2] <= _OLDEST
    return {">=": True, ">": True, "<": False, "<=": False}.get(operator, unknown) if older else unknown


def concatenated(left: Any, right: Any, site: Site) -> Any:
    """Two texts one after the other; what is known of each remains where the other is unknown."""
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    first = next((one for one in (left, right) if isinstance(one, Unknown)), Unknown(site, "it is not a text"))
    texts = [one if isinstance(one, str) else one.text if isinstance(one, Unknown) else HOLE for one in (left, right)]
    return replace(first, text="".join(texts))


def join(values: list[Any], site: Site, condition: Condition | None = None) -> Any:
    """One value for several possible ones: the same, or routers alike, or an Unknown.

    Of several lists, where a ``condition`` decides between them, what is not in each is doubtful.
    """
    known = [value for value in values if not isinstance(value, (Unknown, Thunk))] or values
    first = known[0]
    if all(same(first, value) for value in known[1:]):
        return known[-1]
    if all(isinstance(value, Router) for value in known):
        return (
            known[-1]
            if all(value.prefix == first.prefix for value in known)
            else Unknown(site, "either of two routers")
        )
    if condition is not None and all(is_list(value) for value in values):
        return _either_list(values, condition)
    if condition is not None and _UNSET.search(condition.reason):
        return Unknown(site, f"depends on what is {condition.reason}")
    return Unknown(site, "depends on a condition that is not known")


_UNSET = re.compile("environment|set when it runs")


def _either_list(lists: list[list[Any]], condition: Condition) -> list[Any]:
    found: list[Any] = []
    for items in lists:
        for item in items:
            if any(same(item, one.value if isinstance(one, Doubtful) else one) for one in found):
                continue
            everywhere = all(any(same(item, one) for one in other) for other in lists)
            doubted = item if isinstance(item, Doubtful) else Doubtful(item, (condition,))
            found.append(item if everywhere else doubted)
    return found


def same(left: Any, right: Any) -> bool:
    """Whether both are known to be one value."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, (FunctionValue, ClassValue)) and isinstance(right, (FunctionValue, ClassValue)):
        bound = getattr(left, "receiver", None) is getattr(right, "receiver", None)
        closure = left.scope is right.scope or left.scope.cls is not None
        return bound and closure and (left.path, left.qualname) == (right.path, right.qualname)
    return isinstance(left, (str, int, float, bool, ModuleValue)) and left == right


def iterable(value: Any) -> list[Any] | None:
    """The items that looping over ``value`` gives, None when they are not known."""
    if is_list(value) or is_dict(value) or isinstance(value, str):
        return list(value)
    return None
