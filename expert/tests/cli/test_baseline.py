"""What a baseline excuses and what it does not."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.duplicates.baseline import compare, read, write
from fastapi_expert.duplicates.model import Finding, Place, Rule


def finding(rule: str, *ids: str) -> Finding:
    return Finding(
        Rule(rule, "t", "", "functions"),
        1.0,
        "m",
        "a",
        "reuse",
        tuple(Place(one, "service", "a.py", 1, 2) for one in ids),
    )


FINDINGS = st.lists(
    st.builds(
        lambda rule, ids: finding(rule, *sorted(ids)),
        st.sampled_from(["FX301", "FX302"]),
        st.sets(st.sampled_from("abcd"), min_size=2),
    ),
    max_size=8,
)


@given(FINDINGS)
def test_what_was_written_is_known_whole(findings: list[Finding]):
    with TemporaryDirectory() as folder:
        write(Path(folder) / "deep" / "known.json", findings)
        known = read(Path(folder) / "deep" / "known.json")
    compared = compare(findings, known)
    assert (compared.new, compared.known, compared.gone) == ((), len(findings), ())


@given(FINDINGS, FINDINGS)
def test_new_known_and_gone_add_up(before: list[Finding], after: list[Finding]):
    with TemporaryDirectory() as folder:
        write(Path(folder) / "known.json", before)
        compared = compare(after, read(Path(folder) / "known.json"))
    assert len(compared.new) + compared.known == len(after)
    assert compared.known + len(compared.gone) == len(before)


def test_a_family_that_lost_a_member_is_known_and_one_that_gained_a_member_is_new(tmp_path: Path):
    write(tmp_path / "known.json", [finding("FX302", "a", "b", "c")])
    known = read(tmp_path / "known.json")
    assert compare([finding("FX302", "a", "b")], known).new == ()
    larger = finding("FX302", "a", "b", "c", "d")
    assert compare([larger], known).new == (larger,)
    other_rule = finding("FX301", "a", "b")
    assert compare([other_rule], known).new == (other_rule,)


def test_one_entry_excuses_one_finding(tmp_path: Path):
    twice = [finding("FX301", "a", "b"), finding("FX301", "a", "b")]
    write(tmp_path / "known.json", twice[:1])
    assert len(compare(twice, read(tmp_path / "known.json")).new) == 1


def test_a_baseline_is_one_finding_a_line_in_order(tmp_path: Path):
    write(tmp_path / "known.json", [finding("FX302", "c", "d"), finding("FX301", "b", "a")])
    lines = (tmp_path / "known.json").read_text().splitlines()
    assert lines[3] == '    {"rule": "FX301", "components": [{"id": "a"}, {"id": "b"}]},'
    assert len(lines) == 7
