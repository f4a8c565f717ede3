"""`expert add`: a resource from table to tests, in the layout of `expert new` or in the project's own."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold import inferred
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.formatting import Formatter
from fastapi_expert.scaffold.naming import Names, names_of
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


LAYERS = ".importlinter"
MAX_IDENTIFIER = 63
"""Letters that PostgreSQL keeps of a name."""


class AlreadyThere(ExpertError):
    """The resource is there, under this or a similar name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every file as it is and will be: (path, before or None, after), and what is left for a person to do."""

    files: tuple[tuple[str, str | None, str], ...]
    left: tuple[str, ...] = ("app migrate, then the tests.",)

    def write(self, root: Path) -> None:
        formatter = Formatter(root)
        kept = [path for path, before, _ in self.files if before is None or formatter.is_formatted(path)]
        for path, _, after in self.files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(after, encoding="utf-8")
        formatter.format(kept)


def plan(root: Path, codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> Plan:
    """What adding the resource would write.

    Raises:
        AlreadyThere: something of this or a similar name exists, with its place.
        ExpertError: a reference points to nothing, or the project's own layout shows no way of writing a resource.
    """
    _refuse_existing(codebase, names, fields)
    if not all((root / path).exists() for path in _LAYOUT):
        return Plan(*inferred.plan(codebase, names, fields))
    tables = _referred(codebase, names, fields)
    revision = own_revision(root / "migrations/versions", names.plural)
    posts = "async def post(" in (root / "tests/factories.py").read_text(encoding="utf-8")
    package = _new_package(root, names)
    packages = {ref: _package_of(root, names_of(table)) for ref, table in tables.items()}
    context = TemplateContext(names, fields, tables, package=package, packages=packages, revision=revision, posts=posts)
    for field in context.given:
        factory = f"tests/{packages.get(field.ref, '')}/factory.py"
        if context.needs_factory(field) and not (root / factory).exists():
            raise ExpertError(
                f"its tests need a {field.ref}, and {factory} is not there to make one",
                where=field.name,
                do=f"Make it optional: {field.name}:ref[{field.ref}]?",
            )
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
    return Plan((*new, *_edited(root, names, context)))


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


def _refuse_existing(codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> None:
    kinds = {"table", "schema"}
    for component in codebase.inventory.components:
        if component.kind in kinds and _is_like(component, names):
            place = f"{component.path}:{component.line}"
            raise AlreadyThere(
                f"{component.kind} {component.name} is there already",
                where=place,
                do=f"Extend {component.name} at {place} instead: add what is missing to it.",
            )
    for route in codebase.inventory.routes:
        if names.path in route.path.split("/"):
            where = f"{route.path_file}:{route.line}"
            raise AlreadyThere(f"{route.method} {route.path} is there already", where=where, do="Extend that router.")
    _refuse_same_fields(codebase, names, fields)


def _is_like(component: Component, names: Names) -> bool:
    base = re.sub(r"(Base|Create|Update|Read|Public|Schema|Model|Table|In|Out|InDB)+$", "", component.name)
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
    for component in codebase.inventory.components:
        if component.kind != "table":
            continue
        there = {field.name for field in component.fields or ()} - plumbing
        if there and len(wanted & there) / len(wanted | there) >= 0.75:
            place = f"{component.path}:{component.line}"
            raise AlreadyThere(
                f"table {component.name} has these fields already: {', '.join(sorted(wanted & there))}",
                where=place,
                do=f"Extend {component.name} at {place}, or name what sets it apart.",
            )


def _referred(codebase: Codebase, names: Names, fields: tuple[Field, ...]) -> dict[str, str]:
    """The table each `ref[…]` names; one may be the resource's own, as of a category its parent."""
    known = {
        names_of(c.name).singular: names_of(c.name).plural
        for c in codebase.inventory.components
        if c.kind == "table" and c.bases is not None
    } | {names.singular: names.plural}
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


def _new_files(root: Path, names: Names, context: TemplateContext) -> list[tuple[str, str | None, str]]:
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
    shared = {"app/auth/rows.py": "rows", "app/api/rows.py": "answers"}
    if any(field.kind == "decimal" for field in context.fields):
        shared["app/models/exact.py"] = "exact"
    targets |= {path: name for path, name in shared.items() if not (root / path).exists()}
    made: list[tuple[str, str | None, str]] = [
        (path, None, context.render(_text(name))) for path, name in targets.items()
    ]
    packages = (f"app/{package}/__init__.py", f"tests/{package}/__init__.py")
    return [*made, *((path, None, "") for path in packages if not (root / path).exists())]


def _edited(root: Path, names: Names, context: TemplateContext) -> list[tuple[str, str | None, str]]:
    registries: dict[str, Callable[[str], str]] = {
        "app/models/__init__.py": lambda text: _with_model(text, names),
        "app/api/v1/router.py": lambda text: _with_router(text, names),
        "tests/resources.py": lambda text: _with_resource(text, names, context.package),
        "tests/api_table.py": lambda text: _with_endpoints(text, names, writer="USER" if context.owner else "ADMIN"),
    }
    if (root / LAYERS).exists():
        registries[LAYERS] = lambda text: _with_layer(text, context.package)
    return [(path, *_changed(root / path, change)) for path, change in registries.items()]


def _changed(path: Path, change: Callable[[str], str]) -> tuple[str, str]:
    before = path.read_text(encoding="utf-8")
    return before, change(before)


def _with_model(text: str, names: Names) -> str:
    line = f"from app.models.{names.singular} import {names.pascal}\n"
    imports = list(re.finditer(r"^from app\.models\.(\w+) import .*\n", text, re.MULTILINE))
    after = next((match for match in imports if match.group(1) > names.singular), None)
    at = after.start() if after else imports[-1].end()
    text = text[:at] + line + text[at:]
    listed = re.search(r"__all__ = \[(.*?)\]", text, re.DOTALL)
    if listed is None:
        return text
    exported = sorted(
        {*re.findall(r'"(\w+)"', listed.group(1)), names.pascal}, key=lambda name: (name[0].islower(), name)
    )
    return (
        text[: listed.start()]
        + "__all__ = [\n"
        + "".join(f'    "{name}",\n' for name in exported)
        + "]"
        + text[listed.end() :]
    )


def _with_router(text: str, names: Names) -> str:
    found = re.search(r"^from app\.api\.v1\.endpoints import (.+)$", text, re.MULTILINE)
    if found is None:
        raise ExpertError("no import of the endpoints to extend", where="app/api/v1/router.py")
    modules = ", ".join(sorted({*re.split(r",\s*", found.group(1).strip()), names.plural}))
    text = text[: found.start(1)] + modules + text[found.end(1) :]
    line = f'router.include_router({names.plural}.router, prefix="/{names.path}", tags=["{names.nouns}"])\n'
    return text.rstrip("\n") + "\n" + line


def _with_layer(text: str, package: str) -> str:
    """The resource's package stands beside those of users and posts; a file that names no such layer stays."""

    def extended(line: re.Match[str]) -> str:
        return line[0] if re.search(rf"\b{package}\b", line[0]) else f"{line[0]} | {package}"

    return re.sub(r"^ +(?:\(?\w+\)? \| )*users\b.*$", extended, text, count=1, flags=re.MULTILINE)


def _with_resource(text: str, names: Names, package: str) -> str:
    """Tests of every endpoint make rows of it, too."""
    constant = names.singular.upper()
    listed = re.search(r"^RESOURCES: list\[Resource\] = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    if listed is None:
        raise ExpertError("no list of RESOURCES to extend", where="tests/resources.py")
    known = [name for name in re.split(r"[,\s]+", listed.group(1)) if name]
    text = text[: listed.start(1)] + ", ".join([*known, constant]) + text[listed.end(1) :]
    line = f"from tests.{package}.factory import {constant}\n"
    imports = list(re.finditer(r"^from tests\.(\w+(?:\.\w+)?) import .*\n", text, re.MULTILINE))
    after = next((match for match in imports if match.group(1) > f"{package}.factory"), None)
    at = after.start() if after else imports[-1].end()
    return text[:at] + line + text[at:]


def _with_endpoints(text: str, names: Names, *, writer: str) -> str:
    """The table of endpoints that the service promises."""
    table = re.search(r"^ENDPOINTS = \(\n(.*?)^\)", text, re.MULTILINE | re.DOTALL)
    if table is None:
        raise ExpertError("no table of ENDPOINTS to extend", where="tests/api_table.py")
    one = f"/{names.path}/{{{names.singular}_id}}"
    lines = [
        f'    _endpoint("GET", "/{names.path}", USER, 200, 422),\n',
        f'    _endpoint("POST", "/{names.path}", {writer}, 201, 409, 422),\n',
        f'    _endpoint("GET", "{one}", USER, 200, 422),\n',
        f'    _endpoint("PUT", "{one}", {writer}, 200, 409, 412, 422),\n',
        f'    _endpoint("DELETE", "{one}", {writer}, 200, 409, 412, 422),\n',
    ]
    return text[: table.end(1)] + "".join(lines) + text[table.end(1) :]


def _text(name: str) -> str:
    return (files("fastapi_expert.scaffold") / "resource" / f"{name}.py.jinja").read_text(encoding="utf-8")
