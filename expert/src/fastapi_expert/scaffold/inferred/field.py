"""A field added to a resource of a project of another layout: its table, its schemas, a migration."""

import re

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold import edits
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.inferred import registration
from fastapi_expert.scaffold.inferred.imports import Import, ImportResolver, section
from fastapi_expert.scaffold.inferred.learned.conventions import Sibling, sibling_called
from fastapi_expert.scaffold.inferred.learned.tables import (
    AUDIT,
    Style,
    style_of,
    table_name,
)
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.writing import Line, Writing
from fastapi_expert.scaffold.naming import Names
from fastapi_expert.scaffold.plan import AlreadyThere, File, Plan
from fastapi_expert.scaffold.pythons import oldest_python


def plan_field(codebase: Codebase, names: Names, field: Field) -> Plan:
    """What adding the field would write.

    Raises:
        AlreadyThere: the resource has it.
        ExpertError: there is no such resource, or its endpoints list their fields one by one.
    """
    return _Adding(codebase, sibling_called(codebase, names.singular), names, field).plan()


class _Adding:
    def __init__(self, codebase: Codebase, sibling: Sibling, names: Names, field: Field) -> None:
        self.codebase, self.sibling, self.names, self.field = codebase, sibling, names, field
        self.sources = Sources(codebase.root)
        self.style: Style = style_of(codebase, sibling.table, self.sources)
        oldest = oldest_python(codebase.root, codebase.root.parent)
        self.old = oldest is not None and oldest < (3, 10)
        self.texts: dict[str, str] = {}

    def plan(self) -> Plan:
        table = self.sibling.table
        there = {each.name for each in table.fields or ()}
        if self.field.name in there:
            raise AlreadyThere(f"{table.name} has {self.field.name} already", where=f"{table.path}:{table.line}")
        self._refuse_listed(there)
        given = self._inherit_from(table)
        self._put(
            given or table,
            self._writing(self.style).model_field(self.field, in_table=True) if given else self._column(),
        )
        for action in ("create", "update", "read"):
            schema = self.sibling.schemas.get(action)
            if schema is not None and not self._inherits_field(schema):
                style: Style = "sqlmodel" if self._is_sqlmodel(schema) else "mapped"
                self._put(schema, self._writing(style).model_field(self.field))
        files: list[File] = [(path, self.sources.text(path), text) for path, text in self.texts.items()]
        migration = self._migration()
        notes = [] if migration else ["No migrations were found: add the column the way the others were made."]
        if migration:
            files.append((*migration[:1], None, migration[1]))
        notes.append("No test was written: extend those of its endpoints.")
        resolver = ImportResolver(self.codebase)
        return Plan(
            tuple(files),
            left=tuple(notes),
            module=resolver.module(self.sibling.endpoint_file),
            table_module=resolver.module(table.path),
            table=table_name(self.codebase, table, self.sources),
            column=self.field.name,
            migration=migration[0] if migration else "",
        )

    def _refuse_listed(self, there: set[str]) -> None:
        """Endpoints that name the fields one by one would pass the new one over."""
        own = there - {"id", *AUDIT}
        for route in self.sibling.routes.values():
            function = self.codebase.function(route.endpoint)
            if function is None or route.method not in ("POST", "PUT", "PATCH"):
                continue
            texts = [(route.path_file, function.start_line, function.end_line)]
            texts += [(each.path, each.line, each.end_line) for each in self.sibling.services]
            for path, first, last in texts:
                text = self.sources.lines(path, first, last)
                found = re.search(rf"\b(\w+)\s*=\s*\w+\.({'|'.join(map(re.escape, sorted(own))) or '-'})\b", text)
                if found and found[1] == found[2]:
                    line = first + text.count("\n", 0, found.start())
                    raise ExpertError(
                        f"fields are listed one by one here ({found[0]}), so a new one has to be put in by hand",
                        where=f"{path}:{line}",
                        do="Write `**data.model_dump()` there, or add the field yourself.",
                    )

    def _inherit_from(self, table: Component) -> Component | None:
        """The schema that the table inherits its fields from, as SQLModel's tables do."""
        for base in table.bases or ():
            symbol = self.codebase.names.resolve(table.path, base)
            schema = self.codebase.component(f"schema:{symbol.path}::{symbol.name}") if symbol is not None else None
            if schema is not None and schema.fields:
                return schema
        return None

    def _inherits_field(self, schema: Component) -> bool:
        for symbol in self.codebase.names.ancestors(schema.path, schema.qualname):
            text = self.texts.get(symbol.path, "")
            if edits.with_attribute(text, symbol.name, f"{self.field.name}: int") is None and text:
                return edits.has_class(text, symbol.name)
        return False

    def _is_sqlmodel(self, schema: Component) -> bool:
        ancestors = self.codebase.names.ancestors(schema.path, schema.qualname)
        return any(each.name.startswith("sqlmodel") for each in ancestors if each.kind == "external")

    def _writing(self, style: Style) -> Writing:
        return Writing(self.names, style, {}, old=self.old)

    def _column(self) -> Line:
        return self._writing(self.style).column(self.field)

    def _put(self, component: Component, line: Line) -> None:
        text = self.texts.get(component.path, self.sources.text(component.path))
        added = edits.with_attribute(text, component.qualname, line.text, before=AUDIT)
        if added is None:
            raise AlreadyThere(
                f"{component.name} has {self.field.name} already", where=f"{component.path}:{component.line}"
            )
        for need in line.needs:
            added = self._with_import(component.path, added, need)
        self.texts[component.path] = added

    def _with_import(self, path: str, text: str, need: Import) -> str:
        if need.binds in self.codebase.names.bindings(path):
            return text
        own = {self.codebase.names.modules.name(each).partition(".")[0] for each in self.codebase.files}
        return edits.with_import(
            text,
            need.module,
            need.item if need.name else "",
            lambda module: section(module, module.partition(".")[0] in own),
        )

    def _migration(self) -> tuple[str, str] | None:
        from fastapi_expert.scaffold.revisions import next_revision

        folder = registration.migrations(self.codebase)
        table = table_name(self.codebase, self.sibling.table, self.sources)
        if not folder or not table:
            return None
        revision, down = next_revision(self.codebase.root / folder, f"{table}_{self.field.name}")
        column = self._writing(self.style).migration(self.field)
        text = f'''"""{self.names.nouns.capitalize()}: {self.field.name}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{down}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("{table}", {column})


def downgrade() -> None:
    op.drop_column("{table}", "{self.field.name}")
'''
        return f"{folder}/{revision}_{table}_{self.field.name}.py", text
