"""Methods of texts, sets and mappings that are written out."""

from collections.abc import Sequence
from typing import Any

from fastapi_expert.codebase.interpret.containers import text_method as plain_text_method
from fastapi_expert.codebase.interpret.values import MISSING, Member, Site, Unknown, is_dict, is_list
from fastapi_expert.codebase.link.protection.values import FREE, Absent, Decided, Setting, derived, plain_text


def text_method(text: str, name: str, args: list[Any], site: Site) -> Any:
    """What a method of a text gives; a setting counts as it ships."""
    if name in ("encode", "decode"):
        return text  # bytes are read as the text that they spell
    given = [plain_text(one.default if isinstance(one, Setting) else one) for one in args]
    found = plain_text_method(text, name, given, {}, site)
    return derived(*args) or FREE if isinstance(found, Unknown) else found


def set_relation(name: str, items: Sequence[Any], other: Any) -> Any:
    """What `issubset` and its like say of a set that is written out."""
    if not items and name != "issuperset":
        return True
    if isinstance(other, Setting):
        told = set_relation(name, items, other.default) if other.default is not MISSING else MISSING
        return other.giving(told if isinstance(told, bool) else MISSING)
    if isinstance(other, Absent):
        told = set_relation(name, items, other.instead or [])
        return Decided(told) if isinstance(told, bool) else told
    plain = (is_list(other) or is_dict(other)) and all(isinstance(one, (str, int)) for one in (*items, *other))
    return bool(getattr(set(items), name)(other)) if plain else derived(*items, other) or FREE


def chosen(found: dict[Any, Any], key: Setting, otherwise: Any = MISSING) -> Any:
    """What a setting chooses among the values of a mapping."""
    shipped = found.get(key_of(key.default), otherwise) if isinstance(key.default, (str, int, Member)) else MISSING
    values = [*found.values(), *([] if otherwise is MISSING else [otherwise])]
    return key.giving(shipped, others=[one for one in values if one is not shipped])


def dict_method(found: dict[Any, Any], name: str, args: list[Any]) -> Any:
    if name == "get" and args and isinstance(args[0], Setting):
        return chosen(found, args[0], args[1] if len(args) > 1 else None)
    key = key_of(args[0]) if args else None
    if name == "get" and isinstance(key, (str, int, tuple)):
        return found.get(key, args[1] if len(args) > 1 else None)
    if name == "values":
        return list(found.values())
    if name == "keys":
        return list(found)
    if name == "items":
        return [[key, value] for key, value in found.items()]
    return derived(*args) or FREE


def key_of(value: Any) -> Any:
    """A value as the key of a mapping: several plain ones stand for a tuple of them."""
    if isinstance(value, Member):
        return ("member", value.name)
    if is_list(value) and all(isinstance(one, (str, int)) for one in value):
        return tuple(value)
    return value
