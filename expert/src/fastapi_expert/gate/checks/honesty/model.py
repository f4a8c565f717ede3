"""What a rule of honesty is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_expert.gate.checks.honesty.finding import Confidence, Finding

if TYPE_CHECKING:
    from fastapi_expert.gate.checks.honesty.change import Change


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
