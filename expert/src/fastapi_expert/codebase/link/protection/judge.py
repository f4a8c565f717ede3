"""The verdict over a route: middleware, dependencies, decorators and body, asked one after the other."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
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
)
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.injection import Injecting
from fastapi_expert.codebase.link.protection.outcomes import (
    Assumption,
    Outcome,
    State,
    is_refusing_answer,
    weight,
)
from fastapi_expert.codebase.link.protection.stranger import Ended, Exhausted
from fastapi_expert.codebase.link.protection.values import (
    Answer,
    Connection,
    Memory,
    Native,
    Opaque,
    Setting,
)
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.model import Evidence, Protection, Shipped
from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.vocabulary import REFUSING_STATUSES, WEBSOCKET

_SPEAKS_OF_REFUSAL = re.compile(
    r"40[13]|UNAUTHORIZED|FORBIDDEN|WS_1008|Redirect|HTTPException|WebSocketException", re.I
)
_STRENGTH = {"required": 3, "unknown": 2, "optional": 1, "none": 0}


class Verdict(NamedTuple):
    """What a stranger meets, the evidence for it, and the setting that it hangs on."""

    protection: Protection
    by: tuple[Evidence, ...] = ()
    when: Shipped | None = None


class _Layer(NamedTuple):
    """One thing that may refuse, and how it ends for a stranger."""

    what: str
    site: Site
    outcomes: list[Outcome]


class _Ended(NamedTuple):
    """How a dependency ended and what it left behind, for whichever route of an application asks it next."""

    call: Any
    outcomes: list[Outcome]
    state: dict[str, Any]
    variables: dict[int, Any]
    saw_credentials: bool


_PARAMETER = re.compile(r"\{(\w+)")


class Judge:
    """Judges the routes of one codebase."""

    def __init__(self, interp: Interpreter, classes: Classes) -> None:
        self.interp = interp
        self.classes = classes
        self.refusals = _Refusals(interp.names)
        self.computed: dict[tuple[str, str], Any] = {}
        self.ended: dict[Any, _Ended] = {}
        self.given: dict[int, tuple[Uncalled, Any]] = {}
        self.middleware: dict[Any, str] = {}

    def of(self, route: FlatRoute, method: str) -> Verdict:
        """The verdict over one route by one method."""
        request = _Request(self, route, method)
        best = Verdict("none")
        for layer in self._layers(request):
            verdict = _verdict(layer)
            if _STRENGTH[verdict.protection] > _STRENGTH[best.protection] or (
                verdict.protection == "required" and best.when is not None and verdict.when is None
            ):
                best = verdict
            if best.protection == "required" and best.when is None:
                break
        if best.protection == "none" and request.saw_credentials:
            best = Verdict("optional", best.by)
        elif best.protection == "none" and request.security is not None:
            site = request.security
            what = "Security() that lets a stranger through, as far as the text tells"
            best = Verdict("unknown", (Evidence(site.path, site.line, what),))
        return best

    def _layers(self, request: "_Request") -> Iterator[_Layer]:
        """What the request meets; a fault of our own becomes a problem and a doubt, never silence or a wrong answer."""
        site = request.route.entry.site
        try:
            yield from request.layers()
        except Exception as error:
            self.interp.problem(site, f"{FAULT} ({type(error).__name__}: {error})")
            yield _Layer("route", site, _doubtful("what a fault of this program hides", site))


class _Request(Injecting):
    """One stranger's request for one route."""

    def __init__(self, judge: Judge, route: FlatRoute, method: str) -> None:
        super().__init__(judge.interp, judge.classes, method=method, path=route.path)
        self.judge = judge
        self.computed = judge.computed
        self.given = judge.given
        self.route = route
        self.family = (tuple([id(one) for one in route.chain if one.is_app]), frozenset(_PARAMETER.findall(route.path)))
        self.applications = [one for one in route.chain if one.is_app]
        self.overrides = [pair for app in self.applications[-1:] for pair in _overrides(app)]
        self.answers = [pair for app in reversed(self.applications) for pair in app.answers]

    def may_refuse(self, path: str, qualname: str) -> bool:
        return self.judge.refusals.of_function(path, qualname)

    def replayed(self, key: Any) -> list[Outcome] | None:
        known = self.judge.ended.get((key, self.family))
        if known is None:
            return None
        self.memory.state.update(known.state)
        self.memory.variables.update(known.variables)
        self.saw_credentials = self.saw_credentials or known.saw_credentials
        return known.outcomes

    def remember(self, key: Any, call: Any, outcomes: list[Outcome], before: Memory) -> None:
        state = {name: one for name, one in self.memory.state.items() if before.state.get(name) is not one}
        variables = {name: one for name, one in self.memory.variables.items() if before.variables.get(name) is not one}
        self.judge.ended[key, self.family] = _Ended(call, outcomes, state, variables, self.saw_credentials)

    def layers(self) -> Iterator[_Layer]:
        """What a stranger meets, outermost first."""
        for app in self.applications:
            for value, site in reversed(app.middleware):
                found = self._known_middleware(value, site)
                if found is not None:
                    yield found
        self.saw_credentials = False
        for one in self.route.dependencies:
            self.steps = 0
            yield self._layer("dependency", one.site, partial(self.depend, one, None, _NOWHERE))
        endpoint = self.route.entry.endpoint
        while isinstance(endpoint, Partial):
            endpoint = endpoint.function
        if isinstance(endpoint, FunctionValue):
            yield from self._endpoint(endpoint)

    def _layer(self, what: str, site: Site, act: Callable[[State], Any]) -> _Layer:
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
            ends = _doubtful("what takes too long to follow", site)
        found = [*self.pending, *ends]
        self.pending = []
        return _Layer(what, site, found)

    def _known_middleware(self, value: Any, site: Site) -> _Layer | None:
        """How a middleware ends; one that does not look at the path is run once for all routes of its application."""
        key = ("middleware", site, id(value), self.method == WEBSOCKET)
        known = self.replayed(key)
        if known is not None:
            return _Layer(self.judge.middleware[key, self.family], site, known) if known else None
        before = self.memory.copy()
        self.steps, self.is_specific = 0, False
        try:
            found = self._middleware(value, site)
        except Exhausted:
            found = _Layer("middleware", site, _doubtful("what takes too long to follow", site))
            self.is_specific = False
        if not self.is_specific:
            self.judge.middleware[key, self.family] = found.what if found is not None else ""
            self.remember(key, value, found.outcomes if found is not None else [], before)
        self.is_specific = False
        return found

    def _middleware(self, value: Any, site: Site) -> _Layer | None:
        options: dict[str, Any] = {}
        if isinstance(value, Instance) and isinstance(value.cls, External):
            options = {name: one for name, one in value.attributes.items() if not name.isdigit()}
            value = value.attributes.get("0", options.pop("cls", None))
        if isinstance(value, FunctionValue):
            if self.method == WEBSOCKET:
                return None
            return _Layer("middleware", site, self.outcomes(value, [Connection(), Native("call_next")], {}, site))
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
            return _Layer(f"middleware {value.qualname}", site, ends)
        called = self.class_attribute(value, "__call__", instance, site, State({}))
        if isinstance(called, FunctionValue):
            given = [Connection("scope"), Native("receive"), Native("send")]
            return _Layer(f"middleware {value.qualname}", site, self.outcomes(called, given, {}, site))
        return None

    def _authentication(self, options: dict[str, Any], site: Site) -> _Layer | None:
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
        return _Layer("authentication backend", site, found)

    def _endpoint(self, endpoint: FunctionValue) -> Iterator[_Layer]:
        facts = self.names.function(endpoint.path, endpoint.qualname)
        if facts is None:
            return
        site = Site(endpoint.path, facts.line)
        given: dict[str, Any] = {}
        receiver = endpoint.receiver

        def inject(state: State) -> Any:
            nonlocal receiver
            if facts.owner and receiver is None:
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
        bound = FunctionValue(endpoint.path, endpoint.qualname, endpoint.scope, receiver)
        wrapped: Any = bound
        for decorator in reversed(facts.decorators):
            value = self._decorator(decorator, endpoint)
            if isinstance(value, (FunctionValue, Native, Partial, LambdaValue)) or (
                isinstance(value, Instance) and isinstance(value.cls, ClassValue)
            ):
                found = self._layer("decorator", site, partial(self.apply, value, [wrapped], {}, site))
                made = next((one.value for one in found.outcomes if one.kind == "pass"), None)
                wrapped = made if isinstance(made, (FunctionValue, Instance)) else wrapped
        if self.guards:
            refusal = Outcome("refuse", None, site, (), True, ((self.guards[0], "requires() of Starlette"),))
            yield _Layer("decorator", site, [refusal])
            return
        self.in_body = True
        self.steps = 0
        try:
            if isinstance(wrapped, FunctionValue):
                yield _Layer("body", site, self.outcomes(wrapped, [], given, site))
            else:
                yield self._layer("body", site, partial(self.apply, wrapped, [], given, site))
        except Exhausted:
            yield _Layer("body", site, _doubtful("what takes too long to follow", site))

    def _class_of(self, path: str, owner: str) -> ClassValue | None:
        scope = self.interp.run_module(path)
        value = self.interp.lookup(scope, owner.partition(".")[0])
        return value if isinstance(value, ClassValue) and value.qualname == owner else None

    def _decorator(self, expr: Any, endpoint: FunctionValue) -> Any:
        try:
            return self.evaluate(expr, State({}), endpoint.scope)
        except Ended:
            return None


def _overrides(app: Router) -> list[tuple[Any, Any]]:
    found = app.attributes.get("dependency_overrides")
    return [(known, instead) for known, instead in found.items() if not isinstance(instead, Doubtful)] if found else []


_NOWHERE = Scope("", {})
_AHEAD = ("dependency", "endpoint")
"""What runs before the body of an endpoint."""


FAULT = "the protection of this route is not known through a fault of this program"
"""Begins the problem that says so."""


def _doubtful(reason: str, site: Site) -> list[Outcome]:
    """The ends of what could not be followed: it may refuse, and it may let a stranger through."""
    source = Opaque(reason, site)
    assumed = (Assumption(source, None),)
    return [Outcome("refuse", source, site, assumed, True), Outcome("pass", None, site, assumed)]


def _verdict(layer: _Layer) -> Verdict:
    refusals: list[Outcome] = []
    passing: list[Outcome] = []
    for one in layer.outcomes:
        answered = one.kind == "pass" and layer.what not in ("dependency", "endpoint") and isinstance(one.value, Answer)
        redirects = answered and one.value.status not in REFUSING_STATUSES
        if one.kind == "refuse" or (answered and is_refusing_answer(one.value) and (one.credentials or not redirects)):
            refusals.append(one)
        elif one.kind == "pass" and (not answered or layer.what == "body"):
            passing.append(one)
    doubtful = [one for one in refusals if not one.credentials and one.kind == "refuse"]
    if passing:  # where nobody gets through, somebody with credentials must
        refusals = [one for one in refusals if one.credentials]
    if not refusals:
        return _not_sure(layer, doubtful, passing=bool(passing)) or Verdict("none")
    by = _evidence(layer, refusals[0])
    if not passing:
        setting = _setting(refusals[0])
        return Verdict("required", by, setting) if setting is None else Verdict("required", by)
    weakest = min((one.assumptions for one in passing), key=weight)
    decides = weight(weakest)
    if decides == 0:
        return Verdict("optional", by)
    if decides == 1:
        assumed = next(one for one in weakest if isinstance(one.source, Setting))
        source = assumed.source
        assert isinstance(source, Setting)
        return Verdict("required", by, shipped(source, open_=assumed.ships))
    opaque = next(one.source for one in weakest if isinstance(one.source, Opaque))
    reason = Evidence(opaque.site.path, opaque.site.line, opaque.reason)
    return Verdict("unknown", (*by, reason) if opaque.site.path else by)


def _not_sure(layer: _Layer, doubtful: list[Outcome], *, passing: bool) -> Verdict | None:
    """What is said where nothing refuses a stranger for certain; None where the text leaves no doubt.

    Only what runs before the body counts: an endpoint that answers 403 for what it was asked is open all the same.
    """
    if layer.what not in _AHEAD:
        return None
    for one in doubtful:  # a refusal that hangs on a value nobody can tell: it may be the credentials'
        if any(not isinstance(assumed.source, Setting) for assumed in one.assumptions):
            what = f"{layer.what} that refuses on a condition that cannot be read"
            return Verdict("unknown", _evidence(layer, one) or (Evidence(layer.site.path, layer.site.line, what),))
    if not passing and any(one.kind == "error" for one in layer.outcomes):
        # a dependency that always breaks would have been noticed: something was not followed
        what = f"{layer.what} that as far as the text tells lets nobody through"
        return Verdict("unknown", (Evidence(layer.site.path, layer.site.line, what),))
    return None


def _setting(outcome: Outcome) -> Shipped | None:
    return next(
        (shipped(one.source, open_=None) for one in outcome.assumptions if isinstance(one.source, Setting)), None
    )


def shipped(setting: Setting, *, open_: bool | None) -> Shipped:
    """The setting that a protection hangs on, as it ships."""
    default = setting.default
    if isinstance(default, Instance):
        default = default.attributes.get("0", MISSING)
    text = None if default is MISSING or not isinstance(default, (str, int, float, bool, type(None))) else repr(default)
    return Shipped(setting.name, text, setting.site.path, setting.site.line, bool(open_))


def _evidence(layer: _Layer, refusal: Outcome) -> tuple[Evidence, ...]:
    start = [(layer.site, layer.what)] if layer.what not in ("dependency", "endpoint", "body") else []
    trail = [*start, *refusal.trail] or [(refusal.site, layer.what)]
    found = [Evidence(site.path, site.line, what) for site, what in trail if site.path]
    return tuple(dict.fromkeys(found))


class _Refusals:
    """Which functions speak of refusing, by their own text or through what they name."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._known: dict[tuple[str, str], bool] = {}

    def of_function(self, path: str, qualname: str) -> bool:
        key = (path, qualname)
        if key in self._known:
            return self._known[key]
        self._known[key] = False
        facts = self.names.function(path, qualname)
        found = False
        if facts is not None:
            found = any(_SPEAKS_OF_REFUSAL.search(name) for name in facts.names) or any(
                self._of_name(path, name, facts.owner) for name in facts.names
            )
        self._known[key] = found
        return found

    def _of_name(self, path: str, name: str, owner: str) -> bool:
        head, _, rest = name.partition(".")
        symbol = (
            self.names.member(Symbol("class", path, owner), rest.partition(".")[0])
            if head in ("self", "cls") and owner and rest
            else self.names.resolve(path, name)
        )
        if symbol is None:
            return False
        if symbol.kind == "function":
            return self.of_function(symbol.path, symbol.name)
        return symbol.kind == "class" and self._of_class(symbol)

    def _of_class(self, symbol: Symbol) -> bool:
        key = (symbol.path, symbol.name)
        if key in self._known:
            return self._known[key]
        self._known[key] = False
        line = [symbol, *self.names.ancestors(symbol.path, symbol.name)]
        found = any(
            (one.kind == "external" and _SPEAKS_OF_REFUSAL.search(one.name) is not None)
            or (one.kind == "external" and one.name.rpartition(".")[2] in ("Exception", "BaseException"))
            for one in line
        )
        self._known[key] = found
        return found
