"""One address, one form."""

import unicodedata

import pytest

from app.kit.addresses import canonical_address, delivery_address

SPELLINGS = [
    ["ann@example.org", "ANN@Example.ORG", " ann@example.org "],
    ["u1@bücher.example", "u1@xn--bcher-kva.example", "U1@BÜCHER.example", "u1@ｂücher.example"],
    ["jos\u00e9@example.org", "jose\u0301@example.org", "JOS\u00c9@example.org"],
    ["ann+news@example.org", "Ann+News@example.org"],
    ["οδος@example.org", "ΟΔΟΣ@example.org"],
    ["ann@straße.example", "ann@xn--strae-oqa.example"],
    ["דנה@דוגמה.example", "דנה@xn--6dbbec0c.example"],
]


@pytest.mark.parametrize("spellings", SPELLINGS)
def test_spellings_of_one_mailbox_give_one_form(spellings: list[str]):
    assert len({canonical_address(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("address", [*(one for many in SPELLINGS for one in many), "İpek@example.org", "ß@example.org"])
def test_the_form_of_a_form_is_itself(address: str):
    form = canonical_address(address)
    assert canonical_address(form) == form
    assert unicodedata.is_normalized("NFC", form)


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("jörg@example.org", ("jörg", "example.org")),
        ("ann@bücher.example", ("ann", "xn--bcher-kva.example")),
        ("ann+news@example.org", ("ann+news", "example.org")),
    ],
)
def test_only_the_local_part_travels_beyond_ascii(address: str, sent_to: tuple[str, str]):
    assert delivery_address(canonical_address(address)) == sent_to


@pytest.mark.parametrize("address", ["ann", "ann@", "@example.org", "a b@example.org", '"a b"@example.org', "a@b@c.de"])
def test_what_is_no_address_is_refused_in_words(address: str):
    with pytest.raises(ValueError, match=r"[a-z ]{10}"):
        canonical_address(address)
