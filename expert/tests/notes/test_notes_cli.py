"""`expert note` as a person types it: texts that begin with a dash, standard input, exit codes, JSON by its schema."""

import io
import sys
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
    assert "created decisions/soft-delete  .expert/notes/decisions/Soft delete.md" in capsys.readouterr().out


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
        assert said.err.startswith("error: ")
        assert not any(word in said.err for word in ("_note", "_notes", "overwrite=", "#"))
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
        "edited": ["edit", "decisions/soft-delete", "append", "## More\n\nnew"],
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
        assert "Soft delete.md" in said
        assert "Other" not in said


def test_a_list_names_every_note_by_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["note", "list"]) == 0
    assert capsys.readouterr().out == "there is no note\n"
    for title, folder in (("One", "a"), ("Two", "a/b"), ("Three", "")):
        run(["note", "write", title, "x", "-d", folder])
    capsys.readouterr()
    run(["note", "list"])
    everything = capsys.readouterr().out
    assert [line.partition("  ")[0] for line in everything.splitlines()] == [
        ".expert/notes/a/b/Two.md",
        ".expert/notes/a/One.md",
        ".expert/notes/Three.md",
    ]
    run(["note", "list", "a"])
    assert "Three" not in capsys.readouterr().out


def test_a_moved_note_is_still_what_links_to_it_mean(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / ".expert/notes/plan.md"
    file.parent.mkdir(parents=True)
    file.write_text("# no front matter\n")
    run(["note", "write", "Other", "- follows [[plan]]"])
    assert run(["note", "move", "plan", "archive"]) == 0
    assert (project / ".expert/notes/archive/plan.md").read_text().endswith("# no front matter\n")
    assert not file.exists()
    capsys.readouterr()
    run(["note", "context", "plan"])
    assert "Other follows plan  .expert/notes/Other.md" in capsys.readouterr().out
    assert run(["note", "move", "plan", "Other.md"]) == 1
    assert "something is there already" in capsys.readouterr().err
    assert run(["note", "move", "plan", "../outside"]) == 1


def test_removing_a_note_names_those_that_pointed_at_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["note", "write", "Plan", "x"])
    run(["note", "write", "Other", "- follows [[Plan]]"])
    capsys.readouterr()
    assert run(["note", "remove", "Plan"]) == 0
    assert capsys.readouterr().out == ("removed plan  .expert/notes/Plan.md\n  .expert/notes/Other.md pointed at it\n")
    assert not (project / ".expert/notes/Plan.md").exists()
    assert run(["note", "remove", "Plan"]) == 1
    said = capsys.readouterr().err
    assert "no note has the title, permalink or path 'Plan'" in said
    assert ".expert/notes/Other.md" in said


def test_a_locked_note_is_neither_moved_nor_removed(capsys: pytest.CaptureFixture[str]) -> None:
    run(["note", "write", "Kept", "---\nlocked: true\n---\nx"])
    for refused in (["move", "Kept", "a"], ["remove", "Kept"]):
        assert run(["note", *refused]) == 1
        assert "locked: true" in capsys.readouterr().err


def test_an_edit_without_an_operation_opens_the_editor(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["note", "write", "Plan", "x"])
    for name in ("EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    assert run(["note", "edit", "Plan"]) == 2
    assert "set EDITOR" in capsys.readouterr().err
    monkeypatch.setenv("EDITOR", f"{sys.executable} -c \"import sys; open(sys.argv[1], 'a').write('typed')\"")
    assert run(["note", "edit", "Plan"]) == 0
    assert (project / ".expert/notes/Plan.md").read_text().endswith("typed")
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert run(["note", "edit", "Plan"]) == 2


def test_what_is_not_there_exits_1_however_it_is_asked_for() -> None:
    for asked in (["read", "gone"], ["context", "gone"], ["move", "gone", "a"], ["remove", "gone"]):
        assert run(["note", *asked]) == 1
