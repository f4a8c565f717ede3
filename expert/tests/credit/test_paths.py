"""Every way in which git makes a commit, driven in a real repository: credit comes along, messages stay git's."""

from pathlib import Path

import pytest
from worktree import NOBODY, Work


def test_the_hook_names_who_touched_what_is_staged_and_settles_the_ledger(work: Work) -> None:
    work.edit("coder", "app/auth.py", "a = 1\n")
    work.edit("writer", "docs/notes.md", "later\n", stage=False)
    work.commit("feat(auth): add login")
    assert work.subject == "feat(auth): add login - @coder"
    assert work.pending == "@writer  docs/notes.md"


def test_a_declared_contributor_is_named_in_the_next_commit_only(work: Work) -> None:
    work.expert("credit", "add", "@reviewer")
    work.write("a.py", "a = 1\n")
    work.commit("feat: a")
    work.write("b.py", "b = 1\n")
    work.commit("feat: b")
    assert work.git("log", "-2", "--format=%s") == "feat: b\nfeat: a - @reviewer"


def test_expert_commit_writes_the_names_in_the_order_of_contribution(work: Work) -> None:
    work.expert("credit", "add", "@zoe", "@abe")
    work.write("a.py", "a = 1\n")
    work.expert("commit", "-m", "feat(auth): add login", "-m", "Why: people want in.")
    assert work.subject == "feat(auth): add login - @zoe @abe"
    assert work.body.endswith("Why: people want in.")
    assert work.pending == NOBODY


def test_expert_commit_works_where_no_hook_is_installed(bare_work: Work) -> None:
    bare_work.edit("coder", "a.py", "a = 1\n")
    bare_work.expert("commit", "-m", "feat: a")
    bare_work.edit("fixer", "a.py", "a = 2\n", stage=False)
    bare_work.expert("commit", "--all", "-m", "fix: a")
    assert bare_work.git("log", "--format=%s") == "fix: a - @fixer\nfeat: a - @coder"
    assert bare_work.pending == NOBODY


def test_expert_commit_of_a_path_credits_only_that_path(work: Work) -> None:
    work.edit("one", "app/a.py", "a = 1\n")
    work.edit("two", "app/b.py", "b = 1\n")
    work.expert("commit", "-m", "feat: a", "app/a.py")
    assert work.subject == "feat: a - @one"
    assert work.pending == "@two  app/b.py"


def test_commit_all_credits_files_that_were_not_staged(work: Work) -> None:
    work.write("a.py", "a = 1\n")
    work.commit("feat: a")
    work.edit("fixer", "a.py", "a = 2\n", stage=False)
    work.commit("fix: a", "--all")
    assert work.subject == "fix: a - @fixer"


def test_the_editor_opens_on_a_line_that_ends_with_the_names(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    typed = "sed -i.bak '1s/^/feat: typed/'"  # what a person types at the start of the first line
    work.git("commit", editor=typed)
    assert work.subject == "feat: typed - @coder"


def test_deleting_a_name_in_the_editor_is_refused_with_the_corrected_line(work: Work) -> None:
    work.edit("coder", "app/auth.py", "a = 1\n")
    said = work.git("commit", editor="sed -i.bak '1s/.*/feat(auth): add login/'", ok=False)
    assert "@coder contributed and is not named (app/auth.py)" in said
    assert "corrected line:\n  feat(auth): add login - @coder" in said
    assert work.subject == "chore: begin"


def test_a_dropped_contributor_is_not_asked_for_any_more(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.expert("credit", "drop", "@coder")
    work.commit("feat: a")
    assert work.subject == "feat: a"


def test_an_empty_message_is_left_to_git(work: Work) -> None:
    work.write("a.py", "a = 1\n")
    assert "empty commit message" in work.git("commit", editor="sed -i.bak 'd'", ok=False).lower()


def test_trailers_below_the_subject_still_parse(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.git("commit", "-s", "-m", "feat: a", "-m", "Body.", "--trailer", "Co-authored-by: Bo <bo@example.org>")
    assert work.subject == "feat: a - @coder"
    parsed = work.git("log", "-1", "--format=%(trailers:only)").splitlines()
    assert parsed == ["Signed-off-by: Ada <ada@example.org>", "Co-authored-by: Bo <bo@example.org>"]


def test_trailers_mirror_the_names_beside_those_that_are_there(work: Work) -> None:
    work.expert("credit", "add", "@coder")
    work.write("a.py", "a = 1\n")
    work.expert("commit", "--trailers", "-m", "feat: a", "-m", "Co-authored-by: Bo <bo@example.org>")
    assert work.subject == "feat: a - @coder"
    parsed = work.git("log", "-1", "--format=%(trailers:only)").splitlines()
    assert parsed == ["Co-authored-by: Bo <bo@example.org>", "Assisted-by: coder"]


def test_no_mentions_keeps_names_out_of_the_subject(work: Work) -> None:
    work.expert("credit", "add", "@coder")
    work.write("a.py", "a = 1\n")
    work.expert("commit", "--no-mentions", "-m", "feat: a")
    assert work.body == "feat: a\n\nAssisted-by: coder"
    assert "@coder" in work.expert("credit", "list")


def test_the_project_may_ask_for_trailers_and_no_mentions(work: Work) -> None:
    settings = '[tool.fastapi-expert.credit]\nmentions = false\ntypes = ["release"]\n'
    work.write("pyproject.toml", settings)
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("release: one")
    assert work.body == "release: one\n\nAssisted-by: coder"


@pytest.mark.parametrize("message", ["Release one", "release: one", "feat(auth) : x", "feat: x."])
def test_a_malformed_message_is_refused(work: Work, message: str) -> None:
    work.write("a.py", "a = 1\n")
    assert "corrected line:" in work.commit(message, ok=False)
    assert work.subject == "chore: begin"


def test_amend_keeps_the_names_and_adds_new_ones(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    work.edit("fixer", "a.py", "a = 2\n")
    work.git("commit", "--amend", "--no-edit")
    assert work.subject == "feat: a - @coder @fixer"
    work.git("commit", "--amend", "-m", "feat: a, better")
    assert work.subject == "feat: a, better - @coder @fixer"
    work.expert("credit", "add", "@third")
    work.expert("commit", "--amend")
    assert work.subject == "feat: a, better - @coder @fixer @third"
    assert work.git("rev-list", "--count", "HEAD") == "2"


def test_amending_the_message_alone_does_not_settle_unstaged_work(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    work.edit("fixer", "a.py", "a = 2\n", stage=False)
    work.git("commit", "--amend", "-m", "feat: b")
    assert work.subject == "feat: b - @coder"
    assert work.pending == "@fixer  a.py"


def _branch_with_commit(work: Work, name: str, path: str, text: str, message: str) -> str:
    work.git("switch", "-q", "-c", name)
    work.edit(f"{name}-agent", path, text)
    work.commit(message)
    sha = work.git("rev-parse", "HEAD")
    work.git("switch", "-q", "main")
    return sha


def test_a_merge_passes_with_git_s_own_message(work: Work) -> None:
    _branch_with_commit(work, "side", "side.py", "s = 1\n", "feat: side")
    work.write("main.py", "m = 1\n")
    work.commit("feat: main")
    work.git("merge", "--no-edit", "side")
    assert work.subject == "Merge branch 'side'"


def test_a_merge_with_a_conflict_that_an_agent_resolved_passes_and_settles(work: Work) -> None:
    _branch_with_commit(work, "side", "a.py", "a = 1\n", "feat: side")
    work.write("a.py", "a = 2\n")
    work.commit("feat: main")
    work.git("merge", "side", ok=False)
    work.edit("resolver", "a.py", "a = 3\n")
    work.git("commit", "--no-edit")
    assert work.subject == "Merge branch 'side'"
    assert work.pending == NOBODY


def test_a_squash_merge_names_everybody_of_the_branch(work: Work) -> None:
    _branch_with_commit(work, "side", "side.py", "s = 1\n", "feat: side")
    work.git("switch", "-q", "side")
    work.edit("other", "side.py", "s = 2\n")
    work.commit("fix: side")
    work.git("switch", "-q", "main")
    work.git("merge", "--squash", "side")
    work.commit("feat: side")
    names = work.subject.partition(" - ")[2].split()
    assert sorted(names) == ["@other", "@side-agent"]


def test_a_revert_passes_and_credits_nobody(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    work.git("revert", "--no-edit", "HEAD")
    assert work.subject == 'Revert "feat: a - @coder"'
    assert "@coder             " not in work.expert("credit", "list", "HEAD~1..HEAD")
    assert "none of which names a contributor" in work.expert("credit", "list", "HEAD~1..HEAD")


def test_fixup_and_autosquash_bring_the_fixer_into_the_melded_commit(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    target = work.git("rev-parse", "HEAD")
    work.write("b.py", "b = 1\n")
    work.commit("feat: b")
    work.edit("fixer", "a.py", "a = 2\n")
    work.git("commit", f"--fixup={target}")
    assert work.subject == "fixup! feat: a - @coder"
    work.git("rebase", "-i", "--autosquash", "HEAD~3", editor="true")
    assert work.git("log", "-2", "--format=%s") == "feat: b\nfeat: a - @coder @fixer"


def test_squash_brings_the_fixer_in_as_well(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    work.edit("fixer", "a.py", "a = 2\n")
    work.git("commit", "--squash=HEAD", "--no-edit")
    work.git("rebase", "-i", "--autosquash", "HEAD~2", editor="true")
    assert work.subject == "feat: a - @coder @fixer"


def test_rebase_keeps_every_message_and_leaves_unrelated_work_out(work: Work) -> None:
    work.git("switch", "-q", "-c", "side")
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    work.git("switch", "-q", "main")
    work.write("m.py", "m = 1\n")
    work.commit("feat: m")
    work.git("switch", "-q", "side")
    work.edit("later", "a.py", "a = 2\n", stage=False)
    work.git("rebase", "--autostash", "main")
    assert work.subject == "feat: a - @coder"
    assert work.pending == "@later  a.py"
    work.commit("fix: a", "-a")
    assert work.subject == "fix: a - @later"


def test_a_rebase_conflict_names_the_resolver(work: Work) -> None:
    work.git("switch", "-q", "-c", "side")
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    work.git("switch", "-q", "main")
    work.write("a.py", "a = 2\n")
    work.commit("feat: other a")
    work.git("switch", "-q", "side")
    work.git("rebase", "main", ok=False)
    work.edit("resolver", "a.py", "a = 3\n")
    work.git("rebase", "--continue")
    assert work.subject == "feat: a - @coder @resolver"
    assert work.pending == NOBODY


def test_rebase_and_cherry_pick_leave_old_messages_out_of_form_alone(work: Work) -> None:
    work.git("switch", "-q", "-c", "old")
    work.write("a.py", "a = 1\n")
    work.commit("Old style message.", "--no-verify")
    work.git("switch", "-q", "main")
    work.write("m.py", "m = 1\n")
    work.commit("feat: m")
    work.git("cherry-pick", "--edit", "old")
    assert work.subject == "Old style message."
    work.git("switch", "-q", "old")
    work.git("rebase", "--force-rebase", "HEAD~1")
    assert work.subject == "Old style message."


def test_cherry_pick_keeps_the_credit_and_names_who_resolved(work: Work) -> None:
    picked = _branch_with_commit(work, "side", "a.py", "a = 1\n", "feat: side")
    work.git("cherry-pick", picked)
    assert work.subject == "feat: side - @side-agent"
    work.git("reset", "-q", "--hard", "HEAD~1")
    work.write("a.py", "a = 2\n")
    work.commit("feat: main")
    work.git("cherry-pick", picked, ok=False)
    work.edit("resolver", "a.py", "a = 3\n")
    work.git("cherry-pick", "--continue")
    assert work.subject == "feat: side - @side-agent @resolver"


def test_reword_is_judged_like_a_new_message(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("feat: a")
    editor = """sh -c 'case "$1" in *todo) sed -i.bak "s/^pick/reword/" "$1";; *) echo nonsense > "$1";; esac' --"""
    assert "corrected line" in work.git("rebase", "-i", "HEAD~1", editor=editor, ok=False)


def test_changes_carried_to_a_new_branch_take_their_contributors_along(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.expert("credit", "add", "@reviewer")
    work.git("switch", "-q", "-c", "feature")
    work.commit("feat: a")
    assert work.subject == "feat: a - @coder @reviewer"
    work.git("switch", "-q", "main")
    assert work.pending == NOBODY


def test_work_left_in_a_stash_stays_with_its_branch(work: Work) -> None:
    work.write("a.py", "a = 0\n")
    work.commit("feat: a")
    work.edit("coder", "a.py", "a = 1\n", stage=False)
    work.git("stash")
    work.git("switch", "-q", "-c", "feature")
    work.write("b.py", "b = 1\n")
    work.commit("feat: b")
    assert work.subject == "feat: b"
    work.git("switch", "-q", "main")
    work.git("stash", "pop")
    work.commit("fix: a", "-a")
    assert work.subject == "fix: a - @coder"


def test_a_file_staged_in_part_stays_in_the_ledger(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.edit("coder", "a.py", "a = 1\nb = 2\n", stage=False)
    work.commit("feat: a")
    assert work.subject == "feat: a - @coder"
    assert work.pending == "@coder  a.py"
    work.commit("feat: b", "-a")
    assert work.subject == "feat: b - @coder"
    assert work.pending == NOBODY


def test_each_linked_work_tree_has_a_ledger_of_its_own(work: Work) -> None:
    work.git("worktree", "add", "-q", "-b", "side", "../side")
    side = Work(work.root.parent / "side")
    side.edit("side-agent", "a.py", "a = 1\n")
    work.edit("main-agent", "a.py", "a = 2\n")
    side.commit("feat: a in side")
    work.commit("feat: a in main")
    assert (side.subject, work.subject) == ("feat: a in side - @side-agent", "feat: a in main - @main-agent")


def test_a_submodule_keeps_its_own_ledger(work: Work, tmp_path: Path) -> None:
    library = Work(work.root.parent / "library")
    library.root.mkdir()
    library.git("init", "-q")
    library.write("l.py", "l = 1\n")
    library.commit("feat: l")
    work.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.root), "lib")
    work.commit("build: take in the library")
    inner = Work(work.root / "lib")
    inner.expert("install", "git")
    (work.root / ".git/modules/lib/hooks/pre-commit").unlink()
    inner.write("l.py", "l = 2\n")
    work.expert("credit", "add", "@coder", "--file", "lib/l.py")
    assert work.pending == NOBODY
    inner.commit("fix: l")
    assert inner.subject == "fix: l - @coder"


def test_the_first_commit_of_a_repository_is_credited_on_whatever_branch(bare_work: Work) -> None:
    bare_work.expert("install", "git")
    (bare_work.root / ".git/hooks/pre-commit").unlink()
    bare_work.edit("coder", "a.py", "a = 1\n")
    bare_work.git("checkout", "-q", "-b", "dev")
    bare_work.commit("feat: a")
    assert bare_work.subject == "feat: a - @coder"


def test_deleted_and_renamed_files_are_credited(work: Work) -> None:
    work.write("a.py", "a = 1\n" * 20)
    work.write("b.py", "b = 1\n")
    work.commit("feat: a and b")
    work.git("mv", "a.py", "c.py")
    work.expert("credit", "add", "@mover", "--file", "a.py")
    work.git("rm", "-q", "b.py")
    work.expert("credit", "add", "@remover", "--file", "b.py")
    work.commit("refactor: tidy")
    assert work.subject == "refactor: tidy - @mover @remover"


@pytest.mark.parametrize("name", ["with space.py", "quote'\".py", "line\nbreak.py", "ünï.py", "-dash.py", "[x]*.py"])
def test_any_file_name_is_credited(work: Work, name: str) -> None:
    work.write(name, "a = 1\n")
    work.expert("credit", "add", "@coder", f"--file={name}")
    work.commit("feat: odd")
    assert work.subject == "feat: odd - @coder"


def test_a_message_in_another_encoding_and_with_comments_survives(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    message = work.root / "message.txt"
    message.write_bytes("\n# a comment\nfix: caf\xe9 \xfcber\n\nBody.\n".encode("latin-1"))
    work.git("-c", "i18n.commitEncoding=latin-1", "commit", "--cleanup=strip", "-F", "message.txt")
    assert work.subject == "fix: café über - @coder"


def test_verbose_commit_does_not_mistake_the_diff_for_a_message(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.git("commit", "--verbose", editor="sed -i.bak '1s/^/feat: typed/'")
    assert work.body == "feat: typed - @coder"


def test_a_comment_before_the_subject_does_not_become_it_where_git_keeps_comments(work: Work) -> None:
    work.edit("coder", "a.py", "a = 1\n")
    work.commit("# on top\n\nfeat: a", "--cleanup=verbatim")
    assert work.body == "feat: a - @coder"
    assert "0 refused" in work.expert("credit", "check", "HEAD~1..HEAD")
