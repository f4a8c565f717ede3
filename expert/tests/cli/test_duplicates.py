"""`expert duplicates`: what it prints, what a baseline excuses, what a change is answerable for."""

import json
import subprocess
from pathlib import Path

import pytest
from shop import DUPLICATE, Done, Expert, lay_down

from fastapi_expert.cli.report_duplicates import Format


def add_members(shop: Path) -> None:
    """A module that has a function of the shop once more."""
    head = (shop / "app/services/billing.py").read_text().partition("def open")[0]
    lay_down(shop, {"app/services/members.py": head + DUPLICATE})


def assert_all_about_members(done: Done) -> None:
    assert all(
        any(place["path"] == "app/services/members.py" for place in finding["components"])
        for finding in json.loads(done.out)["findings"]
    )


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
    add_members(shop)
    fresh = expert("duplicates", "--baseline", "known.json", "--json")
    assert fresh.code == 1
    assert_all_about_members(fresh)


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
    add_members(committed)
    done = expert("duplicates", "--since", "HEAD", "--json")
    assert done.code == 1
    assert_all_about_members(done)


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
