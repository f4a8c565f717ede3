"""How the project's tests make the rows that others refer to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.codebase.syntax.facts import FieldFacts, FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.scaffold.fields import KINDS, Field
from fastapi_expert.scaffold.inferred.imports import Import, ImportResolver
from fastapi_expert.scaffold.naming import Names, names_of

_SAMPLES = {
    "str": KINDS["str"].sample,
    "int": KINDS["int"].sample,
    "float": KINDS["float"].sample,
    "bool": KINDS["bool"].sample,
    "EmailStr": KINDS["email"].sample,
    "date": KINDS["date"].sample,
    "datetime": KINDS["datetime"].sample,
    "UUID": KINDS["uuid"].sample,
    "uuid.UUID": KINDS["uuid"].sample,
    "Decimal": KINDS["decimal"].sample,
}


@dataclass(frozen=True, slots=True)
class Maker:
    """The line that makes a row for ``column`` (or checks that it is there), the expression of its id, what it needs, a
    further parameter of the test ("" if none), and where it was found."""

    column: str
    made: str
    value: str
    needs: tuple[Import, ...]
    parameter: str
    place: str


def maker_of(
    codebase: Codebase,
    field: Field,
    table: Component,
    key: str,
    *,
    post: str,
    headers: str,
    fixtures: Mapping[str, str],
) -> Maker | None:
    """A maker of rows of ``table``: a request to its own endpoint, as ``post`` asks (a call up to the path), else a
    function of the tests that gives a row; None when neither can be called from a test.

    ``fixtures`` are the project's, with their annotations.
    """
    return _by_request(codebase, field, table, key, post, headers) or _by_function(
        codebase, field, table, key, fixtures
    )


def _by_request(codebase: Codebase, field: Field, table: Component, key: str, post: str, headers: str) -> Maker | None:
    route = _creation(codebase, names_of(table.name))
    schema = (
        codebase.component(route.request_models[0]) if route is not None and len(route.request_models) == 1 else None
    )
    if route is None or schema is None or "{" in route.path or (route.protection == "required" and not headers):
        return None
    values: list[str] = []
    for each in _fields(codebase, schema):
        if each.default and not each.default.startswith(("Field(...", "...")) and "Field(" not in each.default:
            continue
        if re.search(r"\bdefault(_factory)?\s*=", each.default) or re.search(r"None\b|Optional", each.annotation):
            continue
        sample = _SAMPLES.get(each.annotation)
        if sample is None or each.name.endswith("_id"):
            return None
        values.append(f'"{each.name}": {sample}')
    variable = f"made_{field.ref}"
    made = f'{variable} = {post}"{route.path}", json={{{", ".join(values)}}}{headers}'
    return Maker(
        field.column_name, f"{made})", f'{variable}.json()["{key}"]', (), "", f"{route.path_file}:{route.line}"
    )


def _creation(codebase: Codebase, names: Names) -> Route | None:
    words = {names.plural, names.path, names.singular}
    for route in codebase.inventory.routes:
        parts = [part for part in route.path.split("/") if part]
        if route.method == "POST" and parts and parts[-1] in words and not is_test_path(route.path_file):
            return route
    return None


def _fields(codebase: Codebase, schema: Component) -> list[FieldFacts]:
    found: dict[str, FieldFacts] = {}
    chain = [schema.id]
    chain += [f"schema:{s.path}::{s.name}" for s in codebase.names.ancestors(schema.path, schema.qualname)]
    for identifier in reversed(chain):
        facts = codebase.class_(identifier)
        for each in facts.fields if facts is not None else ():
            if each.annotation and "ClassVar" not in each.annotation and each.name != "model_config":
                found[each.name] = each
    return list(found.values())


def _by_function(
    codebase: Codebase, field: Field, table: Component, key: str, fixtures: Mapping[str, str]
) -> Maker | None:
    resolver = ImportResolver(codebase)
    for path, facts in codebase.files.items():
        if not is_test_path(path):
            continue
        for function in facts.functions:
            if function.owner or function.parent or function.is_async or function.name.startswith("test"):
                continue
            if not _gives(codebase, path, function, table):
                continue
            required = [param for param in function.params if not param.default and param.kind != "*"]
            if any(param.name not in fixtures for param in required) or len(required) > 1:
                continue
            given = ", ".join(f"{p.name}={p.name}" if p.kind == "=" else p.name for p in required)
            parameter = f"{required[0].name}: {required[0].annotation}" if required else ""
            needs = (resolver.of(path, function.name), *resolver.for_text(parameter.partition(":")[2], path))
            variable = f"made_{field.ref}"
            made = f"{variable} = {function.name}({given})"
            value = f"str({variable}.{key})"
            return Maker(field.column_name, made, value, needs, parameter, f"{path}:{function.line}")
    return None


def _gives(codebase: Codebase, path: str, function: FunctionFacts, table: Component) -> bool:
    symbol = codebase.names.resolve(path, function.returns) if function.returns.isidentifier() else None
    is_fixture = any("fixture" in str(decorator) for decorator in function.decorators)
    return symbol is not None and (symbol.path, symbol.name) == (table.path, table.name) and not is_fixture


def fixtures_of(codebase: Codebase) -> dict[str, str]:
    """The fixtures of the project's tests, with what they give."""
    return {
        function.name: function.returns
        for path, facts in codebase.files.items()
        if is_test_path(path)
        for function in facts.functions
        if any("fixture" in str(decorator) for decorator in function.decorators)
    }
