"""What a resource will be in a project of another layout: its names, its places, its types, and the words for them."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.formatting import Formatter
from fastapi_expert.scaffold.inferred.imports import Import, ImportResolver
from fastapi_expert.scaffold.inferred.learned.conventions import learn
from fastapi_expert.scaffold.inferred.learned.people import PEOPLE, User, tables_of_people
from fastapi_expert.scaffold.inferred.learned.tables import (
    audit_fields,
    key_of,
    style_of,
    table_name,
)
from fastapi_expert.scaffold.inferred.learned.visibility import owner_columns, seen_by
from fastapi_expert.scaffold.inferred.learned.ways import learn_ways
from fastapi_expert.scaffold.inferred.renaming import Renaming
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.writing import Target, Writing
from fastapi_expert.scaffold.plan import Wanted
from fastapi_expert.scaffold.pythons import oldest_python

_CLEARED = "SET NULL"
"""What cannot become of a column that must hold something."""
_ONDELETE = (0, 0, 21)
"""The release of SQLModel from which `Field` takes `ondelete`."""


@dataclass(frozen=True, slots=True)
class Places:
    """The file of each part; ``service`` is empty where endpoints ask the session themselves."""

    table: str
    schemas: str
    service: str
    endpoints: str


class ResourcePlan:
    """Everything that follows from the project's habits and the fields asked for, before anything is written."""

    def __init__(self, codebase: Codebase, sources: Sources, wanted: Wanted) -> None:
        overruled = dict(wanted.ways)
        owner = wanted.access.field.ref if wanted.access.field is not None else ""
        people = tables_of_people(codebase, owner)
        conventions = learn(codebase, sources, people, like=overruled.get("like", ""), auth=wanted.auth)
        self.codebase, self.sources, self.conventions = codebase, sources, conventions
        self.names, self.fields = wanted.names, wanted.fields
        self.sibling = conventions.sibling
        self.renaming = Renaming(self.sibling.names, wanted.names)
        self.resolver = ImportResolver(codebase)
        self.formatter = Formatter(codebase.root)
        self.table = self.sibling.table
        self.key = key_of(codebase, self.table)
        self._refuse_given_key()
        self.style = style_of(codebase, self.table, sources)
        self.places = self._places()
        self._refuse_pydantic_1()
        self.access = wanted.access
        self.public = wanted.access.openness == "public"
        self.people = {table.id for table in people}
        self._components: dict[str, Component] = {}
        targets = self._targets()
        self.user = self._user()
        self.owner = wanted.access.field if self.user is not None else None
        self.given = tuple(field for field in wanted.fields if field is not self.owner)
        self.seen = {ref: seen_by(codebase, sources, table, self.people) for ref, table in self._components.items()}
        self._refuse_hidden()
        self.ways = learn_ways(codebase, sources, self.sibling, overruled, owned=self.owner is not None)
        root, root_path = self._root()
        self.root = root
        self.root_imports = self.resolver.for_text(root, root_path) if root_path else [Import("pydantic", "BaseModel")]
        is_sqlmodel = any(each.module.startswith("sqlmodel") for each in self.root_imports) or (
            root == "SQLModel" and self.style == "sqlmodel"
        )
        self.shared = self.style == "sqlmodel" and is_sqlmodel and self.places.table == self.places.schemas
        oldest = oldest_python(codebase.root, codebase.root.parent)
        old = oldest is not None and oldest < (3, 10)
        self.gone, told = self._gone()
        made = [f"keys are made by uuid4: those of {self.table.name} are given where its rows are made"]
        opened = [conventions.given.told] if conventions.given.told else []
        self.told = (*self.ways.told, *opened, *told, *self._told_of_references(), *(made if self.key.given else []))
        ignores = bool(re.search(r"sa_type=[^\n]*type: ignore", sources.text(self.table.path)))
        without = () < codebase.environment.release_of("sqlmodel") < _ONDELETE
        self.rows = Writing(wanted.names, self.style, targets, self.gone, old, without, ignores)
        style = "sqlmodel" if is_sqlmodel else "mapped"
        self.schema_types = Writing(wanted.names, style, targets, self.gone, old, without, ignores)
        self.schema = self._schema_names()

    def _user(self) -> User | None:
        """Who asks. Raises ExpertError when the resource is not open to all, and nothing says who is signed in."""
        user = self.conventions.user
        if user is not None and self.access.field is not None:
            self._refuse_without_key(user)
        if user is not None or self.public:
            return user
        people = (
            ", ".join(sorted(self.component(each).name for each in self.people)) or "User or Account: there is none"
        )
        raise ExpertError(
            "nothing that is known here says who is signed in, so the rows would be open to all",
            where=self.sibling.endpoint_file,
            do=f"Looked for: an endpoint's parameter that a dependency gives, a row of the table {people}. "
            "Name it by --auth (a dependency, an alias), or let anyone in by --public.",
        )

    def _refuse_without_key(self, user: User) -> None:
        """Who is signed in must be known by the key that rows are owned by."""
        if user.key is not None:
            return
        path, name = user.guard
        function = self.codebase.names.function(path, name) if name else None
        symbol = self.codebase.names.resolve(path, function.returns) if function and function.returns else None
        if symbol is None or symbol.kind != "class" or f"table:{symbol.path}::{symbol.name}" in self.people:
            return
        if self.codebase.component(f"table:{symbol.path}::{symbol.name}") is not None and self.access.field is not None:
            owner = self.access.field
            what = f"{name} gives a row of {symbol.name}, and {owner.name} refers to a {owner.ref}"
            word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", symbol.name).lower()
            raise ExpertError(what, where=path, do=f"Let the owner refer to it: {word}:ref[{word}] --owner {word}.")
        known = {field.name for field in self.codebase.fields(symbol.path, symbol.name)}
        table = self.codebase.component(next(iter(sorted(self.people)), ""))
        key = key_of(self.codebase, table).name if table is not None else "id"
        if known and key not in known:
            what = f"{name} gives a {symbol.name}, which has no {key} that rows could be owned by"
            raise ExpertError(
                what, where=path, do="Name by --auth what gives a row of the users' table, or say --shared."
            )

    @property
    def user_key(self) -> str:
        """What follows the name of who is signed in to give the key that rows are owned by."""
        if self.user is not None and self.user.key is not None:
            return self.user.key
        table = self.codebase.component(next(iter(sorted(self.people)), ""))
        if self.owner is not None:
            return f".{self.rows.targets[self.owner.ref].key.name}"
        return f".{key_of(self.codebase, table).name}" if table is not None else ".id"

    def _refuse_hidden(self) -> None:
        for field in self.given:
            seen = self.seen.get(field.ref)
            if seen is not None and seen.rule == "owner" and self.user is None:
                raise ExpertError(
                    f"a {field.ref} is for its owner to see ({seen.place}), and nothing says who is signed in",
                    where=field.name,
                    do="Name what says it by --auth.",
                )

    def _told_of_references(self) -> list[str]:
        found: list[str] = []
        for field in self.given:
            if field.ref:
                seen = self.seen[field.ref]
                who = "its owner" if seen.rule == "owner" else "whoever may write"
                found.append(f"{field.column_name} refers to what {who} may see ({seen.place})")
        return found

    def _gone(self) -> tuple[dict[str, str], list[str]]:
        """What becomes of rows when those go that they refer to: as with the neighbours that refer to the same."""
        found: dict[str, str] = {}
        told: list[str] = []
        for field in self.fields:
            if not field.ref:
                continue
            target = self._components[field.ref]
            action = "CASCADE" if field is self.owner or not field.optional else "SET NULL"
            said = "so that what it refers to can be deleted as before"
            for table in self.codebase.inventory.components:
                facts = self.codebase.class_(table.id) if table.kind == "table" else None
                columns = owner_columns(self.codebase, table, {target.id}) if facts else []
                for each in facts.fields if facts else ():
                    written = re.search(r"ondelete\s*=\s*[\"']([A-Za-z ]+)[\"']", each.default)
                    alike = ("None" in each.annotation) == field.optional
                    if (
                        each.name in columns
                        and written
                        and alike
                        and (field.optional or written[1].upper() != _CLEARED)
                    ):
                        action, said = written[1].upper(), f"as {table.name}.{each.name} ({table.path}:{each.line})"
            found[field.column_name] = action
            told.append(f"deletion of the {field.ref}: {action}, {said}")
        return found, told

    def _places(self) -> Places:
        sibling = self.sibling
        schema = next(iter(sibling.schemas.values()), None)
        endpoints = [self.codebase.component(route.endpoint) for route in sibling.routes.values()]
        used = {each for endpoint in endpoints if endpoint is not None for each in endpoint.uses}
        services = [s.path for s in sibling.services if s.path != sibling.endpoint_file and s.id in used]
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

    def _refuse_given_key(self) -> None:
        if self.key.given and self.key.field is None:
            what = f"the key of {self.table.name} comes from a base class and is given by who makes a row"
            raise ExpertError(what, where=f"{self.table.path}:{self.table.line}", do="Write this resource by hand.")

    def _refuse_pydantic_1(self) -> None:
        if () < self.codebase.environment.release_of("pydantic") < (2,):
            what = "its environment holds pydantic 1, and what is written needs pydantic 2"
            raise ExpertError(what, where=str(self.codebase.root), do="Install pydantic 2 there first.")
        for schema in self.sibling.schemas.values():
            if "orm_mode" in self.sources.lines(schema.path, schema.line, schema.end_line):
                what = "its schemas are written for pydantic 1 (orm_mode)"
                raise ExpertError(what, where=f"{schema.path}:{schema.line}", do="Migrate them to pydantic 2 first.")

    def _targets(self) -> dict[str, Target]:
        tables: dict[str, Component] = {}
        for component in self.codebase.inventory.components:
            if component.kind == "table" and component.bases is not None:
                tables.setdefault(
                    re.sub(r"(?<=.)(Model|Table|DB|Db|ORM|Orm|Entity)$", "", component.name).lower(), component
                )
        found: dict[str, Target] = {}
        for field in self.fields:
            if not field.ref:
                continue
            flat = field.ref.replace("_", "")
            table = tables.get(flat.removesuffix("s")) or tables.get(flat) or tables.get(f"{flat}s")
            if table is None and field.ref in PEOPLE and len(self.people) == 1:
                table = self.component(next(iter(self.people)))
            if table is None:
                known = ", ".join(sorted(each.name for each in tables.values()))
                raise ExpertError(f"ref[{field.ref}] points to no table", where=field.name, do=f"There are {known}.")
            self._components[field.ref] = table
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

    def bases(self, written: tuple[str, ...]) -> list[str]:
        """The bases of the neighbour's table, without mixins that are meant for a few."""
        tables = [c for c in self.codebase.inventory.components if c.kind == "table" and not is_test_path(c.path)]
        found: list[str] = []
        for base in written:
            symbol = self.codebase.names.resolve(self.table.path, base)
            mixin = symbol is not None and symbol.kind == "class" and not self._is_declarative(symbol)
            shared = sum(base in (table.bases or ()) for table in tables)
            if not mixin or 2 * shared >= len(tables) or self._holds_key(symbol):
                found.append(base)
        return found or list(written)

    def _is_declarative(self, symbol: Symbol) -> bool:
        ancestors = self.codebase.names.ancestors(symbol.path, symbol.name)
        return any(each.kind == "external" and each.name != "object" for each in ancestors)

    def _holds_key(self, symbol: Symbol | None) -> bool:
        facts = self.codebase.names.class_(symbol.path, symbol.name) if symbol is not None else None
        return facts is not None and self.key.field is None and any(f.name == self.key.name for f in facts.fields)

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

    def shown(self) -> list[Component]:
        """The neighbour's schemas, that of its lists among them."""
        envelope = self.ways.envelope
        return [*self.sibling.schemas.values(), *([envelope.schema] if envelope else [])]

    def table_of(self, ref: str) -> Component:
        """The table that `ref[…]` names."""
        return self._components[ref]

    def referred(self) -> list[tuple[Field, Target]]:
        return [(field, self.rows.targets[field.ref]) for field in self.given if field.ref]

    @property
    def counts(self) -> bool:
        """Whether a list says how many there are."""
        return self.ways.envelope is not None and bool(self.ways.envelope.count)

    def statements(self) -> list[Import]:
        """What a list is asked with."""
        source = "sqlmodel" if self.conventions.uses_exec else "sqlalchemy"
        found = [Import(source, "select")]
        found += [Import("sqlmodel", "col")] if self.style == "sqlmodel" else []
        return found + ([Import(source, "func")] if self.counts else [])

    def session_type_imports(self) -> list[Import]:
        return list(self.conventions.given.needs)

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
                    return self._renamed_id(found[0])
        return f"{self.names.singular}_id"

    def _renamed_id(self, name: str) -> str:
        """The parameter of a path by the new name, also where the neighbour's has its last word alone: the `goal_id` of
        a reading goal."""
        word = name.removesuffix("_id")
        if word != name and self.sibling.names.singular.endswith(f"_{word}"):
            return f"{self.names.singular}_id"
        return self.renaming.text(name)

    def order(self) -> list[str]:
        """The columns a list is ordered by: when a row was made, where that is kept, and always the key."""
        made = [f.name for f in audit_fields(self.codebase, self.table) if f.name in ("created_at", "created_on")]
        return [*made[:1], self.key_name]

    def skip(self) -> str:
        listing = self.sibling.routes.get("list")
        function = self.codebase.function(listing.endpoint) if listing else None
        names = {param.name for param in function.params} if function else set[str]()
        return "skip" if "skip" in names else "offset"

    def update_method(self) -> str:
        update = self.sibling.routes.get("update")
        return update.method.lower() if update else "patch"

    def functions(self) -> dict[str, str]:
        """The function of each endpoint, called as the neighbour calls its own."""
        names = self.names
        found = {
            "list": f"list_{names.plural}",
            "create": f"create_{names.singular}",
            "read": f"read_{names.singular}",
            "update": f"update_{names.singular}",
            "delete": f"delete_{names.singular}",
        }
        for action, name in self.ways.names.items():
            renamed = self.renaming.text(name)
            if renamed not in (name, *found.values(), *self._functions_below()):
                found[action] = renamed
        return found

    def _functions_below(self) -> set[str]:
        """The functions that the endpoints call, which none of them may hide."""
        one, many = self.names.singular, self.names.plural
        found = {f"find_{one}", f"saved_{one}", f"{one}_is_unique"}
        if self.places.service:
            found |= {f"{many}_page", f"{many}_count", f"{one}_by_{self.key_name}"}
            found |= {f"{verb}_{one}" for verb in ("add", "change", "remove")}
        return found

    @property
    def envelope_name(self) -> str:
        """The class that lists are answered in, "" where they are bare."""
        if self.ways.envelope is None:
            return ""
        old = self.ways.envelope.schema.name
        renamed = self.renaming.text(old)
        return renamed if renamed != old else f"{self.names.pascal}List"

    def renamed_sentence(self, text: str) -> str:
        """A sentence about the neighbour, about this resource."""
        renamed = self.renaming.text(text)
        for word in (self.sibling.names.noun, self.sibling.names.noun.capitalize()):
            renamed = re.sub(
                rf"\b{word}\b", self.names.noun if word.islower() else self.names.noun.capitalize(), renamed
            )
        return renamed
