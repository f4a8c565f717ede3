"""What is made from a post's text: its address, its excerpt, the words looked for in it."""

import re
import secrets

from slugify import slugify

MAX_SLUG = 100
EXCERPT_LENGTH = 200

_WORDS = re.compile(r"[^\W_]+")
_SUFFIX_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without what is mistaken for something else


def slug_of(title: str) -> str:
    """The title in lower-case ASCII words; ``post`` when nothing is left of it."""
    return slugify(title, max_length=MAX_SLUG, word_boundary=True) or "post"


def another_slug(slug: str) -> str:
    """The same with a random end, for when it is taken: counting up would read every post of that title."""
    return f"{slug}-{''.join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(6))}"


def excerpt_of(content: str) -> str:
    """The beginning of the content, on one line, cut between words."""
    line = " ".join(content[: 4 * EXCERPT_LENGTH].split())
    if len(line) <= EXCERPT_LENGTH:
        return line
    cut = line.rfind(" ", EXCERPT_LENGTH // 2, EXCERPT_LENGTH)
    return line[: cut if cut > 0 else EXCERPT_LENGTH - 1].rstrip(" ,;:.-") + "…"


def words_of(search: str) -> list[str]:
    """The words of a search; none in ``!!!``."""
    return _WORDS.findall(search)
