"""Honesty in `expert check`: it fails the gate, a trailer of the commit excuses it, and no change switches it off."""

from pathlib import Path

import pytest
from cheats import PROJECT
from worktree import Work, committed_work

from fastapi_expert.credit.hooks import prepare
from fastapi_expert.gate import Report, check
from fastapi_expert.gate.checks.honesty.trailers import is_reason
from fastapi_expert.gate.report import report_text
from fastapi_expert.git import Repository
from fastapi_expert.render.formats.gate import check_document, sarif
from fastapi_expert.render.formats.github import gate_annotations

QUIET = (
    '\n[tool.fastapi-expert.check]\nskip = ["types", "tests", "lint", "format", "imports", "security", "annotations"]\n'
)
SUM = "    assert total([19, 23]) == 42"


@pytest.fixture
def shop(tmp_path: Path) -> Work:
    return committed_work(tmp_path / "shop", {**PROJECT, "pyproject.toml": PROJECT["pyproject.toml"] + QUIET})


def edit(work: Work, path: str, old: str, new: str) -> None:
    text = (work.root / path).read_text()
    assert old in text
    work.write(path, text.replace(old, new))


def told(report: Report) -> list[str]:
    return [f"{one.rule} {one.path}" for one in report.findings]


def test_a_skipped_test_fails_the_gate_and_the_sentence_says_what_to_do(shop: Work):
    edit(shop, "tests/test_prices.py", "def test_total_is", "@pytest.mark.skip\ndef test_total_is")
    report = check(shop.root)
    assert told(report) == ["FX621 tests/test_prices.py"]
    assert not report.passed
    assert "`test_total_is_the_sum` ran before and now is skipped" in report_text(report)
    assert "Test-Change: reason" in report_text(report)


def test_the_trailer_of_its_commit_excuses_what_the_commit_changed_and_no_more(shop: Work):
    shop.git("checkout", "-q", "-b", "work")
    edit(shop, "tests/test_prices.py", SUM, "    assert total([19, 23])")
    shop.commit("test: less\n\nTest-Change: the sum is rounded by the bank now")
    assert check(shop.root, since="main").passed
    edit(shop, "tests/test_mails.py", 'assert text == "You pay 12.34 EUR"', "assert text")
    shop.commit("test: even less")
    assert told(check(shop.root, since="main")) == ["FX622 tests/test_mails.py"]


def test_one_word_is_no_reason(shop: Work):
    shop.git("checkout", "-q", "-b", "work")
    edit(shop, "tests/test_prices.py", SUM, "    assert total([19, 23])")
    shop.commit("test: less\n\nTest-Change: ok")
    assert told(check(shop.root, since="main")) == ["FX622 tests/test_prices.py"]
    assert not is_reason("ok")


def test_before_the_commit_the_reason_is_given_on_the_command_line_and_the_report_counts_it(shop: Work):
    edit(shop, "tests/test_prices.py", SUM, "    assert total([19, 23])")
    report = check(shop.root, test_change="the sum is rounded by the bank now")
    assert report.passed
    assert "1 meant: the commit says why" in report_text(report)


def test_the_reason_in_the_environment_becomes_the_trailer(shop: Work, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPERT_TEST_CHANGE", "the sum is rounded by the bank now")
    message = shop.root / "message"
    message.write_text("test: less\n")
    prepare(Repository.find(shop.root), message, source="")
    assert message.read_text() == "test: less\n\nTest-Change: the sum is rounded by the bank now\n"


def test_a_change_cannot_switch_the_check_off_for_itself(shop: Work):
    edit(shop, "pyproject.toml", '"annotations"]', '"annotations", "honesty"]')
    edit(shop, "tests/test_prices.py", SUM, "    assert True")
    assert told(check(shop.root)) == ["FX626 pyproject.toml", "FX622 tests/test_prices.py"]
    shop.commit("chore: no honesty")
    edit(shop, "tests/test_prices.py", "    assert total([]) == 0", "    assert True")
    assert told(check(shop.root)) == []


def test_a_route_that_is_opened_is_told_with_what_guarded_it(shop: Work):
    edit(shop, "app/main.py", ", dependencies=[Depends(get_admin)]", "")
    report = check(shop.root)
    assert told(report) == ["FX628 app/main.py"]
    assert "DELETE /orders/{order_id} was behind get_admin" in report.findings[0].message
    assert "now nobody is asked" in report.findings[0].message


def test_a_guard_that_goes_up_to_the_router_is_no_loss(shop: Work):
    edit(shop, "app/main.py", ", dependencies=[Depends(get_admin)]", "")
    edit(shop, "app/main.py", "app = FastAPI()", "app = FastAPI(dependencies=[Depends(get_admin)])")
    assert told(check(shop.root)) == []


def test_what_was_done_right_is_said_beside(shop: Work):
    text = (shop.root / "tests/test_prices.py").read_text()
    shop.write("tests/test_prices.py", f"{text}\n\ndef test_total_of_one():\n    assert total([7]) == 7\n")
    report = check(shop.root)
    assert report.passed
    assert "right: 1 test added, with 1 assertion" in report_text(report)


def test_what_is_only_likely_is_told_and_fails_nothing(shop: Work):
    edit(shop, "tests/test_prices.py", "from app.prices", "import os  # noqa\n\nfrom app.prices")
    report = check(shop.root)
    assert report.passed
    assert [one.rule for one in report.remarks] == ["FX625"]
    assert [one["rule"] for one in check_document(report)["remarks"]] == ["FX625"]
    assert "::notice file=tests/test_prices.py" in gate_annotations(report)
    assert '"level": "note"' in sarif(report)


def test_files_named_one_by_one_are_no_whole_change(shop: Work):
    edit(shop, "tests/test_prices.py", SUM, "    assert True")
    assert told(check(shop.root, files=[shop.root / "tests/test_prices.py"])) == []
