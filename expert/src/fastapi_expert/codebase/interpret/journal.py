"""What branches that may not run write to objects: it is undone after each, and what all of them agree on remains."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi_expert.codebase.interpret.operations import join
from fastapi_expert.codebase.interpret.values import MISSING, Condition

_Key = tuple[int, str]
Writes = dict[_Key, tuple[dict[str, Any], Any, Any]]
"""By namespace and name: the namespace, what was there before (MISSING for nothing), and what is there after."""


class Journal:
    """The writes of the branches that run now."""

    def __init__(self) -> None:
        self._open: list[Writes] = []

    def write(self, names: dict[str, Any], name: str, value: Any) -> None:
        """`names[name] = value`, remembered while a branch runs that may not."""
        if self._open:
            key = (id(names), name)
            known = self._open[-1].get(key)
            before = known[1] if known is not None else names.get(name, MISSING)
            self._open[-1][key] = (names, before, value)
        names[name] = value

    @contextmanager
    def branch(self) -> Generator[Writes]:
        """One branch: what it writes is undone at its end."""
        writes: Writes = {}
        self._open.append(writes)
        try:
            yield writes
        finally:
            self._open.pop()
            for (_, name), (names, before, _) in writes.items():
                if before is MISSING:
                    names.pop(name, None)
                else:
                    names[name] = before

    def settle(self, branches: Sequence[Writes], condition: Condition) -> None:
        """Write what is true after all of the ``branches``, whichever of them ran."""
        every = {key: (names, before) for writes in branches for key, (names, before, _) in writes.items()}
        for key, (names, before) in every.items():
            values = [writes[key][2] if key in writes else before for writes in branches]
            known = [value for value in values if value is not MISSING]
            if known:
                self.write(names, key[1], join(known, condition.site, condition))
