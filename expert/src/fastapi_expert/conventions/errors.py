"""How requests are refused here: which exception, which status, which words, and under which condition."""

import re
from collections import defaultdict
from collections.abc import Iterator

from tree_sitter import Node

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import may_hold_services
from fastapi_expert.codebase.syntax.parsing import as_utf8, parse
from fastapi_expert.conventions.model import Idiom, Place

MOST = 16
"""Refusals that are shown, the most frequent first."""
_PLACES = 3
_STATUS = re.compile(r"\b(?:HTTP_|WS_)?([1-5]\d\d)(?:_[A-Z_]+)?\b")
_NAMED = {"UNAUTHORIZED": "401", "FORBIDDEN": "403", "NOT_FOUND": "404", "CONFLICT": "409", "BAD_REQUEST": "400"}
_FRAMEWORK = ("fastapi", "starlette")
_LONGEST = 120
"""Letters of a condition that are shown."""


def errors(codebase: Codebase) -> tuple[Idiom, ...]:
    """What endpoints and the code behind them raise for the caller, by exception, status and words."""
    found: dict[str, list[tuple[Place, str]]] = defaultdict(list)
    for path, facts in codebase.files.items():
        if not may_hold_services(facts):
            continue
        text = as_utf8(_read(codebase, path))
        if b"raise " not in text:
            continue
        for node in _raised(parse(text)):
            what = _described(codebase, path, node)
            if what:
                found[what].append((Place(path, node.start_point[0] + 1), _condition(node)))
    idioms = [
        Idiom(what, len(places), tuple(place for place, _ in places[:_PLACES]), places[0][1])
        for what, places in found.items()
    ]
    return tuple(sorted(idioms, key=lambda idiom: (-idiom.count, idiom.what))[:MOST])


def _read(codebase: Codebase, path: str) -> bytes:
    try:
        return (codebase.folder / path).read_bytes()
    except OSError:
        return b""


def _raised(root: Node) -> Iterator[Node]:
    """Every `raise` of a call."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "raise_statement" and node.named_children and node.named_children[0].type == "call":
            yield node
        else:
            waiting += reversed(node.named_children)


def _described(codebase: Codebase, path: str, node: Node) -> str:
    """`HTTPException 403 "Not enough permissions"`; empty for what is no answer to a request."""
    call = node.named_children[0]
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None:
        return ""
    name = _text(function)
    symbol = codebase.names.resolve(path, name)
    if symbol is None:
        return ""
    of_framework = symbol.kind == "external" and symbol.name.partition(".")[0] in _FRAMEWORK
    if not of_framework and symbol.kind != "class":
        return ""
    positional = [one for one in arguments.named_children if one.type not in ("keyword_argument", "comment")]
    keywords = {
        _text(key): value
        for one in arguments.named_children
        if one.type == "keyword_argument"
        and (key := one.child_by_field_name("name")) is not None
        and (value := one.child_by_field_name("value")) is not None
    }
    by_position = bool(positional) and bool(_status(positional[0]))
    status = keywords.get("status_code", positional[0] if by_position else None)
    detail = keywords.get("detail", keywords.get("message"))
    if detail is None:
        rest = positional[1:] if by_position else positional
        detail = next((one for one in rest if one.type in ("string", "concatenated_string")), None)
    parts = [name.rpartition(".")[2], _status(status), _words(detail)]
    return " ".join(part for part in parts if part)


def _status(node: Node | None) -> str:
    text = _text(node) if node is not None else ""
    found = _STATUS.search(text)
    return found[1] if found else next((number for word, number in _NAMED.items() if text.endswith(word)), "")


def _words(node: Node | None) -> str:
    if node is None or node.type not in ("string", "concatenated_string"):
        return ""
    return " ".join(_text(node).split())


def _condition(node: Node) -> str:
    """The `if` that the statement stands in, within its function."""
    above = node.parent
    while above is not None and above.type not in ("function_definition", "module"):
        if above.type in ("if_statement", "elif_clause"):
            asked = above.child_by_field_name("condition")
            text = " ".join(_text(asked).split()) if asked is not None else ""
            return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        if above.type in ("except_clause", "else_clause", "finally_clause"):
            return ""
        above = above.parent
    return ""


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
