"""flake8: what the team's plugins and configuration find."""

import configparser
import contextlib
import re
from fnmatch import fnmatch
from pathlib import Path

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool
from fastapi_expert.gate.checks.tools.usage import usage_of
from fastapi_expert.gate.model import Finding

_LINE = re.compile(r"(?P<path>.+?):(?P<line>\d+):(?P<column>\d+):(?P<rule>\w+):(?P<message>.*)")


def _flake8(call: Call) -> list[str]:
    excluded = _excludes(call.home)
    paths = [path for path in call.paths if not any(_is_within(path, pattern) for pattern in excluded)]
    if not paths:
        return ["--version"]  # without a path it would look at everything
    chosen = usage_of(call.home, call.tree.root).selects("flake8")
    form = ["--color=never", "--format=%(path)s:%(row)d:%(col)d:%(code)s:%(text)s"]
    return [*form, *([f"--select={chosen}"] if chosen else []), "--", *paths]


def _excludes(home: Path) -> list[str]:
    """What the project excludes: flake8 leaves it out on its way down the folders, and not where a file is given."""
    parser = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        parser.read([home / name for name in (".flake8", "tox.ini", "setup.cfg") if (home / name).is_file()], "utf-8")
    values = [parser.get("flake8", key, fallback="") for key in ("exclude", "extend-exclude", "extend_exclude")]
    return [pattern for value in values for pattern in re.split(r"[\s,]+", value) if pattern]


def _is_within(path: str, pattern: str) -> bool:
    """Whether a file, or a folder that it lies in, is what a pattern names: by its own name, or from the top."""
    parts = path.removeprefix("./").split("/")
    wanted = pattern.removeprefix("./").rstrip("/")
    tops = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
    return any(fnmatch(one, wanted) for one in ([*parts, *tops] if "/" not in wanted else tops))


def _read_flake8(output: Output, call: Call) -> list[Finding]:
    if output.code not in (0, 1) or (output.code and not output.out.strip()):
        raise Broken(f"exit code {output.code}: {output.last_words}")
    found: list[Finding] = []
    for match in map(_LINE.fullmatch, output.out.splitlines()):
        if match is not None and (path := call.path(match["path"])) is not None:
            line, column = int(match["line"]), max(1, int(match["column"]))
            found.append(Finding("lint", match["rule"], path, line, line, match["message"].strip(), column))
    return found


FLAKE8 = Tool(
    name="flake8",
    check="lint",
    package="flake8",
    arguments=_flake8,
    read=_read_flake8,
    command=("flake8",),
    tables=("flake8", "tool.flake8"),
    files=(".flake8",),
    homes=(".flake8", "setup.cfg:[flake8", "tox.ini:[flake8", *PROJECT),
)
