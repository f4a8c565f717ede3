"""What of a value the caller of the API chose: query parameters, body fields, headers, followed through names and "
"calls."""

from collections.abc import Callable, Iterable

from fastapi_expert.codebase.syntax import tree
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
Source = Callable[[Function, tree.Expression], bool]


def is_callers_text(
    project: Project, function: Function, node: tree.Expression, *, whole: bool = True, paths: bool = False
) -> bool:
    """Whether ``node`` is text that the caller of a route sends, unchecked on its way.

    ``whole`` asks for the text itself; else it may be a part of a formatted string. ``paths`` leaves out what cannot
    hold a slash: the parameters of a path.
    """

    def source(where: Function, one: tree.Expression) -> bool:
        return _is_parameter(project, where, one, paths=paths)

    if not whole and isinstance(node, tree.Constant):
        return False
    return follows(project, function, node, source, segments=paths)


def follows(
    project: Project,
    function: Function,
    node: tree.Expression | None,
    source: Source,
    depth: int = 0,
    calls: int = 0,
    *,
    segments: bool = False,
) -> bool:
    """Whether a value comes from ``source`` through names, formatting, joining and the arguments of calls.

    With ``segments`` it is a path that is asked about, and what stands behind other text in its segment is harmless:
    of `f"{uuid4().hex}_{name}"` the name `../x` leads through a folder `…_..` that is not there.
    """
    if node is None or depth > _DEPTH:
        return False
    if source(function, node):
        return not _is_checked(function, node)

    def any_of(parts: Iterable[tree.Expression]) -> bool:
        return any(follows(project, function, one, source, depth + 1, calls, segments=segments) for one in parts)

    match node:
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name)
            if bound:
                return not _is_checked(function, node) and any_of([one.value for one in bound if not one.each])
            if function.parameter(name) is None or calls >= _CALLS or project.is_endpoint(function):
                return False
            if _is_checked(function, node) or not _may_be_text(function.parameter(name)):
                return False
            given = [(one.function, given_for(one.call, function, name)) for one in callers(project, function)]
            return any(
                follows(project, where, value, source, depth + 1, calls + 1, segments=segments)
                for where, value in given
            )
        case tree.JoinedStr(values=values):
            before = [None, *values]
            return any_of(
                [
                    one.value
                    for one, left in zip(values, before, strict=False)
                    if isinstance(one, tree.FormattedValue) and not (segments and _is_glue(left))
                ]
            )
        case tree.BinOp(left=left, op="+") if segments and _is_glue(left):
            return any_of([left])
        case tree.BinOp(left=left, op="+" | "%" | "/", right=right):
            return any_of([left, right])
        case tree.Tuple(elts=parts) | tree.List(elts=parts) | tree.Dict(values=parts) | tree.BoolOp(values=parts):
            return any_of(parts)
        case tree.IfExp(body=one, orelse=other):
            return any_of([one, other])
        case tree.Call(func=func, args=args, keywords=keywords):
            name, handed = last_name(func), [*args, *[one.value for one in keywords]]
            method = func if isinstance(func, tree.Attribute) and name in _TEXT_METHODS else None
            if method is not None and not _is_module(project, function, method.value):
                return any_of([method.value, *handed])
            return name in _TEXT_FUNCTIONS and any_of(handed)
        case _:
            return False


def _is_glue(node: tree.Expression | None) -> bool:
    """Whether a text ends in something that is no end of a path's segment."""
    if isinstance(node, tree.BinOp) and node.op == "+":
        return _is_glue(node.right)
    if isinstance(node, tree.JoinedStr) and node.values:
        return _is_glue(node.values[-1])
    return (
        isinstance(node, tree.Constant)
        and isinstance(node.value, str)
        and bool(node.value)
        and node.value[-1] not in "/\\"
    )


def _is_module(project: Project, function: Function, node: tree.Expression) -> bool:
    symbol = project.kinds.resolve(function.path, dotted(node))
    return symbol is not None and symbol.kind in ("external", "module")


def _is_parameter(project: Project, function: Function, node: tree.Expression, *, paths: bool) -> bool:
    """Whether ``node`` is a parameter of a route's function that holds free text, or a text field of its body."""
    if not project.is_endpoint(function):
        return False
    if isinstance(node, tree.Name):
        argument = function.parameter(node.id)
        if argument is None or node.id in project.kinds.bindings(function):
            return False
        if any(need.parameter == node.id for need in project.kinds.needs(function)):
            return False
        if paths and _is_single_segment(project, function, node.id):
            return False
        return _is_free_text(argument.annotation, function.defaults.get(node.id))
    if isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name):
        kind = project.kinds.of(function.path, node.value, function)
        if not kind.startswith("object ") or function.parameter(node.value.id) is None:
            return False
        path, _, name = kind.removeprefix("object ").partition("::")
        if project.codebase.kinds.get((path, name)) != "schema":
            return False
        field = next((one for one in project.codebase.fields(path, name) if one.name == node.attr), None)
        return field is not None and field.type.replace(" ", "") in ("str", "str|None", "Optional[str]")
    return False


def _is_free_text(annotation: tree.Expression | None, default: tree.Expression | None) -> bool:
    """Whether a parameter takes any text: `str`, unannotated or `Any`, without a pattern."""
    for one in (annotation, default):
        for call in tree.walk(one) if one is not None else ():
            if isinstance(call, tree.Call) and (keyword(call, "pattern") or keyword(call, "regex")):
                return False
    match annotation:
        case None:
            return default is None or (isinstance(default, tree.Constant) and isinstance(default.value, str | None))
        case tree.Name(id=name):
            return name in _PLAIN
        case tree.BinOp(left=left, right=right):
            return _is_free_text(left, None) or _is_free_text(right, None)
        case tree.Subscript(value=value, slice=inner):
            name = dotted(value).rpartition(".")[2]
            first = inner.elts[0] if isinstance(inner, tree.Tuple) and inner.elts else inner
            return name in ("Optional", "Annotated", "Union") and _is_free_text(first, None)
        case _:
            return False


def _may_be_text(argument: tree.Arg | None) -> bool:
    if argument is None or argument.annotation is None:
        return argument is not None
    return _is_free_text(argument.annotation, None) or last_name(argument.annotation) in ("Path", "PurePath")


def _is_single_segment(project: Project, function: Function, name: str) -> bool:
    """Whether a parameter is part of the path without `:path`: it cannot hold a slash."""
    decorators = [one for one in function.node.decorator_list if isinstance(one, tree.Call)]
    texts = [
        n.value
        for one in decorators
        for n in tree.walk(one)
        if isinstance(n, tree.Constant) and isinstance(n.value, str)
    ]
    templates = [*texts, *[one.route.path for one in project.served if one.function is function]]
    return any(f"{{{name}}}" in one for one in templates)


def _is_checked(function: Function, node: tree.Expression) -> bool:
    """Whether the function asks if the value is one of those it knows, or where it leads, before using it."""
    name = dotted(node)
    return any(
        (isinstance(one, tree.Compare) and one.ops[0] in ("in", "not in") and dotted(one.left) == name)
        or (isinstance(one, tree.If) and _refuses(one, name))
        for one in function.nodes
    )


_NO_CHECKS = frozenset(["exists", "is_file", "is_dir", "isfile", "isdir", "len", "isinstance", "bool", "str", "any"])
"""Calls in a condition that say nothing of what a text holds."""


def _refuses(node: tree.If, name: str) -> bool:
    """`if not is_valid(name): raise …`: a function of the project has looked at the text."""
    if not node.body or not isinstance(node.body[-1], tree.Raise | tree.Return):
        return False
    calls = [one for one in tree.walk(node.test) if isinstance(one, tree.Call) and last_name(one) not in _NO_CHECKS]
    return any(dotted(given) == name for call in calls for given in call.args)
