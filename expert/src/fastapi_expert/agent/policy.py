"""The order of the work, held by the program: nothing is written unseen, nothing is committed red."""

from dataclasses import dataclass, field

from fastapi_expert.tool import Refused

_DISCOVERY = {"find_existing", "map_codebase", "list_routes"}
_RECALL = {"search_notes", "build_context", "read_note"}


@dataclass(slots=True)
class WorkflowPolicy:
    """How far the work is. ``written`` are the files that no commit holds yet, ``committed`` those of this run's."""

    discovered: bool = False
    recalled: bool = False
    read: set[str] = field(default_factory=set[str])
    written: list[str] = field(default_factory=list[str])
    committed: list[str] = field(default_factory=list[str])
    commits: list[str] = field(default_factory=list[str])

    def called(self, tool: str) -> None:
        """Note that a tool answered."""
        self.discovered = self.discovered or tool in _DISCOVERY
        self.recalled = self.recalled or tool in _RECALL

    def before_a_write(self, name: str, *, exists: bool) -> None:
        """Raises `Refused` with the step that was left out."""
        if not self.discovered:
            raise Refused("Not written: look first. Call find_existing with the words of the task, or map_codebase.")
        if not self.recalled:
            raise Refused("Not written: call search_notes with the topic first; what the team decided binds you.")
        if exists and name not in self.read:
            raise Refused(f"Not written: {name} is there already. Call read_file on it first.")

    def wrote(self, name: str) -> None:
        """Note a file that now differs from the last commit."""
        self.read.add(name)
        if name not in self.written:
            self.written.append(name)

    def before_a_commit(self) -> None:
        """Raises `Refused` when there is nothing to commit."""
        if not self.written:
            raise Refused("Nothing was written since the last commit.")

    def made_commit(self, commit: str) -> None:
        """Note that a commit holds all that was written."""
        self.commits.append(commit)
        self.committed += [name for name in self.written if name not in self.committed]
        self.written.clear()

    @property
    def owed(self) -> str:
        """What is left to do before the work may end; empty when nothing is."""
        if not self.written:
            return ""
        return (
            f"{', '.join(self.written)} changed and no commit holds it. Call check_changes, correct what it names, "
            "then commit_changes."
        )
