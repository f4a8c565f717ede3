"""Statements that lead on to the next one, or out of the function."""

from collections.abc import Iterable
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Partial,
    Router,
    Scope,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import Outcome, State, Ways
from fastapi_expert.codebase.link.protection.stranger.runtime import MAX_STEPS, Acts, Ended, Exhausted, Following
from fastapi_expert.codebase.link.protection.values import (
    FREE,
    Answer,
    Connection,
    MadeClass,
    Opaque,
    Undecorated,
    derived,
    exception_name,
    joined,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr, Stmt
from fastapi_expert.codebase.vocabulary import WEBSOCKET


class Statements(Following):
    """Statements that lead on to the next one, or out of the function."""

    def run(self, body: Iterable[Stmt], state: State, scope: Scope) -> Ways:
        """Run a block; ``scope`` is where names that are not local are looked up."""
        ways = Ways(on=state)
        for statement in body:
            if ways.on is None:
                break
            self.steps += 1
            self.file, self.line = scope.path, ir.line_of(statement)
            if self.steps > MAX_STEPS:
                raise Exhausted
            act = self.STATEMENTS.get(ir.tag(statement))
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
        site = Site(scope.path, one.line)
        kind = "refuse" if self._is_left_unaccepted(state) else "pass"
        trail = ((site, "returns before the websocket is accepted"),) if kind == "refuse" else ()
        credentials = state.credentials or (isinstance(value, Answer) and value.asked)
        return Ways([Outcome(kind, value, site, state.assumptions, credentials, trail)])

    def _is_left_unaccepted(self, state: State) -> bool:
        """Whether the endpoint of a websocket returns without having accepted it, because credentials are missing."""
        is_endpoint = self.in_body and self.method == WEBSOCKET and len(self._stack) == 1
        return is_endpoint and state.credentials and not (self.memory.accepted or self.memory.handed_on)

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
        outcome = self.raised(value, site)
        if outcome.kind == "error" and state.credentials and self.is_answered(value, site):
            trail = ((site, f"raises {exception_name(value)}, which the application answers"),)
            outcome = outcome._replace(kind="refuse", trail=trail)
        self.throw(outcome, State({}, state.assumptions, state.credentials))
        return Ways()

    def run_with(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.With._make(statement)
        for value, target in one.items:
            entered = self.evaluate(value, state, scope)
            if target is not None:
                self.assign(target, entered, state, scope)
        return self.run(one.body, state, scope)

    def run_stop(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        state.names["__left__"] = "break" if ir.Stop._make(statement).is_break else "continue"
        return Ways(left=[state])

    def run_def(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.Def._make(statement)
        facts = self.names.function(scope.path, one.qualname)
        if facts is not None:
            value: Any = Undecorated(scope.path, one.qualname, Scope(scope.path, state.names, scope))
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
            if imported.line != ir.line_of(statement):
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
            before = self.memory.state.get(name, value) if name in self.written else value
            self.memory.state[name] = joined(before, value)
            self.written.add(name)
        elif isinstance(owner, (Instance, Router)):
            self.overlay[id(owner), name] = (owner, value)


STATEMENTS: Acts = {
    ir.Assign.TAG: Statements.run_assign,
    ir.Augment.TAG: Statements.run_augment,
    ir.Evaluate.TAG: Statements.run_evaluate,
    ir.Return.TAG: Statements.run_return,
    ir.Yield.TAG: Statements.run_yield,
    ir.Raise.TAG: Statements.run_raise,
    ir.With.TAG: Statements.run_with,
    ir.Stop.TAG: Statements.run_stop,
    ir.Def.TAG: Statements.run_def,
    ir.ClassDef.TAG: Statements.run_class,
    ir.Import.TAG: Statements.run_import,
}


def _is_external(value: Any) -> bool:
    return isinstance(value, Instance) and isinstance(value.cls, External)
