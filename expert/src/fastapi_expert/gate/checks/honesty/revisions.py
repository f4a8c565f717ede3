"""The two sides of a change: which files it touches, and their bytes before and after."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

Read = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Revisions:
    """``paths`` are all that the change adds, modifies or removes, relative to the root with `/`.

    ``old`` and ``new`` read a file as it was and as it is, None where it is not there; they may be asked for files that
    did not change.
    """

    paths: tuple[str, ...]
    old: Read
    new: Read

    @classmethod
    def of(cls, paths: Iterable[str], old: Read, new: Read) -> "Revisions":
        """With each file read once."""
        return cls(tuple(sorted(paths)), _once(old), _once(new))

    @cached_property
    def python(self) -> tuple[str, ...]:
        """The Python files among the paths."""
        return tuple(path for path in self.paths if path.endswith(".py"))


def _once(read: Read) -> Read:
    known: dict[str, bytes | None] = {}

    def remembered(path: str) -> bytes | None:
        if path not in known:
            known[path] = read(path)
        return known[path]

    return remembered
