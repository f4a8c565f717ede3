"""What somebody is looking for: words, and the kinds and methods that some of the words name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastapi_expert.codebase.vocabulary import METHODS, WEBSOCKET
from fastapi_expert.find.words import stem, words

# a word that names a kind of thing -> the kinds it may mean
_KINDS: dict[str, tuple[str, ...]] = {
    "app": ("app",),
    "application": ("app",),
    "router": ("router",),
    "endpoint": ("endpoint",),
    "route": ("endpoint",),
    "handler": ("endpoint", "exception_handler"),
    "api": ("endpoint", "router"),
    "schema": ("schema",),
    "dto": ("schema",),
    "pydantic": ("schema",),
    "model": ("schema", "table"),
    "table": ("table",),
    "entity": ("table",),
    "orm": ("table",),
    "service": ("service",),
    "repository": ("service",),
    "crud": ("service",),
    "dependency": ("dependency",),
    "depends": ("dependency",),
    "middleware": ("middleware",),
    "task": ("task",),
    "job": ("task",),
    "celery": ("task",),
    "settings": ("settings",),
    "setting": ("settings",),
    "config": ("settings",),
    "configuration": ("settings",),
    "test": ("test",),
    "function": ("function", "service"),
    "helper": ("function", "service"),
    "util": ("function",),
    "class": ("class", "schema", "table", "service"),
    "note": ("note",),
    "decision": ("note",),
}

MOST_WORDS = 200
"""So many words of a question are read; nobody asks for more at once."""


@dataclass(frozen=True, slots=True)
class Query:
    """``terms`` are stems to match, ``compounds`` words that a term may be part of; ``hints`` help when they match;
    ``kinds`` and ``methods`` steer the ranking."""

    terms: tuple[str, ...]
    compounds: Mapping[str, tuple[str, ...]]
    hints: tuple[str, ...]
    kinds: frozenset[str]
    methods: frozenset[str]


def parse(text: str) -> Query:
    """The query in ``text``: `POST that creates users` is the method POST and the terms create, user.

    A method in capitals steers and is no term; a word for a kind steers and is but a hint while other words are left.
    """
    methods: set[str] = set()
    kinds: set[str] = set()
    rest: list[str] = []
    steering: list[str] = []
    pieces = text.replace(",", " ").split()[:MOST_WORDS]
    for position, piece in enumerate(pieces):
        word = piece.strip("\"'`?!.:;()")
        kind = _kinds(word, pieces[position + 1].lower() if position + 1 < len(pieces) else "")
        if word in (*METHODS, WEBSOCKET):
            methods.add(word)
        elif kind:
            kinds.update(kind)
            steering.extend(words(word))
        else:
            rest.extend(words(word))
    terms = rest or steering or [stem("".join(pieces).lower())]  # "who am I" is all stop words, yet means something
    terms = list(dict.fromkeys(terms))
    neighbours = dict.fromkeys(_compounds(pieces))
    return Query(
        tuple(terms),
        {term: tuple(word for word in neighbours if term in word) for term in terms},
        tuple(dict.fromkeys(steering)),
        frozenset(kinds),
        frozenset(methods),
    )


def _compounds(pieces: Sequence[str]) -> list[str]:
    """Neighbouring words as one, stop words included: `log out` may be `logout`."""
    return [stem((stem(one.lower()) + other.lower()).strip("\"'`?!.:;()")) for one, other in pairwise(pieces)]


def _kinds(word: str, following: str) -> tuple[str, ...]:
    lower = word.lower()
    if lower in ("exception", "error") and stem(following) == stem("handler"):
        return ("exception_handler",)
    found = _KINDS.get(lower) or _KINDS.get(lower.removesuffix("s"))
    if found is None and lower.endswith("ies"):
        found = _KINDS.get(lower[:-3] + "y")
    return found or ()
