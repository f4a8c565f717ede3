"""How a client starts this program: from the project's own environment, else by name; no path of one machine."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Launcher:
    """`executable` is relative to the project when `in_project`, else a bare name, to be found on PATH.

    A relative one keeps the written files the same on every machine of a team; a shim of a version manager adds
    hundreds of milliseconds to every hook, a script of an environment does not.
    """

    executable: str
    in_project: bool

    @classmethod
    def of(cls, root: Path) -> "Launcher":
        """The launcher for the project at `root`, seen from the environment this program runs in."""
        import sysconfig

        script = Path(sysconfig.get_path("scripts")) / ("expert.exe" if os.name == "nt" else "expert")
        if script.is_relative_to(root.resolve()):
            return cls(script.relative_to(root.resolve()).as_posix(), in_project=True)
        return cls("expert", in_project=False)

    @property
    def is_found(self) -> bool:
        """Whether it can be started from here."""
        import shutil

        return self.in_project or shutil.which(self.executable) is not None

    def path(self, root_variable: str = "") -> str:
        """The executable, seen from where `root_variable` (``${workspaceFolder}`` …) stands for the project."""
        return f"{root_variable}/{self.executable}" if self.in_project and root_variable else self.executable

    def shell(self, *arguments: str, root_variable: str = "") -> str:
        """One line for a POSIX shell; a root variable is quoted so that its value may hold spaces."""
        words = " ".join(shlex.quote(argument) for argument in arguments)
        if self.in_project and root_variable:
            return f'"{root_variable}"/{shlex.quote(self.executable)} {words}'
        return f"{shlex.quote(self.executable)} {words}"
