"""A file cut into the pieces that a test can depend on one by one, each with every name and text it mentions.

A piece is a top-level function, a method, a class without its methods, an assigned name, or ``<init>``: what runs when
the module is imported. Names are collected without asking what they mean: one too many selects a test too many, one
too few would lose a failure.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from itertools import islice
from typing import Any

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from fastapi_expert.codebase.vocabulary import (
    ADDING_METHODS,
    APPLICATION_HOOKS,
    APPLICATION_SETTERS,
    APPLICATIONS,
    CLIENT_VERBS,
    DEPENDS,
    MOUNT_CLASSES,
    MOUNTING_METHODS,
    PARAMETERS,
    ROUTE_CLASSES,
    ROUTE_DECORATORS,
    ROUTERS,
)

VERSION = 3
"""Raised whenever pieces change shape or meaning: cached ones are cut anew."""
INIT = "<init>"
# calls at import that keep a function they are given for later instead of running it
_KEEPS = frozenset({
    *DEPENDS, *PARAMETERS, *APPLICATIONS, *ROUTERS, *ROUTE_DECORATORS, *ADDING_METHODS, *MOUNTING_METHODS,
    *ROUTE_CLASSES, *MOUNT_CLASSES, *APPLICATION_HOOKS, *APPLICATION_SETTERS, "include_router", "Middleware",
    "limit", "Annotated", "Field", "PrivateAttr", "ConfigDict", "field_validator",
    "model_validator", "validator", "root_validator", "field_serializer", "Mapped", "Column", "mapped_column",
    "relationship", "Relationship", "ForeignKey", "listens_for", "sessionmaker", "async_sessionmaker",
    "scoped_session", "async_scoped_session", "ContextVar",
    "fixture", "parametrize", "usefixtures", "TestClient", "AsyncClient", "task", "command", "callback",
    "wraps", "partial", "TypeVar", "NewType", "dataclass", "field", "lru_cache", "cache", "cached_property",
    "property", "staticmethod", "classmethod", "contextmanager", "asynccontextmanager", "overload",
    "isinstance", "issubclass", "getLogger", "cast",
    "add_representer", "add_constructor", "Optional", "Union", "Literal", "object", "super",
})  # fmt: skip
_REGISTER = frozenset({*ROUTE_DECORATORS, *APPLICATION_HOOKS})
_LEAVES = frozenset({"integer", "float", "true", "false", "none", "comment"})
_BINDS = frozenset({
    "parameters", "typed_parameter", "default_parameter", "typed_default_parameter", "list_splat_pattern",
    "dictionary_splat_pattern", "lambda_parameters", "assignment", "for_statement", "for_in_clause",
    "as_pattern_target", "named_expression", "pattern_list", "tuple_pattern",
})  # fmt: skip
_TARGETS = frozenset({"identifier", "pattern_list", "tuple_pattern", "list_pattern"})
_CLAUSES = frozenset(
    {"block", "else_clause", "elif_clause", "except_clause", "except_group_clause", "finally_clause", "with_clause"}
)
_BLOCKS = _CLAUSES | {"if_statement", "try_statement", "with_statement", "while_statement"}
_CALLS = frozenset(
    {"call", "await", "lambda", "generator_expression"}
    | {f"{kind}_comprehension" for kind in ("list", "dictionary", "set")}
)
_ONE_PART = re.compile(r"(?:id|pk|uuid|slug|name|number|key|token|code|email|hash)\W*$", re.IGNORECASE)
CLIENT = re.compile(r"client|http|api|session", re.IGNORECASE)
_CHAIN = re.compile(r"\w+(\.\w+)+")
_DOTTED_CLASS = re.compile(r"(?:\w+\.)*[A-Z]\w*")
MAX_TEXT = 400  # characters; a longer string is prose or data, not a name, an address or a path


@dataclass(slots=True)
class Piece:
    """``names`` are those that stand alone, ``chains`` dotted ones, ``attributes`` what comes after a dot.

    - ``mentions``: the attributes with what they are of: `self.x`, `json.x`, `json..x` further down a chain, `.x` of
      anything else, `@T.x` of a parameter or variable that is a `T`, `@self.a.x` of an attribute of the instance, `?x`
      of a client that is told to ask for an address
    - ``kinds``: the attributes of an instance with what they are, `rows:Repository`; nothing behind the colon where
      that is not said
    - ``annotated``: names and chains that stand in the annotations of a signature and nowhere else: calling the
      function runs none of them
    - ``runs``: the names whose code runs at import; ``kept``: those of statements that assign nothing: what they make
      is kept where no name of this module leads to it
    - ``stores``: the names of what a function puts something into: `HANDLERS.append(f)`, `HANDLERS[name] = f`
    - ``head``: the digest of decorators and signature; ``literal``: whether evaluating a value calls nothing
    - ``requests``: the addresses that a client's method is given as they stand, `get /users/{1}` (`{1}` for a part that
      is put in, `{}` for any number of them); ``whole``: the texts that stand nowhere else
    """

    name: str
    kind: str
    names: set[str] = field(default_factory=set[str])
    chains: set[str] = field(default_factory=set[str])
    attributes: set[str] = field(default_factory=set[str])
    texts: set[str] = field(default_factory=set[str])
    requests: set[str] = field(default_factory=set[str])
    whole: set[str] = field(default_factory=set[str])
    runs: set[str] = field(default_factory=set[str])
    kept: set[str] = field(default_factory=set[str])
    stores: set[str] = field(default_factory=set[str])
    mentions: set[str] = field(default_factory=set[str])
    annotated: set[str] = field(default_factory=set[str])
    kinds: set[str] = field(default_factory=set[str])
    digest: bytes = b""
    head: bytes = b""
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    literal: bool = True
    owner: str = ""

    def row(self) -> list[Any]:
        """The piece as JSON can hold it."""
        sets = [sorted(getattr(self, each)) for each in _SETS]
        rest = [self.decorators, self.bases, self.literal, self.owner]
        return [self.name, self.kind, sets, self.digest.hex(), self.head.hex(), *rest]

    @classmethod
    def of(cls, row: list[Any]) -> "Piece":
        """A piece from its `row`."""
        name, kind, sets, digest, head, decorators, bases, literal, owner = row
        piece = cls(name, kind, literal=literal, owner=owner)
        for each, values in zip(_SETS, sets, strict=True):
            setattr(piece, each, set(values))
        piece.digest, piece.head = bytes.fromhex(digest), bytes.fromhex(head)
        piece.decorators, piece.bases = tuple(decorators), tuple(bases)
        return piece


_SETS = (
    "names", "chains", "attributes", "texts", "requests", "whole", "runs", "kept", "stores", "mentions", "annotated",
    "kinds",
)  # fmt: skip


@cache
def _parser() -> tuple[Parser, Query]:
    language = Language(tree_sitter_python.language())
    return Parser(language), Query(
        language,
        "(identifier) @name (attribute) @chain (string_content) @text (comment) @comment (call) @call"
        " (expression_statement) @statement (global_statement) @statement"
        " (function_definition return_type: (type) @annotation) (typed_parameter type: (type) @annotation)"
        " (typed_default_parameter type: (type) @annotation)",
    )


def pieces_of(source: bytes) -> dict[str, Piece]:
    """Every piece of a file by its name (methods as ``Class.method``); unreadable text gives the pieces it can."""
    parser, query = _parser()
    root = parser.parse(source).root_node
    cut = _Cut(source)
    cut.block(root)
    cut.collect(QueryCursor(query).captures(root))
    return cut.pieces


def has_errors(source: bytes) -> bool:
    """Whether a part of the text is not Python."""
    return first_error(source) is not None


def first_error(source: bytes) -> int | None:
    """The line (1-based) of the first part of the text that is not Python; None when all of it is."""
    node = _parser()[0].parse(source).root_node
    if not node.has_error:
        return None
    while broken := next((child for child in node.children if child.has_error or child.is_missing), None):
        node = broken
    return node.start_point[0] + 1


class _Cut:
    """One file's pieces while they are cut: ``spans`` are (start, end, pieces that own the text)."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.init = Piece(INIT, "init")
        self.pieces = {INIT: self.init}
        self.spans: list[tuple[int, int, list[Piece]]] = []
        self.heads: list[tuple[int, int, Piece]] = []

    def block(self, node: Node) -> None:
        """The statements of a module, or of an `if`, `try` or `with` at its top level."""
        for child in node.named_children:
            match child.type:
                case "comment":
                    continue
                case "function_definition" | "class_definition" | "decorated_definition":
                    self.definition(child)
                case "expression_statement":
                    self.expression(child)
                case "import_statement" | "import_from_statement" | "future_import_statement":
                    self.own(child, self.init)
                case "if_statement" if "__main__" in self.text(child.child_by_field_name("condition")):
                    continue
                case kind if kind in _BLOCKS:
                    self.compound(child)
                case _:
                    self.run_all(child)

    def compound(self, node: Node) -> None:
        for child in node.named_children:
            if child.type == "block":
                self.block(child)
            elif child.type in _BLOCKS:
                self.compound(child)
            elif child.type != "comment":
                self.own(child, self.init)
                self.run(child)

    def definition(self, node: Node, owner: Piece | None = None) -> None:
        inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        name = self.text(inner.child_by_field_name("name")) if inner else ""
        if inner is None or not name:
            return
        decorators = tuple(self.text(each) for each in node.named_children if each.type == "decorator")
        if inner.type == "class_definition" and owner is None:
            self.class_(node, inner, name, decorators)
            return
        piece = self.new(f"{owner.name}.{name}" if owner else name, "member" if owner else "function")
        piece.decorators += decorators  # an overload or a property's setter is one with its first
        piece.owner = owner.name if owner else ""
        self.own(node, piece)
        body = inner.child_by_field_name("body")
        self.heads.append((node.start_byte, body.start_byte if body else node.end_byte, piece))
        self.run_head(node, inner)
        if owner is None:
            called = (re.split(r"[(\s]", each.lstrip("@ "))[0].rpartition(".")[2] for each in decorators)
            self.init.runs |= {each for each in called if each not in _KEEPS}

    def class_(self, node: Node, inner: Node, name: str, decorators: tuple[str, ...]) -> None:
        piece = self.new(name, "class")
        piece.decorators = decorators
        arguments = inner.child_by_field_name("superclasses")
        piece.bases = tuple(self.text(each) for each in arguments.named_children) if arguments else ()
        self.own(node, piece)
        self.run_head(node, inner)
        body = inner.child_by_field_name("body")
        for child in body.named_children if body else ():
            if child.type in ("function_definition", "decorated_definition"):
                self.definition(child, piece)
            else:
                self.field(child, piece)

    def field(self, node: Node, owner: Piece) -> None:
        """A statement in a class body; a setting is a piece of its own, since it is used by its name."""
        self.run(node)
        assigned = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
        if assigned is None or assigned.type != "assignment":
            return
        literal = _is_literal(assigned.child_by_field_name("right"))
        owner.literal = owner.literal and literal
        target = self.text(assigned.child_by_field_name("left"))
        if any("Settings" in base for base in owner.bases) and target.isidentifier() and "config" not in target:
            piece = self.new(f"{owner.name}.{target}", "field")
            piece.owner, piece.literal = owner.name, literal
            self.own(node, piece)

    def expression(self, node: Node) -> None:
        inner = node.named_children[0] if node.named_children else None
        if inner is None or inner.type == "string":
            return
        names = self.identifiers(inner)
        if inner.type in ("assignment", "augmented_assignment"):
            left = inner.child_by_field_name("left")
            # `a.b = c` and `a["b"] = c` change what `a` is
            targets = self.identifiers(left)[: None if left and left.type in _TARGETS else 1]
            found = [self.new(name, "value") for name in targets]
            for piece in found:
                piece.literal = piece.literal and _is_literal(inner.child_by_field_name("right"))
            self.spans.append((node.start_byte, node.end_byte, found or [self.init]))
            self.run(inner)
        elif "include_router" in names:
            self.own(node, self.init)  # routes have edges of their own
        elif names and names[0] in self.pieces:
            piece = self.pieces[names[0]]  # `app.add_middleware(X)`: what uses the app reaches X
            piece.literal = False
            self.own(node, piece)
            self.run(inner)
        else:
            self.run_all(node)

    def run_all(self, node: Node) -> None:
        self.own(node, self.init)
        self.init.runs.update(self.identifiers(node))
        self.init.kept.update(self.identifiers(node))

    def run_head(self, node: Node, inner: Node) -> None:
        for part in node.named_children:
            if part.type == "decorator":
                self.run(part)
        for field_name in ("parameters", "return_type", "superclasses"):
            self.run(inner.child_by_field_name(field_name))

    def run(self, node: Node | None) -> None:
        """Note what runs when ``node`` is evaluated: what is called, and what a callee is given that it may call."""
        for call in _walk(node, into_functions=False):
            if call.type != "call":
                continue
            called = self.identifiers(call.child_by_field_name("function"))
            arguments = call.child_by_field_name("arguments")
            if arguments is None or not called or called[-1] in _KEEPS:
                continue
            self.init.runs.update(called)
            for argument in arguments.named_children:
                value = argument.child_by_field_name("value") if argument.type == "keyword_argument" else argument
                if value is not None and value.type in ("identifier", "attribute"):
                    self.init.runs.update(self.identifiers(value))

    def new(self, name: str, kind: str) -> Piece:
        return self.pieces.setdefault(name, Piece(name, kind))

    def own(self, node: Node, piece: Piece) -> None:
        self.spans.append((node.start_byte, node.end_byte, [piece]))

    def collect(self, captures: Mapping[str, list[Node]]) -> None:
        """Give every name and text to the innermost piece around it, and digest each piece without its comments."""
        self.spans.sort(key=lambda span: (span[0], -span[1]))
        annotations = sorted((node.start_byte, node.end_byte) for node in captures.get("annotation", ()))
        asked = self.requests(captures.get("call", ()))
        bound = self.bound(captures.get("name", ()))
        for node in captures.get("name", ()):
            name, parent = self.text(node), node.parent
            around = parent.type if parent else ""
            if parent is not None and around == "attribute" and self.registers(parent):
                continue
            if name == "getattr" and parent is not None and (chain := self.named_attribute(parent)):
                for piece in self.owners(node):
                    piece.chains.add(chain)
                    piece.mentions.add(f".{chain.rpartition('.')[2]}")
                continue
            if around != "attribute" and _inside(annotations, node):
                for piece in self.owners(node):
                    piece.annotated.add(name)
                continue
            for piece in self.owners(node):
                if around == "attribute" or around == "keyword_argument":
                    piece.attributes.add(name)
                    piece.mentions.add(self.mention(node, parent, bound.get(id(piece), {}), asked))
                if around != "attribute":
                    piece.names.add(name)
        for node in captures.get("chain", ()):
            chain = self.text(node)
            for piece in self.owners(node) if _CHAIN.fullmatch(chain) and not self.registers(node) else ():
                (piece.annotated if _inside(annotations, node) else piece.chains).add(chain)
        for piece in self.pieces.values():
            piece.annotated -= piece.names | piece.chains
        loose: dict[int, set[str]] = {}
        for node in captures.get("text", ()):
            if node.end_byte - node.start_byte <= MAX_TEXT:
                for piece in self.owners(node):
                    piece.texts.add(self.text(node))
                    if node.parent is not None and node.parent.start_byte not in asked:
                        loose.setdefault(id(piece), set()).add(self.text(node))
        for node in captures.get("statement", ()):
            if stored := self.stored(node):
                for piece in self.owners(node):
                    piece.stores |= stored
            for piece in self.owners(node):
                piece.kinds |= self.kinds_in(node, bound.get(id(piece), {}))
        for piece in self.pieces.values():
            if piece.requests:
                piece.whole = piece.texts - loose.get(id(piece), set())
        comments = sorted((node.start_byte, node.end_byte) for node in captures.get("comment", ()))
        for start, end, piece in self.heads:
            piece.head = _digest(piece.head, self.plain(start, end, comments))
        for index, (start, end, pieces) in enumerate(self.spans):
            for left, right in self.own_parts(index, start, end):
                for piece in pieces:
                    piece.digest = _digest(piece.digest, self.plain(left, right, comments))

    def bound(self, names: Iterable[Node]) -> dict[int, dict[str, str]]:
        """The parameters and variables of each piece, by its identity: what each is an instance of, where that is said
        once."""
        found: dict[int, dict[str, str]] = {}
        for node in names:
            parent = node.parent
            if parent is None or parent.type not in _BINDS:
                continue
            left = parent.child_by_field_name("left") or parent.child_by_field_name("name")
            if left is None or left == node:
                name, kind = self.text(node), self.kind_of(node, parent)
                for piece in self.owners(node):
                    known = found.setdefault(id(piece), {})
                    known[name] = kind if known.get(name, kind) == kind else ""
        return found

    def kind_of(self, node: Node, parent: Node) -> str:
        """What a parameter is said to be, or a variable was made by: the name of a class, or nothing."""
        kind = parent.child_by_field_name("type")
        if kind is not None:
            said = re.sub(r"\s*\|\s*None$|^Optional\[(.+)\]$", r"\1", self.text(kind).strip("\"'"))
            return said if _DOTTED_CLASS.fullmatch(said) else ""
        value = parent.child_by_field_name("right") if parent.type == "assignment" else None
        if value is not None and value.type == "call":
            made = self.text(value.child_by_field_name("function"))
            return made if _DOTTED_CLASS.fullmatch(made) else ""
        return ""

    def kinds_in(self, statement: Node, bound: Mapping[str, str]) -> set[str]:
        """What `self.a = b`, `self.a: T = b` or, in the body of a class, `a: T` says of an attribute."""
        inner = statement.named_children[0] if statement.named_children else None
        left = inner.child_by_field_name("left") if inner is not None and inner.type == "assignment" else None
        if inner is None or left is None:
            return set()
        name = self.text(left)
        if left.type == "attribute" and name.startswith("self.") and name.count(".") == 1:
            right = inner.child_by_field_name("right")
            kind = self.kind_of(left, inner)
            if right is not None and right.type == "none":
                return set()
            if not kind and right is not None and right.type == "identifier":
                kind = bound.get(self.text(right), "")
            return {f"{name[5:]}:{kind}"}
        return {f"{name}:{self.kind_of(left, inner)}"} if left.type == "identifier" else set()

    def mention(self, node: Node, parent: Node | None, bound: Mapping[str, str], asked: set[int]) -> str:
        """An attribute with what it is of, or a keyword."""
        name = self.text(node)
        of = parent.child_by_field_name("object") if parent is not None and parent.type == "attribute" else None
        if parent is None or of is None or of == node:
            return f".{name}"
        if parent.start_byte in asked and parent.parent is not None and parent.parent.type == "call":
            return f"?{name}"
        if of.type == "call" and self.text(of.child_by_field_name("function")) == "super":
            return f"self.{name}"
        head, dot, _ = self.text(of).partition(".")
        if not _CHAIN.fullmatch(f"{self.text(of)}.x"):
            return f".{name}"
        if head == "self" and self.text(of).count(".") == 1:
            return f"@{self.text(of)}.{name}"
        if head in bound and head not in ("self", "cls"):
            return f"@{bound[head]}.{name}" if bound[head] and not dot else f".{name}"
        return f"{head}..{name}" if dot else f"{head}.{name}"

    def registers(self, node: Node) -> bool:
        """Whether `app.get` is what decorates an endpoint: that runs at import, not when the endpoint does."""
        call = node.parent
        if call is None or call.type != "call" or call.parent is None or call.parent.type != "decorator":
            return False
        return self.text(node.child_by_field_name("attribute")) in _REGISTER

    def stored(self, node: Node) -> set[str]:
        """What a statement may put something into: what it assigns to, or calls and does nothing with the answer of."""
        if node.type == "global_statement":
            return set(self.identifiers(node))
        inner = node.named_children[0] if node.named_children else None
        if inner is not None and inner.type == "await" and inner.named_children:
            inner = inner.named_children[0]
        if inner is None or inner.type not in ("call", "assignment", "augmented_assignment"):
            return set()
        if inner.type != "call":
            left = inner.child_by_field_name("left")
            return set() if left is None or left.type in _TARGETS else set(self.identifiers(left)[:1])
        arguments = inner.child_by_field_name("arguments")
        given = arguments.named_children if arguments else []
        function = inner.child_by_field_name("function")
        into = self.identifiers(function)[:1] if function is not None and function.type == "attribute" else []
        return {*into, *(self.text(each) for each in given if each.type == "identifier")}

    def named_attribute(self, call: Node) -> str:
        """What `getattr(a, "b")` is, `a.b`; empty where the text does not say which attribute."""
        arguments = call.child_by_field_name("arguments") if call.type == "call" else None
        given = arguments.named_children if arguments else []
        if len(given) < 2 or given[1].type != "string" or not (name := self.template(given[1])).isidentifier():
            return ""
        return f"{self.text(given[0])}.{name}"

    def requests(self, calls: Iterable[Node]) -> set[int]:
        """Note what clients are told to ask for, `client.get(f"/users/{id}")`; where those texts begin."""
        found: set[int] = set()
        for call in calls:
            function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
            method = self.text(function.child_by_field_name("attribute")) if function else ""
            given = arguments.named_children[:1] if arguments and method in CLIENT_VERBS else []
            for address in given:
                if address.type == "string" and self.is_address(template := self.template(address), method, function):
                    found |= {address.start_byte, call.start_byte} if self.is_client(function) else {address.start_byte}
                    for piece in self.owners(call):
                        piece.requests.add(f"{method} {template}")
        return found

    def is_address(self, text: str, method: str, function: Node | None) -> bool:
        """Whether what a method is given is an address: `settings.get("name")` asks nobody."""
        owner = self.text(function.child_by_field_name("object")) if function else ""
        return "/" in text or ("{" not in text and (method != "get" or CLIENT.search(owner) is not None))

    def is_client(self, function: Node | None) -> bool:
        """Whether it has the name of a client."""
        owner = self.text(function.child_by_field_name("object")) if function else ""
        return CLIENT.search(owner) is not None

    def template(self, node: Node) -> str:
        """A string with `{}` for each thing that is put into it, `{1}` for what has no slash by its name."""
        parts = (child for child in node.named_children if child.type in ("string_content", "interpolation"))
        return "".join(self.text(part) if part.type == "string_content" else self.put_in(part) for part in parts)

    def put_in(self, interpolation: Node) -> str:
        return "{1}" if _ONE_PART.search(self.text(interpolation)) else "{}"

    def owners(self, node: Node) -> list[Piece]:
        # spans nest (class, method): the last that begins before the place and ends behind it is the innermost
        index = bisect_right(self.spans, node.start_byte, key=lambda span: span[0]) - 1
        while index >= 0 and self.spans[index][1] <= node.start_byte:
            index -= 1
        return self.spans[index][2] if index >= 0 else []

    def own_parts(self, index: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The span less the spans inside it."""
        for inner in islice(self.spans, index + 1, None):
            if inner[0] >= end:
                break
            if inner[0] >= start:
                yield start, inner[0]
                start = inner[1]
        yield start, end

    def plain(self, start: int, end: int, comments: list[tuple[int, int]]) -> bytes:
        """The text without comments, blank lines and blanks at the end of lines."""
        parts: list[bytes] = []
        for left, right in comments[bisect_left(comments, (start, 0)) :]:
            if left >= end:
                break
            parts.append(self.source[start:left])
            start = right
        parts.append(self.source[start:end])
        lines = [line.rstrip() for line in b"".join(parts).split(b"\n")]
        return b"\n".join(line for line in lines if line)

    def text(self, node: Node | None) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace") if node else ""

    def identifiers(self, node: Node | None) -> list[str]:
        return [self.text(each) for each in _walk(node) if each.type == "identifier"]


def _inside(spans: list[tuple[int, int]], node: Node) -> bool:
    """Whether a node is in one of some spans, sorted, of which none is in another."""
    index = bisect_right(spans, node.start_byte, key=lambda span: span[0]) - 1
    return index >= 0 and node.end_byte <= spans[index][1]


def _digest(before: bytes, text: bytes) -> bytes:
    return blake2b(before + b"\0" + text, digest_size=12).digest()


def _walk(node: Node | None, *, into_functions: bool = True) -> Iterator[Node]:
    """``node`` and what is in it; without ``into_functions`` not what runs later (bodies, lambdas)."""
    pending = [node] if node else []
    while pending:
        each = pending.pop()
        yield each
        if not into_functions and each.type in ("lambda", "block", "function_definition"):
            continue
        if each.type not in _LEAVES:
            pending.extend(reversed(each.named_children))


def _is_literal(node: Node | None) -> bool:
    """Whether evaluating it calls nothing, and so cannot fail in a project's own code."""
    return not any(each.type in _CALLS for each in _walk(node))
