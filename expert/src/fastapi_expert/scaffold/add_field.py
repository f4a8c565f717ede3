"""`expert add RESOURCE.FIELD:TYPE`: a field added to a resource everywhere it belongs."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold import edits, inferred
from fastapi_expert.scaffold.fields import KINDS, Field
from fastapi_expert.scaffold.formatting import template_environment
from fastapi_expert.scaffold.naming import Names
from fastapi_expert.scaffold.plan import AlreadyThere, File, Plan
from fastapi_expert.scaffold.registries import WIDTH, section_of
from fastapi_expert.scaffold.revisions import own_revision
from fastapi_expert.scaffold.template_context import TemplateContext

_AUDIT = ("version", "created_at", "updated_at")


def plan_field(root: Path, codebase: Codebase, names: Names, field: Field, *, search: bool) -> Plan:
    """What adding ``field`` to a resource would write; ``search``: lists look in it, too.

    Raises:
        AlreadyThere: the resource has it.
        ExpertError: there is no such resource, or rows that are there could not have such a field.
    """
    _refuse(field)
    if names.singular == "post" and all((root / path).is_file() for path in _POSTS):
        if search:
            do = "Take it without --search, or see migrations/versions/0002_post_search.py for what searches posts."
            raise ExpertError(
                "posts are found by an index of the database's own, not by columns", where="--search", do=do
            )
        return _OfPosts(root, names, field, "posts").plan()
    service = next((path for path in _services(root, names) if path.is_file()), None)
    if service is None or "OwnedRows(" not in service.read_text(encoding="utf-8"):
        if search:
            raise ExpertError("--search is for resources that `expert add` wrote in a project of `expert new`")
        return inferred.plan_field(codebase, names, field)
    return _OfRows(root, names, field, service.parent.name, search=search).plan()


def _refuse(field: Field) -> None:
    if not field.optional:
        do = f"Make it optional: {field.name}:{field.kind}?"
        raise ExpertError("the rows that are there have no value for it", where=field.name, do=do)
    if field.kind not in KINDS or field.unique:
        what = "a reference, a choice or a unique field is a new constraint, for which SQLite has to copy the table"
        raise ExpertError(what, where=field.name, do="Write it by hand, with `op.batch_alter_table` in the migration.")


def _services(root: Path, names: Names) -> list[Path]:
    return [root / f"app/{package}/service.py" for package in (names.plural, f"{names.singular}_resource")]


class _Own:
    """A field of a resource in a project of `expert new`: in its table, its schemas, a migration, a test."""

    READ = "Read"
    """What the schemas of answers are called after the resource."""

    def __init__(self, root: Path, names: Names, field: Field, package: str) -> None:
        from fastapi_expert.scaffold.access import Access

        self.root, self.names, self.field, self.package = root, names, field, package
        self.revision = own_revision(root / "migrations/versions", f"{names.plural}_{field.name}")
        self.tests = f"tests/{package}/test_{names.plural}.py"
        self.context = TemplateContext(
            names,
            (field,),
            {},
            package=package,
            packages={},
            revision=self.revision,
            posts=False,
            access=Access("shared"),
        )

    def plan(self) -> Plan:
        names, field, context = self.names, self.field, self.context
        migration = f"migrations/versions/{self.revision[0]}_{names.plural}_{field.name}.py"
        new = _filled("field_migration", names=names, field=field, revision=self.revision, context=context)
        written: list[File] = [(migration, None, new + "\n")]
        for path, after in {**self._classes(), **self._further(), self.tests: self._with_test()}.items():
            written.append((path, self._read(path), after))
        if field.kind == "decimal" and not (self.root / "app/models/exact.py").exists():
            written.append(("app/models/exact.py", None, context.render(_text("exact"))))
        return Plan(
            tuple(written),
            left=("`make test`; `make run` brings the database up to date itself.",),
            module=f"app.api.v1.endpoints.{names.plural}",
            apps=(("app.main", "create_app"),),
            table_module=f"app.models.{names.singular}",
            table=names.plural,
            column=field.name,
            migration=migration,
            on_postgres=True,
            tests=(self.tests,),
            test_options=("-n0", "-k", "sqlite"),
            guarded=False,
        )

    def _classes(self) -> dict[str, str]:
        """The table and the schemas."""
        names, field, context = self.names, self.field, self.context
        model, schema = f"app/models/{names.singular}.py", f"app/schemas/{names.singular}.py"
        column = f"{field.name}: Mapped[{context.python_type(field)}] = mapped_column({context.column(field)})"
        given = f"{field.name}: {context.schema_type(field)} | None = None"
        schemas = {
            f"{names.pascal}Create": given,
            f"{names.pascal}Update": given,
            f"{names.pascal}{self.READ}": f"{field.name}: {context.read_type(field)}",
        }
        return {
            model: self._with(model, {names.pascal: column}, context.imports["model"]),
            schema: self._with(schema, schemas, context.imports["schema"]),
        }

    def _further(self) -> dict[str, str]:
        """What else of the resource has a place for every field, by path."""
        raise NotImplementedError

    def _with_test(self) -> str:
        text = self._read(self.tests)
        return f"{text.rstrip()}\n\n\n{self._test(text)}\n"

    def _test(self, text: str) -> str:
        """The test of the field, for the end of the file of tests, whose text is ``text``."""
        raise NotImplementedError

    def _with(self, path: str, lines: dict[str, str], imports: str) -> str:
        """The file with a line in each of its classes, and those of ``imports`` that the lines use."""
        text = self._read(path)
        for name, line in lines.items():
            before = _AUDIT if not name.endswith(("Create", "Update")) else ()
            added = edits.with_attribute(text, name, line, before=before)
            if added is None:
                where = f"{path}: {name}"
                raise AlreadyThere(f"{self.field.name} is there already, or the class is not", where=where)
            text = added
        used = set(re.findall(r"\w+", " ".join(lines.values())))
        for module, items in re.findall(r"^from (\S+) import (.+)$", imports, re.MULTILINE):
            for item in set(items.split(", ")) & used:
                text = edits.with_import(text, module, item, section_of, width=WIDTH)
        return text

    def _required(self, text: str | None, path: str) -> str:
        if text is None:
            raise ExpertError("this is not as `expert add` wrote it", where=path, do="Add the field by hand.")
        return text

    def _read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")


class _OfRows(_Own):
    """A field of a resource that `expert add` wrote."""

    def __init__(self, root: Path, names: Names, field: Field, package: str, *, search: bool) -> None:
        super().__init__(root, names, field, package)
        self._search = search

    def _further(self) -> dict[str, str]:
        field, context = self.field, self.context
        factory = f"tests/{self.package}/factory.py"
        pair = f'"{field.name}": {context.sample(field)}'
        values = edits.with_pair(self._read(factory), f"{self.names.singular}_values", pair)
        changed = {factory: self._required(values, factory)}
        if self._search and context.searchable(field):
            path = f"app/{self.package}/service.py"
            text = self._read(path)
            changed[path] = edits.with_argument(text, "OwnedRows", "search", f'"{field.name}"') or text
        return changed

    def _test(self, text: str) -> str:
        writer = "owner" if "async def owner(" in text else "admin"
        return _filled("field_test", names=self.names, field=self.field, writer=writer, context=self.context)


_POSTS = ("app/posts/rows.py", "app/posts/service.py", "app/models/post.py", "tests/posts/test_writing.py")


class _OfPosts(_Own):
    """A field of the posts that the template brings."""

    READ = "Summary"

    def __init__(self, root: Path, names: Names, field: Field, package: str) -> None:
        super().__init__(root, names, field, package)
        self.tests = "tests/posts/test_writing.py"

    def _further(self) -> dict[str, str]:
        line = f"{self.field.name}: {self.context.python_type(self.field)}"
        imports = self.context.imports["model"]
        changed = {
            "app/posts/rows.py": self._with("app/posts/rows.py", {"SummaryRow": line}, imports),
            "app/posts/service.py": self._with("app/posts/service.py", {"Editable": line}, imports),
        }
        admin = "app/admin/views/posts.py"
        if (self.root / admin).is_file():
            changed[admin] = self._administered(self._read(admin), admin)
        return changed

    def _administered(self, text: str, path: str) -> str:
        """The view of administrators: shown, and edited where a form of plain text is what it takes."""
        name = self.field.name
        made, given = _FORMS.get(self.field.kind, ("StringField", "exclude_from_edit=True"))
        options = ", ".join(filter(None, (f'"{name}"', given, "exclude_from_list=True")))
        text = self._required(edits.with_member(text, "PostsView.fields", f"{made}({options})"), path)
        if self.field.kind in _FORMS:
            text = self._required(edits.with_member(text, "EDITED", f'"{name}"'), path)
        return text

    def _test(self, text: str) -> str:
        return _filled("post_field_test", field=self.field, context=self.context)


_FORMS = {
    "str": ("StringField", "maxlength=200"),
    "text": ("LongText", "rows=4"),
    "email": ("StringField", "maxlength=320"),
    "url": ("StringField", "maxlength=2048"),
}
"""The fields of a form that text is typed into, by the kind of what is typed."""


def _text(name: str) -> str:
    return (files("fastapi_expert.scaffold") / "resource" / f"{name}.py.jinja").read_text(encoding="utf-8")


def _filled(template: str, **words: Any) -> str:
    return template_environment().from_string(_text(template)).render(**words).strip("\n")
