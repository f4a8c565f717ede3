"""What docs/architecture.md promises: small folders, each with its meaning; the field's names; benchmarks that run."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_repository import ROOT, tracked

PACKAGES = ("expert/src/fastapi_expert", "service/app")
REGISTRIES = {"expert/src/fastapi_expert/cli", "expert/src/fastapi_expert/clients/agents"}
"""One file a command or client; rules have a folder for each family."""
SIBLINGS = 14
PRIVATE_DIALECT = {"core", "at", "Hole", "Shelf", "lineless", "elsewhere", "beside", "yard", "hot", "wire"}


def folders(*packages: str) -> dict[str, list[Path]]:
    """Python modules by folder, relative to the repository; `__init__` is the folder itself."""
    found: dict[str, list[Path]] = {}
    for path in tracked(*(f"{package}/*.py" for package in packages)):
        found.setdefault(path.parent.relative_to(ROOT).as_posix(), []).append(path)
    return found


def test_no_folder_of_code_has_more_than_fourteen_siblings():
    sizes = Counter(
        {
            folder: sum(path.name != "__init__.py" for path in modules)
            for folder, modules in folders(*PACKAGES, "bench").items()
            if folder not in REGISTRIES and "/rules" not in folder
        }
    )
    assert [pair for pair in sizes.most_common() if pair[1] > SIBLINGS] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_has_its_line_in_the_map_of_the_architecture(package: str):
    text = (ROOT / "docs/architecture.md").read_text()
    for folder in folders(package):
        name = folder.removeprefix(package).strip("/")
        shown = f"app/{name}/" if package == "service/app" else f"{name}/"
        assert not name or shown in text or name.count("/") + (package == "service/app") > 1, folder


def names_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def test_no_module_class_or_parameter_speaks_a_dialect_of_its_own():
    for modules in folders(*PACKAGES, "bench").values():
        for path in modules:
            assert not PRIVATE_DIALECT & set(path.relative_to(ROOT).with_suffix("").parts), path
            assert not PRIVATE_DIALECT & set(names_of(path)), path


def test_every_benchmark_starts():
    modules = [
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for path in tracked("bench/*.py")
        if path.name not in {"__main__.py", "naive.py", "floors.py", "peer.py"}
    ]
    ran = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(modules)}"], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
