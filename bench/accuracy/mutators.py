"""Copies of functions as people and agents make them, edited step by step. Knows nothing of the matcher.

The edit operators follow the mutation framework of Roy and Cordy (Mutation 2009): layout and comments (T1), names and
literals (T2), statements inserted, deleted, changed and moved (T3). Everything works on `ast`, while the matcher reads
with tree-sitter, so that the two share no code and no view of the language.
"""

import ast
import builtins
import copy
import keyword
import random
from collections.abc import Callable, Mapping, Sequence
from typing import cast

# fmt: off
WORDS = (
    "entry", "payload", "holder", "outcome", "bucket", "element", "chunk", "current", "pending", "target",
    "marker", "subject", "carrier", "folder", "ticket", "parcel", "lookup", "answer", "detail", "passage",
    "basket", "region", "anchor", "cursor", "packet", "member", "ledger", "branch", "ribbon", "socket",
)
# fmt: on

Function = ast.FunctionDef | ast.AsyncFunctionDef
Mutator = Callable[[Function, random.Random, Sequence[ast.stmt]], Function]
"""A function, where chance comes from, and statements of other functions; a copy comes back."""


def layout(function: Function, _rng: random.Random, _donors: Sequence[ast.stmt]) -> Function:
    """T1: re-emitted from the tree: layout, comments and quotes change; decorators go (see `emit`)."""
    return copy.deepcopy(function)


def renamed(function: Function, rng: random.Random, _donors: Sequence[ast.stmt] = ()) -> Function:
    """T2: the function, its parameters and locals get other names, literals other values, the docstring goes."""
    function = _without_docstring(copy.deepcopy(function))
    table = _names_for(sorted(_locals_of(function)), rng)
    function = _Renamer(table, rng).visit(function)
    function.name = f"{rng.choice(('handle', 'perform', 'process', 'do'))}_{rng.choice(WORDS)}"
    return function


def one_statement(function: Function, rng: random.Random, donors: Sequence[ast.stmt]) -> Function:
    """T3: T2, and one statement inserted, deleted, changed or moved."""
    return _edited(renamed(function, rng), 1, rng, donors)


def share_of_statements(share: float) -> Mutator:
    """T3: T2, and ``share`` of the statements inserted, deleted, changed or moved."""

    def mutate(function: Function, rng: random.Random, donors: Sequence[ast.stmt]) -> Function:
        count = max(1, round(share * len(statements_of(function))))
        return _edited(renamed(function, rng), count, rng, donors)

    return mutate


def twin(function: Function, rng: random.Random, _donors: Sequence[ast.stmt] = ()) -> Function:
    """The synchronous version of an asynchronous function, or the other way round, with other local names."""
    function = renamed(function, rng)
    to_async = isinstance(function, ast.FunctionDef)
    if to_async:
        fields = {name: getattr(function, name) for name in ast.FunctionDef._fields}
        function = ast.AsyncFunctionDef(**fields)
        return _Awaiter(rng).visit_top(function)
    stripped = _Unawaiter().visit_top(function)
    return ast.FunctionDef(**{name: getattr(stripped, name) for name in ast.AsyncFunctionDef._fields})


def emit(function: Function) -> str:
    """The source of a mutant, alone in a file: no decorators, at module level."""
    function.decorator_list = []
    return ast.unparse(ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[]))) + "\n"


def statements_of(function: Function) -> list[ast.stmt]:
    """Every statement inside, at any depth, without the docstring."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function]
    return [node for node in found if not _is_docstring(node)]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _without_docstring(function: Function) -> Function:
    function.body = [node for node in function.body if not _is_docstring(node)] or [ast.Pass()]
    return function


def _locals_of(function: Function) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.arg():
                names.add(node.arg)
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case _:
                pass
    outside = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    return {name for name in names if not hasattr(builtins, name)} - outside - {"self", "cls"}


def _names_for(names: Sequence[str], rng: random.Random) -> dict[str, str]:
    words = [word for word in WORDS if word not in names and not keyword.iskeyword(word)]
    rng.shuffle(words)
    words += [f"{word}_{number}" for number in range(2, 9) for word in words]
    return dict(zip(names, words, strict=False))


class _Renamer(ast.NodeTransformer):
    def __init__(self, table: dict[str, str], rng: random.Random) -> None:
        self.table, self.rng = table, rng

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.table.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.table.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name:
            node.name = self.table.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                value.value = self.visit(value.value)
            elif isinstance(value, ast.Constant):
                value.value = f"{value.value}!"
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        match node.value:
            case bool() | None:
                pass
            case str():
                node.value = f"{self.rng.choice(WORDS)} {self.rng.randrange(100)}"
            case int():
                node.value = node.value + self.rng.randrange(1, 50)
            case float():
                node.value = node.value * 2 + 1
            case _:
                pass
        return node


def _blocks(function: Function) -> list[list[ast.stmt]]:
    blocks: list[list[ast.stmt]] = []
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = cast(list[ast.stmt] | ast.expr | None, getattr(node, name, None))
            if isinstance(block, list) and block:
                blocks.append(block)
    return blocks


def _edited(function: Function, count: int, rng: random.Random, donors: Sequence[ast.stmt]) -> Function:
    """``count`` edits, each to a statement not edited before (a compound one is edited in its header)."""
    touched: set[int] = set()
    for _ in range(count):
        places = [
            (block, index) for block in _blocks(function) for index, node in enumerate(block) if id(node) not in touched
        ]
        if not places:
            break
        block, index = rng.choice(places)
        node = block[index]
        edits = ["insert", "change"]
        if not hasattr(node, "body"):
            edits += ["delete"] if len(block) > 1 else []
            edits += ["move"] if len(block) > 1 else []
        match rng.choice(edits):
            case "insert":
                stranger = copy.deepcopy(rng.choice(donors))
                block.insert(index, stranger)
                touched.update(id(inner) for inner in ast.walk(stranger))
            case "delete":
                del block[index]
            case "move":
                other = index - 1 if index else index + 1
                block[index], block[other] = block[other], block[index]
            case _:
                block[index] = _changed(node, rng)
        touched.add(id(node))
        touched.add(id(block[index]) if index < len(block) else 0)
    return function


def _changed(node: ast.stmt, rng: random.Random) -> ast.stmt:
    """The same statement doing something a little different: a call wrapped, an argument more, a test negated."""
    extra = ast.Name(id=rng.choice(WORDS), ctx=ast.Load())
    match node:
        case ast.If() | ast.While():
            node.test = ast.BoolOp(op=ast.And(), values=[node.test, extra])
        case ast.For() | ast.AsyncFor():
            node.iter = ast.Call(func=ast.Name(id="sorted", ctx=ast.Load()), args=[node.iter], keywords=[])
        case ast.Return(value=None):
            node.value = extra
        case ast.Return() | ast.Assign() | ast.Expr():
            value = node.value
            inner = value.value if isinstance(value, ast.Await) else value
            if isinstance(inner, ast.Call):
                inner.keywords = [*inner.keywords, ast.keyword(arg=rng.choice(WORDS), value=extra)]
            elif inner is not None:
                node.value = ast.Call(func=ast.Name(id="dict", ctx=ast.Load()), args=[inner], keywords=[])
        case ast.Raise(exc=ast.Call() as call):
            call.args = [*call.args, extra]
        case ast.With() | ast.AsyncWith() | ast.Try():
            node.body = [*node.body, ast.Expr(ast.Call(func=extra, args=[], keywords=[]))]
        case _:
            return ast.Expr(ast.Call(func=ast.Name(id="print", ctx=ast.Load()), args=[extra], keywords=[]))
    return node


class _Awaiter(ast.NodeTransformer):
    """Awaits calls of attributes, as a port to an asynchronous library would."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def visit_top(self, function: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        function.body = [self.visit(node) for node in function.body]
        return function

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return ast.Await(node) if isinstance(node.func, ast.Attribute) and self.rng.random() < 0.6 else node

    def visit_With(self, node: ast.With) -> ast.AST:
        self.generic_visit(node)
        return ast.AsyncWith(**{name: getattr(node, name) for name in ast.With._fields})


class _Unawaiter(ast.NodeTransformer):
    def visit_top(self, function: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        function.body = [self.visit(node) for node in function.body]
        return function

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        self.generic_visit(node)
        return ast.With(**{name: getattr(node, name) for name in ast.AsyncWith._fields})

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        self.generic_visit(node)
        return ast.For(**{name: getattr(node, name) for name in ast.AsyncFor._fields})


MUTATORS: Mapping[str, Mutator] = {
    "T1": layout,
    "T2": renamed,
    "T3 one": one_statement,
    "T3 20 %": share_of_statements(0.2),
    "T3 40 %": share_of_statements(0.4),
    "twin": twin,
}
TARGETS = {"T1": 0.99, "T2": 0.98, "T3 one": 0.97, "T3 20 %": 0.95, "T3 40 %": 0.90, "twin": 0.97}
"""Shares that must be found."""
