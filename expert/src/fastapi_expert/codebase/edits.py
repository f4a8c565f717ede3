"""What an edit of one file can change in the rest: whether a result of linking still holds, and on which lines.

Linking remembers what it looked at (:class:`Reach`). An edit that leaves all of that as it was, up to the lines it
stands on, leaves the kinds of definitions and the table of routes as they were. Most edits are such: the body of a
function, a helper that nobody calls yet, an import of somebody else's package. Of any other it is not said what it
changes: link again.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from .dependencies import Dependencies
from .facts import FileFacts, FunctionFacts, ImportFacts
from .lineless import Lines, body, class_, named, signature, statement
from .model import Kind
from .names import Names
from .roles import Place, builds_app, is_trivial, kind_by_itself

_BACKGROUND = ("add_task", "enqueue")
CALLERS = ("endpoint", "task")
"""Kinds of functions whose calls make services of others."""


class Reach(NamedTuple):
    """What linking looked at: top-level names asked for of each file, functions called, modules as they ran."""

    asked: Mapping[str, Collection[str]]
    called: Collection[Place]
    order: Mapping[str, int]


class Effect(NamedTuple):
    """All that a harmless edit changes: old line to new line, and the kinds of functions that are new."""

    lines: Mapping[int, int]
    kinds: Mapping[Place, Kind]


def effect(old: FileFacts, new: FileFacts, *, reach: Reach, names: Names, callers: Collection[str]) -> Effect | None:
    """What replacing ``old`` by ``new`` changes, by ``names`` as they are now; None when that takes linking to know.

    ``callers`` are the qualnames of the file's functions of a kind in :data:`CALLERS`.
    """
    edit = _Edit(old, new, reach, names, callers)
    if not edit.is_harmless():
        return None
    lines = dict(zip(edit.before, edit.after, strict=True))
    same = all(lines[before] == after for before, after in zip(edit.before, edit.after, strict=True))
    return Effect(lines, edit.added) if same else None  # what stood on one line now stands on two


class _Edit:
    def __init__(self, old: FileFacts, new: FileFacts, reach: Reach, names: Names, callers: Collection[str]) -> None:
        self.old, self.new = old, new
        self.reach, self.names, self.callers = reach, names, callers
        self.path = new.path
        self.asked = reach.asked.get(self.path, ())
        self.before: Lines = []
        self.after: Lines = []
        self.added: dict[Place, Kind] = {}

    def is_harmless(self) -> bool:
        return self._same_imports() and self._same_module() and self._same_classes() and self._same_functions()

    def _same_imports(self) -> bool:
        before, after = ({named(one): one for one in facts.imports} for facts in (self.old, self.new))
        return all(self._may_come_or_go(before.get(key) or after[key]) for key in before.keys() ^ after.keys())

    def _may_come_or_go(self, imported: ImportFacts) -> bool:
        """Whether nobody asked for what it binds, and importing it runs nothing earlier than it ran before."""
        bound = imported.alias or imported.module.partition(".")[0]
        if imported.name == "*" or bound in self.asked:
            return False
        place = self.names.modules.find(self.path, imported.module)
        here = self.reach.order.get(self.path)
        if imported.scope or place is None or here is None:
            return True
        child = self.names.modules.child(place, imported.name) if imported.name else None
        return all(self.reach.order.get(one, here) < here for one in (place, child) if one and not one.endswith("/"))

    def _same_module(self) -> bool:
        common = {named(one) for one in self.old.imports} & {named(one) for one in self.new.imports}
        return self._module(self.old, common, self.before) == self._module(self.new, common, self.after)

    def _module(self, facts: FileFacts, common: set[tuple[str, str, str, str]], lines: Lines) -> list[Any]:
        """The statements that linking saw, without plain definitions that nobody asked for."""
        plain = {one.qualname for one in facts.functions if not one.decorators and one.name not in self.asked}
        found: list[Any] = []
        for one in facts.body:
            if one[0] == "def" and one[2] in plain:
                continue
            if one[0] == "import":
                _, bound = statement(one, facts.imports, [])
                found += [name for name in bound if name in common]
                continue
            found.append(statement(one, facts.imports, lines))
        return found

    def _same_classes(self) -> bool:
        before = [class_(one, self.old.imports, self.before) for one in self.old.classes]
        return before == [class_(one, self.new.imports, self.after) for one in self.new.classes]

    def _same_functions(self) -> bool:
        before = {one.qualname: one for one in self.old.functions}
        after = {one.qualname: one for one in self.new.functions}
        if before.keys() - after.keys():
            return False
        return all(
            self._same(before[qualname], one) if qualname in before else self._is_new_and_harmless(one)
            for qualname, one in after.items()
        )

    def _same(self, before: FunctionFacts, after: FunctionFacts) -> bool:
        key = (self.path, after.qualname)
        if signature(before, self.before) != signature(after, self.after):
            return False
        if _background_work(before) != _background_work(after):
            return False
        if after.qualname in self.callers and set(before.names) != set(after.names):
            return False  # what it calls may be a service because of it
        if after.qualname.partition(".")[0] in self.asked and is_trivial(before) != is_trivial(after):
            return False
        if key in self.reach.called:
            return body(before, self.old, self.before) == body(after, self.new, self.after)
        return not _makes_app(after) or body(before, self.old, []) == body(after, self.new, [])

    def _is_new_and_harmless(self, function: FunctionFacts) -> bool:
        if function.decorators or function.owner or _background_work(function) or _makes_app(function):
            return False
        if not function.parent and function.name in self.asked:
            return False
        if Dependencies(self.names).of_function(self.path, function):
            return False  # what it depends on is a dependency because of it
        kind = kind_by_itself(self.path, function)
        if kind is not None:
            self.added[self.path, function.qualname] = kind
        return True


def _background_work(function: FunctionFacts) -> list[Any]:
    return [call.expr[2][0] for call in function.calls if call.name.rpartition(".")[2] in _BACKGROUND and call.expr[2]]


def _makes_app(function: FunctionFacts) -> bool:
    return not function.parent and function.body is not None and builds_app(function.body, function.returns)
