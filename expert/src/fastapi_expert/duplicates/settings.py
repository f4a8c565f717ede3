"""FX501 and FX502: one environment variable, two places that say what it is."""

from collections.abc import Iterator, Sequence

from fastapi_expert.duplicates.extract import is_test_path
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.records import Records, VariableRecord
from fastapi_expert.duplicates.rules import RULES
from fastapi_expert.duplicates.wording import import_line, place


def settings_findings(records: Records) -> Iterator[Finding]:
    """Variables defined by two settings classes, and variables read past the one that defines them."""
    modules = dict(records.modules)
    defined: dict[str, list[VariableRecord]] = {}
    for variable in records.variables:
        if variable.owner and not is_test_path(variable.path):
            defined.setdefault(variable.variable, []).append(variable)
    for definitions in defined.values():
        yield from _twice(definitions)
    for variable in records.variables:
        definitions = defined.get(variable.variable)
        if not variable.owner and definitions and _is_past(variable, definitions):
            yield _read(variable, definitions[0], modules)


def _twice(definitions: Sequence[VariableRecord]) -> Iterator[Finding]:
    first = definitions[0]
    for other in definitions[1:]:
        if _related(first, other):
            continue
        yield Finding(
            rule="FX501",
            title=RULES["FX501"].title,
            similarity=1.0,
            message=f"`{other.owner}.{other.field}` reads {other.variable}, which `{first.owner}.{first.field}` "
            f"({place(first)}) defines already",
            advice=f"Keep `{first.owner}.{first.field}` ({place(first)}) and inherit or pass that settings object.",
            action="merge",
            components=(_as_place(other), _as_place(first)),
            saves=1,
        )


def _related(left: VariableRecord, right: VariableRecord) -> bool:
    first, second = f"{left.path}::{left.owner}", f"{right.path}::{right.owner}"
    return first == second or first in right.ancestors or second in left.ancestors


def _is_past(variable: VariableRecord, definitions: Sequence[VariableRecord]) -> bool:
    if is_test_path(variable.path) or "/migrations/" in f"/{variable.path}" or "/alembic/" in f"/{variable.path}":
        return False
    return all(variable.path != definition.path for definition in definitions)


def _read(variable: VariableRecord, definition: VariableRecord, modules: dict[str, str]) -> Finding:
    bring = import_line(modules, definition.path, definition.owner, for_path=variable.path)
    return Finding(
        rule="FX502",
        title=RULES["FX502"].title,
        similarity=1.0,
        message=f"{variable.variable} is read from the environment, past `{definition.owner}.{definition.field}` "
        f"({place(definition)})",
        advice=f"Take `{definition.field}` from `{definition.owner}` ({place(definition)}){bring}.",
        action="reuse",
        components=(
            Place(
                f"variable:{variable.path}::{variable.variable}",
                "settings",
                variable.path,
                variable.line,
                variable.line,
            ),
            _as_place(definition),
        ),
        saves=1,
    )


def _as_place(variable: VariableRecord) -> Place:
    return Place(
        f"settings:{variable.path}::{variable.owner}.{variable.field}",
        "settings",
        variable.path,
        variable.line,
        variable.line,
    )
