"""Whether a condition holds for a stranger."""

from typing import Any

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Member,
    Scope,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import (
    Decision,
    State,
    conjunction,
    disjunction,
    known,
    negated,
    truth,
    valued,
)
from fastapi_expert.codebase.link.protection.stranger.runtime import ASKED_BY_NAME, Ended, Following
from fastapi_expert.codebase.link.protection.values import (
    BROUGHT,
    FREE,
    Absent,
    Answer,
    Connection,
    Decided,
    Foreign,
    Free,
    Opaque,
    Present,
    Setting,
    derived,
    is_plain,
    plain_text,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr


class Conditions(Following):
    """Whether a condition holds for a stranger."""

    def decide(self, expr: Expr, state: State, scope: Scope) -> Decision:
        """Whether a condition holds for a stranger."""
        condition = ir.match(expr, ir.Truth)
        if condition is None:
            return self._truth_of(self.evaluate(expr, state, scope), state, scope)
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

    def _truth_of(self, value: Any, state: State, scope: Scope) -> Decision:
        """Whether a value is true, as its own class says where that does."""
        if isinstance(value, Instance) and isinstance(value.cls, ClassValue):
            site = Site(scope.path, self.line)
            method = self.class_attribute(value.cls, "__bool__", value, site, state)
            if isinstance(method, FunctionValue):
                return truth(self.apply(method, [], {}, site, state))
        return truth(value)

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
        if isinstance(left, Absent) or isinstance(right, Absent):
            return _compared_with_nothing(operator, left, right)
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
                return Decision(None, one.asked, (one,), (one,), shipped)
        if operator == "in" and isinstance(right, Connection) and right.part in ASKED_BY_NAME:
            self.looks_for(f"looks into {right.part}", Site(self.file, self.line))
            return known(False, credentials=True)
        for one, other in ((left, right), (right, left)):
            if (
                isinstance(one, Connection)
                and one.part in BROUGHT
                and operator == "=="
                and not other
                and is_dict(other)
            ):
                return known(True, credentials=True)
        if isinstance(left, (Free, Connection)) or isinstance(right, (Free, Connection)):
            there = isinstance(left, (Present, Connection)) or isinstance(right, (Present, Connection))
            return known(False) if operator == "is" and there and (left is None or right is None) else _free()
        return _plain_comparison(operator, left, right)

    def _shipped(self, operator: str, setting: Setting, other: Any, *, is_left: bool) -> bool | None:
        if setting.default is MISSING or isinstance(other, (Free, Opaque)):
            return None
        other = other.default if isinstance(other, Setting) else other
        pair = (setting.default, other) if is_left else (other, setting.default)
        return self.compare(operator, *pair).value if not isinstance(setting.default, Setting) else None

    def quantified(self, name: str, expr: Expr, state: State, scope: Scope) -> Any:
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
            if isinstance(items, (Absent, Decided)):
                return Decided(name == "all")
            if isinstance(items, Connection) and items.part in ASKED_BY_NAME:
                items = [self.brought(clause.target)]
            if not is_list(items):
                items = [derived(items) or FREE]
            inner = State(dict(state.names), state.assumptions, state.credentials)
            decisions: list[Decision] = []
            for item in items:
                self.assign(clause.target, item, inner, scope)
                decisions.append(self.decide(each.element, inner, scope))
        if not decisions:
            return name == "all"
        return valued(conjunction(decisions) if name == "all" else disjunction(decisions))

    def is_a(self, value: Any, expr: Expr, state: State, scope: Scope) -> Any:
        if isinstance(value, (Absent, Decided)):
            return Decided(False)
        cls = self.evaluate(expr, state, scope)
        if isinstance(value, Connection) and value.part == "user" and isinstance(cls, ClassValue):
            return Decided(False)  # a stranger's user is one of Starlette's
        if isinstance(value, Instance):
            return self.catches(cls, value) or (Opaque("a type", Site(scope.path, 1)) if _mixed(value) else False)
        plain = {"builtins.str": str, "builtins.list": list, "builtins.dict": dict, "builtins.int": int}
        if isinstance(cls, External) and cls.name in plain and is_plain(value):
            return isinstance(value, plain[cls.name])
        if isinstance(value, Answer):
            return isinstance(cls, External) and library.is_response(cls.name)
        return derived(value) or FREE


def _mixed(instance: Instance) -> bool:
    return isinstance(instance.cls, External)


def _plain_member(value: Any) -> Any:
    return value.value if isinstance(value, Member) else value


def _free() -> Decision:
    return Decision(None, False, (FREE,), (FREE,))


def _compared_with_nothing(operator: str, left: Any, right: Any) -> Decision:
    """A comparison of what stands for a missing credential, on one side or on both."""
    other = right if isinstance(left, Absent) else left
    if operator in ("is", "==") and isinstance(other, Setting):
        if other.default is MISSING or truth(other.default).value:
            return known(False, credentials=True)
        return Decision(None, True, (other,), (other,), True)
    left, right = (one.instead if isinstance(one, Absent) else one for one in (left, right))
    if operator in ("is", "=="):
        return known(is_plain(left) and is_plain(right) and bool(left == right), credentials=True)
    if left is None or right is None or not (is_plain(left) and is_plain(right)):
        return known(False, credentials=True)
    return known(_plain_comparison(operator, left, right).value or False, credentials=True)


def _plain_comparison(operator: str, left: Any, right: Any) -> Decision:
    """A comparison of two values that are known."""
    if operator == "in" and (isinstance(right, str) or is_list(right) or is_dict(right)):
        items: list[Any] = [] if isinstance(right, str) else list(right)
        if is_plain(left) and all(is_plain(one) for one in items):
            try:
                return known((plain_text(left) if isinstance(right, str) else left) in right)
            except TypeError:
                return _free()
        pair = [one for one in items if isinstance(one, (Opaque, Setting, Free))]
        source = pair[0] if pair else FREE
        return Decision(None, False, (source,), (source,))
    if is_plain(left) and is_plain(right):
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
