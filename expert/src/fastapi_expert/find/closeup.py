"""One entry looked at closely: its code, who uses it, and which tests exercise it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_expert.codebase.model import Component
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.find.entries import Entry

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase

MOST_LINES = 60
"""Lines of code of one entry that are shown."""
_MOST_CALLERS = 8
_MOST_TESTS = 5
_FAR = 4
"""Calls from a definition up to the endpoint that a test asks."""


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody who uses it: a definition's qualname and where it stands."""

    name: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Closeup:
    """``code`` begins at ``first``, decorators included; ``cut`` lines of it are left out, as are ``more_callers`` and
    ``more_tests`` of the others."""

    code: str
    first: int
    cut: int
    callers: tuple[Use, ...]
    more_callers: int
    tests: tuple[Use, ...]
    more_tests: int


class Closeups:
    """Close looks at the entries of one state of a codebase."""

    def __init__(self, codebase: "Codebase") -> None:
        self._codebase = codebase

    def of(self, entry: Entry, *, most_lines: int = MOST_LINES) -> Closeup:
        """The look at ``entry``; a file that cannot be read any more has no code."""
        first, last = self._span(entry)
        lines = self._lines(entry.path)[first - 1 : last]
        shown = lines if len(lines) <= most_lines else lines[:most_lines]
        uses = self._users(entry.path, entry.qualname)
        callers = [use for use in uses if not is_test_path(use.path)]
        tests = self._tests(entry)
        return Closeup(
            "\n".join(shown),
            first,
            len(lines) - len(shown),
            tuple(callers[:_MOST_CALLERS]),
            max(0, len(callers) - _MOST_CALLERS),
            tuple(tests[:_MOST_TESTS]),
            max(0, len(tests) - _MOST_TESTS),
        )

    def _span(self, entry: Entry) -> tuple[int, int]:
        names = self._codebase.names
        facts = names.function(entry.path, entry.qualname) or names.class_(entry.path, entry.qualname)
        if facts is not None:
            return facts.start_line, facts.end_line
        component = self._codebase.component(entry.id)
        return entry.line, component.end_line if component is not None else entry.line

    def _lines(self, path: str) -> list[str]:
        try:
            return (self._codebase.folder / path).read_text("utf-8", "replace").split("\n")
        except OSError:
            return []

    def _users(self, path: str, qualname: str) -> list[Use]:
        """The definitions that name it, in order of place."""
        found: dict[tuple[str, int], Use] = {}
        for user_path, function in self._naming.get(qualname.rpartition(".")[2], ()):
            if (user_path, function.qualname) != (path, qualname) and self._names(user_path, function, path, qualname):
                found[user_path, function.line] = Use(function.qualname, user_path, function.line)
        for component in self._using.get(f"{path}::{qualname}", ()):
            if component.kind not in ("app", "router") and (component.path, component.qualname) != (path, qualname):
                found.setdefault((component.path, component.line), _use(component))
        return [found[place] for place in sorted(found)]

    @cached_property
    def _naming(self) -> dict[str, list[tuple[str, FunctionFacts]]]:
        """The functions by the last part of each name that they mention."""
        naming: dict[str, list[tuple[str, FunctionFacts]]] = defaultdict(list)
        for path, facts in self._codebase.files.items():
            for function in facts.functions:
                for name in {one.rpartition(".")[2] for one in function.names}:
                    naming[name].append((path, function))
        return naming

    @cached_property
    def _using(self) -> dict[str, list[Component]]:
        """The components by each definition that they use."""
        using: dict[str, list[Component]] = defaultdict(list)
        for component in self._codebase.inventory.components:
            for identifier in component.uses:
                using[identifier.partition(":")[2]].append(component)
        return using

    def _names(self, user_path: str, function: FunctionFacts, path: str, qualname: str) -> bool:
        last = qualname.rpartition(".")[2]
        for name in function.names:
            if name.rpartition(".")[2] != last:
                continue
            head, _, rest = name.partition(".")
            if head in ("self", "cls"):
                if function.owner and user_path == path and f"{function.owner}.{rest}" == qualname:
                    return True
                continue
            symbol = self._codebase.names.resolve(user_path, name)
            if symbol is not None and (symbol.path, symbol.name) == (path, qualname):
                return True
        return False

    def _tests(self, entry: Entry) -> list[Use]:
        """Tests that name it, then those of the routes whose endpoints lead to it."""
        found: dict[tuple[str, int], Use] = {}
        seen = {(entry.path, entry.qualname)}
        level = list(seen)
        for _ in range(_FAR):
            following: list[tuple[str, str]] = []
            for path, qualname in level:
                for use in self._tests_of_endpoint(path, qualname):
                    found.setdefault((use.path, use.line), use)
                for use in self._users(path, qualname):
                    if is_test_path(use.path):
                        if use.name.rpartition(".")[2].startswith("test"):
                            found.setdefault((use.path, use.line), use)
                    elif (use.path, use.name) not in seen:
                        seen.add((use.path, use.name))
                        following.append((use.path, use.name))
            if found or not following:
                break
            level = following
        return list(found.values())

    def _tests_of_endpoint(self, path: str, qualname: str) -> Iterator[Use]:
        for identifier in self._tests_by_endpoint.get(f"endpoint:{path}::{qualname}", ()):
            test = self._codebase.component(identifier)
            if test is not None:
                yield _use(test)

    @cached_property
    def _tests_by_endpoint(self) -> dict[str, list[str]]:
        tests: dict[str, list[str]] = defaultdict(list)
        for route in self._codebase.inventory.routes:
            tests[route.endpoint] += [one for one in route.tests if one not in tests[route.endpoint]]
        return tests


def _use(component: Component) -> Use:
    return Use(component.qualname, component.path, component.line)
