"""Module level, executed abstractly in import order: what it builds, above all which routers hold what.

Statements run as Python would run them, on values that may be unknown. A branch whose condition is not known runs for
the names it binds, and whatever it would register is reported instead of believed.
"""

from collections.abc import Iterable
from typing import Any, NoReturn

from fastapi_expert.codebase.interpret.calls import call
from fastapi_expert.codebase.interpret.evaluation import evaluate
from fastapi_expert.codebase.interpret.operations import join
from fastapi_expert.codebase.interpret.runtime import Return, Runtime, Stop
from fastapi_expert.codebase.interpret.sources import Sources
from fastapi_expert.codebase.interpret.statements import run_statement
from fastapi_expert.codebase.interpret.values import (
    DOUBTFUL,
    MISSING,
    Arguments,
    Condition,
    External,
    FunctionValue,
    Instance,
    Lazy,
    ModuleValue,
    PathValue,
    Router,
    Scope,
    Site,
    Thunk,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts, ImportFacts
from fastapi_expert.codebase.syntax.ir import Expr, Stmt

MAX_STEPS = 1_000_000
"""Statements and calls in one codebase; what comes after is reported as not read."""
MAX_CALL_STEPS = 5_000
"""The same in one call from module level, without the modules it imports: more is a computation, not a route table."""
MAX_DEPTH = 40


class Interpreter(Runtime):
    """Runs the modules of one codebase and remembers every router that was made.

    With ``deeply`` the functions are run whose bodies the facts left out; without it they are remembered in
    :attr:`unread`.
    """

    def __init__(self, names: Names, sources: Sources | None = None, *, deeply: bool = False) -> None:
        super().__init__(names, sources)
        self.deeply = deeply
        self.unread: set[tuple[str, str]] = set()
        self.modules: dict[str, Scope] = {}
        self.running: set[str] = set()
        self.called: set[tuple[str, str]] = set()
        self._starring: set[str] = set()
        self._regions = 0
        self.depth = 0
        self.calling = 0
        """How many calls deep we are since the module that runs."""
        self.budget = MAX_STEPS
        """The count of steps at which the call that runs is given up."""

    # -- modules --------------------------------------------------------------------------------------------------

    def run_module(self, path: str) -> Scope:
        scope = self.modules.get(path)
        if scope is not None:
            return scope
        scope = self.modules[path] = Scope(path, self._module_names(path))
        facts = self.files.get(path)
        if facts is None:
            return scope
        region, self.region = self.region, 0  # an import runs once, whatever branch it stands in
        conditions, self.conditions = self.conditions, []
        calling, self.calling = self.calling, 0
        left, self.budget = self.budget - self.steps, MAX_STEPS
        self.running.add(path)
        self.depth += 1
        try:
            if self.depth < 200:
                self.run(facts.body, scope)
        except (Return, Stop):
            pass
        finally:
            self.depth -= 1
            self.running.discard(path)
            self.region, self.calling, self.budget = region, calling, self.steps + left
            self.conditions = conditions
        return scope

    def _module_names(self, path: str) -> dict[str, Any]:
        name = self.names.modules.name(path)
        folder = path.rpartition("/")[0]
        package = path.endswith("__init__.py")
        names: dict[str, Any] = {"__name__": name, "__file__": PathValue(path)}
        names["__package__"] = name if package else name.rpartition(".")[0]
        return {**names, "__path__": [PathValue(folder)]} if package else names

    def module_attribute(self, place: str, name: str) -> Any:
        if not place.endswith("/"):
            self.names.read_set[place].add(name)
            scope = self.run_module(place)
            if name in scope.names:
                return self.force(scope, name)
            for source in self.names.star_sources(place):
                if source != place and source not in self._starring:
                    self._starring.add(source)
                    found = self.module_attribute(source, name)
                    self._starring.discard(source)
                    if found is not MISSING:
                        return found
        child = self.names.modules.child(place, name)
        if child is None:
            return MISSING
        if not child.endswith("/"):
            self.run_module(child)
        return ModuleValue(child)

    def force(self, scope: Scope, name: str) -> Any:
        value = scope.names[name]
        if isinstance(value, Thunk):
            scope.names[name] = Unknown(Site(scope.path, 1), f"{name} is defined by itself")
            value = scope.names[name] = self._evaluated(value)
        elif isinstance(value, Lazy):
            scope.names[name] = Unknown(Site(scope.path, 1), f"{name} is imported from itself")
            found = self.module_attribute(value.place, value.name)
            scope.names[name] = value
            if found is MISSING:
                return Unknown(Site(scope.path, 1), f"{value.name} is not found in {value.place}")
            if value.place not in self.running:
                scope.names[name] = found
            value = found
        return value

    def _evaluated(self, thunk: Thunk) -> Any:
        if thunk.value is MISSING:
            region, self.region = self.region, 0  # it was met under no condition
            thunk.value = evaluate(self, thunk.expr, thunk.scope)
            self.region = region
        return thunk.value

    def lookup(self, scope: Scope, name: str) -> Any:
        self.names.read_set[scope.path].add(name)
        here: Scope | None = scope
        while here is not None:
            if name in here.names and not (here.cls is not None and here is not scope):
                return self.force(here, name)
            here = here.parent
        for place in self.names.star_sources(scope.path):
            found = self.module_attribute(place, name)
            if found is not MISSING:
                return found
        return MISSING

    # -- statements -----------------------------------------------------------------------------------------------

    def evaluate(self, expr: Expr, scope: Scope) -> Any:
        return evaluate(self, expr, scope)

    def call(self, function: Any, given: Arguments) -> Any:
        return call(self, function, given)

    def run(self, body: Iterable[Stmt], scope: Scope) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > self.budget:
                self._give_up(scope, statement)
            run_statement(self, statement, scope)

    def _give_up(self, scope: Scope, statement: Stmt) -> NoReturn:
        if self.steps > MAX_STEPS:
            self.problem(
                Site(scope.path, ir.line_of(statement)), "module level computes for too long; the rest is not read"
            )
        raise Stop

    def assign(self, target: Any, value: Any, scope: Scope) -> None:
        if isinstance(target, str):
            head, dot, last = target.rpartition(".")
            if not dot:
                scope.names[target] = value
                if isinstance(value, Router) and not value.name:
                    value.name = target
                return
            owner = evaluate(self, head, scope)
            if isinstance(owner, (Instance, Router)):
                if isinstance(value, Router) and not value.name:
                    value.name = target
                owner.attributes[last] = value
                if isinstance(owner, Router) and last == "prefix":
                    owner.prefix = value
            elif isinstance(owner, ModuleValue) and owner.place in self.modules:
                self.modules[owner.place].names[last] = value
        elif (several := ir.match(target, ir.Targets)) is not None:
            for one in several.items:
                self.assign(one, value, scope)
        elif (unpacked := ir.match(target, ir.Display)) is not None:
            count = len(unpacked.items)
            parts = list(value) if is_list(value) and len(value) == count else None
            for index, one in enumerate(unpacked.items):
                self.assign(one, parts[index] if parts is not None else Unknown(Site(scope.path, 1), "unpacked"), scope)
        elif (item := ir.match(target, ir.Subscript)) is not None:
            owner, key = evaluate(self, item.value, scope), evaluate(self, item.index, scope)
            if is_dict(owner) and isinstance(key, (str, int)):
                owner[key] = Unknown(Site(scope.path, 1), DOUBTFUL) if self.is_doubtful(owner) else value

    def uncertain(self, bodies: Iterable[Iterable[Stmt]], scope: Scope, condition: Condition) -> None:
        before = dict(scope.names)
        outcomes: list[dict[str, Any]] = []
        for body in bodies:
            scope.names.clear()
            scope.names.update(before)
            region = self.region
            self._regions += 1
            self.region = self._regions
            self.conditions.append((self.region, condition))
            try:
                self.run(body, scope)
            except Return as returned:
                if returned.value is not None and not isinstance(returned.value, Unknown):
                    scope.maybe.append(returned.value)
            except Stop:
                continue  # a branch that raises says nothing of what follows
            finally:
                self.region = region
                self.conditions.pop()
            outcomes.append(dict(scope.names))
        scope.names.clear()
        scope.names.update(before)
        for name in {name for outcome in outcomes for name in outcome}:
            values = [outcome[name] for outcome in outcomes if name in outcome]
            if isinstance(before.get(name), (Lazy, Thunk)):  # looked up in one branch, not yet in another: the same
                values = [value for value in values if value is not before[name]] or values
            scope.names[name] = join(values, Site(scope.path, 1))

    # -- calls ----------------------------------------------------------------------------------------------------

    def call_function(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site) -> Any:
        facts = self.names.function(function.path, function.qualname)
        if facts is None:
            return Unknown(site, f"{function.qualname} is not found")
        self.called.add((function.path, function.qualname))
        body = facts.body if facts.body is not None else self._left_out(function.path, facts)
        if body is None or self.calling > MAX_DEPTH or self.steps > self.budget:
            return Unknown(site, f"what {facts.name}() returns is not known from its text")
        scope = Scope(function.path, {}, function.scope)
        if function.receiver is not None:
            args = [function.receiver, *args]
        owner = function.scope.cls
        if owner is not None:
            scope.names["__class__"] = owner
        self._bind_parameters(facts, scope, args, keywords, site)
        if not self.calling:
            self.budget = self.steps + MAX_CALL_STEPS * (20 if self.deeply else 1)
        self.calling += 1
        try:
            self.run(body, scope)
            value = None
        except Return as returned:
            value = returned.value
        except Stop:
            value = Unknown(site, f"{facts.name}() raises an error")
        finally:
            self.calling -= 1
            if not self.calling:
                self.budget = MAX_STEPS
        if scope.maybe:
            value = join([*scope.maybe, *([] if value is None else [value])], site)
        return value

    def _left_out(self, path: str, facts: FunctionFacts) -> tuple[Stmt, ...] | None:
        """The body of a function that the facts did not keep; what is awaited is not known anyway."""
        if facts.is_async or self.sources is None:
            return None
        if not self.deeply:
            self.unread.add((path, facts.qualname))
            return None
        return self.sources.body(path, facts.qualname)

    def _bind_parameters(
        self, facts: FunctionFacts, scope: Scope, args: list[Any], keywords: dict[str, Any], site: Site
    ) -> None:
        rest, left = list(args), dict(keywords)
        for param in facts.params:
            if param.kind == "*":
                scope.names[param.name], rest = rest, []
            elif param.kind == "**":
                scope.names[param.name] = left
            elif rest and param.kind != "=":
                scope.names[param.name] = rest.pop(0)
            elif param.name in left:
                scope.names[param.name] = left.pop(param.name)
            elif param.default:
                scope.names[param.name] = Thunk(param.default_expr, scope.parent or scope)
            else:
                scope.names[param.name] = Unknown(site, f"no value is known for {param.name!r} of {facts.name}()")

    # -- reading one statement ------------------------------------------------------------------------------------

    def bind_import(self, imported: ImportFacts, scope: Scope) -> None:
        find = self.names.modules.find
        if not imported.name:
            dotted = imported.module if imported.alias else imported.module.split(".")[0]
            whole = find(scope.path, imported.module)
            if whole is not None and not whole.endswith("/"):
                self.run_module(whole)
            place = find(scope.path, dotted)
            scope.names[imported.alias or dotted] = ModuleValue(place) if place is not None else External(dotted)
            return
        place = find(scope.path, imported.module)
        if place is None:
            outside = imported.module.lstrip(".")
            if imported.name != "*":
                scope.names[imported.alias] = External(f"{outside}.{imported.name}" if outside else imported.name)
            return
        if not place.endswith("/"):
            self.run_module(place)
        if imported.name == "*":
            return  # looked up when a name is not found otherwise
        self.names.read_set[place].add(imported.name)
        child = self.names.modules.child(place, imported.name)
        if place == scope.path:  # a package imports its own submodule
            if child is not None:
                scope.names[imported.alias] = ModuleValue(child)
                if not child.endswith("/"):
                    self.run_module(child)
            return
        if child is not None and not child.endswith("/") and imported.name not in self.names.bindings(place):
            self.run_module(child)
        scope.names[imported.alias] = Lazy(place, imported.name)
