"""May this write go through? One answer for every agent: those whose client calls our hook, and our own."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_expert.clients.calls import Write

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase
    from fastapi_expert.duplicates.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Decision:
    """``refusal`` stops the write and says what to use instead; ``advice`` goes along with one that is let through.

    ``note`` says what was not seen, where a project is too large to be read while a client waits.
    """

    refusal: str = ""
    advice: str = ""
    note: str = ""


def check_write(write: Write, cwd: Path) -> Decision:
    """The decision on one file about to change, judged as it would then stand; the agent works in ``cwd``."""
    from fastapi_expert.duplicates.proposal import propose

    path = write.path.resolve()
    root = _project_of(path, cwd.resolve())
    if root is None:
        return Decision(note=f"{path} is in no project, and not below {cwd}: fastapi-expert did not look at it.")
    name = path.relative_to(root).as_posix()
    moved = write.moved_from.resolve() if write.moved_from else None
    replaces = (moved.relative_to(root).as_posix(),) if moved and moved.is_relative_to(root) else ()
    project, note = _at_hand(root, name)
    proposal = propose(project, write.after.encode(errors="replace"), as_path=name, replaces=replaces)
    if proposal.verdict == "new":
        return Decision(note=note)
    lines = [f"{name}: {proposal.advice}"]
    lines += [f"- {finding.rule} {finding.message} {finding.advice}" for finding in proposal.findings[:5]]
    text = "\n".join(lines)
    if proposal.verdict == "duplicate":
        why = "Not written: this is here already. Use what exists, or, where both must stay, say why in a comment "
        return Decision(refusal=f"{why}`# expert: ignore[RULE] reason`.\n{text}", note=note)
    return Decision(advice=f"Something close exists; extend it rather than writing it again.\n{text}", note=note)


def _at_hand(root: Path, name: str) -> "tuple[Path | Codebase | Snapshot, str]":
    """What a draft at ``name`` is judged against, and a note of what that leaves out: the project, or the part of a
    large one that is known so far."""
    from fastapi_expert import config
    from fastapi_expert.clients import warming
    from fastapi_expert.duplicates.store.snapshot import Snapshot

    if snapshot := Snapshot.ready(root, config.load(root)):
        return snapshot, ""
    if not warming.is_large(root):
        return root, ""
    warming.start(root)
    if warming.wait(root):
        return root, ""
    from fastapi_expert.codebase.codebase import load_known

    codebase, left_out = load_known(root, exclude=config.load(root).exclude, near=name)
    seen = len(codebase.files)
    return codebase, f"fastapi-expert judged {name} by {seen} files; {left_out} more are being read in the background."


def _project_of(path: Path, cwd: Path) -> Path | None:
    """The project that ``path`` belongs to; without any mark of one, the folder worked in.

    Who works in the whole machine or in a home folder gets the file's own folder. None for a file that is elsewhere:
    a folder that merely holds it (`/tmp`) is not a project, and may hold anything.
    """
    from fastapi_expert.config import enclosing_project

    folder = next(parent for parent in path.parents if parent.is_dir())
    if project := enclosing_project(folder):
        return project
    everything = (Path(cwd.anchor), Path.home(), Path(tempfile.gettempdir()).resolve())
    root = folder if cwd in everything else cwd
    return root if root not in everything and path.is_relative_to(root) else None
