"""One operation of the document: what a route takes and what it answers, as FastAPI writes it."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi_expert.codebase.files.pins import Range
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    External,
    FunctionValue,
    IncludeEntry,
    Instance,
    Partial,
    Router,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.description import status_code
from fastapi_expert.codebase.link.protection.request import Request, Shared
from fastapi_expert.codebase.link.routes import FlatRoute, route_name
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.contract.openapi.inputs import Collector, Given, Inputs
from fastapi_expert.contract.openapi.models import Models, spoken
from fastapi_expert.contract.openapi.schemas import Schema, Schemas, described
from fastapi_expert.contract.openapi.types import Type, Types, class_type, is_known, plain

JSON = "application/json"
_MEDIA = {
    "JSONResponse": JSON,
    "ORJSONResponse": JSON,
    "UJSONResponse": JSON,
    "HTMLResponse": "text/html",
    "PlainTextResponse": "text/plain",
    "EventSourceResponse": "text/event-stream",
}
_NO_BODY = frozenset({100, 101, 102, 103, 204, 205, 304})
_ORDER = {"path": 0, "query": 1, "header": 2, "cookie": 3}
_NOT_WORD = re.compile(r"\W")
_PARAMETER = re.compile(r"{([^}:]+):[^}]*}")
_ABSENT = object()


def template(path: str) -> str:
    """A path as the document has it: `{name:path}` is `{name}`."""
    return _PARAMETER.sub(r"{\1}", path)


class Operations:
    """Writes the operations of one application."""

    def __init__(
        self, shared: Shared, types: Types, models: Models, schemas: Schemas, fastapi: Range, unknown: list[str]
    ) -> None:
        self._shared = shared
        self._fastapi = fastapi
        self._types = types
        self._models = models
        self._schemas = schemas
        self._unknown = unknown
        self.schemes: dict[str, Schema] = {}

    def of(self, route: FlatRoute, method: str, path: str) -> Schema | None:
        """The operation of one method of a route at ``path``; None where the route keeps out of the document."""
        if self._inherited(route, "include_in_schema") is False:
            return None
        facts = self._facts(route)
        unique = self._unique_id(route, path)
        request = Request(self._shared, route, method)
        inputs = Collector(self._types, self._models, request, path, self._fastapi).of(route)
        for one in inputs.unknown:
            self._unknown.append(one)
        self.schemes.update(inputs.schemes)
        operation: Schema = {**self._about(route, facts), "operationId": unique}
        parameters = [self._parameter(one) for one in sorted(inputs.parameters, key=lambda one: _ORDER[one.where])]
        if parameters:
            operation["parameters"] = parameters
        body = self._body(inputs, unique)
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self._responses(route, facts, inputs, unique)
        if inputs.scopes:
            operation["security"] = [{name: scopes} for name, scopes in inputs.scopes.items()]
        extra = plain(route.entry.keywords.get("openapi_extra")) if "openapi_extra" in route.entry.keywords else None
        if is_dict(extra) and is_known(extra):
            _merge(operation, extra)
        elif extra is not None:
            self._unknown.append("openapi_extra")
        return operation

    # -- about ------------------------------------------------------------------------------------------------------

    def _facts(self, route: FlatRoute) -> FunctionFacts | None:
        endpoint = _unbound(route.entry.endpoint)
        if not isinstance(endpoint, FunctionValue):
            return None
        return self._types.names.function(endpoint.path, endpoint.qualname)

    def _about(self, route: FlatRoute, facts: FunctionFacts | None) -> Schema:
        given = route.entry.keywords
        about: Schema = {}
        if route.tags:
            about["tags"] = list(route.tags)
        summary = plain(given.get("summary"))
        about["summary"] = summary if isinstance(summary, str) else route_name(route).replace("_", " ").title()
        description = plain(given.get("description"))
        text = description if isinstance(description, str) else facts.docstring if facts is not None else ""
        if text:
            about["description"] = spoken(text)
        if self._inherited(route, "deprecated") is True:
            about["deprecated"] = True
        return about

    def _keywords(self, route: FlatRoute) -> Iterator[Mapping[str, Any]]:
        """What routers, includes and the route were given, from the application inwards."""
        own = [one for one in range(len(route.chain)) if route.chain[one].is_app][-1:] or [0]
        chain = route.chain[own[0] :]
        for position, router in enumerate(chain):
            yield router.keywords
            if position + 1 < len(chain):
                yield _include(router, chain[position + 1])
        yield route.entry.keywords

    def _inherited(self, route: FlatRoute, name: str) -> Any:
        """The innermost value of a keyword; `deprecated` and `include_in_schema` are said once for all below."""
        values = [one[name] for one in self._keywords(route) if name in one and one[name] is not None]
        if name == "include_in_schema":
            return not any(value is False for value in values)
        if name == "deprecated":
            return any(value is True for value in values)
        return values[-1] if values else None

    def _unique_id(self, route: FlatRoute, path: str) -> str:
        own = plain(route.entry.keywords.get("operation_id"))
        if isinstance(own, str):
            return own
        generate = self._inherited(route, "generate_unique_id_function")
        methods = sorted(route.entry.methods)
        if generate is None:
            said = _NOT_WORD.sub("_", f"{route_name(route)}{template(path)}")
            return f"{said}_{methods[0].lower() if methods else ''}"
        return self._generated_id(route, path, generate)

    def _generated_id(self, route: FlatRoute, path: str, generate: Any) -> str:
        site = route.entry.site
        attributes = {
            "name": route_name(route),
            "path": path,
            "path_format": template(path),
            "tags": list(route.tags),
            "methods": sorted(route.entry.methods),
        }
        instance = Instance(External("fastapi.routing.APIRoute"), site, attributes)
        value = self._types.interp.call(
            generate, Arguments([instance], {}, {}, site, self._types.interp.run_module(site.path))
        )
        if isinstance(value, str):
            return value
        self._unknown.append("operation ids, which a function of the project makes")
        return ""

    # -- requests ---------------------------------------------------------------------------------------------------

    def _parameter(self, one: Given) -> Schema:
        schema = self._schemas.field(one.field, "input")
        if "$ref" not in schema:
            titles = [mark.get("title") for mark in one.field.marks if isinstance(mark.get("title"), str)]
            schema["title"] = titles[-1] if titles else one.field.alias.title().replace("_", " ")
        parameter: Schema = {"name": one.field.alias, "in": one.where, "required": one.field.required, "schema": schema}
        for mark in one.field.marks:
            said = described(mark)
            parameter.update({name: said[name] for name in ("description", "deprecated") if name in said})
        return parameter

    def _body(self, inputs: Inputs, unique: str) -> Schema | None:
        parts = inputs.body
        if not parts:
            return None
        kinds = {one.where for one in parts}
        media = "multipart/form-data" if "File" in kinds else "application/x-www-form-urlencoded"
        if not kinds & {"File", "Form"}:
            types = [one.mark.get("media_type") for one in parts if one.mark is not None]
            media = next((one for one in types if isinstance(one, str)), JSON)
        if self._is_embedded(parts):
            name = f"Body_{unique}"
            properties = {one.field.alias: self._titled(one) for one in parts}
            required = [one.field.alias for one in parts if one.field.required]
            schema: Schema = {"properties": properties, "type": "object"}
            if required:
                schema["required"] = required
            schema["title"] = name
            reference = self._schemas.add(name, schema)
            document: Schema = {"content": {media: {"schema": reference}}}
            return {"required": True, **document} if required else document
        only = parts[0]
        document = {"content": {media: {"schema": self._titled(only)}}}
        return {"required": True, **document} if only.field.required else document

    def _is_embedded(self, parts: list[Given]) -> bool:
        only = parts[0]
        if len(parts) > 1 or (only.mark is not None and only.mark.get("embed") is True):
            return True
        is_model = only.field.type.kind == "class" and self._models.of(only.field.type).kind == "model"
        return only.where in ("Form", "File") and not is_model

    def _titled(self, one: Given) -> Schema:
        schema = self._schemas.field(one.field, "input")
        if one.where == "File":
            schema = self._schemas.as_file(schema)
        if "$ref" not in schema and "title" not in schema:
            schema["title"] = one.field.alias.title().replace("_", " ")
        return schema

    # -- answers ----------------------------------------------------------------------------------------------------

    def _responses(self, route: FlatRoute, facts: FunctionFacts | None, inputs: Inputs, unique: str) -> Schema:
        class_ = self._inherited(route, "response_class") or self._inherited(route, "default_response_class")
        media, is_json, default = self._media(class_)
        given = route.entry.keywords.get("status_code")
        status = status_code(given) or default
        if given is not None and status_code(given) is None:
            self._unknown.append("the status of an answer")
        answer: Schema = {"description": self._described_as(route)}
        if media and status not in _NO_BODY:
            schema = self._answer(route, facts, unique) if is_json else {"type": "string"}
            answer["content"] = {media: {"schema": schema}}
        responses: Schema = {str(status): answer}
        for code, more in self._declared(route):
            self._declare(responses, str(code), more, media or JSON, unique)
        if (inputs.parameters or inputs.body) and not {"422", "4XX", "default"} & responses.keys():
            error = {"$ref": "#/components/schemas/HTTPValidationError"}
            responses["422"] = {"description": "Validation Error", "content": {JSON: {"schema": error}}}
        return responses

    def _described_as(self, route: FlatRoute) -> str:
        text = plain(route.entry.keywords.get("response_description"))
        return text if isinstance(text, str) else "Successful Response"

    def _media(self, class_: Any) -> tuple[str | None, bool, int]:
        """The media type of a class of answers, whether it is JSON, and the status it has by default."""
        if class_ is None:
            return JSON, True, 200
        names = [class_.name] if isinstance(class_, External) else []
        if isinstance(class_, ClassValue):
            facts = self._types.names.class_(class_.path, class_.qualname)
            for one in facts.fields if facts is not None else ():
                if one.name == "media_type":
                    value = self._types.value(one.default_expr, self._types.interp.run_module(class_.path))
                    names += [one.name for one in self._types.names.ancestors(class_.path, class_.qualname)]
                    is_json = any(name.endswith("JSONResponse") for name in names)
                    return (value, is_json, 200) if isinstance(value, str) else (None, is_json, 200)
            names = [one.name for one in self._types.names.ancestors(class_.path, class_.qualname)]
        for name in (one.rpartition(".")[2] for one in names):
            if name in _MEDIA:
                return _MEDIA[name], _MEDIA[name] == JSON, 200
            if name in ("Response", "StreamingResponse", "FileResponse"):
                return None, False, 200
            if name == "RedirectResponse":
                return None, False, 307
        self._unknown.append("the media type of an answer")
        return None, False, 200

    def _answer(self, route: FlatRoute, facts: FunctionFacts | None, unique: str) -> Schema:
        type_ = self._response_type(route, facts)
        if type_ is None or type_.kind == "any":
            return {}
        schema = self._schemas.of(type_, "output")
        if schema and "$ref" not in schema:
            schema["title"] = f"Response_{unique}".title().replace("_", " ")
        return schema

    def _response_type(self, route: FlatRoute, facts: FunctionFacts | None) -> Type | None:
        """The type of an answer: what is declared, else what the endpoint is annotated with, when it is no Response."""
        entry, endpoint = route.entry, _unbound(route.entry.endpoint)
        if "response_model" in entry.keywords or "response_model" in entry.raw:
            if entry.keywords.get("response_model", _ABSENT) is None:
                return None
            raw = entry.raw.get("response_model")
            if raw is None:
                return self._type_of_value(entry.keywords.get("response_model"))
            path = entry.scope_path or entry.site.path
            is_beside = isinstance(endpoint, FunctionValue) and endpoint.path == path
            return self._types.of("", raw, endpoint.scope if is_beside else self._types.interp.run_module(path))
        if facts is None or not facts.returns or not isinstance(endpoint, FunctionValue):
            return None
        type_ = self._types.of(facts.returns, facts.returns_expr, endpoint.scope)
        return None if type_.kind == "none" or self._is_response(type_) else type_

    def _is_response(self, type_: Type) -> bool:
        if type_.kind == "union":
            return any(self._is_response(one) for one in type_.args)
        if type_.kind == "name":
            return type_.name.endswith("Response") or type_.name.startswith(("collections.abc.", "typing."))
        if type_.kind == "class":
            above = self._types.names.ancestors(*type_.place)
            return any(one.kind == "external" and one.name.endswith("Response") for one in above)
        return False

    def _type_of_value(self, value: Any) -> Type | None:
        found = class_type(value)
        if found is None:
            self._unknown.append("a model of an answer")
        return found

    def _declared(self, route: FlatRoute) -> Iterator[tuple[Any, Any]]:
        """`responses={404: {…}}` of the application, its routers and the route, the innermost last."""
        found: dict[str, Any] = {}
        for given in self._keywords(route):
            several = given.get("responses")
            if is_dict(several):
                found.update({str(status_code(code) or plain(code)): more for code, more in several.items()})
            elif several is not None:
                self._unknown.append("answers that are declared")
        yield from found.items()

    def _declare(self, responses: Schema, code: str, more: Any, media: str, unique: str) -> None:
        if not is_dict(more):
            self._unknown.append("an answer that is declared")
            return
        known = responses.setdefault(code, {})
        model = more.get("model")
        rest = plain({key: one for key, one in more.items() if key != "model"})
        if is_known(rest):
            _merge(known, dict(rest.items()))
        else:
            self._unknown.append("an answer that is declared")
        type_ = self._type_of_value(model) if model is not None else None
        if type_ is not None:
            schema = self._schemas.of(type_, "output")
            if schema and "$ref" not in schema:
                schema["title"] = f"Response_{code}_{unique}".title().replace("_", " ")
            known.setdefault("content", {}).setdefault(media, {})["schema"] = schema
        if "description" not in known or (known["description"] == "Successful Response" and "description" in rest):
            known["description"] = (
                rest.get("description") if isinstance(rest.get("description"), str) else _phrase(code)
            )


def _unbound(endpoint: Any) -> Any:
    """The function that a `partial` is of."""
    while isinstance(endpoint, Partial):
        endpoint = endpoint.function
    return endpoint


def _include(router: Router, child: Router) -> Mapping[str, Any]:
    """What `include_router` was given for ``child``."""
    for entry in router.entries:
        if isinstance(entry, IncludeEntry) and entry.child is child:
            return entry.keywords
    return {}


def _phrase(code: str) -> str:
    try:
        return HTTPStatus(int(code)).phrase
    except ValueError:
        ranges = {"1XX": "Information", "2XX": "Success", "3XX": "Redirection", "4XX": "Client Error"}
        return {**ranges, "5XX": "Server Error", "DEFAULT": "Default Response"}.get(code.upper(), "Additional Response")


def _merge(into: Schema, more: Mapping[str, Any]) -> None:
    """Deeply, lists one after the other, as FastAPI does."""
    for key, value in more.items():
        if is_dict(value) and is_dict(into.get(key)):
            _merge(into[key], value)
        elif is_list(value) and is_list(into.get(key)):
            into[key] = [*into[key], *value]
        else:
            into[key] = value
