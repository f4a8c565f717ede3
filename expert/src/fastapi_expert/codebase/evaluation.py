"""Expressions to values, as far as the text tells; the rest is a Hole that says why."""

from typing import TYPE_CHECKING, Any

from .facts import ClassFacts, Expr
from .flow import iterable, join
from .paths import divided, path_attribute
from .values import (
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
    ModuleInfo,
    ModuleValue,
    PathValue,
    Router,
    Scope,
    Site,
    Super,
    is_dict,
    is_list,
)

if TYPE_CHECKING:
    from .interpreter import Interpreter

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
        "property",
        "staticmethod",
        "classmethod",
    ]
)
_TEXT_METHODS = frozenset(
    [
        "format",
        "join",
        "strip",
        "lstrip",
        "rstrip",
        "removeprefix",
        "removesuffix",
        "replace",
        "lower",
        "upper",
        "title",
        "capitalize",
        "split",
        "startswith",
        "endswith",
        "rsplit",
        "casefold",
        "partition",
        "rpartition",
    ]
)
_LIST_METHODS = frozenset(["append", "extend", "insert", "copy", "index", "count", "pop", "remove", "reverse", "sort"])
_DICT_METHODS = frozenset(["items", "keys", "values", "get", "update", "setdefault", "pop", "copy"])


_APP_DEFAULTS = {
    "openapi_url": "/openapi.json",
    "docs_url": "/docs",
    "redoc_url": "/redoc",
    "swagger_ui_oauth2_redirect_url": "/docs/oauth2-redirect",
}

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


def attribute(at: "Interpreter", value: Any, name: str, site: Site) -> Any:
    """The attribute ``name`` of ``value``."""
    if isinstance(value, External):
        return External(f"{value.name}.{name}")
    if isinstance(value, Hole):
        return value
    if isinstance(value, ModuleValue):
        if name == "__path__":
            return [PathValue(value.place.removesuffix("__init__.py").rstrip("/"))]
        found = at.module_attribute(value.place, name)
        return found if found is not MISSING else Hole(site, f"{value.place} has no {name} that the text shows")
    if isinstance(value, Router):
        return _router_attribute(at, value, name, site)
    if isinstance(value, Instance):
        return _instance_attribute(at, value, name, site)
    if isinstance(value, ClassValue):
        return class_attribute(at, value, name, site, receiver=None)
    if isinstance(value, Super):
        return _super_attribute(at, value, name, site)
    if isinstance(value, Member):
        return value.value if name == "value" else value.name if name == "name" else Method(value.value, name)
    if isinstance(value, PathValue):
        found = path_attribute(at, value, name, site)
        return found if found is not None else Method(value, name)
    if isinstance(value, ModuleInfo):
        return getattr(value, name, None)
    if isinstance(value, FunctionValue) and name == "__name__":
        return value.qualname.rsplit(".", 1)[-1].split("@")[0]
    if isinstance(value, str) and name in _TEXT_METHODS:
        return Method(value, name)
    if is_list(value) and name in _LIST_METHODS:
        return Method(value, name)
    if is_dict(value) and name in _DICT_METHODS:
        return Method(value, name)
    return Hole(site, f"the attribute {name} is not known")


def _router_attribute(at: "Interpreter", router: Router, name: str, site: Site) -> Any:
    if name in router.attributes:
        return router.attributes[name]
    if isinstance(router.cls, ClassValue):
        own = class_attribute(at, router.cls, name, site, receiver=router)
        if not isinstance(own, Hole):
            return own
    if name == "prefix":
        return router.prefix
    if name == "router" and router.is_app:
        return router
    if router.is_app and name in _APP_DEFAULTS:
        return router.keywords.get(name, _APP_DEFAULTS[name])
    if name in ("tags", "dependencies", "title", "version", "root_path"):
        known = router.keywords.get(name)
        return (
            known if known is not None else [] if name in ("tags", "dependencies") else Hole(site, f"{name} of an app")
        )
    return Method(router, name)


def _instance_attribute(at: "Interpreter", instance: Instance, name: str, site: Site) -> Any:
    if name in instance.attributes:
        return instance.attributes[name]
    if isinstance(instance.cls, External):
        return Method(instance, name)
    return class_attribute(at, instance.cls, name, site, receiver=instance)


def _super_attribute(at: "Interpreter", value: Super, name: str, site: Site) -> Any:
    for base in bases(at, value.cls):
        found = class_attribute(at, base, name, site, receiver=value.receiver) if isinstance(base, ClassValue) else None
        if found is not None and not isinstance(found, Hole):
            return found
    return Method(value.receiver, name)


def bases(at: "Interpreter", cls: ClassValue) -> list[ClassValue | External]:
    """The direct bases of a class that are known."""
    facts = at.codebase.class_(cls.path, cls.qualname)
    found: list[ClassValue | External] = []
    for expr in facts.base_exprs if facts else ():
        if not isinstance(expr, str) and expr[0] == "i":
            expr = expr[1]  # Base[T]
        value = evaluate(at, expr, cls.scope)
        if isinstance(value, (ClassValue, External)):
            found.append(value)
    return found


def lineage(at: "Interpreter", cls: ClassValue, limit: int = 30) -> list[ClassValue | External]:
    """The class and its ancestors, depth first."""
    found: list[ClassValue | External] = [cls]
    stack = list(reversed(bases(at, cls)))
    while stack and len(found) < limit:
        one = stack.pop()
        if any(_same_class(one, other) for other in found):
            continue
        found.append(one)
        if isinstance(one, ClassValue):
            stack.extend(reversed(bases(at, one)))
    return found


def _same_class(left: ClassValue | External, right: ClassValue | External) -> bool:
    if isinstance(left, ClassValue) and isinstance(right, ClassValue):
        return (left.path, left.qualname) == (right.path, right.qualname)
    return left == right


def class_attribute(at: "Interpreter", cls: ClassValue, name: str, site: Site, *, receiver: Any) -> Any:
    """What ``name`` is on the class, methods bound to ``receiver``; a default of a settings field is its value."""
    for one in lineage(at, cls):
        if isinstance(one, External):
            continue
        facts = at.codebase.class_(one.path, one.qualname)
        if facts is None:
            continue
        found = _own_attribute(at, one, facts, name, site, receiver)
        if found is not None:
            return found
    return Hole(site, f"{cls.qualname} has no {name} with a value in the text")


def _own_attribute(at: "Interpreter", cls: ClassValue, facts: ClassFacts, name: str, site: Site, receiver: Any) -> Any:
    body = Scope(cls.path, {}, cls.scope, cls)
    if f"{facts.qualname}.{name}" in facts.methods:
        qualname = f"{facts.qualname}.{name}"
        for later in facts.methods:  # property setters and overloads repeat the name: the first is the getter
            if later.split("@")[0] == qualname and "@" not in later:
                qualname = later
        method = at.codebase.function(cls.path, qualname)
        kinds = [one.rpartition(".")[2] for one in (method.decorators if method else ()) if isinstance(one, str)]
        if "staticmethod" in kinds:
            return FunctionValue(cls.path, qualname, body)
        if "classmethod" in kinds:
            return FunctionValue(cls.path, qualname, body, cls)
        value = FunctionValue(cls.path, qualname, body, receiver)
        if receiver is not None and {"property", "cached_property", "computed_field"} & set(kinds):
            return at.call_function(value, [], {}, site)
        return value
    for field in reversed(facts.fields):
        if field.name != name:
            continue
        if not field.default:
            return Hole(Site(cls.path, field.line), f"{facts.name}.{name} has no default: it is set when it runs")
        value = default(at, evaluate(at, field.default_expr, body), Site(cls.path, field.line))
        return _member(at, cls, name, value)
    nested = at.codebase.class_(cls.path, f"{facts.qualname}.{name}")
    return ClassValue(cls.path, nested.qualname, body) if nested is not None else None


def _member(at: "Interpreter", cls: ClassValue, name: str, value: Any) -> Any:
    for one in lineage(at, cls):
        if isinstance(one, External) and one.name.rpartition(".")[2] in ("Enum", "StrEnum", "IntEnum"):
            return Member(name, value, one.name.endswith("StrEnum"))
    return value


def default(at: "Interpreter", value: Any, site: Site) -> Any:
    """The default inside `Field(default=…)`, or the value itself."""
    if isinstance(value, Instance) and isinstance(value.cls, External):
        kind = value.cls.name.rpartition(".")[2]
        if kind in ("Field", "field", "FieldInfo", "Query", "Body", "Header", "Path", "config"):
            for key in ("default", "0"):
                if key in value.attributes:
                    found = value.attributes[key]
                    return Hole(site, "a required setting: it is set when it runs") if found is Ellipsis else found
            return Hole(site, "a required setting: it is set when it runs")
    return value


def truth(value: Any) -> bool | None:
    """Whether ``value`` counts as true, None when that is not known."""
    if value is None or isinstance(value, (bool, str, int, float)) or is_list(value) or is_dict(value):
        return bool(value)
    if isinstance(value, Instance):
        return None if isinstance(value.cls, External) else True
    return True if isinstance(value, (Router, ClassValue, FunctionValue, ModuleValue, LambdaValue)) else None


def text_of(value: Any) -> str | None:
    """The text that ``value`` formats as, None when it is not known."""
    if isinstance(value, Member):
        return text_of(value.value) if value.plain else None
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
    from .calls import call  # the two need each other

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
    return items


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
    return found


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
    return found


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
}
