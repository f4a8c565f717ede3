"""Findings: what is here twice, and the one sentence a person would act on."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["extend", "reuse", "merge", "reorder"]
Verdict = Literal["new", "extend", "duplicate"]
Topic = Literal["routes", "schemas", "functions", "wiring", "settings", "tests"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of duplicate. ``summary`` is a line for lists; :attr:`page` is the whole explanation."""

    code: str
    title: str
    summary: str
    family: Topic
    verdict: Verdict | None = None
    """What a draft with such a finding is; None: a duplicate where the advice is to use what exists, else `extend`."""
    is_fault: bool = False
    """Wrong as it stands and not merely twice: it comes first in a list."""
    is_hint: bool = False
    """Said of a draft's definition only where no other rule has anything to say of it."""
    is_off: bool = False
    """Off by default: right too seldom to be told to everybody; `select` has to name it or its family."""
    folds: bool = False
    """Says all that findings between the same files say."""
    loose_weight: float = 1.0
    """What a line saved counts in the ranking when the two sides are not the same."""

    @property
    def page(self) -> str:
        """The explanation as Markdown: what, why, an example, the fix, and when the rule stays silent."""
        from importlib.resources import files  # slow to import, and no hook asks for a page

        return (files("fastapi_expert.duplicates.rules") / "pages" / f"{self.code}.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a finding."""

    id: str
    kind: str
    path: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """``similarity`` is 0..1; ``saves`` is the number of lines that removing the duplicate would save (the ranking)."""

    definition: Rule
    similarity: float
    message: str
    advice: str
    action: Action
    components: tuple[Place, ...]
    saves: int = 0

    @property
    def rule(self) -> str:
        """The code of the rule."""
        return self.definition.code

    @property
    def title(self) -> str:
        """What the rule calls it."""
        return self.definition.title

    @property
    def verdict(self) -> Verdict:
        """What a draft is that this was found in."""
        return self.definition.verdict or ("duplicate" if self.action == "reuse" else "extend")


@dataclass(frozen=True, slots=True)
class Similar:
    """A neighbour of a draft: worth reading before writing, whether or not a finding came of it."""

    id: str
    path: str
    line: int
    score: float
    reason: str = ""
