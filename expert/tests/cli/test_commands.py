"""Every command: what it prints, what it exits with, what it says when it is held wrongly."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shop import Expert, lay_down

from fastapi_expert.cli.twice import Format

COMMANDS = ("map", "routes", "find", "propose", "duplicates", "rule")
DUPLICATE = '''
def register_member(database, form):
    """Open an account."""
    present = database.scalars(select(User).where(User.email == form.email)).first()
    if present is not None:
        raise ValueError("somebody has this address")
    member = User(email=form.email.lower(), password=get_password_hash(form.password))
    database.add(member)
    database.commit()
    database.refresh(member)
    return member
'''
NEW = '''
def moon_phase(day: int) -> float:
    """How much of the moon is lit, from 0 to 1."""
    age = (day - 6) % 29.53
    angle = 2 * 3.141592 * age / 29.53
    lit = (1 - cos(angle)) / 2
    return round(lit, 3)
'''


def process(*arguments: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`expert ARGUMENTS` as a process of its own."""
    command = [sys.executable, "-m", "fastapi_expert", *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False)


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


def test_duplicates_names_both_places_and_what_to_do(expert: Expert):
    done = expert("duplicates")
    assert done.code == 1
    assert "app/services/billing.py:22-31" in done.out
    assert "app/services/accounts.py:9-18" in done.out
    assert done.out.count("advice: ") == len([line for line in done.out.splitlines() if line.startswith("FX")])
    shadowed = [line for line in done.out.splitlines() if line.startswith("FX102")]
    assert len(shadowed) == 1
    assert "/users/me" in shadowed[0]


def test_a_clean_codebase_exits_with_0(expert: Expert, tmp_path: Path):
    clean = lay_down(tmp_path / "clean", {"app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"})
    done = expert("duplicates", cwd=clean)
    assert (done.code, done.out) == (0, "nothing is here twice\n")


def test_a_baseline_excuses_what_it_knows_and_nothing_new(expert: Expert, shop: Path):
    assert expert("duplicates", "--write-baseline", "known.json").code == 0
    known = expert("duplicates", "--baseline", "known.json")
    assert known.code == 0
    assert "more known to the baseline" in known.out
    lay_down(
        shop,
        {
            "app/services/members.py": (shop / "app/services/billing.py").read_text().partition("def open")[0]
            + DUPLICATE
        },
    )
    fresh = expert("duplicates", "--baseline", "known.json", "--json")
    assert fresh.code == 1
    assert all(
        any(place["path"] == "app/services/members.py" for place in finding["components"])
        for finding in json.loads(fresh.out)["findings"]
    )


def test_what_was_fixed_is_reported_as_removable_from_the_baseline(expert: Expert, shop: Path):
    expert("duplicates", "--write-baseline", "known.json")
    users = shop / "app/api/users.py"
    users.write_text(users.read_text().replace('"/me"', '"/profile/me"'))
    done = expert("duplicates", "--baseline", "known.json")
    assert done.code == 0
    assert "1 of the baseline are fixed and can leave it" in done.out
    assert "FX102 endpoint:app/api/users.py::" in done.out


def test_the_baseline_of_the_configuration_is_used_and_moving_lines_does_not_matter(expert: Expert, shop: Path):
    expert("duplicates", "--write-baseline", "known.json")
    pyproject = shop / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + '[tool.fastapi-expert]\nbaseline = "known.json"\n')
    billing = shop / "app/services/billing.py"
    billing.write_text("# moved down\n\n\n" + billing.read_text())
    assert expert("duplicates").code == 0


def test_the_json_of_an_earlier_run_is_a_baseline_too(expert: Expert, shop: Path):
    (shop / "earlier.json").write_text(expert("duplicates", "--json").out)
    assert expert("duplicates", "--baseline", "earlier.json").code == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": 3}', '{"findings": [{"rule": 1}]}', "\x00"])
def test_what_is_no_baseline_is_refused(expert: Expert, shop: Path, text: str):
    (shop / "known.json").write_text(text)
    done = expert("duplicates", "--baseline", "known.json")
    assert (done.code, done.out) == (2, "")
    assert "known.json" in done.err


def test_a_missing_baseline_is_an_error_that_says_how_to_make_one(expert: Expert):
    done = expert("duplicates", "--baseline", "nowhere.json")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: nowhere.json: there is no such baseline\n  write it: expert duplicates --write-baseline nowhere.json\n"
    )


@pytest.fixture
def committed(shop: Path) -> Path:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "feat: all"]):
        subprocess.run([*git, *arguments], cwd=shop, check=True)
    return shop


def test_since_a_revision_only_what_the_change_touches_counts(expert: Expert, committed: Path):
    assert expert("duplicates", "--since", "HEAD").code == 0
    lay_down(
        committed,
        {
            "app/services/members.py": (committed / "app/services/billing.py").read_text().partition("def open")[0]
            + DUPLICATE
        },
    )
    done = expert("duplicates", "--since", "HEAD", "--json")
    assert done.code == 1
    assert all(
        any(place["path"] == "app/services/members.py" for place in finding["components"])
        for finding in json.loads(done.out)["findings"]
    )


def test_since_an_unknown_revision_is_an_error(expert: Expert, committed: Path):
    done = expert("duplicates", "--since", "nonsense")
    assert done.code == 2
    assert "nonsense" in done.err
    assert "Traceback" not in done.err


def test_machine_formats_of_a_root_below_the_repository_lead_from_the_repository(expert: Expert, committed: Path):
    log = json.loads(expert("duplicates", "app", "--format", "sarif").out)
    uris = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in log["runs"][0]["results"]
        for location in (*result["locations"], *result["relatedLocations"])
    }
    assert uris
    assert all(uri.startswith("app/") and (committed / uri).is_file() for uri in uris)
    lines = expert("duplicates", "app", "--format", "github").out.splitlines()
    assert lines
    assert all(line.startswith("::warning file=app/") for line in lines)


def test_duplicates_as_a_page_are_whole_html(expert: Expert):
    done = expert("duplicates", "--format", "html")
    assert done.code == 1
    assert done.out.startswith("<!doctype html>")
    assert done.out.endswith("</html>\n")


@pytest.mark.parametrize("format", [one.value for one in Format])
def test_duplicates_are_printed_in_every_format(expert: Expert, format: str):
    shown = expert("duplicates", "--format", format)
    assert shown.code == 1
    assert "create_user" in shown.out


def test_the_bare_form_and_the_spelled_out_one_print_the_same(expert: Expert):
    assert expert("duplicates", "--json").out == expert("duplicates", "--format", "json").out
    assert expert("duplicates", ".").out == expert("duplicates", ".", "--format=text").out


def test_a_page_that_cannot_be_written_is_an_error(expert: Expert):
    done = expert("map", "--html", "nowhere/map.html")
    assert (done.code, done.out) == (2, "")
    assert "nowhere/map.html: cannot write: No such file or directory" in done.err


def test_rules_are_switched_off_by_the_configuration_and_by_a_comment(expert: Expert, shop: Path):
    users = shop / "app/api/users.py"
    users.write_text(
        users.read_text().replace('@router.get("/me"', '@router.get("/me"  # expert: ignore[FX102] on purpose\n    ')
    )
    said = json.loads(expert("duplicates", "--json").out)
    assert (said["suppressed"], {finding["rule"] for finding in said["findings"]}) == (1, {"FX301"})
    (shop / "pyproject.toml").write_text("[tool.fastapi-expert]\nignore = ['FX3']\n")
    assert expert("duplicates").code == 0
    (shop / "pyproject.toml").write_text("[tool.fastapi-expert.per-path-ignores]\n'app/services/**' = ['FX301']\n")
    assert expert("duplicates").code == 0
    (shop / "pyproject.toml").write_text("[tool.fastapi-expert]\nexclude = ['app/services/billing.py']\n")
    assert expert("duplicates").code == 0


def test_a_draft_that_is_here_already_is_refused_with_the_place(expert: Expert):
    done = expert("propose", "-", "--as", "app/services/members.py", text=DUPLICATE)
    assert done.code == 1
    assert done.out.startswith("duplicate: ")
    assert "app/services/accounts.py:9" in done.out or "app/services/billing.py:22" in done.out


def test_a_draft_that_is_new_may_be_written(expert: Expert, shop: Path):
    (shop / "draft.txt").write_text(NEW)
    done = expert("propose", "draft.txt", "--as=app/moon.py", "--json")
    assert (done.code, json.loads(done.out)["verdict"], json.loads(done.out)["findings"]) == (0, "new", [])


def test_a_file_that_replaces_itself_is_no_duplicate_of_itself(expert: Expert):
    assert expert("propose", "app/core/security.py").code == 0
    assert expert("propose", "app/core/security.py", "--as", "app/other.py").code == 1


def test_what_was_here_twice_before_does_not_block_another_edit_of_the_file(expert: Expert, shop: Path):
    text = (shop / "app/services/billing.py").read_text() + "\n\n" + NEW.lstrip("\n")
    assert expert("propose", "-", "--as", "app/services/billing.py", text=text).code == 0


def test_a_copy_within_the_file_itself_is_refused(expert: Expert, shop: Path):
    (shop / "app/services/billing.py").write_text("")  # the only other place that has it
    text = (shop / "app/services/accounts.py").read_text()
    body = text[text.index("def create_user") : text.index("def user_by_id")]
    done = expert(
        "propose", "-", "--as", "app/services/accounts.py", text=f"{text}\n\n{body.replace('create_user', 'sign_up')}"
    )
    assert (done.code, done.out.split(":")[0]) == (1, "duplicate")
    assert "app/services/accounts.py:9" in done.out


def diff(shop: Path, files: dict[str, str | None]) -> str:
    """What `git diff` says when the shop gets these files (None: deleted)."""
    subprocess.run(["git", "init", "-q"], cwd=shop, check=True)
    subprocess.run(["git", "add", "."], cwd=shop, check=True)
    for path, text in files.items():
        if text is None:
            (shop / path).unlink()
        else:
            lay_down(shop, {path: text})
    subprocess.run(["git", "add", "-N", "."], cwd=shop, check=True)
    patch = subprocess.run(["git", "diff"], cwd=shop, check=True, capture_output=True, text=True).stdout
    subprocess.run(["git", "stash", "-q"], cwd=shop, check=False, capture_output=True)
    subprocess.run(["git", "apply", "-R"], cwd=shop, check=True, input=patch, text=True)
    return patch


def test_a_diff_of_several_files_is_judged_as_a_whole(expert: Expert, shop: Path):
    patch = diff(shop, {"app/moon.py": NEW, "app/services/members.py": DUPLICATE})
    done = expert("propose", "-", text=patch)
    assert done.code == 1
    assert done.out.startswith("duplicate: ")
    assert "app/services/members.py" in done.out
    assert expert("propose", "-", text=diff(shop, {"app/moon.py": NEW})).code == 0


def test_a_function_that_a_diff_moves_is_no_duplicate_of_where_it_was(expert: Expert, shop: Path):
    source = (shop / "app/core/security.py").read_text()
    head, start, rest = source.partition("def get_password_hash")
    body, _, tail = rest.partition("def current_user")
    patch = diff(
        shop,
        {
            "app/core/hashing.py": "import hashlib\nimport os\n\n\n" + start + body,
            "app/core/security.py": head + "def current_user" + tail,
        },
    )
    done = expert("propose", "-", text=patch)
    assert (done.code, done.out.split(":")[0]) == (0, "new")


def test_a_damaged_diff_is_an_error(expert: Expert):
    done = expert("propose", "-", text="--- a/x.py\n+++ b/x.py\n@@ -1,4 +1,4 @@\n a\n")
    assert (done.code, done.out) == (2, "")
    assert "the diff ends in the middle of hunk" in done.err


@pytest.mark.parametrize("draft", ["", "   \n", "\x00\xff", "def broken(:\n  return (((", "# only a comment\n"])
def test_any_draft_gets_a_verdict(expert: Expert, draft: str):
    done = expert("propose", "-", "--as", "app/x.py", text=draft.encode("latin-1"))
    assert (done.code, done.err) == (0, "")


def test_a_document_is_not_judged(expert: Expert):
    assert expert("propose", "-", "--as", "README.md", text="# Shop\n").code == 0


def test_a_rule_is_explained_and_all_are_listed(expert: Expert):
    assert expert("rule", "fx102").out.startswith("# FX102")
    assert "FX301  same function" in expert("rule").out


@pytest.mark.parametrize(
    ("arguments", "what", "remedy"),
    [
        (("maap",), "there is no command 'maap'", "did you mean `expert map`?"),
        (("map", "nowhere"), "nowhere: there is no such directory", "give the directory of a codebase"),
        (("map", "pyproject.toml"), "pyproject.toml: this is no Python file", "give a directory, say ."),
        (("map", "--kind", "endpont"), "there is no kind 'endpont'", "kinds: app, router"),
        (("find", "x", "--kind", "functoin"), "there is no kind 'functoin'", "function, class, note"),
        (("routes", "--untestd"), "no such option: --untestd", "see `expert routes --help`"),
        (("find",), "missing parameter", "see `expert find --help`"),
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


@pytest.mark.parametrize("arguments", [("map",), ("routes",), ("find", "user"), ("duplicates",), ("rule",)])
def test_a_pipe_gets_no_colour_unless_it_is_forced(expert: Expert, arguments: tuple[str, ...]):
    assert "\033" not in expert(*arguments).out
    assert "\033" in expert(*arguments, env={"FORCE_COLOR": "1"}).out
    assert "\033" not in expert(*arguments, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


def test_a_reader_that_stops_early_is_no_error(shop: Path):
    script = f"{sys.executable} -m fastapi_expert rule --json | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=shop, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_an_interrupt_ends_quietly_with_130(shop: Path):
    reader = subprocess.Popen(
        [sys.executable, "-m", "fastapi_expert", "propose", "-"],
        cwd=shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1)
    reader.send_signal(signal.SIGINT)
    out, err = reader.communicate(timeout=20)
    assert (reader.returncode, out, err) == (130, "", "interrupted\n")


def test_what_takes_over_a_second_is_told_on_a_terminal_and_wiped_away(shop: Path):
    master, terminal = pty.openpty()
    script = (
        "import time; from fastapi_expert.cli.shared import progress\nwith progress('reading shop'): time.sleep(1.4)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=shop, stderr=terminal, check=True)
    os.close(terminal)
    said = os.read(master, 1000).decode()
    os.close(master)
    assert said == "\r\033[Kreading shop … 1 s\r\033[K"


def test_an_old_locale_breaks_nothing(shop: Path):
    lay_down(
        shop, {"app/größe.py": '"""Maße."""\n\n\ndef größe(maß: int) -> int:\n    """Größe ☃."""\n    return maß\n'}
    )
    done = process("find", "größe", cwd=shop, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr\\xf6" in done.stdout


def test_what_nobody_foresaw_is_one_message_and_a_traceback_only_for_who_asks(shop: Path):
    broken = {
        "PYTHONPATH": str(lay_down(shop.parent / "broken", {"tree_sitter/__init__.py": "raise RuntimeError('boom')\n"}))
    }
    done = process("map", cwd=shop, env=broken)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: expert ")
    assert "RuntimeError: boom" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in process("map", cwd=shop, env={**broken, "EXPERT_DEBUG": "1"}).stderr


def test_a_tree_that_may_not_be_written_is_read_all_the_same(expert: Expert, shop: Path):
    if os.geteuid() == 0:
        (shop / ".expert").write_text("a file where the cache would go")  # what root may not write either
    else:
        shop.chmod(0o555)
    done = expert("map")
    shop.chmod(0o755)
    assert done.code == 0
    assert "endpoint" in done.out
