"""`expert install git` in real repositories, beside real hook managers; `--remove` gives back every byte."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from worktree import Work

from fastapi_expert.clients.edits import ClientError
from fastapi_expert.clients.installation import install, remove

BIN = Path(sys.executable).parent
PRE_COMMIT = """\
# our checks
repos:
  - repo: local
    hooks:
      - id: theirs
        name: theirs
        language: system
        entry: sh -c 'echo theirs >> ran.txt'
        always_run: true
        pass_filenames: false
        stages: [pre-commit, commit-msg]   # both

# trailing comment
"""


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with bytes and mode, git's own bookkeeping left out."""
    volatile = (".git/objects", ".git/logs", ".git/index", ".git/COMMIT_EDITMSG", ".git/refs", ".git/HEAD")
    return {
        str(path.relative_to(root)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in sorted(root.rglob("*"))
        if path.is_file() and not str(path.relative_to(root)).startswith(volatile)
    }


def hook(work: Work, name: str, text: str, *, folder: str = ".git/hooks", mode: int = 0o755) -> Path:
    path = work.root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def without_gate(work: Work) -> None:
    """The gate is tested on its own; here it would only find that this repository is no project."""
    for path in (work.root / ".git/hooks/pre-commit", work.root / ".git/expert/hooks/pre-commit"):
        path.unlink(missing_ok=True)


def refuses_and_credits(work: Work) -> None:
    """What an installation must do wherever its hooks live."""
    work.edit("coder", "a.py", "a = 1\n")
    assert "corrected line" in work.commit("nonsense", ok=False)
    work.commit("feat: a")
    assert work.subject == "feat: a - @coder"
    assert "nobody" in work.pending


@pytest.fixture(autouse=True)
def _managers_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")


def test_hooks_go_into_an_empty_folder_and_out_again(bare_work: Work) -> None:
    shutil.rmtree(bare_work.root / ".git/hooks")
    before = snapshot(bare_work.root)
    changes = install(bare_work.root, "git")
    assert {change.path for change in changes} == {
        f".git/hooks/{name}" for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
    }
    assert [change.action for change in install(bare_work.root, "git")] == ["unchanged"]
    without_gate(bare_work)
    refuses_and_credits(bare_work)
    remove(bare_work.root, "git")
    shutil.rmtree(bare_work.root / ".git/expert")  # the ledger is the repository's, not the installation's
    (bare_work.root / "a.py").unlink()
    assert snapshot(bare_work.root) == before
    assert not (bare_work.root / ".git/hooks").exists()


def test_a_hook_that_was_there_runs_first_and_its_refusal_is_final(bare_work: Work) -> None:
    hook(bare_work, "commit-msg", "#!/bin/sh\necho theirs $# >> ran.txt\ngrep -q secret $1 && exit 7\nexit 0\n")
    hook(bare_work, "prepare-commit-msg", f"#!{sys.executable}\nimport sys; open('ran.txt', 'a').write('python\\n')\n")
    hook(bare_work, "post-commit", "#!/bin/sh\nexit 1\n", mode=0o644)  # not executable: git passes it by, and so do we
    before = snapshot(bare_work.root)
    install(bare_work.root, "git")
    without_gate(bare_work)
    refuses_and_credits(bare_work)
    bare_work.commit("feat: secret", "--allow-empty", ok=False)
    assert (bare_work.root / "ran.txt").read_text() == "python\ntheirs 1\n" * 3
    remove(bare_work.root, "git")
    after = snapshot(bare_work.root)
    assert {path: after[path] for path in before} == before
    assert not list((bare_work.root / ".git/hooks").glob("*expert*"))


def test_a_hook_edited_after_the_installation_loses_our_part_only(bare_work: Work) -> None:
    install(bare_work.root, "git")
    path = bare_work.root / ".git/hooks/commit-msg"
    path.write_text(path.read_text() + "echo mine\n")
    remove(bare_work.root, "git")
    assert path.read_text() == "#!/bin/sh\necho mine\n"


@pytest.mark.parametrize("manager", ["pre-commit", "prek"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_beside_pre_commit_an_entry_joins_its_configuration(bare_work: Work, manager: str, newline: str) -> None:
    config = bare_work.root / ".pre-commit-config.yaml"
    config.write_bytes(PRE_COMMIT.replace("\n", newline).encode())
    bare_work.git("add", ".")
    bare_work.run(manager, "install", "-t", "commit-msg", "-t", "prepare-commit-msg", "-t", "post-commit")
    before = snapshot(bare_work.root)
    changes = install(bare_work.root, "git")
    assert ".pre-commit-config.yaml" in {change.path for change in changes}
    assert ".git/hooks/commit-msg" not in {change.path for change in changes}
    without_gate(bare_work)
    bare_work.run(manager, "validate-config", str(config))
    bare_work.git("add", ".")
    refuses_and_credits(bare_work)
    assert "theirs" in (bare_work.root / "ran.txt").read_text()
    remove(bare_work.root, "git")
    after = snapshot(bare_work.root)
    assert {path: after[path] for path in before} == before


def test_pre_commit_installed_afterwards_keeps_ours_running_and_removal_finds_it(bare_work: Work) -> None:
    (bare_work.root / ".pre-commit-config.yaml").write_text(PRE_COMMIT)
    bare_work.git("add", ".")
    install(bare_work.root, "git")
    without_gate(bare_work)
    bare_work.run("pre-commit", "install", "-t", "commit-msg")
    refuses_and_credits(bare_work)
    assert "theirs" in (bare_work.root / "ran.txt").read_text()
    remove(bare_work.root, "git")
    assert [path.name for path in (bare_work.root / ".git/hooks").iterdir() if path.suffix != ".sample"] == [
        "commit-msg"
    ]


@pytest.mark.parametrize("text", ["repos: []\n", "repos: [{repo: meta}]\n", "repos: {\n", "- a\n", ""])
def test_a_configuration_that_cannot_take_an_entry_is_refused_and_untouched(bare_work: Work, text: str) -> None:
    hook(bare_work, "commit-msg", "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n")
    (bare_work.root / ".pre-commit-config.yaml").write_text(text)
    before = snapshot(bare_work.root)
    with pytest.raises(ClientError, match=r"pre-commit-config\.yaml"):
        install(bare_work.root, "git")
    assert snapshot(bare_work.root) == before


def test_beside_lefthook_a_local_configuration_is_laid_over_the_shared_one(bare_work: Work) -> None:
    (bare_work.root / "lefthook.yml").write_text(
        "commit-msg:\n  commands:\n    theirs:\n      run: echo theirs >> ran.txt\n"
    )
    bare_work.run("lefthook", "install")
    before = snapshot(bare_work.root)
    install(bare_work.root, "git")
    without_gate(bare_work)
    refuses_and_credits(bare_work)
    assert "theirs" in (bare_work.root / "ran.txt").read_text()
    bare_work.run("lefthook", "install", "--force")  # lefthook takes over every hook: ours run from its configuration
    (bare_work.root / ".git/hooks/pre-commit").unlink()
    bare_work.edit("other", "a.py", "a = 2\n")
    bare_work.commit("fix: a")
    assert bare_work.subject == "fix: a - @other"
    remove(bare_work.root, "git")
    assert snapshot(bare_work.root)["lefthook.yml"] == before["lefthook.yml"]
    assert not (bare_work.root / "lefthook-local.yml").exists()


def test_beside_husky_a_block_goes_into_its_scripts(bare_work: Work) -> None:
    theirs = hook(bare_work, "commit-msg", "echo theirs >> ran.txt\n", folder=".husky", mode=0o644)
    for name in ("commit-msg", "prepare-commit-msg", "post-commit"):  # what husky 9 writes, in short
        hook(bare_work, name, f'#!/bin/sh\n[ ! -f .husky/{name} ] || sh -e .husky/{name} "$@"\n', folder=".husky/_")
    bare_work.git("config", "core.hooksPath", ".husky/_")
    before = snapshot(bare_work.root)
    install(bare_work.root, "git")
    assert sys.executable not in theirs.read_text(), "a shared script must not name this machine's interpreter"
    refuses_and_credits(bare_work)
    assert "theirs" in (bare_work.root / "ran.txt").read_text()
    remove(bare_work.root, "git")
    after = snapshot(bare_work.root)
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("shared", ["outside", "inside"])
def test_a_hooks_folder_that_is_not_this_repository_s_is_chained_to_and_left_alone(
    bare_work: Work, tmp_path: Path, shared: str
) -> None:
    folder = tmp_path / "global hooks" if shared == "outside" else bare_work.root / ".githooks"
    for name in ("commit-msg", "pre-push"):
        hook(bare_work, name, f"#!/bin/sh\necho {name} >> ran.txt\n", folder=str(folder))
    bare_work.git("config", "core.hooksPath", str(folder) if shared == "outside" else ".githooks")
    before, there = snapshot(bare_work.root), snapshot(folder)
    install(bare_work.root, "git")
    assert [change.action for change in install(bare_work.root, "git")] == ["unchanged"]
    without_gate(bare_work)
    refuses_and_credits(bare_work)
    bare_work.git("init", "-q", "--bare", "../remote.git")
    bare_work.git("push", "-q", "../remote.git", "main")
    assert (bare_work.root / "ran.txt").read_text() == "commit-msg\ncommit-msg\npre-push\n"
    assert snapshot(folder) == there
    remove(bare_work.root, "git")
    after = snapshot(bare_work.root)
    assert {path: after[path] for path in before} == before


def test_a_configuration_edited_since_gets_only_its_hooks_path_back(bare_work: Work, tmp_path: Path) -> None:
    bare_work.git("config", "core.hooksPath", str(tmp_path / "shared"))
    install(bare_work.root, "git")
    bare_work.git("config", "user.nickname", "ada")
    remove(bare_work.root, "git")
    assert bare_work.git("config", "core.hooksPath") == str(tmp_path / "shared")
    assert bare_work.git("config", "user.nickname") == "ada"


def test_hooks_serve_linked_work_trees_and_folders_below(bare_work: Work) -> None:
    bare_work.write("README.md", "x\n")
    bare_work.commit("chore: begin")
    bare_work.git("worktree", "add", "-q", "-b", "side", "../side tree")
    side = Work(bare_work.root.parent / "side tree")
    (side.root / "sub").mkdir()
    install(side.root / "sub", "git")
    without_gate(bare_work)
    refuses_and_credits(side)
    refuses_and_credits(bare_work)
    remove(bare_work.root, "git")
    side.write("b.py", "b = 1\n")
    side.commit("anything goes")


def test_an_interpreter_that_went_away_falls_back_to_the_command_on_the_path(bare_work: Work) -> None:
    install(bare_work.root, "git")
    without_gate(bare_work)
    for path in (bare_work.root / ".git/hooks").glob("*"):
        path.write_text(re.sub(r"\S+/bin/python[\d.]*", "/no/such/python", path.read_text()))
    refuses_and_credits(bare_work)


def test_a_machine_without_the_expert_is_told_and_refused(bare_work: Work) -> None:
    install(bare_work.root, "git")
    hooks = bare_work.root / ".git/hooks"
    for path in hooks.glob("*"):
        path.write_text(re.sub(r"\S+/bin/python[\d.]*", "/no/such/python", path.read_text()))
    for name, code in {"commit-msg": 1, "pre-commit": 1, "prepare-commit-msg": 0, "post-commit": 0}.items():
        done = subprocess.run(
            [hooks / name, "x"], cwd=bare_work.root, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
        )
        assert done.returncode == code
        assert "expert: not found; install it" in done.stderr


def test_outside_a_repository_installing_says_what_to_do(tmp_path: Path) -> None:
    done = Work(tmp_path).expert("install", "git", ok=False)
    assert "not in a git repository" in done
    assert "git init" in done
