"""Which environment variables a codebase defines in settings classes and reads past them."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts
from fastapi_expert.duplicates.records.model import VariableRecord

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


def drafted_variables(draft: FileFacts) -> Iterator[VariableRecord]:
    """What the text of one file alone says: its settings classes by the names of their bases, and its direct reads."""
    classes = {one.qualname: one for one in draft.classes}
    for facts in draft.classes:
        lineage = list(_bases(facts, classes))
        if "BaseSettings" in lineage:
            yield from _defined_by(facts, classes.get(f"{facts.qualname}.Config"), draft.path, tuple(lineage))
    yield from direct_reads(draft)


def _bases(facts: ClassFacts, classes: Mapping[str, ClassFacts], depth: int = 0) -> Iterator[str]:
    for base in facts.bases if depth < 10 else ():
        yield base.rpartition(".")[2]
        if base in classes:
            yield from _bases(classes[base], classes, depth + 1)


def _defined(codebase: "Codebase", path: str, qualname: str) -> Iterator[VariableRecord]:
    facts = codebase.names.class_(path, qualname)
    if facts is None:
        return
    ancestors = codebase.names.ancestors(path, qualname)
    lineage = tuple([f"{one.path}::{one.name}" for one in ancestors])
    yield from _defined_by(facts, codebase.names.class_(path, f"{facts.qualname}.Config"), path, lineage)


def _defined_by(
    facts: ClassFacts, inner: ClassFacts | None, path: str, lineage: tuple[str, ...]
) -> Iterator[VariableRecord]:
    """The fields of one settings class; ``inner`` is its `Config`."""
    prefix = _prefix(facts, inner)
    for field in facts.fields:
        if field.name.startswith("_") or field.name == "model_config" or not field.annotation:
            continue
        aliases = _ALIAS.findall(field.default + " " + field.annotation)
        for choices in _CHOICES.findall(field.default):
            aliases += re.findall(r"""["']([^"']+)["']""", choices)
        for variable in aliases or [prefix + field.name]:
            yield VariableRecord(variable.upper(), facts.qualname, field.name, path, field.line, lineage)


def _prefix(facts: ClassFacts, inner: ClassFacts | None) -> str:
    """The class's `env_prefix`, in `model_config` or in an inner `Config`."""
    for field in (*facts.fields, *(inner.fields if inner else ())):
        if field.name == "model_config" and (found := _PREFIX.search(field.default)):
            return found[1]
        if field.name == "env_prefix":
            return field.default.strip("\"'")
    return ""
