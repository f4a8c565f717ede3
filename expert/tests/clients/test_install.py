import contextlib
import json
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from fastapi_expert.clients.agents import AGENTS
from fastapi_expert.clients.edits import ClientError
from fastapi_expert.clients.installation import install, remove

EXISTING = {
    ".mcp.json": '{\n  // the team\'s servers\n  "mcpServers": {"github": {"command": "gh"}}\n}\n',
    ".claude/settings.json": '{"permissions": {"allow": ["Bash(ls)"]}, "hooks": {"PreToolUse": [{"matcher": "Bash"}]}}',
    ".cursor/mcp.json": '{"mcpServers": {}}',
    ".cursor/hooks.json": '{\r\n\t"version": 1,\r\n\t"hooks": {}\r\n}\r\n',
    ".vscode/mcp.json": '{\n    "servers": {\n        "a": {"url": "x"}, // last\n    },\n}\n',
    ".codex/config.toml": '# mine\nmodel = "m"\n\n[mcp_servers.other]\ncommand = "o"  # kept\n',
    ".codex/hooks.json": "{}",
    ".gemini/settings.json": '{"theme": "dark"}\n',
    "opencode.json": '{"mcp": {"x": {"type": "remote"}}, "$schema": "https://example.org/own"}\n',
    "AGENTS.md": "# Our rules\n\nBe kind.",
    "CLAUDE.md": "Read the docs.\n",
    "GEMINI.md": "\n\nRead the docs.\n\n\n",
}


def snapshot(root: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else None for p in sorted(root.rglob("*"))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in EXISTING.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


@pytest.mark.parametrize("client", AGENTS)
@pytest.mark.parametrize("existing", [False, True])
def test_install_twice_then_remove_leaves_the_tree_byte_identical(
    client: str, existing: bool, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = project if existing else tmp_path_factory.mktemp("empty")
    before = snapshot(root)
    first = install(root, client)
    assert {change.action for change in first} <= {"created", "updated"}
    installed = snapshot(root)
    assert {change.action for change in install(root, client)} == {"unchanged"}
    assert snapshot(root) == installed
    remove(root, client)
    assert snapshot(root) == before


@pytest.mark.parametrize("client", AGENTS)
def test_without_a_journal_removing_takes_out_our_parts_only(client: str, project: Path) -> None:
    before = snapshot(project)
    install(project, client)
    (project / ".expert/cache/installed.json").unlink()
    remove(project, client)
    after = {name: text for name, text in snapshot(project).items() if not name.startswith(".expert")}
    assert set(after) - set(before) <= {".claude/agents", ".claude/skills", ".claude/skills/fastapi-expert"} | {
        f"{folder}/{part}"
        for folder in (".cursor", ".codex", ".gemini", ".github", ".opencode")
        for part in ("agents", "hooks", "plugins")
    } | {".github", ".opencode"}
    for name, text in before.items():
        left = after.get(name)
        if text is not None and left is None:  # nothing but an empty document was left of it
            assert name in {".codex/hooks.json", ".cursor/hooks.json", ".cursor/mcp.json"}
        elif text is not None and left is not None:
            assert b"fastapi-expert" not in left
            assert b"expert hook" not in left


def test_an_edit_of_the_owner_survives_removal(project: Path) -> None:
    install(project, "claude")
    agents = project / "AGENTS.md"
    agents.write_text(agents.read_text() + "\n## Later rule\n")
    settings = project / ".claude/settings.json"
    settings.write_text(settings.read_text().replace("Bash(ls)", "Bash(pwd)"))
    remove(project, "claude")
    assert agents.read_text() == "# Our rules\n\nBe kind.\n\n## Later rule\n"
    assert json.loads(settings.read_text()) == {
        "permissions": {"allow": ["Bash(pwd)"]},
        "hooks": {"PreToolUse": [{"matcher": "Bash"}]},
    }


def test_a_file_that_two_clients_share_stays_until_the_last_is_removed(project: Path) -> None:
    before = snapshot(project)
    install(project, "claude")
    install(project, "cursor")
    remove(project, "claude")
    assert "fastapi-expert" in (project / "AGENTS.md").read_text()
    remove(project, "cursor")
    assert snapshot(project) == before


def test_a_malformed_file_stops_the_installation_before_anything_is_written(project: Path) -> None:
    (project / ".mcp.json").write_text('{"mcpServers": {\n  oops\n}}')
    before = snapshot(project)
    with pytest.raises(ClientError, match=r"\.mcp\.json: line 2:") as error:
        install(project, "claude")
    assert "nothing was changed" in str(error.value)
    assert snapshot(project) == before


def test_a_file_that_is_no_text_is_refused(project: Path) -> None:
    (project / ".mcp.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(ClientError, match="not UTF-8"):
        install(project, "claude")


def test_comments_and_order_of_merged_files_are_kept(project: Path) -> None:
    for client in AGENTS:
        install(project, client)
    assert "// the team's servers" in (project / ".mcp.json").read_text()
    assert "// last" in (project / ".vscode/mcp.json").read_text()
    toml = (project / ".codex/config.toml").read_text()
    assert toml.startswith('# mine\nmodel = "m"\n\n[mcp_servers.other]\ncommand = "o"  # kept\n')
    assert tomllib.loads(toml)["mcp_servers"]["fastapi-expert"]["args"] == ["mcp"]


@pytest.mark.parametrize("client", AGENTS)
def test_every_agent_file_has_the_front_matter_its_client_reads(client: str, tmp_path: Path) -> None:
    install(tmp_path, client)
    agents = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.name == "agents"]
    assert len(agents) == 1
    text = agents[0].read_text()
    if client == "codex":
        agent = tomllib.loads(text)
        assert agent["developer_instructions"].startswith("You are the FastAPI specialist")
    else:
        _, head, body = text.split("---\n", 2)
        agent = yaml.safe_load(head)
        assert body.strip().startswith("You are the FastAPI specialist")
    assert agent["description"].startswith("FastAPI specialist")
    if client != "opencode":
        assert agent["name"] == "fastapi-expert"
    if client == "opencode":
        assert agent["permission"] == {"fastapi-expert_*": "allow"}
    elif client not in ("codex", "cursor"):  # their agents have every tool, and no key that says so
        assert "fastapi-expert" in str(agent["tools"]) or agent["tools"] == ["*"]


def test_the_instructions_stay_under_1500_words() -> None:
    from fastapi_expert.clients.definition import prompt

    assert len(prompt().split()) < 1500


@pytest.mark.parametrize("client", AGENTS)
@pytest.mark.parametrize("text", ["{}", "[]", "null", "", "{ }\n", "# mine\n"])
def test_removing_what_was_never_installed_touches_no_file(client: str, text: str, tmp_path: Path) -> None:
    install(tmp_path, client)
    names = [name for name in snapshot(tmp_path) if (tmp_path / name).is_file() and not name.startswith(".expert")]
    remove(tmp_path, client)
    shared = [name for name in names if name.endswith((".json", "AGENTS.md", "CLAUDE.md", "config.toml"))]
    for name in (name for name in shared if "github/hooks" not in name):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("" if name.endswith("toml") else text)
    before = snapshot(tmp_path)
    with contextlib.suppress(ClientError):  # a file that is not JSON is refused, and stays
        remove(tmp_path, client)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("client", AGENTS)
def test_committed_files_name_nothing_of_the_machine_that_wrote_them(client: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "another" / "place"
    for root in (first, second):
        root.mkdir(parents=True)
        install(root, client)
    written = [
        {name: text for name, text in snapshot(root).items() if ".expert" not in name} for root in (first, second)
    ]
    assert written[0] == written[1]
    for text in filter(None, written[0].values()):
        assert str(tmp_path).encode() not in text
        assert sys.prefix.encode() not in text


@pytest.mark.parametrize("client", AGENTS)
@pytest.mark.parametrize("blocked", [".expert", ".expert/cache"])
def test_an_installation_that_cannot_write_everything_leaves_nothing(client: str, blocked: str, project: Path) -> None:
    (project / blocked).parent.mkdir(exist_ok=True)
    (project / blocked).touch()  # a file where the journal's folder would go
    before = snapshot(project)
    with pytest.raises(ClientError, match="nothing was changed"):
        install(project, client)
    assert snapshot(project) == before
