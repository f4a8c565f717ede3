"""Runs code as it would run for a request without credentials, every way through that the text leaves open.

Expressions give a value (:mod:`.values`), conditions a :class:`~.outcomes.Decision`, statements the ways on. What a
call may raise waits in :attr:`Stranger.pending` until the `try` around it, or the end of the function, takes it.
"""

import builtins
import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from fastapi_expert.codebase.interpret.attributes import attribute as plain_attribute
from fastapi_expert.codebase.interpret.attributes import lineage
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Member,
    ModuleValue,
    Partial,
    PathValue,
    Router,
    Scope,
    Site,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import (
    Assumption,
    Decision,
    Outcome,
    State,
    Ways,
    conjunction,
    disjunction,
    known,
    negated,
    together,
    truth,
    weight,
)
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FREE,
    PASSED,
    Absent,
    Answer,
    BoundMethod,
    Connection,
    Decided,
    Foreign,
    Free,
    MadeClass,
    Memory,
    Native,
    Opaque,
    Passed,
    Setting,
    derived,
    joined,
)
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.ir import Block, Expr, Stmt
from fastapi_expert.codebase.vocabulary import DEPENDS, REFUSING_STATUSES

MAX_DEPTH = 16
MAX_STEPS = 6_000
"""Statements and calls for one route."""
_POLICY_VIOLATION = 1008


class Ended(Exception):
    """No way leads on from here: every one has raised."""


class Exhausted(Exception):
    """One route takes too long to follow."""


class Stranger:
    """One request without credentials, for ``path`` by ``method``."""

    def __init__(self, interp: Interpreter, classes: Classes, *, method: str, path: str) -> None:
        self.interp = interp
        self.names = interp.names
        self.classes = classes
        self.method = method
        self.path = path
        self.memory = Memory()
        self.pending: list[Outcome] = []
        self.steps = 0
        self.answers: list[tuple[Any, Any]] = []
        """The exception handlers of the application: class or status, and function."""
        self.overlay: dict[tuple[int, str], tuple[Any, Any]] = {}
        """Attributes set meanwhile on objects that other requests share, each with its object."""
        self.made: dict[int, Instance] = {}
        """Objects whose class was made at run time."""
        self.in_body = False
        """Whether the endpoint itself runs: only what may refuse is followed from there."""
        self.guards: list[Site] = []
        """Where `requires()` of Starlette was put around a function."""
        self.is_specific = False
        """Whether something that was run looked at the path or the method, so that it may end otherwise elsewhere."""
        self.saw_credentials = False
        self.computed: dict[tuple[str, str], Any] = {}
        """Module-level values that were worked out here; the same for every request."""
        self._stack: list[tuple[str, str]] = []
        self._trying = 0
        self._active: list[Any] = []

    # -- functions ------------------------------------------------------------------------------------------------

    def outcomes(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site) -> list[Outcome]:
        """How calling a function of the codebase ends, on every way."""
        facts = self.names.function(function.path, function.qualname)
        body = self._body(function, facts)
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
        trying, self._trying = self._trying, self._trying
        self._stack.append(key)
        try:
            ways = self.run(body, state, scope)
            raised = self.pending
        finally:
            self._stack.pop()
            self.pending, self._trying = pending, trying
        found = [*raised, *ways.ends]
        if ways.on is not None:
            end = Site(function.path, facts.end_line)
            found.append(Outcome("pass", None, end, ways.on.assumptions, ways.on.credentials))
        return found or [Outcome("error", None, site)]

    def _body(self, function: FunctionValue, facts: FunctionFacts | None) -> Block | None:
        if facts is None:
            return None
        if self.interp.sources is not None:
            body = self.interp.sources.body(function.path, function.qualname)
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
                self._raise(one, state)
        if not passing:
            raise Ended
        if any(one.kind == "refuse" for one in outcomes):
            weakest = min((one.assumptions for one in passing), key=weight)
            state.assumptions = together(state.assumptions, weakest)
        return reduce(joined, [one.value for one in passing])

    def _raise(self, outcome: Outcome, state: State) -> None:
        assumptions = together(state.assumptions, outcome.assumptions)
        credentials = outcome.credentials or state.credentials
        self.pending.append(outcome._replace(assumptions=assumptions, credentials=credentials))

    # -- statements -----------------------------------------------------------------------------------------------

    def run(self, body: Iterable[Stmt], state: State, scope: Scope) -> Ways:
        """Run a block; ``scope`` is where names that are not local are looked up."""
        ways = Ways(on=state)
        for statement in body:
            if ways.on is None:
                break
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Exhausted
            act = _STATEMENTS.get(statement[0])
            if act is None:
                continue
            try:
                inner = act(self, statement, ways.on, scope)
            except Ended:
                inner = Ways()
            ways.ends += inner.ends
            ways.left += inner.left
            ways.on = inner.on
        return ways

    def run_assign(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Assign._make(statement)
        if one.value is not None:
            self.assign(one.target, self.evaluate(one.value, state, scope), state, scope)
        return Ways(on=state)

    def run_augment(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Augment._make(statement)
        value = self.evaluate(ir.binary("+", one.target, one.value), state, scope)
        self.assign(one.target, value, state, scope)
        return Ways(on=state)

    def run_evaluate(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        self.evaluate(ir.Evaluate._make(statement).value, state, scope)
        return Ways(on=state)

    def run_return(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Return._make(statement)
        value = self.evaluate(one.value, state, scope)
        return Ways([Outcome("pass", value, Site(scope.path, one.line), state.assumptions, state.credentials)])

    def run_yield(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        """What a dependency yields is its value; what follows runs when the answer is out."""
        one = ir.Yield._make(statement)
        value = self.evaluate(one.value, state, scope)
        return Ways([Outcome("pass", value, Site(scope.path, one.line), state.assumptions, state.credentials)])

    def run_raise(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Raise._make(statement)
        site = Site(scope.path, one.line)
        if one.exception is None:
            value = self._active[-1] if self._active else Opaque("an exception that is raised again", site)
        else:
            value = self.evaluate(one.exception, state, scope)
            if isinstance(value, (ClassValue, MadeClass)):
                value = self.apply(value, [], {}, site, state)
            elif isinstance(value, External):
                value = library.exception(value, [], {}, site)
        self._raise(self.raised(value, site), State({}, state.assumptions, state.credentials))
        return Ways()

    def raised(self, value: Any, site: Site) -> Outcome:
        """The end that raising ``value`` makes."""
        status = self.status(value)
        if status in REFUSING_STATUSES or self._closes(value, status):
            return Outcome("refuse", value, site, trail=((site, f"raises {status}"),))
        answer = self._handled(value, site)
        if answer is not None and _refuses(answer):
            return Outcome("refuse", value, site, trail=((site, f"raises {_name(value)}, answered {answer.status}"),))
        if self._says_status(value):
            return Outcome("refuse", value, site, trail=((site, f"raises {_name(value)}"),))
        location = _redirect_of(value, status)
        if location is not None and _refuses(Answer(status, location)):
            return Outcome("refuse", value, site, trail=((site, f"redirects to {location}"),))
        return Outcome("error", value, site)

    def status(self, exception: Any) -> int | None:
        """The status that FastAPI answers for an exception."""
        if not isinstance(exception, Instance) or not self._is_http(exception):
            return None
        found = self.own_attribute(exception, "status_code")
        if found is None:
            found = self.own_attribute(exception, "code")
        return library.status_of(found)

    def _says_status(self, value: Any) -> bool:
        """Whether an exception that the application answers has a refusing status itself."""
        if not isinstance(value, Instance) or not any(self.catches(caught, value) for caught, _ in self.answers):
            return False
        found = (
            library.status_of(self.own_attribute(value, name)) for name in ("status_code", "status", "http_status")
        )
        return any(status in REFUSING_STATUSES for status in found)

    def _is_http(self, exception: Instance) -> bool:
        cls = exception.cls
        line = [cls] if isinstance(cls, External) else lineage(self.interp, cls)
        return any(isinstance(one, External) and _answers_itself(one.name) for one in line)

    def _closes(self, value: Any, code: int | None) -> bool:
        return "WebSocket" in _name(value) and code is not None and (code == _POLICY_VIOLATION or code >= 3000)

    def _handled(self, value: Any, site: Site) -> Answer | None:
        """What the application's handler answers for an exception."""
        if not isinstance(value, Instance) or "handler" in [name for _, name in self._stack]:
            return None
        for caught, handler in self.answers:
            if not self.catches(caught, value) or not isinstance(handler, FunctionValue):
                continue
            key = (handler.path, handler.qualname)
            if key in self._stack:
                return None
            ends = self.outcomes(handler, [Connection(), value], {}, site)
            found = [one.value for one in ends if one.kind == "pass"]
            answer = next((one for one in found if isinstance(one, Answer)), None)
            if answer is not None and all(_refuses(one) for one in found if isinstance(one, Answer)):
                return answer
            return None
        return None

    def catches(self, caught: Any, value: Any) -> bool:
        """Whether `except` of the class ``caught`` takes the exception ``value``."""
        if isinstance(value, Answer):
            return False  # it is out already
        if is_list(caught):
            return any(self.catches(one, value) for one in caught)
        if caught is None:
            return True
        if isinstance(caught, External) and caught.name in ("builtins.Exception", "builtins.BaseException"):
            return True
        if isinstance(value, (Absent, Opaque)):
            return not (isinstance(caught, External) and library.last(caught.name) in _NOT_RAISED)
        if not isinstance(value, Instance):
            return False
        line = [value.cls] if isinstance(value.cls, External) else lineage(self.interp, value.cls)
        for one in line:
            if isinstance(one, External) and isinstance(caught, External):
                if library.last(one.name) == library.last(caught.name):
                    return True
                if library.last(caught.name) in ("HTTPException", "StarletteHTTPException") and (
                    library.last(one.name).endswith("HTTPException")
                ):
                    return True
            if isinstance(one, ClassValue) and isinstance(caught, ClassValue):
                same = (one.path, one.qualname) == (caught.path, caught.qualname)
                if same:
                    return True
        return False

    def run_if(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.If._make(statement)
        decision = self.decide(one.condition, state, scope)
        if decision.value is not None:
            taken, other = (one.body, one.orelse) if decision.value else (one.orelse, one.body)
            before = state.credentials
            state.credentials = before or decision.credentials
            ways = self.run(taken, state, scope)
            if ways.on is not None and not (decision.credentials and leaves(other)):
                ways.on.credentials = before
            return ways
        return self.either(
            state,
            decision,
            lambda branch: self.run(one.body, branch, scope),
            lambda branch: self.run(one.orelse, branch, scope),
        )

    def either(
        self, state: State, decision: Decision, then: Callable[[State], Ways], otherwise: Callable[[State], Ways]
    ) -> Ways:
        """Both branches of a condition that is not settled."""
        ways = Ways()
        on: list[State] = []
        for taken, act in ((True, then), (False, otherwise)):
            branch = state.fork()
            branch.assumptions = together(state.assumptions, decision.assumptions(taken))
            branch.credentials = state.credentials or decision.credentials
            try:
                inner = act(branch)
            except Ended:
                continue
            ways.ends += inner.ends
            ways.left += inner.left
            if inner.on is not None:
                on.append(inner.on)
        if len(on) == 2:
            merged = merged_states(on)
            merged.assumptions, merged.credentials = state.assumptions, state.credentials
            ways.on = merged
        elif on:
            ways.on = on[0]
        if ways.on is not None:
            state.names.update(ways.on.names)
        return ways

    def run_for(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.For._make(statement)
        items = self.evaluate(one.iterable, state, scope)
        if isinstance(items, Decided | Absent):
            return Ways(on=state)
        if is_dict(items):
            items = list(items)
        if is_list(items) and len(items) <= 12:
            return self._each(one, items, state, scope)
        item = items if isinstance(items, (Opaque, Setting, Foreign)) else FREE
        source = item if isinstance(item, (Opaque, Setting)) else FREE
        before = state.fork()
        self.assign(one.target, item, state, scope)
        state.assumptions = together(state.assumptions, (Assumption(source, None),))
        ways = self.run(one.body, state, scope)
        merged = merged_states([before, *([ways.on] if ways.on else []), *ways.left])
        merged.assumptions, merged.credentials = before.assumptions, before.credentials
        return Ways(ways.ends, merged)

    def _each(self, one: ir.For, items: Sequence[Any], state: State, scope: Scope) -> Ways:
        ways = Ways(on=state)
        out: list[State] = []
        for item in items:
            if ways.on is None:
                break
            self.assign(one.target, item, ways.on, scope)
            inner = self.run(one.body, ways.on, scope)
            ways.ends += inner.ends
            out += [left for left in inner.left if left.names.get("__left__") == "break"]
            again = [left for left in inner.left if left.names.get("__left__") != "break"]
            states = [*([inner.on] if inner.on else []), *again]
            ways.on = merged_states(states) if states else None
        states = [*([ways.on] if ways.on else []), *out]
        return Ways(ways.ends, merged_states(states) if states else None)

    def run_while(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.While._make(statement)
        decision = self.decide(one.condition, state, scope)
        if decision.value is False:
            return Ways(on=state)
        endless = decision.value is True and not decision.credentials
        before = state.fork()
        ways = self.run(one.body, state, scope)
        states = [*([] if endless else [before]), *([ways.on] if ways.on else []), *ways.left]
        return Ways(ways.ends, merged_states(states) if states else None)

    def run_match(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Match._make(statement)
        subject = self.evaluate(one.subject, state, scope)
        return self._cases(subject, list(one.cases), state, scope)

    def _cases(self, subject: Any, cases: list[Any], state: State, scope: Scope) -> Ways:
        """The cases of a `match`, one after the other, as `if` and `elif`."""
        if not cases:
            return Ways(on=state)
        (patterns, guard, body), *rest = cases
        fits = known(True)
        if patterns is not None:
            fits = disjunction([self.compare("==", subject, self.evaluate(one, state, scope)) for one in patterns])
        if guard is not None:
            fits = conjunction([fits, self.decide(guard, state, scope)])
        if fits.value is not None:
            return self.run(body, state, scope) if fits.value else self._cases(subject, rest, state, scope)
        return self.either(
            state,
            fits,
            lambda branch: self.run(body, branch, scope),
            lambda branch: self._cases(subject, rest, branch, scope),
        )

    def run_with(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.With._make(statement)
        for value, target in one.items:
            entered = self.evaluate(value, state, scope)
            if target is not None:
                self.assign(target, entered, state, scope)
        return self.run(one.body, state, scope)

    def run_try(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Try._make(statement)
        before = state.fork()
        pending, self.pending = self.pending, []
        self._trying += 1
        try:
            ways = self.run(one.body, state, scope)
        finally:
            self._trying -= 1
            raised, self.pending = self.pending, pending
        doubtful = [outcome for outcome in raised if isinstance(outcome.value, Absent)]
        sure = [outcome for outcome in raised if not isinstance(outcome.value, Absent)]
        on = [] if ways.on is None else [ways.on]
        result = Ways(list(ways.ends), None, list(ways.left))
        for outcome in sure:
            handled = self._handle(one, outcome, before, scope)
            if handled is None:
                self.pending.append(outcome)
                continue
            result.ends += handled.ends
            result.left += handled.left
            on += [] if handled.on is None else [handled.on]
        if doubtful:
            count = len(self.pending)
            handled = self._handle(one, doubtful[0], before, scope)
            refused = any(outcome.kind == "refuse" for outcome in self.pending[count:])
            if handled is not None and (refused or handled.ends or handled.on or handled.left):
                result.ends, result.left = list(handled.ends), list(handled.left)
                on = [] if handled.on is None else [handled.on]
            elif handled is None:
                self.pending += doubtful[:1]
        if not on:
            return result
        result.on = on[0] if len(on) == 1 else merged_states(on)
        after = self.run(one.after, result.on, scope)
        return Ways([*result.ends, *after.ends], after.on, [*result.left, *after.left])

    def _handle(self, one: ir.Try, outcome: Outcome, before: State, scope: Scope) -> Ways | None:
        for (expr, name), body in zip(one.caught, one.handlers, strict=True):
            caught = self.evaluate(expr, before.fork(), scope) if expr is not None else None
            if not self.catches(caught, outcome.value):
                continue
            state = before.fork()
            state.assumptions = outcome.assumptions
            state.credentials = outcome.credentials
            if name:
                state.names[name] = outcome.value if isinstance(outcome.value, Instance) else FREE
            self._active.append(outcome.value)
            try:
                ways = self.run(body, state, scope)
            finally:
                self._active.pop()
            if ways.on is not None:
                ways.on.credentials = before.credentials
            return ways
        return None

    def run_stop(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        state.names["__left__"] = "break" if ir.Stop._make(statement).is_break else "continue"
        return Ways(left=[state])

    def run_def(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Def._make(statement)
        facts = self.names.function(scope.path, one.qualname)
        if facts is not None:
            value: Any = FunctionValue(scope.path, one.qualname, Scope(scope.path, state.names, scope))
            for decorator in reversed(facts.decorators):
                function = self.evaluate(decorator, state, scope)
                if isinstance(function, (FunctionValue, Instance, Partial)) and not _is_external(function):
                    value = self.apply(function, [value], {}, Site(scope.path, one.line), state)
            state.names[facts.name] = value
        return Ways(on=state)

    def run_class(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.ClassDef._make(statement)
        facts = self.names.class_(scope.path, one.qualname)
        if facts is not None:
            state.names[facts.name] = ClassValue(scope.path, one.qualname, Scope(scope.path, state.names, scope))
        return Ways(on=state)

    def run_import(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        local = Scope(scope.path, {})
        for imported in self.interp.imports_of(scope.path)[ir.Import._make(statement).first :]:
            if imported.line != statement[1]:
                break
            self.interp.bind_import(imported, local)
        state.names.update({name: self.interp.force(local, name) for name in list(local.names)})
        return Ways(on=state)

    def assign(self, target: Expr, value: Any, state: State, scope: Scope) -> None:
        """Bind a name, an attribute, an item or several."""
        if isinstance(target, str):
            head, dot, name = target.rpartition(".")
            if not dot:
                state.names[target] = value
                return
            owner = self.evaluate(head, state, scope)
            self.set_attribute(owner, name, value)
        elif (several := ir.match(target, ir.Targets)) is not None:
            for one in several.items:
                self.assign(one, value, state, scope)
        elif (unpacked := ir.match(target, ir.Display)) is not None:
            count = len(unpacked.items)
            parts: list[Any] | None = None
            if is_list(value) and len(value) == count:
                parts = list(value)
            for index, one in enumerate(unpacked.items):
                self.assign(one, parts[index] if parts is not None else derived(value) or FREE, state, scope)
        elif (item := ir.match(target, ir.Subscript)) is not None:
            owner = self.evaluate(item.value, state, scope)
            key = self.evaluate(item.index, state, scope)
            if is_dict(owner) and isinstance(key, (str, int)):
                owner[key] = value
        elif (inner := ir.match(target, ir.Attribute)) is not None:
            self.set_attribute(self.evaluate(inner.value, state, scope), inner.name, value)

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        if isinstance(owner, Connection) and owner.part in ("state", "user", "auth", ""):
            known_one = self.memory.state.get(name, MISSING)
            self.memory.state[name] = value if known_one is MISSING else joined(known_one, value)
        elif isinstance(owner, (Instance, Router)):
            self.overlay[id(owner), name] = (owner, value)

    # -- conditions -----------------------------------------------------------------------------------------------

    def decide(self, expr: Expr, state: State, scope: Scope) -> Decision:
        """Whether a condition holds for a stranger."""
        condition = ir.match(expr, ir.Truth)
        if condition is None:
            return truth(self.evaluate(expr, state, scope))
        operator, operands = condition.operator, condition.operands
        if operator == "not":
            return negated(self.decide(operands[0], state, scope))
        if operator in ("and", "or"):
            parts: list[Decision] = []
            for one in operands:
                try:
                    part = self.decide(one, state, scope)
                except Ended:
                    if not parts:
                        raise
                    break
                parts.append(part)
                if part.value is (operator == "or"):
                    break
            return conjunction(parts) if operator == "and" else disjunction(parts)
        left, right = (self.evaluate(one, state, scope) for one in operands[:2])
        return self.compare(operator, left, right)

    def compare(self, operator: str, left: Any, right: Any) -> Decision:
        """A comparison."""
        if operator in ("!=", "is not", "not in"):
            plain = {"!=": "==", "is not": "is", "not in": "in"}[operator]
            return negated(self.compare(plain, left, right))
        left, right = _plain_member(left), _plain_member(right)
        if isinstance(left, Decided):
            left = left.value
        if isinstance(right, Decided):
            right = right.value
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Absent):
                return _compared_with_nothing(operator, one.instead, other)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Foreign):
                return known(False, credentials=other is not None)
        for one in (left, right):
            if isinstance(one, Opaque):
                return Decision(None, False, (one,), (one,))
        for one in (left, right):
            if isinstance(one, Setting):
                other = right if one is left else left
                shipped = self._shipped(operator, one, other, is_left=one is left)
                if isinstance(other, Free):
                    return Decision(None, False, (other,), (other,))
                return Decision(None, False, (one,), (one,), shipped)
        if operator == "in" and isinstance(right, Connection) and right.part in _ASKED_BY_NAME:
            self.saw_credentials = True
            return known(False, credentials=True)
        if isinstance(left, (Free, Connection)) or isinstance(right, (Free, Connection)):
            if operator == "is" and (left is None or right is None):
                return known(False) if isinstance(left, Connection) or isinstance(right, Connection) else _free()
            return _free()
        return _plain_comparison(operator, left, right)

    def _shipped(self, operator: str, setting: Setting, other: Any, *, is_left: bool) -> bool | None:
        if setting.default is MISSING or isinstance(other, (Free, Opaque)):
            return None
        other = other.default if isinstance(other, Setting) else other
        pair = (setting.default, other) if is_left else (other, setting.default)
        return self.compare(operator, *pair).value if not isinstance(setting.default, Setting) else None

    # -- expressions ----------------------------------------------------------------------------------------------

    def evaluate(self, expr: Expr, state: State, scope: Scope) -> Any:
        """The value of an expression; raises Ended when every way through it raises."""
        if expr is None:
            return None
        if isinstance(expr, str):
            return self._name(expr, state, scope)
        act = _EXPRESSIONS.get(expr[0])
        return act(self, expr, state, scope) if act is not None else FREE

    def _name(self, dotted: str, state: State, scope: Scope) -> Any:
        head, *rest = dotted.split(".")
        value = state.names[head] if head in state.names else self._outer(head, scope)
        for name in rest:
            value = self.attribute(value, name, Site(scope.path, 0), state)
        return value

    def _outer(self, name: str, scope: Scope) -> Any:
        value = self.interp.lookup(scope, name)
        if value is MISSING:
            if hasattr(builtins, name):
                return External(f"builtins.{name}")
            return Opaque(f"{name} is not known", Site(scope.path, 1))
        return self._from_module(value, name, scope)

    def _from_module(self, value: Any, name: str, scope: Scope) -> Any:
        """A module-level value: what the environment decides is a setting, not its default."""
        unread = isinstance(value, Unknown) or _is_call_outside(value)
        if not unread and value is not None and not isinstance(value, (str, bool, int, float)):
            return value
        symbol = self.names.resolve(scope.path, name)
        if symbol is None or symbol.kind != "value" or "." in symbol.name:
            return _unread(value, name) if isinstance(value, Unknown) else value
        assigned = self.names.assigned(symbol)
        if reads_environment(assigned):
            bound: Any = self.names.bindings(symbol.path).get(symbol.name)
            default = MISSING if isinstance(value, Unknown) else value
            return Setting(symbol.name, default, Site(symbol.path, ir.line_of(bound)))
        if not unread:
            return value
        return self._computed(symbol, assigned, _unread(value, name) if isinstance(value, Unknown) else value)

    def _computed(self, symbol: Symbol, assigned: Expr, otherwise: Any) -> Any:
        """A module-level value that linking could not work out, because it keeps few bodies."""
        key = (symbol.path, symbol.name)
        if key not in self.computed:
            self.computed[key] = otherwise  # one that needs itself
            pending, self.pending = self.pending, []
            try:
                found = self.evaluate(assigned, State({}), self.interp.run_module(symbol.path))
                self.computed[key] = otherwise if isinstance(found, (Free, Opaque)) else found
            except Ended:
                pass
            finally:
                self.pending = pending
        return self.computed[key]

    def eval_constant(self, expr: Expr, state: State, scope: Scope) -> Any:
        return expr[1]

    def eval_text(self, expr: Expr, state: State, scope: Scope) -> Any:
        return expr[1]

    def eval_joined(self, expr: Expr, state: State, scope: Scope) -> Any:
        parts = [self.evaluate(one, state, scope) for one in expr[1]]
        if all(isinstance(one, (str, int)) for one in parts):
            return "".join(str(one) for one in parts)
        if all(isinstance(one, (str, int, Setting)) for one in parts):
            shipped = [one.default if isinstance(one, Setting) else one for one in parts]
            if all(isinstance(one, (str, int)) for one in shipped):
                return "".join(str(one) for one in shipped)  # a path or a text: taken as shipped
        return derived(*parts) or FREE

    def eval_call(self, expr: Expr, state: State, scope: Scope) -> Any:
        self.steps += 1
        call = ir.Call._make(expr)
        site = Site(scope.path, call.line)
        special = self._special(call, site, state, scope)
        if special is not MISSING:
            return special
        function = self.evaluate(call.function, state, scope)
        args: list[Any] = []
        for one in call.args:
            starred = ir.match(one, ir.Starred)
            value = self.evaluate(starred.value if starred is not None else one, state, scope)
            if starred is None:
                args.append(value)
            elif is_list(value):
                args.extend(value)
        keywords: dict[str, Any] = {}
        for name, one in call.keywords:
            value = self.evaluate(one, state, scope)
            if name != "**":
                keywords[name] = value
            elif is_dict(value):
                keywords.update(value)
        return self.apply(function, args, keywords, site, state)

    def _special(self, call: ir.Call, site: Site, state: State, scope: Scope) -> Any:
        name = call.function if isinstance(call.function, str) else ""
        if name in ("any", "all") and call.args:
            return self._quantified(name, call.args[0], state, scope)
        if name == "isinstance" and len(call.args) == 2:
            return self._isinstance(self.evaluate(call.args[0], state, scope), call.args[1], state, scope)
        if name == "super":
            cls = state.names.get("__class__")
            receiver = next(iter(state.names.values()), None)
            if isinstance(receiver, Instance) and id(receiver) in self.made:
                return BoundMethod((receiver, None), "super")
            return BoundMethod((receiver, cls), "super") if isinstance(cls, ClassValue) else FREE
        if name in ("getattr", "hasattr") and len(call.args) >= 2:
            owner, key = (self.evaluate(one, state, scope) for one in call.args[:2])
            if not isinstance(key, str):
                return derived(owner) or FREE
            has_default = len(call.args) > 2
            default = self.evaluate(call.args[2], state, scope) if has_default else None
            return self._getattr(owner, key, name == "hasattr", has_default, default, site, state)
        return MISSING

    def _getattr(
        self, owner: Any, key: str, asks: bool, has_default: bool, default: Any, site: Site, state: State
    ) -> Any:
        if isinstance(owner, Connection) and owner.part == "state":
            there = key in self.memory.state
            if asks:
                return there or Decided(False)
            if not there and has_default:
                return ABSENT if default is None else default
        if asks:
            return truth(owner).value is not False
        found = self.attribute(owner, key, site, state)
        return default if isinstance(found, Opaque) and has_default else found

    def _quantified(self, name: str, expr: Expr, state: State, scope: Scope) -> Any:
        each = ir.match(expr, ir.Comprehension)
        if each is None or len(each.clauses) != 1:
            items = self.evaluate(expr, state, scope)
            values = list(items) if is_list(items) else None
            if values is None:
                return derived(items) or FREE
            decisions = [truth(one) for one in values]
        else:
            clause = ir.ForClause._make(each.clauses[0])
            items = self.evaluate(clause.iterable, state, scope)
            if is_dict(items):
                items = list(items)
            if not is_list(items):
                return derived(items) or FREE
            inner = State(dict(state.names), state.assumptions, state.credentials)
            decisions: list[Decision] = []
            for item in items:
                self.assign(clause.target, item, inner, scope)
                decisions.append(self.decide(each.element, inner, scope))
        if not decisions:
            return name == "all"
        return valued(conjunction(decisions) if name == "all" else disjunction(decisions))

    def _isinstance(self, value: Any, expr: Expr, state: State, scope: Scope) -> Any:
        if isinstance(value, (Absent, Decided)):
            return Decided(False)
        cls = self.evaluate(expr, state, scope)
        if isinstance(value, Instance):
            return self.catches(cls, value) or (Opaque("a type", Site(scope.path, 1)) if _mixed(value) else False)
        plain = {"builtins.str": str, "builtins.list": list, "builtins.dict": dict, "builtins.int": int}
        if isinstance(cls, External) and cls.name in plain and _is_plain(value):
            return isinstance(value, plain[cls.name])
        if isinstance(value, Answer):
            return isinstance(cls, External) and library.is_response(cls.name)
        return derived(value) or FREE

    def eval_attribute(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Attribute._make(expr)
        return self.attribute(self.evaluate(one.value, state, scope), one.name, Site(scope.path, 0), state)

    def eval_subscript(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Subscript._make(expr)
        value = self.evaluate(one.value, state, scope)
        key = self.evaluate(one.index, state, scope)
        if isinstance(value, Connection):
            return self._asked(value, key, site=Site(scope.path, 0), state=state, subscript=True)
        if is_dict(value):
            known_one: Any = value.get(key, MISSING) if isinstance(key, (str, int, type(None))) else MISSING
            return derived(key) or FREE if known_one is MISSING else known_one
        if is_list(value) and isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        if isinstance(value, Absent):
            self._doubt(state, Site(scope.path, 0))
        return value if isinstance(value, (Absent, Foreign, Opaque, Setting, ClassValue, External)) else FREE

    def eval_display(self, expr: Expr, state: State, scope: Scope) -> Any:
        items: list[Any] = []
        for one in expr[1]:
            starred = ir.match(one, ir.Starred)
            value = self.evaluate(starred.value if starred is not None else one, state, scope)
            if starred is None:
                items.append(value)
            elif is_list(value):
                items.extend(value)
            else:
                return derived(value) or FREE
        return items

    def eval_mapping(self, expr: Expr, state: State, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        for key, value in expr[1]:
            name = self.evaluate(key, state, scope) if key is not None else None
            read = self.evaluate(value, state, scope)
            if key is None and is_dict(read):
                found.update(read)
            elif isinstance(name, (str, int)):
                found[name] = read
        return found

    def eval_binary(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Binary._make(expr)
        left, right = self.evaluate(one.left, state, scope), self.evaluate(one.right, state, scope)
        if one.operator == "+":
            plain = [side.default if isinstance(side, Setting) else side for side in (left, right)]
            if all(isinstance(side, str) for side in plain):
                return plain[0] + plain[1]  # a path or a text: taken as shipped
            if all(is_list(side) for side in plain):
                return [*plain[0], *plain[1]]
        return derived(left, right) or FREE

    def eval_truth(self, expr: Expr, state: State, scope: Scope) -> Any:
        condition = ir.Truth._make(expr)
        if condition.operator not in ("and", "or"):
            return valued(self.decide(expr, state, scope))
        wanted = condition.operator == "or"
        value: Any = None
        held = False
        for one in condition.operands:
            part = self.evaluate(one, state, scope)
            decision = truth(part)
            value = joined(value, part) if held else part
            if decision.value is wanted:
                return value
            held = decision.value is None
        return value

    def eval_conditional(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Conditional._make(expr)
        decision = self.decide(one.condition, state, scope)
        if decision.value is not None:
            return self.evaluate(one.then if decision.value else one.otherwise, state, scope)
        values: list[Any] = []
        for side in (one.then, one.otherwise):
            try:
                values.append(self.evaluate(side, state, scope))
            except Ended:
                continue
        if not values:
            raise Ended
        return reduce(joined, values)

    def eval_lambda(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Lambda._make(expr)
        params = tuple([(name, kind, default) for name, kind, default in one.params])
        return LambdaValue(params, one.body, Scope(scope.path, state.names, scope), Site(scope.path, 0))

    def eval_formatted(self, expr: Expr, state: State, scope: Scope) -> Any:
        return self.evaluate(ir.Formatted._make(expr).value, state, scope)

    def eval_comprehension(self, expr: Expr, state: State, scope: Scope) -> Any:
        clauses = expr[2]
        items = self.evaluate(clauses[0][2], state, scope)
        if is_list(items) and len(clauses) == 1 and len(items) <= 12:
            inner = State(dict(state.names), state.assumptions, state.credentials)
            found: list[Any] = []
            for item in items:
                self.assign(clauses[0][1], item, inner, scope)
                found.append(self.evaluate(expr[1], inner, scope))
            return found
        return derived(items) or FREE

    def eval_walrus(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Walrus._make(expr)
        value = state.names[one.name] = self.evaluate(one.value, state, scope)
        return value

    def eval_opaque(self, expr: Expr, state: State, scope: Scope) -> Any:
        return FREE

    # -- attributes -----------------------------------------------------------------------------------------------

    def attribute(self, value: Any, name: str, site: Site, state: State) -> Any:
        """The attribute ``name`` of ``value``."""
        if isinstance(value, (Absent, Foreign, Free, Opaque, Decided)):
            return ABSENT if isinstance(value, Decided) else value
        if isinstance(value, Setting):
            return self._of_setting(value, name, site, state)
        if isinstance(value, Connection):
            return self._of_connection(value, name)
        if isinstance(value, Instance):
            return self._of_instance(value, name, site, state)
        if isinstance(value, ClassValue):
            found = self.class_attribute(value, name, None, site, state)
            return found if found is not MISSING else Opaque(f"{value.qualname} has no {name} in the text", site)
        if isinstance(value, BoundMethod) and value.name == "super":
            return self._of_super(value, name, site, state)
        if isinstance(value, Answer):
            return value.status if name == "status_code" else BoundMethod(value, name)
        if isinstance(value, (External, ModuleValue, Member)):
            found = plain_attribute(self.interp, value, name, site)
            if isinstance(found, Unknown):
                return _unread(found, name)
            if isinstance(value, ModuleValue) and not value.place.endswith("/"):
                return self._from_module(found, name, Scope(value.place, {}))
            return found
        if isinstance(value, (Router, FunctionValue, Partial, LambdaValue, PathValue)):
            known_one = self.overlay.get((id(value), name))
            return known_one[1] if known_one is not None else Opaque(f"{name} of what is shared", site)
        return BoundMethod(value, name)

    def _of_setting(self, setting: Setting, name: str, site: Site, state: State) -> Any:
        default = setting.default
        if isinstance(default, (Instance, ClassValue)):
            inner = self.attribute(default, name, site, state)
            if isinstance(inner, (Setting, BoundMethod, FunctionValue)):
                return inner
            return Setting(f"{setting.name}.{name}", inner if _is_plain(inner) else MISSING, setting.site)
        return BoundMethod(setting, name)

    def _of_connection(self, connection: Connection, name: str) -> Any:
        part = connection.part
        if part == "state":
            return self.memory.state.get(name, Opaque(f"request.state.{name}", Site("", 0)))
        if part == "url":
            return self._path() if name == "path" else FREE
        if part == "user":
            return Decided(False) if name == "is_authenticated" else ABSENT
        if part == "auth":
            return [] if name == "scopes" else ABSENT
        if part:
            return BoundMethod(connection, name)
        if name in ("headers", "cookies", "query_params", "session", "state", "url", "user", "auth", "scope"):
            if name in ("user", "auth"):
                self.saw_credentials = True
            return Connection(name)
        if name == "method":
            self.is_specific = True
            return self.method
        return BoundMethod(connection, name)

    def _path(self) -> str:
        self.is_specific = True
        return self.path

    def own_attribute(self, instance: Instance, name: str) -> Any:
        """The attribute of an object, its class's when it has none; None when neither has."""
        known_one = self.overlay.get((id(instance), name))
        if known_one is not None:
            return known_one[1]
        if name in instance.attributes:
            return instance.attributes[name]
        if isinstance(instance.cls, ClassValue):
            found = self.class_attribute(instance.cls, name, instance, instance.site, State({}))
            return None if found is MISSING else found
        return None

    def _of_instance(self, instance: Instance, name: str, site: Site, state: State) -> Any:
        known_one = self.overlay.get((id(instance), name))
        if known_one is not None:
            return known_one[1]
        is_settings = isinstance(instance.cls, ClassValue) and self._is_settings(instance.cls)
        if name in instance.attributes and not is_settings:
            found = instance.attributes[name]
            return _unread(found, name) if isinstance(found, Unknown) else found
        if isinstance(instance.cls, External):
            return BoundMethod(instance, name)
        found = self.class_attribute(instance.cls, name, instance, site, state)
        if found is not MISSING:
            return found
        if any(isinstance(one, External) for one in lineage(self.interp, instance.cls)):
            return BoundMethod(instance, name)
        return Opaque(f"{instance.cls.qualname} has no {name} in the text", site)

    def _of_super(self, bound: BoundMethod, name: str, site: Site, state: State) -> Any:
        receiver, cls = bound.receiver
        line = lineage(self.interp, cls)[1:] if cls is not None else self._line(receiver)
        for one in line:
            if isinstance(one, ClassValue):
                found = self._own(one, name, receiver, site, state)
                if found is not MISSING:
                    return found
            else:
                return BoundMethod((receiver, one), f"super.{name}")
        return BoundMethod((receiver, External("builtins.object")), f"super.{name}")

    def _descends(self, instance: Instance, name: str) -> bool:
        """Whether an object is of a class outside that has this name, or of one that descends from it."""
        return any(isinstance(one, External) and library.last(one.name) == name for one in self._line(instance))

    def _line(self, instance: Instance) -> list[ClassValue | External]:
        """The classes of an object, its own first."""
        return [instance.cls] if isinstance(instance.cls, External) else lineage(self.interp, instance.cls)

    def class_attribute(self, cls: ClassValue, name: str, receiver: Any, site: Site, state: State) -> Any:
        for one in lineage(self.interp, cls):
            if isinstance(one, ClassValue):
                found = self._own(one, name, receiver, site, state)
                if found is not MISSING:
                    return found
        return MISSING

    def _own(self, cls: ClassValue, name: str, receiver: Any, site: Site, state: State) -> Any:
        facts = self.names.class_(cls.path, cls.qualname)
        if facts is None:
            return MISSING
        body = Scope(cls.path, {}, cls.scope, cls)
        qualname = f"{facts.qualname}.{name}"
        if qualname in facts.methods:
            method = self.names.function(cls.path, qualname)
            decorators = method.decorators if method is not None else ()
            kinds = {one.rpartition(".")[2] for one in decorators if isinstance(one, str)}
            if "staticmethod" in kinds:
                return FunctionValue(cls.path, qualname, body)
            if "classmethod" in kinds:
                return FunctionValue(cls.path, qualname, body, cls)
            value = FunctionValue(cls.path, qualname, body, receiver)
            if receiver is not None and kinds & {"property", "cached_property", "computed_field"}:
                return self.apply(value, [], {}, site, state)
            return value
        for field in reversed(facts.fields):
            if field.name != name:
                continue
            where = Site(cls.path, field.line)
            value: Any = MISSING
            if field.default:
                value = self.evaluate(field.default_expr, State({}), body)
                if isinstance(value, Instance) and isinstance(value.cls, External):
                    value = value.attributes.get("default", value.attributes.get("0", MISSING))
                    value = MISSING if value is Ellipsis else value
            if self._is_settings(cls) or reads_environment(field.default_expr):
                return Setting(f"{facts.name}.{name}", value, where)
            return FREE if value is MISSING else value
        return MISSING

    def _is_settings(self, cls: ClassValue) -> bool:
        if self.classes.kind(cls.path, cls.qualname) == "settings":
            return True
        return any(
            one.path and self.classes.kind(one.path, one.name) == "settings"
            for one in self.names.ancestors(cls.path, cls.qualname)
        )

    # -- calls ----------------------------------------------------------------------------------------------------

    def apply(self, function: Any, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """The value of a call."""
        if isinstance(function, FunctionValue):
            if not self.is_worth(function, args, keywords):
                name = function.qualname.rpartition(".")[2]
                return derived(*args, *keywords.values()) or Opaque(f"what {name}() gives", site)
            ends = self.outcomes(function, args, keywords, site)
            named = function.qualname
            ends = [
                one if one.kind != "refuse" else one._replace(trail=((site, f"calls {named}"), *one.trail))
                for one in ends
            ]
            return self.resume(ends, state)
        if isinstance(function, Partial):
            return self.apply(
                function.function, [*function.args, *args], {**function.keywords, **keywords}, site, state
            )
        if isinstance(function, LambdaValue):
            names = dict(zip([name for name, _, _ in function.params], args, strict=False)) | keywords
            return self.evaluate(function.body, State(names, state.assumptions, state.credentials), function.scope)
        if isinstance(function, ClassValue):
            return self.instantiate(function, args, keywords, site, state)
        if isinstance(function, MadeClass):
            return self._make(function, args, keywords, site, state)
        if isinstance(function, External):
            return self._external(function, args, keywords, site, state)
        if isinstance(function, Native):
            return self._native(function, args, site, state)
        if isinstance(function, BoundMethod):
            return self._method(function, args, keywords, site, state)
        if isinstance(function, Instance):
            return self._call_instance(function, args, keywords, site, state)
        if isinstance(function, Answer):
            return self._sent(function, site, state)
        if isinstance(function, (Absent, Foreign)):
            self._doubt(state, site)
            return ABSENT
        return derived(function, *args, *keywords.values()) or Opaque("calls what is not known", site)

    def is_worth(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any]) -> bool:
        """Whether what a function does can matter: it is given something that tells of the caller, or it refuses."""
        if not self.in_body:
            return True
        telling = (Connection, Absent, Foreign, Decided, Setting, FunctionValue, Native, Passed, Dependency, ClassValue)
        given = [*args, *keywords.values()]
        if any(isinstance(one, telling) for one in given) or function.receiver is not None:
            return True
        if any(isinstance(one, (list, tuple, dict, Instance)) for one in given):
            return True
        return self.may_refuse(function.path, function.qualname) or not given

    def may_refuse(self, path: str, qualname: str) -> bool:
        """Whether a function or one that it names speaks of refusing; overridden where that is remembered."""
        return True

    def instantiate(self, cls: ClassValue, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """An object of a class of the codebase."""
        line = lineage(self.interp, cls)
        outside = [one for one in line if isinstance(one, External)]
        if any(library.is_response(one.name) for one in outside):
            return library.answer(outside[0].name, args, keywords, site)
        instance = Instance(cls, site)
        init = self.class_attribute(cls, "__init__", instance, site, state)
        if isinstance(init, FunctionValue):
            self.resume(self.outcomes(init, args, keywords, site), state)
            for key, (owner, value) in list(self.overlay.items()):
                if owner is instance:
                    instance.attributes[key[1]] = value
                    del self.overlay[key]
        elif any(library.is_exception(one.name) for one in outside):
            base = next(one for one in outside if library.is_exception(one.name))
            instance.attributes.update(library.exception(base, args, keywords, site).attributes)
            self._class_status(cls, instance, given=bool(args) or "status_code" in keywords)
        else:
            facts = self.names.class_(cls.path, cls.qualname)
            fields = [field.name for field in facts.fields if field.annotation] if facts is not None else []
            instance.attributes.update(zip(fields, args, strict=False))
            instance.attributes.update(keywords)
        return instance

    def _make(self, cls: MadeClass, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """An object of a class that `type(name, bases, names)` made."""
        init = cls.names.get("__init__")
        if not isinstance(init, FunctionValue) or not isinstance(cls.base, (ClassValue, External)):
            return self.apply(cls.base, args, keywords, site, state)
        instance = Instance(cls.base, site)
        self.made[id(instance)] = instance
        bound = FunctionValue(init.path, init.qualname, init.scope, instance)
        self.resume(self.outcomes(bound, args, keywords, site), state)
        return instance

    def _class_status(self, cls: ClassValue, instance: Instance, *, given: bool) -> None:
        """A status that the class itself says, where raising it gives none."""
        if not given or library.status_of(instance.attributes.get("status_code")) is None:
            instance.attributes.pop("status_code", None)

    def _call_instance(
        self, instance: Instance, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        if isinstance(instance.cls, ClassValue):
            method = self.class_attribute(instance.cls, "__call__", instance, site, state)
            if isinstance(method, FunctionValue):
                return self.apply(method, args, keywords, site, state)
        name = self.scheme_of(instance)
        if name:
            return self.scheme(instance, name, site, state)
        if isinstance(instance.cls, External) and len(args) == 1 and isinstance(args[0], (FunctionValue, ClassValue)):
            return args[0]  # a decorator from outside gives back what it is given
        return self._unread_call(library.last(_class_name(instance)), args, keywords, site, state)

    def scheme_of(self, instance: Instance) -> str:
        """The name of the security scheme that an object is; "" when it is another thing."""
        line = [instance.cls] if isinstance(instance.cls, External) else lineage(self.interp, instance.cls)
        for one in line:
            if isinstance(one, External) and library.is_scheme(one.name):
                return library.last(one.name)
        return ""

    def scheme(self, instance: Instance, name: str, site: Site, state: State) -> Any:
        """What a scheme gives a stranger: a refusal, or None without auto_error."""
        self.saw_credentials = True
        auto_error = self.own_attribute(instance, "auto_error")
        decision = known(True) if auto_error is None else truth(auto_error)
        if decision.value is False:
            return ABSENT
        refusal = Outcome(
            "refuse", library.exception(External("fastapi.HTTPException"), [401], {}, site), site, (), True,
            ((site, f"security scheme {name}"),),
        )  # fmt: skip
        if decision.value:
            self._raise(refusal, state)
            raise Ended
        self._raise(refusal._replace(assumptions=decision.assumptions(True)), state)
        state.assumptions = (*state.assumptions, *decision.assumptions(False))
        return ABSENT

    def _external(self, cls: External, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        name = cls.name
        short = library.last(name)
        if short in DEPENDS:
            target = args[0] if args else keywords.get("dependency")
            return Dependency(target, short == "Security", site)
        if name.endswith("authentication.requires"):
            scopes = args[0] if args else keywords.get("scopes")
            return Native("requires" if truth(scopes).value is not False else "identity")
        if short in ("wraps", "update_wrapper", "lru_cache", "cache"):
            return External("functools.identity")
        if name == "functools.identity" or short in ("staticmethod", "classmethod", "asynccontextmanager"):
            return args[0] if args else External("functools.identity")
        if name == "builtins.type" and len(args) == 3 and is_list(args[1]) and args[1] and is_dict(args[2]):
            return MadeClass(args[1][0], args[2])
        if short == "partial" and args:
            return Partial(args[0], tuple(args[1:]), keywords)
        if library.is_response(name):
            return library.answer(name, args, keywords, site)
        if library.is_exception(name):
            return library.exception(cls, args, keywords, site)
        if library.is_harmless(name):
            return None
        known_one = library.plain(name, args, site)
        if known_one is not None or name in ("builtins.bool",):
            return known_one
        if short == "abort" and args:
            raised = library.exception(External("fastapi.HTTPException"), args, keywords, site)
            self._raise(self.raised(raised, site), state)
            raise Ended
        if name.endswith("run_in_threadpool") or short in ("to_thread", "run_sync", "maybe_await"):
            return self.apply(args[0], args[1:], keywords, site, state) if args else FREE
        if "getenv" in short or name.endswith("environ.get"):
            default = args[1] if len(args) > 1 else keywords.get("default")
            return Setting(str(args[0]) if args else "the environment", default, site)
        if short[:1].isupper() or short in ("Header", "Cookie"):
            attributes = {str(index): value for index, value in enumerate(args)}
            return Instance(cls, site, {**attributes, **keywords})
        if len(args) == 1 and isinstance(args[0], (FunctionValue, ClassValue)) and not keywords:
            return args[0]
        return self._unread_call(short, args, keywords, site, state)

    def _unread_call(self, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """A call whose code is out of reach: given a missing credential, it may well raise."""
        given = [*args, *keywords.values()]
        if library.is_harmless(name):
            return None
        if any(isinstance(one, (Absent, Foreign)) for one in given):
            self._doubt(state, site)
            return ABSENT
        return derived(*given) or Opaque(f"what {name}() gives", site)

    def _doubt(self, state: State, site: Site) -> None:
        """Something that was given a missing credential raises where somebody waits for it."""
        if self._trying:
            self._raise(Outcome("error", ABSENT, site, (), True), state)

    def _native(self, function: Native, args: list[Any], site: Site, state: State) -> Any:
        if function.act == "send" and args and is_dict(args[0]):
            kind, status = args[0].get("type"), args[0].get("status")
            if kind == "http.response.start":
                return self._sent(Answer(library.status_of(status), None, site), site, state)
            return self._sent(Answer(403, None, site), site, state) if kind == "websocket.close" else None
        if function.act in ("requires", "identity"):
            if function.act == "requires":
                self.guards.append(site)
            return args[0] if args else FREE
        return PASSED if function.act != "receive" else FREE

    def _sent(self, answer: Answer, site: Site, state: State) -> Any:
        """A response goes out: one that refuses ends the way."""
        if not _refuses(answer):
            return answer
        self._raise(Outcome("refuse", answer, site, trail=((site, f"answers {answer.status}"),)), state)
        raise Ended

    def _method(self, method: BoundMethod, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        receiver, name = method.receiver, method.name
        if name.startswith("super."):
            return self._super_call(receiver, name.removeprefix("super."), args, keywords, site, state)
        if isinstance(receiver, Connection):
            return self._of_request(receiver, name, args, keywords, site, state)
        if isinstance(receiver, Setting):
            return self._setting_method(receiver, name, args)
        if isinstance(receiver, Instance) and library.last(_class_name(receiver)) == "ContextVar":
            return self._variable(receiver, name, args, site)
        if isinstance(receiver, Instance) and name.startswith("current_") and self._descends(receiver, "FastAPIUsers"):
            made = Instance(External("fastapi.security.OAuth2"), site)
            made.attributes["auto_error"] = not truth(keywords.get("optional", False)).value
            return made
        if isinstance(receiver, str):
            return _text_method(receiver, name, args)
        if is_list(receiver):
            return self._list_method(receiver, name, args)
        if is_dict(receiver):
            return _dict_method(receiver, name, args)
        if isinstance(receiver, Instance) and name == "dict":
            return FREE
        return self._unread_call(
            name, [receiver, *args] if not isinstance(receiver, Instance) else args, keywords, site, state
        )

    def _super_call(
        self, pair: Any, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        receiver, base = pair
        if name == "__init__" and isinstance(receiver, Instance):
            if library.is_exception(base.name):
                self._set_all(receiver, library.exception(base, args, keywords, site).attributes)
            else:
                self._set_all(receiver, {**{str(index): one for index, one in enumerate(args)}, **keywords})
            return None
        if name == "__call__" and isinstance(receiver, Instance):
            scheme = self.scheme_of(receiver)
            if scheme:
                return self.scheme(receiver, scheme, site, state)
        if name == "dispatch" or (name == "__call__" and any(isinstance(one, Native) for one in args)):
            return PASSED
        return self._unread_call(name, args, keywords, site, state)

    def _set_all(self, instance: Instance, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            self.set_attribute(instance, name, value)

    def _variable(self, variable: Instance, name: str, args: list[Any], site: Site) -> Any:
        if name == "set" and args:
            before = self.memory.variables.get(id(variable), MISSING)
            self.memory.variables[id(variable)] = args[0] if before is MISSING else joined(before, args[0])
            return FREE
        if name == "get":
            found = self.memory.variables.get(id(variable), MISSING)
            if found is not MISSING:
                return found
            default = variable.attributes.get("default", args[0] if args else MISSING)
            if default is None:
                return ABSENT
            return default if default is not MISSING else Opaque("a context variable that nothing is seen to set", site)
        return FREE

    def _setting_method(self, setting: Setting, name: str, args: list[Any]) -> Any:
        default = setting.default
        if name == "get_secret_value":
            if isinstance(default, Instance):
                default = default.attributes.get("0", MISSING)
            return Setting(setting.name, default, setting.site)
        if isinstance(default, str):
            found = _text_method(default, name, args)
            return Setting(setting.name, found if _is_plain(found) else MISSING, setting.site)
        return Setting(setting.name, MISSING, setting.site)

    def _list_method(self, items: Sequence[Any], name: str, args: list[Any]) -> Any:
        if name == "append" and args and isinstance(items, list):
            items.append(args[0])
            return None
        if name == "extend" and args and isinstance(items, list) and is_list(args[0]):
            items.extend(args[0])
            return None
        return derived(*args) or FREE

    def _of_request(
        self, connection: Connection, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        if connection.part:
            key = args[0] if args else None
            return self._asked(connection, key, site=site, state=state, default=args[1] if len(args) > 1 else None)
        if name == "close":
            code = library.status_of(keywords.get("code", args[0] if args else 1000))
            if not self.memory.accepted or code == _POLICY_VIOLATION or (code or 0) >= 3000:
                return self._sent(Answer(403, None, site), site, state)
            return None
        if name == "accept":
            self.memory.accepted = True
            return None
        return FREE

    def _asked(
        self,
        connection: Connection,
        key: Any,
        *,
        site: Site,
        state: State,
        default: Any = None,
        subscript: bool = False,
    ) -> Any:
        """What of a request is asked for by name."""
        part = connection.part
        if part == "scope":
            if key in ("path", "raw_path"):
                return self._path()
            if key == "method":
                self.is_specific = True
                return self.method
            if key == "type":
                return "websocket" if self.method == "WEBSOCKET" else "http"
            if key in ("headers", "user", "auth", "session", "state"):
                return Connection(str(key))
            return FREE
        if part == "state":
            return self.memory.state.get(str(key), ABSENT if default is None else default)
        if part in _ASKED_BY_NAME:
            self.saw_credentials = self.saw_credentials or part == "session" or _is_credential(key)
            if subscript:
                self._doubt(state, site)
            return Absent(default) if _is_plain(default) else ABSENT
        return FREE


# -- helpers ------------------------------------------------------------------------------------------------------


def valued(decision: Decision) -> Any:
    """A condition as a value."""
    if decision.value is not None:
        return Decided(decision.value) if decision.credentials else decision.value
    source = decision.when_true[0] if decision.when_true else FREE
    if isinstance(source, Setting):
        return Setting(source.name, MISSING if decision.ships is None else decision.ships, source.site)
    return source


def leaves(body: Iterable[Stmt]) -> bool:
    """Whether a block may leave the function around it."""
    for one in body:
        if one[0] in (ir.Return.TAG, ir.Raise.TAG, ir.Stop.TAG, ir.Yield.TAG):
            return True
        if any(leaves(inner) for inner in ir.blocks(one)):
            return True
    return False


def merged_states(states: Sequence[State]) -> State:
    """One way that stands for several."""
    names: dict[str, Any] = {}
    for name in dict.fromkeys(name for one in states for name in one.names):
        if name == "__left__":
            continue
        values = [one.names[name] for one in states if name in one.names]
        names[name] = reduce(joined, values)
    weakest = min((one.assumptions for one in states), key=weight)
    return State(names, weakest, all(one.credentials for one in states))


_ENVIRONMENT = re.compile(r"'(?:[\w.]*\.)?(?:getenv|environ(?:\.get)?)'")


def reads_environment(expr: Expr) -> bool:
    """Whether an expression takes its value from the environment."""
    return expr is not None and _ENVIRONMENT.search(repr(expr)) is not None


def _unread(unknown: Unknown, name: str) -> Any:
    if "environment" in unknown.reason or "set when it runs" in unknown.reason:
        return Setting(name, MISSING, unknown.site)
    return Opaque(unknown.reason, unknown.site)


def _is_call_outside(value: Any) -> bool:
    """Whether linking only knows that a function outside of the codebase gave a value."""
    if isinstance(value, Instance) and isinstance(value.cls, External):
        return library.last(value.cls.name)[:1].islower()
    return isinstance(value, External) and value.name.endswith("()")


def _answers_itself(name: str) -> bool:
    return library.last(name).endswith(("HTTPException", "WebSocketException"))


def _name(value: Any) -> str:
    return _class_name(value) if isinstance(value, Instance) else ""


def _class_name(instance: Instance) -> str:
    return instance.cls.name if isinstance(instance.cls, External) else instance.cls.qualname


def _mixed(instance: Instance) -> bool:
    return isinstance(instance.cls, External)


def _is_external(value: Any) -> bool:
    return isinstance(value, Instance) and isinstance(value.cls, External)


def _refuses(answer: Answer) -> bool:
    from fastapi_expert.codebase.link.protection.outcomes import is_refusing_answer

    return is_refusing_answer(answer)


def _redirect_of(exception: Any, status: int | None) -> str | None:
    headers = exception.attributes.get("headers") if isinstance(exception, Instance) else None
    if status is None or not 300 <= status < 400 or not is_dict(headers):
        return None
    found: Any = next((value for key, value in headers.items() if str(key).lower() == "location"), None)
    return found if isinstance(found, str) else None


def _plain_member(value: Any) -> Any:
    return value.value if isinstance(value, Member) else value


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float, list, dict, tuple))


def _free() -> Decision:
    return Decision(None, False, (FREE,), (FREE,))


def _compared_with_nothing(operator: str, instead: Any, other: Any) -> Decision:
    """A comparison of what stands for a missing credential."""
    if operator in ("is", "=="):
        if isinstance(other, Setting):
            if other.default is MISSING or truth(other.default).value:
                return known(False, credentials=True)
            return Decision(None, True, (other,), (other,), True)
        if isinstance(other, Foreign):
            return known(False, credentials=True)
        other = other.instead if isinstance(other, Absent) else other
        return known(_is_plain(other) and bool(other == instead), credentials=True)
    return known(False, credentials=True)


def _plain_comparison(operator: str, left: Any, right: Any) -> Decision:
    """A comparison of two values that are known."""
    if operator == "in" and (isinstance(right, str) or is_list(right) or is_dict(right)):
        items: list[Any] = list(right)
        if _is_plain(left) and all(_is_plain(one) for one in items):
            try:
                return known(left in right)
            except TypeError:
                return _free()
        pair = [one for one in items if isinstance(one, (Opaque, Setting, Free))]
        source = pair[0] if pair else FREE
        return Decision(None, False, (source,), (source,))
    if _is_plain(left) and _is_plain(right):
        try:
            if operator in ("is", "=="):
                return known(left == right)
            if operator == "<":
                return known(left < right)
            if operator == ">":
                return known(left > right)
            if operator == "<=":
                return known(left <= right)
            if operator == ">=":
                return known(left >= right)
        except TypeError:
            return _free()
        return _free()
    if operator in ("is", "==") and (left is None or right is None):
        return known(False)
    if operator in ("is", "==") and left is right:
        return known(True)
    return _free()


def _text_method(text: str, name: str, args: list[Any]) -> Any:
    if name in ("startswith", "endswith", "split", "strip", "lower", "upper", "rstrip", "lstrip", "removeprefix"):
        given: list[Any] = [tuple(one) if is_list(one) else one for one in args]
        given = [one.default if isinstance(one, Setting) else one for one in given]
        try:
            return getattr(text, name)(*given)
        except (TypeError, ValueError):
            return derived(*args) or FREE
    return derived(*args) or FREE


def _dict_method(found: dict[Any, Any], name: str, args: list[Any]) -> Any:
    if name == "get" and args and isinstance(args[0], (str, int)):
        return found.get(args[0], args[1] if len(args) > 1 else None)
    if name == "values":
        return list(found.values())
    if name == "keys":
        return list(found)
    if name == "items":
        return [[key, value] for key, value in found.items()]
    return derived(*args) or FREE


_ASKED_BY_NAME = ("headers", "cookies", "query_params", "session")
_CREDENTIALS = ("authorization", "token", "api")


def _is_credential(key: Any) -> bool:
    """Whether a header, cookie or parameter of this name is worth a word when nobody is refused for it."""
    return isinstance(key, str) and any(word in key.lower() for word in _CREDENTIALS)


_NOT_RAISED = frozenset({"ImportError", "ModuleNotFoundError", "CancelledError", "KeyboardInterrupt", "TimeoutError"})

_Act = Callable[[Stranger, Stmt, State, Scope], Ways]
_STATEMENTS: dict[str, _Act] = {
    ir.Assign.TAG: Stranger.run_assign,
    ir.Augment.TAG: Stranger.run_augment,
    ir.Evaluate.TAG: Stranger.run_evaluate,
    ir.Return.TAG: Stranger.run_return,
    ir.Yield.TAG: Stranger.run_yield,
    ir.Raise.TAG: Stranger.run_raise,
    ir.If.TAG: Stranger.run_if,
    ir.For.TAG: Stranger.run_for,
    ir.While.TAG: Stranger.run_while,
    ir.Match.TAG: Stranger.run_match,
    ir.With.TAG: Stranger.run_with,
    ir.Try.TAG: Stranger.run_try,
    ir.Stop.TAG: Stranger.run_stop,
    ir.Def.TAG: Stranger.run_def,
    ir.ClassDef.TAG: Stranger.run_class,
    ir.Import.TAG: Stranger.run_import,
}
_Value = Callable[[Stranger, Expr, State, Scope], Any]
_EXPRESSIONS: dict[str, _Value] = {
    ir.Constant.TAG: Stranger.eval_constant,
    ir.Text.TAG: Stranger.eval_text,
    ir.Joined.TAG: Stranger.eval_joined,
    ir.Call.TAG: Stranger.eval_call,
    ir.Attribute.TAG: Stranger.eval_attribute,
    ir.Subscript.TAG: Stranger.eval_subscript,
    ir.Display.TAG: Stranger.eval_display,
    ir.Mapping.TAG: Stranger.eval_mapping,
    ir.Binary.TAG: Stranger.eval_binary,
    ir.Truth.TAG: Stranger.eval_truth,
    ir.Conditional.TAG: Stranger.eval_conditional,
    ir.Lambda.TAG: Stranger.eval_lambda,
    ir.Comprehension.TAG: Stranger.eval_comprehension,
    ir.Walrus.TAG: Stranger.eval_walrus,
    ir.Formatted.TAG: Stranger.eval_formatted,
    ir.Opaque.TAG: Stranger.eval_opaque,
    ir.ELLIPSIS: lambda stranger, expr, state, scope: Ellipsis,
}
