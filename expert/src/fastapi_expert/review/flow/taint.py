"""What of a value the caller of the API chose: query parameters, body fields, headers, followed through names and "
"calls."""

import ast
from collections.abc import Callable

from fastapi_expert.review.flow.calls import callers, given_for, last_name
from fastapi_expert.review.flow.modules import Function, dotted, keyword
from fastapi_expert.review.flow.project import Project

_DEPTH = 8
_CALLS = 4
_TEXT_METHODS = frozenset(
    [
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "title",
        "format",
        "join",
        "encode",
        "decode",
        "replace",
        "removeprefix",
        "joinpath",
        "resolve",
        "absolute",
        "expanduser",
        "with_suffix",
    ]
)
_TEXT_FUNCTIONS = frozenset(
    {"str", "Path", "PurePath", "join", "abspath", "normpath", "desc", "asc", "text", "unquote"}
)
_PLAIN = frozenset({"str", "Any", "bytes", "SecretStr"})
Source = Callable[[Function, ast.expr], bool]


def is_callers_text(
    project: Project, function: Function, node: ast.expr, *, whole: bool = True, paths: bool = False
) -> bool:
    """Whether ``node`` is text that the caller of a route sends, unchecked on its way.

    ``whole`` asks for the text itself; else it may be a part of a formatted string. ``paths`` leaves out what cannot
    hold a slash: the parameters of a path.
    """

    def source(where: Function, one: ast.expr) -> bool:
        return _is_parameter(project, where, one, paths=paths)

    if not whole and isinstance(node, ast.Constant):
        return False
    return follows(project, function, node, source)


def follows(
    project: Project, function: Function, node: ast.expr | None, source: Source, depth: int = 0, calls: int = 0
) -> bool:
    """Whether a value comes from ``source`` through names, formatting, joining and the arguments of calls."""
    if node is None or depth > _DEPTH:
        return False
    if source(function, node):
        return not _is_checked(function, node)
    match node:
        case ast.Name(id=name):
            bound = project.kinds.bindings(function).get(name)
            if bound:
                if _is_checked(function, node):
                    return False
                return any(
                    follows(project, function, one.value, source, depth + 1, calls) for one in bound if not one.each
                )
            if function.parameter(name) is not None and calls < _CALLS and not project.is_endpoint(function):
                if _is_checked(function, node) or not _may_be_text(function.parameter(name)):
                    return False
                return any(
                    follows(project, one.function, given_for(one.call, function, name), source, depth + 1, calls + 1)
                    for one in callers(project, function)
                )
            return False
        case ast.JoinedStr(values=values):
            parts = [one.value for one in values if isinstance(one, ast.FormattedValue)]
            return any(follows(project, function, one, source, depth + 1, calls) for one in parts)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod() | ast.Div(), right=right):
            return any(follows(project, function, one, source, depth + 1, calls) for one in (left, right))
        case ast.Tuple(elts=elts) | ast.List(elts=elts):
            return any(follows(project, function, one, source, depth + 1, calls) for one in elts)
        case ast.Dict(values=values):
            return any(follows(project, function, one, source, depth + 1, calls) for one in values)
        case ast.BoolOp(values=values):
            return any(follows(project, function, one, source, depth + 1, calls) for one in values)
        case ast.IfExp(body=one, orelse=other):
            return any(follows(project, function, part, source, depth + 1, calls) for part in (one, other))
        case ast.Call(func=func, args=args, keywords=keywords):
            name = last_name(func)
            given = [*args, *[one.value for one in keywords]]
            if (
                isinstance(func, ast.Attribute)
                and name in _TEXT_METHODS
                and not _is_module(project, function, func.value)
            ):
                return any(follows(project, function, one, source, depth + 1, calls) for one in (func.value, *given))
            if name in _TEXT_FUNCTIONS:
                return any(follows(project, function, one, source, depth + 1, calls) for one in given)
            return False
        case _:
            return False


def _is_module(project: Project, function: Function, node: ast.expr) -> bool:
    symbol = project.kinds.resolve(function.path, dotted(node))
    return symbol is not None and symbol.kind in ("external", "module")


def _is_parameter(project: Project, function: Function, node: ast.expr, *, paths: bool) -> bool:
    """Whether ``node`` is a parameter of a route's function that holds free text, or a text field of its body."""
    if not project.is_endpoint(function):
        return False
    if isinstance(node, ast.Name):
        argument = function.parameter(node.id)
        if argument is None or node.id in project.kinds.bindings(function):
            return False
        if any(need.parameter == node.id for need in project.kinds.needs(function)):
            return False
        if paths and _is_single_segment(project, function, node.id):
            return False
        return _is_free_text(argument.annotation, function.defaults.get(node.id))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        kind = project.kinds.of(function.path, node.value, function)
        if not kind.startswith("object ") or function.parameter(node.value.id) is None:
            return False
        path, _, name = kind.removeprefix("object ").partition("::")
        if project.codebase.kinds.get((path, name)) != "schema":
            return False
        field = next((one for one in project.codebase.fields(path, name) if one.name == node.attr), None)
        return field is not None and field.type.replace(" ", "") in ("str", "str|None", "Optional[str]")
    return False


def _is_free_text(annotation: ast.expr | None, default: ast.expr | None) -> bool:
    """Whether a parameter takes any text: `str`, unannotated or `Any`, without a pattern."""
    for one in (annotation, default):
        for call in ast.walk(one) if one is not None else ():
            if isinstance(call, ast.Call) and (keyword(call, "pattern") or keyword(call, "regex")):
                return False
    match annotation:
        case None:
            return default is None or (isinstance(default, ast.Constant) and isinstance(default.value, str | None))
        case ast.Name(id=name):
            return name in _PLAIN
        case ast.BinOp(left=left, right=right):
            return _is_free_text(left, None) or _is_free_text(right, None)
        case ast.Subscript(value=value, slice=inner):
            name = dotted(value).rpartition(".")[2]
            first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
            return name in ("Optional", "Annotated", "Union") and _is_free_text(first, None)
        case _:
            return False


def _may_be_text(argument: ast.arg | None) -> bool:
    if argument is None or argument.annotation is None:
        return argument is not None
    return _is_free_text(argument.annotation, None) or last_name(argument.annotation) in ("Path", "PurePath")


def _is_single_segment(project: Project, function: Function, name: str) -> bool:
    """Whether a parameter is part of the path without `:path`: it cannot hold a slash."""
    decorators = [one for one in function.node.decorator_list if isinstance(one, ast.Call)]
    texts = [
        n.value for one in decorators for n in ast.walk(one) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    templates = [*texts, *[one.route.path for one in project.served if one.function is function]]
    return any(f"{{{name}}}" in one for one in templates)


def _is_checked(function: Function, node: ast.expr) -> bool:
    """Whether the function asks if the value is one of those it knows, or where it leads, before using it."""
    name = dotted(node)
    return any(
        isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.In | ast.NotIn) and dotted(one.left) == name
        for one in function.nodes
    )
