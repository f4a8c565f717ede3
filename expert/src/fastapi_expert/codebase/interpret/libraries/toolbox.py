"""Functions of `functools`, `itertools`, `operator` and `collections` that code registers routes with."""

import itertools
from collections.abc import Callable
from typing import Any

from fastapi_expert.codebase.interpret.attributes import attribute
from fastapi_expert.codebase.interpret.containers import items_of
from fastapi_expert.codebase.interpret.operations import equal, truth
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    Getter,
    Scope,
    Unknown,
    is_dict,
)
from fastapi_expert.codebase.syntax import ir

MAX_ITEMS = 500
"""Of a sequence that has no end."""


def _again(given: Arguments, args: list[Any]) -> Arguments:
    return Arguments(args, {}, {}, given.site, given.scope)


def _known(interp: Runtime, given: Arguments, index: int) -> list[Any] | None:
    return items_of(interp, given.args[index]) if len(given.args) > index else None


def _reduce(interp: Runtime, given: Arguments) -> Any:
    items = _known(interp, given, 1)
    if items is None or (not items and len(given.args) < 3):
        return Unknown(given.site, "reduces what is not known")
    value = given.args[2] if len(given.args) > 2 else items.pop(0)
    for item in items:
        value = interp.call(given.args[0], _again(given, [value, item]))
    return value


def _accumulate(interp: Runtime, given: Arguments) -> Any:
    items, function = _known(interp, given, 0), given.get(1, "func")
    if not items:
        return items if items is not None else Unknown(given.site, "accumulates what is not known")
    found = [items[0]]
    for item in items[1:]:
        added = Scope(given.scope.path, {"left": found[-1], "right": item}, given.scope)
        both = _again(given, [found[-1], item])
        found.append(interp.evaluate(_SUM, added) if function is None else interp.call(function, both))
    return interp.made(found)


_SUM = ir.binary("+", "left", "right")


def _group(interp: Runtime, given: Arguments) -> Any:
    """`groupby(items, key)`: runs of items whose keys are equal."""
    items, key = _known(interp, given, 0), given.get(1, "key")
    if items is None:
        return Unknown(given.site, "groups what is not known")
    found: list[list[Any]] = []
    for item in items:
        own = item if key is None else interp.call(key, _again(given, [item]))
        known = equal(found[-1][0], own) if found else False
        if known is None:
            return Unknown(given.site, "groups by what is not known")
        if known:
            found[-1][1].append(item)
        else:
            found.append([own, [item]])
    return interp.made(found)


def _sliced(interp: Runtime, given: Arguments) -> Any:
    items, bounds = _known(interp, given, 0), given.args[1:]
    if items is None or not all(one is None or isinstance(one, int) for one in bounds):
        return Unknown(given.site, "a part of what is not known")
    return interp.made(list(itertools.islice(items, *bounds)))


def _count(interp: Runtime, given: Arguments) -> Any:
    start, step = given.get(0, "start") or 0, given.get(1, "step") or 1
    if isinstance(start, int) and isinstance(step, int):
        return list(itertools.islice(itertools.count(start, step), MAX_ITEMS))
    return Unknown(given.site, "counts from what is not known")


def _repeat(interp: Runtime, given: Arguments) -> Any:
    times = given.get(1, "times")
    known = isinstance(times, int) or times is None
    return (
        [given.args[0]] * min(times if times is not None else MAX_ITEMS, MAX_ITEMS)
        if known and given.args
        else Unknown(given.site, "repeats what is not known")
    )


def _cycle(interp: Runtime, given: Arguments) -> Any:
    items = _known(interp, given, 0)
    return (
        list(itertools.islice(itertools.cycle(items), MAX_ITEMS))
        if items
        else Unknown(given.site, "repeats what is not known")
    )


def _starmap(interp: Runtime, given: Arguments) -> Any:
    items = _known(interp, given, 1)
    rows = [items_of(interp, one) for one in items] if items is not None else [None]
    known = [one for one in rows if one is not None]
    if len(known) < len(rows):
        return Unknown(given.site, "maps what is not known")
    return interp.made([interp.call(given.args[0], _again(given, row)) for row in known])


def _longest(interp: Runtime, given: Arguments) -> Any:
    several = [items_of(interp, one) for one in given.args]
    known = [one for one in several if one is not None]
    if len(known) < len(several):
        return Unknown(given.site, "zips what is not known")
    return [list(row) for row in itertools.zip_longest(*known, fillvalue=given.keywords.get("fillvalue"))]


def _while(kept: bool) -> Callable[[Runtime, Arguments], Any]:
    def read(interp: Runtime, given: Arguments) -> Any:
        items = _known(interp, given, 1)
        if items is None:
            return Unknown(given.site, "a part of what is not known")
        for index, item in enumerate(items):
            known = truth(interp.call(given.args[0], _again(given, [item])))
            if known is None:
                return Unknown(given.site, "a part of what is not known")
            if not known:
                return items[:index] if kept else items[index:]
        return items if kept else []

    return read


def _combined(make: Callable[[list[Any], int], Any]) -> Callable[[Runtime, Arguments], Any]:
    def read(interp: Runtime, given: Arguments) -> Any:
        items, size = _known(interp, given, 0), given.get(1, "r")
        if items is None or not isinstance(size, int) or len(items) > 20:
            return Unknown(given.site, "combines what is not known")
        return [list(one) for one in itertools.islice(make(items, size), MAX_ITEMS)]

    return read


def _getter(kind: str) -> Callable[[Runtime, Arguments], Any]:
    return lambda interp, given: Getter(kind, tuple(given.args), given.keywords)


def got(interp: Runtime, getter: Getter, given: Arguments) -> Any:
    """What calling an `attrgetter`, `itemgetter` or `methodcaller` gives."""
    value = given.args[0] if given.args else None
    if getter.kind == "method":
        method = attribute(interp, value, str(getter.names[0]), given.site)
        return interp.call(method, Arguments(list(getter.names[1:]), getter.keywords, {}, given.site, given.scope))
    found: list[Any] = []
    for name in getter.names:
        scope = Scope(given.scope.path, {"it": value, "key": name}, given.scope)
        found.append(interp.evaluate(f"it.{name}" if getter.kind == "attribute" else _ITEM, scope))
    return found[0] if len(found) == 1 else found


_ITEM = ir.subscript("it", "key")


def _deque(interp: Runtime, given: Arguments) -> Any:
    items = items_of(interp, given.args[0]) if given.args else []
    return interp.made(items) if items is not None else Unknown(given.site, "a collection that is not known")


def _merged(interp: Runtime, given: Arguments) -> Any:
    """`ChainMap(first, second)`: what the first does not have, the second has."""
    if not all(is_dict(one) for one in given.args):
        return Unknown(given.site, "mappings that are not known")
    found: dict[Any, Any] = {}
    for one in reversed(given.args):
        found.update(one)
    return interp.made(found)


def _urljoin(interp: Runtime, given: Arguments) -> Any:
    from urllib.parse import urljoin

    if len(given.args) == 2 and all(isinstance(one, str) for one in given.args):
        return urljoin(given.args[0], given.args[1])
    return Unknown(given.site, "a text made of what is not known")


TOOLS: dict[str, Callable[[Runtime, Arguments], Any]] = {
    "functools.reduce": _reduce,
    "itertools.accumulate": _accumulate,
    "itertools.groupby": _group,
    "itertools.islice": _sliced,
    "itertools.count": _count,
    "itertools.repeat": _repeat,
    "itertools.cycle": _cycle,
    "itertools.starmap": _starmap,
    "itertools.zip_longest": _longest,
    "itertools.takewhile": _while(True),
    "itertools.dropwhile": _while(False),
    "itertools.combinations": _combined(itertools.combinations),
    "itertools.permutations": _combined(itertools.permutations),
    "operator.attrgetter": _getter("attribute"),
    "operator.itemgetter": _getter("item"),
    "operator.methodcaller": _getter("method"),
    "collections.deque": _deque,
    "collections.ChainMap": _merged,
    "urllib.parse.urljoin": _urljoin,
}
"""By dotted name."""
