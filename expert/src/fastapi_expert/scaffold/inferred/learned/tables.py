"""What has to be known of a table to write one like it, or to refer to it: its name, its key, the class's own way."""

import re
from dataclasses import dataclass
from typing import Literal

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component
from fastapi_expert.codebase.syntax.facts import ClassFacts, FieldFacts
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.inferred.imports import Import
from fastapi_expert.scaffold.inferred.sources import Sources

Style = Literal["sqlmodel", "mapped", "column"]
AUDIT = ("created_at", "updated_at", "created_on", "updated_on", "created", "updated", "modified_at")
"""Columns that a row has of itself, whatever it is about."""


@dataclass(frozen=True, slots=True)
class PyType:
    """A type as this project writes it, and what it takes."""

    text: str
    needs: Import | None = None


_UUID = PyType("UUID", Import("uuid", "UUID"))
_FASTAPI_USERS = {"SQLAlchemyBaseUserTableUUID": "user", "SQLAlchemyBaseOAuthAccountTableUUID": "oauth_account"}
_GUID = "fastapi_users_db_sqlalchemy.generics.GUID"
"""The type of their keys."""
_DOTTED_UUID = PyType("uuid.UUID", Import("uuid"))


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key: the attribute's name and Python type, where it is written (None when inherited), and its type in a
    migration. ``given`` says that neither the database nor the class makes it, but who makes a row; ``indexed`` that it
    asks for an index besides that of a key."""

    name: str
    type: PyType
    field: FieldFacts | None
    sql: str
    given: bool = False
    indexed: bool = False


def style_of(codebase: Codebase, table: Component, sources: Sources) -> Style:
    """SQLModel, SQLAlchemy's `Mapped[…]`, or bare `Column(…)`."""
    facts = _facts(codebase, table)
    outside = {s.name for s in codebase.names.ancestors(table.path, facts.qualname) if s.kind == "external"}
    if any(name.startswith("sqlmodel") for name in outside):
        return "sqlmodel"
    text = sources.lines(table.path, facts.start_line, facts.end_line)
    return "mapped" if "Mapped[" in text or "mapped_column(" in text else "column"


def key_of(codebase: Codebase, table: Component) -> Key:
    """The primary key of a table; raises `ExpertError` when it has none or more than one column."""
    for path, facts in _lineage(codebase, table):
        found = [field for field in facts.fields if _is_key(codebase, path, field)]
        if len(found) == 1:
            inherited = facts.qualname != table.qualname or path != table.path
            kind = _key_type(codebase, path, found[0])
            own = None if inherited else found[0]
            given = kind.text != "int" and not _makes_itself(codebase, path, found[0])
            indexed = re.search(r"\bindex\s*=\s*True", found[0].default) is not None
            return Key(found[0].name, kind, own, _sql(codebase, path, found[0], kind), given, indexed)
        if found:
            what = f"{table.name} has a key of {len(found)} columns"
            raise ExpertError(what, where=f"{table.path}:{table.line}", do="Write this resource by hand.")
    if _of_fastapi_users(codebase, table):
        return Key("id", _UUID, None, f"{_GUID}()")
    what = f"the key of {table.name} is not marked `primary_key` where its columns are written"
    raise ExpertError(what, where=f"{table.path}:{table.line}", do="Write this resource by hand.")


def table_name(codebase: Codebase, table: Component, sources: Sources) -> str:
    """The table's name in the database, "" when only the running program knows it."""
    for field in _facts(codebase, table).fields:
        if field.name == "__tablename__":
            return field.default.strip("\"'") if re.fullmatch(r"[\"']\w+[\"']", field.default) else ""
    if style_of(codebase, table, sources) == "sqlmodel":
        return table.name.lower()
    if named := _named_by_a_base(codebase, table, sources):
        return named
    if known := _of_fastapi_users(codebase, table):
        return known
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", table.name).lower()
    wanted = {words, f"{words}s", table.name.lower(), f"{table.name.lower()}s"}
    for path in codebase.files:
        for name in re.findall(r"ForeignKey\(\s*[\"'](\w+)\.\w+[\"']", sources.text(path)):
            if name in wanted:
                return str(name)
    return ""


def _named_by_a_base(codebase: Codebase, table: Component, sources: Sources) -> str:
    """The name that a base's `__tablename__` makes of the class's, where it does so in one of the usual ways."""
    for symbol in codebase.names.ancestors(table.path, table.qualname):
        namer = codebase.names.function(symbol.path, f"{symbol.name}.__tablename__")
        if namer is None:
            continue
        said = re.search(r"return\s+(.+?)\s*(?:#.*)?$", sources.lines(symbol.path, namer.line, namer.end_line).strip())
        shape = re.sub(r"\b(?:cls|self)\.__name__\.lower\(\)", "lower", said[1]) if said else ""
        shape = re.sub(r"\b(?:cls|self)\.__name__", "name", shape)
        made = {
            "name": table.name,
            "lower": table.name.lower(),
            'f"{lower}s"': f"{table.name.lower()}s",
            "f'{lower}s'": f"{table.name.lower()}s",
            'lower + "s"': f"{table.name.lower()}s",
        }
        return made.get(shape, "")
    return ""


def _of_fastapi_users(codebase: Codebase, table: Component) -> str:
    """The table of a class that inherits one of fastapi-users with a UUID as its key; "" for any other."""
    outside = {s.name.rpartition(".")[2] for s in codebase.names.ancestors(table.path, table.qualname)}
    return next((name for base, name in _FASTAPI_USERS.items() if base in outside), "")


def audit_fields(codebase: Codebase, table: Component) -> list[FieldFacts]:
    """Its own columns of the kind every row has (`created_at` …)."""
    return [field for field in _facts(codebase, table).fields if field.name in AUDIT]


def inherits_columns(codebase: Codebase, table: Component) -> bool:
    """Whether columns come from bases, where a migration would have to look for their types."""
    return any(
        "Column(" in field.default or "mapped_column(" in field.default or field.annotation.startswith("Mapped[")
        for path, facts in _lineage(codebase, table)
        if (path, facts.qualname) != (table.path, table.qualname)
        for field in facts.fields
    )


def _lineage(codebase: Codebase, table: Component) -> list[tuple[str, ClassFacts]]:
    found = [(table.path, _facts(codebase, table))]
    for symbol in codebase.names.ancestors(table.path, table.qualname):
        facts = codebase.names.class_(symbol.path, symbol.name) if symbol.kind == "class" else None
        if facts is not None:
            found.append((symbol.path, facts))
    return found


def _facts(codebase: Codebase, table: Component) -> ClassFacts:
    facts = codebase.class_(table.id)
    assert facts is not None
    return facts


def _is_key(codebase: Codebase, path: str, field: FieldFacts) -> bool:
    """Whether it says so, itself or by an alias that holds the column (`id: Mapped[intpk]`)."""
    written = re.search(r"primary_key\s*=\s*True", field.default)
    return bool(written) or "primary_key" in _held(codebase, path, field)


def _makes_itself(codebase: Codebase, path: str, field: FieldFacts) -> bool:
    """Whether the column has a default, of its own or by an alias."""
    return "default" in f"{_held(codebase, path, field)} {field.annotation} {field.default}"


def _sql(codebase: Codebase, path: str, field: FieldFacts, kind: PyType) -> str:
    told = f"{_held(codebase, path, field)} {field.annotation} {field.default}"
    if re.search(r"BigInt(eger)?\b|BIGINT", told):
        return "sa.BigInteger()"
    length = re.search(r"String\(\s*(?:length\s*=\s*)?(\d+)", told)
    if kind.text == "str":
        return f"sa.String({length[1]})" if length else "sa.String()"
    return "sa.Integer()" if kind.text == "int" else "sa.Uuid()"


def _held(codebase: Codebase, path: str, field: FieldFacts) -> str:
    """What the alias of a column holds (`id: Mapped[intpk]`), as text."""
    alias = re.sub(r"^Mapped\[(\w+)\]$", r"\1", field.annotation)
    symbol = codebase.names.resolve(path, alias) if alias.isidentifier() else None
    return repr(codebase.names.assigned(symbol)) if symbol is not None and symbol.kind == "value" else ""


def _key_type(codebase: Codebase, path: str, field: FieldFacts) -> PyType:
    written = re.sub(r"^Mapped\[(.*)\]$", r"\1", field.annotation)
    written = re.sub(r"\s*\|\s*None$|^Optional\[(.*)\]$", r"\1", written).strip()
    if written in ("uuid.UUID", "uuid_pkg.UUID"):
        return _DOTTED_UUID
    if written in ("int", "str", "UUID"):
        return _UUID if written == "UUID" else PyType(written)
    symbol = codebase.names.resolve(path, written) if written.isidentifier() else None
    told = f"{written} {codebase.names.assigned(symbol) if symbol is not None else ''} {field.default}"
    if re.search(r"uuid|guid", told, re.IGNORECASE):
        return _UUID
    return PyType("str") if re.search(r"\bstr\b|String|Text", told) else PyType("int")
