"""Steps that are taken alike of any thing: to look it up, refuse it, delete it, log it, register it, stream it.

Two functions about other things that have only such steps in common are written in one idiom; neither is a copy.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from tree_sitter import Node

from fastapi_expert.codebase.syntax.shape import steps_of
from fastapi_expert.duplicates.similarity.telling import subjects
from fastapi_expert.find.words import deed

TELLING = 0.2
"""The share of the common steps that says something of the thing, up to which they are an idiom."""


class Steps(NamedTuple):
    """The steps of one function by their numbers, which of those are idioms, and what each speaks of: names that are
    not the function's own."""

    numbers: Counter[int]
    plain: frozenset[int]
    subjects: Mapping[int, frozenset[str]]
    is_stream: bool
    """It answers with what a function inside of it yields."""


def steps(function: Node) -> Steps:
    """Those of a definition."""
    inner = function.child_by_field_name("definition") or function
    text = b" " * inner.start_byte + (inner.text or b"")
    found = [(number, step.decode("utf-8", "replace")) for number, step in steps_of(inner, text)]
    outside = subjects(function)
    named = {number: frozenset(_NAME.findall(_STRING.sub("", step))) & outside for number, step in found}
    is_stream = any(step == "def" for _, step in found) and any(step.startswith("yield") for _, step in found)
    plain = frozenset([number for number, step in found if is_plain(step)])
    return Steps(Counter([number for number, _ in found]), plain, named, is_stream)


def share_idioms(here: Steps, there: Steps, *, are_apart: bool) -> bool:
    """Whether what two functions have in common are steps taken of any thing, and they take them of other things.

    That is so if one step speaks of one thing here and of another one there (the table, the registry), if both stream,
    or if somebody knows that they ``are_apart``; an edited copy goes on speaking of what it was about.
    """
    common = here.numbers & there.numbers
    plain = sum(count for number, count in common.items() if number in here.plain and number in there.plain)
    if common.total() - plain > TELLING * common.total():
        return False
    replaced = any(
        here.subjects[number] - there.subjects[number] and there.subjects[number] - here.subjects[number]
        for number in common
    )
    return are_apart or replaced or (here.is_stream and there.is_stream)


_NAME = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(
    r"""\b[rbfRBF]{0,2}("{3}|'{3})(?:\\.|(?!\1).)*\1|[rbfRBF]{0,2}(["'])(?:\\.|(?!\2).)*\2""", re.DOTALL
)
_INSIDE = re.compile(r"\([^()\[\]]*\)|\[[^()\[\]]*\]")
_ATOM = r"(?:not )?[\w.]+(?:\[\])?"
_PLAIN = re.compile(
    rf"def|class|break|continue|try|while True|(?:raise|except|yield)\b.*"
    rf"|return(?: {_ATOM}| \w*Response\(\))?"
    rf"|(?:el)?if {_ATOM}(?: (?:is|is not|in|not in|==|!=) {_ATOM})?"
    rf"|(?:el)?if (?:not )?[\w.]+\.is_disconnected\(\)"
    rf"|(?:async )?for [\w, ]+ in [\w.]+"
    rf"|(?:\w+\.)*_?(?:log|logger|logging)\.\w+\(\)|print\(\)|(?:asyncio|anyio|time)\.sleep\(\)"
    rf"|[\w.]+\[\] = {_ATOM}|[\w.]+\.(?:append|add|sort|setdefault)\(\)"
    rf"|[\w.]+(?:: [\w.\[\]]+)? = (?:\[\]|\{{\}}|(?:dict|list|set)\(\))"
)
_CALLS = re.compile(r"(?:\w+ = )?(?:[\w.]|\(\)|\[\])+\(\)")
_CALLED = re.compile(r"(\w+)\(\)")
_QUERYING = frozenset(("select", "query", "execute", "first", "one", "scalar", "scalars"))
_KEEPING = frozenset(("commit", "flush", "rollback", "refresh"))
_LOOKED_UP, _DELETED = deed("get"), deed("delete")


def is_plain(step: str) -> bool:
    """Whether a step, as it is written, is taken alike of any thing."""
    bare = " ".join(_STRING.sub("0", step).replace("await ", "").split()).rstrip(": ")
    while (shorter := _INSIDE.sub(lambda found: "\1" if found[0][0] == "(" else "\2", bare)) != bare:
        bare = shorter  # from the inside out
    bare = bare.replace("\1", "()").replace("\2", "[]")
    if _PLAIN.fullmatch(bare):
        return True
    if not _CALLS.fullmatch(bare):
        return False
    called = _CALLED.findall(bare)
    if " = " in bare:
        return deed(called[-1]) == _LOOKED_UP or not _QUERYING.isdisjoint(called) or "one_or_none" in called[-1]
    return called[-1] in _KEEPING or deed(called[-1]) == _DELETED
