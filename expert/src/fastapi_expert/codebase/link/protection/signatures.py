"""What a signature says of its parameters, through aliases of every form."""

from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.values import (
    Dependency,
    External,
    FunctionValue,
    Instance,
    Scope,
)
from fastapi_expert.codebase.link.classes import type_arguments
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.stranger import Stranger
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts, Param
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import PARAMETERS

_MAX_ALIASES = 12
_UNIONS = ("Optional", "Union")


class Parameter(NamedTuple):
    """What an annotation and a default say of a parameter; ``type`` is the annotated expression without its extras."""

    dependency: Dependency | None
    marker: Instance | None
    type: Expr
    scope: Scope


class Signatures(Stranger):
    """A stranger's request that reads the signatures of what FastAPI calls."""

    aliases: dict[tuple[str, str], "tuple[Dependency | None, Instance | None, Expr, Scope]"]
    """What each alias of an annotation says; the same dependency wherever it is used."""

    def wrapped(self, function: FunctionValue, facts: FunctionFacts | None) -> FunctionValue | None:
        """The function whose signature `functools.wraps` lends to this one."""
        for decorator in facts.decorators if facts is not None else ():
            call = ir.match(decorator, ir.Call)
            if call is None or not isinstance(call.function, str) or library.last(call.function) != "wraps":
                continue
            value = self.evaluate(call.args[0], State({}), function.scope) if call.args else None
            return value if isinstance(value, FunctionValue) and value is not function else None
        return None

    def parameter(self, function: FunctionValue, param: Param) -> Parameter:
        """What a parameter is, through aliases of every form."""
        annotation = param.annotation_expr if param.annotation_expr is not None else expression_of(param.annotation)
        dependency, marker, base, scope = self._annotated(annotation, function.scope, 0)
        if param.default_expr is not None and ir.tag(param.default_expr) not in (ir.Constant.TAG, ir.Text.TAG):
            default = self.evaluate(param.default_expr, State({}), function.scope)
            if isinstance(default, Dependency):
                dependency = default
            elif _is_marker(default):
                marker = default
        return Parameter(dependency, marker, base, scope)

    def _annotated(
        self, expr: Expr, scope: Scope, depth: int
    ) -> tuple[Dependency | None, Instance | None, Expr, Scope]:
        """The dependency, the marker and the type in an annotation, and the scope in which the type is written."""
        if expr is None or depth > _MAX_ALIASES:
            return None, None, expr, scope
        if isinstance(expr, str):
            symbol = self.names.resolve(scope.path, expr)
            if symbol is None or symbol.kind != "value" or "." in symbol.name:
                return None, None, expr, scope
            assigned = self.names.assigned(symbol)
            if assigned is None or ir.tag(assigned) not in (ir.Subscript.TAG, ir.Binary.TAG, ir.Call.TAG):
                return None, None, expr, scope
            key = (symbol.path, symbol.name)
            if key not in self.aliases:
                self.aliases[key] = self._annotated(assigned, self.interp.run_module(symbol.path), depth + 1)
            return self.aliases[key]
        generic = ir.match(expr, ir.Subscript)
        if generic is not None:
            name = generic.value.rpartition(".")[2] if isinstance(generic.value, str) else ""
            items = ir.match(generic.index, ir.Display)
            parts = list(items.items) if items is not None else [generic.index]
            if name == "Annotated":
                return self._extras(parts, scope, depth)
            if name in _UNIONS:
                return self._first(parts, scope, depth)
            dependency, marker, _, _ = self._annotated(generic.value, scope, depth + 1)
            return dependency, marker, generic.value, scope
        union = ir.match(expr, ir.Binary)
        if union is not None:
            return self._first([union.left, union.right], scope, depth)
        return None, None, expr, scope

    def _extras(
        self, parts: list[Expr], scope: Scope, depth: int
    ) -> tuple[Dependency | None, Instance | None, Expr, Scope]:
        """`Annotated[type, extra, …]`: the last extra that says something counts."""
        dependency, marker, base, where = self._annotated(parts[0], scope, depth + 1)
        for one in parts[1:]:
            value = self.evaluate(one, State({}), scope)
            if isinstance(value, Dependency):
                dependency = value
            elif _is_marker(value):
                marker = value
        return dependency, marker, base, where

    def _first(
        self, parts: list[Expr], scope: Scope, depth: int
    ) -> tuple[Dependency | None, Instance | None, Expr, Scope]:
        found = [self._annotated(one, scope, depth + 1) for one in parts]
        return next((one for one in found if one[0] is not None or one[1] is not None), found[0])


def expression_of(annotation: str) -> Expr:
    """An annotation of names and subscripts alone, of which the facts keep the text: `Annotated[str, login]`."""
    given = type_arguments(annotation)
    if not given:
        return annotation or None
    parts = [expression_of(one) for one in given]
    return ir.subscript(annotation.partition("[")[0].strip(), parts[0] if len(parts) == 1 else ir.display(parts))


def _is_marker(value: Any) -> bool:
    return isinstance(value, Instance) and library.last(named_class(value)) in PARAMETERS


def named_class(instance: Instance) -> str:
    return instance.cls.name if isinstance(instance.cls, External) else instance.cls.qualname
