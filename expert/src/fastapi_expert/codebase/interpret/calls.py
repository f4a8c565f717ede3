"""Calling things: functions and classes of the codebase, the few outside ones that matter, methods of plain values."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from fastapi_expert.codebase.interpret.attributes import (
    MODEL_MAKERS,
    MODEL_METHODS,
    attribute,
    bases,
    class_attribute,
    default,
    fields_of,
    lineage,
    metaclass,
)
from fastapi_expert.codebase.interpret.containers import dict_method, list_method, text_method
from fastapi_expert.codebase.interpret.discovery import plugins
from fastapi_expert.codebase.interpret.discovery.paths import OUTSIDE, path_method
from fastapi_expert.codebase.interpret.libraries import tables
from fastapi_expert.codebase.interpret.libraries.functions import BUILTINS, FUNCTIONS, router_kind
from fastapi_expert.codebase.interpret.libraries.patterns import OF_PATTERNS, PATTERNS
from fastapi_expert.codebase.interpret.libraries.patterns import method as pattern_method
from fastapi_expert.codebase.interpret.libraries.toolbox import TOOLS, got
from fastapi_expert.codebase.interpret.libraries.versioning import VERSIONING
from fastapi_expert.codebase.interpret.objects import dotenv, models
from fastapi_expert.codebase.interpret.registration import (
    ROUTER_METHODS,
    apply,
    make_router,
    resource_api,
    route_list_method,
)
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.standins import receiving
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    Dependency,
    EntryPoint,
    EntryPoints,
    External,
    FunctionValue,
    GeneratorCall,
    Getter,
    Instance,
    LambdaValue,
    Member,
    Method,
    Partial,
    PathValue,
    RouteDecorator,
    RouteList,
    Router,
    Scope,
    Site,
    Thunk,
    TupleClass,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FieldFacts
from fastapi_expert.codebase.vocabulary import DEPENDS


def call(interp: Runtime, function: Any, given: Arguments) -> Any:
    """The value of calling ``function``; ``given.raw`` holds the keyword expressions as written in ``given.scope``."""
    interp.steps += 1
    if not (isinstance(function, Method) and isinstance(function.receiver, Router)):
        for one in (*given.args, *given.keywords.values()):
            interp.let_go(one)
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
    if isinstance(function, TupleClass):
        return _named_tuple(function, given)
    if isinstance(function, Getter):
        return got(interp, function, given)
    if isinstance(function, LambdaValue):
        return _call_lambda(interp, function, given)
    if isinstance(function, Instance) and isinstance(function.cls, ClassValue):
        method = class_attribute(interp, function.cls, "__call__", given.site, receiver=function)
        if isinstance(method, FunctionValue):
            return interp.call_function(method, given.args, given.keywords, given.site)
    if isinstance(function, Instance) and isinstance(function.cls, External) and _is_decorating(given):
        return given.args[0]  # `requires("admin")(endpoint)`: a decorator from outside gives back what it wraps
    if isinstance(function, Instance) and "default" in given.keywords:
        return _from_config(interp, function, given)  # Config() of Starlette, Env() of environs
    if isinstance(function, Instance) and isinstance(function.cls, External):
        return _first_function(given.args, given.site)
    return _call_unknown(interp, function, given)


def _from_config(interp: Runtime, config: Instance, given: Arguments) -> Any:
    """What a function that reads the environment gives: what a file beside the project says, else its default."""
    found = dotenv.of_config(interp, config, given.args[0] if given.args else None)
    cast = given.get(1, "cast")
    if found is MISSING:
        return given.keywords["default"]
    return interp.call(cast, Arguments([found], {}, {}, given.site, given.scope)) if cast is not None else found


def _call_unknown(interp: Runtime, function: Any, given: Arguments) -> Any:
    """What is not known may register: that it was given an application or a router is remembered."""
    reason = function.reason if isinstance(function, Unknown) else "what is called is not known"
    if _is_handed_router(given) or (isinstance(function, Unknown) and isinstance(function.holder, Router)):
        interp.cannot_place(given.site, "call", "what a call registers", reason)
    return function if isinstance(function, Unknown) else Unknown(given.site, "calls what is not known")


def _call_lambda(interp: Runtime, function: LambdaValue, given: Arguments) -> Any:
    names: dict[str, Any] = {}
    rest, left = list(given.args), dict(given.keywords)
    for name, kind, expr in function.params:
        if kind == "*":
            names[name], rest = rest, []
        elif kind == "**":
            names[name] = left
        elif rest:
            names[name] = rest.pop(0)
        elif name in left:
            names[name] = left.pop(name)
        elif expr is not None:
            names[name] = Thunk(expr, function.scope)
        else:
            names[name] = Unknown(given.site, f"no value is known for {name!r} of a lambda")
    return interp.evaluate(function.body, Scope(function.scope.path, names, function.scope))


def _named_tuple(cls: TupleClass, given: Arguments) -> Any:
    """An object of a class that `namedtuple` made: its items have names."""
    values = dict(zip(cls.fields[len(cls.fields) - len(cls.defaults) :], cls.defaults, strict=True))
    values.update(zip(cls.fields, given.args, strict=False))
    values.update(given.keywords)
    ordered = [values.get(name, Unknown(given.site, f"no value is known for {name!r}")) for name in cls.fields]
    return Instance(External("collections.namedtuple"), given.site, {**values, "()": ordered})


def _is_decorating(given: Arguments) -> bool:
    return len(given.args) == 1 and not given.keywords and isinstance(given.args[0], (FunctionValue, ClassValue))


def instantiate(interp: Runtime, cls: ClassValue, given: Arguments) -> Any:
    """An object of a class of the codebase: a router when it descends from one."""
    if cls not in interp.making:
        meta = metaclass(interp, cls)
        making = class_attribute(interp, meta, "__call__", given.site, receiver=None) if meta is not None else None
        if isinstance(making, FunctionValue):
            interp.making.append(cls)
            try:
                return interp.call_function(replace(making, receiver=cls), given.args, given.keywords, given.site)
            finally:
                interp.making.pop()
    ancestors = lineage(interp, cls)
    outside = [one for one in ancestors if isinstance(one, External)]
    if any(one.name.rpartition(".")[2] in _ENUMERATIONS for one in outside):
        return _member_of(interp, cls, given)
    if any(one.name.endswith("TypedDict") for one in outside):
        first = given.args[0] if given.args and is_dict(given.args[0]) else {}
        return interp.made({**first, **given.keywords})
    kind = next((kind for one in outside if (kind := router_kind(one))), None)
    if kind is not None:
        for one in outside:
            interp.want(one, surely=False)
        router = Router(kind == "app", interp.at_home(given.site), cls, interp.region)
        interp.routers.append(router)
        value: Router | Instance = router
    else:
        value = Instance(cls, given.site)
    new = class_attribute(interp, cls, "__new__", given.site, receiver=None)
    if isinstance(new, FunctionValue) and kind is None:
        made = interp.call_function(new, [cls, *given.args], given.keywords, given.site)
        value = made if isinstance(made, Instance) and made.cls is cls else value
    init = class_attribute(interp, cls, "__init__", given.site, receiver=value)
    if isinstance(init, FunctionValue):
        interp.call_function(init, given.args, given.keywords, given.site)
    elif isinstance(value, Router):
        make_router(interp, value, given.args, given.keywords)
    else:
        _fill(interp, value, ancestors, given)
    return value


_ENUMERATIONS = frozenset(["Enum", "StrEnum", "IntEnum", "Flag"])


def _member_of(interp: Runtime, cls: ClassValue, given: Arguments) -> Any:
    """`Color("red")` is the member with that value."""
    for name in list(cls.namespace):
        member = class_attribute(interp, cls, name, given.site, receiver=None)
        if isinstance(member, Member) and given.args and member.value == given.args[0]:
            return member
    return Unknown(given.site, f"which member of {cls.qualname} it is")


def _fill(interp: Runtime, value: Instance, ancestors: list[ClassValue | External], given: Arguments) -> None:
    """Give an object without an `__init__` of its own what a dataclass, an attrs class or a model would give it."""
    fields: dict[str, tuple[ClassValue, FieldFacts]] = {}
    for one in reversed(ancestors):
        facts = interp.names.class_(one.path, one.qualname) if isinstance(one, ClassValue) else None
        if isinstance(one, ClassValue) and facts is not None:
            interp.names.read_set[one.path].add(f"{one.qualname}.")
            generated = _has_generated_init(facts)
            for field in facts.fields:
                if (field.annotation or generated) and not field.annotation.startswith("ClassVar"):
                    fields[field.name] = (one, field)
    if isinstance(value.cls, External):
        return
    if not fields and any(isinstance(one, External) for one in ancestors):
        value.attributes.update({str(index): one for index, one in enumerate(given.args)})  # as its base takes them
    keywords = given.keywords
    if keywords and models.is_model(interp, value.cls):
        names = models.by_alias(fields)
        keywords = {names.get(key, key): one for key, one in keywords.items()}
        for name, one in keywords.items():
            if name in fields:
                owner, field = fields[name]
                keywords[name] = models.coerced(interp, one, field.annotation, owner, given.site)
    value.attributes.update(zip(list(fields), given.args, strict=False))
    value.attributes.update(keywords)
    for name, (owner, field) in fields.items():
        if name not in value.attributes and _makes_anew(field):
            made = interp.evaluate(field.default_expr, Scope(owner.path, owner.namespace, owner.scope, owner))
            value.attributes[name] = default(interp, made, Site(owner.path, field.line))
    if any(isinstance(one, External) and one.name.endswith("NamedTuple") for one in ancestors):
        site = given.site
        value.attributes["()"] = [class_or_own(interp, value, name, site) for name in fields]
    for hook in ("__post_init__", "__attrs_post_init__", "model_post_init"):
        method = class_attribute(interp, value.cls, hook, given.site, receiver=value)
        if isinstance(method, FunctionValue):
            interp.call_function(method, [None] if hook == "model_post_init" else [], {}, given.site)


def class_or_own(interp: Runtime, value: Instance, name: str, site: Site) -> Any:
    """A field of an object, its own or the default of its class."""
    if name in value.attributes or isinstance(value.cls, External):
        return value.attributes.get(name)
    return class_attribute(interp, value.cls, name, site, receiver=value)


def _has_generated_init(facts: ClassFacts) -> bool:
    return any("attr" in repr(one) or "define" in repr(one) for one in facts.decorators)


def _makes_anew(field: FieldFacts) -> bool:
    """Whether every object gets a default of its own: a factory is called."""
    made = ir.match(field.default_expr, ir.Call)
    return (made is not None and any(name in ("default_factory", "factory") for name, _ in made.keywords)) or (
        made is not None and isinstance(made.function, str) and made.function.rpartition(".")[2] == "Factory"
    )


@lru_cache(maxsize=1 << 14)
def _understood(name: str) -> tuple[str | None, str, str, Callable[[Runtime, Arguments], Any] | None]:
    """Of something outside by its dotted name: the kind of router it makes, the parts of the name, and what it does."""
    owner, _, last = name.rpartition(".")
    if name.endswith("environ.get"):
        last = "getenv"
    whole = (OUTSIDE, TOOLS, PATTERNS, BUILTINS, VERSIONING, _BY_WHOLE_NAME)
    known = next((table[name] for table in whole if name in table), None) or FUNCTIONS.get(last)
    return router_kind(External(name)), owner, last, known


def _external(interp: Runtime, function: External, given: Arguments) -> Any:
    kind, owner, last, known = _understood(function.name)
    if kind is not None:
        interp.want(function, surely=False)
        router = Router(kind == "app", interp.at_home(given.site), function, interp.region)
        interp.routers.append(router)
        make_router(interp, router, given.args, given.keywords)
        return router
    first = given.args[0] if given.args else None
    if isinstance(first, Router) and last in ROUTER_METHODS and router_kind(External(owner)) is not None:
        rest = Arguments(given.args[1:], given.keywords, given.raw, given.site, given.scope)
        return ROUTER_METHODS[last](interp, first, last, rest)  # `APIRouter.__init__(self, …)`
    if last in DEPENDS and not function.name.startswith("builtins."):
        target = given.args[0] if given.args else given.keywords.get("dependency")
        written = given.first if given.args else given.raw.get("dependency")
        written = None if isinstance(written, str) else written
        return Dependency(
            target, last == "Security", given.site, given.keywords.get("scopes"), written, written and given.scope
        )
    if last in ("config", "env") and "default" in given.keywords:
        return _from_config(interp, Instance(function, given.site, {"0": dotenv.USUAL}), given)
    if known is not None:
        return known(interp, given)
    if last == "Api" and function.name.startswith(("fastapi_restful", "fastapi_utils")):
        return resource_api(given)
    if _makes_another(function, given):
        interp.want(function, surely=True)
        return _wrapped(interp, function, given)
    if _is_handed_router(given):
        interp.hand_over(given.site, function)
    if (
        given.args
        and len(given.args) == 1
        and isinstance(given.args[0], (FunctionValue, ClassValue))
        and not given.keywords
        and not (last[:1].isupper() and isinstance(given.args[0], ClassValue))  # `Schema(Query)` makes an object
    ):
        return given.args[0]  # a decorator from outside: the function it wraps stays what it is
    if given.args and isinstance(given.args[0], Router) and given.args[0].is_app and last[:1].isupper():
        return given.args[0]  # an application inside of another: most answer as the inner one does
    attributes = {str(index): value for index, value in enumerate(given.args)}
    return Instance(function, given.site, {**attributes, **given.keywords})


_BY_WHOLE_NAME: dict[str, Callable[[Runtime, Arguments], Any]] = {
    "os.environ.setdefault": lambda interp, given: (
        interp.environ.setdefault(given.args[0], given.args[1])
        if len(given.args) == 2 and all(isinstance(one, str) for one in given.args)
        else Unknown(given.site, "a variable of the environment")
    ),
    "sqlalchemy.inspect": tables.inspected,
    "sqlalchemy.inspection.inspect": tables.inspected,
    "importlib.metadata.entry_points": plugins.entry_points,
    "importlib_metadata.entry_points": plugins.entry_points,
    "pkg_resources.iter_entry_points": plugins.iterated,
}


def _is_handed_router(given: Arguments) -> bool:
    return any(isinstance(one, Router) for one in (*given.args, *given.keywords.values()))


def _makes_another(function: External, given: Arguments) -> bool:
    """Whether it is a class of applications that is given one."""
    first = given.args[0] if given.args else None
    return isinstance(first, Router) and first.is_app and function.name.endswith(("FastAPI", "Starlette"))


def _wrapped(interp: Runtime, function: External, given: Arguments) -> Any:
    """Another kind of application around one, which may not answer as the inner one does."""
    outer = Router(True, interp.at_home(given.site), function, interp.region)
    interp.routers.append(outer)
    unknown = Unknown(given.site, f"what {function.name} makes of the application is not known from its text")
    mounted = Arguments([unknown, given.args[0]], {}, {}, given.site, given.scope)
    ROUTER_METHODS["mount"](interp, outer, "mount", mounted)
    return outer


def _method(interp: Runtime, method: Method, given: Arguments) -> Any:
    receiver, name = method.receiver, method.name
    if isinstance(receiver, Router):
        act = ROUTER_METHODS.get(name)
        if act is not None:
            return act(interp, receiver, name, given)
        if name in ("extend", "insert", "append", "pop", "clear"):
            return route_list_method(interp, RouteList(receiver), name, given)
        return Unknown(given.site, f"what {name}() of a router returns")
    if isinstance(receiver, RouteList):
        return route_list_method(interp, receiver, name, given)
    if isinstance(receiver, ClassValue) and name == "__new__" and interp.making:
        return interp.making[-1]
    if isinstance(receiver, ClassValue) and name == "__call__":
        return instantiate(interp, receiver, given)
    if isinstance(receiver, ClassValue) and name in MODEL_MAKERS:
        return models.made_from_data(interp, receiver, name, given)
    if isinstance(receiver, ClassValue):
        return list(receiver.subclasses) if name == "__subclasses__" else [receiver, *bases(interp, receiver)]
    if isinstance(receiver, EntryPoint):
        return plugins.load(interp, receiver, given.site)
    if isinstance(receiver, EntryPoints):
        return plugins.table_method(interp, name, given)
    if isinstance(receiver, PathValue):
        return path_method(interp, receiver, name, given)
    if isinstance(receiver, str):
        return text_method(receiver, name, given.args, given.keywords, given.site)
    if is_list(receiver) and name == "note":
        receiver.append((given.args[0] if given.args else None, given.site))
        return given.args[0] if given.args else None
    if is_list(receiver):
        return list_method(interp, receiver, name, given.args, given.keywords, given.site)
    if is_dict(receiver):
        return dict_method(interp, receiver, name, given)
    if isinstance(receiver, Instance) and isinstance(receiver.cls, ClassValue) and name in MODEL_METHODS:
        fields = fields_of(interp, receiver)
        if name == "model_copy":
            changed = given.keywords.get("update")
            return replace(receiver, attributes={**receiver.attributes, **(changed if is_dict(changed) else {})})
        return interp.made(fields) if fields is not None else Unknown(given.site, f"what {name}() gives")
    if isinstance(receiver, Instance) and isinstance(receiver.cls, External):
        if name in ("enter_context", "enter_async_context") and receiver.cls.name.startswith("contextlib."):
            return _entered(interp, given)
        if receiver.cls in OF_PATTERNS:
            return pattern_method(interp, receiver, name, given)
        if name in ("substitute", "safe_substitute") and receiver.cls.name == "string.Template":
            return _substituted(receiver.attributes.get("0"), given)
        hidden = receiving(interp, receiver, name, given)
        if hidden is not None:
            interp.want(receiver, surely=True)
            return ROUTER_METHODS[name](interp, hidden, name, given)
        if _is_handed_router(given):
            interp.hand_over(given.site, method)
        made = External(f"{receiver.cls.name}.{name}()")
        return given.args[0] if _is_decorating(given) else made
    if isinstance(receiver, Instance) and name == "__init__":  # of a base outside: it keeps what it is given
        kept = {**{str(index): value for index, value in enumerate(given.args)}, **given.keywords}
        for key, value in kept.items():
            receiver.attributes.setdefault(key, value)
        return None
    return Unknown(given.site, f"what {name}() returns is not known")


def _entered(interp: Runtime, given: Arguments) -> Any:
    """What `stack.enter_context(context)` gives; what the context does on leaving is done at once."""
    context = given.args[0] if given.args else None
    if isinstance(context, GeneratorCall):
        found: list[Any] = []
        whole = interp.run_generator(context, found.append)
        return found[0] if whole and found else Unknown(given.site, "a context that is not known")
    for name in ("__enter__", "__aenter__") if isinstance(context, Instance) else ():
        enter = attribute(interp, context, name, given.site)
        if isinstance(enter, FunctionValue):
            return interp.call_function(enter, [], {}, given.site)
    return context


def _first_function(args: list[Any], site: Site) -> Any:
    """`limiter.limit("5/minute")(function)` and its like give back the function."""
    if len(args) == 1 and isinstance(args[0], (FunctionValue, ClassValue)):
        return args[0]
    return External("a decorator from outside")


def _substituted(template: Any, given: Arguments) -> Any:
    """What `string.Template.substitute` gives."""
    from string import Template  # rarely needed

    values = {**(given.args[0] if given.args and is_dict(given.args[0]) else {}), **given.keywords}
    if isinstance(template, str) and all(isinstance(one, (str, int, float)) for one in values.values()):
        return Template(template).safe_substitute(values)
    return Unknown(given.site, "a text made from what is not known")
