"""Applications that serve several versions of another one side by side: `VersionedFastAPI` of fastapi-versioning.

It takes the routes of an application apart by the version of their endpoints, and mounts an application for each.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.attributes import attribute, attributes_of
from fastapi_expert.codebase.interpret.operations import concatenated, truth
from fastapi_expert.codebase.interpret.registration import ROUTER_METHODS, add_endpoint, make_router
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    Condition,
    Entry,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    Partial,
    RouteEntry,
    Router,
    Site,
    Unknown,
    is_list,
)

_Version = tuple[int, int]
"""Major and minor."""
_MARK = "_api_version"
"""The attribute of an endpoint that holds its version."""
_MARKING = "fastapi_versioning.version.decorator"
_PAGE = "fastapi_versioning.versioning.VersionedFastAPI.noop"
_OWN = ("app", "version_format", "prefix_format", "default_version", "enable_latest")
"""The parameters of `VersionedFastAPI`; it makes an application with the other arguments."""


class _Registration(NamedTuple):
    """A route of the application that is taken apart; ``entry`` holds it inside of the includes that lead to it."""

    entry: Entry
    route: RouteEntry
    path: Any
    route_class: Any
    is_sure: bool
    """Whether it is there under no condition that the text does not settle."""

    @property
    def keys(self) -> Iterator[Any]:
        """What a later version has to have as well to replace it."""
        known = isinstance(self.path, str) and self.is_sure
        for method in self.route.methods or ("",):
            yield self.path if known else id(self.entry), method


def _version(interp: Runtime, given: Arguments) -> Any:
    """`version(1, 2)`: a decorator."""
    return Partial(External(_MARKING), (_numbers(given),), {})


def _versioned_route_class(interp: Runtime, given: Arguments) -> Any:
    """`versioned_api_route(1, 2)`: a class of routes that sets the version of their endpoints."""
    return Instance(External("fastapi_versioning.VersionedAPIRoute"), given.site, {_MARK: _numbers(given)})


def _mark(interp: Runtime, given: Arguments) -> Any:
    function = given.get(1, "func")
    if isinstance(function, FunctionValue):
        attributes_of(interp, function)[_MARK] = given.args[0]
    return function


def _numbers(given: Arguments) -> list[Any]:
    """The arguments `major` and `minor` of both functions that set a version."""
    major, minor = given.get(0, "major"), given.get(1, "minor")
    return [1 if major is None else major, 0 if minor is None else minor]


def _versioned(interp: Runtime, given: Arguments) -> Any:
    """`VersionedFastAPI(app)`: an application with one mounted for each version, and what else it is given."""
    outer = Router(True, interp.at_home(given.site), External("fastapi.FastAPI"), interp.region)
    interp.routers.append(outer)
    make_router(interp, outer, [], {name: one for name, one in given.keywords.items() if name not in _OWN})
    app = given.get(0, "app")
    if not isinstance(app, Router):
        interp.want(app, surely=True)
        reason = app.reason if isinstance(app, Unknown) else interp.absence(app)
        interp.cannot_place(given.site, "application", "which application is served in versions", reason)
        return outer
    if app.region == interp.region:
        app.is_replaced = True
    offered = _by_version(interp, app, given)
    current: dict[Any, Entry] = {}
    for number in sorted(one for one in offered if isinstance(one, tuple)):
        current.update(offered[number])
        prefix = _prefix(interp, number, given)
        _mount(interp, outer, app, prefix, current.values(), given)
        _document(interp, outer, prefix, given)
    for number in offered:
        if isinstance(number, Unknown):
            _mount(interp, outer, app, number, offered[number].values(), given)
            _document(interp, outer, number, given)
    enabled = _argument(given, "enable_latest", False)
    latest = truth(enabled)
    if latest is None:
        reason = enabled.reason if isinstance(enabled, Unknown) else "whether there is a latest version is not known"
        with interp.branch():
            interp.doubt(Condition(given.site, reason))
            _mount(interp, outer, app, "/latest", current.values(), given)
    elif latest:
        _mount(interp, outer, app, "/latest", current.values(), given)
    return outer


def _argument(given: Arguments, name: str, default: Any) -> Any:
    value = given.get(_OWN.index(name), name)
    return default if value is None else value


def _by_version(interp: Runtime, app: Router, given: Arguments) -> dict[_Version | Unknown, dict[Any, Entry]]:
    """The routes of ``app`` by the version that they are of, and by what replaces them."""
    found: defaultdict[_Version | Unknown, dict[Any, Entry]] = defaultdict(dict)
    usual = _argument(given, "default_version", [1, 0])
    if truth(attribute(interp, app, "openapi_url", given.site)) is not False:
        found[_known(usual, given.site)] = {}  # of its documentation
    bare = replace(app, is_app=False, middleware=[], handlers=[], answers=[], lifespans=[])
    for one in _registrations(IncludeEntry(bare, "", given.site, {}, tuple(app.entries))):
        own = attributes_of(interp, one.route.endpoint) if isinstance(one.route.endpoint, FunctionValue) else {}
        made = one.route_class.attributes if isinstance(one.route_class, Instance) else {}
        found[_known(made.get(_MARK, own.get(_MARK, usual)), one.route.site)].update(dict.fromkeys(one.keys, one.entry))
    return found


def _known(value: Any, site: Site) -> _Version | Unknown:
    if isinstance(value, Unknown):
        return value
    if is_list(value) and len(value) == 2:
        major, minor = value
        if isinstance(major, int) and isinstance(minor, int):
            return major, minor
        hidden = next((one for one in value if isinstance(one, Unknown)), None)
        if hidden is not None:
            return hidden
    return Unknown(site, "the version of the route is not known")


def _registrations(entry: Entry, route_class: Any = None) -> Iterator[_Registration]:
    """The routes of an entry, each with routers around it that hold nothing else.

    Mounts and websockets are left out: the library takes nothing that has no methods.
    """
    if isinstance(entry, RouteEntry) and not entry.websocket:
        cls = entry.keywords.get("route_class_override", route_class)
        yield _Registration(entry, entry, entry.path, cls, not entry.conditions)
    elif isinstance(entry, IncludeEntry) and isinstance(entry.child, Router):
        for one in entry.passed or ():  # as the including router has made them
            yield from _registrations(replace(one, conditions=(*entry.conditions, *one.conditions)), route_class)
        for one in entry.snapshot if entry.passed is None else ():
            for found in _registrations(one, entry.child.keywords.get("route_class")):
                alone = replace(entry.child, entries=[found.entry])
                yield found._replace(
                    entry=replace(entry, child=alone, snapshot=(found.entry,)),
                    path=concatenated(entry.prefix, found.path, entry.site),
                    is_sure=found.is_sure and not entry.conditions,
                )


def _prefix(interp: Runtime, number: _Version, given: Arguments) -> Any:
    """The path of a version, as `prefix_format` has it."""
    format_ = attribute(interp, _argument(given, "prefix_format", "/v{major}_{minor}"), "format", given.site)
    named = {"major": number[0], "minor": number[1]}
    return interp.call(format_, Arguments([], named, {}, given.site, given.scope))


def _mount(interp: Runtime, outer: Router, app: Router, path: Any, entries: Iterable[Entry], given: Arguments) -> None:
    """Mount an application with these routes of ``app``: its middleware stays behind, what overrides them does not."""
    inner = Router(True, outer.site, External("fastapi.FastAPI"), interp.region)
    inner.entries = list(dict.fromkeys(entries))  # one with several methods is there for each: the rest is not reached
    inner.attributes["dependency_overrides"] = attribute(interp, app, "dependency_overrides", app.site)
    ROUTER_METHODS["mount"](interp, outer, "mount", Arguments([path, inner], {}, {}, given.site, given.scope))


def _document(interp: Runtime, outer: Router, prefix: Any, given: Arguments) -> None:
    """The pages of a version that the library registers beside what it mounts."""
    for page in ("/docs", "/openapi.json"):
        path, scope = concatenated(prefix, page, given.site), given.scope.path
        add_endpoint(interp, outer, ("GET",), path, External(_PAGE), given.site, False, {}, {}, scope)


VERSIONING = {
    f"{package}.{name}": function
    for package in ("fastapi_versioning", "fastapi_versioning.versioning", "fastapi_versioning.routing")
    for name, function in (
        ("version", _version),
        ("versioned_api_route", _versioned_route_class),
        ("VersionedFastAPI", _versioned),
    )
} | {_MARKING: _mark}
"""By dotted name."""
