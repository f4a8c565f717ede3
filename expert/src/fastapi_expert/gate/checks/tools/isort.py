"""isort: the order of imports, in black's profile where the project configures none."""

from dataclasses import replace

from fastapi_expert.gate.checks.process import Output
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, pyproject
from fastapi_expert.gate.checks.tools.diffs import read_diff
from fastapi_expert.gate.model import Finding


def _read_isort(output: Output, call: Call) -> list[Finding]:
    """The imports at the top of a file are one thing, however many lines of them move."""
    by_path: dict[str, list[Finding]] = {}
    for finding in read_diff("imports", "isort", "")(output, call):
        by_path.setdefault(finding.path, []).append(finding)
    return [
        replace(
            found[0],
            message="the imports are not as isort sorts them",
            end_line=max(finding.end_line for finding in found),
            text="\n".join(finding.text for finding in found),
        )
        for found in by_path.values()
    ]


def _isort(call: Call) -> list[str]:
    return [*_isort_options(call), "--diff", "--quiet", *call.paths]


def _isort_fix(call: Call) -> list[str]:
    return [*_isort_options(call), "--quiet", *call.paths]


def _isort_options(call: Call) -> list[str]:
    """black's profile where the project says nothing, since black formats the rest."""
    configured = "isort" in pyproject(call.home).get("tool", {}) or any(
        (call.home / name).is_file()
        and (name == ".isort.cfg" or "isort" in (call.home / name).read_text(errors="replace"))
        for name in (".isort.cfg", "setup.cfg", "tox.ini", ".editorconfig")
    )
    return ["--filter-files", *(() if configured else ("--profile=black",))]


ISORT = Tool(
    name="isort",
    check="imports",
    package="isort",
    arguments=_isort,
    read=_read_isort,
    command=("isort",),
    tables=("tool.isort", "isort", "tool:isort"),
    files=(".isort.cfg",),
    homes=("pyproject.toml:[tool.isort", ".isort.cfg", "setup.cfg:[isort", "tox.ini:[isort", *PROJECT),
    fix=_isort_fix,
)
