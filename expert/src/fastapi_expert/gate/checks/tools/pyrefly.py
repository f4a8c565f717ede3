"""pyrefly: errors, on the project's interpreter."""

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, json_of
from fastapi_expert.gate.model import Finding


def _pyrefly(call: Call) -> list[str]:
    output = ("--output-format=json", "--summary=none")
    return ["check", *output, f"--python-interpreter-path={call.python}", "--", *call.paths]


def _read_pyrefly(output: Output, call: Call) -> list[Finding]:
    document = json_of(output)
    if "errors" not in document:
        raise Broken(f"exit code {output.code}: {output.last_words}")
    return [
        Finding("types", row["name"], path, row["line"], row["stop_line"], _message(row["description"]), row["column"])
        for row in document["errors"]
        if row.get("severity", "error") == "error" and (path := call.path(row["path"])) is not None
    ]


def _message(text: str) -> str:
    return " ".join(text.split())


PYREFLY = Tool(
    name="pyrefly",
    check="types",
    package="pyrefly",
    arguments=_pyrefly,
    read=_read_pyrefly,
    command=("pyrefly",),
    tables=("tool.pyrefly",),
    files=("pyrefly.toml",),
    homes=("pyrefly.toml", "pyproject.toml:[tool.pyrefly", *PROJECT),
    alone=False,
)
