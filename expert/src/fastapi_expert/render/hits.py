"""What a search found: place first, so that a terminal can jump to it."""

from collections.abc import Sequence

from fastapi_expert.find import Hit
from fastapi_expert.render.terminal import Style, cut, printable

SHOWN = 80
"""Columns of a question that an answer repeats."""


def hits_text(query: str, hits: Sequence[Hit], style: Style) -> str:
    """One or two lines a hit."""
    if not hits:
        return f"nothing here answers {cut(printable(query), SHOWN)!r}"
    return "\n".join(_hit(hit, style) for hit in hits)


def _hit(hit: Hit, style: Style) -> str:
    entry = hit.entry
    lines = [
        f"{entry.path}:{entry.line}  {entry.kind.replace('_', ' ')}  {style.paint(printable(entry.qualname), 'bold')}"
    ]
    if entry.methods:
        lines[0] += "  " + style.paint(f"{' '.join(entry.methods)} {', '.join(entry.routes[:3])}", "cyan")
    if entry.summary:
        lines.append(f"    {printable(entry.summary)}")
    return "\n".join(lines)
