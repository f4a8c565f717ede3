"""The document of an application, kept beside the facts: nothing is linked again while nothing has changed."""

import json
from functools import cache
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Problem
from fastapi_expert.codebase.syntax.facts import VERSION
from fastapi_expert.contract.openapi.result import Document
from fastapi_expert.store import digest_of, keep, recall, stamp_of

_NAME = "openapi"


def document(codebase: Codebase, name: str | None = None) -> Document:
    """The document of the application called ``name`` (its id, or a part of it), or of the one that has most routes:
    as it was kept, else made.

    Raises:
        ExpertError: there is none of that name, or several.
    """
    digest = digest_of(codebase.digest, codebase.pins.texts, str(codebase.root), name, _identity())

    def load(body: bytes) -> Document:
        besides, app, openapi, unknown = json.loads(body)
        if not codebase.is_as_read(besides):
            raise ValueError("made from other files")
        return Document(app, openapi, tuple([Problem(*one) for one in unknown]))

    return recall(codebase.cache, _NAME, digest, load) or _made(codebase, name, digest)


def _made(codebase: Codebase, name: str | None, digest: str) -> Document:
    from fastapi_expert.contract.openapi import document as writing  # links: what was kept needs none of it

    found = writing.document(codebase, name)
    unknown = [(one.path, one.line, one.message) for one in found.unknown]
    body = json.dumps([dict(codebase.read_besides), found.app, found.openapi, unknown])
    keep(codebase.cache, _NAME, digest, body.encode())
    return found


@cache
def _identity() -> str:
    """Changes with what reads and links the code, and with what writes the document."""
    here = Path(__file__).parent
    return f"{VERSION}-{stamp_of(str(here), str(here.parent.parent / 'codebase'))}"
