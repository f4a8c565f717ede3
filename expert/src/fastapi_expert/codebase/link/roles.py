"""What a definition is by its own text and place alone; light, because the hook's path imports it."""

import re
from collections.abc import Iterable

from fastapi_expert.codebase.model import Kind
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts, FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path

Place = tuple[str, str]
"""(path, qualname)"""

_SESSION = re.compile(
    r"\b(?:Async)?(?:Session|Connection|Engine|scoped_session|Database|UnitOfWork|sessionmaker)\b|SessionDep|DbSession"
    r"|\bDB\b|DBSession|\w*(?:Repository|Repo|Dao|UoW)\b"
)
_SERVICE_CLASS = re.compile(r"(?:Service|Repository|Repo|CRUD\w*|Crud|Manager|UseCase|Dao|Gateway|Store)$|^CRUD")
_MIGRATION_PATH = re.compile(r"(?:^|/)(?:alembic|migrations?|yoyo)/|(?:^|/)\w*migrations?\.py$")
_NUMBERED = re.compile(r"(?:m|v|migrate_?|migration_?|upgrade_?)\d{3}_")
"""Functions of a list of migrations: `m001_initial`, `migration_002_users`."""
_MAKES = re.compile(r"'(?:FastAPI|Starlette|fastapi\.FastAPI)'")


def may_hold_services(facts: FileFacts) -> bool:
    """Whether the code of a file does the application's work: neither tests nor migrations."""
    return not (is_test_path(facts.path) or is_migration(facts))


def is_migration(facts: FileFacts) -> bool:
    """Whether a file changes a database from one version to the next: a revision of Alembic, steps of yoyo, a list."""
    if _MIGRATION_PATH.search(facts.path) is not None or names_a_revision(facts):
        return True
    assigned = _assigned(facts)
    if "steps" in assigned and any(one.module.partition(".")[0] == "yoyo" for one in facts.imports):
        return True
    if any(name.upper().endswith("MIGRATIONS") and ir.match(value, ir.Display) for name, value in assigned.items()):
        return True
    return sum(not one.parent and _NUMBERED.match(one.name) is not None for one in facts.functions) > 1


def names_a_revision(facts: FileFacts) -> bool:
    """Whether a file is a revision of Alembic."""
    return {"revision", "down_revision"} <= _assigned(facts).keys()


def _assigned(facts: FileFacts) -> dict[str, ir.Expr]:
    """What the plain names at the top of a file are assigned."""
    made = [one for stmt in facts.body if (one := ir.match(stmt, ir.Assign)) is not None]
    return {one.target: one.value for one in made if isinstance(one.target, str)}


def takes_session(function: FunctionFacts) -> bool:
    """Whether a parameter is a database session, a repository or the like."""
    return any(_SESSION.search(param.annotation) for param in function.params if param.annotation)


def is_service_class(facts: ClassFacts, methods: Iterable[FunctionFacts]) -> bool:
    """Whether a class says by its name that it is a service, or one of its methods takes a session."""
    return (_SERVICE_CLASS.search(facts.name) is not None and bool(facts.methods)) or any(map(takes_session, methods))


def is_trivial(function: FunctionFacts) -> bool:
    """Too small for a service: it passes on what it is given."""
    return function.shape.tokens < 8


def builds_app(body: Iterable[object], returns: str) -> bool:
    """Whether a function with this body and return annotation looks like an application factory."""
    return returns in ("FastAPI", "Starlette") or _MAKES.search(repr(body)) is not None


def kind_by_itself(facts: FileFacts, function: FunctionFacts) -> Kind | None:
    """The kind of a function of this file that is not a method and that nothing refers to."""
    if function.parent:
        return None
    if function.name.startswith("test") and (is_test_path(facts.path) or "test" in facts.path):
        return "test"
    return "service" if may_hold_services(facts) and takes_session(function) else None
