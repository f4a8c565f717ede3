"""Which environment variables a codebase defines in settings classes and reads past them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_expert.codebase.facts import ClassFacts, FileFacts
from fastapi_expert.duplicates.records import VariableRecord

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

_PREFIX = re.compile(r"""env_prefix\W{1,4}["']([^"']*)["']""")
_ALIAS = re.compile(r"""(?:validation_alias|alias|env)\s*=\s*["']([^"']+)["']""")
_CHOICES = re.compile(r"""AliasChoices\(([^)]*)\)""")


def variables_of(codebase: "Codebase") -> Iterator[VariableRecord]:
    """Every variable that a settings class defines, and every direct read."""
    for (path, qualname), kind in sorted(codebase.kinds.items()):
        if kind == "settings":
            yield from _defined(codebase, path, qualname)
    for facts in codebase.files.values():
        yield from direct_reads(facts)


def direct_reads(facts: FileFacts) -> Iterator[VariableRecord]:
    """The variables that one file reads past any settings class."""
    for variable, line in facts.env_reads:
        yield VariableRecord(variable.upper(), "", "", facts.path, line, ())


def _defined(codebase: "Codebase", path: str, qualname: str) -> Iterator[VariableRecord]:
    facts = codebase.names.class_(path, qualname)
    if facts is None:
        return
    ancestors = codebase.names.ancestors(path, qualname)
    lineage = tuple([f"{one.path}::{one.name}" for one in ancestors])
    prefix = _prefix(codebase, path, facts)
    for field in facts.fields:
        if field.name.startswith("_") or field.name == "model_config" or not field.annotation:
            continue
        aliases = _ALIAS.findall(field.default + " " + field.annotation)
        for choices in _CHOICES.findall(field.default):
            aliases += re.findall(r"""["']([^"']+)["']""", choices)
        for variable in aliases or [prefix + field.name]:
            yield VariableRecord(variable.upper(), qualname, field.name, path, field.line, lineage)


def _prefix(codebase: "Codebase", path: str, facts: ClassFacts) -> str:
    """The class's `env_prefix`, in `model_config` or in an inner `Config`."""
    inner = codebase.names.class_(path, f"{facts.qualname}.Config")
    for field in (*facts.fields, *(inner.fields if inner else ())):
        if field.name == "model_config" and (found := _PREFIX.search(field.default)):
            return found[1]
        if field.name == "env_prefix":
            return field.default.strip("\"'")
    return ""
