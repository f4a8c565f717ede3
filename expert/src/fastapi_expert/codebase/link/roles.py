"""What a definition is by its own text and place alone; light, because the hook's path imports it."""

import re
from collections.abc import Iterable

from fastapi_expert.codebase.model import Kind
from fastapi_expert.codebase.syntax.facts import ClassFacts, FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path

Place = tuple[str, str]
"""(path, qualname)"""

_SESSION = re.compile(
    r"\b(?:Async)?(?:Session|Connection|Engine|scoped_session|Database|UnitOfWork|sessionmaker)\b|SessionDep|DbSession"
    r"|\bDB\b|DBSession|\w*(?:Repository|Repo|Dao|UoW)\b"
)
_SERVICE_CLASS = re.compile(r"(?:Service|Repository|Repo|CRUD\w*|Crud|Manager|UseCase|Dao|Gateway|Store)$|^CRUD")
_MAKES = re.compile(r"'(?:FastAPI|Starlette|fastapi\.FastAPI)'")


def may_hold_services(path: str) -> bool:
    """Whether code at ``path`` does the application's work: neither a test nor a migration."""
    return not (is_test_path(path) or "/migrations/" in path or "/versions/" in path or "alembic" in path)


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


def kind_by_itself(path: str, function: FunctionFacts) -> Kind | None:
    """The kind of a function that is not a method and that nothing refers to."""
    if function.parent:
        return None
    if function.name.startswith("test") and (is_test_path(path) or "test" in path):
        return "test"
    return "service" if may_hold_services(path) and takes_session(function) else None
