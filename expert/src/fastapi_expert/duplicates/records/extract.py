"""A linked codebase to :class:`~.records.Records`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi_expert.codebase.model import Field, Kind
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import (
    ClassFacts,
    Expr,
    FileFacts,
    FunctionFacts,
    Stmt,
)
from fastapi_expert.codebase.vocabulary import WEBSOCKET, is_test_path
from fastapi_expert.duplicates.records.imports import import_names, needs_of
from fastapi_expert.duplicates.records.model import (
    FunctionRecord,
    ModelRecord,
    Records,
    RouteRecord,
)
from fastapi_expert.duplicates.records.variables import variables_of

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

MODELS = ("schema", "table", "settings")
_NOT_OURS = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed|s)?|third_?party|3rd_?party|extern(?:al)?s?)/|(?:^|/)(?:alembic|migrations?)/(?:versions/|.*\d)|(?:^|/)migrations?/|(?:^|/)alembic/env\.py$|_pb2(?:_grpc)?\.pyi?$"
)
_SILENT_DECORATORS = {"overload", "abstractmethod", "abstractproperty", "setter", "deleter", "register"}
_VALIDATORS = {"field_validator", "model_validator", "validator", "root_validator", "validates"}
_PROTOCOLS = {"Protocol"}


def records_of(codebase: "Codebase") -> Records:
    """The records of ``codebase``; links it when that has not been done."""
    kinds = codebase.kinds
    mentions = mentions_of(codebase.files.values())
    functions: list[FunctionRecord] = []
    lineage = Lineage(codebase.names)
    for facts in codebase.files.values():
        functions += function_records(facts, kinds=kinds, mentions=mentions, lineage=lineage)
    names = codebase.names
    models = [model_record(names, codebase.fields, *place, kind) for place, kind in kinds.items() if kind in MODELS]
    models += [
        model_record(names, codebase.fields, path, qualname, kind)
        for path, facts in codebase.files.items()
        for qualname, kind in data_classes(facts).items()
        if (path, qualname) not in kinds
    ]
    return Records(
        tuple(functions),
        tuple(sorted(models, key=lambda model: (model.path, model.line, model.id))),
        tuple(_routes(codebase)),
        tuple(variables_of(codebase)),
        tuple(import_names(codebase.files, codebase.names.modules)),
        tuple([(path, needs_of(facts, names.modules)) for path, facts in codebase.files.items()]),
        tuple([path for path, facts in codebase.files.items() if facts.suppressions]),
    )


def is_foreign(facts: FileFacts) -> bool:
    """Generated code and migrations: nobody edits those to remove a duplicate."""
    return facts.generated or _NOT_OURS.search(facts.path) is not None or any(map(_names_a_revision, facts.body))


def is_silent(facts: FileFacts) -> bool:
    """Whether models of this file take part in no finding: nobody edits them, or they are made for tests."""
    return is_foreign(facts) or is_test_path(facts.path)


def data_classes(facts: FileFacts) -> dict[str, str]:
    """Qualname to kind of the classes of one file that only hold data."""
    found = {one.qualname: data_class_kind(one) for one in facts.classes}
    return {qualname: kind for qualname, kind in found.items() if kind}


def data_class_kind(facts: ClassFacts) -> str:
    """`data class`, `named tuple` or `typed dict`; "" for any other class."""
    if any(decorator_name(decorator).rpartition(".")[2] == "dataclass" for decorator in facts.decorators):
        return "data class"
    bases = {base.partition("[")[0].rpartition(".")[2] for base in facts.bases}
    return "named tuple" if "NamedTuple" in bases else "typed dict" if "TypedDict" in bases else ""


def _names_a_revision(statement: Stmt) -> bool:
    made = ir.match(statement, ir.Assign)
    return made is not None and made.target == "down_revision"


def decorator_name(decorator: Expr) -> str:
    """The dotted name of a decorator: of `@a.b(c)` `a.b`."""
    return ir.dotted(decorator)


class Lineage:
    """Which classes up the hierarchy define a method."""

    def __init__(self, names: Names) -> None:
        self._names = names
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
    *,
    kinds: Mapping[tuple[str, str], Kind],
    mentions: Mapping[str, int],
    lineage: Lineage | None,
) -> Iterator[FunctionRecord]:
    """A record for every function of one file, in order; ``lineage`` None knows no hierarchy (a draft)."""
    path = facts.path
    silent_file = is_foreign(facts)
    is_test = is_test_path(path)
    classes = {one.qualname: one for one in facts.classes}
    inside = {one.qualname for one in facts.functions}
    for function in facts.functions:
        qualname, owner = function.qualname, function.owner
        own = kinds.get((path, qualname))
        names = [decorator_name(decorator).rpartition(".")[2] for decorator in function.decorators]
        silent = (
            silent_file
            or (function.parent != "" and _is_nested(function, inside))
            or not _SILENT_DECORATORS.isdisjoint(names)
            or (owner != "" and _is_protocol(classes.get(owner)))
        )
        yield FunctionRecord(
            f"{own or 'function'}:{path}::{qualname}",
            _validator_kind(function) or own or _kind_of_method(kinds.get((path, owner))),
            path,
            function.line,
            function.end_line,
            function.name,
            qualname,
            function.is_async,
            is_test,
            silent,
            mentions.get(function.name, 0),
            _overridden(function, path, classes, lineage) if owner else (),
            tuple([parameter.name for parameter in function.params]),
            *function.shape,
        )


def _validator_kind(function: FunctionFacts) -> str:
    """`validator` of a field, `model_validator`, or `before_validator` of one; "" for any other function."""
    for decorator in function.decorators:
        name = decorator_name(decorator).rpartition(".")[2]
        if name in ("model_validator", "root_validator", "validator", "validates"):  # bound to a class and its fields
            return "model_validator"
        if name in _VALIDATORS:
            call = ir.match(decorator, ir.Call)
            given = dict(call.keywords) if call is not None else {}
            mode = ir.match(given.get("mode"), ir.Text)
            is_early = (mode is not None and mode.value != "after") or "pre" in given
            return "before_validator" if is_early else "validator"
    return ""


def _overridden(
    function: FunctionFacts, path: str, classes: Mapping[str, ClassFacts], lineage: Lineage | None
) -> tuple[str, ...]:
    """Where the hierarchy defines the method; of a draft, whose bases are not resolved, the names of its bases."""
    if lineage is not None:
        return lineage.defining(path, function.owner, function.name)
    owner = classes.get(function.owner)
    bases = owner.bases if owner is not None else ()
    return (f"{path}::{function.owner}", *[f"::{base.partition('[')[0].rpartition('.')[2]}" for base in bases])


def _kind_of_method(owner: Kind | None) -> str:
    """A method of a service or a middleware is a part of it; one of a schema is but a function."""
    return owner if owner in ("service", "middleware") else "function"


def _is_nested(function: FunctionFacts, functions: set[str]) -> bool:
    parent = function.parent
    while parent:
        if parent in functions:
            return True
        parent = parent.rpartition(".")[0]
    return False


def _is_protocol(owner: ClassFacts | None) -> bool:
    return owner is not None and any(base.partition("[")[0].rpartition(".")[2] in _PROTOCOLS for base in owner.bases)


def mentions_of(files: Iterable[FileFacts]) -> Mapping[str, int]:
    """Name to the number of functions that mention it by that name alone."""
    return Counter(
        [name for facts in files for function in facts.functions for name in function.names if "." not in name]
    )


Fields = Callable[[str, str], tuple[Field, ...]]
"""The fields of the class at (path, qualname), inherited ones included."""


def model_record(names: Names, fields: Fields, path: str, qualname: str, kind: str) -> ModelRecord:
    """The record of a schema, table or settings class. Raises LookupError when there is no such class."""
    facts = names.class_(path, qualname)
    if facts is None:
        raise LookupError(f"no class {qualname} in {path}")
    declared = {field.name: field.default for field in facts.fields}
    ancestors = names.ancestors(path, qualname)
    own = set(declared)  # what a library's class declares is nobody's to declare once
    for one in ancestors:
        above = names.class_(one.path, one.name) if one.path in names.files else None
        own.update(field.name for field in (above.fields if above is not None else ()))
    return ModelRecord(
        f"{kind if kind in MODELS else 'class'}:{path}::{qualname}",
        kind,
        path,
        facts.line,
        facts.end_line,
        facts.name,
        tuple([(field.name, field.type, field.required) for field in fields(path, qualname) if field.name in own]),
        tuple(declared),
        tuple([f"{one.path}::{one.name}" for one in ancestors]),
        declared.get("__tablename__", "").strip("\"'"),
        is_silent(names.files[path]),
    )


def _routes(codebase: "Codebase") -> Iterator[RouteRecord]:
    for row in codebase.table:
        endpoint = codebase.function(row.endpoint)
        yield RouteRecord(
            row.endpoint,
            WEBSOCKET if row.websocket else row.method,
            row.path,
            row.name,
            row.app,
            row.order,
            row.site.path,
            row.site.line,
            endpoint.end_line if endpoint else row.site.line,
            row.guards,
            row.conditions,
        )
