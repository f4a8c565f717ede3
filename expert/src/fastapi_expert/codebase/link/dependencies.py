"""Who depends on what: `Depends` and `Security` in signatures and aliases."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import DEPENDS

_MAX_DEPTH = 12
_PLAIN_GENERICS = ("Annotated", "Optional", "Union")


class Need(NamedTuple):
    """One `Depends(target)`; ``expr`` is the target as written in the file at ``path``."""

    path: str
    expr: Expr
    security: bool


class Dependencies:
    """The dependency graph of one codebase."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._needs: dict[tuple[str, str], tuple[Need, ...]] = {}
        self._aliases: dict[tuple[str, str], tuple[Need, ...]] = {}

    def of_function(self, path: str, function: FunctionFacts) -> tuple[Need, ...]:
        """What the parameters of a function need, in order."""
        key = (path, function.qualname)
        if key not in self._needs:
            found: list[Need] = []
            for param in function.params:
                if not param.annotation and not param.default:
                    continue
                default = param.default_expr
                in_default = list(self.in_expr(path, default)) if default is not None else []
                annotation = param.annotation_expr if param.annotation_expr is not None else param.annotation or None
                in_annotation = list(self.in_expr(path, annotation)) if annotation is not None else []
                for need in in_default or in_annotation:
                    if need.expr is None and param.annotation:  # Depends() takes the class of the annotation
                        need = Need(path, _annotated_class(annotation), need.security)
                    found.append(need)
            self._needs[key] = tuple(found)
        return self._needs[key]

    def in_expr(self, path: str, expr: Expr, depth: int = 0) -> Iterator[Need]:
        """Every need in an expression, through aliases of other modules."""
        if depth > _MAX_DEPTH or expr is None:
            return
        if isinstance(expr, str):
            key = (path, expr)
            if key not in self._aliases:
                self._aliases[key] = ()  # an alias of itself needs nothing
                self._aliases[key] = tuple(self._in_alias(path, expr, depth))
            yield from self._aliases[key]
            return
        if (call := ir.match(expr, ir.Call)) is not None:
            last = call.function.rpartition(".")[2] if isinstance(call.function, str) else ""
            if last in DEPENDS:
                yield Need(
                    path, call.args[0] if call.args else dict(call.keywords).get("dependency"), last == "Security"
                )
        elif (generic := ir.match(expr, ir.Subscript)) is not None:
            several = ir.match(generic.index, ir.Display)
            for one in several.items if several is not None else (generic.index,):
                yield from self.in_expr(path, one, depth + 1)
            if isinstance(generic.value, str) and generic.value.rpartition(".")[2] not in _PLAIN_GENERICS:
                yield from self.in_expr(path, generic.value, depth + 1)
        elif (display := ir.match(expr, ir.Display)) is not None:
            for one in display.items:
                yield from self.in_expr(path, one, depth + 1)
        elif (union := ir.match(expr, ir.Binary)) is not None:
            yield from self.in_expr(path, union.left, depth + 1)
            yield from self.in_expr(path, union.right, depth + 1)

    def _in_alias(self, path: str, name: str, depth: int) -> Iterator[Need]:
        symbol = self.names.resolve(path, name)
        if symbol is not None and symbol.kind == "value":
            value = self._value(symbol)
            if ir.tag(value) in (ir.Subscript.TAG, ir.Call.TAG, ir.Display.TAG):
                yield from self.in_expr(symbol.path, value, depth + 1)

    def _value(self, symbol: Symbol) -> Expr:
        return self.names.assigned(symbol) if "." not in symbol.name else None

    def target(self, need: Need) -> Symbol | None:
        """The function or class a need names; the class or factory when it is called (`Depends(Checker("x"))`)."""
        expr = need.expr
        while expr is not None and not isinstance(expr, str):
            if (call := ir.match(expr, ir.Call)) is not None:
                expr = call.function
            elif (part := ir.match(expr, ir.Attribute) or ir.match(expr, ir.Subscript)) is not None:
                expr = part.value
            else:
                return None
        if expr is None:
            return None
        symbol = self.names.resolve(need.path, expr)
        if symbol is not None and symbol.kind == "value":
            call = ir.match(self._value(symbol), ir.Call)
            if call is not None and isinstance(call.function, str):
                made = self.names.resolve(symbol.path, call.function)
                if made is not None and made.kind in ("class", "function", "external"):
                    return made
        return symbol

    def callable_of(self, symbol: Symbol) -> tuple[str, FunctionFacts] | None:
        """The function whose parameters FastAPI reads: itself, `__call__` of an instance's class or `__init__`."""
        if symbol.kind == "function":
            function = self.names.function(symbol.path, symbol.name)
            return (symbol.path, function) if function is not None else None
        if symbol.kind == "class":
            for name in ("__call__", "__init__"):
                found = self.names.member(symbol, name)
                if found is not None and found.kind == "function":
                    function = self.names.function(found.path, found.name)
                    if function is not None:
                        return found.path, function
        return None


def _annotated_class(annotation: Expr) -> Expr:
    """`Annotated[Service, Depends()]` → `Service`."""
    generic = ir.match(annotation, ir.Subscript)
    if generic is None or not isinstance(generic.value, str) or not generic.value.endswith("Annotated"):
        return annotation
    several = ir.match(generic.index, ir.Display)
    return _annotated_class(several.items[0]) if several is not None else generic.index
