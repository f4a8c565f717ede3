"""Ways through a piece of code, and what is decided on each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Literal, NamedTuple

from fastapi_expert.codebase.interpret.values import MISSING, Instance, Site, is_dict, is_list
from fastapi_expert.codebase.link.protection.values import (
    BROUGHT,
    FREE,
    Absent,
    Answer,
    Connection,
    Decided,
    Foreign,
    Free,
    Opaque,
    Setting,
    exception_name,
    is_plain,
    joined,
)


class Assumption(NamedTuple):
    """A branch that was taken though the text does not settle it; ``ships`` is whether it holds as shipped."""

    source: Free | Opaque | Setting
    ships: bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A condition: ``value`` None when it is not settled, ``credentials`` when the missing ones settled it.

    ``when_true`` and ``when_false`` are what has to be assumed for each, ``ships`` how it turns out as shipped.
    """

    value: bool | None
    credentials: bool = False
    when_true: tuple[Any, ...] = ()
    when_false: tuple[Any, ...] = ()
    ships: bool | None = None

    def assumptions(self, taken: bool) -> tuple[Assumption, ...]:
        if self.value is not None:
            return ()
        ships = None if self.ships is None else self.ships is taken
        sources = self.when_true if taken else self.when_false
        return tuple([Assumption(one, ships if isinstance(one, Setting) else None) for one in sources])


def known(value: bool, *, credentials: bool = False) -> Decision:
    return Decision(value, credentials, ships=value)


def negated(one: Decision) -> Decision:
    value = None if one.value is None else not one.value
    ships = None if one.ships is None else not one.ships
    return Decision(value, one.credentials, one.when_false, one.when_true, ships)


def conjunction(parts: list[Decision]) -> Decision:
    """`and`; `or` is the negation of this over the negations."""
    false = [one for one in parts if one.value is False]
    if false:
        return known(False, credentials=all(one.credentials for one in false))
    credentials = any(one.credentials for one in parts)
    open_ = [one for one in parts if one.value is None]
    if not open_:
        return known(True, credentials=credentials)
    ships = False if any(one.ships is False for one in open_) else None
    if all(one.ships for one in open_):
        ships = True
    weakest = min((one.when_false for one in open_), key=_weight)
    needed = tuple([source for one in open_ for source in one.when_true])
    return Decision(None, credentials, needed, weakest, ships)


def disjunction(parts: list[Decision]) -> Decision:
    """`or`."""
    return negated(conjunction([negated(one) for one in parts]))


def truth(value: Any) -> Decision:
    """Whether a value is true."""
    if isinstance(value, Decided):
        return known(value.value, credentials=True)
    if isinstance(value, Absent):
        return known(bool(value.instead), credentials=True)
    if isinstance(value, Foreign) or (isinstance(value, Answer) and value.asked):
        return known(True, credentials=True)
    if isinstance(value, Setting):
        ships = _shipped(value.default)
        return Decision(None, value.asked, (value,), (value,), ships)
    if isinstance(value, Connection) and value.part in BROUGHT:
        return known(False, credentials=True)
    if isinstance(value, (Free, Opaque)):
        return Decision(None, False, (value,), (value,))
    if value is None or isinstance(value, (bool, int, float, str)) or is_list(value) or is_dict(value):
        return known(bool(value))
    return known(True)


def _shipped(default: Any) -> bool | None:
    found = truth(default) if not isinstance(default, Setting) else None
    return found.value if found is not None and default.__class__.__name__ != "Missing" else None


def _weight(sources: tuple[Any, ...]) -> int:
    return max((2 if isinstance(one, Opaque) else 1 if isinstance(one, Setting) else 0 for one in sources), default=0)


def weight(assumptions: tuple[Assumption, ...]) -> int:
    """0 when some stranger's request comes this way, 1 when a setting decides, 2 when something unread does."""
    return _weight(tuple([one.source for one in assumptions]))


def together(*groups: tuple[Assumption, ...]) -> tuple[Assumption, ...]:
    """All assumptions, each once."""
    return tuple(dict.fromkeys(one for group in groups for one in group))


class Outcome(NamedTuple):
    """How a way ends: ``value`` is returned (`pass`) or raised.

    ``credentials`` tells that missing credentials led here, ``trail`` through which calls, outermost first, ``doubted``
    that it is raised where something out of reach raises, as it may for a missing credential.
    """

    kind: Literal["pass", "refuse", "error"]
    value: Any
    site: Site
    assumptions: tuple[Assumption, ...] = ()
    credentials: bool = False
    trail: tuple[tuple[Site, str], ...] = ()
    doubted: bool = False


@dataclass(slots=True)
class State:
    """One way through a function up to here."""

    names: dict[str, Any]
    assumptions: tuple[Assumption, ...] = ()
    credentials: bool = False

    def fork(self) -> "State":
        return State(dict(self.names), self.assumptions, self.credentials)


@dataclass(slots=True)
class Ways:
    """Where a block leads: ``ends`` leave the function, ``on`` is the way to what follows, the others leave a loop."""

    ends: list[Outcome] = field(default_factory=list[Outcome])
    on: State | None = None
    left: list[State] = field(default_factory=list[State])


def is_refusing_answer(value: Any) -> bool:
    """Whether a response turns the caller away for who they are."""
    if not isinstance(value, Answer):
        return False
    return value.status in (401, 403) or leads_to_sign_in(value)


def hides_status(one: Outcome) -> bool:
    """Whether missing credentials lead to an answer of which the text does not tell the status."""
    answered = one.kind == "pass" and one.credentials and isinstance(one.value, Answer)
    return answered and not isinstance(one.value.status, int)


_SIGN_IN = ("login", "log-in", "signin", "sign-in", "sign_in", "log_in", "/auth", "sso")


def leads_to_sign_in(answer: Answer) -> bool:
    """Whether a redirect leads to a page to sign in."""
    is_redirect = isinstance(answer.status, int) and 300 <= answer.status < 400
    location = answer.location
    return is_redirect and isinstance(location, str) and any(word in location.lower() for word in _SIGN_IN)


def valued(decision: Decision) -> Any:
    """A condition as a value."""
    if decision.value is not None:
        return Decided(decision.value) if decision.credentials else decision.value
    source = decision.when_true[0] if decision.when_true else FREE
    if isinstance(source, Setting):
        value = MISSING if decision.ships is None else decision.ships
        return source.giving(value, asked=decision.credentials)
    return source


def distinct(raised: Sequence[Outcome]) -> list[Outcome]:
    """What was raised, each end once: of several ways to the same one the most open is kept."""
    found: dict[Any, Outcome] = {}
    for one in raised:
        value = one.value
        status = value.attributes.get("status_code") if isinstance(value, Instance) else value
        told = status if is_plain(status) and not is_list(status) and not is_dict(status) else id(status)
        key = (one.kind, one.credentials, exception_name(value), told)
        known_one = found.get(key)
        if known_one is None or weight(one.assumptions) < weight(known_one.assumptions):
            found[key] = one
    return list(found.values())


def moved(outcomes: Sequence[Outcome], start: Site, end: Site) -> list[Outcome]:
    """How something ends that was asked for in one place, where another asks for it."""
    if start == end:
        return list(outcomes)
    return [
        one._replace(
            value=_moved(one.value, start, end),
            site=end if one.site == start else one.site,
            assumptions=tuple([each._replace(source=_moved(each.source, start, end)) for each in one.assumptions]),
            trail=moved_trail(one.trail, start, end),
        )
        for one in outcomes
    ]


def moved_trail(trail: tuple[tuple[Site, str], ...], start: Site, end: Site) -> tuple[tuple[Site, str], ...]:
    """The same places, but for the one that asks."""
    return tuple([(end if site == start else site, what) for site, what in trail])


def _moved(value: Any, start: Site, end: Site) -> Any:
    return replace(value, site=end) if isinstance(value, Opaque) and value.site == start else value


def merged_states(states: Sequence[State]) -> State:
    """One way that stands for several."""
    names: dict[str, Any] = {}
    for name in dict.fromkeys(name for one in states for name in one.names):
        if name == "__left__":
            continue
        values = [one.names[name] for one in states if name in one.names]
        names[name] = reduce(joined, values)
    weakest = min((one.assumptions for one in states), key=weight)
    return State(names, weakest, all(one.credentials for one in states))


def by_setting(merged: State, branches: Sequence[State], decision: Decision) -> None:
    """Names that have one value where a setting holds and another where it does not hang on it, too."""
    for name in merged.names:
        given = [one.names.get(name, MISSING) for one in branches]
        if MISSING not in given:
            merged.names[name] = either_value(given, decision)


def either_value(given: Sequence[Any], decision: Decision) -> Any:
    """A value that is the first of ``given`` where a condition holds and the second where it does not."""
    value = joined(*given)
    source = decision.when_true[0] if len(decision.when_true) == 1 else None
    if isinstance(source, Opaque) and value is FREE and FREE not in given:
        return source
    if not isinstance(source, Setting) or not isinstance(value, (Free, Opaque, Setting)) or FREE in given:
        return value
    if decision.ships is None:
        return source.giving(MISSING, asked=decision.credentials)
    shipped, other = given if decision.ships else reversed(given)
    others = [other.default, *other.others] if isinstance(other, Setting) else [other]
    if isinstance(shipped, Setting):
        others += shipped.others
        shipped = shipped.default
    return source.giving(shipped, asked=decision.credentials, others=others)
