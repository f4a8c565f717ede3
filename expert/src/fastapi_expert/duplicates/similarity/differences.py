"""What two functions of one shape still differ in: whether one may stand for the other, and what to say if not.

A shape (:mod:`fastapi_expert.codebase.syntax.shape`) leaves out local names, literals and the classes called. Here the
text itself is compared: global names and what they are bound to, attributes, keywords, literals, defaults, decorators,
and for what FastAPI wires also the parameters and who may call. Local names may differ, one for one.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tree_sitter import Node

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.syntax.parsing import parse
from fastapi_expert.duplicates.records.model import FunctionRecord
from fastapi_expert.duplicates.similarity.idioms import Steps, share_idioms, steps
from fastapi_expert.duplicates.similarity.telling import (
    INJECTING,
    Aspect,
    Function,
    Word,
    declarations,
    is_async,
    text_of,
)

WIRED = ("endpoint", "dependency", "exception_handler")
"""Kinds of functions that FastAPI calls."""
_DEFINITIONS = ("decorated_definition", "function_definition", "class_definition")
_AROUND = ("module", "if_statement", "block")


class Difference(NamedTuple):
    """What stands in one function and what in the other; "" where it has nothing for it."""

    aspect: Aspect
    here: str
    there: str


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences of two functions. ``is_known`` is False where a text cannot be read: then they may differ."""

    found: tuple[Difference, ...] = ()
    is_known: bool = True

    def __bool__(self) -> bool:
        return bool(self.found) or not self.is_known

    @property
    def only_values(self) -> bool:
        """Only literals and defaults differ: parameters could take them."""
        return self.is_known and all(one.aspect == "literal" for one in self.found)

    @property
    def in_essence(self) -> bool:
        """They are given texts of many words (queries, prompts) that have little in common: the text is what is done,
        and the code around it how a text is run."""
        return self.only_values and any(_are_other_texts(one.here, one.there) for one in self.found)

    @property
    def in_access(self) -> bool:
        """They may differ in who is let in."""
        return not self.is_known or any(one.aspect == "access" for one in self.found)

    def named(self, limit: int = 3) -> str:
        """`"can_refund"` (there `"can_read"`), `Page` and 2 more; "" when there is nothing to name."""
        shown = [_shown(one) for one in self.found]
        more = len(shown) - limit
        if more > 1:
            return f"{', '.join(shown[:limit])} and {more} more"
        return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


_WORD = re.compile(r"\w+")
LONG_TEXT = 6
"""Words from which on a literal is a text that says something by itself."""


def _are_other_texts(here: str, there: str) -> bool:
    mine, theirs = (set(_WORD.findall(text.replace("\\n", " ").lower())) for text in (here, there))
    return min(len(mine), len(theirs)) >= LONG_TEXT and 2 * len(mine & theirs) < len(mine | theirs)


def _shown(one: Difference) -> str:
    here, there = (f"`{_short(text)}`" if text else "" for text in (one.here, one.there))
    if here and here == there:
        return f"another {here}"
    if here and there:
        return f"{here} (there {there})"
    return here or f"{there} there"


def _short(text: str) -> str:
    text = " ".join(text.replace("`", "'").split())
    return text if len(text) <= 40 else f"{text[:37]}…"


@dataclass(frozen=True, slots=True)
class Side:
    """A function with its decorators, and what the names of its module are bound to."""

    node: Node | None
    bindings: Mapping[str, str]
    is_wired: bool = False
    """FastAPI calls it: its parameters are part of what it promises, and its annotations may say who is let in."""


def differences(here: Side, there: Side) -> Differences:
    """What ``here`` and ``there`` differ in, in the order of the text."""
    if here.node is None or there.node is None or here.node.has_error or there.node.has_error:
        return Differences(is_known=False)
    is_wired = here.is_wired or there.is_wired
    mine, theirs = _agreed(here.bindings, there.bindings)
    awaits = is_async(here.node) == is_async(there.node)
    left, right = (
        [*Function(node, bindings, is_wired=is_wired, awaits=awaits).words()]
        for node, bindings in ((here.node, mine), (there.node, theirs))
    )
    if [word.key for word in left] == [word.key for word in right]:
        return Differences()
    if [word.aspect for word in left] == [word.aspect for word in right]:
        pairs = [(one, other) for one, other in zip(left, right, strict=True) if one.key != other.key]
    else:
        pairs = _paired(left, right)
    found = {
        Difference(one.aspect if one else other.aspect if other else "name", _text(one), _text(other)): None
        for one, other in pairs
    }
    return Differences(tuple(found))


def _agreed(left: Mapping[str, str], right: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The names that both sides bind (a fragment without its imports is taken at its word), and to what.

    `app.db` and `backend.app.db` are one module, seen from two folders; `api.v3.db` and `api.db` are two.
    """
    mine, theirs = ({name: one[name] for name in left.keys() & right.keys()} for one in (left, right))
    for name, bound in mine.items():
        short, long = sorted((bound, theirs[name]), key=len)
        if "." in short and long.endswith(f".{short}"):
            mine[name] = theirs[name] = short
    return mine, theirs


def _text(word: Word | None) -> str:
    return word.text if word is not None else ""


def _paired(left: Sequence[Word], right: Sequence[Word]) -> list[tuple[Word | None, Word | None]]:
    """The words that only one side has; those of one aspect beside each other as they come."""
    pairs: list[tuple[Word | None, Word | None]] = []
    first: Counter[tuple[str, str]] = Counter((word.aspect, word.key) for word in left)
    second: Counter[tuple[str, str]] = Counter((word.aspect, word.key) for word in right)
    for aspect in ("access", "decorator", "parameter", "name", "literal"):
        only_left = _only([word for word in left if word.aspect == aspect], first - second)
        only_right = _only([word for word in right if word.aspect == aspect], second - first)
        for number in range(max(len(only_left), len(only_right))):
            one = only_left[number] if number < len(only_left) else None
            other = only_right[number] if number < len(only_right) else None
            pairs.append((one, other))
    return pairs


def _only(words: Sequence[Word], excess: Counter[tuple[str, str]]) -> list[Word]:
    return list({word.key: word for word in words if excess[word.aspect, word.key] > 0}.values())


def bindings_of(facts: FileFacts) -> dict[str, str]:
    """What the names of a module are bound to: `module:name` of an import or a definition, else the value's text.

    Relative imports are resolved.
    """
    module = facts.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    bound: dict[str, str] = {}
    for statement in facts.body:
        if (assignment := ir.match(statement, ir.Assign)) is not None and isinstance(assignment.target, str):
            bound[assignment.target] = f"= {ir.without_lines(assignment.value)!r}"
    for one in (*facts.functions, *facts.classes):
        if not one.parent:
            bound[one.name] = f"{module}:{one.name}"
    for one in facts.imports:
        imported = _absolute(module, one.module, is_package=facts.path.endswith("__init__.py"))
        name = one.alias or one.name or one.module.partition(".")[0]
        bound[name] = f"{imported}:{one.name}"
    return bound


def _absolute(importer: str, module: str, *, is_package: bool) -> str:
    rest = module.lstrip(".")
    level = len(module) - len(rest)
    if not level:
        return module
    above = importer.split(".")
    above = above[: len(above) - level + is_package]
    return ".".join([*above, rest] if rest else above)


class Texts:
    """The syntax trees of definitions, read when somebody asks what two of them differ in.

    ``facts`` gives those of a path as it is compared, ``sources`` the texts that are not the ones on disk (drafts).
    """

    def __init__(
        self, root: Path, facts: Callable[[str], FileFacts | None], sources: Mapping[str, bytes] | None = None
    ) -> None:
        self._root = root if root.is_dir() else root.parent
        self._facts = facts
        self._sources = sources or {}
        self._texts: dict[str, tuple[bytes, Sequence[int]]] = {}
        self._bindings: dict[str, Mapping[str, str]] = {}
        self._steps: dict[tuple[str, str, int], Steps | None] = {}

    def compare(self, here: FunctionRecord, there: FunctionRecord) -> Differences:
        """What two functions differ in."""
        first, second = self._side(here), self._side(there)
        return Differences(is_known=False) if first is None or second is None else differences(first, second)

    def share_idioms(self, here: FunctionRecord, there: FunctionRecord, *, are_apart: bool) -> bool:
        """Whether two functions that speak of other things share little but steps that are taken of any thing."""
        first, second = self._steps_of(here), self._steps_of(there)
        return first is not None and second is not None and share_idioms(first, second, are_apart=are_apart)

    def _steps_of(self, record: FunctionRecord) -> Steps | None:
        key = record.path, record.qualname, record.line
        if key not in self._steps:
            side = self._side(record)
            self._steps[key] = steps(side.node) if side is not None and side.node is not None else None
        return self._steps[key]

    def _side(self, record: FunctionRecord) -> Side | None:
        facts = self._facts(record.path)
        if facts is None:
            return None
        start = next((one.start_line for one in facts.functions if one.qualname == record.qualname), record.line)
        node = self._node(record.path, start, record.end_line)
        is_wired = record.kind in WIRED or any(name in text_of(node) for name in INJECTING)
        return Side(node, self._bound(record.path), is_wired)

    def _bound(self, path: str) -> Mapping[str, str]:
        """What the names of a module are bound to; nothing is known of a file that is not there."""
        bindings = self._bindings.get(path)
        if bindings is None:
            facts = self._facts(path)
            bindings = self._bindings[path] = bindings_of(facts) if facts is not None else {}
        return bindings

    def class_differences(self, here: tuple[str, str, int, int], there: tuple[str, str, int, int]) -> list[str]:
        """The names that two classes (path, qualname, first and last line) declare otherwise, or that one lacks, and
        the bases that one of them has.

        The name of the class, its docstring and how a type is spelled do not count. Where a text cannot be read, what
        is left of it counts as it stands.
        """
        first, second = (self._node(path, line, end_line) for path, _, line, end_line in (here, there))
        if first is None or second is None:
            return [qualname for _, qualname, _, _ in (here, there)]
        left, right = _agreed(self._bound(here[0]), self._bound(there[0])) if here[0] != there[0] else ({}, {})
        mine, theirs = declarations(first, left), declarations(second, right)
        return [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]

    def _node(self, path: str, line: int, end_line: int) -> Node | None:
        """The definition that stands on those lines, with its decorators; None where there is none."""
        text, starts = self._text(path)
        if not 0 < line <= end_line < len(starts):
            return None
        part = text[starts[line - 1] : starts[end_line]]
        below = b"if _:\n" if part[:1] in b" \t" and part else b""  # what is indented stands below something
        node: Node | None = parse(below + part)
        while node is not None and node.type not in _DEFINITIONS:
            node = next((one for one in node.named_children if one.type in (*_DEFINITIONS, *_AROUND)), None)
        return node

    def _text(self, path: str) -> tuple[bytes, Sequence[int]]:
        """The text of a file, and where each of its lines starts."""
        known = self._texts.get(path)
        if known is None:
            try:
                data = self._sources[path] if path in self._sources else (self._root / path).read_bytes()
            except OSError:
                data = b""
            known = self._texts[path] = data, [0, *accumulate(map(len, data.splitlines(keepends=True)))]
        return known
