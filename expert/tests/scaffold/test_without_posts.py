"""A project without the example, or without uploads: whole, in form, and free of what it does not have."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.from_service import example, template
from fastapi_expert.scaffold.from_service.answers import Answers
from fastapi_expert.scaffold.new import lay_down

_SAYS_POSTS = re.compile(r"\bposts\b|PostStatus|post_(id|tags)|view_count|ResponseCache|cache_ttl|slug/", re.IGNORECASE)

_SAYS_UPLOADS = re.compile(r"UPLOAD|uploads?_|S3_|s3_|\bAvatar\(|avatar_|post_?image|[Pp]illow|\bobstore")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "shop"
    lay_down(folder, Answers.named("shop", description=None, database="sqlite", posts=False))
    return folder


def run(*command: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_no_file_speaks_of_what_is_not_there(shop: Path) -> None:
    texts = {path: path.read_text() for path in shop.rglob("*.*") if path.suffix in {".py", ".md", ".toml", ".html"}}
    assert not {str(path): found for path, text in texts.items() if (found := _SAYS_POSTS.search(text))}


def test_it_is_in_form_and_migrates_to_its_own_tables(shop: Path) -> None:
    run(tool("ruff"), "format", "--check", ".", cwd=shop)
    run(tool("ruff"), "check", ".", cwd=shop)
    run(tool("lint-imports"), cwd=shop)
    document = json.loads(run(sys.executable, "-m", "app", "openapi", cwd=shop))
    assert not [path for path in document["paths"] if "post" in path or "tag" in path or "stats" in path]
    assert "posts" not in json.dumps(document)
    told = "not_name or sqlite and (down_to_nothing or one_of_the_models or trail_is_searched)"
    where = ("tests/database/test_migrations.py", "tests/contract/test_openapi.py", "tests/admin/test_operations.py")
    run(sys.executable, "-m", "pytest", *where, "-n0", "-k", told, cwd=shop)


def test_posts_of_ones_own_can_be_added_to_it(shop: Path) -> None:
    first, second = "post title:str author:ref[user] --no-prove", "comment post:ref[post] body:text at:datetime?"
    for resource in (first, second):
        run(sys.executable, "-m", "fastapi_expert", "add", *resource.split(), cwd=shop)
    whole_life = "sqlite and made_read_changed_and_deleted"
    run(sys.executable, "-m", "pytest", "tests/posts", "tests/comments", "-n0", "-q", "-k", whole_life, cwd=shop)


@pytest.mark.parametrize("posts", [True, False])
def test_uploads_can_be_left_out_too(tmp_path: Path, posts: bool) -> None:
    folder = tmp_path / "shop"
    template.write(folder, Answers.named("shop", description=None, database="sqlite", posts=posts, uploads=False))
    read = (path for path in folder.rglob("*") if path.suffix in {".py", ".md", ".toml", ".yaml", ".html"})
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in read}
    assert not {path: found[0] for path, text in texts.items() if (found := _SAYS_UPLOADS.search(text))}
    assert "avatar" in texts["app/models/user.py"], "the address of one elsewhere stays"
    run(tool("ruff"), "format", "--check", ".", cwd=folder)
    run(tool("ruff"), "check", ".", cwd=folder)
    run(tool("lint-imports"), cwd=folder)
    if not posts:
        return  # the same as without posts alone
    told = "sqlite and down_to_nothing or not_name or readme_names"
    where = ("tests/database/test_migrations.py", "tests/contract/test_openapi.py", "tests/config/test_settings.py")
    run(sys.executable, "-m", "pytest", *where, "-n0", "-k", told, cwd=folder)


def test_a_template_that_has_changed_behind_its_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpertError, match="no such file"):
        example.remove(tmp_path)
