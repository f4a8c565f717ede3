"""docs/operations.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_test_that_operators_are_shown_exists():
    sources = "\n".join(path.read_text() for path in (ROOT / "service/tests").rglob("test_*.py"))
    existing = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/operations.md").read_text()))
    assert named - existing == set()
    assert len(named) > 30
