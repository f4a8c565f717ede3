"""Expressions to values, as far as the text tells; the rest is an Unknown that says why."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi_expert.codebase.interpret.attributes import attribute, class_attribute, parametrized, spelled
from fastapi_expert.codebase.interpret.containers import OF_SETS, items_of
from fastapi_expert.codebase.interpret.discovery.paths import divided
from fastapi_expert.codebase.interpret.discovery.plugins import of_group
from fastapi_expert.codebase.interpret.operations import (
    ENVIRONMENT,
    compare,
    concatenated,
    from_environment,
    join,
    truth,
)
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    DOUBTFUL,
    HOLE,
    MISSING,
    UNREAD,
    Arguments,
    ClassValue,
    Condition,
    Defaulting,
    Doubtful,
    EntryPoints,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Member,
    ModuleValue,
    PathValue,
    RouteList,
    Scope,
    Site,
    Unknown,
    as_key,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr

_BUILTINS = frozenset(
    [
        "str",
        "int",
        "bool",
        "list",
        "tuple",
        "set",
        "dict",
        "frozenset",
        "len",
        "enumerate",
        "zip",
        "range",
        "sorted",
        "reversed",
        "getattr",
        "hasattr",
        "setattr",
        "isinstance",
        "super",
        "type",
        "print",
        "callable",
        "iter",
        "next",
        "any",
        "all",
        "min",
        "max",
        "sum",
        "map",
        "filter",
        "vars",
        "globals",
        "locals",
        "object",
        "abs",
        "chr",
        "format",
        "hex",
        "oct",
        "ord",
        "repr",
        "round",
        "open",
        "dir",
        "issubclass",
        "float",
        "id",
        "__import__",
        "property",
        "staticmethod",
        "classmethod",
    ]
)
MAX_LOOP = 500
"""A comprehension over more is a computation, not a table of routes."""
_ENVIRON = External("os.environ")
UNKNOWN = "\0"
"""Stands in a text for a part that is not known, where that is better than no text."""


def evaluate(interp: Runtime, expr: Expr, scope: Scope) -> Any:
    """The value of ``expr`` in ``scope``."""
    if isinstance(expr, str):
        return _name(interp, expr, scope)
    if expr is None:
        return None
    known = _EVALUATE.get(ir.tag(expr))
    if known is None:
        return Unknown(_site(interp, scope, expr), "not a constant")
    shape, read = known
    return read(interp, shape(expr), scope)


def _site(interp: Runtime, scope: Scope, expr: Expr) -> Site:
    return Site(scope.path, ir.last_number(expr) or interp.line)


def _name(interp: Runtime, dotted: str, scope: Scope) -> Any:
    head, *rest = dotted.split(".") if "." in dotted else (dotted,)
    value = interp.lookup(scope, head)
    if value is MISSING and head == "__debug__":
        return True
    if value is MISSING:
        value = (
            External(f"builtins.{head}")
            if head in _BUILTINS
            else Unknown(Site(scope.path, interp.line), f"{head} is not known")
        )
    for name in rest:
        value = attribute(interp, value, name, Site(scope.path, interp.line))
    return value


# -- one kind of expression each ---------------------------------------------------------------------------------


def _text(interp: Runtime, expr: ir.Text, scope: Scope) -> Any:
    return expr.value


def _constant(interp: Runtime, expr: ir.Constant, scope: Scope) -> Any:
    return expr.value


def _ellipsis(interp: Runtime, expr: Expr, scope: Scope) -> Any:
    return Ellipsis


def _format(interp: Runtime, expr: ir.Joined, scope: Scope) -> Any:
    parts: list[str] = []
    unknown: Unknown | None = None
    for part in expr.parts:
        value = evaluate(interp, part, scope)
        text = spelled(interp, value, Site(scope.path, interp.line))
        if text is None and interp.lenient:
            text = UNKNOWN
        if text is None:
            if unknown is None:
                known = isinstance(value, Unknown)
                unknown = value if known else Unknown(Site(scope.path, interp.line), "part of the text is not known")
            text = value.text if isinstance(value, Unknown) else HOLE
        parts.append(text)
    return "".join(parts) if unknown is None else replace(unknown, text="".join(parts))


def _call(interp: Runtime, expr: ir.Call, scope: Scope) -> Any:
    function = evaluate(interp, expr.function, scope)
    return interp.call(function, arguments(interp, expr, scope))


def arguments(interp: Runtime, expr: ir.Call, scope: Scope) -> Arguments:
    """What a call is given, evaluated."""
    args: list[Any] = []
    for one in expr.args:
        starred = ir.match(one, ir.Starred)
        if starred is None:
            args.append(evaluate(interp, one, scope))
        else:
            value = evaluate(interp, starred.value, scope)
            args.extend(value if is_list(value) else [])
    keywords: dict[str, Any] = {}
    raw: dict[str, Expr] = {}
    for name, one in expr.keywords:
        value = evaluate(interp, one, scope)
        if name != "**":
            keywords[name], raw[name] = value, one
        elif is_dict(value):
            keywords.update({key: item for key, item in value.items() if isinstance(key, str)})
        else:
            keywords["**"] = value
    return Arguments(args, keywords, raw, Site(scope.path, expr.line), scope, expr.args[0] if expr.args else None)


def _attribute(interp: Runtime, expr: ir.Attribute, scope: Scope) -> Any:
    return attribute(interp, evaluate(interp, expr.value, scope), expr.name, Site(scope.path, interp.line))


def _subscript(interp: Runtime, expr: ir.Subscript, scope: Scope) -> Any:
    value = evaluate(interp, expr.value, scope)
    key = evaluate(interp, expr.index, scope)
    if isinstance(key, slice) and (isinstance(value, str) or is_list(value)):
        return value[key]
    if isinstance(value, EntryPoints):
        return of_group(interp, key, None, Site(scope.path, interp.line))
    if isinstance(value, RouteList) and isinstance(key, (int, slice)):
        value = list(value.router.entries)
        if isinstance(key, slice):
            return value[key]
    if is_dict(value) and not isinstance(key, (Unknown, dict, slice)):
        key = as_key(key)
        if isinstance(value, Defaulting) and key not in value:
            value[key] = interp.call(value.factory, Arguments([], {}, {}, Site(scope.path, interp.line), scope))
        if key in value:
            return _believed(interp, value[key], scope)
    if is_list(value) and isinstance(key, int) and -len(value) <= key < len(value):
        return _believed(interp, value[key], scope)
    if isinstance(value, str) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    if isinstance(value, ClassValue) and isinstance(key, str) and key in value.namespace:
        member = attribute(interp, value, key, Site(scope.path, interp.line))
        if isinstance(member, Member):
            return member
    if isinstance(value, Instance) and isinstance(value.cls, ClassValue) and "()" not in value.attributes:
        method = class_attribute(interp, value.cls, "__getitem__", Site(scope.path, interp.line), receiver=value)
        if isinstance(method, FunctionValue):
            return interp.call_function(method, [key], {}, Site(scope.path, interp.line))
    if value == _ENVIRON and isinstance(key, str):
        known = interp.environ.get(key)
        return from_environment(key, Site(scope.path, interp.line)) if known is None else known
    if value == External("sys.modules") and isinstance(key, str):
        found = interp.module_named(key, scope.path)
        return ModuleValue(found) if found is not None else External(key)
    if isinstance(value, Instance) and isinstance(key, int) and "()" in value.attributes:
        items = value.attributes["()"]
        return items[key] if -len(items) <= key < len(items) else Unknown(Site(scope.path, interp.line), "an item")
    if isinstance(value, ClassValue):
        return parametrized(interp, value, partial(evaluate, interp, expr.index, scope), scope)
    if isinstance(value, External):
        return value  # a generic: Base[T]
    return value if isinstance(value, Unknown) else Unknown(Site(scope.path, interp.line), "an item that is not known")


def _believed(interp: Runtime, item: Any, scope: Scope) -> Any:
    return Unknown(Site(scope.path, interp.line), DOUBTFUL) if isinstance(item, Doubtful) else item


def _binary(interp: Runtime, expr: ir.Binary, scope: Scope) -> Any:
    sign = expr.operator
    left, right = evaluate(interp, expr.left, scope), evaluate(interp, expr.right, scope)
    if isinstance(left, Member):
        left = left.value
    if isinstance(right, Member):
        right = right.value
    if sign == "+" and interp.lenient and (isinstance(left, str) or isinstance(right, str)):
        left, right = (one if isinstance(one, str) else UNKNOWN for one in (left, right))
    if sign == "+":
        if isinstance(left, str) or isinstance(right, str):
            return concatenated(left, right, Site(scope.path, interp.line))
        if is_list(left) and is_list(right):
            return interp.made([*left, *right])
    if sign in OF_SETS and is_list(left) and is_list(right):
        return interp.made(OF_SETS[sign](left, right))
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return _computed(sign, left, right, Site(scope.path, interp.line))
    if sign == "*" and isinstance(right, int) and right < MAX_LOOP and (isinstance(left, str) or is_list(left)):
        return left * right
    if sign == "%" and isinstance(left, str):
        return _filled(left, right, Site(scope.path, interp.line))
    if sign == "|" and is_dict(left) and is_dict(right):
        return {**left, **right}
    if sign == "/" and isinstance(left, PathValue):
        return divided(left, right, Site(scope.path, interp.line))
    unknown = left if isinstance(left, Unknown) else right
    return unknown if isinstance(unknown, Unknown) else Unknown(Site(scope.path, interp.line), "a computed value")


def _filled(text: str, given: Any, site: Site) -> Any:
    """``text % given``, of plain values alone: an object of the program has no text that we could tell."""
    values = list(given) if is_list(given) else list(given.values()) if is_dict(given) else [given]
    if all(one is None or isinstance(one, (str, int, float)) for one in values):
        with suppress(TypeError, ValueError, KeyError, OverflowError):
            return text % (tuple(given) if is_list(given) else given)
    return Unknown(site, "a text that is formatted from what is not known")


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
    "|": lambda left, right: left | right,
    "&": lambda left, right: left & right,
    "^": lambda left, right: left ^ right,
}


def _computed(sign: str, left: float, right: float, site: Site) -> Any:
    try:
        return _ARITHMETIC[sign](left, right)
    except (KeyError, ArithmeticError, TypeError):
        return Unknown(site, "a computed value")


def _truth(interp: Runtime, expr: ir.Truth, scope: Scope) -> Any:
    sign = expr.operator
    first = evaluate(interp, expr.operands[0], scope)
    if sign == "not":
        known = truth(first)
        return Unknown(Site(scope.path, interp.line), "a condition that is not known") if known is None else not known
    if sign in ("and", "or"):
        known = truth(first)
        if known is None and sign == "or" and isinstance(first, Unknown) and first.reason.startswith(ENVIRONMENT):
            return evaluate(interp, expr.operands[1], scope)  # the default of a variable that nothing sets as shipped
        if known is None:
            return (
                first
                if isinstance(first, Unknown)
                else Unknown(Site(scope.path, interp.line), "a condition that is not known")
            )
        return first if known == (sign == "or") else evaluate(interp, expr.operands[1], scope)
    second = evaluate(interp, expr.operands[1], scope)
    if second == _ENVIRON and sign in ("in", "not in") and isinstance(first, str) and first in interp.environ:
        return sign == "in"
    return compare(sign, first, second, Site(scope.path, interp.line))


def _list(interp: Runtime, expr: ir.Display, scope: Scope) -> Any:
    items: list[Any] = []
    for one in expr.items:
        starred = ir.match(one, ir.Starred)
        if starred is not None:
            value = evaluate(interp, starred.value, scope)
            if not is_list(value):
                return (
                    value
                    if isinstance(value, Unknown)
                    else Unknown(_site(interp, scope, one), "unpacks what is not known")
                )
            items.extend(value)
        else:
            items.append(evaluate(interp, one, scope))
    return interp.made(items)


def _dict(interp: Runtime, expr: ir.Mapping, scope: Scope) -> Any:
    found: dict[Any, Any] = {}
    for key, value in expr.pairs:
        if key is None:
            inner = evaluate(interp, value, scope)
            if not is_dict(inner):
                return Unknown(_site(interp, scope, value), "unpacks what is not known")
            found.update(inner)
            continue
        name = as_key(evaluate(interp, key, scope))
        try:
            found[name] = evaluate(interp, value, scope)
        except TypeError:
            continue
    return interp.made(found)


def _conditional(interp: Runtime, expr: ir.Conditional, scope: Scope) -> Any:
    value = evaluate(interp, expr.condition, scope)
    known = truth(value)
    if known is None:
        site = Site(scope.path, interp.line)
        values = [evaluate(interp, one, scope) for one in (expr.then, expr.otherwise)]
        reason = value.reason if isinstance(value, Unknown) else "a condition that the text does not settle"
        return join(values, site, Condition(site, reason))
    known = interp.taken(expr.condition, (expr.then, expr.otherwise), scope, holds=known)
    return evaluate(interp, expr.then if known else expr.otherwise, scope)


def _lambda(interp: Runtime, expr: ir.Lambda, scope: Scope) -> Any:
    return LambdaValue(
        tuple([(name, kind, one) for name, kind, one in expr.params]), expr.body, scope, _site(interp, scope, expr.body)
    )


def _walrus(interp: Runtime, expr: ir.Walrus, scope: Scope) -> Any:
    value = evaluate(interp, expr.value, scope)
    around = scope
    while around.is_comprehension and around.parent is not None:
        around = around.parent
    interp.assign(expr.name, value, around)
    return value


def _slice(interp: Runtime, expr: ir.Slice, scope: Scope) -> Any:
    parts = [evaluate(interp, one, scope) for one in (expr.start, expr.stop, expr.step)]
    if all(one is None or isinstance(one, int) for one in parts):
        return slice(*parts)
    return Unknown(Site(scope.path, interp.line), "a slice that is not known")


def _unary(interp: Runtime, expr: ir.Unary, scope: Scope) -> Any:
    value = evaluate(interp, expr.value, scope)
    if isinstance(value, (int, float)):
        return {"-": -value, "+": value}.get(expr.operator, Unknown(Site(scope.path, interp.line), "a number"))
    return Unknown(Site(scope.path, interp.line), "a number that is not known")


def _formatted(interp: Runtime, expr: ir.Formatted, scope: Scope) -> Any:
    value = evaluate(interp, expr.value, scope)
    if isinstance(value, Member):
        value = value.value
    if not isinstance(value, (str, int, float)):
        return (
            value
            if isinstance(value, Unknown)
            else Unknown(Site(scope.path, interp.line), "part of the text is not known")
        )
    show = {"r": repr, "s": str, "a": ascii}.get(expr.conversion)
    shown: Any = value if show is None else show(value)
    try:
        return format(shown, expr.spec)
    except ValueError:
        return Unknown(Site(scope.path, interp.line), "part of the text is not known")


def _comprehension(interp: Runtime, expr: ir.Comprehension | ir.MappingComprehension, scope: Scope) -> Any:
    found: list[Any] = []
    missing = _loop(interp, expr, 0, Scope(scope.path, {}, scope, is_comprehension=True), found, len(interp.conditions))
    return interp.made(found) if missing is None else missing


def _loop(
    interp: Runtime,
    expr: ir.Comprehension | ir.MappingComprehension,
    index: int,
    scope: Scope,
    found: list[Any],
    outside: int,
) -> Unknown | None:
    """Run the clauses from ``index`` on, adding what they give to ``found``; what is not known, if anything."""
    if index == len(expr.clauses):
        element = evaluate(interp, expr.element, scope)
        conditions = tuple([condition for _, condition in interp.conditions[outside:]])
        found.append(Doubtful(element, conditions) if conditions else element)
        return None
    clause = expr.clauses[index]
    loop = ir.match(clause, ir.ForClause)
    if loop is None:
        value = evaluate(interp, ir.IfClause._make(clause).condition, scope)
        known = truth(value)
        if known is None:
            reason = value.reason if isinstance(value, Unknown) else "a condition that the text does not settle"
            interp.doubt(Condition(_site(interp, scope, expr), reason))
        return None if known is False else _loop(interp, expr, index + 1, scope, found, outside)
    value = evaluate(interp, loop.iterable, scope)
    items = items_of(interp, value)
    if items is None or len(items) > MAX_LOOP:
        reason = f": {value.reason}" if isinstance(value, Unknown) and value.reason.endswith(UNREAD) else ""
        return Unknown(_site(interp, scope, expr), f"a comprehension over what is not known{reason}")
    for item in items:
        with interp.branch():
            interp.assign(loop.target, interp.believed(item), scope)
            missing = _loop(interp, expr, index + 1, scope, found, outside)
        if missing is not None:
            return missing
    return None


def _items(interp: Runtime, expr: ir.MappingComprehension, scope: Scope) -> Any:
    pairs = _comprehension(interp, expr, scope)
    if not is_list(pairs):
        return pairs
    found: dict[Any, Any] = {}
    for pair in pairs:
        key, value = pair.value if isinstance(pair, Doubtful) else pair
        if not isinstance(key, (Unknown, dict)):
            found[as_key(key)] = Doubtful(value, pair.conditions) if isinstance(pair, Doubtful) else value
    return interp.made(found)


_EVALUATE: dict[str, tuple[Callable[[Expr], Any], Callable[[Runtime, Any, Scope], Any]]] = {
    ir.Text.TAG: (ir.Text._make, _text),
    ir.Constant.TAG: (ir.Constant._make, _constant),
    ir.ELLIPSIS: (tuple, _ellipsis),
    ir.Joined.TAG: (ir.Joined._make, _format),
    ir.Call.TAG: (ir.Call._make, _call),
    ir.Attribute.TAG: (ir.Attribute._make, _attribute),
    ir.Subscript.TAG: (ir.Subscript._make, _subscript),
    ir.Binary.TAG: (ir.Binary._make, _binary),
    ir.Truth.TAG: (ir.Truth._make, _truth),
    ir.Display.TAG: (ir.Display._make, _list),
    ir.Mapping.TAG: (ir.Mapping._make, _dict),
    ir.Conditional.TAG: (ir.Conditional._make, _conditional),
    ir.Lambda.TAG: (ir.Lambda._make, _lambda),
    ir.Unary.TAG: (ir.Unary._make, _unary),
    ir.Formatted.TAG: (ir.Formatted._make, _formatted),
    ir.Walrus.TAG: (ir.Walrus._make, _walrus),
    ir.Slice.TAG: (ir.Slice._make, _slice),
    ir.Comprehension.TAG: (ir.Comprehension._make, _comprehension),
    ir.MappingComprehension.TAG: (ir.MappingComprehension._make, _items),
}
