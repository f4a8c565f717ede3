"""What one file says, read without its neighbours: the facts that linking, matching and search are made from.

Facts are named tuples, not dataclasses: tens of thousands of them are decoded at every start, and a tuple is what a
safe format (JSON) gives back. They hold text, numbers and tuples only.

Code is kept in the small form of :mod:`.ir`.
"""

from typing import NamedTuple

from fastapi_expert.codebase.syntax.ir import Expr, Stmt
from fastapi_expert.codebase.syntax.shape import Shape

VERSION = 18
"""Raised whenever the facts change shape or meaning: older cached facts are read anew."""


class Param(NamedTuple):
    """A parameter: ``kind`` is one of ``""``, ``/`` (positional only), ``=`` (keyword only), ``*`` and ``**``."""

    name: str
    kind: str
    annotation: str
    default: str
    annotation_expr: Expr
    default_expr: Expr


class Call(NamedTuple):
    """A call in a body: the dotted name called and, where the arguments matter (requests, tasks), the call itself."""

    name: str
    line: int
    expr: Expr


class FunctionFacts(NamedTuple):
    """A function, method or nested function.

    ``owner`` is the qualname of the class it is a method of and ``parent`` that of the function or class around it.
    ``line`` is that of `def`, ``start_line`` that of the first decorator. ``names`` are the identifiers its text
    mentions and its module binds, with ``.attr`` for attributes, and of the words `401`, `403` and `authorization`
    those that occur; ``body`` its statements when it may build routers or values, else None.
    """

    name: str
    qualname: str
    line: int
    end_line: int
    start_line: int
    decorators: tuple[Expr, ...]
    params: tuple[Param, ...]
    returns: str
    returns_expr: Expr
    docstring: str
    is_async: bool
    owner: str
    parent: str
    calls: tuple[Call, ...]
    names: tuple[str, ...]
    body: tuple[Stmt, ...] | None
    shape: Shape

    @property
    def signature(self) -> str:
        """The parameters and the return type, as written."""
        shown = [
            ("" if p.kind in ("", "/", "=") else p.kind)
            + p.name
            + (f": {p.annotation}" if p.annotation else "")
            + ((" = " if p.annotation else "=") + p.default if p.default else "")
            for p in self.params
        ]
        return f"({', '.join(shown)})" + (f" -> {self.returns}" if self.returns else "")


class FieldFacts(NamedTuple):
    """An assignment in a class body: ``annotation`` and ``default`` as written, ``""`` when absent."""

    name: str
    line: int
    annotation: str
    default: str
    annotation_expr: Expr
    default_expr: Expr


class ClassFacts(NamedTuple):
    """A class; ``bases`` as written, ``keywords`` those of the class statement (`table=True`)."""

    name: str
    qualname: str
    line: int
    end_line: int
    start_line: int
    decorators: tuple[Expr, ...]
    bases: tuple[str, ...]
    base_exprs: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    docstring: str
    parent: str
    fields: tuple[FieldFacts, ...]
    methods: tuple[str, ...]
    """The qualnames of its methods, in order."""
    body: tuple[Stmt, ...]
    type_params: tuple[str, ...]
    """The names in `class Page[T]`."""


class ImportFacts(NamedTuple):
    """`import module as alias` (``name`` ``""``) or `from module import name as alias`; relative by leading dots.

    ``name`` is ``*`` for a star import. ``scope`` is the qualname of the function or class it stands in.
    """

    module: str
    name: str
    alias: str
    line: int
    scope: str


class Suppression(NamedTuple):
    """A comment `# expert: ignore[FX101, FX301] reason`; no rules means every rule."""

    line: int
    rules: tuple[str, ...]
    reason: str


class FileFacts(NamedTuple):
    """Everything linking and matching know of one file. ``problems`` are (line, message) pairs."""

    path: str
    lines: int
    docstring: str
    functions: tuple[FunctionFacts, ...]
    classes: tuple[ClassFacts, ...]
    imports: tuple[ImportFacts, ...]
    body: tuple[Stmt, ...]
    suppressions: tuple[Suppression, ...]
    problems: tuple[tuple[int, str], ...]
    generated: bool
    env_reads: tuple[tuple[str, int], ...]
    """(variable, line) of every `os.getenv("X")`, `os.environ.get("X")` and `os.environ["X"]` that reads."""
