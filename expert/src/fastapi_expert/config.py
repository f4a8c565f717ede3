"""`[tool.fastapi-expert]` in the project's pyproject.toml: nothing in it is needed, everything in it is checked.

[tool.fastapi-expert]
exclude = ["app/generated/**"]        # not read at all
select = ["FX"]                       # rules or their prefixes; all but those off by default (FX501, FX503)
ignore = ["FX601"]
baseline = ".expert/baseline.json"    # findings known already; see `expert duplicates --write-baseline`
review-baseline = ".expert/known.json"  # the same of `expert review`
function-similarity = 0.55            # 0..1, from which two functions are the same
schema-similarity = 0.6
min-statements = 4                    # functions with fewer are too small to be worth sharing

[tool.fastapi-expert.per-path-ignores]
"tests/**" = ["FX6"]
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from fastapi_expert.errors import ConfigError

TABLE = "tool.fastapi-expert"
MARKERS = ("pyproject.toml", ".git", ".expert", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class Check:
    """`[tool.fastapi-expert.check]`: the gate. ``timeout`` is in seconds, per check.

    ``skip`` names checks that are not made, ``also`` checks that are made though the team runs no tool for them.
    """

    exclude: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    timeout: int = 600


@dataclass(frozen=True, slots=True)
class Credit:
    """`[tool.fastapi-expert.credit]`: attribution. Without ``contributors`` anybody may be named."""

    types: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    mentions: bool = True
    trailers: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """What the project asks for. ``source`` is the file that said so, None when nothing was said."""

    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ("FX",)
    ignore: tuple[str, ...] = ()
    baseline: str | None = None
    review_baseline: str | None = None
    function_similarity: float = 0.55
    schema_similarity: float = 0.6
    min_statements: int = 4
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    contract: bool = False
    """Whether the gate looks at what a change breaks for those who call."""
    check: Check = Check()
    credit: Credit = Credit()
    source: Path | None = None

    def enabled(self, rule: str) -> bool:
        """Whether ``rule`` is switched on: the longest prefix that names it decides, `ignore` wins a tie."""
        chosen = max((len(prefix) for prefix in self.select if rule.startswith(prefix)), default=-1)
        refused = max((len(prefix) for prefix in self.ignore if rule.startswith(prefix)), default=-1)
        return chosen > refused

    def asks_for(self, rule: str) -> bool:
        """Whether `select` names ``rule`` or its family, and not merely all that there are."""
        return any(rule.startswith(prefix) and prefix.rstrip("X") not in ("F", "") for prefix in self.select)

    def ignored_at(self, rule: str, path: str) -> bool:
        """Whether `per-path-ignores` switches ``rule`` off for ``path`` (relative to the root, with `/`)."""
        return any(
            matches(path, pattern)
            for pattern, rules in self.per_path_ignores.items()
            if any(rule.startswith(prefix) for prefix in rules)
        )


def load(root: Path) -> Config:
    """The configuration that holds for ``root``: the nearest pyproject.toml with our table, up to the git root.

    Raises:
        ConfigError: the file is not TOML, a key is unknown, or a value has the wrong type; names file and key.
    """
    for directory in (root, *root.parents):
        file = directory / "pyproject.toml"
        table = _table(file)
        if table is not None:
            return _parse(table, file)
        if (directory / ".git").exists():
            break
    return Config()


def project_root(start: Path) -> Path:
    """The project around ``start``: the nearest directory upward that has a project's marker, else ``start`` itself."""
    return enclosing_project(start) or start


def enclosing_project(start: Path) -> Path | None:
    """The nearest directory from ``start`` upward that has a project's marker; None when there is none."""
    for directory in (start, *start.parents):
        if any((directory / marker).exists() for marker in MARKERS):
            return directory
    return None


def matches(path: str, pattern: str) -> bool:
    """Whether ``path`` matches a glob: `*` stays in a directory, `**` crosses, a bare directory means all below it."""
    return _regex(pattern).match(path) is not None


@lru_cache(maxsize=512)
def _regex(pattern: str) -> Any:
    import re

    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(
        pieces.get(token) or re.escape(token) for token in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern.strip("/"))
    )
    # a pattern without a slash is a name anywhere in the tree, as in .gitignore
    prefix = "" if "/" in pattern.strip("/") else "(?:.*/)?"
    return re.compile(rf"{prefix}{body}(?:/.*)?\Z")


def _table(file: Path) -> dict[str, Any] | None:
    try:
        text = file.read_bytes()
    except OSError:
        return None
    if b"fastapi-expert" not in text:  # spares every other project the TOML parser
        return None
    import tomllib

    try:
        document = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(file), do="correct the file") from None
    table: object = document.get("tool", {}).get("fastapi-expert")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"[{TABLE}] must be a table", where=str(file), do=f"write it as [{TABLE}]")
    return cast(dict[str, Any], table)


def _parse(table: Mapping[str, Any], file: Path) -> Config:
    values = dict(_values(table, _READERS, file, TABLE))
    for name, (readers, section) in _SECTIONS.items():
        inner: object = table.get(name, {})
        if not isinstance(inner, dict):
            raise ConfigError("must be a table", where=_place(file, name), do=f"write it as [{TABLE}.{name}]")
        values[name] = section(**_values(cast(dict[str, Any], inner), readers, file, f"{TABLE}.{name}"))
    return Config(source=file, **values)


def _values(
    table: Mapping[str, Any], readers: Mapping[str, Callable[[object], object]], file: Path, name: str
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        if name == TABLE and key in _SECTIONS:
            continue
        read = readers.get(key)
        if read is None:
            known = [*readers, *(_SECTIONS if name == TABLE else ())]
            raise ConfigError(f"unknown key {key!r} in [{name}]", where=_place(file, key), do=_nearest(key, known))
        try:
            values[key.replace("-", "_")] = read(value)
        except ValueError as error:
            raise ConfigError(f"{key!r} in [{name}] {error}", where=_place(file, key), do=f"it is {value!r}") from None
    return values


def _place(file: Path, key: str) -> str:
    """`file:line` of a key below our table: a TOML parser does not tell, and people look for the line."""
    inside = False
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
        inside = inside or "fastapi-expert" in line
        if inside and line.strip().strip("[]").rpartition("fastapi-expert.")[2].lstrip("\"'").startswith(key):
            return f"{file}:{number}"
    return str(file)


def _nearest(key: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.replace("_", "-"), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast(list[object], value)):
        raise ValueError("must be a list of strings")
    return tuple(cast(list[str], value))


def _names(value: object) -> tuple[str, ...]:
    names = tuple(name.removeprefix("@") for name in _strings(value))
    if any(not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name) for name in names):
        raise ValueError("must be a list of names in lower-case letters, digits and single hyphens")
    return names


def _rules(value: object) -> tuple[str, ...]:
    rules = _strings(value)
    if any(not _is_rule(rule) for rule in rules):
        raise ValueError("must be a list of rules or prefixes such as 'FX101' or 'FX2'")
    return rules


def _is_rule(text: str) -> bool:
    return text.startswith("FX") and len(text) <= 5 and (text[2:].isdigit() or text == "FX")


def _per_path(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of path pattern = list of rules")
    return {pattern: _rules(rules) for pattern, rules in cast(dict[str, object], value).items()}


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError("must be a number above 0 and up to 1")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("must be a whole number of at least 1")
    return value


def _string(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a non-empty string")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


_READERS: dict[str, Callable[[object], object]] = {
    "exclude": _strings,
    "select": _rules,
    "ignore": _rules,
    "baseline": _string,
    "review-baseline": _string,
    "function-similarity": _share,
    "schema-similarity": _share,
    "min-statements": _count,
    "contract": _switch,
    "per-path-ignores": _per_path,
}
_SECTIONS: dict[str, tuple[dict[str, Callable[[object], object]], type[Check] | type[Credit]]] = {
    "check": ({"exclude": _strings, "skip": _strings, "also": _strings, "timeout": _count}, Check),
    "credit": ({"types": _strings, "contributors": _names, "mentions": _switch, "trailers": _switch}, Credit),
}
