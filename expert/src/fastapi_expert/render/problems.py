"""What the text does not tell, grouped by reason: what hides most comes first."""

import re
from collections.abc import Sequence

from fastapi_expert.codebase.model import Problem
from fastapi_expert.render.terminal import Style, counted, printable

_PARTICULAR = re.compile(r"'[^']*'|`[^`]*`|\([^()]*\)|\b\d[\d,]*\b|\b\w+(?=\(\))|^\w+(?= is included)")
_ROUTES = re.compile(r"\b(\d+) routes?\b")


def problems_text(problems: Sequence[Problem], style: Style) -> str:
    """One paragraph a reason: how often, and every place with its message."""
    if not problems:
        return "nothing that the text does not tell"
    lines: list[str] = []
    for reason, group in grouped(problems):
        hidden = sum(map(_hidden, group))
        lines += ["", style.paint(f"{counted(len(group), 'place')}, {counted(hidden, 'route')}: {reason}", "bold")]
        lines += [f"  {printable(one.path)}:{one.line}  {printable(one.message)}" for one in group]
    return "\n".join(lines[1:])


def grouped(problems: Sequence[Problem]) -> list[tuple[str, list[Problem]]]:
    """Problems of one reason together, those that hide most first."""
    groups: dict[str, list[Problem]] = {}
    for one in problems:
        groups.setdefault(_PARTICULAR.sub("…", one.message), []).append(one)
    return sorted(groups.items(), key=lambda group: (-sum(map(_hidden, group[1])), group[0]))


def _hidden(problem: Problem) -> int:
    """How many routes a problem is about, by its message; 0 when it speaks of none."""
    found = _ROUTES.search(problem.message)
    return int(found[1]) if found is not None else int("route" in problem.message)
