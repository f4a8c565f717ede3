"""The project's own tools: which interpreter is its, where a tool lies, and the command that installs a missing one."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

_BIN = "Scripts" if sys.platform == "win32" else "bin"
_SUFFIX = ".exe" if sys.platform == "win32" else ""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the project in ``home`` runs on. ``prefix`` is its virtual environment, None when it has none."""

    home: Path
    prefix: Path | None

    @property
    def python(self) -> Path:
        """Its interpreter; the one that runs us when it has no environment."""
        return self.prefix / _BIN / f"python{_SUFFIX}" if self.prefix else Path(sys.executable)

    def tool(self, name: str) -> Path | None:
        """The executable ``name``: the project's, else the one on PATH, else the one installed beside us."""
        beside_us = Path(sys.executable).parent
        for folder in (self.prefix / _BIN if self.prefix else None, None, beside_us):
            found = shutil.which(name, path=None if folder is None else str(folder))
            if found:
                return Path(found)
        return None

    def identity(self, executable: Path) -> str:
        """What tells one version of a tool from another, without starting it."""
        with contextlib.suppress(OSError):
            state = executable.resolve().stat()
            packages = sorted(executable.parent.parent.glob("lib/python*/site-packages")) or [executable.parent.parent]
            installed = packages[0].stat().st_mtime_ns
            return f"{executable}:{state.st_size}:{state.st_mtime_ns}:{installed}"
        return str(executable)

    def install(self, package: str) -> str:
        """The command that brings ``package`` into this project."""
        home = self.home
        if (home / "uv.lock").exists():
            return f"uv add --dev {package}"
        if (home / "poetry.lock").exists():
            return f"poetry add --group dev {package}"
        if (home / "pdm.lock").exists():
            return f"pdm add -dG dev {package}"
        if (home / "Pipfile").exists():
            return f"pipenv install --dev {package}"
        return f"{_relative(self.python, self.home)} -m pip install {package}"


@lru_cache(maxsize=64)
def environment(home: Path, top: Path) -> Environment:
    """The environment of the project in ``home``, sought upward to ``top``: a folder beside the code, the one that uv,
    poetry, hatch, pdm or conda keeps elsewhere, else the one that is activated."""
    for folder in _upward(home, top):
        for prefix in (*(folder / name for name in (".venv", "venv", "env", ".env")), *_other_prefixes(folder)):
            if (prefix / "pyvenv.cfg").is_file():
                return Environment(folder, prefix)
        if managed := _managed(folder):
            return Environment(folder, managed)
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    return Environment(home, Path(active) if active and (Path(active) / _BIN).is_dir() else None)


def home_of(path: str, top: Path, markers: tuple[str, ...]) -> Path:
    """The folder nearest to ``path`` (relative to ``top``) that holds the first of ``markers`` to be found at all;
    ``top`` when none is. ``file:[table`` asks for a file with a line that begins so."""
    for marker in markers:
        for folder in _upward((top / path).parent, top):
            if _is_marked(folder, marker):
                return folder
    return top


def _is_marked(folder: Path, marker: str) -> bool:
    name, _, table = marker.partition(":")
    file = folder / name
    if not table:
        return file.is_file()
    try:
        return any(line.startswith(table) for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return False


def _upward(folder: Path, top: Path) -> Iterator[Path]:
    while folder.is_relative_to(top):
        yield folder
        if folder == folder.parent:
            return
        folder = folder.parent


def _managed(folder: Path) -> Path | None:
    """An environment that a project manager keeps outside the project."""
    commands = {
        "poetry.lock": ("poetry", "env", "info", "--path"),
        "Pipfile": ("pipenv", "--venv"),
        "hatch.toml": ("hatch", "env", "find"),
        "pyproject.toml:[tool.hatch.envs": ("hatch", "env", "find"),
    }
    if conda := _conda(folder):
        return conda
    with contextlib.suppress(OSError):
        chosen = Path((folder / ".pdm-python").read_text(encoding="utf-8").strip())
        if chosen.is_file():
            return chosen.parent.parent
    for marker, command in commands.items():
        if not _is_marked(folder, marker) or not shutil.which(command[0]):
            continue
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=True)
            path = Path(done.stdout.strip().splitlines()[0]) if done.stdout.strip() else None
            if path and (path / _BIN).is_dir():
                return path
    return None


def _other_prefixes(folder: Path) -> list[Path]:
    """Where `uv` is told to keep the environment, folders of any name, and poetry's own folder of environments."""
    with contextlib.suppress(OSError):
        told = os.environ.get("UV_PROJECT_ENVIRONMENT")
        beside = sorted(each.parent for each in folder.glob("*/pyvenv.cfg"))
        return [*([folder / told] if told else []), *beside, *_poetry(folder)]
    return []


def _poetry(folder: Path) -> list[Path]:
    """Environments as poetry names them: the project's name, a hash of where it lies, the version of Python."""
    if not (folder / "poetry.lock").is_file() and not _is_marked(folder, "pyproject.toml:[tool.poetry"):
        return []
    mac = Path.home() / "Library/Caches/pypoetry"
    cache = Path(os.environ.get("POETRY_CACHE_DIR") or (mac if mac.is_dir() else Path.home() / ".cache/pypoetry"))
    place = sha256(os.path.normcase(os.path.realpath(folder)).encode()).digest()
    return sorted((cache / "virtualenvs").glob(f"*-{urlsafe_b64encode(place).decode()[:8]}-py*"), reverse=True)


def _conda(folder: Path) -> Path | None:
    """The environment that `environment.yml` names, among those of the conda that is seen."""
    for name in ("environment.yml", "environment.yaml"):
        with contextlib.suppress(OSError):
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
            named = re.search(r"(?m)^name:\s*[\"']?([\w.-]+)", text)
            places = [root / "envs" / named[1] for root in _conda_roots()] if named is not None else []
            return next((place for place in places if (place / _BIN).is_dir()), None)
    return None


def _conda_roots() -> list[Path]:
    tool = os.environ.get("CONDA_EXE")
    told = [os.environ.get("MAMBA_ROOT_PREFIX"), os.environ.get("CONDA_ROOT"), tool and str(Path(tool).parent.parent)]
    usual = [Path.home() / each for each in ("miniconda3", "anaconda3", "miniforge3", "micromamba")]
    return [*(Path(each) for each in told if each), *usual]


def _relative(path: Path, home: Path) -> str:
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)
