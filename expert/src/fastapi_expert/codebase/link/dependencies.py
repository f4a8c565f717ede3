"""Who depends on what: `Depends` and `Security` in signatures and aliases, and which chains ask for credentials."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax.facts import Expr, FunctionFacts
from fastapi_expert.codebase.vocabulary import DEPENDS, REQUESTS, SECURITY_SCHEMES

_CREDENTIALS = ("auth", "token", "api_key", "apikey", "session", "credential", "principal", "user")
_REFUSALS = re.compile(
    r"Un[aA]uthori[sz]ed|Unauthenticated|Forbidden|Not(?:Authenticated|Authori[sz]ed|Permitted|Allowed)|Credential|"
    r"PermissionDenied|AccessDenied|InvalidToken|TokenError|LoginRequired|Auth\w*(?:Error|Exception)"
)
_LENIENT = frozenset({"auto_error", "required"})
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
        self._protects: dict[tuple[str, str], bool] = {}

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

    # -- protection -----------------------------------------------------------------------------------------------

    def protects(self, need: Need, depth: int = 0) -> bool:
        """Whether this need, or one behind it, turns away who shows no credentials."""
        symbol = self.target(need)
        if self._is_lenient(need):
            return False
        if need.security and (symbol is None or symbol.kind == "external"):
            return True
        if symbol is None:
            return False
        if self.symbol_protects(symbol, depth):
            return True
        if symbol.kind == "function" and not isinstance(need.expr, str):  # Depends(factory(…)): one of those it names
            return self._makes_protection(symbol, depth)
        return False

    def _makes_protection(self, factory: Symbol, depth: int) -> bool:
        function = self.names.function(factory.path, factory.name)
        for name in function.names if function is not None and depth < _MAX_DEPTH else ():
            symbol = self.names.resolve(factory.path, name)
            if symbol is None or symbol.kind not in ("function", "class") or symbol == factory:
                continue
            if self.symbol_protects(symbol, depth + 1):
                return True
        return False

    def _is_lenient(self, need: Need) -> bool:
        """Whether the scheme or checker was made to let strangers pass: `auto_error=False`, `required=False`."""
        expr, path = need.expr, need.path
        if isinstance(expr, str):
            symbol = self.names.resolve(path, expr)
            expr = self._value(symbol) if symbol is not None and symbol.kind == "value" else None
        if expr is None or isinstance(expr, str) or expr[0] != "c":
            return False
        return is_lenient_call(expr)

    def symbol_protects(self, symbol: Symbol, depth: int = 0) -> bool:
        """Whether calling what ``symbol`` stands for as a dependency asks for credentials."""
        if symbol.kind == "external":
            return symbol.name.rpartition(".")[2] in SECURITY_SCHEMES
        key = (symbol.path, symbol.name)
        if key in self._protects or depth > _MAX_DEPTH:
            return self._protects.get(key, False)
        self._protects[key] = False
        self._protects[key] = self._asks(symbol, depth)
        return self._protects[key]

    def _asks(self, symbol: Symbol, depth: int) -> bool:
        if symbol.kind == "class" and any(
            base.kind == "external" and base.name.rpartition(".")[2] in SECURITY_SCHEMES
            for base in self.names.ancestors(symbol.path, symbol.name)
        ):
            return True
        called = self.callable_of(symbol)
        if called is None:
            return False
        path, function = called
        if "optional" in function.name.lower() and ("None" in function.returns or "Optional" in function.returns):
            return False
        if any(self.protects(need, depth + 1) for need in self.of_function(path, function)):
            return True
        if self._reads_credentials(path, function) and self._refuses(path, function, 0):
            return True
        inner = f"{function.qualname}."  # a dependency factory: what it returns is what FastAPI calls
        return any(
            self._asks(Symbol("function", path, other.qualname), depth + 1)
            for other in self.names.files[path].functions
            if other.qualname.startswith(inner) and other.parent == function.qualname
        )

    def _reads_credentials(self, path: str, function: FunctionFacts) -> bool:
        if "authorization" in function.names:
            return True
        for param in function.params:
            if any(word in param.name.lower() for word in _CREDENTIALS):
                return True
            if param.annotation.rpartition(".")[2] in REQUESTS:
                return True
        return False

    def _refuses(self, path: str, function: FunctionFacts, depth: int) -> bool:
        for name in function.names:
            last = name.rpartition(".")[2]
            if name in ("401", "403") or last in ("HTTP_401_UNAUTHORIZED", "HTTP_403_FORBIDDEN"):
                return True
            if last[:1].isupper() and _REFUSALS.search(last):
                return True
            if depth < 1 and last[:1].islower():
                symbol = self.names.resolve(path, name)
                called = self.callable_of(symbol) if symbol is not None and symbol.kind == "function" else None
                if called is not None and called[1] is not function and self._refuses(*called, depth + 1):
                    return True
        return False


def _annotated_class(annotation: Expr) -> Expr:
    """`Annotated[Service, Depends()]` → `Service`."""
    if annotation is None or isinstance(annotation, str):
        return annotation
    if annotation[0] == "i" and isinstance(annotation[1], str) and annotation[1].endswith("Annotated"):
        inner = annotation[2]
        return _annotated_class(inner[1][0]) if not isinstance(inner, str) and inner[0] == "l" else inner
    return annotation


def is_lenient_call(expr: Expr) -> bool:
    """Whether a call makes something that lets strangers pass."""
    if any(name in _LENIENT and value[0] == "k" and value[1] is False for name, value in expr[3]):
        return True
    return "Anonymous" in str(expr[2:4])
