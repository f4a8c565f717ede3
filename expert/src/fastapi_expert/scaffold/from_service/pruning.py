"""Python source without what speaks of certain things: whole statements, or single members of lists, tables and calls.

The syntax tree says what goes; it is cut out of the text, so what stays is as its authors wrote it.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

Speaks = Callable[[ast.AST], bool]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is spoken of: `imported` names, `words`, and what `pattern` finds in a text.

    A word is any name or whole text; "name()" is the definition of that name, "what.name" that attribute of it.
    """

    imported: frozenset[str]
    words: frozenset[str]
    pattern: re.Pattern[str] | None = None

    def may_be_in(self, source: str) -> bool:
        """False only where no node of the source can speak of it: cheaper than to look at each."""
        if self.pattern:  # it is asked of each text by itself
            return True
        last_parts = {re.findall(r"\w+", word)[-1] for word in self.words | self.imported}
        return any(part in source for part in last_parts)

    def __call__(self, node: ast.AST) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.words or name in self.imported
            case ast.Attribute(attr=name, value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
                return name in self.words or f"{owner}.{name}" in self.words
            case ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=name):
                return name in self.words
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return name in self.words or f"{name}()" in self.words
            case ast.alias():
                return bound_by(node) in self.words or bound_by(node) in self.imported
            case ast.Constant(value=str(text)):
                named = text in self.words or text in self.imported
                return named or bool(self.pattern and self.pattern.search(text))
            case _:
                return False


def prune(source: str, speaks: Speaks) -> str:
    """`source` without what `speaks` of it, and without the imports and private names that only this used."""
    pruned = _Cutter(source, speaks).pruned()
    if pruned == source:
        return source
    used = _used(ast.parse(source))
    while True:
        tree = ast.parse(pruned)
        orphans = frozenset({name for name in _private(tree) if name in used} - _used(tree))
        if not orphans:
            return pruned
        pruned = _Cutter(pruned, _binding(orphans)).pruned()


def bound_by(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def imports_from(tree: ast.Module) -> list[ast.ImportFrom]:
    """The imports of names, at the top and in every block."""
    found: list[ast.ImportFrom] = []
    blocks: list[list[ast.stmt]] = [tree.body]
    while blocks:
        for statement in blocks.pop():
            if isinstance(statement, ast.ImportFrom):
                found.append(statement)
            blocks += _blocks(statement)
    return found


def public_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines or imports at its top: what others may import from it."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                yield from map(bound_by, aliases)
            case _:
                pass


def _private(tree: ast.Module) -> Iterator[str]:
    """What is bound for this module alone: imports, and names that begin with an underscore."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from map(bound_by, node.names)
    yield from (name for name in public_names(tree) if name.startswith("_"))


def _used(tree: ast.Module) -> set[str]:
    used: set[str] = set()
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if id(node) in said and isinstance(node, ast.Constant):
            continue
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.arg(arg=name):  # the name of a fixture is an argument's
                used.add(name)
            case ast.Constant(value=str(text)):  # an annotation in quotes, a member of __all__
                used.update(re.findall(r"[A-Za-z_]\w*", text))
            case _:
                pass
    return used


def _binding(names: frozenset[str]) -> Speaks:
    def binds(node: ast.AST) -> bool:
        match node:
            case ast.alias():
                return bound_by(node) in names
            case ast.Name(id=name, ctx=ast.Store()):
                return name in names
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return name in names
            case _:
                return False

    return binds


def _speaking(tree: ast.AST, speaks: Speaks) -> set[int]:
    """The ids of the nodes that speak, or in which one does."""
    found: set[int] = set()

    def look(node: ast.AST) -> bool:
        inside = [look(child) for child in ast.iter_child_nodes(node)]
        if speaks(node) or any(inside):
            found.add(id(node))
        return id(node) in found

    look(tree)
    return found


class _Cutter:
    """Goes through one source and keeps the spans of what goes."""

    def __init__(self, source: str, speaks: Speaks) -> None:
        self._source = source
        self._lines = source.splitlines(keepends=True)
        self._tree = ast.parse(source)
        self._speaking = _speaking(self._tree, speaks)
        self._speaks = speaks
        self._cuts: list[Span] = []
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def pruned(self) -> str:
        self._block(self._tree.body)
        kept: list[str] = []
        at = 0
        for start, end in sorted(self._cuts):  # neighbours in a line share what stands between them
            kept.append(self._source[at:start])
            at = max(at, end)
        text = "".join([*kept, self._source[at:]]).rstrip("\n")
        return text + "\n" if text else ""

    # what goes ------------------------------------------------------------------------------------------------------

    def _block(self, block: Sequence[ast.stmt]) -> bool:
        """Whether nothing of the block is left; else what goes of it is cut."""
        kept = len(self._cuts)
        gone = [self._statement(statement) for statement in block]
        for index, statement in enumerate(block):
            if index and gone[index - 1] and _is_text(statement):
                gone[index] = True  # what is said below an attribute about it
        left = [statement for statement, goes in zip(block, gone, strict=True) if not goes]
        if any(gone) and all(_is_text(statement) for statement in left):
            del self._cuts[kept:]
            return True
        for goes, run in groupby(zip(gone, block, strict=True), key=lambda pair: pair[0]):
            if goes:
                statements = [statement for _, statement in run]
                self._cuts += self._lines_of(statements, opening=statements[0] is block[0])
        return False

    def _statement(self, node: ast.stmt) -> bool:
        """Whether the whole statement goes; else what goes inside it is cut."""
        if not self._inside(node):
            return False
        if self._speaks(node):
            return True
        match node:
            case (
                ast.FunctionDef(name=name, args=given, body=body)
                | ast.AsyncFunctionDef(name=name, args=given, body=body)
            ):
                if name.startswith("test_") and self._inside(given, *body):
                    return True  # a test is not to check less than it says
            case _:
                pass
        kept = len(self._cuts)
        if isinstance(node, ast.Import | ast.ImportFrom):
            goes = self._members([self._one(alias) for alias in node.names])
        else:
            blocks = list(_blocks(node))
            within = {id(statement) for block in blocks for statement in block}
            goes = any(self._expression(part) for part in _parts(node) if id(part) not in within)
            goes = goes or any(self._block(block) for block in blocks)
        if goes:
            del self._cuts[kept:]
        return goes

    def _expression(self, node: ast.AST) -> bool:
        """Whether the whole expression goes; else the members that go are cut."""
        if not self._inside(node):
            return False
        match node:
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements) if elements:
                return self._members([self._one(element) for element in elements])
            case ast.Dict(keys=keys, values=values):
                return self._members([self._pair(key, value) for key, value in zip(keys, values, strict=True)])
            case ast.Call(func=function, args=arguments, keywords=keywords):
                if any(self._expression(part) for part in (function, *arguments)):
                    return True
                self._members([self._one(part) for part in (*arguments, *keywords)], may_go=len(arguments))
                return False
            case ast.Subscript():
                return True
            case _:
                return self._speaks(node) or any(self._expression(part) for part in _parts(node))

    def _members(self, members: list[tuple[bool, Span]], *, may_go: int = 0) -> bool:
        """Whether all members go (each with its place); else those are cut that do, from the `may_go`th on."""
        gone = [index >= may_go and goes for index, (goes, _) in enumerate(members)]
        if all(gone):
            return True
        spans = [span for _, span in members]
        for index, span in enumerate(spans):
            if gone[index]:
                after = spans[index + 1] if index + 1 < len(spans) else None
                before = next((spans[i] for i in range(index - 1, -1, -1) if not gone[i]), None)
                self._cuts.append(self._member(span, before, after))
        return False

    def _one(self, node: ast.AST) -> tuple[bool, Span]:
        return self._inside(node), self._span(node)

    def _pair(self, key: ast.expr | None, value: ast.expr) -> tuple[bool, Span]:
        start, end = self._span(value)
        if key is None:
            return self._inside(value), (start - len("**"), end)
        return self._inside(key, value), (self._span(key)[0], end)

    def _inside(self, *nodes: ast.AST) -> bool:
        return any(id(node) in self._speaking for node in nodes)

    # where it stands ------------------------------------------------------------------------------------------------

    def _offset(self, line: int, column: int) -> int:
        """The tree counts bytes, the text characters."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _span(self, node: ast.AST) -> Span:
        place: ast.expr = node  # pyright: ignore[reportAssignmentType]  # whatever has a place in the text
        return (
            self._offset(place.lineno, place.col_offset),
            self._offset(place.end_lineno or place.lineno, place.end_col_offset or place.col_offset),
        )

    def _member(self, span: Span, before: Span | None, after: Span | None) -> Span:
        """What to cut for a member: its own lines, or up to the next, or from the one before."""
        start, end = span
        line_start = self._source.rfind("\n", 0, start) + 1
        line_end = self._source.find("\n", end)
        alone = re.fullmatch(r"\s*,?[ \t]*(#.*)?", self._source[end:line_end]) and (
            not self._source[line_start:start].strip()
        )
        if alone:
            return line_start, line_end + 1
        if after is not None:
            return start, after[0]
        return (before[1] if before else start), end

    def _lines_of(self, run: Sequence[ast.stmt], *, opening: bool) -> list[Span]:
        """The lines of neighbouring statements, the comments right above them, and all but one of the gaps around."""
        pieces = [self._piece(statement) for statement in run]
        gaps: list[Span] = []  # lines before the run, between its statements, after it
        for start, _ in pieces:
            above = start
            while above and not self._lines[above - 1].strip():
                above -= 1
            gaps.append((above, start))
        below = end = pieces[-1][1]
        while below < len(self._lines) and not self._lines[below].strip():
            below += 1
        gaps.append((end, below))
        kept = (below, below) if opening else max(gaps, key=lambda gap: gap[1] - gap[0])
        return [(self._starts[gaps[0][0]], self._starts[kept[0]]), (self._starts[kept[1]], self._starts[below])]

    def _piece(self, node: ast.stmt) -> tuple[int, int]:
        """First line (of decorators and comments) and the line after the last, counted from nought."""
        start = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]) - 1
        while start and self._lines[start - 1].lstrip().startswith("#"):
            start -= 1
        return start, node.end_lineno or node.lineno


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(node, name, None):
            yield block
    for handler in getattr(node, "handlers", []):
        yield handler.body


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    return (part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.expr_context | ast.ExceptHandler))
