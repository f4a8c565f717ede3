"""What an edit of one file can change in the rest: whether a result of linking still holds, and on which lines.

Linking remembers what it looked at (:class:`Reach`). An edit that leaves all of that as it was, up to the lines it
stands on, leaves the kinds of definitions and the table of routes as they were. Most edits are such: the body of a
function, a helper that nobody calls yet, an import of somebody else's package. Of any other it is not said what it
changes: link again.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.dependencies import Dependencies
from fastapi_expert.codebase.link.roles import (
    Place,
    builds_app,
    is_service_class,
    is_trivial,
    kind_by_itself,
    may_hold_services,
)
from fastapi_expert.codebase.model import Kind
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax.facts import (
    ClassFacts,
    FileFacts,
    FunctionFacts,
    ImportFacts,
)
from fastapi_expert.codebase.syntax.positions import (
    Lines,
    body,
    class_,
    field,
    header,
    named,
    signature,
    statement,
)
from fastapi_expert.codebase.vocabulary import BACKGROUND_CALLS, is_test_path

CALLERS = ("endpoint", "task")
"""Kinds of functions whose calls make services of others."""


class Reach(NamedTuple):
    """What linking looked at: names asked for of each file (see Names.asked), functions called, modules as they ran."""

    asked: Mapping[str, Collection[str]]
    called: Collection[Place]
    order: Mapping[str, int]


class Effect(NamedTuple):
    """All that a harmless edit changes: old line to new line, and the kinds of definitions that are new.

    ``reshaped`` are the classes (by qualname) whose fields are others now, with the kind they have by themselves.
    """

    lines: Mapping[int, int]
    kinds: Mapping[Place, Kind]
    reshaped: Mapping[str, Kind | None]


def effect(old: FileFacts, new: FileFacts, *, reach: Reach, names: Names, callers: Collection[str]) -> Effect | None:
    """What replacing ``old`` by ``new`` changes, by ``names`` as they are now; None when that takes linking to know.

    ``callers`` are the qualnames of the file's functions of a kind in :data:`CALLERS`.
    """
    edit = _Edit(old, new, reach, names, callers)
    if not edit.is_harmless():
        return None
    lines = dict(zip(edit.before, edit.after, strict=True))
    same = all(lines[before] == after for before, after in zip(edit.before, edit.after, strict=True))
    return Effect(lines, edit.added, edit.reshaped) if same else None  # what stood on one line now stands on two


class _Edit:
    def __init__(self, old: FileFacts, new: FileFacts, reach: Reach, names: Names, callers: Collection[str]) -> None:
        self.old, self.new = old, new
        self.reach, self.names, self.callers = reach, names, callers
        self.path = new.path
        self.classes = Classes(names)
        self.asked = reach.asked.get(self.path, ())
        self.before: Lines = []
        self.after: Lines = []
        self.added: dict[Place, Kind] = {}
        self.reshaped: dict[str, Kind | None] = {}
        self.come_or_gone = {one.qualname for one in old.classes} ^ {one.qualname for one in new.classes}

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
            if (one[0] == "def" and one[2] in plain) or (one[0] == "class" and one[2] in self.come_or_gone):
                continue
            if one[0] == "import":
                _, bound = statement(one, facts.imports, [])
                found += [name for name in bound if name in common]
                continue
            found.append(statement(one, facts.imports, lines))
        return found

    def _same_classes(self) -> bool:
        before, after = ({one.qualname: one for one in facts.classes} for facts in (self.old, self.new))
        common = [qualname for qualname in before if qualname in after]
        return (
            common == [qualname for qualname in after if qualname in before]
            and all(self._same_class(before[qualname], after[qualname]) for qualname in common)
            and all(
                self._class_may_come(after[qualname]) if qualname in after else self._class_may_go(before[qualname])
                for qualname in self.come_or_gone
            )
        )

    def _same_class(self, before: ClassFacts, after: ClassFacts) -> bool:
        old: Lines = []
        new: Lines = []
        if class_(before, self.old.imports, old) != class_(after, self.new.imports, new):
            old, new = [], []
            if header(before, self.old.imports, old) != header(after, self.new.imports, new):
                return False
            if not self._may_change_fields(before, after):
                return False
            self.reshaped[after.qualname] = self._kind_of(after)
        self.before += old
        self.after += new
        return True

    def _may_change_fields(self, before: ClassFacts, after: ClassFacts) -> bool:
        """Whether nobody looked at the fields that differ, nor at the order in which they come."""
        old, new = ([field(one, []) for one in facts.fields] for facts in (before, after))
        changed = {one[0] for one in (*old, *new) if one not in old or one not in new}
        asked = [name for name in changed if f"{after.qualname}.{name}" in self.asked]
        return not asked and f"{after.qualname}." not in self.asked and self._kind_of(after) != "settings"

    def _class_may_go(self, gone: ClassFacts) -> bool:
        return not gone.decorators and not self._is_wanted(gone)

    def _class_may_come(self, new: ClassFacts) -> bool:
        if new.decorators or self._is_wanted(new) or any(method.decorators for method in self._methods(new)):
            return False
        kind = self._kind_of(new)
        if kind is not None:
            self.added[self.path, new.qualname] = kind
        return kind != "settings"

    def _is_wanted(self, one: ClassFacts) -> bool:
        """Whether somebody asked for a class of this name, or it is part of one that was here and stays."""
        if "@" in one.qualname or (one.parent and one.parent not in self.come_or_gone):
            return True
        return one.name in self.asked

    def _methods(self, one: ClassFacts) -> list[FunctionFacts]:
        return [function for function in self.new.functions if function.owner == one.qualname]

    def _kind_of(self, one: ClassFacts) -> Kind | None:
        """The kind of a class that nothing refers to."""
        kind = self.classes.component_kind(self.path, one)
        if kind is None and may_hold_services(self.path) and is_service_class(one, self._methods(one)):
            return "service"
        return kind

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
        if function.decorators or _background_work(function) or _makes_app(function):
            return False
        if function.owner and not self._is_new_method(function):
            return False
        if not function.parent and function.name in self.asked:
            return False
        if Dependencies(self.names).of_function(self.path, function):
            return False  # what it depends on is a dependency because of it
        kind = kind_by_itself(self.path, function)
        if kind is not None:
            self.added[self.path, function.qualname] = kind
        return True

    def _is_new_method(self, function: FunctionFacts) -> bool:
        """Whether it came with its class, and no test runner would call it."""
        is_test_method = function.name.startswith("test") and (is_test_path(self.path) or "test" in self.path)
        return function.owner in self.come_or_gone and not is_test_method


def _background_work(function: FunctionFacts) -> list[Any]:
    return [
        call.expr[2][0] for call in function.calls if call.name.rpartition(".")[2] in BACKGROUND_CALLS and call.expr[2]
    ]


def _makes_app(function: FunctionFacts) -> bool:
    return not function.parent and function.body is not None and builds_app(function.body, function.returns)
