"""What a resource consists of here: every place that the most complete one has."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import is_migration
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.conventions.model import Part, Place, Resource
from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.scaffold.inferred.learned.conventions import Sibling, find_sibling, is_of
from fastapi_expert.scaffold.inferred.learned.ways import learn_ways
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.naming import Names

_MENTIONS = 10
"""Lines elsewhere that name the resource."""
_PER_FILE = 2
_LONGEST = 100


def resource(codebase: Codebase, like: str = "") -> tuple[Resource | None, str]:
    """The example, or why there is none.

    Raises:
        UsageError: ``like`` is no resource.
    """
    try:
        sibling = find_sibling(codebase, like)
    except UsageError:
        raise
    except ExpertError as error:
        return None, error.what
    sources = Sources(codebase.root)
    parts = [*_own(codebase, sibling), *_migrations(codebase, sources, sibling), *_tests(codebase, sibling)]
    parts += _mentions(codebase, sources, sibling, {part.place.path for part in parts})
    learned = learn_ways(codebase, sources, sibling, {}, owned=True).told
    return Resource(sibling.table.name, tuple(parts), learned), ""


def _own(codebase: Codebase, sibling: Sibling) -> Iterator[Part]:
    """What the inventory knows to be of the resource."""
    yield _part("table", sibling.table)
    for component in codebase.inventory.components:
        if component.kind == "schema" and _is_schema_of(codebase, component, sibling):
            yield _part("schema", component)
    for route in _routes(codebase, sibling):
        yield Part("route", f"{route.method} {route.path} {route.name}", Place(route.path_file, route.line))
    for service in sibling.services:
        yield _part("service", service)


def _is_schema_of(codebase: Codebase, schema: Component, sibling: Sibling) -> bool:
    answers = {route.response_model for route in sibling.routes.values()}
    named = is_of(schema.name, sibling.names) and not _is_of_another(codebase, schema, sibling)
    return (named or (schema.id in answers and is_of(schema.name, _plural(sibling.names)))) and not is_test_path(
        schema.path
    )


def _plural(names: Names) -> Names:
    """`ItemsPublic` is the answer to a list of items."""
    return Names(names.plural, names.plural)


def _is_of_another(codebase: Codebase, schema: Component, sibling: Sibling) -> bool:
    """Whether a longer table's name fits better: `OrderItemRead` is no part of `Item`."""
    tables = [one.name for one in codebase.inventory.components if one.kind == "table" and one.id != sibling.table.id]
    return any(len(name) > len(sibling.table.name) and schema.name.startswith(name) for name in tables)


def _routes(codebase: Codebase, sibling: Sibling) -> list[Route]:
    """Those of the resource's own five, and what else its router serves."""
    own = {route.endpoint for route in sibling.routes.values()}
    found = [
        route
        for route in codebase.inventory.routes
        if route.endpoint in own or route.path_file == sibling.endpoint_file
    ]
    table = sibling.names
    return [
        route for route in found if {table.plural, table.path, table.singular} & set(route.path.split("/"))
    ] or found


def _migrations(codebase: Codebase, sources: Sources, sibling: Sibling) -> Iterator[Part]:
    """Those that name its table."""
    names = "|".join({re.escape(name) for name in (sibling.names.plural, sibling.names.singular)})
    named = re.compile(
        rf"(?:create_table|add_column|alter_column|batch_alter_table)\(\s*['\"](?:\w+\.)?(?:{names})['\"]"
    )
    for path, facts in codebase.files.items():
        found = named.search(sources.text(path)) if is_migration(facts) else None
        if found is not None:
            line = sources.text(path).count("\n", 0, found.start()) + 1
            yield Part("migration", " ".join(found[0].split()), Place(path, line))


def _tests(codebase: Codebase, sibling: Sibling) -> Iterator[Part]:
    """One line a file of tests, and what makes rows for them."""
    counted: dict[str, list[Component]] = {}
    for route in _routes(codebase, sibling):
        for identifier in route.tests:
            test = codebase.component(identifier)
            if test is not None and test not in counted.setdefault(test.path, []):
                counted[test.path].append(test)
    mine = sibling.names.singular, sibling.names.plural
    own = {path: tests for path, tests in counted.items() if any(name in path for name in mine)} or counted
    for path, tests in own.items():
        first = min(tests, key=lambda test: test.line)
        yield Part("tests", f"{len(tests)}, the first {first.name}", Place(path, first.line))
    for path, facts in codebase.files.items():
        if is_test_path(path):
            for function in facts.functions:
                if not function.parent and not function.name.startswith("test") and _makes(function.name, sibling):
                    yield Part("made for tests by", f"{function.name}{function.signature}", Place(path, function.line))


def _makes(name: str, sibling: Sibling) -> bool:
    words = name.split("_")
    return sibling.names.singular.split("_")[-1] in words and bool(
        {"create", "make", "random", "new", "add"} & set(words)
    )


def _mentions(codebase: Codebase, sources: Sources, sibling: Sibling, own: set[str]) -> Iterator[Part]:
    """Lines of other files that name the resource: where it is registered, listed or related."""
    module = sibling.endpoint_file.rpartition("/")[2].removesuffix(".py")
    names = [re.escape(sibling.table.name)]
    if module in (sibling.names.plural, sibling.names.singular):
        names.append(rf"(?<![\w/.]){re.escape(module)}\.router")
        names.append(rf"import\b.*\b{re.escape(module)}")
    wanted = re.compile(rf"\b(?:{'|'.join(names)})\b")
    spans = [
        (one.path, one.line, one.end_line)
        for one in codebase.inventory.components
        if one.id == sibling.table.id
        or (one.kind in ("schema", "endpoint", "service") and is_of(one.name, sibling.names))
    ]
    shown = 0
    for path, facts in codebase.files.items():
        if is_test_path(path) or is_migration(facts) or path == sibling.endpoint_file:
            continue
        in_file = 0
        for number, line in enumerate(sources.text(path).splitlines(), 1):
            if shown >= _MENTIONS or in_file >= _PER_FILE:
                break
            if wanted.search(line) is None or any(path == p and a <= number <= b for p, a, b in spans):
                continue
            text = line.strip()
            if path in own and text.startswith(("from ", "import ")):
                continue
            shown, in_file = shown + 1, in_file + 1
            yield Part("named in", text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…", Place(path, number))


def _part(what: str, component: Component) -> Part:
    return Part(what, component.name, Place(component.path, component.line))
