"""`expert propose`: a draft, a whole diff, and what is never held against them."""

import json
import subprocess
from pathlib import Path

import pytest
from shop import DUPLICATE, NEW, Expert, lay_down, run_expert


def test_a_draft_that_is_here_already_is_refused_with_the_place(expert: Expert):
    done = expert("propose", "-", "--as", "app/services/members.py", text=DUPLICATE)
    assert done.code == 1
    assert done.out.startswith("duplicate: ")
    assert "app/services/accounts.py:9" in done.out or "app/services/billing.py:22" in done.out


def test_a_draft_that_is_new_may_be_written(expert: Expert, shop: Path):
    (shop / "draft.txt").write_text(NEW)
    done = expert("propose", "draft.txt", "--as=app/moon.py", "--json")
    assert (done.code, json.loads(done.out)["verdict"], json.loads(done.out)["findings"]) == (0, "new", [])


def test_a_file_that_replaces_itself_is_no_duplicate_of_itself(expert: Expert):
    assert expert("propose", "app/core/security.py").code == 0
    assert expert("propose", "app/core/security.py", "--as", "app/other.py").code == 1


def test_a_place_is_one_of_the_codebase_that_is_named_from_elsewhere(
    shop: Path, tmp_path_factory: pytest.TempPathFactory
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    text = (shop / "app/core/security.py").read_text()

    def code(place: str) -> int:
        return run_expert("propose", "-", "--root", str(shop), "--as", place, cwd=elsewhere, text=text).code

    assert (code("app/core/security.py"), code("app/other.py"), code("../other.py")) == (0, 1, 2)


def test_what_was_here_twice_before_does_not_block_another_edit_of_the_file(expert: Expert, shop: Path):
    text = (shop / "app/services/billing.py").read_text() + "\n\n" + NEW.lstrip("\n")
    assert expert("propose", "-", "--as", "app/services/billing.py", text=text).code == 0


def test_a_copy_within_the_file_itself_is_refused(expert: Expert, shop: Path):
    (shop / "app/services/billing.py").write_text("")  # the only other place that has it
    text = (shop / "app/services/accounts.py").read_text()
    body = text[text.index("def create_user") : text.index("def user_by_id")]
    done = expert(
        "propose", "-", "--as", "app/services/accounts.py", text=f"{text}\n\n{body.replace('create_user', 'sign_up')}"
    )
    assert (done.code, done.out.split(":")[0]) == (1, "duplicate")
    assert "app/services/accounts.py:9" in done.out


def diff(shop: Path, files: dict[str, str | None]) -> str:
    """What `git diff` says when the shop gets these files (None: deleted)."""
    subprocess.run(["git", "init", "-q"], cwd=shop, check=True)
    subprocess.run(["git", "add", "."], cwd=shop, check=True)
    for path, text in files.items():
        if text is None:
            (shop / path).unlink()
        else:
            lay_down(shop, {path: text})
    subprocess.run(["git", "add", "-N", "."], cwd=shop, check=True)
    patch = subprocess.run(["git", "diff"], cwd=shop, check=True, capture_output=True, text=True).stdout
    subprocess.run(["git", "stash", "-q"], cwd=shop, check=False, capture_output=True)
    subprocess.run(["git", "apply", "-R"], cwd=shop, check=True, input=patch, text=True)
    return patch


def test_a_diff_of_several_files_is_judged_as_a_whole(expert: Expert, shop: Path):
    patch = diff(shop, {"app/moon.py": NEW, "app/services/members.py": DUPLICATE})
    done = expert("propose", "-", text=patch)
    assert done.code == 1
    assert done.out.startswith("duplicate: ")
    assert "app/services/members.py" in done.out
    assert expert("propose", "-", text=diff(shop, {"app/moon.py": NEW})).code == 0


def test_a_function_that_a_diff_moves_is_no_duplicate_of_where_it_was(expert: Expert, shop: Path):
    source = (shop / "app/core/security.py").read_text()
    head, start, rest = source.partition("def get_password_hash")
    body, _, tail = rest.partition("def current_user")
    patch = diff(
        shop,
        {
            "app/core/hashing.py": "import hashlib\nimport os\n\n\n" + start + body,
            "app/core/security.py": head + "def current_user" + tail,
        },
    )
    done = expert("propose", "-", text=patch)
    assert (done.code, done.out.split(":")[0]) == (0, "new")


def test_a_damaged_diff_is_an_error(expert: Expert):
    done = expert("propose", "-", text="--- a/x.py\n+++ b/x.py\n@@ -1,4 +1,4 @@\n a\n")
    assert (done.code, done.out) == (2, "")
    assert "the diff ends in the middle of hunk" in done.err


@pytest.mark.parametrize("draft", ["", "   \n", "\x00\xff", "def broken(:\n  return (((", "# only a comment\n"])
def test_any_draft_gets_a_verdict(expert: Expert, draft: str):
    done = expert("propose", "-", "--as", "app/x.py", text=draft.encode("latin-1"))
    assert (done.code, done.err) == (0, "")


def test_a_document_is_not_judged(expert: Expert):
    assert expert("propose", "-", "--as", "README.md", text="# Shop\n").code == 0
