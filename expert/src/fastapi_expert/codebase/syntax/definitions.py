"""Where a file defines and imports things: found by the text of its lines, looked up in the syntax tree.

Most imports and parameter lists are plain, and a regular expression reads those in a tenth of the time that asking the
tree for every node takes; the tree is asked whether they are code at all, and about everything that is not plain.
"""

import re
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from tree_sitter import Node, Parser, Point, Range

from fastapi_expert.codebase.syntax.expressions import Translator
from fastapi_expert.codebase.syntax.facts import ImportFacts, Param

_DEFINITIONS = re.compile(rb"\n(?=[ \tadcfi])[ \t]*+(?:(async[ \t]+def|def|class)|(from|import))\b")
_ON_FIRST_LINE = re.compile(rb"[ \t]*+(?:(async[ \t]+def|def|class)|(from|import))\b")
_LATER_ON_A_LINE = re.compile(rb"[;:][ \t]*+(?:((?!))|(from|import)\b)")
"""An import behind another statement, or behind the colon of a compound one."""
_TOP_LEVEL = re.compile(rb"^(?:async[ \t]+def|def|class|@|from|import)\b|^@", re.MULTILINE)

_NAMES = rb"\w++(?:[ \t]++as[ \t]++\w++)?+[ \t]*+"
_PLAIN_FROM = re.compile(
    rb"from[ \t]++(\.*+[\w.]*+)[ \t]*+import[ \t]*+"
    rb"(?:\(\s*+((?:" + _NAMES + rb"\s*+(?:,\s*+|(?=\))))++)\)|((?:" + _NAMES + rb"(?:,[ \t]*+)?+)++)(?=\r?\n|\Z))"
)
_PLAIN_IMPORT = re.compile(rb"import[ \t]++([\w.]++)(?:[ \t]++as[ \t]++(\w++))?+[ \t]*+(?=\r?\n|\Z)")
_NAME = re.compile(rb"(\w+)(?:[ \t]+as[ \t]+(\w+))?")

_TYPE = rb"[\w.]++(?:\[[\w., \[\]]*+\]|(?: \| [\w.]++)++)?+"
_PLAIN_PARAMETERS = re.compile(rb"\(\s*+(?:\w++(?:[ \t]*+:[ \t]*+" + _TYPE + rb")?+\s*+(?:,\s*+|(?=\))))*+\)")
_PARAMETER = re.compile(rb"(\w+)(?:[ \t]*:[ \t]*(" + _TYPE + rb"))?")
PLAIN_FIELD = re.compile(rb"(\w++)[ \t]*+:[ \t]*+(" + _TYPE + rb")")
"""`name: annotation`, without a value."""


class Definition(NamedTuple):
    """A function or class; ``parent`` is the qualname of what it stands in, ``owner`` of the class of a method."""

    node: Node
    qualname: str
    parent: str
    owner: str


class Definitions:
    """The definitions and imports of one file, in source order."""

    def __init__(self, source: bytes, root: Node, translator: Translator) -> None:
        self.source = source
        self.root = root
        self.translator = translator
        self.imports: list[ImportFacts] = []
        self.found: list[Definition] = []
        self.known: set[bytes] = {b"self", b"cls"}
        """Names bound by imports and by definitions at the top."""
        self._find()

    def _find(self) -> None:
        """Qualnames are as `__qualname__` has them, without `<locals>`."""
        open_until: list[tuple[int, str, bool]] = []
        seen: dict[str, int] = {}
        for found in self._candidates():
            start = found.start(found.lastindex or 0)
            leaf = self.root.descendant_for_byte_range(start, start + 1)
            while open_until and open_until[-1][0] <= start:
                open_until.pop()
            _, scope, in_class = open_until[-1] if open_until else (0, "", False)
            if found[2] and leaf is not None and self._plain_import(leaf, start, scope):
                continue
            node = leaf.parent if leaf is not None else None
            if node is not None and node.is_error and self.source[start - 1 : start] in (b"", b"\n"):
                node = self._alone(start)
            if node is None or node.start_byte != start:
                continue
            if found[2]:
                self._import(node, scope)
                behind = node.next_named_sibling  # a semicolon: no line starts with it
                while behind is not None and behind.start_point.row == node.end_point.row:
                    self._import(behind, scope)
                    behind = behind.next_named_sibling
                continue
            name_node = node.child_by_field_name("name")
            if node.type not in ("function_definition", "class_definition") or name_node is None:
                continue
            name = self.translator.text(name_node)
            qualname = f"{scope}.{name}" if scope else name
            seen[qualname] = seen.get(qualname, 0) + 1
            if seen[qualname] > 1:
                qualname = f"{qualname}@{seen[qualname]}"
            self.translator.qualnames[start] = qualname
            self.found.append(Definition(node, qualname, scope, scope if in_class else ""))
            open_until.append((node.end_byte, qualname, node.type == "class_definition"))
            if not scope:
                self.known.add(name.encode())

    def _candidates(self) -> Iterable[re.Match[bytes]]:
        """Where a definition or an import may begin, in order."""
        first = _ON_FIRST_LINE.match(self.source)
        found = chain((first,) if first is not None else (), _DEFINITIONS.finditer(self.source))
        later = list(_LATER_ON_A_LINE.finditer(self.source))
        return sorted([*found, *later], key=lambda one: one.start()) if later else found

    def _alone(self, start: int) -> Node | None:
        """A top-level definition that a syntax error near it swallowed, parsed by itself."""
        newline = self.source.find(b"\n", start)
        following = _TOP_LEVEL.search(self.source, newline + 1) if newline >= 0 else None
        end = following.start() if following is not None else len(self.source)
        lines = self.source.count(b"\n", 0, start), self.source.count(b"\n", 0, end) + 1
        part = Range(Point(lines[0], 0), Point(lines[1], 0), start, end)
        language = self.translator.language
        root = Parser(language, included_ranges=[part]).parse(self.source).root_node
        return next((child for child in root.named_children if child.start_byte == start and not child.is_error), None)

    def _plain_import(self, leaf: Node, start: int, scope: str) -> bool:
        """Take the import at ``start`` if it is plain; ``leaf`` tells whether it is code or the text of a string."""
        kind = leaf.type
        if kind == "from":
            found = _PLAIN_FROM.match(self.source, start)
            if found is None or found[1] == b"__future__":
                return False
            module = found[1].decode("ascii")
            bound = [
                (module, name.decode("ascii"), (alias or name).decode("ascii"))
                for name, alias in _NAME.findall(found[2] or found[3])
            ]
        elif kind == "import":
            found = _PLAIN_IMPORT.match(self.source, start)
            if found is None:
                return False
            bound = [(found[1].decode("ascii"), "", (found[2] or b"").decode("ascii"))]
        else:
            return False
        self.translator.imports_at[start] = len(self.imports)
        line = leaf.start_point.row + 1
        for module, name, alias in bound:
            self.imports.append(ImportFacts(module, name, alias, line, scope))
            self.known.add((alias or module.partition(".")[0]).encode())
        return True

    def _import(self, node: Node, scope: str) -> None:
        kind = node.type
        if kind not in ("import_statement", "import_from_statement", "future_import_statement"):
            return
        self.translator.imports_at[node.start_byte] = len(self.imports)
        line = node.start_point.row + 1
        module_node = node.child_by_field_name("module_name")
        module = self.translator.text(module_node).replace(" ", "") if module_node is not None else ""
        names = node.children_by_field_name("name")
        for child in names:
            name_node = child.child_by_field_name("name") if child.type == "aliased_import" else child
            alias_node = child.child_by_field_name("alias") if child.type == "aliased_import" else None
            name = self.translator.text(name_node) if name_node is not None else ""
            alias = self.translator.text(alias_node) if alias_node is not None else ""
            if kind == "import_statement":
                self.imports.append(ImportFacts(name, "", alias, line, scope))
                self.known.add((alias or name.split(".")[0]).encode())
            elif kind == "import_from_statement":
                self.imports.append(ImportFacts(module, name, alias or name, line, scope))
                self.known.add((alias or name).encode())
        if not names and module:
            self.imports.append(ImportFacts(module, "*", "*", line, scope))


def parameters_of(node: Node, translator: Translator) -> tuple[Param, ...]:
    """The parameters in a `parameters` node."""
    text = translator.source[node.start_byte : node.end_byte]
    if _PLAIN_PARAMETERS.fullmatch(text):
        return tuple([_plain_parameter(name, kind, translator) for name, kind in _PARAMETER.findall(text)])
    found: list[Param] = []
    kind = ""
    for child in node.named_children:
        type_ = child.type
        if type_ == "identifier":
            found.append(Param(translator.text(child), kind, "", "", None, None))
            continue
        if type_ == "keyword_separator":
            kind = "="
            continue
        if type_ == "positional_separator":
            found = [param._replace(kind="/") for param in found]
            continue
        name: Node | None = child.child_by_field_name("name") or child
        annotation = child.child_by_field_name("type")
        if type_ == "typed_parameter":
            name = child.named_children[0]
        here = kind
        if name.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            here = "*" if name.type == "list_splat_pattern" else "**"
            name = name.named_children[0] if name.named_child_count else None
            kind = "="
        if name is None or name.type != "identifier":
            continue
        value = child.child_by_field_name("value")
        found.append(
            Param(
                translator.text(name),
                here,
                translator.text(annotation) if annotation is not None else "",
                translator.text(value) if value is not None else "",
                translator.telling(annotation),
                translator.expr(value),
            )
        )
    return tuple(found)


def _plain_parameter(name: bytes, annotation: bytes, translator: Translator) -> Param:
    text = annotation.decode("ascii")
    return Param(name.decode("ascii"), "", text, "", translator.union(text), None)
