"""How files are written: from templates, and as the project's own ruff would have them."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def template_environment() -> "Environment":
    """What fills templates of Python and Markdown in: a name that is not given is an error."""
    from jinja2 import Environment, StrictUndefined  # slow to import, and seldom needed

    return Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701


class Formatter:
    """The ruff of the project at ``root``, else one that is at hand; nothing is done where there is none."""

    def __init__(self, root: Path) -> None:
        beside = Path(sys.executable).parent
        candidates = [root / ".venv/bin/ruff", root / ".venv/Scripts/ruff.exe", beside / "ruff", beside / "ruff.exe"]
        self._root = root
        self._ruff = next((str(path) for path in candidates if path.exists()), shutil.which("ruff"))

    def is_formatted(self, path: str) -> bool:
        """Whether the file is as ruff would have it: one that is not stays as its authors wrote it."""
        return self._run("check", "--select", "I", "--quiet", path) and self._run("format", "--check", "--quiet", path)

    def format(self, paths: list[str]) -> None:
        """Order the imports and format."""
        if paths:
            self._run("check", "--select", "I", "--fix", "--quiet", *paths)
            self._run("format", "--quiet", *paths)

    def formatted(self, text: str) -> str:
        """A piece of a file in form."""
        if self._ruff is None:
            return text
        command = [self._ruff, "format", "--quiet", "--stdin-filename", "piece.py", "-"]
        done = subprocess.run(command, check=False, cwd=self._root, input=text, capture_output=True, text=True)
        return done.stdout.strip("\n") if done.returncode == 0 else text

    def _run(self, command: str, *arguments: str) -> bool:
        if self._ruff is None:
            return False
        done = subprocess.run([self._ruff, command, *arguments], check=False, cwd=self._root, capture_output=True)
        return done.returncode == 0
