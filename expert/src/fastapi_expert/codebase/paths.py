"""Folders of the codebase, as its own code lists them: routers that are found by looking at what files there are."""

import fnmatch
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .values import Arguments, Hole, ModuleInfo, PathValue, Site, is_list

if TYPE_CHECKING:
    from .interpreter import Interpreter


def join(base: str, *parts: str) -> str | None:
    """``parts`` below ``base``, None when that leads out of the codebase."""
    found = base.split("/") if base else []
    for part in "/".join(parts).split("/"):
        if part == "..":
            if not found:
                return None
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return "/".join(found)


def path_attribute(at: "Interpreter", value: PathValue, name: str, site: Site) -> Any:
    """`path.parent`, `.name`, `.stem` and `.suffix`; None when it is a method."""
    folder, _, last = value.path.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    if name == "parent":
        return PathValue(folder) if value.path else Hole(site, "a folder above the codebase")
    if name == "parents":
        parts = value.path.split("/")
        return [PathValue("/".join(parts[:end])) for end in range(len(parts) - 1, -1, -1)]
    return {"name": last, "stem": stem if dot else last, "suffix": f".{suffix}" if dot else ""}.get(name)


def path_method(at: "Interpreter", value: PathValue, name: str, given: Arguments) -> Any:
    """What a method of `pathlib.Path` gives, for those that only look at names."""
    modules = at.codebase.modules
    texts = [one for one in given.args if isinstance(one, str)]
    if name in ("resolve", "absolute", "expanduser"):
        return value
    if name == "joinpath" and len(texts) == len(given.args):
        return _below(value, texts, given.site)
    if name == "iterdir":
        return [PathValue(child) for child in modules.listing(value.path)]
    if name in ("glob", "rglob") and texts:
        deep = name == "rglob" or texts[0].startswith("**/")
        pattern = texts[0].removeprefix("**/")
        found = modules.below(value.path) if deep else modules.listing(value.path)
        prefix = f"{value.path}/" if value.path else ""
        inner = [(path, path.removeprefix(prefix)) for path in found]
        return [
            PathValue(path)
            for path, shown in inner
            if fnmatch.fnmatchcase(shown.rpartition("/")[2] if deep else shown, pattern)
            and (deep or shown.count("/") == pattern.count("/"))
        ]
    if name in ("is_dir", "is_file", "exists") and modules.tells(value.path):
        folder, file = modules.is_folder(value.path), modules.is_file(value.path)
        return {"is_dir": folder, "is_file": file, "exists": folder or file}[name]
    return Hole(given.site, f"what {name}() of a path gives is not known")


def _below(base: PathValue, parts: list[str], site: Site) -> Any:
    path = join(base.path, *parts)
    return PathValue(path) if path is not None else Hole(site, "a path outside the codebase")


def divided(base: PathValue, part: Any, site: Site) -> Any:
    """`path / "name"`."""
    return _below(base, [part], site) if isinstance(part, str) else Hole(site, "a path that is not known")


def _path(at: "Interpreter", given: Arguments) -> Any:
    if given.args and isinstance(given.args[0], PathValue):
        return _below(given.args[0], [one for one in given.args[1:] if isinstance(one, str)], given.site)
    return Hole(given.site, "a path outside the codebase, as far as the text tells")


def _joined(at: "Interpreter", given: Arguments) -> Any:
    if all(isinstance(one, str) for one in given.args[1:]):
        return _path(at, given)
    return Hole(given.site, "a path that is not known")


def _same(at: "Interpreter", given: Arguments) -> Any:
    return given.args[0] if given.args else Hole(given.site, "no path")


_Function = Callable[["Interpreter", Arguments], Any]


def _of_path(answer: Callable[["Interpreter", PathValue, Arguments], Any]) -> _Function:
    """A function of one path that is known, else of nothing."""

    def asked(at: "Interpreter", given: Arguments) -> Any:
        value = given.args[0] if given.args else None
        return (
            answer(at, value, given) if isinstance(value, PathValue) else Hole(given.site, "a path that is not known")
        )

    return asked


def _split_extension(at: "Interpreter", given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    if not isinstance(value, str):
        return Hole(given.site, "a path that is not known")
    stem, dot, suffix = value.rpartition(".")
    return [stem, dot + suffix] if dot and stem else [value, ""]


def _names_in(at: "Interpreter", folder: PathValue, given: Arguments) -> list[str]:
    return [child.rpartition("/")[2] for child in at.codebase.modules.listing(folder.path)]


def _iter_modules(at: "Interpreter", given: Arguments) -> Any:
    where = given.get(0, "path")
    folders = [one for one in where if isinstance(one, PathValue)] if is_list(where) else []
    if not folders:
        return Hole(given.site, "modules of a folder that is not known")
    prefix = given.get(1, "prefix")
    prefix = prefix if isinstance(prefix, str) else ""
    modules = at.codebase.modules
    found: dict[str, ModuleInfo] = {}
    for folder in folders:
        for child in modules.listing(folder.path):
            name = child.rpartition("/")[2]
            package = modules.is_file(f"{child}/__init__.py")
            if package or (name.endswith(".py") and name != "__init__.py"):
                shown = prefix + name.removesuffix(".py")
                found[shown] = ModuleInfo(folder, shown, package)
    return list(found.values())


OUTSIDE: dict[str, _Function] = {
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "os.path.dirname": _of_path(lambda at, path, given: path_attribute(at, path, "parent", given.site)),
    "os.path.basename": _of_path(lambda at, path, given: path_attribute(at, path, "name", given.site)),
    "os.path.abspath": _same,
    "os.path.realpath": _same,
    "os.fspath": _same,
    "os.path.join": _joined,
    "os.path.splitext": _split_extension,
    "os.path.isdir": _of_path(lambda at, path, given: path_method(at, path, "is_dir", given)),
    "os.path.isfile": _of_path(lambda at, path, given: path_method(at, path, "is_file", given)),
    "os.path.exists": _of_path(lambda at, path, given: path_method(at, path, "exists", given)),
    "os.listdir": _of_path(_names_in),
    "pkgutil.iter_modules": _iter_modules,
}
"""Functions outside the codebase that look at its folders, by dotted name."""
