"""The tools an agent works with: those of the MCP server, and its own for files and commits, each under the order."""

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Protocol

from fastapi_expert.agent.files import LONGEST, Files
from fastapi_expert.agent.order import Order
from fastapi_expert.clients.calls import Write
from fastapi_expert.clients.guard import check_write
from fastapi_expert.credit import record
from fastapi_expert.credit.commit import commit
from fastapi_expert.gate.report import failures
from fastapi_expert.git import Repository
from fastapi_expert.mcp.abilities import ExpertAbilities
from fastapi_expert.mcp.protocol import Refused, Tool
from fastapi_expert.mcp.tools import Spec, checked_tool, of

NAME = "fastapi-expert"
"""Who is credited."""
_PATH = of("string", "Relative to the project's root.")
_SPECS: dict[str, Spec] = {
    "list_files": ("List files", "The files below a folder.", {"path": _PATH}, (), {"folder": "path"}),
    "read_file": (
        "Read a file",
        "The text of a file; of a long one, the lines asked for.",
        {"path": _PATH, "first": of("integer", minimum=1), "last": of("integer", minimum=1)},
        ("path",),
        {"file_path": "path"},
    ),
    "write_file": (
        "Write a file",
        "Write a whole file. Refused when it holds what is here already: then use what the refusal names.",
        {"path": _PATH, "content": of("string")},
        ("path", "content"),
        {"file_path": "path", "code": "content", "text": "content"},
    ),
    "edit_file": (
        "Edit a file",
        "Replace one passage, which must occur exactly once. Judged as write_file is.",
        {"path": _PATH, "old": of("string", "As it stands, with enough around it."), "new": of("string")},
        ("path", "old", "new"),
        {"file_path": "path", "old_string": "old", "new_string": "new"},
    ),
    "commit_changes": (
        "Commit",
        "Commit all you wrote, credited to you, as `type(scope): description`. Refused while the gate finds faults.",
        {"message": of("string")},
        ("message",),
        {},
    ),
}
_READING = {"list_files", "read_file"}


class Person(Protocol):
    """Whoever answers for the project."""

    @property
    def absent(self) -> bool:
        """Whether everything was allowed beforehand."""
        ...

    def allows(self, what: str, shown: str) -> str:
        """Ask for leave to do ``what``; returns why not, empty for yes."""
        ...


class Workbench:
    """The agent's tools on the project at ``root``."""

    def __init__(self, root: Path, person: Person, *, session: str) -> None:
        self.order = Order()
        self._files = Files(root)
        self._person = person
        self._session = session

    def tools(self) -> Mapping[str, Tool]:
        """Every tool; a refusal is a `Refused` or an `ExpertError` in words for the model."""
        own = {
            name: checked_tool(name, spec, getattr(self, f"_{name}"), read_only=name in _READING)
            for name, spec in _SPECS.items()
        }
        return {**ExpertAbilities(self._files.root).tools, **own}

    def _list_files(self, *, path: str = "") -> str:
        return "\n".join(self._files.listed(path)) or "No file."

    def _read_file(self, *, path: str, first: int = 1, last: int | None = None) -> str:
        file = self._files.readable(path)
        if not file.is_file():
            raise Refused(f"There is no file {path}; list_files shows what there is.")
        text = "".join(self._files.text(file).splitlines(keepends=True)[first - 1 : last])
        if len(text) > LONGEST:
            raise Refused(f"{path} is too long; give first and last.")
        self.order.read.add(self._files.name(file))
        return text

    def _write_file(self, *, path: str, content: str) -> str:
        file = self._files.writable(path, content)
        self.order.before_a_write(self._files.name(file), exists=file.exists())
        return self._put(file, self._files.text(file), content, tool="write_file")

    def _edit_file(self, *, path: str, old: str, new: str) -> str:
        file = self._files.readable(path)
        before = self._files.text(file)
        if not old or before.count(old) != 1:
            raise Refused(f"The passage occurs {before.count(old) if old else 0} times in {path}; it must be once.")
        after = before.replace(old, new)
        self._files.writable(path, after)
        self.order.before_a_write(self._files.name(file), exists=False)  # who quotes a passage has seen it
        return self._put(file, before, after, tool="edit_file")

    def _put(self, file: Path, before: str, after: str, *, tool: str) -> str:
        name = self._files.name(file)
        if before == after:
            return f"{name} is so already."
        decision = check_write(Write(file, before if file.exists() else None, after)) if file.suffix == ".py" else None
        if decision and decision.refusal:
            raise Refused(decision.refusal)
        silenced = after.count("expert: ignore") > before.count("expert: ignore")
        if silenced and self._person.absent:
            raise Refused("Not written: a finding is silenced by a person, and nobody is here to be asked.")
        self._ask(f"write {name}", _diff(name, before, after))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(after.encode())
        record(NAME, files=[file], session=self._session, tool=tool, cwd=self._files.root)
        self.order.wrote(name)
        return f"Written: {name}." + (f"\n{decision.advice}" if decision and decision.advice else "")

    def _commit_changes(self, *, message: str) -> str:
        self.order.before_a_commit()
        if faults := failures(self._files.root):
            raise Refused(f"Not committed: the gate finds faults. Mend them, then commit.\n{faults}")
        self._ask(f"commit {', '.join(self.order.written)}", message)
        repo = Repository.find(self._files.root)
        paths = [str(self._files.root / name) for name in (*self.order.written, *self._notes())]
        repo.git("add", "--", *paths)
        made = commit(repo, [message], arguments=["--", *paths], quiet=True)
        if made.commit is None:
            raise Refused(str(made.judgement))
        self.order.made_commit(made.commit)
        return f"Committed {made.commit[:10]}: {made.judgement.subject}"

    def _notes(self) -> list[str]:
        """Notes written meanwhile go with the code they explain."""
        changed = Repository.find(self._files.root).git("status", "--porcelain", "-z", "-uall", "--", ".expert/notes")
        return [".expert/notes"] if changed else []

    def _ask(self, what: str, shown: str) -> None:
        if reason := self._person.allows(what, shown):
            raise Refused(f"The person does not want you to {what}: {reason}")


def _diff(name: str, before: str, after: str) -> str:
    old = f"a/{name}" if before else "/dev/null"
    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
