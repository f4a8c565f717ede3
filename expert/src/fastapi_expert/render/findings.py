"""Findings as a compiler would say them: what, where, both sides with line numbers, and what to do.

FX301 create_user does what register_user already does (96 %)
  --> app/services/users.py:12-30
  ==> app/services/accounts.py:40-58
   12   def create_user(name):   │   40   def register_user(name):
   13 ~     return add(name, 1)  │   41 ~     return add(name, 2)
  advice: call register_user instead
"""

from collections.abc import Sequence
from typing import Literal

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.render.compare import Row, Span, align
from fastapi_expert.render.source import Sources
from fastapi_expert.render.terminal import Style, cells, cut, printable

_SIDE_BY_SIDE = 110  # columns from which two columns of code can be read
_CONTEXT = 2
_MOST_ROWS = 24
_SIGNS = {"same": " ", "changed": "~", "left": "-", "right": "+"}


def finding_text(finding: Finding, sources: Sources, style: Style) -> str:
    """One finding: head, places, both sides, advice."""
    places = finding.components
    lines = [f"{style.paint(finding.rule, 'bold', 'red')} {style.paint(printable(finding.message), 'bold')}"]
    lines += [
        f"  {style.paint('-->' if number == 0 else '==>', 'blue')} {_place(place)}"
        for number, place in enumerate(places[:8])
    ]
    if len(places) > 8:
        lines.append(f"      and {len(places) - 8} more places")
    if len(places) >= 2:
        lines += sides(places[0], places[1], sources, style)
    return "\n".join([*lines, f"  {style.paint('advice:', 'bold', 'green')} {printable(finding.advice)}"])


def sides(left: Place, right: Place, sources: Sources, style: Style) -> list[str]:
    """Both sides of a finding with line numbers: in two columns where there is room, else one after the other."""
    a = [printable(line) for line in sources.lines(left.path, left.line, left.end_line)]
    b = [printable(line) for line in sources.lines(right.path, right.line, right.end_line)]
    if not a or not b:
        return []
    rows = _folded(align(a, b, with_spans=style.colour))
    if style.width >= _SIDE_BY_SIDE:
        return _columns(rows, (a, left.line), (b, right.line), style)
    return _stacked(rows, (a, left.line), (b, right.line), style)


def _place(place: Place) -> str:
    span = f"-{place.end_line}" if place.end_line > place.line else ""
    return f"{place.path}:{place.line}{span}"


def _folded(rows: Sequence[Row]) -> list[Row | int]:
    """The rows with long runs of equal ones, and what is too long to read at all, replaced by their number."""
    near = [False] * len(rows)
    for number, row in enumerate(rows):
        if row.mark != "same" or number == 0:
            for neighbour in range(max(0, number - _CONTEXT), min(len(rows), number + _CONTEXT + 1)):
                near[neighbour] = True
    for number in range(1, len(rows) - 1):  # one line takes no more room than saying that one is missing
        near[number] = near[number] or (near[number - 1] and near[number + 1])
    folded: list[Row | int] = []
    shown = 0
    for row, wanted in zip(rows, near, strict=True):
        if wanted and shown < _MOST_ROWS:
            folded.append(row)
            shown += 1
        elif folded and isinstance(folded[-1], int):
            folded[-1] += 1
        else:
            folded.append(1)
    if shown == _MOST_ROWS:
        _drop_dangling_context(folded)
    return folded


def _drop_dangling_context(folded: list[Row | int]) -> None:
    """Fold away the equal rows before a cut: they lead to a difference that is no longer shown."""
    hidden = 0
    while folded and (isinstance(last := folded[-1], int) or last.mark == "same"):
        folded.pop()
        hidden += last if isinstance(last, int) else 1
    if hidden:
        folded.append(hidden)


_Side = tuple[Sequence[str], int]  # its lines, the number of the first


def _columns(rows: Sequence[Row | int], left: _Side, right: _Side, style: Style) -> list[str]:
    width = (style.width - 7) // 2
    bar = style.paint("│", "blue")
    lines: list[str] = []
    for row in rows:
        if isinstance(row, int):
            lines.append(style.paint(f"  {'…':>5} {row} more", "dim"))
            continue
        a = _cell(row, left, row.left, row.left_spans, width, style)
        b = _cell(row, right, row.right, row.right_spans, width, style).rstrip()
        lines.append(f"  {a} {bar} {b}".rstrip())
    return lines


def _stacked(rows: Sequence[Row | int], left: _Side, right: _Side, style: Style) -> list[str]:
    width = max(40, style.width - 4)
    first, second = _alone(rows, "left", left, width, style), _alone(rows, "right", right, width, style)
    return [f"  {line}" for line in (*first, style.paint("      " + "┄" * 24, "blue"), *second)]


def _alone(
    rows: Sequence[Row | int], name: Literal["left", "right"], side: _Side, width: int, style: Style
) -> list[str]:
    """The lines of one side, with a mark where lines are left out."""
    lines: list[str] = []
    for row in rows:
        if isinstance(row, int):
            lines.append(style.paint(f"{'…':>5} {row} more", "dim"))
        elif name == "left" and row.left is not None:
            lines.append(_cell(row, side, row.left, row.left_spans, width, style).rstrip())
        elif name == "right" and row.right is not None:
            lines.append(_cell(row, side, row.right, row.right_spans, width, style).rstrip())
    return lines


def _cell(row: Row, side: _Side, index: int | None, spans: Sequence[Span], width: int, style: Style) -> str:
    """`  12 ~ code` cut and filled to ``width`` columns, with the differing spans marked."""
    if index is None:
        return " " * width
    lines, first = side
    text = lines[index]
    room = width - 8
    shown = cut(text, room)
    colour = {"changed": "yellow", "left": "red", "right": "green"}.get(row.mark)
    whole = ((0, len(shown)),) if row.mark in ("left", "right") else ()
    body = _marked(shown, spans or whole, colour, style)
    gutter = style.paint(f"{first + index:>5}", "blue")
    sign = style.paint(_SIGNS[row.mark], colour) if colour else _SIGNS[row.mark]
    return f"{gutter} {sign} {body}{' ' * (room - cells(shown))}"


def _marked(text: str, spans: Sequence[Span], colour: str | None, style: Style) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        pieces += [text[position:start], style.paint(text[start:end], colour) if colour else text[start:end]]
        position = max(position, end)
    return "".join([*pieces, text[position:]])
