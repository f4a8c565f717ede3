"""What schemas or tests have in common says nothing by itself, or little: those that stay silent, and what is said."""

from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Finding, Proposal

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]
HEAD = "from pydantic import BaseModel\n\n\n"
OTHERS = HEAD + "\n\n".join(f"class Tool{n}(BaseModel):\n    width_{n}: int\n    depth_{n}: int" for n in range(30))


def schema(name: str, /, **fields: str) -> str:
    """The text of a module with one schema."""
    return HEAD + f"class {name}(BaseModel):\n" + "".join(f"    {key}: {kind}\n" for key, kind in fields.items())


@pytest.mark.parametrize(
    ("shared", "more"),
    [
        ({"success": "bool", "message": "str", "errors": "list[str]"}, {"opened_at": "str"}),
        (
            {"account_id": "int", "invoice_id": "int", "lot_id": "int", "order_id": "int", "paid": "bool"},
            {"fee": "int", "tax": "int"},
        ),
    ],
    ids=["an envelope", "references"],
)
def test_what_many_schemas_hold_makes_no_two_of_them_alike(
    findings: Find, shared: dict[str, str], more: dict[str, str]
) -> None:
    files = {
        "app/start.py": schema("GateOpened", **shared, **more),
        "app/other.py": schema("Postcard", **shared, colour="str"),
        "app/tools.py": OTHERS,
    }
    assert findings(files) == ()
    telling = {path: text.replace("message", "iban").replace("lot_id", "lot") for path, text in files.items()}
    assert [one.rule for one in findings(telling)] == ["FX202"]


SHOWN = {"name": "str", "icon": "str", "description": "str"}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({}, {}),
        ({"weapon": "str"}, {}),
        ({"created_at": "str", "weapon": "str"}, {"created_at": "str", "rounds": "int"}),
    ],
    ids=["nothing else", "one field more", "a time as well"],
)
def test_what_a_thing_is_called_and_how_it_is_shown_makes_no_copy(
    judging: Callable[[Files], Callable[..., Proposal]], findings: Find, mine: dict[str, str], theirs: dict[str, str]
) -> None:
    first, second = schema("HeroRole", **SHOWN, **mine), schema("MapMode", **SHOWN, **theirs)
    answer = judging({"app/heroes.py": first, "app/tools.py": OTHERS})(second, "app/maps.py")
    assert (answer.verdict, answer.findings) == ("new", ())
    assert findings({"app/heroes.py": first, "app/maps.py": second, "app/tools.py": OTHERS}) == ()
    again = judging({"app/heroes.py": first, "app/tools.py": OTHERS})(schema("HeroRole", **SHOWN, **mine), "app/b.py")
    assert again.verdict == "duplicate"


def test_many_that_share_two_fields_need_no_base(findings: Find) -> None:
    names = {"SignIn": ("device",), "SignUp": ("nickname",), "Invite": ("greeting",), "Reset": ("answer",)}
    files = {
        f"app/{name.lower()}.py": schema(name, email="str", password="str", **dict.fromkeys(own, "str"))
        for name, own in names.items()
    }
    assert not [one for one in findings(files) if len(one.components) > 2]


def test_a_sibling_is_not_told_to_inherit_from_its_sibling(findings: Find) -> None:
    fields = {"duration": "float", "codec": "str", "bitrate": "int", "checksum": "str"}
    text = schema("AudioInfo", **fields) + "\n\n" + schema("ImageInfo", **fields, palette="str").removeprefix(HEAD)
    [finding] = findings({"app/media.py": text})
    assert "base class of both" in finding.advice


def test_of_equal_schemas_and_one_that_is_nearly_so_each_is_said_once(findings: Find) -> None:
    fields = {"parcel": "str", "html": "str", "verdict": "str"}
    files = {f"app/{name.lower()}.py": schema(f"{name}Answer", **fields) for name in ("Post", "Courier")}
    found = findings({**files, "app/crawl.py": schema("CrawlAnswer", **fields, url="str")})
    assert [(one.rule, len(one.components)) for one in found] == [("FX201", 2), ("FX202", 2)]


TRIED = """
def test_{name}_is_accepted():
    value = make("{name}", {given})
    done = value.store()
    assert done.text == "{name}"
    assert done.size == {size}
    assert done.ok
"""


def cases(where: str) -> Files:
    """Three tests that differ in three values, in the files that ``where`` gives."""
    rows = [("hash", 1, 4), ("title", 2, 9), ("price", 3, 12)]
    files: Files = {}
    for name, given, size in rows:
        path = where.format(name=name)
        files[path] = files.get(path, "from app import make\n") + TRIED.format(name=name, given=given, size=size)
    return files


@pytest.mark.parametrize(("where", "rules"), [("tests/test_values.py", ["FX601"]), ("tests/test_{name}.py", [])])
def test_cases_that_differ_in_several_values_are_one_test_in_one_file_alone(
    findings: Find, where: str, rules: list[str]
) -> None:
    assert [one.rule for one in findings(cases(where))] == rules


def test_tests_that_define_what_they_try_are_no_cases(findings: Find) -> None:
    files = {
        path: text.replace("    value", "    def store(): pass\n    value")
        for path, text in cases("test_it.py").items()
    }
    assert findings(files) == ()


def test_a_list_is_not_what_it_holds(findings: Find) -> None:
    text = """
def test_{name}():
    given = {given}
    answer = normal(given)
    assert answer.text == "shoes"
    assert answer.size == 5
"""
    both = text.format(name="text", given='"shoes"') + text.format(name="list", given='["shoes"]')
    assert findings({"tests/test_it.py": both}) == ()
    assert findings({"tests/test_it.py": both.replace("[", "").replace("]", "")})


def test_rules_that_are_right_too_seldom_wait_to_be_asked_for() -> None:
    from fastapi_expert.config import Config
    from fastapi_expert.duplicates.rules.registry import RULES

    off = {code for code, rule in RULES.items() if rule.is_off}
    assert off == {"FX501", "FX502", "FX503", "FX601"}
    assert not any(Config().asks_for(code) for code in off)
