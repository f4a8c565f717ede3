"""Syntax trees of files and the functions in them, found by the lines that the codebase's facts have.

Rules need all of a body (awaits, yields, handlers), which the facts leave out for the sake of speed. A file that this
interpreter cannot parse has no functions here, and so no findings.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax.facts import FunctionFacts

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_SILENT = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(eq=False)
class Function:
    """A function, method or nested function: its facts, its syntax tree and the function around it."""

    path: str
    facts: FunctionFacts
    node: AnyFunction
    parent: "Function | None"

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of its body in the order of the text, without those of functions, lambdas and classes in it."""
        return tuple([node for statement in self.node.body for node in walk(statement)])

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        return tuple([node for node in self.nodes if isinstance(node, ast.Call)])

    @cached_property
    def yields(self) -> tuple[ast.Yield | ast.YieldFrom, ...]:
        return tuple([node for node in self.nodes if isinstance(node, ast.Yield | ast.YieldFrom)])

    @cached_property
    def awaited(self) -> frozenset[int]:
        """The ids of the nodes that are awaited as they stand."""
        return frozenset(id(node.value) for node in self.nodes if isinstance(node, ast.Await))

    @cached_property
    def parents(self) -> dict[int, ast.AST]:
        """The id of a node of the body to the node around it."""
        found: dict[int, ast.AST] = {}
        for node in (self.node, *self.nodes):
            for child in ast.iter_child_nodes(node):
                found[id(child)] = node
        return found

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around ``node``, the nearest first, up to the function itself."""
        above = self.parents.get(id(node))
        while above is not None and above is not self.node:
            yield above
            above = self.parents.get(id(above))

    @cached_property
    def parameters(self) -> dict[str, ast.arg]:
        """The parameters that have names of their own, in order."""
        given = self.node.args
        return {one.arg: one for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}

    def parameter(self, name: str) -> ast.arg | None:
        return self.parameters.get(name)

    @cached_property
    def defaults(self) -> dict[str, ast.expr]:
        """Parameter to its default."""
        given = self.node.args
        positional = [*given.posonlyargs, *given.args]
        found = dict(zip([one.arg for one in reversed(positional)], reversed(given.defaults), strict=False))
        pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return found | {one.arg: value for one, value in pairs if value is not None}


@dataclass(eq=False)
class Module:
    """One file: its tree, and its functions by qualname."""

    path: str
    tree: ast.Module
    functions: dict[str, Function]

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """Name of the top level to the expression that it is bound to last."""
        found: dict[str, ast.expr] = {}
        for statement in top_level(self.tree.body):
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        found[target.id] = statement.value
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                found[dotted(statement.target)] = statement.value
        return found

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes of the top level."""
        return {one.name: one for one in top_level(self.tree.body) if isinstance(one, ast.ClassDef)}


class Modules:
    """The modules of a codebase, each parsed when it is first asked for."""

    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._known: dict[str, Module] = {}
        self._sources: dict[str, bytes] = {}
        self.unread: list[str] = []
        """The files that were asked for and that this interpreter cannot parse."""

    def __getitem__(self, path: str) -> Module:
        module = self._known.get(path)
        if module is None:
            module = self._known[path] = self._read(path)
        return module

    def function(self, path: str, qualname: str) -> Function | None:
        return self[path].functions.get(qualname) if path in self._codebase.files else None

    def source(self, path: str) -> bytes:
        """The text of a file."""
        found = self._sources.get(path)
        if found is None:
            root = self._codebase.root
            found = self._sources[path] = _source(root / path if root.is_dir() else root)
        return found

    def _read(self, path: str) -> Module:
        module = parse(path, self.source(path), self._codebase.files[path].functions)
        if not module.tree.body and self._codebase.files[path].body:
            self.unread.append(path)
        return module


def parse(path: str, source: bytes, facts: tuple[FunctionFacts, ...]) -> Module:
    """The module that ``source`` is; an empty one where it is not Python to this interpreter."""
    tree = _tree(source, path) or ast.Module([], [])
    by_line = {one.line: one for one in facts}
    functions: dict[str, Function] = {}
    _collect(path, tree, None, by_line, functions)
    return Module(path, tree, functions)


def _tree(source: bytes, path: str) -> ast.Module | None:
    """The tree; None where this interpreter cannot parse the text."""
    try:
        return ast.parse(source, path)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _source(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # gone since it was listed
        return b""


def _collect(
    path: str, node: ast.AST, parent: Function | None, facts: dict[int, FunctionFacts], found: dict[str, Function]
) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            said = facts.get(child.lineno)
            function = Function(path, said, child, parent) if said is not None else None
            if function is not None:
                found[function.facts.qualname] = function
            _collect(path, child, function or parent, facts, found)
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            _collect(path, child, parent, facts, found)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what is in it, in the order of the text; scopes in it are named and not entered."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        if isinstance(one, _SCOPES):
            continue
        inner: list[ast.AST] = []
        for name in one._fields:
            value: object = getattr(one, name, None)
            if isinstance(value, ast.AST):
                if not isinstance(value, _SILENT):
                    inner.append(value)
            elif isinstance(value, list):
                inner += [part for part in cast(list[object], value) if isinstance(part, ast.AST)]
        stack += reversed(inner)


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that a module runs when it is imported, those in `if`, `try` and `with` included."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, _SCOPES):
                yield from top_level(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from top_level(handler.body)


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` as text; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value given for a keyword."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def is_constant(node: ast.AST | None, value: object) -> bool:
    return (isinstance(node, ast.Constant) and node.value is value) or (
        isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value
    )


def names_in(node: ast.AST) -> set[str]:
    """The plain names that ``node`` reads, those in lambdas and comprehensions included."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
