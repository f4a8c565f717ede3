"""Reading a diff: what every file will be, whatever the diff leaves out."""

import difflib
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop import lay_down

from fastapi_expert.diff import DiffError, is_diff
from fastapi_expert.duplicates.drafts import Draft, read_diff
from fastapi_expert.duplicates.since import added_lines

LINES = st.lists(
    st.sampled_from(["a = 1", "def f():", "    return a", "", "--- x", "+++ y", "@@ -1 +1 @@"]), max_size=12
)


def unified(old: list[str], new: list[str], context: int) -> bytes:
    lines = difflib.unified_diff(
        [f"{line}\n" for line in old], [f"{line}\n" for line in new], "a/m.py", "b/m.py", n=context
    )
    return "".join(lines).encode()


@given(LINES, LINES, st.integers(0, 3))
def test_a_diff_applied_gives_the_new_file(old: list[str], new: list[str], context: int):
    patch = unified(old, new, context)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "m.py").write_text("".join(f"{line}\n" for line in old))
        drafts = read_diff(patch, root)
    if old == new:
        assert drafts == ()
    else:
        (draft,) = drafts
        read = draft.source.decode()
        taken = set(new) <= {*old, ""} and read == "".join(f"{line}\n" for line in old)  # as if it were applied
        assert taken or read == "".join(f"{line}\n" for line in new)
        assert draft.path == "m.py"


@given(LINES, LINES, st.integers(1, 3))
def test_a_diff_that_is_applied_already_gives_the_file_as_it_lies(old: list[str], new: list[str], context: int):
    patch = unified(old, new, context)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "m.py").write_text("".join(f"{line}\n" for line in new))
        drafts = read_diff(patch, root)
    if set(new) - set(old):  # it brings a line that was not there
        (draft,) = drafts
        assert draft.source.decode() == "".join(f"{line}\n" for line in new)
        assert draft.old is not None
        assert draft.old.decode() == "".join(f"{line}\n" for line in old)


def test_without_the_old_file_the_new_side_is_judged(tmp_path: Path):
    (draft,) = read_diff(unified(["a = 1", "b = 2", "c = 3"], ["a = 1", "b = 3", "c = 3"], 1), tmp_path)
    assert draft.source.split(b"\n")[:3] == [b"a = 1", b"b = 3", b"c = 3"]


def test_git_diffs_with_new_renamed_deleted_and_quoted_files_are_read(tmp_path: Path):
    lay_down(tmp_path, {"old.py": "x = 1\ny = 2\nz = 3\n", "gone.py": "w = 1\n", "größe.py": "maß = 1\n"})
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    (tmp_path / "gone.py").unlink()
    lay_down(tmp_path, {"new.py": "v = 1\n", "größe.py": "maß = 2\n"})
    subprocess.run(["git", "add", "-N", "new.py"], cwd=tmp_path, check=True)
    patch = subprocess.run(["git", "diff"], cwd=tmp_path, check=True, capture_output=True).stdout
    assert is_diff(patch)
    assert {(draft.path, draft.source) for draft in read_diff(patch, tmp_path)} == {
        ("new.py", b"v = 1\n"),
        ("gone.py", b""),
        ("größe.py", "maß = 2\n".encode()),
    }


def test_a_cut_diff_is_refused_by_file_and_hunk(tmp_path: Path):
    with pytest.raises(DiffError, match="ends in the middle") as refused:
        read_diff(b"--- a/m.py\n+++ b/m.py\n@@ -1,3 +1,3 @@\n a", tmp_path)
    assert refused.value.where == "m.py"


@pytest.mark.parametrize("text", [b"", b"x = 1\n", b"--- a comment?\nx = 1\n", b'"""\n--- a\n+++ b\n"""\n'])
def test_python_is_no_diff(text: bytes):
    assert not is_diff(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(text: bytes):
    with TemporaryDirectory() as folder:
        try:
            drafts = read_diff(b"--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@\n" + text, Path(folder))
        except DiffError:
            return
    assert all(isinstance(draft, Draft) for draft in drafts)


def test_the_lines_a_change_touches_are_known_by_file(tmp_path: Path):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    lay_down(tmp_path, {"app/a.py": "".join(f"x{n} = {n}\n" for n in range(1, 11)), "other/b.py": "b = 1\n"})
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "chore: all"]):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
    lines = (tmp_path / "app/a.py").read_text().splitlines(keepends=True)
    (tmp_path / "app/a.py").write_text("".join([*lines[:2], "+++ b/z.py\n", *lines[2:6], *lines[7:]]))
    lay_down(tmp_path, {"app/new.py": "n = 1\n", "other/b.py": "b = 2\n", "app/note.md": "x\n"})
    changed = added_lines(tmp_path / "app", "HEAD")
    assert changed["a.py"] == [(3, 3), (7, 8)]
    assert changed["new.py"][0][0] == 1
    assert "b.py" not in str(changed)
