"""Which releases of its dependencies a project is written for, wherever it says so."""

from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.codebase.files.pins import ASSUMED, Pins

LOCK = '[[package]]\nname = "starlette"\nversion = "0.40.0"\n\n[[package]]\nname = "fastapi"\nversion = "0.110.3"\n'


@pytest.mark.parametrize(
    ("file", "text", "least", "end"),
    [
        ("uv.lock", LOCK, (0, 110), (0, 111)),
        ("poetry.lock", LOCK, (0, 110), (0, 111)),
        ("pdm.lock", LOCK, (0, 110), (0, 111)),
        ("pylock.toml", LOCK.replace("package", "packages"), (0, 110), (0, 111)),
        ("Pipfile.lock", '{"default": {"fastapi": {"version": "==0.110.3"}}}', (0, 110), (0, 111)),
        (
            "requirements.txt",
            "# fastapi==0.1\nuvicorn\nfastapi[all]==0.110.3 \\\n    --hash=sha256:1\n",
            (0, 110),
            (0, 111),
        ),
        ("requirements.txt", "FastAPI >= 0.100, < 0.120 ; python_version > '3.9'\n", (0, 100), (0, 120)),
        ("requirements-base.txt", "fastapi~=0.110.1\n", (0, 110), (0, 111)),
        ("requirements/prod.txt", "-r base.txt\nfastapi<=0.110.0", (0, 0), (0, 111)),
        ("pyproject.toml", '[project]\ndependencies = ["uvicorn", "fastapi>=0.110,<0.115"]\n', (0, 110), (0, 115)),
        (
            "pyproject.toml",
            '[project.optional-dependencies]\nweb = ["fastapi[standard] == 0.110.*"]\n',
            (0, 110),
            (0, 111),
        ),
        ("pyproject.toml", '[dependency-groups]\ndev = [{include-group = "x"}, "fastapi<0.2"]\n', (0, 0), (0, 2)),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "^0.110"\n', (0, 110), (0, 111)),
        (
            "pyproject.toml",
            '[tool.poetry.group.web.dependencies]\nfastapi = {version = "~0.110.2"}\n',
            (0, 110),
            (0, 111),
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nfastapi = [{version = "0.90"}, {version = "0.110"}]',
            (0, 110),
            (0, 111),
        ),
        ("setup.cfg", "[options]\ninstall_requires =\n    uvicorn\n    fastapi>=0.90,<0.99\n", (0, 90), (0, 99)),
        ("setup.cfg", "[options.extras_require]\nserver =\n    fastapi==0.99.1\n", (0, 99), (0, 100)),
        ("setup.py", "setup(install_requires=['uvicorn', \"fastapi<0.99\"])", (0, 0), (0, 99)),
        ("Pipfile", '[packages]\nfastapi = "==0.99.0"\n', (0, 99), (0, 100)),
        ("backend/requirements.txt", "fastapi==0.99.0\n", (0, 99), (0, 100)),
    ],
)
def test_a_project_says_its_releases_in_any_of_its_files(
    tmp_path: Path, file: str, text: str, least: tuple[int, int], end: tuple[int, int]
) -> None:
    found = Pins(lay_down(tmp_path, {file: text})).of("fastapi")
    assert (found.least, found.end, found.source) == (least, end, file)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("requirements.txt", "fastapi\nfastapi-users==12.0\nfastapi @ git+https://example.org/fastapi@0.99.0\n"),
        ("pyproject.toml", '[project]\nname = "fastapi"\nversion = "0.99"\ndependencies = ["fastapi"]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "*"\nmine = {path = "fastapi==0.1"}\n'),
        ("pyproject.toml", "[project\nfastapi==0.99"),
        ("Pipfile.lock", "[]"),
        ("setup.cfg", "install_requires = fastapi==0.99\n"),
    ],
)
def test_where_nothing_is_said_the_newest_is_assumed_and_no_file_named(tmp_path: Path, file: str, text: str) -> None:
    assert Pins(lay_down(tmp_path, {file: text})).of("fastapi") == ASSUMED


def environment(root: Path, version: str, folder: str = ".venv") -> None:
    home = f"{folder}/lib/python3.12/site-packages"
    lay_down(root, {f"{folder}/pyvenv.cfg": "home = /usr/bin\n", f"{home}/FastAPI-{version}.dist-info/METADATA": "x"})


def test_what_binds_more_counts_a_lock_then_what_is_installed_then_a_range(tmp_path: Path) -> None:
    lay_down(tmp_path, {"requirements.txt": "fastapi>=0.90\n"})
    assert Pins(tmp_path).of("fastapi").source == "requirements.txt"
    environment(tmp_path, "0.112.1")
    found = Pins(tmp_path).of("fastapi")
    assert (found.least, found.source) == ((0, 112), ".venv/lib/python3.12/site-packages")
    lay_down(tmp_path, {"uv.lock": LOCK})
    assert Pins(tmp_path).of("fast_api").source == ""
    assert Pins(tmp_path).of("FastAPI").source == "uv.lock"


def test_nothing_above_the_repository_is_read(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "service"
    lay_down(
        tmp_path, {"requirements.txt": "fastapi==0.90\n", "project/.git/HEAD": "", "project/service/x.py": "x = 1"}
    )
    assert Pins(inner).of("fastapi") == ASSUMED
    lay_down(tmp_path, {"project/pyproject.toml": '[project]\ndependencies = ["fastapi==0.99.0"]\n'})
    assert Pins(inner).of("fastapi").source == "pyproject.toml"
    assert Pins(inner / "x.py").of("fastapi").source == "pyproject.toml"


@pytest.mark.parametrize(("pinned", "expected"), [("==0.110.0", False), (">=0.110", True), ("<0.137", False)])
def test_whether_included_routers_stay_live_hangs_on_what_is_pinned(
    tmp_path: Path, pinned: str, expected: bool
) -> None:
    project = f'[project]\nname = "x"\ndependencies = ["fastapi{pinned}"]\n'
    assert load(lay_down(tmp_path, {"pyproject.toml": project, "main.py": "x = 1"}), cache=False).is_live is expected
