"""Under which name each file is imported (as the codebase does it, else as its packages say), and what it imports."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastapi_expert.codebase.resolve.modules import Modules
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts


def import_names(files: Mapping[str, FileFacts], modules: Modules) -> Iterator[tuple[str, str]]:
    """(path, dotted name) for every file, "" where nobody could tell: a folder that is no package and that no import
    names may be on the path, below it, or not importable at all."""
    seen = _seen(files, modules)
    prefixes = {path.rpartition("/")[0]: name.rpartition(".")[0] for path, name in seen.items() if _is_plain(path)}
    for path in files:
        yield path, seen.get(path) or _named(path, modules, prefixes)


def _seen(files: Mapping[str, FileFacts], modules: Modules) -> dict[str, str]:
    """Path to the absolute name under which most other files import it."""
    count: dict[str, Counter[str]] = {}
    for path, facts in files.items():
        for name in {one.module for one in facts.imports if not one.module.startswith(".")}:
            place = modules.find(path, name)
            if place is not None and not place.endswith("/") and place != path:
                count.setdefault(place, Counter())[name] += 1
    return {place: max(names, key=lambda name: (names[name], name)) for place, names in count.items()}


def _is_plain(path: str) -> bool:
    return not path.endswith("__init__.py")


def _named(path: str, modules: Modules, prefixes: Mapping[str, str]) -> str:
    folder, _, file = path.rpartition("/")
    stem = file.removesuffix(".py")
    if folder in prefixes and _is_plain(path):
        return f"{prefixes[folder]}.{stem}" if prefixes[folder] else stem
    parts = folder.split("/") if folder else []
    packages = [
        depth for depth in range(1, len(parts) + 1) if modules.is_file("/".join([*parts[:depth], "__init__.py"]))
    ]
    if not packages:
        return modules.name(path) if not folder or modules.is_file("__init__.py") else ""
    if packages[-1] == len(parts) and len(packages) == len(parts) - packages[0] + 1:
        return modules.name(path)
    inner = parts[packages[0] - 1 :]
    return ".".join([*inner, stem] if _is_plain(path) else inner)


def needs_of(facts: FileFacts, modules: Modules) -> tuple[str, ...]:
    """The files of the codebase that run when the file at ``facts.path`` is imported, because it says so itself."""
    unseen = set(_for_types(facts.body))
    found: dict[str, None] = {}
    for one in facts.imports:
        place = modules.find(facts.path, one.module) if not one.scope and one.line not in unseen else None
        child = modules.child(place, one.name) if place is not None and one.name else None
        for file in (place, child):
            if file is not None and file != facts.path and not file.endswith("/"):
                found[file] = None
    return tuple(found)


def drafted_names(paths: Iterable[str], modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(path, dotted name) of the drafts among ``paths``, named as what lies beside them is."""
    for path in paths:
        folder, _, file = path.rpartition("/")
        beside = f"{folder}/__init__.py" if folder else ""
        if path not in modules and modules.get(beside):
            yield path, f"{modules[beside]}.{file.removesuffix('.py')}"


def drafted_needs(facts: FileFacts, named: Mapping[str, str]) -> tuple[str, ...]:
    """The same of a draft, by the names alone: ``named`` leads from a dotted name to the path that is imported so."""
    unseen = set(_for_types(facts.body))
    paths = {path: path for path in named.values()}
    found: dict[str, None] = {}
    for one in facts.imports:
        if one.scope or one.line in unseen:
            continue
        for place in _places(facts.path, one.module, one.name, named, paths):
            if place != facts.path:
                found[place] = None
    return tuple(found)


def _places(importer: str, module: str, name: str, named: Mapping[str, str], paths: Mapping[str, str]) -> Iterator[str]:
    rest = module.lstrip(".")
    level = len(module) - len(rest)
    if not level:
        wanted = [named.get(module), named.get(f"{module}.{name}")]
    else:
        folders = importer.split("/")[:-level]
        parts = [*folders, *(rest.split(".") if rest else [])]
        stems = ["/".join(parts), "/".join([*parts, name])]
        wanted = [paths.get(f"{stem}.py") or paths.get(f"{stem}/__init__.py") for stem in stems]
    yield from (place for place in wanted if place is not None)


def _for_types(body: Sequence[ir.Stmt]) -> Iterator[int]:
    """Lines of imports that only a type checker sees."""
    for statement in body:
        branch = ir.match(statement, ir.If)
        if branch is not None and branch.condition in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"):
            yield from (one.line for inner in branch.body if (one := ir.match(inner, ir.Import)) is not None)
