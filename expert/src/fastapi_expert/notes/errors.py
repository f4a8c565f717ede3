"""What a note tool refuses, with a code that a program can act on."""

from fastapi_expert.errors import ExpertError


class NoteError(ExpertError):
    """A refused call; ``code`` is the ``error`` of the JSON answer, in Basic Memory's words where it has one.

    ``permalink`` is the note's that stands in the way, ``where`` then its file.
    """

    def __init__(
        self, code: str, what: str, *, where: str | None = None, do: str | None = None, permalink: str | None = None
    ) -> None:
        super().__init__(what, where=where, do=do)
        self.code = code
        self.permalink = permalink
