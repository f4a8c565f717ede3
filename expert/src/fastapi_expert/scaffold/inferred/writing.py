"""How fields are written in a table, in a schema, in a migration and in a test, in each of the styles there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fastapi_expert.scaffold.fields import KINDS, Field
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.learned.tables import Key, PyType, Style
from fastapi_expert.scaffold.naming import Names

_PYTHON = {
    "str": PyType("str"),
    "text": PyType("str"),
    "int": PyType("int"),
    "float": PyType("float"),
    "decimal": PyType("Decimal", Import("decimal", "Decimal")),
    "bool": PyType("bool"),
    "date": PyType("date", Import("datetime", "date")),
    "datetime": PyType("datetime", Import("datetime", "datetime")),
    "uuid": PyType("UUID", Import("uuid", "UUID")),
    "email": PyType("str"),
    "url": PyType("str"),
    "json": PyType("dict[str, Any]", Import("typing", "Any")),
}
_COLUMN = {
    "str": "String(200)",
    "text": "Text",
    "int": "Integer",
    "float": "Float",
    "decimal": "Numeric(12, 2)",
    "bool": "Boolean",
    "date": "Date",
    "datetime": "DateTime(timezone=True)",
    "uuid": "Uuid",
    "email": "String(320)",
    "url": "String(2048)",
    "json": "JSON",
}
_LIMITS = {
    "str": "min_length=1, max_length=200",
    "text": "min_length=1, max_length=100_000",
    "int": "ge=-2_147_483_648, le=2_147_483_647",
    "float": "allow_inf_nan=False",
    "decimal": "max_digits=12, decimal_places=2",
    "email": 'max_length=320, pattern=r"^[^@\\s]+@[^@\\s]+$"',
    "url": 'max_length=2048, pattern=r"^https?://"',
}
_SQLMODEL_ONLY = {"float": "", "json": "sa_type=JSON", "datetime": "sa_type=DateTime(timezone=True)"}
_SQLMODEL_LENGTHS = {"str": 200, "text": 100_000, "email": 320, "url": 2048}
"""SQLModel keeps every text in a VARCHAR of the longest that the schema lets in."""
_INT_KEY = "ge=1, le=2_147_483_647"


@dataclass(frozen=True, slots=True)
class Target:
    """The table that a reference leads to: its class and where that is imported from, its name and its key."""

    pascal: str
    needs: Import
    table: str
    key: Key


@dataclass(frozen=True, slots=True)
class Line:
    """A line of code and the imports it takes."""

    text: str
    needs: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True)
class Writing:
    """The fields of one resource in the style of its project; ``targets`` maps what `ref[…]` names."""

    names: Names
    style: Style
    targets: dict[str, Target]
    gone: Mapping[str, str] = field(default_factory=dict[str, str])
    """What becomes of a row when the one that a column refers to goes: the words of `ON DELETE`."""
    old: bool = False
    """Whether it has to run on a Python without `X | None`."""
    without_ondelete: bool = False
    """Whether it is a SQLModel whose `Field` does not take `ondelete` yet."""
    ignores: bool = False
    """Whether the project's type checker has to be told that `sa_type` may be an instance."""

    def optional(self, text: str) -> str:
        """The type, or None."""
        return f"Optional[{text}]" if self.old else f"{text} | None"

    def _optional_needs(self, annotation: str) -> tuple[Import, ...]:
        return (Import("typing", "Optional"),) if annotation.startswith("Optional[") else ()

    def _gone(self, field: Field) -> str:
        action = self.gone.get(field.column_name, "")
        return f', ondelete="{action}"' if action else ""

    def enum_name(self, field: Field) -> str:
        """The class of an enum field."""
        return self.names.pascal + "".join(part.capitalize() for part in field.name.split("_"))

    def type(self, field: Field) -> PyType:
        """The field's Python type, without None."""
        if field.ref:
            return self.targets[field.ref].key.type
        return PyType(self.enum_name(field)) if field.choices else _PYTHON[field.kind]

    def column(self, field: Field) -> Line:
        """The field in a table."""
        if self.style == "sqlmodel":
            return self.model_field(field, in_table=True)
        kind = self.type(field)
        arguments, needs = self._column_type(field)
        marks = [*(["unique=True"] if field.unique else []), *(["index=True"] if field.indexed or field.ref else [])]
        if self.style == "mapped":
            annotation = self.optional(kind.text) if field.optional else kind.text
            needs = (*needs, *self._optional_needs(annotation))
            text = f"{field.column_name}: Mapped[{annotation}] = mapped_column({', '.join([arguments, *marks])})"
            needs = (*needs, Import("sqlalchemy.orm", "Mapped"), Import("sqlalchemy.orm", "mapped_column"))
            return Line(text, _with(needs, kind))
        marks = [*(["nullable=False"] if not field.optional else []), *marks]
        text = f"{field.column_name} = Column({', '.join([arguments, *marks])})"
        return Line(text, (*needs, Import("sqlalchemy", "Column")))

    def _column_type(self, field: Field) -> tuple[str, tuple[Import, ...]]:
        if field.ref:
            target = self.targets[field.ref]
            key = f'ForeignKey("{target.table}.{target.key.name}"{self._gone(field)})'
            return key, (Import("sqlalchemy", "ForeignKey"),)
        if field.choices:
            text = f"Enum({self.enum_name(field)}, native_enum=False, length=16)"
            return text, (Import("sqlalchemy", "Enum"),)
        text = _COLUMN[field.kind]
        return text, (Import("sqlalchemy", text.partition("(")[0]),)

    def model_field(self, field: Field, *, in_table: bool = False, partial: bool = False) -> Line:
        """The field in a schema; with ``in_table`` as SQLModel has it in a table; ``partial``: it may be left out."""
        kind = self.type(field)
        optional = field.optional or partial
        wanted = [*(["default=None"] if optional else []), *self._limits(field, in_table=in_table)]
        annotation = self.optional(kind.text) if optional else kind.text
        asked = self._optional_needs(annotation)
        source = Import("sqlmodel" if self.style == "sqlmodel" else "pydantic", "Field")
        if wanted == ["default=None"]:
            return Line(f"{field.column_name}: {annotation} = None", _with(asked, kind))
        if not wanted:
            return Line(f"{field.column_name}: {annotation}", _with(asked, kind))
        line = f"{field.column_name}: {annotation} = Field({', '.join(wanted)})"
        needs = [source, *asked, *(Import("sqlalchemy", name) for name in ("JSON", "DateTime") if f"={name}" in line)]
        if "sa_column=Column(" in line:
            needs += [Import("sqlalchemy", name) for name in ("Column", "ForeignKey", self._key_type(field))]
        if "sa_type=DateTime(" in line and self.ignores:
            line += "  # type: ignore"
        return Line(line, _with(needs, kind))

    def _key_type(self, field: Field) -> str:
        return self.targets[field.ref].key.sql.removeprefix("sa.").partition("(")[0]

    def _whole_column(self, field: Field) -> str:
        """A reference as a column of SQLAlchemy's, which can say what becomes of the row."""
        target = self.targets[field.ref]
        key = f'ForeignKey("{target.table}.{target.key.name}"{self._gone(field)})'
        marks = f"nullable={field.optional}, unique=True" if field.unique else f"nullable={field.optional}, index=True"
        return f"sa_column=Column({target.key.sql.removeprefix('sa.')}, {key}, {marks})"

    def _limits(self, field: Field, *, in_table: bool) -> list[str]:
        limits = _LIMITS.get(field.kind, "")
        if self.style == "sqlmodel":
            limits = limits.replace("pattern=", "regex=") if field.kind != "float" else ""
            limits = _SQLMODEL_ONLY[field.kind] if in_table and field.kind in _SQLMODEL_ONLY else limits
        found = [limits] if limits else []
        if field.ref:
            target = self.targets[field.ref]
            bounds = [_INT_KEY] if target.key.type.text == "int" else []
            if in_table and self.without_ondelete and self._gone(field):
                return [*found, self._whole_column(field), *bounds]
            found += [f'foreign_key="{target.table}.{target.key.name}"{self._gone(field)}'] if in_table else []
            found += bounds
        if in_table:
            found += ["unique=True"] if field.unique else []
            found += ["index=True"] if field.indexed or field.ref else []
        return found

    def migration(self, field: Field) -> str:
        """The field as a column of a migration."""
        if field.ref:
            target = self.targets[field.ref]
            kind = f'{target.key.sql}, sa.ForeignKey("{target.table}.{target.key.name}"{self._gone(field)})'
        elif field.choices and self.style == "sqlmodel":
            kind = f'sa.Enum({", ".join(repr(c.upper()) for c in field.choices)}, name="{self.enum_type(field)}")'
        elif field.choices:
            kind = f"sa.Enum({', '.join(repr(c.upper()) for c in field.choices)}, native_enum=False, length=16)"
        elif self.style == "sqlmodel" and field.kind in _SQLMODEL_LENGTHS:
            kind = f"sa.String(length={_SQLMODEL_LENGTHS[field.kind]})"
        else:
            kind = "sa." + (_COLUMN[field.kind] if "(" in _COLUMN[field.kind] else f"{_COLUMN[field.kind]}()")
        kind = kind.replace("'", '"')
        return f'sa.Column("{field.column_name}", {kind}, nullable={field.optional})'

    def enum_type(self, field: Field) -> str:
        """The name of the type that the database has for it; empty where it has none."""
        return self.enum_name(field).lower() if field.choices and self.style == "sqlmodel" else ""

    def sample(self, field: Field) -> str:
        """A value as a client sends it."""
        return f'"{field.choices[0]}"' if field.choices else KINDS[field.kind].sample

    def other(self, field: Field) -> str:
        """Another one."""
        return f'"{field.choices[-1]}"' if field.choices else KINDS[field.kind].other


def _with(needs: Iterable[Import], kind: PyType) -> tuple[Import, ...]:
    return (*needs, *([kind.needs] if kind.needs else []))


def as_plain(field: Field) -> Field:
    """The field without what only a table has."""
    return replace(field, unique=False, indexed=False)
