"""Registry, pages and index say the same."""

from pathlib import Path

import pytest

from fastapi_expert.duplicates.model import Rule
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.gate.checks.honesty.model import Rule as HonestyRule
from fastapi_expert.gate.checks.honesty.rules import RULES as HONESTY
from fastapi_expert.render.rules import rules_index
from fastapi_expert.review import Rule as ReviewRule
from fastapi_expert.review.rules.registry import RULES as REVIEW

DOCS = Path(__file__).parents[3] / "docs" / "rules" / "README.md"
SECTIONS = ("## What", "## Why", "## Example", "## Fix", "## When it stays silent")


EVERY = {**RULES, **REVIEW, **HONESTY}


@pytest.mark.parametrize("rule", EVERY.values(), ids=EVERY)
def test_a_rule_has_a_page_with_every_section(rule: Rule | ReviewRule | HonestyRule):
    lines = rule.page.splitlines()
    assert lines[0] == f"# {rule.code}: {rule.title}"
    assert [line for line in lines if line.startswith("## ")] == list(SECTIONS)
    assert "```python" in rule.page


def test_the_index_in_the_documentation_is_the_one_made_from_the_registry():
    made = "python -m fastapi_expert.render.rules > docs/rules/README.md"
    assert DOCS.read_text(encoding="utf-8") == rules_index(), f"renew it: {made}"


def test_the_index_links_to_pages_that_are_there():
    links = [
        line.partition("](")[2].partition(")")[0] for line in rules_index().splitlines() if line.startswith("| [FX")
    ]
    assert len(links) == len(EVERY)
    assert all((DOCS.parent / link).is_file() for link in links)
