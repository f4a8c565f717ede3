"""A linked codebase to :class:`~.records.Records`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi_expert.codebase.facts import ClassFacts, Expr, FileFacts, FunctionFacts, Stmt
from fastapi_expert.codebase.model import Component
from fastapi_expert.duplicates.records import (
    FunctionRecord,
    ModelRecord,
    Records,
    RouteRecord,
)
from fastapi_expert.duplicates.variables import variables_of

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

MODELS = ("schema", "table", "settings")
_TEST_PATH = re.compile(r"(?:^|/)(?:tests?|testing|testsuite)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.pyi?$")
_NOT_OURS = re.compile(r"(?:^|/)(?:alembic|migrations?)/(?:versions/|.*\d)|(?:^|/)migrations?/|_pb2(?:_grpc)?\.pyi?$")
_SILENT_DECORATORS = {"overload", "abstractmethod", "abstractproperty", "setter", "deleter", "register"}
_VALIDATORS = {"field_validator", "model_validator", "validator", "root_validator", "validates"}
_PROTOCOLS = {"Protocol", "ABC"}


def records_of(codebase: "Codebase") -> Records:
    """The records of ``codebase``; links it when that has not been done."""
    components = {(one.path, one.qualname): one for one in reversed(codebase.components)}
    mentions = _mentions(codebase.files.values())
    functions: list[FunctionRecord] = []
    for path, facts in codebase.files.items():
        functions += function_records(facts, path, components=components, mentions=mentions, lineage=_Lineage(codebase))
    models = [_model(codebase, one) for one in codebase.components if one.kind in MODELS and one.fields is not None]
    return Records(
        tuple(functions),
        tuple(models),
        tuple(_routes(codebase)),
        tuple(variables_of(codebase)),
        tuple([(path, codebase.names.modules.name(path)) for path in codebase.files]),
    )


def is_test_path(path: str) -> bool:
    """Whether tests live at ``path``."""
    return _TEST_PATH.search(path) is not None


def is_foreign(facts: FileFacts) -> bool:
    """Generated code and migrations: nobody edits those to remove a duplicate."""
    return facts.generated or _NOT_OURS.search(facts.path) is not None or any(map(_names_a_revision, facts.body))


def _names_a_revision(statement: Stmt) -> bool:
    return statement[0] == "=" and statement[2] == "down_revision"


def decorator_name(decorator: Expr) -> str:
    """The dotted name of a decorator in the form of `codebase.facts`: of `@a.b(c)` `a.b`."""
    if isinstance(decorator, str):
        return decorator
    kind, *rest = decorator or ("",)
    if kind == "c":
        return decorator_name(rest[0])
    return f"{decorator_name(rest[0])}.{rest[1]}" if kind == "a" else ""


class _Lineage:
    """Which classes up the hierarchy define a method."""

    def __init__(self, codebase: "Codebase") -> None:
        self._names = codebase.names
        self._known: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def defining(self, path: str, owner: str, method: str) -> tuple[str, ...]:
        key = (path, owner)
        if key not in self._known:
            ancestors = self._names.ancestors(path, owner)
            self._known[key] = [(one.path, one.name) for one in ancestors if one.kind == "class"]
        found = [f"{path}::{owner}"]
        for where, name in self._known[key]:
            if self._names.function(where, f"{name}.{method}") is not None:
                found.append(f"{where}::{name}")
        return tuple(found)


def function_records(
    facts: FileFacts,
    path: str,
    *,
    components: Mapping[tuple[str, str], Component],
    mentions: Mapping[str, int],
    lineage: _Lineage | None,
) -> Iterator[FunctionRecord]:
    """A record for every function of one file, in order; ``lineage`` None knows no hierarchy (a draft)."""
    silent_file = is_foreign(facts)
    is_test = is_test_path(path)
    classes = {one.qualname: one for one in facts.classes}
    inside = {one.qualname for one in facts.functions}
    for function in facts.functions:
        component = components.get((path, function.qualname)) or components.get((path, function.owner))
        kind = _kind(function, component)
        names = {decorator_name(decorator).rpartition(".")[2] for decorator in function.decorators}
        silent = (
            silent_file
            or _is_nested(function, inside)
            or bool(names & _SILENT_DECORATORS)
            or _is_protocol(classes.get(function.owner))
        )
        overrides = _overridden(function, path, classes, lineage) if function.owner else ()
        shape = function.shape
        yield FunctionRecord(
            component.id
            if component and component.qualname == function.qualname
            else f"function:{path}::{function.qualname}",
            "validator" if names & _VALIDATORS else kind,
            path,
            function.line,
            function.end_line,
            function.name,
            function.qualname,
            function.is_async,
            is_test,
            silent,
            mentions.get(function.name, 0),
            overrides,
            tuple([parameter.name for parameter in function.params]),
            *shape,
        )


def _overridden(
    function: FunctionFacts, path: str, classes: Mapping[str, ClassFacts], lineage: _Lineage | None
) -> tuple[str, ...]:
    """Where the hierarchy defines the method; of a draft, whose bases are not resolved, the names of its bases."""
    if lineage is not None:
        return lineage.defining(path, function.owner, function.name)
    owner = classes.get(function.owner)
    bases = owner.bases if owner is not None else ()
    return (f"{path}::{function.owner}", *[f"::{base.partition('[')[0].rpartition('.')[2]}" for base in bases])


def _kind(function: FunctionFacts, component: Component | None) -> str:
    if component is None:
        return "function"
    if component.qualname == function.qualname or component.kind == "middleware":
        return component.kind
    return "service" if component.kind == "service" else "function"


def _is_nested(function: FunctionFacts, functions: set[str]) -> bool:
    parent = function.parent
    while parent:
        if parent in functions:
            return True
        parent = parent.rpartition(".")[0]
    return False


def _is_protocol(owner: ClassFacts | None) -> bool:
    return owner is not None and any(base.partition("[")[0].rpartition(".")[2] in _PROTOCOLS for base in owner.bases)


def _mentions(files: Iterable[FileFacts]) -> dict[str, int]:
    count: dict[str, int] = {}
    for facts in files:
        for function in facts.functions:
            for name in function.names:
                name = name.lstrip(".")
                count[name] = count.get(name, 0) + 1
    return count


def _model(codebase: "Codebase", component: Component) -> ModelRecord:
    facts = codebase.class_(component.id)
    declared = {field.name: field.default for field in facts.fields} if facts else {}
    ancestors = codebase.names.ancestors(component.path, component.qualname)
    file = codebase.files[component.path]
    return ModelRecord(
        component.id,
        component.kind,
        component.path,
        component.line,
        component.end_line,
        component.name,
        tuple([(field.name, field.type, field.required) for field in component.fields or ()]),
        tuple(declared),
        tuple([f"{one.path}::{one.name}" for one in ancestors]),
        declared.get("__tablename__", "").strip("\"'"),
        is_foreign(file) or is_test_path(component.path),
    )


def _routes(codebase: "Codebase") -> Iterator[RouteRecord]:
    for served in codebase.served:
        route = served.route
        endpoint = codebase.function(route.endpoint)
        yield RouteRecord(
            route.endpoint,
            "WEBSOCKET" if route.websocket else route.method,
            route.path,
            route.name,
            served.app,
            served.order,
            route.path_file,
            route.line,
            endpoint.end_line if endpoint else route.line,
        )
