"""One kind of statement each: what running it does to the names of its scope and to the route graph."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from fastapi_expert.codebase.interpret.evaluation import evaluate
from fastapi_expert.codebase.interpret.operations import iterable, truth
from fastapi_expert.codebase.interpret.runtime import Break, Return, Runtime, Stop
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    Condition,
    FunctionValue,
    Scope,
    Site,
    Thunk,
    Unknown,
    is_list,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr, Stmt

MAX_LOOP = 500
"""A longer loop is a computation; its body runs once, for the names it binds."""


def run_statement(interp: Runtime, statement: Stmt, scope: Scope) -> None:
    """Run one statement."""
    shape, run = _RUN[statement[0]]
    run(interp, shape(statement), scope)


def _run_assignment(interp: Runtime, statement: ir.Assign, scope: Scope) -> None:
    target, value = statement.target, statement.value
    if value is None:
        return
    simple = isinstance(target, str) and "." not in target
    if simple and scope.parent is None and not interp.region and ir.tag(value) not in _EVALUATED_AT_ONCE:
        scope.names[target] = Thunk(value, scope)  # most constants are never asked for
        return
    interp.assign(target, evaluate(interp, value, scope), scope)


_EVALUATED_AT_ONCE = (ir.Call.TAG, ir.Attribute.TAG, ir.Subscript.TAG, ir.Conditional.TAG, ir.Truth.TAG)


def _run_augmented(interp: Runtime, statement: ir.Augment, scope: Scope) -> None:
    value = evaluate(interp, ir.binary("+", statement.target, statement.value), scope)
    current = evaluate(interp, statement.target, scope)
    if is_list(current) and is_list(value):
        current[:] = value  # `routes += […]` changes the list in place
    elif isinstance(statement.target, str):
        interp.assign(statement.target, value, scope)


def _run_expression(interp: Runtime, statement: ir.Evaluate, scope: Scope) -> None:
    evaluate(interp, statement.value, scope)


def _run_def(interp: Runtime, statement: ir.Def, scope: Scope) -> None:
    facts = interp.names.function(scope.path, statement.qualname)
    if facts is None:
        return
    value: Any = FunctionValue(scope.path, facts.qualname, scope)
    scope.names[facts.name] = decorated(interp, facts.decorators, value, scope)


def _run_class(interp: Runtime, statement: ir.ClassDef, scope: Scope) -> None:
    facts = interp.names.class_(scope.path, statement.qualname)
    if facts is None:
        return
    value = ClassValue(scope.path, facts.qualname, scope)
    if scope.parent is not None or any(
        function is not None and function.decorators
        for function in [interp.names.function(scope.path, method) for method in facts.methods]
    ):
        with suppress(Return, Stop):
            interp.run(facts.body, Scope(scope.path, {}, scope, value))
    scope.names[facts.name] = value
    if facts.decorators:
        scope.names[facts.name] = decorated(interp, facts.decorators, value, scope)


def decorated(interp: Runtime, decorators: Iterable[Expr], value: Any, scope: Scope) -> Any:
    """``value`` after its decorators; one that is not understood leaves it as it is."""
    for decorator in reversed(list(decorators)):
        if isinstance(decorator, str) and "." not in decorator and interp.lookup(scope, decorator) is MISSING:
            continue
        call = ir.match(decorator, ir.Call)
        site = Site(scope.path, call.line if call is not None else 1)
        applied = interp.call(evaluate(interp, decorator, scope), Arguments([value], {}, {}, site, scope))
        if isinstance(applied, (FunctionValue, ClassValue)) and not isinstance(value, ClassValue):
            if (applied.path, applied.qualname) != (value.path, value.qualname):
                continue  # a wrapper: what it wraps is what the application runs
            value = applied
    return value


def _run_import(interp: Runtime, statement: ir.Import, scope: Scope) -> None:
    imports = interp.files[scope.path].imports
    for index in range(statement.first, len(imports)):
        if imports[index].line != statement.line:
            break
        interp.bind_import(imports[index], scope)


def _run_return(interp: Runtime, statement: ir.Return, scope: Scope) -> None:
    raise Return(evaluate(interp, statement.value, scope))


def _run_if(interp: Runtime, statement: ir.If, scope: Scope) -> None:
    if _is_type_checking(statement.condition):
        interp.run([one for one in statement.body if ir.tag(one) == ir.Import.TAG], scope)
        return
    value = evaluate(interp, statement.condition, scope)
    known = truth(value)
    if known is None:
        interp.uncertain([statement.body, statement.orelse], scope, _condition(value, scope, statement.line))
    else:
        interp.run(statement.body if known else statement.orelse, scope)


def _condition(value: Any, scope: Scope, line: int) -> Condition:
    """Why a branch may or may not run."""
    reason = value.reason if isinstance(value, Unknown) else "a condition that the text does not settle"
    return Condition(Site(scope.path, line), reason)


def _is_type_checking(condition: Expr) -> bool:
    return isinstance(condition, str) and condition.rpartition(".")[2] == "TYPE_CHECKING"


def _run_for(interp: Runtime, statement: ir.For, scope: Scope) -> None:
    items = iterable(evaluate(interp, statement.iterable, scope))
    if items is None or len(items) > MAX_LOOP:
        unknown = Unknown(Site(scope.path, statement.line), "an item of a collection that is not known")
        interp.assign(statement.target, unknown, scope)
        interp.uncertain([statement.body], scope, _condition(unknown, scope, statement.line))
        return
    for item in items:
        interp.assign(statement.target, item, scope)
        try:
            interp.run(statement.body, scope)
        except Break:
            break
        except Stop:
            continue


def _run_while(interp: Runtime, statement: ir.While, scope: Scope) -> None:
    value = evaluate(interp, statement.condition, scope)
    if truth(value) is not False:
        interp.uncertain([statement.body], scope, _condition(value, scope, statement.line))


def _run_with(interp: Runtime, statement: ir.With, scope: Scope) -> None:
    for value, target in statement.items:
        entered = evaluate(interp, value, scope)
        if target is not None:
            interp.assign(target, entered, scope)
    interp.run(statement.body, scope)


def _run_try(interp: Runtime, statement: ir.Try, scope: Scope) -> None:
    for handler in statement.handlers:  # names that only a handler binds (`except ImportError: orjson = None`)
        for inner in handler:
            bound = ir.match(inner, ir.Assign)
            if bound is not None and isinstance(bound.target, str) and "." not in bound.target:
                unknown = Unknown(Site(scope.path, bound.line), "bound in an except clause")
                scope.names.setdefault(bound.target, unknown)
    interp.run(statement.body, scope)
    interp.run(statement.after, scope)


def _run_stop(interp: Runtime, statement: ir.Stop, scope: Scope) -> None:
    raise Break if statement.is_break else Stop


def _run_raise(interp: Runtime, statement: ir.Raise, scope: Scope) -> None:
    raise Stop


def _run_yield(interp: Runtime, statement: ir.Yield, scope: Scope) -> None:
    evaluate(interp, statement.value, scope)


_RUN: dict[str, tuple[Callable[[Stmt], Any], Callable[[Runtime, Any, Scope], None]]] = {
    ir.Assign.TAG: (ir.Assign._make, _run_assignment),
    ir.Augment.TAG: (ir.Augment._make, _run_augmented),
    ir.Evaluate.TAG: (ir.Evaluate._make, _run_expression),
    ir.Def.TAG: (ir.Def._make, _run_def),
    ir.ClassDef.TAG: (ir.ClassDef._make, _run_class),
    ir.Import.TAG: (ir.Import._make, _run_import),
    ir.Return.TAG: (ir.Return._make, _run_return),
    ir.If.TAG: (ir.If._make, _run_if),
    ir.For.TAG: (ir.For._make, _run_for),
    ir.While.TAG: (ir.While._make, _run_while),
    ir.With.TAG: (ir.With._make, _run_with),
    ir.Try.TAG: (ir.Try._make, _run_try),
    ir.Stop.TAG: (ir.Stop._make, _run_stop),
    ir.Raise.TAG: (ir.Raise._make, _run_raise),
    ir.Yield.TAG: (ir.Yield._make, _run_yield),
}
