"""flake8: what the team's plugins and configuration find."""

import re

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool
from fastapi_expert.gate.model import Finding

_LINE = re.compile(r"(?P<path>.+?):(?P<line>\d+):(?P<column>\d+):(?P<rule>\w+):(?P<message>.*)")


def _flake8(call: Call) -> list[str]:
    return ["--color=never", "--format=%(path)s:%(row)d:%(col)d:%(code)s:%(text)s", "--", *call.paths]


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
