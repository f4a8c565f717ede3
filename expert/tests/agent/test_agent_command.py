"""The command itself, with a model behind a wire: a small server speaks the OpenAI protocol and follows a script."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import documents
import pytest
from agent_scripts import COMMENTS, LOOK, Step
from shop import run_expert
from worktree import Work

STEPS: list[Step] = [*LOOK, ("write_file", {"path": "blog/comments.py", "content": COMMENTS}), "I stop here."]


class _Model(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = sum(message["role"] == "tool" for message in asked["messages"])
        step = STEPS[min(answers, len(STEPS) - 1)]
        message: dict[str, Any] = {"role": "assistant", "content": step if isinstance(step, str) else None}
        if not isinstance(step, str):
            function = {"name": step[0], "arguments": json.dumps(step[1])}
            message["tool_calls"] = [{"id": f"call-{answers}", "type": "function", "function": function}]
        body = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 1000, "total_tokens": 1_001_000},
        }
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def model() -> Iterator[dict[str, str]]:
    """The environment in which `openai-chat:…` is the script."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "none"}
    server.shutdown()
    server.server_close()


def test_a_run_is_told_as_a_document_with_its_price(blog: Work, model: dict[str, str]):
    task = ("agent", "add comments", "--model", "openai-chat:gpt-4o", "--yes", "--json")
    done = run_expert(*task, cwd=blog.root, env=model)
    said = documents.read(done.out, "agent.json")
    assert done.code == 1  # it left something uncommitted
    assert (said["outcome"], said["uncommitted"]) == ("uncommitted", ["blog/comments.py"])
    assert said["spent"]["requests"] == 6
    assert said["spent"]["cost_usd"] > 1
    assert (blog.root / said["transcript"]).read_text().startswith("# add comments")
    assert "write_file blog/comments.py" in done.err


def test_a_price_limit_ends_a_run(blog: Work, model: dict[str, str]):
    task = ("agent", "add comments", "--model", "openai-chat:gpt-4o", "--yes", "--max-cost", "0.01")
    done = run_expert(*task, cwd=blog.root, env=model)
    assert done.code == 1
    assert "stopped: " in done.out
    assert "cost_limit" in done.out
    assert "about $" in done.out


def test_a_person_at_the_terminal_is_shown_the_change_and_asked(blog: Work, model: dict[str, str]):
    ours, theirs = pty.openpty()
    task = ["agent", "add comments", "--model", "openai-chat:scripted"]
    os.write(ours, b"call it remarks\n")
    done = subprocess.run(
        [sys.executable, "-m", "fastapi_expert", *task],
        cwd=blog.root,
        env={**os.environ, **model},
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "+++ b/blog/comments.py" in done.stderr
    assert "write blog/comments.py? [y/N, or why not]" in done.stderr
    assert "REFUSED The person does not want you to write blog/comments.py: call it remarks" in done.stdout
    assert "price not known" in done.stdout
    assert not (blog.root / "blog/comments.py").exists()


def test_nobody_to_ask_is_said_before_anything_is_spent(blog: Work):
    done = run_expert("agent", "add comments", "--model", "openai-chat:scripted", cwd=blog.root)
    assert done.code == 2
    assert "nobody is here to approve" in done.err
    assert "--yes" in done.err


def test_a_missing_key_is_named(blog: Work, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    done = run_expert("agent", "add comments", "--model", "openai:gpt-5", "--yes", cwd=blog.root)
    assert done.code == 2
    assert "OPENAI_API_KEY" in done.err


def test_without_the_extra_the_command_names_it(blog: Work):
    hidden = "import sys; sys.modules['pydantic_ai'] = None; from fastapi_expert.__main__ import main; main()"
    command = [sys.executable, "-c", hidden, "agent", "add comments", "--model", "openai:gpt-5", "--yes"]
    done = subprocess.run(command, cwd=blog.root, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "pip install 'fastapi-expert[agent]'" in done.stderr
