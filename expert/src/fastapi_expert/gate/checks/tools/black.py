"""black: the formatter, on what the project does not exclude."""

from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, pyproject
from fastapi_expert.gate.checks.tools.diffs import read_diff


def _black(call: Call) -> list[str]:
    return ["--quiet", *_black_excludes(call), "--diff", "--", *call.paths]


def _black_fix(call: Call) -> list[str]:
    return ["--quiet", *_black_excludes(call), "--", *call.paths]


def _black_excludes(call: Call) -> list[str]:
    """black checks every file that it is given: what the project excludes must be said once more."""
    table = pyproject(call.home).get("tool", {}).get("black", {})
    given = [table[key] for key in ("exclude", "extend-exclude", "force-exclude") if isinstance(table.get(key), str)]
    flags = "(?x)" if any("\n" in pattern for pattern in given) else ""
    return [f"--force-exclude={flags}" + "|".join(f"(?:{pattern})" for pattern in given)] if given else []


BLACK = Tool(
    name="black",
    check="format",
    package="black",
    arguments=_black,
    read=read_diff("format", "black", "not as black formats it"),
    command=("black",),
    tables=("tool.black",),
    homes=("pyproject.toml:[tool.black", *PROJECT),
    fix=_black_fix,
)
