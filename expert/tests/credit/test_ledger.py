"""The ledger under concurrent writers, torn lines, growth and odd callers."""

import multiprocessing
import os
from pathlib import Path

import pytest
from worktree import Work

from fastapi_expert.credit import declare, ledger, record
from fastapi_expert.credit.ledger import Ledger
from fastapi_expert.errors import ExpertError
from fastapi_expert.git import Repository


def _write_fifty(root: Path, number: int) -> None:
    for count in range(50):
        record(f"agent-{number}", files=[Path(f"file-{count}.py")], session=str(number), cwd=root)


def test_concurrent_writers_lose_nothing(bare_work: Work) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write_fifty, args=(bare_work.root, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    records = Ledger(Repository.find(bare_work.root)).pending()
    assert len({(one.name, one.file) for one in records}) == len(records) == 200


def test_a_line_torn_by_a_killed_writer_costs_only_itself(bare_work: Work) -> None:
    declare("first", cwd=bare_work.root)
    book = Ledger(Repository.find(bare_work.root))
    whole = book.path.read_bytes()
    book.path.write_bytes(whole + whole[: len(whole) // 2])
    declare("second", cwd=bare_work.root)
    assert [one.name for one in book.pending()] == ["first", "second"]


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\x00", b"[]\n", b'{"event": "edit"}\n', b'{"event":"edit","id":1}\n', b"null\n"]
)
def test_foreign_lines_are_skipped(bare_work: Work, junk: bytes) -> None:
    book = Ledger(Repository.find(bare_work.root))
    book.path.parent.mkdir(parents=True)
    book.path.write_bytes(junk)
    declare("coder", cwd=bare_work.root)
    assert [one.name for one in book.pending()] == ["coder"]


def test_a_large_ledger_is_compacted_to_what_is_pending(bare_work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_ROOMY", 2000)
    book = Ledger(Repository.find(bare_work.root))
    for count in range(20):
        book.settle([book.add("coder", file=f"{count}.py")], commit="c" * 40)
    book.add("coder", file="last.py")
    book.settle([book.add("coder", file="x.py")], commit="c" * 40)
    assert book.path.stat().st_size < 2500
    assert [one.file for one in book.pending()] == ["last.py"]


def test_the_same_edit_reported_twice_is_one_record(bare_work: Work) -> None:
    bare_work.write("a.py", "a = 1\n")
    for _ in range(2):
        record("coder", files=[bare_work.root / "a.py"], session="s", cwd=Path("/"))
    assert len(Ledger(Repository.find(bare_work.root)).pending()) == 1


def test_files_outside_any_repository_or_in_a_git_directory_are_passed_over(bare_work: Work, tmp_path: Path) -> None:
    inside = [bare_work.root / ".git/config", tmp_path / "elsewhere.py", tmp_path / "no/such/folder/x.py"]
    assert record("coder", files=inside, cwd=tmp_path) == []
    assert Ledger(Repository.find(bare_work.root)).pending() == []


def test_a_file_reached_through_a_link_is_entered_under_its_own_path(bare_work: Work, tmp_path: Path) -> None:
    bare_work.write("app/a.py", "a = 1\n")
    os.symlink(bare_work.root / "app", tmp_path / "linked")
    record("coder", files=[Path("linked/a.py")], cwd=tmp_path)
    assert Ledger(Repository.find(bare_work.root)).pending()[0].file == "app/a.py"


@pytest.mark.parametrize(("raw", "written"), [("Plan:Code_Reviewer", "plan-code-reviewer"), ("@Ada", "ada")])
def test_an_agent_s_name_in_any_spelling_becomes_a_handle(bare_work: Work, raw: str, written: str) -> None:
    assert declare(raw, cwd=bare_work.root).name == written


def test_a_name_of_signs_alone_is_refused(bare_work: Work) -> None:
    with pytest.raises(ExpertError, match="is not a contributor's name"):
        declare("@@!", cwd=bare_work.root)
