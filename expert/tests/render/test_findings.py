"""Findings as text: what a person reads, at every width and without a terminal."""

from pathlib import Path

import pytest

from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.duplicates.rules.registry import RULES
from fastapi_expert.render.findings import finding_text
from fastapi_expert.render.source import Sources
from fastapi_expert.render.terminal import Style, cells, printable, wants_colour

LEFT = """def create_user(session, data):
    user = User(email=data.email)
    session.add(user)
    session.commit()
    return user
"""
RIGHT = """async def register(db, payload):
    user = User(email=payload.email)
    db.add(user)
    audit(user)
    db.commit()
    return user
"""


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "a.py").write_text("\n\n" + LEFT)
    (tmp_path / "b.py").write_text("# b\n" + RIGHT)
    return Sources(tmp_path)


@pytest.fixture
def finding() -> Finding:
    places = (
        Place("service:a.py::create_user", "service", "a.py", 3, 7),
        Place("service:b.py::register", "service", "b.py", 2, 7),
    )
    return Finding(
        RULES["FX302"],
        0.8,
        "create_user does what register does",
        "Call register (b.py:2).",
        "reuse",
        places,
        5,
    )


def test_a_wide_terminal_gets_both_sides_in_two_columns(finding: Finding, sources: Sources):
    lines = finding_text(finding, sources, Style(colour=False, width=140)).splitlines()
    assert lines[0] == "FX302 create_user does what register does"
    assert lines[1:3] == ["  --> a.py:3-7", "  ==> b.py:2-7"]
    assert "    3 ~ def create_user(session, data):" in lines[3]
    assert lines[3].split("│")[1].strip() == "2 ~ async def register(db, payload):"
    (inserted,) = [line for line in lines if "audit(user)" in line]
    assert inserted.split("│")[0].strip() == ""
    assert inserted.split("│")[1].strip() == "5 +     audit(user)"
    assert lines[-1] == "  advice: Call register (b.py:2)."
    assert max(map(len, lines)) <= 140


def test_a_narrow_terminal_gets_one_side_after_the_other(finding: Finding, sources: Sources):
    lines = finding_text(finding, sources, Style(colour=False, width=80)).splitlines()
    first = next(number for number, line in enumerate(lines) if "create_user(session" in line)
    second = next(number for number, line in enumerate(lines) if "register(db" in line)
    assert second - first > 4
    assert max(map(len, lines)) <= 80
    assert not any("│" in line for line in lines)


def test_colour_marks_what_differs_and_only_where_colour_is_wanted(finding: Finding, sources: Sources):
    assert "\033[33mcreate_user\033[0m" in finding_text(finding, sources, Style(colour=True, width=140))
    assert "\033" not in finding_text(finding, sources, Style(colour=False, width=140))


def test_long_equal_runs_are_folded(tmp_path: Path):
    body = "".join(f"    step_{number}()\n" for number in range(40))
    (tmp_path / "a.py").write_text("def a():\n" + body + "    return 1\n")
    (tmp_path / "b.py").write_text("def b():\n" + body + "    return 2\n")
    places = (Place("x::a", "service", "a.py", 1, 42), Place("x::b", "service", "b.py", 1, 42))
    finding = Finding(RULES["FX301"], 1.0, "a is b", "Call b.", "reuse", places)
    text = finding_text(finding, Sources(tmp_path), Style(colour=False, width=140))
    assert "… 36 more" in text
    assert "return 2" in text
    assert "step_20" not in text


def test_what_is_cut_off_ends_with_a_difference_and_one_count_of_what_is_missing(tmp_path: Path):
    def source(name: str) -> str:
        changed = "".join(f"    {name}_{number}()\n" for number in range(20))
        same = "".join(f"    step_{number}()\n" for number in range(10))
        return f"def {name}():\n{changed}{same}{changed}{same}    return '{name}'\n"

    (tmp_path / "a.py").write_text(source("a"))
    (tmp_path / "b.py").write_text(source("b"))
    places = (Place("x::a", "service", "a.py", 1, 62), Place("x::b", "service", "b.py", 1, 62))
    finding = Finding(RULES["FX301"], 1.0, "a is b", "Call b.", "reuse", places)
    *shown, more, _advice = finding_text(finding, Sources(tmp_path), Style(colour=False, width=140)).splitlines()
    assert more.strip().startswith("… ")
    assert "~" in shown[-1]


def test_a_file_that_is_gone_leaves_the_message_whole(finding: Finding, tmp_path: Path):
    lines = finding_text(finding, Sources(tmp_path), Style(colour=False, width=140)).splitlines()
    assert len(lines) == 4


def test_wide_characters_keep_the_columns_straight(tmp_path: Path):
    (tmp_path / "a.py").write_text(
        'def a():\n    """获取用户的全部信息，包括角色、部门与权限等详细内容，并按照数据权限进行过滤"""\n    return 1\n'
    )
    (tmp_path / "b.py").write_text('def b():\n    """取得使用者"""\n    return 2\n')
    places = (Place("x::a", "service", "a.py", 1, 3), Place("x::b", "service", "b.py", 1, 3))
    finding = Finding(RULES["FX301"], 1.0, "a is b", "Call b.", "reuse", places)
    lines = finding_text(finding, Sources(tmp_path), Style(colour=False, width=110)).splitlines()
    columns = {cells(line.partition("│")[0]) for line in lines if "│" in line}
    assert len(columns) == 1
    assert max(map(cells, lines)) <= 110


def test_source_cannot_drive_the_terminal():
    assert printable("a\033[2Jb\x07\u202ec\td") == "a\\x1b[2Jb\\x07\\u202ec    d"


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_follows_the_switches(
    environment: dict[str, str], terminal: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
):
    import io

    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Stream()) is expected
