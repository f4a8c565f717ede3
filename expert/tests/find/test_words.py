"""Words and queries: the same thing said in code and in prose meets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.find import Entry, Finder
from fastapi_expert.find.query import parse
from fastapi_expert.find.words import kin, stem, words


@pytest.mark.parametrize(
    "family",
    [
        "user users",
        "create creates created creating creation",
        "hash hashes hashed hashing",
        "category categories",
        "verify verified verifies",
        "authenticate authenticates authenticated authenticating authentication",
        "get gets getting",
        "invoice invoices",
        "delete deletes deleted deleting deletion",
        "validate validation validations",
    ],
)
def test_the_forms_of_a_word_have_one_stem(family: str):
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(("one", "other"), [("status", "state"), ("address", "add"), ("user", "use")])
def test_other_words_keep_their_own_stem(one: str, other: str):
    assert stem(one) != stem(other)


def test_identifiers_are_split_at_underscores_and_humps():
    assert words("HTTPResponseCode get_userByID v2") == [
        stem(word) for word in ("http", "response", "code", "get", "user", "id", "v", "2")
    ]


def test_what_is_called_by_several_names_is_kin():
    assert stem("register") in kin(stem("signup"))
    assert stem("remove") in kin(stem("delete"))


@pytest.mark.parametrize(("query", "name"), [("ratelimit", "allow_request"), ("qr code", "make_qrcode")])
def test_words_are_joined_and_split(query: str, name: str):
    finder = Finder(
        [
            Entry("1", "function", "allow_request", "allow_request", "app/a.py", 1, "Apply the rate limit."),
            Entry("2", "function", "make_qrcode", "make_qrcode", "app/b.py", 1),
            Entry("3", "function", "read_rows", "read_rows", "app/c.py", 1, "Rows of a table."),
        ]
    )
    assert [hit.entry.name for hit in finder.search(query)][:1] == [name]


def test_what_is_there_to_be_used_comes_before_what_drives_it():
    driver = Entry("1", "function", "send_mail", "send_mail", "scripts/mail.py", 1)
    service = Entry("2", "service", "send_mail", "send_mail", "app/mail.py", 1)
    assert [hit.entry.kind for hit in Finder([driver, service]).search("send mail")] == ["service", "function"]


@given(st.text())
def test_any_text_has_words_and_makes_a_query(text: str):
    assert all(words(text))
    parse(text)


def test_a_method_in_capitals_steers_and_is_no_term():
    query = parse("POST that creates users")
    assert (query.methods, query.terms) == (frozenset({"POST"}), (stem("creates"), stem("users")))


def test_a_post_of_a_blog_stays_a_word():
    assert parse("publish a post").terms == (stem("publish"), stem("post"))


def test_a_word_for_a_kind_steers_and_is_no_term_while_others_are_left():
    query = parse("router for invoices")
    assert (query.kinds, query.terms) == (frozenset({"router"}), (stem("invoices"),))
    assert parse("routers").terms == (stem("routers"),)
    assert parse("exception handler for payments").kinds >= {"exception_handler"}


def test_what_can_be_done_is_told_by_what_is_done() -> None:
    assert stem("connectable") == stem("connect") == stem("connected")
    assert stem("variables") == stem("variable")
    assert stem("table") != stem("tab")
