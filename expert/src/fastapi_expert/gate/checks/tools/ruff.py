"""ruff: the linter with the project's rules, the order of imports, and the formatter."""

from collections.abc import Callable
from typing import Any

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import Call, Tool, json_of
from fastapi_expert.gate.checks.tools.diffs import read_diff
from fastapi_expert.gate.checks.tools.usage import usage_of
from fastapi_expert.gate.model import Finding

_TABLES, _FILES = ("tool.ruff",), ("ruff.toml", ".ruff.toml")


def _ruff_lint(call: Call) -> list[str]:
    chosen = usage_of(call.home, call.tree.root).selects("ruff", "check")
    rules = [f"--select={chosen}"] if chosen else []
    return ["check", "--force-exclude", "--no-cache", "--output-format=json", *rules, "--", *call.paths]


def _ruff_fix(call: Call) -> list[str]:
    return ["check", "--force-exclude", "--no-cache", "--fix", "--exit-zero", "--quiet", "--", *call.paths]


def _ruff_imports(call: Call) -> list[str]:
    return ["check", "--force-exclude", "--no-cache", "--select=I", "--output-format=json", "--", *call.paths]


def _ruff_fix_imports(call: Call) -> list[str]:
    return [
        "check",
        "--force-exclude",
        "--no-cache",
        "--select=I",
        "--fix",
        "--exit-zero",
        "--quiet",
        "--",
        *call.paths,
    ]


def _read_ruff(check: str, *, imports: bool) -> Callable[[Output, Call], list[Finding]]:
    def read(output: Output, call: Call) -> list[Finding]:
        if output.code not in (0, 1):
            raise Broken(f"exit code {output.code}: {output.last_words}")
        found: list[Finding] = []
        for row in json_of(output):
            path = call.path(row["filename"])
            rule = row["code"] or "syntax"
            if path is None or rule.startswith("I0") is not imports:  # the order of imports is a check of its own
                continue
            repair: dict[str, Any] = row.get("fix") or {}
            fixable = repair.get("applicability") == "safe"
            begin, end = row["location"], row["end_location"]
            last = end["row"] - (1 if end["column"] == 1 and end["row"] > begin["row"] else 0)
            found.append(
                Finding(check, rule, path, begin["row"], last, row["message"], begin["column"], fixable=fixable)
            )
        return found

    return read


def _ruff_format(call: Call) -> list[str]:
    return ["format", "--force-exclude", "--no-cache", "--diff", "--", *call.paths]


def _ruff_format_fix(call: Call) -> list[str]:
    return ["format", "--force-exclude", "--no-cache", "--quiet", "--", *call.paths]


RUFF = Tool(
    name="ruff",
    check="lint",
    package="ruff",
    arguments=_ruff_lint,
    read=_read_ruff("lint", imports=False),
    command=("ruff", "check"),
    tables=_TABLES,
    files=_FILES,
    fix=_ruff_fix,
)
RUFF_IMPORTS = Tool(
    name="ruff",
    check="imports",
    package="ruff",
    arguments=_ruff_imports,
    read=_read_ruff("imports", imports=True),
    command=("ruff", "check"),
    tables=_TABLES,
    files=_FILES,
    fix=_ruff_fix_imports,
)
RUFF_FORMAT = Tool(
    name="ruff",
    check="format",
    package="ruff",
    arguments=_ruff_format,
    read=read_diff("format", "ruff-format", "not as ruff formats it"),
    command=("ruff", "format"),
    tables=_TABLES,
    files=_FILES,
    fix=_ruff_format_fix,
)
