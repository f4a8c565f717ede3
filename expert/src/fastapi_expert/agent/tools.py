"""The tools an agent works with: those of the MCP server, and its own for files and commits, each under the policy."""

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Protocol

from fastapi_expert.agent.files import LONGEST, Files
from fastapi_expert.agent.policy import WorkflowPolicy
from fastapi_expert.clients.calls import Write
from fastapi_expert.clients.guard import check_write
from fastapi_expert.credit import record
from fastapi_expert.credit.commit import commit
from fastapi_expert.gate.report import failures
from fastapi_expert.git import Repository
from fastapi_expert.mcp.capabilities import ExpertCapabilities
from fastapi_expert.tool import Parameter, Refused, Tool

NAME = "fastapi-expert"
"""Who is credited."""
_UNASKED = "add_resource"
"""A tool of the server that writes without asking the person: the model writes file by file here."""


class Approver(Protocol):
    """The person who answers for the project."""

    @property
    def absent(self) -> bool:
        """Whether everything was allowed beforehand."""
        ...

    def allows(self, what: str, preview: str) -> str:
        """Ask whether ``what`` may be done; returns why not, empty for yes."""
        ...


class Workbench:
    """The agent's tools on the project at ``root``."""

    def __init__(self, root: Path, approver: Approver, *, session: str) -> None:
        self.policy = WorkflowPolicy()
        self._files = Files(root)
        self._approver = approver
        self._session = session

    def tools(self) -> Mapping[str, Tool]:
        """Every tool; a refusal is a `Refused` or an `ExpertError` in words for the model."""
        shared = ExpertCapabilities(self._files.root).tools
        kept = {name: tool for name, tool in shared.items() if name != _UNASKED}
        return {**kept, **{tool.name: tool for tool in self._own_tools()}}

    def _own_tools(self) -> tuple[Tool, ...]:
        return (
            Tool(
                name="list_files",
                description="The files below a folder.",
                parameters=(Parameter("path", "string", "Relative to the project's root.", aliases=("folder",)),),
                function=self._list_files,
            ),
            Tool(
                name="read_file",
                description="The text of a file; of a long one, the lines asked for.",
                parameters=(
                    Parameter(
                        "path", "string", "Relative to the project's root.", required=True, aliases=("file_path",)
                    ),
                    Parameter("first", "integer", minimum=1),
                    Parameter("last", "integer", minimum=1),
                ),
                function=self._read_file,
            ),
            Tool(
                name="write_file",
                description=(
                    "Write a whole file. Refused when it holds what is here already: then use what the refusal names."
                ),
                parameters=(
                    Parameter(
                        "path", "string", "Relative to the project's root.", required=True, aliases=("file_path",)
                    ),
                    Parameter(
                        "content",
                        "string",
                        required=True,
                        aliases=(
                            "code",
                            "text",
                        ),
                    ),
                ),
                function=self._write_file,
                read_only=False,
            ),
            Tool(
                name="edit_file",
                description="Replace one passage, which must occur exactly once. Judged as write_file is.",
                parameters=(
                    Parameter(
                        "path", "string", "Relative to the project's root.", required=True, aliases=("file_path",)
                    ),
                    Parameter(
                        "old", "string", "As it stands, with enough around it.", required=True, aliases=("old_string",)
                    ),
                    Parameter("new", "string", required=True, aliases=("new_string",)),
                ),
                function=self._edit_file,
                read_only=False,
            ),
            Tool(
                name="commit_changes",
                description=(
                    "Commit all you wrote, credited to you, as `type(scope): description`. Refused while the gate "
                    "finds faults."
                ),
                parameters=(Parameter("message", "string", required=True),),
                function=self._commit_changes,
                read_only=False,
            ),
        )

    def _list_files(self, *, path: str = "") -> str:
        return "\n".join(self._files.listed(path)) or "No file."

    def _read_file(self, *, path: str, first: int = 1, last: int | None = None) -> str:
        file = self._files.readable(path)
        if not file.is_file():
            raise Refused(f"There is no file {path}; list_files shows what there is.")
        text = "".join(self._files.text(file).splitlines(keepends=True)[first - 1 : last])
        if len(text) > LONGEST:
            raise Refused(f"{path} is too long; give first and last.")
        self.policy.read.add(self._files.name(file))
        return text

    def _write_file(self, *, path: str, content: str) -> str:
        file = self._files.writable(path, content)
        self.policy.before_a_write(self._files.name(file), exists=file.exists())
        return self._put(file, self._files.text(file), content, tool="write_file")

    def _edit_file(self, *, path: str, old: str, new: str) -> str:
        file = self._files.readable(path)
        before = self._files.text(file)
        if not old or before.count(old) != 1:
            raise Refused(f"The passage occurs {before.count(old) if old else 0} times in {path}; it must be once.")
        after = before.replace(old, new)
        self._files.writable(path, after)
        self.policy.before_a_write(self._files.name(file), exists=False)  # who quotes a passage has seen it
        return self._put(file, before, after, tool="edit_file")

    def _put(self, file: Path, before: str, after: str, *, tool: str) -> str:
        name = self._files.name(file)
        if before == after:
            return f"{name} is so already."
        decision = (
            check_write(Write(file, before if file.exists() else None, after), self._files.root)
            if file.suffix == ".py"
            else None
        )
        if decision and decision.refusal:
            raise Refused(decision.refusal)
        silenced = after.count("expert: ignore") > before.count("expert: ignore")
        if silenced and self._approver.absent:
            raise Refused("Not written: a finding is silenced by a person, and nobody is here to be asked.")
        self._ask(f"write {name}", _diff(name, before, after))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(after.encode())
        record(NAME, files=[file], session=self._session, tool=tool, cwd=self._files.root)
        self.policy.wrote(name)
        return f"Written: {name}." + (f"\n{decision.advice}" if decision and decision.advice else "")

    def _commit_changes(self, *, message: str) -> str:
        self.policy.before_a_commit()
        if faults := failures(self._files.root):
            raise Refused(f"Not committed: the gate finds faults. Correct them, then commit.\n{faults}")
        self._ask(f"commit {', '.join(self.policy.written)}", message)
        repo = Repository.find(self._files.root)
        paths = [str(self._files.root / name) for name in (*self.policy.written, *self._notes())]
        repo.git("add", "--", *paths)
        made = commit(repo, [message], arguments=["--", *paths], quiet=True)
        if made.commit is None:
            raise Refused(str(made.judgement))
        self.policy.made_commit(made.commit)
        return f"Committed {made.commit[:10]}: {made.judgement.subject}"

    def _notes(self) -> list[str]:
        """Notes written meanwhile go with the code they explain."""
        changed = Repository.find(self._files.root).git("status", "--porcelain", "-z", "-uall", "--", ".expert/notes")
        return [".expert/notes"] if changed else []

    def _ask(self, what: str, preview: str) -> None:
        if reason := self._approver.allows(what, preview):
            raise Refused(f"The person does not want you to {what}: {reason}")


def _diff(name: str, before: str, after: str) -> str:
    old = f"a/{name}" if before else "/dev/null"
    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
