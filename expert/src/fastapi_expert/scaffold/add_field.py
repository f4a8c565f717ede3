"""`expert add RESOURCE.FIELD:TYPE`: a field added to a resource everywhere it belongs."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold import edits, inferred
from fastapi_expert.scaffold.fields import KINDS, Field
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
    service = next((path for path in _services(root, names) if path.is_file()), None)
    if service is None or "OwnedRows(" not in service.read_text(encoding="utf-8"):
        if search:
            raise ExpertError("--search is for resources that `expert add` wrote in a project of `expert new`")
        return inferred.plan_field(codebase, names, field)
    return _Own(root, names, field, service.parent.name).plan(service, search=search)


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
    """A field of a resource that `expert add` wrote in a project of `expert new`."""

    def __init__(self, root: Path, names: Names, field: Field, package: str) -> None:
        from fastapi_expert.scaffold.access import Access

        self.root, self.names, self.field, self.package = root, names, field, package
        self.revision = own_revision(root / "migrations/versions", f"{names.plural}_{field.name}")
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

    def plan(self, service: Path, *, search: bool) -> Plan:
        names, field, context = self.names, self.field, self.context
        kind = context.schema_type(field)
        changed: dict[str, str] = {}
        model = f"app/models/{names.singular}.py"
        column = f"{field.name}: Mapped[{context.python_type(field)}] = mapped_column({context.column(field)})"
        changed[model] = self._with(model, {names.pascal: column}, context.imports["model"])
        schemas = {
            f"{names.pascal}Create": f"{field.name}: {kind} | None = None",
            f"{names.pascal}Update": f"{field.name}: {kind} | None = None",
            f"{names.pascal}Read": f"{field.name}: {context.read_type(field)}",
        }
        path = f"app/schemas/{names.singular}.py"
        changed[path] = self._with(path, schemas, context.imports["schema"])
        if search and context.searchable(field):
            path = service.relative_to(self.root).as_posix()
            text = service.read_text(encoding="utf-8")
            changed[path] = edits.with_argument(text, "OwnedRows", "search", f'"{field.name}"') or text
        path = f"tests/{self.package}/factory.py"
        text = (self.root / path).read_text(encoding="utf-8")
        pair = f'"{field.name}": {context.sample(field)}'
        changed[path] = self._required(edits.with_pair(text, f"{names.singular}_values", pair), path)
        tests = f"tests/{self.package}/test_{names.plural}.py"
        text = (self.root / tests).read_text(encoding="utf-8")
        writer = "owner" if "async def owner(" in text else "admin"
        changed[tests] = (
            f"{text.rstrip()}\n\n\n{_filled('field_test', names=names, field=field, writer=writer, context=context)}\n"
        )
        migration = f"migrations/versions/{self.revision[0]}_{names.plural}_{field.name}.py"
        new = _filled("field_migration", names=names, field=field, revision=self.revision, context=context)
        written: list[File] = [(migration, None, new + "\n")]
        for path, after in changed.items():
            written.append((path, (self.root / path).read_text(encoding="utf-8"), after))
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
            tests=(tests,),
            test_options=("-n0", "-k", "sqlite"),
            guarded=False,
        )

    def _with(self, path: str, lines: dict[str, str], imports: str) -> str:
        """The file with a line in each of its classes, and those of ``imports`` that the lines use."""
        text = (self.root / path).read_text(encoding="utf-8")
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


def _text(name: str) -> str:
    return (files("fastapi_expert.scaffold") / "resource" / f"{name}.py.jinja").read_text(encoding="utf-8")


def _filled(template: str, **words: Any) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  # it writes Python
    return environment.from_string(_text(template)).render(**words).strip("\n")
