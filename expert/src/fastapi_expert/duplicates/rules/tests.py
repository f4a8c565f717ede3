"""FX601: tests that exercise the same thing the same way."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fastapi_expert.duplicates.model import Finding
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.rules.base import Advice, Family, FunctionRule, Group, Survey
from fastapi_expert.duplicates.rules.functions import finding_on
from fastapi_expert.duplicates.similarity.families import equal_groups
from fastapi_expert.duplicates.similarity.pairs import pools_of
from fastapi_expert.duplicates.wording import place

MANY = 3
"""Tests that differ in literals only are worth a word from this number on."""
FEW = 1
"""Values in which tests of several files may differ to be cases of one."""
LOOKED_INTO = 6
"""So many tests of a group are compared word by word."""
MOST = 6
"""Values in which two tests of one file may differ to be cases of one: with more, a table of them is harder to read."""
LEAST_STATEMENTS = 4


def _advise(group: Group) -> Advice:
    where = place(group.keep)
    if group.equal and len(group.members) == 2 and not group.differences:
        return Advice(f"Delete one of the two, or make them cases of one parametrised test at {where}.", "merge")
    return Advice(f"Make them one test at {where} with `@pytest.mark.parametrize` over what differs.", "merge")


def _survey(survey: Survey) -> Iterator[Finding]:
    functions, codes = survey.records.functions, survey.codes
    local = {(one.path, one.qualname): one.exact for one in functions if one.is_test and not one.is_test_case}
    defining = {(one.path, one.qualname.rpartition(".")[0]) for one in functions}
    for group in equal_groups(codes, pools_of(functions, codes).tests):
        if len(codes[group[0]].statements) < LEAST_STATEMENTS:
            continue
        by_fixtures: dict[tuple[object, ...], list[int]] = {}
        for position in group:
            test = functions[position]
            program = survey.imports.distribution(test.path)  # one test cannot try two programs
            by_fixtures.setdefault((program, test.is_async, *_fixtures(test, local)), []).append(position)
        for alike in by_fixtures.values():
            yield from _same_tests(survey, alike, defining)


def _fixtures(test: FunctionRecord, local: Mapping[tuple[str, str], int]) -> tuple[object, ...]:
    """What a test is given: its fixtures, those of its own file by what they do, and of a method its class's too."""
    given = tuple((name, local.get((test.path, name))) for name in test.parameters)
    owner = f"{test.path}::{test.qualname.rpartition('.')[0]}" if "self" in test.parameters[:1] else ""
    return (owner, *given)


def _same_tests(survey: Survey, alike: Sequence[int], defining: Collection[tuple[str, str]]) -> Iterable[Finding]:
    """Of tests with the same fixtures and steps: those with the same values, else all of them if they are many."""
    by_literals: dict[int, list[int]] = {}
    for position in alike:
        by_literals.setdefault(survey.codes[position].literals, []).append(position)
    repeated = [same for same in by_literals.values() if len(same) > 1]
    for same in repeated:
        if _say_the_same(survey, same):
            yield finding_on(survey, same, 1.0, equal=True)
    if not repeated:
        tests = [(position, survey.records.functions[position]) for position in alike]
        yield from _cases(survey, [position for position, one in tests if (one.path, one.qualname) not in defining])


def _say_the_same(survey: Survey, same: Sequence[int]) -> bool:
    """Whether tests are spelled alike, but for their decorators: what a name is bound to elsewhere is not looked at."""
    first, *others = [survey.records.functions[position] for position in same[:LOOKED_INTO]]
    each = [survey.texts.compare(one, first) for one in others]
    return all(
        one.is_known and all(what.aspect == "decorator" or what.here == what.there for what in one.found)
        for one in each
    )


def _cases(survey: Survey, plain: Sequence[int]) -> Iterator[Finding]:
    """Tests that only differ in values: those of one file, or of several where hardly a value differs; what else tests
    of two files have in common is how a test is written. None defines what it tries."""
    by_file: dict[str, list[int]] = {}
    for position in plain if len(plain) >= MANY else ():
        by_file.setdefault(survey.records.functions[position].path, []).append(position)
    groups = by_file.values() if len(plain) < MANY or not _try_one_thing(survey, plain, values=FEW) else [plain]
    for cases in groups:
        if len(cases) >= MANY and _try_one_thing(survey, cases, values=MOST):
            yield finding_on(survey, cases, 0.99, equal=True)


def _try_one_thing(survey: Survey, cases: Sequence[int], values: int) -> bool:
    """Whether nothing but values differs, and no more than so many: tests that call other things are not cases of one
    test."""
    if not cases:
        return False
    first, *others = [survey.records.functions[position] for position in cases[:LOOKED_INTO]]
    each = [survey.texts.compare(one, first) for one in others]
    return all(one.only_values and len(one.found) <= values for one in each)


FAMILY = Family(
    (
        FunctionRule(
            "FX601",
            "same test",
            "Two tests that exercise the same thing the same way (off by default)",
            "tests",
            is_off=True,
            kind="test",
            use="Extend the test at {place}",
            loose_weight=0.25,
            advise=_advise,
        ),
    ),
    _survey,
    made_from=lambda survey: [survey.digest],
)
