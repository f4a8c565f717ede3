"""Two pieces of code side by side: which lines belong together, and what differs within them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

Mark = Literal["same", "changed", "left", "right"]
Span = tuple[int, int]

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST = 2000  # lines on a side beyond which aligning costs more than it tells
_MOST_PAIRS = 900
_ALIKE = 0.4  # share of tokens in common from which two lines are one line changed


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: indices into both sides (None: nothing there) and what differs, as column spans."""

    mark: Mark
    left: int | None
    right: int | None
    left_spans: tuple[Span, ...] = ()
    right_spans: tuple[Span, ...] = ()


def align(left: Sequence[str], right: Sequence[str], *, with_spans: bool = True) -> list[Row]:
    """The rows of the comparison; lines are the same when they differ in surrounding white space alone.

    Without spans it is not looked for what differs within two lines.
    """
    left, right = left[:_LONGEST], right[:_LONGEST]
    matcher = SequenceMatcher(None, [line.strip() for line in left], [line.strip() for line in right], autojunk=False)
    likeness = _Likeness(left, right)
    rows: list[Row] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            rows.extend(Row("same", i, j) for i, j in zip(range(i1, i2), range(j1, j2), strict=True))
        else:
            rows.extend(_replaced(likeness, range(i1, i2), range(j1, j2)))
    return [_marked(row, left, right) for row in rows] if with_spans else rows


class _Likeness:
    """The lines of both sides, and how alike two of them are, each counted once."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self.left, self.right = left, right
        self._left: dict[int, Counter[str]] = {}
        self._right: dict[int, Counter[str]] = {}
        self._known: dict[tuple[int, int], float] = {}

    def of(self, i: int, j: int) -> float:
        """Share of tokens in common, by multiset: quick, and enough to pair lines."""
        known = self._known.get((i, j))
        if known is None:
            known = self._known[i, j] = self._share(
                _tokens(self.left, i, self._left), _tokens(self.right, j, self._right)
            )
        return known

    @staticmethod
    def _share(mine: Counter[str], theirs: Counter[str]) -> float:
        if not mine or not theirs:
            return 0.0
        common = sum([min(count, theirs[token]) for token, count in mine.items() if token in theirs])
        return 2.0 * common / (mine.total() + theirs.total())


def _tokens(lines: Sequence[str], number: int, known: dict[int, Counter[str]]) -> Counter[str]:
    found = known.get(number)
    if found is None:
        found = known[number] = Counter(_TOKEN.findall(lines[number].strip()))
    return found


def _replaced(likeness: _Likeness, lefts: range, rights: range) -> list[Row]:
    """Pair the lines of a replaced block in order, the most alike first and never crossing."""
    if not lefts:
        return [Row("right", None, j) for j in rights]
    if not rights:
        return [Row("left", i, None) for i in lefts]
    apart = [Row("left", i, None) for i in lefts] + [Row("right", None, j) for j in rights]
    if len(lefts) * len(rights) > _MOST_PAIRS:
        return apart
    alike, _, i, j = max(
        (likeness.of(i, j), -abs((i - lefts[0]) - (j - rights[0])), i, j) for i in lefts for j in rights
    )
    if alike < _ALIKE:
        return apart
    before = _replaced(likeness, range(lefts[0], i), range(rights[0], j))
    after = _replaced(likeness, range(i + 1, lefts[-1] + 1), range(j + 1, rights[-1] + 1))
    return [*before, Row("changed", i, j), *after]


def _marked(row: Row, left: Sequence[str], right: Sequence[str]) -> Row:
    """A row with what differs within its two lines."""
    if row.mark != "changed" or row.left is None or row.right is None:
        return row
    a, b = _TOKEN.findall(left[row.left]), _TOKEN.findall(right[row.right])
    a_at, b_at = _offsets(a), _offsets(b)
    left_spans: list[Span] = []
    right_spans: list[Span] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if i2 > i1 and "".join(a[i1:i2]).strip():
            left_spans.append((a_at[i1], a_at[i2]))
        if j2 > j1 and "".join(b[j1:j2]).strip():
            right_spans.append((b_at[j1], b_at[j2]))
    return replace(row, left_spans=tuple(left_spans), right_spans=tuple(right_spans))


def _offsets(tokens: Sequence[str]) -> list[int]:
    offsets = [0]
    for token in tokens:
        offsets.append(offsets[-1] + len(token))
    return offsets
