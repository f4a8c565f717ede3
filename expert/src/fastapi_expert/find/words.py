"""Words out of identifiers and prose, in a common form: `create_users` answers `POST that creates users`."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_STOP_WORDS = """
a am an and any are as at be by can do does for from has have how i in into is it its me my not of on one only or our so
some that the their them there these this those to us want was we what when where which who will with you your
return returns self cls async def args kwargs none there if whether must after before
"""
_STOP = frozenset(_STOP_WORDS.split())


def words(text: str) -> list[str]:
    """The stems in ``text`` in order: identifiers split at underscores and humps, stop words dropped."""
    return [found for word in _WORD.findall(text) if (found := _meaning(word))]


@lru_cache(maxsize=65536)
def _meaning(word: str) -> str:
    """The stem of a word as it is written; nothing for a stop word."""
    lower = word.lower()
    return "" if lower in _STOP else stem(lower)


@lru_cache(maxsize=8192)
def ideas(text: str) -> tuple[str, ...]:
    """The stems in ``text``, but two neighbours that the table of synonyms knows as one word are that one word.

    `sign_in` and `logs in` are `signin` and `login`, although `in` alone says nothing.
    """
    found: list[str] = []
    pieces = [word.lower() for word in _WORD.findall(text)]
    position = 0
    while position < len(pieces):
        both = _one_idea(pieces[position], pieces[position + 1]) if position + 1 < len(pieces) else ""
        if both:
            found.append(both)
            position += 1
        elif meaning := _meaning(pieces[position]):
            found.append(meaning)
        position += 1
    return tuple(found)


@lru_cache(maxsize=65536)
def _one_idea(first: str, second: str) -> str:
    """The stem of two words as one that the table knows, as they are or with the first one's ending gone; else ""."""
    return next((word for word in (stem(first + second), stem(stem(first) + second)) if word in _KIN), "")


def compounds(found: Sequence[str]) -> list[str]:
    """Neighbouring words written as one: `file_name` is also `filename`, `sign up` is also `signup`."""
    return [stem(f"{one}{other}") for one, other in pairwise(found)]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A light stem: plural and verb endings go, so `users`, `creates`, `creating` and `created` meet their base."""
    if len(word) <= 3 or not word.isascii():
        return word
    for ending, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("sses", "ss"),
        ("ations", "at"),
        ("ation", "at"),
        ("ions", ""),
        ("ion", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _bare(word[: -len(ending)] + instead)
    single = word.removesuffix("s")
    if single.endswith(("able", "ible")) and len(single) >= 8:
        return _bare(single[:-4])  # connectable -> connect
    for ending in ("ing", "ed", "er", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            return _bare(word[: -len(ending)])
    return _bare(word)


def _bare(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]  # getting -> get
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@lru_cache(maxsize=4096)
def kin(word: str) -> tuple[str, ...]:
    """Stems that mean about the same as the stem ``word`` in a web application, itself not included."""
    return tuple(sorted(_KIN.get(word, ())))


@lru_cache(maxsize=4096)
def deeds(name: str) -> frozenset[int]:
    """What is done by what is called ``name``, as numbers: `add_user` and `create_user` do the same, `edit_user` does
    something else. Nothing for a name without a word of :data:`_DEEDS`."""
    return frozenset(_DEED[word] for word in ideas(name) if word in _DEED)


@lru_cache(maxsize=4096)
def deed(name: str) -> int:
    """What is done by what is called ``name`` when that is its first word, as a number; 0 for no word of the table."""
    return next((_DEED.get(word, 0) for word in ideas(name)), 0)


@lru_cache(maxsize=4096)
def things(name: str) -> frozenset[str]:
    """What is spoken of by what is called ``name``: its words without those that say what is done."""
    return frozenset(word for word in ideas(name) if word not in _DEED and word not in _NOTHING)


_NOTHING = frozenset(map(stem, ("other", "another", "own", "extra")))
"""Words of names that speak of nothing."""


_DEEDS = """
fetch get read retrieve load show find search query lookup list view select download
create add new insert ins register make save store post write upload push append
update edit modify change patch set reset replace rename
delete del remove destroy drop purge erase revoke clear unregister pop
verify validate check ensure assert confirm require
send notify deliver dispatch publish broadcast submit
approve accept
assign
complete finish
cancel abort
reject refuse deny decline
start open enable activate connect subscribe lock follow enter claim acquire
stop close disable deactivate disconnect unsubscribe unlock unfollow exit quit release recover restore
encode encrypt serialize dump
decode decrypt deserialize parse
"""
"""A line is one thing that is done."""


def _read_synonyms() -> dict[str, set[str]]:
    """Stem to the stems that share a line of the table with it."""
    found: dict[str, set[str]] = {}
    table = Path(__file__).with_name("synonyms.txt").read_text(encoding="utf-8")
    for line in table.splitlines():
        stems = [stem(word) for word in line.split()] if not line.startswith("#") else []
        for one in stems:
            found.setdefault(one, set()).update(other for other in stems if other != one)
    return found


_KIN = _read_synonyms()
_DEED = {stem(word): number for number, line in enumerate(_DEEDS.split("\n")) for word in line.split()}
