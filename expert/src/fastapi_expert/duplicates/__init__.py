"""What is here twice, and what a draft would make twice."""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from fastapi_expert.duplicates.model import Finding, Place, Proposal, Similar

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase
    from fastapi_expert.config import Config
    from fastapi_expert.duplicates.detect import Findings, find, fingerprint
    from fastapi_expert.duplicates.store.library import Library

__all__ = ["Finding", "Findings", "Place", "Proposal", "Similar", "find", "fingerprint", "propose"]

_libraries: "WeakKeyDictionary[Codebase, Library]" = WeakKeyDictionary()


def propose(
    codebase: "Codebase", source: bytes, *, as_path: str | None = None, settings: "Config | None" = None
) -> Proposal:
    """May ``source`` be written (at ``as_path``, relative to the codebase, replacing what is there)?"""
    from fastapi_expert.codebase.syntax.reader import read_source
    from fastapi_expert.config import Config
    from fastapi_expert.duplicates.proposing import DRAFT, Shelf, judge_draft
    from fastapi_expert.duplicates.quick import relative
    from fastapi_expert.duplicates.records.extract import records_of
    from fastapi_expert.duplicates.store.library import Library

    library = _libraries.get(codebase)
    if library is None:
        library = _libraries[codebase] = Library.of(records_of(codebase))
    path = relative(codebase.root, as_path)
    draft = read_source(source, path or DRAFT)
    before = codebase.files.get(path) if path else None
    shelf = Shelf(library, {path} if path else set())
    return judge_draft(draft, shelf, path=path, before=before, settings=settings or Config())


def __getattr__(name: str) -> Any:
    """`find` and its company on first use: a hook that only proposes never imports them."""
    if name in ("Findings", "find", "fingerprint"):
        from fastapi_expert.duplicates import detect as finding

        return getattr(finding, name)
    raise AttributeError(name)
