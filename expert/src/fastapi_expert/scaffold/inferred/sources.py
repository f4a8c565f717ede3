"""The text behind the facts: whole statements, as their authors wrote them."""

import io
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from fastapi_expert.errors import ExpertError


class Sources:
    """The files below ``root`` as text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.text = lru_cache(maxsize=None)(self._text)
        self._statements = lru_cache(maxsize=None)(self._all_statements)

    def statement(self, path: str, line: int) -> tuple[int, int]:
        """First and last line (1-based, inclusive) of the logical line that ``line`` of ``path`` belongs to."""
        for first, last in self._statements(path):
            if first <= line <= last:
                return first, last
        return line, line

    def lines(self, path: str, first: int, last: int) -> str:
        """The text of these lines, with their newlines."""
        return "".join(self.text(path).splitlines(keepends=True)[first - 1 : last])

    def statement_text(self, path: str, line: int) -> str:
        """The whole logical line around ``line``."""
        return self.lines(path, *self.statement(path, line))

    def _text(self, path: str) -> str:
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ExpertError(f"cannot be read: {error}", where=path) from None

    def _all_statements(self, path: str) -> tuple[tuple[int, int], ...]:
        try:
            return tuple(_logical_lines(self.text(path)))
        except (tokenize.TokenError, SyntaxError) as error:
            what = f"cannot be read as Python: {error}"
            raise ExpertError(what, where=path, do="Correct the file first.") from None


def _logical_lines(text: str) -> Iterator[tuple[int, int]]:
    first = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        first = first or token.start[0]
        if token.type == tokenize.NEWLINE:
            yield first, token.end[0]
            first = 0
