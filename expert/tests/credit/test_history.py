"""History read back: counts by name, commits out of form, and the machine-readable answers of every command."""

import pytest
from documents import read
from worktree import NOBODY, Work


@pytest.fixture
def history(bare_work: Work) -> Work:
    """Five commits of three contributors, without hooks: this is what a clone looks like."""
    for number, message in enumerate(
        (
            "feat(auth): add login - @coder @tester",
            "fix(auth): close sessions - @coder (#12)",
            "docs: say how\n\nLonger.\n\nAssisted-by: @writer:model-4 [web]\nSigned-off-by: Ada <ada@example.org>",
            'Revert "fix(auth): close sessions - @coder (#12)"',
            "Some old commit",
        )
    ):
        bare_work.write(f"file{number % 2}.py", f"a = {number}\n" * (number + 1))
        bare_work.commit(message)
    return bare_work


def test_contributors_are_counted_by_commits_files_and_lines(history: Work) -> None:
    said = read(history.expert("credit", "list", "--json"), "credit.json")
    coder, tester, writer = said["contributors"]
    assert (coder["name"], coder["commits"], coder["files"], coder["insertions"]) == ("coder", 2, 2, 3)
    assert coder["types"] == {"feat": 1, "fix": 1}
    assert (tester["name"], writer["name"]) == ("tester", "writer")
    assert said["commits_total"] == 5
    assert [commit["names"] for commit in said["commits"]] == [["writer"], ["coder"], ["coder", "tester"]]


def test_a_range_is_read_on_its_own(history: Work) -> None:
    assert "@tester" not in history.expert("credit", "list", "HEAD~4..HEAD")
    assert "2 commits, none of which names a contributor" in history.expert("credit", "list", "HEAD~2..")


def test_a_binary_file_and_an_odd_name_are_counted(bare_work: Work) -> None:
    (bare_work.root / "tab\there \n.bin").write_bytes(b"\0\1\2")
    bare_work.git("add", "-A")
    bare_work.commit("feat: binary - @coder")
    coder = read(bare_work.expert("credit", "list", "--json"), "credit.json")["contributors"][0]
    assert (coder["files"], coder["insertions"]) == (1, 0)


def test_an_empty_history_names_nobody(bare_work: Work) -> None:
    assert bare_work.expert("credit", "list") == "no commit here"


def test_check_names_the_commits_out_of_form_and_lets_reverts_merges_and_fixups_pass(history: Work) -> None:
    history.write("x.py", "x = 1\n")
    history.commit("fixup! feat(auth): add login - @coder @tester")
    history.git("switch", "-q", "-c", "side", "HEAD~1")
    history.git("commit", "-q", "--allow-empty", "-m", "feat: side")
    history.git("merge", "-q", "--no-ff", "-m", "whatever the merge says", "main")
    said = history.expert("credit", "check", "HEAD", ok=False)
    assert said.count("refused:") == 1
    assert "corrected line:\n  chore(file0): Some old commit" in said
    assert said.endswith("8 commits checked, 1 refused")
    document = read(history.expert("credit", "check", "HEAD", "--json", ok=False), "credit.json#/$defs/checked")
    assert document["refused"][0]["corrected"] == "chore(file0): Some old commit"
    assert "0 refused" in history.expert("credit", "check", "HEAD~1..HEAD~1")


@pytest.mark.parametrize("revisions", ["nowhere..HEAD", "--all", "-p"])
def test_a_range_that_is_none_is_an_error_not_a_traceback(history: Work, revisions: str) -> None:
    assert "error:" in history.expert("credit", "list", "--", revisions, ok=False)


def test_the_ledger_is_shown_to_machines(bare_work: Work) -> None:
    bare_work.write("a.py", "a = 1\n")
    said = bare_work.expert("credit", "add", "@coder", "--file", "a.py", "--session", "s1", "--json")
    entry = read(said, "credit.json#/$defs/ledger")["pending"][0]
    assert (entry["name"], entry["file"], entry["session"]) == ("coder", "a.py", "s1")
    assert read(bare_work.expert("credit", "drop", "--all", "--json"), "credit.json#/$defs/ledger")["pending"] == []


def test_expert_commit_answers_machines_and_refuses_with_the_corrected_line(bare_work: Work) -> None:
    bare_work.write("a.py", "a = 1\n")
    bare_work.expert("credit", "add", "coder")
    refused = read(bare_work.expert("commit", "-m", "added a", "--json", ok=False), "commit.json")
    assert (refused["committed"], refused["corrected"]) == (False, "feat(a): added a - @coder")
    tried = bare_work.expert("commit", "-m", "feat: a", "--dry-run")
    assert tried == "feat: a - @coder"
    made = read(bare_work.expert("commit", "-m", "feat: a", "--json"), "commit.json")
    assert made["commit"] == bare_work.git("rev-parse", "HEAD")
    assert made["message"] == "feat: a - @coder"


def test_expert_commit_without_a_message_or_anything_staged_says_so(bare_work: Work) -> None:
    assert "a commit needs a message" in bare_work.expert("commit", ok=False)
    assert "nothing to commit" in bare_work.expert("commit", "-m", "feat: a", ok=False)


@pytest.mark.parametrize("name", ["Code Reviewer", "a_b", "--", "ü"])
def test_a_name_that_no_subject_can_carry_is_refused_with_one_that_can(bare_work: Work, name: str) -> None:
    assert "is not a contributor's name" in bare_work.expert("credit", "add", "--", f"@{name}", ok=False)


def test_installing_answers_machines(bare_work: Work) -> None:
    said = read(bare_work.expert("install", "git", "--json"), "install.json")
    assert {change["action"] for change in said["clients"][0]["changes"]} == {"created"}
    assert read(bare_work.expert("install", "git", "--remove", "--json"), "install.json")["removed"] is True


def test_check_knows_from_the_ledger_whom_a_commit_leaves_out(work: Work) -> None:
    work.edit("coder", "app.py", "a = 1\n")
    work.git("commit", "--no-verify", editor="sed -i 's/.*@coder.*/feat: an app/'")
    assert (work.subject, work.pending) == ("feat: an app", NOBODY)
    said = work.expert("credit", "check", "HEAD~1..HEAD", ok=False)
    assert "@coder contributed and is not named (app.py)" in said
    assert "corrected line:\n  feat: an app - @coder" in said


def test_a_name_that_no_contributor_of_the_project_bears_is_refused_with_the_nearest(work: Work) -> None:
    names = '[tool.fastapi-expert.credit]\ncontributors = ["coder", "@test-writer"]\n'
    work.write("pyproject.toml", names)
    said = work.commit("feat: an app - @tset-writer @coder", ok=False)
    assert "no contributor of this project is called @tset-writer: did you mean @test-writer?" in said
    assert "corrected line:\n  feat: an app - @test-writer @coder" in said
    work.git("commit", "--no-verify", "-m", "feat: an app\n\nAssisted-by: stranger:model")
    assert "is called @stranger" in work.expert("credit", "check", "HEAD~1..HEAD", ok=False)
    work.commit("feat: an app - @coder", "--amend")
    assert "1 commits checked, 0 refused" in work.expert("credit", "check", "HEAD~1..HEAD")


def test_a_message_file_that_is_not_there_is_an_error_that_names_it(work: Work) -> None:
    for hook in ("commit-msg", "prepare-commit-msg"):
        said = work.expert("git-hook", hook, "nowhere/MSG", ok=False)
        assert said.startswith("expert: ")
        assert "nowhere/MSG" in said
        assert "No such file" in said
        assert "Traceback" not in said
