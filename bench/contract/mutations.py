"""Changes of what an application promises, one place at a time: of a route, a parameter, a field, a choice."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ROUTES = frozenset({"get", "post", "put", "patch", "delete"})
OTHER = {"get": "post", "post": "put", "put": "post", "patch": "put", "delete": "post"}
OTHER_TYPE = {"int": "str", "str": "int", "float": "int", "bool": "str"}
MODELS = ("BaseModel", "Base", "Schema", "Model")
LIMITS = frozenset({"ge", "le", "gt", "lt", "max_length", "min_length"})
SECURITY = "from fastapi import Depends as _Depends\nfrom fastapi.security import HTTPBearer as _HTTPBearer\n"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutation:
    """``text`` is the changed file."""

    kind: str
    path: str
    line: int
    what: str
    text: str


def mutations(path: str, text: str) -> Iterator[Mutation]:
    """Every change that we know how to make in a file."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        several = _of_function(node) if isinstance(node, Function) else ()
        if isinstance(node, ast.ClassDef):
            several = _of_class(node)
        assert isinstance(node, ast.AST)
        for kind, what, change in several:
            new = copy.deepcopy(node)
            if change(new) is not False and (made := _replaced(text, node, new)) is not None:
                yield Mutation(kind, path, getattr(node, "lineno", 1), what, made)


Change = tuple[str, str, Callable[[ast.AST], object]]


def _replaced(text: str, node: ast.AST, new: ast.AST) -> str | None:
    """The file with the statement as it is now; None where it would not be Python."""
    assert isinstance(node, Function | ast.ClassDef)
    lines = text.split("\n")
    start = min(one.lineno for one in [*node.decorator_list, node]) - 1
    written = ast.unparse(ast.fix_missing_locations(new)).split("\n")
    made = [" " * node.col_offset + one for one in written]
    whole = "\n".join([*lines[:start], *made, *lines[node.end_lineno :]])
    if "_HTTPBearer" in whole:
        first = next((one.lineno for one in ast.parse(text).body if isinstance(one, ast.Import | ast.ImportFrom)), 1)
        head, tail = whole.split("\n")[: first - 1], whole.split("\n")[first - 1 :]
        whole = "\n".join([*head, SECURITY, *tail])
        if "from __future__" in whole:
            return None
    try:
        ast.parse(whole)
    except SyntaxError:
        return None
    return whole


# -- routes -----------------------------------------------------------------------------------------------------------


def _of_function(node: Function) -> Iterator[Change]:
    places = [place for place, one in enumerate(node.decorator_list) if _is_route(one)]
    if not places:
        return
    place = places[0]
    name = node.name

    def route(new: ast.AST) -> ast.Call:
        assert isinstance(new, Function)
        found = new.decorator_list[place]
        assert isinstance(found, ast.Call)
        return found

    yield "route removed", name, lambda new: setattr(new, "decorator_list", [])
    yield "method changed", name, lambda new: _other_verb(route(new))
    yield "status changed", name, lambda new: _keyword(route(new), "status_code", ast.Constant(203))
    yield "operation id", name, lambda new: _keyword(route(new), "operation_id", ast.Constant("another_name"))
    if not any(one.arg == "dependencies" for one in route(node).keywords):
        guard = ast.parse("[_Depends(_HTTPBearer())]", mode="eval").body
        yield "auth added", name, lambda new: _keyword(route(new), "dependencies", guard)
    for required in (True, False):
        kind = f"new {'required' if required else 'optional'} parameter"
        yield kind, name, lambda new, required=required: _new_parameter(new, required=required)
    for position, (argument, default) in enumerate(_parameters(node)):
        if _is_plain(argument.annotation) and (default is None or isinstance(default, ast.Constant)):
            what = f"{name}({argument.arg})"
            yield "parameter removed", what, lambda new, index=position: _without_parameter(new, index)
            yield "parameter type", what, lambda new, index=position: _other_type(_parameters(new)[index][0])
            if default is not None:
                yield "default changed", what, lambda new, index=position: _other_value(_parameters(new)[index][1])
        elif isinstance(default, ast.Call):
            limits = [one.arg for one in default.keywords if one.arg in LIMITS and _is_number(one.value)]
            for limit in limits:
                what = f"{name}({argument.arg}) {limit}"
                yield (
                    "limit changed",
                    what,
                    lambda new, index=position, limit=limit: _limit(_parameters(new)[index][1], limit),
                )


def _is_route(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ROUTES


def _other_verb(call: ast.Call) -> None:
    assert isinstance(call.func, ast.Attribute)
    call.func.attr = OTHER[call.func.attr]


def _keyword(call: ast.Call, name: str, value: ast.expr) -> None:
    call.keywords = [one for one in call.keywords if one.arg != name] + [ast.keyword(name, value)]


def _parameters(node: ast.AST) -> list[tuple[ast.arg, ast.expr | None]]:
    assert isinstance(node, Function)
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
    return list(zip([*positional, *given.kwonlyargs], [*defaults, *given.kw_defaults], strict=True))


def _is_plain(annotation: ast.expr | None) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id in OTHER_TYPE


def _new_parameter(node: ast.AST, *, required: bool) -> None:
    assert isinstance(node, Function)
    node.args.kwonlyargs.append(ast.arg("added_one", ast.Name("int")))
    node.args.kw_defaults.append(None if required else ast.Constant(3))


def _without_parameter(node: ast.AST, position: int) -> object:
    assert isinstance(node, Function)
    given = node.args
    if given.posonlyargs or position >= len(given.args):
        return False
    from_end = len(given.args) - position
    if from_end <= len(given.defaults):
        del given.defaults[len(given.defaults) - from_end]
    del given.args[position]
    return None


def _other_type(node: ast.arg | ast.AnnAssign) -> object:
    if not isinstance(node.annotation, ast.Name):
        return False
    node.annotation = ast.Name(OTHER_TYPE[node.annotation.id])
    return None


def _other_value(node: ast.expr | None) -> object:
    if not isinstance(node, ast.Constant) or node.value is None or node.value is ...:
        return False
    old = node.value
    node.value = not old if isinstance(old, bool) else f"{old}x" if isinstance(old, str) else old + 1
    return None


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)


def _limit(call: ast.expr | None, name: str) -> None:
    """The limit that lets less in where its number is even, more where it is odd."""
    assert isinstance(call, ast.Call)
    for one in call.keywords:
        if one.arg == name and isinstance(one.value, ast.Constant):
            one.value = ast.Constant(one.value.value + (1 if one.value.value % 2 else 2))


# -- models -----------------------------------------------------------------------------------------------------------


def _of_class(node: ast.ClassDef) -> Iterator[Change]:
    bases = {ast.unparse(one).rpartition(".")[2].partition("[")[0] for one in node.bases}
    if any("Enum" in one for one in bases):
        members = [place for place, one in enumerate(node.body) if isinstance(one, ast.Assign)]
        for place in members[:2] if len(members) > 1 else ():
            yield "choice removed", f"{node.name}.{place}", lambda new, index=place: _without(new, index)
        last = node.body[members[-1]] if members else None
        if isinstance(last, ast.Assign) and isinstance(last.value, ast.Constant) and isinstance(last.value.value, str):
            yield "choice added", node.name, lambda new: _append(new, "ADDED = 'added'")
        return
    if not any(one.endswith(MODELS) for one in bases) or any(one.arg == "table" for one in node.keywords):
        return
    yield "new required field", node.name, lambda new: _append(new, "added_field: int")
    yield "new optional field", node.name, lambda new: _append(new, "added_field: int = 3")
    for place, one in enumerate(node.body):
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name) or one.target.id.startswith("_"):
            continue
        what = f"{node.name}.{one.target.id}"
        yield "field removed", what, lambda new, index=place: _without(new, index)
        if isinstance(one.value, ast.Constant):
            yield "field required", what, lambda new, index=place: setattr(_body(new, index), "value", None)
            yield (
                "default changed",
                what,
                lambda new, index=place: _other_value(getattr(_body(new, index), "value", None)),
            )
        if _is_plain(one.annotation):
            yield "field type", what, lambda new, index=place: _retyped(new, index)
            if one.value is None:
                value = ast.Constant("x" if ast.unparse(one.annotation) == "str" else 1)
                yield (
                    "field optional",
                    what,
                    lambda new, index=place, value=value: setattr(_body(new, index), "value", value),
                )
        if isinstance(one.value, ast.Call):
            for limit in [each.arg for each in one.value.keywords if each.arg in LIMITS and _is_number(each.value)]:
                yield (
                    "limit changed",
                    f"{what} {limit}",
                    lambda new, index=place, limit=limit: _limit(getattr(_body(new, index), "value", None), limit),
                )


def _body(node: ast.AST, place: int) -> ast.stmt:
    assert isinstance(node, ast.ClassDef)
    return node.body[place]


def _retyped(node: ast.AST, place: int) -> object:
    field = _body(node, place)
    return _other_type(field) if isinstance(field, ast.AnnAssign) and field.value is None else False


def _without(node: ast.AST, place: int) -> None:
    assert isinstance(node, ast.ClassDef)
    del node.body[place]
    node.body = node.body or [ast.Pass()]


def _append(node: ast.AST, line: str) -> None:
    assert isinstance(node, ast.ClassDef)
    node.body += ast.parse(line).body
