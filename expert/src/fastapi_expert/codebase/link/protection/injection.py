"""What FastAPI hands to a function that it calls: its dependencies, worked out for a stranger, and parameters."""

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Member,
    Partial,
    Scope,
    Site,
    Uncalled,
    Unknown,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.libraries import guard_of, may_guard
from fastapi_expert.codebase.link.protection.outcomes import Assumption, Outcome, State, together, truth
from fastapi_expert.codebase.link.protection.provided import Provided, annotated
from fastapi_expert.codebase.link.protection.signatures import named_class
from fastapi_expert.codebase.link.protection.stranger import Ended
from fastapi_expert.codebase.link.protection.stranger.runtime import Trail
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FOREIGN,
    FREE,
    Absent,
    Answers,
    BoundMethod,
    Connection,
    Memory,
    Opaque,
    Present,
    Setting,
)
from fastapi_expert.codebase.link.protection.verdict import doubtful
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FieldFacts, FunctionFacts, Param
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import REQUESTS, WEBSOCKET

_SENT = frozenset({"Path", "Body", "Form", "File"})
"""Where a value is read from that the caller sends by itself: present and valid."""


class Injecting(Provided):
    """A stranger's request whose functions are called by FastAPI."""

    given: dict[int, tuple[Uncalled | Dependency, Any]]
    """What calls gave that linking did not follow, by identity."""
    scopes: tuple[Any, ...] = ()
    """Those of each `Security()` on the way to what runs now."""
    overrides: Sequence[tuple[Any, Any]] = ()
    """What `dependency_overrides` of the application that serves the route holds."""
    security: Site | None = None
    """Where a `Security()` was met: its author means to ask who is calling."""

    def injected(self, function: FunctionValue, state: State, *, is_endpoint: bool = False) -> dict[str, Any]:
        """The arguments that FastAPI calls a function with; raises Ended when a dependency refuses on every way."""
        facts = self.names.function(function.path, function.qualname)
        wrapped = self.wrapped(function, facts)
        if wrapped is not None:
            return self.injected(wrapped, state, is_endpoint=is_endpoint)
        found: dict[str, Any] = {}
        params = facts.params if facts is not None else ()
        if facts is not None and facts.owner and params and function.receiver is not None and not is_static(facts):
            params = params[1:]
        for param in params:
            if param.kind not in ("*", "**"):
                found[param.name] = self._argument(function, param, state, is_endpoint=is_endpoint)
        return found

    def _argument(self, function: FunctionValue, param: Param, state: State, *, is_endpoint: bool) -> Any:
        choice = ir.match(param.default_expr, ir.Conditional)
        if choice is not None:
            return self._chosen(choice, function, param, state, is_endpoint=is_endpoint)
        said = self.parameter(function, param)
        if said.dependency is not None:
            return self.depend(said.dependency, said.type, said.scope, state)
        if said.marker is not None:
            return self._marked(said.marker, param, function, is_endpoint=is_endpoint)
        wanted = self.from_container(annotated(param), function.scope)
        if wanted is not None:
            return self.provided(wanted, function.scope, Site(function.path, self.line), state)
        last = said.type.rpartition(".")[2] if isinstance(said.type, str) else ""
        if last in REQUESTS:
            return self.memory.request or Connection()
        if last == "SecurityScopes":
            return Instance(
                External("fastapi.security.SecurityScopes"), Site(function.path, 1), {"scopes": self.asked_scopes()}
            )
        by_hand = not is_endpoint or self.method == WEBSOCKET  # a browser sends no header with a websocket
        by_hand = by_hand or library.is_secret(param.name)  # `?token=…`
        if f"{{{param.name}}}" in self.path or f"{{{param.name}:" in self.path:
            self.is_specific = self.is_specific or bool(param.default)  # on other paths it may be left out
            return Present()
        if param.default:
            value = self.evaluate(param.default_expr, State({}), function.scope)
            return Absent(value) if value in (None, "") and by_hand else FREE
        return FOREIGN if last in ("str", "bytes") and by_hand else FREE

    def _chosen(
        self, choice: ir.Conditional, function: FunctionValue, param: Param, state: State, *, is_endpoint: bool
    ) -> Any:
        """A parameter with `Depends(user) if settings.closed else None` for a default."""
        decision = self.decide(choice.condition, State({}), function.scope)
        ends: list[Outcome] = []
        for taken, side in ((True, choice.then), (False, choice.otherwise)):
            if decision.value is (not taken):
                continue
            branch = State({}, together(state.assumptions, decision.assumptions(taken)), state.credentials)
            pending, self.pending = self.pending, []
            try:
                value = self._argument(function, param._replace(default_expr=side), branch, is_endpoint=is_endpoint)
                ends.append(Outcome("pass", value, Site(function.path, self.line), branch.assumptions))
            except Ended:
                pass
            finally:
                ends += self.pending
                self.pending = pending
        return self.resume(ends, state)

    def _marked(self, marker: Instance, param: Param, function: FunctionValue, *, is_endpoint: bool) -> Any:
        """A parameter of `Header()`, `Query()` and their like: a stranger sends none that can be left out."""
        kind = library.last(named_class(marker))
        if kind in _SENT:
            return FREE
        named = marker.attributes.get("alias", param.name)
        if kind == "Header" and library.is_anybodys(named):
            return FREE
        if self.is_generous and kind in ("Header", "Query") and not library.is_credential(named):
            return FREE
        default = marker.attributes.get("default", marker.attributes.get("0", MISSING))
        if param.default and ir.match(param.default_expr, ir.Call) is None:
            default = self.evaluate(param.default_expr, State({}), function.scope)
        if default is MISSING or default is Ellipsis:
            return FREE if kind == "Query" and is_endpoint and not library.is_secret(named) else FOREIGN
        if kind in ("Header", "Cookie"):
            self.looks_for(f"reads {kind.lower()} {named if isinstance(named, str) else param.name}", marker.site)
        if kind == "Query" and is_endpoint and self.method != WEBSOCKET and not library.is_secret(named):
            return FREE
        return ABSENT if not truth(default).value else default

    # -- dependencies ---------------------------------------------------------------------------------------------

    def depend(self, dependency: Dependency, type_: Expr, scope: Scope, state: State) -> Any:
        """What a dependency gives a stranger; raises Ended when it refuses on every way."""
        if dependency.security:
            self.security = dependency.site
        call = self.overridden(dependency.call)
        if isinstance(call, Uncalled):
            call = self.uncalled(call)
        if call is None:
            call = self.evaluate(type_, State({}), scope) if type_ is not None else None
        if call is dependency.call and dependency.scope is not None:
            call = self._by_setting(dependency, dependency.scope) or call
        self.scopes = (*self.scopes, _scopes(dependency))
        try:
            outcomes = (
                self._depended_on_one_of(call, dependency) if _chooses(call) else self._depended(call, dependency)
            )
        finally:
            self.scopes = self.scopes[:-1]
        return self.resume(outcomes, state)

    def _by_setting(self, dependency: Dependency, scope: Scope) -> Setting | None:
        """The choice of a setting among what may be depended on, where linking took the one that is shipped."""
        found = self._once(dependency, lambda: self.evaluate(dependency.written, State({}), scope), None)
        return found if _chooses(found) else None

    def _depended_on_one_of(self, choice: Setting, dependency: Dependency) -> list[Outcome]:
        """How a dependency ends that a setting chooses."""
        found: list[Outcome] = []
        before, shipped = self.memory.copy(), None
        for ships, call in ((True, choice.default), *[(False, one) for one in choice.others]):
            self.memory = before.copy()
            ends = self._depended(call, dependency) if _is_callable(call) else []
            assumed = (Assumption(choice, ships),)
            found += [one._replace(assumptions=together(assumed, one.assumptions)) for one in ends]
            shipped = shipped or self.memory
        self.memory = shipped or before
        return found

    def asked_scopes(self) -> Any:
        """The scopes of every `Security()` on the way to what runs now."""
        found: list[Any] = []
        for one in self.scopes:
            if not is_list(one):
                return FREE
            found.extend(one)
        return found if all(isinstance(one, str) for one in found) else FREE

    def uncalled(self, unread: Uncalled) -> Any:
        """A dependency that a function gives which linking did not call."""
        otherwise = Opaque(unread.reason, unread.site)
        return self._once(unread, lambda: self.called(unread, State({})), otherwise)

    def _once(self, asked: Uncalled | Dependency, work: Callable[[], Any], otherwise: Any) -> Any:
        """What ``work`` gives for ``asked``, once for all routes; ``otherwise`` where every way through it raises."""
        if id(asked) not in self.given:
            pending, self.pending = self.pending, []
            try:
                self.given[id(asked)] = (asked, work())
            except Ended:
                self.given[id(asked)] = (asked, otherwise)
            finally:
                self.pending = pending
        return self.given[id(asked)][1]

    def overridden(self, call: Any) -> Any:
        """What `dependency_overrides` of the application puts in the place of ``call``."""
        for known, instead in self.overrides:
            if known is call or (
                isinstance(call, FunctionValue)
                and isinstance(known, FunctionValue)
                and (known.path, known.qualname) == (call.path, call.qualname)
                and known.scope is call.scope  # else one is another closure, or a copy
            ):
                return instead
        return call

    def _depended(self, call: Any, dependency: Dependency) -> list[Outcome]:
        """How a dependency ends, on every way; the same one is asked once a request."""
        scopes = self.asked_scopes()
        key = (_identity(call), tuple(scopes) if is_list(scopes) else None)
        known = self.memory.dependencies.get(key)
        if known is not None:
            return known[1]
        replayed = self.replayed(key, dependency.site)
        if replayed is not None:
            return replayed
        before = self.memory.copy()
        specific, self.is_specific = self.is_specific, False
        seen, self.seen = self.seen, ()
        reads, self.reads_state = self.reads_state, False
        security, self.security = self.security, None
        asked, self.questions = self.questions, {}
        self.memory.dependencies[key] = (call, [Outcome("pass", FREE, dependency.site)])  # one that needs itself
        pending, self.pending = self.pending, []
        trying, self._trying = self._trying, 0
        try:
            raised, ends = self._ends(call, dependency)
            if not ends and not self.is_generous and raised and all(one.kind == "error" for one in raised):
                raised, ends = self._sending_more(call, dependency, raised)
        finally:
            self.pending = pending
            self._trying = trying
            own, self.questions = self.questions, {**asked, **self.questions}
        named = named_call(call)
        trail = ((dependency.site, f"dependency {named}"),) if named else ()
        raised = [one._replace(trail=(*trail, *one.trail)) if one.kind == "refuse" else one for one in raised]
        if not ends and raised and not any(one.kind == "refuse" or one.credentials for one in raised):
            # written to be replaced, or ready once the application runs: nobody would keep what breaks every request
            what = Opaque(f"what {named or 'a dependency'} gives, which as written raises an error", dependency.site)
            raised, ends = [], [Outcome("pass", what, dependency.site)]
            if isinstance(call, FunctionValue) and self.names.is_library(call.path):
                raised, ends = [], doubtful(what.reason, dependency.site)  # a library's was not followed to its end
        outcomes = [*raised, *ends]
        self.memory.dependencies[key] = (call, outcomes)
        self.seen = self._seen_through(trail)
        if not (self.is_specific and self.any_path):
            self.remember(key, call, dependency.site, outcomes, before, own)
        self.is_specific = self.is_specific or specific
        self.seen = seen or self.seen
        self.reads_state = self.reads_state or reads
        self.security = self.security or security
        return outcomes

    def _seen_through(self, trail: Trail) -> Trail:
        """Where credentials were looked for, by way of ``trail``."""
        return (*trail, *self.seen) if self.seen else ()

    def _ends(self, call: Any, dependency: Dependency) -> tuple[list[Outcome], list[Outcome]]:
        """What a dependency raises, and how it ends otherwise."""
        self.pending = []
        state = State({})
        ends: list[Outcome] = []
        try:
            value = self._call(call, dependency, state)
            ends = [Outcome("pass", value, dependency.site, state.assumptions, state.credentials)]
        except Ended:
            pass
        return self.pending, ends

    def _sending_more(
        self, call: Any, dependency: Dependency, raised: list[Outcome]
    ) -> tuple[list[Outcome], list[Outcome]]:
        """How a dependency ends that breaks for who sends nothing: it may wait for what is not a credential.

        Where more than that is missing it turns the stranger away, whatever the status of its answer.
        """
        self.is_generous = True
        try:
            again, ends = self._ends(call, dependency)
        finally:
            self.is_generous = False
        if ends:
            return again, ends
        return [self._turned_away(one) for one in raised], []

    def _turned_away(self, one: Outcome) -> Outcome:
        """An error that missing credentials led to and that the caller is answered, as a refusal."""
        status = self.status(one.value)
        if not one.credentials or status is None or not 300 <= status < 500:
            return one
        return one._replace(kind="refuse", trail=(*one.trail, (one.site, f"raises {status} without credentials")))

    def replayed(self, key: Any, site: Site) -> list[Outcome] | None:
        """How the same dependency ended for another route, as asked for here; overridden where that is remembered."""
        return None

    def remember(
        self, key: Any, call: Any, site: Site, outcomes: list[Outcome], before: Memory, asked: Answers
    ) -> None:
        """Note how a dependency ended, for every route that answers alike what it ``asked``."""

    def _call(self, call: Any, dependency: Dependency, state: State) -> Any:
        site = dependency.site
        if isinstance(call, Partial):
            function = call.function
            if isinstance(function, FunctionValue):
                given = {**self.injected(function, state), **call.keywords}
                return self.apply(function, list(call.args), given, site, state)
            call = function
        if isinstance(call, FunctionValue):
            if (scheme := self._of_known_library(call, site)) is not None:
                return self.scheme(scheme, library.last(call.qualname), site, state)
            given = self.injected(call, state)
            return self.resume(self.outcomes(call, [], given, site), state)
        if isinstance(call, LambdaValue):
            return self.apply(call, [], {}, site, state)
        if isinstance(call, ClassValue):
            return self._made(call, site, state)
        if isinstance(call, Instance) and (isinstance(call.cls, ClassValue) or self.scheme_of(call)):
            return self._called(call, site, state)
        if isinstance(call, Instance) and _is_provider(call) and "0" in call.attributes:
            return self.apply(call.attributes["0"], [], {}, site, state)
        name = library.dotted(call)
        guard = guard_of(name) if name else None
        if guard == "asked":
            return Instance(External("fastapi_jwt_auth.AuthJWT"), site)
        if guard is not None:  # a call of linking made it, or it is the dependency itself
            given = call.attributes if isinstance(call, Instance) else {}
            if guard == "optional":
                given = {"auto_error": False}
            return self.scheme(library.made_scheme(given, site), library.last(name.removesuffix("()")), site, state)
        if name and not dependency.security and may_guard(name):
            return self._unread(_unreadable(library.last(name)), site, state)
        if isinstance(call, External):
            return FREE if not dependency.security else self._unread(_unreadable(named_call(call)), site, state)
        if isinstance(call, BoundMethod):
            return self._unread(_unreadable(call.name), site, state) if dependency.security else FREE
        if dependency.security:
            return self._unread("what Security() names cannot be read", site, state)
        if isinstance(call, (Opaque, Unknown)):
            return self._unread(call.reason, site, state)
        return FREE

    def _of_known_library(self, call: FunctionValue, site: Site) -> Instance | None:
        """What a known library of authentication makes as a dependency: it promises more than its text shows.

        fastapi-users puts the signature of its dependencies together as the program runs.
        """
        libraries = self.names.modules.libraries
        if libraries is None or not libraries.holds(call.path):
            return None
        maker = call.qualname.rpartition(".")[0].removesuffix(".<locals>")
        if guard_of(f"{libraries.name(call.path)}.{maker}") != "makes":
            return None
        given = {name: self.evaluate(name, State({}), call.scope) for name in library.ASKED if name in call.scope.names}
        return library.made_scheme(given, site)

    def _unread(self, reason: str, site: Site, state: State) -> Any:
        """A dependency whose code is out of reach: it may refuse."""
        source = Opaque(reason, site)
        self.pending.append(Outcome("refuse", source, site, (Assumption(source, None),), True))
        state.assumptions = (*state.assumptions, Assumption(source, None))
        return source

    def _made(self, cls: ClassValue, site: Site, state: State) -> Any:
        instance = Instance(cls, site)
        init = self.class_attribute(cls, "__init__", instance, site, state)
        if isinstance(init, FunctionValue):
            return self.instantiate(cls, [], self.injected(init, state), site, state)
        return self.instantiate(cls, [], self._of_fields(cls, state, given=True), site, state)

    def _of_fields(self, cls: ClassValue, state: State, *, given: bool) -> dict[str, Any]:
        """What the annotated attributes of a class and of its ancestors depend on; ``given`` names the others, too."""
        found: dict[str, Any] = {}
        for one, field in self._fields(cls):
            param = Param(field.name, "", field.annotation, field.default, field.annotation_expr, field.default_expr)
            body = Scope(one.path, {}, one.scope, one)
            said = self.parameter(FunctionValue(one.path, f"{one.qualname}.__init__", body), param)
            if said.dependency is not None:
                found[field.name] = self.depend(said.dependency, said.type, said.scope, state)
            elif said.marker is not None:
                where = FunctionValue(one.path, "", body)
                found[field.name] = self._marked(said.marker, param, where, is_endpoint=False)
            elif given:
                found[field.name] = FREE
        return found

    def _fields(self, cls: ClassValue) -> list[tuple[ClassValue, FieldFacts]]:
        """The annotated attributes of a class and its ancestors, each with the nearest class that says it."""
        nearest: dict[str, tuple[ClassValue, FieldFacts]] = {}
        annotated: set[str] = set()
        for one in self.lineage(cls):
            if not isinstance(one, ClassValue):
                continue
            facts = self.names.class_(one.path, one.qualname)
            for field in facts.fields if facts is not None else ():
                nearest.setdefault(field.name, (one, field))
                if field.annotation or field.annotation_expr is not None:
                    annotated.add(field.name)
        return [found for name, found in nearest.items() if name in annotated]

    def _called(self, instance: Instance, site: Site, state: State) -> Any:
        if isinstance(instance.cls, ClassValue):
            if scheme := self.scheme_of(instance):
                self.looks_for(f"security scheme {scheme}", site)
            method = self.class_attribute(instance.cls, "__call__", instance, site, state)
            if isinstance(method, FunctionValue):
                given = self.injected(method, state)
                return self.resume(self.outcomes(method, [], given, site), state)
        name = self.scheme_of(instance)
        return self.scheme(instance, name, site, state) if name else instance

    def class_dependencies(self, owner: ClassValue, site: Site, state: State) -> Instance:
        """The object of a class-based view: what its ``__init__`` and its attributes depend on."""
        made = self._made(owner, site, state)
        view = made if isinstance(made, Instance) else Instance(owner, site)
        if isinstance(self.class_attribute(owner, "__init__", view, site, state), FunctionValue):
            view.attributes.update(self._of_fields(owner, state, given=False))
        return view


def _scopes(dependency: Dependency) -> Any:
    """The scopes of a `Security()`, as texts where they are known."""
    asked: Any = dependency.scopes
    if asked is None:
        return []
    return [one.value if isinstance(one, Member) else one for one in asked] if is_list(asked) else asked


def is_static(facts: FunctionFacts) -> bool:
    """Whether a method takes no object."""
    return "staticmethod" in facts.decorators


def _is_provider(instance: Instance) -> bool:
    """Whether an object of a library makes others of a class that it is given: dependency_injector's providers."""
    return ".providers." in named_class(instance)


def _unreadable(name: str) -> str:
    return f"what {name} does cannot be read"


def named_call(call: Any) -> str:
    """How a dependency is called in what is told of it."""
    if isinstance(call, (FunctionValue, ClassValue)):
        return call.qualname
    if isinstance(call, Instance):
        return library.last(named_class(call))
    if isinstance(call, External):
        return library.last(call.name)
    return ""


def _identity(call: Any) -> Any:
    if isinstance(call, FunctionValue) and call.receiver is None and call.scope.parent is None:
        return (call.path, call.qualname)
    return id(call)


def _is_callable(value: Any) -> bool:
    """Whether something of the codebase, or made by it, may be depended on."""
    return isinstance(value, (FunctionValue, ClassValue, LambdaValue, Partial, Instance, Uncalled))


def _chooses(value: Any) -> TypeGuard[Setting]:
    """Whether a setting chooses among things that may be depended on."""
    return isinstance(value, Setting) and _is_callable(value.default) and any(_is_callable(one) for one in value.others)
