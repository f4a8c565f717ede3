"""Findings of a review, and the rules that make them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fastapi_expert.review.flow.project import Project

Severity = Literal[1, 2, 3]
"""1 wrong, lost or insecure; 2 a visible bug; 3 a rough edge."""
Confidence = Literal["certain", "likely"]
Family = Literal["sessions", "loop", "access", "routes", "framework", "tests"]


@dataclass(frozen=True, slots=True)
class Related:
    """Another line that takes part, and why."""

    path: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` in the place of ``old``, which lies from byte ``start`` to before ``end`` of ``path``."""

    path: str
    start: int
    end: int
    old: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One hazard at ``line`` … ``end_line`` of ``path``; ``advice`` is the line that mends it."""

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    message: str
    advice: str
    path: str
    line: int
    end_line: int
    related: tuple[Related, ...] = ()
    since: str = ""
    """The versions for which it holds, as a requirement (`fastapi>=0.118`); empty for all."""
    fix: tuple[Edit, ...] = ()
    """What mends it, where that is mechanical and safe."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One hazard: what it is called, how bad it is, and how it is looked for.

    ``since`` are the versions for which it holds. ``also`` is a pattern of the rules of ruff, bandit and pyright that
    say the same of the same line. ``alone`` says that one file, and what it names, is enough to tell; ``of_tests`` that
    it looks at the files of tests and at nothing else, where others look at all but those.
    """

    code: str
    title: str
    summary: str
    family: Family
    severity: Severity
    look: "Callable[[Project, Rule], Iterator[Finding]]"
    since: str = ""
    also: str = ""
    alone: bool = False
    of_tests: bool = False

    def at(
        self,
        path: str,
        line: int,
        message: str,
        advice: str,
        *,
        end_line: int = 0,
        severity: Severity | None = None,
        confidence: Confidence = "certain",
        related: tuple[Related, ...] = (),
        fix: tuple[Edit, ...] = (),
    ) -> Finding:
        """A finding of this rule; ``severity`` where it is less bad here than in general."""
        weight: tuple[Severity, Confidence] = (severity or self.severity, confidence)
        place = (path, line, max(line, end_line), related, self.since, fix)
        return Finding(self.code, self.title, *weight, message, advice, *place)

    @property
    def page(self) -> str:
        """The explanation as Markdown: what, why, wrong, right, fix, and when the rule stays silent."""
        from importlib.resources import files  # slow to import, and no hook asks for a page

        return (files("fastapi_expert.review.rules") / "pages" / f"{self.code}.md").read_text(encoding="utf-8")
