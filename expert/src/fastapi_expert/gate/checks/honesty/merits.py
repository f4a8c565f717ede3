"""What a change did right by its tests."""

from collections.abc import Iterator

from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.suites.modules import Function
from fastapi_expert.gate.checks.honesty.suites.weaker import looser


def merits(change: Change) -> Iterator[str]:
    """A phrase each: tests added, made to run again, assertions more or stricter."""
    added = [one for one in change.added if one.off is None]
    if added:
        claims = sum(len(one.claims) for one in added)
        yield f"{_count(len(added), 'test')} added, with {_count(claims, 'assertion')}"
    again = sum(old.off is not None and new.off is None for old, new in change.pairs)
    if again:
        yield f"{_count(again, 'test')} made to run again"
    more = sum(max(0, len(new.claims) - len(old.claims)) for old, new in change.pairs if new.off is None)
    if more:
        yield f"{_count(more, 'assertion')} more in tests that were there"
    stricter = sum(_is_stricter(old, new) for old, new in change.pairs)
    if stricter:
        yield f"{_count(stricter, 'test')} made stricter"


def _is_stricter(old: Function, new: Function) -> bool:
    """Whether something that a test claimed is claimed more strictly now."""
    was, now = {one.key for one in old.claims}, {one.key for one in new.claims}
    lost = [one for one in old.claims if one.key not in now]
    come = [one for one in new.claims if one.key not in was and not one.trivial]
    return any(looser(new_claim, old_claim) for old_claim in lost for new_claim in come)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
