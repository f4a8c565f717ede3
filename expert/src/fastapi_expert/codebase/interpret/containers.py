"""Methods of plain values: texts, lists (which stand for sets too) and mappings."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fastapi_expert.codebase.interpret.attributes import class_attribute
from fastapi_expert.codebase.interpret.operations import same, text_of
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    DOUBTFUL,
    Arguments,
    ClassValue,
    Doubtful,
    External,
    FunctionValue,
    GeneratorCall,
    Instance,
    Member,
    PathValue,
    RouteList,
    Scope,
    Site,
    Uncalled,
    Unknown,
    as_key,
    is_dict,
    is_list,
)


def text_method(text: str, name: str, args: list[Any], keywords: dict[str, Any], site: Site) -> Any:
    """What a method of a text gives; every one of them has the name and the meaning that Python gives it."""
    plain = [one.value if isinstance(one, Member) else one for one in args]
    try:
        if name == "join" and plain and (is_list(plain[0]) or is_dict(plain[0])):
            parts = [text_of(one) for one in plain[0]]
            if None not in parts:
                return text.join([part for part in parts if part is not None])
        elif name == "format":
            shown = [text_of(one) for one in plain]
            named = {key: text_of(value) for key, value in keywords.items()}
            if None not in shown and None not in named.values():
                return text.format(*shown, **named)
        elif name in ("startswith", "endswith") and plain and is_list(plain[0]):
            return bool(getattr(text, name)(tuple(plain[0])))
        elif all(isinstance(one, (str, int)) for one in plain):
            value: Any = getattr(text, name)(*plain)
            return list(value) if is_list(value) else value
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        pass
    return Unknown(site, f"a text made by {name}() of what is not known")


def items_of(interp: Runtime, value: Any) -> list[Any] | None:
    """The items that looping over ``value`` gives, None when they are not known."""
    if is_list(value) or is_dict(value) or isinstance(value, str):
        return list(value)
    if isinstance(value, RouteList):
        return list(value.router.entries)
    if isinstance(value, GeneratorCall):
        found: list[Any] = []
        return found if interp.run_generator(value, found.append) else None
    if isinstance(value, ClassValue):
        asked = [
            class_attribute(interp, value, name, Site(value.path, 1), receiver=None) for name in [*value.namespace]
        ]
        return [one for one in asked if isinstance(one, Member)] or None
    if isinstance(value, Instance) and "()" in value.attributes:
        return list(value.attributes["()"])  # the fields of a NamedTuple in order
    if isinstance(value, Instance) and isinstance(value.cls, ClassValue):
        site = Site(value.site.path, interp.line)
        method = class_attribute(interp, value.cls, "__iter__", site, receiver=value)
        made = interp.call_function(method, [], {}, site) if isinstance(method, FunctionValue) else None
        return items_of(interp, made) if made is not None and made is not value else None
    return None


def set_item(interp: Runtime, owner: Any, key: Any, value: Any, scope: Scope) -> None:
    """`owner[key] = value`."""
    if owner == External("os.environ") and isinstance(key, str):
        interp.environ.pop(key, None)
        if isinstance(value, str):
            interp.environ[key] = value
    elif is_dict(owner) and (isinstance(key, Uncalled) or not isinstance(key, (Unknown, dict))):
        owner[as_key(key)] = _doubted(interp, owner, value) if interp.is_doubtful(owner) else value
    elif is_list(owner) and isinstance(key, (int, slice)):
        with suppress(LookupError, TypeError, ValueError):
            owner[key] = value


def delete_item(interp: Runtime, owner: Any, key: Any, scope: Scope) -> None:
    """`del owner[key]`."""
    if is_list(owner) or is_dict(owner):
        with suppress(LookupError, TypeError):
            del owner[as_key(key) if is_dict(owner) else key]


def _doubted(interp: Runtime, collection: Any, value: Any) -> Doubtful:
    return Doubtful(value, interp.conditions_since(interp.made_in(collection)))


def list_method(
    interp: Runtime, items: list[Any], name: str, args: list[Any], keywords: dict[str, Any], site: Site
) -> Any:
    """What a method of a list or a set does to it and gives back."""
    if name == "copy" or name in SET_METHODS:
        return interp.made(_combined(items, name, args))
    if name in ("sort", "reverse"):
        ordered = sorted_values(interp, items, keywords, site) if name == "sort" else items[::-1]
        if is_list(ordered):
            items[:] = ordered
        return None
    if name in ("index", "count"):
        found = [index for index, one in enumerate(items) if args and same(args[0], one)]
        return len(found) if name == "count" else found[0] if found else Unknown(site, "an item that is not there")
    change = _CHANGES.get(name)
    if change is None:
        return Unknown(site, f"what {name}() of a list returns")
    if interp.is_doubtful(items):
        return _doubtful_change(interp, items, name, args, site)
    return change(items, args, site)


def _combined(items: list[Any], name: str, args: list[Any]) -> list[Any]:
    if name == "copy":
        return list(items)
    for given in args:
        items = OF_SETS[SET_METHODS[name]](items, given) if is_list(given) else items
    return items


def _without(left: list[Any], right: list[Any]) -> list[Any]:
    return [one for one in left if not any(same(one, other) for other in right)]


OF_SETS: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "-": _without,
    "|": lambda left, right: [*left, *_without(right, left)],
    "&": lambda left, right: _without(left, _without(left, right)),
    "^": lambda left, right: [*_without(left, right), *_without(right, left)],
}
"""Of sets, which are lists here, and of the keys of mappings."""
SET_METHODS = {"union": "|", "intersection": "&", "difference": "-", "symmetric_difference": "^"}
"""Methods of sets that do what an operator does."""


def sorted_values(interp: Runtime, items: list[Any], keywords: dict[str, Any], site: Site) -> Any:
    """`sorted(items, key=…, reverse=…)`."""
    key, reverse = keywords.get("key"), keywords.get("reverse", False)
    keys = (
        [_sort_key(interp.call(key, Arguments([one], {}, {}, site, Scope(site.path, {})))) for one in items]
        if (key is not None)
        else [_sort_key(one) for one in items]
    )
    try:
        order = sorted(range(len(items)), key=lambda index: keys[index], reverse=bool(reverse))
    except TypeError:
        return interp.made(list(items))  # in which order is not known, but all of them
    return interp.made([items[index] for index in order])


def _sort_key(value: Any) -> Any:
    if isinstance(value, PathValue):
        return value.path
    if isinstance(value, Member):
        return value.value
    return tuple([_sort_key(one) for one in value]) if is_list(value) else value


def _doubtful_change(interp: Runtime, items: list[Any], name: str, args: list[Any], site: Site) -> Any:
    """What may have been added or removed is doubtful from here on."""
    if name in ("append", "add"):
        items.extend(_doubted(interp, items, one) for one in args[:1])
    elif name in ("extend", "update") and args and is_list(args[0]):
        items.extend([_doubted(interp, items, one) for one in args[0]])
    elif name == "insert" and len(args) == 2 and isinstance(args[0], int):
        items.insert(args[0], _doubted(interp, items, args[1]))
    elif name in ("extend", "update"):
        items.append(Unknown(site, DOUBTFUL))
    else:
        gone = [not (args and not same(args[0], one) and name != "pop") for one in items]
        items[:] = [_doubted(interp, items, one) if maybe else one for one, maybe in zip(items, gone, strict=True)]
    return Unknown(site, DOUBTFUL) if name == "pop" else None


def _append(items: list[Any], args: list[Any], site: Site) -> None:
    items.extend(args[:1])


def _add(items: list[Any], args: list[Any], site: Site) -> None:
    items.extend(one for one in args[:1] if not any(same(one, other) for other in items))


def _extend(items: list[Any], args: list[Any], site: Site) -> None:
    if args and is_list(args[0]):
        items.extend(args[0])
    else:
        items.append(Unknown(site, "of a collection that is not known"))


def _insert(items: list[Any], args: list[Any], site: Site) -> None:
    if len(args) == 2 and isinstance(args[0], int):
        items.insert(args[0], args[1])


def _remove(items: list[Any], args: list[Any], site: Site) -> None:
    items[:] = [one for one in items if not (args and same(args[0], one))]


def _clear(items: list[Any], args: list[Any], site: Site) -> None:
    items.clear()


def _pop(items: list[Any], args: list[Any], site: Site) -> Any:
    index = args[0] if args else -1
    if isinstance(index, int) and -len(items) <= index < len(items):
        return items.pop(index)
    return Unknown(site, "what pop() of a list returns")


_CHANGES: dict[str, Callable[[list[Any], list[Any], Site], Any]] = {
    "append": _append,
    "add": _add,
    "extend": _extend,
    "update": _extend,
    "insert": _insert,
    "remove": _remove,
    "discard": _remove,
    "clear": _clear,
    "pop": _pop,
    "popleft": lambda items, args, site: _pop(items, [0], site),
    "appendleft": lambda items, args, site: _insert(items, [0, *args[:1]], site),
    "extendleft": lambda items, args, site: _insert_all(items, args),
}


def _insert_all(items: list[Any], args: list[Any]) -> None:
    if args and is_list(args[0]):
        items[:0] = reversed(args[0])


def dict_method(interp: Runtime, items: dict[Any, Any], name: str, given: Arguments) -> Any:
    """What a method of a mapping does to it and gives back."""
    args = given.args
    if name == "items":
        return [[key, value] for key, value in items.items()]
    if name == "keys":
        return list(items)
    if name == "values":
        return list(items.values())
    if name == "copy":
        return interp.made(dict(items))
    if name == "clear":
        items.clear()
        return None
    if name == "popitem" and items and not interp.is_doubtful(items):
        return list(items.popitem())
    if name in ("get", "pop", "setdefault") and args and not isinstance(args[0], (Unknown, dict)):
        return _entry(interp, items, name, args, given.site)
    if name == "update":
        new = {**(args[0] if args and is_dict(args[0]) else {}), **given.keywords}
        if interp.is_doubtful(items):
            new = {key: _doubted(interp, items, value) for key, value in new.items()}
        items.update(new)
        return None
    return Unknown(given.site, f"what {name}() of a mapping returns")


def _entry(interp: Runtime, items: dict[Any, Any], name: str, args: list[Any], site: Site) -> Any:
    """`get`, `pop` or `setdefault` of one key."""
    key, default = as_key(args[0]), args[1] if len(args) > 1 else None
    if name == "setdefault" and key not in items:
        items[key] = default
    found = items.get(key, default)
    if name == "pop":
        items.pop(key, None)
    return Unknown(site, DOUBTFUL) if isinstance(found, Doubtful) else found
