"""What a team uses: the tables and files that configure a tool, the commands it runs, the packages it depends on.

Commands are read where teams write them: pre-commit's hooks, Makefiles, CI files, scripts, tox. A word in a comment is
none, and neither is the installation of a package.
"""

import configparser
import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi_expert.gate.checks.tools.base import Tool, pyproject

_WRAPPERS = {"uv": "run", "poetry": "run", "pdm": "run", "hatch": "run", "pipenv": "run", "rye": "run", "pipx": "run"}
_WITH_VALUE = {"--with", "--group", "--extra", "--only-group", "--project", "--directory", "--python", "--package"} | {
    "-p",
    "-C",
    "--env-file",
    "--with-requirements",
    "--from",
}
_HOOKS = {"ruff": ("ruff", "check"), "ruff-check": ("ruff", "check"), "ruff-format": ("ruff", "format")}
_YAML = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
)
_SHELL = ("Makefile", "makefile", "justfile", "Justfile", "scripts/*.sh", "scripts/*.bash", "bin/*.sh", "*.sh")

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """``tables`` are dotted (`tool.ruff.format`), ``commands`` begin with the program that runs; ``laid_down`` says
    that `expert new` made the project."""

    tables: frozenset[str]
    files: frozenset[str]
    commands: frozenset[Command]
    packages: frozenset[str]
    ruff_rules: tuple[str, ...] | None
    laid_down: bool

    def runs(self, command: Command) -> bool:
        """Whether a command begins with these words, and may fail."""
        return any(one[: len(command)] == command and "--exit-zero" not in one for one in self.commands)

    def configures(self, tool: Tool) -> bool:
        """Whether a table or a file is this tool's."""
        return not (self.tables.isdisjoint(tool.tables) and self.files.isdisjoint(tool.files))

    def depends_on(self, tool: Tool) -> bool:
        """Whether its package is among the requirements."""
        return tool.package.partition("[")[0] in self.packages

    def lints(self, rule: str) -> bool | None:
        """Whether ruff's rules include the family ``rule``; None when the project chooses none."""
        if self.ruff_rules is None:
            return None
        return any(one == "ALL" or one.startswith(rule) or rule.startswith(one) for one in self.ruff_rules)

    def selects(self, *program: str) -> str:
        """The rules that every command of a linter chooses for itself, with commas; "" where its configuration does."""
        runs = [one for one in self.commands if one[: len(program)] == program and "--exit-zero" not in one]
        chosen = [",".join(_selected(one, "--select")) for one in runs]
        return ",".join(sorted({rule for each in chosen for rule in each.split(",")})) if all(chosen) else ""

    @property
    def sorts_imports(self) -> bool | None:
        """Whether ruff is told to look at the order of imports, which it does not do of itself; None when nothing of
        the team's says which rules it checks."""
        told = [one for one in self.commands if one[:2] == ("ruff", "check")]
        chosen = [" ".join(_selected(one, "--select", "--extend-select")) for one in told]
        if any(re.search(r"(?:^|[ ,=])I(?:001)?(?:$|[ ,])", each) for each in chosen):
            return True
        if self.ruff_rules is None and self.runs(("ruff",)):
            return False
        return self.lints("I")


def _selected(command: Command, *options: str) -> Iterator[str]:
    """The values of ``options`` in a command."""
    for word, following in zip(command, (*command[1:], ""), strict=True):
        name, equals, value = word.partition("=")
        if name in options:
            yield value if equals else following


def usage_of(home: Path, top: Path) -> Usage:
    """What the project in ``home``, a folder of ``top``, says that it uses; folders above it count too."""
    folders = [home, *(folder for folder in home.parents if folder.is_relative_to(top))]
    tables: set[str] = set()
    packages: set[str] = set()
    rules: list[str] | None = None
    for folder in folders:
        document = pyproject(folder)
        tables |= set(_tables(document.get("tool", {}), "tool"))
        tables |= {section for name in ("setup.cfg", "tox.ini") for section in _sections(folder / name)}
        packages |= set(_packages(document, folder))
        for table in (
            document.get("tool", {}).get("ruff", {}),
            _toml(folder / "ruff.toml"),
            _toml(folder / ".ruff.toml"),
        ):
            chosen = [*_ruff_rules(table)]
            rules = [*(rules or ()), *chosen] if chosen else rules
    names = {file.name for folder in folders for file in _children(folder)}
    commands = {command for folder in folders for command in _commands(folder)}
    laid_down = (home / ".expert/template.json").is_file() or (top / ".expert/template.json").is_file()
    chosen = None if rules is None else tuple(rules)
    return Usage(frozenset(tables), frozenset(names), frozenset(commands), frozenset(packages), chosen, laid_down)


def _tables(document: Any, name: str) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in cast("dict[str, Any]", document).items():
            if isinstance(value, dict):
                yield f"{name}.{key}"
                yield from _tables(value, f"{name}.{key}")


def _sections(file: Path) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
        parser.read_string(file.read_text(encoding="utf-8"))
    return parser.sections()


def _packages(document: dict[str, Any], folder: Path) -> Iterator[str]:
    project, tool = document.get("project", {}), document.get("tool", {})
    lists = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    lists += [*document.get("dependency-groups", {}).values(), tool.get("uv", {}).get("dev-dependencies", [])]
    poetry = tool.get("poetry", {})
    tables = [
        poetry.get("dev-dependencies", {}),
        *(group.get("dependencies", {}) for group in poetry.get("group", {}).values()),
    ]
    lists += [list(table) for table in tables]
    for file in sorted(folder.glob("requirements*"))[:20]:
        lists.append(_text(file).splitlines() if file.suffix in (".txt", ".in") else [])
    for requirement in (one for each in lists for one in each if isinstance(one, str)):
        if match := re.match(r"\s*([A-Za-z0-9._-]+)", requirement):
            yield match[1].lower().replace("_", "-")


def _ruff_rules(table: dict[str, Any]) -> Iterator[str]:
    for section in (table, table.get("lint", {})):
        ignored = {*section.get("ignore", []), *section.get("extend-ignore", [])}
        for key in ("select", "extend-select"):
            yield from (rule for rule in section.get(key, []) if rule not in ignored)


def _commands(folder: Path) -> Iterator[Command]:
    for pattern in _YAML:
        for file in sorted(folder.glob(pattern)):
            yield from _yaml_commands(_yaml(file))
    for pattern in _SHELL:
        for file in sorted(folder.glob(pattern)):
            yield from _shell_commands(_text(file))
    for section in ("testenv", "testenv:lint", "testenv:format", "testenv:typing", "testenv:type"):
        yield from _shell_commands(_ini_value(folder / "tox.ini", section, "commands"))


def _yaml_commands(node: Any) -> Iterator[Command]:
    """The commands of a CI or pre-commit file: what stands under `run`, `script` or `entry`, and the ids of hooks."""
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from _yaml_commands(item)
    elif isinstance(node, dict):
        mapping = cast("dict[str, Any]", node)
        for key, value in mapping.items():
            texts = cast("list[Any]", value) if isinstance(value, list) else [value]
            if key == "id" and isinstance(value, str) and "entry" not in mapping:
                program = _HOOKS.get(value, (value.removesuffix("-jupyter").removesuffix("-check"),))
                yield (*program, *(str(one) for one in cast("list[Any]", mapping.get("args") or [])))
            elif key in ("run", "script", "entry", "before_script", "command"):
                for text in texts:
                    yield from _shell_commands(text) if isinstance(text, str) else _yaml_commands(text)
            elif key == "uses" and isinstance(value, str):
                yield from _action_commands(value, mapping.get("with"))
            else:
                yield from _yaml_commands(value)


def _action_commands(action: str, given: Any) -> Iterator[Command]:
    """What an action of GitHub's runs that is named after its tool: `psf/black@stable`, `astral-sh/ruff-action@v3`."""
    named = re.search(r"[/-](black|flake8|isort|mypy|pyright|bandit|ruff)(?:-action|-check)?@", action)
    if named is None:
        return
    options: dict[str, Any] = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    words = str(options.get("args") or ("check" if named[1] == "ruff" else "")).split()
    yield (named[1], *words)


def _shell_commands(text: str) -> Iterator[Command]:
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|\||[;|]", line.strip().lstrip("@-")):
            with contextlib.suppress(ValueError):  # a quote that does not close on this line
                if command := _program(shlex.split(part, comments=True)):
                    yield command


def _program(words: list[str]) -> Command:
    """The words from the program on that really runs: `uv run black .` runs black."""
    while words:
        name = words[0].rpartition("/")[2]
        if re.fullmatch(r"\w+=.*", words[0]) or name in ("sudo", "exec", "time", "uvx", "env", "command"):
            words = _without_options(words[1:])
        elif _WRAPPERS.get(name) in words[1:2]:
            words = _without_options(words[2:])
        elif re.fullmatch(r"python[\d.]*|\$[({]?PYTHON[)}]?", name) and words[1:2] == ["-m"]:
            words = words[2:]
        else:
            return (name, *words[1:])
    return ()


def _without_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _WITH_VALUE else words[1:]
    return words


def _ini_value(file: Path, section: str, key: str) -> str:
    parser = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(OSError, configparser.Error, UnicodeDecodeError):
        parser.read_string(file.read_text(encoding="utf-8"))
    return parser.get(section, key, fallback="")


def _yaml(file: Path) -> Any:
    import yaml

    with contextlib.suppress(OSError, UnicodeDecodeError, yaml.YAMLError):
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    return None


def _toml(file: Path) -> dict[str, Any]:
    import tomllib

    with contextlib.suppress(OSError, ValueError):
        return tomllib.loads(file.read_text(encoding="utf-8"))
    return {}


def _text(file: Path) -> str:
    with contextlib.suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")
    return ""


def _children(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(folder.iterdir())
    return []
