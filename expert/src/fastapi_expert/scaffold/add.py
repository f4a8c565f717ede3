"""`expert add`: a resource from table to tests, in the layout of `expert new` or in the project's own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Field as KnownField
from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.scaffold import inferred, registries
from fastapi_expert.scaffold.access import described
from fastapi_expert.scaffold.fields import USERS, Field
from fastapi_expert.scaffold.naming import Names, names_of
from fastapi_expert.scaffold.plan import AlreadyThere, File, Plan, Wanted
from fastapi_expert.scaffold.revisions import own_revision
from fastapi_expert.scaffold.template_context import TemplateContext

_LAYOUT = (
    "app/models/__init__.py",
    "app/auth/principal.py",
    "app/database/query.py",
    "app/api/v1/router.py",
    "migrations/versions",
    "tests/api_table.py",
    "tests/factories.py",
    "tests/resources.py",
)


MAX_IDENTIFIER = 63
"""Letters that PostgreSQL keeps of a name."""


def plan(root: Path, codebase: Codebase, wanted: Wanted) -> Plan:
    """What adding the resource would write.

    Raises:
        AlreadyThere: something of this or a similar name exists, with its place.
        ExpertError: a reference points to nothing, or the project's own layout shows no way of writing a resource.
    """
    names, fields, access = wanted.names, wanted.fields, wanted.access
    _refuse_existing(codebase, names, fields)
    if not all((root / path).exists() for path in _LAYOUT):
        return inferred.plan(codebase, wanted)
    if access.field is not None and access.field.ref not in USERS:
        raise UsageError(f"{access.field.name} does not refer to a user", do="rows are owned by users here")
    if wanted.auth or wanted.ways:
        raise UsageError("--auth and --way are for projects of another layout", do="leave them out")
    tables = _referred(codebase, names, fields)
    refers = _Referred.of(root, names, tables)
    context = TemplateContext(
        names,
        fields,
        tables,
        package=_new_package(root, names),
        packages=refers.packages,
        revision=own_revision(root / "migrations/versions", names.plural),
        posts="async def post(" in (root / "tests/factories.py").read_text(encoding="utf-8"),
        access=access,
        owned=refers.owned,
        private=refers.private,
        taken=_classes(codebase),
    )
    _refuse_unknown_rows(context, refers)
    for name in context.index_names:
        if len(name) > MAX_IDENTIFIER:
            raise ExpertError(
                f"the index {name} has {len(name)} letters, and PostgreSQL keeps {MAX_IDENTIFIER}",
                do="Choose shorter names for the resource or its fields.",
            )
    new = _new_files(root, names, context)
    for path in (*(path for path, _, _ in new), f"tests/{names.plural}.py"):  # which a folder of that name would hide
        if (root / path).exists():
            raise AlreadyThere("this is there already, for something else", where=path, do="Choose another name.")
    reader, writer = "ANYONE" if context.public else "USER", "USER" if access.field else "ADMIN"
    imported = {refers.packages[field.ref] for field in context.given if field.ref in refers.packages}
    imported |= {"posts"} if context.refers_to_posts else set()
    changed = registries.edited(root, names, context.package, imported, reader=reader, writer=writer)
    collection = f"/api/v1/{names.path}"
    routes = described(
        access,
        collection,
        f"{collection}/{{{names.singular}_id}}",
        "PUT",
        writers="administrators",
        superusers="administrators",
    )
    return Plan(
        (*new, *changed),
        routes,
        left=("`make test`; `make run` brings the database up to date itself.",),
        module=f"app.api.v1.endpoints.{names.plural}",
        like_module="app.api.v1.endpoints.users",
        apps=(("app.main", "create_app"),),
        paths=(collection, f"{collection}/{{{names.singular}_id}}"),
        table_module=f"app.models.{names.singular}",
        table=names.plural,
        migration=f"migrations/versions/{context.revision[0]}_{names.plural}.py",
        tests=(f"tests/{context.package}/test_{names.plural}.py",),
        test_options=("-n0", "-k", "sqlite"),
        like="tests/users",
        guarded=False,
        on_postgres=True,
    )


@dataclass(frozen=True, slots=True)
class _Referred:
    """The resources that `ref[…]` names and `expert add` wrote: the package of each, whether its rows have owners
    (``owned``), and whether only these see them (``private``)."""

    packages: dict[str, str]
    owned: frozenset[str]
    private: frozenset[str]

    @classmethod
    def of(cls, root: Path, names: Names, tables: dict[str, str]) -> "_Referred":
        packages: dict[str, str] = {}
        owned: set[str] = set()
        private: set[str] = set()
        for ref, table in tables.items():
            package = _package_of(root, names_of(table))
            service = root / f"app/{package}/service.py"
            if table == names.plural or not service.is_file():
                continue
            text = service.read_text(encoding="utf-8")
            if "OwnedRows(" not in text:
                continue
            packages[ref] = package
            owned |= {ref} if re.search(r"\bowner=[\"']", text) else set()
            private |= {ref} if ref in owned and not re.search(r"\bpublic=True\b", text) else set()
        return cls(packages, frozenset(owned), frozenset(private))


def _refuse_unknown_rows(context: TemplateContext, refers: _Referred) -> None:
    """A reference is under the rule of what it refers to, so that rule must be known."""
    for field in context.given:
        own = field.ref and context.tables[field.ref] == context.names.plural
        known = own or field.ref in USERS or field.ref in refers.packages or context.is_example(field)
        if not field.ref or known or (field.ref == "tag" and field.optional):
            continue
        raise ExpertError(
            f"who may see a {field.ref} is said nowhere that `expert add` can read, so nothing may refer to one",
            where=field.name,
            do="Refer to a user, a post, or a resource that `expert add` wrote.",
        )


def _classes(codebase: Codebase) -> frozenset[str]:
    """The names of all classes of the application: what a title of OpenAPI, or an enum, must not be called."""
    return frozenset(
        each.qualname for path, facts in codebase.files.items() if path.startswith("app/") for each in facts.classes
    )


def _new_package(root: Path, names: Names) -> str:
    """What the resource's packages below `app` and `tests` are called: not as one that is there for something else."""
    places = (f"app/{names.plural}", f"app/{names.plural}.py", f"tests/{names.plural}")
    return _of_its_own(names) if any((root / place).exists() for place in places) else names.plural


def _package_of(root: Path, names: Names) -> str:
    """The package of a resource that was added before."""
    own = _of_its_own(names)
    return own if (root / f"tests/{own}/factory.py").exists() else names.plural


def _of_its_own(names: Names) -> str:
    return f"{names.singular}_resource"


class _Known(NamedTuple):
    """A class of the project that holds fields: read without the whole inventory, which takes as long again."""

    kind: str
    name: str
    place: str
    fields: tuple[KnownField, ...]


def _known(codebase: Codebase, *kinds: str) -> Iterator[_Known]:
    for (path, qualname), kind in codebase.kinds.items():
        facts = codebase.names.class_(path, qualname) if kind in kinds else None
        if facts is not None:
            yield _Known(kind, facts.name, f"{path}:{facts.line}", codebase.fields(path, qualname))
    for table in codebase.made_tables if "table" in kinds else ():
        yield _Known("table", table.name, f"{table.path}:{table.line}", table.fields or ())


def _refuse_existing(codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> None:
    for one in _known(codebase, "table", "schema"):
        if _is_like(one.name, names):
            raise AlreadyThere(
                f"{one.kind} {one.name} is there already",
                where=one.place,
                do=f"Extend {one.name} at {one.place} instead: add what is missing to it.",
            )
    for row in codebase.table:
        if names.path in row.path.split("/"):
            function = codebase.function(row.endpoint)
            path = row.endpoint.partition(":")[2].partition("::")[0]
            where = f"{path}:{function.line}" if function is not None else f"{row.site.path}:{row.site.line}"
            raise AlreadyThere(f"{row.method} {row.path} is there already", where=where, do="Extend that router.")
    _refuse_same_fields(codebase, names, fields)


def _is_like(name: str, names: Names) -> bool:
    base = re.sub(r"(Base|Create|Update|Read|Public|Schema|Model|Table|In|Out|InDB)+$", "", name)
    try:
        return bool(base) and names_of(base).singular == names.singular
    except ExpertError:
        return False


def _refuse_same_fields(codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> None:
    """A table with the same fields under another name is the same resource."""
    wanted = {field.column_name for field in fields}
    if len(wanted) < 3:
        return
    plumbing = {"id", "version", "created_at", "updated_at"}
    for table in _known(codebase, "table"):
        there = {field.name for field in table.fields} - plumbing
        if there and len(wanted & there) / len(wanted | there) >= 0.75:
            raise AlreadyThere(
                f"table {table.name} has these fields already: {', '.join(sorted(wanted & there))}",
                where=table.place,
                do=f"Extend {table.name} at {table.place}, or name what sets it apart.",
            )


def _referred(codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> dict[str, str]:
    """The table each `ref[…]` names; one may be the resource's own, as of a category its parent."""
    classes = {table.name for table in _known(codebase, "table")} - {table.name for table in codebase.made_tables}
    known = {names_of(name).singular: names_of(name).plural for name in sorted(classes)}
    known |= {names.singular: names.plural}
    tables: dict[str, str] = {}
    for field in fields:
        if field.ref:
            table = known.get(names_of(field.ref).singular)
            if table is None:
                raise ExpertError(
                    f"ref[{field.ref}] points to no table",
                    where=field.name,
                    do=f"There are {', '.join(sorted(known))}.",
                )
            if table == names.plural and not field.optional:
                raise ExpertError(
                    f"the first {names.noun} could not refer to another",
                    where=field.name,
                    do=f"Make it optional: {field.name}:ref[{field.ref}]?",
                )
            tables[field.ref] = table
    return tables


def _new_files(root: Path, names: Names, context: TemplateContext) -> list[File]:
    revision, package = context.revision[0], context.package
    targets = {
        f"app/models/{names.singular}.py": "model",
        f"app/schemas/{names.singular}.py": "schema",
        f"app/{package}/service.py": "service",
        f"app/api/v1/endpoints/{names.plural}.py": "endpoints",
        f"migrations/versions/{revision}_{names.plural}.py": "migration",
        f"tests/{package}/factory.py": "factory",
        f"tests/{package}/test_{names.plural}.py": "tests",
    }
    shared = {"app/auth/rows.py": "rows", "app/api/rows.py": "answers", "app/schemas/changes.py": "changes"}
    if any(field.kind == "decimal" for field in context.fields):
        shared["app/models/exact.py"] = "exact"
    targets |= {path: name for path, name in shared.items() if not (root / path).exists()}
    made: list[File] = [(path, None, context.render(_text(name))) for path, name in targets.items()]
    packages = (f"app/{package}/__init__.py", f"tests/{package}/__init__.py")
    return [*made, *((path, None, "") for path in packages if not (root / path).exists())]


def _text(name: str) -> str:
    return (files("fastapi_expert.scaffold") / "resource" / f"{name}.py.jinja").read_text(encoding="utf-8")
