"""One stranger's request for one route: what it meets, outermost first."""

import builtins
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    Doubtful,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Partial,
    Router,
    Scope,
    Site,
    Uncalled,
    Unknown,
)
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.conditional import Conditional, SwitchedOff, in_case
from fastapi_expert.codebase.link.protection.injection import is_static
from fastapi_expert.codebase.link.protection.libraries import may_guard
from fastapi_expert.codebase.link.protection.outcomes import (
    Outcome,
    State,
    hides_status,
    is_refusing_answer,
    moved,
    moved_trail,
)
from fastapi_expert.codebase.link.protection.provided import Maker
from fastapi_expert.codebase.link.protection.refusals import Refusals
from fastapi_expert.codebase.link.protection.stranger import Ended, Exhausted
from fastapi_expert.codebase.link.protection.stranger.runtime import Trail
from fastapi_expert.codebase.link.protection.values import (
    Answers,
    Connection,
    Memory,
    Native,
    Question,
    Undecorated,
    answer,
)
from fastapi_expert.codebase.link.protection.verdict import Layer, doubtful
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS, WEBSOCKET, is_test_path

_PARAMETER = re.compile(r"\{(\w+)")
MOST_ANSWERS = 64
"""So many of the ways in which paths answer what a dependency or a middleware asks are kept."""


class _Ended(NamedTuple):
    """How a dependency ended and what it left behind, for whichever route of an application asks it next."""

    call: Any
    site: Site
    outcomes: list[Outcome]
    memory: Memory
    seen: Trail
    security: Site | None
    reads_state: bool = False
    what: str = ""
    asked: Answers = MappingProxyType({})
    """What it asked of the path and the method, with the answers: for others it may end otherwise."""
    left: tuple[object, ...] = ()
    """What had been left behind for this path alone when it ran, see :attr:`Request.left`."""
    mark: object = None
    """Which run this was."""


class Shared:
    """What the requests for all routes of a codebase have in common: nothing is worked out for each again."""

    def __init__(self, interp: Interpreter, classes: Classes) -> None:
        self.interp = interp
        self.classes = classes
        self.refusals = Refusals(interp.names)
        self.computed: dict[tuple[str, str], Any] = {}
        self.decorated: dict[tuple[str, str], Any] = {}
        self.current: Request | None = None
        """The request that is followed."""
        self.ended: dict[Any, list[_Ended]] = {}
        self.given: dict[int, tuple[Uncalled | Dependency, Any]] = {}
        self.middleware: dict[Any, _Ended] = {}
        """How each middleware ends for all paths at once."""
        self.answered: dict[Any, list[_Ended]] = {}
        """How those end that have to be run for the path, for each way in which paths answered what they asked."""
        self.setters: dict[tuple[str, str, str], set[str]] = {}
        self.known_attributes: dict[tuple[int, str], tuple[Instance, Any]] = {}
        self.cases: dict[Any, Any] = {}
        self.off: dict[int, list[SwitchedOff]] = {}
        self.is_only = sum(one.is_app and not is_test_path(one.site.path) for one in interp.routers) == 1
        self.makers: dict[tuple[str, str], Maker] = {}
        self.aliases: dict[tuple[str, str], tuple[Dependency | None, Instance | None, Expr, Scope]] = {}
        self.by_path: set[Any] = set()
        """Those that have to be run for the path."""
        self.lines: dict[int, tuple[ClassValue, list[ClassValue | External]]] = {}

    def ask(self, question: Question) -> Any:
        """What the request that is followed answers; it is noted, as far as it was asked."""
        request = self.current
        assert request is not None, "no request is followed"
        try:
            found = request.answer(question)
        except Exception:
            self.ask(Question(question.parts, "text"))
            raise
        request.questions[question] = found
        return found


class Request(Conditional):
    """One stranger's request for one route."""

    def __init__(self, shared: Shared, route: FlatRoute, method: str) -> None:
        super().__init__(shared.interp, shared.classes, method=method, path=route.path, asking=shared)
        shared.current = self
        self.shared = shared
        self.computed = shared.computed
        self.decorated = shared.decorated
        self.given = shared.given
        self.lines = shared.lines
        self.aliases = shared.aliases
        self.setters = shared.setters
        self.known_attributes = shared.known_attributes
        self.cases = shared.cases
        self.off = shared.off
        self.makers = shared.makers
        self.left: tuple[object, ...] = ()
        """The runs that left behind what they leave for this path, or for those that answer alike, alone."""
        self.route = route
        self.family = (tuple([id(one) for one in route.chain if one.is_app]), frozenset(_PARAMETER.findall(route.path)))
        self.applications = [one for one in route.chain if one.is_app]
        self.application = self.applications[-1] if self.applications else None
        self.overrides = [pair for app in self.applications[-1:] for pair in _overrides(app)]
        self.answers = [(_caught(cls), handler) for app in reversed(self.applications) for cls, handler in app.answers]

    def may_refuse(self, path: str, qualname: str) -> bool:
        return self.shared.refusals.of_function(path, qualname)

    def answer(self, question: Question) -> Any:
        """What this request answers to a question about its path or method."""
        return answer(question, path=self.path, method=self.method)

    def replayed(self, key: Any, site: Site) -> list[Outcome] | None:
        known = self._fitting(self.shared.ended.get((key, self.family), ()))
        if known is None or not self._recall(known, site):
            return None
        return moved(known.outcomes, known.site, site)

    def _fitting(self, known: Iterable[_Ended]) -> _Ended | None:
        """The run that asked what this request answers in the same way."""
        for one in known:
            is_alike = all(self.answer(question) == found for question, found in one.asked.items())
            if is_alike and (not one.reads_state or one.left == self.left):
                return one
        return None

    def _recall(self, known: _Ended, site: Site) -> bool:
        """Bring back what something left behind when it ran for another route; False when it may end otherwise here."""
        if known.reads_state and self.left != known.left:
            return False
        self.memory.bring_back(known.memory)
        self.seen = self.seen or moved_trail(known.seen, known.site, site)
        self.security = known.security or self.security
        self.reads_state = self.reads_state or known.reads_state
        self.questions.update(known.asked)
        return True

    def remember(
        self, key: Any, call: Any, site: Site, outcomes: list[Outcome], before: Memory, asked: Answers
    ) -> None:
        ended = self._ended(call, site, outcomes, before)._replace(asked=asked)
        self._keep(self.shared.ended.setdefault((key, self.family), []), ended)

    def _keep(self, known: list[_Ended], one: _Ended) -> None:
        """Keep a run for the requests that answer what it asked in the same way, if there may be any."""
        if not self.any_path and not any(question.operation == "text" for question in one.asked):
            known.insert(0, one)
            del known[MOST_ANSWERS:]

    def _ended(self, call: Any, site: Site, outcomes: list[Outcome], before: Memory, what: str = "") -> _Ended:
        left = self.memory.since(before)
        ran = (self.reads_state, what, dict(self.questions), self.left, object())
        return _Ended(call, site, outcomes, left, self.seen, self.security, *ran)

    def layers(self) -> Iterator[Layer]:
        """What a stranger meets, outermost first."""
        for app in self.applications:
            for value, site in reversed(app.middleware):
                conditions = value.conditions if isinstance(value, Doubtful) else ()
                found = self._known_middleware(value.value if isinstance(value, Doubtful) else value, site)
                if found is not None:
                    yield self.under(found, conditions, site)
            for off in self.switched_off(app, is_only=self.shared.is_only):
                memory = self.memory.copy()
                found = self._known_middleware(off.value, off.site)
                self.memory = memory  # as shipped it leaves nothing behind
                if found is not None:
                    yield in_case(found, off.case)
        self.seen = ()
        found = self._route_class()
        if found is not None:
            yield found
        for one in self.route.dependencies:
            self.steps = 0
            yield self._layer("dependency", one.site, partial(self.depend, one, None, _NOWHERE))
        for one in self.route.doubtful:
            yield self._doubtful(one)
        endpoint = self.route.entry.endpoint
        while isinstance(endpoint, Partial):
            endpoint = endpoint.function
        if isinstance(endpoint, Instance) and isinstance(endpoint.cls, ClassValue):
            endpoint = self.class_attribute(endpoint.cls, "__call__", endpoint, self.route.entry.site, State({}))
        if isinstance(endpoint, FunctionValue):
            yield from self._endpoint(endpoint)

    def _route_class(self) -> Layer | None:
        """What a class of routes puts around its handlers, which run before the dependencies."""
        router = self.route.chain[-1]
        cls = router.attributes.get("route_class", router.keywords.get("route_class"))
        if not isinstance(cls, ClassValue) or self.route.entry.plain or self.method == WEBSOCKET:
            return None
        site = router.site
        route = Instance(cls, site)
        method = self.class_attribute(cls, "get_route_handler", route, site, State({}))
        if not isinstance(method, FunctionValue):
            return None
        self.steps = 0
        made = self._layer("route class", site, partial(self.apply, method, [], {}, site))
        handler = next((one.value for one in made.outcomes if isinstance(one.value, FunctionValue)), None)
        if handler is None:
            return None
        what = f"route class {cls.qualname}"
        return self._layer(what, site, partial(self.apply, handler, [Connection()], {}, site))

    def _doubtful(self, one: Doubtful | Unknown) -> Layer:
        """A dependency that is there only under conditions; it leaves nothing behind for what runs later."""
        self.steps = 0
        if isinstance(one, Unknown):
            return Layer("dependency", one.site, doubtful(f"dependencies that are not known: {one.reason}", one.site))
        before = self.memory.copy()
        found = self._layer("dependency", one.value.site, partial(self.depend, one.value, None, _NOWHERE))
        self.memory = before
        return self.under(found, one.conditions, one.value.site)

    def _layer(self, what: str, site: Site, act: Callable[[State], Any]) -> Layer:
        """Run ``act`` by itself: what it raises and what it gives are how the layer ends."""
        self.pending = []
        state = State({})
        ends: list[Outcome] = []
        try:
            value = act(state)
            ends = [Outcome("pass", value, site, state.assumptions, state.credentials)]
        except Ended:
            pass
        except Exhausted:
            ends = doubtful("what takes too long to follow", site)
        found = [*self.pending, *ends]
        self.pending = []
        return Layer(what, site, found)

    def _known_middleware(self, value: Any, site: Site) -> Layer | None:
        """How a middleware ends, worked out once for all routes of its applications where it can be.

        One that does not look at the path ends the same for each; one that refuses for no path and leaves nothing
        behind is not asked again.
        """
        key = (site, id(value), self.method == WEBSOCKET, self.family[0])
        known = self.shared.middleware.get(key)
        if known is None:
            known = self._run_middleware(value, site, any_path=True)
            refuses = any(
                one.kind == "refuse" or is_refusing_answer(one.value) or hides_status(one) for one in known.outcomes
            )
            if self.is_specific and (refuses or known.memory):
                self.shared.by_path.add(key)
            self.shared.middleware[key] = known
        elif key not in self.shared.by_path and not self._recall(known, site):
            self.shared.by_path.add(key)
        if key in self.shared.by_path:
            known = self._for_this_path(key, value, site)
        return Layer(known.what, site, known.outcomes) if known.what else None

    def _for_this_path(self, key: Any, value: Any, site: Site) -> _Ended:
        """How a middleware ends for this path, worked out once for all that answer what it asks in the same way."""
        kept = self.shared.answered.setdefault(key, [])
        known = self._fitting(kept)
        if known is None or not self._recall(known, site):
            known = self._run_middleware(value, site, any_path=False)
            self._keep(kept, known)
        if known.memory:
            self.left = (*self.left, known.mark)
        return known

    def _run_middleware(self, value: Any, site: Site, *, any_path: bool) -> _Ended:
        before = self.memory.copy()
        self.questions = {}
        self.steps, self.is_specific, self.reads_state, self.any_path = 0, False, False, any_path
        try:
            found = self._middleware(value, site)
        except Exhausted:
            found = Layer("middleware", site, doubtful("what takes too long to follow", site))
        self.any_path = False
        ended = self._ended(
            value, site, found.outcomes if found is not None else [], before, found.what if found else ""
        )
        if any_path and self.is_specific:
            self.memory = before
        return ended

    def _middleware(self, value: Any, site: Site) -> Layer | None:
        options: dict[str, Any] = {}
        if isinstance(value, Instance) and isinstance(value.cls, External):
            options = {name: one for name, one in value.attributes.items() if not name.isdigit()}
            value = value.attributes.get("0", options.pop("cls", None))
        if isinstance(value, External) and library.last(value.name) == "BaseHTTPMiddleware":
            value = options.get("dispatch")
        if isinstance(value, FunctionValue):
            if self.method == WEBSOCKET:
                return None
            return Layer("middleware", site, self.outcomes(value, [Connection(), Native("call_next")], {}, site))
        if isinstance(value, External) and library.last(value.name) == "AuthenticationMiddleware":
            return self._authentication(options, site)
        if not isinstance(value, ClassValue):
            return None
        made = self._layer("middleware", site, partial(self.instantiate, value, [Native("app")], options, site))
        instance = next((one.value for one in made.outcomes if isinstance(one.value, Instance)), None)
        if instance is None:
            return None
        dispatch = self.class_attribute(value, "dispatch", instance, site, State({}))
        if isinstance(dispatch, FunctionValue):
            if self.method == WEBSOCKET:
                return None
            ends = self.outcomes(dispatch, [Connection(), Native("call_next")], {}, site)
            return Layer(f"middleware {value.qualname}", site, ends)
        called = self.class_attribute(value, "__call__", instance, site, State({}))
        if isinstance(called, FunctionValue):
            given = [Connection("scope"), Native("receive"), Native("send")]
            return Layer(f"middleware {value.qualname}", site, self.outcomes(called, given, {}, site))
        return None

    def _authentication(self, options: dict[str, Any], site: Site) -> Layer | None:
        """Starlette's AuthenticationMiddleware: its backend may raise, and `on_error` answers."""
        backend = options.get("backend")
        if not isinstance(backend, Instance) or not isinstance(backend.cls, ClassValue):
            return None
        authenticate = self.class_attribute(backend.cls, "authenticate", backend, site, State({}))
        if not isinstance(authenticate, FunctionValue):
            return None
        ends = self.outcomes(authenticate, [Connection()], {}, site)
        on_error = options.get("on_error")
        found: list[Outcome] = []
        for one in ends:
            if one.kind == "error" and isinstance(one.value, Instance) and isinstance(on_error, FunctionValue):
                answers = self.outcomes(on_error, [Connection(), one.value], {}, site)
                if any(is_refusing_answer(answer.value) for answer in answers):
                    one = one._replace(kind="refuse", credentials=True)
            found.append(one)
        return Layer("authentication backend", site, found)

    def _endpoint(self, endpoint: FunctionValue) -> Iterator[Layer]:
        facts = self.names.function(endpoint.path, endpoint.qualname)
        if facts is None:
            return
        site = Site(endpoint.path, facts.line)
        given: dict[str, Any] = {}
        receiver = endpoint.receiver

        def inject(state: State) -> Any:
            nonlocal receiver
            if facts.owner and receiver is None and not is_static(facts):
                cls = endpoint.scope.cls or self._class_of(endpoint.path, facts.owner)
                if cls is not None:
                    receiver = self.class_dependencies(cls, site, state)
            bound = FunctionValue(endpoint.path, endpoint.qualname, endpoint.scope, receiver)
            given.update(self.injected(bound, state, is_endpoint=True))
            return None

        self.steps = 0
        injected = self._layer("endpoint", site, inject)
        yield injected
        if not any(one.kind == "pass" for one in injected.outcomes):
            return
        bound = Undecorated(endpoint.path, endpoint.qualname, endpoint.scope, receiver)
        plain = Undecorated(endpoint.path, endpoint.qualname, endpoint.scope)  # decorators run before it is bound
        wrapped: Any = plain
        for decorator in reversed(facts.decorators):
            value = self._decorator(decorator, endpoint)
            if (name := self._unread_guard(decorator, endpoint)) and not isinstance(value, Native):
                yield Layer("decorator", site, doubtful(f"what the decorator {name} does cannot be read", site))
            if isinstance(value, (FunctionValue, Native, Partial, LambdaValue)) or (
                isinstance(value, Instance) and isinstance(value.cls, ClassValue)
            ):
                found = self._layer("decorator", site, partial(self.apply, value, [wrapped], {}, site))
                made = next((one.value for one in found.outcomes if one.kind == "pass"), None)
                wrapped = made if isinstance(made, (FunctionValue, Instance)) else wrapped
        for one in self.parameters:
            yield self._layer("dependency", one.site, partial(self.depend, one, None, _NOWHERE))
        if self.guards:
            refusal = Outcome("refuse", None, site, (), True, ((self.guards[0], "requires() of Starlette"),))
            yield Layer("decorator", site, [refusal])
            return
        self.in_body = True
        self.steps = 0
        args: list[Any] = []
        if wrapped is plain:
            wrapped = bound
        elif receiver is not None:
            args.append(receiver)
        try:
            if isinstance(wrapped, FunctionValue):
                yield Layer("body", site, self.outcomes(wrapped, args, given, site))
            else:
                yield self._layer("body", site, partial(self.apply, wrapped, args, given, site))
        except Exhausted:
            yield Layer("body", site, doubtful("what takes too long to follow", site))

    def _unread_guard(self, expr: Expr, endpoint: FunctionValue) -> str:
        """The name of a decorator of an unread library that may ask who is calling; "" for any other."""
        call = ir.match(expr, ir.Call)
        value = self._decorator(call.function if call is not None else expr, endpoint)
        name = library.dotted(value) if not isinstance(value, Router) else ""
        return library.last(name) if may_guard(name) and library.last(name) not in ROUTE_DECORATORS else ""

    def _class_of(self, path: str, owner: str) -> ClassValue | None:
        scope = self.interp.run_module(path)
        value = self.interp.lookup(scope, owner.partition(".")[0])
        return value if isinstance(value, ClassValue) and value.qualname == owner else None

    def _decorator(self, expr: Any, endpoint: FunctionValue) -> Any:
        try:
            return self.evaluate(expr, State({}), endpoint.scope)
        except Ended:
            return None


def _caught(cls: Any) -> Any:
    """The exception that a handler answers: the interpreter knows none of the builtin ones."""
    name = cls.reason.removesuffix(" is not known") if isinstance(cls, Unknown) else ""
    return External(f"builtins.{name}") if isinstance(getattr(builtins, name, None), type) else cls


def _overrides(app: Router) -> list[tuple[Any, Any]]:
    found = app.attributes.get("dependency_overrides")
    return [(known, instead) for known, instead in found.items() if not isinstance(instead, Doubtful)] if found else []


_NOWHERE = Scope("", {})
