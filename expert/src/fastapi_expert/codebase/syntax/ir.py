"""The small form in which code is kept: expressions and statements that can be evaluated without a parser.

Every expression and statement is a tuple whose first part is its tag, or, for a dotted name, the name itself as a
`str`. Plain tuples are what a parser makes fastest and what JSON gives back (as lists), so that neither reading a file
nor the cache builds objects. Who looks at one asks for its shape: ``call = match(expr, Call)`` gives a named tuple
whose parts have names, or None when it is something else. Where every kind is wanted, :func:`tag` dispatches.

    ir.call("router.get", (ir.text("/users"),), (), 7)      made by the reader
    ir.match(expr, ir.Call).args                            read by everybody else
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

Expr = Any
"""A name (`str`), None where the source has nothing, or one of the expressions below."""
Stmt = Any
"""One of the statements below."""
Block = Sequence[Stmt]

_Shape = TypeVar("_Shape", bound="tuple[Any, ...]")


def tag(expr: Expr) -> str:
    """The tag of an expression; ``""`` for a name and for nothing."""
    return "" if expr is None or isinstance(expr, str) else expr[0]


def match(expr: Expr, shape: type[_Shape]) -> _Shape | None:
    """``expr`` in ``shape``, one of the named tuples below; None when it is of another kind."""
    kind: Any = shape
    if expr is None or isinstance(expr, str) or expr[0] != kind.TAG:  # not by `tag`: nothing is asked as often
        return None
    return kind._make(expr)


# -- expressions -------------------------------------------------------------------------------------------------


class Text(NamedTuple):
    """A string."""

    tag: str
    value: str
    TAG = "s"


class Constant(NamedTuple):
    """A number, a bool or None."""

    tag: str
    value: int | float | bool | None
    TAG = "k"


class Joined(NamedTuple):
    """An f-string or an implicit concatenation."""

    tag: str
    parts: Sequence[Expr]
    TAG = "f"


class Call(NamedTuple):
    """A call; a keyword named ``**`` unpacks a mapping. ``line`` is where the function's name ends."""

    tag: str
    function: Expr
    args: Sequence[Expr]
    keywords: Sequence[tuple[str, Expr]]
    line: int
    TAG = "c"


class Attribute(NamedTuple):
    """An attribute of something that is not a name."""

    tag: str
    value: Expr
    name: str
    TAG = "a"


class Subscript(NamedTuple):
    """``value[index]``; an index of several parts is a :class:`Display`."""

    tag: str
    value: Expr
    index: Expr
    TAG = "i"


class Display(NamedTuple):
    """A list, tuple or set, and the target of an assignment that unpacks."""

    tag: str
    items: Sequence[Expr]
    TAG = "l"


class Mapping(NamedTuple):
    """A dict; a pair without a key unpacks its value."""

    tag: str
    pairs: Sequence[tuple[Expr, Expr]]
    TAG = "d"


class Starred(NamedTuple):
    """``*value`` in a display or a call."""

    tag: str
    value: Expr
    TAG = "*"


class Binary(NamedTuple):
    """Arithmetic, and the `|` of unions."""

    tag: str
    operator: str
    left: Expr
    right: Expr
    TAG = "b"


class Truth(NamedTuple):
    """`and`, `or`, `not` or a comparison."""

    tag: str
    operator: str
    operands: Sequence[Expr]
    TAG = "o"


class Conditional(NamedTuple):
    """``then if condition else otherwise``."""

    tag: str
    condition: Expr
    then: Expr
    otherwise: Expr
    TAG = "?"


class Lambda(NamedTuple):
    """A lambda; parameters are (name, kind as of :class:`~.facts.Param`, default)."""

    tag: str
    params: Sequence[tuple[str, str, Expr]]
    body: Expr
    TAG = "lambda"


class Comprehension(NamedTuple):
    """A comprehension of a list, a set or a generator: an element and its clauses, the first a :class:`ForClause`."""

    tag: str
    element: Expr
    clauses: Sequence[Any]
    TAG = "for"


class MappingComprehension(NamedTuple):
    """The same of a dict; its element is a :class:`Display` of key and value."""

    tag: str
    element: Expr
    clauses: Sequence[Any]
    TAG = "items"


class ForClause(NamedTuple):
    """``for target in iterable`` of a comprehension."""

    tag: str
    target: Expr
    iterable: Expr
    TAG = "for"


class IfClause(NamedTuple):
    """``if condition`` of a comprehension."""

    tag: str
    condition: Expr
    TAG = "if"


class Slice(NamedTuple):
    """A slice."""

    tag: str
    start: Expr
    stop: Expr
    step: Expr
    TAG = "slice"


class Unary(NamedTuple):
    """`-value`, `+value` or `~value` of what is not a number as written."""

    tag: str
    operator: str
    value: Expr
    TAG = "u-"


class Formatted(NamedTuple):
    """A part of an f-string with a conversion (`!r`) or a format (`:02d`)."""

    tag: str
    value: Expr
    conversion: str
    spec: str
    TAG = "{}"


class Walrus(NamedTuple):
    """``name := value``."""

    tag: str
    name: str
    value: Expr
    TAG = ":="


class Targets(NamedTuple):
    """What ``a = b = value`` assigns to."""

    tag: str
    items: Sequence[Expr]
    TAG = "="


class Opaque(NamedTuple):
    """Any other expression: nothing is known of it but its line."""

    tag: str
    line: int
    TAG = "u"


ELLIPSIS = "..."
"""The tag of `...`, which has no parts."""

NONE: Expr = (Constant.TAG, None)


def text(value: str) -> Expr:
    return (Text.TAG, value)


def constant(value: int | float | bool | None) -> Expr:
    return (Constant.TAG, value)


def ellipsis() -> Expr:
    return (ELLIPSIS,)


def joined(parts: Sequence[Expr]) -> Expr:
    return (Joined.TAG, parts)


def call(function: Expr, args: Sequence[Expr], keywords: Sequence[tuple[str, Expr]], line: int) -> Expr:
    return (Call.TAG, function, args, keywords, line)


def attribute(value: Expr, name: str) -> Expr:
    return (Attribute.TAG, value, name)


def subscript(value: Expr, index: Expr) -> Expr:
    return (Subscript.TAG, value, index)


def display(items: Sequence[Expr]) -> Expr:
    return (Display.TAG, items)


def mapping(pairs: Sequence[tuple[Expr, Expr]]) -> Expr:
    return (Mapping.TAG, pairs)


def starred(value: Expr) -> Expr:
    return (Starred.TAG, value)


def binary(operator: str, left: Expr, right: Expr) -> Expr:
    return (Binary.TAG, operator, left, right)


def truth(operator: str, operands: Sequence[Expr]) -> Expr:
    return (Truth.TAG, operator, operands)


def conditional(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    return (Conditional.TAG, condition, then, otherwise)


def lambda_(params: Sequence[tuple[str, str, Expr]], body: Expr) -> Expr:
    return (Lambda.TAG, params, body)


def comprehension(element: Expr, clauses: Sequence[Any]) -> Expr:
    return (Comprehension.TAG, element, clauses)


def mapping_comprehension(element: Expr, clauses: Sequence[Any]) -> Expr:
    return (MappingComprehension.TAG, element, clauses)


def for_clause(target: Expr, iterable: Expr) -> Any:
    return (ForClause.TAG, target, iterable)


def if_clause(condition: Expr) -> Any:
    return (IfClause.TAG, condition)


def slice_(start: Expr, stop: Expr, step: Expr) -> Expr:
    return (Slice.TAG, start, stop, step)


def unary(operator: str, value: Expr) -> Expr:
    return (Unary.TAG, operator, value)


def formatted(value: Expr, conversion: str, spec: str) -> Expr:
    return (Formatted.TAG, value, conversion, spec)


def walrus(name: str, value: Expr) -> Expr:
    return (Walrus.TAG, name, value)


def targets(items: Sequence[Expr]) -> Expr:
    return (Targets.TAG, items)


def opaque(line: int) -> Expr:
    return (Opaque.TAG, line)


def text_of(expr: Expr) -> str | None:
    """The string that ``expr`` is; None when it is something else."""
    return expr[1] if tag(expr) == Text.TAG else None


def is_constant(expr: Expr, value: bool | None) -> bool:
    """Whether ``expr`` is the constant ``value``."""
    return tag(expr) == Constant.TAG and expr[1] is value


def dotted(expr: Expr) -> str:
    """The dotted name of what is named or called: of `a.b` and of `a.b(c)` `a.b`; "" for anything else."""
    if isinstance(expr, str):
        return expr
    if (made := match(expr, Call)) is not None:
        return dotted(made.function)
    part = match(expr, Attribute)
    return f"{dotted(part.value)}.{part.name}" if part is not None else ""


def without_lines(expr: Expr) -> Expr:
    """An expression as it is equal wherever it stands, read or from the cache; not to be matched any more."""
    if expr is None or isinstance(expr, str | int | float | bool):
        return expr
    return [without_lines(part) for part in (expr[:-1] if expr and tag(expr) == Call.TAG else expr)]


def parts_of_expression(expr: Expr) -> Sequence[Any]:
    """Everything of an expression behind its tag."""
    return expr[1:]


def parts_of_statement(stmt: Stmt) -> Sequence[Any]:
    """Everything of a statement behind its tag and its line."""
    return stmt[2:]


def last_number(expr: Expr) -> int | None:
    """The line at the end of an expression that has one."""
    last = None if expr is None or isinstance(expr, str) else expr[-1]
    return last if isinstance(last, int) else None


# -- statements --------------------------------------------------------------------------------------------------


class Assign(NamedTuple):
    """``target: annotation = value``; each of the two may be missing."""

    tag: str
    line: int
    target: Expr
    value: Expr
    annotation: Expr
    TAG = "="


class Augment(NamedTuple):
    """``target += value`` and its like; ``operator`` is without the `=`."""

    tag: str
    line: int
    target: Expr
    value: Expr
    operator: str
    TAG = "+="


class Evaluate(NamedTuple):
    """An expression as a statement."""

    tag: str
    line: int
    value: Expr
    TAG = "e"


class Def(NamedTuple):
    """A function definition."""

    tag: str
    line: int
    qualname: str
    TAG = "def"


class ClassDef(NamedTuple):
    """A class definition."""

    tag: str
    line: int
    qualname: str
    TAG = "class"


class Import(NamedTuple):
    """An import; ``first`` is the index of its first name in the file's imports."""

    tag: str
    line: int
    first: int
    TAG = "import"


class Return(NamedTuple):
    """`return`."""

    tag: str
    line: int
    value: Expr
    TAG = "return"


class If(NamedTuple):
    """`if`; an `elif` is an `if` in ``orelse``."""

    tag: str
    line: int
    condition: Expr
    body: Block
    orelse: Block
    TAG = "if"


class For(NamedTuple):
    """`for`; ``orelse`` runs where no `break` ended the loop."""

    tag: str
    line: int
    target: Expr
    iterable: Expr
    body: Block
    orelse: Block
    TAG = "for"


# expert: ignore[FX201] a named tuple inherits no fields
class While(NamedTuple):
    """`while`; ``orelse`` runs where no `break` ended the loop."""

    tag: str
    line: int
    condition: Expr
    body: Block
    orelse: Block
    TAG = "while"


class Match(NamedTuple):
    """`match`; cases are (patterns, guard, body), patterns None where any value fits.

    A pattern is the expression of a value; a name that it binds is a :class:`Walrus`, around the pattern that `as`
    names or around None; a sequence is a :class:`Display`, a mapping a :class:`Mapping`, a class a :class:`Call`.
    """

    tag: str
    line: int
    subject: Expr
    cases: Sequence[tuple[Sequence[Expr] | None, Expr, Block]]
    TAG = "match"


class Delete(NamedTuple):
    """`del`."""

    tag: str
    line: int
    targets: Sequence[Expr]
    TAG = "del"


class Global(NamedTuple):
    """`global` or `nonlocal`."""

    tag: str
    line: int
    names: Sequence[str]
    is_global: bool
    TAG = "global"


class With(NamedTuple):
    """`with`; items are (value, target or None)."""

    tag: str
    line: int
    items: Sequence[tuple[Expr, Expr]]
    body: Block
    TAG = "with"


class Try(NamedTuple):
    """`try`; `else` ends ``body``, ``after`` is what `finally` holds, ``caught`` type and name of each handler."""

    tag: str
    line: int
    body: Block
    handlers: Sequence[Block]
    after: Block
    caught: Sequence[tuple[Expr, str]]
    TAG = "try"


class Raise(NamedTuple):
    """`raise`; the exception is None where an active one is raised again."""

    tag: str
    line: int
    exception: Expr
    TAG = "raise"


class Yield(NamedTuple):
    """`yield` as a statement."""

    tag: str
    line: int
    value: Expr
    TAG = "yield"


class Stop(NamedTuple):
    """`continue` or `break`."""

    tag: str
    line: int
    is_break: bool
    TAG = "stop"


def assign(line: int, target: Expr, value: Expr, annotation: Expr) -> Stmt:
    return (Assign.TAG, line, target, value, annotation)


def augment(line: int, target: Expr, value: Expr, operator: str) -> Stmt:
    return (Augment.TAG, line, target, value, operator)


def evaluate(line: int, value: Expr) -> Stmt:
    return (Evaluate.TAG, line, value)


def def_(line: int, qualname: str) -> Stmt:
    return (Def.TAG, line, qualname)


def class_def(line: int, qualname: str) -> Stmt:
    return (ClassDef.TAG, line, qualname)


def import_(line: int, first: int) -> Stmt:
    return (Import.TAG, line, first)


def return_(line: int, value: Expr) -> Stmt:
    return (Return.TAG, line, value)


def if_(line: int, condition: Expr, body: Block, orelse: Block) -> Stmt:
    return (If.TAG, line, condition, body, orelse)


def for_(line: int, target: Expr, iterable: Expr, body: Block, orelse: Block) -> Stmt:
    return (For.TAG, line, target, iterable, body, orelse)


def while_(line: int, condition: Expr, body: Block, orelse: Block) -> Stmt:
    return (While.TAG, line, condition, body, orelse)


def match_(line: int, subject: Expr, cases: Sequence[tuple[Sequence[Expr] | None, Expr, Block]]) -> Stmt:
    return (Match.TAG, line, subject, cases)


def delete(line: int, targets: Sequence[Expr]) -> Stmt:
    return (Delete.TAG, line, targets)


def global_(line: int, names: Sequence[str], is_global: bool) -> Stmt:
    return (Global.TAG, line, names, is_global)


def with_(line: int, items: Sequence[tuple[Expr, Expr]], body: Block) -> Stmt:
    return (With.TAG, line, items, body)


def try_(line: int, body: Block, handlers: Sequence[Block], after: Block, caught: Sequence[tuple[Expr, str]]) -> Stmt:
    return (Try.TAG, line, body, handlers, after, caught)


def raise_(line: int, exception: Expr) -> Stmt:
    return (Raise.TAG, line, exception)


def yield_(line: int, value: Expr) -> Stmt:
    return (Yield.TAG, line, value)


def stop(line: int, is_break: bool) -> Stmt:
    return (Stop.TAG, line, is_break)


def line_of(stmt: Stmt) -> int:
    """The line of a statement."""
    return stmt[1]


def blocks(stmt: Stmt) -> Sequence[Block]:
    """The blocks inside of a compound statement, those that most likely run first; `while` is left out."""
    inside = _BLOCKS.get(stmt[0])
    return inside(stmt) if inside is not None else ()


_BLOCKS: dict[str, Callable[[Stmt], Sequence[Block]]] = {
    If.TAG: lambda stmt: (stmt[3], stmt[4]),
    For.TAG: lambda stmt: (stmt[4], stmt[5]),
    With.TAG: lambda stmt: (stmt[3],),
    Match.TAG: lambda stmt: tuple([case[2] for case in stmt[3]]),
    Try.TAG: lambda stmt: (stmt[2], stmt[4], *reversed(stmt[3])),
}


def yields(body: Block) -> bool:
    """Whether a function with this body is a generator."""
    for stmt in body:
        loop = match(stmt, While)
        if stmt[0] == Yield.TAG or any(
            yields(block) for block in (blocks(stmt) if loop is None else (loop.body, loop.orelse))
        ):
            return True
    return False


_ENVIRONMENT = re.compile(r"'(?:[\w.]*\.)?(?:getenv|environ(?:\.get)?)'")


def reads_environment(expr: Expr) -> bool:
    """Whether an expression takes its value from the environment."""
    return expr is not None and _ENVIRONMENT.search(repr(expr)) is not None


def shown(expr: Expr) -> str:
    """An annotation as Python writes it; what is no part of one is `…`."""
    if expr is None or isinstance(expr, str):
        return expr or ""
    if (generic := match(expr, Subscript)) is not None:
        several = match(generic.index, Display)
        inside = ", ".join([shown(one) for one in several.items]) if several is not None else shown(generic.index)
        return f"{shown(generic.value)}[{inside}]"
    if (made := match(expr, Call)) is not None:
        keywords = [f"{name}={shown(value)}" for name, value in made.keywords]
        return f"{shown(made.function)}({', '.join([*[shown(one) for one in made.args], *keywords])})"
    if (either := match(expr, Binary)) is not None:
        return f"{shown(either.left)} {either.operator} {shown(either.right)}"
    if (part := match(expr, Attribute)) is not None:
        return f"{shown(part.value)}.{part.name}"
    if (display := match(expr, Display)) is not None:
        return f"[{', '.join([shown(one) for one in display.items])}]"
    plain = match(expr, Text) or match(expr, Constant)
    return repr(plain.value) if plain is not None else "…"


# -- everything inside of one -----------------------------------------------------------------------------------


def walk(expr: Expr) -> Iterator[Expr]:
    """``expr`` and every expression in it, names too, outermost first."""
    if expr is None:
        return
    yield expr
    inside = _INSIDE.get(tag(expr))
    for one in inside(expr) if inside is not None else ():
        yield from walk(one)


def expressions(body: Block) -> Iterator[Expr]:
    """The outermost expressions of the statements of a block, those of its inner blocks included."""
    for stmt in body:
        own = _OWN.get(stmt[0])
        yield from own(stmt) if own is not None else ()
        loop = match(stmt, While)
        for block in blocks(stmt) if loop is None else (loop.body, loop.orelse):
            yield from expressions(block)


def _clause_parts(clauses: Iterable[Any]) -> Iterator[Expr]:
    for clause in clauses:
        yield from clause[1:]


_INSIDE: dict[str, Callable[[Expr], Iterable[Expr]]] = {
    Joined.TAG: lambda expr: expr[1],
    Call.TAG: lambda expr: (expr[1], *expr[2], *[value for _, value in expr[3]]),
    Attribute.TAG: lambda expr: (expr[1],),
    Subscript.TAG: lambda expr: (expr[1], expr[2]),
    Display.TAG: lambda expr: expr[1],
    Mapping.TAG: lambda expr: [part for pair in expr[1] for part in pair],
    Starred.TAG: lambda expr: (expr[1],),
    Binary.TAG: lambda expr: (expr[2], expr[3]),
    Truth.TAG: lambda expr: expr[2],
    Conditional.TAG: lambda expr: (expr[1], expr[2], expr[3]),
    Lambda.TAG: lambda expr: (*[default for _, _, default in expr[1]], expr[2]),
    Comprehension.TAG: lambda expr: (expr[1], *_clause_parts(expr[2])),
    MappingComprehension.TAG: lambda expr: (expr[1], *_clause_parts(expr[2])),
    Slice.TAG: lambda expr: (expr[1], expr[2], expr[3]),
    Unary.TAG: lambda expr: (expr[2],),
    Formatted.TAG: lambda expr: (expr[1],),
    Walrus.TAG: lambda expr: (expr[2],),
}
_OWN: dict[str, Callable[[Stmt], Iterable[Expr]]] = {
    Assign.TAG: lambda stmt: (stmt[3],),
    Augment.TAG: lambda stmt: (stmt[3],),
    Evaluate.TAG: lambda stmt: (stmt[2],),
    Return.TAG: lambda stmt: (stmt[2],),
    If.TAG: lambda stmt: (stmt[2],),
    For.TAG: lambda stmt: (stmt[3],),
    While.TAG: lambda stmt: (stmt[2],),
    Match.TAG: lambda stmt: (stmt[2],),
    With.TAG: lambda stmt: [value for value, _ in stmt[2]],
    Raise.TAG: lambda stmt: (stmt[2],),
    Yield.TAG: lambda stmt: (stmt[2],),
}
"""What a statement evaluates itself, apart from its blocks."""
