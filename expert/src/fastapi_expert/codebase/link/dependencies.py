"""Who depends on what: `Depends` and `Security` in signatures and aliases."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax.facts import Expr, FunctionFacts
from fastapi_expert.codebase.vocabulary import DEPENDS

_MAX_DEPTH = 12


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
        if expr[0] == "c":
            last = expr[1].rpartition(".")[2] if isinstance(expr[1], str) else ""
            if last in DEPENDS:
                target = expr[2][0] if expr[2] else next((v for n, v in expr[3] if n == "dependency"), None)
                yield Need(path, target, last == "Security")
            elif depth and isinstance(expr[1], str) and last not in ("Field", "Query", "Body", "Path", "Header"):
                return
        elif expr[0] == "i":
            inner = expr[2]
            for one in inner[1] if not isinstance(inner, str) and inner and inner[0] == "l" else (inner,):
                yield from self.in_expr(path, one, depth + 1)
            if isinstance(expr[1], str) and expr[1].rpartition(".")[2] not in ("Annotated", "Optional", "Union"):
                yield from self.in_expr(path, expr[1], depth + 1)
        elif expr[0] == "l":
            for one in expr[1]:
                yield from self.in_expr(path, one, depth + 1)
        elif expr[0] == "b":
            yield from self.in_expr(path, expr[2], depth + 1)
            yield from self.in_expr(path, expr[3], depth + 1)

    def _in_alias(self, path: str, name: str, depth: int) -> Iterator[Need]:
        symbol = self.names.resolve(path, name)
        if symbol is not None and symbol.kind == "value":
            value = self._value(symbol)
            if value is not None and not isinstance(value, str) and value[0] in ("i", "c", "l"):
                yield from self.in_expr(symbol.path, value, depth + 1)

    def _value(self, symbol: Symbol) -> Expr:
        return self.names.assigned(symbol) if "." not in symbol.name else None

    def target(self, need: Need) -> Symbol | None:
        """The function or class a need names; the class or factory when it is called (`Depends(Checker("x"))`)."""
        expr = need.expr
        while expr is not None and not isinstance(expr, str):
            if expr[0] in ("c", "a", "i"):
                expr = expr[1]
            else:
                return None
        if expr is None:
            return None
        symbol = self.names.resolve(need.path, expr)
        if symbol is not None and symbol.kind == "value":
            value = self._value(symbol)
            if value is not None and not isinstance(value, str) and value[0] == "c" and isinstance(value[1], str):
                made = self.names.resolve(symbol.path, value[1])
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
    if annotation is None or isinstance(annotation, str):
        return annotation
    if annotation[0] == "i" and isinstance(annotation[1], str) and annotation[1].endswith("Annotated"):
        inner = annotation[2]
        return _annotated_class(inner[1][0]) if not isinstance(inner, str) and inner[0] == "l" else inner
    return annotation
