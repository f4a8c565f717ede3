"""What the environment of the application holds as far as files beside it say: `.env`, where its code reads it."""

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from fastapi_expert.codebase.interpret.attributes import class_attribute, lineage
from fastapi_expert.codebase.interpret.runtime import Runtime
from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Arguments,
    ClassValue,
    External,
    Instance,
    PathValue,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.syntax.facts import FieldFacts

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*"""
    r"""(?:'([^'\n]*)'|"([^"\n]*)"|([^\n#]*?))[ \t]*(?:\#[^\n]*)?$""",
    re.MULTILINE,
)
USUAL = ".env"
EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env-example", "env.example", "example.env")
"""What a project shows of the file that it does not hand out: whoever runs it starts with a copy of one."""

_PLACEHOLDER = re.compile(r"<[^>]*>|\$\{|\{\{|\byour\b|\bchange|x{3,}", re.IGNORECASE)


def variables(text: str) -> dict[str, str]:
    """The variables that the text of such a file sets."""
    found: dict[str, str] = {}
    for name, single, double, bare in _LINE.findall(text):
        found[name] = single or double or bare
    return found


def load(interp: Runtime, given: Arguments) -> Any:
    """`load_dotenv(path, override=…)` and `dotenv_values(path)`: what it sets is in the environment from here on."""
    named = given.get(0, "dotenv_path")
    found = _read(interp, USUAL if named is None else named, given.site.path)
    if found is None:
        return False
    interp.environ.update(found if given.keywords.get("override") is True else {**found, **interp.environ})
    return True


def values(interp: Runtime, given: Arguments) -> Any:
    """`dotenv_values(path)`."""
    named = given.get(0, "dotenv_path")
    return interp.made(_read(interp, USUAL if named is None else named, given.site.path) or {})


def find(interp: Runtime, given: Arguments) -> Any:
    """`find_dotenv(name)`."""
    named = given.get(0, "filename")
    return named if isinstance(named, str) else USUAL


def setting(interp: Runtime, cls: ClassValue, name: str) -> Any:
    """What the environment says of a field of a settings class; MISSING when it says nothing."""
    known = interp.remembered(f"settings {cls.path}::{cls.qualname}", lambda: _Settings(interp, cls))
    return known.value(name)


def of_config(interp: Runtime, config: Instance, name: Any) -> Any:
    """What a `Config(".env")` of Starlette says of a variable; MISSING when it says nothing."""
    if not isinstance(name, str):
        return MISSING
    named = config.attributes.get("0", config.attributes.get("env_file"))
    found = _read(interp, named, config.site.path) if named is not None else None
    return {**(found or {}), **interp.environ}.get(name, MISSING)


class _Settings:
    """One settings class: the variables that it is filled from, and the fields that they fill."""

    def __init__(self, interp: Runtime, cls: ClassValue) -> None:
        self.fields: dict[str, FieldFacts] = {}
        self.found: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        """What an example gives, for the fields without a default."""
        self.prefix = ""
        self.interp = interp
        ancestors = lineage(interp, cls)
        if not any(isinstance(one, External) and one.name.endswith("BaseSettings") for one in ancestors):
            return
        options = dict(self._options(cls))
        files = options.get("env_file")
        for one in files if is_list(files) else [files] if files is not None else []:
            self.found |= _read(interp, one, cls.path) or {}
        self.found = {key.lower(): value for key, value in {**self.found, **interp.environ}.items()}
        prefix = options.get("env_prefix")
        self.prefix = prefix.lower() if isinstance(prefix, str) else ""
        nothing = dict[str, str]()
        shown = next((one for name in EXAMPLES if (one := _read(interp, name, cls.path)) is not None), nothing)
        self.shown = {key.lower(): value for key, value in shown.items() if not _PLACEHOLDER.search(value)}
        own = [one for one in ancestors if isinstance(one, ClassValue)] if self.found or self.shown else []
        for one in reversed(own):
            facts = interp.names.class_(one.path, one.qualname)
            self.fields |= {field.name: field for field in (facts.fields if facts is not None else ())}

    def _options(self, cls: ClassValue) -> Iterator[tuple[str, Any]]:
        """What `class Config` or `model_config` say."""
        site = Site(cls.path, 1)
        inner = class_attribute(self.interp, cls, "Config", site, receiver=cls)
        for key in ("env_file", "env_prefix") if isinstance(inner, ClassValue) else ():
            yield key, class_attribute(self.interp, inner, key, site, receiver=inner)
        config = class_attribute(self.interp, cls, "model_config", site, receiver=cls)
        if isinstance(config, Instance):
            yield from config.attributes.items()
        elif is_dict(config):
            yield from config.items()

    def value(self, name: str) -> Any:
        if name not in self.fields:
            return MISSING
        field = self.fields[name]
        aliases = re.findall(r"""\b(?:validation_)?alias\s*=\s*["'](\w+)["']""", field.default)
        required = not field.default or "..." in field.default
        for key in (*aliases, *([] if aliases else [self.prefix + name])):
            for variables_of in (self.found, self.shown) if required else (self.found,):
                if key.lower() in variables_of:
                    return _converted(variables_of[key.lower()], field.annotation)
        return MISSING


def _converted(text: str, annotation: str) -> Any:
    kind = annotation.replace("Optional[", "").rstrip("]").partition("|")[0].strip()
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
        if kind == "bool":
            return text.lower() in ("1", "true", "t", "yes", "y", "on")
        if kind.lower().startswith(("list", "dict", "set", "tuple")):
            return json.loads(text)
    except ValueError:
        return MISSING
    return text if kind in ("str", "") else MISSING


def _read(interp: Runtime, named: Any, path: str) -> dict[str, str] | None:
    """The variables in a file: one that is named relatively lies where the application is run, most often at the root
    or above the code that reads it."""
    if interp.sources is None:
        return None
    if isinstance(named, PathValue) and not named.relative:
        places = [named.path]
    else:
        name = named.path if isinstance(named, PathValue) else named
        if not isinstance(name, str) or not name or name.startswith("/"):
            return None
        folder = path.rpartition("/")[0]
        folders = [folder]
        while folder:
            folder = folder.rpartition("/")[0]
            folders.append(folder)
        places = [posixpath.normpath(posixpath.join(one, name)) for one in folders]
    for place in places:
        text = interp.sources.text_if_there(place) if not place.startswith("..") else None
        if text is not None:
            return variables(text)
    return None
