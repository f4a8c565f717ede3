"""Objects of models: what pydantic makes of the data that it is given."""

import json
import re
from typing import Any

from fastapi_expert.codebase.interpret.attributes import lineage
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    External,
    Instance,
    Member,
    Scope,
    Site,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax.facts import FieldFacts

_PACKAGES = ("pydantic", "pydantic_settings", "sqlmodel")
_ALIAS = re.compile(r"""\balias\s*=\s*["'](\w+)["']""")
_OPTIONAL = re.compile(
    r"(?:\w+\.)*Optional\[(.*)\]|(.*?)\s*\|\s*None|None\s*\|\s*(.*)|(?:\w+\.)*Annotated\[([^,]*),.*\]"
)
_SEVERAL = re.compile(
    r"(?:\w+\.)*(?:[Ll]ist|[Tt]uple|[Ss]et|[Ff]rozen[Ss]et|Sequence|Iterable)\[(.*?)(?:,\s*\.\.\.)?\]"
)
_MAPPING = re.compile(r"(?:\w+\.)*(?:[Dd]ict|Mapping)\[[^,\[\]]*,\s*(.*)\]")


def is_model(interp: Runtime, cls: ClassValue | External) -> bool:
    """Whether it descends from a model of pydantic."""
    return isinstance(cls, ClassValue) and any(
        isinstance(one, External) and one.name.partition(".")[0] in _PACKAGES for one in lineage(interp, cls)
    )


def made_from_data(interp: Runtime, cls: ClassValue, name: str, given: Arguments) -> Any:
    """`Model.model_validate(data)` and its like."""
    data = given.args[0] if given.args else None
    if name.endswith(("_json", "_raw")):
        if not isinstance(data, str):
            return Unknown(given.site, "a model that is made from a text that is not known")
        try:
            data = json.loads(data)
        except ValueError:
            return Unknown(given.site, "a model that is made from a text that is no JSON")
    if name.endswith("construct"):
        data = given.keywords
    if isinstance(data, Instance):
        return data
    if not is_dict(data):
        return data if isinstance(data, Unknown) else Unknown(given.site, "a model that is made of what is not known")
    keywords = {key: value for key, value in data.items() if isinstance(key, str)}
    return interp.call(cls, Arguments([], keywords, {}, given.site, given.scope))


def by_alias(fields: dict[str, tuple[ClassValue, FieldFacts]]) -> dict[str, str]:
    """Alias to the name of the field that has it."""
    return {
        found[1]: name for name, (_, field) in fields.items() if (found := _ALIAS.search(field.default)) is not None
    }


def coerced(interp: Runtime, value: Any, annotation: str, cls: ClassValue, site: Site) -> Any:
    """``value`` as a field of ``cls`` that is annotated so holds it: mappings become models, texts members."""
    if not (is_dict(value) or is_list(value) or isinstance(value, str)):
        return value
    annotation = annotation.strip("\"' ")
    if (found := _OPTIONAL.fullmatch(annotation)) is not None:
        return coerced(interp, value, next(one for one in found.groups() if one is not None), cls, site)
    if is_list(value) and (found := _SEVERAL.fullmatch(annotation)) is not None:
        return interp.made([coerced(interp, one, found[1], cls, site) for one in value])
    if is_dict(value) and (found := _MAPPING.fullmatch(annotation)) is not None:
        return interp.made({key: coerced(interp, one, found[1], cls, site) for key, one in value.items()})
    if is_list(value) or not re.fullmatch(r"[A-Za-z_][\w.]*", annotation):
        return value
    kind = interp.evaluate(annotation, Scope(cls.path, cls.namespace, cls.scope, cls))
    if not isinstance(kind, ClassValue):
        return value
    if is_dict(value) and is_model(interp, kind):
        return made_from_data(interp, kind, "model_validate", Arguments([value], {}, {}, site, kind.scope))
    if isinstance(value, str) and _is_enum(interp, kind):
        member = interp.call(kind, Arguments([value], {}, {}, site, kind.scope))
        return member if isinstance(member, Member) else value
    return value


def _is_enum(interp: Runtime, cls: ClassValue) -> bool:
    return any(isinstance(one, External) and one.name.endswith("Enum") for one in lineage(interp, cls))
