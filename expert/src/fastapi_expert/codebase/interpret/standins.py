"""Routers that the text does not show: of libraries that are not there, or behind a value that is not known.

What is registered on one is kept on a router that stands for it, so that its endpoints are listed with what is known
of their paths, and counted where the reason is said.
"""

import sys
from typing import Any

from fastapi_expert.codebase.interpret.attributes import is_plain_base, lineage
from fastapi_expert.codebase.interpret.runtime import Runtime, outside_name
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Router,
    Scope,
    Site,
    Unknown,
)
from fastapi_expert.codebase.vocabulary import ADDING_METHODS, ROUTE_DECORATORS

_OTHERS = frozenset({
    *sys.stdlib_module_names, "aiohttp", "blacksheep", "bottle", "decorest", "django", "emmett", "falcon", "flask",
    "flask_restful", "flask_restx", "flask_smorest", "litestar", "ninja", "quart", "requests_mock", "respx",
    "responses", "robyn", "sanic", "starlite", "tornado", "uplink",
})  # fmt: skip
"""Packages whose routes are no application's that FastAPI serves."""
_FRAMEWORKS = ("fastapi", "starlette")


def standing_for(interp: Runtime, value: Any) -> Router | None:
    """The router that stands for an object, for one of its attributes, or for what its class registers."""
    if isinstance(value, Unknown):
        value = value.holder
    if not isinstance(value, Instance):
        return None
    own = lineage(interp, value.cls) if isinstance(value.cls, ClassValue) else []
    for key in (id(value), *[(one.path, one.qualname) for one in own if isinstance(one, ClassValue)]):
        if key in interp.stand_ins:
            return interp.stand_ins[key][1]
    return None


def hidden_by(interp: Runtime, owner: Any, wrapper: Any, name: str, site: Site, scope: Scope) -> Router | None:
    """The router on which a decorator registers that looks like `owner.get("/path")`, or like `get("/path")` without an
    ``owner``, and that evaluated to ``wrapper``; None where it does not look as if FastAPI served what it registers.

    ``name`` is what the owner is called.
    """
    if isinstance(owner, Instance):
        outside = _outside_of(interp, owner)
        if outside is None or not _may_be_served(interp, outside, site.path):
            return None
        return _made(interp, id(owner), owner, name, owner.site, _absent(interp, outside), outside)
    if isinstance(wrapper, Unknown):
        interp.unresolved_includes += 1
        return _made(interp, (site.path, name), None, name, site, wrapper.reason, External(""))
    outside = External(outside_name(wrapper).removesuffix("()"))
    if not outside.name or not _may_be_served(interp, outside, site.path):
        return None
    cls = scope.cls
    if cls is None:
        return _made(interp, (site.path, name), None, name, site, _absent(interp, outside), outside)
    base = next((one for one in lineage(interp, cls) if isinstance(one, External) and not is_plain_base(one)), outside)
    facts = interp.names.class_(cls.path, cls.qualname)
    where = Site(cls.path, facts.line) if facts is not None else site
    return _made(interp, (cls.path, cls.qualname), cls, cls.qualname, where, _absent(interp, base), base)


def receiving(interp: Runtime, owner: Instance, name: str, given: Arguments) -> Router | None:
    """The router that stands for an object of a class outside whose method ``name`` is handed a router or an endpoint
    as a router's own is; None where it is another kind of call."""
    first, second = given.get(0, "router"), given.get(1, "app")
    includes = name == "include_router" and isinstance(first, Router)
    mounts = name == "mount" and isinstance(second, Router) and isinstance(first, str)
    adds = name in ADDING_METHODS and isinstance(given.get(1, "endpoint"), FunctionValue)
    if not (includes or mounts or adds):
        return None
    outside = _outside_of(interp, owner)
    if outside is None or not _may_be_served(interp, outside, given.site.path):
        return None
    return _made(interp, id(owner), owner, "", owner.site, _absent(interp, outside), outside)


def is_registering(name: str, path: Any) -> bool:
    """Whether calling a decorator of this name with this path looks like a registration."""
    known = path.text if isinstance(path, Unknown) else path
    return name in ROUTE_DECORATORS and isinstance(known, str) and known[:1] in ("/", "")


def _outside_of(interp: Runtime, owner: Instance) -> External | None:
    """The class outside the codebase that an object is of, or from which its class descends."""
    if isinstance(owner.cls, External):
        return owner.cls
    found = [one for one in lineage(interp, owner.cls) if isinstance(one, External) and not is_plain_base(one)]
    return found[0] if found else None


def _may_be_served(interp: Runtime, outside: External, path: str) -> bool:
    """Whether a package works with FastAPI, as far as its name, its metadata and the file that imports it tell."""
    package = outside.name.partition(".")[0]
    if package in _OTHERS:
        return False
    libraries = interp.sources.libraries if interp.sources is not None else None
    return (
        any(name in package for name in _FRAMEWORKS)
        or any(one.module.partition(".")[0] in _FRAMEWORKS for one in interp.imports_of(path))
        or (libraries is not None and libraries.environment.knows_fastapi(package))
    )


def _absent(interp: Runtime, outside: External) -> str:
    return f"{interp.absence(outside)}; where it is installed it is read, and `routes --import` asks the application"


def _made(interp: Runtime, key: object, value: Any, name: str, site: Site, reason: str, outside: External) -> Router:
    if key not in interp.stand_ins:
        router = Router(False, interp.at_home(site), outside, interp.region, name=name, hidden=reason)
        interp.routers.append(router)
        interp.stand_ins[key] = (value, router)
        interp.want(outside, surely=False)
    return interp.stand_ins[key][1]
