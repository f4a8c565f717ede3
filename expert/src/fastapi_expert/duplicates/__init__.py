"""What is here twice, and what a draft would make twice: a codebase or a draft comes in, findings go out."""

from typing import TYPE_CHECKING, Any

from fastapi_expert.duplicates.model import Finding, Place, Similar

if TYPE_CHECKING:
    from fastapi_expert.duplicates.detect import Findings, find, fingerprint
    from fastapi_expert.duplicates.proposal import Proposal, propose

__all__ = ["Finding", "Findings", "Place", "Proposal", "Similar", "find", "fingerprint", "propose"]


def __getattr__(name: str) -> Any:
    """The two entrances on first use: a hook that only proposes never imports what surveys a codebase."""
    if name in ("Findings", "find", "fingerprint"):
        from fastapi_expert.duplicates import detect

        return getattr(detect, name)
    if name in ("Proposal", "propose"):
        from fastapi_expert.duplicates import proposal

        return getattr(proposal, name)
    raise AttributeError(name)
