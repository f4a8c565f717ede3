"""Syntax tree to `Expr` (the small form that :mod:`.facts` describes)."""

import re
from collections.abc import Callable
from typing import Any

from tree_sitter import Language, Node

from fastapi_expert.codebase.syntax.facts import Expr

MAX_ITEMS = 400
"""A longer display is data, not a table of routes; it is unknown."""
MAX_DEPTH = 60

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_CONSTANTS = {"true": True, "false": False, "none": None}
_CONSTANTS_BY_TEXT: dict[str, Expr] = {"True": ("k", True), "False": ("k", False), "None": ("k", None)}
_TELLING = re.compile(rb"[(|]")


class Translator:
    """Turns the nodes of one file into expressions."""

    def __init__(self, source: bytes, language: Language) -> None:
        self.source = source
        self.language = language
        self.depth = 0
        self.imports_at: dict[int, int] = {}
        """Start byte of an import statement to its first index in the file's imports."""
        self.qualnames: dict[int, str] = {}
        """Start byte of a function or class node to its qualname."""

    def text(self, node: Node) -> str:
        """The source text of ``node`` on one line."""
        text = self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        return " ".join(text.split()) if "\n" in text else text

    def expr(self, node: Node | None) -> Expr:
        """The expression of ``node``; unknown where it is too deep or is no expression."""
        if node is None:
            return None
        translate = _EXPRESSIONS.get(node.type)
        if translate is None or self.depth > MAX_DEPTH:
            return ("u", node.start_point.row + 1)
        self.depth += 1
        try:
            return translate(self, node)
        finally:
            self.depth -= 1

    def telling(self, annotation: Node | None) -> Expr:
        """The expression of an annotation that holds a call or a union; of others the text says as much."""
        if annotation is None or not _TELLING.search(self.source, annotation.start_byte, annotation.end_byte):
            return None
        return self.expr(annotation)

    def union(self, annotation: str) -> Expr:
        """The same for an annotation that is made of names, subscripts and `|` alone."""
        if "|" not in annotation:
            return None
        first, *rest = [_CONSTANTS_BY_TEXT.get(name, name) for name in annotation.split(" | ")]
        for side in rest:
            first = ("b", "|", first, side)
        return first


def part(node: Node, name: str) -> Node | None:
    """The child of ``node`` in the field ``name``."""
    return node.child_by_field_name(name)


def line(node: Node) -> int:
    """The line on which ``node`` begins."""
    return node.start_point.row + 1


# -- expressions -------------------------------------------------------------------------------------------------


def _name(at: Translator, node: Node) -> Expr:
    return at.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _attribute(at: Translator, node: Node) -> Expr:
    text = at.text(node)
    if _DOTTED.match(text):
        return text
    attribute = part(node, "attribute")
    return ("a", at.expr(part(node, "object")), at.text(attribute) if attribute else "")


def _string(at: Translator, node: Node) -> Expr:
    plain = _PLAIN_STRING.fullmatch(at.source, node.start_byte, node.end_byte)
    if plain is not None:
        return ("s", plain[plain.lastindex or 0].decode("utf-8", "replace"))
    parts: list[Expr] = []
    prefix = ""
    for child in node.children:
        kind = child.type
        if kind == "string_start":
            prefix = at.text(child).rstrip("\"'").lower()
        elif kind == "string_content":
            text = at.source[child.start_byte : child.end_byte].decode("utf-8", "replace")
            parts.append(("s", text if "r" in prefix or "\\" not in text else _unescape(text)))
        elif kind == "interpolation":
            value = at.expr(part(child, "expression"))
            plain = not any(part.type in ("format_specifier", "type_conversion") for part in child.named_children)
            parts.append(value if plain else ("u", line(child)))
    if "b" in prefix:
        return ("u", line(node))
    if "f" in prefix:
        text = [part[1].replace("{{", "{").replace("}}", "}") if _is_text(part) else None for part in parts]
        parts = [part if plain is None else ("s", plain) for part, plain in zip(parts, text, strict=True)]
    if all(_is_text(part) for part in parts):
        return ("s", "".join([part[1] for part in parts]))
    return ("f", tuple(parts))


_PLAIN_STRING = re.compile(rb"\"([^\"\\\n]*+)\"|'([^'\\\n]*+)'")


def _is_text(expr: Expr) -> bool:
    return not isinstance(expr, str) and expr is not None and expr[0] == "s"


_ESCAPE = re.compile(r"\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "\n": "", "a": "\a", "b": "\b", "f": "\f"}


def _unescape(text: str) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found[1]
        if code in _ESCAPES:
            return _ESCAPES[code]
        if code[0] in "xuU" and len(code) > 1:
            point = int(code[1:], 16)
            return chr(point) if point < 0x110000 else found[0]
        return chr(int(code, 8)) if code[0] in "01234567" else found[0]

    return _ESCAPE.sub(replace, text)


def _joined(at: Translator, node: Node) -> Expr:
    parts: list[Expr] = [at.expr(child) for child in node.named_children if child.type == "string"]
    if all(_is_text(part) for part in parts):
        return ("s", "".join([part[1] for part in parts]))
    return ("f", tuple(parts))


def _number(at: Translator, node: Node) -> Expr:
    try:
        text = at.text(node).replace("_", "")
        return ("k", int(text, 0) if node.type == "integer" else float(text))
    except (ValueError, OverflowError):
        return ("u", line(node))


def _constant(at: Translator, node: Node) -> Expr:
    return ("k", _CONSTANTS[node.type])


def _call(at: Translator, node: Node) -> Expr:
    positional: list[Expr] = []
    keywords: list[tuple[str, Expr]] = []
    arguments = part(node, "arguments")
    if arguments is not None and arguments.type == "argument_list":
        for child in arguments.named_children:
            kind = child.type
            if kind == "keyword_argument":
                name = part(child, "name")
                keywords.append((at.text(name) if name else "", at.expr(part(child, "value"))))
            elif kind == "dictionary_splat":
                keywords.append(("**", at.expr(child.named_children[0] if child.named_children else None)))
            elif kind != "comment":
                positional.append(at.expr(child))
    elif arguments is not None:
        positional.append(at.expr(arguments))
    function = part(node, "function")
    return ("c", at.expr(function), tuple(positional), tuple(keywords), (function or node).end_point.row + 1)


def _subscript(at: Translator, node: Node) -> Expr:
    indices = [at.expr(child) for child in node.children_by_field_name("subscript")]
    return ("i", at.expr(part(node, "value")), indices[0] if len(indices) == 1 else ("l", tuple(indices)))


_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?\Z")


def _slice(at: Translator, node: Node) -> Expr:
    found = _SLICE.match(at.text(node))
    if found is None:
        return ("u", line(node))
    return ("slice", int(found[1]) if found[1] else None, int(found[2]) if found[2] else None)


def _generic(at: Translator, node: Node) -> Expr:
    children = node.named_children
    if len(children) != 2:
        return ("u", line(node))
    indices = [at.expr(child) for child in children[1].named_children]
    return ("i", at.expr(children[0]), indices[0] if len(indices) == 1 else ("l", tuple(indices)))


def _member(at: Translator, node: Node) -> Expr:
    text = at.text(node)
    return text if _DOTTED.match(text) else ("u", line(node))


def _binary(at: Translator, node: Node) -> Expr:
    operator = part(node, "operator")
    left, right = at.expr(part(node, "left")), at.expr(part(node, "right"))
    return ("b", at.text(operator) if operator else "", left, right)


def _union(at: Translator, node: Node) -> Expr:
    sides = [at.expr(child) for child in node.named_children]
    return ("b", "|", sides[0], sides[1]) if len(sides) == 2 else ("u", line(node))


def _truth(at: Translator, node: Node) -> Expr:
    operator = part(node, "operator")
    return ("o", at.text(operator) if operator else "", (at.expr(part(node, "left")), at.expr(part(node, "right"))))


def _not(at: Translator, node: Node) -> Expr:
    return ("o", "not", (at.expr(part(node, "argument")),))


def _comparison(at: Translator, node: Node) -> Expr:
    operators = [at.text(child) for child in node.children_by_field_name("operators")]
    operands = [at.expr(child) for child in node.named_children if child.type != "comment"]
    if len(operands) != 2 or not operators:
        return ("u", line(node))
    return ("o", " ".join(operators), tuple(operands))


def _display(at: Translator, node: Node) -> Expr:
    if node.named_child_count > MAX_ITEMS:
        return ("u", line(node))
    return ("l", tuple([at.expr(child) for child in node.named_children if child.type != "comment"]))


def _dictionary(at: Translator, node: Node) -> Expr:
    if node.named_child_count > MAX_ITEMS:
        return ("u", line(node))
    pairs: list[tuple[Expr, Expr]] = []
    for child in node.named_children:
        if child.type == "pair":
            pairs.append((at.expr(part(child, "key")), at.expr(part(child, "value"))))
        elif child.type == "dictionary_splat":
            pairs.append((None, at.expr(child.named_children[0] if child.named_children else None)))
    return ("d", tuple(pairs))


def inner(at: Translator, node: Node) -> Expr:
    """The expression that ``node`` wraps."""
    children = [child for child in node.named_children if child.type != "comment"]
    return at.expr(children[0]) if children else ("u", line(node))


def _star(at: Translator, node: Node) -> Expr:
    return ("*", inner(at, node))


def _conditional(at: Translator, node: Node) -> Expr:
    parts = [at.expr(child) for child in node.named_children if child.type != "comment"]
    return ("?", parts[1], parts[0], parts[2]) if len(parts) == 3 else ("u", line(node))


def _lambda(at: Translator, node: Node) -> Expr:
    parameters = part(node, "parameters")
    names = [at.text(child) for child in parameters.named_children] if parameters else []
    return ("lambda", tuple(names), at.expr(part(node, "body")))


def _comprehension(at: Translator, node: Node) -> Expr:
    clauses: list[tuple[Any, ...]] = []
    for child in node.named_children[1:]:
        if child.type == "for_in_clause":
            clauses.append(("for", at.expr(part(child, "left")), at.expr(part(child, "right"))))
        elif child.type == "if_clause":
            clauses.append(("if", inner(at, child)))
    body = part(node, "body")
    if body is not None and body.type == "pair":
        return ("items", ("l", (at.expr(part(body, "key")), at.expr(part(body, "value")))), tuple(clauses))
    return ("for", at.expr(body), tuple(clauses))


def _is_number(expr: Expr) -> bool:
    return not isinstance(expr, str) and expr is not None and expr[0] == "k" and isinstance(expr[1], (int, float))


def _unary(at: Translator, node: Node) -> Expr:
    value = at.expr(part(node, "argument"))
    if _is_number(value) and at.text(node)[0] == "-":
        return ("k", -value[1])
    return ("u", line(node))


def _walrus(at: Translator, node: Node) -> Expr:
    name = part(node, "name")
    return (":=", at.text(name) if name else "", at.expr(part(node, "value")))


def _ellipsis(at: Translator, node: Node) -> Expr:
    return ("...",)


_EXPRESSIONS: dict[str, Callable[[Translator, Node], Expr]] = {
    "identifier": _name,
    "attribute": _attribute,
    "member_type": _member,
    "string": _string,
    "concatenated_string": _joined,
    "integer": _number,
    "float": _number,
    "true": _constant,
    "false": _constant,
    "none": _constant,
    "ellipsis": _ellipsis,
    "call": _call,
    "subscript": _subscript,
    "slice": _slice,
    "generic_type": _generic,
    "union_type": _union,
    "type": inner,
    "parenthesized_expression": inner,
    "await": inner,
    "binary_operator": _binary,
    "boolean_operator": _truth,
    "not_operator": _not,
    "comparison_operator": _comparison,
    "unary_operator": _unary,
    "list": _display,
    "tuple": _display,
    "set": _display,
    "expression_list": _display,
    "pattern_list": _display,
    "tuple_pattern": _display,
    "list_pattern": _display,
    "dictionary": _dictionary,
    "list_splat": _star,
    "conditional_expression": _conditional,
    "lambda": _lambda,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "dictionary_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "named_expression": _walrus,
}
