"""The form of a subject: what is in form passes untouched, what is not is corrected into what passes."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.credit.contributors import Due
from fastapi_expert.credit.judge import Style, correct, judge
from fastapi_expert.credit.message import TYPES, Message, Subject, add_names, handle, is_handle, passes, read
from fastapi_expert.credit.suggest import guess_scope, guess_type

GOOD = [
    "feat: add login",
    "feat(auth): add login",
    "feat(auth)!: drop basic login",
    "fix(api,db): close sessions - @coder",
    "fix(app/api): close sessions - @coder @test-writer",
    "feat(api): add comments - @coder (#12)",
    "docs: explain the @deprecated decorator",
    "docs(api): say why - and when",
    "chore: wait for it...",
    "revert(auth): take login out - @coder",
]


@pytest.mark.parametrize("line", GOOD)
def test_a_line_in_form_passes_and_reads_back(line: str) -> None:
    subject, complaints = read(line)
    assert complaints == []
    assert str(subject) == line


@pytest.mark.parametrize(
    ("line", "corrected"),
    [
        ("Feat(auth): add login", "feat(auth): add login"),
        ("feature(auth): add login", "feat(auth): add login"),
        ("bugfix: close it", "fix: close it"),
        ("feat(auth) add login", "feat(auth): add login"),
        ("feat (auth): add login", "feat(auth): add login"),
        ("feat[auth]: add login", "feat(auth): add login"),
        ("feat(auth):add login", "feat(auth): add login"),
        ("feat(auth):  add login", "feat(auth): add login"),
        ("feat(auth): add login.", "feat(auth): add login"),
        ("feat(): add login", "feat: add login"),
        ("feat(User Auth): add login", "feat(user-auth): add login"),
        ("feat(auth): add login - @Coder", "feat(auth): add login - @coder"),
        ("feat(auth): add login - @coder, @tester", "feat(auth): add login - @coder @tester"),
        ("feat(auth): add login - @coder and @tester", "feat(auth): add login - @coder @tester"),
        ("feat(auth): add login -@coder", "feat(auth): add login - @coder"),
        ("feat(auth): add login — @coder", "feat(auth): add login - @coder"),
        ("feat(auth): add login - @coder @coder", "feat(auth): add login - @coder"),
        ("feat(auth): add login - @code_writer (#3)", "feat(auth): add login - @code-writer (#3)"),
        ("feat(auth):", "feat(auth): <what changes>"),
        ("wip: add login", "feat: add login"),
        ("fixed the login", "fix: fixed the login"),
        ("Add login", "feat: Add login"),
        (": add login", "feat: add login"),
    ],
)
def test_a_line_out_of_form_is_refused_with_the_line_that_would_do(line: str, corrected: str) -> None:
    subject, complaints = read(line)
    assert complaints
    assert str(correct(subject)) == corrected
    if "<" not in corrected:
        assert read(corrected)[1] == []


def test_a_missing_type_and_scope_are_guessed_from_the_files() -> None:
    subject, _ = read("hash passwords with argon2")
    assert str(correct(subject, ["app/core/security.py"])) == "chore(security): hash passwords with argon2"
    assert guess_type("say it", ["docs/a.md", "README.md"]) == "docs"
    assert guess_type("cover login", ["tests/test_login.py"]) == "test"
    assert guess_scope(["app/users/api.py", "app/users/models.py"]) == "users"
    assert guess_scope(["app/a.py", "tests/test_a.py"]) == ""


def test_a_missing_contributor_is_refused_with_the_reason_and_the_corrected_line() -> None:
    due = Due({"coder": ["app/a.py", "app/b.py", "app/c.py", "app/d.py"], "tester": ["said so"]})
    said = judge(Message("feat: a - @tester (#3)\n"), due=due, style=Style())
    assert said.complaints == ("@coder contributed and is not named (app/a.py, app/b.py, app/c.py and 1 more)",)
    assert said.corrected == "feat: a - @tester @coder (#3)"


def test_a_contributor_mentioned_without_the_dash_is_moved_behind_it() -> None:
    said = judge(Message("feat: a @coder\n"), due=Due({"coder": ["a.py"]}), style=Style())
    assert said.corrected == "feat: a - @coder"


def test_a_trailer_gives_credit_too() -> None:
    message = Message("feat: a\n\nAssisted-by: Coder:model-4 [ruff]\n")
    assert message.credited == ("coder",)
    assert judge(message, due=Due({"coder": ["a.py"]}), style=Style()).complaints == ()


def test_text_right_below_the_subject_is_refused() -> None:
    assert judge(Message("feat: a\nmore\n"), due=Due(), style=Style()).complaints
    assert not judge(Message("feat: a\n# comment\n"), due=Due(), style=Style()).complaints


@pytest.mark.parametrize(
    "line", ["fixup! feat: a", "squash! x", "amend! x", 'Revert "feat: a - @b"', 'Reapply "x"', "Merge branch 'x'"]
)
def test_what_git_writes_for_its_own_use_passes(line: str) -> None:
    assert passes(line)
    assert judge(Message(line), due=Due({"coder": ["a.py"]}), style=Style()).complaints == ()


def test_merging_as_an_ordinary_word_does_not_pass() -> None:
    assert not passes("Merge the two services")


def test_comments_and_the_verbose_diff_are_not_the_subject() -> None:
    text = "# on top\n\nfeat: a\n# ------------------------ >8 ------------------------\ndiff: x\n"
    assert Message(text).subject == "feat: a"
    assert Message(text.replace("feat: a\n", "")).subject == ""
    assert Message("; on top\n#12 is fixed", ";").subject == "#12 is fixed"


@given(st.text(max_size=80))
def test_any_line_is_judged_and_its_correction_passes(line: str) -> None:
    subject, _ = read(line.replace("\n", " "))
    corrected = str(correct(subject))
    if "<what changes>" not in corrected:
        assert read(corrected)[1] in ([], ["no full stop ends the description"])


names = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,2}", fullmatch=True)


@given(
    st.sampled_from(TYPES),
    st.from_regex(r"([a-z0-9][a-z0-9._/-]{0,8})?", fullmatch=True),
    st.booleans(),
    st.text(string.ascii_letters + " ", min_size=1, max_size=30).filter(lambda text: text == text.strip()),
    st.lists(names, unique=True, max_size=4),
)
def test_reading_undoes_writing(kind: str, scope: str, breaking: bool, description: str, who: list[str]) -> None:
    subject = Subject(kind, scope, breaking, description, tuple(who))
    assert read(str(subject)) == (subject, [])
    assert read(add_names(str(subject), ["zz-new"]))[0].names == (*who, "zz-new")


@given(st.text(max_size=30))
def test_a_handle_of_anything_is_a_handle_or_nothing(raw: str) -> None:
    made = handle(raw)
    assert made == "" or (is_handle(made) and handle(made) == made)
