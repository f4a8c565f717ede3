"""Whether a change weakens what checks it: cheats are caught, honest refactors pass."""

from collections.abc import Callable, Mapping

import pytest
from cheats import CHEATS, HONEST, PROJECT, Changed

from fastapi_expert.gate.checks.honesty import Finding, Revisions, judge
from fastapi_expert.gate.checks.honesty.change import Change

BY_ACCESS = "a check of who calls"
"""Seen by who can reach what, for which the codebases are read: `test_honest_gate.py` has it."""


def reader(files: Mapping[str, str]) -> Callable[[str], bytes | None]:
    return lambda path: files[path].encode() if path in files else None


def told(before: Mapping[str, str], after: Mapping[str, str]) -> list[Finding]:
    """What is said of the change from one state of files to another."""
    paths = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    return list(judge(Change(Revisions.of(paths, reader(before), reader(after)), tuple(after))).findings)


def found(before: Mapping[str, str], after: Mapping[str, str]) -> list[Finding]:
    """What is certain of it."""
    return [one for one in told(before, after) if one.confidence == "certain"]


def test_there_are_sixty_cheats_of_ten_kinds_and_nineteen_of_twenty_are_refused():
    assert len(CHEATS) >= 60
    assert sum(one.told for one in CHEATS) * 20 <= len(CHEATS)
    assert len({one.kind for one in CHEATS}) >= 10


@pytest.mark.parametrize(
    "one", [one for one in CHEATS if one.name != BY_ACCESS], ids=lambda one: f"{one.kind}: {one.name}"
)
def test_a_cheat_is_caught(one: Changed):
    assert (told if one.told else found)(PROJECT, one.files)


@pytest.mark.parametrize("one", HONEST, ids=lambda one: one.name)
def test_an_honest_change_passes(one: Changed):
    assert found(PROJECT, one.files) == []


def test_a_skip_whose_reason_others_can_follow_is_for_people_to_judge():
    old = "def test_total_of_nothing_is_nothing"
    skip = '@pytest.mark.skip(reason="{}")\n' + old
    tests = PROJECT["tests/test_prices.py"]
    tracked = {**PROJECT, "tests/test_prices.py": tests.replace(old, skip.format("wrong on Windows, see #123"))}
    vague = {**PROJECT, "tests/test_prices.py": tests.replace(old, skip.format("has to be mended"))}
    assert found(PROJECT, tracked) == []
    assert [one.rule for one in found(PROJECT, vague)] == ["FX621"]


def test_a_test_goes_with_the_function_that_it_imported_whatever_else_has_its_name():
    service = "def get(rows, number):\n    return rows[number]\n"
    delete = "\n\ndef delete(rows, number):\n    rows.delete(number)\n"
    test = "def test_get():\n    from app.rows import get\n\n    assert get([7], 0) == 7\n"
    body = "    from app.rows import delete\n\n    delete(rows, 1)\n    assert not rows.get(1)\n"
    gone = f"\n\ndef test_delete(rows):\n{body}"
    other = {"app/carts.py": "def delete(rows):\n    rows.delete(1)\n"}
    before = {**other, "app/rows.py": service + delete, "tests/test_rows.py": test + gone}
    after = {**other, "app/rows.py": service + "\n\nLIMIT = 3\n", "tests/test_rows.py": test}
    assert found(before, after) == []
    kept = {**after, "app/rows.py": service + delete + "\n\nLIMIT = 3\n"}
    assert [one.rule for one in found(before, kept)] == ["FX620"]


def test_a_test_merged_into_one_whose_cases_are_put_together_elsewhere_passes():
    head = "import pytest\n\nfrom app.prices import label\n\n\n"
    claims = ["label(100, 'EUR') == '1.00 EUR'", "label(0, 'EUR') == '0.00 EUR'"]
    one = "def test_label_of_euros():\n" + "".join(f"    assert {claim}\n" for claim in claims)
    many = (
        "def cases():\n    return [(100, 'EUR', '1.00 EUR')]\n\n\n"
        "@pytest.mark.parametrize('price, currency, said', cases())\n"
        "def test_labels(price, currency, said):\n    assert label(price, currency) == said\n"
    )
    before = {**PROJECT, "tests/test_labels.py": head + one}
    assert found(before, {**PROJECT, "tests/test_labels.py": head + many}) == []


def test_an_assertion_lost_where_many_expectations_follow_the_code_is_only_likely():
    def of(values: list[int], last: str = "") -> dict[str, str]:
        lines = [f"    assert total([{number}]) == {value}" for number, value in enumerate(values)]
        body = "\n".join(lines)
        return {"tests/test_sums.py": f"from app.prices import total\n\n\ndef test_sums():\n{body}\n{last}"}

    last = "\n\ndef test_more():\n    value = total([9])\n    assert value > 8\n"
    wrong = {"app/sums.py": "def total(prices):\n    return sum(prices[1:])\n"}
    assert found(of([1, 2, 3, 4], f"{last}    assert value == 9\n"), {**of([2, 3, 4, 5], last), **wrong}) == []
    few = found(of([1, 2], f"{last}    assert value == 9\n"), {**of([1, 2], last), **wrong})
    assert [one.rule for one in few] == ["FX622"]


def test_a_rule_of_style_that_a_linter_no_longer_asks_for_is_only_likely():
    select = 'select = ["E", "F", "B", "S"]'
    of = {"pyproject.toml": PROJECT["pyproject.toml"].replace(select, 'select = ["E", "F", "B", "S", "I"]')}
    assert found({**PROJECT, **of}, PROJECT) == []
    fewer = {"pyproject.toml": PROJECT["pyproject.toml"].replace(select, 'select = ["E", "F", "B"]')}
    assert [one.rule for one in found(PROJECT, {**PROJECT, **fewer})] == ["FX626"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("len(value) > 0", "value"),
        ("value == True", "value"),
        ("type(value) == str", "isinstance(value, str)"),
        ("value == 'seven'", "value != 'seven'\n    assert len(value) == 32"),
    ],
)
def test_the_same_in_other_words_is_no_weakening(old: str, new: str):
    def of(claim: str) -> dict[str, str]:
        head = "from app.prices import label\n\n\ndef test_label():\n    value = label(1, 'EUR')\n"
        return {**PROJECT, "tests/test_labels.py": f"{head}    assert {claim}\n"}

    assert found(of(old), of(new)) == []
    assert [one.rule for one in found(of("len(value) > 3"), of("value"))] == ["FX622"]


@pytest.mark.parametrize(("asked", "rules"), [("SHOP_API_KEY", []), ("CI", ["FX621"])])
def test_a_hook_that_skips_where_a_key_is_missing_is_only_likely(asked: str, rules: list[str]):
    hook = (
        "\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"
        f"        if not os.getenv('{asked}'):\n            item.add_marker(pytest.mark.skip(reason='no key'))\n"
    )
    after = {**PROJECT, "tests/conftest.py": f"import os\n{PROJECT['tests/conftest.py']}{hook}"}
    assert [one.rule for one in found(PROJECT, after)] == rules


WRONG = {"app/prices.py": PROJECT["app/prices.py"].replace("return sum(prices)", "return sum(prices[1:])")}
"""A fault of the product, beside which something is asserted no longer."""


def test_an_assertion_less_in_a_change_of_tests_alone_is_only_likely():
    before = {
        **PROJECT,
        "tests/test_sums.py": "def test_sums(client):\n    assert client.a == 1\n    assert client.b == 2\n",
    }
    less = {"tests/test_sums.py": "def test_sums(client):\n    assert client.a == 1\n"}
    none = {"tests/test_sums.py": "def test_sums(client):\n    client.go()\n"}
    assert found(before, {**before, **less}) == []
    assert [one.rule for one in told(before, {**before, **less})] == ["FX622"]
    assert [one.rule for one in found(before, {**before, **less, **WRONG})] == ["FX622"]
    assert [one.rule for one in found(before, {**before, **none})] == ["FX622"]


def test_a_test_that_claims_through_another_one_claims_what_that_does():
    claims = "    answer = client.get('/orders')\n    assert answer.status_code == 200\n"
    before = {**PROJECT, "tests/test_ways.py": f"def test_one(client):\n{claims}"}
    shared = f"def test_way(client):\n{claims}\n\ndef test_one(client):\n    test_way(client)\n"
    assert found(before, {**before, "tests/test_ways.py": shared}) == []


def test_a_status_of_the_same_class_beside_the_one_that_was_expected_is_only_likely():
    api = PROJECT["tests/test_api.py"]
    claim = "    assert response.status_code == 401\n"

    def after(expected: str) -> dict[str, str]:
        return {**PROJECT, "tests/test_api.py": api.replace(claim, claim.replace("== 401", expected), 1)}

    assert found(PROJECT, after("in (401, 404)")) == []
    assert [one.rule for one in found(PROJECT, after("in (401, 200)"))] == ["FX622"]


@pytest.mark.parametrize("claim", ["isinstance(label(1, 'EUR'), str)", "all(isinstance(one, str) for one in text)"])
def test_losing_an_assertion_about_a_type_alone_is_only_likely(claim: str):
    def of(last: str) -> dict[str, str]:
        head = "from app.prices import label\n\n\ndef test_label():\n    text = label(100, 'EUR')\n"
        return {**PROJECT, "tests/test_labels.py": f"{head}    assert text == '1.00 EUR'\n{last}"}

    assert found(of(f"    assert {claim}\n"), of("")) == []
    assert [one.rule for one in found(of("    assert label(7, 'EUR') == '0.07 EUR'\n"), {**of(""), **WRONG})] == [
        "FX622"
    ]


def test_losing_an_assertion_that_something_is_there_where_others_look_into_it_is_only_likely():
    def of(claim: str, last: str) -> dict[str, str]:
        head = "from app.main import find\n\n\ndef test_find():\n    order = find(1)\n"
        return {**PROJECT, "tests/test_finding.py": f"{head}    assert {claim}\n{last}"}

    there = "    assert order is not None\n"
    assert found(of("order.total == 42", there), of("order.total == 42", "")) == []
    assert [one.rule for one in found(of("find(2) is None", there), {**of("find(2) is None", ""), **WRONG})] == [
        "FX622"
    ]


def test_a_test_that_goes_while_the_suite_follows_another_version_of_a_library_is_only_likely():
    def of(version: str, value: int, *, gone: str = "") -> dict[str, str]:
        head = "from app.prices import total\n"
        tests = "".join(f"\n\ndef test_{n}():\n    assert total([{n}]) == {value + n}\n" for n in (11, 12, 13))
        pyproject = f'[dependency-groups]\ndev = [\n    "pytest=={version}",\n]\n'
        return {**PROJECT, "dev/pyproject.toml": pyproject, "tests/test_sums.py": f"{head}{tests}{gone}"}

    gone = "\n\ndef test_seven():\n    assert total([7]) == 7\n"
    assert found(of("8.3.5", 0, gone=gone), of("9.0.3", 100)) == []
    assert [one.rule for one in found(of("9.0.3", 0, gone=gone), of("9.0.3", 0))] == ["FX620"]


def test_an_ignore_in_a_function_that_is_new_is_only_likely():
    new = "\n\ndef half(price: int) -> int:\n    return price / 2  # type: ignore\n"
    prices = PROJECT["app/prices.py"]
    assert found(PROJECT, {**PROJECT, "app/prices.py": prices + new}) == []
    silenced = prices.replace("return sum(prices)", "return sum(prices)  # type: ignore")
    assert [one.rule for one in found(PROJECT, {**PROJECT, "app/prices.py": silenced})] == ["FX625"]


def rebuilt(number: int) -> dict[str, str]:
    """Ten functions that are others with every number."""
    text = "".join(f"\n\ndef step_{n}(price):\n    return price + {n * number}\n" for n in range(10))
    return {"app/steps.py": text}


@pytest.mark.parametrize(
    ("mark", "rules"),
    [('skip(reason="waits for the new steps")', []), ("skip", ["FX621"]), ('skip("rework")', ["FX621"])],
)
def test_a_skip_that_says_why_in_a_change_that_rebuilds_is_only_likely(mark: str, rules: list[str]):
    old = "def test_total_is_the_sum"
    tests = PROJECT["tests/test_prices.py"].replace(old, f"@pytest.mark.{mark}\n{old}")
    assert [
        one.rule for one in found({**PROJECT, **rebuilt(1)}, {**PROJECT, **rebuilt(2), "tests/test_prices.py": tests})
    ] == rules


def test_a_step_that_goes_out_of_ci_in_a_change_that_rebuilds_is_only_likely():
    path = ".github/workflows/ci.yml"
    without = {path: PROJECT[path].replace("      - run: mypy app\n", "")}
    assert found({**PROJECT, **rebuilt(1)}, {**PROJECT, **rebuilt(2), **without}) == []
    assert [one.rule for one in found(PROJECT, {**PROJECT, **without})] == ["FX629"]


def test_a_file_of_tests_goes_with_the_file_that_it_was_about():
    text = 'from pathlib import Path\n\nPLACE = Path("deploy") / "render.yaml"\n\n\ndef test_the_port(tmp_path):\n'
    tests = {"tests/test_deploy.py": f'{text}    assert "8000" in PLACE.read_text()\n'}
    deploy = {"deploy/render.yaml": "port: 8000\n"}
    assert found({**PROJECT, **deploy, **tests}, PROJECT) == []
    assert [one.rule for one in found({**PROJECT, **deploy, **tests}, {**PROJECT, **deploy})] == ["FX620"]


def test_a_file_of_tests_that_is_written_anew_loses_no_single_test_for_certain():
    head = "from app.prices import discount, label, total\n"
    old = "".join(f"\n\ndef test_sum_{n}():\n    assert total([{n}, 1]) == {n + 1}\n" for n in (11, 12, 13))
    lost = "\n\ndef test_label():\n    assert label(100, 'EUR') == '1.00 EUR'\n"
    new = "".join(f"\n\ndef test_{n}_less():\n    assert discount({n}0, 10) == {n * 9}\n" for n in (21, 22, 23))
    before = {**PROJECT, "tests/test_sums.py": f"{head}{old}{lost}"}
    assert found(before, {**PROJECT, "tests/test_sums.py": f"{head}{new}"}) == []
    trivial = "".join(f"\n\ndef test_{n}_less():\n    discount({n}0, 10)\n" for n in (21, 22, 23))
    assert found(before, {**PROJECT, "tests/test_sums.py": f"{head}{trivial}"})


@pytest.mark.parametrize("reason", ["wrong on Windows, see #123", "awaiting PR 4.6b", "Issue 12: clocks", "SHOP-7"])
def test_a_skip_that_names_where_it_is_followed_is_only_likely(reason: str):
    old = "def test_total_is_the_sum"
    tests = PROJECT["tests/test_prices.py"].replace(old, f'@pytest.mark.skip(reason="{reason}")\n{old}')
    assert found(PROJECT, {**PROJECT, "tests/test_prices.py": tests}) == []


def test_a_test_that_became_a_fixture_of_the_next_one_is_not_gone():
    body = "    answer = client.get('/orders')\n    assert answer.status_code == 200\n"
    before = {**PROJECT, "tests/test_ways.py": f"def test_one(client):\n{body}"}
    fixture = f"import pytest\n\n\n@pytest.fixture\ndef answer(client):\n{body}    return answer\n\n\n"
    asked = f"{fixture}def test_two(answer):\n    assert answer.json() == []\n"
    unasked = f"{fixture}def test_two(client):\n    assert client.get('/prices').json() == []\n"
    assert found(before, {**before, "tests/test_ways.py": asked}) == []
    assert [one.rule for one in found(before, {**before, "tests/test_ways.py": unasked})] == ["FX620"]


def test_where_a_dozen_tests_move_to_other_files_a_single_one_is_not_missed_for_certain():
    head = "from app.prices import total\n"
    tests = [f"\n\ndef test_sum_{n}():\n    assert total([{n}, {n}]) == {n + n}\n" for n in range(10, 24)]
    before = {**PROJECT, "tests/test_sums.py": head + "".join(tests)}
    after = {**PROJECT, "tests/test_totals.py": head + "".join(tests[1:])}
    assert found(before, after) == []
    assert [one.rule for one in found(before, {**before, "tests/test_sums.py": head + "".join(tests[1:])})] == ["FX620"]


@pytest.mark.parametrize(("comment", "rules"), [("pragma: no cover", []), ("type: ignore", ["FX625"])])
def test_what_is_left_out_of_coverage_is_told_and_not_refused(comment: str, rules: list[str]):
    prices = PROJECT["app/prices.py"].replace("return sum(prices)", f"return sum(prices)  # {comment}")
    assert [one.rule for one in told(PROJECT, {**PROJECT, "app/prices.py": prices})] == ["FX625"]
    assert [one.rule for one in found(PROJECT, {**PROJECT, "app/prices.py": prices})] == rules


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("strict = true\n", []),
        ("strict = true\nwarn_return_any = false\n", ["FX626"]),
        ("disallow_untyped_defs = true\n", ["FX626", "FX626"]),
        ("strict = true\nstrict_optional = false\n", ["FX626"]),
        ("disallow_untyped_defs = true\nwarn_return_any = true\nstrict_equality = true\n", []),
    ],
)
def test_options_that_strict_stands_for_are_not_switched_off(written: str, rules: list[str]):
    parts = "strict_optional = true\ndisallow_untyped_defs = true\nwarn_return_any = true\nstrict_equality = true\n"
    before = {**PROJECT, "mypy.ini": f"[mypy]\n{parts}"}
    assert [one.rule for one in told(before, {**PROJECT, "mypy.ini": f"[mypy]\n{written}"})] == rules
