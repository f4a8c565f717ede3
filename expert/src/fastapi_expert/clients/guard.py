"""May this write go through? One answer for every agent: those whose client calls our hook, and our own."""

from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.clients.calls import Write


@dataclass(frozen=True, slots=True)
class Decision:
    """``refusal`` stops the write and says what to use instead; ``advice`` goes along with one that is let through."""

    refusal: str = ""
    advice: str = ""


def check_write(write: Write, cwd: Path) -> Decision:
    """The decision on one file about to change, judged as it would then stand; the agent works in ``cwd``."""
    from fastapi_expert.duplicates.proposal import propose

    path = write.path.resolve()
    root = _project_of(path, cwd.resolve())
    name = path.relative_to(root).as_posix()
    moved = write.moved_from.resolve() if write.moved_from else None
    replaces = (moved.relative_to(root).as_posix(),) if moved and moved.is_relative_to(root) else ()
    proposal = propose(root, write.after.encode(errors="replace"), as_path=name, replaces=replaces)
    if proposal.verdict == "new":
        return Decision()
    lines = [f"{name}: {proposal.advice}"]
    lines += [f"- {finding.rule} {finding.message} {finding.advice}" for finding in proposal.findings[:5]]
    text = "\n".join(lines)
    if proposal.verdict == "duplicate":
        why = "Not written: this is here already. Use what exists, or, where both must stay, say why in a comment "
        return Decision(refusal=f"{why}`# expert: ignore[RULE] reason`.\n{text}")
    return Decision(advice=f"Something close exists; extend it rather than writing it again.\n{text}")


def _project_of(path: Path, cwd: Path) -> Path:
    """The project that ``path`` belongs to; without any mark of one, the folder worked in, else the file's own."""
    from fastapi_expert.config import enclosing_project

    folder = next(parent for parent in path.parents if parent.is_dir())
    is_whole_machine = cwd in (Path(cwd.anchor), Path.home())
    fallback = cwd if path.is_relative_to(cwd) and not is_whole_machine else folder
    return enclosing_project(folder) or fallback
