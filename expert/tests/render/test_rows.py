"""Rows of a table, at every width: a terminal's lines end between parts, a pipe's never."""

import pytest

from fastapi_expert.render.terminal import Style, cells

PARTS = (
    "GET     /api/v1/auth/sessions  ",
    "protected",
    "3 tests ",
    "list_sessions → SessionView",
    "app/auth.py:152",
)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_on_a_terminal_no_line_is_longer_than_it_and_no_part_is_torn(width: int) -> None:
    lines = Style(colour=False, width=width, is_terminal=True).row(PARTS).splitlines()
    assert all(cells(line) <= width for line in lines)
    assert all(sum(part.strip() in line for line in lines) == 1 for part in PARTS)
    assert all(line.startswith(" " * 8) for line in lines[1:])


def test_colour_takes_no_room() -> None:
    plain, painted = (Style(colour=colour, width=60, is_terminal=True) for colour in (False, True))
    rows = [style.row([style.paint(part, "red") for part in PARTS]) for style in (plain, painted)]
    assert rows[0].count("\n") == rows[1].count("\n")


def test_a_pipe_gets_one_line_whatever_its_length() -> None:
    assert "\n" not in Style(colour=False, width=40).row(PARTS)


def test_parts_that_say_nothing_leave_no_gap() -> None:
    assert Style(colour=False, width=40).row(["a", "", "b"]) == "a  b"
