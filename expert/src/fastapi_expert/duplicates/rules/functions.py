"""FX103, FX203, FX3xx, FX4xx and FX601: functions that do the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.records.model import FunctionRecord, Records
from fastapi_expert.duplicates.rules.advice import (
    LOOSE,
    advice_on,
    is_test,
    message_on,
)
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.duplicates.similarity.families import equal_groups, gather
from fastapi_expert.duplicates.similarity.measure import Code, unpack
from fastapi_expert.duplicates.similarity.pairs import Likenesses, Pairs, pools_of

THIN = (3, 36)
"""Statements and tokens up to which endpoints that are equal to one another only delegate."""
IDIOM = 3
"""Of a family that is only alike, so many count for the ranking: the rest follows an idiom rather than a copy."""
MANY_TESTS = 3
"""Tests that differ in literals only are worth a word from this number on."""
KIND_RULES = {
    "dependency": "FX401",
    "middleware": "FX402",
    "exception_handler": "FX403",
    "task": "FX404",
    "validator": "FX203",
}
"""What it is called when such a thing does what another does; a draft's copy is called after what it copies."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The functions of a codebase, unpacked for comparing."""

    functions: Sequence[FunctionRecord]
    codes: Sequence[Code]
    modules: Mapping[str, str]


def corpus_of(records: Records) -> Corpus:
    """Unpack every function once."""
    codes = [unpack(function) for function in records.functions]
    return Corpus(records.functions, codes, dict(records.modules))


def function_findings(corpus: Corpus, likenesses: Likenesses) -> list[Finding]:
    """All findings about functions; unordered."""
    pools = pools_of(corpus.functions, corpus.codes)
    pairs = likenesses.among(corpus.functions, corpus.codes, pools)
    findings = [*_test_findings(corpus, pools.tests)]
    for pool in (pools.application, pools.helpers):
        inside = set(pool)
        findings += _pool_findings(corpus, pool, {pair: like for pair, like in pairs.items() if pair[0] in inside})
    return findings


def one_contract(left: FunctionRecord, right: FunctionRecord) -> bool:
    """Overrides of one method, accessors of one property, one function and its redefinition in a branch."""
    if left.name != right.name:
        return False
    return any(owner in right.overrides for owner in left.overrides)


def _pool_findings(corpus: Corpus, pool: Sequence[int], pairs: Pairs) -> list[Finding]:
    functions, codes = corpus.functions, corpus.codes
    findings: list[Finding] = []
    groups = equal_groups(codes, pool)
    members_of: dict[int, list[int]] = {}
    for group in groups:
        members = _distinct(group, functions)
        members_of[group[0]] = members
        if len(members) > 1 and not _thin(functions, codes, members):
            findings.append(_finding(corpus, members, 1.0, equal=True))
    kept = {pair: like for pair, like in pairs.items() if not one_contract(functions[pair[0]], functions[pair[1]])}
    for family in gather(kept):
        members = [member for first in family.members for member in members_of[first]]
        findings.append(_finding(corpus, members, family.score, equal=False, apart=family.members))
    return findings


def _distinct(group: Sequence[int], functions: Sequence[FunctionRecord]) -> list[int]:
    """The group without members that share a contract with one before them."""
    kept: list[int] = []
    for at in group:
        if not any(one_contract(functions[at], functions[other]) for other in kept):
            kept.append(at)
    return kept


def _thin(functions: Sequence[FunctionRecord], codes: Sequence[Code], members: Sequence[int]) -> bool:
    """Endpoints that only delegate: a call or two and a return, the same everywhere by convention."""
    code = codes[members[0]]
    is_thin = len(code.statements) <= THIN[0] or code.tokens < THIN[1]
    return is_thin and all(functions[at].kind == "endpoint" for at in members)


def _test_findings(corpus: Corpus, tests: Sequence[int]) -> Iterable[Finding]:
    codes = corpus.codes
    for group in equal_groups(codes, tests):
        if len(codes[group[0]].statements) < 4:
            continue
        by_fixtures: dict[tuple[str, ...], list[int]] = {}
        for at in group:
            by_fixtures.setdefault(corpus.functions[at].parameters, []).append(at)
        for alike in by_fixtures.values():
            yield from _same_tests(corpus, alike)


def _same_tests(corpus: Corpus, alike: Sequence[int]) -> Iterable[Finding]:
    """Of tests with the same fixtures and steps: those with the same values, else all of them if they are many."""
    by_literals: dict[int, list[int]] = {}
    for at in alike:
        by_literals.setdefault(corpus.codes[at].literals, []).append(at)
    repeated = [same for same in by_literals.values() if len(same) > 1]
    for same in repeated:
        yield _finding(corpus, same, 1.0, equal=True)
    if len(alike) >= MANY_TESTS and not repeated:
        yield _finding(corpus, alike, 0.99, equal=True)


def _finding(
    corpus: Corpus, members: Sequence[int], score: float, *, equal: bool, apart: Sequence[int] | None = None
) -> Finding:
    """``apart`` are the members that are not equal to one another: equal ones have a finding of their own."""
    ordered = by_worth([corpus.functions[at] for at in members])
    codes = [corpus.codes[at] for at in members]
    exact = len({code.exact for code in codes}) == 1
    similarity = (1.0 if exact else 0.99) if equal else min(score, 0.98)
    rule = _rule(ordered, codes, equal=equal)
    keep, changed = ordered[0], ordered[-1]
    message = message_on(ordered, codes, equal=equal, exact=exact, score=score)
    advice, action = advice_on(rule, ordered, corpus.modules, equal=equal, differ=_differ(codes), loose=score < LOOSE)
    lines = sorted(corpus.functions[at].lines for at in apart or members)
    return Finding(
        rule=rule,
        title=RULES[rule].title,
        similarity=similarity,
        message=message,
        advice=advice,
        action=action,
        components=tuple(map(as_place, (changed, keep, *ordered[1:-1]))) if len(ordered) > 1 else (),
        saves=round(sum(lines[:-1] if equal else lines[-IDIOM - 1 : -1]) * score),
    )


def _differ(codes: Sequence[Code]) -> bool:
    """Whether equal functions hold other values or make things of other classes: one cannot simply call the other."""
    return len({(code.literals, code.names) for code in codes}) > 1


def by_worth(members: Sequence[FunctionRecord]) -> list[FunctionRecord]:
    """The one to keep first: mentioned most, then in the most general place."""
    return sorted(members, key=lambda one: (-one.mentions, one.path.count("/"), one.path, one.line))


def as_place(function: FunctionRecord) -> Place:
    """One side of a finding."""
    return Place(function.id, function.kind, function.path, function.line, function.end_line)


def _rule(members: Sequence[FunctionRecord], codes: Sequence[Code], *, equal: bool) -> str:
    kinds = {function.kind for function in members}
    if all(is_test(function) for function in members):
        return "FX601"
    if len(kinds) == 1 and (rule := KIND_RULES.get(next(iter(kinds)))):
        return rule
    is_twin = len(members) == 2 and members[0].is_async != members[1].is_async
    if is_twin and (equal or members[0].name.strip("_a") == members[1].name.strip("_a")):
        return "FX303"
    if equal:
        return "FX103" if kinds == {"endpoint"} else "FX301"
    return "FX302"
