"""Dependencies and middleware that an application has only under a condition: what is assumed for each case."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    Condition,
    External,
    Instance,
    Router,
    Scope,
    Site,
)
from fastapi_expert.codebase.link.protection.injection import Injecting
from fastapi_expert.codebase.link.protection.outcomes import Assumption, Outcome, State, together
from fastapi_expert.codebase.link.protection.stranger import Ended
from fastapi_expert.codebase.link.protection.stranger.names import unread
from fastapi_expert.codebase.link.protection.values import Opaque, Setting
from fastapi_expert.codebase.link.protection.verdict import Layer
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.ir import Stmt
from fastapi_expert.codebase.vocabulary import is_test_path


class _Case(NamedTuple):
    """What has to hold for something to be there, and for it not to be."""

    there: tuple[Assumption, ...]
    missing: tuple[Assumption, ...]


class SwitchedOff(NamedTuple):
    """A middleware that an application has only when a setting is other than it ships."""

    value: Instance
    site: Site
    case: _Case


class Conditional(Injecting):
    """A stranger's request that meets layers under conditions."""

    cases: dict[tuple[Condition, Site], _Case]
    """What each condition asks for; the same for every request."""
    off: dict[int, list[SwitchedOff]]
    """The middleware that is off as shipped, by the identity of the application."""

    def under(self, layer: Layer, conditions: tuple[Condition, ...], site: Site) -> Layer:
        """A layer that a request meets only under ``conditions``, registered at ``site``."""
        for condition in conditions:
            key = (condition, site)
            if key not in self.cases:
                self.cases[key] = self._case(condition, site)
            layer = in_case(layer, self.cases[key])
        return layer

    def switched_off(self, app: Router, *, is_only: bool) -> list[SwitchedOff]:
        """The middleware of an application in branches that do not run as shipped.

        ``is_only`` tells that the codebase has no other application, so that any function may be adding to it.
        """
        key = id(app)
        if key not in self.off:
            self.off[key] = []
            known = {site for _, site in app.middleware}
            for path, function, body in self._adding(app, is_only=is_only):
                self.off[key] += self._off_in(app, path, function, body, known)
        return self.off[key]

    def _adding(self, app: Router, *, is_only: bool) -> Iterator[tuple[str, FunctionFacts | None, Any]]:
        """Where middleware may be added to an application under conditions."""
        for path, facts in self.interp.files.items():
            if is_test_path(path) or (not is_only and path != app.site.path):
                continue
            if path == app.site.path:
                yield path, None, facts.body
            for function in facts.functions:
                if any(name.endswith(".add_middleware") for name in function.names):
                    yield path, function, self.body_of(path, function) or ()

    def _off_in(
        self, app: Router, path: str, function: FunctionFacts | None, body: Any, known: set[Site]
    ) -> Iterator[SwitchedOff]:
        for statement in _ifs(body):
            for block, taken in ((statement.body, True), (statement.orelse, False)):
                for call in _adding_calls(block):
                    if function is None and self._is_another(call, path, app):
                        continue
                    site = Site(path, call.line)
                    case = self._off_as_shipped(path, function, statement, taken) if site not in known else None
                    value = self._middleware_of(path, call, site) if case is not None else None
                    if value is not None and case is not None:
                        yield SwitchedOff(value, site, case)

    def _is_another(self, call: ir.Call, path: str, app: Router) -> bool:
        """Whether a call at module level adds to another application than ``app``."""
        owner = self.interp.lookup(self.interp.run_module(path), str(call.function).removesuffix(".add_middleware"))
        return isinstance(owner, Router) and owner is not app

    def _off_as_shipped(self, path: str, function: FunctionFacts | None, statement: ir.If, taken: bool) -> _Case | None:
        scope = self.interp.run_module(path)
        names = self._parameters(function, scope) if function is not None else {}
        pending, self.pending = self.pending, []
        try:
            decision = self.decide(statement.condition, State(names), scope)
        except Ended:
            return None
        finally:
            self.pending = pending
        sources = (*decision.when_true, *decision.when_false)
        if decision.value is not None or decision.ships is not (not taken):
            return None
        if not all(isinstance(one, Setting) for one in sources):
            return None
        return _Case(decision.assumptions(taken), decision.assumptions(not taken))

    def _middleware_of(self, path: str, call: ir.Call, site: Site) -> Instance | None:
        scope = self.interp.run_module(path)
        given = dict(call.keywords)
        cls = call.args[0] if call.args else given.pop("middleware_class", None)
        pending, self.pending = self.pending, []
        try:
            value = self.evaluate(cls, State({}), scope)
            options = {name: self.evaluate(one, State({}), scope) for name, one in given.items() if name != "**"}
        except Ended:
            return None
        finally:
            self.pending = pending
        if not isinstance(value, (ClassValue, External)):
            return None
        return Instance(External("starlette.middleware.Middleware"), site, {"0": value, **options})

    def _case(self, condition: Condition, site: Site) -> _Case:
        """What a condition asks for, as its `if` reads; where that is not found, by the reason that linking gave."""
        otherwise = unread(condition)
        unset = True if isinstance(otherwise, Setting) and otherwise.default is None else None
        plain = _Case((Assumption(otherwise, None),), (Assumption(otherwise, unset),))
        found = self._branch(condition.site)
        if found is None:
            return plain
        statement, function = found
        scope = self.interp.run_module(condition.site.path)
        names = self._parameters(function, scope) if function is not None else {}
        pending, self.pending = self.pending, []
        try:
            decision = self.decide(statement.condition, State(names), scope)
        except Ended:
            return plain
        finally:
            self.pending = pending
        sources = (*decision.when_true, *decision.when_false)
        if decision.value is not None or not all(isinstance(one, Setting) for one in sources):
            return plain
        taken = site.path != condition.site.path or not _holds(statement.orelse, site.line)
        return _Case(decision.assumptions(taken), decision.assumptions(not taken))

    def _branch(self, site: Site) -> tuple[ir.If, FunctionFacts | None] | None:
        """The `if` of a line, and the innermost function around it."""
        facts = self.interp.files.get(site.path)
        if facts is None:
            return None
        around = [one for one in facts.functions if one.line <= site.line <= one.end_line]
        function = max(around, key=lambda one: one.line) if around else None
        body: Any = facts.body
        if function is not None:
            body = self.body_of(site.path, function)
        found = next((one for one in _ifs(body or ()) if one.line == site.line), None)
        return (found, function) if found is not None else None

    def _parameters(self, function: FunctionFacts, scope: Scope) -> dict[str, Any]:
        """The parameters of a function as settings: who calls it decides, the class they are of has the defaults."""
        found: dict[str, Any] = {}
        for param in function.params:
            where = Site(scope.path, function.line)
            default: Any = MISSING
            if param.default:
                default = self.evaluate(param.default_expr, State({}), scope)
            elif param.annotation.isidentifier():
                cls = self.interp.lookup(scope, param.annotation)
                default = Instance(cls, where) if isinstance(cls, ClassValue) else MISSING
            default = MISSING if isinstance(default, Opaque) else default
            found[param.name] = Setting(f"{function.name}({param.name})", default, where)
        return found


def in_case(layer: Layer, case: _Case) -> Layer:
    """A layer that a request meets in one case alone."""
    outcomes = [one._replace(assumptions=together(case.there, one.assumptions)) for one in layer.outcomes]
    return layer._replace(outcomes=[*outcomes, Outcome("pass", None, layer.site, case.missing)])


def _adding_calls(block: Any) -> Iterator[ir.Call]:
    """The calls of `add_middleware` in a block, outside of further conditions."""
    for one in block:
        call = ir.match(ir.Evaluate._make(one).value, ir.Call) if ir.tag(one) == ir.Evaluate.TAG else None
        if call is not None and isinstance(call.function, str) and call.function.endswith(".add_middleware"):
            yield call


def _ifs(body: Any) -> Iterator[ir.If]:
    for one in body:
        if ir.tag(one) == ir.If.TAG:
            yield ir.If._make(one)
        for block in ir.blocks(one):
            yield from _ifs(block)


def _holds(block: Any, line: int) -> bool:
    """Whether a block reaches from before a line to it or further."""
    lines = [one for statement in block for one in _lines(statement)]
    return bool(lines) and min(lines) <= line <= max(lines) + 3


def _lines(statement: Stmt) -> Iterator[int]:
    yield ir.line_of(statement)
    for block in ir.blocks(statement):
        for one in block:
            yield from _lines(one)
