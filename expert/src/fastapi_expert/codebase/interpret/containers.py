"""Methods of plain values: texts, lists (which stand for sets too) and mappings."""

from collections.abc import Callable
from typing import Any

from fastapi_expert.codebase.interpret.operations import same, text_of
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    DOUBTFUL,
    Arguments,
    Member,
    Site,
    Unknown,
    is_dict,
    is_list,
)


def text_method(text: str, name: str, args: list[Any], keywords: dict[str, Any], site: Site) -> Any:
    """What a method of a text gives; every one of them has the name and the meaning that Python gives it."""
    plain = [one.value if isinstance(one, Member) else one for one in args]
    try:
        if name == "join" and plain and is_list(plain[0]):
            parts = [text_of(one) for one in plain[0]]
            if None not in parts:
                return text.join([part for part in parts if part is not None])
        elif name == "format":
            shown = [text_of(one) for one in plain]
            named = {key: text_of(value) for key, value in keywords.items()}
            if None not in shown and None not in named.values():
                return text.format(*shown, **named)
        elif all(isinstance(one, (str, int)) for one in plain):
            value: Any = getattr(text, name)(*plain)
            return list(value) if is_list(value) else value
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        pass
    return Unknown(site, f"a text made by {name}() of what is not known")


def list_method(interp: Runtime, items: list[Any], name: str, args: list[Any], site: Site) -> Any:
    """What a method of a list or a set does to it and gives back."""
    change = _CHANGES.get(name)
    if name == "copy":
        return interp.made(list(items))
    if change is None:
        return Unknown(site, f"what {name}() of a list returns")
    if interp.is_doubtful(items):
        return _doubtful_change(items, name, args, site)
    return change(items, args, site)


def _doubtful_change(items: list[Any], name: str, args: list[Any], site: Site) -> Any:
    """What may have been added or removed is unknown from here on."""
    unknown = Unknown(site, DOUBTFUL)
    if name in ("append", "add", "extend", "update", "insert"):
        items.append(unknown)
    else:
        items[:] = [one if args and not same(args[0], one) and name != "pop" else unknown for one in items]
    return unknown if name == "pop" else None


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
}


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
    if name == "get" and args and isinstance(args[0], (str, int, Member)):
        return items.get(args[0], args[1] if len(args) > 1 else None)
    if name == "update":
        new = {**(args[0] if args and is_dict(args[0]) else {}), **given.keywords}
        items.update(dict.fromkeys(new, Unknown(given.site, DOUBTFUL)) if interp.is_doubtful(items) else new)
        return None
    return Unknown(given.site, f"what {name}() of a mapping returns")
