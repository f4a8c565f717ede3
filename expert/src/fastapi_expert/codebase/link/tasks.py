"""Functions that run beside a request: what queues, schedulers and event loops are handed, directly or by a helper."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FunctionFacts
from fastapi_expert.codebase.syntax.ir import Block, Expr
from fastapi_expert.codebase.syntax.positions import expression
from fastapi_expert.codebase.vocabulary import (
    CALLABLE_STARTERS,
    COROUTINE_STARTERS,
    NO_TASK_QUEUES,
    TASK_DECORATORS,
    WORKER_SETTINGS,
    is_test_path,
)

Place = tuple[str, str]
WholeBody = Callable[[str, str], Block | None]
"""(path, qualname) to all statements of a function, those too that the facts left out."""

_PASSED_ON = frozenset({"partial", "to_thread", "run_in_threadpool", "wait_for", "shield", "gather", "run_sync"})
"""Functions of libraries that run, or make something that runs, what they are given first."""
_NAMES = re.compile(r"[A-Za-z_][\w.]*")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_MAX_HELPERS = 4
"""How many helpers that start work may stand one behind the other."""


class Handed(NamedTuple):
    """What is run: as a coroutine, a call of the function; else the function itself."""

    expr: Expr
    is_coroutine: bool


class _Here(NamedTuple):
    """Where an expression stands; no function at module level."""

    path: str
    function: FunctionFacts | None


class Tasks:
    """The background work of one codebase. ``places`` is what runs; the rest says what finding it hangs on."""

    def __init__(self, names: Names, whole_body: WholeBody | None = None) -> None:
        self.names = names
        self.places: dict[Place, None] = {}
        self.bodies: set[Place] = set()
        """Functions whose whole text counted."""
        self.starters: dict[Place, set[str]] = defaultdict(set)
        """Functions that start what they are handed, with those of their parameters."""
        self._whole_body = whole_body
        self._find()

    def _find(self) -> None:
        for path, facts in self.names.files.items():
            if is_test_path(path):
                continue
            here = _Here(path, None)
            for expr in ir.expressions(facts.body):
                self._in_expression(here, expr)
            for one in facts.classes:
                self._in_class(path, one)
            for function in facts.functions:
                if any(self._is_task_decorator(path, one) for one in function.decorators):
                    self.places[path, function.qualname] = None
                for handed in handed_in(function):
                    self._take(_Here(path, function), handed)
        self._follow_helpers()

    # -- where work is handed over --------------------------------------------------------------------------------

    def _in_expression(self, here: _Here, expr: Expr) -> None:
        for inner in ir.walk(expr):
            if (call := ir.match(inner, ir.Call)) is not None:
                for handed in _handed(call):
                    self._take(here, handed)
                if _is_worker(call.function):
                    for name, value in call.keywords:
                        self._listed(here, name, value)
            elif (mapping := ir.match(inner, ir.Mapping)) is not None:
                keys = {text: value for key, value in mapping.pairs if (text := ir.text_of(key)) is not None}
                if "queue" in keys:  # SAQ's settings
                    for name, value in keys.items():
                        self._listed(here, name, value)

    def _in_class(self, path: str, facts: ClassFacts) -> None:
        """`class WorkerSettings: functions = [send, func(resize, name="r")]; cron_jobs = [cron(sweep, hour=3)]`."""
        for name in WORKER_SETTINGS:
            self.names.read_set[path].add(f"{facts.qualname}.{name}")
        if is_worker_settings(facts):
            for field in facts.fields:
                self._listed(_Here(path, None), field.name, field.default_expr)
        if any(one.kind == "external" and _is_task_class(one.name) for one in self._bases(path, facts)):
            run = next((one for one in facts.methods if one.rpartition(".")[2] in ("run", "perform")), None)
            if run is not None:
                self.places[path, facts.qualname] = None

    def _bases(self, path: str, facts: ClassFacts) -> list[Symbol]:
        return self.names.ancestors(path, facts.qualname) if facts.bases else []

    def _listed(self, here: _Here, name: str, value: Expr) -> None:
        if name not in WORKER_SETTINGS:
            return
        if isinstance(value, str):
            symbol = self.names.resolve(here.path, value)
            value = self.names.assigned(symbol) if symbol is not None and symbol.kind == "value" else None
            here = _Here(symbol.path, None) if symbol is not None else here
        display = ir.match(value, ir.Display)
        for one in display.items if display is not None else ():
            call = ir.match(one, ir.Call)
            given = one if call is None else call.args[0] if call.args else dict(call.keywords).get("function")
            self._take(here, Handed(given, is_coroutine=False))

    def _is_task_decorator(self, path: str, decorator: Expr) -> bool:
        call = ir.match(decorator, ir.Call)
        named = call.function if call is not None else decorator
        if _last_name(named) in TASK_DECORATORS:
            symbol = self.names.resolve(path, named.partition(".")[0]) if isinstance(named, str) else None
            return symbol is None or symbol.name.partition(".")[0] not in NO_TASK_QUEUES
        symbol = self.names.resolve(path, named) if isinstance(named, str) else None
        return symbol is not None and symbol.kind == "function" and self._makes_tasks(symbol)

    def _makes_tasks(self, decorator: Symbol) -> bool:
        """Whether a decorator of the project returns one of a queue: `return celery.task(bind=True)(function)`."""
        function = self.names.function(decorator.path, decorator.name)
        if function is None or function.body is None:
            return False
        self.bodies.add((decorator.path, decorator.name))
        returned = [made for stmt in function.body if (made := ir.match(stmt, ir.Return)) is not None]
        calls = [call for one in returned for expr in ir.walk(one.value) if (call := ir.match(expr, ir.Call))]
        return any(
            isinstance(call.function, str) and "." in call.function and _last_name(call.function) in TASK_DECORATORS
            for call in calls
        )

    # -- what is handed over --------------------------------------------------------------------------------------

    def _take(self, here: _Here, handed: Handed) -> None:
        """Note the function that ``handed`` runs, or that the function around it starts one of its parameters."""
        for one in _unwrapped(handed):
            called = ir.match(one.expr, ir.Call)
            if one.is_coroutine and called is not None:
                is_made = self._is_made_by_factory(here, called.function)
                self._note(here, called.function, must_be_async=True)
                for given in (*called.args, *[value for _, value in called.keywords]):
                    if not self._note_parameter(here, given) and is_made:  # run_interval(60, refresh)
                        self._note(here, given, must_be_async=False)
            elif one.is_coroutine:
                self._note_parameter(here, one.expr)
            elif not self._note_parameter(here, one.expr):
                self._note(here, one.expr, must_be_async=False)

    def _is_made_by_factory(self, here: _Here, expr: Expr) -> bool:
        """Whether a plain function of the project makes what is run, of what it is given."""
        symbol = self._resolved(here, expr)
        function = self.names.function(symbol.path, symbol.name) if symbol is not None else None
        return function is not None and not function.is_async

    def _note_parameter(self, here: _Here, expr: Expr) -> bool:
        for function in self._around(here):
            if isinstance(expr, str) and expr in {param.name for param in function.params} - {"self", "cls"}:
                self.starters[here.path, function.qualname].add(expr)
                return True
        return False

    def _note(self, here: _Here, expr: Expr, *, must_be_async: bool) -> None:
        symbol = self._resolved(here, expr)
        if symbol is None or symbol.kind != "function" or is_test_path(symbol.path):
            return
        function = self.names.function(symbol.path, symbol.name)
        if function is not None and (function.is_async or not must_be_async):
            self.places[symbol.path, symbol.name] = None

    def _resolved(self, here: _Here, expr: Expr) -> Symbol | None:
        """What a name, `Class(…).method` or the text `package.module:function` stands for at this place."""
        if isinstance(expr, str):
            return self._name(here, expr)
        if (text := ir.text_of(expr)) is not None:
            return self._dotted(here.path, text)
        attribute = ir.match(expr, ir.Attribute)
        made = ir.match(attribute.value, ir.Call) if attribute is not None else None
        cls = self._resolved(here, made.function) if made is not None else None
        if attribute is not None and cls is not None and cls.kind == "class":
            return self.names.member(cls, attribute.name)
        return None

    def _dotted(self, path: str, text: str) -> Symbol | None:
        """What `package.module:function` or `package.module.object.method` names, as a text."""
        if _DOTTED.fullmatch(text) is None:
            return None
        parts = text.replace(":", ".").split(".")
        for length in range(len(parts) - 1, 0, -1):
            place = self.names.modules.find(path, ".".join(parts[:length]))
            if place is not None:
                return None if place.endswith("/") else self.names.resolve(place, ".".join(parts[length:]))
        return None

    def _name(self, here: _Here, dotted: str) -> Symbol | None:
        head, _, rest = dotted.partition(".")
        for function in self._around(here):
            nested = f"{function.qualname}.{head}"
            self.names.read_set[here.path].add(nested)
            if not rest and self.names.function(here.path, nested) is not None:
                return Symbol("function", here.path, nested)
            if function.owner and head in ("self", "cls"):
                return self._of_self(Symbol("class", here.path, function.owner), rest)
            cls = self._class_of_local(here.path, function, head) if rest else None
            if cls is not None:
                return self.names.member(cls, rest)
        return self.names.resolve(here.path, dotted)

    def _of_self(self, cls: Symbol, rest: str) -> Symbol | None:
        """`self.method`, and `self.worker.method` where the class says what the worker is."""
        name, _, deeper = rest.partition(".")
        if not deeper:
            return self.names.member(cls, name) if name else None
        made = self._class_of_attribute(cls, name)
        return self.names.member(made, deeper) if made is not None else None

    def _class_of_attribute(self, cls: Symbol, name: str) -> Symbol | None:
        """The class of `self.name`: by its annotation in the class, else by what `__init__` assigns."""
        for one in (cls, *self.names.ancestors(cls.path, cls.name)):
            facts = self.names.class_(one.path, one.name) if one.kind == "class" else None
            if facts is None:
                continue
            self.names.read_set[one.path].add(f"{one.name}.{name}")
            field = next((field for field in facts.fields if field.name == name and field.annotation), None)
            if field is not None:
                return self._annotated(one.path, field.annotation)
            init = self.names.function(one.path, f"{one.name}.__init__")
            if init is not None and init.body is not None:
                self.bodies.add((one.path, init.qualname))
                made = self._made_in(one.path, init, init.body, f"self.{name}")
                if made is not None:
                    return made
        return None

    def _annotated(self, path: str, annotation: str) -> Symbol | None:
        """The class that an annotation names first: `Worker | None`, `Annotated[Worker, Depends(worker)]`."""
        for name in _NAMES.findall(annotation):
            found = self.names.resolve(path, name)
            if found is not None and found.kind == "class":
                return found
        return None

    def _class_of_local(self, path: str, function: FunctionFacts, name: str) -> Symbol | None:
        """The class of a parameter, by its annotation, or of what a variable of the function was made by."""
        param = next((one for one in function.params if one.name == name), None)
        if param is not None:
            return self._annotated(path, param.annotation)
        if name in self.names.bindings(path) or self._whole_body is None:
            return None
        body = self._whole_body(path, function.qualname)
        self.bodies.add((path, function.qualname))
        return self._made_in(path, function, body or (), name)

    def _made_in(self, path: str, function: FunctionFacts, body: Block, target: str) -> Symbol | None:
        for value in _assigned(body, target):
            if isinstance(value, str):  # self.worker = worker
                return self._class_of_local(path, function, value) if target.startswith("self.") else None
            call = ir.match(value, ir.Call)
            made = (
                self.names.resolve(path, call.function) if call is not None and isinstance(call.function, str) else None
            )
            if made is not None and made.kind == "class":
                return made
        return None

    def _around(self, here: _Here) -> Iterator[FunctionFacts]:
        """The function an expression stands in, then those around it."""
        function = here.function
        while function is not None:
            yield function
            function = self.names.function(here.path, function.parent) if function.parent else None

    # -- helpers --------------------------------------------------------------------------------------------------

    def _follow_helpers(self) -> None:
        """What is handed to a function that starts its parameters: `spawn(refresh())`."""
        followed: set[Place] = set()
        for _ in range(_MAX_HELPERS):
            new = {place: set(params) for place, params in self.starters.items() if place not in followed}
            if not new:
                return
            followed |= new.keys()
            last_names = {qualname.rpartition(".")[2] for _, qualname in new}
            found = sorted({position for name in last_names for position in self._naming.get(name, ())})
            for here in [self._functions[position] for position in found]:
                if self._mentions(here, new, last_names):
                    self._calls_of_helpers(here, new)

    @cached_property
    def _functions(self) -> list[_Here]:
        """Every function that is no test's."""
        files = [(path, facts) for path, facts in self.names.files.items() if not is_test_path(path)]
        return [_Here(path, function) for path, facts in files for function in facts.functions]

    @cached_property
    def _naming(self) -> dict[str, list[int]]:
        """The last part of each name to the functions whose text has it, by their position."""
        found: dict[str, list[int]] = {}
        for position, here in enumerate(self._functions):
            for name in here.function.names if here.function is not None else ():
                found.setdefault(name.rpartition(".")[2], []).append(position)
        return found

    def _mentions(self, here: _Here, helpers: dict[Place, set[str]], last_names: set[str]) -> bool:
        """Whether a function may call one of ``helpers``, by the names in it alone."""
        for name in here.function.names if here.function is not None else ():
            if name.rpartition(".")[2] not in last_names:
                continue
            head, _, rest = name.partition(".")
            if head in ("self", "cls"):
                owner = next((one.owner for one in self._around(here) if one.owner), "")
                symbol = self.names.member(Symbol("class", here.path, owner), rest) if owner and rest else None
            else:
                symbol = self.names.resolve(here.path, name)
            if symbol is not None and (symbol.path, symbol.name) in helpers:
                return True
        return False

    def _calls_of_helpers(self, here: _Here, helpers: dict[Place, set[str]]) -> None:
        assert here.function is not None
        body = here.function.body
        if body is None and self._whole_body is not None:
            body = self._whole_body(here.path, here.function.qualname)
        self.bodies.add((here.path, here.function.qualname))
        for expr in ir.expressions(body or ()):
            for inner in ir.walk(expr):
                call = ir.match(inner, ir.Call)
                if call is None or not isinstance(call.function, str):
                    continue
                symbol = self._name(here, call.function)
                wanted = helpers.get((symbol.path, symbol.name)) if symbol is not None else None
                if symbol is not None and wanted:
                    for value in self._given(symbol, call, wanted):
                        self._take(here, Handed(value, is_coroutine=ir.match(value, ir.Call) is not None))

    def _given(self, symbol: Symbol, call: ir.Call, wanted: set[str]) -> Iterator[Expr]:
        """The arguments of ``call`` for the parameters ``wanted`` of what it calls."""
        function = self.names.function(symbol.path, symbol.name)
        positional = [param.name for param in function.params if param.kind in ("", "/")] if function else []
        if function is not None and function.owner and positional and positional[0] in ("self", "cls"):
            del positional[0]
        for name, value in (*zip(positional, call.args, strict=False), *call.keywords):
            if name in wanted:
                yield value


def handed_in(function: FunctionFacts) -> Iterator[Handed]:
    """What the body of ``function`` hands to a queue, a scheduler or the event loop."""
    for one in function.calls:
        call = ir.match(one.expr, ir.Call)
        if call is not None:
            yield from _handed(call)
    if function.name == "__init__":
        yield from _named(function.body or ())


def _named(body: Block) -> Iterator[Handed]:
    """`super().__init__(func="package.module.function", cron=…)`: a job that says by name what it runs."""
    for expr in ir.expressions(body):
        call = ir.match(expr, ir.Call)
        for name, value in call.keywords if call is not None else ():
            if name in ("func", "function", "task") and ir.text_of(value) is not None:
                yield Handed(value, is_coroutine=False)


def is_worker_settings(facts: ClassFacts) -> bool:
    """Whether a class tells a worker what to run."""
    return "Worker" in facts.name and any(
        field.name in WORKER_SETTINGS and ir.tag(field.default_expr) in ("", ir.Display.TAG) for field in facts.fields
    )


def _handed(call: ir.Call) -> Iterator[Handed]:
    name = _last_name(call.function)
    if name in COROUTINE_STARTERS:
        given = call.args[0] if call.args else dict(call.keywords).get("coro")
        yield Handed(given, is_coroutine=True)
    elif name in CALLABLE_STARTERS:
        if name == "do" and not str(call.function).startswith("schedule.") and "every" not in repr(call.function):
            return
        position, keyword = CALLABLE_STARTERS[name]
        given = dict(call.keywords).get(keyword)
        if given is None and position is not None and len(call.args) > position:
            given = call.args[position]
        if given is not None:
            yield Handed(given, is_coroutine=False)


def _unwrapped(handed: Handed) -> Iterator[Handed]:
    """What is run in the end: of `partial(f, x)`, `to_thread(f)`, `wait_for(f(), 5)`, `lambda: f(x)`."""
    expr = handed.expr
    if (either := ir.match(expr, ir.Conditional)) is not None:
        yield from _unwrapped(handed._replace(expr=either.then))
        yield from _unwrapped(handed._replace(expr=either.otherwise))
    elif (function := ir.match(expr, ir.Lambda)) is not None:
        call = ir.match(function.body, ir.Call)
        if call is not None:
            yield Handed(call.function, is_coroutine=False)
    elif (call := ir.match(expr, ir.Call)) is None:
        yield handed
    elif _last_name(call.function) in _PASSED_ON:
        name = _last_name(call.function)
        for one in call.args if name == "gather" else call.args[:1]:
            yield from _unwrapped(Handed(one, is_coroutine=name in ("wait_for", "shield", "gather")))
    elif handed.is_coroutine:
        yield handed


def _assigned(body: Block, target: str) -> Iterator[Expr]:
    """The values that ``target`` is given in a block and its inner blocks."""
    for stmt in body:
        made = ir.match(stmt, ir.Assign)
        if made is not None and made.target == target:
            yield made.value
        for block in ir.blocks(stmt):
            yield from _assigned(block, target)


def _last_name(expr: Expr) -> str:
    if isinstance(expr, str):
        return expr.rpartition(".")[2]
    attribute = ir.match(expr, ir.Attribute)
    return attribute.name if attribute is not None else ""


def _is_worker(function: Expr) -> bool:
    return _last_name(function) in ("Worker", "create_worker", "run_worker")


def _is_task_class(name: str) -> bool:
    """Whether a class of a library is a task by itself: `celery.Task`, Dramatiq's `GenericActor`."""
    return (name.partition(".")[0], name.rpartition(".")[2]) in (("celery", "Task"), ("dramatiq", "GenericActor"))


def same_work(before: Iterable[Handed], after: Iterable[Handed]) -> bool:
    """Whether two versions of a function hand over the same, wherever it stands."""
    old, new = ([(expression(one.expr, []), one.is_coroutine) for one in several] for several in (before, after))
    return old == new
