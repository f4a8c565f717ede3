"""Edits JSON with comments (as VS Code, Cursor and Claude Code read it) without disturbing what is already there.

A parsed tree of positions is enough: the text is cut and spliced, so comments, order, indentation and trailing
commas of the rest of the file stay exactly as their owner wrote them. Grammar: RFC 8259 plus ``//`` and ``/* */``
comments and trailing commas.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


class JsoncError(ValueError):
    """The text is not JSON with comments; ``line`` (1-based) says where it stops making sense."""

    def __init__(self, message: str, text: str, position: int) -> None:
        self.line = text.count("\n", 0, position) + 1
        super().__init__(f"line {self.line}: {message}")


@dataclass(slots=True)
class Node:
    """One value with its span; objects hold ``members``, arrays ``items``."""

    start: int
    end: int = 0
    value: Any = None
    members: dict[str, "Member"] | None = None
    items: list["Node"] | None = None
    comma_after_last: int | None = None


@dataclass(slots=True)
class Member:
    start: int
    node: Node


def parse(text: str) -> Node:
    """Parse `text`; raises `JsoncError` with the line when it cannot be read."""
    start = _skip(text, 1 if text.startswith("\ufeff") else 0)
    node = _value(text, start, 0)
    if (end := _skip(text, node.end)) != len(text):
        raise JsoncError("something follows the end of the document", text, end)
    return node


def plain(node: Node) -> Any:
    """The value of `node` as `json.loads` would give it."""
    if node.members is not None:
        return {key: plain(member.node) for key, member in node.members.items()}
    if node.items is not None:
        return [plain(item) for item in node.items]
    return node.value


def set_member(text: str, keys: tuple[str, ...], value: Any) -> str:
    """`text` with the value at `keys` set; missing objects on the way are made, everything else is untouched."""
    root = parse(text or "{}")
    text = text or "{}"
    node, depth = root, 0
    for depth, key in enumerate(keys):
        if node.members is None:
            raise JsoncError(f"'{'.'.join(keys[:depth]) or 'the document'}' is not an object", text, node.start)
        if key not in node.members:
            break
        node = node.members[key].node
    else:
        return text if plain(node) == value else text[: node.start] + _dump(text, value, len(keys)) + text[node.end :]
    for key in reversed(keys[depth + 1 :]):
        value = {key: value}
    return _insert(text, node, f"{json.dumps(keys[depth])}: ", value, depth + 1)


def append_item(text: str, keys: tuple[str, ...], value: Any) -> str:
    """`text` with `value` appended to the array at `keys` (made when missing), once: an equal item is left alone."""
    node = find(parse(text or "{}"), keys)
    if node is None:
        return set_member(text, keys, [value])
    if node.items is None:
        raise JsoncError(f"'{'.'.join(keys)}' is not an array", text, node.start)
    if any(plain(item) == value for item in node.items):
        return text
    return _insert(text, node, "", value, len(keys) + 1)


def remove_member(text: str, keys: tuple[str, ...]) -> str:
    """`text` without the member at `keys`; objects that this leaves empty go too (but never the document itself)."""
    *path, key = keys
    parent = find(parse(text), tuple(path))
    if parent is None or parent.members is None or key not in parent.members:
        return text
    if len(parent.members) == 1 and path:
        return remove_member(text, tuple(path))
    spans = [(member.start, member.node.end) for member in parent.members.values()]
    return _cut(text, parent, spans, list(parent.members).index(key))


def remove_item(text: str, keys: tuple[str, ...], value: Any) -> str:
    """`text` without the item equal to `value` in the array at `keys`; an array this leaves empty goes too."""
    node = find(parse(text), keys)
    if node is None or node.items is None:
        return text
    for index, item in enumerate(node.items):
        if plain(item) == value:
            if len(node.items) == 1:
                return remove_member(text, keys)
            return _cut(text, node, [(each.start, each.end) for each in node.items], index)
    return text


def find(node: Node | None, keys: tuple[str, ...]) -> Node | None:
    """The node at `keys`, or None."""
    for key in keys:
        if node is None or node.members is None or key not in node.members:
            return None
        node = node.members[key].node
    return node


def _insert(text: str, parent: Node, prefix: str, value: Any, depth: int) -> str:
    """Put `prefix` and `value` behind the last entry of `parent`, in the style of the file."""
    newline, unit = _style(text)
    entry = prefix + _dump(text, value, depth)
    pad = newline + unit * depth
    ends = [m.node.end for m in (parent.members or {}).values()] or [item.end for item in parent.items or []]
    if not ends:
        return text[: parent.start + 1] + pad + entry + newline + unit * (depth - 1) + text[parent.end - 1 :]
    if parent.comma_after_last is not None:
        position = parent.comma_after_last + 1
        return text[:position] + pad + entry + "," + text[position:]
    position = max(ends)
    if "\n" not in text[parent.start : parent.end]:
        return text[:position] + ", " + prefix + json.dumps(value, ensure_ascii=False) + text[position:]
    # A comment may follow the last value on its line: the comma goes before it, the entry after it.
    line_end = re.compile(r"[ \t]*(?://[^\n]*|/\*[^\n]*?\*/[ \t]*)?").match(text, position)
    rest = line_end.end() if line_end else position
    return text[:position] + "," + text[position:rest].rstrip("\r") + pad + entry + text[rest:]


def _cut(text: str, parent: Node, spans: list[tuple[int, int]], index: int) -> str:
    """Cut entry `index` with the one comma and the white space that came with it."""
    start, end = spans[index]
    after = _skip(text, end)
    if index + 1 < len(spans):
        return text[:start] + text[spans[index + 1][0] :]
    if index == 0:
        stop = after + 1 if text[after : after + 1] == "," else end
        return text[: parent.start + 1] + text[_skip(text, stop) :]
    if parent.comma_after_last is not None:
        head = text[:start].rstrip()
        return head + text[parent.comma_after_last + 1 :]
    previous_end = spans[index - 1][1]
    comma = text.index(",", _skip(text, previous_end))
    return text[:comma] + text[comma + 1 : start].rstrip() + text[end:]


def _dump(text: str, value: Any, depth: int) -> str:
    newline, unit = _style(text)
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", newline + unit * depth)


def _style(text: str) -> tuple[str, str]:
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = re.search(r"\n([ \t]+)[\"{\[]", text)
    return newline, indent.group(1) if indent else "  "


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _value(text: str, position: int, depth: int) -> Node:
    if depth > 200:
        raise JsoncError("nested more than 200 deep", text, position)
    match text[position : position + 1]:
        case "{":
            return _object(text, position, depth)
        case "[":
            return _array(text, position, depth)
        case '"':
            raw = _string(text, position)
            return Node(position, position + len(raw), json.loads(raw))
        case _:
            if scalar := _SCALAR.match(text, position):
                return Node(position, scalar.end(), json.loads(scalar.group()))
            raise JsoncError("a value is missing or malformed", text, position)


def _string(text: str, position: int) -> str:
    match = _STRING.match(text, position)
    if match is None:
        raise JsoncError("a string is missing or not closed", text, position)
    return match.group()


def _object(text: str, position: int, depth: int) -> Node:
    members: dict[str, Member] = {}
    node = Node(position, members=members)
    position = _skip(text, position + 1)
    while text[position : position + 1] != "}":
        raw = _string(text, position)
        colon = _skip(text, position + len(raw))
        if text[colon : colon + 1] != ":":
            raise JsoncError(f"':' is missing after {raw}", text, colon)
        value = _value(text, _skip(text, colon + 1), depth + 1)
        members[json.loads(raw)] = Member(position, value)
        position = _separator(text, node, value.end, "}")
    node.end = position + 1
    return node


def _array(text: str, position: int, depth: int) -> Node:
    items: list[Node] = []
    node = Node(position, items=items)
    position = _skip(text, position + 1)
    while text[position : position + 1] != "]":
        value = _value(text, position, depth + 1)
        items.append(value)
        position = _separator(text, node, value.end, "]")
    node.end = position + 1
    return node


def _separator(text: str, node: Node, position: int, closing: str) -> int:
    position = _skip(text, position)
    if text[position : position + 1] == ",":
        comma, position = position, _skip(text, position + 1)
        node.comma_after_last = comma if text[position : position + 1] == closing else None
        return position
    if text[position : position + 1] != closing:
        raise JsoncError(f"',' or '{closing}' is missing", text, position)
    return position
