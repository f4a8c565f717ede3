"""What endpoints take here: the parameters that many share, who lets them in, and how a list is cut into pages."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.codebase.syntax.facts import FunctionFacts, Param
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.conventions.model import Idiom, Place

_PLACES = 3
_MOST = 8
_PAGE = re.compile(
    r"^(?:skip|offset|limit|page|size|page_size|per_page|page_num|page_number|cursor|after|before|count)$"
)
_PAGE_TYPE = re.compile(r"Pag(?:e|ination|inat)|Cursor|LimitOffset")


def parameters(codebase: Codebase) -> tuple[Idiom, ...]:
    """Parameters that two endpoints or more write alike, dependencies and their aliases first."""
    found: dict[str, list[Place]] = defaultdict(list)
    for route, function in _endpoints(codebase):
        for param in function.params:
            if param.annotation or "Depends" in param.default:
                found[_written(param)].append(Place(route.path_file, function.line))
    shared = [Idiom(what, len(places), tuple(places[:_PLACES])) for what, places in found.items() if len(places) > 1]
    return tuple(sorted(shared, key=lambda idiom: (-idiom.count, idiom.what))[:_MOST])


def permissions(codebase: Codebase) -> tuple[Idiom, ...]:
    """What stands before endpoints that refuse strangers: each dependency, and the alias that signatures name it by."""
    users: dict[str, list[Route]] = defaultdict(list)
    for route in codebase.inventory.routes:
        if route.protection == "required" and not is_test_path(route.path_file):
            for dependency in dict.fromkeys(route.dependencies):
                users[dependency].append(route)
    open_to_all = {
        dependency
        for route in codebase.inventory.routes
        if route.protection == "none"
        for dependency in route.dependencies
    }
    found: list[Idiom] = []
    for dependency, routes in users.items():
        component = codebase.component(dependency)
        if component is None or dependency in open_to_all:
            continue
        aliases = list(_aliases(codebase, component))
        shown = f"{component.name}" + "".join(f", as {alias.name} ({alias.path}:{alias.line})" for alias in aliases)
        places = (Place(component.path, component.line), *(Place(r.path_file, r.line) for r in routes[: _PLACES - 1]))
        found.append(Idiom(shown, len(routes), places))
    return tuple(sorted(found, key=lambda idiom: (-idiom.count, idiom.what))[:_MOST])


def pages(codebase: Codebase) -> tuple[Idiom, ...]:
    """How lists are asked for by the page and what they are answered in."""
    found: dict[str, list[Place]] = defaultdict(list)
    for route, function in _endpoints(codebase):
        asked = [_written(one) for one in function.params if _is_of_pages(one)]
        if route.method == "GET" and asked:
            model = codebase.component(route.response_model) if route.response_model else None
            answer = f" -> {model.name}" if model is not None and _is_envelope(model) else ""
            found[", ".join(asked)].append(Place(route.path_file, function.line))
            if answer:
                found[f"answered in{answer.removeprefix(' ->')}{_fields(model)}"].append(
                    Place(route.path_file, function.line)
                )
    idioms = [Idiom(what, len(places), tuple(places[:_PLACES])) for what, places in found.items()]
    return tuple(sorted(idioms, key=lambda idiom: (-idiom.count, idiom.what))[:_MOST])


def _endpoints(codebase: Codebase) -> Iterator[tuple[Route, FunctionFacts]]:
    """Every endpoint once, with its first route."""
    seen: set[str] = set()
    for route in codebase.inventory.routes:
        function = codebase.function(route.endpoint) if route.endpoint not in seen else None
        seen.add(route.endpoint)
        if function is not None and route.via is None and not is_test_path(route.path_file):
            yield route, function


def _written(param: Param) -> str:
    annotation = f": {param.annotation}" if param.annotation else ""
    default = f" = {param.default}" if param.default else ""
    return " ".join(f"{param.name}{annotation}{default}".split())


def _is_of_pages(param: Param) -> bool:
    return _PAGE.match(param.name) is not None or _PAGE_TYPE.search(param.annotation) is not None


def _is_envelope(model: Component) -> bool:
    return any(re.match(r"(?:list|List|Sequence)\[", field.type) for field in model.fields or ())


def _fields(model: Component | None) -> str:
    names = [field.name for field in (model.fields if model is not None else None) or ()]
    return f" {{{', '.join(names)}}}" if names else ""


def _aliases(codebase: Codebase, dependency: Component) -> Iterable[Component]:
    """`CurrentUser = Annotated[User, Depends(get_current_user)]`."""
    return (
        one
        for one in codebase.inventory.components
        if one.kind == "dependency" and one.summary.startswith("Annotated[") and dependency.id in one.uses
    )
