"""A real git repository, for tests that drive one."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.credit import record

WHO = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_EDITOR": "true",
}


@dataclass(frozen=True)
class Work:
    """A work tree, driven as a person drives it: by commands."""

    root: Path

    def run(self, *command: str, editor: str | None = None, ok: bool = True) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | WHO
        if editor is not None:
            env["GIT_EDITOR"] = env["GIT_SEQUENCE_EDITOR"] = editor
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, errors="replace")
        assert (done.returncode == 0) is ok, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def git(self, *arguments: str, editor: str | None = None, ok: bool = True) -> str:
        done = self.run("git", *arguments, editor=editor, ok=ok)
        return (done.stdout if ok else done.stdout + done.stderr).strip()

    def expert(self, *arguments: str, ok: bool = True) -> str:
        done = self.run(sys.executable, "-m", "fastapi_expert", *arguments, ok=ok)
        return (done.stdout if ok else done.stdout + done.stderr).strip()

    def write(self, path: str, text: str, *, stage: bool = True) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if stage:
            self.git("add", "--", path)

    def edit(self, name: str, path: str, text: str, *, stage: bool = True) -> None:
        """What an agent's hook reports after an edit."""
        self.write(path, text, stage=stage)
        assert record(name, files=[self.root / path])

    def commit(self, message: str, *arguments: str, ok: bool = True) -> str:
        return self.git("commit", "-m", message, *arguments, ok=ok)

    @property
    def subject(self) -> str:
        return self.git("log", "-1", "--format=%s")

    @property
    def body(self) -> str:
        return self.git("log", "-1", "--format=%B")

    @property
    def pending(self) -> str:
        return self.expert("credit", "list", "--pending")


NOBODY = "nobody is in the ledger of the commit being made"


def new_work(folder: Path) -> Work:
    """An empty repository in ``folder``, without our hooks."""
    folder.mkdir()
    work = Work(folder)
    work.git("init", "-q", "-b", "main")
    return work


def committed_work(folder: Path, files: dict[str, str]) -> Work:
    """A repository in ``folder`` whose first commit holds ``files``."""
    work = new_work(folder)
    for path, text in files.items():
        work.write(path, text, stage=False)
    work.git("add", "-A")
    work.commit("chore: begin")
    return work
