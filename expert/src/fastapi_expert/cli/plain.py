"""Command lines that need no command-line library.

Agents start some commands all the time, and Typer with what it brings takes longer to import than they take to answer.
Such a command has a `main` that reads a plain command line by itself; whatever is not plain (help, a mistake, another
spelling) is left to Typer, which knows how to say it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Plain:
    """What was given: ``words`` are positional, ``flags`` the switches, ``values`` the options with theirs."""

    words: list[str] = field(default_factory=list[str])
    flags: set[str] = field(default_factory=set[str])
    values: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def value(self, option: str) -> str | None:
        """The last value of ``option``."""
        given = self.values.get(option)
        return given[-1] if given else None


def plain(argv: Sequence[str], *, flags: Iterable[str], options: Iterable[str]) -> Plain | None:
    """``argv`` taken apart; None when something in it is neither a word nor one of ``flags`` and ``options``."""
    found = Plain()
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not argument.startswith("-") and argument:
            found.words.append(argument)
        elif argument in flags:
            found.flags.add(argument)
        elif name in options:
            given = value if equals else next(arguments, "")
            if not given or given.startswith("-"):
                return None
            found.values.setdefault(name, []).append(given)
        else:
            return None
    return found
