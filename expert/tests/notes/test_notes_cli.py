"""`expert note` as a person types it: texts that begin with a dash, standard input, exit codes, JSON by its schema."""

import io
from pathlib import Path

import pytest
from documents import read

from fastapi_expert.__main__ import run

DECISION = "- [decision] Rows are kept #db"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    return tmp_path


def test_a_text_that_begins_with_a_dash_is_a_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["note", "write", "Soft delete", DECISION, "-d", "decisions", "--tag", "db"]) == 0
    assert (project / ".expert/notes/decisions/Soft delete.md").read_text().endswith(f"\n\n{DECISION}\n")
    assert run(["note", "edit", "Soft delete", "append", "- [fact] Purged after 30 days"]) == 0
    assert run(["note", "write", "Front", "---\nstatus: open\n---\nbody"]) == 0
    assert "status: open" in (project / ".expert/notes/Front.md").read_text()
    assert "# Created note" in capsys.readouterr().out


@pytest.mark.parametrize("content", [[], ["-"]])
def test_the_text_comes_from_standard_input_when_left_out(
    project: Path, monkeypatch: pytest.MonkeyPatch, content: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("piped\n"))
    assert run(["note", "write", "Piped", *content]) == 0
    assert (project / ".expert/notes/Piped.md").read_text().endswith("\n\npiped\n")


def test_what_is_refused_goes_to_standard_error_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["note", "write", "N", "x"]) == 0
    capsys.readouterr()
    for refused in (["write", "N", "y"], ["edit", "gone", "find_replace", "x", "--find", "y"], ["search"]):
        assert run(["note", *refused]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("# Error: ")
    assert run(["note", "read", "gone"]) == 1


def test_a_wrong_command_line_exits_2() -> None:
    for wrong in (["write"], ["write", "T", "x", "--meta", "no-equals"], ["bogus"], ["write", "T", "x", "--tagg", "a"]):
        assert run(["note", *wrong]) == 2


def test_every_answer_is_what_its_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    run(["note", "write", "Audit", "- [fact] Logged #audit", "-d", "decisions"])
    commands = {
        "written": [
            "write",
            "Soft delete",
            f"{DECISION}\n- implements [[Audit]]",
            "-d",
            "decisions",
            "--meta",
            "status=open",
        ],
        "refused": ["write", "Soft delete", "again", "-d", "decisions"],
        "note": ["read", "decisions/soft-delete"],
        "found": ["search", "rows", "OR", "logged"],
        "context": ["context", "decisions/*", "--depth", "2"],
        "edited": ["edit", "decisions/soft-delete", "replace_section", "new", "--section", "## More"],
    }
    for part, command in commands.items():
        capsys.readouterr()
        run(["note", *command, "--json"])
        printed = capsys.readouterr().out
        assert read(printed, "note.json")["schema_version"] == 1
        read(printed, f"note.json#/$defs/{part}")


def test_search_finds_by_status_tag_category_and_date(capsys: pytest.CaptureFixture[str]) -> None:
    run(["note", "write", "Soft delete", DECISION, "--tag", "db", "--meta", "status=open", "--type", "decision"])
    run(["note", "write", "Other", "nothing"])
    for asked in (["--status", "open"], ["--tag", "db"], ["--category", "decision"], ["--type", "decision"]):
        capsys.readouterr()
        assert run(["note", "search", *asked, "--after", "1 hour"]) == 0
        said = capsys.readouterr().out
        assert "soft-delete" in said
        assert "Other" not in said
