"""Expressions to values, as far as the text tells; the rest is a Hole that says why."""

from typing import TYPE_CHECKING, Any

from fastapi_expert.codebase.interpret.attributes import attribute
from fastapi_expert.codebase.interpret.flow import iterable, join
from fastapi_expert.codebase.interpret.paths import divided
from fastapi_expert.codebase.interpret.values import (
    DOUBTFUL,
    MISSING,
    Arguments,
    ClassValue,
    External,
    FunctionValue,
    Hole,
    Instance,
    LambdaValue,
    Member,
    Method,
    ModuleValue,
    PathValue,
    Router,
    Scope,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax.facts import Expr

if TYPE_CHECKING:
    from fastapi_expert.codebase.interpret.interpreter import Interpreter

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
        "object",
        "open",
        "property",
        "staticmethod",
        "classmethod",
    ]
)
UNKNOWN = "\0"
"""Stands in a text for a part that is not known, where that is better than no text."""


def evaluate(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    """The value of ``expr`` in ``scope``."""
    if isinstance(expr, str):
        return _name(at, expr, scope)
    if expr is None:
        return None
    read = _EVALUATE.get(expr[0])
    return read(at, expr, scope) if read is not None else Hole(_site(scope, expr), "not a constant")


def _site(scope: Scope, expr: Expr) -> Site:
    line = expr[-1] if not isinstance(expr, str) and expr and isinstance(expr[-1], int) else 1
    return Site(scope.path, line)


def _name(at: "Interpreter", dotted: str, scope: Scope) -> Any:
    head, *rest = dotted.split(".")
    value = at.lookup(scope, head)
    if value is MISSING:
        value = External(f"builtins.{head}") if head in _BUILTINS else Hole(Site(scope.path, 1), f"{head} is not known")
    for name in rest:
        value = attribute(at, value, name, Site(scope.path, 1))
    return value


def truth(value: Any) -> bool | None:
    """Whether ``value`` counts as true, None when that is not known."""
    if is_list(value) and value and all(isinstance(one, Hole) and one.why == DOUBTFUL for one in value):
        return None
    if value is None or isinstance(value, (bool, str, int, float)) or is_list(value) or is_dict(value):
        return bool(value)
    if isinstance(value, Instance):
        return None if isinstance(value.cls, External) else True
    return True if isinstance(value, (Router, ClassValue, FunctionValue, ModuleValue, LambdaValue)) else None


def text_of(value: Any) -> str | None:
    """The text that ``value`` formats as, None when it is not known."""
    if isinstance(value, Member):
        return text_of(value.value) if value.plain else None
    if isinstance(value, PathValue) and value.relative:
        return value.path
    if isinstance(value, bool) or value is None:
        return str(value)
    return str(value) if isinstance(value, (str, int, float)) else None


# -- one kind of expression each ---------------------------------------------------------------------------------


def _text(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    return expr[1]


def _constant(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    return expr[1]


def _ellipsis(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    return Ellipsis


def _format(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    parts: list[str] = []
    for part in expr[1]:
        value = evaluate(at, part, scope)
        text = text_of(value)
        if text is None and at.lenient:
            text = UNKNOWN
        if text is None:
            return value if isinstance(value, Hole) else Hole(Site(scope.path, 1), "part of the text is not known")
        parts.append(text)
    return "".join(parts)


def _call(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    from fastapi_expert.codebase.interpret.calls import call  # the two need each other

    function = evaluate(at, expr[1], scope)
    args: list[Any] = []
    for one in expr[2]:
        if not isinstance(one, str) and one and one[0] == "*":
            value = evaluate(at, one[1], scope)
            args.extend(value if is_list(value) else [])
        else:
            args.append(evaluate(at, one, scope))
    keywords: dict[str, Any] = {}
    raw: dict[str, Expr] = {}
    for name, one in expr[3]:
        value = evaluate(at, one, scope)
        if name != "**":
            keywords[name], raw[name] = value, one
        elif is_dict(value):
            keywords.update({key: item for key, item in value.items() if isinstance(key, str)})
        else:
            keywords["**"] = value
    return call(at, function, Arguments(args, keywords, raw, Site(scope.path, expr[4]), scope))


def _attribute(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    return attribute(at, evaluate(at, expr[1], scope), expr[2], Site(scope.path, 1))


def _subscript(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    value = evaluate(at, expr[1], scope)
    key = evaluate(at, expr[2], scope)
    if isinstance(key, slice) and (isinstance(value, str) or is_list(value)):
        return value[key]
    if isinstance(key, Member) and is_dict(value):
        found = next((item for one, item in value.items() if isinstance(one, Member) and one == key), None)
        if found is not None:
            return found
    if is_dict(value) and isinstance(key, (str, int)) and key in value:
        return value[key]
    if is_list(value) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    if isinstance(value, (External, ClassValue)):
        return value  # a generic: Base[T]
    return value if isinstance(value, Hole) else Hole(Site(scope.path, 1), "an item that is not known")


def _binary(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    left, right = evaluate(at, expr[2], scope), evaluate(at, expr[3], scope)
    if isinstance(left, Member):
        left = left.value
    if isinstance(right, Member):
        right = right.value
    if expr[1] == "+" and at.lenient and (isinstance(left, str) or isinstance(right, str)):
        left, right = (one if isinstance(one, str) else UNKNOWN for one in (left, right))
    if expr[1] == "+":
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if is_list(left) and is_list(right):
            return [*left, *right]
        if isinstance(left, int) and isinstance(right, int):
            return left + right
    if expr[1] == "%" and isinstance(left, str):
        try:
            return left % (tuple(right) if is_list(right) else right)
        except (TypeError, ValueError, KeyError):
            return Hole(Site(scope.path, 1), "a text that is formatted from what is not known")
    if expr[1] == "|" and is_dict(left) and is_dict(right):
        return {**left, **right}
    if expr[1] == "/" and isinstance(left, PathValue):
        return divided(left, right, Site(scope.path, 1))
    hole = left if isinstance(left, Hole) else right
    return hole if isinstance(hole, Hole) else Hole(Site(scope.path, 1), "a computed value")


def _truth(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    operator = expr[1]
    first = evaluate(at, expr[2][0], scope)
    if operator == "not":
        known = truth(first)
        return Hole(Site(scope.path, 1), "a condition that is not known") if known is None else not known
    if operator in ("and", "or"):
        known = truth(first)
        if known is None:
            return first if isinstance(first, Hole) else Hole(Site(scope.path, 1), "a condition that is not known")
        return first if known == (operator == "or") else evaluate(at, expr[2][1], scope)
    return _compare(operator, first, evaluate(at, expr[2][1], scope), Site(scope.path, 1))


def _compare(operator: str, left: Any, right: Any, site: Site) -> Any:
    unknown = Hole(site, "a comparison that is not known")
    if operator in ("is", "is not") and right is None and not isinstance(left, (Hole, External, Method)):
        return (left is None) == (operator == "is")
    plain = (str, int, float, bool, type(None))
    left, right = (one.value if isinstance(one, Member) else one for one in (left, right))
    if operator in ("==", "!=") and isinstance(left, plain) and isinstance(right, plain):
        return (left == right) == (operator == "==")
    if operator in ("in", "not in") and isinstance(left, plain):
        if isinstance(right, str):
            return (left in right) == (operator == "in") if isinstance(left, str) else unknown
        items = list(right) if is_list(right) or is_dict(right) else None
        if items is not None and all(isinstance(one, plain) for one in items):
            return (left in items) == (operator == "in")
    if operator in ("<", ">", "<=", ">=") and isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator]
    return unknown


def _list(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    items: list[Any] = []
    for one in expr[1]:
        if not isinstance(one, str) and one and one[0] == "*":
            value = evaluate(at, one[1], scope)
            if not is_list(value):
                return value if isinstance(value, Hole) else Hole(_site(scope, one), "unpacks what is not known")
            items.extend(value)
        else:
            items.append(evaluate(at, one, scope))
    return at.made(items)


def _dict(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    found: dict[Any, Any] = {}
    for key, value in expr[1]:
        if key is None:
            inner = evaluate(at, value, scope)
            if not is_dict(inner):
                return Hole(_site(scope, value), "unpacks what is not known")
            found.update(inner)
            continue
        name = evaluate(at, key, scope)
        try:
            found[name] = evaluate(at, value, scope)
        except TypeError:
            continue
    return at.made(found)


def _conditional(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    known = truth(evaluate(at, expr[1], scope))
    if known is None:
        return join([evaluate(at, expr[2], scope), evaluate(at, expr[3], scope)], Site(scope.path, 1))
    return evaluate(at, expr[2] if known else expr[3], scope)


def _lambda(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    return LambdaValue(tuple(expr[1]), expr[2], scope, _site(scope, expr[2]))


def _walrus(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    value = evaluate(at, expr[2], scope)
    at.assign(expr[1], value, scope)
    return value


def _slice(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    return slice(expr[1], expr[2])


def _comprehension(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    clauses = expr[2]
    if not clauses or clauses[0][0] != "for" or any(clause[0] == "for" for clause in clauses[1:]):
        return Hole(_site(scope, expr), "a nested comprehension")
    items = iterable(evaluate(at, clauses[0][2], scope))
    if items is None or len(items) > 500:
        return Hole(_site(scope, expr), "a comprehension over what is not known")
    found: list[Any] = []
    for item in items:
        inner = Scope(scope.path, {}, scope)
        at.assign(clauses[0][1], item, inner)
        known = [truth(evaluate(at, clause[1], inner)) for clause in clauses[1:]]
        if None in known:
            return Hole(_site(scope, expr), "a comprehension with a condition that is not known")
        if all(known):
            found.append(evaluate(at, expr[1], inner))
    return at.made(found)


def _items(at: "Interpreter", expr: Expr, scope: Scope) -> Any:
    """A comprehension of a mapping."""
    pairs = _comprehension(at, expr, scope)
    if not is_list(pairs):
        return pairs
    return at.made({key: value for key, value in pairs if isinstance(key, (str, int, Member))})


_EVALUATE = {
    "s": _text,
    "k": _constant,
    "...": _ellipsis,
    "f": _format,
    "c": _call,
    "a": _attribute,
    "i": _subscript,
    "b": _binary,
    "o": _truth,
    "l": _list,
    "d": _dict,
    "?": _conditional,
    "lambda": _lambda,
    ":=": _walrus,
    "slice": _slice,
    "for": _comprehension,
    "items": _items,
}
