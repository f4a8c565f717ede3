"""What is said of functions that do the same, and what to do about it."""

from collections.abc import Mapping, Sequence

from fastapi_expert.duplicates.model import Action
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.rules.wording import import_line, listed, place
from fastapi_expert.duplicates.similarity.measure import Code, common_statements

LOOSE = 0.65
"""Below this likeness two functions share a part; neither can simply call the other."""


def is_test(function: FunctionRecord) -> bool:
    """A test itself, not a helper or fixture of tests."""
    return function.is_test and function.name.startswith("test")


def message_on(
    members: Sequence[FunctionRecord], codes: Sequence[Code], *, equal: bool, exact: bool, score: float
) -> str:
    """What the functions, the one to keep first and the one to change last, have in common."""
    keep, changed = members[0], members[-1]
    others = [f"`{one.qualname}` ({place(one)})" for one in (keep, *members[1:-1])]
    if not equal:
        if len(members) > 2:
            return (
                f"`{changed.qualname}` is one of {len(members)} functions that share most statements: {listed(others)}"
            )
        return f"`{changed.qualname}` is {_shared(codes, others[0], score)}"
    how = "repeats" if exact else "repeats, with other names,"
    if not exact and len({code.literals for code in codes}) > 1:
        how = "repeats, with other names or literals,"
    return f"`{changed.qualname}` {how} {listed(others)}"


def _shared(codes: Sequence[Code], other: str, score: float) -> str:
    longer = max(len(code.statements) for code in codes)
    how = "much like" if len(codes) == 2 and score < LOOSE else "nearly the same as"
    return f"{how} {other}: {common_statements(codes[0], codes[1])} of {longer} statements are the same"


def advice_on(
    rule: str, members: Sequence[FunctionRecord], modules: Mapping[str, str], *, equal: bool, differ: bool, loose: bool
) -> tuple[str, Action]:
    """What to do about it: the sentence a person would act on."""
    keep, changed = members[0], members[-1]
    bring = import_line(modules, keep.path, keep.qualname, for_path=changed.path)
    there = f"`{keep.qualname}` ({place(keep)})"
    if rule == "FX601":
        if equal and len(members) == 2:
            return f"Delete one of the two, or make them cases of one parametrised test at {place(keep)}.", "merge"
        return f"Make them one test at {place(keep)} with `@pytest.mark.parametrize` over what differs.", "merge"
    if all(function.is_test for function in members):
        where = "both tests" if len(members) == 2 else f"all {len(members)} places"
        return f"Move {there} to a conftest.py or a helper module of the tests, and use it in {where}.", "merge"
    if rule == "FX203" and len({function.qualname.rpartition(".")[0] for function in members}) == 1:
        return f"Name all the fields in the decorator of {there}: one validator can serve several.", "merge"
    if rule == "FX203":
        return (
            f"Write the check once, as `Annotated[…, AfterValidator(…)]` beside {there}, and use that type in "
            f"{'both' if len(members) == 2 else 'all'} schemas.",
            "merge",
        )
    if rule == "FX303":
        return (
            f"Keep {there}{bring} if one is enough; else move what needs no `await` into a function both call.",
            "merge",
        )
    if rule == "FX103":
        return f"Put this path on {there} as a second decorator, or let both call one function.", "merge"
    if rule == "FX401" and equal:
        return f"Depend on {there} instead{bring}.", "reuse"
    if rule == "FX403":
        return f"Register {there} for a common base class of the exceptions{bring}.", "merge"
    if len(members) > 2:
        return (
            f"Keep {there}{bring}, make what differs its parameters, and let the other {len(members) - 1} call it.",
            "merge",
        )
    is_method = "." in keep.qualname and keep.qualname.rpartition(".")[0] != changed.qualname.rpartition(".")[0]
    if equal and differ:
        return f"Keep {there}{bring}, make what differs its parameters, and call it here.", "merge"
    if equal and not is_method:
        return f"Call {there} instead{bring}.", "reuse"
    if equal:
        return f"Move the body into one function that both call, beside {there}.", "merge"
    if loose:
        return f"Move what it shares with {there} into a function that both call{bring}.", "extend"
    return f"Let it call {there}{bring}, or move what both share into a function that takes what differs.", "extend"
