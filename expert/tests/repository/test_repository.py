"""What holds for the repository as a whole: nothing of the machine it was made on, nothing that is installed twice."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_lock_pins_every_package_with_hashes_and_names_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^(\S+)==(\S+)", lock, re.MULTILINE)
    assert len(pinned) > 50
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        if "==" in entry:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|file:", lock)


@pytest.mark.parametrize("project", ["expert", "service"])
def test_every_direct_dependency_is_in_the_lock(project: str):
    import tomllib

    lock = {
        name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.M)
    }
    table = tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"]
    wanted = [*table["dependencies"], *(name for extra in table["optional-dependencies"].values() for name in extra)]
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()
        assert name in lock, requirement


def test_everything_that_is_tracked_is_text_but_the_pictures_of_the_documents():
    binary = [path for path in tracked() if b"\0" in path.read_bytes()[:8_192]]
    assert [path.relative_to(ROOT) for path in binary if path.suffix != ".png"] == []


def test_no_document_names_a_registry_or_a_directory_of_one_machine():
    for path in tracked("*.md", "*.toml", "*.lock", "*.yml", "*.cfg", "Makefile", ".ci/run"):
        text = path.read_text()
        found = re.findall(
            r"(?:/root|/home/\w+|/work|/opt/\w+)/[\w./-]+|pypi\.org/simple|files\.pythonhosted\.org", text
        )
        assert not found, (path, found)


def test_the_two_packages_never_import_each_other():
    imports = re.compile(r"^\s*(?:from|import) (app|fastapi_expert)\b", re.MULTILINE)
    for package, other in (("service/app/", "fastapi_expert"), ("expert/src/fastapi_expert/", "app")):
        for path in tracked(f"{package}*.py"):
            assert other not in imports.findall(path.read_text()), path
