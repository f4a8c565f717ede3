"""How a resource's fields are written in each of its files."""

import re
from functools import cached_property

from fastapi_expert.scaffold.access import Access
from fastapi_expert.scaffold.fields import KINDS, USERS, Field
from fastapi_expert.scaffold.formatting import template_environment
from fastapi_expert.scaffold.naming import Names, names_of

_SORTABLE = {"str": "str", "int": "int", "date": "", "datetime": "datetime", "email": "str", "ref": "int"}
# what each type rejects, for the test that says so: also what Pydantic would take for it though JSON does not
_BAD = {
    "str": ('""',),
    "text": ('"\\x00"',),
    "int": ('"many"', '"7"', "True"),
    "float": ('"NaN"', '"1.5"', "True"),
    "decimal": ('"1.234"', "True"),
    "bool": ('"perhaps"', '"yes"', "1"),
    "date": ('"2026-02-30"', '"0"', "0"),
    "datetime": ('"2026-01-31T12:00:00"', '"0"', "0"),
    "uuid": ('"1"',),
    "email": ('"nobody"',),
    "url": ('"javascript:alert(1)"',),
    "json": ("[]",),
    "ref": ("0", "True"),
    "enum": ('"nothing"',),
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


_RESERVED = frozenset({"page", "page_size", "search", "sort_by", "order", "cursor", "user", "reader"})
"""Parameters of a list that no filter may be called."""
_FILTERED = {"enum", "bool", "ref", "uuid", "date"}
_UNIQUE = {
    "email": 'f"person{number}@example.org"',
    "int": "number",
    "float": "number + 0.5",
    "decimal": 'f"{number}.50"',
    "uuid": "str(UUID(int=number))",
    "url": 'f"https://example.org/{number}"',
    "date": 'f"{1970 + number}-01-31"',
    "datetime": 'f"{1970 + number}-01-31T12:00:00Z"',
}
"""A value that no other row has, of each type that can be unique."""
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
    "changed_type",
    "filter_type",
    "on_delete",
)


class TemplateContext:
    """`tables` maps what `ref[…]` names to its table; `revision` is the migration's own id and the one before.

    `package` is the resource's own below `app` and `tests`; `packages` are those of the resources it refers to, by what
    `ref[…]` names. `posts`: the project has the example, so its tests make posts with `accounts.post`. `owned` are the
    references whose rows have owners, `private` those whose rows only their owners see; `taken` are the names of the
    project's classes.
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
        access: Access,
        owned: frozenset[str] = frozenset(),
        private: frozenset[str] = frozenset(),
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.names = names
        self.package = package
        self._packages = packages
        self._posts = posts
        self.fields = fields
        self.tables = tables
        self.revision = revision
        self.owner = access.field
        self.public = access.openness == "public"
        self._owned = owned
        self._private = private
        self._taken = taken
        self.given = tuple(field for field in fields if field is not self.owner)

    def render(self, template: str) -> str:
        environment = template_environment()
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
                sends_uuids=any(self.sample(field).startswith("str(UUID") for field in self.given if not field.ref),
                clearable=any(field.optional for field in self.given),
                required=[field for field in self.given if not field.optional][:1],
                narrowed=[field.column_name for field in self.filters if not field.ref],
                a_noun=self.names.a_noun,
                a_name=self.names.a_noun.replace(" ", "_"),
                public=self.public,
                titled=self.titled,
                filters=self.filters,
                references=self.references,
                private_references=self._private_references(),
                refers_to_posts=self.refers_to_posts,
                closed=self._closed(),
                writer="owner" if self.owner else "admin",
                writer_type="CurrentUser" if self.owner else "AdminUser",
                users=USERS,
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
    def filters(self) -> list[Field]:
        """What a list can be narrowed by."""
        return [
            field
            for field in self.given
            if (field.kind in _FILTERED or (field.indexed and field.kind in {"int", "str"}))
            and field.column_name not in _RESERVED
        ]

    @property
    def refers_to_posts(self) -> bool:
        """Whether it refers to the template's posts."""
        return any(self.is_example(field) for field in self.given if field.ref)

    @property
    def references(self) -> dict[str, str]:
        """The ids that each reference may hold, as the service says it: what its writer may see."""
        found: dict[str, str] = {}
        for field in self.given:
            if field.ref in USERS:
                found[field.column_name] = "all_of(User)"
            elif field.ref and self.is_example(field):
                found[field.column_name] = "visible_posts"
            elif field.ref and self.tables[field.ref] == self.names.plural:
                continue  # its own rows: `OwnedRows` knows them
            elif field.ref == "tag" and field.ref not in self._packages:
                found[field.column_name] = "all_of(Tag)"
            elif field.ref:
                found[field.column_name] = f"{names_of(field.ref).plural.upper()}.visible_to"
        return found

    def _private_references(self) -> dict[str, str]:
        """Of each reference to what has owners: the id of a stranger's, as a test makes it."""
        found: dict[str, str] = {}
        for field in self.given:
            if field.ref in self._private and self.owner is not None:
                found[field.column_name] = self._made(field, "stranger")
        return found

    @property
    def indexes(self) -> list[list[str]]:
        """Columns of each index: one that serves each sort (of one owner), one for each reference, mark and choice."""
        prefix = [self.owner.column_name] if self.owner and not self.public else []
        found = [[field.column_name, "id"] for field in self.fields if field.indexed or field.ref]
        found += [[*prefix, field.column_name, "created_at", "id"] for field in self.filters if field.choices]
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
        name = self.names.pascal + "".join(part.capitalize() for part in field.name.split("_"))
        schemas = {f"{self.names.pascal}{purpose}" for purpose in ("Create", "Update", "Read", "Sort")}
        return f"{name}Choice" if name in schemas | self._taken else name

    def on_delete(self, field: Field) -> str:
        """What becomes of a row when the one it refers to goes: with what people own, it goes too."""
        if field is self.owner:
            return "CASCADE"
        if field.optional:
            return "SET NULL"
        return "CASCADE" if field.ref in USERS | self._owned or self.is_example(field) else "RESTRICT"

    def python_type(self, field: Field) -> str:
        plain = self.enum_name(field) if field.choices else "int" if field.ref else KINDS[field.kind].python
        return f"{plain} | None" if field.optional else plain

    def column(self, field: Field) -> str:
        """The arguments of `mapped_column`."""
        if field.ref:
            kind = f'BigInt, ForeignKey("{self.tables[field.ref]}.id", ondelete="{self.on_delete(field)}")'
        elif field.choices:
            kind = f'string_enum({self.enum_name(field)}, "{field.column_name}")'
        else:
            kind = KINDS[field.kind].column
        return f"{kind}, unique=True" if field.unique else kind

    def schema_type(self, field: Field) -> str:
        if field.ref:
            return "Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]"
        return self.enum_name(field) if field.choices else KINDS[field.kind].schema

    def changed_type(self, field: Field) -> str:
        """A required field of what changes a row, with its default: left out or given, and never null."""
        plain = self.schema_type(field)
        inside = re.fullmatch(r"Annotated\[(\w+), Field\((.*)\)\]", plain)
        if inside:
            return f"{inside[1]} = Field(default_factory=left_out, {inside[2]})"
        return f"{plain} = Field(default_factory=left_out)"

    def filter_type(self, field: Field) -> str:
        """The type of a list's parameter that narrows it."""
        if field.ref:
            return "Annotated[int | None, Query(ge=1, le=MAX_ID)]"
        if field.kind == "int":
            return "Annotated[int | None, Query(ge=-MAX_ID, le=MAX_ID)]"
        if field.kind == "str":
            return "Annotated[Text | None, Query(max_length=200)]"
        if field.kind == "date":
            return "Day | None"
        return f"{self.enum_name(field) if field.choices else KINDS[field.kind].python} | None"

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
        if field.unique and field.kind == "str":
            return f'f"{field.name} {{number}}"'
        if field.unique and field.kind in _UNIQUE:
            return _UNIQUE[field.kind]
        return KINDS[field.kind].sample

    def reference(self, field: Field) -> str:
        """An id that the field may hold, of a row made for the purpose."""
        if field.ref in USERS:
            return "(await accounts.row()).id"
        return self._made(field, "writer")

    def _made(self, field: Field, owner: str) -> str:
        """The id of a row that `owner`, a variable, makes; of one that administrators make where it has no owners."""
        if self.is_example(field):
            status = ", status=PostStatus.DRAFT" if owner == "stranger" else ""
            return f"(await accounts.post({owner}{status})).id"
        other = names_of(field.ref)
        maker = owner if field.ref in self._owned else "await accounts.admin()"
        if maker == owner:
            values = f"await {other.singular}_values(client, accounts, {owner})"
            return f'(await made(client, "/api/v1/{other.path}", {owner}, {values}))["id"]'
        admin = "(admin := await accounts.admin())"
        values = f"await {other.singular}_values(client, accounts, admin)"
        return f'(await made(client, "/api/v1/{other.path}", {admin}, {values}))["id"]'

    @property
    def imports(self) -> dict[str, str]:
        """The import lines of each file; ruff orders them."""
        return {
            "model": self._model_imports(),
            "schema": self._schema_imports(),
            "service": self._service_imports(),
            "migration": self._migration_imports(),
            "factory": self._factory_imports(),
            "endpoints": self._endpoint_imports(),
            "tests": self._test_imports(),
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
            "from typing import Any, ClassVar" if any(field.kind == "json" for field in self.given) else "",
            "from pydantic import BaseModel",
        ]
        lines += ["from typing import ClassVar", "from pydantic import ConfigDict"] if self.titled else []
        lines += ["from app.schemas.common import Schema, Timestamp", "from app.schemas.changes import Changes"]
        types = " ".join(self.schema_type(field) for field in self.given)
        types += " ".join(self.changed_type(field) for field in self.given if not field.optional)
        lines += ["from app.schemas.changes import left_out"] if "left_out" in types else []
        lines += ["from typing import Annotated"] if "Annotated[" in types else []
        lines += ["from pydantic import Field"] if "Field(" in types else []
        lines += ["from pydantic import StringConstraints"] if "StringConstraints(" in types else []
        lines += ["from app.kit.ids import MAX_ID"] if "MAX_ID" in types else []
        names = {
            "str": "Line",
            "text": "Text",
            "email": "Email",
            "url": "Avatar",
            "date": "Day",
            "datetime": "UTCDatetime",
        }
        used = sorted(names[kind] for kind in kinds if kind in names)
        lines += [f"from app.schemas.fields import {', '.join(used)}"] if used else []
        lines += ["from datetime import date"] if "date" in kinds else []
        lines += [line for line, wanted in _SCHEMA_LINES.items() if wanted & kinds]
        enums = sorted(self.enum_name(field) for field in self.given if field.choices)
        lines += [f"from app.models.{self.names.singular} import {', '.join(enums)}"] if enums else []
        return "\n".join(lines)

    def _service_imports(self) -> str:
        lines = [
            "from datetime import datetime",
            f"from app.models.{self.names.singular} import {self.names.pascal}",
            "from app.auth.rows import OwnedRows",
        ]
        for field in self.given:
            if field.ref in USERS:
                lines += ["from app.auth.rows import all_of", "from app.models.user import User"]
            elif field.ref == "tag" and field.ref not in self._packages:
                lines += ["from app.auth.rows import all_of", "from app.models.tag import Tag"]
            elif field.ref and self.is_example(field):
                lines += [
                    "from typing import Any",
                    "from sqlalchemy import Select, select",
                    "from app.auth.principal import Principal",
                    "from app.kit.clock import utcnow",
                    "from app.models.post import Post",
                    "from app.posts.visibility import viewer_binds, viewer_of, visible",
                ]
            elif field.ref and self.tables[field.ref] != self.names.plural:
                lines.append(
                    f"from app.{self._packages[field.ref]}.service import {names_of(field.ref).plural.upper()}"
                )
        return "\n".join(dict.fromkeys(lines))

    def _endpoint_imports(self) -> str:
        kinds = {field.kind for field in self.filters}
        lines = ["from app.schemas.fields import Day"] if "date" in kinds else []
        lines += ["from uuid import UUID"] if "uuid" in kinds else []
        enums = [self.enum_name(field) for field in self.filters if field.choices]
        lines += [f"from app.models.{self.names.singular} import {', '.join(enums)}"] if enums else []
        return "\n".join(lines)

    def _test_imports(self) -> str:
        lines: list[str] = []
        for field in self.given:
            if field.ref in self._private and self.owner is not None:
                package = self._packages.get(field.ref, "")
                example = self.is_example(field)
                lines.append(
                    "from app.models import PostStatus"
                    if example
                    else f"from tests.{package}.factory import {names_of(field.ref).singular}_values"
                )
        return "\n".join(dict.fromkeys(lines))

    def _migration_imports(self) -> str:
        lines = ["import sqlalchemy as sa", "from alembic import op", "from app.models.base import UtcDateTime"]
        return "\n".join(lines + (["from app.models.exact import ExactDecimal"] if "decimal" in self._kinds() else []))

    def _factory_imports(self) -> str:
        others = [field for field in self.given if self.needs_factory(field)]
        lines = [
            f"from tests.{self._packages[field.ref]}.factory import {names_of(field.ref).singular}_values"
            for field in others
        ]
        return "\n".join([f"from tests.made import Resource{', made' if others else ''}", *lines])

    def needs_factory(self, field: Field) -> bool:
        """Whether a test has to make what this field refers to with that resource's own factory."""
        return bool(field.ref) and not field.optional and field.ref not in USERS and not self.is_example(field)

    def is_example(self, field: Field) -> bool:
        """Whether it refers to a post of the template."""
        return self._posts and bool(field.ref) and self.tables[field.ref] == "posts"

    def _changes(self) -> str:
        """Other values for a field or two that a test may change freely; none where every field is a reference."""
        free = [field for field in self.given if not field.unique and (field.kind in KINDS or field.choices)]
        unique = [field for field in self.given if field.kind in KINDS]
        pairs = [f'"{field.column_name}": {self._other(field)}' for field in free[:2] or unique[:1]]
        return "{" + ", ".join(pairs) + "}"

    def _other(self, field: Field) -> str:
        return f'"{field.choices[-1]}"' if field.choices else KINDS[field.kind].other

    def _closed(self) -> str:
        """The calls that need somebody who is signed in."""
        reads = [] if self.public else ['("GET", PATH)', '("GET", f"{PATH}/1")']
        return ", ".join([*reads, '("POST", PATH)', '("PUT", f"{PATH}/1")', '("DELETE", f"{PATH}/1")'])

    @property
    def titled(self) -> bool:
        """Whether the resource's own name is free to be a title in the OpenAPI document."""
        return self.names.pascal not in self._taken

    def _bad_values(self) -> str:
        bad = [f'{{"{field.column_name}": {value}}}' for field in self.given for value in _BAD[field.kind]]
        return f"[{', '.join(bad)}]"
