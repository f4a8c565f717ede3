"""What a container of dishka gives for a type: what the providers of the codebase name for it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.values import ClassValue, FunctionValue, Scope, Site
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.signatures import Signatures, expression_of
from fastapi_expert.codebase.link.protection.values import FREE, Connection, Opaque
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts, Param
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import REQUESTS

FROM_CONTAINER = ("FromDishka", "FromComponent")
"""Annotations that a container fills."""
_MAX_DEPTH = 10
_WITHOUT_BODIES = ("ABC", "Protocol")


class Maker(NamedTuple):
    """What makes a value of a type: a function (of a provider class, or of none) or a class."""

    kind: str
    path: str
    qualname: str


class Provided(Signatures):
    """A stranger's request of which a container gives some arguments."""

    makers: dict[tuple[str, str], Maker]
    """What makes each type, of every provider of the codebase; the same for every request."""
    _depth = 0

    def from_container(self, annotation: Expr, scope: Scope) -> Expr:
        """The type that a container is asked for by an annotation; None when it asks none."""
        generic = ir.match(annotation, ir.Subscript)
        if generic is None or not isinstance(generic.value, str):
            return None
        return generic.index if generic.value.rpartition(".")[2] in FROM_CONTAINER else None

    def provided(self, wanted: Expr, scope: Scope, site: Site, state: State) -> Any:
        """What the container gives; unknown where no provider of the codebase makes it."""
        symbol = self.names.resolve(scope.path, wanted) if isinstance(wanted, str) else None
        if symbol is None or self._depth > _MAX_DEPTH:
            return FREE
        if symbol.name.rpartition(".")[2] in REQUESTS:
            return Connection()
        key = (symbol.path, symbol.name)
        if not self.makers:
            self.makers.update(_makers(self, self.interp.files.values()))
        maker = self.makers.get(key)
        if maker is None and symbol.kind == "class":
            maker = Maker("class", symbol.path, symbol.name)
        if maker is None:
            return FREE
        self._depth += 1
        try:
            return self._made_by(maker, site, state)
        finally:
            self._depth -= 1

    def promised(self, wanted: Expr, scope: Scope, site: Site) -> Any:
        symbol = self.names.resolve(scope.path, wanted) if isinstance(wanted, str) else None
        if symbol is None or symbol.kind != "class" or self._depth > _MAX_DEPTH:
            return FREE
        line = self.names.ancestors(symbol.path, symbol.name)
        if any(one.kind == "external" and one.name.rpartition(".")[2] in _WITHOUT_BODIES for one in line):
            return FREE  # another class is meant, one that descends from it
        self._depth += 1
        try:
            return self._made_by(Maker("class", symbol.path, symbol.name), site, State({}))
        finally:
            self._depth -= 1

    def _made_by(self, maker: Maker, site: Site, state: State) -> Any:
        scope = self.interp.run_module(maker.path)
        if maker.kind == "class":
            cls = self.interp.lookup(scope, maker.qualname)
            if not isinstance(cls, ClassValue):
                return FREE
            init = self.class_attribute(cls, "__init__", None, site, state)
            given = self._arguments(init, site, state) if isinstance(init, FunctionValue) else {}
            return self.instantiate(cls, [], given, site, state)
        owner, _, _ = maker.qualname.rpartition(".")
        cls = self.interp.lookup(scope, owner) if owner else None
        body = Scope(maker.path, {}, scope, cls if isinstance(cls, ClassValue) else None)
        function = FunctionValue(maker.path, maker.qualname, body, Opaque("a provider", site) if owner else None)
        return self.apply(function, [], self._arguments(function, site, state), site, state)

    def _arguments(self, function: FunctionValue, site: Site, state: State) -> dict[str, Any]:
        facts = self.names.function(function.path, function.qualname)
        params = facts.params if facts is not None else ()
        if facts is not None and facts.owner:
            params = params[1:]
        plain = [param for param in params if param.kind not in ("*", "**") and not param.default]
        return {param.name: self.provided(annotated(param), function.scope, site, state) for param in plain}


def annotated(param: Param) -> Expr:
    """The annotation of a parameter as an expression, quoted or not."""
    expr = param.annotation_expr if param.annotation_expr is not None else expression_of(param.annotation)
    text = ir.match(expr, ir.Text)
    if text is not None:
        return expression_of(text.value)
    return expression_of(expr.strip("\"'")) if isinstance(expr, str) else expr


def _makers(known: Provided, files: Any) -> Iterator[tuple[tuple[str, str], Maker]]:
    """Every type that a provider names, with what makes it."""
    for facts in files:
        yield from _of_functions(known, facts)
        yield from _of_attributes(known, facts)


def _of_functions(known: Provided, facts: FileFacts) -> Iterator[tuple[tuple[str, str], Maker]]:
    for function in facts.functions:
        if any(_names_provide(one) for one in function.decorators):
            returned = function.returns_expr if function.returns_expr is not None else expression_of(function.returns)
            wraps = ir.match(returned, ir.Subscript)  # an iterator that yields it
            symbol = _symbol(known, facts.path, wraps.index if wraps is not None else returned)
            if symbol is not None:
                yield (symbol.path, symbol.name), Maker("function", facts.path, function.qualname)


def _of_attributes(known: Provided, facts: FileFacts) -> Iterator[tuple[tuple[str, str], Maker]]:
    """`name = provide(Class, provides=Protocol)` in a class of providers."""
    for cls in facts.classes:
        for field in cls.fields:
            call = ir.match(field.default_expr, ir.Call)
            if call is None or not _names_provide(call):
                continue
            keywords = dict(call.keywords)
            source = _symbol(known, facts.path, call.args[0] if call.args else keywords.get("source"))
            if source is None or source.kind != "class":
                continue
            wanted = _symbol(known, facts.path, keywords.get("provides")) or source
            yield (wanted.path, wanted.name), Maker("class", source.path, source.name)


def _symbol(known: Provided, path: str, expr: Expr) -> Symbol | None:
    return known.names.resolve(path, expr) if isinstance(expr, str) and expr else None


def _names_provide(expr: Expr) -> bool:
    return ir.dotted(expr).rpartition(".")[2] == "provide"
