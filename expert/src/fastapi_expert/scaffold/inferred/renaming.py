"""One resource's names put in place of another's, in identifiers, paths and strings alike."""

import re
from dataclasses import dataclass
from functools import cached_property

from fastapi_expert.scaffold.naming import Names


@dataclass(frozen=True)
class Renaming:
    """From ``old`` to ``new``: item → product, items → products, Item → Product, ITEMS → PRODUCTS, order-items …"""

    old: Names
    new: Names

    @cached_property
    def _pairs(self) -> dict[str, str]:
        forms: dict[str, str] = {}
        for old, new in ((self.old.plural, self.new.plural), (self.old.singular, self.new.singular)):
            for shape in (_snake, _upper, _pascal, _kebab, _flat, _words):
                forms.setdefault(shape(old), shape(new))
        return forms

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self._pairs, key=len, reverse=True)
        # a name ends where a new word begins: itemsRead and items_read hold "items", itemised does not
        return re.compile(
            rf"(?<![a-z])(?:{'|'.join(map(re.escape, longest_first))})(?![a-z])|(?<=[a-z_])(?:"
            rf"{'|'.join(re.escape(form) for form in longest_first if form[:1].isupper())})(?![a-z])"
        )

    def text(self, text: str) -> str:
        """``text`` with every whole word of the old name replaced."""
        return self._pattern.sub(lambda match: self._pairs[match.group(0)], text)

    def names(self, text: str) -> bool:
        """Whether ``text`` speaks of the old name."""
        return self._pattern.search(text) is not None


def _snake(name: str) -> str:
    return name


def _upper(name: str) -> str:
    return name.upper()


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _flat(name: str) -> str:
    return name.replace("_", "")


def _words(name: str) -> str:
    return name.replace("_", " ")
