"""What SQLAlchemy says of a mapped class: factories of CRUD routers make their paths of primary keys."""

from typing import Any

from fastapi_expert.codebase.interpret.attributes import lineage
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    External,
    Instance,
    Scope,
    Site,
    Unknown,
)

_COLUMNS = frozenset(["mapped_column", "Column", "Field"])


def inspected(interp: Runtime, given: Arguments) -> Any:
    """`sqlalchemy.inspect(Model)`: its mapper."""
    cls = given.args[0] if given.args else None
    return mapper(interp, cls, given.site) if isinstance(cls, ClassValue) else Unknown(given.site, "what is inspected")


def mapper(interp: Runtime, cls: ClassValue, site: Site) -> Any:
    """The mapper of a class, which stands for its table too; unknown where no column is seen to be a primary key."""
    columns = _columns(interp, cls)
    keys = [one for one in columns if one.attributes["primary_key"] is True]
    if not keys:
        return Unknown(site, f"the primary key of {cls.qualname} is not in the text")
    found = Instance(External("sqlalchemy.orm.Mapper"), site)
    found.attributes.update(primary_key=keys, columns=columns, c=columns, mapper=found, class_=cls)
    return found


def _columns(interp: Runtime, cls: ClassValue) -> list[Instance]:
    """The columns of a class and its bases, in the order of SQLAlchemy: those of mix-ins first."""
    found: dict[str, Instance] = {}
    for one in reversed(lineage(interp, cls)):
        facts = interp.names.class_(one.path, one.qualname) if isinstance(one, ClassValue) else None
        if not isinstance(one, ClassValue) or facts is None:
            continue
        body = Scope(one.path, one.namespace, one.scope, one)
        for field in facts.fields:
            made = interp.force(body, field.name) if field.name in one.namespace else None
            if isinstance(made, Instance) and isinstance(made.cls, External):
                if made.cls.name.rpartition(".")[2] in _COLUMNS:
                    found[field.name] = _column(made, field.name)
            elif field.annotation.startswith("Mapped["):
                plain = Instance(External("sqlalchemy.orm.mapped_column"), Site(one.path, field.line))
                found[field.name] = _column(plain, field.name)
    return list(found.values())


def _column(made: Instance, name: str) -> Instance:
    first = made.attributes.get("0")
    shown = first if isinstance(first, str) else made.attributes.get("name")
    attributes = {
        "name": shown if isinstance(shown, str) else name,
        "key": name,
        "primary_key": made.attributes.get("primary_key", False),
        "unique": made.attributes.get("unique", False),
    }
    return Instance(External("sqlalchemy.Column"), made.site, attributes)
