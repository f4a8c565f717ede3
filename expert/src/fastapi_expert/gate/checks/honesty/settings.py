"""Configuration files of checks, as one flat table a file: `coverage.report.fail_under` to its value.

What means the same has one key, wherever a team writes it: `[tool.coverage.report]` of pyproject.toml, `[report]` of
.coveragerc and `[coverage:report]` of setup.cfg are `coverage.report`.
"""

import configparser
import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

Settings = dict[str, Any]

_FILES: Mapping[str, str] = {
    "pyproject.toml": "",
    "ruff.toml": "ruff",
    ".ruff.toml": "ruff",
    "pyrightconfig.json": "pyright",
    "setup.cfg": "",
    "tox.ini": "",
    "pytest.ini": "",
    ".pytest.ini": "",
    ".coveragerc": "coverage",
    "mypy.ini": "",
    ".mypy.ini": "",
    ".flake8": "",
    ".bandit": "",
    ".pre-commit-config.yaml": "pre-commit",
    ".pre-commit-config.yml": "pre-commit",
    "ty.toml": "ty",
    "pyrefly.toml": "pyrefly",
    "codecov.yml": "codecov",
    ".codecov.yml": "codecov",
}
_LISTS = re.compile(
    r"(?:^|\.)(?:addopts|select|extend[_-]select|ignore|extend[_-]ignore|omit|exclude|extend[_-]exclude|exclude_lines|exclude_also|"
    r"source|testpaths|disable_error_code|skips|filterwarnings|norecursedirs|per-file-ignores|disable|tests|include)$"
)


def is_settings(path: str) -> bool:
    """Whether the file configures checks."""
    return path.rpartition("/")[2] in _FILES


def settings_of(path: str, source: bytes | None) -> Settings:
    """What the file sets, flat; nothing where it cannot be read."""
    if source is None:
        return {}
    name = path.rpartition("/")[2]
    text = source.decode("utf-8", "replace")
    try:
        return dict(_flat(_document(name, text), _FILES.get(name, "")))
    except (ValueError, configparser.Error):
        return {}


def _document(name: str, text: str) -> Any:
    if name.endswith(".toml"):
        import tomllib

        document = tomllib.loads(text)
        return document.get("tool", {}) if name == "pyproject.toml" else document
    if name.endswith(".json"):
        return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    if name.endswith((".yaml", ".yml")):
        return _yaml(text)
    return _sections(name, text)


def _yaml(text: str) -> Any:
    import yaml

    document: Any = None
    with contextlib.suppress(yaml.YAMLError):
        document = yaml.safe_load(text)
    if not isinstance(document, dict) or "repos" not in document:
        return cast(Any, document)
    hooks: dict[str, Any] = {}
    for repo in cast("list[dict[str, Any]]", document["repos"] or []):
        hooks |= {one["id"]: one for one in cast("list[dict[str, Any]]", repo.get("hooks") or []) if "id" in one}
    return {"hooks": hooks}


def _sections(name: str, text: str) -> dict[str, Any]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    found: dict[str, Any] = {}
    for section in parser.sections():
        inner: dict[str, Any] = {}
        for key, value in parser.items(section):
            inner[key] = _value(key, value or "")
        for part in reversed(_section(section).split(".")):
            inner = {part: inner}
        found = _merged(found, inner)
    return found


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        known = result.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = _merged(cast("dict[str, Any]", known), cast("dict[str, Any]", value)) if both else value
    return result


def _section(name: str) -> str:
    return {"tool:pytest": "pytest", "pytest": "pytest"}.get(
        name, name.replace("coverage:", "coverage.").replace("tool:", "")
    )


def _value(key: str, text: str) -> object:
    stripped = text.strip()
    if _LISTS.search(key.lower()):
        return [
            part.strip()
            for part in re.split(r"[\n,]" if "lines" in key or "also" in key else r"[\s,]+", stripped)
            if part.strip()
        ]
    if stripped.lower() in ("true", "yes", "on"):
        return True
    if stripped.lower() in ("false", "no", "off"):
        return False
    return float(stripped) if re.fullmatch(r"-?\d+(?:\.\d+)?", stripped) else stripped


def _flat(node: object, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in cast("dict[Any, Any]", node).items():
            inner = f"{prefix}.{key}" if prefix else str(key)
            yield from _flat(value, _one_name(inner))
    else:
        yield prefix, node


def _one_name(key: str) -> str:
    key = key.replace("pytest.ini_options", "pytest").replace("ruff.lint.", "ruff.")
    if key.startswith(("coverage.coverage.",)):
        key = key.removeprefix("coverage.")
    return key


def flags(value: object) -> list[str]:
    """Command line options, whether written as one text or as a list: an option and its value are one."""
    parts = value.split() if isinstance(value, str) else [str(one) for one in cast("list[Any]", value or [])]
    found: list[str] = []
    for part in parts:
        if (
            found
            and found[-1] in ("--deselect", "--ignore", "--ignore-glob", "-k", "-m", "-p", "-W")
            and not part.startswith("--")
        ):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(
                part.replace("=", " ", 1) if part.startswith(("--deselect=", "--ignore=", "--ignore-glob=")) else part
            )
    return found


def line_of(source: bytes | None, key: str) -> int:
    """The line that names the last part of ``key``; 1 where none does."""
    leaf = key.rpartition(".")[2].encode()
    for number, line in enumerate((source or b"").splitlines(), start=1):
        if leaf in line:
            return number
    return 1
