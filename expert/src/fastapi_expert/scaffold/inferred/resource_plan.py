"""What a resource will be in a project of another layout: its names, its places, its types, and the words for them."""

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.formatting import Formatter
from fastapi_expert.scaffold.inferred.conventions import Conventions, ParameterTemplate
from fastapi_expert.scaffold.inferred.imports import Import, ImportResolver
from fastapi_expert.scaffold.inferred.renaming import Renaming
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.tables import (
    audit_fields,
    key_of,
    style_of,
    table_name,
)
from fastapi_expert.scaffold.inferred.writing import Target, Writing
from fastapi_expert.scaffold.naming import Names


@dataclass(frozen=True, slots=True)
class Places:
    """The file of each part; ``service`` is empty where endpoints ask the session themselves."""

    table: str
    schemas: str
    service: str
    endpoints: str


class ResourcePlan:
    """Everything that follows from the project's habits and the fields asked for, before anything is written."""

    def __init__(
        self, codebase: Codebase, sources: Sources, conventions: Conventions, names: Names, fields: tuple[Field, ...]
    ) -> None:
        self.codebase, self.sources, self.conventions = codebase, sources, conventions
        self.names, self.fields = names, fields
        self.sibling = conventions.sibling
        self.renaming = Renaming(self.sibling.names, names)
        self.resolver = ImportResolver(codebase)
        self.formatter = Formatter(codebase.root)
        self.table = self.sibling.table
        self.key = key_of(codebase, self.table)
        self.style = style_of(codebase, self.table, sources)
        self.places = self._places()
        self._refuse_pydantic_1()
        targets = self._targets()
        root, root_path = self._root()
        self.root = root
        self.root_imports = self.resolver.for_text(root, root_path) if root_path else [Import("pydantic", "BaseModel")]
        is_sqlmodel = any(each.module.startswith("sqlmodel") for each in self.root_imports) or (
            root == "SQLModel" and self.style == "sqlmodel"
        )
        self.shared = self.style == "sqlmodel" and is_sqlmodel and self.places.table == self.places.schemas
        self.rows = Writing(names, self.style, targets)
        self.schema_types = Writing(names, "sqlmodel" if is_sqlmodel else "mapped", targets)
        self.owner = next((f for f in fields if f.is_owner and conventions.user is not None), None)
        self.given = tuple(field for field in fields if field is not self.owner)
        self.schema = self._schema_names()

    def _places(self) -> Places:
        sibling = self.sibling
        schema = next(iter(sibling.schemas.values()), None)
        services = [service.path for service in sibling.services if service.path != sibling.endpoint_file]
        service = max(services, key=services.count) if services else ""
        found = [self.table.path, schema.path if schema else self.table.path, service, sibling.endpoint_file]
        places = [self._placed(path) if path else "" for path in found]
        return Places(*places)

    def _placed(self, path: str) -> str:
        place = "/".join(self.renaming.text(part) for part in PurePosixPath(path).parts)
        if place != path and (self.codebase.root / place).exists():
            raise ExpertError(
                "this is there already", where=place, do="Add the resource by hand, or name it otherwise."
            )
        return place

    def twin(self, path: str) -> str:
        return "/".join(self.renaming.text(part) for part in PurePosixPath(path).parts)

    def _refuse_pydantic_1(self) -> None:
        for schema in self.sibling.schemas.values():
            if "orm_mode" in self.sources.lines(schema.path, schema.line, schema.end_line):
                what = "its schemas are written for pydantic 1 (orm_mode)"
                raise ExpertError(what, where=f"{schema.path}:{schema.line}", do="Migrate them to pydantic 2 first.")

    def _targets(self) -> dict[str, Target]:
        tables: dict[str, Component] = {}
        for component in self.codebase.inventory.components:
            if component.kind == "table" and component.bases is not None:
                tables.setdefault(re.sub(r"(Model|Table|DB|ORM)$", "", component.name).lower(), component)
        found: dict[str, Target] = {}
        for field in self.fields:
            if not field.ref:
                continue
            table = tables.get(field.ref.replace("_", "").removesuffix("s")) or tables.get(field.ref.replace("_", ""))
            if table is None:
                known = ", ".join(sorted(each.name for each in tables.values()))
                raise ExpertError(f"ref[{field.ref}] points to no table", where=field.name, do=f"There are {known}.")
            name = table_name(self.codebase, table, self.sources)
            if not name:
                what = f"the name of {table.name} in the database is known to the running program alone"
                raise ExpertError(what, where=f"{table.path}:{table.line}", do="Give it a __tablename__.")
            key = key_of(self.codebase, table)
            found[field.ref] = Target(table.name, self.resolver.of(table.path, table.name), name, key)
        return found

    def _root(self) -> tuple[str, str]:
        """The class that the project's schemas begin with, and the file that names it."""
        schema: Component | None = next(iter(self.sibling.schemas.values()), None)
        for _ in range(5):
            if schema is None or not schema.bases:
                break
            base = schema.bases[0]
            symbol = self.codebase.names.resolve(schema.path, base)
            if symbol is None or not self.renaming.names(base):
                return base, schema.path
            schema = self.codebase.component(f"schema:{symbol.path}::{symbol.name}")
        return ("SQLModel", self.table.path) if self.style == "sqlmodel" else ("BaseModel", "")

    def _schema_names(self) -> dict[str, str]:
        found = {
            action: self.renaming.text(self.sibling.schemas[action].name)
            if action in self.sibling.schemas
            else f"{self.names.pascal}{action.capitalize()}"
            for action in ("create", "update", "read")
        }
        for action, name in found.items():  # one class for two purposes there, or the table's own name: apart here
            taken = [self.names.pascal, *(other for key, other in found.items() if key != action)]
            if name in taken:
                found[action] = f"{self.names.pascal}{action.capitalize()}"
        base = f"{self.names.pascal}Base"
        return {**found, "base": base if base not in found.values() else f"{self.names.pascal}Fields"}

    def of_table(self, name: str) -> Import:
        return Import(self.module(self.places.table), name)

    def module(self, path: str) -> str:
        """The module name a file has, or will have beside its sibling."""
        if path in self.codebase.files:
            return self.resolver.module(path)
        originals = {self.twin(p): p for p in self.codebase.files}
        return self.renaming.text(self.resolver.module(originals[path]))

    def renamed_key(self, text: str) -> str:
        return self.renaming.text(text) if self.renaming.names(self.key.name) else text

    def names_its_table(self) -> bool:
        facts = self.codebase.class_(self.table.id)
        return facts is not None and any(field.name == "__tablename__" for field in facts.fields)

    def table_name(self) -> str:
        """The new table's name, "" when only the running program will know it."""
        known = table_name(self.codebase, self.table, self.sources)
        renamed = self.renaming.text(known)
        return renamed if renamed != known else self.names.plural if known else ""

    @property
    def key_name(self) -> str:
        return self.renamed_key(self.key.name)

    @property
    def user(self) -> ParameterTemplate | None:
        """Who asks, wherever the sibling wants to know it or the rows have owners."""
        asked = self.sibling.some_route.protected
        return self.conventions.user if self.owner or asked else None

    def referred(self) -> list[tuple[Field, Target]]:
        return [(field, self.rows.targets[field.ref]) for field in self.given if field.ref]

    def select(self) -> Import:
        return Import("sqlmodel" if self.conventions.uses_exec else "sqlalchemy", "select")

    def session_type_imports(self) -> list[Import]:
        return self.resolver.for_text(self.conventions.session_type, self.conventions.session_path)

    def component(self, identifier: str) -> Component:
        component = self.codebase.component(identifier)
        assert component is not None
        return component

    def end(self, path: str, components: list[Component]) -> int | None:
        """The last line of these parts of the file at ``path``; None when the new part goes to a file of its own."""
        if self.twin(path) != path:
            return None
        return max((one.end_line for one in components if one.path == path), default=None)

    def items_end_with_slash(self) -> bool:
        return any(route.path.endswith("}/") for route in self.sibling.routes.values())

    @property
    def id(self) -> str:
        for action in ("read", "update", "delete"):
            if action in self.sibling.routes:
                found = re.findall(r"\{(\w+)(?::\w+)?\}/?$", self.sibling.routes[action].path)
                if found:
                    return self.renaming.text(found[0])
        return f"{self.names.singular}_id"

    def render(self, template: str, **more: Any) -> str:
        from jinja2 import Environment, StrictUndefined

        environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  # it writes Python
        text = (files("fastapi_expert.scaffold.inferred") / "resource" / f"{template}.py.jinja").read_text("utf-8")
        return self.formatter.formatted(environment.from_string(text).render(**{**self._words(), **more}).strip("\n"))

    def _words(self) -> dict[str, Any]:
        conventions, names, owner, user = self.conventions, self.names, self.owner, self.user
        awaits = "await " if conventions.is_async else ""
        call = "exec" if conventions.uses_exec else "scalars"
        owner_type = self.rows.type(owner).text if owner else ""
        user_key = key_of_user(self.rows, owner)
        given = f", {user.name}.{user_key}" if owner and user else ""
        owned_by = f"{names.pascal}.{owner.column_name} == {owner.column_name}" if owner else ""
        asked = f"{user.name}.{user_key}" if user else ""

        def many(statement: str) -> str:
            asking = f"{conventions.session.name}.{call}({statement})"
            return f"(await {asking})" if conventions.is_async else asking

        clearable = [field.column_name for field in self.given if field.optional]
        return {
            "names": names,
            "fields": self.fields,
            "schema": SimpleNamespace(**self.schema),
            "owner_column": owner.column_name if owner else "",
            "enum_name": self.rows.enum_name,
            "sample": self.rows.sample,
            "other": self.rows.other,
            "D": "async def" if conventions.is_async else "def",
            "A": awaits,
            "S": conventions.session.name,
            "session_type": conventions.session_type,
            "save": "commit" if conventions.commits else "flush",
            "many": many,
            "key": self.key_name,
            "key_type": self.key.type.text,
            "id": self.id,
            "service": bool(self.places.service),
            "owned": owner is not None,
            "owned_by": owned_by,
            "owner_argument": f", {owner.column_name}: {owner_type}" if owner else "",
            "owner_given": given,
            "owner_value": f", {owner.column_name}={owner.column_name}" if owner else "",
            "owner_value_here": f", {owner.column_name}={asked}" if owner else "",
            "where_owner": f".where({owned_by})" if owner else "",
            "where_owner_here": f".where({names.pascal}.{owner.column_name} == {asked})" if owner else "",
            "clearable": bool(clearable),
            "clearing": f" or name in {{{', '.join(map(repr, clearable))}}}".replace("'", '"') if clearable else "",
            "unique": any(field.unique for field in self.given),
            "referred": self.referred(),
            "order": ", ".join(f"{names.pascal}.{name}" for name in self._order()),
            "in_order": ", oldest first" if len(self._order()) > 1 or self.key.type.text == "int" else "",
            "skip": self._skip(),
            "update_method": self._update_method(),
            **self._parameters(),
        }

    def _parameters(self) -> dict[str, str]:
        borrowed = [str(each) for each in (self.conventions.session, self.user) if each is not None]
        identity = f"{self.id}: {self.key.type.text}"
        listing = [
            f"{self._skip()}: Annotated[int, Query(ge=0)] = 0",
            "limit: Annotated[int, Query(ge=1, le=100)] = 100",
        ]
        return {
            "listing_parameters": _ordered([*borrowed, *listing]),
            "create_parameters": _ordered([f"data: {self.schema['create']}", *borrowed]),
            "item_parameters": _ordered([identity, *borrowed]),
            "update_parameters": _ordered([identity, f"data: {self.schema['update']}", *borrowed]),
        }

    def _order(self) -> list[str]:
        """The columns a list is ordered by: when a row was made, where that is kept, and always the key."""
        made = [f.name for f in audit_fields(self.codebase, self.table) if f.name in ("created_at", "created_on")]
        return [*made[:1], self.key_name]

    def _skip(self) -> str:
        listing = self.sibling.routes.get("list")
        function = self.codebase.function(listing.endpoint) if listing else None
        names = {param.name for param in function.params} if function else set[str]()
        return "skip" if "skip" in names else "offset"

    def _update_method(self) -> str:
        update = self.sibling.routes.get("update")
        return update.method.lower() if update else "patch"


def key_of_user(rows: Writing, owner: Field | None) -> str:
    """The name of the key by which an owner is known."""
    return rows.targets[owner.ref].key.name if owner else "id"


def _ordered(parameters: list[str]) -> str:
    """Those without a default first, one a line when there are many."""
    required = [each for each in parameters if " = " not in each]
    return ", ".join([*required, *(each for each in parameters if " = " in each)])
