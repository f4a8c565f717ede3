"""A resource in the team's own way: what a stranger, a second user and a superuser get, and what deletions do."""

from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
from feature_folders import FEATURE_FOLDERS
from layouts import SINGLE_FILE
from shop import lay_down
from team import TEAM
from test_add_elsewhere import add, served

ADA, BOB, ROOT = ({"Authorization": name} for name in ("ada", "bob", "root"))


@pytest.fixture
def team(tmp_path: Path) -> Path:
    return lay_down(tmp_path / "team", TEAM)


@pytest.fixture
def comments(team: Path) -> Generator[httpx2.Client]:
    done = add(team, "comment", "text:text", "item:ref[item]", "owner:ref[user]")
    assert done.code == 0, done.err
    with served(team, "main:app") as client:
        yield client


def test_what_was_learned_is_said_with_its_place(team: Path) -> None:
    done = add(team, "comment", "text:text", "item:ref[item]", "owner:ref[user]")
    said = [line for line in done.out.splitlines() if line.startswith("learned: ")]
    assert "learned: list envelope ItemsPublic{data,count} (main.py:43)" in said
    assert any(line.startswith("learned: superusers (is_superuser) may do all (main.py:") for line in said)
    assert any("another's row answers 403 'Not enough permissions'" in line for line in said)
    assert any("deletion of the user: CASCADE, as Item.owner_id (main.py:" in line for line in said)
    assert "POST /comments/: signed-in user, as owner_id" in done.out


def test_nobody_refers_to_what_is_not_theirs_to_see_or_learns_of_it(comments: httpx2.Client) -> None:
    item = comments.post("/items/", json={"title": "A"}, headers=ADA).json()["id"]
    own = comments.post("/comments/", json={"text": "t", "item_id": item}, headers=ADA)
    assert own.status_code == 200, own.text
    hidden = comments.post("/comments/", json={"text": "t", "item_id": item}, headers=BOB)
    absent = comments.post("/comments/", json={"text": "t", "item_id": 999}, headers=BOB)
    assert (hidden.status_code, hidden.text) == (absent.status_code, absent.text)
    assert hidden.status_code == 422
    assert comments.post("/comments/", json={"text": "t", "item_id": item}, headers=ROOT).status_code == 200


def test_a_stranger_a_second_user_and_a_superuser_get_what_the_neighbours_give(comments: httpx2.Client) -> None:
    item = comments.post("/items/", json={"title": "A"}, headers=ADA).json()["id"]
    row = comments.post("/comments/", json={"text": "t", "item_id": item}, headers=ADA).json()
    address = f"/comments/{row['id']}"
    assert comments.get("/comments/").status_code == comments.get("/items/").status_code == 401
    assert comments.get(address, headers=BOB).status_code == 403
    assert comments.delete(address, headers=BOB).status_code == 403
    assert comments.get("/comments/", headers=BOB).json() == {"data": [], "count": 0}
    assert comments.get("/comments/", headers=ROOT).json() == {"data": [row], "count": 1}
    assert comments.get("/comments/", params={"item_id": item}, headers=ADA).json()["count"] == 1
    assert comments.delete(address, headers=ROOT).json() == {"message": "Comment deleted successfully"}


def test_what_was_deleted_before_is_deleted_still(comments: httpx2.Client) -> None:
    for leave in ("item", "account"):
        item = comments.post("/items/", json={"title": "A"}, headers=ADA).json()["id"]
        comments.post("/comments/", json={"text": "t", "item_id": item}, headers=ADA)
        address = f"/items/{item}" if leave == "item" else "/users/me"
        assert comments.delete(address, headers=ADA).status_code == 200
    assert comments.get("/comments/", headers=ROOT).json()["count"] == 0


def test_each_way_can_be_overruled(team: Path) -> None:
    ways = ("list=bare", "create=201", "delete=none", "others=404", "superusers=none")
    arguments = [part for way in ways for part in ("--way", way)]
    done = add(team, "comment", "text:text", "owner:ref[user]", *arguments)
    assert done.code == 0, done.err
    with served(team, "main:app") as client:
        made = client.post("/comments/", json={"text": "t"}, headers=ADA)
        assert made.status_code == 201
        assert client.get("/comments/", headers=ADA).json() == [made.json()]
        for other in (BOB, ROOT):
            assert client.get(f"/comments/{made.json()['id']}", headers=other).status_code == 404
        assert client.delete(f"/comments/{made.json()['id']}", headers=ADA).status_code == 204
    assert add(team, "note", "text:text", "--way", "nothing=1").code == 2


def test_a_neighbour_without_a_creation_is_followed_all_the_same(team: Path) -> None:
    text = (team / "main.py").read_text()
    text = text.replace('@app.post("/items/", response_model=ItemPublic)\n', "")  # the first route is of one row now
    (team / "main.py").write_text(text)
    done = add(team, "comment", "text:text", "owner:ref[user]")
    assert done.code == 0, done.err
    with served(team, "main:app") as client:
        made = client.post("/comments/", json={"text": "t"}, headers=ADA)
        assert client.get(f"/comments/{made.json()['id']}", headers=ADA).json() == made.json()


def test_all_who_are_signed_in_see_what_is_shared(team: Path) -> None:
    assert add(team, "notice", "text:text", "--shared").code == 0
    with served(team, "main:app") as client:
        made = client.post("/notices/", json={"text": "t"}, headers=ADA).json()
        assert client.get(f"/notices/{made['id']}", headers=BOB).json() == made
        assert [client.get("/notices/").status_code, client.post("/notices/", json={"text": "t"}).status_code] == [
            401,
            401,
        ]


@pytest.mark.parametrize(
    ("files", "fields", "what"),
    [
        (SINGLE_FILE, ["name:str"], "Looked for: an endpoint's parameter"),
        (FEATURE_FOLDERS, ["name:str", "a:ref[user]", "b:ref[user]"], "say --owner a, or --shared"),
        (FEATURE_FOLDERS, ["name:str", "--owner", "name"], "no field 'name' refers to a user"),
        (FEATURE_FOLDERS, ["name:str", "--auth", "nobody_knows"], "no dependency 'nobody_knows'"),
    ],
)
def test_what_would_be_open_or_nobody_s_is_refused(
    tmp_path: Path, files: dict[str, str], fields: list[str], what: str
) -> None:
    lay_down(tmp_path, files)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.py")}
    done = add(tmp_path, "bookmark", *fields)
    assert done.code == 2
    assert what in done.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.py")} == before
