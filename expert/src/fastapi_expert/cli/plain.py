"""The bare form of a command line, `expert COMMAND WORD… [--json]`, read without a command-line library.

Agents start some commands all the time, and importing Typer takes as long as they take to answer. Their `main` takes
the bare form; every option, a call for help and every mistake is Typer's.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    HTML = "html"


def bare(argv: Sequence[str]) -> tuple[list[str], bool] | None:
    """The words and whether JSON is asked for; None when there is any other option."""
    words = [argument for argument in argv if not argument.startswith("-")]
    options = [argument for argument in argv if argument.startswith("-")]
    return (words, bool(options)) if options in ([], ["--json"]) and all(words) else None


def bare_path(argv: Sequence[str]) -> tuple[Path | None, bool] | None:
    """`[PATH] [--json]`: the path if there is one, and whether JSON is asked for; None for every other command line."""
    asked = bare(argv)
    if asked is None or len(asked[0]) > 1:
        return None
    words, json = asked
    return (Path(words[0]) if words else None), json
