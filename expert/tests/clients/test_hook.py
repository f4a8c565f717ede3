"""The hook as each client calls it: a process, a payload on standard input, an answer on standard output."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shop import billing_repository

EXISTING = """\
def convert(amount: int, currency: str) -> int:
    rates = {"USD": 92, "GBP": 117}
    rate = rates.get(currency, 100)
    exact = amount * rate
    rounded = (exact + 50) // 100
    return max(rounded, 0)
"""
COPY = """\
def exchange(value: int, unit: str) -> int:
    table = {"USD": 92, "GBP": 117}
    factor = table.get(unit, 100)
    product = value * factor
    nearest = (product + 50) // 100
    return max(nearest, 0)
"""
CLIENTS = ["claude", "codex", "cursor", "gemini", "opencode", "vscode"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return billing_repository(tmp_path, {"money.py": EXISTING})


def ask(client: str, event: str, payload: object) -> tuple[dict[str, Any], str]:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    command = [sys.executable, "-m", "fastapi_expert", "hook", client, event]
    done = subprocess.run(command, input=raw, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return (json.loads(done.stdout) if done.stdout else {}), done.stderr.decode()


def write(client: str, project: Path, name: str, content: str) -> dict[str, Any]:
    """The payload with which `client` asks before a file is written."""
    match client:
        case "codex":
            lines = "".join(f"+{line}\n" for line in content.splitlines())
            patch = f"*** Begin Patch\n*** Add File: {name}\n{lines}*** End Patch\n"
            return {
                "tool_name": "apply_patch",
                "tool_input": {"command": patch},
                "cwd": str(project),
                "session_id": "s",
            }
        case "gemini":
            arguments = {"file_path": str(project / name), "content": content}
            return {"tool_name": "write_file", "tool_input": arguments, "cwd": str(project)}
        case "vscode":
            arguments = json.dumps({"path": str(project / name), "file_text": content})
            return {"toolName": "create", "toolArgs": arguments, "cwd": str(project)}
        case "opencode":
            arguments = {"filePath": str(project / name), "content": content}
            return {"tool_name": "write", "tool_input": arguments, "cwd": str(project)}
        case "cursor":
            arguments = {"file_path": str(project / name), "contents": content}
            return {"tool_name": "Write", "tool_input": arguments, "workspace_roots": [str(project)]}
        case _:
            arguments = {"file_path": str(project / name), "content": content}
            return {"tool_name": "Write", "tool_input": arguments, "cwd": str(project), "agent_type": "reviewer"}


def refusal(client: str, answer: dict[str, Any]) -> str:
    """The reason `client` shows its model, "" when the write goes through."""
    match client:
        case "cursor":
            return answer.get("agent_message", "") if answer["permission"] == "deny" else ""
        case "vscode":
            return answer.get("permissionDecisionReason", "") if answer.get("permissionDecision") == "deny" else ""
        case "gemini" | "opencode":
            return answer["reason"] if answer.get("decision") == "deny" else ""
        case _:
            decision = answer.get("hookSpecificOutput", {})
            assert set(answer) <= {"hookSpecificOutput", "systemMessage"}
            return decision.get("permissionDecisionReason", "")


SLOW = """\
import time

from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.get("/stones/{id}")
async def stone(id: int):
    time.sleep(1)
    return {"id": id}
"""


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_certainly_wrong_is_refused_with_what_mends_it(client: str, project: Path) -> None:
    answer, _ = ask(client, "pre-write", write(client, project, "stones.py", SLOW))
    assert "FX801 stones.py:10" in refusal(client, answer)
    assert "await asyncio.to_thread" in refusal(client, answer)


@pytest.mark.parametrize(
    "text",
    [
        SLOW.replace("async def", "def"),
        SLOW.replace("time.sleep(1)", "time.sleep(1)  # expert: ignore[FX801] a test of slowness"),
        SLOW.replace("time.sleep(1)", "if id > 9:\n        return HTTPException(404)"),
    ],
    ids=["right", "with a reason", "a lesser fault"],
)
def test_what_is_right_meant_or_a_lesser_fault_goes_through(text: str, project: Path) -> None:
    answer, _ = ask("claude", "pre-write", write("claude", project, "stones.py", text))
    assert refusal("claude", answer) == ""


def test_a_lesser_fault_is_said(project: Path) -> None:
    text = SLOW.replace("time.sleep(1)", "return HTTPException(404)")
    answer, _ = ask("claude", "pre-write", write("claude", project, "stones.py", text))
    assert "FX116 stones.py:10" in answer["hookSpecificOutput"]["additionalContext"]


def test_what_was_wrong_before_does_not_stop_another_change(project: Path) -> None:
    (project / "stones.py").write_text(SLOW)
    answer, _ = ask("claude", "pre-write", write("claude", project, "stones.py", SLOW + "\n\nSIZE = 3\n"))
    assert refusal("claude", answer) == ""


@pytest.mark.parametrize("client", CLIENTS)
def test_a_duplicate_is_refused_with_what_to_use(client: str, project: Path) -> None:
    answer, _ = ask(client, "pre-write", write(client, project, "exchange.py", COPY))
    reason = refusal(client, answer)
    assert "convert" in reason
    assert "money.py:1" in reason


@pytest.mark.parametrize("client", CLIENTS)
def test_something_new_goes_through(client: str, project: Path) -> None:
    answer, _ = ask(client, "pre-write", write(client, project, "rules.py", "LIMIT = 10\n"))
    assert refusal(client, answer) == ""


@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_that_is_no_python_is_none_of_its_business(client: str, project: Path) -> None:
    answer, _ = ask(client, "pre-write", write(client, project, "notes.md", COPY))
    assert refusal(client, answer) == ""


@pytest.mark.parametrize("payload", [b"", b"nope", b"[]", b"no path"])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_cannot_be_read_goes_through_with_a_note(client: str, payload: bytes) -> None:
    if payload == b"no path":  # this client's own tool, called with nothing
        call = write(client, Path("/nowhere"), "a.py", "")
        payload = json.dumps(
            {name: {} if name in ("tool_input", "toolArgs") else value for name, value in call.items()}
        )
        payload = payload.encode()
    answer, error = ask(client, "pre-write", payload)
    assert refusal(client, answer) == ""
    assert "could not check" in json.dumps(answer) + error


def test_an_edit_beside_an_old_duplicate_is_not_blamed_for_it(project: Path) -> None:
    (project / "exchange.py").write_text(COPY + "\n\nLIMIT = 1\n")
    arguments = {"file_path": str(project / "exchange.py"), "old_string": "LIMIT = 1", "new_string": "LIMIT = 2"}
    answer, _ = ask("claude", "pre-write", {"tool_name": "Edit", "tool_input": arguments, "cwd": str(project)})
    assert refusal("claude", answer) == ""


def test_a_moved_file_is_not_a_duplicate_of_itself(project: Path) -> None:
    patch = "*** Begin Patch\n*** Update File: money.py\n*** Move to: cash.py\n*** End Patch\n"
    payload = {"tool_name": "apply_patch", "tool_input": {"command": patch}, "cwd": str(project)}
    answer, _ = ask("codex", "pre-write", payload)
    assert refusal("codex", answer) == ""


def test_who_wrote_is_recorded_for_the_commit(project: Path) -> None:
    ask("claude", "post-write", write("claude", project, "money.py", EXISTING))
    listed = subprocess.run(
        [sys.executable, "-m", "fastapi_expert", "credit", "list", "--json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "reviewer" in listed.stdout + listed.stderr


def test_a_wrong_command_line_is_explained() -> None:
    command = [sys.executable, "-m", "fastapi_expert", "hook", "emacs", "pre-write"]
    done = subprocess.run(command, input=b"{}", capture_output=True, check=False)
    assert done.returncode == 2
    assert b"claude" in done.stderr


def test_vs_code_and_copilot_s_command_line_both_find_the_refusal_where_they_look(project: Path) -> None:
    answer, _ = ask("vscode", "pre-write", write("vscode", project, "exchange.py", COPY))
    decision = answer["hookSpecificOutput"]
    assert decision["hookEventName"] == "PreToolUse"
    assert answer["permissionDecision"] == decision["permissionDecision"] == "deny"
    assert answer["permissionDecisionReason"] == decision["permissionDecisionReason"]


@pytest.mark.parametrize("cwd", [True, False])
def test_a_folder_without_any_mark_of_a_project_is_guarded(tmp_path: Path, cwd: bool) -> None:
    (tmp_path / "money.py").write_text(EXISTING)
    (tmp_path / "sub").mkdir()
    payload = write("claude", tmp_path, "exchange.py", COPY)
    answer, error = ask("claude", "pre-write", payload if cwd else payload | {"cwd": "/"})
    assert "money.py:1" in refusal("claude", answer)
    assert not error


def test_a_file_outside_of_every_project_goes_through_with_a_word(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "deeper"
    answer, error = ask("claude", "pre-write", write("claude", project, str(outside / "new.py"), COPY))
    assert refusal("claude", answer) == ""
    assert f"{outside / 'new.py'} is in no project" in error
