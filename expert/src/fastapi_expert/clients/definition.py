"""The agent itself, in the words every client shares; a client adds only its own front matter."""

from pathlib import Path

NAME = "fastapi-expert"
DESCRIPTION = (
    "FastAPI specialist. Use it for any work on FastAPI code, to find what exists, to add or change routers, "
    "endpoints, schemas, tables, services and dependencies without duplicating them, and to check what changed."
)

AGENTS_BLOCK = """\
## FastAPI work

This project uses the `fastapi-expert` tools (MCP server `fastapi-expert`, or the command `expert`).

- Before writing a router, endpoint, schema, table, service or dependency: `conventions` (or `expert conventions`) and
  `find_existing` (or `expert find WORDS`), then `propose_code` with the draft (or `expert propose FILE`). Verdict
  `duplicate` or `extend`: use what it names.
- Decisions of the team: `search_notes` before, `write_note` after (`expert note search WORDS`).
- Before you finish: `check_changes` (or `expert check`).
- Commit with `expert commit -m "type(scope): description"`; it names the contributors.
"""


def prompt() -> str:
    """The specialist's instructions (Markdown, under 1,500 words)."""
    return (Path(__file__).parent / "agent.md").read_text(encoding="utf-8")


def markdown(*front_matter: str) -> str:
    """The agent as Markdown with the front matter lines of one client."""
    return "\n".join(["---", *front_matter, "---", "", prompt()])


def skill() -> str:
    """The agent as a skill (the open SKILL.md format: name equals the folder's name, description up to 1,024)."""
    return markdown(f"name: {NAME}", f"description: {DESCRIPTION}")
