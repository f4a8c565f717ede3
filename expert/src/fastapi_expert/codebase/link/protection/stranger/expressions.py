"""The values of expressions."""

from itertools import chain
from typing import Any

from fastapi_expert.codebase.interpret.containers import OF_SETS
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    ClassValue,
    External,
    Instance,
    LambdaValue,
    Scope,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection.outcomes import State, conjunction, either_value, truth, valued
from fastapi_expert.codebase.link.protection.stranger.containers import chosen, key_of
from fastapi_expert.codebase.link.protection.stranger.runtime import ASKED_BY_NAME, Ended, Following, Values
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FREE,
    Absent,
    Answer,
    AskedText,
    Begun,
    BoundMethod,
    Connection,
    Decided,
    Foreign,
    Free,
    Opaque,
    Setting,
    derived,
    is_plain,
    joined,
    parts_of,
    tainted,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr


class Expressions(Following):
    """The values of expressions."""

    def evaluate(self, expr: Expr, state: State, scope: Scope) -> Any:
        """The value of an expression; raises Ended when every way through it raises."""
        if expr is None:
            return None
        if isinstance(expr, str):
            return self.look_up(expr, state, scope)
        act = self.EXPRESSIONS.get(ir.tag(expr))
        return act(self, expr, state, scope) if act is not None else FREE

    def eval_constant(self, expr: Expr, state: State, scope: Scope) -> Any:
        return ir.Constant._make(expr).value

    def eval_text(self, expr: Expr, state: State, scope: Scope) -> Any:
        return ir.Text._make(expr).value

    def eval_joined(self, expr: Expr, state: State, scope: Scope) -> Any:
        parts = [self.evaluate(one, state, scope) for one in ir.Joined._make(expr).parts]
        if all(isinstance(one, (str, int)) for one in parts):
            asked = next((one for one in parts if isinstance(one, AskedText)), None)
            if asked is not None:
                made = [parts_of(one if isinstance(one, str) else str(one)) for one in parts]
                return asked.with_parts(*chain.from_iterable(made))
            return "".join(str(one) for one in parts)
        if all(isinstance(one, (str, int, Setting)) for one in parts):
            shipped = [one.default if isinstance(one, Setting) else one for one in parts]
            if all(isinstance(one, (str, int)) for one in shipped):
                return "".join(str(one) for one in shipped)  # a path or a text: taken as shipped
        return _begun(parts[0], derived(*parts) or FREE)

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
            return self.quantified(name, call.args[0], state, scope)
        if name == "isinstance" and len(call.args) == 2:
            return self.is_a(self.evaluate(call.args[0], state, scope), call.args[1], state, scope)
        if name == "super":
            cls = state.names.get("__class__")
            receiver = next(iter(state.names.values()), None)
            if isinstance(receiver, Instance) and id(receiver) in self.made:
                return BoundMethod((receiver, None), "super")
            return BoundMethod((receiver, cls), "super") if isinstance(cls, ClassValue) else FREE
        if _method_name(call.function) in ("url_for", "url_path_for") and call.args:
            given = [self.evaluate(one, state, scope) for one in call.args]
            return next((one for one in given if isinstance(one, str)), FREE)  # the route's name tells where it leads
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
            self.reads_state = True
            there = key in self.memory.state
            if asks:
                return there or Decided(False)
            if not there and has_default:
                return ABSENT if default is None else default
        if asks and owner == Connection() and key not in _OF_REQUESTS:
            return key in self.memory.state or Decided(False)  # what a middleware puts on it
        if asks:
            return truth(owner).value is not False
        found = self.attribute(owner, key, site, state)
        return default if isinstance(found, Opaque) and has_default and not isinstance(owner, Opaque) else found

    def eval_attribute(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Attribute._make(expr)
        return self.attribute(self.evaluate(one.value, state, scope), one.name, Site(scope.path, self.line), state)

    def eval_subscript(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Subscript._make(expr)
        value = self.evaluate(one.value, state, scope)
        key = self.evaluate(one.index, state, scope)
        if isinstance(value, External) and value.name.endswith((".Provide", ".Closing")):
            return key  # a provider of dependency_injector
        if isinstance(value, Connection):
            return self.asked(value, key, site=Site(scope.path, self.line), state=state, subscript=True)
        if is_dict(value):
            if isinstance(key, (Absent, Foreign)):
                self.doubt(state, Site(scope.path, self.line))
            if isinstance(key, Setting):
                return chosen(value, key)
            plain = key_of(key)
            known_one: Any = value.get(plain, MISSING) if isinstance(plain, (str, int, tuple, type(None))) else MISSING
            return derived(key) or FREE if known_one is MISSING else known_one
        if is_list(value) and isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        if isinstance(value, Absent):
            self.doubt(state, Site(scope.path, self.line))
        return value if isinstance(value, (Absent, Foreign, Opaque, Setting, ClassValue, External)) else FREE

    def eval_display(self, expr: Expr, state: State, scope: Scope) -> Any:
        items: list[Any] = []
        for one in ir.Display._make(expr).items:
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
        for key, value in ir.Mapping._make(expr).pairs:
            name = self.evaluate(key, state, scope) if key is not None else None
            read = self.evaluate(value, state, scope)
            if key is None and isinstance(read, Connection):
                return read  # the same request, a little changed
            if key is None and is_dict(read):
                found.update(read)
            elif isinstance(written := key_of(name), (str, int, tuple)):
                found[written] = read
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
            return _begun(plain[0], derived(left, right) or FREE)
        if one.operator in OF_SETS and is_list(left) and is_list(right):
            return OF_SETS[one.operator](left, right)
        return derived(left, right) or FREE

    def eval_truth(self, expr: Expr, state: State, scope: Scope) -> Any:
        condition = ir.Truth._make(expr)
        if condition.operator not in ("and", "or"):
            return valued(self.decide(expr, state, scope))
        wanted = condition.operator == "or"
        value: Any = None
        held = missing = False
        for one in condition.operands:
            part = self.evaluate(one, state, scope)
            decision = truth(part)
            if missing:
                part = tainted(part)  # it stands for a credential that is not there
            missing = missing or (decision.credentials and decision.value is not wanted)
            value = joined(value, part) if held else part
            if decision.value is wanted:
                return value
            held = decision.value is None
        return value

    def eval_conditional(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Conditional._make(expr)
        decision = self.decide(one.condition, state, scope)
        if decision.value is not None:
            value = self.evaluate(one.then if decision.value else one.otherwise, state, scope)
            stands_in = decision.credentials and (isinstance(value, Answer) or (is_plain(value) and not value))
            return tainted(value) if stands_in else value
        values: list[Any] = []
        for side in (one.then, one.otherwise):
            try:
                values.append(self.evaluate(side, state, scope))
            except Ended:
                continue
        if not values:
            raise Ended
        return values[0] if len(values) == 1 else either_value(values, decision)

    def eval_lambda(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Lambda._make(expr)
        params = tuple([(name, kind, default) for name, kind, default in one.params])
        return LambdaValue(params, one.body, Scope(scope.path, state.names, scope), Site(scope.path, 0))

    def eval_formatted(self, expr: Expr, state: State, scope: Scope) -> Any:
        return self.evaluate(ir.Formatted._make(expr).value, state, scope)

    def eval_comprehension(self, expr: Expr, state: State, scope: Scope) -> Any:
        each = ir.Comprehension._make(expr)
        first = ir.ForClause._make(each.clauses[0])
        items = self.evaluate(first.iterable, state, scope)
        if not all(ir.tag(one) == ir.IfClause.TAG for one in each.clauses[1:]):
            return derived(items) or FREE
        if is_dict(items):
            items = list(items)
        is_known = is_list(items) and len(items) <= 12
        inner = State(dict(state.names), state.assumptions, state.credentials)
        found: list[Any] = []
        left_out = unsure = False
        each_of: list[Any] = list(items) if is_list(items) and is_known else [derived(items) or FREE]
        if isinstance(items, Connection) and items.part in ASKED_BY_NAME:
            each_of = [self.brought(first.target)]
        for item in each_of:
            self.assign(first.target, item, inner, scope)
            conditions = [ir.IfClause._make(one).condition for one in each.clauses[1:]]
            holds = conjunction([self.decide(one, inner, scope) for one in conditions])
            left_out = left_out or (holds.value is False and holds.credentials)
            unsure = unsure or holds.value is None
            if holds.value is not False:
                found.append(self.evaluate(each.element, inner, scope))
        if not found and left_out:
            return Absent([])  # nothing is the stranger's
        return found if is_known and not unsure else derived(items) or FREE

    def eval_mapping_comprehension(self, expr: Expr, state: State, scope: Scope) -> Any:
        each = ir.MappingComprehension._make(expr)
        items = self.evaluate(ir.ForClause._make(each.clauses[0]).iterable, state, scope)
        return items if isinstance(items, Connection) else derived(items) or FREE

    def eval_walrus(self, expr: Expr, state: State, scope: Scope) -> Any:
        one = ir.Walrus._make(expr)
        value = state.names[one.name] = self.evaluate(one.value, state, scope)
        return value

    def eval_opaque(self, expr: Expr, state: State, scope: Scope) -> Any:
        return FREE


_OF_REQUESTS = frozenset(
    [
        *(
            "accept",
            "app",
            "auth",
            "base_url",
            "body",
            "client",
            "close",
            "cookies",
            "form",
            "headers",
            "json",
            "method",
        ),
        *("is_disconnected", "path_params", "query_params", "receive", "scope", "send", "session", "state", "stream"),
        *("url", "url_for", "user"),
    ]
)
"""What a request or a websocket has of itself."""


def _method_name(function: Expr) -> str:
    """The last part of what is called."""
    part = ir.match(function, ir.Attribute)
    return part.name if part is not None else function.rpartition(".")[2] if isinstance(function, str) else ""


def _begun(first: Any, whole: Any) -> Any:
    """A text that begins with ``first``, where that is all that is known of it."""
    start = first.start if isinstance(first, Begun) else first
    return Begun(start) if isinstance(whole, (Free, Opaque)) and isinstance(start, str) and start else whole


EXPRESSIONS: Values = {
    ir.Constant.TAG: Expressions.eval_constant,
    ir.Text.TAG: Expressions.eval_text,
    ir.Joined.TAG: Expressions.eval_joined,
    ir.Call.TAG: Expressions.eval_call,
    ir.Attribute.TAG: Expressions.eval_attribute,
    ir.Subscript.TAG: Expressions.eval_subscript,
    ir.Display.TAG: Expressions.eval_display,
    ir.Mapping.TAG: Expressions.eval_mapping,
    ir.Binary.TAG: Expressions.eval_binary,
    ir.Truth.TAG: Expressions.eval_truth,
    ir.Conditional.TAG: Expressions.eval_conditional,
    ir.Lambda.TAG: Expressions.eval_lambda,
    ir.Formatted.TAG: Expressions.eval_formatted,
    ir.Comprehension.TAG: Expressions.eval_comprehension,
    ir.MappingComprehension.TAG: Expressions.eval_mapping_comprehension,
    ir.Walrus.TAG: Expressions.eval_walrus,
    ir.Opaque.TAG: Expressions.eval_opaque,
}
