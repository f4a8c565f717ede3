"""How ways through a layer become an answer: `required`, `optional`, `unknown` or `none`, and by what."""

from collections.abc import Iterable
from typing import NamedTuple

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    Instance,
    Site,
)
from fastapi_expert.codebase.link.protection.outcomes import (
    Assumption,
    Outcome,
    hides_status,
    is_refusing_answer,
    weight,
)
from fastapi_expert.codebase.link.protection.values import (
    Answer,
    Free,
    Opaque,
    Setting,
)
from fastapi_expert.codebase.model import Evidence, Protection, Shipped
from fastapi_expert.codebase.vocabulary import REFUSING_STATUSES


class Asked(NamedTuple):
    """What is asked of a caller beside who that is: ``scopes``, roles and permissions as written, sorted.

    ``callers`` are the parameters of the endpoint that a guard fills, ``guards`` all dependencies that may refuse.
    """

    scopes: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    guards: tuple[Evidence, ...] = ()


class Verdict(NamedTuple):
    """What a stranger meets, the evidence for it, the setting that it hangs on, and what else is asked."""

    protection: Protection
    by: tuple[Evidence, ...] = ()
    when: Shipped | None = None
    asked: Asked = Asked()


class Layer(NamedTuple):
    """One thing that may refuse, and how it ends for a stranger."""

    what: str
    site: Site
    outcomes: list[Outcome]


_AHEAD = ("dependency", "endpoint")
"""What runs before the body of an endpoint."""


def doubtful(reason: str, site: Site) -> list[Outcome]:
    """The ends of what could not be followed: it may refuse, and it may let a stranger through."""
    source = Opaque(reason, site)
    assumed = (Assumption(source, None),)
    return [Outcome("refuse", source, site, assumed, True), Outcome("pass", None, site, assumed)]


def verdict_of(layer: Layer) -> Verdict:
    refusals: list[Outcome] = []
    passing: list[Outcome] = []
    for one in layer.outcomes:
        answered = one.kind == "pass" and layer.what not in ("dependency", "endpoint") and isinstance(one.value, Answer)
        redirects = answered and one.value.status not in REFUSING_STATUSES
        if one.kind == "refuse" or (answered and is_refusing_answer(one.value) and (one.credentials or not redirects)):
            refusals.append(one)
        elif one.kind == "pass" and (not answered or layer.what == "body"):
            passing.append(one)
    doubtful = [one for one in refusals if not one.credentials and one.kind == "refuse"]
    if passing:  # where nobody gets through, somebody with credentials must
        refusals = [one for one in refusals if one.credentials]
    elif layer.what == "body":  # or the rest was not followed, and what was asked for is refused
        refusals = [one for one in refusals if one.credentials or not _is_avoidable(one)]
    if not refusals:
        return _not_sure(layer, doubtful, passing=bool(passing)) or Verdict("none")
    by = _evidence(layer, refusals[0])
    if not passing:
        setting = _setting(refusals[0])
        return Verdict("required", by, setting) if setting is None else Verdict("required", by)
    weakest = min((one.assumptions for one in passing), key=weight)
    decides = weight(weakest)
    told = layer.what == "body" or (layer.what.startswith("middleware") and decides == 1)
    if decides == 0 or (told and all(_is_avoidable(one) for one in refusals)):
        return Verdict("optional", by)
    if decides == 1:
        assumed = next(one for one in weakest if isinstance(one.source, Setting))
        source = assumed.source
        assert isinstance(source, Setting)
        return Verdict("required", by, shipped(source, open_=assumed.ships))
    opaque = next(one.source for one in weakest if isinstance(one.source, Opaque))
    reason = Evidence(opaque.site.path, opaque.site.line, opaque.reason)
    return Verdict("unknown", (*by, reason) if opaque.site.path else by)


def _is_avoidable(refusal: Outcome) -> bool:
    """Whether what the caller asks for decides that it is turned away, be what follows known or not."""
    return any(isinstance(one.source, Free) for one in refusal.assumptions)


def _not_sure(layer: Layer, doubtful: list[Outcome], *, passing: bool) -> Verdict | None:
    """What is said where nothing refuses a stranger for certain; None where the text leaves no doubt.

    Only what runs before the body counts: an endpoint that answers 403 for what it was asked is open all the same.
    """
    if layer.what.startswith("middleware"):
        hidden = next((one for one in layer.outcomes if hides_status(one)), None)
        return Verdict("unknown", _evidence(layer, hidden)) if hidden is not None else None
    if layer.what not in _AHEAD:
        return None
    for one in doubtful:  # a refusal that hangs on a value nobody can tell: it may be the credentials'
        if any(not isinstance(assumed.source, Setting) for assumed in one.assumptions):
            what = f"{layer.what} that refuses on a condition that cannot be read"
            return Verdict("unknown", _evidence(layer, one) or (Evidence(layer.site.path, layer.site.line, what),))
    if not passing and any(one.kind == "error" for one in layer.outcomes):
        # a dependency that always breaks would have been noticed: something was not followed
        what = f"{layer.what} that as far as the text tells lets nobody through"
        return Verdict("unknown", (Evidence(layer.site.path, layer.site.line, what),))
    return None


def _setting(outcome: Outcome) -> Shipped | None:
    return next(
        (shipped(one.source, open_=None) for one in outcome.assumptions if isinstance(one.source, Setting)), None
    )


def shipped(setting: Setting, *, open_: bool | None) -> Shipped:
    """The setting that a protection hangs on, as it ships."""
    default = setting.default if setting.written is MISSING else setting.written
    if isinstance(default, Instance):
        default = default.attributes.get("0", MISSING)
    text = None if default is MISSING or not isinstance(default, (str, int, float, bool, type(None))) else repr(default)
    return Shipped(setting.name, text, setting.site.path, setting.site.line, bool(open_))


def _evidence(layer: Layer, refusal: Outcome) -> tuple[Evidence, ...]:
    start = [(layer.site, layer.what)] if layer.what not in ("dependency", "endpoint", "body") else []
    trail = [*start, *refusal.trail] or [(refusal.site, layer.what)]
    return evidence(trail)


def evidence(trail: Iterable[tuple[Site, str]]) -> tuple[Evidence, ...]:
    """What happens at each place, each once."""
    return tuple(dict.fromkeys(Evidence(site.path, site.line, what) for site, what in trail if site.path))
