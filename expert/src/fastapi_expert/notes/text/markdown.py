"""A note's text read as knowledge: its observations and relations, as Basic Memory's format has them.

An observation is a block (list item, paragraph, heading) that begins with ``[category]``, or that carries a
``#tag``. A relation is a list item ``type [[Target]] (context)``; every other ``[[Target]]`` is a `links_to`.
Code, HTML and task boxes say nothing; a quotation may link but makes no observation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi_expert.notes.text import frontmatter
from fastapi_expert.notes.text.names import tag_list

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_CATEGORY = re.compile(r"\[(?P<category>[^\[\]()\n]+)\]\s+(?P<content>.+)")
_TASK = re.compile(r"\[[ xX\-/>?]\](\s|$)")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?([.,]\d+)?")
_TAG = re.compile(r"(?:^|\s)#(\S+)")
_CODE = re.compile(r"(?P<fence>`+)(?!`).*?(?<!`)(?P=fence)(?!`)", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")
LINKS_TO = "links_to"


@dataclass(frozen=True, slots=True)
class Observation:
    """A fact: ``category`` is None where only a tag marks it; tags stay inside ``content`` as well."""

    category: str | None
    content: str
    tags: tuple[str, ...] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge to another note, which need not exist yet; ``target`` is what stands in the brackets."""

    type: str
    target: str
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text in its parts; ``values`` is the front matter, ``body`` what follows it."""

    values: dict[str, Any]
    body: str
    observations: tuple[Observation, ...]
    relations: tuple[Relation, ...]

    @property
    def tags(self) -> list[str]:
        """The front matter's tags."""
        return tag_list(self.values.get("tags"))


def parse(text: str) -> Document:
    """Read a whole file (front matter and body); any text is a document, a broken head is part of the body."""
    parts = frontmatter.split(text)
    observations: list[Observation] = []
    relations: list[Relation] = []
    for block in _blocks(parts.body):
        if not block.quoted:
            observations += _observation(block.text)
        relations += _relations(block.text, in_list=block.in_list)
    return Document(parts.values, parts.body, tuple(observations), tuple(relations))


def heading_title(body: str) -> str | None:
    """The text of the first level-one heading, if the body opens with one."""
    for line in body.splitlines():
        if line.strip():
            found = re.fullmatch(r" {0,3}#[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*", line)
            return found[1].strip() if found else None
    return None


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    in_list: bool
    quoted: bool


def _blocks(body: str) -> Iterator[_Block]:
    lists = quotes = 0
    for token in _commonmark().parse(body):
        match token.type:
            case "list_item_open":
                lists += 1
            case "list_item_close":
                lists -= 1
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "inline" if token.content:
                yield _Block(token.content, in_list=lists > 0, quoted=quotes > 0)
            case _:
                pass


@cache
def _commonmark() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # 80 ms to import: only when there is a note to read

    # blocks are all we need; without inline parsing it is twice as fast
    return MarkdownIt("commonmark", {"maxNesting": 100}).disable("inline")


def _observation(text: str) -> Iterator[Observation]:
    if _TASK.match(text):
        return
    found = _CATEGORY.match(text)
    if found and not _CLOCK.fullmatch(found["category"].strip()):
        content, context = _trailing_context(found["content"].strip())
        if content:
            yield Observation(found["category"].strip(), content, _tags(content), context)
        return
    tags = _tags(text)
    if tags and not found:
        content, context = _trailing_context(text.strip())
        yield Observation(None, content, tags, context)


def _tags(content: str) -> tuple[str, ...]:
    """``#a`` and ``#b`` of `text #a#b`; a trailing comma or full stop is the sentence's, not the tag's."""
    found = [part for run in _TAG.findall(content) for part in run.split("#")]
    cleaned = [part.rstrip(".,;:!?)") for part in found]
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))


def _trailing_context(content: str) -> tuple[str, str | None]:
    """Cut a balanced ``(…)`` off the end; an unbalanced one is text."""
    if not content.endswith(")"):
        return content, None
    depth = 0
    for position in range(len(content) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(content[position], 0)
        if depth == 0:
            return content[:position].strip(), content[position + 1 : -1].strip()
    return content, None


def _relations(text: str, *, in_list: bool) -> Iterator[Relation]:
    bare = _CODE.sub(lambda code: "\0" * len(code[0]), text)  # same length, so that positions hold
    links = list(_links(bare, text))
    if in_list and links:
        typed = _typed(text, links[0])
        if typed:
            yield typed
            return
    for _, _, target in links:
        yield Relation(LINKS_TO, target)


def _links(bare: str, text: str) -> Iterator[tuple[int, int, str]]:
    """Every outermost ``[[…]]`` as (start, end, target)."""
    position = 0
    while (start := bare.find("[[", position)) >= 0:
        depth, end = 1, start + 2
        while depth and end < len(bare):
            pair = bare[end : end + 2]
            if pair in ("[[", "]]"):
                depth += 1 if pair == "[[" else -1
                end += 2
            else:
                end += 1
        if depth:
            return
        target = text[start + 2 : end - 2].strip().replace("::", "/")
        if target:
            yield start, end, target
        position = end


def _typed(text: str, link: tuple[int, int, str]) -> Relation | None:
    """``type [[Target]] (context)``: one word or a quoted phrase before, nothing but one context behind."""
    start, end, target = link
    before, after = text[:start].strip(), text[end:].strip()
    quoted = _QUOTED.fullmatch(before)
    kind = (quoted[1] or quoted[2]).strip() if quoted else before
    if not kind or (not quoted and len(kind.split()) != 1) or kind in ("''", '""') or _TASK.match(before):
        return None
    if not after:
        return Relation(kind, target)
    rest, context = _trailing_context(after)
    return Relation(kind, target, context or None) if not rest and context is not None else None
