"""Syntax tree to expressions in the small form of :mod:`.ir`."""

import re
from collections.abc import Callable
from typing import Any

from tree_sitter import Language, Node

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr

MAX_ITEMS = 400
"""A longer display is data, not a table of routes; it is unknown."""
MAX_DEPTH = 60

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_CONSTANTS = {"true": True, "false": False, "none": None}
_CONSTANTS_BY_TEXT: dict[str, Expr] = {
    "True": ir.constant(True),
    "False": ir.constant(False),
    "None": ir.NONE,
}
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
            return ir.opaque(node.start_point.row + 1)
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
            first = ir.binary("|", first, side)
        return first


def part(node: Node, name: str) -> Node | None:
    """The child of ``node`` in the field ``name``."""
    return node.child_by_field_name(name)


def line(node: Node) -> int:
    """The line on which ``node`` begins."""
    return node.start_point.row + 1


# -- expressions -------------------------------------------------------------------------------------------------


def _name(translator: Translator, node: Node) -> Expr:
    return translator.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _attribute(translator: Translator, node: Node) -> Expr:
    text = translator.text(node)
    if _DOTTED.match(text):
        return text
    attribute = part(node, "attribute")
    return ir.attribute(translator.expr(part(node, "object")), translator.text(attribute) if attribute else "")


def _string(translator: Translator, node: Node) -> Expr:
    plain = _PLAIN_STRING.fullmatch(translator.source, node.start_byte, node.end_byte)
    if plain is not None:
        return ir.text(plain[plain.lastindex or 0].decode("utf-8", "replace"))
    parts: list[Expr] = []
    prefix = ""
    for child in node.children:
        kind = child.type
        if kind == "string_start":
            prefix = translator.text(child).rstrip("\"'").lower()
        elif kind == "string_content":
            text = translator.source[child.start_byte : child.end_byte].decode("utf-8", "replace")
            parts.append(ir.text(text if "r" in prefix or "\\" not in text else unescape(text)))
        elif kind == "interpolation":
            value = translator.expr(part(child, "expression"))
            parts.append(_formatted(translator, child, value))
    if "b" in prefix:  # `b"x"` is read as `"x".encode()`
        return ir.call(ir.attribute(_concatenated(parts), "encode"), (), (), line(node))
    if "f" in prefix:
        texts = [ir.text_of(part) for part in parts]
        parts = [
            part if text is None else ir.text(text.replace("{{", "{").replace("}}", "}"))
            for part, text in zip(parts, texts, strict=True)
        ]
    return _concatenated(parts)


def _formatted(translator: Translator, node: Node, value: Expr) -> Expr:
    """A part of an f-string with how it is formatted; what is formatted as another part says is unknown."""
    conversion = spec = ""
    for child in node.named_children:
        if child.type == "type_conversion":
            conversion = translator.text(child).removeprefix("!")
        elif child.type == "format_specifier":
            if child.named_child_count:
                return ir.opaque(line(node))
            spec = translator.text(child).removeprefix(":")
    return ir.formatted(value, conversion, spec) if conversion or spec else value


def _concatenated(parts: list[Expr]) -> Expr:
    texts = [ir.text_of(part) for part in parts]
    if None in texts:
        return ir.joined(tuple(parts))
    return ir.text("".join([text for text in texts if text is not None]))


_PLAIN_STRING = re.compile(rb"\"([^\"\\\n]*+)\"|'([^'\\\n]*+)'")


_ESCAPE = re.compile(r"\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "\n": "",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}


def unescape(text: str) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found[1]
        if code in _ESCAPES:
            return _ESCAPES[code]
        if code[0] in "xuU" and len(code) > 1:
            point = int(code[1:], 16)
            return chr(point) if point < 0x110000 else found[0]
        return chr(int(code, 8)) if code[0] in "01234567" else found[0]

    return _ESCAPE.sub(replace, text)


def _joined(translator: Translator, node: Node) -> Expr:
    return _concatenated([translator.expr(child) for child in node.named_children if child.type == "string"])


def _number(translator: Translator, node: Node) -> Expr:
    try:
        text = translator.text(node).replace("_", "")
        return ir.constant(int(text, 0) if node.type == "integer" else float(text))
    except (ValueError, OverflowError):
        return ir.opaque(line(node))


def _constant(translator: Translator, node: Node) -> Expr:
    return ir.constant(_CONSTANTS[node.type])


def _call(translator: Translator, node: Node) -> Expr:
    positional: list[Expr] = []
    keywords: list[tuple[str, Expr]] = []
    arguments = part(node, "arguments")
    if arguments is not None and arguments.type == "argument_list":
        for child in arguments.named_children:
            kind = child.type
            if kind == "keyword_argument":
                name = part(child, "name")
                keywords.append((translator.text(name) if name else "", translator.expr(part(child, "value"))))
            elif kind == "dictionary_splat":
                keywords.append(("**", translator.expr(child.named_children[0] if child.named_children else None)))
            elif kind != "comment":
                positional.append(translator.expr(child))
    elif arguments is not None:
        positional.append(translator.expr(arguments))
    function = part(node, "function")
    return ir.call(translator.expr(function), tuple(positional), tuple(keywords), (function or node).end_point.row + 1)


def _subscript(translator: Translator, node: Node) -> Expr:
    indices = [translator.expr(child) for child in node.children_by_field_name("subscript")]
    return ir.subscript(
        translator.expr(part(node, "value")), indices[0] if len(indices) == 1 else ir.display(tuple(indices))
    )


def _slice(translator: Translator, node: Node) -> Expr:
    parts: list[Expr] = [None, None, None]
    position = 0
    for child in node.children:
        if child.type == ":":
            position += 1
        elif child.type != "comment" and position < len(parts):
            parts[position] = translator.expr(child)
    return ir.slice_(parts[0], parts[1], parts[2])


def _generic(translator: Translator, node: Node) -> Expr:
    children = node.named_children
    if len(children) != 2:
        return ir.opaque(line(node))
    indices = [translator.expr(child) for child in children[1].named_children]
    return ir.subscript(translator.expr(children[0]), indices[0] if len(indices) == 1 else ir.display(tuple(indices)))


def _member(translator: Translator, node: Node) -> Expr:
    text = translator.text(node)
    return text if _DOTTED.match(text) else ir.opaque(line(node))


def _binary(translator: Translator, node: Node) -> Expr:
    operator = part(node, "operator")
    left, right = translator.expr(part(node, "left")), translator.expr(part(node, "right"))
    return ir.binary(translator.text(operator) if operator else "", left, right)


def _union(translator: Translator, node: Node) -> Expr:
    sides = [translator.expr(child) for child in node.named_children]
    return ir.binary("|", sides[0], sides[1]) if len(sides) == 2 else ir.opaque(line(node))


def _truth(translator: Translator, node: Node) -> Expr:
    operator = part(node, "operator")
    return ir.truth(
        translator.text(operator) if operator else "",
        (translator.expr(part(node, "left")), translator.expr(part(node, "right"))),
    )


def _not(translator: Translator, node: Node) -> Expr:
    return ir.truth("not", (translator.expr(part(node, "argument")),))


def _comparison(translator: Translator, node: Node) -> Expr:
    operators: list[str] = []
    operands: list[Expr] = []
    for child in node.children:
        if child.is_named and child.type != "comment":
            operands.append(translator.expr(child))
        elif len(operators) < len(operands):
            operators.append(translator.text(child))
        elif child.type != "comment":
            operators[-1] += f" {translator.text(child)}"
    if len(operands) < 2 or len(operators) != len(operands) - 1:
        return ir.opaque(line(node))
    pairs = [ir.truth(operator, tuple(operands[index : index + 2])) for index, operator in enumerate(operators)]
    found = pairs[0]
    for pair in pairs[1:]:
        found = ir.truth("and", (found, pair))
    return found


def _display(translator: Translator, node: Node) -> Expr:
    if node.named_child_count > MAX_ITEMS:
        return ir.opaque(line(node))
    return ir.display(tuple([translator.expr(child) for child in node.named_children if child.type != "comment"]))


def _dictionary(translator: Translator, node: Node) -> Expr:
    if node.named_child_count > MAX_ITEMS:
        return ir.opaque(line(node))
    pairs: list[tuple[Expr, Expr]] = []
    for child in node.named_children:
        if child.type == "pair":
            pairs.append((translator.expr(part(child, "key")), translator.expr(part(child, "value"))))
        elif child.type == "dictionary_splat":
            pairs.append((None, translator.expr(child.named_children[0] if child.named_children else None)))
    return ir.mapping(tuple(pairs))


def inner(translator: Translator, node: Node) -> Expr:
    """The expression that ``node`` wraps."""
    children = [child for child in node.named_children if child.type != "comment"]
    return translator.expr(children[0]) if children else ir.opaque(line(node))


def _star(translator: Translator, node: Node) -> Expr:
    return ir.starred(inner(translator, node))


def _conditional(translator: Translator, node: Node) -> Expr:
    parts = [translator.expr(child) for child in node.named_children if child.type != "comment"]
    return ir.conditional(parts[1], parts[0], parts[2]) if len(parts) == 3 else ir.opaque(line(node))


def _lambda(translator: Translator, node: Node) -> Expr:
    parameters = part(node, "parameters")
    params = [_lambda_parameter(translator, child) for child in parameters.named_children] if parameters else []
    return ir.lambda_(tuple(params), translator.expr(part(node, "body")))


def _lambda_parameter(translator: Translator, node: Node) -> tuple[str, str, Expr]:
    text = translator.text(node)
    if node.type == "default_parameter":
        name = part(node, "name")
        return (translator.text(name) if name else "", "", translator.expr(part(node, "value")))
    kind = "**" if text.startswith("**") else "*" if text.startswith("*") else ""
    return (text.lstrip("*"), kind, None)


def _comprehension(translator: Translator, node: Node) -> Expr:
    clauses: list[tuple[Any, ...]] = []
    for child in node.named_children[1:]:
        if child.type == "for_in_clause":
            clauses.append(ir.for_clause(translator.expr(part(child, "left")), translator.expr(part(child, "right"))))
        elif child.type == "if_clause":
            clauses.append(ir.if_clause(inner(translator, child)))
    body = part(node, "body")
    if body is not None and body.type == "pair":
        return ir.mapping_comprehension(
            ir.display((translator.expr(part(body, "key")), translator.expr(part(body, "value")))), tuple(clauses)
        )
    return ir.comprehension(translator.expr(body), tuple(clauses))


def _unary(translator: Translator, node: Node) -> Expr:
    number = ir.match(translator.expr(part(node, "argument")), ir.Constant)
    if number is not None and isinstance(number.value, (int, float)) and translator.text(node)[0] == "-":
        return ir.constant(-number.value)
    return ir.unary(translator.text(node)[0], translator.expr(part(node, "argument")))


def _walrus(translator: Translator, node: Node) -> Expr:
    name = part(node, "name")
    return ir.walrus(translator.text(name) if name else "", translator.expr(part(node, "value")))


def _ellipsis(translator: Translator, node: Node) -> Expr:
    return ir.ellipsis()


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
    "list_splat_pattern": _star,
    "conditional_expression": _conditional,
    "lambda": _lambda,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "dictionary_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "named_expression": _walrus,
}
