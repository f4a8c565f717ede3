"""What an addition wrote, who may what by it, and what was proven: as a document, and in lines."""

from difflib import unified_diff
from typing import Any

from fastapi_expert.addition.transaction import Carried
from fastapi_expert.scaffold.plan import Plan


def addition_document(planned: Plan, done: Carried, *, added: bool) -> dict[str, Any]:
    """`expert add --json`."""
    return {
        "added": added,
        "files": [{"path": path, "action": "create" if old is None else "change"} for path, old, _ in done.files],
        "routes": list(planned.routes),
        "learned": list(planned.learned),
        "proofs": [{"what": proof.what, "state": proof.state, "why": proof.why} for proof in done.proofs],
        "left": list(planned.left),
    }


def addition_text(planned: Plan, done: Carried) -> str:
    """A line for each file, route, learned way and proof, then what is left to do."""
    return "\n".join(
        [
            *(f"{'created' if old is None else 'changed'}  {path}" for path, old, _ in done.files),
            *(f"route    {line}" for line in planned.routes),
            *(f"learned: {line}" for line in planned.learned),
            *(f"{one.state}: {one.what}" + (f" ({one.why})" if one.why else "") for one in done.proofs),
            *(f"Next: {line}" for line in planned.left),
        ]
    )


def addition_diff(done: Carried) -> str:
    """The files as a unified diff."""
    parts: list[str] = []
    for path, old, new in done.files:
        before = "/dev/null" if old is None else f"a/{path}"
        parts += unified_diff((old or "").splitlines(True), new.splitlines(True), before, f"b/{path}")
    return "".join(parts)
