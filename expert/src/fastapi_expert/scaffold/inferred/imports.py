"""Imports: those that a piece of text needs where it goes, and how they come into a file that has some already."""

import re
import sys
from collections import Counter
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax.facts import ImportFacts
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.edits import isort_key

_NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")
_STRING = re.compile(r'(?P<prefix>\b[rbfuRBFU]{1,2})?("""|\'\'\'|"|\')(?P<inside>(?:\\.|(?!\2).)*)\2', re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """`from module import name as alias`, or `import module as alias` when ``name`` is empty."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def binds(self) -> str:
        """The name it makes known."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def item(self) -> str:
        """What stands behind `import` in a `from` line."""
        return f"{self.name} as {self.alias}" if self.alias and self.alias != self.name else self.name

    def __str__(self) -> str:
        if self.name:
            return f"from {self.module} import {self.item}"
        return f"import {self.module}" + (f" as {self.alias}" if self.alias and self.alias != self.module else "")


def _code_in(string: re.Match[str]) -> str:
    """What of a string is code: the values of an f-string."""
    values = re.findall(r"\{([^{}]*)\}", string["inside"]) if "f" in (string["prefix"] or "").lower() else []
    return f'"" {" ".join(values)}'


class ImportResolver:
    """Says what has to be imported for text of one file to mean the same in another."""

    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._spelled: dict[str, Counter[str]] | None = None

    def for_text(self, text: str, path: str) -> list[Import]:
        """The imports behind the names that ``text`` uses, as it stands in the file at ``path``."""
        bound = self._codebase.names.bindings(path)
        found: list[Import] = []
        for name in dict.fromkeys(_NAME.findall(_STRING.sub(_code_in, text))):
            if name not in bound:
                continue
            made = bound[name]
            found.append(self._as_written(made, path) if isinstance(made, ImportFacts) else self.of(path, name))
        return found

    def of(self, path: str, name: str) -> Import:
        """The import of a name that the file at ``path`` defines."""
        return Import(self.module(path), name)

    def module(self, path: str) -> str:
        """The name by which the others import the file at ``path``."""
        modules = self._codebase.names.modules
        if self._spelled is None:
            self._spelled = {}
            for importer, facts in self._codebase.files.items():
                for made in facts.imports:
                    place = None if made.module.startswith(".") else modules.find(importer, made.module)
                    if place is not None:
                        self._spelled.setdefault(place, Counter())[made.module] += 1
        known = [name for name, _ in self._spelled.get(path, Counter[str]()).most_common() if self._fits(path, name)]
        if known:
            return known[0]
        folder = self._spelled.get(f"{path.rpartition('/')[0]}/__init__.py")  # spelled as its package is
        stem = path.rpartition("/")[2].removesuffix(".py")
        return f"{folder.most_common(1)[0][0]}.{stem}" if folder else modules.name(path)

    def _fits(self, path: str, name: str) -> bool:
        """Whether the file can be imported by that name: it goes up by leading dots no further than the name does."""
        facts = self._codebase.files.get(path)
        dots = (len(made.module) - len(made.module.lstrip(".")) for made in facts.imports) if facts is not None else ()
        return name.count(".") + path.endswith("/__init__.py") >= max(dots, default=0)

    def _as_written(self, made: ImportFacts, path: str) -> Import:
        module = made.module
        if module.startswith("."):
            package = self.module(path).split(".")
            is_package = path.endswith("/__init__.py")
            dots = len(module) - len(module.lstrip("."))
            kept = package[: len(package) - dots + (1 if is_package else 0)]
            module = ".".join([*kept, *([module.lstrip(".")] if module.lstrip(".") else [])])
        return Import(module, made.name, made.alias if made.alias != made.name else "")


def section(module: str, own: bool) -> int:
    """Where isort puts it: 0 the standard library, 1 other people's packages, 2 this project's."""
    head = module.partition(" ")[0].partition(".")[0]
    return 2 if own or not head else 0 if head in sys.stdlib_module_names else 1


def block(imports: list[Import], is_own: set[str]) -> str:
    """The import lines of a new file, in isort's order."""
    sections: dict[int, list[str]] = {}
    by_module: dict[str, set[str]] = {}
    for each in imports:
        if each.name:
            by_module.setdefault(each.module, set()).add(each.item)
        else:
            kind = section(each.module, each.module.partition(".")[0] in is_own)
            sections.setdefault(kind, []).append(str(each))
    plain = {kind: sorted(set(lines)) for kind, lines in sections.items()}
    listed: dict[int, list[str]] = {}
    for module in sorted(by_module, key=lambda name: (name.startswith("."), name)):
        kind = section(module, module.partition(".")[0] in is_own)
        listed.setdefault(kind, []).append(from_line(module, sorted(by_module[module], key=isort_key)))
    parts = ["\n".join([*plain.get(kind, []), *listed.get(kind, [])]) for kind in sorted({*plain, *listed})]
    return "\n\n".join(parts)


def from_line(module: str, items: list[str], width: int = 88) -> str:
    """`from module import …`, in brackets when the line would be long."""
    line = f"from {module} import {', '.join(items)}"
    if len(line) <= width:
        return line
    return f"from {module} import (\n" + "".join(f"    {item},\n" for item in items) + ")"


def clash(path: str, name: str) -> ExpertError:
    """The error for a name that means something else there already."""
    return ExpertError(f"{name} means something else here already", where=path, do="Add the resource by hand.")
