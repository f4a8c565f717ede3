"""The template laid down and brought forward, from wheels as a user installs them."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.from_service.answers import Answers
from fastapi_expert.scaffold.new import lay_down
from fastapi_expert.scaffold.revisions import Chain

PACKAGE = Path(__file__).parents[2]

Expert = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of the wheel as it is built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=PACKAGE, check=True, capture_output=True)
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def later_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, one version on: a file changed in two places, a file added, a file gone, a file moved."""
    site = tmp_path_factory.mktemp("later") / "site"
    shutil.copytree(wheel, site)
    version = site / "fastapi_expert/__init__.py"
    version.write_text(version.read_text().replace("0.1.0", "0.2.0"))
    service = site / "fastapi_expert/scaffold/service"
    clock = service / "app/kit/clock.py"
    clock.write_text(clock.read_text().replace('"""', '"""Changed by the template. ', 1) + "\n\nTEMPLATE = 2\n")
    (service / "app/kit/added.py").write_text('"""New in 0.2.0."""\n')
    (service / "app/kit/ids.py").unlink()
    (service / "app/time").mkdir()
    (service / "app/kit/counters.py").rename(service / "app/time/counts.py")
    moves = site / "fastapi_expert/scaffold/moves.toml"
    text = moves.read_text().replace("[modules]", '[modules]\n"app.kit.counters" = "app.time.counts"')
    moves.write_text(text.replace("[names]", '[names]\n"app.kit.counters.FLUSH_INTERVAL" = "app.time.counts.EVERY"'))
    newest = max((service / "migrations/versions").glob("*.py"))
    number = newest.name[:4]
    later = newest.read_text().replace(f'down_revision = "{int(number) - 1:04d}"', f'down_revision = "{number}"')
    later = later.replace(f'revision = "{number}"\ndown', f'revision = "{int(number) + 1:04d}"\ndown')
    (service / f"migrations/versions/{int(number) + 1:04d}_later.py").write_text(later)
    return site


def expert_of(site: Path) -> Expert:
    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(site), "HOME": str(cwd)}
        command = [sys.executable, "-m", "fastapi_expert", *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    return run


def git(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c"}
    environment |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def laid_down(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new")
    done = expert_of(wheel)("new", "book-store", "--description", "Sells books: old & new.", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "book-store"


@pytest.fixture
def shop(laid_down: Path, tmp_path: Path) -> Path:
    """A copy of the new project, for one test to change."""
    return shutil.copytree(laid_down, tmp_path / "book-store")


def test_a_new_project_is_committed_and_bears_its_own_name(shop: Path) -> None:
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "log", "--format=%s").strip() == "chore: lay down from fastapi-expert 0.1.0"
    texts = {path: path.read_text() for path in shop.rglob("*.*") if path.suffix in {".py", ".toml", ".yaml", ".yml"}}
    assert not [path for path, text in texts.items() if re.search("publishing.service", text, re.IGNORECASE)]
    assert 'name = "book-store"' in (shop / "pyproject.toml").read_text()
    assert "Sells books: old & new." in (shop / "pyproject.toml").read_text()
    assert 'project_name: Line = "Book Store"' in (shop / "app/config/settings.py").read_text()
    assert (shop / "README.md").read_text().startswith("# Book Store\n\nSells books: old & new.\n")
    assert (shop / ".gitignore").is_file()
    assert (shop / "Makefile").is_file()


def test_a_project_on_postgresql_names_its_server_and_keeps_the_password_from_git(wheel: Path, tmp_path: Path) -> None:
    done = expert_of(wheel)("new", "book-store", "--database", "postgresql", cwd=tmp_path)
    address = "postgresql://book_store:book_store@localhost/book_store"
    assert f".env names {address}" in done.stdout
    shop = tmp_path / "book-store"
    settings = "from app.config import Settings; print(Settings().database.get_backend_name())"
    environment = {**os.environ, "PYTHONPATH": str(shop)}
    asked = subprocess.run([sys.executable, "-c", settings], cwd=shop, env=environment, capture_output=True, text=True)
    assert asked.stdout.strip() == "postgresql", asked.stderr
    assert f"DATABASE_URL={address}" in (shop / ".env.example").read_text()
    assert ".env" not in git(shop, "ls-files").split()
    assert git(shop, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", ["ab", "the-long-name-of-a-service-of-some"])
def test_a_project_of_any_name_is_in_form(wheel: Path, tmp_path: Path, name: str) -> None:
    assert expert_of(wheel)("new", name, cwd=tmp_path).returncode == 0
    for command in (["format", "--check", "."], ["check", "."]):
        ruff = [str(Path(sys.executable).with_name("ruff")), *command]
        done = subprocess.run(ruff, cwd=tmp_path / name, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_new_project_passes_its_own_format_lint_and_layers(shop: Path) -> None:
    for command in (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["lint-imports"]):
        tool = Path(sys.executable).with_name(command[0])
        environment = {**os.environ, "PYTHONPATH": str(shop)}
        done = subprocess.run(
            [str(tool), *command[1:]], cwd=shop, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["1shop", "a/b", "..", "shop;rm", "", "x" * 51])
def test_a_name_that_cannot_be_one_is_refused(wheel: Path, tmp_path: Path, name: str) -> None:
    done = expert_of(wheel)("new", "--", name, cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot name a project" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(wheel: Path, shop: Path) -> None:
    (shop / "mine.txt").write_text("mine")
    done = expert_of(wheel)("new", "book-store", cwd=shop.parent)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert (shop / "mine.txt").read_text() == "mine"


def test_an_update_brings_what_is_new_and_keeps_what_was_edited(later_wheel: Path, shop: Path) -> None:
    main = shop / "app/main.py"
    main.write_text(main.read_text() + "\n# our own line\n")
    git(shop, "commit", "--all", "--quiet", "-m", "ours")
    done = expert_of(later_wheel)("update", cwd=shop)
    assert done.returncode == 0, done.stderr + done.stdout
    assert main.read_text().endswith("# our own line\n")
    assert (shop / "app/kit/added.py").is_file()
    assert not (shop / "app/kit/ids.py").exists()
    assert (shop / "app/kit/clock.py").read_text().endswith("TEMPLATE = 2\n")
    assert git(shop, "status", "--porcelain") == ""
    again = expert_of(later_wheel)("update", cwd=shop)
    assert "Up to date" in again.stdout


def test_what_was_edited_moves_with_the_template_and_own_files_import_it_from_its_new_place(
    later_wheel: Path, shop: Path
) -> None:
    counters = shop / "app/kit/counters.py"
    counters.write_text(counters.read_text() + "\n\nOURS = 1\n")
    main = shop / "app/main.py"
    main.write_text(main.read_text() + "\n\nfrom app.kit.counters import OURS  # noqa: E402, F401\n")
    own = shop / "app/kit/own.py"
    own.write_text(
        "from app.kit import clock\nfrom app.kit.counters import FLUSH_INTERVAL, BufferedCounter as Counter\n"
    )
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "-m", "ours")
    done = expert_of(later_wheel)("update", cwd=shop)
    assert done.returncode == 0, done.stderr + done.stdout
    assert git(shop, "status", "--porcelain") == ""
    assert not counters.exists()
    assert (shop / "app/time/counts.py").read_text().endswith("OURS = 1\n")
    assert "from app.time.counts import OURS" in main.read_text()
    assert own.read_text().splitlines() == [
        "from app.kit import clock",
        "from app.time.counts import EVERY as FLUSH_INTERVAL, BufferedCounter as Counter",
    ]


def test_a_migration_of_the_template_comes_after_those_of_the_project(
    wheel: Path, later_wheel: Path, shop: Path
) -> None:
    newest = max((shop / "migrations/versions").glob("*.py")).name[:4]
    assert expert_of(wheel)("add", "product", "name:str", cwd=shop).returncode == 0
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "-m", "ours")
    done = expert_of(later_wheel)("update", cwd=shop)
    assert done.returncode == 0, done.stderr + done.stdout
    assert git(shop, "status", "--porcelain") == ""
    chain = Chain.read(shop / "migrations/versions")
    head = chain.head()
    (own,) = [revision for revision, path in chain.files.items() if path.name.endswith("_products.py")]
    assert head == f"{int(newest) + 1:04d}"
    assert [chain.before[head], chain.before[own]] == [own, newest]
    assert "Up to date" in expert_of(later_wheel)("update", cwd=shop).stdout


def test_an_update_remembers_that_there_are_no_posts(wheel: Path, later_wheel: Path, tmp_path: Path) -> None:
    assert expert_of(wheel)("new", "book-store", "--without-posts", cwd=tmp_path).returncode == 0
    shop = tmp_path / "book-store"
    done = expert_of(later_wheel)("update", cwd=shop)
    assert done.returncode == 0, done.stderr + done.stdout
    assert (shop / "app/kit/added.py").is_file()
    assert not (shop / "app/models/post.py").exists()


def test_both_sides_of_a_conflict_are_shown_and_nothing_is_lost(later_wheel: Path, shop: Path) -> None:
    clock = shop / "app/kit/clock.py"
    clock.write_text(clock.read_text().replace('"""', '"""Changed by us. ', 1))
    git(shop, "commit", "--all", "--quiet", "-m", "ours")
    done = expert_of(later_wheel)("update", cwd=shop)
    assert done.returncode == 1
    assert "conflict  app/kit/clock.py" in done.stdout
    text = clock.read_text()
    assert "Changed by us." in text
    assert "Changed by the template." in text
    assert "<<<<<<<" in text
    git(shop, "merge", "--abort")
    assert "Changed by us." in clock.read_text()


def test_uncommitted_work_stops_an_update(later_wheel: Path, shop: Path) -> None:
    (shop / "app/main.py").write_text("work in progress")
    done = expert_of(later_wheel)("update", cwd=shop)
    assert done.returncode == 2
    assert "uncommitted" in done.stderr
    assert (shop / "app/main.py").read_text() == "work in progress"


def test_a_project_of_another_origin_is_not_updated(wheel: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    done = expert_of(wheel)("update", cwd=tmp_path)
    assert done.returncode == 2
    assert "not laid down by expert new" in done.stderr


@pytest.mark.parametrize("exists", [False, True])
def test_a_project_that_cannot_be_committed_is_not_left_half_laid_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    folder = tmp_path / "shop"
    if exists:
        folder.mkdir()
    with pytest.raises(ExpertError, match="git is not installed"):
        lay_down(folder, Answers.named("shop", description=None, database="sqlite"))
    assert folder.exists() is exists
    assert not exists or not list(folder.iterdir())
