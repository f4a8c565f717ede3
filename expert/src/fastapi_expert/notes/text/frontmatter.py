"""The YAML block at the head of a note: read, written, and changed key by key so that the rest keeps its bytes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from math import isfinite
from typing import Any, cast

MAX_VALUES = 10_000
_BLOCK = re.compile(r"\A---[ \t]*\n(?P<yaml>(?:.*\n)*?)---[ \t]*(?:\n|\Z)")
_KEY = re.compile(r"^(?P<key>\"[^\"]*\"|'[^']*'|[^\s#'\"\-\[{&*!|>%@`,?][^:\n]*?)[ \t]*:(?=[ \t]|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Split:
    """A text cut at its closing fence: ``head`` with both fences (or empty), ``body`` as it stands after them."""

    head: str
    body: str
    values: dict[str, Any]


def split(text: str) -> Split:
    """Cut ``text`` (newlines as ``\\n``). A block that is not a YAML mapping is not front matter: all is body."""
    found = _BLOCK.match(text)
    if not found:
        return Split("", text, {})
    values = load(found["yaml"])
    if values is None:
        return Split("", text, {})
    return Split(found[0], text[found.end() :], values)


def load(block: str) -> dict[str, Any] | None:
    """The mapping in ``block``; None when it is something else or no YAML at all."""
    import yaml

    safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        try:
            loaded = cast("object", yaml.load(block, Loader=safe))  # noqa: S506 - a safe loader
        except ValueError:  # the 31st of February: it stays the text it is
            loaded = cast("object", yaml.load(block, Loader=yaml.BaseLoader))  # noqa: S506 - makes texts only
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        return None
    return {str(key): value for key, value in cast("dict[object, Any]", loaded).items()}


def dump(values: Mapping[str, Any]) -> str:
    """``values`` as a fenced block, in the order given."""
    return f"---\n{_yaml(values)}---\n"


def merge(head: str, current: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    """``head`` with ``changes`` made: a changed key is rewritten in its place, a new one added at the end.

    Comments, quoting and order of every other key stay. Should the block be too clever for that (anchors across
    keys, a flow mapping at top level), it is written anew.
    """
    wanted = {**current, **changes}
    if not head:
        return dump(wanted)
    if wanted == current:
        return head
    pieces = _pieces(head.partition("\n")[2].rpartition("---")[0])
    for key, value in changes.items():
        if key not in current or current[key] != value:
            pieces[key] = _yaml({key: value})
    block = "".join(pieces.values())
    return f"---\n{block}---\n" if load(block) == wanted else dump(wanted)


def text_of(value: Any) -> Any:
    """A front matter value as JSON can hold it: dates in ISO 8601, the rest as it is.

    YAML's aliases can make a small block stand for billions of values: what is beyond `MAX_VALUES` is left out.
    """
    return _text_of(value, iter(range(MAX_VALUES)))


def _text_of(value: Any, left: Iterator[int]) -> Any:
    if next(left, None) is None:
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _text_of(item, left) for key, item in _some(cast("Mapping[object, Any]", value).items())}
    if isinstance(value, list | tuple | set | frozenset):
        return [_text_of(item, left) for item in _some(cast("list[Any]", value))]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _some(items: Iterable[Any]) -> Iterator[Any]:
    return islice(items, MAX_VALUES)


def _pieces(block: str) -> dict[str, str]:
    """The block cut before each top-level key; what stands before the first goes under the empty key."""
    starts = [(found.start(), found["key"].strip("\"'")) for found in _KEY.finditer(block)]
    if not starts:
        return {"": block} if block else {}
    pieces = {"": block[: starts[0][0]]}
    for (start, key), (end, _) in zip(starts, [*starts[1:], (len(block), "")], strict=True):
        pieces[key] = pieces.get(key, "") + block[start:end]
    return pieces


def _yaml(values: Mapping[str, Any]) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    dumped = yaml.dump(dict(values), Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return dumped if values else ""
