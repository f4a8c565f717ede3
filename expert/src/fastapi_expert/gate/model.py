"""The gate's answer as plain data."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "missing", "broken", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. ``path`` is relative to the report's root with `/`; lines and columns are 1-based, lines inclusive.

    ``text`` is what tells the fault from another of its kind in the same file when lines have moved.
    """

    check: str
    rule: str
    path: str
    line: int
    end_line: int
    message: str
    column: int = 1
    fixable: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one check. ``note`` says why it did not run, what it left out, or which command installs it.

    `missing` and `broken` (crashed, timed out, unreadable output) are not passed.
    """

    name: str
    status: Status
    seconds: float = 0.0
    cached: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A test that the change can affect, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """``scope`` says which ``files`` were looked at; ``tests`` were chosen out of ``tests_total``.

    ``remarks`` are findings that are only likely, and fail nothing.
    """

    root: str
    scope: str
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    remarks: tuple[Finding, ...] = ()
    tests: tuple[Chosen, ...] = ()
    tests_total: int = 0
    everything: str | None = None
    fixed: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing was found and nothing was missing."""
        return not self.findings and all(check.status in ("passed", "skipped") for check in self.checks)
