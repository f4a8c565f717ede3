"""pyright, and basedpyright, which is called and answers alike: errors, on the project's interpreter."""

import contextlib
import json

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, json_of, pyproject
from fastapi_expert.gate.model import Finding


def _pyright(call: Call) -> list[str]:
    return ["--outputjson", *_pyright_python(call), *call.paths]


def _pyright_python(call: Call) -> list[str]:
    """The project's interpreter, unless its own configuration names a virtual environment."""
    table = pyproject(call.home).get("tool", {}).get("pyright", {})
    with contextlib.suppress(OSError, ValueError):
        table = table | json.loads((call.home / "pyrightconfig.json").read_text(encoding="utf-8"))
    return [] if "venv" in table else [f"--pythonpath={call.python}"]


def _read_pyright(output: Output, call: Call) -> list[Finding]:
    document = json_of(output)
    if "generalDiagnostics" not in document:
        raise Broken(f"exit code {output.code}: {output.last_words}")
    found: list[Finding] = []
    for row in document["generalDiagnostics"]:
        path = call.path(row.get("file", ""))
        if row["severity"] != "error" or path is None:
            continue
        begin, end = row["range"]["start"], row["range"]["end"]
        message = call.tree.with_real_paths(" ".join(row["message"].split()))
        rule = row.get("rule", "error")
        found.append(Finding("types", rule, path, begin["line"] + 1, end["line"] + 1, message, begin["character"] + 1))
    return found


PYRIGHT = Tool(
    name="pyright",
    check="types",
    package="pyright[nodejs]",
    arguments=_pyright,
    read=_read_pyright,
    command=("pyright",),
    tables=("tool.pyright",),
    files=("pyrightconfig.json",),
    homes=("pyrightconfig.json", "pyproject.toml:[tool.pyright", *PROJECT),
    alone=False,
)
BASEDPYRIGHT = Tool(
    name="basedpyright",
    check="types",
    package="basedpyright",
    arguments=_pyright,
    read=_read_pyright,
    command=("basedpyright",),
    tables=("tool.basedpyright",),
    homes=("pyrightconfig.json", "pyproject.toml:[tool.basedpyright", "pyproject.toml:[tool.pyright", *PROJECT),
    alone=False,
)
