"""What honesty finds."""

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["certain", "likely"]
QUOTED = 80
"""Characters of code that a message quotes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which the change weakens what checks it.

    ``path`` and ``line`` are where that is seen: in the new text, or in the old one of a file or test that ``is_gone``.
    """

    rule: str
    title: str
    confidence: Confidence
    message: str
    advice: str
    path: str
    line: int
    end_line: int
    is_gone: bool = False


def shortened(code: str) -> str:
    """Code as a message quotes it."""
    return code if len(code) <= QUOTED else f"{code[: QUOTED - 1]}…"
