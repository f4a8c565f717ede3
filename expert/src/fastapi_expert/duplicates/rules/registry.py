"""Every rule: a file of this folder that has a `FAMILY` is part of it, and nothing else has to know."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from fastapi_expert.duplicates.model import Rule
from fastapi_expert.duplicates.rules.base import Family, FunctionRule


def _families() -> Iterator[tuple[str, Family]]:
    for name in sorted(file.stem for file in Path(__file__).parent.glob("*.py")):
        if name not in ("__init__", "base", "registry"):
            family = getattr(import_module(f"fastapi_expert.duplicates.rules.{name}"), "FAMILY", None)
            if isinstance(family, Family):
                yield name, family


FAMILIES: Mapping[str, Family] = dict(_families())
RULES: Mapping[str, Rule] = {
    rule.code: rule
    for rule in sorted((rule for family in FAMILIES.values() for rule in family.rules), key=lambda rule: rule.code)
}
FUNCTION_RULES: Mapping[str, FunctionRule] = {
    rule.kind: rule for rule in RULES.values() if isinstance(rule, FunctionRule) and rule.kind
}
"""The rule about functions of a kind."""
