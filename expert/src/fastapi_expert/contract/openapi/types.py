"""Annotations as types: through aliases, strings, unions and generics, with what `Annotated` says besides."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    External,
    Instance,
    Member,
    Scope,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.description import status_code
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.expressions import Translator
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.syntax.parsing import language, parse

Kind = Literal[
    "name", "class", "list", "set", "tuple", "dict", "union", "literal", "any", "none", "subclass", "unknown"
]

_DEPTH = 16
_LISTS = frozenset(
    {"list", "List", "Sequence", "MutableSequence", "Iterable", "Iterator", "deque", "Deque", "Collection"}
)
_SETS = frozenset({"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"})
_DICTS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict", "OrderedDict", "Counter"}
)
_TUPLES = frozenset({"tuple", "Tuple"})
_TRANSPARENT = frozenset({"Required", "NotRequired", "Final", "ReadOnly", "Mapped", "ClassVar"})
_MARK_NAMES = """
Field Query Path Header Cookie Body Form File Discriminator Tag StringConstraints Gt Ge Lt Le MultipleOf MinLen MaxLen
Len Interval AfterValidator BeforeValidator WrapValidator PlainValidator PlainSerializer WrapSerializer
WithJsonSchema Strict AllowInfNan UuidVersion PathType GetPydanticSchema SkipJsonSchema AliasChoices AliasPath
computed_field conint confloat constr conlist conset condecimal conbytes condate mapped_column Column
Relationship relationship
"""
_MARKS = frozenset(_MARK_NAMES.split())
"""Calls that say something of a field or a parameter; they are read, not run."""
_SERIALIZERS = frozenset({"PlainSerializer", "WrapSerializer"})


class NotKnown:
    """Stands for a value that the text does not tell."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Mark:
    """A call that says something of a field or a parameter, `Field(gt=0)`: plain values, NotKnown where not known."""

    name: str
    args: tuple[Any, ...]
    keywords: Mapping[str, Any]

    def get(self, name: str, position: int | None = None, default: Any = None) -> Any:
        """The argument ``name``, which may also stand at ``position``."""
        if name in self.keywords:
            return self.keywords[name]
        return self.args[position] if position is not None and len(self.args) > position else default

    def has(self, name: str, position: int | None = None) -> bool:
        """Whether that argument is given."""
        return name in self.keywords or (position is not None and len(self.args) > position)


@dataclass(frozen=True, slots=True)
class Type:
    """A type: ``name`` of what is outside of the codebase, ``place`` of a class of it, ``args`` what it is made of."""

    kind: Kind
    name: str = ""
    place: tuple[str, str] = ("", "")
    args: "tuple[Type, ...]" = ()
    values: tuple[Any, ...] = ()
    marks: tuple[Any, ...] = ()
    """Marks and dependencies, of the innermost `Annotated` first."""

    @property
    def is_optional(self) -> bool:
        """Whether None is one of its values."""
        return self.kind == "none" or (self.kind == "union" and any(one.kind == "none" for one in self.args))

    def without_marks(self) -> "Type":
        return replace(self, marks=()) if self.marks else self


ANY = Type("any")
NONE = Type("none")
Bound = Mapping[str, Type]
"""What the type variables of a generic class stand for."""


def expression_of(text: str) -> Expr:
    """The expression of an annotation that is kept, or written, as text."""
    source = text.encode("utf-8", "surrogatepass")
    root = parse(source)
    node = root.named_children[0] if root.named_children else None
    while node is not None and node.type in ("expression_statement", "parenthesized_expression"):
        node = node.named_children[0] if node.named_children else None
    return Translator(source, language()).expr(node) if node is not None and not root.has_error else None


class Types:
    """Reads annotations of one codebase."""

    def __init__(self, interp: Interpreter) -> None:
        self.interp = interp
        self.names = interp.names
        self.outside: set[str] = set()
        """The packages of what was met that is not of the codebase."""

    def of(self, text: str, expr: Expr, scope: Scope, bound: Bound | None = None) -> Type:
        """The type of an annotation: ``expr`` where the facts keep it, else its ``text``."""
        if expr is None:
            if not text:
                return ANY
            expr = expression_of(text)
        return self.read(expr, scope, bound or {}, 0)

    def read(self, expr: Expr, scope: Scope, bound: Bound, depth: int) -> Type:
        if depth > _DEPTH:
            return Type("unknown", name="it hangs on itself")
        if expr is None:
            return ANY
        if isinstance(expr, str):
            return self._named(expr, scope, bound, depth)
        if (text := ir.text_of(expr)) is not None:
            return self.read(expression_of(text), scope, bound, depth + 1)
        if ir.is_constant(expr, None):
            return NONE
        if (union := ir.match(expr, ir.Binary)) is not None and union.operator == "|":
            return _union([self.read(one, scope, bound, depth + 1) for one in (union.left, union.right)])
        if (generic := ir.match(expr, ir.Subscript)) is not None:
            several = ir.match(generic.index, ir.Display)
            items = list(several.items) if several is not None else [generic.index]
            return self._subscript(generic.value, items, scope, bound, depth)
        if (call := ir.match(expr, ir.Call)) is not None:
            mark = self.mark(expr, scope)
            if isinstance(mark, Mark) and mark.name.startswith("con"):
                return self._constrained(mark, call, scope, bound, depth)
        return Type("unknown", name="an annotation that is worked out while the program runs")

    # -- names ------------------------------------------------------------------------------------------------------

    def _named(self, name: str, scope: Scope, bound: Bound, depth: int) -> Type:
        if name in bound:
            return bound[name]
        if (local := class_type(in_function(name, scope))) is not None:
            return local
        last = name.rpartition(".")[2]
        symbol = self.names.resolve(scope.path, name)
        if symbol is None:
            return _builtin(name) or Type("unknown", name=f"{name} is not known")
        if symbol.kind == "class":
            return Type("class", name=symbol.name.rpartition(".")[2], place=(symbol.path, symbol.name))
        if symbol.kind == "external":
            self.outside.add(symbol.name.partition(".")[0])
            return _external(symbol.name)
        if symbol.kind == "value":
            return self._alias(symbol, bound, depth)
        return Type("unknown", name=f"{last} is no type")

    def _alias(self, symbol: Symbol, bound: Bound, depth: int) -> Type:
        assigned = self.names.assigned(symbol)
        call = ir.match(assigned, ir.Call)
        if call is not None and isinstance(call.function, str):
            last = call.function.rpartition(".")[2]
            scope = self.interp.run_module(symbol.path)
            if last == "TypeVar":
                default = dict(call.keywords).get("default", dict(call.keywords).get("bound"))
                return self.read(default, scope, bound, depth + 1) if default is not None else ANY
            if last == "NewType" and len(call.args) == 2:
                return self.read(call.args[1], scope, bound, depth + 1)
        if assigned is None or "." in symbol.name:
            return Type("unknown", name=f"{symbol.name} is not known")
        return self.read(assigned, self.interp.run_module(symbol.path), bound, depth + 1)

    def _subscript(self, value: Expr, items: Sequence[Expr], scope: Scope, bound: Bound, depth: int) -> Type:
        head = value if isinstance(value, str) else ""
        symbol = self.names.resolve(scope.path, head) if head else None
        last = (symbol.name if symbol is not None and symbol.kind == "external" else head).rpartition(".")[2]

        def read(expr: Expr) -> Type:
            return self.read(expr, scope, bound, depth + 1)

        if symbol is not None and symbol.kind == "class":
            given = tuple([read(one) for one in items])
            return Type("class", symbol.name.rpartition(".")[2], (symbol.path, symbol.name), given)
        if symbol is not None and symbol.kind == "value":
            return self._generic_alias(symbol, [read(one) for one in items], bound, depth)
        if last == "Annotated":
            inner = read(items[0])
            marks = [self.mark(one, scope) for one in items[1:]]
            return replace(inner, marks=(*inner.marks, *[one for one in marks if one is not None]))
        if last == "Optional":
            return _union([read(items[0]), NONE])
        if last == "Union":
            return _union([read(one) for one in items])
        if last == "Literal":
            return Type("literal", values=tuple(self._choices(items, scope)))
        if last in _LISTS:
            return Type("list", args=(read(items[0]),))
        if last in _SETS:
            return Type("set", args=(read(items[0]),))
        if last in _DICTS:
            return Type("dict", args=tuple([read(one) for one in items]))
        if last in _TUPLES:
            is_open = len(items) == 2 and ir.tag(items[1]) == ir.ELLIPSIS
            return Type("list", args=(read(items[0]),)) if is_open else Type("tuple", args=tuple(map(read, items)))
        if last in _TRANSPARENT:
            return read(items[0])
        if last == "SkipJsonSchema":
            inner = read(items[0])
            return replace(inner, marks=(*inner.marks, Mark("SkipJsonSchema", (), {})))
        if last in ("Type", "type"):
            return Type("subclass")
        if last in ("Page", "Annotated", "Json"):
            return Type("unknown", name=f"{last} of a library")
        return Type("unknown", name=f"{head or 'a generic'} is not known")

    def _choices(self, items: Sequence[Expr], scope: Scope) -> Iterator[Any]:
        """The values in `Literal[…]`; `Literal[tuple(names)]` has all of them."""
        for one in items:
            value = self.value(one, scope)
            if not is_list(value):
                yield value
            elif value:
                yield from value
            else:
                yield NotKnown("what is in a Literal")

    def _generic_alias(self, symbol: Symbol, given: list[Type], bound: Bound, depth: int) -> Type:
        """`Items = Page[T]`, then `Items[Item]`: the type variables of the alias in the order they are written."""
        assigned = self.names.assigned(symbol)
        scope = self.interp.run_module(symbol.path)
        variables = list(dict.fromkeys(self._variables(assigned, scope)))
        return self.read(assigned, scope, {**bound, **dict(zip(variables, given, strict=False))}, depth + 1)

    def _variables(self, expr: Expr, scope: Scope) -> list[str]:
        if isinstance(expr, str):
            symbol = self.names.resolve(scope.path, expr)
            call = (
                ir.match(self.names.assigned(symbol), ir.Call)
                if symbol is not None and symbol.kind == "value"
                else None
            )
            is_variable = call is not None and isinstance(call.function, str) and call.function.endswith("TypeVar")
            return [expr] if is_variable else []
        return [one for part in ir.parts_of_expression(expr) for one in self._variables(part, scope)] if expr else []

    def _constrained(self, mark: Mark, call: ir.Call, scope: Scope, bound: Bound, depth: int) -> Type:
        """`conint(gt=0)`, `constr(…)`, `conlist(Item, min_length=1)`."""
        base = {"conint": "int", "confloat": "float", "constr": "str", "conbytes": "bytes"}.get(mark.name)
        if base is not None:
            return replace(_builtin(base) or ANY, marks=(mark,))
        outside = {"condecimal": "decimal.Decimal", "condate": "datetime.date"}.get(mark.name)
        if outside is not None:
            return Type("name", outside, marks=(mark,))
        item = self.read(call.args[0], scope, bound, depth + 1) if call.args else ANY
        return Type("set" if mark.name == "conset" else "list", args=(item,), marks=(mark,))

    # -- values -----------------------------------------------------------------------------------------------------

    def _is_of_a_library(self, symbol: Symbol) -> bool:
        """Whether a name comes from an installed package: `Path` of `pathlib` marks nothing."""
        if symbol.kind == "external":
            return symbol.name.partition(".")[0] not in sys.stdlib_module_names
        return self.names.is_library(symbol.path)

    def mark(self, expr: Expr, scope: Scope) -> Any:
        """A Mark or a Dependency, or None for what says nothing; through names and helpers that give one."""
        call = ir.match(expr, ir.Call)
        if isinstance(expr, str):
            if isinstance(given := in_function(expr, scope), Dependency):
                return given
            symbol = self.names.resolve(scope.path, expr)
            if symbol is not None and symbol.kind == "value" and "." not in symbol.name:
                assigned = self.names.assigned(symbol)
                if ir.match(assigned, ir.Call) is not None:
                    return self.mark(assigned, self.interp.run_module(symbol.path))
            if symbol is not None and symbol.kind == "external" and symbol.name.rpartition(".")[2] in _MARKS:
                return Mark(symbol.name.rpartition(".")[2], (), {})
            return None
        if call is None:
            return None
        name = call.function if isinstance(call.function, str) else ""
        symbol = self.names.resolve(scope.path, name) if name else None
        last = (symbol.name if symbol is not None else name).rpartition(".")[2]
        if last in _MARKS and (symbol is None or self._is_of_a_library(symbol)):
            keywords = {key: self._argument(key, one, scope) for key, one in call.keywords if key}
            if last in _SERIALIZERS:
                return Mark(last, (), {"return_type": self._given_out(call, scope)})
            return Mark(last, tuple([self.value(one, scope) for one in call.args]), keywords)
        value = self.interp.evaluate(expr, scope)
        if isinstance(value, Dependency):
            return value
        if isinstance(value, Instance) and isinstance(value.cls, External):
            last = value.cls.name.rpartition(".")[2]
            if last in _MARKS:
                args = [plain(one) for key, one in value.attributes.items() if key.isdigit()]
                rest = {key: plain(one) for key, one in value.attributes.items() if not key.isdigit()}
                return Mark(last, tuple(args), rest)
        return None

    def _argument(self, name: str, expr: Expr, scope: Scope) -> Any:
        """The value of an argument; of a factory only that there is one, of several aliases the first."""
        if name == "default_factory":
            return NotKnown("made anew each time")
        call = ir.match(expr, ir.Call) if name == "validation_alias" else None
        if call is not None and isinstance(call.function, str) and call.function.endswith("AliasChoices"):
            given = (self.value(one, scope) for one in call.args)
            return next((one for one in given if isinstance(one, str)), None)
        return self.value(expr, scope)

    def _given_out(self, call: ir.Call, scope: Scope) -> Type | None:
        """The type that a serializer says that it gives; None where it says none."""
        said = dict(call.keywords).get("return_type")
        if said is not None:
            return self.of("", said, scope)
        function = call.args[0] if call.args else dict(call.keywords).get("func")
        symbol = self.names.resolve(scope.path, function) if isinstance(function, str) else None
        facts = self.names.function(symbol.path, symbol.name) if symbol is not None and symbol.path else None
        return self.of(facts.returns, facts.returns_expr, scope) if facts is not None and facts.returns else None

    def value(self, expr: Expr, scope: Scope) -> Any:
        """The plain value of an expression: numbers, texts, lists, mappings; NotKnown where the text does not tell."""
        if ir.tag(expr) == ir.ELLIPSIS:
            return ...
        call = ir.match(expr, ir.Call)
        if call is not None and isinstance(call.function, str):
            symbol = self.names.resolve(scope.path, call.function)
            make = _MADE.get(symbol.name) if symbol is not None and symbol.kind == "external" else None
            given = [plain(self.interp.evaluate(one, scope)) for one in call.args]
            if make is not None and given and not call.keywords and all(map(is_known, given)):
                return make(given)
        return plain(self.interp.evaluate(expr, scope))


def in_function(name: str, scope: Scope) -> Any:
    """What a name stands for in a function around, such as a factory of routes; None where it is none of theirs."""
    while scope.parent is not None:
        if name in scope.names:
            return scope.names[name]
        scope = scope.parent
    return None


def class_type(value: Any) -> Type | None:
    """The type that a class is as a value; None of what is no class."""
    if isinstance(value, ClassValue):
        return Type("class", value.qualname.rpartition(".")[2], (value.path, value.qualname))
    return _external(value.name) if isinstance(value, External) else None


def plain(value: Any) -> Any:
    """A value of the interpreter as JSON holds it."""
    if isinstance(value, Member):
        return plain(value.value)
    if value is None or value is ... or isinstance(value, str | int | float | bool):
        return value
    if is_list(value):
        return [plain(one) for one in value]
    if is_dict(value):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, Unknown):
        return NotKnown(value.reason)
    if (status := status_code(value)) is not None:
        return status
    return NotKnown("it is not a plain value")


def is_known(value: Any) -> bool:
    """Whether a plain value holds nothing that is not known."""
    if isinstance(value, NotKnown):
        return False
    if is_list(value):
        return all(is_known(one) for one in value)
    return all(is_known(one) for one in value.values()) if is_dict(value) else True


def _union(parts: Sequence[Type]) -> Type:
    """A flat union, each part once, None at the end as pydantic writes it; marks of one part go with that part."""
    flat: list[Type] = []
    for one in parts:
        for part in one.args if one.kind == "union" and not one.marks else (one,):
            if part not in flat:
                flat.append(part)
    return flat[0] if len(flat) == 1 else Type("union", args=tuple(flat))


def _time(given: list[Any]) -> Any:
    hour, minute, second = [*given, 0, 0][:3]
    return f"{hour:02}:{minute:02}:{second:02}"


_MADE: dict[str, Callable[[list[Any]], Any]] = {
    "decimal.Decimal": lambda given: str(given[0]),
    "uuid.UUID": lambda given: str(given[0]),
    "pathlib.Path": lambda given: "/".join(map(str, given)),
    "datetime.time": _time,
    "datetime.date": lambda given: "-".join(f"{one:02}" for one in given),
}
"""What is made by a call of the standard library, as JSON holds it."""
_BUILTINS = frozenset({"str", "int", "float", "bool", "bytes", "complex"})


def _builtin(name: str) -> Type | None:
    if name in _BUILTINS:
        return Type("name", name)
    if name == "None":
        return NONE
    if name == "object":
        return ANY
    return _bare_generic(name)


def _bare_generic(last: str) -> Type | None:
    if last in _LISTS or last in _TUPLES:
        return Type("list", args=(ANY,))
    if last in _SETS:
        return Type("set", args=(ANY,))
    if last in _DICTS:
        return Type("dict", args=())
    return None


def _external(name: str) -> Type:
    last = name.rpartition(".")[2]
    if name in ("typing.Any", "typing_extensions.Any"):
        return ANY
    if name == "typing.Text":
        return Type("name", "str")
    if name.partition(".")[0] in ("typing", "typing_extensions", "collections"):
        return _bare_generic(last) or Type("name", name)
    return Type("name", name)
