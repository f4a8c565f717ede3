"""Which files the gate looks at: staged, since a revision, new, renamed, oddly named, of several projects."""

import os
from pathlib import Path

import pytest
from planting import FAULTS, append, found
from worktree import Work

from fastapi_expert.clients.git.install import install
from fastapi_expert.errors import UsageError
from fastapi_expert.gate import check
from fastapi_expert.git import GitError


def test_staged_mode_checks_what_is_staged_not_what_lies_about(tested: Work) -> None:
    clean = (tested.root / "app/words.py").read_text()
    tested.write("app/words.py", clean.replace("See you, {", "Bye, {"))
    tested.write("app/words.py", clean, stage=False)
    report = check(tested.root, staged=True)
    assert found(report) == {("tests", "test-failed", "tests/test_words.py")}
    tested.git("checkout", "HEAD", "--", ".")
    append(tested, "app/words.py", "\n\nSPARE: int = 1\n", stage=True)
    append(tested, "app/words.py", FAULTS)
    tested.write("app/untracked.py", "import os\n", stage=False)
    report = check(tested.root, staged=True)
    assert report.files == ("app/words.py",)
    assert report.passed, report.findings


def test_fix_in_staged_mode_leaves_unstaged_hunks_alone(work: Work) -> None:
    staged = (work.root / "app/words.py").read_text().replace('"""Words."""', '"""Words."""\n\nSPARE = {  "a":1 }')
    work.write("app/words.py", staged)
    unstaged = "\n\ndef  later( a ):\n    return a\n"
    append(work, "app/words.py", unstaged)
    report = check(work.root, staged=True, fix_them=True)
    assert report.fixed == ("app/words.py",)
    assert report.passed, report.findings
    fixed = staged.replace('{  "a":1 }', '{"a": 1}')
    assert work.git("show", ":app/words.py") + "\n" == fixed
    assert (work.root / "app/words.py").read_text() == fixed + unstaged


def test_fix_in_staged_mode_leaves_a_file_alone_whose_unstaged_lines_are_the_same(work: Work) -> None:
    append(work, "app/words.py", '\n\nSPARE = {  "a":1 }\n', stage=True)
    here = (work.root / "app/words.py").read_text().replace('"a":1', '"a":2')
    work.write("app/words.py", here, stage=False)
    check(work.root, staged=True, fix_them=True)
    assert 'SPARE = {"a": 1}' in work.git("show", ":app/words.py")
    assert (work.root / "app/words.py").read_text() == here


def test_since_asks_for_the_branch_s_own_changes(work: Work) -> None:
    work.git("switch", "-q", "-c", "feature")
    work.write("app/mine.py", "import os\n")
    work.commit("feat: mine")
    work.git("switch", "-q", "main")
    work.write("app/theirs.py", "import os\n")
    work.commit("feat: theirs")
    work.git("switch", "-q", "feature")
    report = check(work.root, since="main")
    assert report.files == ("app/mine.py",)
    assert found(report) == {("lint", "F401", "app/mine.py")}


def test_everything_is_checked_where_there_is_no_git(work: Work, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    work.root.rename(plain)
    for path in sorted((plain / ".git").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (plain / ".git").rmdir()
    (plain / "app/odd.py").write_text("import os\n")
    with pytest.raises(GitError, match="not in a git repository"):
        check(plain)
    assert found(check(plain, everything=True)) == {("lint", "F401", "app/odd.py")}


def test_before_the_first_commit_everything_is_new(tmp_path: Path, work: Work) -> None:
    work.git("update-ref", "-d", "HEAD")
    append(work, "app/words.py", "\n\nimport os\n")
    for report in (check(work.root), check(work.root, staged=True)):
        assert "app/main.py" in report.files
    assert ("lint", "F401", "app/words.py") in found(check(work.root))
    assert check(work.root, staged=True).passed


def test_deleted_and_renamed_files_are_no_trouble(work: Work) -> None:
    work.git("mv", "app/words.py", "app/sayings.py")
    work.git("rm", "-q", "tests/test_main.py")
    (work.root / "tests/test_words.py").unlink()
    report = check(work.root)
    assert report.files == ("app/sayings.py", "app/words.py", "tests/test_main.py", "tests/test_words.py")
    assert check(work.root, staged=True).scope == "index"


@pytest.mark.parametrize(
    "name", ["with space.py", "line\nbreak.py", "-dash.py", "quote'\".py", "ünïcode.py", "[x]*.py"]
)
def test_any_file_name_is_checked(work: Work, name: str) -> None:
    work.write(name, "import os\n\nx = {  'a':1 }\n")
    for report in (check(work.root), check(work.root, staged=True)):
        assert found(report) == {("lint", "F401", name), ("format", "black", name)}
    assert check(work.root, fix_them=True).passed


@pytest.mark.parametrize("content", [b"def f(:\n", b"x = '\xff\xfe'\n", b"\x00\x01", b"x = 1\r\ny = 2\r\n", b""])
def test_any_content_is_reported_on_and_never_breaks_the_gate(work: Work, content: bytes) -> None:
    (work.root / "app/odd.py").write_bytes(content)
    report = check(work.root)
    assert {finding.path for finding in report.findings} <= {"app/odd.py"}
    assert "app/odd.py" in report.files
    if content.startswith(b"def"):
        assert ("format", "syntax", "app/odd.py") in found(report)


def test_hooks_of_git_do_not_leak_their_repository_into_the_checks(tested: Work) -> None:
    install(tested.root)
    append(
        tested,
        "app/words.py",
        '\n\ndef shout(name: str) -> str:\n    """Loudly."""\n    return name.upper()\n',
        stage=True,
    )
    append(tested, "app/words.py", FAULTS)
    tested.commit("feat: shout")
    tested.git("add", "-A")
    said = tested.commit("feat: faults", ok=False)
    assert "security B602" in said
    assert tested.subject == "feat: shout"


@pytest.mark.parametrize("flags", [{"staged": True, "since": "HEAD"}, {"everything": True, "since": "HEAD"}])
def test_scopes_exclude_each_other(work: Work, flags: dict[str, bool | str]) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        check(work.root, **flags)  # type: ignore[arg-type]  # the table mixes the types of two parameters


def test_an_unknown_revision_is_said_so(work: Work) -> None:
    assert "no such revision: nowhere" in work.expert("check", "--since", "nowhere", ok=False)


def test_a_folder_of_a_repository_with_several_projects_has_each_file_checked_by_its_own(work: Work) -> None:
    work.write(
        "other/pyproject.toml", "[tool.ruff.format]\nquote-style = 'single'\n\n[tool.ruff.lint]\nselect = ['F']\n"
    )
    work.write("other/mod.py", 'X = "a"\n')
    work.write("app/more.py", "X = 'a'\n")
    assert found(check(work.root / "other")) == {
        ("format", "ruff-format", "other/mod.py"),
        ("format", "black", "app/more.py"),
    }


def test_staged_symbolic_links_are_not_followed(work: Work, tmp_path: Path) -> None:
    outside = tmp_path / "secret.py"
    outside.write_text("import os\nPASSWORD = 'x'\n")
    (work.root / "app/outside.py").symlink_to(outside)
    (work.root / "app/dangling.py").symlink_to(tmp_path / "nothing.py")
    work.git("add", "-A")
    report = check(work.root, staged=True)
    assert report.files == ()
    assert report.passed, report.findings
    append(work, "app/words.py", "\n\nSPARE: int = 1\n", stage=True)
    assert check(work.root, staged=True).files == ("app/words.py",)


def test_a_file_name_that_is_not_utf8_is_checked_like_any_other(work: Work) -> None:
    name = os.fsdecode(b"app/caf\xe9.py")
    work.write(name, "import os\n")
    for staged in (True, False):
        report = check(work.root, staged=staged)
        assert ("lint", "F401", name) in found(report), report
    assert work.expert("check", "--staged", ok=False).endswith("s")
    work.expert("check", "--staged", "--json", ok=False)


def test_named_files_are_judged_alone_and_for_what_is_new_in_them(work: Work) -> None:
    append(work, "app/words.py", "\n\nimport os\n")
    append(work, "app/main.py", "\n\nimport os\n")
    words = check(work.root, files=[work.root / "app/words.py"])
    assert words.files == ("app/words.py",)
    assert {finding.path for finding in words.findings} == {"app/words.py"}
    work.git("add", "-A")
    work.commit("feat: an older fault")
    assert check(work.root, files=[work.root / "app/words.py"]).passed
    with pytest.raises(UsageError, match="no such file"):
        check(work.root, files=[work.root / "app/nothing.py"])
    outside = work.root.parent / "outside.py"
    outside.write_text("")
    with pytest.raises(UsageError, match="outside of the repository"):
        check(work.root, files=[outside])
