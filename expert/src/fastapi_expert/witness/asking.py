"""Asks the running application for its own table, and puts it beside what was read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.errors import UsageError
from fastapi_expert.witness.entrypoints import entrypoints
from fastapi_expert.witness.failure import WitnessError, explain
from fastapi_expert.witness.interpreter import interpreter
from fastapi_expert.witness.merge import Comparison, compare
from fastapi_expert.witness.model import LIMIT_S, Application, Conditions, TrueTable, true_route
from fastapi_expert.witness.modules import Finder
from fastapi_expert.witness.process import run
from fastapi_expert.witness.variables import environment_for, redacted, variables


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about running the project's code; see :class:`Conditions`."""

    python: Path | None = None
    limit: float = LIMIT_S
    lifespan: bool = False
    network: bool = False
    env_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """What the application said, how that compares with the text, and which other applications the text names."""

    table: TrueTable
    comparison: Comparison
    others: tuple[Application, ...]


def witness(codebase: Codebase, wanted: str, options: Options) -> Witness:
    """Ask the application that is ``wanted``: `auto`, `module:attribute`, `module:make()`, or `file.py:attribute`.

    Raises:
        UsageError: ``wanted`` has no meaning, or several.
        WitnessError: nothing says which application there is, or it cannot be asked.
    """
    application, others = _wanted(codebase, wanted)
    conditions = _conditions(codebase, application, options)
    table = ask(application, conditions, codebase.folder)
    read = codebase.beside(conditions.python.parent.parent)  # the application's libraries, if others than ours
    return Witness(table, compare(read.inventory, table), others)


def document_of(codebase: Codebase, wanted: str, options: Options) -> tuple[Application, Mapping[str, Any]]:
    """The application that is ``wanted`` and the OpenAPI document that it makes itself. Raises as :func:`witness`."""
    application, _ = _wanted(codebase, wanted)
    conditions = _conditions(codebase, application, options)
    answer = _asked(application, conditions, codebase.folder, document=True)
    if answer.get("openapi") is None:
        what = f"{application.module}:{application.attribute} makes no OpenAPI document"
        raise WitnessError(what, where=application.module, do="name the FastAPI application itself")
    return application, answer["openapi"]


def _wanted(codebase: Codebase, wanted: str) -> tuple[Application, tuple[Application, ...]]:
    """The application to ask, and those that `auto` left aside."""
    if wanted != "auto":
        return _named(codebase, wanted), ()
    found = entrypoints(codebase)
    if not found:
        what = "nothing here says which application is served, and none is made without arguments"
        raise WitnessError(what, where=str(codebase.folder), do="name it: --import module:app, or module:make_app()")
    return found[0], tuple(found[1:])


def _conditions(codebase: Codebase, application: Application, options: Options) -> Conditions:
    root = codebase.folder
    return Conditions(
        python=interpreter(root / application.folder, root, options.python),
        limit=options.limit,
        lifespan=options.lifespan,
        network=options.network,
        environment=variables(options.env_file) if options.env_file is not None else {},
    )


_WANTED = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?::([A-Za-z_]\w*(?:\.\w+)*)(\(\))?)?")


def _named(codebase: Codebase, wanted: str) -> Application:
    finder = Finder(codebase)
    file, _, attribute = wanted.partition(":")
    if file.endswith(".py"):
        found = finder.written(
            file.removeprefix("./"), attribute.removesuffix("()"), is_factory=attribute.endswith("()")
        )
        if found is None:
            raise UsageError("there is no such file in the codebase", where=file, do="give it relative to PATH")
        return found
    match = _WANTED.fullmatch(wanted)
    if match is None:
        raise UsageError(f"{wanted!r} names no application", do="write module:attribute, as for uvicorn, or auto")
    module, attribute, called = match[1], match[2] or "", bool(match[3])
    rivals = finder.rivals(module, attribute)
    if len(rivals) > 1:
        do = f"name one by its file: {', '.join(f'{each}:{attribute}' for each in rivals[:5])}"
        raise UsageError(f"{wanted} may be in any of {len(rivals)} files", do=do)
    found = finder.application(module, attribute, "", (), is_factory=called)
    return found if found is not None else Application(module, attribute, called)


def ask(application: Application, conditions: Conditions, root: Path) -> TrueTable:
    """Import ``application`` of the codebase at ``root`` in a child process, and take down its table.

    Raises:
        WitnessError: it cannot be imported, or does not give its table in time.
    """
    answer = _asked(application, conditions, root)
    return TrueTable(
        application=application,
        python=conditions.python,
        version=str(answer["python"]),
        fastapi=str(answer["fastapi"]),
        routes=tuple(true_route(row) for row in answer["routes"]),
        refused=tuple(answer["refused"]),
    )


def _asked(
    application: Application, conditions: Conditions, root: Path, *, document: bool = False
) -> Mapping[str, Any]:
    environment = environment_for(conditions.python, conditions.environment)
    request: Mapping[str, Any] = {
        "module": application.module,
        "attribute": application.attribute,
        "call": application.is_factory,
        "paths": [str((root / path).resolve()) for path in application.paths],
        "root": str(root),
        "lifespan": conditions.lifespan,
        "network": conditions.network,
        "openapi": document,
    }
    try:
        ended = run(
            conditions.python,
            request,
            folder=root / application.folder,
            environment=environment,
            limit=conditions.limit,
        )
    except OSError as error:
        what = f"this interpreter cannot be started: {error.strerror or error}"
        raise WitnessError(what, where=str(conditions.python), do="give another with --python PATH") from None
    answer = ended.answer
    if answer is None or "routes" not in answer:
        error = explain(ended, application, conditions, root)
        error.what = redacted(error.what, environment)
        raise error
    return answer
