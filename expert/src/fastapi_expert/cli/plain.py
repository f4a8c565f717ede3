"""The bare form of a command line, `expert COMMAND WORD… [--json]`, read without a command-line library.

Agents start some commands all the time, and importing Typer takes as long as they take to answer. Their `main` takes
the bare form; every option, a call for help and every mistake is Typer's.
"""

from collections.abc import Sequence


def bare(argv: Sequence[str]) -> tuple[list[str], bool] | None:
    """The words and whether JSON is asked for; None when there is any other option."""
    words = [argument for argument in argv if not argument.startswith("-")]
    options = [argument for argument in argv if argument.startswith("-")]
    return (words, bool(options)) if options in ([], ["--json"]) and all(words) else None
