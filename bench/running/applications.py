"""Applications outside of this repository that a judge may change and run, from a file that says how.

`APPLICATIONS.json` is `{NAME: {"root", "python", "app", "cwd"?, "env"?, "call"?, "asked"?}}`: the folder, the
interpreter that has what the application needs, `module:app`, the folder below root to import it from, the environment,
whether `app` is a function that makes it, and a table that `routes_dump.py --ask` wrote. Judges work on a copy; a value
of the environment that begins with the root means the copy.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

LIMIT_S = 240
HERE = Path(__file__).parent
_LEFT = shutil.ignore_patterns(".git", ".venv", ".expert", "__pycache__", "node_modules", "*.pyc")


@dataclass(frozen=True)
class Application:
    """One of them; ``root`` is the copy's while it is copied."""

    name: str
    root: Path
    python: Path
    app: str
    cwd: str = "."
    env: tuple[tuple[str, str], ...] = ()
    call: bool = False
    asked: Path | None = None

    def run(self, script: str, *arguments: str) -> Any:
        """What a script of `bench/` prints as JSON, run in the application's folder; None where it fails."""
        try:
            done = subprocess.run(
                self._command(script, *arguments), **self._place(), capture_output=True, timeout=LIMIT_S, check=False
            )
            return json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return None

    def start(self, script: str) -> "subprocess.Popen[str]":
        """A script of `bench/` that answers line by line."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(self._command(script), **self._place(), **pipes, text=True)

    def _command(self, script: str, *arguments: str) -> list[str]:
        return [str(self.python), str(HERE / script), self.app, *(["--call"] if self.call else []), *arguments]

    def _place(self) -> dict[str, Any]:
        own = {"HOME": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", **dict(self.env)}
        return {"cwd": self.root / self.cwd, "env": {**os.environ, **own}}

    def routes(self, *, ask: bool = False) -> list[Mapping[str, Any]] | None:
        """Its own table, as `bench/running/routes_dump.py` writes it, with a stranger's requests when asked for."""
        table = self.run("routes_dump.py", *(["--ask", "--fill"] if ask else []))
        return None if table is None else table["routes"]


def applications(file: Path, only: str = "") -> list[Application]:
    """Those of the file, or those of ``only`` (separated by commas)."""
    wanted = {name for name in only.split(",") if name}
    return [
        Application(
            name,
            Path(one["root"]),
            Path(one["python"]),
            one["app"],
            one.get("cwd", "."),
            tuple(one.get("env", {}).items()),
            one.get("call", False),
            Path(one["asked"]) if "asked" in one else None,
        )
        for name, one in json.loads(file.read_text()).items()
        if not wanted or name in wanted
    ]


@contextmanager
def copied(application: Application) -> Iterator[Application]:
    """A copy in a temporary folder, with the environment beside it as `.venv`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / application.name
        shutil.copytree(application.root, root, symlinks=True, ignore=_LEFT)
        (root / ".venv").symlink_to(application.python.parents[1])
        env = [(name, value.replace(str(application.root), str(root))) for name, value in application.env]
        yield replace(application, root=root, env=tuple(env))


@contextmanager
def changed(root: Path, texts: Mapping[str, str | None]) -> Iterator[None]:
    """The files have these texts for a while (None: they are gone); then all is as it was."""
    before = {path: (root / path).read_bytes() if (root / path).exists() else None for path in texts}
    try:
        for path, text in texts.items():
            if text is None:
                (root / path).unlink()
            else:
                (root / path).write_text(text)
        yield
    finally:
        for path, content in before.items():
            if content is not None:
                (root / path).write_bytes(content)
            else:
                (root / path).unlink(missing_ok=True)


def sources(root: Path) -> dict[str, str]:
    """The Python files that are no tests and no migrations, by path."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        parts = set(relative.lower().split("/"))
        if not parts & {".venv", "tests", "test", "migrations", "alembic", "docs", "examples", "node_modules"}:
            found[relative] = path.read_text(encoding="utf-8", errors="replace")
    return found
