"""The documents of two revisions of one project, and where in the code each change stands."""

from dataclasses import dataclass

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.codebase.model import Problem
from fastapi_expert.config import Config
from fastapi_expert.contract.changes.compare import Change, changes
from fastapi_expert.contract.openapi.document import document, documents
from fastapi_expert.contract.openapi.operations import template
from fastapi_expert.git import Repository
from fastapi_expert.laid_out import laid_out


@dataclass(frozen=True, slots=True)
class Placed:
    """A change with the place of its endpoint: as it is now, or for one that is gone as it was."""

    app: str
    change: Change
    path: str
    line: int
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """``unknown`` is what either document leaves out: a change there is not seen."""

    since: str
    placed: tuple[Placed, ...]
    unknown: tuple[Problem, ...]


def compared(codebase: Codebase, revision: str, settings: Config) -> Comparison:
    """What changed for clients of every application since the work tree left ``revision``.

    Raises:
        GitError: no repository, or no such revision.
    """
    root = codebase.folder
    repository = Repository.find(root)
    commit = repository.fork(revision)
    with laid_out(repository, commit) as folder:
        old = folder / root.relative_to(repository.root.resolve())
        before = load(old, exclude=settings.exclude, cache=False) if old.is_dir() else None
        return between(before, codebase, commit[:12])


def between(before: Codebase | None, after: Codebase, since: str) -> Comparison:
    """What changed for clients from one codebase to the other; an application that is new breaks nobody."""
    old = {} if before is None else {id_: document(before, id_) for id_ in documents(before)}
    new = {id_: document(after, id_) for id_ in documents(after)}
    now, was = _places(after), {} if before is None else _places(before)
    placed = [
        _placed(id_, change, now, was)
        for id_, said in old.items()
        for change in changes(said.openapi, new[id_].openapi if id_ in new else {})
    ]
    unknown = {problem for one in (*old.values(), *new.values()) for problem in one.unknown}
    return Comparison(since, tuple(placed), tuple(sorted(unknown, key=lambda one: (one.path, one.line, one.message))))


def _placed(
    app: str,
    change: Change,
    now: dict[tuple[str, str], tuple[str, int]],
    before: dict[tuple[str, str], tuple[str, int]],
) -> Placed:
    key = (app, change.operation)
    path, line = now.get(key) or before.get(key) or ("", 1)
    return Placed(app, change, path, line, key not in now)


def _places(codebase: Codebase) -> dict[tuple[str, str], tuple[str, int]]:
    """(application, `GET /items/{id}`) to the place of the endpoint."""
    return {
        (one.app, f"{one.route.method} {template(one.route.path)}"): (one.route.path_file, one.route.line)
        for one in codebase.served
    }
