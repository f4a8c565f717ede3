"""The search language: words, "phrases", AND, OR, NOT, parentheses, ``tag:name``; read into an FTS5 expression.

Source of the target language: https://www.sqlite.org/fts5.html#full_text_query_syntax
"""

import re
from dataclasses import dataclass, field

from fastapi_expert.notes.errors import NoteError

_TOKEN = re.compile(r'\s*(?:"(?P<phrase>[^"]*)"?|(?P<paren>[()])|(?P<word>[^\s()"]+))')
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]")
MIN_PREFIX = 3  # letters; fewer would begin half of all words
_OPERATORS = {"AND", "OR", "NOT"}


@dataclass(frozen=True, slots=True)
class Query:
    """FTS5 expressions, empty when only tags are asked for; ``relaxed`` is content with any one of the words."""

    strict: str
    relaxed: str
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    position: int = 0
    plain: list[str] = field(default_factory=list[str])

    def peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1]


def read(text: str) -> Query:
    """Read what a person typed.

    Raises:
        NoteError: when the operators make no sentence.
    """
    tokens, tags = _tokens(text)
    if not tokens:
        if text.strip() not in ("", "*") and not tags:
            raise _bad(text, "it holds no word to look for")
        return Query("", "", tags)
    reader = _Reader(tokens)
    positive, negative = _any(reader)
    if not positive:
        raise (
            _bad(text, "it only says what must not be there")
            if negative
            else _bad(text, "it holds no word to look for")
        )
    strict = f"({positive}) NOT ({negative})" if negative else positive
    plain = not _OPERATORS.intersection(tokens)
    return Query(strict, " OR ".join(reader.plain) if plain and len(reader.plain) > 1 else "", tags)


def _tokens(text: str) -> tuple[list[str], tuple[str, ...]]:
    tokens: list[str] = []
    tags: list[str] = []
    for found in _TOKEN.finditer(text):
        if found["phrase"] is not None:
            tokens += [f'"{found["phrase"]}'] if re.search(r"\w", found["phrase"]) else []
        elif found["paren"]:
            tokens.append(found["paren"])
        elif found["word"].lower().startswith("tag:"):
            tags += [tag.lstrip("#") for tag in found["word"][4:].split(",") if tag]
        elif re.search(r"[^\W_]", found["word"]):
            tokens.append(found["word"])
    # pasted text is full of brackets: only those that pair up can be meant as operators
    paired = _paired(tokens)
    return [token for token in tokens if paired or token not in ("(", ")")], tuple(tags)


def _paired(tokens: list[str]) -> bool:
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0


def _any(reader: _Reader) -> tuple[str, str]:
    parts = [_all(reader)]
    while reader.peek() == "OR":
        reader.take()
        parts.append(_all(reader))
    if len(parts) == 1:
        return parts[0]
    if any(negative and not positive for positive, negative in parts):
        raise NoteError(
            "INVALID_QUERY", "OR NOT would find nearly every note", do="say what must be there: a AND NOT b"
        )
    return " OR ".join(f"({_binary(*part)})" for part in parts if part[0]), ""


def _all(reader: _Reader) -> tuple[str, str]:
    positives: list[str] = []
    negatives: list[str] = []
    while (word := reader.peek()) is not None and word not in ("OR", ")"):
        reader.take()
        if word == "AND":
            continue
        denied = word == "NOT"
        if denied:
            if reader.peek() is None:
                raise NoteError("INVALID_QUERY", "NOT stands at the end of the query", do="say what must not be there")
            word = reader.take()
        positive, negative = _group(reader) if word == "(" else (_term(word, reader), "")
        if denied:
            negatives.append(_binary(positive, negative))
        else:
            positives += [positive] if positive else []
            negatives += [negative] if negative else []
    return " AND ".join(positives), " OR ".join(negatives)


def _group(reader: _Reader) -> tuple[str, str]:
    positive, negative = _any(reader)
    reader.take()  # its ")": `_tokens` lets only pairs through
    return f"({positive})" if positive else "", negative


def _binary(positive: str, negative: str) -> str:
    return f"({positive}) NOT ({negative})" if negative else positive


def _term(token: str, reader: _Reader) -> str:
    if token.startswith('"'):
        term = _quoted(token[1:])
    else:
        word = token.rstrip("*")
        # what begins with a word is meant as well; a script without spaces is searched as the phrase it is
        whole = len(re.sub(r"\W", "", word)) < MIN_PREFIX or _CJK.search(word)
        term = _quoted(word) if whole else f"{_quoted(word)} *"
    reader.plain.append(term)
    return term


def _quoted(text: str) -> str:
    spaced = _CJK.sub(r" \g<0> ", text.replace('"', " "))
    return f'"{" ".join(spaced.split())}"'


def _bad(text: str, why: str) -> NoteError:
    return NoteError(
        "INVALID_QUERY",
        f"the query {text!r} cannot be read: {why}",
        do='write it like: soft delete AND NOT "hard delete"',
    )
