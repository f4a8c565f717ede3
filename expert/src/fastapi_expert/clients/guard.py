"""May this write go through? One answer for every agent: those whose client calls our hook, and our own."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_expert.clients.calls import Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi_expert.codebase import Codebase
    from fastapi_expert.duplicates.store.snapshot import Snapshot
    from fastapi_expert.review import Finding as Hazard

_MOST_HAZARDS = 5
_PATIENCE = 3.5
"""Seconds in which a draft is judged by as much of a large project as can be; clients wait for 5, and a process on a
busy machine needs one to start."""
_READING = 1.0
"""Of these, seconds in which what is not read yet is read beside the draft."""
_PACE = 800_000
"""Bytes of source that are linked and compared in a second of computing, where they were read before."""
_LEAST, _MOST = 100_000, 2_000_000
"""Bytes of source by which a draft is judged at least and at most: what lies nearest says most."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``refusal`` stops the write and says what to use instead; ``advice`` goes along with one that is let through.

    ``note`` says what was not seen, where a project is too large to be read while a client waits.
    """

    refusal: str = ""
    advice: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Patience:
    """How much longer a client waits, and what can be computed meanwhile: beside other work that is little."""

    began: float = field(default_factory=time.monotonic)
    computed: float = field(default_factory=time.process_time)

    @property
    def left(self) -> float:
        """Seconds by the clock."""
        return max(0.0, _PATIENCE - (time.monotonic() - self.began))

    def affordable(self, *, reading: float) -> int:
        """Bytes of source that can be judged when ``reading`` seconds are over, at the pace of this process so far."""
        passed = time.monotonic() - self.began
        share = min(1.0, (time.process_time() - self.computed) / passed) if passed > 0 else 1.0
        return min(_MOST, max(_LEAST, round(_PACE * share * (self.left - reading))))


def check_write(write: Write, cwd: Path) -> Decision:
    """The decision on one file about to change, judged as it would then stand; the agent works in ``cwd``."""
    from fastapi_expert.duplicates.proposal import propose
    from fastapi_expert.review.draft import hazards_at, refuses

    path = write.path.resolve()
    root = _project_of(path, cwd.resolve())
    if root is None:
        return Decision(note=f"{path} is in no project, and not below {cwd}: fastapi-expert did not look at it.")
    name = path.relative_to(root).as_posix()
    moved = write.moved_from.resolve() if write.moved_from else None
    replaces = (moved.relative_to(root).as_posix(),) if moved and moved.is_relative_to(root) else ()
    project, note = _at_hand(root, name)
    draft = write.after.encode(errors="replace")
    proposal = propose(project, draft, as_path=name, replaces=replaces)
    found = hazards_at(project, draft, as_path=name)
    wrong = [one for one in found if refuses(one)]
    lines = [f"{name}: {proposal.advice}"]
    lines += [f"- {finding.rule} {finding.message} {finding.advice}" for finding in proposal.findings[:5]]
    refusals: list[str] = []
    advice: list[str] = []
    if proposal.verdict == "duplicate":
        why = "Not written: this is here already. Use what exists, or, where both must stay, say why in a comment "
        refusals.append(f"{why}`# expert: ignore[RULE] reason`.\n" + "\n".join(lines))
    elif proposal.verdict == "extend":
        advice.append(
            "Something close exists; extend it rather than writing it again.\n" + "\n".join(lines),
        )
    if wrong:
        why = "Not written: this is wrong. Mend it, or, where it is meant, say why in a comment "
        refusals.append(f"{why}`# expert: ignore[RULE] reason`.\n{_told(wrong)}")
    if len(found) > len(wrong):
        advice.append(f"Look at this again:\n{_told([one for one in found if one not in wrong])}")
    return Decision("\n\n".join(refusals), "\n\n".join(advice), note)


def _told(found: "Sequence[Hazard]") -> str:
    return "\n".join(
        [f"- {one.rule} {one.path}:{one.line} {one.message}; {one.advice}" for one in found[:_MOST_HAZARDS]]
    )


def _at_hand(root: Path, name: str) -> "tuple[Path | Codebase | Snapshot, str]":
    """What a draft at ``name`` is judged against, and a note of what that leaves out: the project, or the part of a
    large one that is known so far."""
    from fastapi_expert import config
    from fastapi_expert.clients import warming
    from fastapi_expert.duplicates.store.snapshot import Snapshot

    patience = _Patience()
    exclude = config.load(root).exclude
    if snapshot := Snapshot.ready(root, config.load(root)):
        return snapshot, ""
    from fastapi_expert.codebase.files.listing import list_files

    listed = list_files(root, exclude=exclude)
    if not warming.is_large(listed[0]):
        return root, ""
    from fastapi_expert.codebase.codebase import load_known

    reading = min(_READING, patience.left / 3)
    most = patience.affordable(reading=reading)
    warming.start(root)
    if warming.wait(root):
        return root, ""
    codebase, left_out = load_known(root, listed, exclude=exclude, near=name, most=most, seconds=reading)
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
