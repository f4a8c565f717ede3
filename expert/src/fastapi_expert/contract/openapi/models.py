"""The fields of Pydantic models, enumerations and data classes, as pydantic collects them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from typing import Any

from fastapi_expert.codebase.files.pins import Range
from fastapi_expert.codebase.interpret.values import Arguments, FunctionValue, Scope, Site, is_list
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FieldFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.contract.openapi.types import ANY, Bound, Mark, NotKnown, Type, Types, is_known

ABSENT = NotKnown("no default")
"""Stands for a default that is not there."""
_MODELS = frozenset({"BaseModel", "RootModel", "SQLModel", "GenericModel", "BaseSettings"})
_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "IntFlag", "Flag"})
_IGNORED = frozenset({"model_config", "Config", "__tablename__", "__table_args__", "__abstract__", "__mapper_args__"})
_NO_FIELDS = frozenset({"Relationship", "relationship", "PrivateAttr"})


def _pascal(name: str) -> str:
    """As pydantic does it: letters after others become small."""
    return re.sub(r"([0-9A-Za-z])_(?=[0-9A-Z])", r"\1", name.title())


def _camel(name: str) -> str:
    if re.match(r"^[a-z]+[A-Za-z0-9]*$", name) and not re.search(r"\d(?=[a-z])", name):
        return name
    return re.sub(r"^_*[A-Z]", lambda found: found[0].lower(), _pascal(name))


def _humped(name: str) -> str:
    """As humps does it: only what follows an underscore changes."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


_GENERATORS: dict[str, Callable[[str], str]] = {
    "to_camel": _camel,
    "to_pascal": _pascal,
    "camelize": _humped,
    "pascalize": lambda name: _humped(f"_{name}"),
    "to_snake": str,
}
"""What functions of pydantic and humps make of a field's name."""


@dataclass(frozen=True, slots=True)
class ModelField:
    """One field. ``marks`` are those of its annotation and its default, the latter last; ``alias`` as sent."""

    name: str
    alias: str
    type: Type
    marks: tuple[Mark, ...]
    default: Any
    required: bool
    is_computed: bool = False
    serialized: Type | None = None
    """What a `field_serializer` says that it gives, in place of the type."""
    assigned: Mark | None = None
    """The one of the marks that is its default, as in `x: int = Field(gt=0)`."""


@dataclass(slots=True)
class Model:
    """A class that has a schema of its own."""

    kind: str
    """`model`, `enum`, `dataclass`, `typed dict`, `root` or `` for a class that is none of them."""
    place: tuple[str, str]
    title: str
    description: str = ""
    fields: dict[str, ModelField] = field(default_factory=dict[str, ModelField])
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    values: list[Any] = field(default_factory=list[Any])
    root: Type | None = None
    serialized: Type | None = None
    """What a `model_serializer` says that it gives, in place of the fields."""
    unknown: list[str] = field(default_factory=list[str])
    """Why fields may be missing."""


class Models:
    """Reads classes of one codebase; each (class, arguments) once."""

    def __init__(self, types: Types, pydantic: Range) -> None:
        self._types = types
        self._optional_may_be_missing = pydantic.is_below((2, 0))
        self._names = types.names
        self._known: dict[tuple[tuple[str, str], tuple[Type, ...]], Model] = {}

    def of(self, type_: Type) -> Model:
        """The model of a type of kind `class`."""
        key = (type_.place, type_.args)
        if key not in self._known:
            self._known[key] = self._read(type_.place, type_.args)
        return self._known[key]

    def _read(self, place: tuple[str, str], args: tuple[Type, ...]) -> Model:
        path, qualname = place
        facts = self._names.class_(path, qualname)
        if facts is None:
            return Model("", place, qualname)
        kind = self._kind(path, facts)
        model = Model(kind, place, facts.name, spoken(facts.docstring))
        if kind == "enum":
            self._members(path, facts, model)
            return model
        if kind:
            bound = dict(zip(self._variables(path, facts), args, strict=False))
            self._collect(path, facts, bound, model)
            self._configure(model)
        return model

    def _kind(self, path: str, facts: ClassFacts) -> str:
        outside = {one.name for one in self._names.ancestors(path, facts.qualname) if one.kind == "external"}
        self._types.outside.update(name.partition(".")[0] for name in outside)
        last = {name.rpartition(".")[2] for name in outside}
        if last & _ENUMS:
            return "enum"
        if "RootModel" in last:
            return "root"
        if last & _MODELS:
            return "model"
        if "TypedDict" in last:
            return "typed dict"
        for decorator in facts.decorators:
            call = ir.match(decorator, ir.Call)
            name = call.function if call is not None else decorator
            if isinstance(name, str) and name.rpartition(".")[2] == "dataclass":
                return "dataclass"
        return "named tuple" if "NamedTuple" in last else ""

    def _members(self, path: str, facts: ClassFacts, model: Model) -> None:
        """The values of an enumeration, those of the classes above it first; `auto()` counts or takes the name."""
        scope = self._types.interp.run_module(path)
        outside = {one.name.rpartition(".")[2] for one in self._names.ancestors(path, facts.qualname)}
        for one in facts.fields:
            if one.name.startswith("_") or (one.annotation and not one.default):
                continue
            call = ir.match(one.default_expr, ir.Call)
            if call is not None and isinstance(call.function, str) and call.function.rpartition(".")[2] == "auto":
                value: Any = one.name.lower() if "StrEnum" in outside else len(model.values) + 1
            else:
                value = self._types.value(_default_of(one), scope)
            if is_list(value) and value and outside & {"str", "int"}:
                value = value[0]
            if not is_known(value):
                model.unknown.append(f"the value of {facts.name}.{one.name}")
            elif value not in model.values:
                model.values.append(value)

    # -- fields -----------------------------------------------------------------------------------------------------

    def _variables(self, path: str, facts: ClassFacts) -> tuple[str, ...]:
        """The type variables of a class, in the order in which arguments fill them."""
        if facts.type_params:
            return tuple(one.partition(":")[0].strip() for one in facts.type_params)
        found: dict[str, None] = {}
        for base in facts.base_exprs:
            subscript = ir.match(base, ir.Subscript)
            if subscript is None:
                continue
            several = ir.match(subscript.index, ir.Display)
            for one in several.items if several is not None else (subscript.index,):
                if isinstance(one, str) and self._is_variable(path, one):
                    found[one] = None
        for text in facts.bases:
            if "[" in text:
                inner = text[text.index("[") + 1 : text.rindex("]")]
                for name in (part.strip() for part in inner.split(",")):
                    if self._is_variable(path, name):
                        found[name] = None
        return tuple(found)

    def _is_variable(self, path: str, name: str) -> bool:
        symbol = self._names.resolve(path, name)
        if symbol is None or symbol.kind != "value" or "." in symbol.name:
            return False
        call = ir.match(self._names.assigned(symbol), ir.Call)
        return call is not None and isinstance(call.function, str) and call.function.rpartition(".")[2] == "TypeVar"

    def _collect(self, path: str, facts: ClassFacts, bound: Bound, model: Model, depth: int = 0) -> None:
        scope = self._types.interp.run_module(path)
        for text, expr in zip(reversed(facts.bases), reversed(facts.base_exprs), strict=True):
            self._inherit(path, text, expr, scope, bound, model, depth)
        for name, value in facts.keywords:  # class X(BaseModel, extra="forbid")
            model.config[name] = self._types.value(value, scope)
        for one in facts.fields:
            if one.name == "model_config":
                self._read_config(one.default_expr, scope, model)
            elif one.annotation and (found := self._field(one, scope, bound, model)) is not None:
                model.fields[one.name] = found
            elif one.name in model.fields and not one.annotation and one.default:
                kept = model.fields[one.name]
                model.fields[one.name] = self._assigned(kept, one, scope)
        self._inner_config(path, facts, model)
        self._of_methods(path, facts, scope, bound, model)

    def _inherit(self, path: str, text: str, expr: Expr, scope: Scope, bound: Bound, model: Model, depth: int) -> None:
        base = self._types.of(text, expr if not isinstance(expr, str) else None, scope, bound)
        last = (base.name or text).rpartition(".")[2].partition("[")[0]
        if base.kind == "class":
            facts = self._names.class_(*base.place)
            if facts is not None and depth < 20:
                inner = dict(zip(self._variables(base.place[0], facts), base.args, strict=False))
                self._collect(base.place[0], facts, inner, model, depth + 1)
                if model.kind == "root" and model.root is None and base.args:
                    model.root = base.args[0]
            return
        head = text.partition("[")[0].rpartition(".")[2]
        if head == "RootModel" and "[" in text:
            model.root = self._types.of(text[text.index("[") + 1 : -1], None, scope, bound)
        elif last not in _MODELS and head not in (
            *_MODELS,
            "Generic",
            "Protocol",
            "ABC",
            "TypedDict",
            "NamedTuple",
            "object",
            "str",
            "int",
        ):
            model.unknown.append(f"what {model.title} inherits from {last}")

    def _field(self, one: FieldFacts, scope: Scope, bound: Bound, model: Model) -> ModelField | None:
        if (
            one.name in _IGNORED
            or one.name.startswith("_")
            or one.annotation.startswith(("ClassVar", "typing.ClassVar"))
        ):
            return None
        type_ = self._types.of(one.annotation, one.annotation_expr, scope, bound)
        marks = [mark for mark in type_.marks if isinstance(mark, Mark)]
        default: Any = ABSENT
        assigned: Mark | None = None
        if one.default:
            expr = _default_of(one)
            mark = self._types.mark(expr, scope) if ir.tag(expr) == ir.Call.TAG else None
            if isinstance(mark, Mark):
                if mark.name in _NO_FIELDS or mark.name.lower() == "relationship":
                    return None
                marks.append(mark)
                assigned = mark
            else:
                default = self._types.value(expr, scope)
        if model.kind == "root" and one.name == "root":
            model.root = type_
        if default is ABSENT and self._optional_may_be_missing and (type_.is_optional or type_.kind == "any"):
            default = None
        return replace(_made(one.name, type_, marks, default), assigned=assigned)

    def _assigned(self, kept: ModelField, one: FieldFacts, scope: Scope) -> ModelField:
        """`x = 3` below a class that declares `x: int`."""
        value = self._types.value(_default_of(one), scope)
        return _made(kept.name, kept.type, list(kept.marks), value)

    # -- configuration ----------------------------------------------------------------------------------------------

    def _read_config(self, expr: Expr, scope: Scope, model: Model) -> None:
        call, mapping = ir.match(expr, ir.Call), ir.match(expr, ir.Mapping)
        pairs: list[tuple[Any, Expr]] = []
        if call is not None:
            pairs = [(name, value) for name, value in call.keywords]
        elif mapping is not None:
            pairs = [(ir.text_of(key), value) for key, value in mapping.pairs]
        for name, value in pairs:
            if name == "alias_generator":
                model.config[name] = self._generator(value, scope)
            elif name:
                model.config[name] = self._types.value(value, scope)

    def _inner_config(self, path: str, facts: ClassFacts, model: Model) -> None:
        inner = self._names.class_(path, f"{facts.qualname}.Config")
        scope = self._types.interp.run_module(path)
        for one in inner.fields if inner is not None else ():
            if one.name == "alias_generator":
                model.config[one.name] = self._generator(_default_of(one), scope)
            else:
                model.config[one.name] = self._types.value(_default_of(one), scope)

    def _generator(self, expr: Expr, scope: Scope) -> Any:
        """A function of names, else NotKnown."""
        call = ir.match(expr, ir.Call)
        if call is not None:  # AliasGenerator(serialization_alias=to_camel): the one for both, else not known
            expr = dict(call.keywords).get("alias")
        name = expr.rpartition(".")[2] if isinstance(expr, str) else ""
        symbol = self._names.resolve(scope.path, expr) if isinstance(expr, str) else None
        if name in _GENERATORS and (symbol is None or symbol.kind == "external"):
            return _GENERATORS[name]
        function = self._types.interp.evaluate(expr, scope) if expr is not None else None
        if not isinstance(function, FunctionValue):
            return NotKnown("an alias generator that is not read")

        def generate(one: str) -> Any:
            given = Arguments([one], {}, {}, Site(scope.path, 1), scope)
            return self._types.interp.call(function, given)

        return generate

    def _configure(self, model: Model) -> None:
        generate = model.config.get("alias_generator")
        if generate is None:
            return
        for name, one in model.fields.items():
            if one.alias != name or any(mark.has("alias") for mark in one.marks):
                continue
            alias = generate(name) if callable(generate) else None
            if not isinstance(alias, str):
                model.unknown.append(f"the aliases of {model.title}")
                return
            model.fields[name] = replace(one, alias=alias)

    def _of_methods(self, path: str, facts: ClassFacts, scope: Scope, bound: Bound, model: Model) -> None:
        """`@computed_field` properties, in answers alone, and the serializers that say what they give."""
        for qualname in facts.methods:
            method = self._names.function(path, qualname)
            if method is None:
                continue
            kinds = {ir.dotted(one).rpartition(".")[2]: one for one in method.decorators}
            type_ = self._types.of(method.returns, method.returns_expr, scope, bound) if method.returns else ANY
            if "computed_field" in kinds:
                mark = self._types.mark(kinds["computed_field"], scope)
                marks = (mark,) if isinstance(mark, Mark) else ()
                alias = next((one for mark in marks if isinstance(one := mark.get("alias"), str)), method.name)
                model.fields[method.name] = ModelField(method.name, alias, type_, marks, ABSENT, True, True)
            if not method.returns or type_.kind == "unknown":
                continue
            if "model_serializer" in kinds:
                model.serialized = type_
            call = ir.match(kinds.get("field_serializer"), ir.Call)
            for name in map(ir.text_of, call.args) if call is not None else ():
                if name in model.fields:
                    model.fields[name] = replace(model.fields[name], serialized=type_)


def _default_of(one: FieldFacts) -> Expr:
    """The expression of a default; of plain names the facts keep the text alone."""
    return one.default_expr if one.default_expr is not None else (one.default or None)


def _made(name: str, type_: Type, marks: list[Mark], default: Any) -> ModelField:
    alias = name
    required = True
    for mark in marks:
        given = mark.get("validation_alias") or mark.get("alias")
        alias = given if isinstance(given, str) else alias
        if mark.name in ("Field", "Query", "Path", "Header", "Cookie", "Body", "Form", "File"):
            if mark.has("default_factory"):
                required, default = False, NotKnown("made anew each time")
            elif mark.has("default", 0):
                default = ABSENT if mark.get("default", 0) is ... else mark.get("default", 0)
    if default is not ABSENT and default is not ...:
        required = False
    return ModelField(name, alias, type_, tuple(marks), ABSENT if default is ... else default, required)


def spoken(text: str) -> str:
    """The part of a docstring that the document shows: what follows a form feed is for those who read the code."""
    return cleandoc(text).partition("\f")[0].strip()
