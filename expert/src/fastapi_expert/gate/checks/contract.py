"""What the change breaks for those who call, where the project asks for that check."""

from fastapi_expert.codebase import Codebase
from fastapi_expert.contract.changes.revisions import Placed, between
from fastapi_expert.gate.model import Finding


def findings(before: Codebase | None, codebase: Codebase) -> tuple[list[Finding], str]:
    """What breaks somebody, and how many other changes there are for clients."""
    found = between(before, codebase, "")
    breaking = [_finding(one) for one in found.placed if one.change.level == "breaking"]
    others = len(found.placed) - len(breaking)
    said = [f"{others} other changes for clients: see `expert contract`" if others else ""]
    said.append(f"{len(found.unknown)} things are not in the documents" if found.unknown else "")
    return breaking, "; ".join(filter(None, said))


def _finding(one: Placed) -> Finding:
    line = 1 if one.is_gone else one.line
    text = f"{one.change.operation}: {one.change.text}"
    return Finding("contract", one.change.id, one.path or ".", line, line, f"{text}: that breaks clients", text=text)
