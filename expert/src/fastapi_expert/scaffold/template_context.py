"""How a resource's fields are written in each of its files."""

from functools import cached_property

from fastapi_expert.scaffold.fields import KINDS, Field
from fastapi_expert.scaffold.naming import Names, names_of

_SORTABLE = {"str": "str", "int": "int", "date": "", "datetime": "datetime", "email": "str", "ref": "int"}
# what each type rejects, for the test that says so
_BAD = {
    "str": '""',
    "text": '"\\x00"',
    "int": '"many"',
    "float": '"NaN"',
    "decimal": '"1.234"',
    "bool": '"perhaps"',
    "date": '"2026-02-30"',
    "datetime": '"2026-01-31T12:00:00"',
    "uuid": '"1"',
    "email": '"nobody"',
    "url": '"javascript:alert(1)"',
    "json": "[]",
    "ref": "0",
    "enum": '"nothing"',
}
_MODEL_NAMES = {
    "str": "String",
    "text": "Text",
    "float": "Float",
    "bool": "Boolean",
    "date": "Date",
    "uuid": "Uuid",
    "email": "String",
    "url": "String",
    "json": "JSON",
}
_SCHEMA_LINES = {
    "from decimal import Decimal": {"decimal"},
    "from uuid import UUID": {"uuid"},
}


_USERS = frozenset({"user", "users", "account"})
_WORDS = (
    "enum_name",
    "python_type",
    "column",
    "schema_type",
    "read_type",
    "migration_type",
    "searchable",
    "sample",
    "reference",
)


class TemplateContext:
    """`tables` maps what `ref[…]` names to its table; `revision` is the migration's own id and the one before.

    `package` is the resource's own below `app` and `tests`; `packages` are those of the resources it refers to, by what
    `ref[…]` names. `posts`: the project has the example, so its tests make posts with `accounts.post`.
    """

    def __init__(
        self,
        names: Names,
        fields: tuple[Field, ...],
        tables: dict[str, str],
        *,
        package: str,
        packages: dict[str, str],
        revision: tuple[str, str],
        posts: bool,
    ) -> None:
        self.names = names
        self.package = package
        self._packages = packages
        self._posts = posts
        self.fields = fields
        self.tables = tables
        self.revision = revision
        self.owner = next((field for field in fields if field.is_owner), None)
        self.given = tuple(field for field in fields if field is not self.owner)

    def render(self, template: str) -> str:
        from jinja2 import Environment, StrictUndefined

        environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  # it writes Python
        for name in _WORDS:
            environment.globals[name] = getattr(self, name)
        return (
            environment.from_string(template).render(
                names=self.names,
                package=self.package,
                fields=self.fields,
                given=self.given,
                owner=self.owner,
                sorts=self.sorts,
                sort_names=list(self.sorts),
                tables=self.tables,
                revision=self.revision[0],
                down_revision=self.revision[1],
                indexes=self.indexes,
                imports=self.imports,
                numbered=any("number" in self.sample(field) for field in self.given if not field.ref),
                clearable=self._clearable(),
                writer="owner" if self.owner else "admin",
                writer_type="CurrentUser" if self.owner else "AdminUser",
                users=_USERS,
                changes=self._changes(),
                bad_values=self._bad_values(),
            )
            + "\n"
        )

    @cached_property
    def sorts(self) -> dict[str, str]:
        """Columns a list may be ordered by, with their Python types: never null, and comparable in a cursor."""
        own = {
            field.column_name: _SORTABLE[field.kind]
            for field in self.given
            if not field.optional and field.kind in {"str", "int", "datetime", "email"}
        }
        return {"id": "int", **own, "created_at": "datetime", "updated_at": "datetime"}

    @property
    def indexes(self) -> list[list[str]]:
        """Columns of each index: one that serves each sort (of one owner), one for each reference and mark."""
        prefix = [self.owner.column_name] if self.owner else []
        found = [[field.column_name, "id"] for field in self.fields if field.indexed or field.ref]
        found += [[*prefix, name, "id"] for name in self.sorts if name != "id"]
        return [list(columns) for columns in dict.fromkeys(map(tuple, found))]

    @property
    def index_names(self) -> list[str]:
        """What the migration calls its indexes and keys."""
        table = self.names.plural
        keys = [f"fk_{table}_{field.column_name}_{self.tables[field.ref]}" for field in self.fields if field.ref]
        unique = [f"uq_{table}_{field.column_name}" for field in self.fields if field.unique]
        return [*(f"ix_{table}_{'_'.join(columns)}" for columns in self.indexes), *keys, *unique]

    def enum_name(self, field: Field) -> str:
        return self.names.pascal + "".join(part.capitalize() for part in field.name.split("_"))

    def python_type(self, field: Field) -> str:
        plain = self.enum_name(field) if field.choices else "int" if field.ref else KINDS[field.kind].python
        return f"{plain} | None" if field.optional else plain

    def column(self, field: Field) -> str:
        """The arguments of `mapped_column`."""
        if field.ref:
            gone = "CASCADE" if field.is_owner else "SET NULL" if field.optional else "RESTRICT"
            kind = f'BigInt, ForeignKey("{self.tables[field.ref]}.id", ondelete="{gone}")'
        elif field.choices:
            kind = f'string_enum({self.enum_name(field)}, "{field.column_name}")'
        else:
            kind = KINDS[field.kind].column
        return f"{kind}, unique=True" if field.unique else kind

    def schema_type(self, field: Field) -> str:
        if field.ref:
            return "Annotated[int, Field(ge=1, le=MAX_ID)]"
        return self.enum_name(field) if field.choices else KINDS[field.kind].schema

    def read_type(self, field: Field) -> str:
        plain = self.python_type(field)
        return plain.replace("datetime", "Timestamp") if field.kind == "datetime" else plain

    def migration_type(self, field: Field) -> str:
        if field.ref:
            return "BIG_INT"
        if field.choices:
            choices = ", ".join(f'"{choice}"' for choice in field.choices)
            return (
                f'sa.Enum({choices}, name="{field.column_name}", native_enum=False, create_constraint=True, length=16)'
            )
        return KINDS[field.kind].migration

    def searchable(self, field: Field) -> bool:
        return field.kind in KINDS and KINDS[field.kind].searchable

    def sample(self, field: Field) -> str:
        """A value as a client sends it, another one each time where it has to be unique."""
        if field.choices:
            return f'"{field.choices[0]}"'
        if field.unique and field.kind in {"str", "text"}:
            return f'f"{field.name} {{number}}"'
        if field.unique and field.kind == "email":
            return 'f"person{number}@example.org"'
        if field.unique and field.kind == "int":
            return "number"
        return KINDS[field.kind].sample

    def reference(self, field: Field) -> str:
        """An id that the field may hold, of a row made for the purpose."""
        if field.ref in _USERS:
            return "(await accounts.row()).id"
        if self._is_example(field):
            return "(await accounts.post(await accounts.user())).id"
        other = names_of(field.ref)
        values = f"await {other.singular}_values(client, accounts)"
        return f'(await made(client, "/api/v1/{other.path}", await accounts.admin(), {values}))["id"]'

    @property
    def imports(self) -> dict[str, str]:
        """The import lines of each file; ruff orders them."""
        return {
            "model": self._model_imports(),
            "schema": self._schema_imports(),
            "service": self._service_imports(),
            "migration": self._migration_imports(),
            "factory": self._factory_imports(),
        }

    def _kinds(self) -> set[str]:
        return {field.kind for field in self.fields}

    def _model_imports(self) -> str:
        kinds = self._kinds()
        columns = sorted({_MODEL_NAMES[kind] for kind in kinds if kind in _MODEL_NAMES} | {"Index"})
        columns += ["ForeignKey"] if "ref" in kinds else []
        base = ["Base", "BigId", "Timestamped", *(["BigInt"] if kinds & {"int", "ref"} else [])]
        base += ["UtcDateTime"] if "datetime" in kinds else []
        lines = [
            f"from sqlalchemy import {', '.join(sorted(columns))}",
            "from sqlalchemy.orm import Mapped, mapped_column",
        ]
        lines.append(f"from app.models.base import {', '.join(base)}")
        optional = {
            "from decimal import Decimal\n\nfrom app.models.exact import ExactDecimal": "decimal",
            "from datetime import date": "date",
            "from datetime import datetime": "datetime",
            "from uuid import UUID": "uuid",
            "from typing import Any": "json",
            "from enum import StrEnum\n\nfrom app.models.user import string_enum": "enum",
        }
        return "\n".join(lines + [line for line, kind in optional.items() if kind in kinds])

    def _schema_imports(self) -> str:
        kinds = {field.kind for field in self.given}
        lines = [
            "from enum import StrEnum",
            "from typing import Any, ClassVar",
            "from pydantic import BaseModel, ConfigDict",
        ]
        lines.append("from app.schemas.common import Schema, Timestamp")
        types = " ".join(self.schema_type(field) for field in self.given)
        lines += ["from typing import Annotated"] if "Annotated[" in types else []
        lines += ["from pydantic import Field"] if "Field(" in types else []
        lines += ["from pydantic import StringConstraints"] if "StringConstraints(" in types else []
        lines += ["from app.kit.ids import MAX_ID"] if "MAX_ID" in types else []
        names = {"str": "Line", "text": "Text", "email": "Email", "url": "Avatar", "datetime": "UTCDatetime"}
        used = sorted(names[kind] for kind in kinds if kind in names)
        lines += [f"from app.schemas.fields import {', '.join(used)}"] if used else []
        lines += ["from datetime import date"] if "date" in kinds else []
        lines += [line for line, wanted in _SCHEMA_LINES.items() if wanted & kinds]
        enums = sorted(self.enum_name(field) for field in self.given if field.choices)
        lines += [f"from app.models.{self.names.singular} import {', '.join(enums)}"] if enums else []
        return "\n".join(lines)

    def _service_imports(self) -> str:
        model = f"from app.models.{self.names.singular} import {self.names.pascal}"
        return "\n".join(["from datetime import datetime", model, "from app.auth.rows import OwnedRows"])

    def _migration_imports(self) -> str:
        lines = ["import sqlalchemy as sa", "from alembic import op", "from app.models.base import UtcDateTime"]
        return "\n".join(lines + (["from app.models.exact import ExactDecimal"] if "decimal" in self._kinds() else []))

    def _factory_imports(self) -> str:
        lines = [
            f"from tests.{self._packages[field.ref]}.factory import {names_of(field.ref).singular}_values"
            for field in self.given
            if self.needs_factory(field)
        ]
        return "\n".join([f"from tests.made import Resource{', made' if lines else ''}", *lines])

    def needs_factory(self, field: Field) -> bool:
        """Whether a test has to make what this field refers to with that resource's own factory."""
        return bool(field.ref) and not field.optional and field.ref not in _USERS and not self._is_example(field)

    def _is_example(self, field: Field) -> bool:
        return self._posts and self.tables[field.ref] == "posts"

    def _clearable(self) -> str:
        names = ", ".join(f'"{field.column_name}"' for field in self.given if field.optional)
        return f"{{{names}}}" if names else "set()"

    def _changes(self) -> str:
        """Other values for a field or two that a test may change freely."""
        free = [field for field in self.given if not field.unique and field.kind in KINDS]
        chosen = free[:2] or list(self.given[:1])
        pairs = [f'"{field.column_name}": {self._other(field)}' for field in chosen]
        return "{" + ", ".join(pairs) + "}"

    def _other(self, field: Field) -> str:
        return f'"{field.choices[-1]}"' if field.choices else "1" if field.ref else KINDS[field.kind].other

    def _bad_values(self) -> str:
        return "[" + ", ".join(f'{{"{field.column_name}": {_BAD[field.kind]}}}' for field in self.given) + "]"
