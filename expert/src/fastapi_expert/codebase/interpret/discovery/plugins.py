"""Entry points: what `importlib.metadata` finds of the project and of what is installed beside it."""

import configparser
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.sources import parsed
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    Condition,
    Doubtful,
    EntryPoint,
    EntryPoints,
    External,
    ModuleValue,
    Scope,
    Site,
    Unknown,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax import ir


def entry_points(interp: Runtime, given: Arguments) -> Any:
    """`entry_points(group=…, name=…)`, and without arguments the table of all groups."""
    group = given.keywords.get("group")
    return EntryPoints() if group is None else of_group(interp, group, given.keywords.get("name"), given.site)


def iterated(interp: Runtime, given: Arguments) -> Any:
    """`pkg_resources.iter_entry_points(group, name)`."""
    return of_group(interp, given.get(0, "group"), given.get(1, "name"), given.site)


def table_method(interp: Runtime, name: str, given: Arguments) -> Any:
    """`entry_points().select(group=…)` and `.get(group, [])`."""
    if name in ("select", "get"):
        return of_group(interp, given.get(0, "group"), given.keywords.get("name"), given.site)
    return Unknown(given.site, f"what {name}() of entry points gives")


def of_group(interp: Runtime, group: Any, name: Any, site: Site) -> Any:
    """The entry points of one group; unknown where the project has none and what is installed is not known."""
    if not isinstance(group, str):
        return Unknown(site, "entry points of a group that is not known")
    installed, offered = interp.remembered("entry points", lambda: _all(interp))
    found: list[Any] = [one for one in installed if one.group == group]
    for point, holder in offered.items():
        if point.group != group or point in installed:
            continue
        if _is_around(site.path, holder):
            found.append(point)  # of the project that asks, which is installed where it runs
        else:
            reason = f"whether the project of {holder}, which offers it, is installed is not known"
            found.append(Doubtful(point, (Condition(site, reason),)))
    if not found and (interp.sources is None or interp.sources.libraries is None):
        return Unknown(
            site, f"the entry points of {group!r} are of what is installed, and nothing is beside this project"
        )
    return [one for one in found if name is None or (one.value if isinstance(one, Doubtful) else one).name == name]


def _is_around(path: str, holder: str) -> bool:
    folder = holder.rpartition("/")[0]
    return not folder or path.startswith(f"{folder}/")


def load(interp: Runtime, point: EntryPoint, site: Site) -> Any:
    """What an entry point names."""
    module, _, rest = point.value.partition(":")
    rest = rest.partition("[")[0].strip()
    place = interp.names.modules.find(site.path, module.strip())
    if place is None:
        outside = External(f"{module.strip()}.{rest}" if rest else module.strip())
        interp.want(outside, surely=False)
        return outside
    value: Any = ModuleValue(place)
    for name in rest.split(".") if rest else ():
        if isinstance(value, ModuleValue):
            value = interp.module_attribute(value.place, name)
        else:
            value = interp.evaluate(f"it.{name}", Scope(site.path, {"it": value}))
    return value if value is not MISSING else Unknown(site, f"{point.value} is not found")


def _all(interp: Runtime) -> tuple[dict[EntryPoint, None], dict[EntryPoint, str]]:
    """What is installed, and what the projects in this codebase offer, with the file that says so."""
    offered: dict[EntryPoint, str] = {}
    for path, points in _of_projects(interp):
        for point in points:
            offered.setdefault(point, path)
    return dict.fromkeys(_of_installed(interp)), offered


def _of_projects(interp: Runtime) -> Iterator[tuple[str, Iterable[EntryPoint]]]:
    if interp.sources is None:
        return
    for folder in interp.names.modules.folders():
        start = f"{folder}/" if folder else ""
        yield f"{start}pyproject.toml", _of_pyproject(interp.sources.text_if_there(f"{start}pyproject.toml"))
        yield f"{start}setup.cfg", _of_setup_cfg(interp.sources.text_if_there(f"{start}setup.cfg"))
        if interp.names.modules.is_file(f"{start}setup.py"):
            yield f"{start}setup.py", _of_setup(interp, f"{start}setup.py")


def _of_installed(interp: Runtime) -> Iterator[EntryPoint]:
    libraries = interp.sources.libraries if interp.sources is not None else None
    for text in libraries.environment.entry_points() if libraries is not None else ():
        yield from _of_sections(text)


def _of_pyproject(text: str | None) -> Iterator[EntryPoint]:
    if not text or ("entry-points" not in text and "plugins" not in text):
        return
    try:
        document = parsed(text, "toml")
    except ValueError:
        return
    for groups in (_below(document, "project", "entry-points"), _below(document, "tool", "poetry", "plugins")):
        for group, points in groups.items():
            for name, value in points.items() if is_dict(points) else ():
                if isinstance(value, str):
                    yield EntryPoint(name, value, group)


def _below(document: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        document = document.get(key) if is_dict(document) else None
    return document if is_dict(document) else {}


def _of_sections(text: str) -> Iterator[EntryPoint]:
    """`entry_points.txt`: a section for each group."""
    for group, points in _sections(text).items():
        yield from [EntryPoint(name, value, group) for name, value in points.items()]


def _of_setup_cfg(text: str | None) -> Iterator[EntryPoint]:
    if text and "options.entry_points" in text:
        for group, lines in _sections(text).get("options.entry_points", {}).items():
            yield from _written(group, lines.splitlines())


def _sections(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # names keep their case
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _of_setup(interp: Runtime, path: str) -> Iterator[EntryPoint]:
    """`setup(entry_points={"group": ["name = module:attribute"]})`."""
    facts = interp.names.facts(path)
    for statement in facts.body if facts is not None else ():
        done = ir.match(statement, ir.Evaluate)
        call = ir.match(done.value, ir.Call) if done is not None else None
        if call is None or not isinstance(call.function, str) or call.function.rpartition(".")[2] != "setup":
            continue
        groups = interp.evaluate(dict(call.keywords).get("entry_points"), Scope(path, {}))
        for group, lines in groups.items() if is_dict(groups) else ():
            several = lines if is_list(lines) else str(lines).splitlines()
            yield from _written(group, [one for one in several if isinstance(one, str)])


def _written(group: str, lines: list[str]) -> Iterator[EntryPoint]:
    for line in lines:
        name, equals, value = line.partition("=")
        if equals:
            yield EntryPoint(name.strip(), value.strip(), group)
