"""The tools of the gate, one module each, and which of them a project uses.

Findings come in each tool's machine format where it has one; the formatters' come from their diffs, a change each. To
add a tool: a module with its `Tool`, and a place in `TOOLS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.gate.checks.tools.bandit import BANDIT
from fastapi_expert.gate.checks.tools.base import PROJECT, Call, Check, Tool
from fastapi_expert.gate.checks.tools.black import BLACK
from fastapi_expert.gate.checks.tools.flake8 import FLAKE8
from fastapi_expert.gate.checks.tools.isort import ISORT
from fastapi_expert.gate.checks.tools.mypy import MYPY
from fastapi_expert.gate.checks.tools.pyrefly import PYREFLY
from fastapi_expert.gate.checks.tools.pyright import BASEDPYRIGHT, PYRIGHT
from fastapi_expert.gate.checks.tools.ruff import RUFF, RUFF_FORMAT, RUFF_IMPORTS
from fastapi_expert.gate.checks.tools.ty import TY
from fastapi_expert.gate.checks.tools.usage import Usage, usage_of

__all__ = ["BANDIT", "BLACK", "ISORT", "PROJECT", "PYRIGHT", "RUFF", "RUFF_FORMAT", "RUFF_IMPORTS", "Call", "Tool"]
__all__ += ["Choice", "choose", "tools_for"]

TOOLS: dict[Check, tuple[Tool, ...]] = {
    "lint": (RUFF, FLAKE8),
    "imports": (ISORT, RUFF_IMPORTS),
    "format": (BLACK, RUFF_FORMAT),
    "security": (BANDIT,),
    "types": (PYRIGHT, BASEDPYRIGHT, MYPY, TY, PYREFLY),
}
"""What can make each check: the first of a check where a project says nothing; the cheap checks before the others."""
_OURS = "not asked for here: `also` in [tool.fastapi-expert.check] does"


@dataclass(frozen=True, slots=True)
class Choice:
    """``tools`` check the project; ``offered`` says of each check without one why, and what could make it.

    ``assumed`` are the checks that nothing of the team's asks for.
    """

    tools: tuple[Tool, ...]
    offered: dict[str, str]
    assumed: frozenset[str] = frozenset()


def tools_for(home: Path, top: Path) -> list[Tool]:
    """The tools that the project in ``home``, a folder of ``top``, uses: the cheap ones first."""
    return list(choose(home, top).tools)


def choose(home: Path, top: Path, also: Sequence[str] = ()) -> Choice:
    """What the project in ``home``, a folder of ``top``, is checked with.

    A team that runs its tools by commands is checked with what these run; a check that it does not make is offered, as
    are our own of annotations, unless ``also`` names it. Where no command is known, and in a project that `expert new`
    laid down, every check is made: by the tool that is configured or depended on, else by the first that can.
    """
    usage = usage_of(home, top)
    everything = usage.laid_down or not any(usage.runs(tool.command) for tools in TOOLS.values() for tool in tools)
    chosen: list[Tool] = []
    assumed: set[str] = set()
    offered = {} if everything else {name: _OURS for name in ("annotations", "ignores") if name not in also}
    for check, candidates in TOOLS.items():
        used = _used(check, candidates, usage)
        if check == "security" and not used and usage.lints("S") and _uses_ruff(usage):
            offered[check] = "by ruff's S rules, among lint"
        elif check == "imports" and used == [RUFF_IMPORTS] and not _sorts(usage, everything=everything):
            offered[check] = "not used here; ruff's I rules would check them"
        elif used or everything or check in also:
            chosen += used or [candidates[0]]
            assumed |= set() if used else {check}
        else:
            offered[check] = f"not used here; {candidates[0].name} would check it"
    return Choice(
        tuple(sorted(chosen, key=lambda tool: (not tool.alone, tool.check == "security"))), offered, frozenset(assumed)
    )


def _used(check: Check, candidates: tuple[Tool, ...], usage: Usage) -> list[Tool]:
    """The tools that make ``check`` here: those that commands run, else those configured, else those depended on."""
    run = [tool for tool in candidates if usage.runs(tool.command)]
    if check == "imports" and RUFF_IMPORTS not in run and usage.runs(("ruff",)):
        run.append(RUFF_IMPORTS)
    configured = [tool for tool in candidates if usage.configures(tool)]
    depended = [tool for tool in candidates if usage.depends_on(tool)]
    used = run or configured or depended
    if check == "types":
        return used
    if check == "format" and (RUFF_FORMAT in run or "tool.ruff.format" in usage.tables):
        return [RUFF_FORMAT]
    return used[:1]  # the specific one comes first: black before ruff's formatter, isort before its sorter


def _sorts(usage: Usage, *, everything: bool) -> bool:
    """Whether ruff's order of imports is a check here; where every check is made, unless its rules leave it out."""
    return (usage.lints("I") if everything else usage.sorts_imports) is not False


def _uses_ruff(usage: Usage) -> bool:
    return usage.runs(("ruff",)) or usage.configures(RUFF) or usage.depends_on(RUFF)
