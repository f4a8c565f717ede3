"""The fingerprint of one function: what survives renaming, reformatting and a few edits.

Every statement is reduced to the tokens that a copy keeps: attribute, call and keyword names stay, local names and
literals become placeholders; `await`/`async`, brackets, comments and docstrings go. Each reduced statement is one
32-bit number, in source order, so a gapped or reordered copy still shares most of them. One regular expression does
the lexing and memos do the rest: this runs on every function and decides how long a cold scan takes.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

if TYPE_CHECKING:  # most runs read facts and parse nothing
    from tree_sitter import Node

LENGTH_MASK = 0x3F
"""The low bits of a statement's number hold its length in tokens (63 meaning 63 or more), the rest hashes them."""


class Shape(NamedTuple):
    """What one function looks like; every member is an int or bytes, so any safe format can store it.

    ``exact`` and ``renamed`` are signed 64-bit. Equal ``exact``: the same code up to layout, comments, docstring and
    `await`. Equal ``renamed``: also up to local names, the classes it calls and literals; ``literals`` checks those.
    ``statements`` (in order) and ``names`` (CRC-32 of the attribute, call and keyword names, sorted, distinct) are
    packed unsigned 32-bit integers, see :func:`numbers`. ``tokens`` is the length after the reduction.
    """

    exact: int
    renamed: int
    literals: int
    tokens: int
    statements: bytes
    names: bytes


def numbers(packed: bytes) -> "array[int]":
    """The unsigned 32-bit integers in ``packed``."""
    unpacked = array("I")
    unpacked.frombytes(packed)
    return unpacked


def name_number(name: str) -> int:
    """The number under which an attribute, call or keyword name stands in :attr:`Shape.names`."""
    return crc32(_twin(name.encode()))


def shape_of(function: "Node", source: bytes) -> Shape:
    """The shape of a ``function_definition`` node (sync or async, method or nested) of the file ``source``."""
    texts: list[bytes] = []
    body = function.child_by_field_name("body")
    if body is not None:
        _collect(body.named_children, source, texts)
    statements = array("I")
    verbatim = array("I")
    names: set[int] = set()
    tokens = literals = 0
    for text in texts:
        length, number, checksum, values, kept = _reduced(text)
        if length:
            statements.append(number)
            verbatim.append(checksum)
            literals = crc32(values, literals) if values else literals
            names |= kept
            tokens += length
    packed = statements.tobytes()
    kept_names = array("I", sorted(names)).tobytes()
    return Shape(_digest(verbatim.tobytes()), _digest(packed), literals, tokens, packed, kept_names)


def steps_of(function: "Node", source: bytes) -> Iterator[tuple[int, bytes]]:
    """Each statement of :attr:`Shape.statements`, in order, with its text (of a compound one its header)."""
    texts: list[bytes] = []
    body = function.child_by_field_name("body")
    _collect(body.named_children if body is not None else (), source, texts)
    for text in texts:
        length, number, *_ = _reduced(text)
        if length:
            yield number, text


def _digest(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little", signed=True)


_BLOCK = "block"
_PARTS = frozenset(
    {
        _BLOCK,
        "elif_clause",
        "else_clause",
        "except_clause",
        "except_group_clause",
        "finally_clause",
        "case_clause",
        "function_definition",
        "class_definition",
    }
)
"""What a compound statement is made of, after its header."""
_COMPOUND = _PARTS | {
    "if_statement",
    "for_statement",
    "while_statement",
    "with_statement",
    "try_statement",
    "match_statement",
    "decorated_definition",
}
_FIXED_HEADERS = {
    _BLOCK: b"",
    "else_clause": b"",
    "finally_clause": b"",
    "decorated_definition": b"",
    "function_definition": b"def",
    "class_definition": b"class",
}
_SKIPPED = frozenset({"comment", "import_statement", "import_from_statement", "pass_statement"})


def _collect(nodes: "Sequence[Node]", source: bytes, texts: list[bytes]) -> None:
    """Append the text of every statement in ``nodes``: of a compound one its header, then what it holds."""
    for node in nodes:
        kind = node.type
        if kind not in _COMPOUND:
            if kind not in _SKIPPED:
                texts.append(source[node.start_byte : node.end_byte])
            continue
        children = node.named_children
        parts = children if kind == _BLOCK else [child for child in children if child.type in _PARTS]
        header = _FIXED_HEADERS.get(kind)
        if header is None:
            header = source[node.start_byte : parts[0].start_byte if parts else node.end_byte]
        if header:
            texts.append(header)
        _collect(parts, source, texts)


_TOKEN = re.compile(
    rb"""[\s(),\[\]{}\\]*+("""  # what does not count goes in one step
    rb"""[rbfutRBFUT]{0,2}(?:"{3}(?:[^"\\]++|\\.|"(?!""))*+"{3}|'{3}(?:[^'\\]++|\\.|'(?!''))*+'{3}"""
    rb"""|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')"""  # strings
    rb"""|\.?[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:\(|=(?![\s=]))?"""  # name, .attribute, call( and keyword=
    rb"""|\#[^\n]*|\d[\w.]*|[^\s\w(),\[\]{}\\])""",  # comment, number, operator
    re.DOTALL,
)
# `match`, `case` and `type` are left out: people call variables that
_KEYWORDS = frozenset(
    b"and as assert break class continue def del elif else except finally for from global if in is lambda None "
    b"nonlocal not or raise return try while with yield".split()
)
_NAME = re.compile(rb"[A-Za-z_\x80-\xff]")
_LITERAL, _LOCAL, _CLASS_CALL = b"0", b"v", b"V("
_LITERAL_RUN = re.compile(rb"0(?: 0)+")


class _Token(NamedTuple):
    reduced: bytes
    """What stands for the token in a statement; empty when it does not count."""
    verbatim: bytes
    name: int
    """CRC-32 of the name when a copy keeps it, else 0."""


class _Tokens(dict[bytes, _Token]):
    """Token text to its reduction; each distinct name is looked at once."""

    def __missing__(self, text: bytes) -> _Token:
        token = _token(text)
        if len(text) < 40:
            if len(self) > 1 << 16:
                self.clear()
            self[text] = token
        return token


def _token(text: bytes) -> _Token:
    first, last = text[:1], text[-1:]
    if first == b"#":
        return _Token(b"", b"", 0)
    if last in b"\"'":
        return _Token(_LITERAL, text.strip(b"\"'"), 0)
    if first.isdigit():
        return _Token(_LITERAL, text, 0)
    bare = text.strip(b".(=")
    if not _NAME.match(bare):
        return _Token(text, text, 0)
    if bare in (b"async", b"await"):
        return _Token(b"", b"", 0)
    if bare in (b"True", b"False"):
        return _Token(_LITERAL, bare, 0)
    if first != b"." and bare in _KEYWORDS:
        keyword = b"if" if bare == b"elif" else bare
        return _Token(keyword, keyword, 0)
    if first == b"." or last in (b"(", b"="):
        kept = _twin(bare)
        is_class = first != b"." and last == b"(" and kept[:1].isupper()
        return _Token(_CLASS_CALL if is_class else kept + last if last == b"=" else kept, kept, crc32(kept))
    return _Token(_LOCAL, bare, 0)


_ASYNC_SPELLINGS = re.compile(rb"^(?:async_|Async|a(?=(?:close|iter|next|read|write|open)$))|_async$")
_DUNDER_ASYNC = re.compile(rb"^__a(enter|exit|iter|next)__$")


@lru_cache(maxsize=1 << 14)
def _twin(name: bytes) -> bytes:
    """The name that the synchronous twin of a call has: ``AsyncClient`` → ``Client``, ``aclose`` → ``close``."""
    return _DUNDER_ASYNC.sub(rb"__\1__", _ASYNC_SPELLINGS.sub(b"", name) or name)


_tokens = _Tokens()
_Reduction = tuple[int, int, int, bytes, frozenset[int]]
_NOTHING: _Reduction = (0, 0, 0, b"", frozenset())


@lru_cache(maxsize=1 << 15)
def _reduced(text: bytes) -> _Reduction:
    """Of one statement: its length in tokens, number, checksum of names and literals, literals, names kept."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        return _NOTHING
    reductions, verbatims, names = zip(*map(_tokens.__getitem__, tokens), strict=True)
    reduced = b" ".join(filter(None, reductions))
    if b"0 0" in reduced:
        reduced = _LITERAL_RUN.sub(_LITERAL, reduced)
    if not reduced or reduced == _LITERAL or reduced == b". . .":
        return _NOTHING
    length = reduced.count(b" ") + 1
    number = crc32(reduced) & ~LENGTH_MASK | min(length, LENGTH_MASK)
    literals = b""
    if _LITERAL in reductions:
        literals = b" ".join([word for kind, word in zip(reductions, verbatims, strict=True) if kind == _LITERAL])
    return length, number, crc32(b" ".join(filter(None, verbatims))), literals, frozenset(filter(None, names))
