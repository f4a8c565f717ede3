"""What honesty finds, and what a rule of it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fastapi_expert.gate.checks.honesty.change import Change

Confidence = Literal["certain", "likely"]


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to make a check pass without making the code right, and how it is looked for in a change."""

    code: str
    title: str
    summary: str
    look: "Callable[[Change, Rule], Iterator[Finding]]"
    family: str = "honesty"

    def at(
        self,
        path: str,
        line: int,
        message: str,
        advice: str,
        *,
        end_line: int = 0,
        confidence: Confidence = "certain",
        is_gone: bool = False,
    ) -> Finding:
        """A finding of this rule."""
        end = max(line, end_line)
        return Finding(self.code, self.title, confidence, message, advice, path, line, end, is_gone)

    @property
    def page(self) -> str:
        """The explanation as Markdown: what, why, an example, its fix, and when the rule stays silent."""
        from importlib.resources import files

        folder = files("fastapi_expert.gate.checks.honesty.rules") / "pages"
        return (folder / f"{self.code}.md").read_text(encoding="utf-8")
