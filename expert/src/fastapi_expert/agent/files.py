"""The files an agent may read and write: inside the project, not hidden by git, and not what judges its work."""

import subprocess
import tomllib
from pathlib import Path, PurePosixPath

from fastapi_expert.tool import Refused

_JUDGES = {"ruff.toml", ".ruff.toml", "pyrightconfig.json", ".importlinter", "setup.cfg", "tox.ini", "pytest.ini"} | {
    ".pre-commit-config.yaml",
    "mypy.ini",
    ".bandit",
}
"""Files that configure the gate: the agent that it judges does not change them."""
_HIDDEN = {".git", ".expert", ".github"}
LONGEST = 200_000
"""Characters of one file from which on a model is told to read a part of it."""


class Files:
    """The project at ``root``, which lies in a git work tree."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def readable(self, path: str) -> Path:
        """The file at ``path``, absolute or relative to the root; raises `Refused` when it is not for an agent."""
        file = (self.root / path).resolve()  # through every link: what counts is where it leads
        if not file.is_relative_to(self.root):
            raise Refused(f"{path} is outside of the project. Paths are relative to its root.")
        name = file.relative_to(self.root).as_posix()
        if _HIDDEN & {PurePosixPath(name).parts[0].lower() if name != "." else ""}:
            raise Refused(f"{name} is not for an agent; notes have tools of their own.")
        if self._ignored(name):
            raise Refused(f"{name} is kept from git (.gitignore), so it is kept from you.")
        return file

    def writable(self, path: str, text: str) -> Path:
        """As `readable`, for a file that is to hold ``text``."""
        file = self.readable(path)
        if file.is_dir():
            raise Refused(f"{path} is a folder.")
        if file.name in _JUDGES:
            raise Refused(f"{path} configures the checks your work is judged by; a person changes it.")
        if file.name == "pyproject.toml" and _tools(text) != _tools(self.text(file)):
            raise Refused("The [tool.*] tables of pyproject.toml configure the checks; leave them as they are.")
        return file

    def name(self, file: Path) -> str:
        """The path of ``file`` relative to the root, with `/`."""
        return file.relative_to(self.root).as_posix()

    def text(self, file: Path) -> str:
        """What ``file`` holds, empty when it is not there; raises `Refused` when it is not text."""
        try:
            return file.read_bytes().decode()
        except FileNotFoundError:
            return ""
        except (UnicodeDecodeError, OSError) as error:
            raise Refused(f"{self.name(file)} cannot be read as text: {error}") from None

    def listed(self, folder: str) -> list[str]:
        """Every file below ``folder`` that git holds or would take."""
        place = self.readable(folder or ".")
        names = self._git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", str(place)).stdout
        return sorted({name for name in names.split("\0") if name and (self.root / name).is_file()})

    def _ignored(self, name: str) -> bool:
        return self._git("check-ignore", "--quiet", "--", name).returncode == 0

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *arguments], check=False, cwd=self.root, capture_output=True, text=True)


def _tools(text: str) -> object:
    try:
        return tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"This is not TOML: {error}") from None
