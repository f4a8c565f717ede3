"""Changes that a test may notice: one place of real code, replaced by another value, another operator or nothing."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

OPERATORS = {ast.Eq: "!=", ast.NotEq: "==", ast.Lt: ">=", ast.Gt: "<=", ast.LtE: ">", ast.GtE: "<", ast.Is: "is not",
             ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutation:
    """``text`` in place of the bytes from ``start`` to ``end``; ``line`` is the statement's, ``inside`` a function."""

    path: str
    kind: str
    start: int
    end: int
    text: str
    line: int
    inside: bool


def mutations(path: str, source: bytes) -> Iterator[Mutation]:
    """Every change that we know how to make in a file."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    lines = [0]
    for line in source.split(b"\n"):
        lines.append(lines[-1] + len(line) + 1)

    def of(node: ast.expr | ast.stmt, text: str, kind: str, inside: bool) -> Mutation:
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        return Mutation(path, kind, start, end, text, node.lineno, inside)

    for owner, statement, node in _owned(tree):
        if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (replace(each, line=statement.lineno) for each in _in_function(node, of))
        elif isinstance(node, ast.Constant) and not _is_docstring(tree, node):
            text = _other(node.value)
            settings = isinstance(owner, ast.ClassDef) and any("Settings" in ast.unparse(base) for base in owner.bases)
            if text:
                yield of(node, text, "settings" if settings else "constant", False)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for default in [*function.args.defaults, *filter(None, function.args.kw_defaults)]:
                for each in ast.walk(default):
                    text = _other(each.value) if isinstance(each, ast.Constant) else None
                    if text and isinstance(each, ast.Constant):
                        yield of(each, text, "signature", False)


def _in_function(node: ast.AST, of: "object") -> Iterator[Mutation]:
    make = of  # a closure over one file's lines
    assert callable(make)
    match node:
        case ast.Return(value=ast.expr() as value):
            yield make(value, "None", "function", True)
        case ast.Compare(ops=[operator], left=left, comparators=[right]) if type(operator) in OPERATORS:
            yield make(
                node, f"({ast.unparse(left)} {OPERATORS[type(operator)]} {ast.unparse(right)})", "function", True
            )
        case ast.If(test=test):
            yield make(test, f"(not ({ast.unparse(test)}))", "function", True)
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield make(node, "pass", "function", True)
        case ast.Constant(value=value) if (text := _other(value)) is not None:
            yield make(node, text, "function", True)
        case ast.Raise():
            yield make(node, "pass", "function", True)
        case _:
            return


def _owned(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.stmt, ast.AST]]:
    """Every node with the function, class or module around it and its statement; no signatures, no f-strings."""
    pending: list[tuple[ast.AST, ast.stmt, ast.AST]] = [(tree, each, each) for each in tree.body]
    while pending:
        owner, statement, node = pending.pop()
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        statement = node if isinstance(node, ast.stmt) else statement
        yield owner, statement, node
        inside = isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            pending += [(owner if inside else node, each, each) for each in node.body]
        else:
            pending += [(owner, statement, each) for each in ast.iter_child_nodes(node)]


def _other(value: object) -> str | None:
    match value:
        case bool():
            return str(not value)
        case int():
            return str(value + 1)
        case str() if value:
            return repr(value + "x")
        case _:
            return None


def _is_docstring(tree: ast.Module, node: ast.Constant) -> bool:
    return any(isinstance(each, ast.Expr) and each.value is node for each in ast.walk(tree))
