"""What a route tells beside its path: models, dependencies, protection, tests."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    External,
    FunctionValue,
    Partial,
    Site,
)
from fastapi_expert.codebase.link.components import Catalogue
from fastapi_expert.codebase.link.dependencies import Need
from fastapi_expert.codebase.link.routes import FlatRoute, route_name
from fastapi_expert.codebase.model import Route
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr


class Description:
    """Describes routes by the components of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.names = catalogue.names

    def of(self, route: FlatRoute, covering: Iterable[str]) -> Route:
        """The route without its method; ``covering`` are the ids of the tests that exercise it."""
        entry = route.entry
        endpoint = self.catalogue.id_of_value(entry.endpoint) or ""
        dependencies = self._dependencies(route)
        function = self._function(entry.endpoint)
        request_models: tuple[str, ...] = ()
        response = self._model(entry.scope_path, entry.raw.get("response_model"))
        if function is not None:
            path, facts = function
            request_models = self._request_models(path, facts)
            if response is None and "response_model" not in entry.keywords:
                response = self._model(path, _annotation(facts.returns, facts.returns_expr))
        status = entry.keywords.get("status_code")
        place = _own_place(entry.site, function)
        return Route(
            method="",
            path=route.path,
            name=route_name(route),
            endpoint=endpoint,
            path_file=place.path,
            line=place.line,
            dependencies=dependencies,
            request_models=request_models,
            response_model=response,
            status_code=status_code(status),
            tags=() if entry.websocket else route.tags,
            tests=tuple(sorted(set(covering))),
            websocket=entry.websocket,
            reach=route.reach,
            host=route.host,
            via=(entry.site.path, entry.site.line) if self.names.is_library(place.path) else None,
        )

    def _function(self, value: Any) -> tuple[str, FunctionFacts] | None:
        while isinstance(value, Partial):
            value = value.function
        if not isinstance(value, FunctionValue):
            return None
        facts = self.names.function(value.path, value.qualname)
        return (value.path, facts) if facts is not None else None

    def _dependencies(self, route: FlatRoute) -> tuple[str, ...]:
        """The ids along the chain, application first."""
        found: dict[str, None] = {}
        graph = self.catalogue.dependencies
        for one in route.dependencies:
            id_ = self.catalogue.id_of_value(one.call)
            if id_ is not None:
                found[id_] = None
        function = self._function(route.entry.endpoint)
        needs = list(graph.of_function(*function)) if function is not None else []
        if function is not None and function[1].owner:  # a class-based view: what its attributes and __init__ need
            needs.extend(self._class_needs(function[0], function[1].owner))
        for need in needs:
            symbol = graph.target(need)
            id_ = self.catalogue.id_of(symbol) if symbol is not None else None
            if id_ is not None:
                found[id_] = None
        return tuple(found)

    def _class_needs(self, path: str, owner: str) -> list[Need]:
        names, graph = self.names, self.catalogue.dependencies
        found: list[Need] = []
        places = [(path, owner), *[(one.path, one.name) for one in names.ancestors(path, owner) if one.kind == "class"]]
        for where, qualname in places:
            facts = names.class_(where, qualname)
            for field in facts.fields if facts is not None else ():
                in_default = list(graph.in_expr(where, field.default_expr)) if field.default else []
                annotation = field.annotation_expr if field.annotation_expr is not None else field.annotation or None
                found.extend(in_default or graph.in_expr(where, annotation))
            init = names.function(where, f"{qualname}.__init__")
            if init is not None:
                found.extend(graph.of_function(where, init))
        return found

    def _request_models(self, path: str, function: FunctionFacts) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for param in function.params:
            if "Depends" in param.default or "Depends(" in param.annotation or "Security(" in param.annotation:
                continue
            annotation = _annotation(param.annotation, param.annotation_expr)
            if annotation is not None and next(self.catalogue.dependencies.in_expr(path, annotation), None) is None:
                found.update(dict.fromkeys(self._models(path, annotation)))
        return tuple(found)

    def _model(self, path: str, annotation: Expr) -> str | None:
        """The id of the model in a response annotation, the outermost of this codebase."""
        return next(self._models(path, annotation), None)

    def _models(self, path: str, annotation: Expr, depth: int = 0) -> Iterator[str]:
        """The ids of the schemas and tables that an annotation names, outermost first, through aliases.

        `Items = Page[Item]`, `Thing = Cat | Dog` and `Body = Annotated[Item, Body()]` are what stands behind them.
        """
        for text in _texts(annotation) if depth < _MAX_ALIASES else ():
            for name in _NAME.findall(text):
                symbol = self.names.resolve(path, name)
                if symbol is not None and symbol.kind == "class":
                    id_ = self.catalogue.ids.get((symbol.path, symbol.name))
                    if id_ is not None and id_.startswith(("schema:", "table:")):
                        yield id_
                elif symbol is not None and symbol.kind == "value" and "." not in symbol.name:
                    yield from self._models(symbol.path, self.names.assigned(symbol), depth + 1)


_NAME = re.compile(r"[A-Za-z_][\w.]*")
_MAX_ALIASES = 6
"""How many aliases may stand one behind the other."""


def _texts(annotation: Expr) -> Iterator[str]:
    """The names in an annotation, outermost first; what is called in it (`Field(…)`) is no type."""
    text = annotation if isinstance(annotation, str) else ir.text_of(annotation)
    if text is not None:
        yield text
    elif (generic := ir.match(annotation, ir.Subscript)) is not None:
        yield from _texts(generic.value)
        yield from _texts(generic.index)
    elif (several := ir.match(annotation, ir.Display)) is not None:
        for one in several.items:
            yield from _texts(one)
    elif (union := ir.match(annotation, ir.Binary)) is not None:
        yield from _texts(union.left)
        yield from _texts(union.right)


def _annotation(text: str, expr: Expr) -> Expr:
    """An annotation as an expression: facts keep the text alone where that says as much."""
    return expr if expr is not None else text or None


def _own_place(site: Site, function: tuple[str, FunctionFacts] | None) -> Site:
    """Where an endpoint is written: the line that registers it, unless a helper somewhere else does."""
    if function is None:
        return site
    path, facts = function
    if site.path == path and facts.start_line <= site.line <= facts.end_line:
        return site
    return Site(path, facts.start_line)


_STATUS = re.compile(r"HTTP_(\d{3})_")


def status_code(value: Any) -> int | None:
    """`201`, `status.HTTP_201_CREATED` or `HTTPStatus.CREATED`."""
    if isinstance(value, int):
        return value
    if isinstance(value, External):
        found = _STATUS.search(value.name)
        if found is not None:
            return int(found[1])
        if ".HTTPStatus." in value.name or value.name.startswith("http.HTTPStatus"):
            from http import HTTPStatus

            return HTTPStatus.__members__.get(value.name.rpartition(".")[2], None)
    return None
