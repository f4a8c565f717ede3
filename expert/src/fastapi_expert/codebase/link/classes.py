"""What a class is (schema, table, settings, middleware) and its fields, inherited and generic ones included."""

import re
from collections.abc import Container, Iterator, Mapping

from fastapi_expert.codebase.link.roles import Place
from fastapi_expert.codebase.model import Field, Kind
from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FieldFacts, FileFacts, FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import METHODS, is_test_path

_SCHEMAS = frozenset({"BaseModel", "RootModel", "GenericModel", "SQLModel", "Schema", "Struct", "CamelModel"})
_SETTINGS = frozenset({"BaseSettings"})
_SETTINGS_NAME = re.compile(r"(?:Settings?|Config(?:uration)?|Options|Conf|Env)$")
_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "AbstractConcreteBase"})
"""A class right below one of them is the base of tables, never a table."""
_MODELS = frozenset({"Document", "Model", "Table", "EmbeddedDocument", "AbstractDeferredModel"})
_COLUMN_PACKAGES = ("sqlalchemy", "flask_sqlalchemy", "fastapi_sqlalchemy", "advanced_alchemy", "gino")
"""Their tables name columns; what other packages call a model is one whatever it holds."""
_TABLE_PACKAGES = (*_COLUMN_PACKAGES, "beanie", "tortoise", "ormar", "odmantic", "piccolo", "peewee", "mongoengine")
_TABLE_FACTORIES = frozenset({"declarative_base", "automap_base", "generate_base"})
_MAPPING_DECORATORS = frozenset({"mapped", "mapped_as_dataclass"})
_WHOLE_TABLE = re.compile(r"(?:^|\.)SQLAlchemyBase\w*Table(?:UUID)?$")
"""Classes of fastapi-users that bring the name of the table and every column."""
_NO_BASES = ("typing", "typing_extensions", "abc", "enum", "dataclasses", "builtins", "collections")
_NAMES = re.compile(r"[A-Za-z_][\w.]*")
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

    def settings_parts(self) -> list[tuple[str, str]]:
        """The classes that a settings class is put together from: those mixed in, and those of its nested fields.

        Where they lie is remembered as read: whether a class is one hangs on classes of other files.
        """
        queue = [
            (path, one)
            for path, facts in self.names.files.items()
            for one in facts.classes
            if self.component_kind(path, one) == "settings"
        ]
        found: dict[tuple[str, str], None] = {}
        seen = {(path, one.qualname) for path, one in queue}
        while queue:
            path, facts = queue.pop()
            for symbol in (*self._mixed_in(path, facts), *self._nested(path, facts)):
                part = self.names.class_(symbol.path, symbol.name)
                if part is None or (symbol.path, symbol.name) in seen or is_test_path(symbol.path):
                    continue
                seen.add((symbol.path, symbol.name))
                found[symbol.path, symbol.name] = None
                self.names.read_set[symbol.path].add(f"{symbol.name}.")
                queue.append((symbol.path, part))
        return list(found)

    def _mixed_in(self, path: str, facts: ClassFacts) -> Iterator[Symbol]:
        """The classes of this codebase that a settings class inherits and that hold settings."""
        for symbol in self.names.ancestors(path, facts.qualname):
            base = self.names.class_(symbol.path, symbol.name) if symbol.kind == "class" else None
            if base is not None and self.kind(symbol.path, symbol.name) in (None, "schema"):
                self.names.read_set[symbol.path].add(f"{symbol.name}.")
                if self.fields(symbol.path, symbol.name) or _SETTINGS_NAME.search(base.name):
                    yield symbol

    def _nested(self, path: str, facts: ClassFacts) -> Iterator[Symbol]:
        """The models and data classes that are fields of settings, as far as their name or place says the same."""
        for field in facts.fields:
            for name in _NAMES.findall(field.annotation):
                symbol = self.names.resolve(path, name)
                if symbol is None or symbol.kind != "class" or self.kind(symbol.path, symbol.name) != "schema":
                    continue
                if symbol.path == path or _SETTINGS_NAME.search(symbol.name):
                    yield symbol

    def _classify(self, path: str, facts: ClassFacts) -> Kind | None:
        ancestors = self.names.ancestors(path, facts.qualname)
        outside = [symbol.name for symbol in ancestors if symbol.kind == "external"]
        last = {name.rpartition(".")[2] for name in outside}
        if last & _SETTINGS:
            return "settings"
        if last & _MIDDLEWARE or self._is_asgi_middleware(path, facts):
            return "middleware"
        if any(name == "table" and ir.is_constant(value, True) for name, value in facts.keywords):
            return "table"
        if "SQLModel" not in last and self._is_table(path, facts, ancestors, outside):
            return "table"
        if last & {"TypedDict"}:
            return None
        packages = {name.partition(".")[0] for name in outside if name.rpartition(".")[2] in _SCHEMAS}
        return "schema" if packages & set(_SCHEMA_PACKAGES) else None

    def _is_table(self, path: str, facts: ClassFacts, ancestors: list[Symbol], outside: list[str]) -> bool:
        own = {field.name: field for field in facts.fields}
        if self._is_abstract(path, facts, own) or any(name.rpartition(".")[2] == "Protocol" for name in outside):
            return False
        if any(_last(decorator) in _MAPPING_DECORATORS for decorator in facts.decorators):
            return True
        if not self._has_base(path, facts, ancestors, outside):
            return False
        if "__tablename__" in own or "__table__" in own or any(_WHOLE_TABLE.search(one.name) for one in ancestors):
            return True
        packages = {name.partition(".")[0] for name in outside if name.rpartition(".")[2] in _MODELS}
        if packages & set(_TABLE_PACKAGES) - set(_COLUMN_PACKAGES):
            return bool(facts.fields)
        return any(_is_column(field) for field in facts.fields)

    def _is_abstract(self, path: str, facts: ClassFacts, own: dict[str, FieldFacts]) -> bool:
        """Whether a class is the base of tables, or says that it is no table itself."""
        if "__abstract__" in own and not ir.is_constant(own["__abstract__"].default_expr, False):
            return True
        inner = self.names.class_(path, f"{facts.qualname}.Meta")
        if inner is not None and any(
            field.name == "abstract" and ir.is_constant(field.default_expr, True) for field in inner.fields
        ):
            return True
        direct = [self.names.resolve(path, base.split("[")[0]) for base in facts.bases]
        return any(one is not None and one.kind == "external" and _ends(one.name) in _BASES for one in direct) or any(
            _last(decorator) == "as_declarative" for decorator in facts.decorators
        )

    def _has_base(self, path: str, facts: ClassFacts, ancestors: list[Symbol], outside: list[str]) -> bool:
        """Whether tables are made of what a class inherits from, as far as the text tells."""
        if any(
            (name.partition(".")[0] in _TABLE_PACKAGES and _ends(name) in _MODELS | _BASES) or _WHOLE_TABLE.search(name)
            for name in outside
        ):
            return True
        for symbol in ancestors:
            if symbol.kind == "value" and self._is_declarative_base(symbol):
                return True
            base = self.names.class_(symbol.path, symbol.name) if symbol.kind == "class" else None
            if base is not None and any(_last(decorator) == "as_declarative" for decorator in base.decorators):
                return True
        named = any(field.name in ("__tablename__", "__table__") for field in facts.fields)
        unread = [name for name in outside if name.partition(".")[0] not in _NO_BASES and _ends(name) not in _MIXINS]
        unresolved = any(self.names.resolve(path, base.split("[")[0]) is None for base in facts.bases)
        made = any(symbol.kind == "value" for symbol in ancestors)  # by a call that is not read: `Base = make_base()`
        return named and (bool(unread) or unresolved or made)

    def _is_declarative_base(self, symbol: Symbol) -> bool:
        """Whether a value is what `declarative_base()`, `registry.generate_base()` or `SQLAlchemy().Model` gives."""
        value = self.names.assigned(symbol)
        if "." in symbol.name:
            return _ends(symbol.name) == "Model"
        call = ir.match(value, ir.Call)
        return call is not None and (_last(call) in _TABLE_FACTORIES or _last(call) == "SQLAlchemy")

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


def columns_of(table: ir.Call) -> tuple[Field, ...]:
    """The columns of `Table("users", metadata, Column("id", Integer, primary_key=True), …)`."""
    found: list[Field] = []
    for one in table.args[2:]:
        call = ir.match(one, ir.Call)
        name = ir.text_of(call.args[0]) if call is not None and call.args else None
        if name is not None and _call_name(one) == "Column":
            found.append(Field(name, _column_type(one), _column_required(one)))
    return tuple(found)


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
    call = ir.match(expr, ir.Call)
    return call.function.rpartition(".")[2] if call is not None and isinstance(call.function, str) else ""


def _last(expr: Expr) -> str:
    """The last name of a decorator or a call: of `@registry.mapped` and `@orm.registry().mapped(…)` `mapped`."""
    call = ir.match(expr, ir.Call)
    function = call.function if call is not None else expr
    if isinstance(function, str):
        return _ends(function)
    attribute = ir.match(function, ir.Attribute)
    return attribute.name if attribute is not None else ""


def _ends(dotted: str) -> str:
    return dotted.rpartition(".")[2]


_MIXINS = frozenset({"AsyncAttrs", "MappedAsDataclass", "Generic", "object", "BaseModel"})
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
    call = ir.match(expr, ir.Call)
    args = call.args if call is not None else ()
    for one in args:
        if isinstance(one, str):
            return one
        inner = ir.match(one, ir.Call)
        if inner is not None and isinstance(inner.function, str) and not inner.function.endswith("ForeignKey"):
            return inner.function
    return "ForeignKey" if args else ""


def _column_required(expr: Expr, *, nullable: bool = True) -> bool:
    call = ir.match(expr, ir.Call)
    keywords = dict(call.keywords) if call is not None else {}
    if {"default", "server_default", "default_factory", "insert_default"} & keywords.keys():
        return False
    if keywords.get("primary_key") is not None:
        return False
    stated = ir.match(keywords.get("nullable"), ir.Constant)
    return not (stated.value if stated is not None else nullable)


def _has_default(field: FieldFacts) -> bool:
    if not field.default or ir.tag(field.default_expr) == ir.ELLIPSIS:
        return _annotated_default(field)
    call = ir.match(field.default_expr, ir.Call)
    if call is None or _call_name(field.default_expr) not in ("Field", "field", "attrib"):
        return True
    keywords = dict(call.keywords)
    if {"default", "default_factory"} & keywords.keys():
        return ir.tag(keywords.get("default")) != ir.ELLIPSIS
    return bool(call.args) and ir.tag(call.args[0]) != ir.ELLIPSIS


def _annotated_default(field: FieldFacts) -> bool:
    return "default=" in field.annotation or "default_factory=" in field.annotation
