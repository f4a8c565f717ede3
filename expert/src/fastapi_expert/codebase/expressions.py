"""Syntax tree to `Expr` and `Stmt` (the small forms that :mod:`.facts` describes)."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from tree_sitter import Language, Node

from .facts import Expr, Stmt

MAX_ITEMS = 400
"""A longer display is data, not a table of routes; it is unknown."""
MAX_DEPTH = 60

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_CONSTANTS = {"true": True, "false": False, "none": None}
_CONSTANTS_BY_TEXT: dict[str, Expr] = {"True": ("k", True), "False": ("k", False), "None": ("k", None)}
_TELLING = re.compile(rb"[(|]")


class Translator:
    """Turns the nodes of one file into expressions and statements."""

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

    def statements(self, nodes: Sequence[Node]) -> tuple[Stmt, ...]:
        """The statements that matter to what a module builds; docstrings and bare names are left out."""
        found: list[Stmt] = []
        if self.depth > MAX_DEPTH:
            return ()
        self.depth += 1
        for node in nodes:
            translate = _STATEMENTS.get(node.type)
            if translate is not None:
                statement = translate(self, node)
                if statement is not None:
                    found.append(statement)
        self.depth -= 1
        return tuple(found)

    def block(self, node: Node | None) -> tuple[Stmt, ...]:
        return () if node is None else self.statements(node.named_children)


def _field(node: Node, name: str) -> Node | None:
    return node.child_by_field_name(name)


def _line(node: Node) -> int:
    return node.start_point.row + 1


# -- expressions -------------------------------------------------------------------------------------------------


def _name(at: Translator, node: Node) -> Expr:
    return at.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _attribute(at: Translator, node: Node) -> Expr:
    text = at.text(node)
    if _DOTTED.match(text):
        return text
    attribute = _field(node, "attribute")
    return ("a", at.expr(_field(node, "object")), at.text(attribute) if attribute else "")


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
            value = at.expr(_field(child, "expression"))
            plain = not any(part.type in ("format_specifier", "type_conversion") for part in child.named_children)
            parts.append(value if plain else ("u", _line(child)))
    if "b" in prefix:
        return ("u", _line(node))
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
        return ("u", _line(node))


def _constant(at: Translator, node: Node) -> Expr:
    return ("k", _CONSTANTS[node.type])


def _call(at: Translator, node: Node) -> Expr:
    positional: list[Expr] = []
    keywords: list[tuple[str, Expr]] = []
    arguments = _field(node, "arguments")
    if arguments is not None and arguments.type == "argument_list":
        for child in arguments.named_children:
            kind = child.type
            if kind == "keyword_argument":
                name = _field(child, "name")
                keywords.append((at.text(name) if name else "", at.expr(_field(child, "value"))))
            elif kind == "dictionary_splat":
                keywords.append(("**", at.expr(child.named_children[0] if child.named_children else None)))
            elif kind != "comment":
                positional.append(at.expr(child))
    elif arguments is not None:
        positional.append(at.expr(arguments))
    function = _field(node, "function")
    return ("c", at.expr(function), tuple(positional), tuple(keywords), (function or node).end_point.row + 1)


def _subscript(at: Translator, node: Node) -> Expr:
    indices = [at.expr(child) for child in node.children_by_field_name("subscript")]
    return ("i", at.expr(_field(node, "value")), indices[0] if len(indices) == 1 else ("l", tuple(indices)))


_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?\Z")


def _slice(at: Translator, node: Node) -> Expr:
    found = _SLICE.match(at.text(node))
    if found is None:
        return ("u", _line(node))
    return ("slice", int(found[1]) if found[1] else None, int(found[2]) if found[2] else None)


def _generic(at: Translator, node: Node) -> Expr:
    children = node.named_children
    if len(children) != 2:
        return ("u", _line(node))
    indices = [at.expr(child) for child in children[1].named_children]
    return ("i", at.expr(children[0]), indices[0] if len(indices) == 1 else ("l", tuple(indices)))


def _member(at: Translator, node: Node) -> Expr:
    text = at.text(node)
    return text if _DOTTED.match(text) else ("u", _line(node))


def _binary(at: Translator, node: Node) -> Expr:
    operator = _field(node, "operator")
    left, right = at.expr(_field(node, "left")), at.expr(_field(node, "right"))
    return ("b", at.text(operator) if operator else "", left, right)


def _union(at: Translator, node: Node) -> Expr:
    sides = [at.expr(child) for child in node.named_children]
    return ("b", "|", sides[0], sides[1]) if len(sides) == 2 else ("u", _line(node))


def _truth(at: Translator, node: Node) -> Expr:
    operator = _field(node, "operator")
    return ("o", at.text(operator) if operator else "", (at.expr(_field(node, "left")), at.expr(_field(node, "right"))))


def _not(at: Translator, node: Node) -> Expr:
    return ("o", "not", (at.expr(_field(node, "argument")),))


def _comparison(at: Translator, node: Node) -> Expr:
    operators = [at.text(child) for child in node.children_by_field_name("operators")]
    operands = [at.expr(child) for child in node.named_children if child.type != "comment"]
    if len(operands) != 2 or not operators:
        return ("u", _line(node))
    return ("o", " ".join(operators), tuple(operands))


def _display(at: Translator, node: Node) -> Expr:
    if node.named_child_count > MAX_ITEMS:
        return ("u", _line(node))
    return ("l", tuple([at.expr(child) for child in node.named_children if child.type != "comment"]))


def _dictionary(at: Translator, node: Node) -> Expr:
    if node.named_child_count > MAX_ITEMS:
        return ("u", _line(node))
    pairs: list[tuple[Expr, Expr]] = []
    for child in node.named_children:
        if child.type == "pair":
            pairs.append((at.expr(_field(child, "key")), at.expr(_field(child, "value"))))
        elif child.type == "dictionary_splat":
            pairs.append((None, at.expr(child.named_children[0] if child.named_children else None)))
    return ("d", tuple(pairs))


def _inner(at: Translator, node: Node) -> Expr:
    children = [child for child in node.named_children if child.type != "comment"]
    return at.expr(children[0]) if children else ("u", _line(node))


def _star(at: Translator, node: Node) -> Expr:
    return ("*", _inner(at, node))


def _conditional(at: Translator, node: Node) -> Expr:
    parts = [at.expr(child) for child in node.named_children if child.type != "comment"]
    return ("?", parts[1], parts[0], parts[2]) if len(parts) == 3 else ("u", _line(node))


def _lambda(at: Translator, node: Node) -> Expr:
    parameters = _field(node, "parameters")
    names = [at.text(child) for child in parameters.named_children] if parameters else []
    return ("lambda", tuple(names), at.expr(_field(node, "body")))


def _comprehension(at: Translator, node: Node) -> Expr:
    clauses: list[tuple[Any, ...]] = []
    for child in node.named_children[1:]:
        if child.type == "for_in_clause":
            clauses.append(("for", at.expr(_field(child, "left")), at.expr(_field(child, "right"))))
        elif child.type == "if_clause":
            clauses.append(("if", _inner(at, child)))
    body = _field(node, "body")
    if body is not None and body.type == "pair":
        return ("items", ("l", (at.expr(_field(body, "key")), at.expr(_field(body, "value")))), tuple(clauses))
    return ("for", at.expr(body), tuple(clauses))


def _is_number(expr: Expr) -> bool:
    return not isinstance(expr, str) and expr is not None and expr[0] == "k" and isinstance(expr[1], (int, float))


def _unary(at: Translator, node: Node) -> Expr:
    value = at.expr(_field(node, "argument"))
    if _is_number(value) and at.text(node)[0] == "-":
        return ("k", -value[1])
    return ("u", _line(node))


def _walrus(at: Translator, node: Node) -> Expr:
    name = _field(node, "name")
    return (":=", at.text(name) if name else "", at.expr(_field(node, "value")))


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
    "type": _inner,
    "parenthesized_expression": _inner,
    "await": _inner,
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

# -- statements --------------------------------------------------------------------------------------------------


def _expression_statement(at: Translator, node: Node) -> Stmt | None:
    inner = node.named_children[0] if node.named_child_count else None
    if inner is None:
        return None
    if inner.type == "assignment":
        return _assignment(at, inner)
    if inner.type == "augmented_assignment":
        return ("+=", _line(inner), at.expr(_field(inner, "left")), at.expr(_field(inner, "right")))
    if inner.type in ("call", "await"):
        return ("e", _line(inner), at.expr(inner))
    return None


def _assignment(at: Translator, node: Node) -> Stmt:
    right = _field(node, "right")
    targets = [_field(node, "left")]
    while right is not None and right.type == "assignment":  # a = b = value
        targets.append(_field(right, "left"))
        right = _field(right, "right")
    value = at.expr(right)
    if len(targets) > 1:
        target: Expr = ("=", tuple([at.expr(one) for one in targets]))
    else:
        target = at.expr(targets[0])
    return ("=", _line(node), target, value, at.expr(_field(node, "type")))


def _definition(at: Translator, node: Node) -> Stmt | None:
    definition = _field(node, "definition") if node.type == "decorated_definition" else node
    if definition is None:
        return None
    kind = "class" if definition.type == "class_definition" else "def"
    qualname = at.qualnames.get(definition.start_byte)
    return None if qualname is None else (kind, _line(definition), qualname)


def _import(at: Translator, node: Node) -> Stmt | None:
    index = at.imports_at.get(node.start_byte)
    return None if index is None else ("import", _line(node), index)


def _return(at: Translator, node: Node) -> Stmt:
    return ("return", _line(node), _inner(at, node) if node.named_child_count else ("k", None))


MAX_BRANCHES = 100
"""A longer chain of `elif` is a table of cases, not of routes; what follows is left out."""


def _if(at: Translator, node: Node) -> Stmt:
    orelse: tuple[Stmt, ...] = ()
    for branch in reversed(node.children_by_field_name("alternative")[:MAX_BRANCHES]):
        chained = branch.type == "elif_clause"
        orelse = (_branch(at, branch, orelse),) if chained else at.block(_field(branch, "body"))
    return _branch(at, node, orelse)


def _branch(at: Translator, node: Node, orelse: tuple[Stmt, ...]) -> Stmt:
    return ("if", _line(node), at.expr(_field(node, "condition")), at.block(_field(node, "consequence")), orelse)


def _for(at: Translator, node: Node) -> Stmt:
    left, right = at.expr(_field(node, "left")), at.expr(_field(node, "right"))
    return ("for", _line(node), left, right, at.block(_field(node, "body")))


def _while(at: Translator, node: Node) -> Stmt:
    return ("while", _line(node), at.expr(_field(node, "condition")), at.block(_field(node, "body")))


def _with(at: Translator, node: Node) -> Stmt:
    items: list[tuple[Expr, Expr]] = []
    for clause in node.named_children:
        if clause.type != "with_clause":
            continue
        for item in clause.named_children:
            value = _field(item, "value")
            if value is not None and value.type == "as_pattern":
                alias = _field(value, "alias")
                target = at.expr(alias.named_children[0]) if alias and alias.named_child_count else None
                items.append((at.expr(value.named_children[0]), target))
            else:
                items.append((at.expr(value), None))
    return ("with", _line(node), tuple(items), at.block(_field(node, "body")))


def _try(at: Translator, node: Node) -> Stmt:
    body = at.block(_field(node, "body"))
    handlers: list[tuple[Stmt, ...]] = []
    after: tuple[Stmt, ...] = ()
    for child in node.named_children:
        blocks = [part for part in child.named_children if part.type == "block"]
        if child.type in ("except_clause", "except_group_clause") and blocks:
            handlers.append(at.block(blocks[-1]))
        elif child.type in ("else_clause", "finally_clause") and blocks:
            after += at.block(blocks[-1])
    return ("try", _line(node), body, tuple(handlers), after)


def _match(at: Translator, node: Node) -> Stmt:
    body = _field(node, "body")
    cases = [at.block(_field(case, "consequence")) for case in body.named_children] if body else []
    whole: tuple[Stmt, ...] = ()
    for case in reversed(cases):
        whole = (("if", _line(node), ("u", _line(node)), case, whole),)
    return whole[0] if whole else ("e", _line(node), None)


def _stop(at: Translator, node: Node) -> Stmt:
    return ("stop", _line(node), node.type == "break_statement")


_STATEMENTS: dict[str, Callable[[Translator, Node], Stmt | None]] = {
    "expression_statement": _expression_statement,
    "function_definition": _definition,
    "class_definition": _definition,
    "decorated_definition": _definition,
    "import_statement": _import,
    "import_from_statement": _import,
    "return_statement": _return,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _while,
    "with_statement": _with,
    "try_statement": _try,
    "match_statement": _match,
    "raise_statement": _stop,
    "continue_statement": _stop,
    "break_statement": _stop,
}
