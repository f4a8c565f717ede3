"""Calling things: functions and classes of the codebase, the few outside ones that matter, methods of plain values."""

from collections.abc import Callable
from typing import Any

from fastapi_expert.codebase.interpret.attributes import attribute, class_attribute, lineage
from fastapi_expert.codebase.interpret.containers import dict_method, list_method, text_method
from fastapi_expert.codebase.interpret.operations import iterable, text_of, truth
from fastapi_expert.codebase.interpret.paths import OUTSIDE, path_method
from fastapi_expert.codebase.interpret.registration import ROUTER_METHODS, apply, make_router
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Method,
    ModuleValue,
    Partial,
    PathValue,
    RouteDecorator,
    Router,
    Scope,
    Site,
    Super,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.vocabulary import APPLICATIONS, DEPENDS, FRAMEWORKS, ROUTERS


def router_kind(cls: External) -> str | None:
    """`app` or `router` when this outside class makes one."""
    package, _, name = cls.name.rpartition(".")
    if name.endswith("APIRouter") and package:
        return "router"  # other people's subclasses keep the name: cadwyn.VersionedAPIRouter
    if not package.startswith(FRAMEWORKS):
        return None
    return "app" if name in APPLICATIONS or name == "Cadwyn" else "router" if name in ROUTERS else None


def call(interp: Runtime, function: Any, given: Arguments) -> Any:
    """The value of calling ``function``; ``given.raw`` holds the keyword expressions as written in ``given.scope``."""
    interp.steps += 1
    if isinstance(function, FunctionValue):
        return interp.call_function(function, given.args, given.keywords, given.site)
    if isinstance(function, RouteDecorator):
        return apply(interp, function, given.args[0] if given.args else None, given.scope)
    if isinstance(function, Method):
        return _method(interp, function, given)
    if isinstance(function, External):
        return _external(interp, function, given)
    if isinstance(function, ClassValue):
        return instantiate(interp, function, given)
    if isinstance(function, Partial):
        args, keywords = [*function.args, *given.args], {**function.keywords, **given.keywords}
        return call(interp, function.function, Arguments(args, keywords, given.raw, given.site, given.scope))
    if isinstance(function, LambdaValue):
        inner = Scope(function.scope.path, dict(zip(function.names, given.args, strict=False)), function.scope)
        return interp.evaluate(function.body, inner)
    if isinstance(function, Instance) and isinstance(function.cls, ClassValue):
        method = class_attribute(interp, function.cls, "__call__", given.site, receiver=function)
        if isinstance(method, FunctionValue):
            return interp.call_function(method, given.args, given.keywords, given.site)
    if isinstance(function, Instance) and "default" in given.keywords:
        return given.keywords["default"]  # Config() of Starlette, Env() of environs
    if isinstance(function, Unknown):
        return function
    return Unknown(given.site, "calls what is not known")


def instantiate(interp: Runtime, cls: ClassValue, given: Arguments) -> Any:
    """An object of a class of the codebase: a router when it descends from one."""
    ancestors = lineage(interp, cls)
    kind = next((kind for one in ancestors if isinstance(one, External) and (kind := router_kind(one))), None)
    if kind is not None:
        router = Router(kind == "app", given.site, cls, interp.region)
        interp.routers.append(router)
        value: Router | Instance = router
    else:
        value = Instance(cls, given.site)
    init = class_attribute(interp, cls, "__init__", given.site, receiver=value)
    if isinstance(init, FunctionValue):
        interp.call_function(init, given.args, given.keywords, given.site)
    elif isinstance(value, Router):
        make_router(interp, value, given.args, given.keywords)
    else:
        facts = interp.names.class_(cls.path, cls.qualname)
        if given.args:
            interp.names.read_set[cls.path].add(f"{cls.qualname}.")
        names = [field.name for field in facts.fields if field.annotation] if facts else []
        value.attributes.update(zip(names, given.args, strict=False))
        value.attributes.update(given.keywords)
    return value


def _external(interp: Runtime, function: External, given: Arguments) -> Any:
    kind = router_kind(function)
    if kind is not None:
        router = Router(kind == "app", given.site, function, interp.region)
        interp.routers.append(router)
        make_router(interp, router, given.args, given.keywords)
        return router
    last = function.name.rpartition(".")[2]
    if last in DEPENDS and not function.name.startswith("builtins."):
        target = given.args[0] if given.args else given.keywords.get("dependency")
        return Dependency(target, last == "Security", given.site)
    if last == "get" and function.name.endswith("environ.get"):
        last = "getenv"
    if last in ("config", "env") and "default" in given.keywords:
        return given.keywords["default"]
    known = OUTSIDE.get(function.name) or _OUTSIDE.get(last)
    if known is not None:
        return known(interp, given)
    if (
        given.args
        and len(given.args) == 1
        and isinstance(given.args[0], (FunctionValue, ClassValue))
        and not given.keywords
    ):
        return given.args[0]  # a decorator from outside: the function it wraps stays what it is
    attributes = {str(index): value for index, value in enumerate(given.args)}
    return Instance(function, given.site, {**attributes, **given.keywords})


def _getenv(interp: Runtime, given: Arguments) -> Any:
    """The default: what the environment holds when the application runs is not in the text."""
    if len(given.args) > 1:
        return given.args[1]
    return given.keywords.get(
        "default", Unknown(given.site, f"read from the environment ({text_of(given.args[0]) if given.args else ''})")
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


def _getattr(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) < 2 or not isinstance(given.args[1], str):
        return Unknown(given.site, "an attribute whose name is not known")
    found = attribute(interp, given.args[0], given.args[1], given.site)
    return (
        given.args[2]
        if isinstance(found, Unknown) and len(given.args) > 2 and isinstance(given.args[0], ModuleValue)
        else found
    )


def _hasattr(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) == 2 and isinstance(given.args[0], ModuleValue) and isinstance(given.args[1], str):
        return interp.module_attribute(given.args[0].place, given.args[1]) is not MISSING
    return Unknown(given.site, "whether it has an attribute is not known")


def _names(interp: Runtime, given: Arguments) -> Any:
    """The names of a module with their values, sorted: `vars(module)`."""
    module = given.args[0] if given.args else None
    if not isinstance(module, ModuleValue) or module.place.endswith("/"):
        return Unknown(given.site, "the names of what is not known")
    scope = interp.run_module(module.place)
    return {name: interp.force(scope, name) for name in sorted(scope.names) if not name.startswith("__")}


def _members(interp: Runtime, given: Arguments) -> Any:
    """`inspect.getmembers(module)`."""
    names = _names(interp, given)
    return [[name, value] for name, value in names.items()] if is_dict(names) else names


def _setattr(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) == 3 and isinstance(given.args[1], str) and isinstance(given.args[0], (Instance, Router)):
        given.args[0].attributes[given.args[1]] = given.args[2]


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
    if given.args and is_list(given.args[0]) and isinstance(start, int):
        return [[index, value] for index, value in enumerate(given.args[0], start)]
    return Unknown(given.site, "enumerates what is not known")


def _zip(interp: Runtime, given: Arguments) -> Any:
    if given.args and all(is_list(one) for one in given.args):
        return [list(items) for items in zip(*given.args, strict=False)]
    return Unknown(given.site, "zips what is not known")


def _range(interp: Runtime, given: Arguments) -> Any:
    if given.args and all(isinstance(one, int) for one in given.args) and 0 < len(range(*given.args[:3])) < 1000:
        return list(range(*given.args[:3]))
    return Unknown(given.site, "a range that is not known")


def _copied(interp: Runtime, given: Arguments) -> Any:
    items = iterable(given.args[0]) if given.args else []
    return interp.made(items) if items is not None else Unknown(given.site, "a collection that is not known")


def _dict(interp: Runtime, given: Arguments) -> Any:
    if given.args and not is_dict(given.args[0]):
        return Unknown(given.site, "a mapping that is not known")
    return interp.made({**(given.args[0] if given.args else {}), **given.keywords})


def _str(interp: Runtime, given: Arguments) -> Any:
    if given.args and isinstance(given.args[0], PathValue):
        return given.args[0]  # os.path and pathlib take either
    text = text_of(given.args[0]) if given.args else ""
    return text if text is not None else Unknown(given.site, "a text that is not known")


def _bool(interp: Runtime, given: Arguments) -> Any:
    known = truth(given.args[0]) if given.args else False
    return known if known is not None else Unknown(given.site, "a condition that is not known")


def _isinstance(interp: Runtime, given: Arguments) -> Any:
    if len(given.args) == 2 and isinstance(given.args[1], External):
        kind = router_kind(given.args[1])
        if kind is not None:
            return isinstance(given.args[0], Router) and (given.args[0].is_app or kind == "router")
        plain = {"builtins.str": str, "builtins.list": list, "builtins.dict": dict, "builtins.int": int}.get(
            given.args[1].name
        )
        if plain is not None and not isinstance(given.args[0], Unknown):
            return isinstance(given.args[0], plain)
    return Unknown(given.site, "a type that is not known")


def _first(interp: Runtime, given: Arguments) -> Any:
    return given.args[0] if given.args else Unknown(given.site, "nothing")


def _import_string(interp: Runtime, given: Arguments) -> Any:
    if given.args and isinstance(given.args[0], str):
        place, _, name = given.args[0].replace(":", ".").rpartition(".")
        module = _import_module(interp, Arguments([place], {}, {}, given.site, given.scope))
        if isinstance(module, ModuleValue):
            found = interp.module_attribute(module.place, name)
            return found if found is not MISSING else Unknown(given.site, f"{given.args[0]} is not found")
    return Unknown(given.site, "imports a name that is not known")


_Outside = Callable[[Runtime, Arguments], Any]
_OUTSIDE: dict[str, _Outside] = {
    "getenv": _getenv,
    "import_module": _import_module,
    "import_string": _import_string,
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
    "sorted": _copied,
    "set": _copied,
    "frozenset": _copied,
    "dict": _dict,
    "getmembers": _members,
    "vars": _names,
    "str": _str,
    "bool": _bool,
    "isinstance": _isinstance,
    "cast": lambda interp, given: given.args[1] if len(given.args) > 1 else Unknown(given.site, "cast() of nothing"),
    "MappingProxyType": _first,
    "deepcopy": _first,
    "cache": _first,
    "lru_cache": lambda interp, given: (
        given.args[0] if given.args and isinstance(given.args[0], FunctionValue) else External("functools.cache")
    ),
    "wraps": lambda interp, given: External("functools.cache"),
}


def _method(interp: Runtime, method: Method, given: Arguments) -> Any:
    receiver, name = method.receiver, method.name
    if isinstance(receiver, Router):
        act = ROUTER_METHODS.get(name)
        if act is not None:
            return act(interp, receiver, name, given)
        return Unknown(given.site, f"what {name}() of a router returns")
    if isinstance(receiver, PathValue):
        return path_method(interp, receiver, name, given)
    if isinstance(receiver, str):
        return text_method(receiver, name, given.args, given.keywords, given.site)
    if is_list(receiver) and name == "note":
        receiver.append((given.args[0] if given.args else None, given.site))
        return given.args[0] if given.args else None
    if is_list(receiver):
        return list_method(interp, receiver, name, given.args, given.site)
    if is_dict(receiver):
        return dict_method(interp, receiver, name, given)
    if isinstance(receiver, Instance) and isinstance(receiver.cls, External):
        return External(f"{receiver.cls.name}.{name}()") if not given.args else _first_function(given.args, given.site)
    return Unknown(given.site, f"what {name}() returns is not known")


def _first_function(args: list[Any], site: Site) -> Any:
    """`limiter.limit("5/minute")(function)` and its like give back the function."""
    if len(args) == 1 and isinstance(args[0], (FunctionValue, ClassValue)):
        return args[0]
    return External("a decorator from outside")
