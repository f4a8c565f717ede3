"""The words of a definition that a copy would have to keep, out of its syntax tree, in order.

Local names may differ, one for one, and so may layout, docstrings, annotations of variables and how an error is worded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from tree_sitter import Node

from fastapi_expert.duplicates.similarity.fields import plain_type

Aspect = Literal["access", "decorator", "parameter", "name", "literal"]
INJECTING = {"Depends", "Security"}
_DESCRIBING = ("path", "name", "summary", "description", "operation_id", "tags")
"""Arguments of a route's decorator that say nothing of what is done."""
_LOGGING = {"debug", "info", "warning", "error", "exception", "critical"}
_NUMBERS = ("integer", "float", "true", "false", "none", "ellipsis")
_OPERATIONS = {
    *("binary_operator", "boolean_operator", "comparison_operator", "unary_operator", "not_operator"),
    *("augmented_assignment",),
}
_DISPLAYS = {"list", "set", "dictionary"}
_TYPED = ("typed_parameter", "typed_default_parameter")
_PARAMETERS = (*_TYPED, "identifier", "default_parameter", "list_splat_pattern", "dictionary_splat_pattern")
_PATTERNS = ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "as_pattern_target")
_SILENT = ("comment", "import_statement", "import_from_statement", "future_import_statement")


class Word(NamedTuple):
    """One word: ``key`` is what is compared, ``text`` what is shown."""

    aspect: Aspect
    key: str
    text: str


def text_of(node: Node | None) -> str:
    """The source of ``node``; "" for none."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def is_async(node: Node) -> bool:
    """Whether a definition starts with `async`."""
    return any(one.type == "async" for one in _definition(node).children)


class Function:
    """A definition with the decorators above it; ``bindings`` say what the names of its module are bound to.

    ``awaits`` is False where sync and async twins are compared, of which one awaits and the other does not.
    """

    def __init__(self, node: Node, bindings: Mapping[str, str], *, is_wired: bool, awaits: bool = True) -> None:
        self._node = _definition(node)
        self._awaits = awaits
        self._decorators = [one for one in node.children if one.type == "decorator"]
        self._bindings = bindings
        self._is_wired = is_wired
        self._in_complaint = False
        self._name_of_all = text_of(self._node.child_by_field_name("name"))
        self._locals: dict[str, int | None] = dict.fromkeys(_local_names(self._node))

    def words(self) -> Iterator[Word]:
        """Those of the decorators, the parameters and the body."""
        for decorator in self._decorators:
            yield from self._decorator(decorator)
        parameters = self._node.child_by_field_name("parameters")
        if parameters is not None:
            yield from self._parameters(parameters)
        for statement in _statements(self._node):
            yield from self._words(statement, "name")

    def _decorator(self, decorator: Node) -> Iterator[Word]:
        """A decorator; a route's path and name are what two endpoints may differ in."""
        call = next((one for one in decorator.named_children if one.type != "comment"), None)
        called = call.child_by_field_name("function") if call is not None and call.type == "call" else None
        if call is None or called is None or called.type != "attribute":
            for child in decorator.named_children:
                yield from self._words(child, "decorator")
            return
        yield from self._words(called, "decorator")
        arguments = call.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        for argument in [one for one in given if one.type != "keyword_argument"][1:]:
            yield from self._words(argument, "decorator")
        keywords = {text_of(one.child_by_field_name("name")): one for one in given if one.type == "keyword_argument"}
        for name, keyword in sorted(keywords.items()):
            if name in _DESCRIBING:
                continue
            aspect: Aspect = "access" if name == "dependencies" else "decorator"
            yield Word(aspect, f"{name}=", f"{name}=")
            value = keyword.child_by_field_name("value")
            if value is not None:
                yield from self._words(value, aspect)

    def _parameters(self, parameters: Node) -> Iterator[Word]:
        everything = [one for one in parameters.named_children if one.type in _PARAMETERS]
        if self._is_wired:
            yield from (Word("parameter", name, name) for one in everything if (name := _parameter_name(one)))
            for one in everything:
                annotation = one.child_by_field_name("type")
                if annotation is not None:
                    yield from self._words(annotation, "access")
        for one in everything:
            default = one.child_by_field_name("value")
            if default is not None:
                yield from self._words(default, "access" if _injects(default) else "literal")

    def _words(self, node: Node, aspect: Aspect) -> Iterator[Word]:
        kind = node.type
        if kind == "identifier":
            yield self._name(text_of(node), aspect)
        elif kind in _NUMBERS:
            yield Word(aspect if aspect != "name" else "literal", text_of(node), text_of(node))
        elif kind in ("string", "concatenated_string"):
            yield from self._string(node, aspect)
        elif kind == "attribute":
            yield from self._children(node, aspect, but="attribute")
            name = text_of(node.child_by_field_name("attribute"))
            yield Word(aspect, f".{name}", name)
        elif kind == "keyword_argument":
            name = text_of(node.child_by_field_name("name"))
            yield Word(aspect, f"{name}=", f"{name}=")
            yield from self._children(node, aspect, but="name")
        elif kind in ("function_definition", "class_definition"):
            yield self._name(text_of(node.child_by_field_name("name")), aspect)
            if is_async(node) and self._awaits:
                yield Word(aspect, "async def", "async def")
            for statement in _statements(node):
                yield from self._words(statement, aspect)
        elif kind in ("parameters", "lambda_parameters"):
            for one in node.named_children:
                default = one.child_by_field_name("value")
                if default is not None:
                    yield from self._words(default, aspect)
        elif kind not in _SILENT:
            yield from self._other(node, aspect)

    def _other(self, node: Node, aspect: Aspect) -> Iterator[Word]:
        if node.type == "await" and self._awaits:
            yield Word(aspect, "await", "await")
        if node.type in _DISPLAYS:
            yield Word(aspect, node.type, f"a {node.type}")  # `f([x])` is not `f(x)`
        if node.type in _OPERATIONS:
            for one in node.children:
                if not one.is_named:
                    yield Word(aspect, one.type, one.type)
        is_annotated = node.type == "assignment" and node.child_by_field_name("type") is not None
        before = self._in_complaint
        self._in_complaint = before or (not self._is_wired and _complains(node))
        yield from self._children(node, aspect, but="type" if is_annotated else "")
        self._in_complaint = before

    def _children(self, node: Node, aspect: Aspect, *, but: str = "") -> Iterator[Word]:
        left_out = node.child_by_field_name(but) if but else None
        for child in node.named_children:
            if left_out is None or child.id != left_out.id:
                yield from self._words(child, aspect)

    def _string(self, node: Node, aspect: Aspect) -> Iterator[Word]:
        """A literal however it is quoted or cut; of an f-string also what stands in its braces."""
        pieces: list[str] = []
        inside: list[Node] = []
        for part in node.named_children if node.type == "concatenated_string" else [node]:
            start = next((text_of(one) for one in part.children if one.type == "string_start"), "")
            pieces += ["b" if "b" in start.lower() else ""]
            pieces += [text_of(one) for one in part.children if one.type == "string_content"]
            inside += [one for one in part.children if one.type == "interpolation"]
        value = "".join(pieces)
        if not inside and not (self._in_complaint and _is_prose(value)):
            yield Word(aspect if aspect != "name" else "literal", f"'{value}'", repr(value))
        elif inside and not self._in_complaint:
            yield Word(aspect if aspect != "name" else "literal", f"f'{value}'", repr(value))
        for one in inside:
            yield from self._children(one, aspect)

    def _name(self, name: str, aspect: Aspect) -> Word:
        if name == self._name_of_all:
            return Word(aspect, "itself", name)
        if name in self._locals:
            number = self._locals[name]
            if number is None:
                number = self._locals[name] = sum(one is not None for one in self._locals.values())
            return Word(aspect, f"local {number}", name)
        return Word(aspect, f"global {self._bindings.get(name, name)}", name)


def subjects(node: Node) -> set[str]:
    """The names in a definition that are not its own: of attributes, and of what stands outside of it."""
    definition = _definition(node)
    own = set(_local_names(definition)) | {text_of(definition.child_by_field_name("name"))}
    return {text_of(one) for one in _all(definition) if one.type == "identifier"} - own


def declarations(node: Node, bindings: Mapping[str, str]) -> dict[str, str]:
    """What a class inherits from and declares: name to how it is spelled, without the docstring and without how a type
    is spelled.

    ``bindings`` say what names of the module are bound to: the same type by name may be another class.
    """
    definition = _definition(node)
    bases = definition.child_by_field_name("superclasses")
    inherited = {text_of(one): f"base {_flat(one, bindings)}" for one in (bases.named_children if bases else ())}
    return inherited | dict(_declaration(one, bindings) for one in _statements(definition))


def _declaration(statement: Node, bindings: Mapping[str, str]) -> tuple[str, str]:
    inner = statement.named_children[0] if statement.type == "expression_statement" else statement
    if inner.type == "assignment":
        name, annotation = text_of(inner.child_by_field_name("left")), inner.child_by_field_name("type")
        names = {text_of(one) for one in _all(annotation) if one.type == "identifier"} if annotation else set[str]()
        bound = sorted(bindings[one] for one in names if one in bindings)
        value = _flat(inner.child_by_field_name("right"), bindings)
        return name, f"{plain_type(text_of(annotation))} {bound} = {value}"
    definition = _definition(inner)
    text = _flat(inner, bindings)
    return text_of(definition.child_by_field_name("name")) or text, text


def _flat(node: Node | None, bindings: Mapping[str, str]) -> str:
    """The leaves of a tree in one line: layout, comments and the kind of quotes do not count."""
    if node is None or node.type == "comment":
        return ""
    if node.type in ("string_start", "string_end"):
        return "'"
    if not node.children:
        text = text_of(node)
        return bindings.get(text, text) if node.type == "identifier" else text
    return " ".join(filter(None, [_flat(one, bindings) for one in node.children]))


def _definition(node: Node) -> Node:
    inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else None
    return node if inner is None else inner


def _statements(definition: Node) -> Sequence[Node]:
    """The statements of a body, without its docstring."""
    body = definition.child_by_field_name("body")
    found = [one for one in body.named_children if one.type != "comment"] if body is not None else []
    first = found[0] if found else None
    is_docstring = (
        first is not None
        and first.type == "expression_statement"
        and first.named_child_count == 1
        and first.named_children[0].type in ("string", "concatenated_string")
    )
    return found[1:] if is_docstring else found


def _complains(node: Node) -> bool:
    """An exception being raised, or a line for the log: how it is worded changes nothing else."""
    if node.type == "raise_statement":
        return True
    called = node.child_by_field_name("function") if node.type == "call" else None
    return (
        called is not None
        and called.type == "attribute"
        and text_of(called.child_by_field_name("attribute")) in _LOGGING
    )


def _is_prose(value: str) -> bool:
    return value.strip().count(" ") >= 2


def _injects(node: Node) -> bool:
    called = node.child_by_field_name("function") if node.type == "call" else None
    return called is not None and text_of(called).rpartition(".")[2] in INJECTING


def _parameter_name(node: Node) -> str:
    if node.type == "identifier":
        return text_of(node)
    name = node.child_by_field_name("name") or next(iter(node.named_children), None)
    return text_of(name).lstrip("*")


def _local_names(function: Node) -> Iterator[str]:
    """Parameters and whatever the body binds, in order of appearance."""
    outside = {
        text_of(name)
        for one in _all(function)
        if one.type in ("global_statement", "nonlocal_statement")
        for name in one.named_children
    }
    for node in _all(function):
        for name in _bound(node):
            if name and name not in outside and (node.id != function.id):
                yield name


def _bound(node: Node) -> Iterator[str]:
    """The names that a node binds itself."""
    kind = node.type
    if kind in ("parameters", "lambda_parameters"):
        yield from (_parameter_name(one) for one in node.named_children if one.type in _PARAMETERS)
    elif kind in ("assignment", "augmented_assignment", "for_statement", "for_in_clause"):
        yield from _targets(node.child_by_field_name("left"))
    elif kind in ("named_expression", "function_definition", "class_definition"):
        yield text_of(node.child_by_field_name("name"))
    elif kind == "as_pattern_target":
        for one in node.named_children:
            yield from _targets(one)
    elif kind == "case_pattern":
        yield from (
            text_of(one) for one in node.named_children if one.type == "dotted_name" and "." not in text_of(one)
        )


def _targets(node: Node | None) -> Iterator[str]:
    if node is None:
        return
    if node.type == "identifier":
        yield text_of(node)
    elif node.type in _PATTERNS:
        for one in node.named_children:
            yield from _targets(one)


def _all(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.named_children))
