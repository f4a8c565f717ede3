"""Facts apart from the lines they stand on: two versions of a file may say the same in other places.

Every function takes ``lines``, appends the lines it leaves out and returns the rest as nested tuples. Two versions that
give equal tuples give lists of lines of one length, which pair each line of the one with its line of the other.
"""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import (
    ClassFacts,
    FieldFacts,
    FileFacts,
    FunctionFacts,
    ImportFacts,
)
from fastapi_expert.codebase.syntax.ir import Expr, Stmt

Lines = list[int]
Imports = tuple[ImportFacts, ...]


def expression(expr: Expr, lines: Lines) -> Any:
    """An expression."""
    kind = ir.tag(expr)
    return (kind, *_parts(ir.parts_of_expression(expr), _EXPRESSIONS[kind], lines, ())) if kind else expr


def _all(expressions: Iterable[Expr], lines: Lines) -> tuple[Any, ...]:
    return tuple([expression(one, lines) for one in expressions])


def statement(stmt: Stmt, imports: Imports, lines: Lines) -> Any:
    """A statement; ``imports`` are those of its file."""
    lines.append(ir.line_of(stmt))
    kind = ir.tag(stmt)
    return (kind, *_parts(ir.parts_of_statement(stmt), _STATEMENTS[kind], lines, imports))


def statements(body: Iterable[Stmt], imports: Imports, lines: Lines) -> tuple[Any, ...]:
    """The statements of a block."""
    return tuple([statement(one, imports, lines) for one in body])


def named(imported: ImportFacts) -> tuple[str, str, str, str]:
    """An import without its line."""
    return (imported.module, imported.name, imported.alias, imported.scope)


# -- the parts of expressions and statements ---------------------------------------------------------------------

_Part = Callable[[Any, Lines, Imports], Any]


def _parts(parts: Iterable[Any], readers: Iterable[_Part], lines: Lines, imports: Imports) -> list[Any]:
    return [read(part, lines, imports) for read, part in zip(readers, parts, strict=True)]


def _line(part: Any, lines: Lines, imports: Imports) -> Any:
    lines.append(part)


def _plain(part: Any, lines: Lines, imports: Imports) -> Any:
    return part


def _names(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple(part)


def _params(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple([(name, kind, expression(default, lines)) for name, kind, default in part])


def _cases(part: Any, lines: Lines, imports: Imports) -> Any:
    found: list[Any] = []
    for values, guard, body in part:
        patterns = None if values is None else _all(values, lines)
        found.append((patterns, expression(guard, lines), statements(body, imports, lines)))
    return tuple(found)


def _one(part: Any, lines: Lines, imports: Imports) -> Any:
    return expression(part, lines)


def _several(part: Any, lines: Lines, imports: Imports) -> Any:
    return _all(part, lines)


def _groups(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple([_all(one, lines) for one in part])


def _keywords(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple([(name, expression(value, lines)) for name, value in part])


def _clauses(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple([(clause[0], _all(clause[1:], lines)) for clause in part])


def _block(part: Any, lines: Lines, imports: Imports) -> Any:
    return statements(part, imports, lines)


def _blocks(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple([statements(one, imports, lines) for one in part])


def _caught(part: Any, lines: Lines, imports: Imports) -> Any:
    return tuple([(expression(one, lines), name) for one, name in part])


def _import(index: int, lines: Lines, imports: Imports) -> Any:
    """What the statement at this line imports, all its names."""
    first = imports[index]
    return tuple([named(one) for one in imports[index:] if (one.line, one.scope) == (first.line, first.scope)])


_EXPRESSIONS: dict[str, tuple[_Part, ...]] = {
    ir.Text.TAG: (_plain,),
    ir.Constant.TAG: (_plain,),
    ir.ELLIPSIS: (),
    ir.Joined.TAG: (_several,),
    ir.Call.TAG: (_one, _several, _keywords, _line),
    ir.Attribute.TAG: (_one, _plain),
    ir.Subscript.TAG: (_one, _one),
    ir.Display.TAG: (_several,),
    ir.Mapping.TAG: (_groups,),
    ir.Starred.TAG: (_one,),
    ir.Binary.TAG: (_plain, _one, _one),
    ir.Truth.TAG: (_plain, _several),
    ir.Conditional.TAG: (_one, _one, _one),
    ir.Lambda.TAG: (_params, _one),
    ir.Comprehension.TAG: (_one, _clauses),
    ir.MappingComprehension.TAG: (_one, _clauses),
    ir.Slice.TAG: (_one, _one, _one),
    ir.Unary.TAG: (_plain, _one),
    ir.Formatted.TAG: (_one, _plain, _plain),
    ir.Walrus.TAG: (_plain, _one),
    ir.Targets.TAG: (_several,),
    ir.Opaque.TAG: (_line,),
}
_STATEMENTS: dict[str, tuple[_Part, ...]] = {
    ir.Assign.TAG: (_one, _one, _one),
    ir.Augment.TAG: (_one, _one, _plain),
    ir.Evaluate.TAG: (_one,),
    ir.Return.TAG: (_one,),
    ir.Def.TAG: (_plain,),
    ir.ClassDef.TAG: (_plain,),
    ir.Stop.TAG: (_plain,),
    ir.Import.TAG: (_import,),
    ir.If.TAG: (_one, _block, _block),
    ir.For.TAG: (_one, _one, _block, _block),
    ir.While.TAG: (_one, _block, _block),
    ir.Match.TAG: (_one, _cases),
    ir.Delete.TAG: (_several,),
    ir.Global.TAG: (_names, _plain),
    ir.With.TAG: (_groups, _block),
    ir.Try.TAG: (_block, _blocks, _block, _caught),
    ir.Raise.TAG: (_one,),
    ir.Yield.TAG: (_one,),
}
"""What the parts behind the tag (and the line of a statement) are."""


def class_(facts: ClassFacts, imports: Imports, lines: Lines) -> Any:
    """Everything of a class but its docstring."""
    return (header(facts, imports, lines), tuple([field(one, lines) for one in facts.fields]))


def field(facts: FieldFacts, lines: Lines) -> Any:
    """A field of a class."""
    lines.append(facts.line)
    return (facts.name, facts.annotation, facts.default, _all((facts.annotation_expr, facts.default_expr), lines))


def header(facts: ClassFacts, imports: Imports, lines: Lines) -> Any:
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
    params = tuple([(*param[:4], _all((param.annotation_expr, param.default_expr), lines)) for param in facts.params])
    return (
        (facts.qualname, facts.owner, facts.parent, facts.returns),
        _all(facts.decorators, lines),
        params,
        expression(facts.returns_expr, lines),
    )


def body(facts: FunctionFacts, file: FileFacts, lines: Lines) -> Any:
    """The statements of a function's body, where they were kept."""
    return None if facts.body is None else statements(facts.body, file.imports, lines)
