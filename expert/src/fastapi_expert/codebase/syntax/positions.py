"""Facts without the lines they stand on: what two versions of a file say alike, wherever they say it.

Every function takes ``lines``, appends the lines it leaves out and returns the rest as nested tuples. Two versions that
give equal tuples give lists of lines of one length, which pair each line of the one with its line of the other.
"""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi_expert.codebase.syntax.facts import (
    ClassFacts,
    Expr,
    FieldFacts,
    FileFacts,
    FunctionFacts,
    ImportFacts,
    Stmt,
)

Lines = list[int]


def expression(expr: Expr, lines: Lines) -> Any:
    """An expression."""
    if expr is None or isinstance(expr, str):
        return expr
    kind = expr[0]
    if kind == "c":
        lines.append(expr[4])
        keywords = tuple([(name, expression(value, lines)) for name, value in expr[3]])
        return (kind, expression(expr[1], lines), _all(expr[2], lines), keywords)
    if kind == "u":
        lines.append(expr[1])
        return (kind,)
    if kind in ("f", "l", "="):
        return (kind, _all(expr[1], lines))
    if kind == "d":
        return (kind, tuple([(expression(key, lines), expression(value, lines)) for key, value in expr[1]]))
    if kind in ("i", "*", "?"):
        return (kind, _all(expr[1:], lines))
    if kind == "b":
        return (kind, expr[1], _all(expr[2:], lines))
    if kind == "o":
        return (kind, expr[1], _all(expr[2], lines))
    if kind == "a":
        return (kind, expression(expr[1], lines), expr[2])
    if kind == "lambda":
        return (kind, tuple(expr[1]), expression(expr[2], lines))
    if kind in ("for", "items"):
        clauses = tuple([(clause[0], _all(clause[1:], lines)) for clause in expr[2]])
        return (kind, expression(expr[1], lines), clauses)
    if kind == ":=":
        return (kind, expr[1], expression(expr[2], lines))
    return tuple(expr)  # a constant


def _all(expressions: Iterable[Expr], lines: Lines) -> tuple[Any, ...]:
    return tuple([expression(one, lines) for one in expressions])


def statement(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    """A statement; ``imports`` are those of its file."""
    kind = stmt[0]
    lines.append(stmt[1])
    return (kind, _PARTS[kind](stmt, imports, lines))


def statements(body: Iterable[Stmt], imports: tuple[ImportFacts, ...], lines: Lines) -> tuple[Any, ...]:
    """The statements of a block."""
    return tuple([statement(one, imports, lines) for one in body])


_Part = Callable[[Stmt, tuple[ImportFacts, ...], Lines], Any]


def _expressions(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    return _all(stmt[2:], lines)


def _as_it_is(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    return stmt[2]


def _import(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    """What the statement at this line imports, all its names."""
    index: int = stmt[2]
    first = imports[index]
    return tuple([named(one) for one in imports[index:] if (one.line, one.scope) == (first.line, first.scope)])


def named(imported: ImportFacts) -> tuple[str, str, str, str]:
    """An import without its line."""
    return (imported.module, imported.name, imported.alias, imported.scope)


def _if(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    return (expression(stmt[2], lines), statements(stmt[3], imports, lines), statements(stmt[4], imports, lines))


def _for(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    return (_all(stmt[2:4], lines), statements(stmt[4], imports, lines))


def _while(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    return (expression(stmt[2], lines), statements(stmt[3], imports, lines))


def _with(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    return (tuple([_all(item, lines) for item in stmt[2]]), statements(stmt[3], imports, lines))


def _try(stmt: Stmt, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    handlers = tuple([statements(one, imports, lines) for one in stmt[3]])
    return (statements(stmt[2], imports, lines), handlers, statements(stmt[4], imports, lines))


_PARTS: dict[str, _Part] = {
    "=": _expressions,
    "+=": _expressions,
    "e": _expressions,
    "return": _expressions,
    "def": _as_it_is,
    "class": _as_it_is,
    "stop": _as_it_is,
    "import": _import,
    "if": _if,
    "for": _for,
    "while": _while,
    "with": _with,
    "try": _try,
}


def class_(facts: ClassFacts, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    """Everything of a class but its docstring."""
    return (header(facts, imports, lines), tuple([field(one, lines) for one in facts.fields]))


def field(facts: FieldFacts, lines: Lines) -> Any:
    """A field of a class."""
    lines.append(facts.line)
    return (facts.name, facts.annotation, facts.default, _all(facts[4:], lines))


def header(facts: ClassFacts, imports: tuple[ImportFacts, ...], lines: Lines) -> Any:
    """The same without its fields, but for those in a body that is run."""
    lines += (facts.line, facts.start_line)
    return (
        (facts.qualname, facts.parent, tuple(facts.bases), tuple(facts.methods), tuple(facts.type_params)),
        _all(facts.decorators, lines),
        _all(facts.base_exprs, lines),
        tuple([(name, expression(value, lines)) for name, value in facts.keywords]),
        statements(facts.body, imports, lines),
    )


def signature(facts: FunctionFacts, lines: Lines) -> Any:
    """What a function shows of itself: its place, decorators, parameters and what it returns."""
    lines += (facts.line, facts.start_line)
    params = tuple([(*param[:4], _all(param[4:], lines)) for param in facts.params])
    return (
        (facts.qualname, facts.owner, facts.parent, facts.returns),
        _all(facts.decorators, lines),
        params,
        expression(facts.returns_expr, lines),
    )


def body(facts: FunctionFacts, file: FileFacts, lines: Lines) -> Any:
    """The statements of a function's body, where they were kept."""
    return None if facts.body is None else statements(facts.body, file.imports, lines)
