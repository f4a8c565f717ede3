"""The parser: tree-sitter's grammar of Python, which reads newer syntax and half-written drafts."""

import re
import threading
from functools import cache, lru_cache

import tree_sitter_python
from tree_sitter import Language, Node, Parser


@cache
def language() -> Language:
    return Language(tree_sitter_python.language())


class _Parsers(threading.local):
    """A parser for each thread: it is not made for two at once."""

    def __init__(self) -> None:
        self.own = Parser(language())


_parsers = _Parsers()


@lru_cache(maxsize=2)  # what facts are read from is looked at more closely at once, or not at all
def parse(source: bytes) -> Node:
    """The root of the syntax tree of ``source``, which is UTF-8, see :func:`as_utf8`."""
    return parse_part(source)


def parse_part(source: bytes) -> Node:
    """The same of text that nobody asks for twice: a part of a file."""
    return _parsers.own.parse(source).root_node


_CODING = re.compile(rb"(?:#[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = (b"utf-8", b"utf8", b"ascii", b"us-ascii")


def refused(source: bytes) -> str:
    """Why ``source`` is no text that can be read; empty when it is."""
    if b"\0" in source:
        return "holds a zero byte: not text; not read"
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16: not UTF-8; not read"
    return ""


_BOM = b"\xef\xbb\xbf"
_FORM_FEED = re.compile(rb"^[ \t\f]*\f", re.MULTILINE)


def as_utf8(source: bytes) -> bytes:
    """The text in UTF-8, line for line, without the byte order mark and the form feeds that Python overlooks.

    Unknown encodings are read as if they were UTF-8 already.
    """
    declared = _CODING.match(source)
    if declared is not None and declared[1].lower().replace(b"_", b"-") not in _UTF8:
        source = _recoded(source, declared[1])
    source = source.removeprefix(_BOM)
    if b"\f" in source:
        source = _FORM_FEED.sub(b"", source)
    if b"\r" in source and b"\n" not in source:
        source = source.replace(b"\r", b"\n")
    return source


def _recoded(source: bytes, encoding: bytes) -> bytes:
    try:
        return source.decode(encoding.decode("ascii")).encode("utf-8", "replace")
    except (LookupError, UnicodeError):
        return source
