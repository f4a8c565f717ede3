"""What a value is, as far as rules care: a session, an engine, an object of a class, what a library's call gave back.

A kind is a short text. Of ours: ``session`` and ``async-session`` (SQLAlchemy's and SQLModel's), the factories
``session-maker`` and ``async-session-maker``, ``scoped-session``, ``engine``, ``async-engine``, ``connection``,
``async-connection``. Of the codebase: ``object path::Class``. Of libraries: ``from redis.Redis``, the dotted name of
the class or function that made it. Empty is unknown, and rules stay silent on it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.trees import read_expression
from fastapi_expert.review.flow.modules import Function, Modules, dotted, keyword, top_level

_SQL = ("sqlalchemy", "sqlmodel")
_CLASSES = {
    "Session": "session",
    "AsyncSession": "async-session",
    "sessionmaker": "session-maker",
    "async_sessionmaker": "async-session-maker",
    "scoped_session": "scoped-session",
    "async_scoped_session": "scoped-session",
    "Engine": "engine",
    "AsyncEngine": "async-engine",
    "Connection": "connection",
    "AsyncConnection": "async-connection",
    "create_engine": "engine",
    "engine_from_config": "engine",
    "create_async_engine": "async-engine",
}
_MADE = {"session-maker": "session", "async-session-maker": "async-session"}
_CONNECTED = {"engine": "connection", "async-engine": "async-connection"}
SESSIONS = frozenset({"session", "async-session"})
_WRAPPERS = frozenset(
    [
        "Optional",
        "Iterator",
        "Iterable",
        "Generator",
        "AsyncIterator",
        "AsyncIterable",
        "AsyncGenerator",
        "Awaitable",
        "ContextManager",
        "AsyncContextManager",
        "AbstractContextManager",
        "AbstractAsyncContextManager",
        "Final",
        "ClassVar",
        "contextmanager",
    ]
)
_DEPTH = 14


class Binding(NamedTuple):
    """A name of a function bound to ``value``; ``entered`` when by `with`, ``each`` when by `for`, at ``line``."""

    value: tree.Expression
    line: int
    entered: bool = False
    each: bool = False
    annotation: tree.Expression | None = None


class Need(NamedTuple):
    """One `Depends(target)` of a signature; ``path`` is the file that ``target`` is written in."""

    parameter: str
    path: str
    target: tree.Expression | None
    scope: str
    security: bool
    line: int


class Kinds:
    """Answers by inference over one codebase; every answer is worked out once."""

    def __init__(self, codebase: Codebase, modules: Modules) -> None:
        self._names = codebase.names
        self.modules = modules
        self._returned: dict[tuple[str, str], str] = {}
        self._attributes: dict[tuple[str, str, str], str] = {}
        self._bindings: dict[int, dict[str, list[Binding]]] = {}
        self._globals: dict[tuple[str, str], str] = {}
        self._locals: dict[tuple[int, str], str] = {}
        self._parameters: dict[tuple[int, str], str] = {}
        self._nodes: dict[int, str] = {}
        self._asked: dict[int, tuple[Need, ...]] = {}

    # -- names ----------------------------------------------------------------------------------------------------

    def resolve(self, path: str, name: str) -> Symbol | None:
        """What a dotted name stands for at the end of the module at ``path``."""
        return self._names.resolve(path, name) if name else None

    def external(self, path: str, node: tree.Node | None, function: Function | None = None) -> str:
        """The dotted name outside of the codebase that ``node`` stands for, empty when it is none.

        `client.get` of an `httpx.AsyncClient` is ``httpx.AsyncClient.get``.
        """
        name = dotted(node)
        head = name.partition(".")[0]
        if name and not (function is not None and self._is_local(function, head)):
            symbol = self.resolve(path, name)
            if symbol is not None and symbol.kind == "external":
                return symbol.name
            if symbol is not None and symbol.kind in ("function", "class", "module"):
                return ""
        if isinstance(node, tree.Attribute):
            owner = self.of(path, node.value, function)
            if owner.startswith("from "):
                return f"{owner[5:]}.{node.attr}"
        return ""

    def _is_local(self, function: Function, name: str) -> bool:
        scope: Function | None = function
        while scope is not None:
            if name in self.bindings(scope) or scope.parameter(name) is not None:
                return True
            scope = scope.parent
        return False

    def bindings(self, function: Function) -> dict[str, list[Binding]]:
        """The names that a function binds itself, with every value in the order of the text."""
        found = self._bindings.get(id(function))
        if found is None:
            found = self._bindings[id(function)] = {}
            for name, binding in _bound(function.nodes):
                found.setdefault(name, []).append(binding)
        return found

    # -- kinds ----------------------------------------------------------------------------------------------------

    def of(self, path: str, node: tree.Node | None, function: Function | None = None, depth: int = 0) -> str:
        """The kind of the value of ``node``, which stands in ``function`` of the file at ``path``."""
        if depth > _DEPTH or node is None:
            return ""
        if isinstance(node, tree.Call | tree.Attribute):
            known = self._nodes.get(id(node))
            if known is None:
                self._nodes[id(node)] = ""  # what is made of itself says nothing
                known = self._nodes[id(node)] = self._kind(path, node, function, depth)
            return known
        return self._kind(path, node, function, depth)

    def _kind(self, path: str, node: tree.Node, function: Function | None, depth: int) -> str:
        match node:
            case tree.Name(id=name):
                return self._named(path, name, function, depth)
            case tree.Attribute(value=value, attr=attribute):
                return self._attribute(path, node, value, attribute, function, depth)
            case tree.Call():
                return self._called(path, node, function, depth)
            case tree.Await(value=value) | tree.NamedExpr(value=value):
                return self.of(path, value, function, depth + 1)
            case tree.IfExp(body=one, orelse=other):
                return self.of(path, one, function, depth + 1) or self.of(path, other, function, depth + 1)
            case tree.BoolOp(values=values):
                return next((kind for one in values if (kind := self.of(path, one, function, depth + 1))), "")
            case tree.Subscript(value=value):
                return self._item(self.of(path, value, function, depth + 1))
            case _:
                return ""

    def _item(self, kind: str) -> str:
        """`mongo["town"]["people"]` is of mongo's making too."""
        return f"{kind}.[]" if kind.startswith("from ") else ""

    def _named(self, path: str, name: str, function: Function | None, depth: int) -> str:
        scope = function
        while scope is not None:
            bound = self.bindings(scope).get(name)
            if bound:
                key = (id(scope), name)
                if key not in self._locals:
                    self._locals[key] = ""  # `x = x.y()`: what it was before says nothing new
                    kinds = {self._held(path, one, scope, depth + 1) for one in bound if not one.each} - {""}
                    self._locals[key] = kinds.pop() if len(kinds) == 1 else ""
                return self._locals[key]
            if scope.parameter(name) is not None:
                return self.parameter(scope, name, depth + 1)
            scope = scope.parent
        return self._global(path, name, depth)

    def _held(self, path: str, binding: Binding, function: Function, depth: int) -> str:
        """The kind of what a name is bound to; where the value does not tell, its annotation may."""
        kind = self.of(path, binding.value, function, depth)
        return kind or (self.annotated(path, binding.annotation, depth) if binding.annotation is not None else "")

    def _global(self, path: str, name: str, depth: int) -> str:
        symbol = self.resolve(path, name)
        if symbol is None or symbol.kind != "value" or "." in symbol.name:
            return ""
        key = (symbol.path, symbol.name)
        if key not in self._globals:
            self._globals[key] = ""
            module = self.modules[symbol.path]
            value = module.assigned.get(symbol.name)
            self._globals[key] = self.of(symbol.path, value, None, depth + 1) if value is not None else ""
        return self._globals[key]

    def parameter(self, function: Function, name: str, depth: int = 0) -> str:
        """The kind of a parameter: by its annotation, else by the dependency that fills it."""
        key = (id(function), name)
        if key not in self._parameters:
            self._parameters[key] = ""
            self._parameters[key] = self._parameter(function, name, depth)
        return self._parameters[key]

    def _parameter(self, function: Function, name: str, depth: int) -> str:
        argument = function.parameter(name)
        if argument is None or depth > _DEPTH:
            return ""
        promised = ""
        if argument.annotation is not None:
            promised = self.annotated(function.path, argument.annotation, depth + 1)
            if promised and promised not in SESSIONS:
                return promised
        for need in self.needs(function):
            if need.parameter == name and need.target is not None:
                kind = self._given_by(need.path, need.target, depth + 1)
                if kind and (not promised or kind in SESSIONS):  # `db: Session = Depends(get_async_session)`
                    return kind
        return promised

    def _given_by(self, path: str, target: tree.Expression, depth: int) -> str:
        """What a dependency gives: the kind of what calling ``target`` returns or yields."""
        kind = self.of(path, target, None, depth)
        if kind in _MADE:
            return _MADE[kind]
        called = self.callable(path, target)
        if called is not None:
            return self.returned(called, depth) if called.name != "__init__" else ""
        symbol = self.resolve(path, dotted(target))
        return self._instance(symbol) if symbol is not None and symbol.kind == "class" else ""

    def annotated(self, path: str, annotation: tree.Expression, depth: int = 0) -> str:
        """The kind that an annotation promises; unions with None, `Annotated`, aliases and iterators are looked "
        "into."""
        if depth > _DEPTH:
            return ""
        match annotation:
            case tree.Constant(value=str(text)):
                quoted = read_expression(text)
                return self.annotated(path, quoted, depth + 1) if quoted is not None else ""
            case tree.Name() | tree.Attribute():
                return self._class_kind(path, dotted(annotation), depth)
            case tree.BinOp(left=left, op="|", right=right):
                return self.annotated(path, left, depth + 1) or self.annotated(path, right, depth + 1)
            case tree.Subscript(value=value, slice=inner):
                name = dotted(value).rpartition(".")[2]
                first = inner.elts[0] if isinstance(inner, tree.Tuple) and inner.elts else inner
                if name in _WRAPPERS or name == "Annotated":
                    return self.annotated(path, first, depth + 1)
                return self._class_kind(path, dotted(value), depth)
            case _:
                return ""

    def _class_kind(self, path: str, name: str, depth: int) -> str:
        symbol = self.resolve(path, name)
        if symbol is None:
            return ""
        if symbol.kind == "value" and "." not in symbol.name:
            alias = self.modules[symbol.path].assigned.get(symbol.name)
            return self.annotated(symbol.path, alias, depth + 1) if isinstance(alias, tree.Subscript) else ""
        return self._instance(symbol)

    def _instance(self, symbol: Symbol) -> str:
        """The kind of an object of the class that ``symbol`` stands for."""
        if symbol.kind == "external":
            package, _, name = symbol.name.partition(".")[0], "", symbol.name.rpartition(".")[2]
            if package in _SQL and name in _CLASSES:
                return _CLASSES[name]
            return f"from {symbol.name}"
        if symbol.kind != "class":
            return ""
        for above in self._names.ancestors(symbol.path, symbol.name):
            if above.kind == "external" and above.name.partition(".")[0] in _SQL:
                kind = _CLASSES.get(above.name.rpartition(".")[2], "")
                if kind in SESSIONS:
                    return kind
        return f"object {symbol.path}::{symbol.name}"

    def _attribute(
        self, path: str, node: tree.Attribute, value: tree.Expression, name: str, function: Function | None, depth: int
    ) -> str:
        if isinstance(value, tree.Name) and value.id in ("self", "cls") and function is not None:
            owner = self.owner(function)
            return self.member(f"object {function.path}::{owner}", name, depth + 1) if owner else ""
        whole = dotted(node)
        if whole and not (function is not None and self._is_local(function, whole.partition(".")[0])):
            symbol = self.resolve(path, whole)
            if symbol is not None and symbol.kind == "value" and "." not in symbol.name:
                return self._global(symbol.path, symbol.name, depth + 1)
        kind = self.of(path, value, function, depth + 1)
        if kind.startswith("from pymongo."):  # databases and collections are attributes
            return self._item(kind)
        return self.member(kind, name, depth + 1) if kind.startswith("object ") else ""

    def owner(self, function: Function) -> str:
        """The qualname of the class that ``function``, or a function around it, is a method of."""
        scope: Function | None = function
        while scope is not None:
            if scope.facts.owner:
                return scope.facts.owner
            scope = scope.parent
        return ""

    def member(self, kind: str, name: str, depth: int = 0) -> str:
        """The kind of an attribute of an object of the codebase: what `__init__` or the class body gives it."""
        path, _, cls = kind.removeprefix("object ").partition("::")
        key = (path, cls, name)
        if key not in self._attributes:
            self._attributes[key] = ""
            self._attributes[key] = self._member(path, cls, name, depth)
        return self._attributes[key]

    def _member(self, path: str, cls: str, name: str, depth: int) -> str:
        for where, owner in ((path, cls), *[(s.path, s.name) for s in self._names.ancestors(path, cls)]):
            if not where or where not in self._names.files:
                continue
            module = self.modules[where]
            for function in module.functions.values():
                if function.facts.owner != owner:
                    continue
                for node in function.nodes:
                    kind = self._set_in(where, node, name, function, depth)
                    if kind:
                        return kind
            body = module.classes.get(owner)
            for statement in body.body if body is not None else ():
                match statement:
                    case tree.AnnAssign(target=tree.Name(id=found), annotation=annotation) if found == name:
                        return self.annotated(where, annotation, depth + 1)
                    case tree.Assign(targets=[tree.Name(id=found)], value=value) if found == name:
                        return self.of(where, value, None, depth + 1)
                    case _:
                        pass
        return ""

    def _set_in(self, path: str, node: tree.Node, name: str, function: Function, depth: int) -> str:
        match node:
            case tree.Assign(targets=targets, value=value):
                pass
            case tree.AnnAssign(target=target, annotation=annotation, value=value):
                targets = [target]
                if _is_self(target, name):
                    kind = self.annotated(path, annotation, depth + 1)
                    if kind:
                        return kind
            case _:
                return ""
        return self.of(path, value, function, depth + 1) if any(_is_self(one, name) for one in targets) else ""

    def _called(self, path: str, call: tree.Call, function: Function | None, depth: int) -> str:
        made = self.of(path, call.func, function, depth + 1)  # a factory that is called
        if made in _MADE:
            return _MADE[made]
        if isinstance(call.func, tree.Attribute):
            owner = self.of(path, call.func.value, function, depth + 1)
            if call.func.attr == "begin":
                return _MADE.get(owner) or (owner if owner in SESSIONS else _CONNECTED.get(owner, ""))
            if call.func.attr == "connect" and owner in _CONNECTED:
                return _CONNECTED[owner]
            if call.func.attr in ("execution_options", "__enter__", "__aenter__"):
                return owner
            if owner.startswith("object "):
                method = self.method(owner, call.func.attr)
                return self.returned(method, depth + 1) if method is not None else ""
        outside = self.external(path, call.func, function)
        if outside:
            package, name = outside.partition(".")[0], outside.rpartition(".")[2]
            if package in _SQL:
                if name == "sessionmaker":
                    cls = keyword(call, "class_")
                    kind = self._class_kind(path, dotted(cls), depth + 1) if cls is not None else ""
                    return "async-session-maker" if kind == "async-session" else "session-maker"
                return _CLASSES.get(name, f"from {outside}")
            return f"from {outside}"
        target = self.callee(path, call, function)
        if isinstance(target, Function):
            return self.returned(target, depth + 1)
        return self._instance(target) if target is not None else ""

    # -- functions ------------------------------------------------------------------------------------------------

    def callee(self, path: str, call: tree.Call, function: Function | None = None) -> Function | Symbol | None:
        """The function of the codebase that a call runs, or the class that it makes an object of."""
        name = dotted(call.func)
        if name.startswith(("self.", "cls.")) and name.count(".") == 1 and function is not None:
            owner = self.owner(function)
            return self.method(f"object {function.path}::{owner}", name.partition(".")[2]) if owner else None
        if name and not (function is not None and self._is_local(function, name.partition(".")[0])):
            symbol = self.resolve(path, name)
            if symbol is not None and symbol.kind == "function":
                return self.modules.function(symbol.path, symbol.name)
            if symbol is not None and symbol.kind == "class":
                return symbol
        if isinstance(call.func, tree.Name) and function is not None:
            return self._nested(function, call.func.id)
        if isinstance(call.func, tree.Attribute):
            kind = self.of(path, call.func.value, function)
            if kind.startswith("object "):
                return self.method(kind, call.func.attr)
        return None

    def _nested(self, function: Function, name: str) -> Function | None:
        """A function defined in ``function`` or in one around it."""
        scope: Function | None = function
        while scope is not None:
            for other in self.modules[scope.path].functions.values():
                if other.parent is scope and other.name == name:
                    return other
            scope = scope.parent
        return None

    def method(self, kind: str, name: str) -> Function | None:
        """A method of an object of the codebase, inherited ones included."""
        path, _, cls = kind.removeprefix("object ").partition("::")
        found = self._names.member(Symbol("class", path, cls), name)
        if found is None or found.kind != "function":
            return None
        return self.modules.function(found.path, found.name)

    def returned(self, function: Function, depth: int = 0) -> str:
        """The kind of what calling a function gives: by its annotation, else by what it returns or yields."""
        key = (function.path, function.facts.qualname)
        if key in self._returned or depth > _DEPTH:
            return self._returned.get(key, "")
        self._returned[key] = ""
        kind = self.annotated(function.path, function.node.returns) if function.node.returns is not None else ""
        if not kind:
            values = [one.value for one in function.nodes if isinstance(one, tree.Return | tree.Yield)]
            kinds = {self.of(function.path, one, function, depth + 1) for one in values if one is not None} - {""}
            kind = kinds.pop() if len(kinds) == 1 else ""
        self._returned[key] = kind
        return kind

    # -- dependencies ---------------------------------------------------------------------------------------------

    def needs(self, function: Function) -> tuple[Need, ...]:
        """What `Depends` and `Security` ask for in the signature of a function, in order."""
        if id(function) not in self._asked:
            self._asked[id(function)] = self._needs(function)
        return self._asked[id(function)]

    def _needs(self, function: Function) -> tuple[Need, ...]:
        found: list[Need] = []
        args = function.node.args
        for argument in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
            default = function.defaults.get(argument.arg)
            in_default = list(self._depends(function.path, default, 0)) if default is not None else []
            given = in_default or (
                list(self._depends(function.path, argument.annotation, 0)) if argument.annotation is not None else []
            )
            for path, call, annotation in given:
                target = call.args[0] if call.args else keyword(call, "dependency")
                if target is None:  # Depends() takes the class of the annotation
                    annotation = annotation if annotation is not None else argument.annotation
                    path, target = (path if annotation is not argument.annotation else function.path), annotation
                scope = keyword(call, "scope")
                said = scope.value if isinstance(scope, tree.Constant) and isinstance(scope.value, str) else ""
                security = dotted(call.func).rpartition(".")[2] == "Security"
                found.append(Need(argument.arg, path, _bare(target), said, security, argument.lineno))
        return tuple(found)

    def _depends(
        self, path: str, node: tree.Expression | None, depth: int
    ) -> Iterator[tuple[str, tree.Call, tree.Expression | None]]:
        """(file, call, annotated class) of every `Depends(…)` in an annotation or a default, through aliases."""
        if node is None or depth > _DEPTH:
            return
        match node:
            case tree.Call(func=func):
                if dotted(func).rpartition(".")[2] in ("Depends", "Security"):
                    yield path, node, None
            case tree.Name() | tree.Attribute():
                symbol = self.resolve(path, dotted(node))
                if symbol is not None and symbol.kind == "value" and symbol.path and "." not in symbol.name:
                    alias = self.modules[symbol.path].assigned.get(symbol.name)
                    if isinstance(alias, tree.Subscript | tree.Call):
                        yield from self._depends(symbol.path, alias, depth + 1)
            case tree.Subscript(value=value, slice=inner):
                name = dotted(value).rpartition(".")[2]
                parts = inner.elts if isinstance(inner, tree.Tuple) else [inner]
                if name == "Annotated":
                    for one in parts[1:]:
                        for where, call, annotation in self._depends(path, one, depth + 1):
                            yield where, call, annotation if annotation is not None else parts[0]
                    yield from self._depends(path, parts[0], depth + 1) if len(parts) == 1 else ()
                elif name in ("Optional", "Union"):
                    for one in parts:
                        yield from self._depends(path, one, depth + 1)
            case tree.BinOp(left=left, right=right):
                yield from self._depends(path, left, depth + 1)
                yield from self._depends(path, right, depth + 1)
            case _:
                pass

    def callable(self, path: str, target: tree.Expression | None) -> Function | None:
        """The function whose signature FastAPI reads for a dependency: itself, `__call__`, `__init__`, what is made."""
        if target is None:
            return None
        if isinstance(target, tree.Call):  # Depends(factory(…)): what it returns; Depends(Checker(…)): its `__call__`
            made = self.callee(path, target)
            if isinstance(made, Symbol):
                return self.method(f"object {made.path}::{made.name}", "__call__")
            if made is not None:
                return next((one for one in self._returned_functions(made)), None)
            return None
        symbol = self.resolve(path, dotted(target))
        if symbol is None:
            return None
        if symbol.kind == "function":
            return self.modules.function(symbol.path, symbol.name)
        if symbol.kind == "class":
            return self.method(f"object {symbol.path}::{symbol.name}", "__init__")
        if symbol.kind == "value" and symbol.path and "." not in symbol.name:
            value = self.modules[symbol.path].assigned.get(symbol.name)
            return self.callable(symbol.path, value) if isinstance(value, tree.Call) else None
        return None

    def _returned_functions(self, factory: Function) -> Iterator[Function]:
        for node in factory.nodes:
            if isinstance(node, tree.Return) and isinstance(node.value, tree.Name):
                found = self._nested(factory, node.value.id)
                if found is not None:
                    yield found


def _bare(target: tree.Expression | None) -> tree.Expression | None:
    """`Annotated[Service, Depends()]` → `Service`."""
    if isinstance(target, tree.Subscript) and dotted(target.value).rpartition(".")[2] == "Annotated":
        return target.slice.elts[0] if isinstance(target.slice, tree.Tuple) else target.slice
    return target


def _is_self(target: tree.Expression, name: str) -> bool:
    return isinstance(target, tree.Attribute) and target.attr == name and dotted(target.value) == "self"


def _bound(nodes: tuple[tree.Node, ...]) -> Iterator[tuple[str, Binding]]:
    for node in nodes:
        match node:
            case tree.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _targets(target, value, node.lineno)
            case tree.AnnAssign(target=tree.Name(id=name), value=value, annotation=annotation) if value is not None:
                yield name, Binding(value, node.lineno, annotation=annotation)
            case tree.NamedExpr(target=tree.Name(id=name), value=value):
                yield name, Binding(value, node.lineno)
            case tree.With(items=items):
                for item in items:
                    if isinstance(item.optional_vars, tree.Name):
                        yield item.optional_vars.id, Binding(item.context_expr, node.lineno, entered=True)
            case tree.For(target=target, iter=value):
                for one in tree.walk(target):
                    if isinstance(one, tree.Name):
                        yield one.id, Binding(value, node.lineno, each=True)
            case tree.Comprehension(target=target, iter=value):
                for one in tree.walk(target):
                    if isinstance(one, tree.Name):
                        yield one.id, Binding(value, getattr(value, "lineno", 0), each=True)
            case _:
                pass


def _targets(target: tree.Expression, value: tree.Expression, line: int) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, tree.Name):
        yield target.id, Binding(value, line)
    elif isinstance(target, tree.Tuple | tree.List):
        values = value.elts if isinstance(value, tree.Tuple | tree.List) else [None] * len(target.elts)
        for one, part in zip(target.elts, values, strict=False):
            if isinstance(one, tree.Name):
                yield (
                    one.id,
                    Binding(part if part is not None else tree.Unclear(one.file, one.start, one.end, []), line),
                )


__all__ = ["SESSIONS", "Binding", "Kinds", "Need", "top_level"]
