"""What two functions of one shape still differ in: whether one may stand for the other, and what to say if not.

A shape (:mod:`fastapi_expert.codebase.syntax.shape`) leaves out local names, literals and the classes called. Here the
text itself is compared: global names and what they are bound to, attributes, keywords, literals, defaults, decorators,
and for what FastAPI wires also the parameters and who may call. Local names may differ, one for one.
"""

import ast
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.similarity.fields import plain_type

Aspect = Literal["access", "decorator", "parameter", "name", "literal"]
_INJECTING = {"Depends", "Security"}
WIRED = ("endpoint", "dependency", "exception_handler")
"""Kinds of functions that FastAPI calls."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Difference(NamedTuple):
    """What stands in one function and what in the other; "" where it has nothing for it."""

    aspect: Aspect
    here: str
    there: str


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences of two functions. ``is_known`` is False where a text cannot be read: then they may differ."""

    found: tuple[Difference, ...] = ()
    is_known: bool = True

    def __bool__(self) -> bool:
        return bool(self.found) or not self.is_known

    @property
    def only_values(self) -> bool:
        """Only literals and defaults differ: parameters could take them."""
        return self.is_known and all(one.aspect == "literal" for one in self.found)

    @property
    def in_access(self) -> bool:
        """They may differ in who is let in."""
        return not self.is_known or any(one.aspect == "access" for one in self.found)

    def named(self, limit: int = 3) -> str:
        """`"can_refund"` (there `"can_read"`), `Page` and 2 more; "" when there is nothing to name."""
        shown = [_shown(one) for one in self.found]
        more = len(shown) - limit
        if more > 1:
            return f"{', '.join(shown[:limit])} and {more} more"
        return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _shown(one: Difference) -> str:
    here, there = (f"`{_short(text)}`" if text else "" for text in (one.here, one.there))
    if here and here == there:
        return f"another {here}"
    if here and there:
        return f"{here} (there {there})"
    return here or f"{there} there"


def _short(text: str) -> str:
    text = " ".join(text.replace("`", "'").split())
    return text if len(text) <= 40 else f"{text[:37]}…"


@dataclass(frozen=True, slots=True)
class Side:
    """A function's text (from its first decorator on) and what the names of its module are bound to."""

    text: str
    bindings: Mapping[str, str]
    is_wired: bool = False
    """FastAPI calls it: its parameters are part of what it promises, and its annotations may say who is let in."""


def differences(here: Side, there: Side) -> Differences:
    """What ``here`` and ``there`` differ in, in the order of the text."""
    first, second = _parsed(here.text), _parsed(there.text)
    if first is None or second is None:
        return Differences(is_known=False)
    is_wired = here.is_wired or there.is_wired
    known = here.bindings.keys() & there.bindings.keys()  # a fragment without its imports is taken at its word
    left = [*_Words(first, {name: here.bindings[name] for name in known}, is_wired).all()]
    right = [*_Words(second, {name: there.bindings[name] for name in known}, is_wired).all()]
    if [word.key for word in left] == [word.key for word in right]:
        return Differences()
    if [word.aspect for word in left] == [word.aspect for word in right]:
        pairs = [(one, other) for one, other in zip(left, right, strict=True) if one.key != other.key]
    else:
        pairs = _paired(left, right)
    found = {
        Difference(one.aspect if one else other.aspect if other else "name", _text(one), _text(other)): None
        for one, other in pairs
    }
    return Differences(tuple(found))


class _Word(NamedTuple):
    aspect: Aspect
    key: str
    """What is compared."""
    text: str
    """What is shown."""


def _text(word: _Word | None) -> str:
    return word.text if word is not None else ""


def _paired(left: Sequence[_Word], right: Sequence[_Word]) -> list[tuple[_Word | None, _Word | None]]:
    """The words that only one side has; those of one aspect beside each other as they come."""
    pairs: list[tuple[_Word | None, _Word | None]] = []
    first: Counter[tuple[str, str]] = Counter((word.aspect, word.key) for word in left)
    second: Counter[tuple[str, str]] = Counter((word.aspect, word.key) for word in right)
    for aspect in ("access", "decorator", "parameter", "name", "literal"):
        only_left = _only([word for word in left if word.aspect == aspect], first - second)
        only_right = _only([word for word in right if word.aspect == aspect], second - first)
        for number in range(max(len(only_left), len(only_right))):
            one = only_left[number] if number < len(only_left) else None
            other = only_right[number] if number < len(only_right) else None
            pairs.append((one, other))
    return pairs


def _only(words: Sequence[_Word], excess: Counter[tuple[str, str]]) -> list[_Word]:
    return list({word.key: word for word in words if excess[word.aspect, word.key] > 0}.values())


def _parsed(text: str) -> _Function | None:
    try:
        body = ast.parse(textwrap.dedent(text)).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    return body[0] if body and isinstance(body[0], _Function) else None


class _Words:
    """The words of one function that a copy would have to keep, in order."""

    def __init__(self, function: _Function, bindings: Mapping[str, str], is_wired: bool) -> None:
        self._function = function
        self._bindings = bindings
        self._is_wired = is_wired
        self._in_complaint = False
        self._locals: dict[str, int | None] = dict.fromkeys(_local_names(function))

    def all(self) -> Iterator[_Word]:
        for decorator in self._function.decorator_list:
            yield from self._decorator(decorator)
        yield from self._parameters(self._function.args)
        for statement in _without_docstring(self._function.body):
            yield from self._words(statement, "name")

    def _decorator(self, decorator: ast.expr) -> Iterator[_Word]:
        """A decorator; a route's path and name are what two endpoints may differ in."""
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            yield from self._words(decorator, "decorator")
            return
        yield from self._words(decorator.func, "decorator")
        for argument in decorator.args[1:]:
            yield from self._words(argument, "decorator")
        for keyword in sorted(decorator.keywords, key=lambda one: one.arg or ""):
            if keyword.arg in ("path", "name", "summary", "description", "operation_id", "tags"):
                continue
            aspect: Aspect = "access" if keyword.arg == "dependencies" else "decorator"
            yield _Word(aspect, f"{keyword.arg}=", f"{keyword.arg}=")
            yield from self._words(keyword.value, aspect)

    def _parameters(self, arguments: ast.arguments) -> Iterator[_Word]:
        everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        if self._is_wired:
            yield from (_Word("parameter", one.arg, one.arg) for one in everything)
            for one in everything:
                if one.annotation is not None:
                    yield from self._words(one.annotation, "access")
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                yield from self._words(default, "access" if _injects(default) else "literal")

    def _words(self, node: ast.AST, aspect: Aspect) -> Iterator[_Word]:
        if isinstance(node, ast.Name):
            yield self._name(node.id, aspect)
        elif isinstance(node, ast.Constant):
            if not self._in_complaint or not _is_prose(node.value):
                yield _Word(aspect if aspect != "name" else "literal", repr(node.value), repr(node.value))
        elif isinstance(node, ast.Attribute):
            yield from self._words(node.value, aspect)
            yield _Word(aspect, f".{node.attr}", node.attr)
        elif isinstance(node, _Function | ast.ClassDef):
            yield self._name(node.name, aspect)
            for child in (*node.decorator_list, *_without_docstring(node.body)):
                yield from self._words(child, aspect)
        elif not isinstance(node, ast.expr_context | ast.Import | ast.ImportFrom):
            yield from self._other(node, aspect)

    def _other(self, node: ast.AST, aspect: Aspect) -> Iterator[_Word]:
        if isinstance(node, ast.operator | ast.cmpop | ast.boolop | ast.unaryop):
            yield _Word(aspect, type(node).__name__, type(node).__name__)
        if isinstance(node, ast.keyword):
            yield _Word(aspect, f"{node.arg}=", f"{node.arg}=")
        if isinstance(node, ast.AnnAssign):
            yield from self._words(node.target, aspect)
            if node.value is not None:
                yield from self._words(node.value, aspect)
            return
        before, self._in_complaint = self._in_complaint, self._in_complaint or (not self._is_wired and _complains(node))
        for child in ast.iter_child_nodes(node):
            yield from self._words(child, aspect)
        self._in_complaint = before

    def _name(self, name: str, aspect: Aspect) -> _Word:
        if name == self._function.name:
            return _Word(aspect, "itself", name)
        if name in self._locals:
            number = self._locals[name]
            if number is None:
                number = self._locals[name] = sum(one is not None for one in self._locals.values())
            return _Word(aspect, f"local {number}", name)
        return _Word(aspect, f"global {self._bindings.get(name, name)}", name)


_LOGGING = {"debug", "info", "warning", "error", "exception", "critical"}


def _complains(node: ast.AST) -> bool:
    """An exception being raised, or a line for the log: how it is worded changes nothing else."""
    if isinstance(node, ast.Raise):
        return True
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOGGING


def _is_prose(value: object) -> bool:
    return isinstance(value, str) and value.strip().count(" ") >= 2


def _injects(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in _INJECTING


def _local_names(function: _Function) -> Iterator[str]:
    """Parameters and whatever the body binds, in order of appearance."""
    outside: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Global | ast.Nonlocal):
            outside.update(node.names)
    for node in ast.walk(function):
        bound = (
            node.arg
            if isinstance(node, ast.arg)
            else node.id
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else node.name
            if isinstance(node, ast.ExceptHandler | _Function | ast.ClassDef) and node is not function
            else None
        )
        if bound and bound not in outside:
            yield bound


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    first = body[0] if body else None
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_docstring else body


def bindings_of(facts: FileFacts) -> dict[str, str]:
    """What the names of a module are bound to: `module:name` of an import or a definition, else the value's text.

    Relative imports are resolved; a package of the project is named from its last two parts on, so that `app.db` and
    `backend.app.db` are one.
    """
    module = facts.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    bound: dict[str, str] = {}
    for statement in facts.body:
        if (assignment := ir.match(statement, ir.Assign)) is not None and isinstance(assignment.target, str):
            bound[assignment.target] = f"= {ir.without_lines(assignment.value)!r}"
    for one in (*facts.functions, *facts.classes):
        if not one.parent:
            bound[one.name] = _identity(module, one.name)
    for one in facts.imports:
        imported = _absolute(module, one.module, is_package=facts.path.endswith("__init__.py"))
        name = one.alias or one.name or one.module.partition(".")[0]
        bound[name] = _identity(imported, one.name)
    return bound


def _absolute(importer: str, module: str, *, is_package: bool) -> str:
    rest = module.lstrip(".")
    level = len(module) - len(rest)
    if not level:
        return module
    above = importer.split(".")
    above = above[: len(above) - level + is_package]
    return ".".join([*above, rest] if rest else above)


def _identity(module: str, name: str) -> str:
    return f"{'.'.join(module.split('.')[-2:])}:{name}"


def _declared_name(statement: ast.stmt) -> str:
    if isinstance(statement, ast.AnnAssign):
        return ast.unparse(statement.target)
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0])
    return getattr(statement, "name", "") or ast.unparse(statement)


def _declaration(statement: ast.stmt) -> str:
    if isinstance(statement, ast.AnnAssign):
        value = ast.unparse(statement.value) if statement.value is not None else ""
        return f"{plain_type(ast.unparse(statement.annotation))} = {value}"
    return ast.unparse(statement)


class Texts:
    """The texts of functions, read when somebody asks what two of them differ in.

    ``facts`` gives those of a path as it is compared, ``sources`` the texts that are not the ones on disk (drafts).
    """

    def __init__(
        self, root: Path, facts: Callable[[str], FileFacts | None], sources: Mapping[str, bytes] | None = None
    ) -> None:
        self._root = root if root.is_dir() else root.parent
        self._facts = facts
        self._sources = sources or {}
        self._lines: dict[str, Sequence[str]] = {}
        self._bindings: dict[str, Mapping[str, str]] = {}

    def compare(self, here: FunctionRecord, there: FunctionRecord) -> Differences:
        """What two functions differ in."""
        first, second = self._side(here), self._side(there)
        return Differences(is_known=False) if first is None or second is None else differences(first, second)

    def _side(self, record: FunctionRecord) -> Side | None:
        facts = self._facts(record.path)
        if facts is None:
            return None
        start = next((one.start_line for one in facts.functions if one.qualname == record.qualname), record.line)
        text = "\n".join(self._text(record.path)[start - 1 : record.end_line])
        bindings = self._bindings.get(record.path)
        if bindings is None:
            bindings = self._bindings[record.path] = bindings_of(facts)
        return Side(text, bindings, record.kind in WIRED or any(name in text for name in _INJECTING))

    def class_differences(self, here: tuple[str, str, int, int], there: tuple[str, str, int, int]) -> list[str]:
        """The names that two classes (path, qualname, first and last line) declare otherwise, or that one lacks.

        The name of the class, its docstring and how a type is spelled do not count.
        """
        first, second = self._declared(*here), self._declared(*there)
        if first is None or second is None:
            return []
        return [name for name in {**first, **second} if first.get(name) != second.get(name)]

    def _declared(self, path: str, qualname: str, line: int, end_line: int) -> dict[str, str] | None:
        try:
            body = ast.parse(textwrap.dedent("\n".join(self._text(path)[line - 1 : end_line]))).body
        except (SyntaxError, ValueError, RecursionError):
            return None
        if not body or not isinstance(body[0], ast.ClassDef):
            return None
        return {_declared_name(one): _declaration(one) for one in _without_docstring(body[0].body)}

    def _text(self, path: str) -> Sequence[str]:
        lines = self._lines.get(path)
        if lines is None:
            try:
                data = self._sources[path] if path in self._sources else (self._root / path).read_bytes()
            except OSError:
                data = b""
            lines = self._lines[path] = data.decode("utf-8", "replace").split("\n")
        return lines
