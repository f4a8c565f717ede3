"""The session of a project's database: what gives it to endpoints, or how it is opened where nothing gives it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.dependencies import Dependencies, Need
from fastapi_expert.codebase.model import Route
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.scaffold.inferred.imports import Import, ImportResolver
from fastapi_expert.scaffold.inferred.learned.parameters import (
    ParameterTemplate,
    needs_of,
    plain_type,
    template_of,
)
from fastapi_expert.scaffold.inferred.sources import Sources

SESSION = re.compile(r"\b(?:Async)?Session\b|sessionmaker|SessionLocal|SessionDep|DbSession|DBSession")
_TYPE = re.compile(r"(?:^|\.)(?:Async)?Session$")
_YIELDED = re.compile(r"(?:Iterator|Iterable|Generator|ContextManager)\[\s*([\w.]*Session)\b")
_OPENED = re.compile(r"^[ \t]*(?:async )?with (?P<expr>(?P<called>[\w.]+)\([^()\n]*\)) as \w+:", re.MULTILINE)
_MAKER = (
    r"^{}[^=\n]*=\s*(?P<maker>async_sessionmaker|sessionmaker|async_scoped_session|scoped_session)\b"
    r"(?P<rest>[^\n]*(?:\n[ \t)][^\n]*)*)"
)
_GIVEN = "get_session"


@dataclass(frozen=True, slots=True)
class Session:
    """How new endpoints come by a session: its parameter, its type with what has to be imported for it, and the text of
    what provides it. ``own`` is a dependency that they have to bring along, with its imports, ``told`` says why."""

    parameter: ParameterTemplate
    type: str
    needs: tuple[Import, ...]
    giver: str
    own: str = ""
    own_needs: tuple[Import, ...] = ()
    told: str = ""


def session_of(codebase: Codebase, sources: Sources, routes: Iterable[Route]) -> Session | None:
    """The session that endpoints are given, those of ``routes`` first; else what would give it, else how it opens."""
    return (
        _asked(codebase, sources, routes)
        or next(_givers(codebase, sources), None)
        or next(_opened(codebase, sources, routes), None)
    )


def _asked(codebase: Codebase, sources: Sources, routes: Iterable[Route]) -> Session | None:
    dependencies, resolver = Dependencies(codebase.names), ImportResolver(codebase)
    places = [(route.path_file, codebase.function(route.endpoint)) for route in (*routes, *codebase.inventory.routes)]
    places += [(c.path, codebase.function(c.id)) for c in codebase.inventory.components if c.kind == "dependency"]
    for path, function in places:
        if function is None or is_test_path(path):
            continue
        for param in function.params:
            for need in needs_of(dependencies, path, param):
                giver = _giver(codebase, sources, need)
                type_path, written = plain_type(codebase, path, param)
                known = bool(written) and codebase.names.resolve(type_path, written) is not None
                if giver is not None and known and (_TYPE.search(written) or _is_session(*giver)):
                    needs = tuple(resolver.for_text(written, type_path))
                    return Session(template_of(sources, path, function, param), written, needs, giver[1])
    return None


def _giver(codebase: Codebase, sources: Sources, need: Need) -> tuple[FunctionFacts, str] | None:
    """The function behind a dependency and its text."""
    if not isinstance(need.expr, str):
        return None
    symbol = codebase.names.resolve(need.path, need.expr)
    function = codebase.names.function(symbol.path, symbol.name) if symbol is not None else None
    if symbol is None or function is None:
        return None
    return function, sources.lines(symbol.path, function.start_line, function.end_line)


def _is_session(function: FunctionFacts, text: str) -> bool:
    returns = function.returns or text
    return bool(SESSION.search(returns)) and "yield" in text


def _givers(codebase: Codebase, sources: Sources) -> Iterator[Session]:
    """Generators of a session that no endpoint depends on yet: helpers below call them."""
    resolver = ImportResolver(codebase)
    for path, file in sorted(codebase.files.items()):
        for function in file.functions if not is_test_path(path) else ():
            given = _YIELDED.search(function.returns)
            if given is None or function.owner or function.parent or function.decorators or function.params:
                continue
            symbol = codebase.names.resolve(path, given[1])
            if symbol is None or symbol.kind != "external":
                continue
            parameter = ParameterTemplate("session", given[1], f"Depends({function.name})", path)
            yield Session(
                parameter,
                given[1],
                tuple(resolver.for_text(given[1], path)),
                sources.lines(path, function.start_line, function.end_line),
                own_needs=(Import("fastapi", "Depends"),),
                told=f"no endpoint is given a session: {function.name} gives one ({path}:{function.line})",
            )


def _opened(codebase: Codebase, sources: Sources, routes: Iterable[Route]) -> Iterator[Session]:
    """Sessions that are opened where they are used: a dependency of the new endpoints' own opens one so."""
    first = [route.path_file for route in routes]
    paths = dict.fromkeys([*first, *sorted(codebase.files)])
    for path in paths:
        if is_test_path(path):
            continue
        text = sources.text(path)
        for opened in _OPENED.finditer(text):
            kind = _kind(codebase, sources, path, opened["called"])
            arguments = opened["expr"].removeprefix(opened["called"])
            free = set(re.findall(r"(?<![\w.])([A-Za-z_]\w*)(?!\s*=)", arguments)) - {"True", "False", "None"}
            if kind is None or free - codebase.names.bindings(path).keys():
                continue
            line = text.count("\n", 0, opened.start("expr")) + 1
            yield _opening(codebase, path, line, opened["expr"], kind)


def _kind(codebase: Codebase, sources: Sources, path: str, called: str) -> Import | None:
    """The class of the sessions that a call opens; None where it is not known to open one."""
    symbol = codebase.names.resolve(path, called)
    if symbol is None:
        return None
    if symbol.kind == "external":
        module, _, name = symbol.name.rpartition(".")
        return Import(module, name) if _TYPE.search(name) and module.startswith(("sqlmodel", "sqlalchemy")) else None
    if symbol.kind != "value":
        return None
    made = re.search(_MAKER.format(re.escape(symbol.name)), sources.text(symbol.path), re.MULTILINE)
    if made is None or "scoped" in made["maker"]:
        return None
    if written := re.search(r"class_\s*=\s*(\w+)", made["rest"]):
        return _kind(codebase, sources, symbol.path, written[1])
    is_async = made["maker"].startswith("async")
    return Import("sqlalchemy.ext.asyncio", "AsyncSession") if is_async else Import("sqlalchemy.orm", "Session")


def _opening(codebase: Codebase, path: str, line: int, expr: str, kind: Import) -> Session:
    is_async = kind.name.startswith("Async")
    iterator = "AsyncIterator" if is_async else "Iterator"
    mark = "async " if is_async else ""
    own = (
        f"{mark}def {_GIVEN}() -> {iterator}[{kind.name}]:\n"
        f'    """A session for one request."""\n'
        f"    {mark}with {expr} as session:\n"
        "        yield session\n"
    )
    needs = (Import("fastapi", "Depends"), Import("collections.abc", iterator))
    return Session(
        ParameterTemplate("session", kind.name, f"Depends({_GIVEN})", ""),
        kind.name,
        (kind,),
        own,
        own,
        (*needs, *(each for each in ImportResolver(codebase).for_text(expr, path) if each.binds != kind.name)),
        f"no endpoint is given a session: {_GIVEN}, beside the new ones, opens it as {path}:{line}",
    )
