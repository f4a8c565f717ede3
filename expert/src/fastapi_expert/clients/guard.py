"""May this write go through? One answer for every agent: those whose client calls our hook, and our own."""

from dataclasses import dataclass

from fastapi_expert.clients.calls import Write


@dataclass(frozen=True, slots=True)
class Decision:
    """``refusal`` stops the write and says what to use instead; ``advice`` goes along with one that is let through."""

    refusal: str = ""
    advice: str = ""


def check_write(write: Write) -> Decision:
    """The decision on one file about to change, judged as it would then stand."""
    from fastapi_expert import config
    from fastapi_expert.duplicates.proposal import propose

    path = write.path.resolve()
    root = config.project_root(path)
    if not path.is_relative_to(root):
        return Decision()
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
