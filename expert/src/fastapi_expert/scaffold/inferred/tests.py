"""The test of a new resource, in the way the sibling's own test asks its application."""

import re
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts, ImportFacts
from fastapi_expert.scaffold.inferred.imports import Import, ImportResolver
from fastapi_expert.scaffold.inferred.learned.conventions import Sibling
from fastapi_expert.scaffold.inferred.sources import Sources


@dataclass(frozen=True, slots=True)
class TestStyle:
    """What a test takes and how it asks: parameters, decorators and a client that the module makes for itself."""

    path: str
    taken: tuple[str, ...]
    client: str
    headers: str
    is_async: bool
    awaits: bool
    decorators: tuple[str, ...]
    setup: str
    needs: tuple[Import, ...]


def way_of(codebase: Codebase, sources: Sources, sibling: Sibling) -> TestStyle | None:
    """The way of a test of the sibling's; None when there is none, or it asks in a way not understood."""
    resolver = ImportResolver(codebase)
    for identifier in [test for route in sibling.routes.values() for test in route.tests]:
        function, path = codebase.function(identifier), identifier.partition(":")[2].partition("::")[0]
        text = sources.lines(path, function.start_line, function.end_line) if function else ""
        asked = re.search(r"(await\s+)?\b(\w*client\w*)\.(?:get|post|put|patch|delete)\(", text)
        if function is None or function.owner or asked is None:
            continue
        client = asked.group(2)
        taken = [param for param in function.params if param.name == client or "header" in param.name]
        setup, needs = "", [each for param in taken for each in resolver.for_text(param.annotation, path)]
        if all(param.name != client for param in taken):
            bound = codebase.names.bindings(path).get(client)
            if bound is None or isinstance(bound, ImportFacts) or ir.match(bound, ir.Assign) is None:
                continue
            setup = sources.statement_text(path, ir.line_of(bound)).strip()
            needs += resolver.for_text(setup.partition("=")[2], path)
        header = next((param.name for param in taken if "header" in param.name), "")
        if "headers=" in text and not header:
            continue
        decorators = _decorators(sources, path, function)
        needs += [each for line in decorators for each in resolver.for_text(line, path)]
        parameters = tuple(p.name + (f": {p.annotation}" if p.annotation else "") for p in taken)
        headers = f", headers={header}" if header else ""
        awaits = bool(asked.group(1))
        return TestStyle(
            path, parameters, client, headers, function.is_async, awaits, decorators, setup, tuple(dict.fromkeys(needs))
        )
    return None


def _decorators(sources: Sources, path: str, function: FunctionFacts) -> tuple[str, ...]:
    if function.start_line == function.line:
        return ()
    text = sources.lines(path, function.start_line, function.line - 1)
    return tuple(line for line in text.splitlines() if line.startswith("@") and "parametrize" not in line)
