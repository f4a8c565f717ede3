"""Functions outside the codebase that the interpreter knows: builtins, and those of the standard library."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi_expert.codebase.interpret.attributes import (
    CODE_OF,
    attribute,
    class_attribute,
    fields_of,
    lineage,
    made_class,
    names_of,
    spelled,
)
from fastapi_expert.codebase.interpret.containers import items_of, sorted_values
from fastapi_expert.codebase.interpret.objects import dotenv
from fastapi_expert.codebase.interpret.operations import from_environment, same, truth
from fastapi_expert.codebase.interpret.registration import ROUTER_METHODS
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    Defaulting,
    Doubtful,
    Entry,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    LambdaValue,
    Member,
    Method,
    ModuleValue,
    MountEntry,
    Partial,
    PathValue,
    RouteDecorator,
    RouteEntry,
    RouteList,
    Router,
    Scope,
    Super,
    TupleClass,
    Unknown,
    as_key,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.vocabulary import APPLICATIONS, FRAMEWORKS, ROUTERS


def router_kind(cls: External) -> str | None:
    """`app` or `router` when this outside class makes one."""
    package, _, name = cls.name.rpartition(".")
    if name.endswith("APIRouter") and package:
        return "router"  # other people's subclasses keep the name: cadwyn.VersionedAPIRouter
    if not package.startswith(FRAMEWORKS):
        return None
    return "app" if name in APPLICATIONS or name == "Cadwyn" else "router" if name in ROUTERS else None


def _getenv(interp: Runtime, given: Arguments) -> Any:
    """The default: what the environment holds when the application runs is not in the text, unless the code sets it."""
    if given.args and isinstance(given.args[0], str) and given.args[0] in interp.environ:
        return interp.environ[given.args[0]]
    if len(given.args) > 1:
        return given.args[1]
    return given.keywords.get(
        "default",
        from_environment(given.args[0] if given.args else None, given.site),
    )


def _import_module(interp: Runtime, given: Arguments) -> Any:
    name = given.args[0] if given.args else None
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else Unknown(given.site, "imports a module whose name is not known")
    package = given.args[1] if len(given.args) > 1 else given.keywords.get("package")
    if name.startswith(".") and isinstance(package, str):
        name = package + name
    place = interp.names.modules.find(given.scope.path, name)
    if place is None:
        return External(name)
    if not place.endswith("/"):
        interp.run_module(place)
    return ModuleValue(place)


def _spec_of_file(interp: Runtime, given: Arguments) -> Any:
    """`importlib.util.spec_from_file_location(name, path)`: the module at the path, which stands for its spec too."""
    path = given.get(1, "location")
    if not isinstance(path, PathValue) or not interp.names.modules.is_file(path.path):
        return Unknown(given.site, "imports a file that is not known")
    return Instance(External("importlib.machinery.ModuleSpec"), given.site, {"module": ModuleValue(path.path)})


def _kept(given: Arguments, name: str, reason: str) -> Any:
    """What the first argument, an object, keeps under ``name``."""
    owner = given.args[0] if given.args else None
    found = owner.attributes.get(name) if isinstance(owner, Instance) else None
    return found if found is not None else Unknown(given.site, reason)


def _module_of_spec(interp: Runtime, given: Arguments) -> Any:
    return _kept(given, "module", "imports a file that is not known")


def _globals(interp: Runtime, given: Arguments) -> Any:
    """`globals()`: the names of the module that asks, as they are now."""
    return _names(interp, _given([ModuleValue(given.scope.path)], given))


def _namedtuple(interp: Runtime, given: Arguments) -> Any:
    """`namedtuple("Spec", "path verb")`."""
    names, defaults = given.get(1, "field_names"), given.keywords.get("defaults", [])
    fields = names.replace(",", " ").split() if isinstance(names, str) else names
    if not is_list(fields) or not is_list(defaults):
        return Unknown(given.site, "a named tuple whose fields are not known")
    return TupleClass(tuple(fields), tuple(defaults))


def _find_spec(interp: Runtime, given: Arguments) -> Any:
    """`importlib.util.find_spec(name)`: something where the module is there, else None."""
    name = given.args[0] if given.args else None
    if not isinstance(name, str):
        return Unknown(given.site, "whether a module is there whose name is not known")
    there = interp.is_importable(given.scope.path, name)
    return Unknown(given.site, f"whether {name} is installed is not known") if there is None else there or None


def _getattr(interp: Runtime, given: Arguments) -> Any:
    owner = given.args[0] if given.args else None
    if len(given.args) < 2 or not isinstance(given.args[1], str):
        return Unknown(given.site, "an attribute whose name is not known", holder=owner)
    name = given.args[1]
    if len(given.args) > 2 and has_attribute(interp, owner, name, given) is False:
        return given.args[2]
    return attribute(interp, owner, name, given.site)


def has_attribute(interp: Runtime, owner: Any, name: str, given: Arguments) -> bool | None:
    """Whether a value has an attribute; None when that is not known."""
    if isinstance(owner, ModuleValue):
        found = interp.module_attribute(owner.place, name)
        is_bound = not isinstance(found, ModuleValue) or name in interp.run_module(owner.place).names
        return found is not MISSING and is_bound  # a submodule that nothing has imported is no attribute yet
    if isinstance(owner, External) and owner.name == "sys":
        return hasattr(sys, name)  # `frozen` is set in a packed program alone
    if isinstance(owner, FunctionValue):
        known = interp.function_attributes.get((owner.path, owner.qualname), {})
        return name in known or name in ("__name__", "__module__", "__doc__", "__qualname__")
    if isinstance(owner, Instance) and name in owner.attributes:
        return True
    if isinstance(owner, (ClassValue, Instance)):
        cls = owner.cls if isinstance(owner, Instance) else owner
        if isinstance(cls, External):
            return None
        if not isinstance(class_attribute(interp, cls, name, given.site, receiver=owner), Unknown):
            return True
        if name in _OF_EVERYTHING:
            return True
        if _is_declared(interp, cls, name):
            return True if isinstance(owner, Instance) else None
        outside = [one for one in lineage(interp, cls) if isinstance(one, External) and one.name not in _PLAIN_BASES]
        return False if all(_is_of_pydantic(one) and not _OF_MODELS.match(name) for one in outside) else None
    if isinstance(owner, RouteEntry):
        return name in ("path", "methods", "name", "endpoint", "tags", "dependencies", "response_model", "operation_id")
    if isinstance(owner, (str, int, float)) or owner is None or is_list(owner) or is_dict(owner):
        return hasattr(owner, name)
    if isinstance(owner, Router):
        found = attribute(interp, owner, name, given.site)
        if isinstance(owner.cls, ClassValue) and isinstance(found, Method):
            return True if _of_routers(name) else None
        return _of_routers(name) if isinstance(found, Method) else not isinstance(found, Unknown) or None
    return None


def _of_routers(name: str) -> bool:
    """Whether every `APIRouter` has an attribute of this name."""
    return name in ROUTER_METHODS or name in _ATTRIBUTES_OF_ROUTERS


_ATTRIBUTES_OF_ROUTERS = frozenset([
    "routes", "prefix", "tags", "dependencies", "responses", "default_response_class", "on_startup", "on_shutdown",
    "lifespan_context", "route_class", "callbacks", "deprecated", "include_in_schema", "redirect_slashes", "default",
    "dependency_overrides_provider", "generate_unique_id_function", "startup", "shutdown", "url_path_for", "app",
    "handle", "not_found", "lifespan",
])  # fmt: skip


_OF_EVERYTHING = frozenset(["__name__", "__qualname__", "__module__", "__doc__", "__dict__", "__class__", "__init__"])
_OF_MODELS = re.compile(
    r"model_|_?_?pydantic|__(?:fields|validators|get|signature|private|class_vars|config)|_(?:iter|copy|calculate)"
    r"|(?:dict|json|copy|parse_\w+|construct|schema|schema_json|validate|update_forward_refs|from_orm|Config)$"
)
"""Names that a model of pydantic has, of the two generations of it."""


def _is_declared(interp: Runtime, cls: ClassValue, name: str) -> bool:
    """Whether a class or an ancestor has a field of this name, with a default or without."""
    own = [one for one in lineage(interp, cls) if isinstance(one, ClassValue)]
    facts = [interp.names.class_(one.path, one.qualname) for one in own]
    return any(field.name == name for one in facts if one is not None for field in one.fields)


def _is_of_pydantic(cls: External) -> bool:
    return cls.name.partition(".")[0] in ("pydantic", "pydantic_settings")


_PLAIN_BASES = frozenset(["abc.ABC", "builtins.object", "typing.Generic", "typing.Protocol"])


def _hasattr(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) == 2 and isinstance(given.args[1], str):
        known = has_attribute(interp, given.args[0], given.args[1], given)
        if known is not None:
            return known
    return Unknown(given.site, "whether it has an attribute is not known")


def _names(interp: Runtime, given: Arguments) -> Any:
    """`vars(module)` and its like: the names with their values, sorted."""
    found = names_of(interp, given.args[0]) if given.args else None
    return found if found is not None else Unknown(given.site, "the names of what is not known")


def _dir(interp: Runtime, given: Arguments) -> Any:
    names = _names(interp, given) if given.args else dict(sorted(given.scope.names.items()))
    return list(names) if is_dict(names) else names


def _members(interp: Runtime, given: Arguments) -> Any:
    """`inspect.getmembers(module, predicate)`."""
    names = _names(interp, given)
    if not is_dict(names):
        return names
    found: list[Any] = []
    predicate = given.get(1, "predicate")
    for name, value in names.items():
        known = True
        if predicate is not None:
            known = truth(interp.call(predicate, _given([value], given)))
        if known or (known is None and not isinstance(value, Unknown)):
            found.append([name, value])
    return found


def _given(args: list[Any], given: Arguments) -> Arguments:
    return Arguments(args, {}, {}, given.site, given.scope)


def _setattr(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) == 3 and isinstance(given.args[1], str):
        inner = Scope(given.scope.path, {"it": given.args[0]}, given.scope)
        interp.assign(f"it.{given.args[1]}", given.args[2], inner)


def _partial(interp: Runtime, given: Arguments) -> Any:
    return (
        Partial(given.args[0], tuple(given.args[1:]), given.keywords)
        if given.args
        else Unknown(given.site, "partial() of nothing")
    )


def _super(interp: Runtime, given: Arguments) -> Any:
    here: Scope | None = given.scope
    while here is not None:
        cls = here.names.get("__class__")
        if isinstance(cls, ClassValue):
            receiver = next(iter(here.names.values()), None)
            for name, value in here.names.items():
                if name != "__class__":
                    receiver = value
                    break
            return Super(receiver, cls)
        here = here.parent
    return Unknown(given.site, "super() outside a class")


def _enumerate(interp: Runtime, given: Arguments) -> Any:
    start = given.keywords.get("start", given.args[1] if len(given.args) > 1 else 0)
    items = items_of(interp, given.args[0]) if given.args else None
    if items is not None and isinstance(start, int):
        return [[index, value] for index, value in enumerate(items, start)]
    return Unknown(given.site, "enumerates what is not known")


def _zip(interp: Runtime, given: Arguments) -> Any:
    several = [items_of(interp, one) for one in given.args]
    known = [one for one in several if one is not None]
    if known and len(known) == len(several):
        return [list(items) for items in zip(*known, strict=False)]
    return Unknown(given.site, "zips what is not known")


def _range(interp: Runtime, given: Arguments) -> Any:
    if given.args and all(isinstance(one, int) for one in given.args):
        found = range(*given.args[:3])
        if len(found) < 1000:
            return list(found)
    return Unknown(given.site, "a range that is not known")


def _copied(interp: Runtime, given: Arguments) -> Any:
    items = items_of(interp, given.args[0]) if given.args else []
    return interp.made(items) if items is not None else Unknown(given.site, "a collection that is not known")


def _set(interp: Runtime, given: Arguments) -> Any:
    items = _copied(interp, given)
    if is_list(items):
        distinct: list[Any] = []
        distinct.extend(one for one in items if not any(same(one, other) for other in distinct))
        return interp.made(distinct)
    return items


def _sorted(interp: Runtime, given: Arguments) -> Any:
    items = items_of(interp, given.args[0]) if given.args else None
    if items is None:
        return Unknown(given.site, "sorts what is not known")
    return sorted_values(interp, items, given.keywords, given.site)


def _reversed(interp: Runtime, given: Arguments) -> Any:
    items = items_of(interp, given.args[0]) if given.args else None
    return items[::-1] if items is not None else Unknown(given.site, "the reverse of what is not known")


def _map(interp: Runtime, given: Arguments) -> Any:
    several = [items_of(interp, one) for one in given.args[1:]]
    known = [one for one in several if one is not None]
    if not known or len(known) < len(several):
        return Unknown(given.site, "maps what is not known")
    return [interp.call(given.args[0], _given(list(items), given)) for items in zip(*known, strict=False)]


def _filter(interp: Runtime, given: Arguments) -> Any:
    items = items_of(interp, given.args[1]) if len(given.args) > 1 else None
    if items is None:
        return Unknown(given.site, "filters what is not known")
    found: list[Any] = []
    for one in items:
        kept = truth(one if given.args[0] is None else interp.call(given.args[0], _given([one], given)))
        if kept is None:
            return Unknown(given.site, "filters by what is not known")
        if kept:
            found.append(one)
    return found


def _length(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    if isinstance(value, RouteList) and value.router.is_app:
        return Unknown(given.site, "how many routes an application has, those of its documentation included")
    items = items_of(interp, value) if given.args else None
    if items is None or any(isinstance(one, Doubtful) for one in items):
        return Unknown(given.site, "the length of what is not known")
    return len(items)


def _any(interp: Runtime, given: Arguments) -> Any:
    return _quantified(interp, given, True)


def _all(interp: Runtime, given: Arguments) -> Any:
    return _quantified(interp, given, False)


def _quantified(interp: Runtime, given: Arguments, decisive: bool) -> Any:
    items = items_of(interp, given.args[0]) if given.args else None
    known = [truth(one) for one in items] if items is not None else [None]
    if decisive in known:
        return decisive
    return Unknown(given.site, "a condition that is not known") if None in known else not decisive


def _extreme(pick: Callable[[list[Any]], Any]) -> "_Outside":
    def read(interp: Runtime, given: Arguments) -> Any:
        items = items_of(interp, given.args[0]) if len(given.args) == 1 else given.args
        if items and not given.keywords and all(isinstance(one, (int, float)) for one in items):
            return pick(items)
        return Unknown(given.site, "a number that is not known")

    return read


def _int(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else 0
    if isinstance(value, Member):
        value = value.value
    try:
        return int(value) if isinstance(value, (str, int, float)) else Unknown(given.site, "a number that is not known")
    except ValueError:
        return Unknown(given.site, "a number that is not known")


def _next(interp: Runtime, given: Arguments) -> Any:
    items = items_of(interp, given.args[0]) if given.args else None
    if items:
        return items[0]
    if items is not None and len(given.args) > 1:
        return given.args[1]
    return Unknown(given.site, "the next of what is not known")


def _type(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) == 1:
        return attribute(interp, given.args[0], "__class__", given.site)
    if len(given.args) == 3 and isinstance(given.args[0], str) and is_list(given.args[1]) and is_dict(given.args[2]):
        name, direct, namespace = given.args
        known = [one for one in direct if isinstance(one, (ClassValue, External))]
        if len(known) == len(direct) and not any(_is_exception(interp, one) for one in known):
            return made_class(interp, name, known, namespace, given)
    return Unknown(given.site, "a class that is made when it runs")


def _is_exception(interp: Runtime, cls: ClassValue | External) -> bool:
    """Whether raising it is all that a class is for: of one that is made at run time nobody could say more."""
    ancestors = lineage(interp, cls) if isinstance(cls, ClassValue) else [cls]
    names = [one.name if isinstance(one, External) else one.qualname for one in ancestors]
    return any(name.endswith(("Exception", "Error")) for name in names)


def _import(interp: Runtime, given: Arguments) -> Any:
    """`__import__(name, fromlist=…)`."""
    name = given.args[0] if given.args else None
    found = _import_module(interp, Arguments([name], {}, {}, given.site, given.scope))
    if given.get(3, "fromlist") or not isinstance(name, str) or "." not in name:
        return found
    return _import_module(interp, Arguments([name.partition(".")[0]], {}, {}, given.site, given.scope))


def _plain(make: Callable[..., Any]) -> "_Outside":
    """A function of plain values that Python itself has."""

    def read(interp: Runtime, given: Arguments) -> Any:
        values = [*given.args, *given.keywords.values()]
        if all(one is None or isinstance(one, (str, int, float)) for one in values):
            try:
                return make(*given.args, **given.keywords)
            except (TypeError, ValueError, OverflowError):
                pass
        return Unknown(given.site, "a value made of what is not known")

    return read


def _callable(interp: Runtime, given: Arguments) -> Any:
    known = _is_callable(given.args[0] if given.args else None)
    return Unknown(given.site, "whether it can be called") if known is None else known


def _is_callable(value: Any) -> bool | None:
    if isinstance(value, (FunctionValue, ClassValue, LambdaValue, Partial, Method, RouteDecorator)):
        return True
    if value is None or isinstance(value, (str, int, float, list, dict, Router)):
        return isinstance(value, Router)
    return None


def _chain(interp: Runtime, given: Arguments) -> Any:
    several = [items_of(interp, one) for one in given.args]
    if None in several:
        return Unknown(given.site, "a chain of what is not known")
    return [one for items in several if items is not None for one in items]


def _product(interp: Runtime, given: Arguments) -> Any:
    import itertools  # rarely needed

    several = [items_of(interp, one) for one in given.args]
    known = [one for one in several if one is not None]
    if len(known) < len(several) or given.keywords:
        return Unknown(given.site, "a product of what is not known")
    return [list(one) for one in itertools.islice(itertools.product(*known), 1000)]


def _nothing(interp: Runtime, given: Arguments) -> Any:
    return None


def _defaultdict(interp: Runtime, given: Arguments) -> Any:
    items = _dict(interp, Arguments(given.args[1:], given.keywords, given.raw, given.site, given.scope))
    return interp.made(Defaulting(given.args[0] if given.args else None, items)) if is_dict(items) else items


def _dict(interp: Runtime, given: Arguments) -> Any:
    first: Any = given.args[0] if given.args else dict[Any, Any]()
    if is_list(first) and all(is_list(one) and len(one) == 2 for one in first):
        first = {as_key(one[0]): one[1] for one in first if not isinstance(one[0], dict)}
    if not is_dict(first):
        return Unknown(given.site, "a mapping that is not known")
    return interp.made({**first, **given.keywords})


def _from_keys(interp: Runtime, given: Arguments) -> Any:
    keys = items_of(interp, given.args[0]) if given.args else None
    if keys is None or any(isinstance(one, Unknown) for one in keys):
        return Unknown(given.site, "a mapping of keys that are not known")
    return interp.made(dict.fromkeys(map(as_key, keys), given.args[1] if len(given.args) > 1 else None))


def _as_dict(interp: Runtime, given: Arguments) -> Any:
    """`dataclasses.asdict(value)`; the fields in order, each its own or the default of its class."""
    found = fields_of(interp, given.args[0]) if given.args else None
    return interp.made(found) if found is not None else Unknown(given.site, "the fields of what is not known")


def _as_tuple(interp: Runtime, given: Arguments) -> Any:
    fields = _as_dict(interp, given)
    return list(fields.values()) if is_dict(fields) else fields


def _replaced(interp: Runtime, given: Arguments) -> Any:
    """`dataclasses.replace(value, name=…)` and `copy.replace`."""
    value = given.args[0] if given.args else None
    if not isinstance(value, Instance):
        return Unknown(given.site, "replaces fields of what is not known")
    return replace(value, attributes={**value.attributes, **given.keywords})


def _copy(interp: Runtime, given: Arguments) -> Any:
    """A copy of its own, so that what happens to it does not happen to the first."""
    value = given.args[0] if given.args else None
    if isinstance(value, Instance):
        return replace(value, attributes=dict(value.attributes))
    if isinstance(value, Router):
        copied = replace(value, name="", attributes=dict(value.attributes), variants=[])
        interp.routers.append(copied)
        return copied
    if is_list(value):
        return interp.made(list(value))
    return interp.made(dict(value)) if is_dict(value) else value


def _deep_copy(interp: Runtime, given: Arguments) -> Any:
    copied = _copy(interp, given)
    if isinstance(copied, Router):
        copied.entries = list(copied.entries)
    return copied


def _str(interp: Runtime, given: Arguments) -> Any:
    if given.args and isinstance(given.args[0], PathValue):
        return given.args[0]  # os.path and pathlib take either
    text = spelled(interp, given.args[0], given.site) if given.args else ""
    return text if text is not None else Unknown(given.site, "a text that is not known")


def _bool(interp: Runtime, given: Arguments) -> Any:
    known = truth(given.args[0]) if given.args else False
    return known if known is not None else Unknown(given.site, "a condition that is not known")


_TYPES = {"str": str, "list": list, "dict": dict, "int": int, "bool": bool, "tuple": list, "set": list, "float": float}


def _isinstance(interp: Runtime, given: Arguments) -> Any:
    return _any_type(interp, given, _is_a)


def _any_type(interp: Runtime, given: Arguments, holds: Callable[[Runtime, Any, Any], bool | None]) -> Any:
    """Whether ``holds`` of the first argument and any of the types that the second one is."""
    if len(given.args) == 2:
        wanted = given.args[1] if is_list(given.args[1]) else [given.args[1]]
        known = [holds(interp, given.args[0], one) for one in wanted]
        if True in known:
            return True
        if None not in known:
            return False
    return Unknown(given.site, "a type that is not known")


def _is_a(interp: Runtime, value: Any, cls: Any) -> bool | None:
    if isinstance(value, Unknown):
        return None
    if isinstance(cls, ClassValue):
        own = value.cls if isinstance(value, (Instance, Router)) else None
        return _descends(interp, own, cls) if own is not None else False
    if not isinstance(cls, External):
        return None
    kind = router_kind(cls)
    if kind is not None:
        return isinstance(value, Router) and value.is_app == (kind == "app")
    package, _, name = cls.name.rpartition(".")
    if package == "builtins" and name in _TYPES:
        return isinstance(value, _TYPES[name]) and not (name in ("int", "float") and isinstance(value, bool))
    if name == "ModuleType":
        return isinstance(value, ModuleValue)
    if cls.name == "builtins.type":
        return isinstance(value, ClassValue) if not isinstance(value, External) else None
    if name == "Callable":
        return _is_callable(value)
    if isinstance(value, (RouteEntry, MountEntry, IncludeEntry)):
        return name in _kinds_of_route(value)
    if isinstance(value, (Instance, Router)):
        return _descends(interp, value.cls, cls)
    known = (str, int, float, bool, list, dict, ModuleValue, FunctionValue, ClassValue)
    return False if value is None or isinstance(value, known) else None


def _kinds_of_route(value: Entry) -> frozenset[str]:
    """The classes of Starlette and FastAPI that an item of `router.routes` is of."""
    if isinstance(value, MountEntry):
        return frozenset(["BaseRoute", "Host" if value.host else "Mount"])
    if isinstance(value, IncludeEntry):
        return frozenset(["BaseRoute"])
    kind = "WebSocketRoute" if value.websocket else "Route"
    own = "APIWebSocketRoute" if value.websocket else "APIRoute"
    return frozenset(["BaseRoute", kind] if value.plain else ["BaseRoute", kind, own])


def _descends(interp: Runtime, cls: Any, other: Any) -> bool | None:
    """Whether a class is another or descends from it; None where it has bases of which nothing is known."""
    if isinstance(cls, ClassValue):
        ancestors = lineage(interp, cls)
    elif isinstance(cls, External):
        ancestors = [cls]
    else:
        return None
    for one in ancestors:
        if isinstance(one, ClassValue) and isinstance(other, ClassValue):
            if (one.path, one.qualname) == (other.path, other.qualname):
                return True
        elif one == other:
            return True
    if isinstance(other, ClassValue):
        return False
    unknown = [one for one in ancestors if isinstance(one, External) and one.name not in _PLAIN_BASES]
    return None if unknown and not isinstance(cls, External) else False


def _issubclass(interp: Runtime, given: Arguments) -> Any:
    return _any_type(interp, given, _descends)


def _is_class(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    if isinstance(value, (Unknown, External)):
        return Unknown(given.site, "whether it is a class")
    return isinstance(value, ClassValue)


def _is_function(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    if isinstance(value, (Unknown, External)):
        return Unknown(given.site, "whether it is a function")
    return isinstance(value, LambdaValue) or (isinstance(value, FunctionValue) and value.receiver is None)


def _is_method(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    if isinstance(value, (Unknown, External)):
        return Unknown(given.site, "whether it is a method")
    return isinstance(value, FunctionValue) and value.receiver is not None


def _is_coroutine(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    facts = interp.names.function(value.path, value.qualname) if isinstance(value, FunctionValue) else None
    return facts.is_async if facts is not None else Unknown(given.site, "whether it is a coroutine")


def _function_of_code(interp: Runtime, given: Arguments) -> Any:
    """`FunctionType(function.__code__, …)`: a copy, which is another function to whoever compares."""
    code = given.get(0, "code")
    copied = code.attributes.get(CODE_OF) if isinstance(code, Instance) else None
    if not isinstance(copied, FunctionValue):
        return Unknown(given.site, "a function of code that is not known")
    return FunctionValue(copied.path, copied.qualname, Scope(copied.scope.path, {}, copied.scope))


def _first(interp: Runtime, given: Arguments) -> Any:
    return given.args[0] if given.args else Unknown(given.site, "nothing")


def _cached(interp: Runtime, given: Arguments) -> Any:
    """`functools.cache(function)`: called again with the same, it gives what it gave."""
    value = given.args[0] if given.args else Unknown(given.site, "nothing")
    if isinstance(value, FunctionValue) and value.receiver is None and given.site.path == value.path:
        interp.cached.add((value.path, value.qualname))
    return value


def _import_string(interp: Runtime, given: Arguments) -> Any:
    if given.args and isinstance(given.args[0], str):
        place, _, name = given.args[0].replace(":", ".").rpartition(".")
        module = _import_module(interp, Arguments([place], {}, {}, given.site, given.scope))
        if isinstance(module, ModuleValue):
            found = interp.module_attribute(module.place, name)
            return found if found is not MISSING else Unknown(given.site, f"{given.args[0]} is not found")
    return Unknown(given.site, "imports a name that is not known")


def _get_args(interp: Runtime, given: Arguments) -> Any:
    """`typing.get_args(alias)`."""
    return _kept(given, "__args__", "what a generic type was given")


def _get_origin(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    return value.attributes.get("__origin__") if isinstance(value, Instance) else None


def _hints(interp: Runtime, given: Arguments) -> Any:
    """`typing.get_type_hints(cls)`: the names are what routes are made of."""
    if given.args and isinstance(given.args[0], ClassValue):
        return attribute(interp, given.args[0], "__annotations__", given.site)
    return Unknown(given.site, "the annotations of what is not known")


def _signature(interp: Runtime, given: Arguments) -> Any:
    """`inspect.signature(function)`: its parameters by name."""
    value = given.args[0] if given.args else None
    facts = interp.names.function(value.path, value.qualname) if isinstance(value, FunctionValue) else None
    if facts is None or not isinstance(value, FunctionValue):
        return Unknown(given.site, "the signature of what is not known")
    params = facts.params[1:] if value.receiver is not None else facts.params
    shown = {
        one.name: Instance(External("inspect.Parameter"), given.site, {"name": one.name}) for one in params if one.name
    }
    return Instance(External("inspect.Signature"), given.site, {"parameters": shown})


_Outside = Callable[[Runtime, Arguments], Any]
FUNCTIONS: dict[str, _Outside] = {
    "getenv": _getenv,
    "load_dotenv": dotenv.load,
    "dotenv_values": dotenv.values,
    "find_dotenv": dotenv.find,
    "import_module": _import_module,
    "import_string": _import_string,
    "find_spec": _find_spec,
    "spec_from_file_location": _spec_of_file,
    "module_from_spec": _module_of_spec,
    "globals": _globals,
    "namedtuple": _namedtuple,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "setattr": _setattr,
    "partial": _partial,
    "super": _super,
    "enumerate": _enumerate,
    "zip": _zip,
    "range": _range,
    "list": _copied,
    "tuple": _copied,
    "iter": _copied,
    "sorted": _sorted,
    "reversed": _reversed,
    "set": _set,
    "frozenset": _set,
    "dict": _dict,
    "OrderedDict": _dict,
    "fromkeys": _from_keys,
    "defaultdict": _defaultdict,
    "map": _map,
    "filter": _filter,
    "len": _length,
    "any": _any,
    "all": _all,
    "min": _extreme(min),
    "max": _extreme(max),
    "sum": _extreme(sum),
    "int": _int,
    "next": _next,
    "type": _type,
    "callable": _callable,
    "chain": _chain,
    "from_iterable": lambda interp, given: _chain(
        interp, _given(items_of(interp, given.args[0]) or [] if given.args else [], given)
    ),
    "product": _product,
    "get_args": _get_args,
    "get_origin": _get_origin,
    "get_type_hints": _hints,
    "get_annotations": _hints,
    "signature": _signature,
    "gather": lambda interp, given: interp.made(list(given.args)),
    "getmembers": _members,
    "vars": _names,
    "dir": _dir,
    "str": _str,
    "bool": _bool,
    "isinstance": _isinstance,
    "issubclass": _issubclass,
    "isclass": _is_class,
    "isfunction": _is_function,
    "ismethod": _is_method,
    "isroutine": lambda interp, given: isinstance(given.args[0], FunctionValue) if given.args else False,
    "iscoroutinefunction": _is_coroutine,
    "unwrap": _first,
    "print": _nothing,
    "__import__": _import,
    "cast": lambda interp, given: given.args[1] if len(given.args) > 1 else Unknown(given.site, "cast() of nothing"),
    "MappingProxyType": _first,
    "update_wrapper": _first,
    "FunctionType": _function_of_code,
    "deepcopy": _deep_copy,
    "copy": _copy,
    "asdict": _as_dict,
    "astuple": _as_tuple,
    "replace": _replaced,
    "cache": _cached,
    "identity": _first,
    "asynccontextmanager": _first,
    "contextmanager": _first,
    "lru_cache": lambda interp, given: (
        _cached(interp, given)
        if given.args and isinstance(given.args[0], FunctionValue)
        else External("functools.cache")
    ),
    "wraps": lambda interp, given: External("functools.identity"),
}
"""By the last part of their dotted names."""
BUILTINS = {f"builtins.{made.__name__}": _plain(made) for made in (abs, chr, format, hex, oct, ord, repr, round)}
"""By dotted name."""
