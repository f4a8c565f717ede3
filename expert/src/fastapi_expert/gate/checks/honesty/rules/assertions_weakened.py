"""FX622: a test asserts less than it did: fewer things, looser ones, or what always holds."""

import re
from collections import Counter
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Confidence, Finding, shortened
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.suites.claims import HELPER, Claim
from fastapi_expert.gate.checks.honesty.suites.modules import Function
from fastapi_expert.gate.checks.honesty.suites.weaker import (
    about_the_same,
    answers_alike,
    keeps_the_value,
    looser,
    says_little,
)

_ADVICE = "put the assertion back, and mend the code; if less is right, the commit says why: `Test-Change: reason`"


def assertions_weakened(change: Change, rule: Rule) -> Iterator[Finding]:
    for old, new in change.pairs:
        if old.off is None and new.off is None:
            yield from _Comparison(change, rule, old, new).findings()
    yield from _weaker_helpers(change, rule)


_EXACT = ("==", "is", "approx", "in")
_SEVERAL = 3
"""So many changed expectations are no way to get one test to pass."""


class _Comparison:
    """One test, as it was and as it is."""

    def __init__(self, change: Change, rule: Rule, old: Function, new: Function) -> None:
        self._change, self._rule, self._old, self._new = change, rule, old, new
        self._sure: Confidence = "likely" if change.moves_libraries else change.confidence
        kept = Counter(one.key for one in old.claims) & Counter(one.key for one in new.claims)
        self._lost = _beyond(old.claims, kept)
        self._come = _beyond(new.claims, kept)
        helpers = {one.detail for one in new.claims if one.kind == "helper"}
        self._lost = [one for one in self._lost if one.kind != "helper" or one.detail not in helpers]
        self._kept = [one for one in new.claims if one.key in kept]

    def findings(self) -> Iterator[Finding]:
        told = [*self._hidden(), *self._looser()]
        yield from told
        if not told:
            yield from self._fewer()

    def _at(self, line: int, message: str, confidence: Confidence) -> Finding:
        line = line if self._new.line <= line <= self._new.end_line else self._new.line
        return self._rule.at(self._new.path, line, message, _ADVICE, confidence=confidence)

    def _hidden(self) -> Iterator[Finding]:
        """Assertions of which the failing is caught now, or that are made only sometimes."""
        was = {one.key: one for one in self._old.claims}
        for one in self._new.claims:
            before = was.get(one.key)
            if before is None:
                continue
            if one.swallowed and not before.swallowed:
                yield self._at(
                    one.line, f"`{self._new.qualname}` catches the failing of `{shortened(one.said)}` now", "certain"
                )
                return
            added = [condition for condition in one.conditions if condition not in before.conditions]
            if added and len(one.conditions) > len(before.conditions) and _asks_for_its_subject(added, one):
                chosen = all(self._chooses(condition) for condition in added)
                yield self._at(
                    one.line,
                    f"`{self._new.qualname}` asserts `{shortened(one.said)}` only sometimes now",
                    "likely" if chosen else self._sure,
                )
                return

    def _chooses(self, condition: str) -> bool:
        """Whether a condition looks at what a loop goes through: for the rest of it the assertion is made as before."""
        names = {
            name.id
            for statement in self._new.node.body
            for loop in tree.walk(statement)
            if isinstance(loop, tree.For)
            for name in tree.walk(loop.target)
            if isinstance(name, tree.Name)
        }
        return any(re.search(rf"\b{name}\b", condition) for name in names)

    def _looser(self) -> Iterator[Finding]:
        left = list(self._come)
        for old in self._lost:
            for new in left:
                how = looser(old, new)
                if not how or (not new.trivial and not self._still_means(old, new)):
                    continue
                if new.trivial or not any(_at_least_as_strict(old, other) for other in self._come if other is not new):
                    left.remove(new)
                    sure: Confidence = "likely" if answers_alike(old, new) else self._sure
                    sure = "certain" if new.trivial else sure
                    yield self._at(new.line, f"`{shortened(old.said)}` became `{shortened(new.said)}`: {how}", sure)
                    break

    def _still_means(self, old: Claim, new: Claim) -> bool:
        if self._change.names_removed(old.names):
            return False
        return old.kind == new.kind or keeps_the_value(old, new)

    def _fewer(self) -> Iterator[Finding]:
        lost, come = self._lost, self._come
        if not lost or len(come) >= len(lost) or self._calls_something_new():
            return
        unexplained = [one for one in lost if not self._change.names_removed(one.names)]
        if not unexplained or len(unexplained) <= len(come):
            return
        if not self._new.claims:
            text = f"`{self._new.qualname}` asserts nothing any more (it did: `{shortened(unexplained[0].said)}`)"
            yield self._at(self._new.line, text, self._sure)
        elif not come and self._does_the_same() and not self._is_asserted_elsewhere(unexplained):
            more = f" and {len(unexplained) - 1} more" if len(unexplained) > 1 else ""
            text = f"`{self._new.qualname}` no longer asserts `{shortened(unexplained[0].said)}`{more}"
            touched = all(one.names & self._change.touched_names for one in unexplained)
            slight = all(says_little(one, self._kept) for one in unexplained)
            tests_alone = not self._change.touches_more_than_tests  # nothing here has to get by what is left
            adapted = touched or slight or tests_alone or _says_another_value_elsewhere(self._change)
            yield self._at(self._new.line, text, "likely" if adapted else self._sure)

    def _calls_something_new(self) -> bool:
        """A helper of another file that may assert in its place: a name that the test did not call before."""
        fresh = set(self._new.called) - set(self._old.called)
        names = {one.name for one in self._new.module.functions}
        return any(name in self._new.module.imports and name not in names for name in fresh if name)

    def _does_the_same(self) -> bool:
        """Whether nothing but the assertions changed, or less than a fifth of what it does."""
        old, new = self._old.rest, self._new.rest
        return (old - new).total() + (new - old).total() <= max(old.total(), new.total()) // 5

    def _is_asserted_elsewhere(self, lost: list[Claim]) -> bool:
        others = {one.key for test in self._change.added for one in test.claims}
        return all(one.key in others for one in lost)


def _says_another_value_elsewhere(change: Change) -> bool:
    """Whether several assertions are as strict as before about other values: the suite follows the code."""
    changed = 0
    for old, new in change.pairs:
        was, now = Counter(one.key for one in old.claims), Counter(one.key for one in new.claims)
        lost = Counter(key[:2] for key in (was - now).elements() if key[0] in _EXACT)
        come = Counter(key[:2] for key in (now - was).elements() if key[0] in _EXACT)
        changed += (lost & come).total()
    return changed >= _SEVERAL


def _weaker_helpers(change: Change, rule: Rule) -> Iterator[Finding]:
    """A helper that many tests assert through: one that no test of its file is judged by."""
    for path, module in change.new_modules.items():
        before = change.old_modules[path].helpers
        called = {name for test in module.tests for name in test.called}
        for name, helper in module.helpers.items():
            old = before.get(name)
            if old is None or name in called or helper.is_fixture or not HELPER.search(name):
                continue
            yield from _Comparison(change, rule, old, helper).findings()


def _beyond(claims: tuple[Claim, ...], kept: "Counter[tuple[str, str, str, str]]") -> list[Claim]:
    """The claims made more often than ``kept`` says."""
    numbers: Counter[tuple[str, str, str, str]] = Counter()
    found: list[Claim] = []
    for one in claims:
        numbers[one.key] += 1
        found += [one] if numbers[one.key] > kept[one.key] else []
    return found


def _at_least_as_strict(old: Claim, other: Claim) -> bool:
    return about_the_same(old, other) and other.kind in ("==", "is", "approx") and not other.trivial


def _asks_for_its_subject(conditions: list[str], claim: Claim) -> bool:
    """`if response.ok: assert response…`: the condition looks at what the assertion looks at."""
    root = (
        claim.subject.replace("Subscript(", "")
        .replace("len(", "")
        .partition(".")[0]
        .partition("(")[0]
        .partition(",")[0]
    )
    return any(root and root in condition for condition in conditions)


RULE = Rule(
    "FX622",
    "assertions weakened",
    "A test asserts less than it did: fewer things, looser ones, or what always holds",
    assertions_weakened,
)
