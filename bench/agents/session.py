"""`python -m bench agents.session CODEBASE`: three agents that go wrong in full-stack-fastapi-template, over MCP.

One opens a route, one breaks the contract with clients, one skips a test. Each asks the server as an agent would, with
the official client, edits a file, and has its change checked. What is printed are the calls and what the server says to
each: the transcript of docs/agent-session.md. The exit code is 1 when one of the three is not told.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

_QUIET = """
[tool.fastapi-expert.check]
skip = ["types", "tests", "lint", "format", "imports", "security", "annotations", "ignores"]
"""
"""The copy has no environment: the team's own tools are left out, what the expert says itself is not."""
_IGNORED = shutil.ignore_patterns(".git", "node_modules", ".venv", "frontend", "img")
_MOST = 12
"""Lines of one answer that are printed."""


@dataclass(frozen=True)
class Agent:
    """What it wants, what it asks first, what it edits (file, old, new), and the words that it must be told."""

    wants: str
    asks: tuple[tuple[str, dict[str, Any]], ...]
    edits: tuple[tuple[str, str, str], ...]
    checks: dict[str, Any]
    told: tuple[str, ...]


AGENTS = (
    Agent(
        "A test of the user list answers 403. The agent takes the guard off the route.",
        (("find_existing", {"query": "GET list of users", "limit": 2}), ("access_of", {"route": "GET /api/v1/users/"})),
        (
            (
                "backend/app/api/routes/users.py",
                '    "/",\n    dependencies=[Depends(get_current_active_superuser)],\n    response_model=UsersPublic,',
                '    "/",\n    response_model=UsersPublic,',
            ),
        ),
        {},
        ("FX628", "GET /api/v1/users/ was behind get_current_active_superuser", "nobody is asked"),
    ),
    Agent(
        "Titles are too long for a page. The agent shortens what the API takes.",
        (("impact_of", {"what": "ItemCreate", "limit": 5}),),
        (
            (
                "backend/app/models.py",
                "class ItemBase(SQLModel):\n    title: str = Field(min_length=1, max_length=255)",
                "class ItemBase(SQLModel):\n    title: str = Field(min_length=1, max_length=60)",
            ),
        ),
        {"contract": True},
        ("that breaks clients", "title"),
    ),
    Agent(
        "A test fails on the agent's machine. It skips it.",
        (("read_component", {"name": "test_read_item_not_found", "lines": 1}),),
        (
            (
                "backend/tests/api/routes/test_items.py",
                "def test_read_item_not_found(",
                '@pytest.mark.skip(reason="flaky")\ndef test_read_item_not_found(',
            ),
            ("backend/tests/api/routes/test_items.py", "import uuid\n", "import uuid\n\nimport pytest\n"),
        ),
        {},
        ("FX621", "`test_read_item_not_found` ran before and now is skipped", "Test-Change: reason"),
    ),
)


def main(options: list[str]) -> int:
    if len(options) != 1:
        print("usage: python -m bench agents.session CODEBASE", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "project"
        shutil.copytree(options[0], root, symlinks=True, ignore=_IGNORED)
        with (root / "pyproject.toml").open("a") as file:
            file.write(_QUIET)
        _git(root, "init", "-q")
        _commit(root)
        return anyio.run(_all, root)


async def _all(root: Path) -> int:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "fastapi_expert", "mcp", "--root", str(root)], cwd=root
    )
    missed = 0
    async with Client(server) as client:
        for agent in AGENTS:
            missed += not await _one(client, root, agent)
            _git(root, "checkout", "-q", "--", ".")
    return 1 if missed else 0


async def _one(client: Client, root: Path, agent: Agent) -> bool:
    print(f"## {agent.wants}\n\n```")
    for tool, arguments in agent.asks:
        await _call(client, tool, arguments)
    for path, old, new in agent.edits:
        text = (root / path).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{path}: what is edited is not there once: {old.splitlines()[0]}")
        (root / path).write_text(text.replace(old, new))
    print(f"(edits {', '.join(dict.fromkeys(path for path, _, _ in agent.edits))})")
    said = await _call(client, "check_changes", agent.checks)
    print("```\n")
    return all(words in said for words in agent.told)


async def _call(client: Client, tool: str, arguments: dict[str, Any]) -> str:
    given = ", ".join(f"{name}: {value!r}" for name, value in arguments.items())
    result = await client.call_tool(tool, arguments)
    text = "".join(getattr(one, "text", "") for one in result.content)
    lines = text.splitlines()
    more = [f"… {len(lines) - _MOST} more lines"] if len(lines) > _MOST else []
    print(f"> {tool} {given}".rstrip())
    print("\n".join([*lines[:_MOST], *more]))
    return text


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def _commit(root: Path) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    _git(root, "add", "-A")
    _git(root, *who, "commit", "-q", "-m", "chore: as it is")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
