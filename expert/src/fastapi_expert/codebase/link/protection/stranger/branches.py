"""Statements with blocks inside: the ways part there and come together again."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fastapi_expert.codebase.interpret.values import MISSING, Instance, Scope, Site, Unknown, is_dict, is_list
from fastapi_expert.codebase.link.protection.outcomes import (
    Assumption,
    Decision,
    Outcome,
    State,
    Ways,
    by_setting,
    conjunction,
    disjunction,
    distinct,
    either_value,
    known,
    merged_states,
    together,
)
from fastapi_expert.codebase.link.protection.stranger.names import unread
from fastapi_expert.codebase.link.protection.stranger.runtime import ASKED_BY_NAME, Acts, Ended, Following, Overlay
from fastapi_expert.codebase.link.protection.values import (
    FOREIGN,
    FREE,
    Absent,
    Connection,
    Decided,
    Foreign,
    Opaque,
    Setting,
    tainted,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr, Stmt


class Branches(Following):
    """Statements with blocks inside: the ways part there and come together again."""

    def run_if(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.If._make(statement)
        decision = self.decide(one.condition, state, scope)
        if decision.value is not None:
            taken, other = (one.body, one.orelse) if decision.value else (one.orelse, one.body)
            before = state.credentials
            names = dict(state.names) if decision.credentials else state.names
            state.credentials = before or decision.credentials
            ways = self.run(taken, state, scope)
            if ways.on is not None and not (decision.credentials and leaves(other)):
                ways.on.credentials = before
                for name, value in ways.on.names.items() if decision.credentials else ():
                    if names.get(name, MISSING) is not value:
                        ways.on.names[name] = tainted(value)
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
        before, written = self.overlay, list[Overlay]()
        left, kept = self.memory.state, list[dict[str, Any]]()
        accepted, is_accepted = self.memory.accepted, self.memory.accepted
        around = self.written
        for taken, act in ((True, then), (False, otherwise)):
            branch = state.fork()
            branch.assumptions = together(state.assumptions, decision.assumptions(taken))
            branch.credentials = state.credentials or decision.credentials
            self.overlay = dict(before)
            self.memory.state, self.written = dict(left), set()
            self.memory.accepted = accepted
            try:
                inner = act(branch)
            except Ended:
                continue
            ways.ends += inner.ends
            ways.left += inner.left
            if inner.on is not None or inner.left or any(one.kind == "pass" for one in inner.ends):
                kept.append(self.memory.state)
            if inner.on is not None:
                on.append(inner.on)
                written.append(self.overlay)
                is_accepted = is_accepted or self.memory.accepted
        self.overlay = self._settled(before, written, decision)
        self.memory.state, self.written = _left_behind(left, kept, decision), around
        self.memory.accepted = is_accepted
        if len(on) == 2:
            merged = merged_states(on)
            by_setting(merged, on, decision)
            merged.assumptions, merged.credentials = state.assumptions, state.credentials
            ways.on = merged
        elif on:
            ways.on = on[0]
        if ways.on is not None:
            state.names.update(ways.on.names)
        return ways

    def _settled(self, before: Overlay, written: Sequence[Overlay], decision: Decision) -> Overlay:
        """The attributes that are set after branches, of those that lead on."""
        if len(written) < 2:
            return written[0] if written else before
        found: Overlay = {}
        for key in written[0].keys() | written[1].keys():
            owner = next(one[key][0] for one in written if key in one)
            given = [one[key][1] if key in one else plain_attribute(owner, key[1]) for one in written]
            same = given[0] is given[1]
            found[key] = (owner, given[0] if same else either_value(given, decision))
        return found

    def run_for(self, statement: Stmt, state: State, scope: Scope) -> Ways:
        one = ir.For._make(statement)
        items = self.evaluate(one.iterable, state, scope)
        if isinstance(items, Decided | Absent):
            return Ways(on=state)
        if is_dict(items):
            items = list(items)
        if isinstance(items, Connection) and items.part in ASKED_BY_NAME:
            self.looks_for(f"looks through {items.part}", Site(self.file, self.line))
            return self._each(one, [self.brought(one.target)], state, scope)
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

    def brought(self, target: Expr) -> Any:
        """What stands for each header or cookie that a stranger brings: none has the name of a credential."""
        pair = ir.match(target, ir.Display) is not None or ir.match(target, ir.Targets) is not None
        return [FOREIGN, FREE] if pair else FOREIGN

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
        cases = [(_values(patterns, one.line), guard, body) for patterns, guard, body in one.cases]
        return self._cases(subject, cases, state, scope)

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
        doubtful = [outcome for outcome in raised if is_doubt(outcome)]
        sure = [outcome for outcome in raised if not is_doubt(outcome)]
        on = [] if ways.on is None else [ways.on]
        result = Ways(list(ways.ends), None, list(ways.left))
        for outcome in distinct(sure):
            handled = self._handle(one, outcome, before, scope)
            if handled is None:
                self.pending.append(outcome)
                continue
            result.ends += handled.ends
            result.left += handled.left
            on += [] if handled.on is None else [handled.on]
        if doubtful:
            instead = self._doubted(one, doubtful, before, scope)
            if instead is not None:
                other = _otherwise(doubtful, before)
                ends = [one._replace(assumptions=together(one.assumptions, other)) for one in result.ends if other]
                kept = [one for one in ends if _is_possible(one.assumptions)]
                result.ends, result.left = [*kept, *instead.ends], list(instead.left)
                on = [] if instead.on is None else [instead.on]
                if ways.on is not None and other and _is_possible((*ways.on.assumptions, *other)):
                    ways.on.assumptions = together(ways.on.assumptions, other)
                    on.append(ways.on)
        if not on:
            return result
        result.on = on[0] if len(on) == 1 else merged_states(on)
        after = self.run(one.after, result.on, scope)
        return Ways([*result.ends, *after.ends], after.on, [*result.left, *after.left])

    def _doubted(self, one: ir.Try, doubtful: Sequence[Outcome], before: State, scope: Scope) -> Ways | None:
        """The way on where what was given a missing credential raises; None where that decides nothing here.

        A handler that raises another error passes the doubt on to whoever waits for that one.
        """
        for outcome in distinct(doubtful):
            count = len(self.pending)
            handled = self._handle(one, outcome, before, scope)
            if handled is None:
                continue
            raised, self.pending[count:] = self.pending[count:], []
            refused = any(again.kind == "refuse" for again in raised)
            self.pending += [again if again.kind == "refuse" else again._replace(doubted=True) for again in raised]
            return handled if refused or handled.ends or handled.on or handled.left else None
        self.pending += distinct(doubtful)
        return None

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
            if ways.on is not None and not (outcome.credentials and always_leaves(one.body)):
                ways.on.credentials = before.credentials
            return ways
        return None


def _values(patterns: Sequence[Expr] | None, line: int) -> Sequence[Expr] | None:
    """The values among the patterns of a case; what takes a subject apart is not followed here."""
    if patterns is None:
        return None
    apart = (ir.Walrus, ir.Mapping, ir.Display, ir.Call)
    return [ir.opaque(line) if any(ir.match(one, kind) for kind in apart) else one for one in patterns]


def plain_attribute(owner: Any, name: str) -> Any:
    """What an object that others share has for ``name``, MISSING when nothing says."""
    found = owner.attributes.get(name, MISSING)
    return unread(found, name) if isinstance(found, Unknown) else found


def _otherwise(doubtful: Sequence[Outcome], before: State) -> tuple[Assumption, ...]:
    """What holds where none of ``doubtful`` is met: the setting that alone leads there is the other way round."""
    leading = {one for each in doubtful for one in each.assumptions if one not in before.assumptions}
    if len(leading) != 1 or not all(set(each.assumptions) & leading for each in doubtful):
        return ()
    [one] = leading
    if not isinstance(one.source, Setting) or one.ships is None:
        return ()
    return (Assumption(one.source, not one.ships),)


def _is_possible(assumptions: Iterable[Assumption]) -> bool:
    """Whether no setting would have to be as it ships and otherwise at once."""
    ships: dict[Setting, bool | None] = {}
    settings = ((one.source, one.ships) for one in assumptions if isinstance(one.source, Setting))
    return all(ships.setdefault(source, as_shipped) == as_shipped for source, as_shipped in settings)


def is_doubt(outcome: Outcome) -> bool:
    """Whether something may be raised, because what is out of reach was given a missing credential."""
    return isinstance(outcome.value, Absent) or (outcome.doubted and outcome.kind == "error")


STATEMENTS: Acts = {
    ir.If.TAG: Branches.run_if,
    ir.For.TAG: Branches.run_for,
    ir.While.TAG: Branches.run_while,
    ir.Match.TAG: Branches.run_match,
    ir.Try.TAG: Branches.run_try,
}


def leaves(body: Iterable[Stmt]) -> bool:
    """Whether a block may leave the function around it."""
    for one in body:
        if ir.tag(one) in (ir.Return.TAG, ir.Raise.TAG, ir.Stop.TAG, ir.Yield.TAG):
            return True
        if any(leaves(inner) for inner in ir.blocks(one)):
            return True
    return False


def always_leaves(body: Sequence[Stmt]) -> bool:
    """Whether what follows a block is only reached where something is raised in it."""
    if not body:
        return False
    last = body[-1]
    if ir.tag(last) in (ir.Return.TAG, ir.Raise.TAG):
        return True
    if (branch := ir.match(last, ir.If)) is not None:
        return always_leaves(branch.body) and always_leaves(branch.orelse)
    if (inside := ir.match(last, ir.With)) is not None:
        return always_leaves(inside.body)
    return False


def _left_behind(before: dict[str, Any], kept: Sequence[dict[str, Any]], decision: Decision) -> dict[str, Any]:
    """What is left on the request after branches, of those that lead on."""
    if len(kept) < 2:
        return kept[0] if kept else before
    found: dict[str, Any] = {}
    for name in kept[0].keys() | kept[1].keys():
        given = [one[name] for one in kept if name in one]
        same = len(given) == 1 or given[0] is given[1]
        found[name] = given[0] if same else either_value(given, decision)
    return found
