"""Every rule has a page that says what, why, an example, the fix and when it stays silent."""

import pytest

from fastapi_expert.duplicates.model import Rule
from fastapi_expert.duplicates.rules.registry import RULES

SECTIONS = ("## What", "## Why", "## Example", "## Fix", "## When it stays silent")


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_is_explained(rule: Rule) -> None:
    assert rule.page.startswith(f"# {rule.code}: {rule.title}\n")
    assert [line for line in rule.page.splitlines() if line.startswith("## ")] == list(SECTIONS)
