"""A fault of ours is seen: it is not taken for a damaged cache, and nothing is built anew to hide it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastapi_expert.codebase import Codebase, load, refresh
from fastapi_expert.codebase.link import components, incremental, linking
from fastapi_expert.codebase.link.protection import judge
from fastapi_expert.duplicates.store.incremental import current_records, rebuild
from fastapi_expert.find.cache import finder_of


class Fault(AttributeError):
    """What a mistake in the code raises most often."""


def broken(*_: Any, **__: Any) -> Any:
    raise Fault("a mistake")


ASKED: list[Callable[[Codebase], Any]] = [
    lambda codebase: codebase.inventory,
    lambda codebase: codebase.kinds,
    current_records,
    finder_of,
]


@pytest.mark.parametrize("ask", ASKED, ids=["inventory", "kinds", "records", "find"])
@pytest.mark.parametrize(
    ("module", "name"),
    [(linking, "run_all"), (components.Catalogue, "mark_tasks"), (components.Catalogue, "mark_services")],
)
def test_a_fault_of_the_linker_is_raised_cold_and_after_an_edit(
    shop: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Codebase], Any], module: Any, name: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(module, name, broken)
        with pytest.raises(Fault):
            ask(load(shop))
    ask(load(shop))
    file = shop / "app" / "models.py"
    file.write_text("from app.other import *\n" + file.read_text())
    with monkeypatch.context() as patched:
        patched.setattr(module, name, broken)
        with pytest.raises(Fault):
            ask(load(shop))


def test_a_fault_in_judging_protection_is_raised(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge.Judge, "of", broken)
    with pytest.raises(Fault):
        _ = load(shop).inventory


@pytest.mark.parametrize("name", ["is_harmless", "_same_functions"])
def test_a_fault_in_following_an_edit_is_raised_not_hidden_by_linking_anew(
    shop: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rebuild(load(shop))
    file = shop / "app" / "models.py"
    file.write_text(file.read_text() + "\n\ndef more(first):\n    return first\n")
    monkeypatch.setattr(incremental._Edit, name, broken)  # pyright: ignore[reportPrivateUsage] - the fault is inside
    with pytest.raises(Fault):
        current_records(load(shop))


def test_a_damaged_library_is_made_anew(shop: Path) -> None:
    expected = current_records(load(shop))
    library = shop / ".expert" / "cache" / "library.bin"
    kept = library.read_bytes()
    for damaged in (
        b"",
        kept[:-30],
        kept.replace(b'"read_set"', b'"red_sets"'),
        kept.replace(b'"helpers"', b'"hleper"'),
    ):
        library.write_bytes(damaged)
        assert current_records(load(shop)) == expected


def test_a_codebase_stays_what_it_is_while_it_is_asked(shop: Path) -> None:
    codebase = load(shop)
    files, scan = dict(codebase.files), codebase.scan
    first = codebase.inventory
    (shop / "app" / "later.py").write_text("def later(): ...\n")
    assert codebase.inventory is first
    assert (dict(codebase.files), codebase.scan) == (files, scan)
    assert "app/later.py" in refresh(codebase).files
    with pytest.raises(AttributeError):
        codebase.scan = scan  # type: ignore[misc]  # frozen
