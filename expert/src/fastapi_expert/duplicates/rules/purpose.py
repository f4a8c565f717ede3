"""FX304: a draft under a name that is there already for the same kind of thing; and what else is for its purpose."""

from collections.abc import Iterator, Sequence

from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.duplicates.model import Finding, Place, Rule, Similar
from fastapi_expert.duplicates.records.extract import decorator_name, is_foreign
from fastapi_expert.duplicates.records.purposes import Described, Purpose, described
from fastapi_expert.duplicates.rules.base import Case, Family, Neighbour, Remark
from fastapi_expert.duplicates.similarity.purposes import Asked, Related, compared
from fastapi_expert.duplicates.wording import Imports, place
from fastapi_expert.find.words import words

NEAR_ENOUGH = 0.25
"""From which score what is for the same purpose is worth a look."""
BEHIND = 0.9
"""What a likeness of purpose has to say, beside one of code with the same score."""
FIRST = 1.2
"""What the very name has to say: more than a body that is alike."""
NAMESAKES = 2
"""So many of those that have it."""
METHOD = 0.6
"""What a method of a class that is new has to say, beside the class itself."""
NEAREST = 5
COMMON = 2
"""A name that more things than this have is a convention (`create`, `run_job`) and tells nothing."""
_PLAIN = {"staticmethod", "classmethod", "cache", "lru_cache", "contextmanager", "asynccontextmanager", "dataclass"}
"""Decorators that leave a function or class what it is; with any other one its name is what something else asks for."""
_ANSWERING = ("endpoint", "task", "exception_handler")
"""Kinds whose names are not what they are called by."""
SAME_NAME = Rule(
    "FX304",
    "name already in use",
    "A draft under the public name of something that exists, of the same kind and with fitting parameters",
    "functions",
    verdict="extend",
    is_hint=True,
)


def _judge(case: Case) -> Iterator[Remark]:
    """For every new function and class of the draft: what has its name, and what is for the same purpose."""
    draft = case.draft
    if is_test_path(draft.path) or is_foreign(draft):
        return
    before = {one.qualname for one in (*case.before.functions, *case.before.classes)} if case.before else set[str]()
    decorated = {
        one.qualname
        for one in (*draft.functions, *draft.classes)
        if any(decorator_name(decorator).rpartition(".")[2] not in _PLAIN for decorator in one.decorators)
    }
    for one in described(draft, kinds={}, own=case.overlay.library.own, but=before):
        related = _related(one, case)
        owner = one.purpose.qualname.rpartition(".")[0]
        rank = BEHIND if not owner or owner in before else BEHIND * METHOD
        same = [near for near in related if near.is_same_name][:NAMESAKES] if not owner else []
        told = [near for near in related if near.score >= NEAR_ENOUGH][:NEAREST]
        near: list[Neighbour] = [(one.score * (FIRST if one in same else rank), _similar(one)) for one in told]
        finding = _finding(one.purpose, related, case) if one.purpose.qualname not in decorated else None
        yield Remark(finding, near)


def _related(one: Described, case: Case) -> list[Related]:
    overlay = case.overlay
    purposes = overlay.library.purposes
    ask = Asked(one, purposes.worths, overlay.library.weights.feature)
    known = [near for near in purposes.related(ask) if near.purpose.path not in overlay.removed]
    known += [near for other in overlay.purposes(ask.words) if (near := compared(ask, other)) is not None]
    return sorted(known, key=lambda near: (-near.score, near.purpose.path, near.purpose.line))


def _similar(near: Related) -> Similar:
    return Similar(near.purpose.id, near.purpose.path, near.purpose.line, near.score, near.reason)


def _finding(mine: Purpose, related: Sequence[Related], case: Case) -> Finding | None:
    same = [near for near in related if near.is_same_name]
    if not 0 < len(same) <= COMMON or not _is_telling(mine):
        return None
    near = next((one for one in same if _fits(mine, one.purpose, case.imports)), None)
    if near is None:
        return None
    other = near.purpose
    there = f"`{other.qualname}` ({place(other)})"
    return Finding(
        SAME_NAME,
        near.score,
        f"`{mine.qualname}` has the name of {there}: {near.reason}",
        f"There may be one already: {there}, {near.reason}; open it before you write this.",
        "extend",
        (
            Place(mine.id, mine.kind, mine.path, mine.line, mine.line),
            Place(other.id, other.kind, other.path, other.line, other.line),
        ),
    )


def _is_telling(mine: Purpose) -> bool:
    """A public name of two words or more, of a function or class of a module."""
    return "." not in mine.qualname and not mine.name.startswith("_") and len(words(mine.name)) >= 2


def _fits(mine: Purpose, other: Purpose, imports: Imports) -> bool:
    """The same sort of thing in the same program, and one could take what the other takes."""
    if "." in other.qualname or mine.is_class is not other.is_class or other.kind in _ANSWERING:
        return False
    if other.route:
        return False  # an endpoint, though of a router that nothing includes
    if not imports.are_linked(mine.path, other.path):
        return False
    shared = len(set(mine.takes) & set(other.takes))
    if mine.is_class:
        return not mine.takes or not other.takes or 3 * shared >= min(len(mine.takes), len(other.takes))
    return abs(len(mine.takes) - len(other.takes)) <= 1 or 2 * shared >= min(len(mine.takes), len(other.takes))


FAMILY = Family((SAME_NAME,), judge=_judge)
