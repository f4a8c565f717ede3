"""mypy: errors, on the project's interpreter and in its own strictness."""

from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, read_lines

_OUTPUT = ("--no-error-summary", "--show-column-numbers", "--show-error-codes", "--no-pretty", "--hide-error-context")


def _mypy(call: Call) -> list[str]:
    return [*_OUTPUT, f"--python-executable={call.python}", "--", *call.paths]


MYPY = Tool(
    name="mypy",
    check="types",
    package="mypy",
    arguments=_mypy,
    read=read_lines,
    command=("mypy",),
    tables=("tool.mypy", "mypy"),
    files=("mypy.ini", ".mypy.ini"),
    homes=("mypy.ini", ".mypy.ini", "pyproject.toml:[tool.mypy", "setup.cfg:[mypy", *PROJECT),
    alone=False,
)
