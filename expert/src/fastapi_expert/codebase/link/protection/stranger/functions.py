"""Calling functions of the codebase: how they end, and going on with what they gave."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Partial,
    Scope,
    Site,
)
from fastapi_expert.codebase.link.protection.outcomes import (
    Outcome,
    State,
    distinct,
    is_refusing_answer,
    together,
    weight,
)
from fastapi_expert.codebase.link.protection.stranger.runtime import Ended, Following
from fastapi_expert.codebase.link.protection.values import FREE, Opaque, Setting, Undecorated, joined, tainted
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.ir import Block, Expr

MAX_DEPTH = 16


class Functions(Following):
    """Calling functions of the codebase: how they end, and going on with what they gave."""

    def outcomes(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site) -> list[Outcome]:
        """How calling a function of the codebase ends, on every way."""
        facts = self.names.function(function.path, function.qualname)
        wrapped = self._decorated(function, facts)
        if wrapped is not function:
            return self._outcomes_of(wrapped, function, args, keywords, site)
        body = self.body_of(function.path, facts)
        key = (function.path, function.qualname)
        if facts is None or body is None or len(self._stack) > MAX_DEPTH or self._stack.count(key) > 1:
            name = function.qualname.rpartition(".")[2]
            return [Outcome("pass", Opaque(f"what {name}() does cannot be read", site), site)]
        if function.receiver is not None:
            args = [function.receiver, *args]
        state = State(self._bound(facts, function, args, keywords))
        if function.scope.cls is not None:
            state.names["__class__"] = function.scope.cls
        scope = Scope(function.path, state.names, function.scope)
        pending, self.pending = self.pending, []
        trying, file, line = self._trying, self.file, self.line
        self._stack.append(key)
        try:
            ways = self.run(body, state, scope)
            raised = self.pending
        finally:
            self._stack.pop()
            self.pending, self._trying, self.file, self.line = pending, trying, file, line
        found = [*distinct(raised), *ways.ends]
        if ways.on is not None:
            end = Site(function.path, facts.end_line)
            found.append(Outcome("pass", None, end, ways.on.assumptions, ways.on.credentials))
        return found or [Outcome("error", None, site)]

    def _decorated(self, function: FunctionValue, facts: FunctionFacts | None) -> Any:
        """What calling a function of a module or class calls: what its decorators made of it, worked out once."""
        if facts is None or not facts.decorators or isinstance(function, Undecorated) or "<locals>" in facts.qualname:
            return function
        key = (function.path, facts.qualname)
        if key not in self.decorated:
            self.decorated[key] = None  # one that calls itself while it is decorated
            self.decorated[key] = self._wrapping(function, facts)
        made = self.decorated[key]
        return function if made is None else made

    def _wrapping(self, function: FunctionValue, facts: FunctionFacts) -> Any:
        """What the decorators of the codebase make of a function; None where all give back what they are given."""
        plain = Undecorated(function.path, function.qualname, function.scope)
        wrapped: Any = plain
        site = Site(function.path, facts.line)
        pending, overlay, self.pending, self.overlay = self.pending, self.overlay, [], dict(self.overlay)
        try:
            for decorator in reversed(facts.decorators):
                act = self.evaluate(decorator, State({}), function.scope)
                if is_of_codebase(act):
                    made = self.apply(act, [wrapped], {}, site, State({}))
                    wrapped = made if isinstance(made, FunctionValue) or is_of_codebase(made) else wrapped
        except Ended:
            return None
        finally:
            self.pending, self.overlay = pending, overlay
        return None if wrapped is plain else wrapped

    def _outcomes_of(
        self, wrapped: Any, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site
    ) -> list[Outcome]:
        """How calling what decorators made of ``function`` ends."""
        given = args if function.receiver is None else [function.receiver, *args]
        if isinstance(wrapped, FunctionValue):
            return self.outcomes(wrapped, given, keywords, site)
        pending, self.pending = self.pending, []
        state = State({})
        try:
            value = self.apply(wrapped, given, keywords, site, state)
            ends = [Outcome("pass", value, site, state.assumptions, state.credentials)]
        except Ended:
            ends = []
        finally:
            raised, self.pending = self.pending, pending
        return [*raised, *ends]

    def body_of(self, path: str, facts: FunctionFacts | None) -> Block | None:
        """The statements of a function; None where they are out of reach."""
        if facts is None:
            return None
        if self.interp.sources is not None:
            body = self.interp.sources.body(path, facts.qualname)
            if body is not None:
                return body
        return facts.body

    def _bound(
        self, facts: FunctionFacts, function: FunctionValue, args: list[Any], keywords: dict[str, Any]
    ) -> dict[str, Any]:
        names: dict[str, Any] = {}
        rest, left = list(args), dict(keywords)
        for param in facts.params:
            if param.kind == "*":
                names[param.name], rest = rest, []
            elif param.kind == "**":
                names[param.name] = left
            elif rest and param.kind != "=":
                names[param.name] = rest.pop(0)
            elif param.name in left:
                names[param.name] = left.pop(param.name)
            elif param.default:
                names[param.name] = self._default(param.default_expr, function)
            else:
                names[param.name] = FREE
        return names

    def _default(self, expr: Expr, function: FunctionValue) -> Any:
        value = self.evaluate(expr, State({}), function.scope)
        if isinstance(value, Instance) and isinstance(value.cls, External):  # called without its dependencies
            return value.attributes.get("default", value.attributes.get("0", FREE))
        return value

    def resume(self, outcomes: Sequence[Outcome], state: State) -> Any:
        """Go on with what a call returned; what it may raise waits for the `try` around it."""
        passing = [one for one in outcomes if one.kind == "pass"]
        for one in outcomes:
            if one.kind != "pass":
                self.throw(one, state)
        if not passing:
            raise Ended
        if any(one.kind == "refuse" for one in outcomes):
            weakest = min((one.assumptions for one in passing), key=weight)
            state.assumptions = together(state.assumptions, weakest)
        values = [tainted(one.value) if one.credentials else one.value for one in passing]
        if all(is_refusing_answer(one) for one in values):
            return values[0]
        return _by_setting(passing, values, reduce(joined, values))

    def throw(self, outcome: Outcome, state: State) -> None:
        assumptions = together(state.assumptions, outcome.assumptions)
        credentials = outcome.credentials or state.credentials
        self.pending.append(outcome._replace(assumptions=assumptions, credentials=credentials))


def _by_setting(passing: Sequence[Outcome], values: Sequence[Any], value: Any) -> Any:
    """What a call gave, ``value`` where it is not told which of ``values``: it hangs on the setting that alone decides
    which way through the function is taken."""
    sources = [assumption.source for one in passing for assumption in one.assumptions]
    source = sources[0] if sources else None
    if not isinstance(source, Setting) or any(one != source for one in sources) or value is not FREE or FREE in values:
        return value
    way = [{assumption.ships for assumption in one.assumptions} for one in passing]
    shipped = [each for each, ships in zip(values, way, strict=True) if False not in ships]
    if not shipped or any(None in ships for ships in way):
        return source.giving(MISSING)
    return source.giving(reduce(joined, shipped), others=[one for one in values if one not in shipped])


def is_of_codebase(value: Any) -> bool:
    """Whether calling a value runs code of the codebase."""
    if isinstance(value, Instance):
        return isinstance(value.cls, ClassValue)
    return isinstance(value, (FunctionValue, Partial, LambdaValue))
