"""Models that behave and models that do not: what reaches the project is the same either way."""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from agent_scripts import BLOG, COMMENTS, LOOK, TESTS, WIRED, Somebody, Step, scripted
from worktree import Work

from fastapi_expert.agent.run import Limits, Result, model_named, work
from fastapi_expert.errors import ExpertError

Run = Callable[..., tuple[Result, list[str]]]
WRITE: list[Step] = [
    ("write_file", {"path": "blog/comments.py", "content": COMMENTS}),
    ("edit_file", {"path": "blog/main.py", "old": "from blog import posts", "new": "from blog import comments, posts"}),
    (
        "edit_file",
        {
            "path": "blog/main.py",
            "old": "app.include_router(posts.router)\n",
            "new": "app.include_router(posts.router)\napp.include_router(comments.router)\n",
        },
    ),
    ("write_file", {"path": "tests/test_comments.py", "content": TESTS}),
]
COMMIT: Step = ("commit_changes", {"message": "feat(comments): comments on posts"})


def test_a_model_that_behaves_commits_what_works_and_is_named(blog: Work, run: Run):
    approver = Somebody()
    result, heard = run([*LOOK, *WRITE, ("check_changes", {}), COMMIT, "Posts have comments."], approver=approver)
    assert result.outcome == "committed", heard
    assert blog.subject == "feat(comments): comments on posts - @fastapi-expert"
    assert blog.git("rev-parse", "HEAD") == result.commits[0]
    assert set(blog.git("show", "--name-only", "--format=").split()) == set(result.files)
    assert (blog.root / "blog/main.py").read_text() == WIRED
    assert blog.git("status", "--porcelain") == ""
    assert any("lint" in answer and "passed:" in answer for answer in heard), heard
    assert [what for what, _ in approver.asked][:2] == ["write blog/comments.py", "write blog/main.py"]
    assert "+app.include_router(comments.router)" in approver.asked[2][1]
    assert approver.asked[-1][1] == "feat(comments): comments on posts"


def test_the_transcript_holds_every_step_and_what_it_cost(run: Run):
    result, _ = run([*LOOK, "Nothing to do."])
    text = result.transcript.read_text()
    assert "# add comments to posts" in text
    assert "## 1 find_existing" in text
    assert "query: comments on posts" in text
    assert "Nothing to do." in text
    assert text.rstrip().endswith(str(result.spent))
    assert (result.spent.requests, result.spent.cost) == (3, None)
    assert result.outcome == "answered"


def test_a_duplicate_is_not_written_and_the_model_goes_on_with_what_exists(blog: Work, run: Run):
    original = BLOG["blog/posts.py"].partition("def slug_of")[2].partition("@router.post")[0]
    copy = re.sub(r"\btitle\b", "heading", original)
    draft = f'"""Addresses."""\n\n\ndef address_of{copy}'
    reuse = '"""Addresses."""\n\nfrom blog.posts import slug_of\n\n__all__ = ["slug_of"]\n'
    steps: list[Step] = [
        *LOOK,
        ("write_file", {"path": "blog/addresses.py", "content": draft}),
        ("write_file", {"path": "blog/addresses.py", "content": reuse}),
        COMMIT,
        "It uses slug_of.",
    ]
    result, heard = run(steps)
    assert "Not written: this is here already." in heard[2]
    assert "blog/posts.py:" in heard[2]
    assert result.outcome == "committed", heard
    assert (blog.root / "blog/addresses.py").read_text() == reuse


def test_with_nobody_to_ask_a_duplicate_cannot_be_excused_in_a_comment(blog: Work, run: Run):
    copy = BLOG["blog/posts.py"].partition("def slug_of")[2].partition("@router.post")[0]
    draft = f'"""Addresses."""\n\n\ndef address_of{copy}'.replace("-> str:", "-> str:  # expert: ignore[FX301] mine")
    _, heard = run(
        [*LOOK, ("write_file", {"path": "blog/addresses.py", "content": draft}), "No."], approver=Somebody(absent=True)
    )
    assert "Not written" in heard[2]
    assert not (blog.root / "blog/addresses.py").exists()


def test_nothing_is_written_before_looking_and_recalling(blog: Work, run: Run):
    result, heard = run([WRITE[0], LOOK[0], WRITE[0], LOOK[1], WRITE[0], "I stop here."])
    assert "Call find_existing" in heard[0]
    assert "Call search_notes" in heard[2] or "call search_notes" in heard[2]
    assert heard[4].startswith("Written: blog/comments.py")
    assert result.files == ("blog/comments.py",)


def test_a_file_that_was_not_read_is_not_overwritten(blog: Work, run: Run):
    step: Step = ("write_file", {"path": "blog/posts.py", "content": "X = 1\n"})
    _, heard = run([*LOOK, step, "No."])
    assert "Call read_file" in heard[2]
    assert (blog.root / "blog/posts.py").read_text() == BLOG["blog/posts.py"]


def test_a_red_gate_keeps_a_commit_from_being_made(blog: Work, run: Run):
    unused = COMMENTS.replace('posts."""\n', 'posts."""\n\nimport os', 1)
    mend: Step = ("edit_file", {"path": "blog/comments.py", "old": "import os\n", "new": ""})
    write: Step = ("write_file", {"path": "blog/comments.py", "content": unused})
    result, heard = run([*LOOK, write, COMMIT, mend, COMMIT, "Done."])
    assert heard[3].startswith("Not committed: the gate finds faults."), heard[3]
    assert "F401" in heard[3]
    assert (result.outcome, len(result.commits)) == ("committed", 1)
    assert "import os" not in blog.git("show", "HEAD:blog/comments.py")


def test_a_model_that_ends_without_the_gate_is_sent_back_and_then_told_on(blog: Work, run: Run):
    head = blog.git("rev-parse", "HEAD")
    result, _ = run([*LOOK, *WRITE, "All done!"])
    assert result.outcome == "uncommitted"
    assert set(result.uncommitted) == {"blog/comments.py", "blog/main.py", "tests/test_comments.py"}
    assert blog.git("rev-parse", "HEAD") == head
    assert result.transcript.read_text().count("sent back") == 2


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../outside.py", "outside of the project"),
        ("/tmp/outside.py", "outside of the project"),
        ("blog/../../outside.py", "outside of the project"),
        ("door/outside.py", "outside of the project"),
        (".git/hooks/pre-commit", "not for an agent"),
        (".expert/baseline.json", "not for an agent"),
        (".env", "kept from git"),
        ("ruff.toml", "configures the checks"),
    ],
)
def test_what_is_not_the_agents_to_write_is_refused(blog: Work, run: Run, path: str, why: str):
    (blog.root.parent / "elsewhere").mkdir()
    (blog.root / "door").symlink_to(blog.root.parent / "elsewhere")
    blog.git("add", "door")
    blog.git("commit", "-q", "-m", "chore: a link")
    before = {file: file.read_bytes() for file in blog.root.parent.rglob("*") if _is_ours(file)}
    result, heard = run([*LOOK, ("write_file", {"path": path, "content": "X = 1\n"}), "No."])
    assert why in heard[2]
    assert result.files == ()
    assert {file: file.read_bytes() for file in blog.root.parent.rglob("*") if _is_ours(file)} == before


def _is_ours(file: Path) -> bool:
    return file.is_file() and "cache" not in file.parts and file.name != "index"


@pytest.mark.parametrize("path", [".env", "../blog/.env", ".git/config", "/etc/passwd"])
def test_what_is_not_the_agents_to_read_stays_unread(run: Run, path: str):
    _, heard = run([("read_file", {"path": path}), "No."])
    assert "SECRET" not in heard[0]
    assert "root:" not in heard[0]
    assert any(why in heard[0] for why in ("outside", "kept from", "not for an agent"))


def test_the_checks_cannot_be_switched_off_by_who_is_checked(blog: Work, run: Run):
    step: Step = ("edit_file", {"path": "pyproject.toml", "old": '"types"', "new": '"lint", "types"'})
    name: Step = ("edit_file", {"path": "pyproject.toml", "old": '["fastapi"]', "new": '["fastapi", "httpx"]'})
    _, heard = run([*LOOK, step, name, "Done."])
    assert "leave them as they are" in heard[2]
    assert heard[3].startswith("Written: pyproject.toml")


def test_what_a_person_declines_is_not_written_and_the_model_hears_why(blog: Work, run: Run):
    result, heard = run([*LOOK, WRITE[0], "Then not."], approver=Somebody(answer="call it remarks"))
    assert "call it remarks" in heard[2]
    assert not (blog.root / "blog/comments.py").exists()
    assert "asked to write blog/comments.py: no, call it remarks" in result.transcript.read_text()


def test_a_model_that_never_stops_is_stopped(run: Run):
    result, heard = run([LOOK[0]], limits=Limits(requests=7))
    assert result.outcome == "stopped"
    assert "request_limit of 7" in result.why
    assert (len(heard), result.spent.requests) == (6, 7)


def test_a_model_that_calls_what_is_not_there_ends_with_a_reason(run: Run):
    result, _ = run([("shell", {"command": "rm -rf /"})])
    assert result.outcome == "stopped"
    assert "shell" in result.why


def test_work_starts_from_a_clean_tree(blog: Work):
    blog.write("notes.txt", "mine", stage=False)
    with pytest.raises(ExpertError, match="uncommitted changes"):
        asyncio.run(
            work(
                "x",
                root=blog.root,
                model=scripted("x"),
                approver=Somebody(),
                limits=Limits(cost=Decimal(1)),
                tell=print,
            )
        )


@pytest.mark.parametrize(
    ("name", "variable", "what"),
    [
        ("openai:gpt-5", "OPENAI_API_KEY", "Set the `OPENAI_API_KEY` environment variable"),
        ("anthropic:claude-sonnet-4-5", "ANTHROPIC_API_KEY", "Set the `ANTHROPIC_API_KEY` environment variable"),
        ("groq:llama", "GROQ_API_KEY", "pip install .*groq"),
        ("nonsense", "NOTHING", "Unknown model"),
    ],
)
def test_what_a_model_lacks_is_said(monkeypatch: pytest.MonkeyPatch, name: str, variable: str, what: str):
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ExpertError, match=what):
        model_named(name)
