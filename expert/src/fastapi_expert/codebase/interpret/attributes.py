"""What a name after a dot stands for: attributes of modules, routers, objects, classes and their bases."""

from typing import Any

from fastapi_expert.codebase.interpret.paths import CONSTANTS, path_attribute
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Member,
    Method,
    ModuleInfo,
    ModuleValue,
    PathValue,
    Router,
    Scope,
    Site,
    Super,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts

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
_LIST_METHODS = frozenset(
    [
        "append",
        "extend",
        "insert",
        "copy",
        "index",
        "count",
        "pop",
        "remove",
        "reverse",
        "sort",
        "add",
        "update",
        "discard",
        "clear",
    ]
)
_DICT_METHODS = frozenset(["items", "keys", "values", "get", "update", "setdefault", "pop", "copy"])


_APP_DEFAULTS = {
    "openapi_url": "/openapi.json",
    "docs_url": "/docs",
    "redoc_url": "/redoc",
    "swagger_ui_oauth2_redirect_url": "/docs/oauth2-redirect",
}


def attribute(interp: Runtime, value: Any, name: str, site: Site) -> Any:
    """The attribute ``name`` of ``value``."""
    if isinstance(value, External):
        dotted = f"{value.name}.{name}"
        return CONSTANTS.get(dotted) or External(dotted)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, ModuleValue):
        if name == "__path__":
            return [PathValue(value.place.removesuffix("__init__.py").rstrip("/"))]
        found = interp.module_attribute(value.place, name)
        return found if found is not MISSING else Unknown(site, f"{value.place} has no {name} that the text shows")
    if isinstance(value, Router):
        return _router_attribute(interp, value, name, site)
    if isinstance(value, Instance):
        return _instance_attribute(interp, value, name, site)
    if isinstance(value, ClassValue):
        return class_attribute(interp, value, name, site, receiver=None)
    if isinstance(value, Super):
        return _super_attribute(interp, value, name, site)
    if isinstance(value, Member):
        return value.value if name == "value" else value.name if name == "name" else Method(value.value, name)
    if isinstance(value, PathValue):
        found = path_attribute(interp, value, name, site)
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
    return Unknown(site, f"the attribute {name} is not known")


def _router_attribute(interp: Runtime, router: Router, name: str, site: Site) -> Any:
    if name in router.attributes:
        return router.attributes[name]
    if isinstance(router.cls, ClassValue):
        own = class_attribute(interp, router.cls, name, site, receiver=router)
        if not isinstance(own, Unknown):
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
            known
            if known is not None
            else []
            if name in ("tags", "dependencies")
            else Unknown(site, f"{name} of an app")
        )
    return Method(router, name)


def _instance_attribute(interp: Runtime, instance: Instance, name: str, site: Site) -> Any:
    if name in instance.attributes:
        return instance.attributes[name]
    if isinstance(instance.cls, External):
        return Method(instance, name)
    return class_attribute(interp, instance.cls, name, site, receiver=instance)


def _super_attribute(interp: Runtime, value: Super, name: str, site: Site) -> Any:
    for base in bases(interp, value.cls):
        found = (
            class_attribute(interp, base, name, site, receiver=value.receiver) if isinstance(base, ClassValue) else None
        )
        if found is not None and not isinstance(found, Unknown):
            return found
    return Method(value.receiver, name)


def bases(interp: Runtime, cls: ClassValue) -> list[ClassValue | External]:
    """The direct bases of a class that are known."""
    facts = interp.names.class_(cls.path, cls.qualname)
    found: list[ClassValue | External] = []
    for expr in facts.base_exprs if facts else ():
        generic = ir.match(expr, ir.Subscript)
        value = interp.evaluate(generic.value if generic is not None else expr, cls.scope)
        if isinstance(value, (ClassValue, External)):
            found.append(value)
    return found


def lineage(interp: Runtime, cls: ClassValue, limit: int = 30) -> list[ClassValue | External]:
    """The class and its ancestors, depth first."""
    found: list[ClassValue | External] = [cls]
    stack = list(reversed(bases(interp, cls)))
    while stack and len(found) < limit:
        one = stack.pop()
        if any(_same_class(one, other) for other in found):
            continue
        found.append(one)
        if isinstance(one, ClassValue):
            stack.extend(reversed(bases(interp, one)))
    return found


def _same_class(left: ClassValue | External, right: ClassValue | External) -> bool:
    if isinstance(left, ClassValue) and isinstance(right, ClassValue):
        return (left.path, left.qualname) == (right.path, right.qualname)
    return left == right


def class_attribute(interp: Runtime, cls: ClassValue, name: str, site: Site, *, receiver: Any) -> Any:
    """What ``name`` is on the class, methods bound to ``receiver``; a default of a settings field is its value."""
    for one in lineage(interp, cls):
        if isinstance(one, External):
            continue
        interp.names.read_set[one.path].add(f"{one.qualname}.{name}")
        facts = interp.names.class_(one.path, one.qualname)
        if facts is None:
            continue
        found = _own_attribute(interp, one, facts, name, site, receiver)
        if found is not None:
            return found
    return Unknown(site, f"{cls.qualname} has no {name} with a value in the text")


def _own_attribute(interp: Runtime, cls: ClassValue, facts: ClassFacts, name: str, site: Site, receiver: Any) -> Any:
    body = Scope(cls.path, {}, cls.scope, cls)
    if f"{facts.qualname}.{name}" in facts.methods:
        qualname = f"{facts.qualname}.{name}"
        for later in facts.methods:  # property setters and overloads repeat the name: the first is the getter
            if later.split("@")[0] == qualname and "@" not in later:
                qualname = later
        method = interp.names.function(cls.path, qualname)
        kinds = [one.rpartition(".")[2] for one in (method.decorators if method else ()) if isinstance(one, str)]
        if "staticmethod" in kinds:
            return FunctionValue(cls.path, qualname, body)
        if "classmethod" in kinds:
            return FunctionValue(cls.path, qualname, body, cls)
        value = FunctionValue(cls.path, qualname, body, receiver)
        if receiver is not None and {"property", "cached_property", "computed_field"} & set(kinds):
            return interp.call_function(value, [], {}, site)
        return value
    for field in reversed(facts.fields):
        if field.name != name:
            continue
        if not field.default:
            return Unknown(Site(cls.path, field.line), f"{facts.name}.{name} has no default: it is set when it runs")
        value = default(interp, interp.evaluate(field.default_expr, body), Site(cls.path, field.line))
        return _member(interp, cls, name, value)
    nested = interp.names.class_(cls.path, f"{facts.qualname}.{name}")
    return ClassValue(cls.path, nested.qualname, body) if nested is not None else None


def _member(interp: Runtime, cls: ClassValue, name: str, value: Any) -> Any:
    for one in lineage(interp, cls):
        if isinstance(one, External) and one.name.rpartition(".")[2] in ("Enum", "StrEnum", "IntEnum"):
            return Member(name, value, one.name.endswith("StrEnum"))
    return value


def default(interp: Runtime, value: Any, site: Site) -> Any:
    """The default inside `Field(default=…)`, or the value itself."""
    if isinstance(value, Instance) and isinstance(value.cls, External):
        kind = value.cls.name.rpartition(".")[2]
        if kind in ("Field", "field", "FieldInfo", "Query", "Body", "Header", "Path", "config"):
            for key in ("default", "0"):
                if key in value.attributes:
                    found = value.attributes[key]
                    return Unknown(site, "a required setting: it is set when it runs") if found is Ellipsis else found
            return Unknown(site, "a required setting: it is set when it runs")
    return value
