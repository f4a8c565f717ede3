"""What a draft is for: its name, its words and the libraries it uses find what exists, whatever its body looks like."""

from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Proposal

Ask = Callable[..., Proposal]
Judging = Callable[[dict[str, str]], Ask]

FILES = {
    "app/__init__.py": "",
    "app/tokens.py": '''
import jwt

KEY = "k"


def read_token(token: str) -> dict:
    """Decode a signed token and return its claims."""
    return jwt.decode(token, KEY, algorithms=["HS256"])


def issue_token(subject: str, minutes: int) -> str:
    """Sign a token for a subject."""
    return jwt.encode({"sub": subject, "exp": minutes}, KEY)
''',
    "app/post.py": '''
import smtplib


class Postman:
    """Sends mails over SMTP."""

    def deliver(self, recipient: str, subject: str) -> None:
        """Send one mail."""
        with smtplib.SMTP("localhost") as server:
            server.sendmail("a@b", recipient, subject)
''',
    "app/pages.py": "def slice_of_rows(rows, first, last): return rows[first:last]\n",
    **{f"app/jobs_{n}.py": "def run_job(queue): return queue.pop()\n" for n in range(5)},
}


@pytest.fixture
def ask(judging: Judging) -> Ask:
    return judging(FILES)


def first(answer: Proposal) -> str:
    return answer.similar[0].id.rpartition("::")[2] if answer.similar else ""


def test_the_public_name_of_something_with_fitting_parameters_should_extend_it(ask: Ask) -> None:
    answer = ask("def issue_token(user: str, lifetime: int) -> str:\n    return sign(user) + str(lifetime)\n")
    assert (answer.verdict, [one.rule for one in answer.findings]) == ("extend", ["FX304"])
    assert answer.advice.startswith("There may be one already: `issue_token` (app/tokens.py:11), same name")


def test_a_name_with_other_parameters_is_named_but_new(ask: Ask) -> None:
    answer = ask("def issue_token(a, b, c, d, e, f):\n    return seal(a, b, c, d, e, f)\n")
    assert answer.verdict == "new"
    assert "`issue_token` (app/tokens.py:11)" in answer.advice
    assert "Nothing here does this yet" not in answer.advice


def test_a_name_that_many_have_tells_nothing(ask: Ask) -> None:
    assert ask("def run_job(queue):\n    return queue.first().start()\n").verdict == "new"


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (
            'import jwt\n\ndef claims_of(raw):\n    """Return the claims of a signed token."""\n'
            "    try:\n        return jwt.decode(raw, 'k')\n    except jwt.PyJWTError:\n        return None\n",
            "read_token",
        ),
        (
            'def send_email(to, title):\n    """Send an email to a recipient."""\n    gateway.push(to, title)\n',
            "Postman.deliver",
        ),
    ],
)
def test_other_words_and_another_body_still_find_it(ask: Ask, draft: str, expected: str) -> None:
    answer = ask(draft)
    assert first(answer) == expected
    assert answer.similar[0].reason


def test_what_a_rewrite_declared_before_is_not_asked_about(judging: Judging) -> None:
    ask = judging(FILES)
    assert ask(FILES["app/tokens.py"].replace("minutes}", "minutes * 60}"), "app/tokens.py").verdict == "new"


def test_something_unheard_of_is_still_new(ask: Ask) -> None:
    answer = ask('def tune_radio(band, frequency):\n    """Choose a station."""\n    band.seek(frequency)\n')
    assert (answer.verdict, answer.advice) == ("new", "Nothing here does this yet.")


HELPER = (
    "def freeze_parcel(parcel, until):\n    parcel.frozen_until = until\n    parcel.log('frozen')\n    return parcel\n"
)


def test_a_hook_of_the_same_name_is_no_second_one(judging: Judging) -> None:
    answer = judging({"app/parcels.py": HELPER})("@hooks.listen\ndef freeze_parcel(parcel, until):\n    tell(until)\n")
    assert answer.verdict == "new"


def test_the_name_of_an_endpoint_is_not_what_it_is_called_by(judging: Judging) -> None:
    app = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.post('/freeze')\n" + HELPER
    answer = judging({"main.py": app})("def freeze_parcel(parcel, until):\n    client.post('/freeze')\n")
    assert answer.verdict == "new"


def test_the_name_of_an_endpoint_that_nothing_includes_is_free(judging: Judging) -> None:
    router = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
    text = f'{router}@router.put("/stamps/{{key}}")\ndef lick_stamp(key: int, taste: str): return taste\n'
    ask = judging({"app/__init__.py": "", "app/routes.py": text})
    assert ask("def lick_stamp(key: int, taste: str):\n    return stamps[key].lick(taste)\n").verdict == "new"


def test_the_name_of_something_in_another_program_is_free(judging: Judging) -> None:
    files = {"api/requirements.txt": "", "api/parcels.py": HELPER, "e2e/requirements.txt": "", "e2e/ask.py": "x = 1\n"}
    answer = judging(files)("def freeze_parcel(parcel, until):\n    client.post(until)\n", as_path="e2e/helpers.py")
    assert answer.verdict == "new"


APP = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/parcels/frozen')\ndef frozen{n}(): return {n}\n"


LESSONS = {"lesson_1/main.py": APP.format(n=1), "lesson_1/parcels.py": HELPER}


def test_programs_of_which_none_imports_from_the_other_have_names_and_paths_of_their_own(judging: Judging) -> None:
    """Versions and lessons beside each other in one repository, without a word of packaging."""
    draft = APP.format(n=2) + "\n\ndef freeze_parcel(parcel, until):\n    client.post(until)\n"
    assert judging(LESSONS)(draft, as_path="lesson_2/main.py").verdict == "new"


def test_folders_of_which_one_imports_from_the_other_are_one_program(judging: Judging) -> None:
    other = "from lesson_1.parcels import freeze_parcel\n"
    files = {**LESSONS, "lesson_1/__init__.py": "", "lesson_2/__init__.py": "", "lesson_2/other.py": other}
    answer = judging(files)("def freeze_parcel(parcel, until):\n    client.post(until)\n", as_path="lesson_2/later.py")
    assert [one.rule for one in answer.findings] == ["FX304"]


def test_of_two_with_the_same_words_the_one_whose_body_asks_for_the_same_comes_first(judging: Judging) -> None:
    text = '''
def {name}(self, peers):
    """{says}"""
    {body}
'''
    first = text.format(name="order_peers", says="Sort the peers.", body="return sorted(peers, key=len)")
    other = text.format(
        name="order_of_peers", says="Sort the peers.", body="return peers.group_by(self.zone).flatten(depth=2)"
    )
    draft = text.format(
        name="arrange_peers",
        says="Sort the peers.",
        body="zones = peers.group_by(self.zone)\n    return zones.flatten(depth=2)",
    )
    for files in ({"app/a.py": first, "app/b.py": other}, {"app/a.py": other, "app/b.py": first}):
        assert judging(files)(draft).similar[0].id.endswith("::order_of_peers")
