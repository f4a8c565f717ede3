"""One kind of statement each: what running it does to the names of its scope and to the route graph."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fastapi_expert.codebase.interpret import standins
from fastapi_expert.codebase.interpret.attributes import (
    attribute,
    bases,
    class_attribute,
    class_value,
    fields_of,
    lineage,
    metaclass,
)
from fastapi_expert.codebase.interpret.containers import delete_item, items_of
from fastapi_expert.codebase.interpret.evaluation import arguments, evaluate
from fastapi_expert.codebase.interpret.operations import compare, truth
from fastapi_expert.codebase.interpret.registration import delete_routes, route_list_method
from fastapi_expert.codebase.interpret.runtime import Break, Raised, Return, Runtime, Stop
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    Condition,
    External,
    FunctionValue,
    GeneratorCall,
    Instance,
    Method,
    RouteDecorator,
    RouteList,
    Scope,
    Site,
    Thunk,
    Unknown,
    as_key,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.ir import Expr, Stmt
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS

MAX_LOOP = 500
"""A longer loop is a computation; its body runs once, for the names it binds."""


def run_statement(interp: Runtime, statement: Stmt, scope: Scope) -> None:
    """Run one statement."""
    shape, run = _RUN[ir.tag(statement)]
    run(interp, shape(statement), scope)


def _run_assignment(interp: Runtime, statement: ir.Assign, scope: Scope) -> None:
    target, value = statement.target, statement.value
    if value is None:
        return
    simple = isinstance(target, str) and "." not in target
    if simple and scope.parent is None and not interp.region and ir.tag(value) not in _EVALUATED_AT_ONCE:
        scope.names[target] = Thunk(value, scope, statement.line)  # most constants are never asked for
        return
    interp.assign(target, evaluate(interp, value, scope), scope)


_EVALUATED_AT_ONCE = (ir.Call.TAG, ir.Attribute.TAG, ir.Subscript.TAG, ir.Conditional.TAG, ir.Truth.TAG)


def _run_augmented(interp: Runtime, statement: ir.Augment, scope: Scope) -> None:
    current = evaluate(interp, statement.target, scope)
    if isinstance(current, RouteList):  # `router.routes += […]`
        added = Arguments([evaluate(interp, statement.value, scope)], {}, {}, Site(scope.path, statement.line), scope)
        route_list_method(interp, current, "extend", added)
        return
    value = evaluate(interp, ir.binary(statement.operator, statement.target, statement.value), scope)
    if is_list(current) and is_list(value):
        current[:] = value  # `routes += […]` changes the list in place
    elif is_dict(current) and is_dict(value):
        current.update(value)
    else:
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
    value = class_value(interp, scope.path, facts, scope)
    scope.names[facts.name] = value
    with suppress(Return, Stop):
        interp.run(facts.body, Scope(scope.path, value.namespace, scope, value))
    for base in bases(interp, value):
        if isinstance(base, ClassValue):
            base.subclasses.append(value)
    _init_subclass(interp, value, {name: evaluate(interp, one, scope) for name, one in facts.keywords}, statement.line)
    _made_by_metaclass(interp, value, Site(scope.path, statement.line))
    if facts.decorators:
        scope.names[facts.name] = decorated(interp, facts.decorators, value, scope)


def _made_by_metaclass(interp: Runtime, cls: ClassValue, site: Site) -> None:
    """Run what a metaclass of the codebase does where it makes a class."""
    meta = metaclass(interp, cls)
    if meta is None:
        return
    given = [cls.qualname.rpartition(".")[2], bases(interp, cls), cls.namespace]
    for name, receiver in (("__new__", meta), ("__init__", cls)):
        method = class_attribute(interp, meta, name, site, receiver=None)
        if isinstance(method, FunctionValue):
            interp.making.append(cls)
            interp.call_function(replace(method, receiver=receiver), list(given), {}, site)
            interp.making.pop()


def _init_subclass(interp: Runtime, cls: ClassValue, keywords: dict[str, Any], line: int) -> None:
    """Run the `__init_subclass__` that the nearest base defines."""
    site = Site(cls.path, line)
    for base in lineage(interp, cls)[1:]:
        if isinstance(base, ClassValue):
            facts = interp.names.class_(base.path, base.qualname)
            if facts is not None and f"{base.qualname}.__init_subclass__" in facts.methods:
                body = Scope(base.path, {}, base.scope, base)
                hook = FunctionValue(base.path, f"{base.qualname}.__init_subclass__", body, cls)
                interp.call_function(hook, [], keywords, site)
                return


def decorated(interp: Runtime, decorators: Iterable[Expr], value: Any, scope: Scope) -> Any:
    """``value`` after its decorators; one that is not understood leaves it as it is."""
    for decorator in reversed(list(decorators)):
        if isinstance(decorator, str) and "." not in decorator and interp.lookup(scope, decorator) is MISSING:
            continue
        call = ir.match(decorator, ir.Call)
        site = Site(scope.path, call.line if call is not None else interp.line)
        wrapper = evaluate(interp, decorator, scope)
        if call is not None and not isinstance(wrapper, (FunctionValue, RouteDecorator)):
            wrapper = _hidden_registration(interp, call, wrapper, scope) or wrapper
        applied = interp.call(wrapper, Arguments([value], {}, {}, site, scope))
        if isinstance(applied, (FunctionValue, ClassValue)) and not isinstance(value, ClassValue):
            if (applied.path, applied.qualname) != (value.path, value.qualname):
                continue  # a wrapper: what it wraps is what the application runs
            value = applied
    return value


def _hidden_registration(interp: Runtime, call: ir.Call, wrapper: Any, scope: Scope) -> Any:
    """What a decorator that looks like `router.get("/path")` does where its router is not known; None for others."""
    part = ir.match(call.function, ir.Attribute)
    written = part.name if part is not None else call.function if isinstance(call.function, str) else ""
    head, _, name = written.rpartition(".")
    if name not in ROUTE_DECORATORS:
        return None
    given = arguments(interp, call, scope)
    if not standins.is_registering(name, given.get(0, "path")):
        return None
    owner = evaluate(interp, part.value if part is not None else head, scope) if part is not None or head else None
    router = standins.hidden_by(interp, owner, wrapper, head, given.site, scope)
    return interp.call(Method(router, name), given) if router is not None else None


def _run_import(interp: Runtime, statement: ir.Import, scope: Scope) -> None:
    imports = interp.imports_of(scope.path)
    for index in range(statement.first, len(imports)):
        if imports[index].line != statement.line:
            break
        interp.bind_import(imports[index], scope)


def _run_return(interp: Runtime, statement: ir.Return, scope: Scope) -> None:
    raise Return(evaluate(interp, statement.value, scope))


def _run_if(interp: Runtime, statement: ir.If, scope: Scope) -> None:
    if _is_type_checking(statement.condition):
        interp.run([one for one in statement.body if ir.tag(one) == ir.Import.TAG], scope)
        interp.run(statement.orelse, scope)
        return
    value = evaluate(interp, statement.condition, scope)
    known = truth(value)
    if known is None:
        interp.uncertain([statement.body, statement.orelse], scope, _condition(value, scope, statement.line))
    else:
        known = interp.taken(statement.condition, (statement.body, statement.orelse), scope, holds=known)
        interp.run(statement.body if known else statement.orelse, scope)
        _list_what_is_off(interp, statement, scope, known=known)


def _list_what_is_off(interp: Runtime, statement: ir.If, scope: Scope, *, known: bool) -> None:
    """Endpoints in a branch that does not run as shipped (`if settings.debug:`): they are served where that differs."""
    off = statement.orelse if known else statement.body
    endpoints = [one for one in off if _is_endpoint(interp, one, scope)]
    if endpoints and _hangs_on_a_setting(interp, statement.condition, scope):
        text = ir.shown(statement.condition)
        reason = f"{'a condition' if '…' in text else f'`{text}`'} is {known} as shipped"
        interp.uncertain([endpoints, ()], scope, Condition(Site(scope.path, statement.line), reason))


def _hangs_on_a_setting(interp: Runtime, condition: Expr, scope: Scope) -> bool:
    """Whether the condition turns with how the application is run: it asks the environment, or a member of an object of
    this codebase (`settings.debug`, `get_settings().debug`). What a caller in the text gives or a constant is settled.
    """
    parts = list(ir.walk(condition))
    asked = [one.value for part in parts if (one := ir.match(part, ir.Attribute)) is not None]
    if ir.reads_environment(condition) or any(ir.match(one, ir.Call) is not None for one in asked):
        return True
    for name in {one for one in parts if isinstance(one, str)}:
        head, *members = name.split(".")
        symbol = interp.names.resolve(scope.path, head)
        if symbol is None or symbol.kind != "value":
            continue
        if members or ir.reads_environment(interp.names.assigned(symbol)):
            return True
    return False


def _is_endpoint(interp: Runtime, statement: Stmt, scope: Scope) -> bool:
    defined = ir.match(statement, ir.Def)
    facts = interp.names.function(scope.path, defined.qualname) if defined is not None else None
    called = [ir.match(one, ir.Call) for one in facts.decorators] if facts is not None else []
    names = [one.function for one in called if one is not None and isinstance(one.function, str)]
    return any("." in name and name.rpartition(".")[2] in ROUTE_DECORATORS for name in names)


def _condition(value: Any, scope: Scope, line: int) -> Condition:
    """Why a branch may or may not run."""
    reason = value.reason if isinstance(value, Unknown) else "a condition that the text does not settle"
    return Condition(Site(scope.path, line), reason)


def _is_type_checking(condition: Expr) -> bool:
    return isinstance(condition, str) and condition.rpartition(".")[2] == "TYPE_CHECKING"


def _run_for(interp: Runtime, statement: ir.For, scope: Scope) -> None:
    value = evaluate(interp, statement.iterable, scope)
    items = items_of(interp, value)
    if items is None or len(items) > MAX_LOOP:
        interp.want(value, surely=False)
        reason = f"a loop over what is not known: {value.reason}" if isinstance(value, Unknown) else "a loop"
        unknown = Unknown(Site(scope.path, statement.line), reason)
        interp.assign(statement.target, unknown, scope)
        interp.uncertain([statement.body, ()], scope, _condition(unknown, scope, statement.line), is_loop=True)
        return
    with interp.branch():
        for item in items:
            with interp.branch():
                item = interp.believed(item)
                interp.assign(statement.target, item, scope)
                try:
                    interp.run(statement.body, scope)
                except Break:
                    break
                except Raised:
                    raise
                except Stop:
                    continue
        else:
            interp.run(statement.orelse, scope)


def _run_while(interp: Runtime, statement: ir.While, scope: Scope) -> None:
    for _ in range(MAX_LOOP):
        value = evaluate(interp, statement.condition, scope)
        known = truth(value)
        if known is None:
            interp.uncertain([statement.body, ()], scope, _condition(value, scope, statement.line), is_loop=True)
        if not known:
            if known is False:
                interp.run(statement.orelse, scope)
            return
        try:
            interp.run(statement.body, scope)
        except Break:
            return
        except Raised:
            raise
        except Stop:
            continue


def _run_match(interp: Runtime, statement: ir.Match, scope: Scope) -> None:
    subject = evaluate(interp, statement.subject, scope)
    possible: list[ir.Block] = []
    for patterns, guard, body in statement.cases:
        fits = _fits(interp, subject, patterns, scope)
        if fits and guard is not None:
            fits = truth(evaluate(interp, guard, scope))
        if fits and not possible:
            interp.run(body, scope)
            return
        if fits is not False:
            possible.append(body)
        if fits:
            break
    if possible:
        interp.uncertain([*possible, ()], scope, _condition(subject, scope, statement.line))


def _fits(interp: Runtime, subject: Any, patterns: Sequence[Expr] | None, scope: Scope) -> bool | None:
    """Whether one of the patterns fits; names that it binds are bound."""
    if patterns is None:
        return True
    known: list[bool | None] = []
    for pattern in patterns:
        bound: dict[str, Any] = {}
        known.append(_matches(interp, subject, pattern, scope, bound))
        if known[-1] is not False:
            for name, value in bound.items():
                interp.assign(name, value, scope)
        if known[-1]:
            return True
    return None if None in known else False


def _matches(interp: Runtime, subject: Any, pattern: Expr, scope: Scope, bound: dict[str, Any]) -> bool | None:
    """Whether one pattern fits, as far as one sees; what it names goes into ``bound``."""
    if (named := ir.match(pattern, ir.Walrus)) is not None:
        if named.name != "_":
            bound[named.name] = subject
        return True if named.value is None else _matches(interp, subject, named.value, scope, bound)
    if isinstance(subject, (Unknown, External)):
        return None
    if (mapping := ir.match(pattern, ir.Mapping)) is not None:
        return _matches_mapping(interp, subject, mapping, scope, bound)
    if (several := ir.match(pattern, ir.Display)) is not None:
        return _matches_sequence(interp, subject, several.items, scope, bound)
    if (cls := ir.match(pattern, ir.Call)) is not None:
        return _matches_class(interp, subject, cls, scope, bound)
    return truth(compare("==", subject, evaluate(interp, pattern, scope), Site(scope.path, interp.line)))


def _all_of(known: list[bool | None]) -> bool | None:
    return False if False in known else None if None in known else True


def _matches_mapping(
    interp: Runtime, subject: Any, pattern: ir.Mapping, scope: Scope, bound: dict[str, Any]
) -> bool | None:
    if not is_dict(subject):
        return False
    wanted = [(as_key(evaluate(interp, key, scope)), one) for key, one in pattern.pairs if key is not None]
    if any(isinstance(key, Unknown) for key, _ in wanted):
        return None
    if any(key not in subject for key, _ in wanted):
        return False
    rest = {key: value for key, value in subject.items() if key not in dict(wanted)}
    for key, one in pattern.pairs:
        starred = ir.match(one, ir.Starred) if key is None else None
        if starred is not None:
            _matches(interp, rest, starred.value, scope, bound)
    return _all_of([_matches(interp, subject[key], one, scope, bound) for key, one in wanted])


def _matches_sequence(
    interp: Runtime, subject: Any, patterns: Sequence[Expr], scope: Scope, bound: dict[str, Any]
) -> bool | None:
    if not is_list(subject):
        return False
    starred = [index for index, one in enumerate(patterns) if ir.match(one, ir.Starred) is not None]
    if not starred:
        if len(subject) != len(patterns):
            return False
        return _all_of([_matches(interp, *pair, scope, bound) for pair in zip(subject, patterns, strict=True)])
    before, after = starred[0], len(patterns) - starred[0] - 1
    if len(subject) < before + after:
        return False
    end = len(subject) - after
    middle = ir.match(patterns[before], ir.Starred)
    if middle is not None:
        _matches(interp, subject[before:end], middle.value, scope, bound)
    pairs = [*zip(subject[:before], patterns, strict=False), *zip(subject[end:], patterns[before + 1 :], strict=True)]
    return _all_of([_matches(interp, *pair, scope, bound) for pair in pairs])


def _matches_class(interp: Runtime, subject: Any, pattern: ir.Call, scope: Scope, bound: dict[str, Any]) -> bool | None:
    site = Site(scope.path, interp.line)
    given = [subject, evaluate(interp, pattern.function, scope)]
    kind = interp.call(External("builtins.isinstance"), Arguments(given, {}, {}, site, scope))
    if kind is False:
        return False
    known = [truth(kind)]
    for name, one in pattern.keywords:
        known.append(_matches(interp, attribute(interp, subject, name, site), one, scope, bound))
    fields: Any = attribute(interp, given[1], "__match_args__", site) if pattern.args else []
    if pattern.args and isinstance(subject, (str, int, float)):
        return _all_of([*known, _matches(interp, subject, pattern.args[0], scope, bound)])
    names = fields if is_list(fields) else list(fields_of(interp, subject) or {})
    if len(names) < len(pattern.args):
        return None
    for name, one in zip(names, pattern.args, strict=False):
        known.append(_matches(interp, attribute(interp, subject, str(name), site), one, scope, bound))
    return _all_of(known)


def _run_delete(interp: Runtime, statement: ir.Delete, scope: Scope) -> None:
    for target in statement.targets:
        if isinstance(target, str):
            scope.names.pop(target, None)
        elif (item := ir.match(target, ir.Subscript)) is not None:
            owner, key = evaluate(interp, item.value, scope), evaluate(interp, item.index, scope)
            if isinstance(owner, RouteList):
                delete_routes(interp, owner, key)
            else:
                delete_item(interp, owner, key, scope)


def _run_global(interp: Runtime, statement: ir.Global, scope: Scope) -> None:
    for name in statement.names:
        here = scope.parent
        while here is not None and here.parent is not None and (statement.is_global or name not in here.names):
            here = here.parent
        if here is not None:
            scope.outer[name] = here


def _run_with(interp: Runtime, statement: ir.With, scope: Scope) -> None:
    _enter(interp, list(statement.items), statement, scope)


def _enter(interp: Runtime, items: list[tuple[Expr, Expr]], statement: ir.With, scope: Scope) -> None:
    """Enter the first of the contexts and the rest inside of it; what it does on leaving is done afterwards."""
    if not items:
        interp.run(statement.body, scope)
        return
    (expr, target), *rest = items
    context = evaluate(interp, expr, scope)
    site = Site(scope.path, statement.line)

    def inside(value: Any) -> None:
        if target is not None:
            interp.assign(target, value, scope)
        _enter(interp, rest, statement, scope)

    if isinstance(context, GeneratorCall):
        interp.run_generator(context, inside)
        return
    if not isinstance(context, Instance) or not isinstance(context.cls, ClassValue):
        inside(context)
        return
    for name in ("__enter__", "__aenter__"):
        enter = attribute(interp, context, name, site)
        if isinstance(enter, FunctionValue):
            inside(interp.call_function(enter, [], {}, site))
            break
    else:
        inside(context)
    for name in ("__exit__", "__aexit__"):
        leave = attribute(interp, context, name, site)
        if isinstance(leave, FunctionValue):
            interp.call_function(leave, [None, None, None], {}, site)


def _run_try(interp: Runtime, statement: ir.Try, scope: Scope) -> None:
    missing = _missing_import(interp, statement, scope)
    try:
        if missing is None:
            _run_body_of_try(interp, statement, scope)
        elif isinstance(missing, Condition):
            interp.uncertain([statement.body, *statement.handlers[:1]], scope, missing)
        else:
            interp.run(statement.handlers[0], scope)
    except (Return, Stop):
        interp.run(statement.after, scope)
        raise
    interp.run(statement.after, scope)


def _run_body_of_try(interp: Runtime, statement: ir.Try, scope: Scope) -> None:
    for handler in statement.handlers:  # names that only a handler binds
        for inner in handler:
            bound = ir.match(inner, ir.Assign)
            if bound is not None and isinstance(bound.target, str) and "." not in bound.target:
                unknown = Unknown(Site(scope.path, bound.line), "bound in an except clause")
                scope.names.setdefault(bound.target, unknown)
    interp.guarded += bool(statement.handlers)
    try:
        interp.run(statement.body, scope)
    except Raised as error:
        if not statement.handlers:
            raise
        site = Site(scope.path, statement.line)
        chosen = [index for index, (caught, _) in enumerate(statement.caught) if _catches(caught, error.name)]
        if not chosen:
            raise
        _, name = statement.caught[chosen[0]]
        if name:
            scope.names[name] = Unknown(site, "an exception")
        interp.guarded -= 1
        try:
            interp.run(statement.handlers[chosen[0]], scope)
        finally:
            interp.guarded += 1
    finally:
        interp.guarded -= bool(statement.handlers)


def _catches(caught: Expr, name: str) -> bool:
    """Whether a handler may catch an exception of this name; of what is not known it is taken to."""
    several = ir.match(caught, ir.Display)
    names = [one for one in (several.items if several is not None else (caught,)) if isinstance(one, str)]
    if caught is None or not name or len(names) != (len(several.items) if several is not None else 1):
        return True
    last = {one.rpartition(".")[2] for one in names}
    return name in last or bool(last & {"Exception", "BaseException"})


_IMPORT_ERRORS = frozenset(["ImportError", "ModuleNotFoundError", "Exception", "BaseException"])


def _missing_import(interp: Runtime, statement: ir.Try, scope: Scope) -> Condition | bool | None:
    """Of a `try` that catches a failing import: True when one surely fails, a condition when one may, else None."""
    if not any(_catches_imports(caught) for caught, _ in statement.caught):
        return None
    doubtful: Condition | None = None
    for one in statement.body:
        module = _imported_by(interp, one, scope)
        there = interp.is_importable(scope.path, module) if module else True
        if there is False:
            return True
        if there is None:
            reason = f"whether {module.partition('.')[0]} is installed is not known"
            doubtful = doubtful or Condition(Site(scope.path, ir.line_of(one)), reason)
    return doubtful


def _imported_by(interp: Runtime, statement: Stmt, scope: Scope) -> str:
    """The module that a statement imports, by `import`, `__import__(…)` or `import_module(…)`; "" when it does not."""
    imported = ir.match(statement, ir.Import)
    if imported is not None:
        return interp.imports_of(scope.path)[imported.first].module
    done = ir.match(statement, ir.Evaluate) or ir.match(statement, ir.Assign)
    call = ir.match(done.value, ir.Call) if done is not None else None
    if call is None or not isinstance(call.function, str) or not call.args:
        return ""
    named = call.function.rpartition(".")[2] in ("__import__", "import_module")
    return (ir.text_of(call.args[0]) or "") if named else ""


def _catches_imports(caught: Expr) -> bool:
    several = ir.match(caught, ir.Display)
    names = several.items if several is not None else (caught,)
    return any(one is None or (isinstance(one, str) and one.rpartition(".")[2] in _IMPORT_ERRORS) for one in names)


def _run_raise(interp: Runtime, statement: ir.Raise, scope: Scope) -> None:
    call = ir.match(statement.exception, ir.Call)
    name = call.function if call is not None else statement.exception
    raise Raised(name.rpartition(".")[2] if isinstance(name, str) else "")


def _run_yield(interp: Runtime, statement: ir.Yield, scope: Scope) -> None:
    value = evaluate(interp, statement.value, scope)
    if scope.on_yield is not None:
        scope.on_yield(value)


def _run_stop(interp: Runtime, statement: ir.Stop, scope: Scope) -> None:
    raise Break if statement.is_break else Stop


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
    ir.Match.TAG: (ir.Match._make, _run_match),
    ir.Delete.TAG: (ir.Delete._make, _run_delete),
    ir.Global.TAG: (ir.Global._make, _run_global),
    ir.With.TAG: (ir.With._make, _run_with),
    ir.Try.TAG: (ir.Try._make, _run_try),
    ir.Stop.TAG: (ir.Stop._make, _run_stop),
    ir.Raise.TAG: (ir.Raise._make, _run_raise),
    ir.Yield.TAG: (ir.Yield._make, _run_yield),
}
