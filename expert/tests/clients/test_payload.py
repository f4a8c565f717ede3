import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.clients.agents import client_module
from fastapi_expert.clients.calls import Call, PayloadError, read
from fastapi_expert.clients.patch import PatchError, parse

OLD = "def a():\n    return 1\n\n\ndef b():\n    return 1\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(OLD)
    return tmp_path


def call(payload: dict, client: str = "claude") -> Call:
    return read(json.dumps(payload).encode(), client_module(client).PAYLOAD)


PATCH = """*** Begin Patch
*** Update File: app.py
@@ def b():
-    return 1
+    return 2
*** Add File: new.py
+x = 1
*** End Patch
"""


@pytest.mark.parametrize(
    ("client", "tool", "arguments", "after"),
    [
        ("claude", "Write", {"file_path": "app.py", "content": "x = 1\n"}, "x = 1\n"),
        ("gemini", "write_file", {"file_path": "app.py", "content": "x = 1\n"}, "x = 1\n"),
        ("vscode", "create", {"path": "app.py", "file_text": "x = 1\n"}, "x = 1\n"),
        ("opencode", "write", {"filePath": "app.py", "content": "x = 1\n"}, "x = 1\n"),
        (
            "claude",
            "Edit",
            {"file_path": "app.py", "old_string": "return 1", "new_string": "return 2"},
            OLD.replace("return 1", "return 2", 1),
        ),
        (
            "claude",
            "Edit",
            {"file_path": "app.py", "old_string": "return 1", "new_string": "return 2", "replace_all": True},
            OLD.replace("return 1", "return 2"),
        ),
        (
            "opencode",
            "edit",
            {"filePath": "app.py", "oldString": "def a", "newString": "def c"},
            OLD.replace("def a", "def c"),
        ),
        (
            "gemini",
            "replace",
            {"file_path": "app.py", "old_string": "def a", "new_string": "def c"},
            OLD.replace("def a", "def c"),
        ),
        (
            "claude",
            "MultiEdit",
            {
                "file_path": "app.py",
                "edits": [
                    {"old_string": "def a", "new_string": "def c"},
                    {"old_string": "def c", "new_string": "def d"},
                ],
            },
            OLD.replace("def a", "def d"),
        ),
        ("vscode", "str_replace_editor", {"command": "create", "path": "app.py", "file_text": "x = 1\n"}, "x = 1\n"),
        (
            "vscode",
            "str_replace_editor",
            {"command": "str_replace", "path": "app.py", "old_str": "def a", "new_str": "def c"},
            OLD.replace("def a", "def c"),
        ),
    ],
)
def test_every_clients_write_is_read_as_text_before_and_after(
    project: Path, client: str, tool: str, arguments: dict, after: str
) -> None:
    for payload in (
        {"tool_name": tool, "tool_input": arguments, "cwd": str(project), "session_id": "s", "agent_type": "reviewer"},
        {
            "toolName": tool,
            "toolArgs" if client == "vscode" else "toolInput": json.dumps(arguments),
            "cwd": str(project),
            "sessionId": "s",
            "agentType": "reviewer",
        },
    ):
        read_call = call(payload, client)
        assert [(w.path, w.before, w.after) for w in read_call.writes()] == [(project / "app.py", OLD, after)]
        assert (read_call.agent, read_call.session) == ("reviewer", "s")


def test_a_patch_gives_every_file_it_adds_updates_and_moves(project: Path) -> None:
    writes = call({"tool_name": "apply_patch", "tool_input": {"command": PATCH}, "cwd": str(project)}, "codex").writes()
    assert [w.path.name for w in writes] == ["app.py", "new.py"]
    assert writes[0].after.endswith("def b():\n    return 2\n") or "return 2" in writes[0].after
    assert writes[1].after == "x = 1\n"
    assert writes[1].before is None
    moved = PATCH.replace("*** Update File: app.py\n", "*** Update File: app.py\n*** Move to: core.py\n")
    writes = call({"tool_name": "apply_patch", "tool_input": {"command": moved}, "cwd": str(project)}, "codex").writes()
    assert (writes[0].path, writes[0].moved_from) == (project / "core.py", project / "app.py")


def test_a_hunk_that_does_not_fit_is_named(project: Path) -> None:
    patch = PATCH.replace("    return 1", "    return 7")
    with pytest.raises(PatchError, match=r"does not fit app\.py: 'return 7'"):
        call({"tool_name": "apply_patch", "tool_input": {"command": patch}, "cwd": str(project)}, "codex").writes()


def test_an_edit_whose_old_text_is_not_there_writes_nothing(project: Path) -> None:
    arguments = {"file_path": "app.py", "old_string": "nowhere", "new_string": "x"}
    assert call({"tool_name": "Edit", "tool_input": arguments, "cwd": str(project)}).writes() == []


def test_other_tools_write_nothing(project: Path) -> None:
    assert call({"tool_name": "Bash", "tool_input": {"command": "ls"}, "cwd": str(project)}).writes() == []


@pytest.mark.parametrize(
    "raw", [b"", b"nope", b"[1]", b"\xff", b'{"tool_name": "Write", "tool_input": {"content": "x"}}']
)
def test_a_malformed_payload_is_refused_with_what_is_wrong(raw: bytes) -> None:
    with pytest.raises(PayloadError):
        read(raw, client_module("claude").PAYLOAD).writes()


@given(st.text(alphabet="*+- @\nabEFU:dile", max_size=80))
def test_any_text_is_a_patch_or_refused(text: str) -> None:
    with contextlib.suppress(PatchError):
        parse(text)
