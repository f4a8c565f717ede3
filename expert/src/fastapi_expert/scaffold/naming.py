"""The names that follow from one: product, products, Product, ``app/models/product.py`` …"""

import keyword
import re
from dataclasses import dataclass

from fastapi_expert.errors import ExpertError

_UNCOUNTED = {"aircraft", "data", "deer", "equipment", "feedback", "fish", "furniture", "hardware", "information"} | {
    *("luggage", "media", "metadata", "news", "series", "sheep", "software", "species", "staff")
}
_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "quiz": "quizzes",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "axis": "axes",
    "analysis": "analyses",
    "basis": "bases",
    "crisis": "crises",
    "diagnosis": "diagnoses",
    "hypothesis": "hypotheses",
    "thesis": "theses",
    **{f"{stem}f": f"{stem}ves" for stem in ("lea", "shel", "hal", "wol", "loa", "thie", "sel", "cal")},
    **{f"{stem}fe": f"{stem}ves" for stem in ("kni", "li", "wi")},
    **{word: f"{word}es" for word in ("hero", "potato", "tomato", "echo", "veto", "torpedo")},
    # what their endings would not tell
    **{word: f"{word}es" for word in ("alias", "atlas", "bias", "canvas", "gas", "lens", "pancreas")},
    **{word: f"{word}s" for word in ("ache", "avalanche", "cache", "headache", "menu", "niche", "use")},
    **{
        word: f"{word}s"
        for word in ("brownie", "calorie", "cookie", "hoodie", "movie", "pie", "selfie", "tie", "zombie")
    },
}
_BACK = {plural: singular for singular, plural in _IRREGULAR.items()}


@dataclass(frozen=True, slots=True)
class Names:
    """`singular` and `plural` in snake case; `pascal` for classes; `path` for addresses."""

    singular: str
    plural: str

    @property
    def pascal(self) -> str:
        return "".join(part.capitalize() for part in self.singular.split("_"))

    @property
    def path(self) -> str:
        return self.plural.replace("_", "-")

    @property
    def a_noun(self) -> str:
        """With its article: a product, an order, a unit, an hour."""
        return f"{article(self.noun)} {self.noun}"

    @property
    def noun(self) -> str:
        return self.singular.replace("_", " ")

    @property
    def nouns(self) -> str:
        return self.plural.replace("_", " ")


def names_of(word: str) -> Names:
    """The names for "product", "Products", "OrderItem" or "order-item"; raises `ExpertError` when it names nothing."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word.strip()).replace("-", "_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", snake) or keyword.iskeyword(snake) or len(snake) > 40:
        raise ExpertError(f"{word!r} cannot name a resource", do="Use a noun such as product or order-item.")
    head, _, last = snake.rpartition("_")
    prefix = f"{head}_" if head else ""
    singular = prefix + _singular(last)
    return Names(singular, prefix + _plural(_singular(last)))


def article(noun: str) -> str:
    """The one that its first sound asks for; none where there is no single one of it."""
    if re.match(r"(?:uni(?!n|m)|use|usa|util|ubi|eu|ewe|one\b|once)", noun):
        return "a"
    return "an" if re.match(r"[aeiou]|hour|heir|honou?r|honest|[fhlmnrsx](?![a-z])", noun) else "a"


def _plural(word: str) -> str:
    if word in _UNCOUNTED:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def _singular(word: str) -> str:
    if word in _UNCOUNTED or word in _IRREGULAR:
        return word
    if word in _BACK:
        return _BACK[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    # buses, classes, boxes, batches; but houses, courses, sizes
    if re.search(r"(ss|x|zz|ch|sh)es$|(?<![ao])uses$", word):
        return word[:-2]
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
