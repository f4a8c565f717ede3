"""bandit: security faults of medium severity and up."""

from fastapi_expert.gate.checks.process import Broken, Output
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Tool, json_of, pyproject
from fastapi_expert.gate.model import Finding


def _bandit(call: Call) -> list[str]:
    configured = ("-c", "pyproject.toml") if "bandit" in pyproject(call.home).get("tool", {}) else ()
    return ["-q", "-ll", *configured, "-f", "json", *call.paths]


def _read_bandit(output: Output, call: Call) -> list[Finding]:
    if output.code not in (0, 1) or not output.out.strip():
        raise Broken(f"exit code {output.code}: {output.last_words}")
    found: list[Finding] = []
    for row in json_of(output)["results"]:
        if path := call.path(row["filename"]):
            lines = row.get("line_range") or [row["line_number"]]
            message = f"{row['issue_text']} ({row['issue_severity'].lower()} severity)"
            found.append(
                Finding(
                    "security", row["test_id"], path, row["line_number"], max(lines), message, row["col_offset"] + 1
                )
            )
    return found


BANDIT = Tool(
    name="bandit",
    check="security",
    package="bandit[toml]",
    arguments=_bandit,
    read=_read_bandit,
    command=("bandit",),
    tables=("tool.bandit",),
    files=(".bandit", "bandit.yaml", "bandit.yml"),
    homes=("pyproject.toml:[tool.bandit", *PROJECT),
)
