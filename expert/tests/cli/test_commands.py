"""Every command: what it prints, what it exits with, what it says when it is held wrongly."""

import json
import subprocess
from pathlib import Path

import pytest
from shop import Expert, lay_down, run_expert

from fastapi_expert.find.index import Document, Index
from fastapi_expert.find.query import MOST_WORDS, parse

COMMANDS = ("map", "routes", "find", "propose", "duplicates", "rule", "check", "note", "credit", "hook")


def test_map_counts_what_is_there(expert: Expert):
    done = expert("map")
    assert (done.code, done.err) == (0, "")
    lines = {tuple(line.split()) for line in done.out.splitlines()}
    assert ("endpoint", "5") in lines
    assert ("router", "2") in lines
    assert ("table", "2") in lines
    assert "5 routes: 2 unprotected, 4 untested" in done.out


def test_map_lists_one_kind_with_places(expert: Expert):
    done = expert("map", "--kind", "table")
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["app/models.py:11", "User"],
        ["app/models.py:20", "Invoice"],
    ]


def test_routes_show_the_full_path_auth_and_tests(expert: Expert):
    done = expert("routes")
    rows = [line.split() for line in done.out.splitlines() if line.startswith(("GET", "POST", "DELETE"))]
    assert [row[:4] for row in rows] == [
        ["POST", "/api/users", "open", "1"],
        ["GET", "/api/users/{user_id}", "open", "untested"],
        ["GET", "/api/users/me", "protected", "untested"],
        ["GET", "/api/invoices", "protected", "untested"],
        ["DELETE", "/api/invoices/{invoice_id}", "protected", "untested"],
    ]


def test_routes_are_filtered_to_the_untested_and_unprotected(expert: Expert):
    rows = json.loads(expert("routes", "--untested", "--unprotected", "--json").out)["routes"]
    assert [(row["method"], row["path"]) for row in rows] == [("GET", "/api/users/{user_id}")]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("hash password", "app/core/security.py:14"),
        ("router for invoices", "app/api/invoices.py:11"),
        ("POST that creates users", "app/api/users.py:15"),
        ("table of invoices", "app/models.py:20"),
        ("who sent the bearer token", "app/core/security.py:21"),
    ],
)
def test_find_answers_first_with_what_was_meant(expert: Expert, words: str, place: str):
    done = expert("find", *words.split())
    assert done.code == 0
    assert done.out.split()[0] == place


def test_find_reads_the_notes_of_the_project(expert: Expert, shop: Path):
    lay_down(
        shop, {".expert/notes/decisions/currency.md": "# Currency\n- [decision] Amounts are cents in euro #money\n"}
    )
    (first, *_) = json.loads(expert("find", "decision", "about", "money", "--json").out)["results"]
    assert (first["kind"], first["path"]) == ("note", ".expert/notes/decisions/currency.md")


def test_find_says_so_when_there_is_nothing(expert: Expert):
    done = expert("find", "zeppelin", "quaternion")
    assert (done.code, done.out) == (0, "nothing here answers 'zeppelin quaternion'\n")


def test_a_word_without_end_is_not_echoed_whole(expert: Expert):
    assert len(expert("find", "x" * 100_000).out) < 300


def test_a_question_without_end_is_read_as_far_as_somebody_would_ask():
    query = parse(" ".join(f"word{number}" for number in range(100_000)))
    assert len(query.terms) <= 2 * MOST_WORDS
    index = Index.of([Document({"name": ("rate", "limit")})])
    assert index.worth("ratelimit") < index.worth("ratelimits" * 10_000)


def test_what_the_text_does_not_tell_of_routes_can_be_read(expert: Expert, shop: Path):
    (shop / "app/more.py").write_text(
        "from app.main import app\n\nfor path in unknown():\n    app.add_api_route(path, print)\n"
    )
    told = expert("routes", "--problems").out
    assert "app/more.py:3" in told
    assert "a loop over what is not known" in told


def test_a_draft_that_is_too_large_to_have_been_written_is_refused_at_once(expert: Expert):
    done = expert("propose", "-", "--as", "app/new.py", text="def f(x):\n    return x\n" * 100_000)
    assert done.code == 2
    assert "is more than 2,000,000" in done.err


def test_a_rule_is_explained_and_all_are_listed(expert: Expert):
    assert expert("rule", "fx102").out.startswith("# FX102")
    assert "FX301  same function" in expert("rule").out


@pytest.mark.parametrize(
    ("arguments", "what", "remedy"),
    [
        (("maap",), "there is no command 'maap'", "did you mean `expert map`?"),
        (("map", "nowhere"), "nowhere: there is no such directory", "give the directory of a codebase"),
        (("map", "pyproject.toml"), "pyproject.toml: this is not a Python file", "give a directory, say ."),
        (("map", "--kind", "endpont"), "there is no kind 'endpont'", "kinds: app, router"),
        (("find", "x", "--kind", "functoin"), "there is no kind 'functoin'", "function, class, note"),
        (("routes", "--untestd"), "no such option: --untestd", "see `expert routes --help`"),
        (("find",), "missing argument 'WORDS", "see `expert find --help`"),
        (("find", "x", "--limit", "0"), "invalid value for '--limit'", "see `expert find --help`"),
        (("note", "edit"), "missing argument", "see `expert note edit --help`"),
        (("duplicates", "--format", "xml"), "'xml' is not one of", "see `expert duplicates --help`"),
        (("rule", "FX999"), "there is no rule 'FX999'", "lists them all"),
        (("propose",), "no draft", "give a file, or `-`"),
        (("propose", "nowhere.py"), "nowhere.py: the draft cannot be read", "give a file, or `-`"),
        (("propose", "-", "--as", "/etc/x.py"), "/etc/x.py: this is outside of", "--root"),
        (("propose", "-", "--as"), "--as needs a path", "--help"),
        (("propose", "a", "b"), "one draft at a time", "diff"),
    ],
)
def test_a_mistake_is_one_message_with_what_where_and_what_to_do(
    expert: Expert, arguments: tuple[str, ...], what: str, remedy: str
):
    done = expert(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert what in done.err
    assert remedy in done.err
    assert len(done.err.splitlines()) == 2


def test_a_broken_configuration_is_an_error_of_every_command(expert: Expert, shop: Path):
    (shop / "pyproject.toml").write_text("[tool.fastapi-expert]\nexlude = []\n")
    for arguments in (("map",), ("duplicates",), ("propose", "-"), ("find", "x")):
        done = expert(*arguments, text="x = 1\n")
        assert done.code == 2
        assert "unknown key 'exlude'" in done.err


def test_one_file_is_a_codebase_too(expert: Expert):
    done = expert("map", "app/models.py", "--json")
    assert {one["path"] for one in json.loads(done.out)["components"]} == {"models.py"}


def test_a_directory_without_python_is_an_error_and_one_without_fastapi_gets_a_note(expert: Expert, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert expert("map", str(tmp_path / "empty")).code == 2
    plain = lay_down(tmp_path / "plain", {"a.py": "x = 1\n"})
    done = expert("routes", str(plain))
    assert done.code == 0
    assert "no FastAPI application or router" in done.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(expert: Expert, command: str):
    done = expert(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: expert " + command in done.out
    assert "Example: expert " + command in done.out


def test_help_lists_every_command_and_the_version_is_told(expert: Expert):
    done = expert("--help")
    assert done.code == 0
    assert all(f"\n  {command} " in done.out for command in COMMANDS)
    assert expert("--version").out.startswith("expert ")


COPY = """
def fetch_rates(client, base, symbols):
    response = client.get(f"https://rates.example.org/{base}", params={"symbols": ",".join(symbols)})
    response.raise_for_status()
    found = {code.upper(): float(value) for code, value in response.json()["rates"].items()}
    if not found:
        raise ValueError("no rates")
    return found
"""


def test_a_draft_that_lies_in_the_project_is_judged_and_no_duplicate_of_itself(expert: Expert, shop: Path):
    lay_down(shop, {"draft.py": COPY})
    assert expert("propose", "draft.py").out.startswith("new")
    assert expert("propose", "draft.py", "--as", "app/rates.py").out.startswith("new")
    lay_down(shop, {"app/rates.py": COPY})
    assert expert("propose", "draft.py").out.startswith("duplicate")
    assert expert("propose", "app/rates.py").out.startswith("duplicate")  # of draft.py, which is there too
    (shop / "draft.py").unlink()
    assert expert("propose", "app/rates.py").out.startswith("new")


def test_a_diff_that_the_tree_has_taken_already_is_judged_by_what_it_brings(expert: Expert, shop: Path):
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=shop, check=True, capture_output=True, text=True).stdout

    lay_down(shop, {"app/rates.py": COPY, "app/other.py": "X = 1\n"})
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "feat: start")):
        git(*arguments)
    assert expert("propose", "app/rates.py", "--as", "app/copy.py").out.startswith("duplicate")
    lay_down(shop, {"app/other.py": "X = 1\n" + COPY.replace("fetch_rates", "load_rates")})
    diff = git("diff")
    done = expert("propose", "-", text=diff)
    assert done.code == 1
    assert "`fetch_rates` (app/rates.py:1)" in done.out
    git("checkout", "-q", ".")
    assert expert("propose", "-", text=diff).out == done.out  # before it is applied as after
    for arguments in (
        ("duplicates", "--since", "nowhere"),
        ("check", "--since", "nowhere"),
        ("credit", "list", "no..x"),
    ):
        refused = expert(*arguments)
        assert refused.code == 2
        assert refused.err.startswith("error: no such ")
        assert len(refused.err.splitlines()) == 2


def test_the_bounds_of_a_field_are_found_by_their_words(tmp_path: Path) -> None:
    lay_down(
        tmp_path,
        {
            "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
            "app/schemas.py": """\
from pydantic import BaseModel, Field


class SignUp(BaseModel):
    secret: str = Field(min_length=8)


class SignIn(BaseModel):
    secret: str
""",
        },
    )
    answer = run_expert("find", "min", "length", cwd=tmp_path).out
    assert "SignUp" in answer
    assert "SignIn" not in answer


def test_the_gate_says_what_to_do_without_a_repository_and_in_one_of_another_user(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("x = 1\n")
    no_repository = run_expert("check", cwd=tmp_path)
    assert no_repository.code == 2
    assert "git init" in no_repository.err or "--all" in no_repository.err
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    other = run_expert("check", cwd=tmp_path, env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert other.code == 2
    assert "belongs to another user" in other.err
    assert "safe.directory" in other.err
