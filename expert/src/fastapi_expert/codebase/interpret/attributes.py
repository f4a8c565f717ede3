"""What a name after a dot stands for: attributes of modules, routers, objects, classes and their bases."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi_expert.codebase.interpret.discovery.paths import CONSTANTS, path_attribute
from fastapi_expert.codebase.interpret.operations import text_of
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    EntryPoint,
    EntryPoints,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    Member,
    Method,
    ModuleInfo,
    ModuleValue,
    MountEntry,
    PathValue,
    RouteEntry,
    RouteList,
    Router,
    Scope,
    Site,
    Super,
    Thunk,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts
from fastapi_expert.codebase.vocabulary import METHODS, is_test_path

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
        "zfill",
        "count",
        "find",
        "isidentifier",
        "isdigit",
        "isalpha",
        "isupper",
        "islower",
        "swapcase",
        "splitlines",
        "encode",
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
        "union",
        "intersection",
        "difference",
        "popleft",
        "appendleft",
        "extendleft",
        "rotate",
    ]
)
_DICT_METHODS = frozenset(["items", "keys", "values", "get", "update", "setdefault", "pop", "popitem", "copy", "clear"])


CODE_OF = "co_code"
"""The attribute of a code object that holds the function whose code it is."""

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
        if name in METHODS and value.name in ("http.HTTPMethod", "HTTPMethod"):
            return Member(name, name, plain=True)
        return CONSTANTS.get(dotted) or External(dotted)
    if name == "__path__" and isinstance(value, Unknown):
        return value
    if isinstance(value, Unknown):
        return Unknown(value.site, value.reason, holder=value.holder)
    read = _READERS.get(value.__class__)
    if read is not None:
        return read(interp, value, name, site)
    if name == "__class__":
        return External(f"builtins.{type(value).__name__}")
    if isinstance(value, str) and name in _TEXT_METHODS:
        return Method(value, name)
    if is_list(value) and name in _LIST_METHODS:
        return Method(value, name)
    if is_dict(value) and name in _DICT_METHODS:
        return Method(value, name)
    return Unknown(site, f"the attribute {name} is not known")


def attributes_of(interp: Runtime, function: FunctionValue) -> dict[str, Any]:
    """What was set on a function."""
    return interp.function_attributes.setdefault((function.path, function.qualname), {})


def _of_module(interp: Runtime, value: ModuleValue, name: str, site: Site) -> Any:
    if name == "__path__":
        return [PathValue(value.place.removesuffix("__init__.py").rstrip("/"))]
    if name == "__dict__":
        return names_of(interp, value)
    if name == "__name__":
        return interp.names.modules.name(value.place)
    found = interp.module_attribute(value.place, name)
    return found if found is not MISSING else Unknown(site, f"{value.place} has no {name} that the text shows")


def names_of(interp: Runtime, value: Any) -> dict[str, Any] | None:
    """The names of a module, an object or a class with their values, sorted; None when they are not known."""
    if isinstance(value, ModuleValue) and not value.place.endswith("/"):
        return dict(sorted(_names_of_module(interp, value.place, frozenset()).items()))
    if isinstance(value, Instance):
        own = {name: one for name, one in value.attributes.items() if name.isidentifier()}
        inherited = _members_of(interp, value.cls, value) if isinstance(value.cls, ClassValue) else {}
        return dict(sorted({**inherited, **own}.items()))
    if isinstance(value, ClassValue):
        return dict(sorted(_members_of(interp, value, None).items()))
    return None


def _names_of_module(interp: Runtime, place: str, above: frozenset[str]) -> dict[str, Any]:
    """The names of a module with their values, those that it imports with a star among them."""
    found: dict[str, Any] = {}
    for source in interp.names.star_sources(place):
        if source.endswith("/") or source in above:
            continue
        starred = _names_of_module(interp, source, above | {place})
        public = interp.module_attribute(source, "__all__")
        if is_list(public):
            found.update({name: interp.module_attribute(source, name) for name in public if isinstance(name, str)})
        else:
            found.update({name: one for name, one in starred.items() if not name.startswith("_")})
    scope = interp.run_module(place)
    found.update({name: interp.force(scope, name) for name in list(scope.names) if not name.startswith("__")})
    return found


def _members_of(interp: Runtime, cls: ClassValue, receiver: Any) -> dict[str, Any]:
    """What a class and its bases hold, by name; properties are not computed."""
    found: dict[str, Any] = {}
    site = Site(cls.path, 1)
    for one in reversed(lineage(interp, cls)):
        if not isinstance(one, ClassValue):
            continue
        facts = interp.names.class_(one.path, one.qualname)
        methods = [method.rpartition(".")[2] for method in facts.methods if "@" not in method] if facts else []
        for name in (*methods, *list(one.namespace)):
            if name.startswith("__") or name in found:
                continue
            function = interp.names.function(one.path, f"{one.qualname}.{name}")
            kinds = [kind for kind in (function.decorators if function else ()) if isinstance(kind, str)]
            if not any(kind.rpartition(".")[2] in _PROPERTIES for kind in kinds):
                found[name] = class_attribute(interp, cls, name, site, receiver=receiver)
    return found


def fields_of(interp: Runtime, value: Any) -> dict[str, Any] | None:
    """The fields of an object of a dataclass or a model with their values, in order; None when they are not known."""
    if not isinstance(value, Instance) or isinstance(value.cls, External):
        return None
    found: dict[str, Any] = {}
    for one in reversed(lineage(interp, value.cls)):
        facts = interp.names.class_(one.path, one.qualname) if isinstance(one, ClassValue) else None
        for field in facts.fields if facts is not None else ():
            if field.annotation and not field.annotation.startswith("ClassVar"):
                found[field.name] = attribute(interp, value, field.name, Site(value.cls.path, field.line))
    return found


def _of_function(interp: Runtime, value: FunctionValue, name: str, site: Site) -> Any:
    if name == "__name__":
        return value.qualname.rsplit(".", 1)[-1].split("@")[0]
    if name == "__qualname__":
        return value.qualname
    if name == "__module__":
        return interp.names.modules.name(value.path)
    if name == "__self__" and value.receiver is not None:
        return value.receiver
    if name == "__func__":
        return replace(value, receiver=None)
    if name == "__code__":
        facts = interp.names.function(value.path, value.qualname)
        line = facts.start_line if facts is not None else site.line
        told = {"co_firstlineno": line, "co_name": value.qualname}
        return Instance(External("types.CodeType"), site, {**told, CODE_OF: value})
    attributes = attributes_of(interp, value)
    if name == "__dict__":
        return attributes
    if name == "__doc__":
        facts = interp.names.function(value.path, value.qualname)
        return (facts.docstring or None) if facts is not None else None
    return attributes[name] if name in attributes else Unknown(site, f"the attribute {name} of a function")


def _of_class(interp: Runtime, value: ClassValue, name: str, site: Site) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.qualname.rsplit(".", 1)[-1].split("@")[0]
    if name == "__module__":
        return interp.names.modules.name(value.path)
    if name == "__dict__":
        return names_of(interp, value)
    if name in ("__subclasses__", "mro"):
        return Method(value, name)
    if name == "__bases__":
        return bases(interp, value)
    if name in ("__table__", "__mapper__") and name not in value.namespace:
        return interp.call(External("sqlalchemy.inspect"), Arguments([value], {}, {}, site, value.scope))
    if name == "__members__":
        members = {key: class_attribute(interp, value, key, site, receiver=None) for key in list(value.namespace)}
        return {key: one for key, one in members.items() if isinstance(one, Member)}
    if name == "__orig_bases__":
        return _written_bases(interp, value)
    if name == "__annotations__":
        facts = interp.names.class_(value.path, value.qualname)
        return {
            field.name: field.annotation for field in (facts.fields if facts is not None else ()) if field.annotation
        }
    found = class_attribute(interp, value, name, site, receiver=value)
    if name in MODEL_MAKERS and isinstance(found, Unknown):
        return Method(value, name)
    meta = metaclass(interp, value) if isinstance(found, Unknown) else None
    return class_attribute(interp, meta, name, site, receiver=value) if meta is not None else found


def _of_router(interp: Runtime, router: Router, name: str, site: Site) -> Any:
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
    if name == "routes":
        return RouteList(router)
    if name in ("__class__", "__dict__"):
        return router.cls if name == "__class__" else Unknown(site, "what a router holds")
    if name == "dependency_overrides" and router.is_app:
        if is_test_path(site.path) and not is_test_path(router.site.path):
            return {}  # what a test puts there is not served
        return router.attributes.setdefault(name, {})
    if name == "state":
        return router.attributes.setdefault(name, Instance(External("starlette.datastructures.State"), site))
    if router.is_app and name in _APP_DEFAULTS:
        return router.keywords.get(name, _APP_DEFAULTS[name])
    if name in ("tags", "dependencies", "title", "version", "root_path"):
        known = router.keywords.get(name)
        if known is not None:
            return known
        return router.keywords.setdefault(name, []) if name in ("tags", "dependencies") else Unknown(site, f"{name}")
    return Method(router, name)


def _of_instance(interp: Runtime, instance: Instance, name: str, site: Site) -> Any:
    if name in instance.attributes:
        return instance.attributes[name]
    if name == "__class__":
        return instance.cls
    if name == "__dict__":
        return {key: value for key, value in instance.attributes.items() if key.isidentifier()}
    if isinstance(instance.cls, External):
        return Method(instance, name)
    said = interp.setting(instance.cls, name)
    if said is not MISSING:
        return said
    found = class_attribute(interp, instance.cls, name, site, receiver=instance)
    if isinstance(found, Unknown) and name in MODEL_METHODS:
        return Method(instance, name)
    if isinstance(found, Unknown) and not name.startswith("__"):
        fallback = class_attribute(interp, instance.cls, "__getattr__", site, receiver=instance)
        if isinstance(fallback, FunctionValue):
            return interp.call_function(fallback, [name], {}, site)
    return found


MODEL_MAKERS = frozenset({
    "model_validate", "parse_obj", "model_validate_json", "parse_raw", "model_construct", "construct",
})  # fmt: skip
"""Class methods of models that make one."""
MODEL_METHODS = ("model_dump", "dict", "_asdict", "model_copy")
"""What gives the fields of a model or a named tuple."""


def _of_member(interp: Runtime, value: Member, name: str, site: Site) -> Any:
    if name in ("value", "_value_", "name", "_name_"):
        return value.name if "name" in name else value.value
    if name == "__class__":
        return value.cls
    if value.cls is not None:
        own = class_attribute(interp, value.cls, name, site, receiver=value)
        if not isinstance(own, Unknown):
            return own
        given = _given_to_member(interp, value, site)
        if name in given:
            return given[name]
    return Method(value.value, name)


def _given_to_member(interp: Runtime, value: Member, site: Site) -> dict[str, Any]:
    """The attributes that the `__init__` of an enumeration gives a member; it takes the parts of its value."""
    assert value.cls is not None
    made = Instance(value.cls, site)
    init = class_attribute(interp, value.cls, "__init__", site, receiver=made)
    if isinstance(init, FunctionValue):
        interp.call_function(init, list(value.value) if is_list(value.value) else [value.value], {}, site)
    return made.attributes


def _of_path(interp: Runtime, value: PathValue, name: str, site: Site) -> Any:
    found = path_attribute(interp, value, name, site)
    return found if found is not None else Method(value, name)


def _of_route(interp: Runtime, value: RouteEntry | IncludeEntry | MountEntry, name: str, site: Site) -> Any:
    """A route as `router.routes` gives it."""
    if isinstance(value, IncludeEntry):
        return Unknown(site, "a router that was included")
    if name == "path":
        return value.path
    if isinstance(value, MountEntry):
        return value.app if name == "app" else Unknown(site, f"{name} of a mount")
    if name == "methods":
        return list(value.methods)
    if name == "endpoint":
        return value.endpoint
    if name == "name":
        named = value.keywords.get("name")
        return named if named is not None else attribute(interp, value.endpoint, "__name__", site)
    if name == "tags":
        return value.keywords.setdefault("tags", [])
    return value.keywords.get(name, Unknown(site, f"{name} of a route"))


def _of_route_list(interp: Runtime, value: RouteList, name: str, site: Site) -> Any:
    return Method(value, name)


def _of_module_info(interp: Runtime, value: ModuleInfo, name: str, site: Site) -> Any:
    return getattr(value, name, None)


def _of_entry_point(interp: Runtime, value: EntryPoint, name: str, site: Site) -> Any:
    module, _, rest = value.value.partition(":")
    known = {"name": value.name, "value": value.value, "group": value.group, "module": module, "module_name": module}
    return Method(value, name) if name in ("load", "resolve") else {**known, "attr": rest}.get(name)


def _of_entry_points(interp: Runtime, value: EntryPoints, name: str, site: Site) -> Any:
    return Method(value, name)


def _super_attribute(interp: Runtime, value: Super, name: str, site: Site) -> Any:
    own = value.receiver.cls if isinstance(value.receiver, (Instance, Router)) else value.receiver
    line = lineage(interp, own) if isinstance(own, ClassValue) else []
    after = next((index + 1 for index, one in enumerate(line) if _same_class(one, value.cls)), None)
    for base in line[after:] if after is not None else lineage(interp, value.cls)[1:]:
        facts = interp.names.class_(base.path, base.qualname) if isinstance(base, ClassValue) else None
        if isinstance(base, ClassValue) and facts is not None:
            interp.names.read_set[base.path].add(f"{base.qualname}.{name}")
            found = _own_attribute(interp, base, facts, name, site, value.receiver)
            if found is not MISSING and not isinstance(found, Unknown):
                return found
    return Method(value.receiver, name)


def bases(interp: Runtime, cls: ClassValue) -> list[ClassValue | External]:
    """The direct bases of a class that are known."""
    if cls.direct is not None:
        return list(cls.direct)
    facts = interp.names.class_(cls.path, cls.qualname)
    found: list[ClassValue | External] = []
    for expr in facts.base_exprs if facts else ():
        generic = ir.match(expr, ir.Subscript)
        value = interp.evaluate(generic.value if generic is not None else expr, cls.scope)
        if generic is not None and isinstance(value, ClassValue):
            value = parametrized(interp, value, partial(interp.evaluate, generic.index, cls.scope), cls.scope)
        if isinstance(value, (ClassValue, External)):
            found.append(value)
    return found


def _written_bases(interp: Runtime, cls: ClassValue) -> list[Any]:
    """`__orig_bases__`: the bases with what they were given in brackets; those of the nearest class that has any."""
    for one in lineage(interp, cls):
        facts = interp.names.class_(one.path, one.qualname) if isinstance(one, ClassValue) else None
        if not isinstance(one, ClassValue) or facts is None:
            continue
        generics = [ir.match(expr, ir.Subscript) for expr in facts.base_exprs]
        if any(generic is not None for generic in generics):
            return [
                _generic(interp, generic, one) if generic is not None else interp.evaluate(expr, one.scope)
                for expr, generic in zip(facts.base_exprs, generics, strict=True)
            ]
    return []


def _generic(interp: Runtime, generic: ir.Subscript, cls: ClassValue) -> Instance:
    """`Base[T, U]` as `typing.get_origin` and `get_args` see it."""
    inside = ir.match(generic.index, ir.Display)
    given = [interp.evaluate(one, cls.scope) for one in (inside.items if inside is not None else [generic.index])]
    origin = interp.evaluate(generic.value, cls.scope)
    site = Site(cls.path, interp.line)
    return Instance(External("typing.GenericAlias"), site, {"__origin__": origin, "__args__": given})


def parametrized(interp: Runtime, cls: ClassValue, index: Callable[[], Any], scope: Scope) -> Any:
    """`cls[index]`: the class itself, unless it has a `__class_getitem__` of its own."""
    site = Site(scope.path, interp.line)
    method = class_attribute(interp, cls, "__class_getitem__", site, receiver=cls)
    if not isinstance(method, FunctionValue):
        return cls
    made = interp.call_function(replace(method, receiver=cls), [index()], {}, site)
    return made if isinstance(made, (ClassValue, External)) else cls


MAX_ANCESTORS = 30


def lineage(interp: Runtime, cls: ClassValue) -> list[ClassValue | External]:
    """The class and its ancestors in the order in which Python looks them up."""
    known = interp.lineages.get(id(cls))
    if known is not None:
        return known[1]
    found = _lineage(interp, cls, ())
    if not interp.running or all(isinstance(one, External) or _knows_its_bases(interp, one) for one in found):
        interp.lineages[id(cls)] = (cls, found)
    return found


def _knows_its_bases(interp: Runtime, cls: ClassValue) -> bool:
    """Whether every base is there already: while modules run, one may be missing yet."""
    facts = interp.names.class_(cls.path, cls.qualname)
    return cls.direct is not None or (facts is not None and len(bases(interp, cls)) == len(facts.base_exprs))


def _lineage(interp: Runtime, cls: ClassValue, below: tuple[ClassValue, ...]) -> list[ClassValue | External]:
    if any(_same_class(cls, one) for one in below) or len(below) > MAX_ANCESTORS:
        return []  # a class that descends from itself
    direct = bases(interp, cls)
    lines: list[list[ClassValue | External]] = [
        _lineage(interp, one, (*below, cls)) if isinstance(one, ClassValue) else [one] for one in direct
    ]
    return [cls, *_merged([line for line in (*lines, direct) if line])]


def _merged(lines: list[list[ClassValue | External]]) -> list[ClassValue | External]:
    """The C3 linearization; where there is none, in the order in which they are written."""
    found: list[ClassValue | External] = []
    while lines and len(found) < MAX_ANCESTORS:
        heads = [line[0] for line in lines]
        free = [one for one in heads if not any(_same_class(one, other) for line in lines for other in line[1:])]
        chosen = free[0] if free else heads[0]
        found.append(chosen)
        lines = [[one for one in line if not _same_class(one, chosen)] for line in lines]
        lines = [line for line in lines if line]
    return found


def _same_class(left: ClassValue | External, right: ClassValue | External) -> bool:
    if isinstance(left, ClassValue) and isinstance(right, ClassValue):
        return (left.path, left.qualname) == (right.path, right.qualname)
    return left == right


def metaclass(interp: Runtime, cls: ClassValue) -> ClassValue | None:
    """The metaclass of the codebase that a class has, its own or an ancestor's."""
    for one in lineage(interp, cls):
        facts = interp.names.class_(one.path, one.qualname) if isinstance(one, ClassValue) else None
        for name, expr in facts.keywords if facts is not None else ():
            if name == "metaclass" and isinstance(one, ClassValue):
                found = interp.evaluate(expr, one.scope)
                return found if isinstance(found, ClassValue) else None
    return None


def _bound(value: Any, receiver: Any) -> Any:
    """A function that a class made by `type(…)` holds, as a method."""
    plain = isinstance(value, FunctionValue) and value.receiver is None
    return replace(value, receiver=receiver) if plain and isinstance(receiver, (Instance, Router)) else value


def made_class(
    interp: Runtime, name: str, direct: list[ClassValue | External], namespace: dict[Any, Any], given: Arguments
) -> ClassValue:
    """`type(name, bases, namespace)`."""
    number = interp.remembered("made classes", itertools.count)
    scope = Scope(given.site.path, {}, given.scope)
    own = {key: value for key, value in namespace.items() if isinstance(key, str)}
    made = ClassValue(given.site.path, f"<made {next(number)}>.{name}", scope, own, direct=tuple(direct))
    for base in direct:
        if isinstance(base, ClassValue):
            base.subclasses.append(made)
    return made


def class_value(interp: Runtime, path: str, facts: ClassFacts, scope: Scope) -> ClassValue:
    """A class of the codebase before its body ran: its fields are evaluated when they are asked for."""
    value = ClassValue(path, facts.qualname, scope)
    inside = Scope(path, value.namespace, scope, value)
    for field in facts.fields:
        if field.default:
            value.namespace[field.name] = Thunk(field.default_expr, inside, field.line)
    return value


def class_attribute(interp: Runtime, cls: ClassValue, name: str, site: Site, *, receiver: Any) -> Any:
    """What ``name`` is on the class, methods bound to ``receiver``; a default of a settings field is its value."""
    for one in lineage(interp, cls):
        if isinstance(one, External):
            continue
        interp.names.read_set[one.path].add(f"{one.qualname}.{name}")
        facts = interp.names.class_(one.path, one.qualname)
        if one.direct is not None and name in one.namespace:
            return _bound(one.namespace[name], receiver)
        if facts is None:
            continue
        found = _own_attribute(interp, one, facts, name, site, receiver)
        if found is not MISSING:
            return found
    if not name.startswith("__"):
        for one in lineage(interp, cls):
            if isinstance(one, External) and not is_plain_base(one):
                interp.want(one, surely=False)
                return Unknown(site, f"{name} is of a class outside of it: {interp.absence(one)}", holder=receiver)
    return Unknown(site, f"{cls.qualname} has no {name} with a value in the text")


_PLAIN_PACKAGES = frozenset(["abc", "builtins", "typing", "enum", "dataclasses", "pydantic", "pydantic_settings"])


def is_plain_base(cls: External) -> bool:
    """Whether inheriting from it brings nothing that registers routes."""
    return cls.name.partition(".")[0] in _PLAIN_PACKAGES


def _own_attribute(interp: Runtime, cls: ClassValue, facts: ClassFacts, name: str, site: Site, receiver: Any) -> Any:
    body = Scope(cls.path, cls.namespace, cls.scope, cls)
    if f"{facts.qualname}.{name}" in facts.methods:
        put = cls.namespace.get(name)
        if isinstance(put, FunctionValue) and put.qualname != f"{facts.qualname}.{name}":
            return _bound(put, receiver)  # `cls.__init__ = …`
        return _method(interp, cls, facts, name, site, receiver)
    if name in cls.namespace:
        value = interp.force(body, name)
        if isinstance(value, Member):
            return value
        field = next((one for one in facts.fields if one.name == name), None)
        where = Site(cls.path, field.line) if field is not None else site
        value = as_member(interp, cls, name, default(interp, value, where))
        if isinstance(value, Member):
            cls.namespace[name] = value
        return value
    declared = next((one for one in facts.fields if one.name == name), None)
    if declared is not None:
        where = Site(cls.path, declared.line)
        return Unknown(where, f"{facts.name}.{name} has no default: it is set when it runs", unset=True)
    nested = interp.names.class_(cls.path, f"{facts.qualname}.{name}")
    if nested is None:
        return MISSING
    cls.namespace[name] = class_value(interp, cls.path, nested, body)
    return cls.namespace[name]


_PROPERTIES = frozenset({"property", "cached_property", "computed_field"})


def _method(interp: Runtime, cls: ClassValue, facts: ClassFacts, name: str, site: Site, receiver: Any) -> Any:
    body = Scope(cls.path, cls.namespace, cls.scope, cls)
    qualname = f"{facts.qualname}.{name}"
    method = interp.names.function(cls.path, qualname)
    kinds = {one.rpartition(".")[2] for one in (method.decorators if method else ()) if isinstance(one, str)}
    if "staticmethod" in kinds:
        return FunctionValue(cls.path, qualname, body)
    if "classmethod" in kinds:
        owner = receiver.cls if isinstance(receiver, (Instance, Router)) else receiver
        return FunctionValue(cls.path, qualname, body, owner if isinstance(owner, ClassValue) else cls)
    if receiver is None or isinstance(receiver, ClassValue):
        return FunctionValue(cls.path, qualname, body)  # asked of the class, a method is a function
    value = FunctionValue(cls.path, qualname, body, receiver)
    if not _PROPERTIES & kinds:
        return value
    found = interp.call_function(value, [], {}, site)
    if "cached_property" in kinds and isinstance(receiver, (Instance, Router)):
        receiver.attributes[name] = found
    return found


def spelled(interp: Runtime, value: Any, site: Site) -> str | None:
    """The text that ``value`` formats as, by its `__str__` where the codebase has one; None when it is not known."""
    if isinstance(value, Instance) and isinstance(value.cls, ClassValue):
        method = class_attribute(interp, value.cls, "__str__", site, receiver=value)
        found = interp.call_function(method, [], {}, site) if isinstance(method, FunctionValue) else None
        return found if isinstance(found, str) else None
    return text_of(value)


def as_member(interp: Runtime, cls: ClassValue, name: str, value: Any) -> Any:
    """``value`` as the member ``name``, where ``cls`` is an enumeration."""
    for one in lineage(interp, cls):
        if isinstance(one, External) and one.name.rpartition(".")[2] in ("Enum", "StrEnum", "IntEnum"):
            plain = one.name.endswith("StrEnum")
            if isinstance(value, Instance) and value.cls == External("enum.auto"):
                value = name.lower() if plain else [*cls.namespace].index(name) + 1
            return Member(name, value, plain, cls)
    return value


FIELDS = frozenset(
    [
        "Field",
        "field",
        "FieldInfo",
        "Query",
        "Body",
        "Header",
        "Path",
        "config",
        "Factory",
        "attrib",
        "ib",
        "mapped_column",
    ]
)
"""Functions and classes outside that say what a field of a class holds."""


def default(interp: Runtime, value: Any, site: Site) -> Any:
    """The default inside `Field(default=…)` or `field(default_factory=…)`, or the value itself."""
    if not isinstance(value, Instance) or not isinstance(value.cls, External):
        return value
    package, _, kind = value.cls.name.rpartition(".")
    if package.startswith("traitlets") and "0" in value.attributes:
        return value.attributes["0"]
    if kind not in FIELDS:
        return value
    for key in ("default_factory", "factory", *(("0",) if kind == "Factory" else ())):
        if key in value.attributes:
            return interp.call(value.attributes[key], Arguments([], {}, {}, site, Scope(site.path, {})))
    for key in ("default", "0"):
        if key in value.attributes:
            found = value.attributes[key]
            if found is Ellipsis:
                break
            return default(interp, found, site)
    return Unknown(site, "a required setting: it is set when it runs", unset=True)


_READERS: dict[type, Callable[[Runtime, Any, str, Site], Any]] = {
    ModuleValue: _of_module,
    FunctionValue: _of_function,
    ClassValue: _of_class,
    Router: _of_router,
    Instance: _of_instance,
    Super: _super_attribute,
    Member: _of_member,
    PathValue: _of_path,
    RouteEntry: _of_route,
    IncludeEntry: _of_route,
    MountEntry: _of_route,
    RouteList: _of_route_list,
    ModuleInfo: _of_module_info,
    EntryPoint: _of_entry_point,
    EntryPoints: _of_entry_points,
}
