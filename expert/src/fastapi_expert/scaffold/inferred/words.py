"""The words that the templates of a resource are filled with: its rights, its parameters, its answers."""

from dataclasses import dataclass
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.scaffold.fields import Field
from fastapi_expert.scaffold.formatting import template_environment
from fastapi_expert.scaffold.inferred.learned.visibility import Seen
from fastapi_expert.scaffold.inferred.resource_plan import ResourcePlan
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.inferred.writing import Target
from fastapi_expert.scaffold.naming import article
from fastapi_expert.scaffold.plan import Wanted

MOST = 2_147_483_647
_FILTERED = {"enum", "bool", "ref", "uuid", "date"}


@dataclass(frozen=True, slots=True)
class Check:
    """The function that refuses a reference to what is not there, or not for this user to see."""

    field: Field
    target: Target
    seen: Seen
    name: str
    type: str
    user: str
    condition: str

    @property
    def column(self) -> str:
        return self.field.column_name

    @property
    def pascal(self) -> str:
        return self.target.pascal

    @property
    def variable(self) -> str:
        return f"found_{self.field.ref}"

    @property
    def noun(self) -> str:
        return self.field.ref.replace("_", " ")

    @property
    def a_noun(self) -> str:
        return f"{article(self.noun)} {self.noun}"

    @property
    def optional(self) -> bool:
        return self.field.optional


class Words:
    """The words of one resource."""

    def __init__(self, resource: ResourcePlan) -> None:
        self.resource = resource
        self.names, self.ways, self.owner = resource.names, resource.ways, resource.owner
        self.user = resource.user
        self.public = resource.public
        self.optional = resource.rows.optional

    # who asks ---------------------------------------------------------------------------------------------------------

    @property
    def asker(self) -> str:
        """The key of who is signed in."""
        if self.user is None:
            return ""
        key = f"{self.user.parameter.name}{self.resource.user_key}"
        kind = self.resource.rows.type(self.owner).text if self.owner is not None and self.user.converted else ""
        if kind == "int":
            return f"int({key})"
        return f"{kind}(str({key}))" if kind in ("UUID", "uuid.UUID") else key

    @property
    def superuser(self) -> str:
        if (
            self.user is None
            or not self.ways.superusers
            or not (self.user.key is None or self.user.key[1:].isidentifier())
        ):
            return ""  # what is given has no attributes
        return f"{self.user.parameter.name}.{self.ways.superusers}"

    @property
    def _scope(self) -> str:
        return f"None if {self.superuser} else {self.asker}" if self.superuser else self.asker

    @property
    def owner_may_be_none(self) -> bool:
        """Whether the functions below take None for: of whoever."""
        return self.owner is not None and bool(self.superuser or self.public)

    def checks(self) -> list[Check]:
        """A check for each reference that a client sends."""
        resource = self.resource
        found: list[Check] = []
        for field, target in resource.referred():
            seen = resource.seen[field.ref]
            hidden = seen.rule == "owner" and self.user is not None
            variable = f"found_{field.ref}"
            rule = f"{variable}.{seen.column} != {self.asker}"
            rule = f" or (not {self.superuser} and {rule})" if self.superuser else f" or {rule}"
            found.append(
                Check(
                    field,
                    target,
                    seen,
                    f"require_{field.column_name.removesuffix('_id')}_of_{self.names.singular}",
                    target.key.type.text,
                    f"{self.user.parameter.name}: {self.user.parameter.annotation}" if hidden and self.user else "",
                    rule if hidden else "",
                )
            )
        return found

    def user_is_parameter(self, action: str) -> bool:
        """Whether the endpoint of ``action`` makes use of who asks; where it does not, a dependency asks them."""
        checked = any(check.user for check in self.checks())
        if action in ("list", "read"):
            return self.owner is not None and not self.public
        return self.owner is not None or (checked and action in ("create", "update"))

    def user_is_asked(self, action: str) -> bool:
        """Whether only those who are signed in may do ``action``."""
        return self.user is not None and not (self.public and action in ("list", "read"))

    def _guard(self, *actions: str) -> str:
        unused = [each for each in actions if self.user_is_asked(each) and not self.user_is_parameter(each)]
        if not unused or self.user is None or not self.user.guard[1]:
            return ""
        return f", dependencies=[Depends({self.user.guard[1]})]"

    def guarded(self) -> bool:
        """Whether an endpoint asks who is there by a dependency alone."""
        return any(self._guard(action) for action in ("list", "create", "read", "update", "delete"))

    # all of them ------------------------------------------------------------------------------------------------------

    def all(self) -> dict[str, Any]:
        """Every word."""
        resource, names, owner = self.resource, self.names, self.owner
        conventions = resource.conventions
        awaits = "await " if conventions.is_async else ""
        call = "exec" if conventions.uses_exec else "scalars"
        clearable = [field.column_name for field in resource.given if field.optional]

        def many(statement: str) -> str:
            asking = f"{conventions.session.name}.{call}({statement})"
            return f"(await {asking})" if conventions.is_async else asking

        def counted(statement: str) -> str:
            if conventions.uses_exec:
                return f"{many(statement)}.one()"
            return f"{awaits}{conventions.session.name}.scalar({statement}) or 0"

        return {
            "names": names,
            "a_noun": names.a_noun,
            "fields": resource.fields,
            "schema": SimpleNamespace(**resource.schema),
            "owner_column": owner.column_name if owner else "",
            "enum_name": resource.rows.enum_name,
            "sample": resource.rows.sample,
            "other": resource.rows.other,
            "optional": self.optional,
            "D": "async def" if conventions.is_async else "def",
            "A": awaits,
            "S": conventions.session.name,
            "session_type": conventions.session_type,
            "save": "commit" if conventions.commits else "flush",
            "many": many,
            "counted": counted,
            "key": resource.key_name,
            "key_type": resource.key.type.text,
            "key_indexed": resource.key.indexed,
            "id": resource.id,
            "service": bool(resource.places.service),
            "public": self.public,
            "superusers": bool(self.superuser),
            "others": self.ways.others,
            "missing": resource.renamed_sentence(self.ways.missing),
            "forbidden": self.ways.forbidden,
            "clearable": bool(clearable),
            "not_null": len(clearable) < len(resource.given),
            "not_clearable": _but_for(clearable),
            "unique": any(field.unique for field in resource.given),
            "checks": self.checks(),
            "user_name": self.user.parameter.name if self.user else "",
            "order": ", ".join(self._ordered_by()),
            "in_order": self._in_order(),
            "skip": resource.skip(),
            "update_method": resource.update_method(),
            "function": SimpleNamespace(**resource.functions()),
            **self._owner_words(),
            **self._answers(),
            **self._filters(),
            **self._parameters(),
        }

    def _in_order(self) -> str:
        tells = len(self.resource.order()) > 1 or self.resource.key.type.text == "int"
        return f", {'newest' if self.ways.newest_first else 'oldest'} first" if tells else ""

    def _owner_words(self) -> dict[str, Any]:
        owner, names = self.owner, self.names
        if owner is None:
            empty = ("owner_argument", "owner_known", "owner_listed", "owner_read", "owner_written", "owner_made")
            empty += ("owner_kept", "owner_value", "owner_value_here", "listing_scope", "listing_scope_here")
            return {"owned": False, **dict.fromkeys(empty, "")}
        column, kind = owner.column_name, self.resource.rows.type(owner).text
        taken = self.optional(kind) if self.owner_may_be_none else kind
        narrowed = f"statement = statement.where({names.pascal}.{column} == {{}})"
        here = f"{names.pascal}.{column} == {self.asker}"
        lines = [f"statement = statement.where({here})"]
        lines += [f"counting = counting.where({here})"] if self.ways.envelope and self.ways.envelope.count else []
        gap = "\n        " if self.superuser else "\n    "
        service_scope = narrowed.format(column)
        return {
            "owned": True,
            "owner_argument": f", {column}: {taken}",
            "owner_known": f"{column} is not None and " if self.owner_may_be_none else "",
            "owner_listed": "" if self.public else f", {self._scope}",
            "owner_read": ", None" if self.public else f", {self._scope}",
            "owner_written": f", {self._scope}",
            "owner_made": f", {self.asker}",
            "owner_kept": f", {column}: {kind}",
            "owner_value": f", {column}={column}",
            "owner_value_here": f", {column}={self.asker}",
            "listing_scope": (f"if not {self.superuser}:{gap}" if self.superuser else "") + gap.join(lines),
            "listing_scope_here": (
                f"if {column} is not None:\n        {service_scope}" if self.superuser else service_scope
            ),
        }

    def _answers(self) -> dict[str, Any]:
        resource, ways = self.resource, self.ways
        envelope, farewell = ways.envelope, ways.farewell
        name = resource.envelope_name
        status = f", status_code={farewell.status}" if farewell.status != 200 else ""
        return {
            "envelope": name,
            "items_field": envelope.items if envelope else "",
            "count_field": envelope.count if envelope else "",
            "listed_model": name or f"list[{resource.schema['read']}]",
            "listed_type": name or f"Sequence[{self.names.pascal}]",
            "create_status": f", status_code={ways.create_status}" if ways.create_status != 200 else "",
            "created": ways.create_status,
            "delete_status": status,
            "deleted": farewell.status,
            "farewell": farewell.schema.name if farewell.schema else "",
            "farewell_field": farewell.field,
            "farewell_sentence": resource.renamed_sentence(farewell.sentence),
            "read_guard": self._guard("list", "read"),
            "write_guard": self._guard("create", "update", "delete"),
        }

    def filters(self) -> list[Field]:
        """What a list can be narrowed by."""
        taken = {"skip", "offset", "limit", self.resource.conventions.session.name, "statement", "counting", "rows"}
        taken |= {self.user.parameter.name} if self.user else set()
        return [
            field
            for field in self.resource.given
            if (field.kind in _FILTERED or (field.indexed and field.kind in {"int", "str"}))
            and field.column_name not in taken
        ]

    def _filters(self) -> dict[str, Any]:
        found = self.filters()
        typed = {field.column_name: self.optional(self.resource.rows.type(field).text) for field in found}
        return {
            "conditions": [SimpleNamespace(name=name, text=f"{self.names.pascal}.{name} == {name}") for name in typed],
            "filters_taken": "".join(f"{name}: {kind} = None, " for name, kind in typed.items()),
            "filters_passed": "".join(f"{name}={name}, " for name in typed),
            "filters_counted": "".join(f", {name}={name}" for name in typed),
        }

    def _parameters(self) -> dict[str, str]:
        resource = self.resource
        session = str(resource.conventions.session)
        key = resource.key.type.text
        identity = f"{resource.id}: " + (f"Annotated[int, Path(ge=1, le={MOST:_})]" if key == "int" else key)
        listing = [
            *(self._filter(field) for field in self.filters()),
            f"{resource.skip()}: Annotated[int, Query(ge=0, le={MOST:_})] = 0",
            "limit: Annotated[int, Query(ge=1, le=100)] = 100",
        ]

        def of(action: str, *own: str) -> str:
            user = self.user is not None and self.user_is_parameter(action)
            unguarded = self.user_is_asked(action) and not user and not self._guard(action)
            asker = [str(self.user.parameter)] if self.user is not None and (user or unguarded) else []
            return _ordered([*own, session, *asker])

        return {
            "listing_parameters": of("list", *listing),
            "create_parameters": of("create", f"data: {resource.schema['create']}"),
            "item_parameters": of("read", identity),
            "update_parameters": of("update", identity, f"data: {resource.schema['update']}"),
            "delete_parameters": of("delete", identity),
        }

    def _filter(self, field: Field) -> str:
        kind = self.resource.rows.type(field).text
        if kind == "int":
            low = 1 if field.ref else -MOST
            return f"{field.column_name}: Annotated[{self.optional('int')}, Query(ge={low}, le={MOST:_})] = None"
        if kind == "str":
            return f"{field.column_name}: Annotated[{self.optional('str')}, Query(max_length=200)] = None"
        return f"{field.column_name}: {self.optional(kind)} = None"

    def _ordered_by(self) -> list[str]:
        columns = [f"{self.names.pascal}.{name}" for name in self.resource.order()]
        columns = [f"col({column})" for column in columns] if self.resource.style == "sqlmodel" else columns
        return [f"{column}.desc()" for column in columns] if self.ways.newest_first else columns


class Resource(ResourcePlan):
    """The plan with the words for it: what the templates are filled with."""

    def __init__(self, codebase: Codebase, sources: Sources, wanted: Wanted) -> None:
        super().__init__(codebase, sources, wanted)
        self.words = Words(self)

    def render(self, template: str, **more: Any) -> str:
        text = (files("fastapi_expert.scaffold.inferred") / "resource" / f"{template}.py.jinja").read_text("utf-8")
        return self.formatter.formatted(
            template_environment().from_string(text).render(**{**self.words.all(), **more}).strip("\n")
        )


def _but_for(names: list[str]) -> str:
    """The condition that a name is none of these."""
    if len(names) < 2:
        return "".join(f" and name != '{name}'" for name in names)
    return f" and name not in {_all_of(names)}"


def _all_of(names: list[str]) -> str:
    return "(" + ", ".join(f"'{name}'" for name in names) + ")"


def _ordered(parameters: list[str]) -> str:
    """Those without a default first."""
    required = [each for each in parameters if " = " not in each]
    return ", ".join([*required, *(each for each in parameters if " = " in each)])
