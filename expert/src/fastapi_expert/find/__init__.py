"""What exists that does this: a ranked search over names, routes, docstrings, fields and paths of one codebase."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nlargest

from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.find.entries import Entry, entries
from fastapi_expert.find.index import Document, Index
from fastapi_expert.find.places import is_driver, is_migration
from fastapi_expert.find.query import Query, parse
from fastapi_expert.find.words import compounds, kin, stem, words

__all__ = ["Entry", "Finder", "Hit", "entries"]

_MEANT_FOR_USE = ("service", "dependency", "endpoint", "schema", "table")
_USED = 1.1  # what is there to be used comes before
_DRIVEN = 0.8  # what only drives it
_LIGHT = frozenset(stem(word) for word in ("get", "set", "do", "make", "create", "handle"))
_KIND_WANTED = 2.2  # a component of the kind that was asked for
_METHOD_WANTED = 2.0
_ASIDE = 0.35  # tests and migrations of a thing are seldom what is looked for
_PRIVATE = 0.8  # what may be called from elsewhere comes first
_HINT = 0.4
_LOOKED_AT = 400  # candidates whose names are looked at closely
_EXACT = 0.5  # how much a name that says nothing else gains over one that says much else
_WORTH = 0.12  # share of the best score below which a hit is noise


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry, its score (higher is better, 1.0 for the best of a search) and the words it answered."""

    entry: Entry
    score: float
    matched: tuple[str, ...]


class Finder:
    """The searchable form of one codebase's entries."""

    def __init__(self, entries: Sequence[Entry], index: Index | None = None, *, note: str = "") -> None:
        self.entries = entries
        self.note = note
        """What of the routes no application is seen to serve, in words."""
        self.index = index if index is not None else Index.of([_document(entry) for entry in entries])

    def search(self, text: str, *, limit: int = 10, kinds: Collection[str] = ()) -> tuple[Hit, ...]:
        """The best ``limit`` entries for ``text``, of ``kinds`` if given; kinds and methods in it rank them."""
        query = parse(text)
        hints = self.index.scores(query.hints)
        rough = [
            (score + (_HINT * hints[number][0] if number in hints else 0.0), number, matched)
            for number, (score, matched) in self.index.scores(query.terms, query.compounds).items()
            if not kinds or self.entries[number].kind in kinds
        ]
        rough = [(score * _steer(self.entries[number], query), number, matched) for score, number, matched in rough]
        scored = [
            (score * self._closeness(number, query), self.entries[number], matched)
            for score, number, matched in nlargest(_LOOKED_AT, rough)
        ]
        scored.sort(key=lambda found: (-found[0], found[1].path, found[1].line))
        best = scored[0][0] if scored else 0.0
        return tuple(
            Hit(entry, score / best, matched) for score, entry, matched in scored[:limit] if score >= _WORTH * best
        )

    def _closeness(self, number: int, query: Query) -> float:
        """Near 1 for a name made of the query's words alone, less the more else it says."""
        name = [word for word in words(self.entries[number].name) if word not in _LIGHT]
        asked = {*query.terms, *query.hints}
        asked.update(other for term in query.terms for other in kin(term))
        return 1 - _EXACT * (1 - sum(word in asked for word in name) / len(name)) if name else 1 - _EXACT


def _steer(entry: Entry, query: Query) -> float:
    factor = 1.0
    if query.kinds:
        factor *= _KIND_WANTED if entry.kind in query.kinds else 1.0
    if query.methods:
        factor *= _METHOD_WANTED if query.methods.intersection(entry.methods) else 1 / _METHOD_WANTED
    if entry.kind in _MEANT_FOR_USE:
        factor *= _USED
    if is_driver(entry.path):
        factor *= _DRIVEN
    if entry.name.startswith("_"):
        factor *= _PRIVATE
    if "test" not in query.kinds and (entry.kind == "test" or _is_aside(entry.path)):
        factor *= _ASIDE
    return factor


def _is_aside(path: str) -> bool:
    """Tests and migrations: seldom what is looked for."""
    return is_test_path(path) or is_migration(path)


def _document(entry: Entry) -> Document:
    owner = entry.qualname.rpartition(".")[0]
    return Document(
        {
            "name": [*words(entry.name), *compounds(words(entry.name))],
            "owner": words(owner),
            "route": [word for route in entry.routes for word in words(route)],
            "method": [word for method in entry.methods for word in _implied(method, entry.routes)],
            "summary": words(f"{entry.summary} {entry.text}"),
            "fields": [word for field in entry.fields for word in words(field)],
            "path": _path_words(entry.path),
            "types": words(entry.signature),
        }
    )


@cache
def _path_words(path: str) -> tuple[str, ...]:
    """The words of a path, those of the file's own name twice."""
    directory, _, file = path.rpartition("/")
    return (*(words(file.removesuffix(".py")) * 2), *words(directory))


def _implied(method: str, routes: Sequence[str]) -> list[str]:
    """What a method does to a resource, in words: `POST /users` creates."""
    verbs = {"POST": "post create", "PUT": "put update", "PATCH": "patch update", "DELETE": "delete", "GET": "get read"}
    listing = " list" if method == "GET" and not any(route.endswith("}") for route in routes) else ""
    return words(verbs.get(method, method.lower()) + listing)
