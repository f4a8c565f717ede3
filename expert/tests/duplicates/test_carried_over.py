"""What is carried over from the last look is what a fresh look would find."""

from pathlib import Path

import pytest
from edits import Editor

from fastapi_expert.codebase import load
from fastapi_expert.duplicates.extract import records_of
from fastapi_expert.duplicates.kept import current_records


def library(root: Path) -> bytes:
    return (root / ".expert" / "cache" / "library.bin").read_bytes()


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_the_records_are_those_of_a_fresh_look(shop: Path, seed: int):
    editor = Editor(shop, seed)
    done: list[str] = []
    carried_over = 0
    current_records(load(shop))
    for _ in range(25):
        done.append(editor.edit())
        before = library(shop)
        found, fresh = current_records(load(shop)), records_of(load(shop, cache=False))
        for part in fresh._fields:
            assert getattr(found, part) == getattr(fresh, part), f"{part} after {done}"
        carried_over += library(shop) == before
    assert carried_over > 3, "some edits are harmless"


def test_a_helper_and_a_body_are_followed_without_linking(shop: Path):
    current_records(load(shop))
    before = library(shop)
    service = shop / "app" / "services" / "billing.py"
    service.write_text("# a word\n" + service.read_text() + "\n\ndef doubled(amount):\n    return 2 * amount\n")
    records = current_records(load(shop))
    assert library(shop) == before
    assert "doubled" in {one.name for one in records.functions}
    assert records == records_of(load(shop, cache=False))


@pytest.mark.parametrize("damage", [b"", b"expert library", b"\0" * 100])
def test_a_damaged_library_is_made_anew(shop: Path, damage: bytes):
    expected = current_records(load(shop))
    file = shop / ".expert" / "cache" / "library.bin"
    whole = file.read_bytes()
    for content in (damage, whole[: len(whole) // 2], whole[:-100] + b"\0" * 100):
        file.write_bytes(content)
        assert current_records(load(shop)) == expected
    assert file.read_bytes() == whole
