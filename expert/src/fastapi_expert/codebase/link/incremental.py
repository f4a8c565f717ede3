"""What an edit of one file changes in the rest: whether a result of linking still holds, and on which lines.

Linking records what it read (:class:`LinkInputs`). An edit that leaves all of that as it was, apart from its lines,
leaves the kinds of definitions and the table of routes as they were. Most edits do: the body of a function, a helper
that nothing calls yet, an import of a third-party package. For every other edit the codebase is linked again.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.dependencies import Dependencies
from fastapi_expert.codebase.link.roles import (
    Place,
    builds_app,
    is_migration,
    is_service_class,
    is_trivial,
    kind_by_itself,
    may_hold_services,
)
from fastapi_expert.codebase.link.tasks import handed_in, is_worker_settings, same_work
from fastapi_expert.codebase.model import Kind
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax import ir
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
from fastapi_expert.codebase.vocabulary import is_test_path

CALLERS = ("endpoint", "task")
"""Kinds of functions whose calls make services of others."""


class LinkInputs(NamedTuple):
    """What linking read: names looked up in each file (Names.read_set), functions called, modules in running order.

    ``bodies`` are functions of which every statement counted, ``helpers`` the names of those that start background work
    for others.
    """

    read_set: Mapping[str, Collection[str]]
    called: Collection[Place]
    order: Mapping[str, int]
    bodies: Collection[Place] = ()
    helpers: Collection[str] = ()


class Impact(NamedTuple):
    """Everything that a harmless edit changes: old line to new line, and the kinds of new definitions.

    ``reshaped`` are the classes (by qualname) whose fields changed, with the kind they have on their own.
    """

    lines: Mapping[int, int]
    kinds: Mapping[Place, Kind]
    reshaped: Mapping[str, Kind | None]


def impact(
    old: FileFacts, new: FileFacts, *, inputs: LinkInputs, names: Names, callers: Collection[str]
) -> Impact | None:
    """What replacing ``old`` by ``new`` changes, given the current ``names``; None when only linking can tell.

    ``callers`` are the qualnames of the file's functions of a kind in :data:`CALLERS`.
    """
    edit = _Edit(old, new, inputs, names, callers)
    if not edit.is_harmless():
        return None
    lines = dict(zip(edit.before, edit.after, strict=True))
    same = all(lines[before] == after for before, after in zip(edit.before, edit.after, strict=True))
    return Impact(lines, edit.added, edit.reshaped) if same else None  # what was on one line is now on two


class _Edit:
    def __init__(
        self, old: FileFacts, new: FileFacts, inputs: LinkInputs, names: Names, callers: Collection[str]
    ) -> None:
        self.old, self.new = old, new
        self.inputs, self.names, self.callers = inputs, names, callers
        self.path = new.path
        self.classes = Classes(names)
        self.read_set = inputs.read_set.get(self.path, ())
        self.before: Lines = []
        self.after: Lines = []
        self.added: dict[Place, Kind] = {}
        self.reshaped: dict[str, Kind | None] = {}
        self.come_or_gone = {one.qualname for one in old.classes} ^ {one.qualname for one in new.classes}

    def is_harmless(self) -> bool:
        if is_migration(self.old) != is_migration(self.new):
            return False
        return self._same_imports() and self._same_module() and self._same_classes() and self._same_functions()

    def _same_imports(self) -> bool:
        before, after = ({named(one): one for one in facts.imports} for facts in (self.old, self.new))
        return all(self._may_come_or_go(before.get(key) or after[key]) for key in before.keys() ^ after.keys())

    def _may_come_or_go(self, imported: ImportFacts) -> bool:
        """Whether nothing looked up what it binds, and importing it runs nothing earlier than before."""
        bound = imported.alias or imported.module.partition(".")[0]
        if imported.name == "*" or bound in self.read_set:
            return False
        place = self.names.modules.find(self.path, imported.module)
        here = self.inputs.order.get(self.path)
        if imported.scope or place is None or here is None:
            return True
        child = self.names.modules.child(place, imported.name) if imported.name else None
        return all(self.inputs.order.get(one, here) < here for one in (place, child) if one and not one.endswith("/"))

    def _same_module(self) -> bool:
        common = {named(one) for one in self.old.imports} & {named(one) for one in self.new.imports}
        return self._module(self.old, common, self.before) == self._module(self.new, common, self.after)

    def _module(self, facts: FileFacts, common: set[tuple[str, str, str, str]], lines: Lines) -> list[Any]:
        """The statements that linking saw, without plain definitions that nothing looked up."""
        plain = {one.qualname for one in facts.functions if not one.decorators and one.name not in self.read_set}
        found: list[Any] = []
        for one in facts.body:
            function, cls = ir.match(one, ir.Def), ir.match(one, ir.ClassDef)
            if function is not None and function.qualname in plain:
                continue
            if cls is not None and cls.qualname in self.come_or_gone:
                continue
            if ir.match(one, ir.Import) is not None:
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
        """Whether nothing read the fields that differ, or their order."""
        old, new = ([field(one, []) for one in facts.fields] for facts in (before, after))
        changed = {one[0] for one in (*old, *new) if one not in old or one not in new}
        asked = [name for name in changed if f"{after.qualname}.{name}" in self.read_set]
        return not asked and f"{after.qualname}." not in self.read_set and self._kind_of(after) != "settings"

    def _class_may_go(self, gone: ClassFacts) -> bool:
        return not gone.decorators and not self._is_wanted(gone)

    def _class_may_come(self, new: ClassFacts) -> bool:
        if new.decorators or self._is_wanted(new) or any(method.decorators for method in self._methods(new)):
            return False
        if is_worker_settings(new):
            return False
        kind = self._kind_of(new)
        if kind is not None:
            self.added[self.path, new.qualname] = kind
        return kind != "settings"

    def _is_wanted(self, one: ClassFacts) -> bool:
        """Whether something looked up a class of this name, or it is nested in a class that stays."""
        if "@" in one.qualname or (one.parent and one.parent not in self.come_or_gone):
            return True
        return one.name in self.read_set

    def _methods(self, one: ClassFacts) -> list[FunctionFacts]:
        return [function for function in self.new.functions if function.owner == one.qualname]

    def _kind_of(self, one: ClassFacts) -> Kind | None:
        """The kind of a class that nothing refers to."""
        kind = self.classes.component_kind(self.path, one)
        if kind is None and may_hold_services(self.new) and is_service_class(one, self._methods(one)):
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
        if not same_work(handed_in(before), handed_in(after)):
            return False
        if key in self.inputs.bodies and before.shape != after.shape:
            return False
        if set(before.names) != set(after.names) and self._mentions_helper(after):
            return False  # what it hands to the helper may run beside it now
        if after.qualname in self.callers and set(before.names) != set(after.names):
            return False  # what it calls may now be a service
        if after.qualname.partition(".")[0] in self.read_set and is_trivial(before) != is_trivial(after):
            return False
        if key in self.inputs.called:
            return body(before, self.old, self.before) == body(after, self.new, self.after)
        return not _makes_app(after) or body(before, self.old, []) == body(after, self.new, [])

    def _is_new_and_harmless(self, function: FunctionFacts) -> bool:
        if function.decorators or any(handed_in(function)) or _makes_app(function) or self._mentions_helper(function):
            return False
        if function.qualname in self.read_set:
            return False
        if function.owner and not self._is_new_method(function):
            return False
        if not function.parent and function.name in self.read_set:
            return False
        if Dependencies(self.names).of_function(self.path, function):
            return False  # what it depends on is now a dependency
        kind = kind_by_itself(self.new, function)
        if kind is not None:
            self.added[self.path, function.qualname] = kind
        return True

    def _mentions_helper(self, function: FunctionFacts) -> bool:
        helpers = self.inputs.helpers
        return bool(helpers) and any(name.rpartition(".")[2] in helpers for name in function.names)

    def _is_new_method(self, function: FunctionFacts) -> bool:
        """Whether it came with its class and is not a test."""
        is_test_method = function.name.startswith("test") and (is_test_path(self.path) or "test" in self.path)
        return function.owner in self.come_or_gone and not is_test_method


def _makes_app(function: FunctionFacts) -> bool:
    return not function.parent and function.body is not None and builds_app(function.body, function.returns)
