"""One kind of statement each: what running it does to the names of its scope and to the route graph."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi_expert.codebase.interpret.calls import call
from fastapi_expert.codebase.interpret.evaluation import evaluate, truth
from fastapi_expert.codebase.interpret.flow import (
    Break,
    Return,
    Stop,
    iterable,
)
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    FunctionValue,
    Hole,
    Scope,
    Site,
    Thunk,
    is_list,
)
from fastapi_expert.codebase.syntax.facts import Stmt

if TYPE_CHECKING:
    from fastapi_expert.codebase.interpret.interpreter import Interpreter

MAX_LOOP = 500
"""A longer loop is a computation; its body runs once, for the names it binds."""


def _run_assignment(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    target, value = statement[2], statement[3]
    if value is None:
        return
    if isinstance(target, str) and "." not in target and scope.parent is None and not at.region and not _calls(value):
        scope.names[target] = Thunk(value, scope)  # most constants are never asked for
        return
    at.assign(target, evaluate(at, value, scope), scope)


def _calls(value: Any) -> bool:
    return not isinstance(value, str) and value[0] in ("c", "a", "i", "?", "o")


def _run_augmented(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    value = evaluate(at, ("b", "+", statement[2], statement[3]), scope)
    current = evaluate(at, statement[2], scope)
    if is_list(current) and is_list(value):
        current[:] = value  # `routes += […]` changes the list in place
    elif isinstance(statement[2], str):
        at.assign(statement[2], value, scope)


def _run_expression(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    evaluate(at, statement[2], scope)


def _run_def(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    facts = at.codebase.function(scope.path, statement[2])
    if facts is None:
        return
    value: Any = FunctionValue(scope.path, facts.qualname, scope)
    scope.names[facts.name] = decorated(at, facts.decorators, value, scope)


def _run_class(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    facts = at.codebase.class_(scope.path, statement[2])
    if facts is None:
        return
    value = ClassValue(scope.path, facts.qualname, scope)
    if scope.parent is not None or any(
        function is not None and function.decorators
        for function in [at.codebase.function(scope.path, method) for method in facts.methods]
    ):
        with suppress(Return, Stop):
            at.run(facts.body, Scope(scope.path, {}, scope, value))
    scope.names[facts.name] = value
    if facts.decorators:
        scope.names[facts.name] = decorated(at, facts.decorators, value, scope)


def decorated(at: "Interpreter", decorators: Iterable[Any], value: Any, scope: Scope) -> Any:
    """``value`` after its decorators; one that is not understood leaves it as it is."""
    for decorator in reversed(list(decorators)):
        if isinstance(decorator, str) and "." not in decorator and at.lookup(scope, decorator) is MISSING:
            continue
        line = decorator[4] if not isinstance(decorator, str) and decorator[0] == "c" else 1
        applied = call(at, evaluate(at, decorator, scope), Arguments([value], {}, {}, Site(scope.path, line), scope))
        if isinstance(applied, (FunctionValue, ClassValue)) and not isinstance(value, ClassValue):
            if (applied.path, applied.qualname) != (value.path, value.qualname):
                continue  # a wrapper: what it wraps is what the application runs
            value = applied
    return value


def _run_import(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    imports = at.files[scope.path].imports
    line = statement[1]
    for index in range(statement[2], len(imports)):
        if imports[index].line != line:
            break
        at.bind_import(imports[index], scope)


def _run_return(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    raise Return(evaluate(at, statement[2], scope))


def _run_if(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    condition = statement[2]
    if _is_type_checking(condition):
        at.run([one for one in statement[3] if one[0] == "import"], scope)
        return
    known = truth(evaluate(at, condition, scope))
    if known is None:
        at.uncertain([statement[3], statement[4]], scope)
    else:
        at.run(statement[3] if known else statement[4], scope)


def _is_type_checking(condition: Any) -> bool:
    return isinstance(condition, str) and condition.rpartition(".")[2] == "TYPE_CHECKING"


def _run_for(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    items = iterable(evaluate(at, statement[3], scope))
    if items is None or len(items) > MAX_LOOP:
        at.assign(
            statement[2], Hole(Site(scope.path, statement[1]), "an item of a collection that is not known"), scope
        )
        at.uncertain([statement[4]], scope)
        return
    for item in items:
        at.assign(statement[2], item, scope)
        try:
            at.run(statement[4], scope)
        except Break:
            break
        except Stop:
            continue


def _run_while(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    if truth(evaluate(at, statement[2], scope)) is not False:
        at.uncertain([statement[3]], scope)


def _run_with(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    for value, target in statement[2]:
        entered = evaluate(at, value, scope)
        if target is not None:
            at.assign(target, entered, scope)
    at.run(statement[3], scope)


def _run_try(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    for handler in statement[3]:  # names that only a handler binds (`except ImportError: orjson = None`)
        for inner in handler:
            if inner[0] == "=" and isinstance(inner[2], str) and "." not in inner[2]:
                scope.names.setdefault(inner[2], Hole(Site(scope.path, inner[1]), "bound in an except clause"))
    at.run(statement[2], scope)
    at.run(statement[4], scope)


def _run_stop(at: "Interpreter", statement: Stmt, scope: Scope) -> None:
    raise Break if statement[2] else Stop


RUN: dict[str, Callable[["Interpreter", Stmt, Scope], None]] = {
    "=": _run_assignment,
    "+=": _run_augmented,
    "e": _run_expression,
    "def": _run_def,
    "class": _run_class,
    "import": _run_import,
    "return": _run_return,
    "if": _run_if,
    "for": _run_for,
    "while": _run_while,
    "with": _run_with,
    "try": _run_try,
    "stop": _run_stop,
}
