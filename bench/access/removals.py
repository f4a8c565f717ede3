"""Removals of protection: what somebody takes out of one place, and the text is an application still."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route", "route"})
GUARD = re.compile(
    r"user|auth|admin|permission|role|token|login|verif|api_?key|require|access|principal|signed|current", re.IGNORECASE
)
NO_GUARD = re.compile(
    r"optional|maybe|anonymous|or_none|service|repositor|session|settings|config|store|manager|provider", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Removal:
    """``text`` is the file without it. ``function`` is the endpoint it is of, empty where it is of many."""

    kind: str
    path: str
    line: int
    what: str
    text: str
    function: str = ""
    guard: str = ""
    """The name of the dependency that one parameter asks for."""


def removals(files: Mapping[str, str]) -> Iterator[Removal]:
    """Every removal that we know how to make in these files."""
    trees = {path: tree for path, text in files.items() if (tree := _parsed(text)) is not None}
    aliases = {name: _guard(call) for tree in trees.values() for name, call in _aliases(tree)}
    for path, tree in trees.items():
        for one in _File(path, files[path], aliases).removals(tree):
            if one.text != files[path] and _parsed(one.text) is not None:
                yield one


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return _name(func)
        case _:
            return ""


def _guard(node: ast.AST) -> str:
    """`Depends(get_current_user)`: the name, where it is one of a guard."""
    match node:
        case ast.Call(func=func, args=[given, *_]) if _name(func) in ("Depends", "Security"):
            name = ast.unparse(given)
            return _name(given) or name if GUARD.search(name) and not NO_GUARD.search(name) else ""
        case _:
            return ""


def _aliases(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript(value=annotated) as value) if (
                _name(annotated) == "Annotated"
            ):
                for one in ast.walk(value):
                    if isinstance(one, ast.Call) and _guard(one):
                        yield name, one
            case _:
                pass


class _File:
    def __init__(self, path: str, text: str, aliases: Mapping[str, str]) -> None:
        self._path, self._text, self._aliases = path, text, aliases
        self._lines = [0]
        for line in text.encode().split(b"\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def removals(self, tree: ast.Module) -> Iterator[Removal]:
        for name, call in _aliases(tree):
            yield self._made("alias", call, name, [(call, "Depends(lambda: None)")])
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield from self._of_function(node)
                case ast.Call(func=func, keywords=keywords):
                    kind = {"APIRouter": "router", "include_router": "include", "FastAPI": "application"}
                    if (place := kind.get(_name(func)) or ("router" if _name(func).endswith("Router") else "")) != "":
                        yield from self._keyword(place, keywords, "")
                case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add_middleware"), args=[given, *_]) as call):
                    if GUARD.search(_name(given)):
                        yield self._made("middleware", node, ast.unparse(call)[:60], [(node, "pass")])
                case _:
                    pass

    def _of_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Removal]:
        routes = [
            one for one in node.decorator_list if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
        ]
        verbs = {one.func.attr for one in routes if isinstance(one.func, ast.Attribute)}
        if verbs & ROUTES or verbs & {"websocket", "websocket_route"}:
            kind = "websocket" if not verbs & ROUTES else "parameter"
            yield from self._parameters(kind, node)
            for one in node.decorator_list:
                if isinstance(one, ast.Call):
                    yield from self._keyword("decorator", one.keywords, node.name)
                if one not in routes and GUARD.search(_name(one)):
                    at = f"@{ast.unparse(one)[:60]}"
                    start = self._at(one.lineno, one.col_offset) - 1
                    yield self._cut("own decorator", one, at, [(start, self._end(one), b"")], node.name)
        elif "middleware" in verbs and re.search(r"40[13]|nauthori", ast.unparse(node)):
            cut = [(self._at(one.lineno, one.col_offset) - 1, self._end(one), b"") for one in routes]
            yield self._cut("middleware", node, f"@middleware {node.name}", cut)

    def _parameters(self, kind: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Removal]:
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
        for arg, default in zip([*positional, *given.kwonlyargs], [*defaults, *given.kw_defaults], strict=True):
            annotated = [found for one in ast.walk(arg.annotation) if (found := _guard(one))] if arg.annotation else []
            alias = self._aliases.get(_name(arg.annotation), "") if arg.annotation is not None else ""
            guard = _guard(default) if default is not None else ""
            if guard:
                text = b"=None"
            elif guard := next(iter(annotated), alias):
                text = b": str" if default is None else b": str = None"
            else:
                continue
            span = (self._at(arg.lineno, arg.col_offset), self._end(default or arg), arg.arg.encode() + text)
            shown = "alias use" if alias and kind == "parameter" else kind
            one = self._cut(shown, arg, f"{node.name}({ast.unparse(arg)[:60]})", [span], node.name)
            yield replace(one, guard=guard)

    def _keyword(self, kind: str, keywords: list[ast.keyword], function: str) -> Iterator[Removal]:
        for one in keywords:
            if one.arg == "dependencies" and isinstance(one.value, ast.List | ast.Tuple):
                left = [each for each in one.value.elts if not _guard(each)]
                if len(left) < len(one.value.elts):
                    text = f"[{', '.join(map(ast.unparse, left))}]"
                    yield self._made(kind, one.value, ast.unparse(one.value)[:80], [(one.value, text)], function)

    def _made(
        self, kind: str, node: ast.AST, what: str, edits: list[tuple[ast.AST, str]], function: str = ""
    ) -> Removal:
        spans = [(self._start(each), self._end(each), text.encode()) for each, text in edits]
        return self._cut(kind, node, what, spans, function)

    def _cut(
        self, kind: str, node: ast.AST, what: str, spans: list[tuple[int, int, bytes]], function: str = ""
    ) -> Removal:
        content = self._text.encode()
        for start, end, text in sorted(spans, reverse=True):
            content = content[:start] + text + content[end:]
        line = getattr(node, "lineno", 1)
        return Removal(kind, self._path, line, " ".join(what.split()), content.decode(errors="replace"), function)

    def _at(self, line: int, column: int) -> int:
        return self._lines[line - 1] + column

    def _start(self, node: ast.AST) -> int:
        return self._at(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def _end(self, node: ast.AST) -> int:
        return self._at(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))
