"""Which environment variables a codebase defines in settings classes and reads past them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts
from fastapi_expert.duplicates.records.model import VariableRecord

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

_PREFIX = re.compile(r"""env_prefix\W{1,4}["']([^"']*)["']""")
_ALIAS = re.compile(r"""(?:validation_alias|alias|env)\s*=\s*["']([^"']+)["']""")
_NAME = re.compile(r"\w+")
_CHOICES = re.compile(r"""AliasChoices\(([^)]*)\)""")


def variables_of(codebase: "Codebase") -> Iterator[VariableRecord]:
    """Every variable that a settings class defines, and every direct read."""
    classes = [place for place, kind in sorted(codebase.kinds.items()) if kind == "settings"]
    facts_of = {place: facts for place in classes if (facts := codebase.names.class_(*place)) is not None}
    nested = _nested(facts_of.values())
    instances = _instances(codebase)
    for (path, qualname), facts in facts_of.items():
        if facts.name not in nested and _reads_environment(codebase, path, qualname):
            yield from _defined(codebase, path, qualname, instances.get((path, qualname), ""))
    for facts in codebase.files.values():
        yield from direct_reads(facts)


def _reads_environment(codebase: "Codebase", path: str, qualname: str) -> bool:
    """Whether a class is one by itself: the variables of those mixed in bear the prefix of what they are mixed into."""
    ancestors = codebase.names.ancestors(path, qualname)
    return any(one.kind == "external" and one.name.endswith("BaseSettings") for one in ancestors)


def direct_reads(facts: FileFacts) -> Iterator[VariableRecord]:
    """The variables that one file reads past any settings class."""
    for variable, line in facts.env_reads:
        yield VariableRecord(variable.upper(), "", "", facts.path, line, "", ())


def drafted_variables(draft: FileFacts) -> Iterator[VariableRecord]:
    """What the text of one file alone says: its settings classes by the names of their bases, and its direct reads."""
    classes = {one.qualname: one for one in draft.classes}
    nested = _nested(draft.classes)
    for facts in draft.classes:
        lineage = list(_bases(facts, classes))
        if "BaseSettings" in lineage and facts.name not in nested:
            yield from _defined_by(facts, classes.get(f"{facts.qualname}.Config"), draft.path, tuple(lineage))
    yield from direct_reads(draft)


def _nested(classes: Iterable[ClassFacts]) -> set[str]:
    """The classes that are a field of another: their variables are named after that field, if they are read at all."""
    return {
        name for one in classes for field in one.fields for name in _NAME.findall(field.annotation) if name != one.name
    }


def _instances(codebase: "Codebase") -> dict[tuple[str, str], str]:
    """(path, qualname) of a class to `path::name` of the object of a module that is made from it."""
    found: dict[tuple[str, str], str] = {}
    for path, facts in codebase.files.items():
        for statement in facts.body:
            assignment = ir.match(statement, ir.Assign)
            call = ir.match(assignment.value, ir.Call) if assignment is not None else None
            if assignment is None or call is None or not isinstance(call.function, str):
                continue
            made = codebase.names.resolve(path, call.function) if isinstance(assignment.target, str) else None
            if made is not None and made.kind == "class":
                found.setdefault((made.path, made.name), f"{path}::{assignment.target}")
    return found


def _bases(facts: ClassFacts, classes: Mapping[str, ClassFacts], depth: int = 0) -> Iterator[str]:
    for base in facts.bases if depth < 10 else ():
        yield base.rpartition(".")[2]
        if base in classes:
            yield from _bases(classes[base], classes, depth + 1)


def _defined(codebase: "Codebase", path: str, qualname: str, instance: str) -> Iterator[VariableRecord]:
    facts = codebase.names.class_(path, qualname)
    if facts is None:
        return
    ancestors = codebase.names.ancestors(path, qualname)
    lineage = tuple([f"{one.path}::{one.name}" for one in ancestors])
    inner = codebase.names.class_(path, f"{facts.qualname}.Config")
    yield from _defined_by(facts, inner, path, lineage, instance)


def _defined_by(
    facts: ClassFacts, inner: ClassFacts | None, path: str, lineage: tuple[str, ...], instance: str = ""
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
            yield VariableRecord(variable.upper(), facts.qualname, field.name, path, field.line, instance, lineage)


def _prefix(facts: ClassFacts, inner: ClassFacts | None) -> str:
    """The class's `env_prefix`, in `model_config` or in an inner `Config`."""
    for field in (*facts.fields, *(inner.fields if inner else ())):
        if field.name == "model_config" and (found := _PREFIX.search(field.default)):
            return found[1]
        if field.name == "env_prefix":
            return field.default.strip("\"'")
    return ""
