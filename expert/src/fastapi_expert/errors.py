"""What can go wrong, said so that a person can act: what happened, where, and what to do about it.

They are raised where the fact is known; `__main__` turns them into one message and exit code 2.
"""


class ExpertError(Exception):
    """A foreseen failure: ``where`` is a path or `path:line`; ``do`` is the next step, as an imperative sentence."""

    def __init__(self, what: str, *, where: str | None = None, do: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.do = do

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  {self.do}" if self.do else ""
        return f"{place}{self.what}{remedy}"


class ConfigError(ExpertError):
    """`[tool.fastapi-expert]` has no meaning."""


class UsageError(ExpertError):
    """A command line without meaning: an unknown option, a missing argument, a path that is not there."""
