"""Which lines belong together, and what differs within them."""

from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.render.compare import align

LINES = st.lists(st.text(alphabet="ab (),=", max_size=12), max_size=14)


def test_lines_that_differ_in_indentation_alone_are_the_same():
    assert [row.mark for row in align(["a = 1", "b"], ["    a = 1", "b  "])] == ["same", "same"]


def test_a_changed_line_marks_only_what_changed():
    (row,) = align(["return find(user_id, 10)"], ["return find(account_id, 10)"])
    assert row.mark == "changed"
    assert [("return find(user_id, 10)"[a:b]) for a, b in row.left_spans] == ["user_id"]
    assert [("return find(account_id, 10)"[a:b]) for a, b in row.right_spans] == ["account_id"]


def test_an_inserted_line_stands_alone():
    rows = align(["a()", "b()"], ["a()", "log('between')", "b()"])
    assert [(row.mark, row.left, row.right) for row in rows] == [("same", 0, 0), ("right", None, 1), ("same", 1, 2)]


def test_unlike_lines_are_not_paired():
    assert {row.mark for row in align(["import os"], ["yield session"])} == {"left", "right"}


@given(LINES, LINES)
def test_every_line_of_both_sides_appears_once_and_in_order(left: list[str], right: list[str]):
    rows = align(left, right)
    assert [row.left for row in rows if row.left is not None] == list(range(len(left)))
    assert [row.right for row in rows if row.right is not None] == list(range(len(right)))


@given(LINES, LINES)
def test_spans_lie_within_their_lines_and_do_not_overlap(left: list[str], right: list[str]):
    for row in align(left, right):
        for text, spans in ((left, row.left_spans), (right, row.right_spans)):
            index = row.left if text is left else row.right
            ends = [0, *(at for span in spans for at in span)]
            assert ends == sorted(ends)
            assert index is None or ends[-1] <= len(text[index])
