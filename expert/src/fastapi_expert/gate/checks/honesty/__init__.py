"""Honesty: whether a change makes the checks pass by weakening them.

In go the files of two revisions and why the change says that it touches tests; out come findings, certain ones and
likely ones, and what the change did right. It reads both sides' syntax, test by test: a test that only moved, was
renamed, merged into another or removed together with what it tested is no finding.
"""

from fastapi_expert.gate.checks.honesty.detect import Judgement, judge
from fastapi_expert.gate.checks.honesty.finding import Finding
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.revisions import Revisions

__all__ = ["Finding", "Judgement", "Revisions", "Rule", "judge"]
