"""FX301, FX302 and FX303: functions that do the same; and how functions of any kind are compared and spoken of."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from fastapi_expert.codebase.syntax.shape import Shape
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS, is_test_path
from fastapi_expert.config import Config
from fastapi_expert.duplicates.model import Finding, Place, Similar
from fastapi_expert.duplicates.records.extract import decorator_name, function_records
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.rules.base import Advice, Case, Family, FunctionRule, Group, Neighbour, Remark, Survey
from fastapi_expert.duplicates.similarity import families
from fastapi_expert.duplicates.similarity.differences import WIRED, Difference, Differences, Texts
from fastapi_expert.duplicates.similarity.families import equal_groups, gather, is_copy, joined
from fastapi_expert.duplicates.similarity.measure import Code, Similarity, common_statements, compare, unpack
from fastapi_expert.duplicates.similarity.pairs import Pairs, is_trivial, pools_of
from fastapi_expert.duplicates.store.overlay import Overlay
from fastapi_expert.duplicates.wording import Imports, listed, place
from fastapi_expert.find.words import deed, deeds, stem, things, words

_AGAIN = re.compile(r"@\d+")
LOOSE = 0.65
"""Below this similarity two functions share a part; neither can simply call the other."""
APART = 0.75
"""Below this similarity, two functions whose names say that they do other things share how that begins and ends."""
MOST = 0.6
"""The share of their statements that functions have in common whose names have nothing in common."""
THIN = (3, 36)
"""Statements and tokens up to which endpoints that are equal to one another only delegate."""
FEW_STEPS = 8
"""Statements up to which a function that runs a long text is what the text says, and an endpoint what it calls."""
IDIOM = 3
"""Of a family that is only alike, so many count for the ranking: the rest follows an idiom rather than a copy."""
NEAR_ENOUGH = 0.25
"""From which similarity a neighbour of a draft is worth a look."""
NO_GROWTH = 0.02
"""By so much a similarity may grow and still be the one that stood before."""
SIBLING = 30
"""Tokens from which the same override in two siblings is worth moving up."""
LOOKED_INTO = 8
"""Members of a group of which it is worked out what they differ in."""
KEEP_ACCESS = "each keeps its own check of who may call"
SHAPE_ALONE = 0.97
"""How alike functions of one shape are that call other things: less sure to be copies than what differs in values."""
SMALL = 0.5
"""What a body too small to be worth sharing is alike at most: one line equals another by chance."""


_PARTS = ("registry", "manager", "service", "repository", "store", "stream", "event", "router", "endpoint", "item")
_ROLES = frozenset(map(stem, _PARTS))
"""Words of names that say what part a thing plays, whatever it is about."""


def _twins(group: Group) -> Advice:
    there, bring = there_in(group)
    return Advice(
        f"Keep {there}{bring} if one is enough; else move what needs no `await` into a function both call.", "merge"
    )


SAME = FunctionRule("FX301", "same function", "Functions that are equal up to names, literals and layout", "functions")
ALIKE = FunctionRule(
    "FX302", "nearly the same function", "Functions that share most statements, some edited or moved", "functions"
)
TWINS = FunctionRule(
    "FX303",
    "sync and async twins",
    "The same logic written once with and once without await",
    "functions",
    advise=_twins,
)


def _survey(survey: Survey) -> Iterator[Finding]:
    functions, codes = survey.records.functions, survey.codes
    pools = pools_of(functions, codes)
    pairs = survey.pairs.among(functions, codes, pools)
    for pool in (pools.application, pools.helpers):
        inside = set(pool)
        yield from _pool_findings(survey, pool, {pair: like for pair, like in pairs.items() if pair[0] in inside})


def one_contract(left: FunctionRecord, right: FunctionRecord) -> bool:
    """Overrides of one method, accessors of one property, one function and its redefinition in a branch."""
    if left.name != right.name:
        return False
    return any(owner in right.overrides for owner in left.overrides)


def _are_siblings(survey: Survey, members: Sequence[int]) -> bool:
    """False for overrides of one method that are short or differ: that is what a method is overridden for."""
    functions, codes = survey.records.functions, survey.codes
    if not all(one_contract(functions[members[0]], functions[other]) for other in members[1:]):
        return True
    return codes[members[0]].tokens >= SIBLING and len({codes[one].exact for one in members}) == 1


def _in_line(left: FunctionRecord, right: FunctionRecord) -> bool:
    """One overrides the other, or both are accessors of one property or one function and its redefinition."""
    if not one_contract(left, right):
        return False
    return left.overrides[0] in right.overrides or right.overrides[0] in left.overrides


def _pool_findings(survey: Survey, pool: Sequence[int], pairs: Pairs) -> Iterator[Finding]:
    functions, codes = survey.records.functions, survey.codes
    members_of: dict[int, list[int]] = {}
    for group in equal_groups(codes, pool):
        members = _saying_the_same(survey, _distinct(group, functions))
        members_of[group[0]] = members
        if len(members) > 1 and not _thin(functions, codes, members) and _are_siblings(survey, members):
            yield finding_on(survey, members, 1.0, equal=True)
    apart = {
        (left, right): like
        for (left, right), like in pairs.items()
        if not one_contract(functions[left], functions[right])
        and _is_no_chance(functions[left], functions[right], like, is_short=_are_short(codes[left], codes[right]))
        and not _only_in_one_idiom(functions[left], functions[right], survey.texts)
    }
    for family in joined([family for family in gather(apart) if _is_told(family, members_of, functions)]):
        members = [member for first in family.members for member in members_of[first]]
        yield finding_on(survey, members, family.score, equal=False, unequal=family.members)


def _is_told(family: families.Family, members_of: dict[int, list[int]], functions: Sequence[FunctionRecord]) -> bool:
    """False for two that are loosely alike and do other things."""
    members = [member for first in family.members for member in members_of[first]]
    return len(members) != 2 or family.score >= APART or do_the_same([functions[one] for one in members])


def _is_no_chance(left: FunctionRecord, right: FunctionRecord, like: Similarity, *, is_short: bool) -> bool:
    """Whether two functions share more than how things of their kind begin and end: what may be alike by chance must
    share most of its statements or be called after the same thing."""
    if like.score < APART and _do_other_things(left, right):
        return False
    if like.score < APART and left.kind == right.kind == "endpoint" and is_short:
        return are_named_alike(left, right)  # else they share how endpoints refuse
    return like.score >= LOOSE or like.share >= MOST or are_named_alike(left, right)


def _do_other_things(left: FunctionRecord, right: FunctionRecord) -> bool:
    """Whether their names begin with other deeds; what `execute` does is said by its class (`DeleteBoat`)."""
    first, second = (deed(one.name) or deed(_owner(one).rpartition("::")[2]) for one in (left, right))
    return bool(first and second) and first != second


def _only_in_one_idiom(left: FunctionRecord, right: FunctionRecord, texts: Texts) -> bool:
    """Whether two are about other things, and share how any thing is looked up, deleted, registered or streamed."""
    mine, theirs = _about(left), _about(right)
    if not (mine and theirs) or not mine.isdisjoint(theirs):
        return False
    owners = [things(_owner(one).rpartition("::")[2]) - _ROLES for one in (left, right)]
    return texts.share_idioms(left, right, are_apart=all(owners) and owners[0].isdisjoint(owners[1]))


def _about(function: FunctionRecord) -> frozenset[str]:
    """What a function is about by its name; where that says only what is done, by its class or its module."""
    module = function.path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
    named = (function.name, _owner(function).rpartition("::")[2], module)
    return next((found for name in named if (found := things(name) - _ROLES)), frozenset[str]())


def _are_short(left: Code, right: Code) -> bool:
    return max(len(left.statements), len(right.statements)) <= FEW_STEPS


def are_named_alike(left: FunctionRecord, right: FunctionRecord) -> bool:
    """Whether they have one name, or names that speak of the same thing (`export_group`, `export_groups_of_year`)."""
    mine, theirs = things(left.name), things(right.name)
    if not mine or not theirs:  # `get` beside `get_by_number`
        return not deeds(left.name).isdisjoint(deeds(right.name))
    return not mine.isdisjoint(theirs)


def _distinct(group: Sequence[int], functions: Sequence[FunctionRecord]) -> list[int]:
    """The group without members that override one before them; siblings that override alike are copies."""
    kept: list[int] = []
    for position in group:
        if not any(_in_line(functions[position], functions[other]) for other in kept):
            kept.append(position)
    return kept


def _saying_the_same(survey: Survey, group: list[int]) -> list[int]:
    """Of a group of small functions: without those that do nothing but run another query than the first."""
    functions, codes = survey.records.functions, survey.codes
    first, *others = group
    if len(codes[first].statements) > FEW_STEPS:
        return group
    apart = {
        one
        for one in others
        if codes[one].literals != codes[first].literals
        and survey.texts.compare(functions[one], functions[first]).in_essence
    }
    return [one for one in group if one not in apart]


def _thin(functions: Sequence[FunctionRecord], codes: Sequence[Code], members: Sequence[int]) -> bool:
    """Endpoints that only delegate: a call or two and a return, the same everywhere by convention."""
    code = codes[members[0]]
    is_thin = len(code.statements) <= THIN[0] or code.tokens < THIN[1]
    return is_thin and all(functions[position].kind == "endpoint" for position in members)


def finding_on(
    survey: Survey, positions: Sequence[int], score: float, *, equal: bool, unequal: Sequence[int] | None = None
) -> Finding:
    """What is said of the functions at ``positions``; ``unequal`` are those of them that are not equal to one another:
    equal ones have a finding of their own."""
    functions = survey.records.functions
    ordered = by_worth([functions[position] for position in positions], survey.imports)
    codes = [survey.codes[position] for position in positions]
    exact = len({code.exact for code in codes}) == 1
    rule = _rule(survey, ordered, equal=equal)
    differences = _differences(survey, ordered, equal=equal)
    group = Group(ordered, codes, survey.imports, equal, differences, score < LOOSE)
    names_apart = SHAPE_ALONE if differences and not differences.only_values else 0.99
    similarity = (1.0 if exact else names_apart) if equal else min(score, 0.98)
    advice = (rule.advise and rule.advise(group)) or _advice(group)
    lines = sorted(functions[position].lines for position in unequal or positions)
    return Finding(
        rule,
        similarity,
        _message(group, exact=exact, score=score),
        advice.text,
        advice.action,
        tuple(map(as_place, (group.changed, group.keep, *ordered[1:-1]))) if len(ordered) > 1 else (),
        round(sum(lines[:-1] if equal else lines[-IDIOM - 1 : -1]) * score),
    )


def _differences(survey: Survey, ordered: Sequence[FunctionRecord], *, equal: bool) -> Differences:
    """What the others have that the one to keep has not; functions that are merely alike are not looked into."""
    if not equal:
        return Differences(is_known=False)
    each = [survey.texts.compare(other, ordered[0]) for other in ordered[1:LOOKED_INTO]]
    found = dict.fromkeys(one for other in each for one in other.found)
    if any(one.kind == "endpoint" for one in ordered) and not _ask_the_same(survey, ordered):
        found[OTHER_CALLERS] = None
    return Differences(tuple(found), all(one.is_known for one in each))


OTHER_CALLERS = Difference("access", "what its router asks of callers", "")


def _ask_the_same(survey: Survey, endpoints: Sequence[FunctionRecord]) -> bool:
    """Whether the routers on the way to all of them ask the same of callers; what is not known may differ."""
    asked = {survey.guards.get(one.id, frozenset()) for one in endpoints}
    return len(asked) == 1 and not any("?" in guard for guards in asked for way in guards for guard in way)


def _rule(survey: Survey, members: Sequence[FunctionRecord], *, equal: bool) -> FunctionRule:
    """What it is called when ``members`` do the same."""
    kinds = {kind_of(function) for function in members}
    by_kind = survey.function_rules.get(next(iter(kinds))) if len(kinds) == 1 else None
    if by_kind is not None and not by_kind.only_equal:
        return by_kind
    is_twin = len(members) == 2 and members[0].is_async != members[1].is_async
    if is_twin and (equal or members[0].name.strip("_a") == members[1].name.strip("_a")):
        return TWINS
    if by_kind is not None and equal:
        return by_kind
    return SAME if equal else ALIKE


def kind_of(function: FunctionRecord) -> str:
    """The kind by which a rule is about it."""
    if function.is_test_case:
        return "test"
    return "validator" if function.kind.endswith("validator") else function.kind


def by_worth(members: Sequence[FunctionRecord], imports: Imports) -> list[FunctionRecord]:
    """The one to keep first: in a module that can be imported, mentioned most, then in the most general place."""

    def key(one: FunctionRecord) -> tuple[object, ...]:
        hidden, apart, special = imports.order(one.path)
        return hidden, apart, -one.mentions, special, one.path.count("/"), one.path, one.line

    return sorted(members, key=key)


def as_place(function: FunctionRecord) -> Place:
    """One side of a finding."""
    kind = "validator" if function.kind.endswith("validator") else function.kind
    return Place(function.id, kind, function.path, function.line, function.end_line)


def _message(group: Group, *, exact: bool, score: float) -> str:
    """What the functions have in common."""
    members, codes, keep, changed = group.members, group.codes, group.keep, group.changed
    others = [f"`{shown(one)}` ({place(one)})" for one in (keep, *members[1:-1])]
    if not group.equal:
        if len(members) > 2:
            return f"`{shown(changed)}` is one of {len(members)} functions that share most statements: {listed(others)}"
        return f"`{shown(changed)}` is {_shared(codes, others[0], score)}"
    how = "repeats" if exact else "repeats, with other names,"
    named = group.differences.named()
    if named:
        return f"`{shown(changed)}` repeats {listed(others)}, but differs in {named}"
    return f"`{shown(changed)}` {how} {listed(others)}"


def shown(function: FunctionRecord) -> str:
    """Its name as the code says it, without the number of a redefinition."""
    return _AGAIN.sub("", function.qualname)


def _shared(codes: Sequence[Code], other: str, score: float) -> str:
    longer = max(len(code.statements) for code in codes)
    how = "much like" if len(codes) == 2 and score < LOOSE else "nearly the same as"
    return f"{how} {other}: {common_statements(codes[0], codes[1])} of {longer} statements are the same"


def there_in(group: Group) -> tuple[str, str]:
    """What to keep and where it is; the import that brings it."""
    keep = group.keep
    bring = group.imports.line(keep.path, keep.qualname, for_path=group.changed.path)
    return f"`{shown(keep)}` ({place(keep)})", bring


def _advice(group: Group) -> Advice:
    """What to do about functions of any kind."""
    members, keep, differences = group.members, group.keep, group.differences
    there, bring = there_in(group)
    all_of = "both" if len(members) == 2 else f"all {len(members)}"
    if all(function.is_test for function in members):
        where = "both tests" if len(members) == 2 else f"all {len(members)} places"
        if differences or not group.equal:
            what = "Move what they share into one helper of the tests that takes what differs"
            return Advice(f"{what}, beside {there}.", "merge")
        return Advice(f"Move {there} to a conftest.py or a helper module of the tests, and use it in {where}.", "merge")
    if not all(group.imports.may_import(keep.path, one.path) for one in members[1:]):
        return Advice(f"Move what {all_of} do beside {there} into a module that {all_of} can import.", "merge")
    if not group.equal:
        return _share(group, there)
    if any(function.kind in WIRED for function in members) and differences:
        return Advice(f"Move what {all_of} share into a function that takes what differs; {KEEP_ACCESS}.", "merge")
    if all(one_contract(keep, other) for other in members[1:]):
        return Advice(f"Move it up: {all_of} classes inherit, so their base class can do it once.", "merge")
    if len({_owner(function) for function in members}) > 1:
        return Advice(f"Move the body into one function that {all_of} call, beside {there}.", "merge")
    if not differences:
        renamed = "under a name that says what they share"
        if not do_the_same(members):
            return Advice(f"Make one function of {all_of}, {renamed}, beside {there}.", "merge")
        is_private = keep.name.startswith("_") and not keep.name.startswith("__")
        elsewhere = [one for one in members[1:] if one.path != keep.path]
        if elsewhere and is_private:
            return Advice(f"Move {there} into a module that {all_of} import, under a public name.", "merge")
        if not all(group.imports.is_at_hand(keep.path, one.path) for one in elsewhere):
            return Advice(f"Move {there} into a module that {all_of} import.", "merge")
        if not _go_by_one_name(members):
            return Advice(f"Make one function of {all_of} at {there}{bring}, {renamed}.", "merge")
        if len(members) > 2:
            return Advice(f"Keep {there}{bring}, and let the other {len(members) - 1} go.", "merge")
        return Advice(f"Call {there} instead{bring}.", "reuse")
    if differences.only_values:
        return Advice(f"Make one function of {all_of}, with what differs as its parameters, beside {there}.", "merge")
    return Advice(f"Move what {all_of} share into a function that takes what differs, beside {there}.", "merge")


def do_the_same(members: Sequence[FunctionRecord]) -> bool:
    """Whether no two names say that another thing is done: what may `read` and what may `update` are asked apart,
    though the same code answers both today."""
    done = [deeds(one.name) for one in members]
    return all(not one or not other or one & other for one, other in combinations(done, 2))


def _go_by_one_name(members: Sequence[FunctionRecord]) -> bool:
    """Whether no name says what another one does not: who calls `agents_by_id` for users would mislead a reader."""
    told = [things(one.name) for one in members]
    nested = all(one <= other or other <= one for one, other in combinations(told, 2))
    alike = all(set(words(one.name)) & set(words(other.name)) for one, other in combinations(members, 2))
    return nested and alike


def _share(group: Group, there: str) -> Advice:
    """What to do about functions that are only alike: neither says all that the other does."""
    if len(group.members) > 2:
        return Advice(f"Move what all {len(group.members)} share into a function that takes what differs.", "merge")
    first, second = (Counter(code.statements) for code in group.codes)
    if not group.loose and (first <= second or second <= first):
        return Advice(f"Move what it shares with {there} into a function that both call: one does all of it.", "extend")
    return Advice(f"Move what it shares with {there} into a function that takes what differs.", "extend")


def _owner(function: FunctionRecord) -> str:
    """The class a method belongs to, with its file; "" for a function."""
    owner = function.qualname.rpartition(".")[0]
    return f"{function.path}::{owner}" if owner else ""


# --- drafts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Beside:
    """A function of the codebase (or of its changed files) beside one of the draft."""

    record: FunctionRecord
    code: Code
    like: Similarity
    equal: bool

    @property
    def score(self) -> float:
        score = 1.0 if self.equal else min(self.like.score, 0.99)
        return min(score, SMALL) if is_trivial(self.code) else score

    @property
    def similar(self) -> Similar:
        """What is said of it among the neighbours."""
        score = min(self.score, 2 * self.evidence)
        reason = "the same code but for names" if self.equal else f"{self.like.common} statements in common"
        return Similar(self.record.id, self.record.path, self.record.line, score, reason)

    @property
    def evidence(self) -> float:
        """The score, less when what is shared is so little that many a stranger shares it."""
        return self.score * min(1.0, self.like.mass / 2)


def _judge(case: Case) -> Iterator[Remark]:
    """For every function that is new or changed: the finding against what is most like it, and its neighbours."""
    before = case.before
    old = {one.qualname: one.shape for one in before.functions} if before else dict[str, Shape]()
    known = {(qualname, shape.exact) for qualname, shape in old.items()}
    mine = [(one, unpack(one)) for one in function_records(case.draft, kinds={}, mentions={}, lineage=None)]
    standing = [(one, code) for one, code in mine if (one.qualname, one.exact) in known]
    for record, code in mine:
        if record.silent or not code.statements:
            continue
        if (record.qualname, record.exact) in known:
            continue
        neighbours = _neighbours(record, code, case.overlay, standing)
        near: list[Neighbour] = [(one.evidence, one.similar) for one in neighbours[:5] if one.score >= NEAR_ENOUGH]
        replaced = old.get(record.qualname)
        finding = _draft_finding(record, code, neighbours, case, unpack(replaced) if replaced else None)
        yield Remark(finding, near, is_new=replaced is None)


def _neighbours(
    record: FunctionRecord, code: Code, overlay: Overlay, standing: Sequence[tuple[FunctionRecord, Code]]
) -> list[_Beside]:
    """What is most like the draft's function, best first; tests only beside tests."""
    library = overlay.library
    stored = ((library.function(number), number) for number in library.index.candidates(code, library.weights))
    found = [(other, library.code(number)) for other, number in stored if other.path not in overlay.removed]
    in_tests = record.is_test or record.name.startswith("test_")
    neighbours: list[_Beside] = []
    for other, other_code in (*found, *overlay.functions(code), *standing):
        if other.silent or other.is_test is not in_tests or other is record:
            continue
        like = compare(code, other_code, library.weights)
        equal = (code.renamed, code.tokens) == (other_code.renamed, other_code.tokens)
        neighbours.append(_Beside(other, other_code, like, equal))
    return sorted(neighbours, key=lambda one: (-one.score, *_unlikeness(record, code, one), -one.record.mentions))


def _unlikeness(record: FunctionRecord, code: Code, other: _Beside) -> tuple[bool, bool, bool]:
    """Among equals: the same literals, then the same name, then the same names within."""
    return (
        code.literals != other.code.literals,
        record.name != other.record.name,
        code.names != other.code.names,
    )


def _overrides(record: FunctionRecord, other: FunctionRecord, *, equal: bool) -> bool:
    """The draft's method belongs to a class that names the other's class, or one above it, among its bases.

    An equal method of a sibling is a copy all the same.
    """
    bases = {one.removeprefix("::") for one in record.overrides if one.startswith("::")}
    above = other.overrides[:1] if equal and record.exact == other.exact else other.overrides
    return record.name == other.name and bool(bases & {one.rpartition("::")[2] for one in above})


def _draft_finding(
    record: FunctionRecord, code: Code, neighbours: Sequence[_Beside], case: Case, replaced: Code | None
) -> Finding | None:
    """``replaced`` is the code that the draft's function had before."""
    if is_trivial(code):
        return None
    for other in neighbours:
        if one_contract(record, other.record) or _overrides(record, other.record, equal=other.equal):
            continue
        if replaced is not None and _stood_before(replaced, other, case):
            continue
        if other.equal:
            if record.is_test_case and code.literals != other.code.literals:
                continue
            return _equal(record, code, other, case)
        if _is_copy(code, other, case.settings) and not record.is_test_case and not is_test_path(record.path):
            if other.score < APART and _do_other_things(record, other.record):
                continue
            if _only_in_one_idiom(record, other.record, case.texts):
                continue
            return None if _only_refuse_alike(record, code, other, case) else _alike(record, other, case)
        return None
    return None


def _only_refuse_alike(record: FunctionRecord, code: Code, other: _Beside, case: Case) -> bool:
    """Whether a draft's endpoint and another one are short, called after other things and loosely alike."""
    if other.record.kind != "endpoint" or other.score >= APART or not _are_short(code, other.code):
        return False
    decorators = [one.decorators for one in case.draft.functions if one.qualname == record.qualname]
    names = {decorator_name(one).rpartition(".")[2] for each in decorators for one in each}
    return not names.isdisjoint(ROUTE_DECORATORS) and not are_named_alike(record, other.record)


def _stood_before(replaced: Code, other: _Beside, case: Case) -> bool:
    """Whether the function was as much like ``other`` already: an edit is blamed for what it adds."""
    if (replaced.renamed, replaced.tokens) == (other.code.renamed, other.code.tokens):
        return True
    if other.equal:
        return False
    similarity = compare(replaced, other.code, case.overlay.library.weights)
    return is_copy(similarity, case.settings.function_similarity) and similarity.score >= other.like.score - NO_GROWTH


def _is_copy(code: Code, other: _Beside, settings: Config) -> bool:
    return len(code.statements) >= settings.min_statements and is_copy(other.like, settings.function_similarity)


def _draft_rule(record: FunctionRecord, keep: FunctionRecord, case: Case, *, otherwise: FunctionRule) -> FunctionRule:
    """A draft's copy is called after what it copies."""
    rule = case.function_rules.get("test" if record.is_test_case else kind_of(keep))
    return otherwise if rule is None or rule.only_equal else rule


def _equal(record: FunctionRecord, code: Code, other: _Beside, case: Case) -> Finding:
    keep = other.record
    is_twin = record.is_async != keep.is_async
    rule = _draft_rule(record, keep, case, otherwise=TWINS if is_twin else SAME)
    exact = code.exact == other.code.exact
    differences = case.texts.compare(record, keep)
    group = Group((keep, record), (other.code, code), case.imports, equal=True, differences=differences)
    there, bring = there_in(group)
    named = differences.named()
    how = "is, but for names," if not exact and not named else "is"
    advice = Advice(f"{rule.use.format(there=there, place=place(keep))} instead{bring}.", "reuse")
    if not differences and not record.is_test and not _go_by_one_name((record, keep)):
        advice = Advice(
            f"Make one function of both at {there}{bring}, under a name that says what they share.", "reuse"
        )
    if record.is_test and not record.is_test_case and not differences:
        advice = Advice(f"Move {there} to a conftest.py or a helper module of the tests, and use it in both.", "merge")
    elif "." in keep.qualname and _owner(keep) != _owner(record) and not differences and not record.is_test_case:
        advice = Advice(f"Inherit {there}{bring}, or move the body into one function that both call.", "reuse")
    if (differences and not record.is_test_case) or _is_served_elsewhere(record, keep):
        advice = _draft_advice(record, keep, differences, there)
    elif is_twin:
        advice = _twins(group)
    return Finding(
        rule,
        1.0 if exact and not differences else 0.99,
        f"`{shown(record)}` {how} {there}" + (f", but differs in {named}" if named else ""),
        advice.text,
        advice.action,
        (as_place(record), as_place(keep)),
        record.lines,
    )


def _is_served_elsewhere(record: FunctionRecord, keep: FunctionRecord) -> bool:
    """Whether the other one is an endpoint below another router: a draft does not say what its own asks of callers."""
    return keep.kind == "endpoint" and record.path != keep.path


def _draft_advice(record: FunctionRecord, keep: FunctionRecord, differences: Differences, there: str) -> Advice:
    """What to do about a draft that repeats something but for what may not be ignored."""
    if record.kind in WIRED or keep.kind in WIRED or differences.in_access:
        text = f"Share the body with {there}: one function that takes what differs; {KEEP_ACCESS}."
    elif differences.only_values:
        text = f"Make one function of both, with what differs as its parameters, beside {there}."
    else:
        text = f"Move what both share with {there} into a function that takes what differs."
    return Advice(text, "extend")


def _alike(record: FunctionRecord, other: _Beside, case: Case) -> Finding:
    keep = other.record
    is_twin = record.is_async != keep.is_async and other.score >= 0.9
    rule = _draft_rule(record, keep, case, otherwise=TWINS if is_twin else ALIKE)
    there = f"`{shown(keep)}` ({place(keep)})"
    advice = f"Extend {there} with what differs, or move what both share into a function."
    if keep.kind in WIRED:
        advice = f"Move what it shares with {there} into a function that takes what differs; {KEEP_ACCESS}."
    return Finding(
        rule,
        min(other.score, 0.98),
        f"`{shown(record)}` is {other.score:.0%} of {there}",
        advice,
        "extend",
        (as_place(record), as_place(keep)),
        round(record.lines * other.score),
    )


def _made_from(survey: Survey) -> Sequence[Any]:
    settings = survey.settings
    return [survey.digest, settings.function_similarity, settings.min_statements]


FAMILY = Family((SAME, ALIKE, TWINS), _survey, _judge, _made_from)
