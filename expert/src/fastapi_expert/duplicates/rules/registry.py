"""The rules: codes, titles and the page that explains each (docs/rules is made from these pages)."""

from dataclasses import dataclass
from typing import Literal

Family = Literal["routes", "schemas", "functions", "wiring", "settings", "tests"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of duplicate. ``summary`` is a line for lists; :attr:`page` is the whole explanation."""

    code: str
    title: str
    summary: str
    family: Family

    @property
    def page(self) -> str:
        """The explanation as Markdown: what, why, an example, the fix, and when the rule stays silent."""
        from importlib.resources import files  # slow to import, and no hook asks for a page

        return (files("fastapi_expert.duplicates.rules") / "pages" / f"{self.code}.md").read_text(encoding="utf-8")


_ALL = (
    Rule("FX101", "same route twice", "A method and path that an earlier route already answers", "routes"),
    Rule("FX102", "shadowed route", "A path that an earlier, more general path of the same method catches", "routes"),
    Rule("FX103", "same handler elsewhere", "An endpoint whose body another path already has", "routes"),
    Rule("FX201", "same fields", "Two schemas or tables with the same fields and types", "schemas"),
    Rule("FX202", "nearly the same fields", "Two schemas or tables that share most fields and no base", "schemas"),
    Rule("FX203", "repeated validator", "The same validation written in several schemas", "schemas"),
    Rule("FX204", "name taken", "A class name or table name that is already in use where it must be unique", "schemas"),
    Rule("FX301", "same function", "Functions that are equal up to names, literals and layout", "functions"),
    Rule(
        "FX302", "nearly the same function", "Functions that share most statements, some edited or moved", "functions"
    ),
    Rule("FX303", "sync and async twins", "The same logic written once with and once without await", "functions"),
    Rule("FX401", "same dependency", "A dependency that does what another one does", "wiring"),
    Rule("FX402", "same middleware", "A middleware that does what another one does", "wiring"),
    Rule("FX403", "same exception handler", "Exception handlers that answer in the same way", "wiring"),
    Rule("FX404", "same background task", "A background task that does what another one does", "wiring"),
    Rule("FX501", "setting defined twice", "One environment variable defined by two settings classes", "settings"),
    Rule(
        "FX502", "setting read past the settings", "An environment variable read where a setting holds it", "settings"
    ),
    Rule("FX503", "setting read twice", "One environment variable read in several files", "settings"),
    Rule("FX601", "same test", "Two tests that exercise the same thing the same way", "tests"),
)

RULES: dict[str, Rule] = {rule.code: rule for rule in _ALL}
