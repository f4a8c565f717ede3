"""Which functions are alike does not depend on who looked, when, or what was kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.codebase.files.fork import ChildTask
from fastapi_expert.duplicates import find
from fastapi_expert.duplicates.similarity.pairs import FEW
from fastapi_expert.render.json import duplicates_document

FUNCTION = """
def total_{number}(invoices, table, currency):
    amount = 0
    for invoice in invoices:
        amount += invoice.price * invoice.count
    {change}
    rate = table.rate_of(currency)
    return table.convert(amount, rate=rate, to="EUR")
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """More files than a child is worth having for; in three of them functions that differ in a statement."""
    for number in range(FEW + 2):
        text = f"def filler_{number}(entry):\n    return entry.field_{number}\n"
        if number < 3:
            text = FUNCTION.format(number=number, change=f"table.note_{number}(amount)")
        (tmp_path / f"module_{number}.py").write_text(text)
    return tmp_path


def findings(codebase: Codebase) -> list[object]:
    document = duplicates_document("", find(codebase).findings, suppressed=0)
    return json.loads(json.dumps(document["findings"]))


def by_a_process_of_its_own(root: Path) -> list[object]:
    command = [sys.executable, "-m", "fastapi_expert", "duplicates", "--json", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)["findings"]


def test_a_child_a_cache_and_a_look_alone_find_the_same(many: Path) -> None:
    beside_linking = by_a_process_of_its_own(many)
    kept = by_a_process_of_its_own(many)
    assert beside_linking == kept == findings(load(many, cache=False))
    assert {one["rule"] for one in kept if isinstance(one, dict)} == {"FX302"}


def test_what_is_kept_of_other_functions_is_not_believed(many: Path) -> None:
    before = findings(load(many))
    (many / "module_0.py").write_text("def filler_0(entry):\n    return entry.field_0\n")
    after = findings(load(many))
    assert after == findings(load(many, cache=False))
    assert after != before


@pytest.mark.parametrize("damage", [b"", b"[", b"[1, 2]", b'["", [[0, 1]]]'])
def test_damaged_pairs_are_looked_for_anew(many: Path, damage: bytes) -> None:
    expected = findings(load(many))
    cache = load(many).cache
    assert cache is not None
    assert cache.get_blob("similar pairs")
    cache.put_blob("similar pairs", damage)
    assert findings(load(many)) == expected


def test_a_child_that_fails_gives_nothing() -> None:
    assert ChildTask(lambda: bytes(1 // 0)).result() == b""
    assert ChildTask(lambda: b"x" * 1_000_000).result() == b"x" * 1_000_000
