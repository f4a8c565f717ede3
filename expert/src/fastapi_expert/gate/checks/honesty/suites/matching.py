"""Which tests of both sides are the same one: by name and place, by name, or by likeness of what they do."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from fastapi_expert.gate.checks.honesty.suites.canonical import likeness
from fastapi_expert.gate.checks.honesty.suites.modules import Function

MOVED, RENAMED = 0.35, 0.6
"""From which likeness a test of the same name elsewhere, or of another name, is the same one."""
_MOST_PAIRS = 250_000

Pair = tuple[Function, Function]


def matched(old: Sequence[Function], new: Sequence[Function]) -> tuple[list[Pair], list[Function], list[Function]]:
    """The pairs, what is left of ``old`` and what is left of ``new``."""
    pairs: list[Pair] = []
    here: dict[tuple[str, str], list[Function]] = defaultdict(list)
    for one in new:
        here[one.path, one.qualname].append(one)
    rest: list[Function] = []
    for one in old:
        same = here.get((one.path, one.qualname))
        if same:
            pairs.append((one, same.pop(0)))
        else:
            rest.append(one)
    free = [one for left in here.values() for one in left]
    rest, free = _by_likeness(rest, free, pairs, MOVED, same_name=True)
    rest, free = _by_likeness(rest, free, pairs, RENAMED, same_name=False)
    return pairs, rest, free


def _by_likeness(
    old: list[Function], new: list[Function], pairs: list[Pair], least: float, *, same_name: bool
) -> tuple[list[Function], list[Function]]:
    if len(old) * len(new) > _MOST_PAIRS:
        new_names = Counter(one.name for one in new)
        old = [one for one in old if not same_name or new_names[one.name]]
    ranked = sorted(
        (
            (-likeness(one.words, other.words), number, place)
            for number, one in enumerate(old)
            for place, other in enumerate(new)
            if (one.name == other.name or not same_name)
        ),
    )
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for score, number, place in ranked:
        if -score < least:
            break
        if number not in taken_old and place not in taken_new:
            taken_old.add(number)
            taken_new.add(place)
            pairs.append((old[number], new[place]))
    return (
        [one for number, one in enumerate(old) if number not in taken_old],
        [one for place, one in enumerate(new) if place not in taken_new],
    )
