"""The fields of a resource, as `expert add` takes them: ``name:type`` with ``?`` optional, ``!`` unique, ``^`` indexed.

Types: str text int float decimal bool date datetime uuid email url json, ``ref[resource]`` and ``enum[a,b]``.
"""

import keyword
import re
from dataclasses import dataclass

from fastapi_expert.errors import ExpertError

_FIELD = re.compile(r"(?P<name>[^:]+):(?P<kind>[a-z]+)(?:\[(?P<inside>[^\]]*)\])?(?P<marks>[?!^]*)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_EVERY_ROW = {"id", "version", "created_at", "updated_at"}
_ORM = {"metadata", "registry"}
# inside a class these would hide the type of the fields below, or a method of the schema's
_HIDES = {"str", "int", "float", "bool", "dict", "date", "datetime"} | {
    "copy", "construct", "from_orm", "given", "json", "parse_file", "parse_obj", "parse_raw", "schema", "schema_json",
    "validate",
}  # fmt: skip
_NEVER_UNIQUE = {
    "text": "a text of any length cannot be unique: use str",
    "bool": "a bool has two values, and the third row would be refused",
    "json": "JSON cannot be compared",
}


USERS = frozenset({"user", "users", "account", "accounts"})
"""What `ref[…]` calls the people of the project."""


class FieldError(ExpertError):
    """A field that cannot be read, or has no meaning."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one type is written in a table, in a schema and in a test."""

    column: str
    schema: str
    python: str
    sample: str
    other: str
    migration: str
    searchable: bool = False


KINDS: dict[str, Kind] = {
    "str": Kind(
        "String(200)",
        "Annotated[Line, StringConstraints(min_length=1, max_length=200)]",
        "str",
        '"Blue lantern"',
        '"Red lantern"',
        "sa.String(200)",
        searchable=True,
    ),
    "text": Kind(
        "Text",
        "Annotated[Text, StringConstraints(min_length=1, max_length=100_000)]",
        "str",
        '"It is blue.\\nAnd bright."',
        '"It is red."',
        "sa.Text()",
        searchable=True,
    ),
    "int": Kind("BigInt", "Annotated[int, Field(strict=True, ge=-MAX_ID, le=MAX_ID)]", "int", "7", "8", "BIG_INT"),
    "float": Kind(
        "Float", "Annotated[float, Field(strict=True, allow_inf_nan=False)]", "float", "1.5", "2.5", "sa.Float()"
    ),
    "decimal": Kind(
        "ExactDecimal(12, 2)",
        "Annotated[Decimal, Field(max_digits=12, decimal_places=2, allow_inf_nan=False)]",
        "Decimal",
        '"9.99"',
        '"12.50"',
        "ExactDecimal(12, 2)",
    ),
    "bool": Kind("Boolean", "Annotated[bool, Field(strict=True)]", "bool", "True", "False", "sa.Boolean()"),
    "date": Kind("Date", "Day", "date", '"2026-01-31"', '"2026-02-01"', "sa.Date()"),
    "datetime": Kind(
        "UtcDateTime", "UTCDatetime", "datetime", '"2026-01-31T12:00:00Z"', '"2026-02-01T12:00:00Z"', "UtcDateTime()"
    ),
    "uuid": Kind(
        "Uuid",
        "UUID",
        "UUID",
        '"0198f9a2-6d7e-7c3a-9a51-3f1f6d1c2b11"',
        '"0198f9a2-6d7e-7c3a-9a51-3f1f6d1c2b12"',
        "sa.Uuid()",
    ),
    "email": Kind("String(320)", "Email", "str", '"ada@example.org"', '"bob@example.org"', "sa.String(320)", True),
    "url": Kind(
        "String(2048)", "Avatar", "str", '"https://example.org/a"', '"https://example.org/b"', "sa.String(2048)"
    ),
    "json": Kind("JSON", "dict[str, Any]", "dict[str, Any]", '{"a": 1}', '{"a": 2}', "sa.JSON()"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `ref` names the resource it points to, `choices` are an enum's."""

    name: str
    kind: str
    optional: bool = False
    unique: bool = False
    indexed: bool = False
    ref: str = ""
    choices: tuple[str, ...] = ()

    @property
    def column_name(self) -> str:
        return f"{self.name}_id" if self.ref and not self.name.endswith("_id") else self.name


def parse(text: str) -> Field:
    """The field in `text`; raises `FieldError` that says what is wrong with it and shows a right one."""
    match = _FIELD.fullmatch(text.strip())
    if match is None:
        raise FieldError(f"{text!r} is no field", do="Write name:type, e.g. price:decimal, sku:str!, owner:ref[user].")
    name, kind, inside, marks = match["name"], match["kind"], match["inside"], match["marks"]
    if why := _wrong_name(name):
        raise FieldError(f"{name!r} cannot name a field: {why}")
    if name in _HIDES:
        do = f"Say more: held_on, starts_at, raw_{name} …"
        raise FieldError(f"{name!r} cannot name a field: in the classes it would hide what is called so", do=do)
    optional, unique, indexed = ("?" in marks), ("!" in marks), ("^" in marks)
    if unique and kind in _NEVER_UNIQUE:
        raise FieldError(f"{text!r}: {_NEVER_UNIQUE[kind]}")
    if unique and kind == "enum":
        raise FieldError(f"{text!r}: there would be one row for each choice", do="Leave the ! out.")
    if kind == "ref":
        target = (inside or "").replace("-", "_")  # as `expert add order-item` calls it
        if not _NAME.fullmatch(target):
            raise FieldError(f"{text!r} refers to nothing", do=f"Write {name}:ref[user].")
        return Field(name, kind, optional, unique, indexed, ref=target)
    if kind == "enum":
        choices = tuple(choice.strip() for choice in (inside or "").split(","))
        good = all(_NAME.fullmatch(choice) and len(choice) <= 16 for choice in choices)
        if not good or len(set(choices)) != len(choices):
            do = f"Write {name}:enum[draft,sold]: lower case, up to 16 characters each."
            raise FieldError(f"{text!r} has no proper choices", do=do)
        return Field(name, kind, optional, unique, indexed, choices=choices)
    if inside is not None or kind not in KINDS:
        known = ", ".join(KINDS)
        raise FieldError(f"{text!r} has a type that is not known", do=f"Use {known}, ref[resource] or enum[a,b].")
    return Field(name, kind, optional, unique, indexed)


def _wrong_name(name: str) -> str:
    """Why a field cannot be called so; empty when it can."""
    if name in _EVERY_ROW:
        return "every resource has it"
    if name in _ORM:
        return "SQLAlchemy's classes have an attribute of that name"
    if keyword.iskeyword(name):
        return "it is a word of Python's own"
    if name.startswith("model_"):
        return "Pydantic keeps names that begin with model_ to itself"
    return "" if _NAME.fullmatch(name) else "use lower-case letters, digits and _, a letter first, at most 50"


def parse_all(texts: list[str]) -> tuple[Field, ...]:
    """The fields in `texts`; raises `FieldError` when one is there twice."""
    fields = tuple(parse(text) for text in texts)
    names = [field.column_name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise FieldError(f"{name!r} is there twice")
    if not fields or (len(fields) == 1 and fields[0].ref in USERS):  # nothing beside whose it is
        raise FieldError("a resource needs a field of its own", do="Example: expert add product name:str price:decimal")
    return fields
