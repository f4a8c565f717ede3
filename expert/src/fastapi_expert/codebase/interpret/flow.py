"""How control and values flow: leaving a body, looping, and making one value of several possible ones."""

from typing import Any

from fastapi_expert.codebase.interpret.values import (
    Hole,
    Router,
    Site,
    Thunk,
    is_dict,
    is_list,
)


class Return(Exception):
    """Carries a function's value out of its body."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Stop(Exception):
    """`raise`, `break` or `continue`: the rest of this block does not run."""


class Break(Stop):
    """`break`: the loop around it is over."""


def join(values: list[Any], site: Site) -> Any:
    """One value for several possible ones: the same, or routers alike, or a Hole."""
    known = [value for value in values if not isinstance(value, (Hole, Thunk))] or values
    first = known[0]
    if all(same(first, value) for value in known[1:]):
        return known[-1]
    if all(isinstance(value, Router) for value in known):
        return (
            known[-1] if all(value.prefix == first.prefix for value in known) else Hole(site, "either of two routers")
        )
    return Hole(site, "depends on a condition that is not known")


def same(left: Any, right: Any) -> bool:
    """Whether both are known to be one value."""
    return left is right or (type(left) is type(right) and isinstance(left, (str, int, float, bool)) and left == right)


def iterable(value: Any) -> list[Any] | None:
    """The items that looping over ``value`` gives, None when they are not known."""
    if is_list(value) or is_dict(value) or isinstance(value, str):
        return list(value)
    return None
