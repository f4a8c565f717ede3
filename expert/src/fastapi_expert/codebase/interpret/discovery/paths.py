"""Folders of the codebase, as its own code lists them: routers that are found by looking at what files there are."""

import fnmatch
import posixpath
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.sources import DATA, parsed
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ModuleInfo,
    PathValue,
    Site,
    Unknown,
    is_list,
)


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


def path_attribute(interp: Runtime, value: PathValue, name: str, site: Site) -> Any:
    """`path.parent`, `.name`, `.stem`, `.suffix`, `.parts`; None when it is a method."""
    folder, _, last = value.path.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    if name == "parent":
        return replace(value, path=folder) if value.path else Unknown(site, "a folder above the codebase")
    if name == "parents":
        parts = value.path.split("/")
        return [replace(value, path="/".join(parts[:end])) for end in range(len(parts) - 1, -1, -1)]
    if name == "parts" and value.relative:
        return value.path.split("/")
    if name == "path":
        return value  # of an entry of `os.scandir`
    return {"name": last, "stem": stem if dot else last, "suffix": f".{suffix}" if dot else ""}.get(name)


def path_method(interp: Runtime, value: PathValue, name: str, given: Arguments) -> Any:
    """What a method of `pathlib.Path`, or of a file that was opened, gives."""
    ask = _METHODS.get(name)
    found = ask(interp, value, given) if ask is not None else None
    return found if found is not None else Unknown(given.site, f"what {name}() of a path gives is not known")


def _itself(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    return value


def _joinpath(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    texts = [one for one in given.args if isinstance(one, str)]
    return _below(value, texts, given.site) if len(texts) == len(given.args) else None


def _iterdir(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    return [PathValue(child) for child in interp.names.modules.listing(value.path)]


def _glob(interp: Runtime, value: PathValue, given: Arguments, *, deep: bool = False) -> Any:
    given_pattern = given.get(0, "pattern")
    if not isinstance(given_pattern, str) or not given_pattern.endswith(("*", ".py")):
        return None  # which data files there are is not known
    pattern = given_pattern.removeprefix("**/")
    deep = deep or pattern != given_pattern
    modules = interp.names.modules
    prefix = f"{value.path}/" if value.path else ""
    return [
        PathValue(path)
        for path in (modules.below(value.path) if deep or "/" in pattern else modules.listing(value.path))
        if _fits(path.removeprefix(prefix), pattern, deep=deep)
    ]


def _fits(path: str, pattern: str, *, deep: bool) -> bool:
    """Whether a path below a folder is one that globbing for ``pattern`` finds there, or ``deep`` anywhere below."""
    parts, wanted = path.split("/"), pattern.split("/")
    if len(parts) < len(wanted) or (len(parts) > len(wanted) and not deep):
        return False
    return all(map(fnmatch.fnmatchcase, parts[-len(wanted) :], wanted))


def _is_there(interp: Runtime, value: PathValue, given: Arguments, *, as_what: str) -> bool | None:
    """Of a data file it is known only that it is there: one that is not may be there when the application runs."""
    modules = interp.names.modules
    if modules.tells(value.path):
        folder, file = modules.is_folder(value.path), modules.is_file(value.path)
        return {"folder": folder, "file": file, "any": folder or file}[as_what]
    return True if as_what != "folder" and _content(interp, value) is not None else None


def _content(interp: Runtime, value: PathValue) -> str | None:
    if interp.sources is None or value.relative or not value.path.endswith(DATA):
        return None
    return interp.sources.text(value.path)


def _read(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    return _content(interp, value)


def _relative_to(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    base = given.args[0] if given.args else None
    if not isinstance(base, PathValue) or base.relative or not f"{value.path}/".startswith(f"{base.path}/".lstrip("/")):
        return None
    return PathValue(value.path[len(base.path) :].lstrip("/"), relative=True)


def _with_suffix(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    folder, slash, last = value.path.rpartition("/")
    suffix = given.get(0, "suffix")
    if not isinstance(suffix, str):
        return None
    return replace(value, path=f"{folder}{slash}{last.rpartition('.')[0] or last}{suffix}")


def _as_text(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    return value.path if value.relative else value  # os.path and pathlib take either


def _ends_with(interp: Runtime, value: PathValue, given: Arguments, *, name: str) -> bool | None:
    """A method of texts, of a path that os.path made."""
    args = [tuple(one) if is_list(one) else one for one in given.args]
    if name == "startswith" and not value.relative:
        return None
    return bool(getattr(value.path, name)(*args)) if all(isinstance(one, (str, tuple)) for one in args) else None


def _split(interp: Runtime, value: PathValue, given: Arguments) -> Any:
    return value.path.split("/") if given.args in (["/"], []) else None


_METHODS: dict[str, Callable[[Runtime, PathValue, Arguments], Any]] = {
    **dict.fromkeys(("resolve", "absolute", "expanduser", "open"), _itself),
    "as_posix": _as_text,
    "joinpath": _joinpath,
    "iterdir": _iterdir,
    "glob": _glob,
    "rglob": partial(_glob, deep=True),
    "is_dir": partial(_is_there, as_what="folder"),
    "is_file": partial(_is_there, as_what="file"),
    "exists": partial(_is_there, as_what="any"),
    **dict.fromkeys(("read", "read_text", "read_bytes"), _read),
    "endswith": partial(_ends_with, name="endswith"),
    "startswith": partial(_ends_with, name="startswith"),
    "match": lambda interp, value, given: _fits(value.path, str(given.get(0, "pattern")), deep=True),
    "split": _split,
    "relative_to": _relative_to,
    "with_suffix": _with_suffix,
}


def _below(base: PathValue, parts: list[str], site: Site) -> Any:
    if base.relative:
        return replace(base, path=posixpath.join(base.path, *parts))
    path = join(base.path, *parts)
    return replace(base, path=path) if path is not None else Unknown(site, "a path outside the codebase")


def divided(base: PathValue, part: Any, site: Site) -> Any:
    """`path / "name"`."""
    return _below(base, [part], site) if isinstance(part, str) else Unknown(site, "a path that is not known")


def _path(interp: Runtime, given: Arguments) -> Any:
    if given.args and isinstance(given.args[0], PathValue):
        return _below(given.args[0], [one for one in given.args[1:] if isinstance(one, str)], given.site)
    return Unknown(given.site, "a path outside the codebase, as far as the text tells")


def _joined(interp: Runtime, given: Arguments) -> Any:
    texts = [one for one in given.args if isinstance(one, str)]
    if texts and len(texts) == len(given.args):
        return posixpath.join(*texts)
    if all(isinstance(one, str) for one in given.args[1:]):
        return _path(interp, given)
    return Unknown(given.site, "a path that is not known")


def _same(interp: Runtime, given: Arguments) -> Any:
    return given.args[0] if given.args else Unknown(given.site, "no path")


_Function = Callable[[Runtime, Arguments], Any]


def _of_path(answer: Callable[[Runtime, PathValue, Arguments], Any]) -> _Function:
    """A function of one path that is known, else of nothing."""

    def asked(interp: Runtime, given: Arguments) -> Any:
        value = given.args[0] if given.args else None
        return (
            answer(interp, value, given)
            if isinstance(value, PathValue)
            else Unknown(given.site, "a path that is not known")
        )

    return asked


def _split_extension(interp: Runtime, given: Arguments) -> Any:
    value = given.args[0] if given.args else None
    if not isinstance(value, str):
        return Unknown(given.site, "a path that is not known")
    stem, dot, suffix = value.rpartition(".")
    return [stem, dot + suffix] if dot and stem else [value, ""]


def _names_in(interp: Runtime, folder: PathValue, given: Arguments) -> list[str]:
    return [child.rpartition("/")[2] for child in interp.names.modules.listing(folder.path)]


def _iter_modules(interp: Runtime, given: Arguments) -> Any:
    where = given.get(0, "path")
    folders = [one for one in where if isinstance(one, PathValue)] if is_list(where) else []
    if not folders:
        return Unknown(given.site, "modules of a folder that is not known")
    prefix = given.get(1, "prefix")
    prefix = prefix if isinstance(prefix, str) else ""
    modules = interp.names.modules
    found: dict[str, ModuleInfo] = {}
    for folder in folders:
        for child in modules.listing(folder.path):
            name = child.rpartition("/")[2]
            package = modules.is_file(f"{child}/__init__.py")
            if package or (name.endswith(".py") and name != "__init__.py"):
                shown = prefix + name.removesuffix(".py")
                found[shown] = ModuleInfo(folder, shown, package)
    return list(found.values())


def _walk_packages(interp: Runtime, given: Arguments) -> Any:
    """`pkgutil.walk_packages(path, prefix)`: modules of the packages below too."""
    found = _iter_modules(interp, given)
    if not is_list(found):
        return found
    every: list[ModuleInfo] = []
    for one in found:
        every.append(one)
        if one.ispkg:
            folder = _below(one.module_finder, [one.name.rpartition(".")[2]], given.site)
            inner = Arguments([[folder], f"{one.name}."], {}, {}, given.site, given.scope)
            every.extend(_walk_packages(interp, inner))
    return every


def _entries(interp: Runtime, folder: PathValue, given: Arguments) -> list[PathValue]:
    """`os.scandir`; an entry stands for its path."""
    return [PathValue(child) for child in interp.names.modules.listing(folder.path)]


def _pure(interp: Runtime, given: Arguments) -> Any:
    """A path that is a text: `PurePosixPath("/api")`."""
    texts = [one for one in given.args if isinstance(one, str)]
    if texts and len(texts) == len(given.args):
        return PathValue(posixpath.join(*texts), relative=True)
    return _path(interp, given)


def _walk(interp: Runtime, top: PathValue, given: Arguments) -> Any:
    """`os.walk`, top down: (folder, names of its folders, names of its files)."""
    modules = interp.names.modules
    found: list[list[Any]] = []
    pending = [top.path]
    while pending:
        folder = pending.pop(0)
        children = modules.listing(folder)
        inner = [child for child in children if modules.is_folder(child)]
        names = [[child.rpartition("/")[2] for child in some] for some in (inner, [*set(children) - set(inner)])]
        found.append([PathValue(folder), names[0], sorted(names[1])])
        pending = inner + pending
    return found


def _relative_path(interp: Runtime, given: Arguments) -> Any:
    """`os.path.relpath(path, start)`."""
    path, start = given.get(0, "path"), given.get(1, "start")
    if not isinstance(path, PathValue) or not isinstance(start, PathValue):
        return Unknown(given.site, "a path that is not known")
    return posixpath.relpath(f"/{path.path}", f"/{start.path}")


def _loaded(interp: Runtime, given: Arguments, *, kind: str) -> Any:
    """The value of a data file (or its text), as `tomllib.load(file)` and its like give it."""
    source = given.args[0] if given.args else None
    text = _content(interp, source) if isinstance(source, PathValue) else source
    if not isinstance(text, str):
        return Unknown(given.site, "what a data file says is not known")
    try:
        return interp.made(parsed(text, kind))
    except ValueError as error:
        return Unknown(given.site, f"a data file that cannot be read ({error})")


def _globbed(interp: Runtime, given: Arguments) -> Any:
    """`glob.glob(pattern)`; a pattern that is a text starts where the application is run, most often at the root."""
    pattern = given.get(0, "pathname")
    base = given.keywords.get("root_dir")
    if isinstance(pattern, str):
        pattern = divided(base if isinstance(base, PathValue) else PathValue(""), pattern, given.site)
    if not isinstance(pattern, PathValue):
        return Unknown(given.site, "files of a folder that is not known")
    parts = pattern.path.split("/")
    first = next((index for index, part in enumerate(parts) if any(one in part for one in "*?[")), len(parts) - 1)
    folder, rest = "/".join(parts[:first]), "/".join(parts[first:])
    found = _glob(interp, PathValue(folder), Arguments([rest], {}, {}, given.site, given.scope))
    return found if found is not None else Unknown(given.site, "which data files there are is not known")


_TOML = ("tomllib", "tomli", "toml", "rtoml", "pytoml", "tomlkit")
_LOADERS = {
    **{f"{package}.{name}": "toml" for package in _TOML for name in ("load", "loads", "parse")},
    "json.load": "json",
    "json.loads": "json",
    "orjson.loads": "json",
    "yaml.safe_load": "yaml",
}

CONSTANTS: dict[str, Any] = {
    "sys.platform": "linux",
    "os.name": "posix",
    "sys.byteorder": "little",
    "os.sep": "/",
    "os.path.sep": "/",
    "os.curdir": ".",
    "os.extsep": ".",
}
"""Names outside the codebase that stand for a text."""

OUTSIDE: dict[str, _Function] = {
    "pathlib.Path": _path,
    "pathlib.PurePath": _pure,
    "pathlib.PurePosixPath": _pure,
    "os.path.dirname": _of_path(lambda interp, path, given: path_attribute(interp, path, "parent", given.site)),
    "os.path.basename": _of_path(lambda interp, path, given: path_attribute(interp, path, "name", given.site)),
    "os.path.abspath": _same,
    "os.path.realpath": _same,
    "os.fspath": _same,
    "os.path.join": _joined,
    "os.path.splitext": _split_extension,
    "os.path.isdir": _of_path(lambda interp, path, given: path_method(interp, path, "is_dir", given)),
    "os.path.isfile": _of_path(lambda interp, path, given: path_method(interp, path, "is_file", given)),
    "os.path.exists": _of_path(lambda interp, path, given: path_method(interp, path, "exists", given)),
    "os.path.relpath": _relative_path,
    "os.walk": _of_path(_walk),
    "glob.glob": _globbed,
    "glob.iglob": _globbed,
    "builtins.open": _same,
    **{name: partial(_loaded, kind=kind) for name, kind in _LOADERS.items()},
    "os.listdir": _of_path(_names_in),
    "os.scandir": _of_path(_entries),
    "pkgutil.iter_modules": _iter_modules,
    "pkgutil.walk_packages": _walk_packages,
}
"""Functions outside the codebase that look at its folders, by dotted name."""
