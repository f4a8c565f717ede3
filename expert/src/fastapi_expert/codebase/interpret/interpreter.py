"""Module level, executed abstractly in import order: what it builds, above all which routers hold what.

Statements run as Python would run them, on values that may be unknown. A branch whose condition is not known runs for
the names it binds, and whatever it would register is reported instead of believed.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from fastapi_expert.codebase.interpret.attributes import attributes_of, class_attribute
from fastapi_expert.codebase.interpret.calls import call
from fastapi_expert.codebase.interpret.containers import items_of, set_item
from fastapi_expert.codebase.interpret.evaluation import evaluate
from fastapi_expert.codebase.interpret.journal import Journal, Writes
from fastapi_expert.codebase.interpret.objects import dotenv
from fastapi_expert.codebase.interpret.operations import join
from fastapi_expert.codebase.interpret.registration import set_route_attribute, set_router_attribute, set_routes
from fastapi_expert.codebase.interpret.runtime import Raised, Return, Runtime, Stop
from fastapi_expert.codebase.interpret.sources import Sources
from fastapi_expert.codebase.interpret.statements import run_statement
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    UNREAD,
    Arguments,
    ClassValue,
    Condition,
    External,
    FunctionValue,
    GeneratorCall,
    IncludeEntry,
    Instance,
    LambdaValue,
    Lazy,
    Method,
    ModuleValue,
    MountEntry,
    Partial,
    PathValue,
    RouteDecorator,
    RouteEntry,
    RouteList,
    Router,
    Scope,
    Site,
    Thunk,
    Uncalled,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts, ImportFacts, Param
from fastapi_expert.codebase.syntax.ir import Expr, Stmt
from fastapi_expert.codebase.vocabulary import APPLICATIONS

MAX_STEPS = 1_000_000
"""Statements and calls in one codebase; what comes after is reported as not read."""
MAX_CALL_STEPS = 5_000
"""The same in one call from module level, without the modules it imports: more is a computation, not a route table."""
SHARE_ASIDE = 4
"""A function that registers routes may call others that do not (a startup that warms caches first): each such call gets
one part in so many of what is left, so that none of them takes the steps of what registers after it."""
MAX_TEST_STEPS = 200
"""The same while the requests of tests are read."""
MAX_LIBRARY_STEPS = 5_000
"""The same in one call of a library; they do not count as the caller's."""
MAX_IN_LIBRARY = 40_000
"""The same in all calls of one library; what is called then is not known."""
MAX_DEPTH = 40
MAX_NESTING = 100
"""Blocks that run inside of each other, those of called functions included; Python's own stack is not endless."""


class Interpreter(Runtime):
    """Runs the modules of one codebase and remembers every router that was made.

    The functions of the files in ``deeply`` are run even where the facts left out their bodies, while a module of
    ``deeply_from`` runs or none; the others are remembered in :attr:`unread`.
    """

    def __init__(
        self,
        names: Names,
        sources: Sources | None = None,
        *,
        deeply: frozenset[str] = frozenset(),
        deeply_from: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(names, sources)
        self.deeply = deeply
        self.deeply_from = deeply_from
        self._module = ""
        """The module that runs, innermost."""
        self.unread: set[tuple[str, str]] = set()
        self.modules: dict[str, Scope] = {}
        self.called: set[tuple[str, str]] = set()
        self._starring: set[str] = set()
        self.journal = Journal()
        self._starting = False
        """Bodies that the facts left out are read too: only what runs at startup is looked at."""
        self._given: dict[tuple[str, str], Any] = {}
        self._regions = 0
        self.depth = 0
        self.nesting = 0
        self.in_library: Counter[str] = Counter()
        """Steps so far in the functions of each library."""
        self.calling = 0
        """How many calls deep we are since the module that runs."""
        self._registering = False
        """Whether the function that runs is given a router, or runs at startup."""
        self.budget = MAX_STEPS
        """The count of steps at which the call that runs is given up."""

    def turned_by(self, conditions: frozenset[tuple[str, str]]) -> "Interpreter":
        """One that has run nothing yet and takes these conditions the other way round."""
        other = Interpreter(self.names, self.sources, deeply=self.deeply, deeply_from=self.deeply_from)
        other.turned = conditions
        return other

    # -- modules --------------------------------------------------------------------------------------------------

    def run_module(self, path: str) -> Scope:
        scope = self.modules.get(path)
        if scope is not None:
            return scope
        scope = self.modules[path] = Scope(path, self._module_names(path))
        facts = self.names.facts(path)
        if facts is None:
            return scope
        line, journal, self.journal = self.line, self.journal, Journal()
        home, self.home = self.home, None  # what a library makes when it is imported is its own
        region, self.region = self.region, 0  # an import runs once, whatever branch it stands in
        conditions, self.conditions = self.conditions, []
        calling, self.calling = self.calling, 0
        guarded, self.guarded = self.guarded, 0
        nesting, self.nesting = self.nesting, 0
        left, self.budget = self.budget - self.steps, MAX_STEPS
        if self.names.is_library(path):
            self.budget = self.steps + MAX_LIBRARY_STEPS
        self.running.add(path)
        around, self._module = self._module, path
        self.depth += 1
        try:
            if self.depth < 200:
                self._run_top_level(facts.body, scope)
        except (Return, Stop):
            pass
        finally:
            self.depth -= 1
            self.running.discard(path)
            self._module = around
            self.region, self.calling, self.budget = region, calling, self.steps + left
            self.conditions = conditions
            self.home, self.line, self.journal, self.guarded = home, line, journal, guarded
            self.nesting = nesting
        return scope

    def _run_top_level(self, body: Iterable[Stmt], scope: Scope) -> None:
        """The statements of a module, or of a function that may register. What is served got through the checks of its
        settings: `if not KEY: raise …` at their top ends nothing, whatever KEY is as shipped."""
        for statement in body:
            try:
                self.run((statement,), scope)
            except Raised:
                if self.guarded or ir.match(statement, ir.If) is None:
                    raise

    def _module_names(self, path: str) -> dict[str, Any]:
        name = self.names.modules.name(path)
        folder = path.rpartition("/")[0]
        package = path.endswith("__init__.py")
        names: dict[str, Any] = {"__name__": name, "__file__": PathValue(path)}
        names["__package__"] = name if package else name.rpartition(".")[0]
        return {**names, "__path__": [PathValue(folder)]} if package else names

    def setting(self, cls: ClassValue, name: str) -> Any:
        return dotenv.setting(self, cls, name)

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
            scope.names[name] = Unknown(Site(scope.path, self.line), f"{name} is defined by itself")
            value = scope.names[name] = self._evaluated(value)
        elif isinstance(value, Lazy):
            scope.names[name] = Unknown(Site(scope.path, self.line), f"{name} is imported from itself")
            found = self.module_attribute(value.place, value.name)
            scope.names[name] = value
            if found is MISSING:
                return Unknown(Site(scope.path, self.line), f"{value.name} is not found in {value.place}")
            if value.place not in self.running:
                scope.names[name] = found
            value = found
        return value

    def _evaluated(self, thunk: Thunk) -> Any:
        if thunk.value is MISSING:
            region, self.region = self.region, 0  # it was met under no condition
            line, self.line = self.line, thunk.line
            thunk.value = evaluate(self, thunk.expr, thunk.scope)
            self.region, self.line = region, line
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
        self.nesting += 1
        try:
            if self.nesting > MAX_NESTING:
                raise Stop
            self._run_each(body, scope)
        finally:
            self.nesting -= 1

    def _run_each(self, body: Iterable[Stmt], scope: Scope) -> None:
        for statement in body:
            self.steps += 1
            self.line = ir.line_of(statement)
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
                names = scope.outer.get(target, scope).names
                if isinstance(value, Router) and value.is_app and scope.parent is None and not self.region:
                    _replace_application(names, target, value)
                if isinstance(value, Router):
                    value.is_local = scope.parent is not None and scope.cls is None and not value.name
                if names is scope.names:
                    names[target] = value
                else:
                    self.journal.write(names, target, value)
                if isinstance(value, Router) and not value.name:
                    value.name = target
            else:
                if isinstance(value, Router) and not value.name:
                    value.name = target
                self._set_attribute(evaluate(self, head, scope), last, value)
        elif (several := ir.match(target, ir.Targets)) is not None:
            for one in several.items:
                self.assign(one, value, scope)
        elif (unpacked := ir.match(target, ir.Display)) is not None:
            self._unpack(unpacked.items, value, scope)
        elif (part := ir.match(target, ir.Attribute)) is not None:
            self._set_attribute(evaluate(self, part.value, scope), part.name, value)
        elif (item := ir.match(target, ir.Subscript)) is not None:
            owner, key = evaluate(self, item.value, scope), evaluate(self, item.index, scope)
            self.let_go(value)
            if isinstance(owner, RouteList):
                set_routes(self, owner, key, value)
            else:
                set_item(self, owner, key, value, scope)

    def _set_attribute(self, owner: Any, name: str, value: Any) -> None:
        self.let_go(value)
        if isinstance(owner, Router) and set_router_attribute(self, owner, name, value):
            return
        if isinstance(owner, (RouteEntry, IncludeEntry, MountEntry)):
            set_route_attribute(self, owner, name, value)
            return
        names: dict[str, Any] | None = None
        if isinstance(owner, (Instance, Router)):
            names = owner.attributes
        elif isinstance(owner, ClassValue):
            names = owner.namespace
        elif isinstance(owner, FunctionValue):
            names = attributes_of(self, owner)
        elif isinstance(owner, ModuleValue) and owner.place in self.modules:
            names = self.modules[owner.place].names
        if names is not None:
            self.journal.write(names, name, value)

    def _unpack(self, targets: Sequence[Expr], value: Any, scope: Scope) -> None:
        items = items_of(self, value)
        starred = [index for index, one in enumerate(targets) if ir.match(one, ir.Starred) is not None]
        if items is not None and len(starred) == 1 and len(items) >= len(targets) - 1:
            start, end = starred[0], len(items) - (len(targets) - 1 - starred[0])
            items = [*items[:start], items[start:end], *items[end:]]
        known = items is not None and len(items) == len(targets)
        for index, one in enumerate(targets):
            inside = ir.match(one, ir.Starred)
            hidden = value if isinstance(value, Unknown) else Unknown(Site(scope.path, self.line), "unpacked")
            part = items[index] if known and items is not None else hidden
            self.assign(inside.value if inside is not None else one, part, scope)

    @contextmanager
    def branch(self) -> Generator[None]:
        """What is doubted inside is believed again outside."""
        region, count = self.region, len(self.conditions)
        try:
            yield
        finally:
            self.region = region
            del self.conditions[count:]

    def doubt(self, *conditions: Condition) -> None:
        for condition in conditions:
            if self.home is not None:
                unknown = self.explained(Unknown(condition.site, condition.reason))
                condition = Condition(unknown.site, unknown.reason)
            self._regions += 1
            self.region = self._regions
            self.conditions.append((self.region, condition))

    def uncertain(
        self, bodies: Iterable[Iterable[Stmt]], scope: Scope, condition: Condition, *, is_loop: bool = False
    ) -> None:
        before = dict(scope.names)
        outcomes: list[dict[str, Any]] = []
        branches: list[Writes] = []
        returned = left = False
        for body in bodies:
            scope.names.clear()
            scope.names.update(before)
            with self.branch(), self.journal.branch() as writes:
                self.doubt(condition)
                branches.append(writes)
                try:
                    self.run(body, scope)
                except Return as value:
                    returned = True
                    if value.value is not None and not isinstance(value.value, Unknown):
                        scope.maybe.append(value.value)
                    continue
                except Raised:
                    branches.pop()
                    continue  # it says nothing of what follows
                except Stop:
                    left = left or not is_loop
                    if not is_loop:
                        continue
            outcomes.append(dict(scope.names))
        scope.names.clear()
        scope.names.update(before)
        self.journal.settle(branches, condition)
        if not outcomes:
            raise Return(MISSING) if returned else Stop() if left else Raised()
        for name in {name for outcome in outcomes for name in outcome}:
            values = [outcome[name] for outcome in outcomes if name in outcome]
            if all(value is values[0] for value in values):
                scope.names[name] = values[0]
                continue
            if isinstance(before.get(name), (Lazy, Thunk)):  # looked up in one branch, not yet in another: the same
                values = [value for value in values if value is not before[name]] or values
            scope.names[name] = join(values, condition.site, condition)
        if returned or left:
            self.doubt(condition)  # the rest runs only where no branch left

    # -- calls ----------------------------------------------------------------------------------------------------

    def call_function(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site) -> Any:
        facts = self.names.function(function.path, function.qualname)
        if facts is None:
            return Unknown(site, f"{function.qualname} is not found")
        self.called.add((function.path, function.qualname))
        if (function.path, function.qualname) in self.cached and not self.lenient:
            return self._remembered_call(function, facts, args, keywords, site)
        return self._call(function, facts, args, keywords, site)

    def _remembered_call(
        self, function: FunctionValue, facts: FunctionFacts, args: list[Any], keywords: dict[str, Any], site: Site
    ) -> Any:
        """A call of a function under `functools.cache`."""
        known = [_as_argument(one) for one in (*args, *keywords.values())]
        key = (function.path, function.qualname, id(function.scope), *known, *keywords)
        if key not in self.given_before:
            value = self._call(function, facts, args, keywords, site)
            if isinstance(value, Unknown):
                return value
            self.given_before[key] = value
        return self.given_before[key]

    def _call(
        self, function: FunctionValue, facts: FunctionFacts, args: list[Any], keywords: dict[str, Any], site: Site
    ) -> Any:
        body = self._body(function, facts, args, keywords)
        if self.in_library and self.in_library[self._package(function.path)] > MAX_IN_LIBRARY:
            reason = f"{facts.name}() is of a library that computes for too long"
            if _may_register(function.receiver) or any(map(_may_register, (*args, *keywords.values()))):
                self.cannot_place(site, "call", "what a call registers", reason)
            return Unknown(site, reason)
        if body is None or self.calling > MAX_DEPTH or self.steps > self.budget:
            reason = f"what {facts.name}() {UNREAD}"
            return Uncalled(site, reason, function=function, args=tuple(args), keywords=keywords)
        if ir.yields(body):
            return GeneratorCall(function, args, keywords, site)
        return self._run_function(function, facts, body, args, keywords, site, None)

    def _package(self, path: str) -> str:
        """The top-level package of a library, "" for what is the project's own."""
        return self.names.modules.name(path).partition(".")[0] if self.names.is_library(path) else ""

    def run_generator(self, generator: GeneratorCall, on_yield: Callable[[Any], None]) -> bool:
        function = generator.function
        facts = self.names.function(function.path, function.qualname)
        body = self._body(function, facts, generator.args, generator.keywords) if facts is not None else None
        if facts is not None and body is not None and self.calling <= MAX_DEPTH and self.steps <= self.budget:
            args, keywords = generator.args, generator.keywords
            given_up = self._run_function(function, facts, body, args, keywords, generator.site, on_yield)
            return not isinstance(given_up, Unknown)
        return False

    def _allowance(self) -> int:
        """How many steps a call from module level may take; what a test computes for its requests is not worth much."""
        if self.lenient:
            return MAX_TEST_STEPS
        return MAX_CALL_STEPS * (4 if self.deeply else 1)

    def start(self, app: Router, handler: Any, site: Site) -> None:
        """Run what ``app`` runs when it starts; `yield` of a lifespan is where it serves."""
        inner: Any = handler
        while isinstance(inner, Partial):
            inner = inner.function
        if isinstance(inner, ClassValue):
            inner = class_attribute(self, inner, "__init__", site, receiver=Instance(inner, site))
        facts = self.names.function(inner.path, inner.qualname) if isinstance(inner, FunctionValue) else None
        wanted = [one for one in facts.params if one.kind in ("", "/")] if facts is not None else [None]
        bound = isinstance(inner, FunctionValue) and inner.receiver is not None
        self._starting = True
        try:
            args: list[Any] = [app] if len(wanted) > bound else []
            made = self.call(handler, Arguments(args, {}, {}, site, Scope(site.path, {})))
            if isinstance(made, GeneratorCall):
                self.run_generator(made, lambda value: None)
            elif isinstance(made, Instance) and isinstance(made.cls, ClassValue):
                enter = class_attribute(self, made.cls, "__aenter__", site, receiver=made)
                if isinstance(enter, FunctionValue):
                    self.call_function(enter, [], {}, site)
        except (Return, Stop):
            pass
        finally:
            self._starting = False

    def _run_function(
        self,
        function: FunctionValue,
        facts: FunctionFacts,
        body: Iterable[Stmt],
        args: list[Any],
        keywords: dict[str, Any],
        site: Site,
        on_yield: Callable[[Any], None] | None,
    ) -> Any:
        scope = Scope(function.path, {}, function.scope, on_yield=on_yield)
        if function.receiver is not None:
            args = [function.receiver, *args]
        owner = function.scope.cls
        if owner is not None:
            scope.names["__class__"] = owner
        self._bind_parameters(facts, scope, args, keywords, site)
        if not self.calling:
            self.budget = self.steps + self._allowance()
        self.calling += 1
        home, line, budget, start = self.home, self.line, self.budget, self.steps
        entering = self.names.is_library(function.path) and not self.names.is_library(site.path)
        if entering:
            self.home, self.budget = site, self.steps + MAX_LIBRARY_STEPS
        value: Any = None
        registers = any(map(_may_register, (function.receiver, *args, *keywords.values())))
        around = self._registering
        aside = around and not registers and not entering and self.calling > 1
        if aside:
            self.budget = self.steps + max(budget - start, 0) // SHARE_ASIDE
        self._registering = registers or (self._starting and self.calling == 1)
        try:
            with self.branch():
                self._run_top_level(body, scope) if registers else self.run(body, scope)
        except Return as returned:
            value = returned.value
            self.let_go(value)
        except Raised as error:
            if self.guarded:
                raise
            value = Unknown(site, f"{facts.name}() raises an error")
            if self.running and not self.region and not self.lenient and error.name != "NotImplementedError":
                self.problem(
                    site, f"{facts.name}() is seen to raise {error.name or 'an error'}; what it does else is not known"
                )
        except Stop:
            value = Unknown(site, f"what {facts.name}() returns is not known")
        finally:
            self.home, self.line, self._registering = home, line, around
            if aside:
                self.budget = budget
            if entering:
                self.budget = budget + self.steps - start
                self.in_library[self._package(function.path)] += self.steps - start
            self.calling -= 1
            if not self.calling:
                self.budget = MAX_STEPS
        if scope.maybe:
            value = join([*scope.maybe, *([] if value is None or value is MISSING else [value])], site)
        return None if value is MISSING else value

    def _body(
        self, function: FunctionValue, facts: FunctionFacts, args: list[Any], keywords: dict[str, Any]
    ) -> Sequence[Stmt] | None:
        """The statements of a function; those that the facts left out are read where a router is handed in."""
        if facts.body is not None:
            return facts.body
        if self.sources is None:
            return None
        key = (function.path, facts.qualname)
        closure = function.scope.names.values() if function.scope.parent is not None else ()
        given = (function.receiver, *args, *keywords.values(), *closure)
        if self._reads_deeply(function.path) or self._starting or any(map(_may_register, given)):
            return self.sources.body(*key)
        if not facts.is_async:
            self.unread.add(key)
        return None

    def _reads_deeply(self, path: str) -> bool:
        return path in self.deeply and (not self._module or self._module in self.deeply_from)

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
            elif (given := self._handed_in(param, scope, site)) is not None:
                scope.names[param.name] = given
            else:
                scope.names[param.name] = Unknown(site, f"no value is known for {param.name!r} of {facts.name}()")

    def _wrapper(self, annotation: str, scope: Scope, site: Site) -> Any:
        """An object of a class of the codebase whose `__init__` takes an application."""
        symbol = self.names.resolve(scope.path, annotation)
        init = self.names.function(symbol.path, f"{symbol.name}.__init__") if symbol is not None else None
        if symbol is None or init is None:
            return None
        if not any(param.annotation.rpartition(".")[2] in APPLICATIONS for param in init.params):
            return None
        key = (symbol.path, symbol.name)
        if key not in self._given:
            self._given[key] = None
            cls = self.module_attribute(symbol.path, symbol.name)
            self._given[key] = self.call(cls, Arguments([], {}, {}, site, scope))
        return self._given[key]

    def _handed_in(self, param: Param, scope: Scope, site: Site) -> Any:
        """The application that a framework would hand in, where nothing calls the function."""
        last = param.annotation.rpartition(".")[2]
        if last not in APPLICATIONS:
            return self._wrapper(param.annotation, scope, site) if last[:1].isupper() else None
        key = (scope.path, str(site.line))
        if key not in self._given:
            self._given[key] = Router(True, site, External("fastapi.FastAPI"), self.region, is_given=True)
            self.routers.append(self._given[key])
        return self._given[key]

    # -- reading one statement ------------------------------------------------------------------------------------

    def bind_import(self, imported: ImportFacts, scope: Scope) -> None:
        find = self.names.modules.find
        if not imported.name:
            dotted = imported.module if imported.alias else imported.module.split(".")[0]
            whole = find(scope.path, imported.module)
            if whole is not None:
                self._run_imported(whole)
            place = find(scope.path, dotted)
            scope.names[imported.alias or dotted] = ModuleValue(place) if place is not None else External(dotted)
            return
        place = self.names.modules.holding(scope.path, imported.module, imported.name)
        if place is None:
            outside = imported.module.lstrip(".")
            if imported.name != "*":
                scope.names[imported.alias] = External(f"{outside}.{imported.name}" if outside else imported.name)
            return
        self._run_imported(place)
        if imported.name == "*":
            return  # looked up when a name is not found otherwise
        self.names.read_set[place].add(imported.name)
        child = self.names.modules.child(place, imported.name)
        if place == scope.path:  # a package imports its own submodule
            if child is not None:
                scope.names[imported.alias] = ModuleValue(child)
                self._run_imported(child)
            return
        if child is not None and imported.name not in self.names.bindings(place):
            self._run_imported(child)
        scope.names[imported.alias] = Lazy(place, imported.name)

    def _run_imported(self, place: str) -> None:
        """Run a module for what importing it does; one of a library only runs when something of it is asked for."""
        if not place.endswith("/") and not self.names.is_library(place):
            self.run_module(place)


def _replace_application(names: dict[str, Any], name: str, value: Router) -> None:
    """Note that an application is reached under no name any more."""
    before = names.get(name)
    if isinstance(before, Router) and before.is_app and before is not value:
        before.is_replaced = not any(one is before for key, one in names.items() if key != name)


def _as_argument(value: Any) -> Any:
    """An argument as a part of a key: plain values by what they are, everything else by identity."""
    return (type(value), value) if isinstance(value, (str, int, float, bool, type(None))) else id(value)


def _may_register(value: Any) -> bool:
    """Whether a function that is given this may do something with a router."""
    if isinstance(value, Instance):
        return any(isinstance(one, Router) for one in value.attributes.values())
    if isinstance(value, Method):
        return isinstance(value.receiver, Router)
    if is_list(value) or is_dict(value):
        return any(isinstance(one, Router) for one in (value.values() if is_dict(value) else value))
    return isinstance(value, (Router, RouteDecorator, Partial, LambdaValue))
