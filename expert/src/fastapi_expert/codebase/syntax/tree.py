"""A syntax tree to look at closely: every node of a function, in the names of Python's abstract grammar.

The facts of a file leave out what linking does not ask for. Who asks more of a few functions (what is awaited, raised,
caught, assigned) gets their trees here, built from the same parse, see :mod:`.trees`. Classes and fields are those of
the grammar in Python's documentation of :mod:`ast`, so that code reads like the code it is about:

    match node:
        case tree.Call(func=tree.Attribute(value=owner, attr="commit")): …

They differ from it in four points: an operator is its text (``"|"``, ``"not in"``); ``ctx`` is ``"load"``,
``"store"`` or ``"del"``; what is asynchronous is a kind of what is not (an `AsyncWith` is a `With`); what the parser
could not make out is :class:`Unclear`, with what it holds.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, cast

Context = Literal["load", "store", "del"]


class Text:
    """The UTF-8 text of a file, and where its lines begin."""

    def __init__(self, source: bytes) -> None:
        self.source = source

    @cached_property
    def _lines(self) -> list[int]:
        starts = [0]
        position = self.source.find(b"\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.source.find(b"\n", position + 1)
        return starts

    def line(self, position: int) -> int:
        """The line, from 1, of a position in bytes."""
        return bisect_right(self._lines, position)


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """Anything in the tree; ``start`` and ``end`` are positions in the bytes of ``file``."""

    file: Text
    start: int
    end: int

    parts: ClassVar[tuple[str, ...]] = ()
    """The fields that hold nodes, in the order of the text."""

    @property
    def lineno(self) -> int:
        return self.file.line(self.start)

    @property
    def end_lineno(self) -> int:
        return self.file.line(max(self.start, self.end - 1))

    @property
    def text(self) -> str:
        """What is written, on one line."""
        return " ".join(self.file.source[self.start : self.end].decode("utf-8", "replace").split())


@dataclass(slots=True, eq=False, repr=False)
class Expression(Node):
    """A value."""


@dataclass(slots=True, eq=False, repr=False)
class Statement(Node):
    """A statement."""


# -- expressions --------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False, repr=False)
class Name(Expression):
    id: str
    ctx: Context = "load"


@dataclass(slots=True, eq=False, repr=False)
class Attribute(Expression):
    value: Expression
    attr: str
    ctx: Context = "load"
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class Subscript(Expression):
    value: Expression
    slice: Expression
    ctx: Context = "load"
    parts = ("value", "slice")


@dataclass(slots=True, eq=False, repr=False)
class Starred(Expression):
    value: Expression
    ctx: Context = "load"
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class Constant(Expression):
    value: str | bytes | int | float | complex | bool | None


@dataclass(slots=True, eq=False, repr=False)
class Ellipsis(Expression):
    """`...`."""


@dataclass(slots=True, eq=False, repr=False)
class JoinedStr(Expression):
    """An f-string: constants and formatted values."""

    values: list[Expression]
    parts = ("values",)


@dataclass(slots=True, eq=False, repr=False)
class FormattedValue(Expression):
    value: Expression
    format_spec: list[Expression]
    parts = ("value", "format_spec")


@dataclass(slots=True, eq=False, repr=False)
class Keyword(Node):
    """An argument by name; no name unpacks a mapping."""

    arg: str | None
    value: Expression
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class Call(Expression):
    func: Expression
    args: list[Expression]
    keywords: list[Keyword]
    parts = ("func", "args", "keywords")


@dataclass(slots=True, eq=False, repr=False)
class Await(Expression):
    value: Expression
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class Yield(Expression):
    value: Expression | None
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class YieldFrom(Expression):
    value: Expression
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class BinOp(Expression):
    left: Expression
    op: str
    right: Expression
    parts = ("left", "right")


@dataclass(slots=True, eq=False, repr=False)
class UnaryOp(Expression):
    op: str
    operand: Expression
    parts = ("operand",)


@dataclass(slots=True, eq=False, repr=False)
class BoolOp(Expression):
    op: Literal["and", "or"]
    values: list[Expression]
    parts = ("values",)


@dataclass(slots=True, eq=False, repr=False)
class Compare(Expression):
    left: Expression
    ops: list[str]
    comparators: list[Expression]
    parts = ("left", "comparators")


@dataclass(slots=True, eq=False, repr=False)
class IfExp(Expression):
    body: Expression
    test: Expression
    orelse: Expression
    parts = ("body", "test", "orelse")


@dataclass(slots=True, eq=False, repr=False)
class NamedExpr(Expression):
    target: Expression
    value: Expression
    parts = ("target", "value")


@dataclass(slots=True, eq=False, repr=False)
class List(Expression):
    elts: list[Expression]
    ctx: Context = "load"
    parts = ("elts",)


@dataclass(slots=True, eq=False, repr=False)
class Tuple(Expression):
    elts: list[Expression]
    ctx: Context = "load"
    parts = ("elts",)


@dataclass(slots=True, eq=False, repr=False)
class Set(Expression):
    elts: list[Expression]
    parts = ("elts",)


@dataclass(slots=True, eq=False, repr=False)
class Dict(Expression):
    """A key that is None unpacks its value."""

    keys: list[Expression | None]
    values: list[Expression]

    @property
    def pairs(self) -> list[Expression | None]:
        """Keys and values, in the order of the text."""
        return [one for pair in zip(self.keys, self.values, strict=True) for one in pair]

    parts = ("pairs",)


@dataclass(slots=True, eq=False, repr=False)
class Comprehension(Node):
    """`for target in iter if …` of a comprehension."""

    target: Expression
    iter: Expression
    ifs: list[Expression]
    is_async: bool
    parts = ("target", "iter", "ifs")


@dataclass(slots=True, eq=False, repr=False)
class ListComp(Expression):
    elt: Expression
    generators: list[Comprehension]
    parts = ("elt", "generators")


@dataclass(slots=True, eq=False, repr=False)
class SetComp(Expression):
    elt: Expression
    generators: list[Comprehension]
    parts = ("elt", "generators")


@dataclass(slots=True, eq=False, repr=False)
class GeneratorExp(Expression):
    elt: Expression
    generators: list[Comprehension]
    parts = ("elt", "generators")


@dataclass(slots=True, eq=False, repr=False)
class DictComp(Expression):
    key: Expression
    value: Expression
    generators: list[Comprehension]
    parts = ("key", "value", "generators")


@dataclass(slots=True, eq=False, repr=False)
class Slice(Expression):
    lower: Expression | None
    upper: Expression | None
    step: Expression | None
    parts = ("lower", "upper", "step")


@dataclass(slots=True, eq=False, repr=False)
class Unclear(Expression):
    """Text that is no Python, or nested too deeply; ``values`` are the expressions in it that could be read."""

    values: list[Expression]
    parts = ("values",)


# -- functions and classes ----------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False, repr=False)
class Arg(Node):
    """A parameter."""

    arg: str
    annotation: Expression | None
    parts = ("annotation",)


@dataclass(slots=True, eq=False, repr=False)
class Arguments(Node):
    """The parameters of a function; ``defaults`` belong to the last of those that may be given by position."""

    posonlyargs: list[Arg]
    args: list[Arg]
    vararg: Arg | None
    kwonlyargs: list[Arg]
    kw_defaults: list[Expression | None]
    kwarg: Arg | None
    defaults: list[Expression]
    parts = ("posonlyargs", "args", "vararg", "kwonlyargs", "kw_defaults", "kwarg", "defaults")


@dataclass(slots=True, eq=False, repr=False)
class Lambda(Expression):
    args: Arguments
    body: Expression
    parts = ("args", "body")


class Body:
    """A block that is built when it is first read: most functions of a codebase are asked nothing."""

    __slots__ = ("_build", "_found")

    def __init__(self, build: Callable[[], list[Statement]]) -> None:
        self._build: Callable[[], list[Statement]] | None = build
        self._found: list[Statement] = []

    def statements(self) -> list[Statement]:
        if self._build is not None:
            self._found, self._build = self._build(), None
        return self._found


@dataclass(slots=True, eq=False, repr=False)
class FunctionDef(Statement):
    name: str
    args: Arguments
    inside: Body
    decorator_list: list[Expression]
    returns: Expression | None

    @property
    def body(self) -> list[Statement]:
        return self.inside.statements()

    parts = ("args", "body", "decorator_list", "returns")


@dataclass(slots=True, eq=False, repr=False)
class AsyncFunctionDef(FunctionDef):
    """`async def`; a `FunctionDef` too."""


@dataclass(slots=True, eq=False, repr=False)
class ClassDef(Statement):
    name: str
    bases: list[Expression]
    keywords: list[Keyword]
    body: list[Statement]
    decorator_list: list[Expression]
    parts = ("bases", "keywords", "body", "decorator_list")


# -- statements ---------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False, repr=False)
class Module(Node):
    body: list[Statement]
    parts = ("body",)


@dataclass(slots=True, eq=False, repr=False)
class Expr(Statement):
    """An expression as a statement."""

    value: Expression
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class Assign(Statement):
    targets: list[Expression]
    value: Expression
    parts = ("targets", "value")


@dataclass(slots=True, eq=False, repr=False)
class AugAssign(Statement):
    target: Expression
    op: str
    value: Expression
    parts = ("target", "value")


@dataclass(slots=True, eq=False, repr=False)
class AnnAssign(Statement):
    target: Expression
    annotation: Expression
    value: Expression | None
    parts = ("target", "annotation", "value")


@dataclass(slots=True, eq=False, repr=False)
class Return(Statement):
    value: Expression | None
    parts = ("value",)


@dataclass(slots=True, eq=False, repr=False)
class Delete(Statement):
    targets: list[Expression]
    parts = ("targets",)


@dataclass(slots=True, eq=False, repr=False)
class Raise(Statement):
    exc: Expression | None
    cause: Expression | None
    parts = ("exc", "cause")


@dataclass(slots=True, eq=False, repr=False)
class Assert(Statement):
    test: Expression
    msg: Expression | None
    parts = ("test", "msg")


@dataclass(slots=True, eq=False, repr=False)
class Tested(Statement):
    """`if` and `while`."""

    test: Expression
    body: list[Statement]
    orelse: list[Statement]
    parts = ("test", "body", "orelse")


@dataclass(slots=True, eq=False, repr=False)
class If(Tested):
    """`if`; an `elif` is an `if` in ``orelse``."""


@dataclass(slots=True, eq=False, repr=False)
class While(Tested):
    """`while`."""


@dataclass(slots=True, eq=False, repr=False)
class For(Statement):
    target: Expression
    iter: Expression
    body: list[Statement]
    orelse: list[Statement]
    parts = ("target", "iter", "body", "orelse")


@dataclass(slots=True, eq=False, repr=False)
class AsyncFor(For):
    """`async for`; a `For` too."""


@dataclass(slots=True, eq=False, repr=False)
class WithItem(Node):
    context_expr: Expression
    optional_vars: Expression | None
    parts = ("context_expr", "optional_vars")


@dataclass(slots=True, eq=False, repr=False)
class With(Statement):
    items: list[WithItem]
    body: list[Statement]
    parts = ("items", "body")


@dataclass(slots=True, eq=False, repr=False)
class AsyncWith(With):
    """`async with`; a `With` too."""


@dataclass(slots=True, eq=False, repr=False)
class ExceptHandler(Node):
    type: Expression | None
    name: str | None
    body: list[Statement]
    parts = ("type", "body")


@dataclass(slots=True, eq=False, repr=False)
class Try(Statement):
    body: list[Statement]
    handlers: list[ExceptHandler]
    orelse: list[Statement]
    finalbody: list[Statement]
    parts = ("body", "handlers", "orelse", "finalbody")


@dataclass(slots=True, eq=False, repr=False)
class MatchCase(Node):
    """A `case`; its pattern is not looked into."""

    guard: Expression | None
    body: list[Statement]
    parts = ("guard", "body")


@dataclass(slots=True, eq=False, repr=False)
class Match(Statement):
    subject: Expression
    cases: list[MatchCase]
    parts = ("subject", "cases")


@dataclass(slots=True, eq=False, repr=False)
class Global(Statement):
    names: list[str]


@dataclass(slots=True, eq=False, repr=False)
class Other(Statement):
    """`import`, `pass`, `break`, `continue`, `nonlocal`, `type`: nothing is evaluated that rules ask for."""


# -- walking ------------------------------------------------------------------------------------------------------


def children(node: Node) -> Iterator[Node]:
    """The nodes right below ``node``."""
    for name in node.parts:
        value: object = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list):
            yield from [one for one in cast("list[Any]", value) if one is not None]


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything in it, what is nearest first."""
    queue = [node]
    for one in queue:
        yield one
        queue += children(one)


def dotted(node: Node | None) -> str:
    """`a.b.c` as text; empty for anything else."""
    if isinstance(node, Name):
        return node.id
    names: list[str] = []
    while isinstance(node, Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, Name) else ""
