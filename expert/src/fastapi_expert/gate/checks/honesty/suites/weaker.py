"""Whether one claim is looser than another about the same thing."""

import re
from collections.abc import Sequence

from fastapi_expert.gate.checks.honesty.suites.claims import BROAD, Claim

_LOOSER: dict[str, frozenset[str]] = {
    "==": frozenset({
        "in", "contained", "approx", "<", ">", "<=", ">=", "!=", "is not", "truthy", "isinstance", "or", "any",
        "not in",
    }),
    "is": frozenset({"in", "!=", "is not", "truthy", "isinstance", "or"}),
    "approx": frozenset({"<", ">", "<=", ">=", "!=", "is not", "truthy", "isinstance"}),
    "in": frozenset({"truthy", "is not", "!=", "isinstance", "or"}),
    "contained": frozenset({"truthy", "is not", "!=", "isinstance", "or"}),
    "isinstance": frozenset({"truthy", "is not"}),
    ">": frozenset({">=", "!=", "truthy", "is not", "isinstance", "or"}),
    "<": frozenset({"<=", "!=", "truthy", "is not", "isinstance", "or"}),
    ">=": frozenset({"truthy", "is not", "isinstance", "or"}),
    "<=": frozenset({"truthy", "is not", "isinstance", "or"}),
    "truthy": frozenset({"is not", "isinstance", "or"}),
    "falsy": frozenset({"or", "isinstance"}),
    "not in": frozenset({"or"}),
}  # fmt: skip
_CALLED = {
    "assert_called_once_with": 4, "assert_awaited_once_with": 4, "assert_called_with": 3, "assert_awaited_with": 3,
    "assert_has_calls": 3, "assert_any_call": 2, "assert_any_await": 2, "assert_called_once": 2,
    "assert_awaited_once": 2, "assert_called": 1, "assert_awaited": 1,
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_CALL_OF = re.compile(r"(?:len|str|set|list|sorted|int|type|round|abs|dict|tuple)\((.*)\)")


def about_the_same(old: Claim, new: Claim) -> bool:
    """Whether both look at one thing: `x` and `len(x)` do, and `x` and `x.status`."""
    a, b = _root(old.subject), _root(new.subject)
    return bool(a and b) and (a == b or a.startswith((f"{b}.", f"Subscript({b}")))


def _root(text: str) -> str:
    while match := _CALL_OF.fullmatch(text):
        text = match[1]
    return text


def looser(old: Claim, new: Claim) -> str:
    """How ``new`` says less than ``old`` of the same thing, in words; empty where it does not."""
    if new.trivial and not old.trivial:
        return "it holds whatever the code does"
    if old.kind == new.kind == "raises":
        return _raises(old, new)
    if old.kind == new.kind == "called":
        less = (
            bool(old.expected)
            and _CALLED.get(new.detail, 9) < _CALLED.get(old.detail, 0)
            and old.subject == new.subject
        )
        return "it no longer says with what, or how often" if less else ""
    if not about_the_same(old, new) or _is_the_same_in_other_words(old, new):
        return ""
    if old.kind == new.kind == "approx":
        return _tolerance(old.detail, new.detail) if old.expected == new.expected else ""
    if old.kind == new.kind and old.subject == new.subject:
        return _bounds(old, new)
    if new.kind in _LOOSER.get(old.kind, ()):
        if old.kind == "==" and new.kind in ("truthy", "in", "contained") and old.subject != new.subject:
            return ""
        return "that says less"
    return ""


def _is_the_same_in_other_words(old: Claim, new: Claim) -> bool:
    """`len(x) > 0` and `x`, `x == True` and `x`: what linters ask to be written so."""
    if new.kind == "isinstance" and old.kind in ("==", "is"):
        return old.subject == f"type({new.subject})" and old.expected == new.expected
    if new.kind != "truthy":
        return False
    if old.subject == f"len({new.subject})":
        return (old.kind, old.expected) in ((">", "0"), (">=", "1"), ("!=", "0"))
    return old.subject == new.subject and old.kind in ("==", "is") and old.expected == "True"


def answers_alike(old: Claim, new: Claim) -> bool:
    """Whether both name statuses of one class: `== 404` and `in (400, 404)` are two ways to refuse a caller."""
    statuses = [*_numbers(old.expected), *_numbers(new.expected)]
    return (
        "status" in old.subject
        and len(statuses) > 1
        and len({re.sub(r"(?<=^[1-5])\d\d$", "", one) for one in statuses}) == 1
    )


def says_little(one: Claim, kept: Sequence[Claim]) -> bool:
    """Whether a claim is about a type alone, or that there is something that the ``kept`` ones look into."""
    if one.kind in ("isinstance", "truthy") and "isinstance" in one.names:
        return True
    is_there = one.kind == "truthy" or (one.kind == "is not" and one.expected in ("", "None"))
    return is_there and any(about_the_same(other, one) for other in kept if other.kind not in ("truthy", "is not"))


def keeps_the_value(old: Claim, new: Claim) -> bool:
    """Whether the looser claim still speaks of the same value, or of none: what it must be did not change with it."""
    if (
        not new.expected
        or new.kind in ("is not", "!=", "isinstance", "approx", "truthy")
        or new.expected in ("0", "None")
    ):
        return True
    value = old.expected.strip("'\"")
    part = new.expected.strip("'\"")
    return (bool(value) and (value in new.expected or (len(part) > 2 and part in value))) or _numbers(
        old.expected
    ) == _numbers(new.expected) != []


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(text)


def _raises(old: Claim, new: Claim) -> str:
    kind = new.expected.rpartition(".")[2]
    if kind in BROAD and old.expected.rpartition(".")[2] not in BROAD:
        return "it takes any exception"
    if old.expected == new.expected and old.detail and not new.detail:
        return "it no longer looks at the message"
    if old.expected != new.expected and old.expected in new.expected and new.expected.startswith("Tuple"):
        return "it takes further exceptions"
    return ""


def _bounds(old: Claim, new: Claim) -> str:
    """`< 1` to `< 10`, `>= 3` to `>= 1`, `in (200,)` to `in (200, 500)`."""
    if old.kind == "in" and _holds_more(old.expected, new.expected):
        return "it allows more values"
    if old.kind not in ("<", "<=", ">", ">="):
        return ""
    before, now = _numbers(old.expected), _numbers(new.expected)
    if len(before) != 1 or len(now) != 1 or old.expected.replace(before[0], "") != new.expected.replace(now[0], ""):
        return ""
    difference = float(now[0]) - float(before[0])
    wider = difference > 0 if old.kind.startswith("<") else difference < 0
    return f"its bound went from {before[0]} to {now[0]}" if wider else ""


def _holds_more(old: str, new: str) -> bool:
    heads = ("Tuple(", "List(", "Set(")
    if not old.startswith(heads) or not new.startswith(heads):
        return False
    was, now = set(old.partition("(")[2][:-1].split(", ")), set(new.partition("(")[2][:-1].split(", "))
    return was < now


def _tolerance(old: str, new: str) -> str:
    before, now = _tolerances(old), _tolerances(new)
    for name in {*before, *now}:
        default = {"rel": 1e-6, "abs": 1e-12, "rel_tol": 1e-9, "abs_tol": 0.0, "rtol": 1e-5, "atol": 1e-8, "places": 7}
        was, value = before.get(name, default.get(name, 0.0)), now.get(name, default.get(name, 0.0))
        if value < was if name == "places" else value > was:
            return f"its tolerance `{name}` went from {was:g} to {value:g}"
    return ""


def _tolerances(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in filter(None, text.split(", ")):
        name, _, value = part.partition("=")
        if match := _NUMBER.search(value):
            found[name] = float(match[0])
    return found
