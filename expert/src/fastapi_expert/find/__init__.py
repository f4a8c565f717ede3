"""What exists that does this: a ranked search over names, routes, docstrings, fields and paths of one codebase."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi_expert.find.entries import Entry, entries
from fastapi_expert.find.index import Document, Index
from fastapi_expert.find.query import Query, parse
from fastapi_expert.find.words import words

__all__ = ["Entry", "Finder", "Hit", "entries"]

_KIND_WANTED = 2.2  # a component of the kind that was asked for
_METHOD_WANTED = 2.0
_TEST = 0.4  # a test of a thing is seldom what is looked for
_WORTH = 0.12  # share of the best score below which a hit is noise


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry, its score (higher is better, 1.0 for the best of a search) and the words it answered."""

    entry: Entry
    score: float
    matched: tuple[str, ...]


class Finder:
    """The searchable form of one codebase's entries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._index = Index([_document(entry) for entry in entries])

    def search(self, text: str, *, limit: int = 10) -> tuple[Hit, ...]:
        """The best ``limit`` entries for ``text``; a kind or a method in it steers the ranking."""
        query = parse(text)
        scored = [
            (score * self._steer(entry, query), entry, matched)
            for number, (score, matched) in self._index.scores(query.terms).items()
            for entry in [self._entries[number]]
        ]
        scored.sort(key=lambda found: (-found[0], found[1].path, found[1].line))
        best = scored[0][0] if scored else 0.0
        return tuple(
            Hit(entry, score / best, matched) for score, entry, matched in scored[:limit] if score >= _WORTH * best
        )

    def _steer(self, entry: Entry, query: Query) -> float:
        factor = 1.0
        if query.kinds:
            factor *= _KIND_WANTED if entry.kind in query.kinds else 1.0
        if query.methods:
            factor *= _METHOD_WANTED if query.methods.intersection(entry.methods) else 1 / _METHOD_WANTED
        if entry.kind == "test" and "test" not in query.kinds:
            factor *= _TEST
        return factor


def _document(entry: Entry) -> Document:
    owner = entry.qualname.rpartition(".")[0]
    directory, _, file = entry.path.rpartition("/")
    return Document(
        {
            "name": words(entry.name),
            "owner": words(owner),
            "route": [word for route in entry.routes for word in words(route)],
            "method": [word for method in entry.methods for word in _implied(method, entry.routes)],
            "summary": words(f"{entry.summary} {entry.text}"),
            "fields": [word for field in entry.fields for word in words(field)],
            "path": words(file.removesuffix(".py")) * 2 + words(directory),
            "types": words(entry.signature),
        }
    )


def _implied(method: str, routes: Sequence[str]) -> list[str]:
    """What a method does to a resource, in words: `POST /users` creates."""
    verbs = {"POST": "post create", "PUT": "put update", "PATCH": "patch update", "DELETE": "delete", "GET": "get read"}
    listing = " list" if method == "GET" and not any(route.endswith("}") for route in routes) else ""
    return words(verbs.get(method, method.lower()) + listing)
