"""`expert new`: lays the service down as a project of its own, and remembers from what."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from fastapi_expert import __version__
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.from_service import template

Database = Literal["sqlite", "postgresql"]
RECORD = Path(".expert/template.json")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_ ][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a template asks; the record keeps them, so that an update asks nothing again."""

    title: str
    slug: str
    description: str
    database: Database
    posts: bool = True
    uploads: bool = True

    @property
    def role(self) -> str:
        """The role and the database of PostgreSQL that bear the project's name."""
        return self.slug.replace("-", "_")

    @property
    def database_url(self) -> str:
        """Where a new project looks for its PostgreSQL, until somebody says otherwise in `.env`."""
        return f"postgresql://{self.role}:{self.role}@localhost/{self.role}"

    @classmethod
    def named(
        cls, name: str, *, description: str | None, database: Database, posts: bool = True, uploads: bool = True
    ) -> "Answers":
        """The answers that follow from `name` ("shop", "book-store"); raises `ExpertError` when it is no name."""
        if not _NAME.fullmatch(name) or len(name) > 50:
            raise ExpertError(
                f"{name!r} cannot name a project", do="Use letters, digits and single hyphens, e.g. book-store."
            )
        words = re.split(r"[-_ ]", name)
        title = " ".join(word[:1].upper() + word[1:] for word in words)
        return cls(
            title, "-".join(words).lower(), description or f"{title}: a FastAPI service.", database, posts, uploads
        )


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
    from copier import run_copy

    with tempfile.TemporaryDirectory() as made:
        template.build(Path(made), posts=answers.posts, uploads=answers.uploads)
        blanks = {name: answer for name, answer in asdict(answers).items() if name not in {"posts", "uploads"}}
        data = {**blanks, "role": answers.role}
        run_copy(made, folder, data=data, defaults=True, quiet=True, overwrite=True)
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
