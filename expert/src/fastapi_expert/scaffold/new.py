"""`expert new`: lays the service down as a project of its own, and remembers from what."""

import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

from fastapi_expert import __version__
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.from_service import template
from fastapi_expert.scaffold.from_service.answers import Answers

RECORD = Path(".expert/template.json")


def lay_down(folder: Path, answers: Answers) -> str:
    """Write the service to `folder`, make it a git repository and commit; returns the commit.

    Whatever goes wrong, nothing of it stays.

    Raises:
        ExpertError: the folder exists and is not empty, or git is missing or refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExpertError("this exists and is not empty", where=str(folder), do="Choose another name or --path.")
    existed = folder.exists()
    try:
        return _lay_down(folder, answers)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if existed:
            folder.mkdir()
        raise


def _lay_down(folder: Path, answers: Answers) -> str:
    git(Path.cwd(), "--version")
    render(folder, answers)
    if answers.database == "postgresql":  # a file of this machine: git ignores it, as it will the password
        (folder / ".env").write_text(f"DATABASE_URL={answers.database_url}\n", encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "-m", f"chore: lay down from fastapi-expert {__version__}")
    return git(folder, "rev-parse", "HEAD").strip()


def render(folder: Path, answers: Answers) -> None:
    """Write the template's files with `answers`, and the record of both."""
    template.write(folder, answers)
    record = {"version": __version__, "answers": asdict(answers)}
    (folder / RECORD).parent.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def git(folder: Path, *arguments: str, env: dict[str, str] | None = None, check: bool = True) -> str:
    """What git prints; commits get a name of ours where the machine has none."""
    environment = {**os.environ, **(env or {})}
    for role in ("AUTHOR", "COMMITTER"):
        if arguments[0] in {"commit", "commit-tree", "merge"}:
            environment.setdefault(f"GIT_{role}_NAME", _identity(folder, "user.name", "fastapi-expert"))
            environment.setdefault(f"GIT_{role}_EMAIL", _identity(folder, "user.email", "fastapi-expert@localhost"))
    try:
        done = subprocess.run(
            ["git", *arguments], check=False, cwd=folder, env=environment, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise ExpertError("git is not installed", do="Install git, then run the command again.") from error
    if check and done.returncode != 0:
        raise ExpertError(f"git {arguments[0]} failed: {(done.stderr or done.stdout).strip()}", where=str(folder))
    return done.stdout


def _identity(folder: Path, key: str, otherwise: str) -> str:
    known = subprocess.run(["git", "config", key], check=False, cwd=folder, capture_output=True, text=True)
    return known.stdout.strip() or otherwise
