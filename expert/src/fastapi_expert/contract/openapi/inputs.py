"""What a route takes: parameters, the parts of its body and its security schemes, its dependencies' included."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from fastapi_expert.codebase.files.pins import Range
from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    Partial,
    Scope,
    Site,
    Uncalled,
    is_list,
)
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.request import Request
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import Param
from fastapi_expert.codebase.vocabulary import REQUESTS
from fastapi_expert.contract.openapi.formats import SCALARS, format_of, oauth2_form
from fastapi_expert.contract.openapi.models import ABSENT, ModelField, Models
from fastapi_expert.contract.openapi.security import scheme_of
from fastapi_expert.contract.openapi.types import Mark, NotKnown, Type, Types, in_function, plain

_SKIPPED = REQUESTS | {"Response", "BackgroundTasks", "SecurityScopes", "StreamingResponse"}
_IN = {"Query": "query", "Path": "path", "Header": "header", "Cookie": "cookie"}
_BODY = ("Body", "Form", "File")
_FORMS = ("OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict")
_PATH_NAME = re.compile(r"{([^}:]+)")
_DEPTH = 25


class Given(NamedTuple):
    """One value that a request brings; ``where`` is query, path, header, cookie, or the kind of body it is in."""

    where: str
    field: ModelField
    mark: Mark | None


@dataclass(slots=True)
class Inputs:
    """What a route takes, in the order in which FastAPI finds it."""

    parameters: list[Given] = field(default_factory=list[Given])
    body: list[Given] = field(default_factory=list[Given])
    schemes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Name to security scheme."""
    scopes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    unknown: list[str] = field(default_factory=list[str])


class Collector:
    """Collects the inputs of one route."""

    def __init__(self, types: Types, models: Models, request: Request, path: str, fastapi: Range) -> None:
        self._types = types
        self._models = models
        self._request = request
        self._forms_tell_passwords = fastapi.may_be_at_least((0, 116))
        self._only_one_is_spread = not fastapi.may_be_at_least((0, 159))
        self._in_path = set(_PATH_NAME.findall(path))
        self.found = Inputs()
        self._seen: set[int] = set()

    def of(self, route: FlatRoute) -> Inputs:
        """Everything that ``route`` takes."""
        for one in route.dependencies:
            self._depend(one, None, _NOWHERE, (), 0)
        endpoint = route.entry.endpoint
        bound: set[str] = set()
        while isinstance(endpoint, Partial):
            bound.update(endpoint.keywords)
            endpoint = endpoint.function
        if isinstance(endpoint, FunctionValue):
            self._class_of_view(endpoint)
            self._function(endpoint, (), 0, but=bound)
        else:
            self.found.unknown.append("its endpoint")
        for where in ("query", "header", "cookie"):
            self._spread(where)
        return self.found

    def _spread(self, where: str) -> None:
        """A model of parameters stands for its fields; before FastAPI 0.159 where it is the only one of its kind."""
        several = [one for one in self.found.parameters if one.where == where]
        models = [one for one in several if one.mark is not None and self._is_model(one.field.type)]
        if not models or (self._only_one_is_spread and len(several) > 1):
            return
        self.found.parameters = [one for one in self.found.parameters if one.where != where]
        for one in several:
            if one not in models:
                self._add(self.found.parameters, one)
                continue
            for inner in self._models.of(one.field.type).fields.values():
                if not inner.is_computed:
                    is_plain = where == "header" and inner.alias == inner.name
                    alias = inner.alias.replace("_", "-") if is_plain else inner.alias
                    self._add(self.found.parameters, Given(where, replace(inner, alias=alias), None))

    def _is_model(self, type_: Type) -> bool:
        return type_.kind == "class" and self._models.of(type_).kind == "model"

    def _class_of_view(self, endpoint: FunctionValue) -> None:
        """What the attributes of a class-based view depend on."""
        facts = self._request.names.function(endpoint.path, endpoint.qualname)
        if facts is None or not facts.owner:
            return
        places = [(endpoint.path, facts.owner)]
        places += [(one.path, one.name) for one in self._request.names.ancestors(*places[0]) if one.kind == "class"]
        for path, qualname in places:
            own = self._request.names.class_(path, qualname)
            scope = self._request.interp.run_module(path)
            for one in own.fields if own is not None else ():
                type_ = self._types.of(one.annotation, one.annotation_expr, scope)
                mark = self._types.mark(one.default_expr, scope) if one.default_expr is not None else None
                dependency = mark or next((m for m in reversed(type_.marks) if isinstance(m, Dependency)), None)
                if isinstance(dependency, Dependency):
                    self._depend(dependency, type_, scope, (), 1)

    # -- functions --------------------------------------------------------------------------------------------------

    def _function(
        self, function: FunctionValue, scopes: Sequence[str], depth: int, *, but: set[str] | None = None
    ) -> None:
        facts = self._request.names.function(function.path, function.qualname)
        wrapped = self._request.wrapped(function, facts)
        if wrapped is not None and depth < _DEPTH:
            self._function(wrapped, scopes, depth + 1, but=but)
            return
        params = facts.params if facts is not None else ()
        if facts is not None and facts.owner and params and not _is_static(facts.decorators):
            params = params[1:]
        for param in params:
            if param.kind not in ("*", "**") and param.name not in (but or ()):
                self._parameter(function.scope, param, scopes, depth)

    def _parameter(self, scope: Scope, param: Param, scopes: Sequence[str], depth: int) -> None:
        type_ = self._types.of(param.annotation, param.annotation_expr, scope)
        default: Any = ABSENT
        marks = [one for one in type_.marks if isinstance(one, Mark)]
        dependency = next((one for one in reversed(type_.marks) if isinstance(one, Dependency)), None)
        if param.default:
            expr = param.default_expr if param.default_expr is not None else param.default
            said = self._types.mark(expr, scope) if ir.tag(expr) == ir.Call.TAG or isinstance(expr, str) else None
            if isinstance(said, Dependency):
                dependency = said
            elif isinstance(said, Mark):
                marks.append(said)
            else:
                default = self._types.value(expr, scope)
                if isinstance(default, NotKnown) and isinstance(expr, str) and in_function(expr, scope) is not None:
                    self.found.unknown.append(f"{param.name}, which is {expr} or what that depends on")
                    return
        if dependency is not None:
            self._depend(dependency, type_, scope, scopes, depth + 1)
            return
        if self._is_skipped(type_):
            return
        self._take(param.name, type_, marks, default)

    def _is_skipped(self, type_: Type) -> bool:
        if type_.kind == "union":
            inner = [one for one in type_.args if one.kind != "none"]
            type_ = inner[0] if len(inner) == 1 else type_
        return type_.kind == "name" and type_.name.rpartition(".")[2] in _SKIPPED

    # -- values -----------------------------------------------------------------------------------------------------

    def _take(self, name: str, type_: Type, marks: list[Mark], default: Any) -> None:
        mark = next((one for one in reversed(marks) if one.name in _IN or one.name in _BODY), None)
        if mark is None and name not in self._in_path and (reason := self._is_no_value(type_)):
            self.found.unknown.append(f"{name}, {reason}")
            return
        where = self._where(name, type_, mark)
        one = _field(name, type_, marks, default, mark, where)
        if where in _IN.values():
            self._add(self.found.parameters, Given(where, one, mark))
        else:
            self._add(self.found.body, Given(where, one, mark))

    def _is_no_value(self, type_: Type) -> str:
        """Why a parameter is not taken for one that a request brings: something else hands it in."""
        for one in type_.args if type_.kind == "union" else (type_,):
            if one.kind == "unknown":
                return one.name
            if one.kind == "name" and one.name not in SCALARS and format_of(one.name) is None and not _is_upload(one):
                return f"{one.name} is of a library"
            if one.kind == "class" and not self._models.of(one).kind:
                return f"{one.name} is no model"
        return ""

    def _add(self, several: list[Given], one: Given) -> None:
        """The same value asked for twice is one."""
        if not any((other.where, other.field.alias) == (one.where, one.field.alias) for other in several):
            several.append(one)

    def _where(self, name: str, type_: Type, mark: Mark | None) -> str:
        if mark is not None and mark.name in _IN:
            return _IN[mark.name]
        if mark is not None:
            return mark.name
        if name in self._in_path:
            return "path"
        if _is_upload(type_):
            return "File"
        return "query" if self._is_scalar(type_) else "Body"

    def _is_scalar(self, type_: Type) -> bool:
        if type_.kind == "union":
            return all(self._is_scalar(one) for one in type_.args)
        if type_.kind == "class":
            return self._models.of(type_).kind in ("enum", "")
        return type_.kind in ("name", "any", "none", "literal", "unknown", "subclass")

    # -- dependencies -----------------------------------------------------------------------------------------------

    def _depend(
        self, dependency: Dependency, type_: Type | None, scope: Scope, scopes: Sequence[str], depth: int
    ) -> None:
        if depth > _DEPTH:
            return
        asked = plain(dependency.scopes)
        if is_list(asked):
            scopes = [*scopes, *[one for one in asked if isinstance(one, str)]]
        call = dependency.call
        if isinstance(call, Uncalled):
            call = self._request.uncalled(call)
        if call is None and type_ is not None:
            call = self._class_value(type_)
        while isinstance(call, Partial):
            call = call.function
        site = dependency.site
        if isinstance(call, Instance):
            self._instance(call, scopes, site, depth)
        elif isinstance(call, FunctionValue):
            self._function(call, scopes, depth)
        elif isinstance(call, ClassValue):
            self._class(call, scopes, site, depth)
        elif isinstance(call, External):
            self._outside(call)
        elif call is not None:
            self.found.unknown.append(f"what a dependency takes ({site.path}:{site.line})")

    def _class_value(self, type_: Type) -> Any:
        if type_.kind == "class":
            value = self._request.interp.evaluate(type_.place[1], self._request.interp.run_module(type_.place[0]))
            return value if isinstance(value, ClassValue) else None
        return External(type_.name) if type_.kind == "name" else None

    def _instance(self, call: Instance, scopes: Sequence[str], site: Site, depth: int) -> None:
        scheme = scheme_of(self._request, call)
        if scheme is not None:
            name, document = scheme
            self.found.schemes[name] = document
            known = self.found.scopes.setdefault(name, [])
            known += [one for one in scopes if one not in known]
        if (isinstance(call.cls, ClassValue) and scheme is None) or isinstance(call.cls, ClassValue):
            method = self._request.class_attribute(call.cls, "__call__", call, site, State({}))
            if isinstance(method, FunctionValue):
                self._function(method, scopes, depth)
            elif scheme is None:
                self.found.unknown.append(f"what {call.cls.qualname} takes")
        elif scheme is None:
            self.found.unknown.append(f"what {getattr(call.cls, 'name', 'a dependency')} takes")

    def _class(self, call: ClassValue, scopes: Sequence[str], site: Site, depth: int) -> None:
        init = self._request.class_attribute(call, "__init__", Instance(call, site), site, State({}))
        if isinstance(init, FunctionValue):
            self._function(init, scopes, depth)
            return
        facts = self._request.names.class_(call.path, call.qualname)
        model = self._models.of(Type("class", call.qualname, (call.path, call.qualname)))
        scope = self._request.interp.run_module(call.path)
        for one in facts.fields if facts is not None and model.kind in ("", "dataclass") else ():
            if one.annotation and not one.name.startswith("_"):
                param = Param(one.name, "", one.annotation, one.default, one.annotation_expr, one.default_expr)
                self._parameter(scope, param, scopes, depth)
        for field_ in model.fields.values() if model.kind == "model" else ():
            self._take(field_.alias, field_.type, list(field_.marks), field_.default)

    def _outside(self, call: External) -> None:
        last = call.name.rpartition(".")[2]
        if last in _FORMS:
            for name, (required, schema) in oauth2_form(tells_passwords=self._forms_tell_passwords).items():
                strict = last.endswith("Strict") and name == "grant_type"
                mark = Mark("WithJsonSchema", (dict(schema),), {})
                one = ModelField(name, name, Type("name", "str"), (mark,), ABSENT, required or strict)
                self._add(self.found.body, Given("Form", one, None))
        elif last not in _SKIPPED:
            self.found.unknown.append(f"what {call.name} takes")


def _field(name: str, type_: Type, marks: list[Mark], default: Any, mark: Mark | None, where: str) -> ModelField:
    alias = name.replace("_", "-") if where == "header" and _is_converted(mark) else name
    required = default is ABSENT
    for one in marks:
        given = one.get("alias") if isinstance(one.get("alias"), str) else one.get("validation_alias")
        alias = given if isinstance(given, str) else alias
        if one.name in _IN or one.name in _BODY or one.name == "Field":
            if one.has("default_factory"):
                required, default = False, NotKnown("made anew each time")
            elif one.has("default", 0) and default is ABSENT:
                value = one.get("default", 0)
                required, default = (True, ABSENT) if value is ... else (False, value)
    if default is ...:
        required, default = True, ABSENT
    if where == "path":
        required, default = True, ABSENT
    return ModelField(name, alias, type_, tuple(marks), default, required)


def _is_converted(mark: Mark | None) -> bool:
    return mark is None or mark.get("convert_underscores", default=True) is not False


def _is_upload(type_: Type) -> bool:
    if type_.kind == "union":
        return any(_is_upload(one) for one in type_.args)
    if type_.kind in ("list", "set", "tuple"):
        return any(_is_upload(one) for one in type_.args)
    return type_.kind == "name" and type_.name.rpartition(".")[2] == "UploadFile"


def _is_static(decorators: Sequence[Any]) -> bool:
    return any(isinstance(one, str) and one.rpartition(".")[2] == "staticmethod" for one in decorators)


_NOWHERE = Scope("", {})
