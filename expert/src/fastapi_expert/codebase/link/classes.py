"""What a class is (schema, table, settings, middleware) and its fields, inherited and generic ones included."""

import re
from collections.abc import Container, Mapping

from fastapi_expert.codebase.link.roles import Place
from fastapi_expert.codebase.model import Field, Kind
from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, Expr, FieldFacts, FileFacts, FunctionFacts
from fastapi_expert.codebase.vocabulary import METHODS, is_test_path

_SCHEMAS = frozenset({"BaseModel", "RootModel", "GenericModel", "SQLModel", "Schema", "Struct", "CamelModel"})
_SETTINGS = frozenset({"BaseSettings"})
_TABLES = frozenset(
    {"DeclarativeBase", "DeclarativeBaseNoMeta", "MappedAsDataclass", "Document", "Model", "AsyncAttrs"}
)
_TABLE_PACKAGES = ("sqlalchemy", "beanie", "tortoise", "ormar", "odmantic", "gino", "piccolo", "peewee", "mongoengine")
_TABLE_FACTORIES = ("declarative_base", "automap_base", "generate_base", "as_declarative")
_MIDDLEWARE = frozenset({"BaseHTTPMiddleware"})
_SCHEMA_PACKAGES = ("pydantic", "sqlmodel", "msgspec", "fastapi_utils", "fastapi_users", "humps", "pydantic_settings")


class Classes:
    """Classes of one codebase by what they are; every answer is worked out once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._kinds: dict[tuple[str, str], Kind | None] = {}
        self._fields: dict[tuple[str, str], tuple[Field, ...]] = {}

    def kind(self, path: str, qualname: str) -> Kind | None:
        """The kind of component that a class is because of what it inherits, if any."""
        key = (path, qualname)
        if key not in self._kinds:
            self._kinds[key] = None
            facts = self.names.class_(path, qualname)
            self._kinds[key] = self._classify(path, facts) if facts is not None else None
        return self._kinds[key]

    def component_kind(self, path: str, facts: ClassFacts) -> Kind | None:
        """The same, except that inner `Config` classes and classes of test files are not components."""
        if is_test_path(path) or (facts.parent and facts.name in ("Config", "Meta")):
            return None
        return self.kind(path, facts.qualname)

    def _classify(self, path: str, facts: ClassFacts) -> Kind | None:
        ancestors = self.names.ancestors(path, facts.qualname)
        outside = [symbol.name for symbol in ancestors if symbol.kind == "external"]
        last = {name.rpartition(".")[2] for name in outside}
        if last & _SETTINGS:
            return "settings"
        if last & _MIDDLEWARE or self._is_asgi_middleware(path, facts):
            return "middleware"
        if any((name == "table" and value == ("k", True)) or value == ["k", True] for name, value in facts.keywords):
            return "table"
        if "SQLModel" not in last and self._is_table(facts, ancestors, outside):
            return "table"
        if last & {"TypedDict"}:
            return None
        packages = {name.partition(".")[0] for name in outside if name.rpartition(".")[2] in _SCHEMAS}
        return "schema" if packages & set(_SCHEMA_PACKAGES) else None

    def _is_table(self, facts: ClassFacts, ancestors: list[Symbol], outside: list[str]) -> bool:
        own = {field.name for field in facts.fields}
        if "__abstract__" in own:
            return False
        if "__tablename__" in own or "__table__" in own:
            return True
        base = any(
            name.partition(".")[0] in _TABLE_PACKAGES and name.rpartition(".")[2] in _TABLES for name in outside
        ) or any(symbol.kind == "value" and self._is_declarative_base(symbol) for symbol in ancestors)
        return base and bool(facts.fields) and any(_is_column(field) for field in facts.fields)

    def _is_declarative_base(self, symbol: Symbol) -> bool:
        value = self.names.assigned(symbol)
        return value is not None and any(name in repr(value) for name in (*_TABLE_FACTORIES, "SQLAlchemy", "Model"))

    def _is_asgi_middleware(self, path: str, facts: ClassFacts) -> bool:
        method = self.names.function(path, f"{facts.qualname}.__call__")
        return method is not None and [param.name for param in method.params][-3:] == ["scope", "receive", "send"]

    def fields(self, path: str, qualname: str) -> tuple[Field, ...]:
        """The fields of a class in the order pydantic and SQLAlchemy give them: inherited first, overrides in place."""
        key = (path, qualname)
        if key not in self._fields:
            self._fields[key] = ()  # a class that inherits from itself has no fields
            found: dict[str, Field] = {}
            facts = self.names.class_(path, qualname)
            if facts is not None:
                self._collect(path, facts, found)
            self._fields[key] = tuple(found.values())
        return self._fields[key]

    def _collect(self, path: str, facts: ClassFacts, found: dict[str, Field]) -> None:
        for text, expr in zip(reversed(facts.bases), reversed(facts.base_exprs), strict=True):
            base = self.names.resolve(path, text.split("[")[0])
            if base is None or base.kind != "class":
                continue
            given = type_arguments(text) if not isinstance(expr, str) else ()
            replace = dict(zip(self._type_parameters(base), given, strict=False))
            for field in self.fields(base.path, base.name):
                found[field.name] = _substituted(field, replace)
        for field in facts.fields:
            if (read := field_of(field)) is not None:
                found[read.name] = read

    def _type_parameters(self, base: Symbol) -> tuple[str, ...]:
        facts = self.names.class_(base.path, base.name)
        texts = facts.bases if facts is not None else ()
        for text in sorted(texts, key=lambda text: not text.startswith(("Generic[", "Protocol[", "typing.Generic["))):
            if "[" in text and text.split("[")[0].rpartition(".")[2] in ("Generic", "Protocol"):
                return type_arguments(text)
        for text in texts:
            names = [name for name in type_arguments(text) if len(name) <= 3 or name.endswith(("T", "Type"))]
            if names:
                return tuple(names)
        return facts.type_params if facts is not None else ()


def type_arguments(text: str) -> tuple[str, ...]:
    """`Page[User, int]` → `("User", "int")`."""
    if not text.endswith("]") or "[" not in text:
        return ()
    inner = text[text.index("[") + 1 : -1]
    parts, depth, start = list[str](), 0, 0
    for index, character in enumerate(inner):
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            parts.append(inner[start:index].strip())
            start = index + 1
    return (*parts, inner[start:].strip())


def _substituted(field: Field, replace: dict[str, str]) -> Field:
    if not replace:
        return field
    text = re.sub(r"\b\w+\b", lambda found: replace.get(found[0], found[0]), field.type)
    return field if text == field.type else Field(field.name, text, field.required)


def _call_name(expr: Expr) -> str:
    return expr[1].rpartition(".")[2] if expr and expr[0] == "c" and isinstance(expr[1], str) else ""


_COLUMNS = frozenset({"Column", "mapped_column", "MappedColumn"})
_NO_FIELDS = frozenset({"model_config", "__tablename__", "__table_args__", "__abstract__", "Config", "__mapper_args__"})
_NO_COLUMNS = frozenset({"relationship", "association_proxy", "synonym", "column_property", "PrivateAttr", "backref"})


def _is_column(field: FieldFacts) -> bool:
    return _call_name(field.default_expr) in _COLUMNS or field.annotation.startswith(("Mapped[", "orm.Mapped["))


def kinds_of_draft(facts: FileFacts, classes: Classes, known: Mapping[Place, Kind]) -> dict[Place, Kind]:
    """What the definitions of a file that is not linked are: as it was ``known``, else by the text of the file."""
    found: dict[Place, Kind] = {}
    depends = frozenset(_DEPENDS.findall(repr([(one.params, one.decorators) for one in facts.functions])))
    for one in facts.functions:
        kind = known.get((facts.path, one.qualname)) or _kind_by_text(one, depends)
        if kind is not None:
            found[facts.path, one.qualname] = kind
    for cls in facts.classes:
        kind = classes.component_kind(facts.path, cls)
        if kind is not None:
            found[facts.path, cls.qualname] = kind
    return found


_DEPENDS = re.compile(r"\('c', '(?:\w+\.)*(?:Depends|Security)', \('([\w.]+)'")
_ROUTE = frozenset(one.lower() for one in METHODS) | {"api_route", "websocket"}


def _kind_by_text(function: FunctionFacts, depends: Container[str]) -> Kind | None:
    called = [call.function for one in function.decorators if (call := ir.match(one, ir.Call)) is not None]
    if any(isinstance(name, str) and name.rpartition(".")[2] in _ROUTE for name in called):
        return "endpoint"
    return "dependency" if function.qualname in depends else None


def field_of(field: FieldFacts) -> Field | None:
    """The field that an assignment in a class body makes, if it makes one."""
    call = _call_name(field.default_expr)
    if field.name in _NO_FIELDS or field.name.startswith("_") or call in _NO_COLUMNS:
        return None
    if call in _COLUMNS and not field.annotation:
        return Field(field.name, _column_type(field.default_expr), _column_required(field.default_expr))
    if not field.annotation or field.annotation.startswith(("ClassVar", "typing.ClassVar")):
        return None
    mapped = field.annotation.startswith(("Mapped[", "orm.Mapped["))
    kind = type_arguments(field.annotation)[0] if mapped and field.annotation.endswith("]") else field.annotation
    if mapped:
        optional = kind.startswith("Optional[") or "None" in kind
        return Field(field.name, kind, not optional and _column_required(field.default_expr, nullable=False))
    return Field(field.name, kind, not _has_default(field))


def _column_type(expr: Expr) -> str:
    for one in expr[2]:
        if isinstance(one, str):
            return one
        if one[0] == "c" and isinstance(one[1], str) and not one[1].endswith("ForeignKey"):
            return one[1]
    return "ForeignKey" if expr[2] else ""


def _column_required(expr: Expr, *, nullable: bool = True) -> bool:
    keywords = dict(expr[3]) if expr and expr[0] == "c" else {}
    if {"default", "server_default", "default_factory", "insert_default"} & keywords.keys():
        return False
    if keywords.get("primary_key") is not None:
        return False
    stated = keywords.get("nullable")
    return not (stated[1] if stated and stated[0] == "k" else nullable)


def _has_default(field: FieldFacts) -> bool:
    expr = field.default_expr
    if not field.default or (expr and expr[0] == "..."):
        return _annotated_default(field)
    if _call_name(expr) not in ("Field", "field", "attrib"):
        return True
    keywords = {name for name, _ in expr[3]}
    if {"default", "default_factory"} & keywords:
        stated = next((value for name, value in expr[3] if name == "default"), None)
        return not (stated and stated[0] == "...")
    return bool(expr[2]) and expr[2][0][0] != "..."


def _annotated_default(field: FieldFacts) -> bool:
    return "default=" in field.annotation or "default_factory=" in field.annotation
