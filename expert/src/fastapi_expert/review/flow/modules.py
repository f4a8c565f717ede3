"""Syntax trees of files and the functions in them, found by the lines that the codebase's facts have.

Rules need all of a body (awaits, yields, handlers), which the facts leave out for the sake of speed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.codebase.syntax.trees import read_expression, read_tree

_SCOPES = (tree.FunctionDef, tree.Lambda, tree.ClassDef)


@dataclass(eq=False)
class Function:
    """A function, method or nested function: its facts, its syntax tree and the function around it."""

    path: str
    facts: FunctionFacts
    node: tree.FunctionDef
    parent: "Function | None"

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, tree.AsyncFunctionDef)

    @cached_property
    def nodes(self) -> tuple[tree.Node, ...]:
        """Every node of its body in the order of the text, without those of functions, lambdas and classes in it."""
        return tuple([node for statement in self.node.body for node in walk(statement)])

    @cached_property
    def calls(self) -> tuple[tree.Call, ...]:
        return tuple([node for node in self.nodes if isinstance(node, tree.Call)])

    @cached_property
    def yields(self) -> tuple[tree.Yield | tree.YieldFrom, ...]:
        return tuple([node for node in self.nodes if isinstance(node, tree.Yield | tree.YieldFrom)])

    @cached_property
    def awaited(self) -> frozenset[int]:
        """The ids of the nodes that are awaited as they stand."""
        return frozenset(id(node.value) for node in self.nodes if isinstance(node, tree.Await))

    @cached_property
    def parents(self) -> dict[int, tree.Node]:
        """The id of a node of the body to the node around it."""
        found: dict[int, tree.Node] = {}
        for node in (self.node, *self.nodes):
            for child in tree.children(node):
                found[id(child)] = node
        return found

    def around(self, node: tree.Node) -> Iterator[tree.Node]:
        """The nodes around ``node``, the nearest first, up to the function itself."""
        above = self.parents.get(id(node))
        while above is not None and above is not self.node:
            yield above
            above = self.parents.get(id(above))

    def conditions(self, node: tree.Node) -> Iterator[tree.Expression]:
        """The tests of the `if`s whose bodies hold ``node``, the nearest first."""
        inner = node
        for above in self.around(node):
            if isinstance(above, tree.If) and any(inner is one for one in above.body):
                yield above.test
            inner = above

    @cached_property
    def parameters(self) -> dict[str, tree.Arg]:
        """The parameters that have names of their own, in order."""
        given = self.node.args
        return {one.arg: one for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}

    def parameter(self, name: str) -> tree.Arg | None:
        return self.parameters.get(name)

    @cached_property
    def defaults(self) -> dict[str, tree.Expression]:
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
    root: tree.Module
    functions: dict[str, Function]

    @cached_property
    def assigned(self) -> dict[str, tree.Expression]:
        """Name of the top level to the expression that it is bound to last."""
        found: dict[str, tree.Expression] = {}
        for statement in top_level(self.root.body):
            if isinstance(statement, tree.Assign):
                for target in statement.targets:
                    if isinstance(target, tree.Name):
                        found[target.id] = statement.value
            elif isinstance(statement, tree.AnnAssign) and statement.value is not None:
                found[dotted(statement.target)] = statement.value
        return found

    @cached_property
    def classes(self) -> dict[str, tree.ClassDef]:
        """The classes of the top level."""
        return {one.name: one for one in top_level(self.root.body) if isinstance(one, tree.ClassDef)}


class Modules:
    """The modules of a codebase, each parsed when it is first asked for."""

    def __init__(self, codebase: Codebase, drafts: Mapping[str, bytes]) -> None:
        self._codebase = codebase
        self._known: dict[str, Module] = {}
        self._sources = dict(drafts)

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
        return parse(path, self.source(path), self._codebase.files[path].functions)


def parse(path: str, source: bytes, facts: tuple[FunctionFacts, ...]) -> Module:
    """The module that ``source`` is, with errors in it too: what could be read."""
    module = read_tree(source)
    functions: dict[str, Function] = {}
    _Functions(path, facts, functions).collect(module, None)
    return Module(path, module, functions)


def _source(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # gone since it was listed
        return b""


class _Functions:
    """The functions of one file, found where its facts say."""

    def __init__(self, path: str, facts: tuple[FunctionFacts, ...], found: dict[str, Function]) -> None:
        self._path = path
        self._by_line = {one.line: one for one in facts}
        self._around = {one.qualname[:dot] for one in facts for dot, mark in enumerate(one.qualname) if mark == "."}
        self._found = found

    def collect(self, node: tree.Node, parent: Function | None) -> None:
        for child in tree.children(node):
            if isinstance(child, tree.FunctionDef):
                self._add(child, parent)
            elif isinstance(child, tree.Statement | tree.ExceptHandler | tree.MatchCase):
                self.collect(child, parent)

    def _add(self, node: tree.FunctionDef, parent: Function | None) -> None:
        facts = self._by_line.get(node.lineno)
        if facts is None:
            self.collect(node, parent)
            return
        function = self._found[facts.qualname] = Function(self._path, facts, node, parent)
        if facts.qualname in self._around:  # else its body holds none, and need not be built for that
            self.collect(node, function)


def walk(node: tree.Node) -> Iterator[tree.Node]:
    """``node`` and what is in it, in the order of the text; scopes in it are named and not entered."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        if not isinstance(one, _SCOPES):
            stack += reversed(list(tree.children(one)))


def top_level(body: list[tree.Statement]) -> Iterator[tree.Statement]:
    """The statements that a module runs when it is imported, those in `if`, `try` and `with` included."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, _SCOPES):
                yield from top_level(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from top_level(handler.body)


def keyword(call: tree.Call, name: str) -> tree.Expression | None:
    """The value given for a keyword."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def is_constant(node: tree.Node | None, value: object) -> bool:
    return (isinstance(node, tree.Constant) and node.value is value) or (
        isinstance(node, tree.Constant) and type(node.value) is type(value) and node.value == value
    )


def types_named(annotation: str) -> Iterator[str]:
    """The dotted names of the types in an annotation: those in it as text too, but not what `Field(…)` is told."""
    node = read_expression(annotation)
    queue: list[tree.Node] = [node] if node is not None else []
    for one in queue:
        match one:
            case tree.Name() | tree.Attribute():
                yield dotted(one)
            case tree.Subscript(value=value, slice=tree.Tuple(elts=[first, *_])) if dotted(value).endswith("Annotated"):
                queue.append(first)
            case tree.Constant(value=str(text)):
                yield from types_named(text)
            case tree.Call():
                pass
            case _:
                queue += tree.children(one)


def names_in(node: tree.Node) -> set[str]:
    """The plain names that ``node`` reads, those in lambdas and comprehensions included."""
    return {one.id for one in tree.walk(node) if isinstance(one, tree.Name)}
